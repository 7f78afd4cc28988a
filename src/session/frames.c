/* SPDX-License-Identifier: Apache-2.0 */
/* Frames as variables see them: registers, the CFA, and who called. */
#include "session/session_values.h"

#include <inttypes.h>

/* One step of a stack. */
struct physical {
    struct regs regs;
    bool exact; /* pc is the next instruction to run */
    taddr cfa;  /* 0 unknown */
    bool has_caller;
    struct regs caller;
};

struct source_frame {
    struct vframe f; /* the first member: what callers see */
    struct session *s;
    const struct sstack *st;
    size_t index;
    bool asked; /* for the caller */
    const struct vframe *caller;
};

/* ---- physical frames ---- */

static uint64_t key_of(const struct sstack *st, uint32_t physical)
{
    return (uint64_t)st->number << 32 | physical;
}

/* The kind of the function itself of the physical frame that ends before sframe `index`'s. */
static bool after_signal(const struct sstack *st, size_t index)
{
    uint32_t physical = st->frames[index].physical;
    while (index > 0 && st->frames[index].physical == physical)
        index--;
    return st->frames[index].physical != physical && st->frames[index].kind == FRAME_SIGNAL;
}

static bool is_exact(const struct sstack *st, size_t index)
{
    return st->frames[index].physical == 0 || after_signal(st, index);
}

static const struct physical *make_physical(struct session *s, const struct sstack *st, size_t index,
                                            const struct regs *regs)
{
    struct session_values *v = s->values;
    struct physical *p = arena_new(&v->arena, struct physical);
    struct frame unused;
    bool end = false;
    p->regs = *regs;
    p->exact = is_exact(st, index);
    /* A frame that cannot be left has no caller, and its CFA is not known: it says so when it is asked. */
    struct err *e = unwind_step(v->unwinder, regs, p->exact, &p->caller, &unused, &p->cfa, &end);
    p->has_caller = !e && !end;
    err_free(e);
    *map64_put(&v->physical, key_of(st, st->frames[index].physical), NULL) = (uint64_t)(uintptr_t)p;
    return p;
}

static const struct physical *known_physical(const struct session *s, const struct sstack *st, uint32_t physical)
{
    const uint64_t *known = map64_find(&s->values->physical, key_of(st, physical));
    return known ? (const struct physical *)(uintptr_t)*known : NULL;
}

static struct err *find_physical(struct session *s, const struct sstack *st, size_t index, const struct physical **out)
{
    uint32_t n = st->frames[index].physical;
    const struct physical *p = known_physical(s, st, n);
    struct regs regs;
    if (!p) {
        TRY(unwind_regs(s->values->unwinder, &st->thread->regs, n, &regs));
        p = make_physical(s, st, index, &regs);
    }
    *out = p;
    return NULL;
}

/* ---- frames as in the source ---- */

/* The frame of the function that others are inlined into, outwards from `index`. */
static size_t function_of(const struct sstack *st, size_t index)
{
    while (index + 1 < st->n && st->frames[index].kind == FRAME_INLINED)
        index++;
    return index;
}

/* How many functions inlined into the same one stand before it. */
static uint32_t inlined_before(const struct sstack *st, size_t index)
{
    uint32_t n = 0;
    while (index > 0 && st->frames[index - 1].kind == FRAME_INLINED) {
        index--;
        n++;
    }
    return n;
}

/* The address to look a frame up by. A call may be the last instruction of its function, and a signal frame
 * returns to the start of its trampoline. */
static taddr lookup_of(const struct sstack *st, size_t index, bool exact)
{
    const struct sframe *sf = &st->frames[index];
    bool jumped = st->frames[function_of(st, index)].kind == FRAME_TAILCALL;
    bool here = !jumped && (exact || sf->kind == FRAME_SIGNAL || !sf->pc);
    return here ? sf->pc : sf->pc - 1;
}

