/* SPDX-License-Identifier: Apache-2.0 */
#include "base/work.h"

#include <pthread.h>
#include <sched.h>
#include <signal.h>

#include "base/mem.h"
#include "base/workers.h"

struct job {
    atomic_size_t next;
    size_t n;
    void (*fn)(void *arg, size_t i);
    void *arg;
};

static void *work(void *arg)
{
    struct job *job = arg;
    size_t i;
    while ((i = atomic_fetch_add_explicit(&job->next, 1, memory_order_relaxed)) < job->n)
        job->fn(job->arg, i);
    return NULL;
}

/* Processors that this process may use, which in a container are fewer than the machine has. */
static size_t processors(void)
{
    cpu_set_t set;
    if (sched_getaffinity(0, sizeof(set), &set) == 0)
        return (size_t)CPU_COUNT(&set);
    long n = sysconf(_SC_NPROCESSORS_ONLN); /* more processors than a cpu_set_t holds */
    return n > 0 ? (size_t)n : 1;
}

/* Workers leave signals to the thread that installed the handlers, except those that a worker's own
 * instructions raise: blocked, these would end the process without the handler. */
static void block_signals(sigset_t *before)
{
    static const int own[] = {SIGBUS, SIGFPE, SIGILL, SIGSEGV, SIGSYS, SIGTRAP};
    sigset_t block;
    sigfillset(&block);
    for (size_t i = 0; i < ARRAY_LEN(own); i++)
        sigdelset(&block, own[i]);
    pthread_sigmask(SIG_BLOCK, &block, before);
}

/* On this thread and up to `more` others. */
static void run(size_t more, void *(*main)(void *arg), void *arg)
{
    pthread_t *threads = xcalloc(more, sizeof(*threads));
    size_t started = 0;
    sigset_t before;
    block_signals(&before);
    /* A thread that does not start is no error: the others do its work. */
    while (started < more && pthread_create(&threads[started], NULL, main, arg) == 0)
        started++;
    pthread_sigmask(SIG_SETMASK, &before, NULL);

    main(arg);
    for (size_t i = 0; i < started; i++)
        pthread_join(threads[i], NULL);
    free(threads);
}

void parallel_for(size_t n, void (*fn)(void *arg, size_t i), void *arg)
{
    struct job job = {.n = n, .fn = fn, .arg = arg};
    size_t want = n < 2 ? 0 : processors() - 1; /* threads besides this one */

    run(want > 0 && want >= n ? n - 1 : want, work, &job);
}

static void *work_once(void *arg)
{
    struct job *job = arg;

    job->fn(job->arg, atomic_fetch_add_explicit(&job->next, 1, memory_order_relaxed));
    return NULL;
}

void parallel_workers(size_t more, void (*fn)(void *arg, size_t i), void *arg)
{
    run(processors() - 1 + more, work_once, &(struct job){.fn = fn, .arg = arg});
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
