/* SPDX-License-Identifier: Apache-2.0 */
/* Stacktrace: frames of goroutines and of threads, as api.Stackframe. */
#include "front/delve/priv.h"

#include <string.h>

enum { READ_DEFERS = 1, SIMPLE = 2, FROM_G = 4 }; /* api.StacktraceOptions */

struct trace {
    struct client *client;
    struct subject who;
    const struct sstack *stack;
    const struct deferred *deferred;
    size_t n_deferred;
    taddr lo, hi; /* of the goroutine's own stack; 0 unknown */
    bool variables;
    struct load load;
};

/* ---- deferred calls ---- */

static void put_defer(const struct trace *tr, struct json *j, const struct deferred *d)
{
    struct client *c = tr->client;
    taddr target;
    (void)session_wrapped(c->session, tr->who.tasks, d->of.function, &target);
    taddr entry = target ? target : d->of.function;
    struct goroutine_at call = goroutine_at_address(c->session, entry, entry);
    struct goroutine_at made = goroutine_at_address(c->session, d->of.made_at, d->of.made_at);
    json_object_begin(j);
    json_key(j, "DeferredLoc");
    delve_put_location(c, j, &call);
    json_key(j, "DeferLoc");
    delve_put_location(c, j, &made);
    json_kv_u64(j, "SP", d->of.sp);
    json_kv_string(j, "Unreadable", "");
    json_object_end(j);
}

static void put_defers(const struct trace *tr, struct json *j, const struct sframe *f)
{
    json_key(j, "Defers");
    json_array_begin(j);
    for (size_t i = 0; i < tr->n_deferred && f->kind != FRAME_INLINED; i++)
        if (tr->deferred[i].physical == f->physical)
            put_defer(tr, j, &tr->deferred[i]);
    json_array_end(j);
}

/* ---- frames ---- */

/* Where the frame is, below the end of the goroutine's stack; of others the address. */
static void put_offsets(const struct trace *tr, struct json *j, const struct vframe *f)
{
    const struct arch *a = session_image(tr->client->session)->arch;
    taddr cfa = f ? f->cfa : 0, fp = 0, base = tr->who.task ? tr->hi : 0;
    if (f && a->fp != REG_NONE && regs_has(&f->regs, a->fp))
        fp = f->regs.val[a->fp] - base;
    if (f && !cfa && regs_has(&f->regs, a->sp)) /* the outermost has nothing but its return address */
        cfa = f->regs.val[a->sp] + a->addr_size;
    json_kv_i64(j, "FrameOffset", (int64_t)(cfa - (cfa ? base : 0)));
    json_kv_i64(j, "FramePointerOffset", (int64_t)fp);
}

static struct err *put_variables(const struct trace *tr, struct json *j, size_t i, const struct vframe *f)
{
    struct scope sc = {.client = tr->client, .who = tr->who, .stack = tr->stack, .index = i, .frame = f};
    json_key(j, "Locals");
    if (tr->variables && f)
        TRY(delve_put_frame_variables(&sc, j, false, &tr->load));
    else
        json_null(j);
    json_key(j, "Arguments");
    if (tr->variables && f)
        TRY(delve_put_frame_variables(&sc, j, true, &tr->load));
    else
        json_null(j);
    return NULL;
}

static struct err *put_frame(const struct trace *tr, struct json *j, size_t i)
{
    const struct sframe *frame = &tr->stack->frames[i];
    struct goroutine_at at = location_of_frame(tr->stack->frames, tr->stack->n, i);
    const struct vframe *f = NULL;
    if (i == 0 && tr->who.task && !tr->who.tid) /* Delve looks up where it goes on, not the call before that */
        at = goroutine_at_address(tr->client->session, at.pc, at.pc);
    struct err *e = session_frame(tr->client->session, tr->stack, i, &f);
    if (e && e->code == ERR_CANCELLED)
        return e;
    err_free(e); /* a frame without registers has a place all the same */
    bool last = i + 1 == tr->stack->n && !tr->stack->more;
    json_object_begin(j);
    delve_put_location_members(tr->client, j, &at);
    TRY(put_variables(tr, j, i, f));
    put_offsets(tr, j, f);
    put_defers(tr, j, frame);
    if (last && !tr->stack->stopped)
        json_kv_bool(j, "Bottom", true);
    json_kv_string(j, "Err", "");
    json_object_end(j);
    return NULL;
}

