/* SPDX-License-Identifier: Apache-2.0 */
/* Where coroutines that do not run were left: a chain, each waiting for the next. */
#include "rt/cpython/tasks.h"

enum {
    CHAIN_MAX = 4096,
    YIELD_FROM = 72,  /* the opcode until 3.10 (Lib/opcode.py) */
    AFTER_AWAIT = 2,  /* RESUME's argument after "yield from" (2) and "await" (3): Python/compile.c of 3.11 */
    WRAPPED_AT = 16,  /* what an object of the kinds below wraps: its first field (Objects/genobject.c) */
    CODE_UNIT = 2,
};

/* enum _framestate of pycore_frame.h, which versions number differently. */
struct states {
    int8_t suspended, suspended_on, executing; /* suspended_on: in "await", where that is told apart; else -128 */
};

static struct states states_of(const struct rt *rt)
{
    if (py_minor(rt) >= 15)
        return (struct states){.suspended = 1, .suspended_on = 2, .executing = 4};
    if (py_minor(rt) >= 13)
        return (struct states){.suspended = -2, .suspended_on = -1, .executing = 0};
    return (struct states){.suspended = -1, .suspended_on = INT8_MIN, .executing = 0};
}

/* The frame of a generator, coroutine or asynchronous generator; 0: it has ended. */
static taddr frame_of(struct rt *rt, taddr gen)
{
    uint64_t frame;
    if (rt->l.gen_iframe != PY_NONE)
        return gen + rt->l.gen_iframe;
    return py_field(rt, gen, rt->l.gen_frame, &frame) ? frame : 0;
}

static bool state_of(struct rt *rt, taddr gen, int8_t *out)
{
    uint8_t state;
    if (!py_field_byte(rt, gen, rt->l.gen_frame_state, &state))
        return false;
    *out = (int8_t)state;
    return true;
}

/* ---- what one waits for: _PyGen_yf() of Objects/genobject.c ---- */

static bool top_of_stack(struct rt *rt, taddr frame, taddr *out)
{
    uint64_t at, v;
    int32_t depth;
    if (rt->l.frame_stackpointer != PY_NONE) {
        /* 3.15 has a second word above what is waited for. */
        unsigned above = py_minor(rt) >= 15 ? 16 : 8;
        if (!py_field(rt, frame, rt->l.frame_stackpointer, &at) || !py_word(rt, at - above, &v))
            return false;
    } else {
        if (!py_field_int(rt, frame, rt->l.frame_stacktop, &depth) || depth < 1 ||
            !py_word(rt, frame + rt->l.frame_localsplus + 8 * ((uint64_t)depth - 1), &v))
            return false;
    }
    *out = py_untag(rt, v);
    return *out != 0;
}

/* 3.11, 3.12: the instruction after the one that gave the value away is RESUME, and says how it was given. */
static bool waits_by_resume(struct rt *rt, taddr frame)
{
    uint64_t last;
    uint8_t next[CODE_UNIT];
    return py_field(rt, frame, rt->l.frame_prev_instr, &last) && py_read(rt, last + CODE_UNIT, next, sizeof(next)) &&
           (next[1] & 3) >= AFTER_AWAIT;
}

static taddr awaited_by_frame(struct rt *rt, taddr gen, taddr frame)
{
    struct states s = states_of(rt);
    int8_t state;
    taddr on;
    if (!state_of(rt, gen, &state))
        return 0;
    bool waits = s.suspended_on != INT8_MIN
                     ? state == s.suspended_on || (py_minor(rt) >= 15 && state == s.suspended_on + 1)
                     : state == s.suspended && waits_by_resume(rt, frame);
    return waits && top_of_stack(rt, frame, &on) ? on : 0;
}

