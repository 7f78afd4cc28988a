/* SPDX-License-Identifier: Apache-2.0 */
/* What is known of the target as a whole: libraries, mappings, files. */
#include "front/console/console.h"
#include "session/code.h"

#include <inttypes.h>
#include <regex.h>
#include <string.h>

/* ---- info sharedlibrary ---- */

static bool has_symbols(const struct module *m)
{
    return m->file.state == PART_FOUND || m->debug.state == PART_FOUND;
}

/* Where a module's code is, [*start, *end): its .text as gdb has it, or without its file what is executable. */
static void code_range(struct console *c, const struct image *im, const struct module *m, taddr *start, taddr *end)
{
    bool any = false;
    if (session_section_range(c->session, m, ".text", start, end))
        return;
    *start = m->start;
    *end = m->end;
    for (size_t i = 0; i < im->maps.n; i++) {
        const struct mapping *map = &im->maps.v[i];
        if (map->start < m->start || map->end > m->end || !(map->prot & PROT_BIT_EXEC))
            continue;
        *start = any ? *start : map->start;
        *end = map->end;
        any = true;
    }
}

/* gdb's columns. */
static void put_library(struct console *c, const struct image *im, const struct module *m)
{
    int digits = im->arch->addr_size * 2;
    taddr start, end;
    code_range(c, im, m, &start, &end);
    const char *read = !has_symbols(m) ? "No" : m->debug.state == PART_FOUND ? "Yes" : "Yes (*)";
    text_printf(&c->out, "0x%0*" PRIx64 "  0x%0*" PRIx64 "  %-12s", digits, start, digits, end, read);
    put_safe(&c->out, m->path);
    text_putc(&c->out, '\n');
}

static void put_libraries(struct console *c, const struct image *im, const regex_t *re)
{
    bool any = false, stripped = false;
    int width = im->arch->addr_size * 2 + 2;
    for (size_t i = 0; i < session_module_count(c->session); i++) {
        const struct module *m = session_module(c->session, i, true);
        if (m->is_exe || m->is_vdso || (re && regexec(re, m->path, 0, NULL, 0) != 0))
            continue;
        if (!any)
            text_printf(&c->out, "%-*s  %-*s  Syms Read   Shared Object Library\n", width, "From", width, "To");
        any = true;
        stripped |= has_symbols(m) && m->debug.state != PART_FOUND;
        put_library(c, im, m);
    }
    if (stripped)
        text_put(&c->out, "(*): Shared library is missing debugging information.\n");
    if (!any)
        text_put(&c->out, re ? "No shared libraries matched.\n" : "No shared libraries loaded at this time.\n");
}

static struct err *run_sharedlibrary(struct console *c, const char *args)
{
    const struct image *im;
    regex_t re;
    TRY(console_target(c, &im));
    if (*args)
        TRY(console_regex(args, &re));
    put_libraries(c, im, *args ? &re : NULL);
    if (*args)
        regfree(&re);
    return NULL;
}

/* ---- info proc ---- */

static void put_fact(struct text *t, const char *name, const char *value)
{
    if (!value)
        return;
    text_printf(t, "%s = '", name);
    put_safe(t, value);
    text_put(t, "'\n");
}

static struct err *run_info_proc(struct console *c, const char *args)
{
    const struct image *im;
    TRY(console_target(c, &im));
    if (*args)
        return err_hint(err_new(ERR_UNSUPPORTED, "\"info proc %s\" is not known", args),
                        "there is \"info proc mappings\"");
    if (im->kind == IMAGE_LIVE) {
        text_printf(&c->out, "process %d\n", im->pid);
        put_fact(&c->out, "cmdline", im->cmdline);
        put_fact(&c->out, "exe", im->exe);
    } else {
        put_fact(&c->out, "exe", im->cmdline ? im->cmdline : im->exe); /* gdb shows the command line there */
    }
    return NULL;
}

static void put_permissions(struct text *t, const struct mapping *m)
{
    text_printf(t, "%c%c%c%c", m->prot & PROT_BIT_READ ? 'r' : '-', m->prot & PROT_BIT_WRITE ? 'w' : '-',
                m->prot & PROT_BIT_EXEC ? 'x' : '-', m->shared ? 's' : 'p');
}

