/* SPDX-License-Identifier: Apache-2.0 */
/* What an address is. */
#include "session/heap.h"
#include "session/priv.h"
#include "session/session_values.h"
#include "value/tls.h"

#include "session/code.h"

#include <elf.h>

/* ---- code and data ---- */

static void find_symbol(struct session *s, taddr at, struct address_facts *out)
{
    struct symbol sym;
    const char *name;
    out->module = session_module_at(s, at);
    if (!out->module)
        return;
    out->section = session_section(s, at);
    if (!session_symbol(s, at, &sym, &name))
        return;
    out->symbol = session_symbol_name(s, &sym);
    out->symbol_offset = at - sym.addr;
    out->symbol_size = sym.size;
}

/* ---- stacks ---- */

static bool stack_pointer(const struct session *s, const struct image_thread *th, taddr *out)
{
    bool known = th->has_regs && regs_has(&th->regs, s->im->arch->sp);
    *out = known ? th->regs.val[s->im->arch->sp] : 0;
    return known;
}

/* Threads whose stacks lie in one mapping: the address is that of the nearest below it, else of the nearest above. */
static const struct image_thread *thread_of(const struct session *s, const struct mapping *m, taddr at)
{
    const struct image_thread *below = NULL, *above = NULL;
    taddr best_below = 0, best_above = UINT64_MAX, sp;
    for (size_t i = 0; i < s->im->threads.n; i++) {
        const struct image_thread *th = &s->im->threads.v[i];
        if (!stack_pointer(s, th, &sp) || sp < m->start || sp >= m->end)
            continue;
        if (sp <= at && sp >= best_below) {
            below = th;
            best_below = sp;
        } else if (sp > at && sp < best_above) {
            above = th;
            best_above = sp;
        }
    }
    return below ? below : above;
}

/* The frame whose part of the stack holds the address: the first whose caller's begins above it. */
static void find_frame(struct session *s, const struct sstack *st, taddr at, struct address_facts *out)
{
    for (size_t i = 0; i < st->n && !progress_cancelled(s->opts.progress); i++) {
        const struct vframe *f;
        struct err *e = session_frame(s, st, i, &f);
        if (e || !f->cfa) {
            err_free(e); /* what is not known is left out */
            return;
        }
        bool last_of_physical = i + 1 == st->n || st->frames[i + 1].physical != st->frames[i].physical;
        if (f->cfa > at && last_of_physical) {
            out->stack = st;
            out->frame = i;
            return;
        }
        if (f->caller)
            (void)f->caller(f); /* so that the next frame need not be unwound from the start */
    }
}

static void find_stack(struct session *s, taddr at, struct address_facts *out)
{
    const struct image_thread *th = thread_of(s, out->mapping, at);
    const struct sstack *stacks;
    size_t n;
    taddr sp;
    if (!th)
        return;
    (void)stack_pointer(s, th, &sp);
    out->stack_of = th;
    /* The x86-64 ABI leaves 128 bytes below the pointer to the function; other processors have no such zone. */
    out->below_sp = at < sp;
    struct err *e = out->below_sp ? NULL : session_first_frames(s, th->tid, SIZE_MAX, &stacks, &n);
    for (size_t i = 0; !e && !out->below_sp && i < n; i++)
        if (stacks[i].thread->tid == th->tid)
            find_frame(s, &stacks[i], at, out);
    err_free(e);
}

/* ---- thread-local memory ---- */

static uint64_t tls_size(struct module *m)
{
    size_t n = 0;
    struct elf *e = module_elf(m);
    const struct elf_segment *seg = e ? elf_segments(e, &n) : NULL;
    for (size_t i = 0; i < n; i++)
        if (seg[i].type == PT_TLS)
            return seg[i].memsz;
    return 0;
}

static bool find_tls_in(struct session *s, struct module *m, taddr at, struct address_facts *out)
{
    uint64_t size = tls_size(m);
    taddr start;
    for (size_t i = 0; size && i < s->im->threads.n; i++) {
        const struct image_thread *th = &s->im->threads.v[i];
        struct err *e = tls_address(s->ms, m, th, 0, &start);
        bool holds = !e && at >= start && at - start < size;
        err_free(e); /* a thread whose block is not known does not hold it */
        if (holds) {
            out->tls_of = th;
            out->tls_module = m;
            return true;
        }
    }
    return false;
}

static bool find_tls(struct session *s, taddr at, struct address_facts *out)
{
    for (size_t i = 0; i < modules_count(s->ms); i++)
        if (find_tls_in(s, modules_get(s->ms, i), at, out))
            return true;
    return false;
}

/* ---- malloc ---- */

static void find_block(struct session *s, taddr at, struct address_facts *out)
{
    struct heap_block b;
    if (!s->heap)
        s->heap = heap_read(s->ms, s->opts.progress);
    if (!heap_find(s->heap, at, &b, &out->why_no_heap))
        return;
    out->heap = b.state;
    out->block = b.block;
    out->block_size = b.size;
    out->heap_note = b.note;
}

/* Memory that a program has asked for itself, and writes. */
static bool may_be_heap(const struct mapping *m)
{
    return (m->prot & PROT_BIT_WRITE) && (!m->path || strcmp(m->path, "[heap]") == 0);
}

void session_what(struct session *s, taddr at, struct address_facts *out)
{
    uint8_t byte;
    *out = (struct address_facts){.mapping = image_mapping(s->im, at)};
    out->in_dump = modules_read_some(s->ms, at, &byte, 1) == 1;
    find_symbol(s, at, out);
    if (!out->mapping || out->module)
        return;
    find_stack(s, at, out);
    bool on_stack = out->stack_of && !out->below_sp && out->stack;
    if (on_stack || find_tls(s, at, out) || (out->stack_of && out->mapping->path))
        return;
    if (may_be_heap(out->mapping) && s->im->kind != IMAGE_FILE)
        find_block(s, at, out);
    if (out->stack_of)
        out->why_no_heap = NULL;
}
