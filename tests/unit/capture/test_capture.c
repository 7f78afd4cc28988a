/* SPDX-License-Identifier: Apache-2.0 */
/* Cores of a child that is held, and of images made here: written, opened again and compared. */
#define UNIT_ASAN_OPTIONS ":detect_leaks=0"
#include "unit.h"

#include <elf.h>
#include <fcntl.h>
#include <inttypes.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "capture/capture.h"

enum { THREADS = 5, MIB = 1 << 20, PAGE = 4096 };

struct shared {
    atomic_int ready;
    /* Mappings of the child, by what a core holds of them. */
    uint8_t *sparse, *left_out, *secret, *shared_memory, *set_aside, *reserved;
};
static const size_t reserved = (size_t)64 << 30; /* bytes */
static struct shared *shared;
static char dir[] = "/tmp/inquest-capture-XXXXXX";

static uint8_t *map(size_t n, int prot, int flags)
{
    void *p = mmap(NULL, n, prot, flags | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    if (p == MAP_FAILED)
        abort();
    return p;
}

static void *waiter(void *arg)
{
    shared->ready++;
    for (;;)
        pause();
    return arg;
}

static void body(void)
{
    pthread_t t;
    shared->sparse = map(64L * MIB, PROT_READ | PROT_WRITE, MAP_PRIVATE);
    shared->sparse[40 * MIB + 5] = 7;
    shared->left_out = map(MIB, PROT_READ | PROT_WRITE, MAP_PRIVATE);
    memset(shared->left_out, 8, MIB);
    madvise(shared->left_out, MIB, MADV_DONTDUMP);
    shared->secret = map(MIB, PROT_READ | PROT_WRITE, MAP_PRIVATE);
    memset(shared->secret, 9, MIB);
    mprotect(shared->secret, MIB, PROT_NONE);
    shared->shared_memory = map(MIB, PROT_READ | PROT_WRITE, MAP_SHARED);
    memset(shared->shared_memory, 10, MIB);
    shared->set_aside = map((size_t)1 << 40, PROT_NONE, MAP_PRIVATE);
    for (int i = 0; i < THREADS; i++)
        if (pthread_create(&t, NULL, waiter, NULL))
            abort();
    waiter(NULL);
}

/* Of each run of pages the number of the first, and how many. Those behind the long one stand in blocks that had its bytes. */
static const size_t used[][2] = {{0, 1},      {5000, 1},   {5002, 2},   {100000, 9000},
                                 {200000, 1}, {200002, 1}, {200009, 1}, {((size_t)64 << 18) - 1, 1}};

static void reserving(void)
{
    shared->reserved = map(reserved, PROT_READ | PROT_WRITE, MAP_PRIVATE);
    for (size_t i = 0; i < ARRAY_LEN(used); i++)
        memset(shared->reserved + used[i][0] * PAGE, (int)i + 1, used[i][1] * PAGE);
    body();
}

static pid_t start_with(void (*child)(void))
{
    memset(shared, 0, sizeof(*shared));
    pid_t pid = fork();
    assert_true(pid >= 0);
    if (pid == 0) {
        prctl(PR_SET_PDEATHSIG, SIGKILL);
        child();
    }
    for (int i = 0; i < 5000 && shared->ready <= THREADS; i++)
        nanosleep(&(struct timespec){.tv_nsec = 1000000}, NULL);
    assert_true(shared->ready > THREADS);
    return pid;
}

static pid_t start(void)
{
    return start_with(body);
}

static void end(pid_t pid)
{
    kill(pid, SIGKILL);
    waitpid(pid, NULL, 0);
}

static const char *path_of(const char *name)
{
    static char path[128];
    snprintf(path, sizeof(path), "%s/%s", dir, name);
    unlink(path);
    return path;
}

static struct image *reopen(const char *path)
{
    struct image *im = NULL;
    assert_ok(image_core_open(path, NULL, &im));
    assert_int_equal(im->problems.n, 0);
    unlink(path);
    return im;
}

static const struct image_note *note_of(const struct image_thread *t, uint32_t type)
{
    for (size_t i = 0; i < t->n_notes; i++)
        if (t->notes[i].type == type)
            return &t->notes[i];
    return NULL;
}

static void same_threads(const struct image *a, const struct image *b)
{
    assert_int_equal(a->threads.n, b->threads.n);
    for (size_t i = 0; i < a->threads.n; i++) {
        const struct image_thread *x = &a->threads.v[i], *y = &b->threads.v[i];
        assert_int_equal(x->tid, y->tid);
        assert_int_equal(x->signal, y->signal);
        assert_int_equal(x->gp.n, y->gp.n);
        assert_memory_equal(x->gp.p, y->gp.p, x->gp.n);
        for (size_t k = 0; k < a->arch->n_sets; k++) {
            const struct image_note *m = note_of(x, a->arch->sets[k].type), *n = note_of(y, a->arch->sets[k].type);
            assert_true(m && n && m->desc.n == n->desc.n);
            assert_memory_equal(m->desc.p, n->desc.p, m->desc.n);
        }
    }
}

static void same_process(const struct image *a, const struct image *b)
{
    assert_int_equal(a->pid, b->pid);
    assert_int_equal(a->ppid, b->ppid);
    assert_int_equal(a->pgrp, b->pgrp);
    assert_int_equal(a->sid, b->sid);
    assert_int_equal(a->uid, b->uid);
    assert_string_equal(a->comm, b->comm);
    assert_string_equal(a->exe, b->exe);
    assert_int_equal(a->auxv.n, b->auxv.n);
    assert_memory_equal(a->auxv.v, b->auxv.v, a->auxv.n * sizeof(*a->auxv.v));
    assert_int_equal(a->signal.signo, b->signal.signo);
    assert_int_equal(a->signal.code, b->signal.code);
    assert_int_equal(a->signal.pid, b->signal.pid);
    assert_int_equal(a->crashed_tid, b->crashed_tid);
    for (size_t i = 0; i < a->maps.n; i++) {
        const struct mapping *m = &a->maps.v[i], *n = image_mapping(b, m->start);
        assert_non_null(n);
        assert_int_equal(m->end, n->end);
        assert_int_equal(m->prot, n->prot);
        if (m->path && m->path[0] == '/') {
            assert_string_equal(m->path, n->path);
            assert_int_equal(m->offset, n->offset);
            assert_int_equal(m->deleted, n->deleted);
        }
    }
}

/* All that can be written to and was not left out (as AddressSanitizer's own memory is) is in the core. */
static void same_memory(struct image *a, const struct image *b)
{
    static uint8_t x[MIB], y[MIB];
    struct mapping_facts *facts = calloc(a->maps.n, sizeof(*facts));
    uint32_t filter;
    assert_non_null(facts);
    if (a->kind == IMAGE_LIVE)
        assert_ok(image_mapping_facts(a, facts, &filter));
    for (size_t i = 0; i < a->maps.n; i++) {
        const struct mapping *m = &a->maps.v[i];
        if (!(m->prot & PROT_BIT_WRITE) || facts[i].left_out || !m->present)
            continue;
        for (taddr at = m->start; at < m->end; at += MIB) {
            size_t n = m->end - at < MIB ? (size_t)(m->end - at) : MIB;
            assert_ok(space_read(&a->space, at, x, n));
            assert_ok(space_read(&b->space, at, y, n));
            assert_memory_equal(x, y, n);
        }
    }
    free(facts);
}

static uint8_t byte_at(const struct image *im, const uint8_t *p)
{
    uint8_t b = 0;
    assert_ok(space_read(&im->space, (taddr)(uintptr_t)p, &b, 1));
    return b;
}

static void lacks(const struct image *im, const uint8_t *p)
{
    uint8_t b;
    assert_err(space_read(&im->space, (taddr)(uintptr_t)p, &b, 1), ERR_NOT_IN_DUMP);
}

static void of_a_process(void **state)
{
    (void)state;
    pid_t pid = start();
    struct image *im = NULL;
    struct capture_result got;
    struct stat st;
    assert_ok(image_hold_open(pid, &im));
    const char *path = path_of("core");
    assert_ok(capture_core(im, path, &(struct capture_opts){0}, &got));
    assert_int_equal(got.skipped, 0);
    assert_int_equal(stat(path, &st), 0);
    assert_int_equal(st.st_size, got.size);
    assert_int_equal(st.st_mode & 0777, 0600);
    assert_true(st.st_blocks * 512 < 40L * MIB);

    struct image *core = reopen(path);
    assert_string_equal(core->writer, "inquest");
    same_threads(im, core);
    same_process(im, core);
    same_memory(im, core);
    assert_int_equal(byte_at(core, shared->sparse + 40 * MIB + 5), 7);
    assert_int_equal(byte_at(core, shared->sparse + 50 * MIB), 0);
    assert_int_equal(byte_at(core, shared->secret), 9);
    assert_int_equal(byte_at(core, shared->shared_memory + PAGE), 10);
    lacks(core, shared->left_out);
    lacks(core, shared->set_aside);
    /* The program's first page, for its build-id. */
    uint64_t phdrs;
    uint8_t magic[SELFMAG];
    assert_true(image_auxv(core, AT_PHDR, &phdrs));
    assert_ok(space_read(&core->space, phdrs & ~(uint64_t)(PAGE - 1), magic, sizeof(magic)));
    assert_memory_equal(magic, ELFMAG, SELFMAG);

    /* Of that core again. */
    path = path_of("copy");
    assert_ok(capture_core(core, path, &(struct capture_opts){0}, &got));
    struct image *copy = reopen(path);
    same_threads(core, copy);
    same_process(core, copy);
    same_memory(core, copy);
    lacks(copy, shared->left_out);
    image_free(copy);
    image_free(core);
    image_free(im);
    end(pid);
}

#ifndef __has_feature
#define __has_feature(x) 0
#endif

static void of_all_memory(void **state)
{
    (void)state;
    if (__has_feature(address_sanitizer))
        skip(); /* it sets 16 TiB aside, all of which this would look through */
    pid_t pid = start();
    struct image *im = NULL;
    struct capture_result got;
    assert_ok(image_hold_open(pid, &im));
    const char *path = path_of("all");
    assert_ok(capture_core(im, path, &(struct capture_opts){.all = true}, &got));
    struct image *core = reopen(path);
    assert_int_equal(byte_at(core, shared->left_out), 8);
    lacks(core, shared->set_aside);
    /* Code as well. */
    uint64_t entry;
    uint8_t byte;
    assert_true(image_auxv(core, AT_ENTRY, &entry));
    assert_ok(space_read(&core->space, entry, &byte, 1));
    image_free(core);
    image_free(im);
    end(pid);
}

/* What was never used is neither made nor looked through, and reads as zeros. */
static void of_reserved_memory(void **state)
{
    (void)state;
    pid_t pid = start_with(reserving);
    for (int packed = 0; packed < 2; packed++) {
        struct image *im = NULL;
        struct capture_result got;
        assert_ok(image_hold_open(pid, &im));
        const char *path = path_of("reserved");
        assert_ok(capture_core(im, path, &(struct capture_opts){.pack = packed}, &got));
        assert_int_equal(got.skipped, 0);
        struct image *core = reopen(path);
        for (size_t i = 0; i < ARRAY_LEN(used); i++) {
            const uint8_t *first = shared->reserved + used[i][0] * PAGE, *end = first + used[i][1] * PAGE;
            assert_int_equal(byte_at(core, first), i + 1);
            assert_int_equal(byte_at(core, end - 1), i + 1);
            if (i > 0)
                assert_int_equal(byte_at(core, first - 1), 0);
            if (i + 1 < ARRAY_LEN(used))
                assert_int_equal(byte_at(core, end), 0);
        }
        assert_int_equal(byte_at(core, shared->reserved + reserved / 2), 0);
        image_free(core);
        image_free(im);
    }
    end(pid);
}

static void add_page(struct page_runs *keep, const uint8_t *at)
{
    taddr start = (taddr)(uintptr_t)at & ~(taddr)(PAGE - 1);
    *vec_push(&keep->v) = (struct page_run){start, start + PAGE};
}

static int by_start(const void *a, const void *b)
{
    const struct page_run *x = a, *y = b;
    return x->start < y->start ? -1 : x->start > y->start;
}

static bool has(const struct image *im, const uint8_t *p)
{
    uint8_t b;
    return space_read_some(&im->space, (taddr)(uintptr_t)p, &b, 1) == 1;
}

/* All mappings, and of their memory the pages that were asked for and are not left out in any case. */
static void of_some_pages(void **state)
{
    (void)state;
    pid_t pid = start();
    struct image *im = NULL;
    struct capture_result got;
    struct page_runs keep = {.v = {0}};
    assert_ok(image_hold_open(pid, &im));
    add_page(&keep, shared->sparse + 40 * MIB);
    add_page(&keep, shared->sparse + 63 * MIB);
    add_page(&keep, shared->left_out);
    add_page(&keep, shared->secret + 5 * PAGE);
    add_page(&keep, shared->secret + MIB); /* of something else, or of nothing */
    add_page(&keep, (const uint8_t *)16);
    qsort(keep.v.v, keep.v.n, sizeof(*keep.v.v), by_start);
    const char *path = path_of("some");
    assert_ok(capture_core(im, path, &(struct capture_opts){.keep = &keep}, &got));
    assert_int_equal(got.skipped, 0);
    assert_true(got.size < MIB);
    struct image *core = reopen(path);
    same_threads(im, core);
    same_process(im, core);
    assert_int_equal(byte_at(core, shared->sparse + 40 * MIB + 5), 7);
    assert_int_equal(byte_at(core, shared->sparse + 63 * MIB + PAGE - 1), 0);
    assert_int_equal(byte_at(core, shared->secret + 5 * PAGE), 9);
    assert_false(has(core, shared->sparse + 40 * MIB - 1));
    assert_false(has(core, shared->sparse + 40 * MIB + PAGE));
    assert_false(has(core, shared->secret + 6 * PAGE));
    lacks(core, shared->left_out);

    /* Less of that core. */
    keep.v.n = 0;
    add_page(&keep, shared->secret + 5 * PAGE);
    path = path_of("less");
    assert_ok(capture_core(core, path, &(struct capture_opts){.keep = &keep}, &got));
    struct image *less = reopen(path);
    same_threads(core, less);
    same_process(core, less);
    assert_int_equal(byte_at(less, shared->secret + 5 * PAGE + 1), 9);
    assert_false(has(less, shared->sparse + 40 * MIB + 5));
    image_free(less);
    image_free(core);
    image_free(im);
    page_runs_done(&keep);
    end(pid);
}

static void with_a_signal(void **state)
{
    (void)state;
    pid_t pid = start();
    struct image *im = NULL;
    struct image_stop stop;
    struct capture_result got;
    static const struct image_signals all = {.stop = UINT64_MAX, .pass = UINT64_MAX};
    assert_ok(image_hold_open(pid, &im));
    assert_int_equal(kill(pid, SIGABRT), 0);
    assert_ok(image_hold_continue(im, &all, NULL, &stop));
    int32_t other = im->threads.v[im->threads.v[3].tid == stop.tid ? 2 : 3].tid; /* any thread may get it */
    const char *path = path_of("signal");
    assert_ok(capture_core(im, path, &(struct capture_opts){0}, &got));
    struct image *core = reopen(path);
    assert_int_equal(core->crashed_tid, stop.tid);
    assert_int_equal(core->signal.signo, SIGABRT);
    assert_int_equal(core->signal.pid, getpid());
    assert_int_equal(core->threads.v[0].tid, stop.tid);
    image_free(core);
    /* Debuggers select the first; to us the one that failed is first all the same. */
    path = path_of("selected");
    assert_ok(capture_core(im, path, &(struct capture_opts){.first_tid = other}, &got));
    core = reopen(path);
    assert_int_equal(core->threads.v[0].tid, stop.tid);
    assert_int_equal(core->threads.v[1].tid, other);
    image_free(core);
    image_free(im);
    end(pid);
}

static void refused(void **state)
{
    (void)state;
    pid_t pid = start();
    struct image *im = NULL;
    struct capture_result got;
    struct progress cancelled = {.cancelled = true};
    assert_ok(image_hold_open(pid, &im));
    const char *path = path_of("there");
    close(open(path, O_CREAT | O_WRONLY, 0644));
    assert_err(capture_core(im, path, &(struct capture_opts){0}, &got), ERR_USAGE);
    path = path_of("cancelled");
    assert_err(capture_core(im, path, &(struct capture_opts){.progress = &cancelled}, &got), ERR_CANCELLED);
    assert_err(capture_core(im, "/nowhere/core", &(struct capture_opts){0}, &got), ERR_NOT_FOUND);
    path = path_of("gone");
    kill(pid, SIGKILL); /* its parent cannot wait for it before it is let go */
    nanosleep(&(struct timespec){.tv_nsec = 50000000}, NULL);
    assert_err(capture_core(im, path, &(struct capture_opts){0}, &got), ERR_GONE);
    image_free(im);
    end(pid);
    unlink(path_of("there"));
    assert_int_equal(rmdir(dir), 0); /* nothing else was left */
    assert_int_equal(mkdir(dir, 0700), 0);
}

/* An image of pieces: more segments than e_phnum can count, beginnings and ends missing. */
static void made_image(const struct arch *arch, size_t n)
{
    static uint8_t data[PAGE];
    struct image im = {.kind = IMAGE_CORE, .arch = arch, .path = "made", .pid = 7, .has_ids = true, .comm = "made"};
    struct capture_result got;
    memset(data, 0x5a, sizeof(data));
    for (size_t i = 0; i < n; i++) {
        taddr at = 0x10000 + i * 4 * PAGE;
        *vec_push(&im.maps) = (struct mapping){.start = at, .end = at + 2 * PAGE, .prot = PROT_BIT_READ};
        space_add(&im.space, (struct space_range){.start = at + 8, .end = at + 48, .data = data, .have = 32});
    }
    *vec_push(&im.threads) = (struct image_thread){.tid = 7, .has_regs = true};
    regs_set(&im.threads.v[0].regs, arch->sp, 0x12345678);
    const char *path = path_of("made");
    assert_ok(capture_core(&im, path, &(struct capture_opts){0}, &got));
    struct image *core = reopen(path);
    assert_ptr_equal(core->arch, arch);
    assert_int_equal(core->threads.v[0].tid, 7);
    assert_int_equal(core->threads.v[0].regs.val[arch->sp], 0x12345678);
    for (size_t i = 0; i < n; i++) {
        taddr at = 0x10000 + i * 4 * PAGE;
        uint8_t b[33];
        assert_int_equal(space_read_some(&core->space, at + 8, b, sizeof(b)), 32);
        assert_int_equal(b[0], 0x5a);
        assert_int_equal(space_read_some(&core->space, at, b, 1), 0);
        assert_int_equal(space_read_some(&core->space, at + 2 * PAGE - 1, b, 1), 0);
    }
    image_free(core);
    vec_done(&im.maps);
    vec_done(&im.threads);
    space_done(&im.space);
}

static void of_other_machines(void **state)
{
    (void)state;
    made_image(&arch_i386, 3);
    made_image(&arch_aarch64, 3);
    made_image(&arch_riscv64, 3);
}

static void of_many_segments(void **state)
{
    (void)state;
    made_image(&arch_x86_64, 30000);
    made_image(&arch_i386, 30000);
}

struct seen {
    pthread_mutex_t lock;
    size_t n;
    struct {
        taddr start, end;
        size_t from, to;
    } v[8];
};

static void see(void *arg, taddr at, uint8_t *bytes, size_t n, size_t from, size_t to)
{
    struct seen *seen = arg;
    assert_int_equal(bytes[from], 0x5a);
    bytes[from] = 'x';
    pthread_mutex_lock(&seen->lock);
    assert_true(seen->n < ARRAY_LEN(seen->v));
    seen->v[seen->n].start = at;
    seen->v[seen->n].end = at + n;
    seen->v[seen->n].from = from;
    seen->v[seen->n++].to = to;
    pthread_mutex_unlock(&seen->lock);
}

static void see_text(void *arg, uint8_t *bytes, size_t n)
{
    (void)arg, (void)bytes, (void)n;
}

static uint64_t see_word(void *arg, uint64_t value)
{
    (void)arg;
    return value;
}

static void see_end(void *arg, struct text *out)
{
    (void)arg, (void)out;
}

/* Two mappings beside each other and one behind a gap: what touches is seen at once, and nothing of the gap. */
static void as_a_filter_sees_it(void **state)
{
    static uint8_t data[PAGE];
    static const taddr places[] = {0x10000, 0x10000 + PAGE, 0x10000 + 3 * PAGE};
    struct image im = {.kind = IMAGE_CORE, .arch = &arch_x86_64, .path = "made", .pid = 7, .has_ids = true};
    struct seen seen = {.lock = PTHREAD_MUTEX_INITIALIZER};
    struct capture_filter filter = {
        .reach = 9 * PAGE, .memory = see, .text = see_text, .word = see_word, .record = see_end, .arg = &seen};
    struct capture_result got;
    uint8_t b;

    (void)state;
    memset(data, 0x5a, sizeof(data));
    for (size_t i = 0; i < ARRAY_LEN(places); i++) {
        taddr at = places[i];
        *vec_push(&im.maps) = (struct mapping){.start = at, .end = at + PAGE, .prot = PROT_BIT_READ};
        space_add(&im.space, (struct space_range){.start = at, .end = at + PAGE, .data = data, .have = PAGE});
    }
    *vec_push(&im.threads) = (struct image_thread){.tid = 7, .has_regs = true};
    const char *path = path_of("seen");
    assert_ok(capture_core(&im, path, &(struct capture_opts){.filter = &filter}, &got));
    assert_int_equal(seen.n, 2);
    for (size_t i = 0; i < seen.n; i++) {
        size_t first = seen.v[i].start == places[0] ? 0 : 2, pages = first ? 1 : 2;
        assert_int_equal(seen.v[i].start, places[first]);
        assert_int_equal(seen.v[i].end, places[first] + pages * PAGE);
        assert_int_equal(seen.v[i].from, 0);
        assert_int_equal(seen.v[i].to, pages * PAGE);
    }
    struct image *core = reopen(path);
    for (size_t i = 0; i < ARRAY_LEN(places); i++) {
        assert_int_equal(space_read_some(&core->space, places[i], &b, 1), 1);
        assert_int_equal(b, i == 1 ? 0x5a : 'x');
    }
    image_free(core);
    vec_done(&im.maps);
    vec_done(&im.threads);
    space_done(&im.space);
}

int main(void)
{
    shared = mmap(NULL, sizeof(*shared), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    if (!mkdtemp(dir))
        return 1;
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(of_a_process),
        cmocka_unit_test(of_some_pages),
        cmocka_unit_test(of_all_memory),
        cmocka_unit_test(with_a_signal),
        cmocka_unit_test(refused),
        cmocka_unit_test(of_other_machines),
        cmocka_unit_test(of_many_segments),
        cmocka_unit_test(of_reserved_memory),
        cmocka_unit_test(as_a_filter_sees_it),
    };
    int failed = cmocka_run_group_tests(tests, NULL, NULL);
    rmdir(dir);
    return failed;
}
