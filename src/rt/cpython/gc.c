/* SPDX-License-Identifier: Apache-2.0 */
/* All objects that the garbage collector knows: each generation is a circle through its head
 * (Include/internal/pycore_gc.h). Builds without a GIL: heaps.c. */
#include "rt/cpython/gc.h"

#include "base/log.h"
#include "rt/cpython/find.h"

enum { INTERPRETERS_MAX = 4096, GENERATIONS = 3, LISTS = GENERATIONS + 1, OBJECTS_MAX = 1 << 27, CLOCK_STEP = 1024 };

enum { KEPT_PAGES = 256 };

/* Objects lie beside each other: a process is asked for a page at a time. */
struct py_kept_pages {
    taddr at[KEPT_PAGES]; /* plus 1; 0: none */
    uint8_t bytes[KEPT_PAGES][IMAGE_PAGE];
};

struct heads {
    taddr v[LISTS]; /* the youngest first, then what is never collected */
    unsigned n;
};

/* Links have marks in their low bits from 3.8 on. A head need not lie at a multiple of 8. */
static taddr unmarked(uint64_t link)
{
    return link & ~(uint64_t)3;
}

static bool is_head(const struct heads *h, taddr at)
{
    for (size_t i = 0; i < h->n; i++)
        if (h->v[i] == at)
            return true;
    return false;
}

bool py_walk_goes_on(const struct py_walk *w)
{
    return w->seen < OBJECTS_MAX && (!w->end || w->seen % CLOCK_STEP || now_ns() < w->end);
}

bool py_walk_read(struct py_walk *w, taddr at, void *out, size_t n)
{
    size_t skip = (size_t)(at % IMAGE_PAGE), slot = (size_t)(at / IMAGE_PAGE % KEPT_PAGES);
    taddr page = at - skip;
    if (skip + n > IMAGE_PAGE)
        return py_read(w->rt, at, out, n);
    if (w->kept->at[slot] != page + 1) {
        w->kept->at[slot] = 0;
        if (!py_read(w->rt, page, w->kept->bytes[slot], IMAGE_PAGE))
            return py_read(w->rt, at, out, n);
        w->kept->at[slot] = page + 1;
    }
    memcpy(out, w->kept->bytes[slot] + skip, n);
    return true;
}

/* From a head to any head: objects of a process that runs change their lists. False: the way was lost. */
static bool follow(struct py_walk *w, const struct heads *h, taddr head, bool back)
{
    const struct py_layout *l = &w->rt->l;
    uint8_t b[64];
    uint64_t at, type;
    struct py_loop loop = {0};
    size_t size = (size_t)l->gc_head_size + l->object_type + sizeof(type);
    if (size > sizeof(b) || !py_word(w->rt, head + (back ? sizeof(at) : 0), &at))
        return false;
    for (at = unmarked(at); !is_head(h, at); w->seen++) {
        if (!py_goes_on(&loop, at) || !py_walk_goes_on(w) || !py_walk_read(w, at, b, size))
            return false;
        memcpy(&type, b + size - sizeof(type), sizeof(type));
        w->visit(w->arg, at + l->gc_head_size, type);
        memcpy(&at, b + (back ? sizeof(at) : 0), sizeof(at));
        at = unmarked(at);
    }
    return true;
}

/* Does the list lead back to its head? */
static bool is_circle(struct rt *rt, taddr head)
{
    uint64_t next, last, back;
    return py_word(rt, head, &next) && py_word(rt, head + sizeof(next), &last) && unmarked(next) &&
           py_word(rt, unmarked(last), &back) && unmarked(back) == head && py_word(rt, unmarked(next), &back);
}

/* Heads in a row about a place: releases of one version have a few bytes more or less before them. */
static bool find_circles(struct rt *rt, taddr about, unsigned n, struct heads *out)
{
    enum { STEP = 4, ASIDE = 32 };
    for (unsigned aside = 0; aside <= 2 * ASIDE; aside += STEP) { /* 0, -4, 4, -8, ... */
        taddr first = about + (aside % (2 * STEP) ? (taddr)0 - (aside + STEP) / 2 : aside / 2);
        unsigned k = 0;
        while (k < n && is_circle(rt, first + k * (uint64_t)rt->l.gc_generation_size))
            k++;
        for (unsigned i = 0; k == n && i < n; i++)
            out->v[out->n++] = first + i * (uint64_t)rt->l.gc_generation_size;
        if (k == n)
            return true;
    }
    return false;
}

/* Until 3.8 all interpreters have one set; 3.6 has none that is never collected. */
static bool find_heads(struct rt *rt, taddr interpreter, struct heads *out)
{
    const struct py_layout *l = &rt->l;
    uint64_t at;
    if (py_minor(rt) == 6)
        return rt->module && py_exported(rt->module, "_PyGC_generation0", &at) && py_word(rt, at, &at) &&
               find_circles(rt, at, GENERATIONS, out);
    bool own = l->interp_gc_lists != PY_NONE;
    at = own ? interpreter : rt->runtime;
    return find_circles(rt, at + (own ? l->interp_gc_lists : l->rt_gc_lists), GENERATIONS, out) &&
           find_circles(rt, at + (own ? l->interp_gc_permanent : l->rt_gc_permanent), 1, out);
}

static bool walk_interpreter(struct py_walk *w, taddr interpreter, bool only_new)
{
    bool whole = true;
    struct heads h = {.n = 0};
    if (!find_heads(w->rt, interpreter, &h))
        return false;
    for (unsigned i = only_new ? 1 : h.n; i-- > 0;)
        if (!follow(w, &h, h.v[i], false)) {
            follow(w, &h, h.v[i], true); /* what is behind the place where it was lost */
            whole = false;
        }
    return whole;
}

bool py_each_gc(struct rt *rt, bool only_new, uint64_t end, py_gc_visit *visit, void *arg)
{
    SCOPED(freep) struct py_kept_pages *kept = xcalloc(1, sizeof(*kept));
    struct py_walk w = {.rt = rt, .kept = kept, .visit = visit, .arg = arg, .end = end};
    uint64_t at;
    bool whole = true;
    if (rt->free_threaded) /* no object is younger than others */
        return only_new || py_walk_heaps(&w);
    if (!py_word(rt, rt->interpreters, &at))
        return false;
    for (size_t i = 0; at && i < INTERPRETERS_MAX; i++) {
        whole &= walk_interpreter(&w, at, only_new);
        if (rt->l.interp_gc_lists == PY_NONE || !py_field(rt, at, rt->l.interp_next, &at))
            break;
    }
    return whole;
}
