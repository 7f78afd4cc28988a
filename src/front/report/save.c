/* SPDX-License-Identifier: Apache-2.0 */
/* inquest save: the command row. */
#include "front/report/priv.h"
#include "session/save.h"
#include "session/tasks.h"

#include <inttypes.h>

static const struct option_row rows[] = {
    {"thread", 't', VALUE_NUMBER, "TID", "the expression's names are those of this thread (default: the crashed one)"},
    {"goroutine", 'g', VALUE_NUMBER, "N", "or of this goroutine"},
    {"frame", 'f', VALUE_NUMBER, "N", "and of this frame, as inquest stack numbers them (default 0)"},
};
static const struct option_group own = {"Options", rows, ARRAY_LEN(rows)};
static const struct option_group *const groups[] = {&own, &front_files_group, &front_output_group, NULL};

static struct err *goroutine_stack(struct session *s, uint64_t id, const struct sstack **out)
{
    const struct tasks *tasks;
    size_t n;
    TRY(session_tasks(s, true, &tasks, &n));
    for (size_t i = 0; i < n; i++)
        for (size_t k = 0; k < tasks[i].n; k++)
            if (tasks[i].v[k].id == id)
                return session_task_stack(s, &tasks[i], &tasks[i].v[k], out);
    return err_new(ERR_NOT_FOUND, "the target has no goroutine %" PRIu64, id);
}

static struct err *thread_stack(struct session *s, uint64_t tid, const struct sstack **out)
{
    const struct sstack *stacks;
    size_t n;
    TRY(session_stacks(s, &stacks, &n));
    for (size_t i = 0; i < n; i++)
        if (!tid || (uint64_t)(uint32_t)stacks[i].thread->tid == tid) {
            *out = &stacks[i];
            return NULL;
        }
    return err_new(ERR_NOT_FOUND, "the target has no thread %" PRIu64, tid);
}

/* The frame whose names count; a target without stacks has globals only. */
static struct err *frame_of(const struct call *c, struct session *s, const struct vframe **out)
{
    const struct sstack *st = NULL;
    bool said = call_has(c, "thread") || call_has(c, "goroutine") || call_has(c, "frame");
    uint64_t index = call_number(c, "frame", 0);
    *out = NULL;
    if (call_has(c, "thread") && call_has(c, "goroutine"))
        return err_new(ERR_USAGE, "--goroutine and --thread exclude each other");
    struct err *e = call_has(c, "goroutine") ? goroutine_stack(s, call_number(c, "goroutine", 0), &st)
                                             : thread_stack(s, call_number(c, "thread", 0), &st);
    if (!e && index >= st->n)
        e = err_new(ERR_NOT_FOUND, "the stack has no frame %" PRIu64, index);
    if (!e)
        e = session_frame(s, st, (size_t)index, out);
    if (e && (said || e->code == ERR_CANCELLED))
        return e;
    err_free(e); /* nobody asked for a frame */
    return NULL;
}

static struct err *range_of(const struct call *c, struct session *s, struct save_range *out)
{
    struct expr_env env = {.vs = session_values(s)};
    struct value v;
    if (session_save_range(c->operands[1], out))
        return NULL;
    TRY(frame_of(c, s, &env.frame));
    TRY(expr_evaluate(&env, c->operands[1], &v, NULL));
    return session_save_value(s, &v, out);
}

static struct err *run(struct call *c)
{
    struct session_opts opts = front_session_opts(c);
    SCOPED(session_freep) struct session *s = NULL;
    struct save_range r;
    TRY(session_open(c->operands[0], &opts, &s));
    TRY(range_of(c, s, &r));
    TRY(session_save(s, &r, c->operands[2]));
    SCOPED(text_done) struct text out = {0};
    text_printf(&out, "%" PRIu64 " bytes at 0x%" PRIx64 " saved to ", r.n, r.at);
    put_safe(&out, c->operands[2]);
    text_putc(&out, '\n');
    return report_flush(&out, call_output(c));
}

const struct command report_save = {
    .name = "save",
    .aliases = NULL,
    .operands = "TARGET EXPRESSION|ADDRESS:LENGTH FILE",
    .operand_kind = OPERAND_TARGET,
    .min_operands = 3,
    .max_operands = 3,
    .help = "save the bytes of a slice, string, array or memory range to a file",
    .about = "Writes to FILE what EXPRESSION stands for in TARGET: the elements of a slice or array, the characters of "
             "a string, the bytes of any other object in memory; or LENGTH bytes from ADDRESS on. Of any size.\n"
             "All of the bytes are saved, or none: a dump that lacks some says how many there are. FILE must not "
             "exist, and is readable by its owner only: memory holds secrets.",
    .examples = "inquest save core main.request.Body body        # a package variable of Go\n"
                "inquest save -g 42 -f 3 core data request.bin   # a variable of goroutine 42\n"
                "inquest save core 0x7ffd2a5e8000:4096 page      # memory\n",
    .groups = groups,
    .run = run,
};
