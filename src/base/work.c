/* SPDX-License-Identifier: Apache-2.0 */
#include "base/work.h"

#include <pthread.h>
#include <sched.h>
#include <unistd.h>

enum { MAX_THREADS = 64 };

struct job {
    atomic_size_t next;
    size_t n;
    void (*fn)(void *arg, size_t i);
    void *arg;
};

static void *run(void *arg)
{
    struct job *job = arg;
    size_t i;

    while ((i = atomic_fetch_add(&job->next, 1)) < job->n)
        job->fn(job->arg, i);
    return NULL;
}

static size_t processors(void)
{
    cpu_set_t set;

    if (sched_getaffinity(0, sizeof(set), &set) != 0)
        return 1;
    int n = CPU_COUNT(&set);
    return n < 1 ? 1 : n > MAX_THREADS ? MAX_THREADS : (size_t)n;
}

void parallel_for(size_t n, void (*fn)(void *arg, size_t i), void *arg)
{
    struct job job = {.n = n, .fn = fn, .arg = arg};
    pthread_t threads[MAX_THREADS];
    size_t helpers = n > 1 ? processors() - 1 : 0, started = 0;

    if (helpers > n - 1 && n > 0)
        helpers = n - 1;
    /* A thread that cannot be made only means that the others do more. */
    while (started < helpers && pthread_create(&threads[started], NULL, run, &job) == 0)
        started++;
    run(&job);
    while (started > 0)
        pthread_join(threads[--started], NULL);
}

void progress_report(struct progress *p, const char *what, uint64_t done, uint64_t total)
{
    if (p && p->report)
        p->report(p, what, done, total);
}

bool progress_cancelled(struct progress *p)
{
    return p && atomic_load_explicit(&p->cancelled, memory_order_relaxed);
}
