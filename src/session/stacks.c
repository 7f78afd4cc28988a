/* SPDX-License-Identifier: Apache-2.0 */
/* From threads to source-level stacks: unwind all, find each distinct address once, merge. The first step is done of
 * all threads at once, the others for as many frames as are asked. */
#include "session/language.h"
#include "session/priv.h"

#include <stdatomic.h>

/* Below this many threads one unwinder does them all: its caches are warm after the first. */
enum { PARALLEL_THREADS = 64, TAIL_CALLS_MAX = 64 };

/* What one thread's stack goes through. */
struct walk {
    const struct image_thread *thread;
    struct frames frames;
    size_t n_placed; /* physical frames whose place is known; all of them: the stack is whole */
    uint32_t *place; /* per physical frame */
    /* Tail-call chain between frame i and its caller: index + 1 into tails.chains; 0 none. */
    uint32_t *chain;
    struct language_stack language;
    bool annotated; /* the language frames are known */
};

/* Chains of tail calls, found once for each pair of call and callee. */
struct chain {
    uint32_t first, n; /* in tails.pcs; outermost first */
};
struct tails {
    struct map64 by_pair; /* caller place and callee place -> index + 1 in chains; 0: no chain */
    VEC(struct chain) chains;
    VEC(taddr) pcs;
    VEC(uint32_t) places;
};

/* A walk for each of session.stacks. */
struct unwound {
    struct session *s;
    struct walk *v;
    size_t n;
    atomic_size_t next; /* to be unwound */
    struct tails tails;
};

static void tails_done(struct tails *t)
{
    map64_done(&t->by_pair);
    vec_done(&t->chains);
    vec_done(&t->pcs);
    vec_done(&t->places);
}

static void walk_done(struct walk *w)
{
    frames_done(&w->frames);
    free(w->place);
    free(w->chain);
}

void unwound_free(struct unwound *w)
{
    if (!w)
        return;
    for (size_t i = 0; i < w->n; i++)
        walk_done(&w->v[i]);
    free(w->v);
    tails_done(&w->tails);
    free(w);
}

static void unwound_freep(struct unwound **w)
{
    unwound_free(*w);
}

/* 1. Registers to physical frames. */

struct unwinder *session_unwinder(struct session *s)
{
    struct unwinder *u = unwinder_new(s->ms);
    for (size_t i = 0; i < s->runtimes.n; i++) {
        const struct attached *a = &s->runtimes.v[i];
        const struct stepper *step = a->runtime->stepper ? a->runtime->stepper(a->rt) : NULL;
        if (step)
            unwinder_add_stepper(u, step);
    }
    return u;
}

static void unwind_some(void *arg, size_t worker)
{
    (void)worker;
    struct unwound *w = arg;
    struct session *s = w->s;
    struct unwinder *u = session_unwinder(s);
    for (;;) {
        size_t i = atomic_fetch_add(&w->next, 1);
        if (i >= w->n || progress_cancelled(s->opts.progress))
            break;
        struct walk *walk = &w->v[i];
        if (walk->thread->has_regs)
            unwind_stack(u, &walk->thread->regs, s->opts.max_frames, &walk->frames);
        progress_report(s->opts.progress, "threads", i + 1, w->n);
    }
    unwinder_free(u);
}

static struct err *unwind_all(struct unwound *w)
{
    struct session *s = w->s;
    uint64_t began = now_ns();
    long cpus = sysconf(_SC_NPROCESSORS_ONLN);
    size_t workers = w->n >= PARALLEL_THREADS && cpus > 1 ? (size_t)cpus : 1;
    parallel_for(workers, unwind_some, w);
    TRY(session_check(s));
    size_t frames = 0;
    for (size_t i = 0; i < w->n; i++)
        frames += w->v[i].frames.frames.n;
    log_verbose("unwound %zu threads, %zu frames: %.1f ms", w->n, frames, (double)(now_ns() - began) / 1e6);
    return NULL;
}

