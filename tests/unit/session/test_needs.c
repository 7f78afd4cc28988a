/* SPDX-License-Identifier: Apache-2.0 */
/* What a small core of a child of this test would hold. */
#include "unit.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/mem.h"
#include "session/needs.h"

enum { P = IMAGE_PAGE, PAGES = 64 };

/* Where things are in it, which is in memory that both see. */
struct places {
    taddr stack, near, far;
    volatile int ready;
};

struct child {
    pid_t pid;
    struct places *at;
};

static uint64_t *fresh_pages(void)
{
    void *p = mmap(NULL, PAGES * P, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (p == MAP_FAILED)
        _exit(1);
    return p;
}

/* A word of its stack leads to `near`, the first word of which leads to `far`; nothing leads on from there. */
static void __attribute__((noinline, noreturn)) live(struct places *at)
{
    uint64_t *volatile near = fresh_pages();
    uint64_t *far = fresh_pages();

    near[0] = (uint64_t)(uintptr_t)&far[2 * P / sizeof(*far)];
    far[2 * P / sizeof(*far)] = 1;
    at->stack = (taddr)(uintptr_t)__builtin_frame_address(0);
    at->near = (taddr)(uintptr_t)near;
    at->far = (taddr)(uintptr_t)far;
    far = NULL;
    at->ready = 1;
    for (;;)
        pause();
}

static int start(void **state)
{
    struct child *c = xcalloc(1, sizeof(*c));
    c->at = mmap(NULL, P, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    if (c->at == MAP_FAILED)
        return -1;
    c->pid = fork();
    if (c->pid == 0)
        live(c->at);
    while (c->pid > 0 && !c->at->ready && waitpid(c->pid, NULL, WNOHANG) == 0)
        usleep(1000);
    *state = c;
    return c->pid > 0 && c->at->ready ? 0 : -1;
}

static int end(void **state)
{
    struct child *c = *state;
    kill(c->pid, SIGKILL);
    waitpid(c->pid, NULL, 0);
    munmap(c->at, P);
    free(c);
    return 0;
}

static void find(const struct child *c, uint64_t heap, struct needs *n)
{
    struct session *s;
    char target[16];
    snprintf(target, sizeof(target), "%d", (int)c->pid);
    needs_init(n);
    struct session_opts opts = {
        .modules = {.no_debuginfod = true}, .names_only = true, .hold = true, .watch = &n->watch};
    assert_ok(session_open(target, &opts, &s));
    assert_ok(needs_find(s, heap, n));
    session_free(s);
}

static void stacks_are_needed_and_what_they_lead_to_is_not(void **state)
{
    const struct child *c = *state;
    struct needs n;
    find(c, 0, &n);
    assert_true(page_set_has(&n.pages, c->at->stack));
    for (taddr i = 0; i < PAGES; i++) {
        assert_false(page_set_has(&n.pages, c->at->near + i * P));
        assert_false(page_set_has(&n.pages, c->at->far + i * P));
    }
    needs_done(&n);
}

static void the_heap_is_what_is_reached(void **state)
{
    const struct child *c = *state;
    struct needs none, n;
    find(c, 0, &none);
    find(c, UINT64_C(1) << 40, &n);
    assert_true(page_set_has(&n.pages, c->at->near));
    assert_true(page_set_has(&n.pages, c->at->far + 2 * P));
    assert_false(page_set_has(&n.pages, c->at->far + 40 * P)); /* nothing points there */
    assert_true(n.pages.n > none.pages.n);
    needs_done(&n);
    needs_done(&none);
}

static void a_limit_is_one(void **state)
{
    const struct child *c = *state;
    struct needs none, n;
    find(c, 0, &none);
    find(c, 3 * P, &n);
    assert_true(n.pages.n > none.pages.n && n.pages.n <= none.pages.n + 3);
    needs_done(&n);
    needs_done(&none);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(stacks_are_needed_and_what_they_lead_to_is_not),
        cmocka_unit_test(the_heap_is_what_is_reached),
        cmocka_unit_test(a_limit_is_one),
    };
    return cmocka_run_group_tests(tests, start, end);
}
