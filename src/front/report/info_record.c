/* SPDX-License-Identifier: Apache-2.0 */
/* What info says of a process beside its memory: of a running one, and of a core that Inquest wrote. */
#include "front/report/priv.h"

#include <inttypes.h>
#include <string.h>

enum { KEY_COLUMN = 12 };

/* "12 0100002 4096 /path" of a "file". */
struct open_file {
    uint64_t fd, flags, at;
    const char *target;
};

static bool read_file(const char *value, struct open_file *out)
{
    char *end;

    out->fd = strtoull(value, &end, 10);
    out->flags = strtoull(end, &end, 8);
    out->at = strtoull(end, &end, 10);
    out->target = end + 1;
    return *end == ' ';
}

static const char *access_text(uint64_t flags)
{
    static const char *const names[] = {"r ", "w ", "rw", "- "};
    return names[flags & 3]; /* O_ACCMODE */
}

/* ---- text ---- */

static void put_line(struct text *t, const struct report *r, const char *label, const char *value)
{
    if (!value)
        return;
    put_coloured(t, &r->call->screen, COLOUR_CYAN, label);
    put_pad(t, strlen(label), KEY_COLUMN);
    put_safe(t, value);
    text_putc(t, '\n');
}

static const char *how_made(const char *method)
{
    if (strcmp(method, "snapshot") == 0)
        return "from a frozen copy";
    return strcmp(method, "copy") == 0 ? "partly while the process ran on" : "while the process stood still";
}

static void put_made(struct text *t, const struct report *r)
{
    const char *method = session_fact(r->session, "method"), *pause = session_fact(r->session, "pause-ns");
    const char *version = session_fact(r->session, "inquest"), *left_out = session_fact(r->session, "left-out");

    if (!method)
        return;
    put_coloured(t, &r->call->screen, COLOUR_CYAN, "made");
    put_pad(t, 4, KEY_COLUMN);
    text_put(t, how_made(method));
    if (pause) {
        text_put(t, ", for which it stood still for ");
        put_duration(t, strtoull(pause, NULL, 10));
    }
    if (version) {
        text_put(t, ", by Inquest ");
        put_safe(t, version);
    }
    text_putc(t, '\n');
    if (left_out) {
        char *end;
        put_coloured(t, &r->call->screen, COLOUR_CYAN, "left out");
        put_pad(t, 8, KEY_COLUMN);
        put_size(t, strtoull(left_out, &end, 10));
        put_safe(t, end);
        text_putc(t, '\n');
    }
}

static void put_live(struct text *t, const struct report *r)
{
    uint64_t bytes = 0;

    for (size_t i = 0; i < r->im->facts.n; i++) {
        const struct image_fact *f = &r->im->facts.v[i];
        char *end;
        if (strcmp(f->key, "live") != 0)
            continue;
        uint64_t start = strtoull(f->value, &end, 16), stop = *end == '-' ? strtoull(end + 1, NULL, 16) : start;
        bytes += stop - start;
    }
    if (bytes == 0)
        return;
    put_coloured(t, &r->call->screen, COLOUR_YELLOW, "note");
    put_pad(t, 4, KEY_COLUMN);
    put_size(t, bytes);
    text_put(t, " of memory are younger than the rest: they were read while the process ran on (--json lists them)\n");
}

void record_text(struct text *t, const struct report *r)
{
    const char *uptime = session_fact(r->session, "uptime");

    put_line(t, r, "host", session_fact(r->session, "host"));
    put_line(t, r, "kernel", session_fact(r->session, "kernel"));
    put_line(t, r, "system", session_fact(r->session, "system"));
    if (uptime) {
        put_coloured(t, &r->call->screen, COLOUR_CYAN, "machine up");
        put_pad(t, strlen("machine up"), KEY_COLUMN);
        put_duration(t, strtoull(uptime, NULL, 10) * 1000000000);
        text_putc(t, '\n');
    }
    put_line(t, r, "container", session_fact(r->session, "container"));
    put_line(t, r, "open files", session_fact(r->session, "files"));
    put_made(t, r);
    put_live(t, r);
}

void record_sections_text(struct text *t, const struct report *r)
{
    struct open_file file;

    text_putc(t, '\n');
    put_coloured(t, &r->call->screen, COLOUR_BOLD, "Control groups");
    text_putc(t, '\n');
    for (size_t i = 0; i < r->im->facts.n; i++)
        if (strcmp(r->im->facts.v[i].key, "cgroup") == 0) {
            text_put(t, "  ");
            put_safe(t, r->im->facts.v[i].value);
            text_putc(t, '\n');
        }
    text_putc(t, '\n');
    put_coloured(t, &r->call->screen, COLOUR_BOLD, "Open files");
    text_putc(t, '\n');
    if (!session_fact(r->session, "files"))
        text_put(t, "  not kept in a core that another program wrote\n");
    for (size_t i = 0; i < r->im->facts.n; i++) {
        if (strcmp(r->im->facts.v[i].key, "file") != 0 || !read_file(r->im->facts.v[i].value, &file))
            continue;
        text_printf(t, "  %5" PRIu64 "  %s  %12" PRIu64 "  ", file.fd, access_text(file.flags), file.at);
        put_safe(t, file.target);
        text_putc(t, '\n');
    }
}

/* ---- JSON ---- */

static void strings(struct json *j, const struct report *r, const char *name, const char *key)
{
    json_key(j, name);
    json_array_begin(j);
    for (size_t i = 0; i < r->im->facts.n; i++)
        if (strcmp(r->im->facts.v[i].key, key) == 0)
            json_string(j, r->im->facts.v[i].value);
    json_array_end(j);
}

static void number(struct json *j, const struct report *r, const char *name, const char *key)
{
    const char *value = session_fact(r->session, key);

    if (value)
        json_kv_u64(j, name, strtoull(value, NULL, 10));
}

void record_json(struct json *j, const struct report *r)
{
    static const char *const texts[] = {"inquest", "time", "method", "host", "kernel", "system", "container"};

    if (r->im->facts.n == 0)
        return;
    json_key(j, "record");
    json_object_begin(j);
    for (size_t i = 0; i < ARRAY_LEN(texts); i++)
        json_kv_string(j, texts[i], session_fact(r->session, texts[i]));
    number(j, r, "pause_ns", "pause-ns");
    number(j, r, "uptime", "uptime");
    number(j, r, "open_files", "files");
    number(j, r, "left_out", "left-out");
    strings(j, r, "cgroups", "cgroup");
    strings(j, r, "modules", "module");
    strings(j, r, "live", "live");
    json_object_end(j);
}

void files_json(struct json *j, const struct report *r)
{
    struct open_file file;

    json_key(j, "files");
    json_array_begin(j);
    for (size_t i = 0; i < r->im->facts.n; i++) {
        if (strcmp(r->im->facts.v[i].key, "file") != 0 || !read_file(r->im->facts.v[i].value, &file))
            continue;
        json_object_begin(j);
        json_kv_u64(j, "fd", file.fd);
        json_kv_u64(j, "flags", file.flags);
        json_kv_u64(j, "position", file.at);
        json_kv_string(j, "target", file.target);
        json_object_end(j);
    }
    json_array_end(j);
}