/* At a tail call the callee's frame is gone: what is saved for the caller is back in its registers, and the stack
 * pointer is where it was at the entry. */
static void leave_by_jump(const struct arch *a, const struct physical *p, taddr pc, struct regs *out)
{
    *out = (struct regs){0};
    for (const uint16_t *r = a->callee_saved; p->has_caller && *r != REG_NONE; r++)
        if (regs_has(&p->caller, *r))
            regs_set(out, *r, p->caller.val[*r]);
    regs_set(out, a->pc, pc);
    if (p->cfa)
        regs_set(out, a->sp, a->lr == REG_NONE ? p->cfa - a->addr_size : p->cfa);
    if (a->tls && regs_has(&p->regs, a->tls->tp))
        regs_set(out, a->tls->tp, p->regs.val[a->tls->tp]);
}

/* The first native frame at or after an index. */
static size_t native_from(const struct sstack *st, size_t index)
{
    while (index < st->n && st->frames[index].kind == FRAME_LANGUAGE)
        index++;
    return index;
}

static const struct vframe *caller_of(const struct vframe *f);

static const struct vframe *make_frame(struct session *s, const struct sstack *st, size_t index,
                                       const struct physical *p)
{
    const struct sframe *sf = &st->frames[index];
    size_t function = function_of(st, index);
    bool jumped = st->frames[function].kind == FRAME_TAILCALL;
    struct source_frame *out = arena_new(&s->values->arena, struct source_frame);
    out->s = s;
    out->st = st;
    out->index = index;
    out->f = (struct vframe){
        .vs = &s->values->vs,
        .thread = st->thread,
        .pc = sf->pc,
        .lookup = lookup_of(st, index, p->exact),
        .cfa = p->cfa,
        .regs = p->regs,
        .innermost = sf->physical == 0 && !jumped,
        .inlined = sf->kind == FRAME_INLINED ? inlined_before(st, index) : SCOPE_PHYSICAL,
        .caller = caller_of,
        .closure = st->closure,
    };
    if (jumped)
        leave_by_jump(s->im->arch, p, sf->pc, &out->f.regs);
    out->f.module = modules_find(s->ms, out->f.lookup);
    return &out->f;
}

/* The next frame outwards that is not inlined into the same function: of a physical frame, or left by a jump. */
static const struct vframe *caller_of(const struct vframe *f)
{
    struct source_frame *sf = (struct source_frame *)(uintptr_t)f;
    const struct sstack *st = sf->st;
    if (sf->asked)
        return sf->caller;
    sf->asked = true;
    size_t next = native_from(st, function_of(st, sf->index) + 1);
    while (next >= st->n && st->more) {
        size_t had = st->n;
        IGNORE_ERR(session_extend_stack(sf->s, st, next + 1)); /* cancelled: the caller is not known */
        if (st->n == had)
            break;
        next = native_from(st, next);
    }
    const struct physical *here = known_physical(sf->s, st, st->frames[sf->index].physical);
    if (next >= st->n || !here)
        return NULL;
    size_t function = function_of(st, next);
    const struct physical *p = here;
    if (st->frames[function].physical != st->frames[sf->index].physical) {
        p = known_physical(sf->s, st, st->frames[function].physical);
        if (!p && !here->has_caller)
            return NULL;
        if (!p)
            p = make_physical(sf->s, st, function, &here->caller);
    }
    sf->caller = make_frame(sf->s, st, function, p);
    return sf->caller;
}

/* ---- frames of interpreted languages ---- */

/* Which runtime's it is. NULL: of none that tells of variables. */
static const struct attached *interpreter_of(const struct session *s, const struct sframe *f)
{
    for (size_t i = 0; i < s->runtimes.n; i++) {
        const struct runtime *r = s->runtimes.v[i].runtime;
        if (r->interprets && f->at->language == r->interprets)
            return &s->runtimes.v[i];
    }
    return NULL;
}

