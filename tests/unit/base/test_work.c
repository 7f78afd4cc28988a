/* SPDX-License-Identifier: Apache-2.0 */
#include "unit.h"

#include <pthread.h>
#include <sched.h>
#include <signal.h>

#include "base/log.h"
#include "base/work.h"
#include "base/workers.h"

enum { ITEMS = 10000 };

static void count(void *arg, size_t i)
{
    atomic_int *seen = arg;
    atomic_fetch_add(&seen[i], 1);
}

static void each_item_is_done_once(void **state)
{
    (void)state;
    static atomic_int seen[ITEMS];
    parallel_for(ITEMS, count, seen);
    for (size_t i = 0; i < ITEMS; i++)
        assert_int_equal(atomic_load(&seen[i]), 1);
}

static void must_not_run(void *arg, size_t i)
{
    (void)arg;
    (void)i;
    abort();
}

static void nothing_to_do(void **state)
{
    (void)state;
    parallel_for(0, must_not_run, NULL);
}

static void note_thread(void *arg, size_t i)
{
    ((pthread_t *)arg)[i] = pthread_self();
}

static void one_item_stays_here(void **state)
{
    (void)state;
    pthread_t by;
    parallel_for(1, note_thread, &by);
    assert_true(pthread_equal(by, pthread_self()));
}

struct meeting {
    pthread_barrier_t all;
    atomic_int seen[ITEMS];
};

static void meet(void *arg, size_t i)
{
    struct meeting *m = arg;
    atomic_fetch_add(&m->seen[i], 1);
    pthread_barrier_wait(&m->all);
}

/* At the same time: a barrier that lacks one of them would never open. */
static void workers_beyond_the_processors(void **state)
{
    (void)state;
    static struct meeting m;
    cpu_set_t set;
    assert_int_equal(sched_getaffinity(0, sizeof(set), &set), 0);
    unsigned n = (unsigned)CPU_COUNT(&set) + 2;
    pthread_barrier_init(&m.all, NULL, n);
    parallel_workers(2, meet, &m);
    pthread_barrier_destroy(&m.all);
    for (unsigned i = 0; i < ITEMS; i++)
        assert_int_equal(atomic_load(&m.seen[i]), i < n);
}

static void nest(void *arg, size_t i)
{
    (void)i;
    atomic_int inner[10] = {0};
    parallel_for(10, count, inner);
    for (size_t k = 0; k < 10; k++)
        atomic_fetch_add((atomic_int *)arg, atomic_load(&inner[k]));
}

static void nested(void **state)
{
    (void)state;
    atomic_int total = 0;
    parallel_for(10, nest, &total);
    assert_int_equal(atomic_load(&total), 100);
}

static void signals_stay_with_the_caller(void **state)
{
    (void)state;
    sigset_t before, after;
    pthread_sigmask(SIG_SETMASK, NULL, &before);
    atomic_int seen[4] = {0};
    parallel_for(4, count, seen);
    pthread_sigmask(SIG_SETMASK, NULL, &after);
    assert_int_equal(sigismember(&before, SIGINT), sigismember(&after, SIGINT));
}

static void note_progress(struct progress *p, const char *what, uint64_t done, uint64_t total)
{
    assert_string_equal(what, "bytes");
    assert_int_equal(total, 100);
    *(uint64_t *)p->arg = done;
}

static void progress(void **state)
{
    (void)state;
    uint64_t done = 0;
    struct progress p = {.report = note_progress, .arg = &done};
    progress_report(&p, "bytes", 40, 100);
    assert_int_equal(done, 40);
    assert_false(progress_cancelled(&p));
    atomic_store(&p.cancelled, true);
    assert_true(progress_cancelled(&p));

    struct progress silent = {0};
    progress_report(&silent, "bytes", 1, 2);
    progress_report(NULL, "bytes", 1, 2);
    assert_false(progress_cancelled(NULL));
}

static void time_goes_on(void **state)
{
    (void)state;
    uint64_t t = now_ns();
    assert_true(t > 0);
    assert_true(now_ns() >= t);
}

RUN_TESTS(cmocka_unit_test(each_item_is_done_once), cmocka_unit_test(nothing_to_do),
          cmocka_unit_test(one_item_stays_here), cmocka_unit_test(workers_beyond_the_processors),
          cmocka_unit_test(nested), cmocka_unit_test(signals_stay_with_the_caller), cmocka_unit_test(progress),
          cmocka_unit_test(time_goes_on))
