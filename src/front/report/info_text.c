/* SPDX-License-Identifier: Apache-2.0 */
/* info for people. */
#include "front/report/priv.h"
#include "session/redact.h"

#include <inttypes.h>
#include <string.h>

enum { LABEL_COLUMN = 12, MEMORY_LINE = 16 };

static void text_donep(struct text *t)
{
    text_done(t);
}

static void put_label(struct text *t, const struct report *r, const char *label)
{
    put_coloured(t, &r->call->screen, COLOUR_CYAN, label);
    put_pad(t, strlen(label), LABEL_COLUMN);
}

static void put_title(struct text *t, const struct report *r, const char *title)
{
    text_putc(t, '\n');
    put_coloured(t, &r->call->screen, COLOUR_BOLD, title);
    text_putc(t, '\n');
}

/* "why (hint)" in place of a section that cannot be had. */
static void put_absent(struct text *t, struct err *e)
{
    text_put(t, "  ");
    put_err(t, e);
    text_putc(t, '\n');
    err_free(e);
}

/* The summary. */

static void put_program(struct text *t, const struct report *r)
{
    const struct image *im = r->im;
    put_label(t, r, "program");
    put_safe(t, im->exe ? im->exe : im->comm ? im->comm : "(unknown)");
    text_putc(t, '\n');
    if (im->kind == IMAGE_FILE)
        return;
    put_label(t, r, "process");
    text_printf(t, "%d", im->pid);
    if (im->has_ids)
        text_printf(t, " (parent %d, uid %" PRIu32 ", gid %" PRIu32 ")", im->ppid, im->uid, im->gid);
    text_putc(t, '\n');
}

