/* SPDX-License-Identifier: Apache-2.0 */
#include "image/proc_text.h"

#include "base/text.h"

#include <inttypes.h>

/* What follows "Name:" on a line of a status file; "" when the field is absent. */
static const char *field(const char *text, const char *name)
{
    size_t n = strlen(name);

    for (const char *line = text; line; line = strchr(line, '\n'), line = line ? line + 1 : NULL)
        if (strncmp(line, name, n) == 0 && line[n] == ':')
            return line + n + 1 + strspn(line + n + 1, "\t ");
    return "";
}

static void parse_ids(const char *text, uint32_t out[3])
{
    char *end;

    for (int i = 0; i < 3; i++, text = end)
        out[i] = (uint32_t)strtoul(text, &end, 10);
}

struct proc_status proc_text_status(const char *text)
{
    struct proc_status s = {0};

    const char *comm = field(text, "Name");
    snprintf(s.comm, sizeof(s.comm), "%.*s", (int)strcspn(comm, "\n"), comm);
    s.state = field(text, "State")[0];
    s.tgid = (int32_t)strtol(field(text, "Tgid"), NULL, 10);
    s.ppid = (int32_t)strtol(field(text, "PPid"), NULL, 10);
    s.tracer = (int32_t)strtol(field(text, "TracerPid"), NULL, 10);
    parse_ids(field(text, "Uid"), s.uid);
    parse_ids(field(text, "Gid"), s.gid);
    s.cap_permitted = strtoull(field(text, "CapPrm"), NULL, 16);
    s.cap_effective = strtoull(field(text, "CapEff"), NULL, 16);
    s.seccomp = (uint32_t)strtoul(field(text, "Seccomp"), NULL, 10);
    s.page_tables = strtoull(field(text, "VmPTE"), NULL, 10) * 1024;
    static const char *const own[] = {"RssAnon", "RssShmem", "VmSwap", "HugetlbPages"};
    for (size_t i = 0; i < ARRAY_LEN(own); i++)
        s.own += strtoull(field(text, own[i]), NULL, 10) << 10;
    return s;
}

bool proc_text_stat(const char *text, struct proc_stat *out)
{
    struct proc_stat s = {0};
    /* "pid (comm) S ...": comm may hold anything, parentheses too. */
    const char *open = strchr(text, '('), *close = strrchr(text, ')');

    if (!open || !close || close < open || close[1] != ' ' || !close[2])
        return false;
    snprintf(s.comm, sizeof(s.comm), "%.*s", (int)(close - open - 1), open + 1);
    s.state = close[2];

    const char *at = close + 3;
    for (int i = 4; i <= 24; i++) { /* fields as proc(5) numbers them; the state is the third */
        char *end;
        uint64_t v = strtoull(at, &end, 10);
        at = end;
        if (i == 5)
            s.pgrp = (int32_t)v;
        else if (i == 6)
            s.sid = (int32_t)v;
        else if (i == 9)
            s.flags = (uint32_t)v;
        else if (i == 14)
            s.utime = v;
        else if (i == 15)
            s.stime = v;
        else if (i == 20)
            s.threads = v;
        else if (i == 22)
            s.start = v;
        else if (i == 24)
            s.resident = v;
    }
    *out = s;
    return true;
}

/* The kernel writes a newline in a path as \012, and escapes nothing else. */
static void unescape_newlines(char *path)
{
    char *to = path;

    while (*path) {
        bool newline = begins_with(path, "\\012");
        *to++ = newline ? '\n' : *path;
        path += newline ? 4 : 1;
    }
    *to = '\0';
}

/* A number and the character that must follow it. */
static bool number(char **at, int base, char then, uint64_t *out)
{
    char *end;
    uint64_t v = strtoull(*at, &end, base);

    if (end == *at || *end != then)
        return false;
    *at = end + 1;
    *out = v;
    return true;
}

/* start-end rwxp offset major:minor inode   path */
static bool parse_map(struct image *im, char *line, struct mapping *out)
{
    struct mapping m = {0};
    uint64_t major, minor;
    char *at = line;

    if (!number(&at, 16, '-', &m.start) || !number(&at, 16, ' ', &m.end) || m.end <= m.start)
        return false;
    const char *prot = at;
    if (strnlen(prot, 5) < 5 || prot[4] != ' ')
        return false;
    at += 5;
    if (!number(&at, 16, ' ', &m.offset) || !number(&at, 16, ':', &major) || !number(&at, 16, ' ', &minor) ||
        (!number(&at, 10, ' ', &m.inode) && !number(&at, 10, '\0', &m.inode)))
        return false;
    m.prot = (uint8_t)((prot[0] == 'r' ? PROT_BIT_READ : 0) | (prot[1] == 'w' ? PROT_BIT_WRITE : 0) |
                       (prot[2] == 'x' ? PROT_BIT_EXEC : 0));
    m.shared = prot[3] == 's';
    m.dev = major << 32 | minor;
    m.present = m.end - m.start;
    if (at[-1] == ' ') {
        at += strspn(at, " ");
        unescape_newlines(at);
        if (*at)
            m.path = image_mapped_path(im, at, &m.deleted);
    }
    *out = m;
    return true;
}

void proc_text_maps(char *text, struct image *im)
{
    char *save = NULL;

    for (char *line = strtok_r(text, "\n", &save); line; line = strtok_r(NULL, "\n", &save)) {
        struct mapping m;
        if (parse_map(im, line, &m))
            *vec_push(&im->maps) = m;
    }
}