/* A core's list has the files that were mapped; a process's all, with permissions. */
static struct err *put_mappings(struct console *c, const struct image *im, bool all)
{
    int width = im->arch->addr_size * 2 + 2;
    bool live = im->kind == IMAGE_LIVE;
    text_printf(&c->out, "Mapped address spaces:\n\n  %*s %*s %10s %10s %sobjfile\n", width, "Start Addr", width,
                "End Addr", "Size", "Offset", live ? " Perms  " : "");
    for (size_t i = 0; i < im->maps.n; i++) {
        const struct mapping *m = &im->maps.v[i];
        if (!live && !all && (!m->path || *m->path != '/'))
            continue;
        char start[24], end[24], size[24], offset[24];
        snprintf(start, sizeof(start), "0x%" PRIx64, m->start);
        snprintf(end, sizeof(end), "0x%" PRIx64, m->end);
        snprintf(size, sizeof(size), "0x%" PRIx64, m->end - m->start);
        snprintf(offset, sizeof(offset), "0x%" PRIx64, m->offset);
        text_printf(&c->out, "  %*s %*s %10s %10s ", width, start, width, end, size, offset);
        if (live) {
            text_putc(&c->out, ' ');
            put_permissions(&c->out, m);
            text_put(&c->out, "   ");
        }
        put_safe(&c->out, m->path);
        text_putc(&c->out, '\n');
        TRY(console_flush(c));
    }
    return NULL;
}

static struct err *run_proc_mappings(struct console *c, const char *args)
{
    const struct image *im;
    TRY(console_target(c, &im));
    if (im->kind == IMAGE_LIVE)
        text_printf(&c->out, "process %d\n", im->pid);
    return put_mappings(c, im, args_word(&args, "all"));
}

/* ---- info files, inferiors, program ---- */

static void put_symbol_file(struct console *c)
{
    for (size_t i = 0; i < session_module_count(c->session); i++) {
        const struct module *m = session_module(c->session, i, true);
        if (!m->is_exe || !has_symbols(m))
            continue;
        text_put(&c->out, "Symbols from \"");
        put_safe(&c->out, m->path);
        text_put(&c->out, "\".\n");
    }
}

static struct err *run_files(struct console *c, const char *args)
{
    (void)args;
    const struct image *im;
    TRY(console_target(c, &im));
    struct text *t = &c->out;
    put_symbol_file(c);
    text_put(t, im->kind == IMAGE_LIVE ? "Process:\n\t`" : "Local core dump file:\n\t`");
    put_safe(t, im->path);
    text_printf(t, "', of %s.\n", im->arch->name);
    for (size_t i = 0; i < im->maps.n; i++) {
        const struct mapping *m = &im->maps.v[i];
        text_printf(t, "\t0x%016" PRIx64 " - 0x%016" PRIx64 " is ", m->start, m->end);
        put_permissions(t, m);
        text_put(t, m->path ? " " : "");
        put_safe(t, m->path);
        if (m->present < m->end - m->start)
            text_printf(t, ", %" PRIu64 " bytes of it in the dump", m->present);
        text_putc(t, '\n');
        TRY(console_flush(c));
    }
    return NULL;
}

static struct err *run_inferiors(struct console *c, const char *args)
{
    (void)args;
    const struct image *im = c->session ? session_image(c->session) : NULL;
    SCOPED(freep) char *who = im ? xasprintf("process %d", im->pid) : xstrdup("<null>");
    const char *how = !im ? "" : im->kind == IMAGE_LIVE ? "1 (native)" : "1 (core)";
    text_printf(&c->out, "  Num  Description       Connection           Executable        \n* 1    %-17s %-20s ", who,
                how);
    put_safe(&c->out, im ? im->exe : NULL);
    text_put(&c->out, " \n");
    return NULL;
}

static struct err *run_program(struct console *c, const char *args)
{
    (void)args;
    const struct image *im = c->session ? session_image(c->session) : NULL;
    if (!im || im->kind == IMAGE_CORE)
        text_put(&c->out, "The program being debugged is not being run.\n");
    else
        text_printf(&c->out, "\tProcess %d is held stopped.\n", im->pid);
    return NULL;
}

static const struct console_command rows[] = {
    {"info sharedlibrary", "info dll|info shared|libraries", CLASS_STATUS, "[REGEXP]",
     "List the shared libraries, and where their code is.", NULL, COMPLETE_NOTHING, REPEAT_NEVER, run_sharedlibrary},
    {"info proc", NULL, CLASS_STATUS, "[mappings [all]]", "Show what process it is or was.", NULL, COMPLETE_NOTHING,
     REPEAT_NEVER, run_info_proc},
    {"info proc mappings", "info mappings", CLASS_STATUS, "[all]", "List what is mapped into memory.",
     "Of a core the files that were mapped; \"all\" adds what is no file.", COMPLETE_NOTHING, REPEAT_NEVER,
     run_proc_mappings},
    {"info files", "info target|info exec", CLASS_STATUS, NULL, "Show the target's file and its address ranges.", NULL,
     COMPLETE_NOTHING, REPEAT_NEVER, run_files},
    {"info inferiors", NULL, CLASS_STATUS, NULL, "Show the process.", NULL, COMPLETE_NOTHING, REPEAT_NEVER,
     run_inferiors},
    {"info program", NULL, CLASS_STATUS, NULL, "Say whether the process runs.", NULL, COMPLETE_NOTHING, REPEAT_NEVER,
     run_program},
};
const struct console_table console_info_target_table = {rows, ARRAY_LEN(rows)};
