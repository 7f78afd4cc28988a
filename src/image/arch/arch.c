/* SPDX-License-Identifier: Apache-2.0 */
#include "image/arch.h"

#include <elf.h>

static const struct arch *const all[] = {&arch_x86_64, &arch_i386, &arch_aarch64, &arch_riscv64};

const struct arch *arch_find(uint16_t elf_machine, uint8_t elf_class)
{
    uint8_t addr_size = elf_class == ELFCLASS64 ? 8 : 4;

    for (size_t i = 0; i < ARRAY_LEN(all); i++)
        if (all[i]->elf_machine == elf_machine && all[i]->addr_size == addr_size)
            return all[i];
    return NULL;
}

const struct arch *arch_native(void)
{
#if defined(__x86_64__)
    return &arch_x86_64;
#elif defined(__i386__)
    return &arch_i386;
#elif defined(__aarch64__)
    return &arch_aarch64;
#elif defined(__riscv) && __riscv_xlen == 64
    return &arch_riscv64;
#else
#error "no file in image/arch/ for this processor"
#endif
}

void arch_regs_from_prstatus(const struct arch *a, struct bytes pr_reg, struct regs *out)
{
    *out = (struct regs){0};
    for (size_t i = 0; i < a->n_regs; i++) {
        const struct reg_desc *d = &a->regs[i];
        struct cursor c = cursor_of(pr_reg, 0, "general registers");

        cursor_skip(&c, d->offset);
        uint64_t v = cursor_uint(&c, d->size);
        if (!c.failed && d->dwarf != REG_NONE)
            regs_set(out, d->dwarf, v);
    }
}

const struct sigframe_desc *arch_sigframe(const struct arch *a, struct bytes code)
{
    for (size_t i = 0; i < a->n_sigframes; i++) {
        const struct sigframe_desc *s = &a->sigframes[i];
        if (code.n >= s->code_size && memcmp(code.p, s->code, s->code_size) == 0)
            return s;
    }
    return NULL;
}

const char *arch_reg_name(const struct arch *a, unsigned dwarf)
{
    for (size_t i = 0; i < a->n_regs; i++)
        if (a->regs[i].dwarf == dwarf && dwarf != REG_NONE)
            return a->regs[i].name;
    for (size_t i = 0; i < a->n_views; i++)
        if (a->views[i].dwarf == dwarf)
            return a->views[i].name;
    return NULL;
}

static bool reg_of_role(const struct arch *a, const char *name, unsigned *dwarf)
{
    const struct {
        const char *name;
        uint16_t dwarf;
    } roles[] = {{"pc", a->pc}, {"sp", a->sp}, {"fp", a->fp}};

    for (size_t i = 0; i < ARRAY_LEN(roles); i++) {
        if (strcmp(roles[i].name, name) == 0) {
            *dwarf = roles[i].dwarf;
            return true;
        }
    }
    return false;
}

bool arch_reg_named(const struct arch *a, const char *name, unsigned *dwarf, unsigned *size)
{
    for (size_t i = 0; i < a->n_regs; i++) {
        if (a->regs[i].dwarf != REG_NONE && strcmp(a->regs[i].name, name) == 0) {
            *dwarf = a->regs[i].dwarf;
            *size = a->regs[i].size;
            return true;
        }
    }
    for (size_t i = 0; i < a->n_views; i++) {
        if (strcmp(a->views[i].name, name) == 0) {
            *dwarf = a->views[i].dwarf;
            *size = a->views[i].size;
            return true;
        }
    }
    *size = a->addr_size;
    return reg_of_role(a, name, dwarf);
}
