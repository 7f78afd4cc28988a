/* SPDX-License-Identifier: Apache-2.0 */
/* Small ELF cores, made in memory: just enough of each part for a test to damage or leave out. */
#ifndef MAKE_CORE_H
#define MAKE_CORE_H

#include <elf.h>

#include "base/text.h"
#include "image/arch.h"

struct maker {
    const struct arch *arch;
    struct text notes, data; /* what goes into PT_NOTE, and behind it */
    struct made_load {
        uint64_t vaddr, filesz, memsz, at; /* at: in data */
        uint32_t flags;
    } loads[64];
    size_t n_loads;
    bool many_headers; /* the count in section 0, as with 65,535 program headers or more */
};

static inline void make_uint(struct text *t, uint64_t v, unsigned size)
{
    text_putn(t, (const char *)&v, size);
}

static inline void make_zeros(struct text *t, size_t n)
{
    while (n-- > 0)
        text_putc(t, 0);
}

static inline void make_note(struct maker *m, const char *owner, uint32_t type, const void *desc, size_t n)
{
    make_uint(&m->notes, strlen(owner) + 1, 4);
    make_uint(&m->notes, n, 4);
    make_uint(&m->notes, type, 4);
    text_putn(&m->notes, owner, strlen(owner) + 1);
    make_zeros(&m->notes, -(strlen(owner) + 1) & 3);
    text_putn(&m->notes, desc, n);
    make_zeros(&m->notes, -n & 3);
}

/* regs: values of the general registers in the order of pr_reg. */
static inline void make_thread(struct maker *m, int32_t tid, int16_t signal, const uint64_t *regs)
{
    const struct arch *a = m->arch;
    uint8_t d[512] = {0};

    memcpy(d + a->prstatus_cursig, &signal, 2);
    memcpy(d + a->prstatus_pid, &tid, 4);
    for (size_t i = 0; i < a->n_regs; i++)
        memcpy(d + a->prstatus_reg + a->regs[i].offset, &regs[i], a->regs[i].size);
    make_note(m, "CORE", NT_PRSTATUS, d, a->prstatus_size);
}

static inline void make_process(struct maker *m, int32_t pid, uint32_t uid, const char *name, const char *args)
{
    const struct arch *a = m->arch;
    uint8_t d[256] = {0};
    int32_t ppid = 1;
    uint32_t gid = uid + 1;

    memcpy(d + a->prpsinfo_uid, &uid, a->prpsinfo_id_size);
    memcpy(d + a->prpsinfo_uid + a->prpsinfo_id_size, &gid, a->prpsinfo_id_size);
    memcpy(d + a->prpsinfo_pid, &pid, 4);
    memcpy(d + a->prpsinfo_pid + 4, &ppid, 4);
    memcpy(d + a->prpsinfo_fname, name, strlen(name));
    memcpy(d + a->prpsinfo_psargs, args, strlen(args) < 80 ? strlen(args) : 80);
    make_note(m, "CORE", NT_PRPSINFO, d, a->prpsinfo_size);
}

/* A siginfo whose union starts with the address or the sender. */
static inline void make_siginfo(struct maker *m, int32_t signo, int32_t code, uint64_t first)
{
    unsigned word = m->arch->addr_size;
    uint8_t d[128] = {0};

    memcpy(d, &signo, 4);
    memcpy(d + 8, &code, 4);
    memcpy(d + (word == 8 ? 16 : 12), &first, 8);
    make_note(m, "CORE", NT_SIGINFO, d, sizeof(d));
}

static inline void make_auxv(struct maker *m, const uint64_t *pairs, size_t n)
{
    struct text d = {0};

    for (size_t i = 0; i < 2 * n; i++)
        make_uint(&d, pairs[i], m->arch->addr_size);
    make_zeros(&d, 2 * (size_t)m->arch->addr_size);
    make_note(m, "CORE", NT_AUXV, d.p, d.n);
    text_done(&d);
}

