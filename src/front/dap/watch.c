/* SPDX-License-Identifier: Apache-2.0 */
#include "front/dap/watch.h"

#include "base/log.h"
#include "front/dap/priv.h"

#include <inttypes.h>
#include <string.h>
#include <time.h>

/* What takes less is not told; then it is told so often. */
#define FIRST_NS UINT64_C(1000000000)
#define AGAIN_NS UINT64_C(500000000)

struct watch {
    struct output *out;
    pthread_t thread;
    pthread_mutex_t mutex;
    pthread_cond_t changed;
    bool ends;
    int64_t seq;         /* of the request; 0: none */
    const char *command;
    uint64_t next;       /* when it is told next: now_ns() */
    bool told;           /* that it is long: its end is to be told, too */
    struct watch_state {
        char what[128]; /* a copy: who notes it may free it before it is told. "": unknown */
        uint64_t done, total;
    } state;
};

void watch_note(void *arg, const char *what, uint64_t done, uint64_t total)
{
    struct watch *w = arg;
    if (pthread_mutex_trylock(&w->mutex) != 0)
        return;
    w->state = (struct watch_state){.done = done, .total = total};
    snprintf(w->state.what, sizeof(w->state.what), "%s", what ? what : "");
    pthread_mutex_unlock(&w->mutex);
}

/* ---- events ---- */

/* What the user reads of it: requests that can take long; of others their name. */
static const char *title_of(const char *command)
{
    static const char *const titles[][2] = {
        {"launch", "Opening the target"},
        {"attach", "Opening the target"},
        {"stopped", "Looking for what stopped it"},
        {"threads", "Listing threads and tasks"},
        {"stackTrace", "Walking the stack"},
        {"loadedSources", "Listing source files"},
        {"modules", "Looking for debug files"},
        {"completions", "Looking for names"},
        {"evaluate", "Evaluating"},
        {"variables", "Reading variables"},
    };
    for (size_t i = 0; i < ARRAY_LEN(titles); i++)
        if (strcmp(command, titles[i][0]) == 0)
            return titles[i][1];
    return command;
}

static void put_state(struct json *j, const struct watch_state *s)
{
    if (*s->what)
        json_kv_string(j, "message", s->what);
    if (s->total)
        json_kv_u64(j, "percentage", s->done < s->total ? s->done * 100 / s->total : 100);
}

static struct err *send(struct output *o, const char *event, int64_t seq, const char *title,
                        const struct watch_state *s)
{
    struct json_body b;
    char id[24];
    snprintf(id, sizeof(id), "%" PRId64, seq);
    json_body_begin(&b);
    json_kv_string(&b.json, "progressId", id);
    if (title) {
        json_kv_string(&b.json, "title", title);
        json_kv_i64(&b.json, "requestId", seq);
        json_kv_bool(&b.json, "cancellable", true);
    }
    if (s)
        put_state(&b.json, s);
    struct err *e = json_body_end(&b);
    if (!e)
        e = output_event(o, event, &b);
    json_body_done(&b);
    return e;
}

/* The mutex is held meanwhile, so that the end is told after this; watch_note() does not wait for it. */
static void tell_locked(struct watch *w)
{
    bool first = !w->told;
    struct watch_state state = w->state;
    const char *title = first ? title_of(w->command) : NULL;
    int64_t seq = w->seq;
    w->told = true;
    w->next = now_ns() + AGAIN_NS;
    /* A client that has gone is noticed by who answers. */
    IGNORE_ERR(send(w->out, first ? "progressStart" : "progressUpdate", seq, title, &state));
}

static void wait_locked(struct watch *w)
{
    struct timespec until;
    uint64_t now = now_ns(), left = w->next > now ? w->next - now : 0;
    if (!w->seq) {
        pthread_cond_wait(&w->changed, &w->mutex);
        return;
    }
    clock_gettime(CLOCK_MONOTONIC, &until);
    left += (uint64_t)until.tv_nsec;
    until.tv_sec += (time_t)(left / 1000000000);
    until.tv_nsec = (long)(left % 1000000000);
    pthread_cond_timedwait(&w->changed, &w->mutex, &until);
}

static void *watch_thread(void *arg)
{
    struct watch *w = arg;
    pthread_mutex_lock(&w->mutex);
    while (!w->ends) {
        if (w->seq && now_ns() >= w->next)
            tell_locked(w);
        else
            wait_locked(w);
    }
    pthread_mutex_unlock(&w->mutex);
    return NULL;
}

/* ---- requests ---- */

void watch_begin(struct watch *w, int64_t seq, const char *command)
{
    if (!w)
        return;
    pthread_mutex_lock(&w->mutex);
    w->seq = seq;
    w->command = command;
    w->next = now_ns() + FIRST_NS;
    w->told = false;
    w->state = (struct watch_state){.done = 0};
    pthread_cond_signal(&w->changed);
    pthread_mutex_unlock(&w->mutex);
}

void watch_end(struct watch *w)
{
    if (!w)
        return;
    pthread_mutex_lock(&w->mutex);
    int64_t seq = w->told ? w->seq : 0;
    w->seq = 0;
    pthread_mutex_unlock(&w->mutex);
    if (seq)
        IGNORE_ERR(send(w->out, "progressEnd", seq, NULL, NULL)); /* as above */
}

struct watch *watch_start(struct output *o)
{
    struct watch *w = xcalloc(1, sizeof(*w));
    pthread_condattr_t monotonic;
    w->out = o;
    pthread_mutex_init(&w->mutex, NULL);
    pthread_condattr_init(&monotonic);
    pthread_condattr_setclock(&monotonic, CLOCK_MONOTONIC);
    pthread_cond_init(&w->changed, &monotonic);
    pthread_condattr_destroy(&monotonic);
    if (pthread_create(&w->thread, NULL, watch_thread, w) == 0)
        return w;
    pthread_cond_destroy(&w->changed);
    pthread_mutex_destroy(&w->mutex);
    free(w);
    return NULL;
}

void watch_stop(struct watch *w)
{
    if (!w)
        return;
    pthread_mutex_lock(&w->mutex);
    w->ends = true;
    pthread_cond_signal(&w->changed);
    pthread_mutex_unlock(&w->mutex);
    pthread_join(w->thread, NULL);
    pthread_cond_destroy(&w->changed);
    pthread_mutex_destroy(&w->mutex);
    free(w);
}
