/* SPDX-License-Identifier: Apache-2.0 */
/* The lock that lets one thread of an interpreter run: who holds it, and who waits for it. Until 3.11 all interpreters
 * share one (Python/ceval_gil.h); from 3.12 on each may have its own (Python/ceval_gil.c). Without it a thread that must
 * be alone, to collect garbage or to fork, has all others stop (Python/pystate.c, stop_the_world()). */
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

/* Include/internal/pycore_interp_structs.h: struct _stoptheworld_state; pycore_pystate.h: _Py_THREAD_ATTACHED. */
enum { STOP_REQUESTED = 1, STOP_IS_DONE = 2, STOP_REQUESTER = 16, ATTACHED = 1, SUSPENDED = 2 };

/* Of one that is asked for there; NULL: none is, or it is nothing to the thread. */
static const char *stop_state(struct rt *rt, taddr stop, taddr thread)
{
    uint8_t requested, done;
    uint64_t requester;
    int32_t state;
    if (!py_field_byte(rt, stop, STOP_REQUESTED, &requested) || !requested ||
        !py_field_byte(rt, stop, STOP_IS_DONE, &done) || !py_field(rt, stop, STOP_REQUESTER, &requester) ||
        !py_field_int(rt, thread, rt->l.thread_state, &state))
        return NULL;
    if (requester == thread)
        return done ? "has stopped all other threads" : "waits until all other threads stop";
    if (state == ATTACHED)
        return "is waited for by a thread that stops all others";
    return state == SUSPENDED ? "stopped for another thread" : NULL;
}

/* Of its interpreter, or of all of them. */
static const char *state_without_gil(struct rt *rt, taddr thread)
{
    uint64_t interp;
    const char *state = NULL;
    if (rt->l.interp_stop != PY_NONE && py_field(rt, thread, rt->l.thread_interp, &interp))
        state = stop_state(rt, interp + rt->l.interp_stop, thread);
    return state || rt->l.rt_stop == PY_NONE ? state : stop_state(rt, rt->runtime + rt->l.rt_stop, thread);
}

const char *py_gil_state(struct rt *rt, taddr thread, const struct image_thread *th)
{
    taddr gil = gil_of(rt, thread);
    if (!is_enabled(rt, gil))
        return state_without_gil(rt, thread);
    if (gil ? holds(rt, gil, thread) : holds_3_6(rt, thread))
        return "holds the GIL";
    return waits(rt, gil, th) ? "waits for the GIL" : NULL;
}
