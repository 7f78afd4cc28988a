/* SPDX-License-Identifier: Apache-2.0 */
/* Whole walks without tables. The input: a byte for the processor, one for the size of the code in units of 4,
 * one for the stack pointer, one for the frame pointer, then code and stack. A walk must end, say why, and its
 * frames must give the registers that single steps give. */
#include <stdlib.h>

#include "unwind/unwind.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);

enum { CODE = 0x401000, STACK = 0x7fff0000, REGION = 0x1000, MAX_CHECKED = 32 };

static void require(bool holds)
{
    if (!holds)
        abort();
}

static void add_region(struct image *im, taddr at, uint8_t prot, struct bytes b)
{
    *vec_push(&im->maps) = (struct mapping){.start = at, .end = at + REGION, .prot = prot, .present = b.n};
    space_add(&im->space, (struct space_range){.start = at, .end = at + REGION, .data = b.p, .have = b.n});
}

static void walk(struct image *im, const struct regs *start)
{
    const struct module_opts opts = {.no_debuginfod = true};
    struct modules *ms = modules_load(im, &opts);
    struct unwinder *u = unwinder_new(ms);
    struct frames f;
    unwind_stack(u, start, 0, &f);
    require(f.frames.n >= 1);
    for (size_t i = 0; i < f.frames.n && i < MAX_CHECKED; i++) {
        struct regs r;
        struct err *err = unwind_regs(u, start, i, &r);
        require(!err && r.val[im->arch->pc] == f.frames.v[i].pc);
    }
    frames_done(&f);
    unwinder_free(u);
    modules_free(ms);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
    static const struct arch *const arches[] = {&arch_x86_64, &arch_i386, &arch_aarch64, &arch_riscv64};
    if (n < 5)
        return 0;
    size_t code = (size_t)data[1] * 4;
    if (code > n - 4 || n > REGION)
        return 0;
    struct image im = {.kind = IMAGE_CORE, .arch = arches[data[0] & 3]};
    add_region(&im, CODE, PROT_BIT_READ | PROT_BIT_EXEC, (struct bytes){.p = data + 4, .n = code});
    add_region(&im, STACK, PROT_BIT_READ | PROT_BIT_WRITE, (struct bytes){.p = data + 4 + code, .n = n - 4 - code});

    struct regs start = {0};
    regs_set(&start, im.arch->pc, CODE + (data[0] >> 2));
    regs_set(&start, im.arch->sp, STACK + data[2] * 4U);
    regs_set(&start, im.arch->fp, STACK + data[3] * 4U);
    if (im.arch->lr != REG_NONE)
        regs_set(&start, im.arch->lr, CODE + data[2]);
    walk(&im, &start);
    vec_done(&im.maps);
    space_done(&im.space);
    return 0;
}
