/* SPDX-License-Identifier: Apache-2.0 */
/* threads: those of the system, then tasks (goroutines, asyncio's) that no thread runs.
 *
 * The protocol has no pages of threads. Above a limit, tasks are therefore listed once for each stack that they have, with
 * how many share it; a client of our own may ask for pages (start, count), which have every one. */
#include "front/dap/priv.h"
#include "front/words.h"

#include <inttypes.h>
#include <string.h>

/* Above every tid: PID_MAX_LIMIT of the kernel (include/linux/threads.h) is 2^22. */
#define TASK_FIRST ((int64_t)1 << 23)

/* ---- by number ---- */

/* Is the task listed as its thread? */
static bool has_thread(const struct session *s, const struct task *task)
{
    return task->tid && session_thread(s, task->tid);
}

static struct err *find_task(struct dap *d, int64_t id, struct dap_thread *out)
{
    const struct tasks *all;
    size_t n;
    TRY(session_tasks(d->session, true, &all, &n));
    uint64_t index = (uint64_t)(id - TASK_FIRST);
    for (size_t i = 0; i < n; index -= all[i++].n)
        if (index < all[i].n)
            return *out = (struct dap_thread){.of = &all[i], .task = &all[i].v[index]}, NULL;
    return err_new(ERR_NOT_FOUND, "there is no thread %" PRId64, id);
}

struct err *thread_of_id(struct dap *d, int64_t id, struct dap_thread *out)
{
    if (id >= TASK_FIRST)
        return find_task(d, id, out);
    *out = (struct dap_thread){.thread = session_thread(d->session, id)};
    return out->thread ? NULL : err_new(ERR_NOT_FOUND, "there is no thread %" PRId64, id);
}

struct err *thread_stack(struct dap *d, int64_t id, size_t frames, const struct sstack **out)
{
    struct dap_thread th;
    const struct sstack *all;
    size_t n;
    TRY(thread_of_id(d, id, &th));
    if (th.task)
        return session_task_stack(d->session, th.of, th.task, out);
    TRY(session_first_frames(d->session, th.thread->tid, frames, &all, &n));
    for (size_t i = 0; i < n; i++)
        if (all[i].thread->tid == th.thread->tid)
            return *out = &all[i], NULL;
    return err_new(ERR_NO_DATA, "the thread has no stack");
}

/* ---- the one that is looked at first ---- */

/* Before a stack is walked for it, which may have to wait for debug files. */
static bool has_tasks(struct dap *d)
{
    const struct tasks *all;
    size_t n, count = 0;
    struct err *e = session_tasks(d->session, false, &all, &n);
    for (size_t i = 0; !e && i < n; i++)
        count += all[i].n;
    err_free(e); /* they cannot be read */
    return count != 0;
}

/* Has it no frames but a runtime's? Go dies of a deadlock, and of a signal that any thread may get, in one of its scheduler's. */
static bool is_idle(struct dap *d, int64_t id)
{
    const struct sstack *st;
    struct err *e = thread_stack(d, id, BEGIN_WITHIN, &st);
    bool idle = !e && st->n;
    for (size_t i = 0; idle && i < st->n && i < BEGIN_WITHIN; i++) {
        const struct sframe *f = &st->frames[i];
        bool vdso = f->at->module && f->at->module->is_vdso;
        idle = f->kind == FRAME_SIGNAL || vdso || session_frame_hidden(d->session, f);
    }
    err_free(e);
    return idle;
}

/* The first task that is in the program's own code, of Go the main goroutine unless it has ended. 0: there is none. */
static int64_t first_task(struct dap *d)
{
    const struct tasks *all;
    size_t n;
    struct err *e = session_tasks(d->session, true, &all, &n);
    int64_t id = TASK_FIRST, found = 0;
    for (size_t i = 0; !e && !found && i < n; i++)
        for (size_t k = 0; k < all[i].n && !found; k++, id++) {
            const struct task *task = &all[i].v[k];
            const struct sframe *user = session_task_user_frame(d->session, &all[i], task);
            if (user && !session_frame_hidden(d->session, user))
                found = has_thread(d->session, task) ? task->tid : id;
        }
    err_free(e); /* tasks that cannot be read leave the thread */
    return found;
}

int64_t thread_first(struct dap *d)
{
    const struct image *im = session_image(d->session);
    int64_t first = im->threads.n ? im->threads.v[0].tid : 0;
    if (im->crashed_tid && session_thread(d->session, im->crashed_tid))
        first = im->crashed_tid;
    int64_t task = first && has_tasks(d) && is_idle(d, first) ? first_task(d) : 0;
    return task ? task : first;
}

/* ---- the list ---- */

struct listing {
    struct dap *d;
    struct json *j;
    const struct tasks *all; /* of each runtime */
    size_t n;
    struct map64 by_tid; /* of a thread that runs a task: the task's index in all of them, plus 1 */
    uint64_t first, end; /* which of all threads and tasks are wanted */
    uint64_t at; /* the next one's number in that count */
    struct text name;
};

