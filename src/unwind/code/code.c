/* SPDX-License-Identifier: Apache-2.0 */
#include "unwind/code.h"

static const struct code_ops *const all[] = {&code_x86_64, &code_i386, &code_aarch64, &code_riscv64};

const struct code_ops *code_ops_find(const struct arch *a)
{
    for (size_t i = 0; i < ARRAY_LEN(all); i++)
        if (all[i]->elf_machine == a->elf_machine)
            return all[i];
    return NULL;
}
