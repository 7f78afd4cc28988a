/* SPDX-License-Identifier: Apache-2.0 */
/* A core for what needs any target: one thread, a page of memory, no files. */
#ifndef SMALL_CORE_H
#define SMALL_CORE_H

#include <elf.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/procfs.h>
#include <unistd.h>

#include "base/cursor.h"

enum { SMALL_PAGE = 4096, SMALL_LOAD_AT = 0x400000 };

static inline size_t put_note(char *at, uint32_t type, const void *desc, uint32_t n)
{
    Elf64_Nhdr h = {.n_namesz = 5, .n_descsz = n, .n_type = type};
    memcpy(at, &h, sizeof(h));
    memcpy(at + sizeof(h), "CORE\0\0\0", 8);
    memcpy(at + sizeof(h) + 8, desc, n);
    return sizeof(h) + 8 + (n + 3) / 4 * 4;
}

/* One thread that stands in the middle of a page of words and strings. */
static inline size_t make_core(char out[static 3 * SMALL_PAGE])
{
    struct elf_prstatus status = {.pr_pid = 7, .pr_cursig = SIGSEGV};
    uint64_t regs[27] = {
        [4] = SMALL_LOAD_AT + 512, [16] = SMALL_LOAD_AT + 64, [19] = SMALL_LOAD_AT + 256}; /* rbp, rip, rsp */
    Elf64_auxv_t auxv[] = {{AT_PAGESZ, {SMALL_PAGE}}, {AT_EXECFN, {SMALL_LOAD_AT + 1024}}, {AT_NULL, {0}}};
    memcpy(&status.pr_reg, regs, sizeof(regs));
    size_t n = put_note(out + SMALL_PAGE, NT_PRSTATUS, &status, sizeof(status));
    n += put_note(out + SMALL_PAGE + n, NT_AUXV, auxv, sizeof(auxv));
    Elf64_Ehdr e = {
        .e_ident = {0x7f, 'E', 'L', 'F', ELFCLASS64, ELFDATA2LSB, EV_CURRENT},
        .e_type = ET_CORE,
        .e_machine = EM_X86_64,
        .e_version = EV_CURRENT,
        .e_phoff = sizeof(e),
        .e_ehsize = sizeof(e),
        .e_phentsize = sizeof(Elf64_Phdr),
        .e_phnum = 2,
    };
    Elf64_Phdr p[] = {
        {.p_type = PT_NOTE, .p_offset = SMALL_PAGE, .p_filesz = n},
        {.p_type = PT_LOAD,
         .p_flags = PF_R | PF_X,
         .p_offset = 2 * SMALL_PAGE,
         .p_vaddr = SMALL_LOAD_AT,
         .p_filesz = SMALL_PAGE,
         .p_memsz = SMALL_PAGE},
    };
    memcpy(out, &e, sizeof(e));
    memcpy(out + sizeof(e), p, sizeof(p));
    for (size_t i = 0; i < SMALL_PAGE; i++)
        out[2 * SMALL_PAGE + i] = i < 1024 ? (char)(i * 37) : "a string; "[i % 10];
    memcpy(out + 2 * SMALL_PAGE + 256, &(uint64_t){SMALL_LOAD_AT + 512}, 8);
    memcpy(out + 2 * SMALL_PAGE + 264, &(uint64_t){SMALL_LOAD_AT + 80}, 8);
    return 3 * SMALL_PAGE;
}

/* Its path, the same at every call. */
static inline const char *small_core_path(void)
{
    static char path[64];
    static char core[3 * SMALL_PAGE];
    if (*path)
        return path;
    int fd = memfd_create("core", 0);
    size_t n = make_core(core);
    if (fd < 0 || write(fd, core, n) != (ssize_t)n)
        abort();
    snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
    return path;
}

#endif
