/* SPDX-License-Identifier: Apache-2.0 */
/* What the target is and what is selected: State, threads, Command, targets. */
#include "front/delve/priv.h"

#include <inttypes.h>
#include <string.h>

static void put_thread(struct client *c, struct json *j, const struct image_thread *th)
{
    const struct sstack *st;
    const struct tasks *t;
    struct subject who = {.tid = th->tid};
    struct goroutine_at at = {0};
    struct err *e = subject_stack(c, &who, 1, &st);
    if (!e && st->n)
        at = goroutine_at_frame(st->frames, st->n, 0);
    err_free(e); /* a thread without a stack is listed, too */
    const struct task *task = task_of_thread(c, th->tid, &t);
    json_object_begin(j);
    json_kv_i64(j, "id", th->tid);
    delve_put_location_members(c, j, &at);
    json_kv_u64(j, "goroutineID", task ? task->id : 0);
    json_key(j, "ReturnValues");
    json_null(j);
    json_kv_bool(j, "CallReturn", false);
    json_object_end(j);
}

static struct err *put_threads(struct client *c, struct json *j)
{
    const struct image *im = session_image(c->session);
    const struct sstack *all;
    size_t n;
    if (im->threads.n)
        TRY(session_first_frames(c->session, 0, 1, &all, &n)); /* of all at once */
    json_array_begin(j);
    for (size_t i = 0; i < im->threads.n; i++)
        put_thread(c, j, &im->threads.v[i]);
    json_array_end(j);
    return NULL;
}

static void put_command_line(struct client *c, struct json *j, const char *key)
{
    SCOPED(freep) char *args = NULL;
    struct text line = {0};
    size_t n = 0;
    IGNORE_ERR(session_arguments(c->session, &args, &n)); /* not every core has them */
    for (size_t at = 0; args && at < n; at += strlen(args + at) + 1) {
        text_put(&line, at ? " " : "");
        text_put(&line, args + at);
    }
    json_kv_string(j, key, text_str(&line));
    text_done(&line);
}

static struct err *put_state(struct client *c, struct json *j)
{
    struct subject who;
    TRY(subject_find(c, -1, &who));
    const struct image_thread *th = session_thread(c->session, c->tid);
    json_object_begin(j);
    json_kv_i64(j, "Pid", session_image(c->session)->pid);
    put_command_line(c, j, "TargetCommandLine");
    json_kv_bool(j, "Running", false);
    json_kv_bool(j, "Recording", false);
    json_kv_bool(j, "CoreDumping", false);
    if (th) {
        json_key(j, "currentThread");
        put_thread(c, j, th);
    }
    if (who.task) {
        json_key(j, "currentGoroutine");
        delve_put_goroutine(c, j, who.tasks, who.task);
    }
    json_key(j, "Threads");
    TRY(put_threads(c, j));
    json_kv_bool(j, "NextInProgress", false);
    json_key(j, "WatchOutOfScope");
    json_null(j);
    json_kv_bool(j, "exited", false);
    json_kv_i64(j, "exitStatus", 0);
    json_kv_string(j, "When", "");
    json_kv_string(j, "stopReason", "attached");
    json_object_end(j);
    return NULL;
}

static struct err *state(struct client *c, struct arguments *a, struct json *j)
{
    (void)a;
    result_begin(c, j, "State");
    TRY(put_state(c, j));
    result_end(c, j);
    return NULL;
}

static struct err *command(struct client *c, struct arguments *a, struct json *j)
{
    static const char *const running[] = {"continue",
                                          "rewind",
                                          "directionCongruentContinue",
                                          "next",
                                          "step",
                                          "stepOut",
                                          "stepInstruction",
                                          "nextInstruction",
                                          "reverseNext",
                                          "reverseStep",
                                          "reverseStepOut",
                                          "reverseStepInstruction",
                                          "call",
                                          "reverseNextInstruction"};
    const char *name = argument_string(a, "name");
    int64_t tid = argument_integer(a, "threadID", 0), goroutine = argument_integer(a, "goroutineID", 0);
    TRY(arguments_check(a));
    if (strcmp(name, "switchThread") == 0)
        TRY(select_thread(c, tid < 0 || tid > INT32_MAX ? 0 : (int32_t)tid));
    else if (strcmp(name, "switchGoroutine") == 0)
        TRY(select_goroutine(c, goroutine));
    for (size_t i = 0; i < ARRAY_LEN(running); i++)
        if (strcmp(name, running[i]) == 0)
            return session_image(c->session)->kind == IMAGE_LIVE
                       ? err_new(ERR_UNSUPPORTED, "a process is looked at as it stands: it can not be continued here")
                       : err_new(ERR_UNSUPPORTED, "can not continue execution of core process");
    return state(c, a, j);
}

static struct err *list_threads(struct client *c, struct arguments *a, struct json *j)
{
    (void)a;
    result_begin(c, j, "Threads");
    TRY(put_threads(c, j));
    result_end(c, j);
    return NULL;
}

static struct err *get_thread(struct client *c, struct arguments *a, struct json *j)
{
    int64_t id = argument_integer(a, "Id", 0);
    TRY(arguments_check(a));
    const struct image_thread *th = id > 0 ? session_thread(c->session, id) : NULL;
    if (!th)
        return err_new(ERR_NOT_FOUND, "no thread with id %" PRId64, id);
    result_begin(c, j, "Thread");
    put_thread(c, j, th);
    result_end(c, j);
    return NULL;
}

static struct err *list_targets(struct client *c, struct arguments *a, struct json *j)
{
    struct subject who;
    (void)a;
    TRY(subject_find(c, -1, &who)); /* selects a thread */
    const struct image_thread *th = session_thread(c->session, c->tid);
    json_object_begin(j);
    json_key(j, "Targets");
    json_array_begin(j);
    json_object_begin(j);
    json_kv_i64(j, "Pid", session_image(c->session)->pid);
    put_command_line(c, j, "CmdLine");
    if (th) {
        json_key(j, "CurrentThread");
        put_thread(c, j, th);
    }
    json_object_end(j);
    json_array_end(j);
    json_object_end(j);
    return NULL;
}

static struct err *process_pid(struct client *c, struct arguments *a, struct json *j)
{
    (void)a;
    result_begin(c, j, "Pid");
    json_i64(j, session_image(c->session)->pid);
    result_end(c, j);
    return NULL;
}

static const struct method rows[] = {
    {"State", state, NULL},          {"Command", command, NULL},          {"ListThreads", list_threads, NULL},
    {"GetThread", get_thread, NULL}, {"ListTargets", list_targets, NULL}, {"ProcessPid", process_pid, NULL},
};
const struct method_table delve_state_methods = {rows, ARRAY_LEN(rows)};