/* 2. Physical frames to places. */

static void intern_frames(struct session *s, struct walk *w, size_t end)
{
    if (!w->place)
        w->place = xcalloc(w->frames.frames.n, sizeof(*w->place));
    taddr last = 0;
    for (size_t i = w->n_placed; i < end; i++) {
        const struct frame *f = &w->frames.frames.v[i];
        /* A signal frame returns to the start of its trampoline: no call stands before that. */
        bool exact = f->exact_pc || f->is_signal || !f->pc;
        taddr lookup = exact ? f->pc : f->pc - 1;
        /* A recursion asks for the same address again and again. */
        bool same = i > w->n_placed && lookup == last;
        w->place[i] = same ? w->place[i - 1] : places_intern(&s->places, lookup);
        last = lookup;
    }
}

/* 3. Tail calls between a frame and its caller. */

/* Only what call frame information says is certain enough to look for a chain of jumps in between. */
static bool may_hide_tail_call(const struct frame *callee, const struct frame *caller)
{
    return !callee->is_signal && !caller->is_signal && !caller->exact_pc &&
           (caller->how == FRAME_CFI || caller->how == FRAME_CODE);
}

static uint32_t find_chain(struct session *s, struct tails *t, taddr caller_ret, taddr callee_start)
{
    struct tail_frame found[TAIL_CALLS_MAX];
    size_t n = symbolizer_tail_calls(s->symbolizer, caller_ret, callee_start, found, TAIL_CALLS_MAX);
    if (!n)
        return 0;
    *vec_push(&t->chains) = (struct chain){.first = (uint32_t)t->pcs.n, .n = (uint32_t)n};
    for (size_t i = 0; i < n; i++) {
        *vec_push(&t->pcs) = found[i].pc;
        *vec_push(&t->places) = places_intern(&s->places, found[i].pc - 1);
    }
    return (uint32_t)t->chains.n;
}

/* Those that become known when the frames up to `end` do. */
static void find_tail_calls(struct session *s, struct tails *t, struct walk *w, size_t end)
{
    if (!w->chain)
        w->chain = xcalloc(w->frames.frames.n, sizeof(*w->chain));
    for (size_t i = w->n_placed ? w->n_placed - 1 : 0; i + 1 < end; i++) {
        const struct frame *callee = &w->frames.frames.v[i], *caller = callee + 1;
        taddr start = s->places.all.v[w->place[i]].start;
        if (!start || !may_hide_tail_call(callee, caller))
            continue;
        bool fresh;
        uint64_t pair = (uint64_t)w->place[i + 1] << 32 | w->place[i];
        uint64_t *slot = map64_put(&t->by_pair, pair, &fresh);
        if (fresh)
            *slot = find_chain(s, t, caller->pc, start);
        w->chain[i] = (uint32_t)*slot;
    }
}

/* 4. Everything into source-level frames. */

/* Counts with out NULL, else also fills. */
static size_t put_place(struct sframe *out, const struct place *p, struct sframe physical)
{
    if (!out)
        return p->n;
    for (uint32_t i = 0; i < p->n; i++) {
        out[i] = physical;
        out[i].at = &p->at[i];
        if (i + 1 < p->n)
            out[i].kind = FRAME_INLINED;
    }
    return p->n;
}

/* A signal frame is one frame, whatever is written of the trampoline. */
static size_t put_signal(struct sframe *out, const struct place *p, struct sframe physical)
{
    if (out) {
        *out = physical;
        out->at = &p->at[p->n - 1];
        out->kind = FRAME_SIGNAL;
    }
    return 1;
}

static size_t put_chain(const struct session *s, const struct tails *t, const struct chain *c, uint32_t physical,
                        struct sframe *out)
{
    size_t n = 0;
    for (uint32_t i = c->n; i-- > 0;) {
        struct sframe f = {
            .pc = t->pcs.v[c->first + i], .physical = physical, .kind = FRAME_TAILCALL, .how = FRAME_CFI};
        n += put_place(out ? out + n : NULL, &s->places.all.v[t->places.v[c->first + i]], f);
    }
    return n;
}

