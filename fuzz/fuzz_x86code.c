/* SPDX-License-Identifier: Apache-2.0 */
/* The search for the way out of x86 code. The input is code, its first two bytes say where in it the pc and
 * the function's start are. */
#include <stdlib.h>

#include "unwind/code.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);

enum { CODE = 0x401000 };

static void require(bool holds)
{
    if (!holds)
        abort();
}

static size_t read_code(void *arg, taddr at, void *buf, size_t n)
{
    const struct bytes *code = arg;
    if (at < CODE || at - CODE >= code->n)
        return 0;
    size_t left = code->n - (size_t)(at - CODE);
    memcpy(buf, code->p + (at - CODE), n < left ? n : left);
    return n < left ? n : left;
}

static void check(const struct arch *a, struct bytes code, size_t pc, size_t function, bool exact)
{
    struct code_view v = {
        .arch = a,
        .pc = CODE + pc,
        .exact = exact,
        .function = function <= pc ? CODE + function : 0,
        .end = CODE + code.n,
        .read = read_code,
        .arg = &code,
    };
    struct rules out[CODE_ANSWERS];
    const struct code_ops *ops = code_ops_find(a);
    size_t n = ops->rules(&v, out);
    require(n <= CODE_ANSWERS);
    for (size_t i = 0; i < n; i++)
        require(out[i].cfa.reg == a->sp || out[i].cfa.reg == a->fp);
    taddr target;
    ops->is_call(a, (struct bytes){.p = code.p, .n = pc}, v.pc, &target);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
    if (n < 3 || n > 1024)
        return 0;
    struct bytes code = {.p = data + 2, .n = n - 2};
    size_t pc = data[0] % code.n, function = data[1] % code.n;
    for (int exact = 0; exact < 2; exact++) {
        check(&arch_x86_64, code, pc, function, exact);
        check(&arch_i386, code, pc, function, exact);
        check(&arch_aarch64, code, pc & ~(size_t)3, function & ~(size_t)3, exact);
        check(&arch_riscv64, code, pc & ~(size_t)1, function & ~(size_t)1, exact);
    }
    return 0;
}
