/* SPDX-License-Identifier: Apache-2.0 */
/* Goroutines in damaged memory. The input: the version's minor number, a byte of switches, the size of the function
 * table (2 bytes), a thread's instruction pointer, stack pointer, fs base, rbx, r12 and r14, the table, and memory,
 * in which the list of goroutines is looked for, and everything that hangs on it. The table is of code at TEXT, the
 * memory is at MEMORY; both are as the readers before this one would have left them. */
#include <string.h>

#include "fuzz_go.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);

enum { TEXT = 0x401000, MEMORY = 0xc000000000, MEMORY_SIZE = 0x10000, TID = 77, INPUT_MAX = 16384 };
enum { SWITCH_NO_THREAD = 1, SWITCH_COPY = 4 };

static void add_thread(struct image *im, struct cursor *c)
{
    static const uint16_t numbers[] = {16, 7, 58, 3, 12, 14}; /* DWARF's; in the order of the input */
    struct image_thread *t = vec_push(&im->threads);
    t->tid = TID;
    t->has_regs = true;
    for (size_t i = 0; i < ARRAY_LEN(numbers); i++)
        regs_set(&t->regs, numbers[i], cursor_u64(c));
}

/* As attach() leaves it. */
static struct rt *rt_of(struct modules *ms, unsigned minor, struct bytes memory)
{
    struct rt *rt = xcalloc(1, sizeof(*rt));
    rt->ms = ms;
    rt->build = (struct go_build){.minor = minor, .version = "go1"};
    rt->layout = go_layout_find(minor);
    rt->why_no_layout = "not known";
    pthread_mutex_init(&rt->lock, NULL);
    go_stepper_init(rt);
    *vec_push(&rt->modules) = (struct go_module){.text = TEXT,
                                                 .etext = TEXT + MEMORY_SIZE,
                                                 .minpc = TEXT,
                                                 .maxpc = TEXT + MEMORY_SIZE,
                                                 .types = MEMORY,
                                                 .etypes = MEMORY + memory.n,
                                                 .data_start = MEMORY,
                                                 .data_end = MEMORY + memory.n};
    return rt;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
    enum { HEAD = 4 + 6 * 8 };
    if (n < HEAD || n > INPUT_MAX)
        return 0;
    struct cursor c = cursor_of((struct bytes){data, n}, 0, "input");
    uint8_t minor = cursor_u8(&c), switches = cursor_u8(&c);
    size_t size = cursor_u16(&c);
    struct image im = {.kind = IMAGE_CORE, .path = "fuzz", .arch = &arch_x86_64};
    add_thread(&im, &c);
    if (switches & SWITCH_NO_THREAD)
        im.threads.n = 0;
    size = size < cursor_left(&c) ? size : cursor_left(&c);
    struct bytes table = cursor_bytes(&c, size), memory = cursor_bytes(&c, cursor_left(&c));
    space_add(&im.space,
              (struct space_range){.start = MEMORY, .end = MEMORY + MEMORY_SIZE, .data = memory.p, .have = memory.n});
    space_sort(&im.space);
    struct modules *ms = modules_load(&im, &(struct module_opts){.no_debuginfod = true});
    struct rt *rt = rt_of(ms, minor, memory);
    const struct pclntab_place place = {.text = TEXT, .what = "input"};
    struct err *e = pclntab_open(table, &place, &rt->modules.v[0].table);
    err_free(e); /* then no function is known */
    if (switches & SWITCH_COPY) {
        go_plan(rt);
        for (taddr sp = MEMORY; sp < MEMORY + memory.n; sp += 512)
            (void)go_stack_end(rt, sp);
        go_copy(rt, &im, &(struct rt_copy_wish){0});
        space_sort(&im.space);
    }
    fuzz_go_all(rt);
    runtime_go.free(rt);
    modules_free(ms);
    for (size_t i = 0; i < im.problems.n; i++)
        err_free(im.problems.v[i]);
    vec_done(&im.problems);
    vec_done(&im.threads);
    space_done(&im.space);
    arena_done(&im.arena);
    return 0;
}