/* Each argument as a shell would need it, when it is not a plain word. */
static void put_argument(struct text *t, const char *arg)
{
    static const char plain[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-+=:,./@%^";
    bool quote = !*arg || strspn(arg, plain) != strlen(arg);
    if (quote)
        text_putc(t, '\'');
    for (const char *p = arg; *p; p += strcspn(p, "'")) {
        if (*p == '\'') {
            text_put(t, "'\\''");
            p++;
        }
        text_put_escaped(t, p, strcspn(p, "'"));
    }
    if (quote)
        text_putc(t, '\'');
}

static void put_command(struct text *t, const struct report *r)
{
    SCOPED(freep) char *args = NULL;
    size_t n = 0;
    put_label(t, r, "command");
    struct err *e = session_arguments(r->session, &args, &n);
    if (!e) {
        /* A program that writes a title over its arguments leaves empty ones behind. */
        while (n > 1 && !args[n - 1] && !args[n - 2])
            n--;
        for (size_t at = 0; at < n; at += strlen(args + at) + 1) {
            text_put(t, at ? " " : "");
            put_argument(t, args + at);
        }
    } else {
        put_safe(t, r->im->cmdline ? r->im->cmdline : "(unknown)");
        if (r->im->cmdline_cut) {
            text_put(t, "... (cut: ");
            put_safe(t, e->msg);
            text_putc(t, ')');
        }
        err_free(e);
    }
    text_putc(t, '\n');
}

static void put_times(struct text *t, const struct report *r)
{
    const struct image *im = r->im;
    if (im->start_time) {
        put_label(t, r, "started");
        put_time(t, im->start_time);
        text_putc(t, '\n');
    }
    if (im->dump_time) {
        put_label(t, r, im->kind == IMAGE_CORE ? "dumped" : "looked at");
        put_time(t, im->dump_time);
        text_putc(t, '\n');
    }
    if (im->utime_ms || im->stime_ms) {
        put_label(t, r, "cpu time");
        text_printf(t, "%.2f s user, %.2f s system\n", (double)im->utime_ms / 1e3, (double)im->stime_ms / 1e3);
    }
}

static void put_signal(struct text *t, const struct report *r)
{
    const struct image *im = r->im;
    if (im->kind != IMAGE_CORE)
        return;
    put_label(t, r, "signal");
    if (!im->signal.signo) {
        text_put(t, "none\n");
        return;
    }
    struct text name = {0}, cause = {0};
    put_signal_name(&name, im->signal.signo);
    put_coloured(t, &r->call->screen, COLOUR_RED, text_str(&name));
    text_printf(t, " (%d)", im->signal.signo);
    put_signal_cause(&cause, im);
    if (cause.n)
        text_printf(t, ": %s", text_str(&cause));
    if (im->signal.err_no)
        text_printf(t, ", errno %d", im->signal.err_no);
    if (im->crashed_tid)
        text_printf(t, ", thread %d", im->crashed_tid);
    text_putc(t, '\n');
    text_done(&name);
    text_done(&cause);
}

static void put_memory_sum(struct text *t, const struct report *r)
{
    const struct image *im = r->im;
    uint64_t size = 0, present = 0;
    for (size_t i = 0; i < im->maps.n; i++) {
        size += im->maps.v[i].end - im->maps.v[i].start;
        present += im->maps.v[i].present;
    }
    put_label(t, r, "memory");
    put_size(t, size);
    text_printf(t, " in %zu mappings", im->maps.n);
    if (im->kind == IMAGE_CORE) {
        text_put(t, ", ");
        put_size(t, present);
        text_put(t, " of it in the core");
    }
    text_putc(t, '\n');
}

static void put_redacted(struct text *t, const struct report *r)
{
    SCOPED(redacted_done) struct redacted_rows rows = {0};
    bool any = false;

    redacted_parse(r->im->redacted, &rows);
    if (rows.n == 0)
        return;
    put_label(t, r, "redacted");
    for (size_t i = 0; i < rows.n; i++) {
        const struct redacted *row = &rows.v[i];
        if (row->matches == 0 && row->bytes == 0)
            continue;
        text_put(t, any ? ", " : "");
        put_safe(t, row->what);
        text_putc(t, ' ');
        put_grouped(t, row->matches);
        any = true;
    }
    text_put(t, any ? "\n" : "nothing was found\n");
}

static void put_summary(struct text *t, const struct report *r)
{
    const struct image *im = r->im;
    put_program(t, r);
    if (im->kind != IMAGE_FILE)
        put_command(t, r);
    if (im->kind == IMAGE_CORE) {
        put_label(t, r, "core");
        put_safe(t, im->path);
        put_writer(t, im);
        text_putc(t, '\n');
        put_redacted(t, r);
    } else if (im->kind == IMAGE_LIVE) {
        put_label(t, r, "pause");
        put_duration(t, im->pause_ns);
        text_putc(t, '\n');
    }
    put_label(t, r, "machine");
    text_printf(t, "%s\n", im->arch ? im->arch->name : "(unknown)");
    runtimes_text(t, r, put_label);
    put_times(t, r);
    record_text(t, r);
    put_signal(t, r);
    put_memory_sum(t, r);
    put_label(t, r, "modules");
    text_printf(t, "%zu\n", session_module_count(r->session));
    size_t n;
    const struct err *const *problems = session_problems(r->session, &n);
    for (size_t i = 0; i < n; i++) {
        put_coloured(t, &r->call->screen, COLOUR_YELLOW, "note");
        put_pad(t, 4, LABEL_COLUMN);
        put_err(t, problems[i]);
        text_putc(t, '\n');
    }
}

static void put_thread(struct text *t, const struct report *r, const struct image_thread *th)
{
    enum { NAME_COLUMN = 12 };
    const struct image *im = r->im;
    const char *name = thread_name(r->session, th), *state = thread_state(th->state);
    bool crashed = im->crashed_tid && th->tid == im->crashed_tid;
    struct text said = {0};
    if (name) {
        text_putc(&said, '"');
        put_safe(&said, name);
        text_put(&said, "\"  ");
    }
    if (crashed)
        put_coloured(&said, &r->call->screen, COLOUR_RED, "crashed");
    else if (state)
        text_put(&said, state);
    if (thread_signal(im, th) && !crashed) {
        text_put(&said, state ? "  " : "");
        put_signal_name(&said, th->signal);
    }
    put_language_thread(&said, r, th, crashed || state || thread_signal(im, th) ? ", " : "");
    if (!th->has_regs) {
        text_put(&said, " (");
        put_safe(&said, th->why ? th->why : "registers unknown");
        text_putc(&said, ')');
    }
    size_t before = t->n;
    text_printf(t, "  %d", th->tid);
    if (said.n)
        put_pad(t, t->n - before, NAME_COLUMN);
    text_put(t, text_str(&said));
    text_putc(t, '\n');
    text_done(&said);
}

static void put_threads(struct text *t, const struct report *r)
{
    if (r->im->kind == IMAGE_FILE)
        return;
    text_putc(t, '\n');
    put_coloured(t, &r->call->screen, COLOUR_BOLD, "Threads");
    text_printf(t, " (%zu)\n", r->im->threads.n);
    for (size_t i = 0; i < r->im->threads.n; i++)
        put_thread(t, r, &r->im->threads.v[i]);
}

/* Sections. */

const char *part_state_name(enum part_state s)
{
    switch (s) {
    case PART_UNTRIED:
        return "untried";
    case PART_NONE:
        return "none";
    case PART_FOUND:
        return "found";
    case PART_MISSING:
        return "missing";
    case PART_MISMATCH:
        return "mismatch";
    case PART_ERROR:
        return "error";
    }
    return "untried";
}

static void put_part(struct text *t, const struct report *r, const char *label, const struct module_part *p)
{
    if (p->state == PART_UNTRIED || (p->state == PART_NONE && !p->note && !p->path))
        return;
    bool good = p->state == PART_FOUND;
    text_printf(t, "    %-6s ", label);
    if (!good)
        put_coloured(t, &r->call->screen, p->state == PART_NONE ? COLOUR_DIM : COLOUR_YELLOW,
                     part_state_name(p->state));
    if (p->path) {
        text_put(t, good ? "" : " ");
        put_safe(t, p->path);
    }
    if (good && p->how) {
        text_put(t, p->path ? " (" : "(");
        put_safe(t, p->how);
        text_putc(t, ')');
    }
    if (p->note) {
        text_put(t, ": ");
        put_safe(t, p->note);
    }
    text_putc(t, '\n');
}

static void put_modules(struct text *t, const struct report *r)
{
    put_title(t, r, "Modules");
    for (size_t i = 0; i < session_module_count(r->session); i++) {
        const struct module *m = session_module(r->session, i, true);
        const char *hint = session_module_hint(r->session, m);
        char id[BUILD_ID_TEXT];
        text_printf(t, "  0x%016" PRIx64 "-0x%016" PRIx64 "  ", m->start, m->end);
        put_coloured(t, &r->call->screen, COLOUR_BOLD, m->path);
        text_put(t, m->is_exe ? "  (program)" : "");
        text_put(t, m->deleted ? "  (deleted)" : "");
        text_printf(t, "\n    %-6s %s\n", "id",
                    m->build_id.n ? session_build_id_text(&m->build_id, id) : "(no build-id)");
        put_part(t, r, "file", &m->file);
        put_part(t, r, "debug", &m->debug);
        put_part(t, r, "alt", &m->alt);
        if (hint) {
            text_printf(t, "    %-6s ", "to get");
            put_safe(t, hint);
            text_putc(t, '\n');
        }
    }
}

static void put_maps(struct text *t, const struct report *r)
{
    put_title(t, r, "Memory map");
    for (size_t i = 0; i < r->im->maps.n; i++) {
        const struct mapping *m = &r->im->maps.v[i];
        uint64_t size = m->end - m->start;
        text_printf(t, "  0x%016" PRIx64 "-0x%016" PRIx64 " %c%c%c%c 0x%08" PRIx64, m->start, m->end,
                    m->prot & PROT_BIT_READ ? 'r' : '-', m->prot & PROT_BIT_WRITE ? 'w' : '-',
                    m->prot & PROT_BIT_EXEC ? 'x' : '-', m->shared ? 's' : 'p', m->offset);
        if (r->im->kind == IMAGE_CORE && m->present < size) {
            text_put(t, m->present ? "  part  " : "  absent");
        } else if (m->path) {
            text_put(t, "        ");
        }
        if (m->path) {
            text_put(t, "  ");
            put_safe(t, m->path);
        }
        text_put(t, m->deleted ? " (deleted)\n" : "\n");
    }
}

bool general_register_value(const struct image_thread *th, const struct reg_desc *d, uint64_t *out)
{
    if (d->dwarf != REG_NONE) {
        bool known = regs_has(&th->regs, d->dwarf);
        if (known)
            *out = th->regs.val[d->dwarf];
        return known;
    }
    struct cursor c = cursor_of(th->gp, 0, "registers");
    cursor_seek(&c, d->offset);
    uint64_t v = cursor_uint(&c, d->size);
    if (c.failed)
        return false;
    *out = v;
    return true;
}

static void put_registers(struct text *t, const struct report *r)
{
    const struct arch *a = r->im->arch;
    put_title(t, r, "Registers");
    for (size_t i = 0; i < r->im->threads.n; i++) {
        const struct image_thread *th = &r->im->threads.v[i];
        text_printf(t, "  thread %d\n", th->tid);
        unsigned column = 0;
        for (size_t k = 0; a && k < a->n_regs; k++) {
            uint64_t v;
            if (!general_register_value(th, &a->regs[k], &v))
                continue;
            text_printf(t, "    %-8s 0x%0*" PRIx64, a->regs[k].name, 2 * a->addr_size, v);
            text_put(t, ++column % 3 ? "" : "\n");
        }
        text_put(t, column % 3 ? "\n" : "");
        if (!column) {
            text_put(t, "    ");
            put_safe(t, th->why ? th->why : "not known");
            text_putc(t, '\n');
        }
    }
}

static void put_auxv(struct text *t, const struct report *r)
{
    put_title(t, r, "Auxiliary vector");
    for (size_t i = 0; i < r->im->auxv.n; i++) {
        const struct image_auxv *a = &r->im->auxv.v[i];
        const char *name = session_auxv_name(a->type);
        if (name)
            text_printf(t, "  %-20s", name);
        else
            text_printf(t, "  %-20" PRIu64, a->type);
        text_printf(t, " 0x%" PRIx64 "\n", a->value);
    }
}

static void put_limits(struct text *t, const struct report *r)
{
    put_title(t, r, "Limits");
    for (size_t i = 0; i < r->im->limits.n; i++) {
        text_put(t, "  ");
        put_safe(t, r->im->limits.v[i]);
        text_putc(t, '\n');
    }
    if (!r->im->limits.n)
        text_put(t, "  not kept in a core that another program wrote\n");
}

static void put_environ(struct text *t, const struct report *r)
{
    SCOPED(freep) char *env = NULL;
    size_t n = 0;
    put_title(t, r, "Environment");
    struct err *e = session_environ(r->session, &env, &n);
    if (e) {
        put_absent(t, e);
        return;
    }
    for (size_t at = 0; at < n; at += strlen(env + at) + 1) {
        text_put(t, "  ");
        put_safe(t, env + at);
        text_putc(t, '\n');
    }
}

static void put_bytes(struct text *t, uint64_t at, const uint8_t *p, size_t n)
{
    text_printf(t, "  0x%016" PRIx64 " ", at);
    for (size_t i = 0; i < MEMORY_LINE; i++) {
        text_put(t, i % 8 ? "" : " ");
        if (i < n)
            text_printf(t, "%02x ", p[i]);
        else
            text_put(t, "   ");
    }
    text_put(t, " |");
    for (size_t i = 0; i < n; i++)
        text_putc(t, p[i] >= 0x20 && p[i] < 0x7f ? (char)p[i] : '.');
    text_put(t, "|\n");
}

static void put_memory(struct text *t, const struct report *r, const struct memory_wish *w)
{
    uint8_t line[MEMORY_LINE];
    put_title(t, r, "Memory");
    for (uint64_t done = 0; done < w->length; done += MEMORY_LINE) {
        size_t n = w->length - done < MEMORY_LINE ? (size_t)(w->length - done) : MEMORY_LINE;
        struct err *e = session_read(r->session, w->at + done, line, n);
        if (e) {
            put_absent(t, e);
            return;
        }
        put_bytes(t, w->at + done, line, n);
    }
}

static struct err *put_memories(struct text *t, const struct report *r)
{
    for (size_t i = 0; i < r->call->given.n; i++) {
        struct memory_wish w;
        if (strcmp(r->call->given.v[i].row->name, "memory") != 0)
            continue;
        TRY(memory_wish_parse(r->call->given.v[i].value, &w));
        put_memory(t, r, &w);
    }
    return NULL;
}

struct err *info_write_text(const struct report *r)
{
    static const struct {
        const char *name;
        void (*put)(struct text *, const struct report *);
    } sections[] = {
        {"modules", put_modules}, {"maps", put_maps},     {"registers", put_registers},
        {"auxv", put_auxv},       {"limits", put_limits}, {"files", record_sections_text},
    };
    FILE *out = call_output(r->call);
    SCOPED(text_donep) struct text t = {0};
    put_summary(&t, r);
    put_threads(&t, r);
    TRY(report_flush(&t, out));
    for (size_t i = 0; i < ARRAY_LEN(sections); i++) {
        if (info_wants(r, sections[i].name))
            sections[i].put(&t, r);
        TRY(report_flush(&t, out));
    }
    if (call_has(r->call, "env"))
        put_environ(&t, r);
    TRY(put_memories(&t, r));
    return report_flush(&t, out);
}
