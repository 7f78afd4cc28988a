/* SPDX-License-Identifier: Apache-2.0 */
/* inquest info: the command row. */
#include "front/report/priv.h"

#include <string.h>

static const struct option_row rows[] = {
    {"modules", 'm', VALUE_NONE, NULL, "each module: range, build-id, the files that serve it, and what is missing"},
    {"maps", 'p', VALUE_NONE, NULL, "the memory map"},
    {"registers", 'r', VALUE_NONE, NULL, "the registers of each thread"},
    {"auxv", 0, VALUE_NONE, NULL, "the auxiliary vector"},
    {"limits", 0, VALUE_NONE, NULL, "the resource limits (of a process, or a core that Inquest wrote)"},
    {"files", 'f', VALUE_NONE, NULL, "open files and control groups (of the same)"},
    {"memory", 0, VALUE_TEXT, "ADDR[:LEN]", "bytes of memory, LEN of them (default 64); may be given again"},
    {"env", 0, VALUE_NONE, NULL, "the environment, which may hold secrets"},
    {"all", 0, VALUE_NONE, NULL, "everything but the environment and memory"},
    {"json", 'j', VALUE_NONE, NULL, "JSON, schema inquest.info/1"},
};
static const struct option_group own = {"Options", rows, ARRAY_LEN(rows)};
static const struct option_group *const groups[] = {&own, &front_files_group, &front_output_group, NULL};

bool info_wants(const struct report *r, const char *section)
{
    return call_has(r->call, section) || call_has(r->call, "all");
}

static struct err *run(struct call *c)
{
    struct session_opts opts = front_session_opts(c);
    SCOPED(session_freep) struct session *s = NULL;
    struct memory_wish wish;
    for (size_t i = 0; i < c->given.n; i++)
        if (strcmp(c->given.v[i].row->name, "memory") == 0)
            TRY(memory_wish_parse(c->given.v[i].value, &wish));
    TRY(session_open(c->operands[0], &opts, &s));
    session_describe(s);
    struct report r = {.call = c, .session = s, .im = session_image(s)};
    return call_has(c, "json") ? info_write_json(&r) : info_write_text(&r);
}

enum { MEMORY_DEFAULT = 64, MEMORY_MAX = 1 << 20 };

struct err *memory_wish_parse(const char *s, struct memory_wish *out)
{
    const char *colon = strchr(s, ':');
    size_t n = colon ? (size_t)(colon - s) : strlen(s);
    SCOPED(freep) char *address = xstrndup(s, n);
    struct memory_wish w = {.length = MEMORY_DEFAULT};
    if (!parse_number(address, UINT64_MAX, &w.at) ||
        (colon && (!parse_number(colon + 1, MEMORY_MAX, &w.length) || !w.length)))
        return err_hint(err_new(ERR_USAGE, "'%s' is no ADDR[:LEN]", s),
                        "numbers are decimal, or hexadecimal after 0x; at most %d bytes", MEMORY_MAX);
    *out = w;
    return NULL;
}

const struct command report_info = {
    .name = "info",
    .aliases = NULL,
    .operands = "TARGET",
    .operand_kind = OPERAND_TARGET,
    .min_operands = 1,
    .max_operands = 1,
    .help = "show what a process or core is: program, signal, threads, modules",
    .about = "Shows what is known of TARGET: its program and command line, when it started and ended, the signal "
             "that ended it, and its threads. Options add sections.\n"
             "TARGET is the id of a running process, a core file or minidump (plain, or packed as .zst, .lz4, .xz or "
             ".gz), or a program that does not run. "
             "Cores of 32-bit x86, AArch64 and RISC-V programs are answered too.",
    .examples = "inquest info core             # what it is and how it died\n"
                "inquest info --modules core   # which files serve it, and which are missing\n"
                "inquest info --all --json 123 # everything, for programs\n",
    .groups = groups,
    .run = run,
};
