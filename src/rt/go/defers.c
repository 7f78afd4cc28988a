/* SPDX-License-Identifier: Apache-2.0 */
/* The calls that a goroutine's functions deferred and have not made yet (runtime/panic.go, runtime/runtime2.go).
 *
 * g._defer is a list of records, the newest first; each belongs to the frame with its stack pointer. Where a function
 * has few defer statements, none in a loop, the compiler makes no records: a byte of the frame has a bit for each
 * statement that was reached, words of the frame have what is to be called, and FUNCDATA_OpenCodedDeferInfo says where
 * (cmd/compile/internal/ssagen). Until Go 1.21 a panic makes one record for such a frame; what it is about to run, or
 * runs, is no longer among the bits. */
#include "rt/go/priv.h"

#include <elf.h>

enum {
    FUNCDATA_DEFERS = 4,     /* internal/abi/symtab.go; the same from 1.17 to 1.27 */
    SLOTS_TOGETHER = 22,     /* the version since which the words stand one after the other */
    SIZES_BEFORE = 18,       /* until then the sizes of arguments are told, too */
    STATEMENTS_MAX = 8,      /* bits of the byte */
    BELOW_CFA = 16,          /* x86-64: the return address and the caller's frame pointer */
    RECORDS_MAX = 1 << 20,
};

struct list {
    struct rt *rt;
    struct task_defer *out;
    size_t n, max;
};

/* What a function value calls. Only the entry of a function is one. */
static bool callee(struct rt *rt, taddr closure, taddr *entry)
{
    const struct go_module *m;
    struct go_function f;
    return closure && go_word(rt, closure, entry) && go_function_at(rt, *entry, &m, &f) && f.entry == *entry;
}

static void add(struct list *l, struct task_defer d)
{
    if (l->n < l->max)
        l->out[l->n++] = d;
}

/* ---- records ---- */

static bool read_record(struct rt *rt, taddr at, struct task_defer *out)
{
    const struct go_layout *l = rt->layout;
    uint64_t sp, pc, closure;
    taddr entry = 0;
    if (!go_field(rt, at, l->defer_sp, &sp) || !go_field(rt, at, l->defer_pc, &pc) ||
        !go_field(rt, at, l->defer_fn, &closure))
        return false;
    bool open = go_flag(rt, at, l->defer_open);
    if (!callee(rt, closure, &entry))
        closure = entry = 0;
    *out = (struct task_defer){
        .function = entry,
        .closure = closure,
        .made_at = open ? 0 : pc, /* of such a frame it is where the function returns */
        .sp = sp,
        .running = closure && (open || go_flag(rt, at, l->defer_started)),
    };
    return !open || closure;
}

/* The calls that a loop body deferred, of a function that ranges over another (Go 1.23): a list of their own, without
 * their places. */
static void add_range(struct list *l, taddr record, taddr sp, size_t *steps)
{
    const struct go_layout *y = l->rt->layout;
    uint64_t head, at;
    if (!go_field(l->rt, record, y->defer_head, &head) || !head || !go_word(l->rt, head, &at))
        return;
    for (; at && (*steps)++ < RECORDS_MAX && l->n < l->max;) {
        struct task_defer d;
        if (!read_record(l->rt, at, &d))
            return;
        d.made_at = 0;
        d.sp = sp;
        add(l, d);
        if (!go_field(l->rt, at, y->defer_link, &at))
            return;
    }
}

static void add_records(struct list *l, const struct task *t)
{
    const struct go_layout *y = l->rt->layout;
    uint64_t at;
    size_t steps = 0;
    if (!go_field(l->rt, t->object, y->g_defer, &at))
        return;
    while (at && steps++ < RECORDS_MAX && l->n < l->max) {
        struct task_defer d;
        if (read_record(l->rt, at, &d)) {
            if (go_flag(l->rt, at, y->defer_rangefunc))
                add_range(l, at, d.sp, &steps);
            else
                add(l, d);
        }
        if (!go_field(l->rt, at, y->defer_link, &at))
            return;
    }
}

/* ---- in frames ---- */

/* Where the words of a frame are, counted down from where its variables end. */
struct kept {
    uint64_t bits, slots[STATEMENTS_MAX];
    size_t n;
};

static bool where_kept(const struct rt *rt, struct bytes data, struct kept *out)
{
    struct cursor c = cursor_of(data, 0, "Go's table of defer statements");
    *out = (struct kept){.n = STATEMENTS_MAX};
    if (rt->build.minor < SIZES_BEFORE)
        (void)cursor_uleb(&c);
    out->bits = cursor_uleb(&c);
    if (rt->build.minor >= SLOTS_TOGETHER) {
        uint64_t first = cursor_uleb(&c);
        for (size_t i = 0; i < STATEMENTS_MAX; i++)
            out->slots[i] = first - i * 8;
        return !c.failed;
    }
    uint64_t n = cursor_uleb(&c);
    if (c.failed || n > STATEMENTS_MAX)
        return false;
    out->n = (size_t)n;
    for (size_t i = out->n; i-- > 0;) { /* the last statement first */
        if (rt->build.minor < SIZES_BEFORE)
            (void)cursor_uleb(&c);
        out->slots[i] = cursor_uleb(&c);
        if (rt->build.minor < SIZES_BEFORE && cursor_uleb(&c))
            return false; /* arguments, which programs of 1.17 no longer have */
    }
    return !c.failed;
}

static void add_kept(struct list *l, const struct task_frame *f)
{
    const struct go_module *m;
    struct go_function fn;
    struct kept kept;
    uint8_t bits;
    uint64_t size;
    if (!f->cfa || !go_function_at(l->rt, f->pc, &m, &fn))
        return;
    struct bytes data = pclntab_funcdata(&m->table, &fn, FUNCDATA_DEFERS);
    /* Without a frame, which the first instructions make, there is nothing yet. */
    if (!data.n || !pclntab_frame_size(&m->table, &fn, f->pc, &size) || !size || !where_kept(l->rt, data, &kept))
        return;
    taddr end = f->cfa - BELOW_CFA;
    if (modules_read_some(l->rt->ms, end - kept.bits, &bits, 1) != 1)
        return;
    for (size_t i = kept.n; i-- > 0;) {
        struct task_defer d = {.sp = f->sp};
        if (bits & 1u << i && go_word(l->rt, end - kept.slots[i], &d.closure) && callee(l->rt, d.closure, &d.function))
            add(l, d);
    }
}

size_t go_defers(struct rt *rt, const struct task *t, const struct task_frame *frames, size_t n, struct task_defer *out,
                 size_t max)
{
    struct list l = {.rt = rt, .out = out, .max = max};
    if (!rt->layout)
        return 0;
    add_records(&l, t);
    for (size_t i = 0; i < n && modules_image(rt->ms)->arch->elf_machine == EM_X86_64; i++)
        add_kept(&l, &frames[i]);
    return l.n;
}
