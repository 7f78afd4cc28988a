/* SPDX-License-Identifier: Apache-2.0 */
/* The frames that a thread runs, and what marks on the C stack where the interpreter was entered. */
#include "rt/cpython/priv.h"

enum { FRAMES_MAX = 1 << 20, ENTRIES_MAX = 1 << 16 };

/* _frameowner of pycore_frame.h: whose memory a frame is. From 3.12 on the interpreter puts one of its own on the C
 * stack when it is entered; 3.14 and later tell two kinds of them apart. */
enum { OWNED_BY_INTERPRETER = 3, OWNED_BY_MAX = 4 };

static void stop(struct py_stack *out, const char *why)
{
    if (!out->stopped)
        out->stopped = why;
}

/* False: there is no such frame, or it cannot be read. */
static bool add(struct rt *rt, struct py_stack *out, taddr record, taddr code, int32_t offset)
{
    const struct py_code *c = py_code(rt, code);
    if (!c) {
        stop(out, "a frame without code");
        return false;
    }
    *vec_push(&out->frames) = (struct py_frame){.record = record, .at = py_place(rt, c, offset)};
    return true;
}

/* ---- until 3.10: objects, each run by one C function ---- */

static bool add_object(struct rt *rt, struct py_stack *out, taddr at, taddr *back)
{
    uint64_t code, next;
    int32_t last;
    if (!py_field(rt, at, rt->l.frameobj_code, &code) || !py_field_int(rt, at, rt->l.frameobj_lasti, &last) ||
        !py_field(rt, at, rt->l.frameobj_back, &next)) {
        stop(out, "a frame cannot be read");
        return false;
    }
    /* 3.10 counts instructions, which have 2 bytes. */
    if (py_minor(rt) == 10 && last > 0)
        last = last < INT32_MAX / 2 ? last * 2 : -1;
    *back = next;
    return add(rt, out, at, code, last);
}

static void walk_objects(struct rt *rt, taddr at, struct py_stack *out)
{
    struct py_loop loop = {0};
    while (at && out->frames.n < FRAMES_MAX && py_goes_on(&loop, at))
        if (!add_object(rt, out, at, &at))
            return;
    if (at)
        stop(out, out->frames.n < FRAMES_MAX ? "they go in a circle" : "too many frames");
}

/* ---- from 3.11 on: _PyInterpreterFrame ---- */

static bool first_frame(struct rt *rt, taddr thread, taddr *cframe, taddr *frame)
{
    *cframe = 0;
    if (rt->l.thread_current_frame != PY_NONE)
        return py_field(rt, thread, rt->l.thread_current_frame, frame);
    return py_field(rt, thread, rt->l.thread_cframe, cframe) &&
           py_field(rt, *cframe, rt->l.cframe_current_frame, frame);
}

static bool instruction_of(struct rt *rt, taddr frame, uint64_t *out)
{
    uint32_t offset = rt->l.frame_instr_ptr != PY_NONE ? rt->l.frame_instr_ptr : rt->l.frame_prev_instr;
    return py_field(rt, frame, offset, out);
}

/* 3.13 and later: the code behind `__init__` is a constant of the interpreter's file, which may be missing. Code of
 * programs is never in a file. */
static bool is_lost(const struct rt *rt, taddr code)
{
    const struct mapping *m = image_mapping(modules_image(rt->ms), code);
    return py_minor(rt) >= 13 && m && m->path && m->path[0] == '/' && !(m->prot & PROT_BIT_WRITE);
}

/* One frame, and the one that it returns to. *entry: it is the interpreter's own, on the C stack. */
static bool add_frame(struct rt *rt, struct py_stack *out, taddr at, taddr *previous, bool *entry)
{
    uint64_t code, next, instruction;
    uint8_t owner;
    if (!py_field(rt, at, rt->l.frame_code, &code) || !py_field(rt, at, rt->l.frame_previous, &next) ||
        !instruction_of(rt, at, &instruction) || !py_field_byte(rt, at, rt->l.frame_owner, &owner) ||
        owner > OWNED_BY_MAX) {
        stop(out, "a frame cannot be read");
        return false;
    }
    *entry = owner >= OWNED_BY_INTERPRETER;
    const struct py_code *c = *entry ? NULL : py_code(rt, py_untag(rt, code));
    if (!*entry && !(c ? c->no_function : is_lost(rt, py_untag(rt, code)))) {
        if (!add(rt, out, at, py_untag(rt, code), c ? py_instruction(rt, c, at, instruction) : -1))
            return false;
    }
    *previous = next;
    return true;
}

