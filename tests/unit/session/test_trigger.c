/* SPDX-License-Identifier: Apache-2.0 */
/* Conditions, fed with samples: no clock and no process but in the last. */
#include "unit.h"

#include <signal.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/mem.h"
#include "session/trigger.h"

#define SECOND UINT64_C(1000000000)

static struct trigger parsed(const char *text)
{
    struct trigger t;
    assert_ok(trigger_parse(text, &t));
    return t;
}

static void conditions_are_read(void **state)
{
    (void)state;
    static const char *const wrong[] = {"",
                                        "cpu",
                                        "cpu>",
                                        "cpu>x%",
                                        "cpu>90%:",
                                        "cpu<90%",
                                        "rss>4X",
                                        "rss>4G:1w",
                                        "threads>5%",
                                        "fds>-1",
                                        "no-progress",
                                        "no-progress:0",
                                        "cpu>1 ",
                                        "rss>99999999999999999999",
                                        "no-progressive:3s",
                                        "rss>99999999T"};
    assert_int_equal(parsed("cpu>90%").duration, SECOND);
    assert_int_equal(parsed("cpu>90%:10s").duration, 10 * SECOND);
    assert_int_equal(parsed("cpu>250").limit, 250);
    assert_int_equal(parsed("rss>4G").limit, UINT64_C(4) << 30);
    assert_int_equal(parsed("rss>5k:2m").duration, 120 * SECOND);
    assert_int_equal(parsed("threads>500").kind, TRIGGER_THREADS);
    assert_int_equal(parsed("fds>1000").limit, 1000);
    assert_int_equal(parsed("no-progress:500ms").duration, SECOND / 2);
    for (size_t i = 0; i < ARRAY_LEN(wrong); i++) {
        struct trigger t;
        struct err *e = trigger_parse(wrong[i], &t);
        if (!e)
            fail_msg("'%s' was taken", wrong[i]);
        assert_int_equal(e->code, ERR_USAGE);
        err_free(e);
    }
}

static bool feed(struct trigger *t, uint64_t at, uint64_t cpu, uint64_t resident)
{
    return trigger_feed(t, &(struct watch_sample){
                               .at = at, .cpu_ns = cpu, .resident = resident, .threads = resident, .files = resident});
}

static void a_limit_fires_once_until_it_is_kept_again(void **state)
{
    (void)state;
    struct trigger t = parsed("rss>100");

    assert_false(feed(&t, 1, 0, 100));
    assert_true(feed(&t, 2, 0, 101));
    assert_false(feed(&t, 3, 0, 500));
    assert_false(feed(&t, 4, 0, 100));
    assert_true(feed(&t, 5, 0, 101));
    trigger_forget(&t);
    assert_true(feed(&t, 6, 0, 101));
}

static void it_has_to_hold_without_a_break(void **state)
{
    (void)state;
    struct trigger t = parsed("threads>10:3s");

    for (uint64_t s = 1; s <= 3; s++)
        assert_false(feed(&t, s * SECOND, 0, 11));
    assert_false(feed(&t, 4 * SECOND - 1, 0, 10)); /* a break */
    for (uint64_t s = 5; s <= 7; s++)
        assert_false(feed(&t, s * SECOND, 0, 11));
    assert_true(feed(&t, 8 * SECOND, 0, 11));
}

static void processor_time_is_averaged(void **state)
{
    (void)state;
    struct trigger t = parsed("cpu>50%:10s");
    uint64_t at = SECOND, cpu = 0;
    bool fired = false;

    /* After idling, two busy threads: the mean of ten seconds is above half a processor after some 2.5 of them. */
    for (int i = 0; i < 60; i++, at += SECOND / 5)
        assert_false(feed(&t, at, cpu, 0));
    for (int i = 0; i < 50 && !fired; i++, at += SECOND / 5, cpu += SECOND / 5 * 2)
        fired = feed(&t, at, cpu, 0);
    assert_true(fired);
    assert_in_range(cpu, 5 * SECOND, 7 * SECOND);
    /* One below the limit for ever never fires, however long it is watched. */
    t = parsed("cpu>50%:10s");
    for (int i = 0; i < 2000; i++, at += SECOND / 5, cpu += SECOND / 10)
        assert_false(feed(&t, at, cpu, 0));
}

static void stillness_is_no_processor_time_at_all(void **state)
{
    (void)state;
    struct trigger t = parsed("no-progress:5s");

    for (uint64_t s = 1; s <= 5; s++)
        assert_false(feed(&t, s * SECOND, 7, 0));
    assert_false(feed(&t, 6 * SECOND - 1, 8, 0)); /* it ran for a nanosecond */
    assert_false(feed(&t, 10 * SECOND, 8, 0));
    assert_true(feed(&t, 11 * SECOND, 8, 0));
    assert_false(feed(&t, 30 * SECOND, 8, 0));
}

static void the_end_is_told(void **state)
{
    (void)state;
    struct triggers t;
    struct trigger_hit hit;
    static const char *const texts[] = {"fds>1000000", "rss>1T"};
    pid_t child = fork();

    if (child == 0) {
        prctl(PR_SET_PDEATHSIG, SIGKILL);
        for (;;)
            pause();
    }
    assert_ok(triggers_open(child, texts, 2, &t));
    assert_ok(triggers_wait(&t, 0, 1, NULL, &hit)); /* the time came */
    assert_null(hit.text);
    assert_int_equal(hit.seen.threads, 1);
    assert_true(hit.seen.files >= 1);
    kill(child, SIGKILL);
    struct err *e = triggers_wait(&t, 0, 0, NULL, &hit);
    assert_non_null(e);
    assert_int_equal(e->code, ERR_GONE);
    err_free(e);
    triggers_done(&t);
    waitpid(child, NULL, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(conditions_are_read),
        cmocka_unit_test(a_limit_fires_once_until_it_is_kept_again),
        cmocka_unit_test(it_has_to_hold_without_a_break),
        cmocka_unit_test(processor_time_is_averaged),
        cmocka_unit_test(stillness_is_no_processor_time_at_all),
        cmocka_unit_test(the_end_is_told),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
