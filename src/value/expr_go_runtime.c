/* SPDX-License-Identifier: Apache-2.0 */
/* Names that Delve adds to the program's: runtime.curg, runtime.frameoff, runtime.threadid, runtime.frame(n).x. */
#include "value/expr_priv.h"

static bool is_runtime(struct eval *ev, const struct node *n, const char *name)
{
    return n->kind == NODE_MEMBER && strcmp(n->text, name) == 0 && n->a->kind == NODE_NAME &&
           strcmp(n->a->text, "runtime") == 0 && !go_is_local(ev, "runtime");
}

/* The g of the selected goroutine, itself, not the pointer to it. */
static struct err *current(struct eval *ev, const struct node *n, struct value *out)
{
    const struct type *t;
    taddr at;
    if (!ev->env->task)
        return eval_fail(ev, n, "no goroutine is selected");
    TRY(ev->env->task(ev->env->arg, &at));
    TRY(go_named_type(ev, "runtime.g", &t));
    if (!t)
        return eval_fail(ev, n, "there is no debug information about runtime.g");
    *out = value_at(ev->vs, t, at);
    return NULL;
}

/* From the end of the goroutine's stack to the frame. */
static struct err *frame_offset(struct eval *ev, const struct node *n, struct value *out)
{
    struct value g, stack, hi;
    uint64_t end;
    TRY(current(ev, n, &g));
    TRY(value_member(ev->vs, &g, "stack", &stack));
    TRY(value_member(ev->vs, &stack, "hi", &hi));
    TRY(value_int(ev->vs, &hi, &end));
    if (!ev->env->frame || !ev->env->frame->cfa)
        return eval_fail(ev, n, "no frame is selected");
    *out = go_int(ev, (int64_t)(ev->env->frame->cfa - end));
    return NULL;
}

/* x as another frame of the same stack has it. */
static struct err *in_frame(struct eval *ev, const struct node *n, const struct node *number, struct value *out)
{
    struct expr_env env = *ev->env;
    struct node name = {.kind = NODE_NAME, .at = n->at, .text = n->text};
    int64_t index;
    TRY(eval_count(ev, number, &index));
    if (!env.frame_at || index < 0)
        return eval_fail(ev, n, "there is no frame %lld", (long long)index);
    TRY(env.frame_at(env.arg, (size_t)index, &env.frame));
    struct eval there = {.env = &env,
                         .vs = ev->vs,
                         .types = ev->types,
                         .arena = ev->arena,
                         .language = ev->language,
                         .parser = ev->parser};
    struct err *e = eval_node(&there, &name, out);
    dw_scopes_done(&there.paths);
    return e;
}

struct err *go_runtime(struct eval *ev, const struct node *n, struct value *out, bool *done)
{
    *done = true;
    if (is_runtime(ev, n, "curg"))
        return current(ev, n, out);
    if (is_runtime(ev, n, "frameoff"))
        return frame_offset(ev, n, out);
    if (is_runtime(ev, n, "threadid")) {
        *out = go_int(ev, ev->env->tid);
        return NULL;
    }
    const struct node *of = n->a;
    if (of->kind == NODE_CALL && of->n == 1 && is_runtime(ev, of->a, "frame"))
        return in_frame(ev, n, of->list->node, out);
    *done = false;
    return NULL;
}
