/* SPDX-License-Identifier: Apache-2.0 */
/* Objects of builds of Python without a GIL, in memory laid out as both releases of the allocator do: one page of a thread
 * that runs, one that a thread left. */
#include "unit.h"

#include "rt/cpython/greenlets.h"

enum {
    INTERPRETERS = 0x10000,
    INTERPRETER = 0x20000,
    THREAD = 0x30000,
    RECORD_SIZE = 0x8000,
    SEGMENT = 1 << 25,
    LIVE = 3 * SEGMENT,
    LEFT = 5 * SEGMENT,
    SLICE = 1 << 16,
    HEAD = 2 * SLICE, /* of a segment: its own slice, and one of objects */
    COOKIE = 0x5eed,
    BLOCK = 64,
    BLOCKS = 5, /* 0 and 4 are objects; 1 and 2 were freed; 3 is not tracked */
    TYPE = 0x1234560,
};

/* Where the allocator has its fields; as in Include/internal/mimalloc/mimalloc/types.h. */
static const struct form {
    unsigned minor, heap, queues, heap_tag, cookie, entries, thread, slices, entry, local_free, next, tag, shift,
        object, block, start;
} forms[] = {
    {13, 3064, 1040, 3057, 216, 248, 256, 264, 96, 32, 56, 8, 3, 9, 28, 0}, /* 2.1.2 */
    {14, 3088, 1288, 249, 224, 272, 280, 288, 112, 24, 72, 35, 0, 37, 40, 48}, /* 2.5.2 */
};

struct memory {
    const struct form *form;
    struct image im;
    struct rt rt;
    uint8_t interpreters[8], interpreter[RECORD_SIZE], thread[RECORD_SIZE], live[HEAD], left[HEAD];
    taddr seen[16];
    size_t n;
};

static void put(uint8_t *at, uint64_t v, size_t size)
{
    memcpy(at, &v, size);
}

static void add_piece(struct image *im, taddr at, const uint8_t *b, size_t n)
{
    space_add(&im->space, (struct space_range){.start = at, .end = at + n, .data = b, .have = n});
    *vec_push(&im->maps) = (struct mapping){.start = at, .end = at + n};
}

static taddr first_block(const struct form *f, taddr segment)
{
    return segment + SLICE + (f->start ? 0 : 3 * BLOCK);
}

static uint8_t *page_of(const struct form *f, uint8_t *segment)
{
    return segment + f->slices + f->entry;
}

static void fill_segment(struct memory *m, uint8_t *b, taddr at, uint64_t thread)
{
    const struct form *f = m->form;
    const struct py_layout *l = &m->rt.l;
    uint8_t *page = page_of(f, b);
    taddr first = first_block(f, at);
    put(b + f->cookie, at ^ COOKIE, 8);
    put(b + f->entries, 2, 8);
    put(b + f->thread, thread, 8);
    put(b + f->slices, 1, 4); /* slices of its own */
    put(page, 1, 4);
    page[f->tag] |= (uint8_t)(2 << f->shift);
    page[f->object] = (uint8_t)l->object_type;
    put(page + 10, BLOCKS, 2);
    put(page + 16, first + BLOCK, 8);
    put(page + f->local_free, first + 2 * BLOCK, 8);
    put(page + f->block, BLOCK, 4);
    if (f->start)
        put(page + f->start, first, 8);
    for (unsigned i = 0; i < BLOCKS; i++) {
        uint8_t *object = b + (first - at) + (size_t)i * BLOCK;
        object[l->object_refcnt - 1] = i != 3;
        put(object + l->object_type, TYPE, 8);
    }
}

