/* SPDX-License-Identifier: Apache-2.0 */
/* What addresses are: what, telescope. */
#include "front/console/code.h"
#include "session/memory.h"

#include <inttypes.h>

/* ---- what ---- */

static void put_mapping(struct text *t, const struct address_facts *f)
{
    const struct mapping *m = f->mapping;
    if (!m) {
        text_put(t, "is not mapped\n");
        return;
    }
    text_put(t, "is mapped: ");
    put_safe(t, m->path ? m->path : "anonymous memory");
    text_printf(t, ", 0x%" PRIx64 "-0x%" PRIx64 " (", m->start, m->end);
    put_size(t, m->end - m->start);
    text_printf(t, "), %c%c%c%s\n", m->prot & PROT_BIT_READ ? 'r' : '-', m->prot & PROT_BIT_WRITE ? 'w' : '-',
                m->prot & PROT_BIT_EXEC ? 'x' : '-', f->in_dump ? "" : "; its bytes are not in the dump");
}

static void put_module(struct text *t, const struct address_facts *f)
{
    if (!f->module)
        return;
    text_put(t, "module: ");
    put_safe(t, f->module->path);
    if (f->section) {
        text_put(t, ", section ");
        put_safe(t, f->section);
    }
    text_putc(t, '\n');
    if (!f->symbol)
        return;
    text_put(t, "symbol: ");
    put_safe(t, f->symbol);
    if (f->symbol_offset)
        text_printf(t, " + %" PRIu64, f->symbol_offset);
    if (f->symbol_size)
        text_printf(t, ", of %" PRIu64 " bytes", f->symbol_size);
    text_putc(t, '\n');
}

/* The frame as bt shows it; what bt leaves out, such as the caller of main, by its name. */
static void put_frame(struct console *c, const struct address_facts *f)
{
    const struct sstack *st;
    struct err *e = console_stack_of(c, f->stack_of->tid, f->frame + 1, &st);
    bool shown = !e && f->frame < st->n;
    err_free(e); /* its name is known all the same */
    text_put(&c->out, "frame: ");
    if (shown) {
        console_put_frame(c, st, f->frame, 0);
        return;
    }
    const char *name = f->stack->frames[f->frame].at->function;
    text_printf(&c->out, "#%-3zu", f->frame);
    put_safe(&c->out, name ? name : "??");
    text_putc(&c->out, '\n');
}

static void put_stack(struct console *c, const struct address_facts *f)
{
    struct text *t = &c->out;
    if (!f->stack_of)
        return;
    text_printf(t, "stack: of thread %u, ", console_thread_number(c, f->stack_of->tid));
    console_put_thread(t, c, f->stack_of, true);
    if (f->below_sp)
        text_put(t, "; below its stack pointer, so not in use");
    text_putc(t, '\n');
    if (f->stack)
        put_frame(c, f);
}

static void put_tls(struct console *c, const struct address_facts *f)
{
    if (!f->tls_of)
        return;
    text_printf(&c->out, "thread-local memory: of thread %u, ", console_thread_number(c, f->tls_of->tid));
    console_put_thread(&c->out, c, f->tls_of, true);
    text_put(&c->out, ", for ");
    put_safe(&c->out, f->tls_module->path);
    text_putc(&c->out, '\n');
}

static void put_heap(struct text *t, const struct address_facts *f, taddr at)
{
    static const char *const states[] = {
        [HEAP_USED] = "in use", [HEAP_FREE] = "free", [HEAP_TOP] = "the rest of the heap, never given out"};
    if (f->why_no_heap) {
        text_put(t, "heap: not known: ");
        put_safe(t, f->why_no_heap);
        text_putc(t, '\n');
    }
    if (f->heap == HEAP_NONE)
        return;
    text_printf(t, "heap: block 0x%" PRIx64 " of %" PRIu64 " bytes, %s", f->block, f->block_size, states[f->heap]);
    if (at < f->block)
        text_put(t, "; this is its header");
    else if (at > f->block)
        text_printf(t, "; this is byte %" PRIu64 " of it", at - f->block);
    text_printf(t, " (%s)\n", f->heap_note);
}

static struct err *run_what(struct console *c, const char *args)
{
    const struct image *im;
    struct address_facts f;
    uint64_t at;
    if (!*args)
        return err_new(ERR_USAGE, "argument required (address)");
    TRY(console_target(c, &im));
    TRY(console_number(c, args, &at));
    session_what(c->session, at, &f);
    if (progress_cancelled(c->call->progress))
        return err_new(ERR_CANCELLED, "cancelled");
    text_printf(&c->out, "0x%" PRIx64 " ", at);
    put_mapping(&c->out, &f);
    put_module(&c->out, &f);
    put_stack(c, &f);
    put_tls(c, &f);
    put_heap(&c->out, &f, at);
    return NULL;
}