/* The language frames from *next on that native frames up to `native` run. */
static size_t put_language(const struct language_stack *l, size_t *next, uint32_t native, struct sframe *out)
{
    size_t n = 0;
    for (; *next < l->stack.n && l->stack.frames[*next].native <= native; (*next)++, n++)
        if (out)
            out[n] = language_frame(l, *next);
    return n;
}

static size_t merge(const struct session *s, const struct tails *t, const struct walk *w, struct sframe *out)
{
    size_t n = 0, next = 0;
    for (size_t i = 0; i < w->n_placed; i++) {
        n += put_language(&w->language, &next, (uint32_t)i, out ? out + n : NULL);
        const struct frame *f = &w->frames.frames.v[i];
        struct sframe physical = {.pc = f->pc, .physical = (uint32_t)i, .kind = FRAME_NORMAL, .how = f->how};
        const struct place *p = &s->places.all.v[w->place[i]];
        n += (f->is_signal ? put_signal : put_place)(out ? out + n : NULL, p, physical);
        uint32_t chain = w->chain ? w->chain[i] : 0;
        if (chain && chain <= t->chains.n)
            n += put_chain(s, t, &t->chains.v[chain - 1], (uint32_t)i, out ? out + n : NULL);
    }
    if (w->n_placed == w->frames.frames.n)
        n += put_language(&w->language, &next, RT_UNPLACED, out ? out + n : NULL);
    return n;
}

static void say_why_it_stopped(struct session *s, const struct walk *w, struct sstack *out)
{
    const struct err *stopped = w->frames.stopped;
    if (stopped) {
        out->stopped = arena_strdup(&s->arena, stopped->msg);
        out->stopped_hint = stopped->hint ? arena_strdup(&s->arena, stopped->hint) : NULL;
    } else if (!w->thread->has_regs) {
        out->stopped = w->thread->why ? w->thread->why : "the registers of this thread are not known";
    }
}

static void fill_stack(struct session *s, const struct tails *t, const struct walk *w, struct sstack *out)
{
    size_t n = merge(s, t, w, NULL), max = s->opts.max_frames;
    struct sframe *frames = arena_array(&s->arena, struct sframe, n);
    merge(s, t, w, frames);
    language_hide(&w->language, frames, n);
    out->frames = frames;
    out->n = n;
    out->calls = w->language.stack.calls;
    out->n_calls = w->language.stack.n_calls;
    out->more = w->n_placed < w->frames.frames.n;
    if (max && n > max) {
        out->n = max;
        out->more = false;
        out->stopped = arena_printf(&s->arena, "the limit of %zu frames was reached", max);
    } else if (!out->more) {
        say_why_it_stopped(s, w, out);
        out->note = w->language.stack.note;
        out->unmerged = w->language.stack.unmerged;
    }
}

/* The crashed thread first, then as the image has them. */
static struct err *choose_threads(struct session *s, struct unwound *w)
{
    const struct image *im = s->im;
    w->v = xcalloc(im->threads.n, sizeof(*w->v));
    for (size_t pass = 0; pass < 2; pass++) {
        for (size_t i = 0; i < im->threads.n; i++) {
            const struct image_thread *th = &im->threads.v[i];
            bool crashed = im->crashed_tid && th->tid == im->crashed_tid;
            if (crashed == (pass == 0) && (!s->opts.only_tid || th->tid == s->opts.only_tid))
                w->v[w->n++].thread = th;
        }
    }
    if (!w->n && s->opts.only_tid)
        return err_hint(err_new(ERR_NOT_FOUND, "the target has no thread %d", s->opts.only_tid),
                        "inquest info lists its threads");
    return NULL;
}

