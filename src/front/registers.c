/* SPDX-License-Identifier: Apache-2.0 */
#include "front/registers.h"

#include <string.h>

/* gdb's order of a processor's registers; general ones of another processor are in the kernel's order. */
struct register_order {
    const char *arch;
    const char *names[3]; /* by enum register_group, separated by blanks; a range is "st0-7" */
};
static const struct register_order orders[] = {
    {"x86_64",
     {"rax rbx rcx rdx rsi rdi rbp rsp r8-15 rip eflags cs ss ds es fs gs fs_base gs_base k0-7",
      "st0-7 fctrl fstat ftag fiseg fioff foseg fooff fop", "mxcsr xmm0-15 ymm0-15"}},
    {"i386",
     {"eax ecx edx ebx esp ebp esi edi eip eflags cs ss ds es fs gs",
      "st0-7 fctrl fstat ftag fiseg fioff foseg fooff fop", "mxcsr xmm0-7"}},
    {"aarch64", {"x0-30 sp pc cpsr", "", "v0-31 fpsr fpcr"}},
};

/* The words of a list, ranges spelt out. */
static struct err *each_name(const char *list, struct err *(*fn)(void *arg, const char *name), void *arg)
{
    for (const char *p = list; *p; p += strspn(p, " ")) {
        size_t n = strcspn(p, " "), stem = 0;
        SCOPED(freep) char *word = xstrndup(p, n);
        char *dash = strchr(word, '-');
        unsigned first = 0, last = 0;
        if (dash) {
            last = (unsigned)strtoul(dash + 1, NULL, 10);
            for (stem = (size_t)(dash - word); stem && word[stem - 1] >= '0' && word[stem - 1] <= '9';)
                stem--;
            first = (unsigned)strtoul(word + stem, NULL, 10);
        }
        for (unsigned i = first; i <= last; i++) {
            SCOPED(freep) char *name = dash ? xasprintf("%.*s%u", (int)stem, word, i) : xstrdup(word);
            TRY(fn(arg, name));
        }
        p += n;
    }
    return NULL;
}

struct err *each_register(const struct arch *a, enum register_group group,
                          struct err *(*fn)(void *arg, const char *name), void *arg)
{
    for (size_t i = 0; i < ARRAY_LEN(orders); i++)
        if (strcmp(orders[i].arch, a->name) == 0)
            return each_name(orders[i].names[group], fn, arg);
    for (size_t i = 0; group == GROUP_GENERAL && i < a->n_regs; i++)
        TRY(fn(arg, a->regs[i].name));
    return NULL;
}