static struct err *language_variables(void *self, const struct vframe *f, struct variables *out)
{
    const struct attached *a = self;
    if (!a->runtime->variables)
        return err_new(ERR_NO_DATA, "variables of %s frames are not read", a->runtime->interprets);
    return a->runtime->variables(a->rt, f, out);
}

static struct err *language_evaluate(void *self, const struct expr_env *env, const char *text, struct value *out)
{
    const struct attached *a = self;
    if (!a->runtime->evaluate)
        return err_new(ERR_UNSUPPORTED, "expressions of %s are not evaluated", a->runtime->interprets);
    return a->runtime->evaluate(a->rt, env, text, out);
}

bool session_is_global(const struct vframe *f, const char *name)
{
    const struct attached *a = f->lang ? f->lang->self : NULL;
    return a && a->runtime->is_global && a->runtime->is_global(a->rt, f, name);
}

static struct err *make_language_frame(struct session *s, const struct sstack *st, size_t index,
                                       const struct vframe **out)
{
    const struct sframe *sf = &st->frames[index];
    const struct attached *by = interpreter_of(s, sf);
    if (!by)
        return err_new(ERR_NO_DATA, "the interpreter of frame %zu is not known", index);
    struct source_frame *made = arena_new(&s->values->arena, struct source_frame);
    struct lang_frame *lang = arena_new(&s->values->arena, struct lang_frame);
    *made = (struct source_frame){.s = s, .st = st, .index = index, .asked = true};
    size_t native = native_from(st, index);
    if (sf->physical != UINT32_MAX && native < st->n) {
        const struct physical *p;
        TRY(find_physical(s, st, function_of(st, native), &p));
        made->f = *make_frame(s, st, function_of(st, native), p);
    }
    *lang = (struct lang_frame){.record = sf->pc,
                                .self = (void *)(uintptr_t)by,
                                .variables = language_variables,
                                .evaluate = language_evaluate};
    made->f.vs = &s->values->vs;
    made->f.thread = st->thread;
    made->f.caller = caller_of;
    made->f.lang = lang;
    *out = &made->f;
    return NULL;
}

struct err *session_frame(struct session *s, const struct sstack *st, size_t index, const struct vframe **out)
{
    const struct physical *p;
    if (index >= st->n)
        return err_new(ERR_NO_DATA, st->n ? "there is no frame %zu" : "the stack is empty", index);
    (void)session_values(s);
    if (st->frames[index].kind == FRAME_LANGUAGE)
        return make_language_frame(s, st, index, out);
    TRY(find_physical(s, st, index, &p));
    *out = make_frame(s, st, index, p);
    return NULL;
}

void session_prepare_frames(struct session *s)
{
    VEC(taddr) lookups = {0};
    for (size_t i = 0; i < s->n_stacks; i++)
        for (size_t k = 0; k < s->stacks[i].n; k++)
            if (s->stacks[i].frames[k].kind != FRAME_LANGUAGE)
                *vec_push(&lookups) = lookup_of(&s->stacks[i], k, is_exact(&s->stacks[i], k));
    scope_prepare(session_values(s), lookups.v, lookups.n);
    vec_done(&lookups);
}

bool session_argument_words(struct session *s, const struct vframe *f, struct text *out)
{
    bool told = false;
    size_t before = out->n;
    for (size_t i = 0; i < s->runtimes.n && !told; i++) {
        const struct attached *a = &s->runtimes.v[i];
        told = a->runtime->arguments && a->runtime->arguments(a->rt, f->lookup, f->cfa, out);
    }
    if (told && f->inlined != SCOPE_PHYSICAL) { /* the words are those of the function that it was inlined into */
        out->n = before;
        text_put(out, "...");
    }
    return told;
}

size_t session_saved_registers(struct session *s, const struct vframe *f, struct saved_place out[static REG_MAX])
{
    return unwind_saved(s->values->unwinder, &f->regs, f->lookup == f->pc, out);
}