/* 3.11: the C function that runs frames up to one that is_entry has a struct on its stack, which leads to that of the
 * C function further out. */
static bool left_by_3_11(struct rt *rt, taddr frame, taddr *cframe, taddr *marker)
{
    uint8_t is_entry;
    uint64_t outer;
    if (rt->l.frame_is_entry == PY_NONE || !py_field_byte(rt, frame, rt->l.frame_is_entry, &is_entry) || !is_entry)
        return false;
    *marker = *cframe;
    *cframe = py_field(rt, *cframe, rt->l.cframe_previous, &outer) ? outer : 0;
    return true;
}

/* The frames since `first` are run by the C function that has the marker on its stack. */
static void mark(struct py_stack *out, size_t *first, taddr marker)
{
    for (; *first < out->frames.n; (*first)++)
        out->frames.v[*first].marker = marker;
}

/* 3.11, 3.12: do the frames that the innermost C function runs, up to where it was entered, return to the frame of the
 * one further out? It makes its _PyCFrame the innermost before it writes its frame into that, where until then is what
 * the C stack held before. */
static bool returns_outwards(struct rt *rt, taddr cframe, taddr previous)
{
    uint64_t outer, frame;
    return py_field(rt, cframe, rt->l.cframe_previous, &outer) &&
           py_field(rt, outer, rt->l.cframe_current_frame, &frame) && frame == previous;
}

/* False: those are not the frames of `cframe`; 0: whatever they are. */
static bool walk_frames(struct rt *rt, taddr at, taddr cframe, struct py_stack *out)
{
    taddr marker = 0, previous;
    size_t first = 0, entries = 0;
    bool entry, good = !cframe;
    struct py_loop loop = {0};
    for (; at && out->frames.n < FRAMES_MAX && entries < ENTRIES_MAX; at = previous) {
        taddr inner = cframe;
        if (!py_goes_on(&loop, at)) {
            stop(out, "they go in a circle");
            return good;
        }
        if (!add_frame(rt, out, at, &previous, &entry))
            return good;
        entries += entry;
        bool left = !entry && left_by_3_11(rt, at, &cframe, &marker);
        if ((entry || left) && !good && !returns_outwards(rt, inner, previous))
            return false;
        good = good || entry || left;
        if (entry)
            mark(out, &first, at);
        else if (left)
            mark(out, &first, marker);
    }
    if (at)
        stop(out, "too many frames");
    return good;
}

static void walk_thread(struct rt *rt, taddr thread, struct py_stack *out)
{
    taddr at, cframe, outer;
    if (!first_frame(rt, thread, &cframe, &at)) {
        stop(out, "the thread's record cannot be read");
        return;
    }
    if (!at || walk_frames(rt, at, cframe, out))
        return;
    bool unreadable = out->stopped;
    py_stack_done(out);
    *out = (struct py_stack){0};
    if (py_field(rt, cframe, rt->l.cframe_previous, &outer) && py_field(rt, outer, rt->l.cframe_current_frame, &at))
        walk_frames(rt, at, outer, out);
    else
        unreadable = true;
    if (unreadable)
        stop(out, "the innermost were just being made, or cannot be read");
}

void py_frames(struct rt *rt, taddr thread, struct py_stack *out)
{
    taddr at;
    *out = (struct py_stack){0};
    if (py_minor(rt) >= 11)
        walk_thread(rt, thread, out);
    else if (py_field(rt, thread, rt->l.thread_frame, &at))
        walk_objects(rt, at, out);
    else
        stop(out, "the thread's record cannot be read");
}

void py_frames_from(struct rt *rt, taddr record, struct py_stack *out)
{
    *out = (struct py_stack){0};
    if (py_minor(rt) >= 11)
        walk_frames(rt, record, 0, out);
    else
        walk_objects(rt, record, out);
}

void py_stack_done(struct py_stack *s)
{
    vec_done(&s->frames);
}

const struct rt_place *py_frame_place(struct rt *rt, taddr record)
{
    struct py_stack one = {0};
    taddr unused;
    bool entry, found = py_minor(rt) >= 11 ? add_frame(rt, &one, record, &unused, &entry)
                                           : add_object(rt, &one, record, &unused);
    const struct rt_place *at = found && one.frames.n ? one.frames.v[0].at : NULL;
    py_stack_done(&one);
    return at;
}