static void fill(struct memory *m, const struct form *f)
{
    const struct py_layout *l = py_layout_find(f->minor, true);
    assert_non_null(l);
    *m = (struct memory){.form = f, .im = {.kind = IMAGE_CORE, .path = "memory", .arch = &arch_x86_64}};
    m->rt =
        (struct rt){.version = 3u << 24 | f->minor << 16, .l = *l, .free_threaded = true, .interpreters = INTERPRETERS};
    put(m->interpreters, INTERPRETER, 8);
    put(m->interpreter + l->interp_threads_head, THREAD, 8);
    for (unsigned i = 0; i < 4; i++) {
        uint8_t *heap = m->thread + l->thread_heaps + (size_t)i * f->heap;
        put(heap, 0x77, 8);
        heap[f->heap_tag] = (uint8_t)i;
        if (i == 2)
            put(heap + f->queues + 24 * 7, (taddr)LIVE + f->slices + f->entry, 8);
    }
    fill_segment(m, m->live, LIVE, 0x77);
    fill_segment(m, m->left, LEFT, 0);
    add_piece(&m->im, INTERPRETERS, m->interpreters, sizeof(m->interpreters));
    add_piece(&m->im, INTERPRETER, m->interpreter, RECORD_SIZE);
    add_piece(&m->im, THREAD, m->thread, RECORD_SIZE);
    add_piece(&m->im, LIVE, m->live, HEAD);
    add_piece(&m->im, LEFT, m->left, HEAD);
    space_sort(&m->im.space);
    m->rt.ms = modules_load(&m->im, &(struct module_opts){.no_debuginfod = true});
}

static void note(void *arg, taddr object, taddr type)
{
    struct memory *m = arg;
    assert_int_equal(type, TYPE);
    assert_true(m->n < ARRAY_LEN(m->seen));
    m->seen[m->n++] = object;
}

static bool walk(struct memory *m)
{
    m->n = 0;
    return py_each_gc(&m->rt, false, 0, note, m);
}

static void done(struct memory *m)
{
    py_forget(&m->rt);
    arena_done(&m->rt.arena);
    modules_free(m->rt.ms);
    vec_done(&m->im.maps);
    space_done(&m->im.space);
    arena_done(&m->im.arena);
    free(m);
}

static void of_threads_and_what_they_left(void **state)
{
    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(forms); i++) {
        struct memory *m = xcalloc(1, sizeof(*m));
        fill(m, &forms[i]);
        assert_true(walk(m));
        assert_int_equal(m->n, 4);
        assert_int_equal(m->seen[0], first_block(&forms[i], LIVE));
        assert_int_equal(m->seen[1], first_block(&forms[i], LIVE) + 4 * BLOCK);
        assert_int_equal(m->seen[2], first_block(&forms[i], LEFT));
        assert_int_equal(m->seen[3], first_block(&forms[i], LEFT) + 4 * BLOCK);
        done(m);
    }
}

/* What is damaged is said, and the rest is found. */
static void damaged(void **state)
{
    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(forms); i++) {
        const struct form *f = &forms[i];
        struct memory *m = xcalloc(1, sizeof(*m));
        uint8_t *page;
        fill(m, f);
        page = page_of(f, m->live);
        put(page + f->next, (taddr)LIVE + f->slices + f->entry, 8); /* a list of pages in a circle */
        assert_false(walk(m));
        put(page + f->next, 0, 8);
        put(page + 16, 0x99, 8); /* a free block outside of the page: of the others one more is an object then */
        assert_false(walk(m));
        assert_int_equal(m->n, 5);
        put(page + 16, 0, 8);
        put(page + 10, UINT16_MAX, 2); /* more blocks than the page has room for */
        assert_false(walk(m));
        assert_int_equal(m->n, 2);
        put(page + 10, BLOCKS, 2);
        put(page_of(f, m->left), 0, 4); /* a page of no slices */
        assert_false(walk(m));
        m->thread[m->rt.l.thread_heaps + f->heap_tag] = 9; /* no heaps at all */
        assert_false(walk(m));
        assert_int_equal(m->n, 0);
        done(m);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(of_threads_and_what_they_left),
        cmocka_unit_test(damaged),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
