/* SPDX-License-Identifier: Apache-2.0 */
/* Where a server listens. */
#include "unit.h"

#include "front/serve/listen.h"

static void refused(const char *address, bool remote, enum err_code code)
{
    struct listen_opts opts = {.address = address, .same_user = true, .allow_remote = remote};
    struct listener l;
    struct err *e = listener_open(&opts, &l);
    if (!e) {
        listener_done(&l);
        fail_msg("listens at %s", address);
    }
    assert_int_equal(e->code, code);
    err_free(e);
}

static void bad_addresses_and_those_of_other_machines_are_refused(void **state)
{
    (void)state;
    refused("", false, ERR_USAGE);
    refused("localhost", false, ERR_USAGE);
    refused("127.0.0.1:", false, ERR_USAGE);
    refused("127.0.0.1:nonsense", false, ERR_USAGE);
    refused("0.0.0.0:0", false, ERR_USAGE);
    refused("unix:", false, ERR_USAGE);
    refused("unix:/nonexistent/folder/x", false, ERR_NOT_FOUND);
}

static void without_a_host_it_is_this_machine(void **state)
{
    struct listen_opts opts = {.address = ":0", .same_user = true};
    struct listener l;
    struct text t = {0};
    (void)state;
    assert_ok(listener_open(&opts, &l));
    listener_put_address(&l, &t);
    assert_int_equal(strncmp(text_str(&t), "127.0.0.1:", strlen("127.0.0.1:")), 0);
    assert_true(l.same_user && !l.token);
    text_done(&t);
    listener_done(&l);
}

static void beyond_this_machine_there_is_a_token(void **state)
{
    struct listen_opts opts = {.address = "127.0.0.1:0", .same_user = true, .allow_remote = true};
    struct listener l, other;
    (void)state;
    assert_ok(listener_open(&opts, &l));
    assert_ok(listener_open(&opts, &other));
    assert_true(strlen(l.token) >= 32 && strcmp(l.token, other.token) != 0);
    listener_done(&l);
    listener_done(&other);
}

RUN_TESTS(cmocka_unit_test(bad_addresses_and_those_of_other_machines_are_refused),
          cmocka_unit_test(without_a_host_it_is_this_machine), cmocka_unit_test(beyond_this_machine_there_is_a_token))
