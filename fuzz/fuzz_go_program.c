/* SPDX-License-Identifier: Apache-2.0 */
/* A damaged Go program: the input is its file and its memory. Build info, moduledata (by section, symbol or search),
 * the function table, and then everything that runtime_go gives. No file of this machine is opened. */
#include <elf.h>

#include "fuzz_go.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);

enum { BASE = 0x400000, PAGE = 4096, INPUT_MAX = 32768 };

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
    if (n < sizeof(Elf64_Ehdr) || n > INPUT_MAX)
        return 0;
    struct image im = {.kind = IMAGE_CORE, .path = "/nonexistent/core", .arch = &arch_x86_64};
    taddr end = BASE + (n + PAGE - 1) / PAGE * PAGE;
    bool found = false;
    struct rt *rt = NULL;
    *vec_push(&im.maps) = (struct mapping){
        .start = BASE, .end = end, .prot = PROT_BIT_READ | PROT_BIT_EXEC, .path = "/nonexistent/program", .present = n};
    *vec_push(&im.threads) = (struct image_thread){.tid = 77, .has_regs = true};
    regs_set(&im.threads.v[0].regs, 16, BASE + PAGE);
    regs_set(&im.threads.v[0].regs, 7, BASE + n / 2);
    space_add(&im.space, (struct space_range){.start = BASE, .end = end, .data = data, .have = n});
    space_sort(&im.space);
    struct modules *ms = modules_load(&im, &(struct module_opts){.sysroot = "/nonexistent", .no_debuginfod = true});
    struct err *e = runtime_go.detect(ms, &found);
    if (!e && found)
        e = runtime_go.attach(ms, &rt);
    err_free(e);
    if (rt)
        fuzz_go_all(rt);
    runtime_go.free(rt);
    modules_free(ms);
    vec_done(&im.maps);
    vec_done(&im.threads);
    space_done(&im.space);
    arena_done(&im.arena);
    return 0;
}
