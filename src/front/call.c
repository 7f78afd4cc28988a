/* SPDX-License-Identifier: Apache-2.0 */
/* The command table's shared option groups, and access to what a call was given. */
#include "front/front.h"

#include <assert.h>
#include <errno.h>
#include <string.h>

static const struct option_row files_rows[] = {
    {"exe", 'e', VALUE_FILE, "FILE", "the program's file, when it is not where the target says"},
    {"sysroot", 0, VALUE_DIR, "DIR", "look for the target's files below DIR first"},
    {"debug-dir", 'd', VALUE_DIR, "DIR", "look for debug files in DIR first, as NAME.debug too; may be given again"},
    {"accept-mismatch", 0, VALUE_NONE, NULL, "use --exe even if its build-id is not the target's"},
    {"no-debuginfod", 0, VALUE_NONE, NULL, "ask no debuginfod server, even if DEBUGINFOD_URLS is set"},
    {"no-cache", 0, VALUE_NONE, NULL, "neither read nor write the cache on disk"},
};
const struct option_group front_files_group = {"Finding files", files_rows, ARRAY_LEN(files_rows)};

static const struct option_row output_rows[] = {
    {"color", 0, VALUE_CHOICE, "auto|always|never", "colours: on a terminal unless NO_COLOR is set (auto)"},
    {"no-pager", 0, VALUE_NONE, NULL, "do not page what is longer than the terminal"},
    {"full-paths", 0, VALUE_NONE, NULL, "do not shorten paths and names on a terminal"},
    {"verbose", 'v', VALUE_NONE, NULL, "say on standard error which files are used and what takes how long"},
    {"help", 'h', VALUE_NONE, NULL, "show this help"},
};
const struct option_group front_output_group = {"Output", output_rows, ARRAY_LEN(output_rows)};

static const struct option_row *find_row(const struct command *cmd, const char *name)
{
    for (const struct option_group *const *g = cmd->groups; *g; g++)
        for (size_t i = 0; i < (*g)->n; i++)
            if (strcmp((*g)->rows[i].name, name) == 0)
                return &(*g)->rows[i];
    return NULL;
}

static const struct given *find_given(const struct call *c, const char *name)
{
    const struct option_row *row = find_row(c->command, name);
    assert(row); /* a name that the command does not have is a defect of the caller */
    for (size_t i = c->given.n; i-- > 0;)
        if (c->given.v[i].row == row)
            return &c->given.v[i];
    return NULL;
}

bool call_has(const struct call *c, const char *name)
{
    return find_given(c, name) != NULL;
}

const char *call_value(const struct call *c, const char *name)
{
    const struct given *g = find_given(c, name);
    return g ? g->value : NULL;
}

bool parse_number(const char *s, uint64_t max, uint64_t *out)
{
    bool hex = s[0] == '0' && (s[1] == 'x' || s[1] == 'X');
    if (hex)
        s += 2;
    if (!*s || strspn(s, hex ? "0123456789abcdefABCDEF" : "0123456789") != strlen(s))
        return false;
    errno = 0;
    uint64_t v = strtoull(s, NULL, hex ? 16 : 10);
    if (errno || v > max)
        return false;
    *out = v;
    return true;
}

uint64_t call_number(const struct call *c, const char *name, uint64_t otherwise)
{
    const char *value = call_value(c, name);
    uint64_t v;
    return value && parse_number(value, UINT64_MAX, &v) ? v : otherwise;
}

FILE *call_output(struct call *c)
{
    if (c->open_output) {
        c->open_output(c);
        c->open_output = NULL;
    }
    return c->screen.out;
}

struct session_opts front_session_opts(struct call *c)
{
    c->debug_dirs.n = 0;
    for (size_t i = 0; i < c->given.n; i++)
        if (strcmp(c->given.v[i].row->name, "debug-dir") == 0)
            *vec_push(&c->debug_dirs) = c->given.v[i].value;
    return (struct session_opts){
        .modules =
            {
                .exe = call_value(c, "exe"),
                .sysroot = call_value(c, "sysroot"),
                .debug_dirs = c->debug_dirs.v,
                .n_debug_dirs = c->debug_dirs.n,
                .accept_mismatch = call_has(c, "accept-mismatch"),
                .no_debuginfod = call_has(c, "no-debuginfod"),
                .cache_dir = call_has(c, "no-cache") ? NULL : c->cache_dir,
                .progress = c->progress,
            },
        .runtimes = c->runtimes,
        .progress = c->progress,
    };
}
