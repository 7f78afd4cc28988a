/* SPDX-License-Identifier: Apache-2.0 */
#include "session/language.h"

#include "session/priv.h"
#include "session/tasks.h"

/* ---- asking ---- */

static struct rt_native *native_frames(const struct session *s, const struct image_thread *th,
                                       const struct frames *frames)
{
    size_t n = frames->frames.n;
    const struct arch *a = s->im->arch;
    struct rt_native *v = xcalloc(n + 1, sizeof(*v));
    taddr sp = n && regs_has(&th->regs, a->sp) ? th->regs.val[a->sp] : 0;
    for (size_t i = 0; i < n; i++) {
        const struct frame *f = &frames->frames.v[i];
        bool exact = f->exact_pc || f->is_signal || !f->pc, guess = f->how == FRAME_POINTER || f->how == FRAME_SCAN;
        v[i] = (struct rt_native){.lookup = exact ? f->pc : f->pc - 1, .sp = sp, .cfa = f->cfa, .guess = guess};
        sp = f->cfa;
    }
    return v;
}

/* ---- places ---- */

static const struct splace *place_of(struct session *s, const struct attached *by, const struct rt_place *p)
{
    bool fresh;
    uint64_t *slot = map64_put(&s->language_places, (uint64_t)(uintptr_t)p, &fresh);
    if (fresh) {
        struct splace *at = arena_new(&s->arena, struct splace);
        *at = (struct splace){.function = places_string(&s->places, p->function),
                              .name = places_string(&s->places, p->name),
                              .file = places_string(&s->places, p->file),
                              .line = p->line,
                              .column = p->column,
                              .end_line = p->end_line,
                              .end_column = p->end_column,
                              .language = by->runtime->interprets};
        *slot = (uint64_t)(uintptr_t)at;
    }
    return (const struct splace *)(uintptr_t)*slot;
}

static void find_places(struct session *s, struct language_stack *l)
{
    if (!l->stack.n)
        return;
    l->at = arena_array(&s->arena, const struct splace *, l->stack.n);
    for (size_t i = 0; i < l->stack.n; i++)
        l->at[i] = place_of(s, l->by, l->stack.frames[i].at);
}

void language_annotate(struct session *s, const struct image_thread *th, const struct frames *frames,
                       struct language_stack *out)
{
    *out = (struct language_stack){0};
    SCOPED(freep) struct rt_native *natives = NULL;
    for (size_t i = 0; i < s->runtimes.n && !out->stack.n && !out->stack.note; i++) {
        const struct attached *a = &s->runtimes.v[i];
        if (!a->runtime->annotate)
            continue;
        if (!natives)
            natives = native_frames(s, th, frames);
        a->runtime->annotate(a->rt, th, natives, frames->frames.n, &out->stack);
        out->by = a;
    }
    find_places(s, out);
}

void language_task(struct session *s, const struct attached *by, const struct task *task, struct language_stack *out)
{
    *out = (struct language_stack){.by = by};
    by->runtime->task_frames(by->rt, task, &out->stack);
    find_places(s, out);
}

struct sframe language_frame(const struct language_stack *l, size_t i)
{
    const struct rt_frame *f = &l->stack.frames[i];
    return (struct sframe){
        .pc = f->record, .at = l->at[i], .physical = f->native, .kind = FRAME_LANGUAGE, .how = FRAME_STEPPER};
}

static const struct rt_call *call_of(const struct rt_call *calls, size_t n, const struct sframe *f)
{
    for (size_t i = 0; f->kind == FRAME_NORMAL && i < n && calls[i].native <= f->physical; i++)
        if (calls[i].native == f->physical)
            return &calls[i];
    return NULL;
}

const struct rt_call *session_frame_call(const struct sstack *st, size_t i)
{
    return call_of(st->calls, st->n_calls, &st->frames[i]);
}

/* ---- threads ---- */

void session_language_threads(struct session *s, size_t i, const struct rt_thread **out, size_t *n)
{
    const struct attached *a = &s->runtimes.v[i];
    *out = NULL;
    *n = 0;
    if (i < s->runtimes.n && a->runtime->threads)
        IGNORE_ERR(a->runtime->threads(a->rt, out, n)); /* then none are known, and stacks say why */
}

const struct rt_thread *session_language_thread(struct session *s, int32_t tid)
{
    const struct rt_thread *found = NULL, *v;
    size_t n;
    for (size_t i = 0; i < s->runtimes.n; i++) {
        session_language_threads(s, i, &v, &n);
        for (size_t k = 0; k < n; k++)
            if (v[k].tid == tid && (!found || (v[k].name && !found->name)))
                found = &v[k];
    }
    return found;
}

void session_exceptions(struct session *s, int32_t tid, const struct rt_exception **raised,
                        const struct rt_exception **handled)
{
    const struct rt_thread *v;
    size_t n;
    *raised = *handled = NULL;
    for (size_t i = 0; i < s->runtimes.n && !*raised && !*handled; i++) {
        const struct attached *a = &s->runtimes.v[i];
        session_language_threads(s, i, &v, &n);
        for (size_t k = 0; a->runtime->exceptions && k < n && !*raised && !*handled; k++)
            if (v[k].tid == tid)
                a->runtime->exceptions(a->rt, &v[k], raised, handled);
    }
}

/* ---- the interpreter's own frames ---- */

void language_hide(const struct language_stack *l, struct sframe *frames, size_t n)
{
    bool inside = false; /* of a frame of the language: it was met */
    const struct runtime *r = l->by ? l->by->runtime : NULL;
    if (!l->stack.n || l->stack.unmerged || !r->is_interpreter)
        return;
    for (size_t i = 0; i < n; i++) {
        const struct splace *at = frames[i].at;
        if (i == 0 && frames[i].kind != FRAME_LANGUAGE)
            continue; /* where the thread is, and may have crashed */
        inside |= frames[i].kind == FRAME_LANGUAGE;
        if (frames[i].kind != FRAME_LANGUAGE && frames[i].kind != FRAME_SIGNAL)
            frames[i].hidden = r->is_interpreter(l->by->rt, at->module, at->function, at->file, inside) &&
                               (inside || !call_of(l->stack.calls, l->stack.n_calls, &frames[i]));
    }
}