/* Until 3.10: it waits if the next instruction is YIELD_FROM. */
static taddr awaited_by_object(struct rt *rt, taddr frame)
{
    uint64_t code, bytes, top, on;
    int32_t last, depth;
    uint8_t op;
    if (!py_field(rt, frame, rt->l.frameobj_code, &code) || !py_field(rt, code, rt->l.code_code, &bytes) ||
        !py_field_int(rt, frame, rt->l.frameobj_lasti, &last) || last < 0)
        return 0;
    taddr next =
        bytes + rt->l.bytes_data + (uint64_t)(last + (py_minor(rt) == 10)) * (py_minor(rt) == 10 ? CODE_UNIT : 1);
    if (py_minor(rt) < 10)
        next += CODE_UNIT;
    if (!py_read(rt, next, &op, 1) || op != YIELD_FROM)
        return 0;
    if (rt->l.frameobj_stackdepth != PY_NONE) {
        if (!py_field_int(rt, frame, rt->l.frameobj_stackdepth, &depth) || depth < 1 ||
            !py_field(rt, frame, rt->l.frameobj_valuestack, &top))
            return 0;
        top += 8 * (uint64_t)depth;
    } else if (!py_field(rt, frame, rt->l.frameobj_stacktop, &top) || !top) {
        return 0;
    }
    return py_word(rt, top - 8, &on) ? on : 0;
}

static taddr awaited(struct rt *rt, taddr gen, taddr frame)
{
    return rt->l.gen_iframe != PY_NONE ? awaited_by_frame(rt, gen, frame) : awaited_by_object(rt, frame);
}

/* ---- the chain ---- */

/* Behind what coroutines wait through: 0 when it is none of these. */
static taddr unwrap(struct rt *rt, taddr object, const struct py_type *t)
{
    static const char *const wrappers[] = {"coroutine_wrapper", "async_generator_asend", "async_generator_athrow",
                                           "anext_awaitable"};
    uint64_t on;
    for (size_t i = 0; i < ARRAY_LEN(wrappers); i++)
        if (t->name && strcmp(t->name, wrappers[i]) == 0)
            return py_field(rt, object, py_offset(rt, WRAPPED_AT), &on) ? on : 0;
    return 0;
}

static bool is_generator(const struct py_type *t)
{
    return t->kind == PYK_GENERATOR || t->kind == PYK_COROUTINE || t->kind == PYK_ASYNC_GENERATOR;
}

void py_coroutine_frames(struct rt *rt, taddr coro, struct rt_stack *out)
{
    VEC(struct rt_frame) v = {0};
    for (size_t step = 0; coro && step < CHAIN_MAX; step++) {
        const struct py_type *t = py_type(rt, coro);
        if (!t)
            break;
        if (!is_generator(t)) {
            coro = unwrap(rt, coro, t);
            continue;
        }
        taddr frame = frame_of(rt, coro);
        const struct rt_place *at = frame ? py_frame_place(rt, frame) : NULL;
        if (!at)
            break;
        *vec_push(&v) = (struct rt_frame){.record = frame, .at = at, .native = RT_UNPLACED};
        coro = awaited(rt, coro, frame);
    }
    struct rt_frame *frames = arena_array(&rt->arena, struct rt_frame, v.n);
    for (size_t i = 0; i < v.n; i++)
        frames[i] = v.v[v.n - 1 - i];
    *out = (struct rt_stack){.frames = frames, .n = v.n};
    vec_done(&v);
}

taddr py_running_frame(struct rt *rt, taddr coro)
{
    const struct py_type *t = py_type(rt, coro);
    int8_t state;
    uint8_t running;
    taddr frame = t && is_generator(t) ? frame_of(rt, coro) : 0;
    if (!frame)
        return 0;
    if (rt->l.gen_frame_state != PY_NONE)
        return state_of(rt, coro, &state) && state == states_of(rt).executing ? frame : 0;
    if (rt->l.gen_running != PY_NONE)
        return py_field_byte(rt, coro, rt->l.gen_running, &running) && running ? frame : 0;
    return frame; /* 3.10 says it in the frame; who asks looks for the frame on threads anyway */
}
