/* SPDX-License-Identifier: Apache-2.0 */
/* Turns on one session: here that of the test's own file. */
#include "unit.h"

#include "front/serve/shared.h"

#include <pthread.h>
#include <stdatomic.h>
#include <unistd.h>

static int open_own(void **state)
{
    char path[4096];
    struct session_opts opts = {.names_only = true, .no_index = true};
    struct shared *sh;
    ssize_t n = readlink("/proc/self/exe", path, sizeof(path) - 1);
    if (n < 0)
        return -1;
    path[n] = 0;
    struct err *e = shared_open_with(path, &opts, &sh);
    err_free(e);
    *state = sh;
    return e ? -1 : 0;
}

static int close_own(void **state)
{
    shared_free(*state);
    return 0;
}

struct asker {
    struct shared *sh;
    struct turn turn;
    atomic_int *inside, *most;
    struct err *e;
};

static void *ask(void *arg)
{
    struct asker *a = arg;
    for (int i = 0; i < 200 && !a->e; i++) {
        a->e = turn_begin(&a->turn, a->sh);
        if (a->e)
            break;
        int now = atomic_fetch_add(a->inside, 1) + 1;
        if (now > atomic_load(a->most))
            atomic_store(a->most, now);
        atomic_fetch_sub(a->inside, 1);
        turn_end(&a->turn);
    }
    return NULL;
}

static void one_thread_at_a_time(void **state)
{
    enum { THREADS = 4 };
    atomic_int inside = 0, most = 0;
    struct asker askers[THREADS];
    pthread_t threads[THREADS];
    for (int i = 0; i < THREADS; i++) {
        askers[i] = (struct asker){.sh = *state, .inside = &inside, .most = &most};
        assert_int_equal(pthread_create(&threads[i], NULL, ask, &askers[i]), 0);
    }
    for (int i = 0; i < THREADS; i++) {
        pthread_join(threads[i], NULL);
        assert_null(askers[i].e);
    }
    assert_int_equal(atomic_load(&most), 1);
}

static struct err *let_other_in(void *arg)
{
    struct asker *other = arg;
    TRY(turn_begin(&other->turn, other->sh));
    turn_end(&other->turn);
    return NULL;
}

static struct err *fail_to_send(void *arg)
{
    (void)arg;
    return err_new(ERR_GONE, "the client has left");
}

static void others_have_their_turns_while_one_sends(void **state)
{
    struct asker other = {.sh = *state};
    struct turn t = {0};
    assert_ok(turn_begin(&t, *state));
    assert_ok(turn_yield(&t, let_other_in, &other));
    assert_non_null(t.session);
    struct err *e = turn_yield(&t, fail_to_send, NULL);
    assert_non_null(e);
    assert_int_equal(e->code, ERR_GONE);
    err_free(e);
    assert_null(t.session); /* it has ended */
    turn_end(&t);
    assert_ok(turn_begin(&t, *state));
    turn_end(&t);
}

static void what_is_cancelled_ends_and_the_next_does_not(void **state)
{
    struct turn t = {0};
    turn_cancel(&t); /* none is active */
    assert_ok(turn_begin(&t, *state));
    turn_cancel(&t);
    const struct sstack *stacks;
    size_t n;
    struct err *e = session_stacks(t.session, &stacks, &n);
    assert_true(!e || e->code == ERR_CANCELLED);
    err_free(e);
    turn_end(&t);
    turn_cancel(&t);
    assert_ok(turn_begin(&t, *state));
    turn_end(&t);
}

static struct err *count(struct session *s, void *arg)
{
    (void)s;
    ++*(int *)arg;
    return NULL;
}

static void control_changes_the_generation_and_the_end_refuses(void **state)
{
    struct turn t = {0};
    int counted = 0;
    assert_ok(turn_begin(&t, *state));
    uint64_t before = turn_generation(&t);
    assert_ok(turn_control(&t, count, &counted)); /* in this thread, which opened the session */
    assert_int_equal(counted, 1);
    assert_int_not_equal(turn_generation(&t), before);
    turn_end(&t);
    shared_end(*state);
    struct err *e = turn_begin(&t, *state);
    assert_non_null(e);
    assert_int_equal(e->code, ERR_CANCELLED);
    err_free(e);
}

RUN_TESTS(cmocka_unit_test_setup_teardown(one_thread_at_a_time, open_own, close_own),
          cmocka_unit_test_setup_teardown(others_have_their_turns_while_one_sends, open_own, close_own),
          cmocka_unit_test_setup_teardown(what_is_cancelled_ends_and_the_next_does_not, open_own, close_own),
          cmocka_unit_test_setup_teardown(control_changes_the_generation_and_the_end_refuses, open_own, close_own))