/* ---- telescope ---- */

enum { TELESCOPE_LINES = 8, TELESCOPE_MOST = 1 << 16, HOPS = 6, STRING_SHOWN = 48, STRING_MIN = 4 };

/* The text at an address, when it looks like one. */
static bool put_string(struct console *c, taddr at)
{
    char b[STRING_SHOWN];
    size_t got = session_read_some(c->session, at, b, sizeof(b)), n = 0;
    while (n < got && (b[n] == '\t' || b[n] == '\n' || (b[n] >= ' ' && b[n] < 0x7f)))
        n++;
    if (n < STRING_MIN || (n < got && b[n]) || (n == got && got < sizeof(b)))
        return false;
    text_put(&c->out, " \"");
    text_put_escaped(&c->out, b, n);
    text_put(&c->out, n == sizeof(b) ? "\"..." : "\"");
    return true;
}

static bool read_word(struct console *c, taddr at, unsigned size, uint64_t *out)
{
    uint8_t b[8] = {0};
    if (session_read_some(c->session, at, b, size) != size)
        return false;
    memcpy(out, b, sizeof(b));
    return true;
}

/* The registers of the selected frame that point at an address. */
static void put_registers(struct console *c, const struct vframe *f, taddr at)
{
    const struct image *im = session_image(c->session);
    for (unsigned i = 0; f && i < im->arch->n_regs; i++) {
        const struct reg_desc *r = &im->arch->regs[i];
        if (r->dwarf != REG_NONE && regs_has(&f->regs, r->dwarf) && f->regs.val[r->dwarf] == at)
            text_printf(&c->out, " %s", r->name);
    }
}

/* Where a word leads: from pointer to pointer, to a symbol or to text. */
static void put_chain(struct console *c, uint64_t v, unsigned size)
{
    for (unsigned hop = 0; hop < HOPS; hop++) {
        uint64_t next;
        size_t before = c->out.n;
        console_put_symbol(c, v);
        if (c->out.n > before || put_string(c, v) || !read_word(c, v, size, &next))
            return;
        text_printf(&c->out, " -> 0x%" PRIx64, next);
        v = next;
    }
}

static struct err *telescope_from(struct console *c, const char **args, taddr *at)
{
    const struct vframe *f;
    const struct image *im = session_image(c->session);
    if (**args) {
        size_t n = strcspn(*args, " \t");
        SCOPED(freep) char *word = xstrndup(*args, n);
        *args += n + strspn(*args + n, " \t");
        return console_number(c, word, at);
    }
    TRY(console_frame(c, &f));
    if (!regs_has(&f->regs, im->arch->sp))
        return err_new(ERR_NO_DATA, "the frame's stack pointer is not known");
    *at = f->regs.val[im->arch->sp];
    return NULL;
}

static struct err *run_telescope(struct console *c, const char *args)
{
    const struct image *im;
    const struct vframe *f = NULL;
    uint64_t at, n = TELESCOPE_LINES;
    TRY(console_target(c, &im));
    TRY(telescope_from(c, &args, &at));
    if (*args && (!parse_number(args, TELESCOPE_MOST, &n) || !n))
        return err_new(ERR_USAGE, "no number of words: \"%s\"", args);
    IGNORE_ERR(console_frame(c, &f)); /* without a frame no registers are named */
    for (uint64_t i = 0; i < n; i++, at += im->arch->addr_size) {
        uint64_t v;
        text_printf(&c->out, "0x%" PRIx64, at);
        put_registers(c, f, at);
        if (!read_word(c, at, im->arch->addr_size, &v))
            return err_at(err_new(ERR_UNMAPPED, "cannot access memory at address 0x%" PRIx64, at), ERR_AT_ADDRESS, at);
        text_printf(&c->out, ": 0x%" PRIx64, v);
        put_chain(c, v, im->arch->addr_size);
        text_putc(&c->out, '\n');
        TRY(console_flush(c));
    }
    return NULL;
}

static const struct console_command rows[] = {
    {"what", NULL, CLASS_DATA, "ADDRESS", "Tell all that is known of an address.",
     "Its mapping; the module, section and symbol; whose stack and which frame's part of it; whose thread-local "
     "memory; "
     "and the block of malloc() that holds it, when that is glibc's.",
     COMPLETE_EXPRESSION, REPEAT_NEVER, run_what},
    {"telescope", NULL, CLASS_DATA, "[ADDRESS] [N]", "Follow the N (8) words from an address, or from $sp.",
     "Each word is shown with what it points to, and so on, up to a symbol or text.", COMPLETE_EXPRESSION, REPEAT_NEVER,
     run_telescope},
};
const struct console_table console_what_table = {rows, ARRAY_LEN(rows)};