static void put_task_name(struct listing *l, const struct tasks *of, const struct task *task)
{
    struct session *s = l->d->session;
    const char *name = session_task_name(s, of, task);
    text_printf(&l->name, "%s %" PRIu64, task_word(s, of, task), task->id);
    if (name) {
        text_put(&l->name, " \"");
        put_safe(&l->name, name);
        text_putc(&l->name, '"');
    }
    text_put(&l->name, " [");
    put_task_state(&l->name, s, of, task);
    text_putc(&l->name, ']');
    const struct sframe *user = session_task_user_frame(s, of, task);
    if (user && user->at->function) {
        text_putc(&l->name, ' ');
        put_safe(&l->name, user->at->function);
    }
}

static void put_one(struct listing *l, int64_t id)
{
    json_object_begin(l->j);
    json_kv_i64(l->j, "id", id);
    json_kv_string(l->j, "name", text_str(&l->name));
    json_object_end(l->j);
}

/* Is the next one wanted? */
static bool wanted(struct listing *l)
{
    uint64_t at = l->at++;
    text_clear(&l->name);
    return at >= l->first && at < l->end;
}

static void find_running(struct listing *l)
{
    uint64_t number = 0;
    for (size_t i = 0; i < l->n; i++)
        for (size_t k = 0; k < l->all[i].n; k++) {
            number++;
            if (l->all[i].v[k].tid)
                *map64_put(&l->by_tid, (uint32_t)l->all[i].v[k].tid, NULL) = number;
        }
}

static void put_running_task(struct listing *l, int32_t tid)
{
    const uint64_t *number = map64_find(&l->by_tid, (uint32_t)tid);
    uint64_t index = number ? *number - 1 : 0;
    for (size_t i = 0; number && i < l->n; index -= l->all[i++].n)
        if (index < l->all[i].n) {
            text_put(&l->name, ": ");
            put_task_name(l, &l->all[i], &l->all[i].v[index]);
            return;
        }
}

static void put_thread(struct listing *l, const struct image_thread *th)
{
    const char *name = thread_name(l->d->session, th);
    text_printf(&l->name, "%" PRId32, th->tid);
    if (name) {
        text_put(&l->name, " \"");
        put_safe(&l->name, name);
        text_putc(&l->name, '"');
    }
    put_running_task(l, th->tid);
    put_one(l, th->tid);
}

static void put_all_tasks(struct listing *l)
{
    int64_t id = TASK_FIRST;
    for (size_t i = 0; i < l->n; i++)
        for (size_t k = 0; k < l->all[i].n; k++, id++) {
            const struct task *task = &l->all[i].v[k];
            if (has_thread(l->d->session, task) || !wanted(l))
                continue;
            put_task_name(l, &l->all[i], task);
            put_one(l, id);
        }
}

/* The first task of each stack. `counts`: for each stack of `of`, zeroed. */
static void put_stacks(struct listing *l, const struct tasks *of, int64_t id, uint32_t *counts)
{
    struct session *s = l->d->session;
    for (size_t k = 0; k < of->n; k++)
        counts[of->stack[k]] += !has_thread(s, &of->v[k]);
    for (size_t k = 0; k < of->n; k++) {
        uint32_t *count = &counts[of->stack[k]];
        if (!*count || has_thread(s, &of->v[k]) || !wanted(l))
            continue;
        put_task_name(l, of, &of->v[k]);
        if (*count > 1) {
            text_put(&l->name, ", and ");
            put_grouped(&l->name, *count - 1);
            text_put(&l->name, " more with this stack");
        }
        *count = 0;
        put_one(l, id + (int64_t)k);
    }
}

static void put_tasks(struct listing *l, bool paged)
{
    uint64_t n = 0, limit = l->d->thread_limit;
    for (size_t i = 0; i < l->n; i++)
        n += l->all[i].n;
    if (paged || !limit || n <= limit) {
        put_all_tasks(l);
        return;
    }
    int64_t id = TASK_FIRST;
    for (size_t i = 0; i < l->n; i++) {
        SCOPED(freep) uint32_t *counts = xcalloc(l->all[i].n_stacks, sizeof(*counts));
        put_stacks(l, &l->all[i], id, counts);
        id += (int64_t)l->all[i].n;
    }
}

static struct err *threads(struct dap *d, const struct incoming *args, struct json *body)
{
    const struct image *im = session_image(d->session);
    bool paged = incoming_kind(incoming_member(args, "count")) != INCOMING_NOTHING;
    struct listing l = {.d = d, .j = body, .end = UINT64_MAX};
    if (paged) {
        l.first = args_count(args, "start");
        l.end = l.first + args_count(args, "count");
    }
    struct err *e = session_tasks(d->session, true, &l.all, &l.n);
    if (e && e->code == ERR_CANCELLED)
        return e;
    l.n = e ? 0 : l.n;
    err_free(e); /* a runtime that cannot be read leaves the system's threads */
    find_running(&l);
    json_key(body, "threads");
    json_array_begin(body);
    for (size_t i = 0; i < im->threads.n; i++)
        if (wanted(&l))
            put_thread(&l, &im->threads.v[i]);
    put_tasks(&l, paged);
    json_array_end(body);
    if (paged)
        json_kv_u64(body, "totalThreads", l.at);
    map64_done(&l.by_tid);
    text_done(&l.name);
    return NULL;
}

static const struct request_row rows[] = {{"threads", NEEDS_TARGET, threads}};
const struct request_table dap_thread_requests = {rows, ARRAY_LEN(rows)};
