/* SPDX-License-Identifier: Apache-2.0 */
#include "front/dap/inbox.h"

#include "base/mem.h"

void request_free(struct request *r)
{
    if (!r)
        return;
    incoming_free(r->root);
    free(r);
}

void inbox_init(struct inbox *in)
{
    *in = (struct inbox){.n = 0};
    pthread_mutex_init(&in->mutex, NULL);
    pthread_cond_init(&in->changed, NULL);
}

void inbox_done(struct inbox *in)
{
    for (struct request *r = in->first, *next; r; r = next) {
        next = r->next;
        request_free(r);
    }
    request_free(in->now);
    pthread_cond_destroy(&in->changed);
    pthread_mutex_destroy(&in->mutex);
}

bool inbox_put(struct inbox *in, struct request *r, bool (*waits)(const struct request *r))
{
    pthread_mutex_lock(&in->mutex);
    while (in->n >= INBOX_MAX && !in->ended && !in->running)
        pthread_cond_wait(&in->changed, &in->mutex);
    bool taken = !in->running || waits(r);
    if (taken) {
        r->next = NULL;
        if (in->last)
            in->last->next = r;
        else
            in->first = r;
        in->last = r;
        in->n++;
        pthread_cond_broadcast(&in->changed);
    }
    pthread_mutex_unlock(&in->mutex);
    return taken;
}

struct request *inbox_take(struct inbox *in)
{
    pthread_mutex_lock(&in->mutex);
    while (!in->first && !in->ended)
        pthread_cond_wait(&in->changed, &in->mutex);
    struct request *r = in->first;
    if (r) {
        in->first = r->next;
        if (!in->first)
            in->last = NULL;
        in->n--;
        in->now = r;
        pthread_cond_broadcast(&in->changed);
    }
    pthread_mutex_unlock(&in->mutex);
    return r;
}

void inbox_answered(struct inbox *in)
{
    pthread_mutex_lock(&in->mutex);
    request_free(in->now);
    in->now = NULL;
    pthread_mutex_unlock(&in->mutex);
}

void inbox_end(struct inbox *in)
{
    pthread_mutex_lock(&in->mutex);
    in->ended = true;
    pthread_cond_broadcast(&in->changed);
    pthread_mutex_unlock(&in->mutex);
}

bool inbox_cancel(struct inbox *in, int64_t seq)
{
    pthread_mutex_lock(&in->mutex);
    bool now = in->now && in->now->seq == seq;
    for (struct request *r = in->first; r; r = r->next)
        r->cancelled = r->cancelled || r->seq == seq;
    pthread_mutex_unlock(&in->mutex);
    return now;
}

static bool any_locked(const struct inbox *in, bool (*fn)(const struct request *r))
{
    bool any = in->ended;
    for (const struct request *r = in->first; r && !any; r = r->next)
        any = fn(r);
    return any;
}

bool inbox_run(struct inbox *in, bool (*stops)(const struct request *r))
{
    pthread_mutex_lock(&in->mutex);
    bool runs = !any_locked(in, stops);
    in->running = runs;
    pthread_cond_broadcast(&in->changed);
    pthread_mutex_unlock(&in->mutex);
    return runs;
}

void inbox_stopped(struct inbox *in)
{
    pthread_mutex_lock(&in->mutex);
    in->running = false;
    pthread_mutex_unlock(&in->mutex);
}

bool inbox_waits(struct inbox *in, bool (*fn)(const struct request *r))
{
    pthread_mutex_lock(&in->mutex);
    bool any = any_locked(in, fn);
    pthread_mutex_unlock(&in->mutex);
    return any;
}