static struct err *begin_stacks(struct session *s)
{
    SCOPED(unwound_freep) struct unwound *w = xcalloc(1, sizeof(*w));
    w->s = s;
    TRY(choose_threads(s, w));
    TRY(unwind_all(w));
    s->stacks = arena_array(&s->arena, struct sstack, w->n);
    s->n_stacks = w->n;
    for (size_t i = 0; i < w->n; i++) {
        const struct image_thread *th = w->v[i].thread;
        s->stacks[i] = (struct sstack){.thread = th, .number = s->stacks_made++, .more = true};
        s->stacks[i].crashed = s->im->crashed_tid && th->tid == s->im->crashed_tid;
    }
    s->unwound = TAKE(w);
    return NULL;
}

/* Up to which physical frame to go, so that `frames` frames are known: each makes one or more. */
static size_t physical_end(const struct sstack *st, const struct walk *w, size_t frames)
{
    size_t left = w->frames.frames.n - w->n_placed, wanted = frames > st->n ? frames - st->n : 0;
    return w->n_placed + (wanted < left ? wanted : left);
}

/* Makes more frames of the stacks [first, end) known, until each has `frames`. */
static struct err *extend_stacks(struct session *s, size_t first, size_t end, size_t frames)
{
    struct unwound *w = s->unwound;
    for (size_t i = first; i < end; i++)
        if (s->stacks[i].more)
            intern_frames(s, &w->v[i], physical_end(&s->stacks[i], &w->v[i], frames));
    TRY(places_resolve(s));
    for (size_t i = first; i < end && s->symbolizer; i++)
        if (s->stacks[i].more)
            find_tail_calls(s, &w->tails, &w->v[i], physical_end(&s->stacks[i], &w->v[i], frames));
    TRY(places_resolve(s));
    for (size_t i = first; i < end; i++) {
        struct sstack *st = &s->stacks[i];
        if (!st->more || (st->n && st->n >= frames))
            continue;
        if (!w->v[i].annotated)
            language_annotate(s, st->thread, &w->v[i].frames, &w->v[i].language);
        w->v[i].annotated = true;
        w->v[i].n_placed = physical_end(st, &w->v[i], frames);
        fill_stack(s, &w->tails, &w->v[i], st);
        if (!st->more) {
            walk_done(&w->v[i]);
            w->v[i] = (struct walk){.thread = st->thread};
        }
    }
    return NULL;
}

static void log_part(const struct module *m, const char *what, const struct module_part *p)
{
    if (p->state == PART_FOUND)
        log_verbose("%s: %s %s%s%s%s", m->name, what, p->path ? p->path : "", p->how ? " (" : "", p->how ? p->how : "",
                    p->how ? ")" : "");
}

/* The files that were used. */
static void log_files(const struct session *s)
{
    for (size_t i = 0; i < modules_count(s->ms); i++) {
        const struct module *m = modules_get(s->ms, i);
        log_part(m, "file", &m->file);
        log_part(m, "debug", &m->debug);
        log_part(m, "alt", &m->alt);
    }
}

struct err *session_extend_stack(struct session *s, const struct sstack *st, size_t frames)
{
    size_t i = (size_t)(st - s->stacks);
    return extend_stacks(s, i, i + 1, frames);
}

struct err *session_first_frames(struct session *s, int32_t tid, size_t frames, const struct sstack **out, size_t *n)
{
    if (!s->unwound)
        TRY(begin_stacks(s));
    size_t first = 0, end = s->n_stacks;
    while (tid && first < end && s->stacks[first].thread->tid != tid)
        first++;
    TRY(extend_stacks(s, first, tid && first < end ? first + 1 : end, frames));
    *out = s->stacks;
    *n = s->n_stacks;
    return NULL;
}

struct err *session_stacks(struct session *s, const struct sstack **out, size_t *n)
{
    TRY(session_first_frames(s, 0, SIZE_MAX, out, n));
    if (!s->have_stacks)
        log_files(s);
    s->have_stacks = true;
    return NULL;
}
