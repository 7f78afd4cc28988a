/* SPDX-License-Identifier: Apache-2.0 */
/* The lock that lets one thread of an interpreter run: who holds it, and who waits for it. Until 3.11 all interpreters
 * share one (Python/ceval_gil.h); from 3.12 on each may have its own (Python/ceval_gil.c). */
#include "rt/cpython/priv.h"

/* The one of the interpreter that a thread belongs to; 0: not known. */
static taddr gil_of(struct rt *rt, taddr thread)
{
    uint64_t interp, gil;
    if (rt->l.rt_gil != PY_NONE)
        return rt->runtime ? rt->runtime + rt->l.rt_gil : 0;
    return py_field(rt, thread, rt->l.thread_interp, &interp) && py_field(rt, interp, rt->l.interp_gil, &gil) ? gil : 0;
}

static bool holds(struct rt *rt, taddr gil, taddr thread)
{
    uint64_t holder;
    int32_t locked;
    return py_field(rt, gil, rt->l.gil_last_holder, &holder) && py_field_int(rt, gil, rt->l.gil_locked, &locked) &&
           holder == thread && locked == 1;
}

/* 3.6 has the lock in variables of one file, but exports a pointer to the thread that holds it. */
static bool holds_3_6(struct rt *rt, taddr thread)
{
    uint64_t current;
    return rt->current && py_word(rt, rt->current, &current) && current == thread;
}

/* A thread that waits is in a system call for the lock's condition or mutex. */
static bool waits(const struct rt *rt, taddr gil, const struct image_thread *th)
{
    uint16_t reg = modules_image(rt->ms)->arch->call_argument;
    if (!gil || !th || rt->l.gil_cond == PY_NONE || !regs_has(&th->regs, reg))
        return false;
    uint64_t at = th->regs.val[reg];
    return at >= gil + rt->l.gil_cond && at < gil + rt->l.gil_switch_cond;
}

/* A free-threaded interpreter has a GIL when it was told to, or an extension asks for it. */
static bool is_enabled(struct rt *rt, taddr gil)
{
    int32_t enabled;
    return !rt->free_threaded || (py_field_int(rt, gil, rt->l.gil_enabled, &enabled) && enabled != 0);
}

const char *py_gil_state(struct rt *rt, taddr thread, const struct image_thread *th)
{
    taddr gil = gil_of(rt, thread);
    if (!is_enabled(rt, gil))
        return NULL;
    if (gil ? holds(rt, gil, thread) : holds_3_6(rt, thread))
        return "holds the GIL";
    return waits(rt, gil, th) ? "waits for the GIL" : NULL;
}