/* Why the stack ends too early, in a frame of its own. */
static void put_end(struct json *j, const char *why)
{
    json_object_begin(j);
    json_kv_u64(j, "pc", 0);
    json_kv_string(j, "file", "");
    json_kv_i64(j, "line", 0);
    json_key(j, "Locals");
    json_null(j);
    json_key(j, "Arguments");
    json_null(j);
    json_kv_i64(j, "FrameOffset", 0);
    json_kv_i64(j, "FramePointerOffset", 0);
    json_key(j, "Defers");
    json_array_begin(j);
    json_array_end(j);
    json_kv_string(j, "Err", why);
    json_object_end(j);
}

/* Frames up to the first change between Go and other languages: the mode "simple". */
static size_t until_switch(const struct sstack *st)
{
    for (size_t i = 1; i < st->n; i++) {
        const char *a = st->frames[i - 1].at->language, *b = st->frames[i].at->language;
        if ((a && strcmp(a, "go") == 0) != (b && strcmp(b, "go") == 0))
            return i;
    }
    return st->n;
}

static struct err *find_stack(struct trace *tr, int64_t options, size_t frames)
{
    struct session *s = tr->client->session;
    if (options & FROM_G && tr->who.task)
        TRY(session_task_saved_stack(s, tr->who.tasks, tr->who.task, &tr->stack));
    else
        TRY(subject_stack(tr->client, &tr->who, options & READ_DEFERS ? SIZE_MAX : frames, &tr->stack));
    if (tr->who.task && !session_task_bounds(s, tr->who.tasks, tr->who.task, &tr->lo, &tr->hi))
        tr->lo = tr->hi = 0;
    if (options & READ_DEFERS && tr->who.task)
        TRY(session_deferred(s, tr->who.tasks, tr->who.task, tr->stack, &tr->deferred, &tr->n_deferred));
    return NULL;
}

static struct err *stacktrace(struct client *c, struct arguments *a, struct json *j)
{
    struct trace tr = {.client = c};
    int64_t id = argument_integer(a, "Id", 0), depth = argument_integer(a, "Depth", 0);
    int64_t options = argument_integer(a, "Opts", 0), skip = argument_integer(a, "Skip", 0);
    options |= argument_bool(a, "Defers") ? READ_DEFERS : 0;
    tr.variables = argument_object(a, "Cfg").object || argument_bool(a, "Full");
    tr.load = load_of(a, "Cfg", &load_default);
    TRY(arguments_check(a));
    if (depth < 0)
        return err_new(ERR_USAGE, "negative maximum stack depth");
    TRY(subject_find(c, id, &tr.who));
    size_t wanted = depth < INT32_MAX ? (size_t)depth + 1 : INT32_MAX;
    TRY(find_stack(&tr, options, wanted + 1));
    size_t n = options & SIMPLE ? until_switch(tr.stack) : tr.stack->n;
    bool whole = n <= wanted;
    n = whole ? n : wanted;
    result_begin(c, j, "Locations");
    json_array_begin(j);
    for (size_t i = skip > 0 ? (size_t)skip : 0; i < n; i++)
        TRY(put_frame(&tr, j, i));
    if (whole && tr.stack->stopped && !(options & SIMPLE))
        put_end(j, tr.stack->stopped);
    json_array_end(j);
    result_end(c, j);
    return NULL;
}

static const struct method rows[] = {{"Stacktrace", stacktrace, NULL}};
const struct method_table delve_stack_methods = {rows, ARRAY_LEN(rows)};
