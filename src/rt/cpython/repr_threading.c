/* SPDX-License-Identifier: Apache-2.0 */
/* What threads wait for each other with: locks in C, and what threading builds of them in Python. */
#include "rt/cpython/repr.h"

/* ---- locks (Modules/_threadmodule.c) ---- */

enum {
    LOCK_LOCKED = 32, /* a char, until 3.12 and in early releases of 3.13 */
    LOCK_MUTEX = 16,  /* later: a byte, whose lowest bit is set while it is held */
    RLOCK_OWNER = 24, /* ident of the thread */
    RLOCK_COUNT = 32, /* from 3.14 on: of how many times beyond the first */
};

void repr_lock(struct repr *r, taddr at, const struct py_type *t)
{
    uint8_t locked;
    /* Releases of 3.13 have either form: one is too short for the other. */
    bool mutex = t->basicsize <= py_offset(r->rt, LOCK_LOCKED);
    if (!py_read(r->rt, at + py_offset(r->rt, mutex ? LOCK_MUTEX : LOCK_LOCKED), &locked, 1)) {
        repr_put_corrupt(r, at, t);
        return;
    }
    text_printf(r->out, "<%s %s object at 0x%" PRIx64 ">", locked & 1 ? "locked" : "unlocked", "_thread.lock", at);
}

void repr_rlock(struct repr *r, taddr at, const struct py_type *t)
{
    uint64_t owner, count;
    uint8_t mutex = 0;
    bool counts = py_minor(r->rt) < 14;
    if (!py_field(r->rt, at, py_offset(r->rt, RLOCK_OWNER), &owner) ||
        !py_field(r->rt, at, py_offset(r->rt, RLOCK_COUNT), &count) ||
        (!counts && !py_read(r->rt, at + py_offset(r->rt, LOCK_MUTEX), &mutex, 1))) {
        repr_put_corrupt(r, at, t);
        return;
    }
    if (!counts)
        count = mutex & 1 ? count + 1 : 0;
    text_printf(r->out, "<%s ", count ? "locked" : "unlocked");
    repr_put_name(r, t->qualified);
    text_printf(r->out, " object owner=%" PRIu64 " count=%" PRIu64 " at 0x%" PRIx64 ">", owner, count, at);
}

/* ---- Lib/threading.py ---- */

static bool int_attr(struct repr *r, taddr at, const char *name, int64_t *out)
{
    taddr number;
    return py_attr(r->rt, at, name, &number) && py_int(r->rt, number, out);
}

/* How many threads wait for a condition. */
static bool count_waiters(struct repr *r, taddr at, uint64_t *out)
{
    taddr waiters;
    struct py_items it;
    const struct py_type *of;
    if (!py_attr(r->rt, at, "_waiters", &waiters) || !(of = py_type(r->rt, waiters)) ||
        !py_items_begin(r->rt, waiters, of, &it))
        return false;
    *out = it.length;
    return true;
}

void repr_condition(struct repr *r, taddr at, const struct py_type *t)
{
    taddr lock;
    uint64_t waiters;
    if (!t->exact || repr_is_cycle(r, at) || !py_attr(r->rt, at, "_lock", &lock) || !count_waiters(r, at, &waiters)) {
        repr_instance(r, at, t);
        return;
    }
    text_put(r->out, "<Condition(");
    repr_put(r, lock);
    text_printf(r->out, ", %" PRIu64 ")>", waiters);
}

static bool put_semaphore(struct repr *r, taddr at, bool bounded, struct text *out)
{
    int64_t value, most = 0;
    if (!int_attr(r, at, "_value", &value) || (bounded && !int_attr(r, at, "_initial_value", &most)))
        return false;
    text_printf(out, "value=%" PRId64, value);
    if (bounded)
        text_printf(out, "/%" PRId64, most);
    return true;
}

static bool put_event(struct repr *r, taddr at, struct text *out)
{
    int64_t set;
    if (!int_attr(r, at, "_flag", &set))
        return false;
    text_put(out, set ? "set" : "unset");
    return true;
}

/* Of a barrier's states 0 is the one in which threads arrive and wait; -2: it is broken. */
static bool put_barrier(struct repr *r, taddr at, struct text *out)
{
    int64_t state, count, parties;
    if (!int_attr(r, at, "_state", &state) || !int_attr(r, at, "_count", &count) ||
        !int_attr(r, at, "_parties", &parties))
        return false;
    if (state == -2)
        text_put(out, "broken");
    else
        text_printf(out, "waiters=%" PRId64 "/%" PRId64, state == 0 ? count : 0, parties);
    return true;
}

/* Since 3.11 Python says this itself, without the word "object". */
void repr_synchronizer(struct repr *r, taddr at, const struct py_type *t)
{
    SCOPED(text_done) struct text state = {0};
    bool read = t->exact && (t->kind == PYK_EVENT     ? put_event(r, at, &state)
                             : t->kind == PYK_BARRIER ? put_barrier(r, at, &state)
                                                      : put_semaphore(r, at, t->kind == PYK_BOUNDED_SEMAPHORE, &state));
    if (!read) {
        repr_instance(r, at, t);
        return;
    }
    text_putc(r->out, '<');
    repr_put_name(r, t->qualified);
    text_printf(r->out, " %sat 0x%" PRIx64 ": %s>", py_minor(r->rt) < 11 ? "object " : "", at, text_str(&state));
}