/* files: start, end, offset in pages; their names one after the other. */
static inline void make_files(struct maker *m, uint64_t count, const uint64_t (*files)[3], size_t n, const char *names,
                              size_t names_size)
{
    struct text d = {0};
    unsigned word = m->arch->addr_size;

    make_uint(&d, count, word);
    make_uint(&d, 4096, word);
    for (size_t i = 0; i < n; i++)
        for (size_t k = 0; k < 3; k++)
            make_uint(&d, files[i][k], word);
    text_putn(&d, names, names_size);
    make_note(m, "CORE", NT_FILE, d.p, d.n);
    text_done(&d);
}

/* memsz bytes at vaddr, of which the file holds n. */
static inline void make_load(struct maker *m, uint64_t vaddr, uint64_t memsz, uint32_t flags, const void *bytes,
                             size_t n)
{
    m->loads[m->n_loads++] =
        (struct made_load){.vaddr = vaddr, .filesz = n, .memsz = memsz, .at = m->data.n, .flags = flags};
    if (n)
        text_putn(&m->data, bytes, n);
}

static inline void make_phdr(struct text *t, const struct maker *m, uint32_t type, uint32_t flags, uint64_t offset,
                             uint64_t vaddr, uint64_t filesz, uint64_t memsz)
{
    unsigned word = m->arch->addr_size;

    make_uint(t, type, 4);
    if (word == 8)
        make_uint(t, flags, 4);
    make_uint(t, offset, word);
    make_uint(t, vaddr, word);
    make_uint(t, 0, word);
    make_uint(t, filesz, word);
    make_uint(t, memsz, word);
    if (word == 4)
        make_uint(t, flags, 4);
    make_uint(t, 0, word);
}

/* The core; heap, caller's. Empties the maker. */
static inline struct bytes make_core(struct maker *m)
{
    unsigned word = m->arch->addr_size;
    size_t ehsize = word == 8 ? sizeof(Elf64_Ehdr) : sizeof(Elf32_Ehdr);
    size_t phsize = word == 8 ? sizeof(Elf64_Phdr) : sizeof(Elf32_Phdr);
    uint64_t at = ehsize + (m->n_loads + 1) * phsize, notes_at = at, data_at = at + m->notes.n;
    uint64_t shoff = m->many_headers ? data_at + m->data.n : 0;
    struct text t = {0};

    text_putn(&t, ELFMAG, SELFMAG);
    text_putc(&t, word == 8 ? ELFCLASS64 : ELFCLASS32);
    text_putc(&t, ELFDATA2LSB);
    text_putc(&t, EV_CURRENT);
    make_zeros(&t, EI_NIDENT - 7);
    make_uint(&t, ET_CORE, 2);
    make_uint(&t, m->arch->elf_machine, 2);
    make_uint(&t, EV_CURRENT, 4);
    make_uint(&t, 0, word);
    make_uint(&t, ehsize, word);
    make_uint(&t, shoff, word);
    make_uint(&t, 0, 4);
    make_uint(&t, ehsize, 2);
    make_uint(&t, phsize, 2);
    make_uint(&t, m->many_headers ? PN_XNUM : m->n_loads + 1, 2);
    make_uint(&t, word == 8 ? sizeof(Elf64_Shdr) : sizeof(Elf32_Shdr), 2);
    make_uint(&t, m->many_headers ? 1 : 0, 2);
    make_uint(&t, 0, 2);
    make_phdr(&t, m, PT_NOTE, 0, notes_at, 0, m->notes.n, 0);
    for (size_t i = 0; i < m->n_loads; i++)
        make_phdr(&t, m, PT_LOAD, m->loads[i].flags, data_at + m->loads[i].at, m->loads[i].vaddr, m->loads[i].filesz,
                  m->loads[i].memsz);
    text_putn(&t, m->notes.p, m->notes.n);
    if (m->data.n)
        text_putn(&t, m->data.p, m->data.n);
    if (m->many_headers) {
        Elf64_Shdr s = {.sh_info = (uint32_t)m->n_loads + 1};
        text_putn(&t, (const char *)&s, sizeof(s));
    }
    text_done(&m->notes);
    text_done(&m->data);
    struct bytes out = {.n = t.n};
    out.p = (const uint8_t *)text_take(&t);
    return out;
}

#endif
