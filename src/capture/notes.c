/* SPDX-License-Identifier: Apache-2.0 */
/* The notes of a core, in the kernel's order: the first thread's status, what holds for the process, the thread's
 * further registers, then the other threads (Linux fs/binfmt_elf.c, write_note_info(); include/uapi/linux/elfcore.h
 * for prstatus and prpsinfo). */
#include "capture/priv.h"

#include <elf.h>

enum { PAGE = 4096, FNAME_MAX = 16, PSARGS_MAX = 80 };

static const char core_owner[] = "CORE";

static void pad(struct text *t)
{
    put_zeros(t, -t->n & 3);
}

void note_put(struct text *t, const char *owner, uint32_t type, const void *desc, size_t n)
{
    put_uint(t, strlen(owner) + 1, 4);
    put_uint(t, n, 4);
    put_uint(t, type, 4);
    text_putn(t, owner, strlen(owner) + 1);
    pad(t);
    text_putn(t, desc, n);
    pad(t);
}

/* A record of fixed size whose fields the arch knows. */
static void set(uint8_t *record, size_t offset, uint64_t v, size_t size)
{
    memcpy(record + offset, &v, size);
}

static const struct image_note *find_note(const struct image_thread *th, uint32_t type)
{
    for (size_t i = 0; i < th->n_notes; i++)
        if (th->notes[i].type == type && strcmp(th->notes[i].owner, core_owner) == 0)
            return &th->notes[i];
    return NULL;
}

/* pid, ppid, pgrp, sid stand together in both records. */
static void put_ids(const struct image *im, int32_t pid, uint8_t *record, size_t offset)
{
    int32_t ids[] = {pid, im->ppid, im->pgrp, im->sid};

    for (size_t i = 0; i < ARRAY_LEN(ids); i++)
        set(record, offset + i * 4, (uint32_t)ids[i], 4);
}

/* pr_reg: as it was read, or made from the registers that are known. */
static void put_registers(const struct arch *a, const struct image_thread *th, uint8_t *pr_reg)
{
    if (th->gp.n) {
        memcpy(pr_reg, th->gp.p, th->gp.n < a->prstatus_reg_size ? th->gp.n : a->prstatus_reg_size);
        return;
    }
    for (size_t i = 0; i < a->n_regs; i++)
        if (a->regs[i].dwarf != REG_NONE && regs_has(&th->regs, a->regs[i].dwarf))
            set(pr_reg, a->regs[i].offset, th->regs.val[a->regs[i].dwarf], a->regs[i].size);
}

static void put_times(const struct image *im, uint8_t *prstatus)
{
    unsigned word = im->arch->addr_size;
    uint64_t ms[] = {im->utime_ms, im->stime_ms};

    for (size_t i = 0; i < ARRAY_LEN(ms); i++) {
        size_t at = im->arch->prstatus_pid + 16u + i * 2 * word;
        set(prstatus, at, ms[i] / 1000, word);
        set(prstatus, at + word, ms[i] % 1000 * 1000, word);
    }
}

/* A thread without registers is left out, as one that had ended: zeros would look like registers. */
static void put_prstatus(const struct image *im, const struct image_thread *th, struct text *t)
{
    const struct arch *a = im->arch;
    const struct image_note *raw = find_note(th, NT_PRSTATUS);

    if (raw) {
        note_put(t, core_owner, NT_PRSTATUS, raw->desc.p, raw->desc.n);
        return;
    }
    SCOPED(freep) uint8_t *d = xcalloc(a->prstatus_size, 1);
    set(d, 0, (uint32_t)th->signal, 4); /* pr_info.si_signo */
    set(d, a->prstatus_cursig, (uint16_t)th->signal, 2);
    put_ids(im, th->tid, d, a->prstatus_pid);
    if (th->tid == im->pid)
        put_times(im, d);
    put_registers(a, th, d + a->prstatus_reg);
    set(d, (size_t)a->prstatus_reg + a->prstatus_reg_size, find_note(th, NT_PRFPREG) != NULL, 4); /* pr_fpvalid */
    note_put(t, core_owner, NT_PRSTATUS, d, a->prstatus_size);
}

static void put_prpsinfo(const struct image *im, struct text *t)
{
    const struct arch *a = im->arch;

    for (size_t i = 0; i < im->threads.n; i++) {
        const struct image_note *raw = find_note(&im->threads.v[i], NT_PRPSINFO);
        if (raw) {
            note_put(t, core_owner, NT_PRPSINFO, raw->desc.p, raw->desc.n);
            return;
        }
    }
    SCOPED(freep) uint8_t *d = xcalloc(a->prpsinfo_size, 1);
    set(d, 1, (uint8_t)(im->threads.n ? im->threads.v[0].state : 0), 1); /* pr_sname */
    set(d, a->prpsinfo_uid, im->uid, a->prpsinfo_id_size);
    set(d, a->prpsinfo_uid + (size_t)a->prpsinfo_id_size, im->gid, a->prpsinfo_id_size);
    put_ids(im, im->pid, d, a->prpsinfo_pid);
    if (im->comm)
        memcpy(d + a->prpsinfo_fname, im->comm, strnlen(im->comm, FNAME_MAX - 1));
    if (im->cmdline)
        memcpy(d + a->prpsinfo_psargs, im->cmdline, strnlen(im->cmdline, PSARGS_MAX - 1));
    note_put(t, core_owner, NT_PRPSINFO, d, a->prpsinfo_size);
}

static void put_auxv(const struct image *im, struct text *t)
{
    SCOPED(text_done) struct text d = {0};
    unsigned word = im->arch->addr_size;

    if (im->auxv.n == 0)
        return;
    for (size_t i = 0; i < im->auxv.n; i++) {
        put_uint(&d, im->auxv.v[i].type, word);
        put_uint(&d, im->auxv.v[i].value, word);
    }
    put_zeros(&d, 2u * word); /* AT_NULL */
    note_put(t, core_owner, NT_AUXV, d.p, d.n);
}

static bool is_file(const struct mapping *m)
{
    return m->path && m->path[0] != '[';
}

/* Count, page size, a triple for each file, then their names. */
static void put_files(const struct image *im, struct text *t)
{
    SCOPED(text_done) struct text d = {0};
    unsigned word = im->arch->addr_size;
    size_t count = 0;

    for (size_t i = 0; i < im->maps.n; i++)
        count += is_file(&im->maps.v[i]);
    if (count == 0)
        return;
    put_uint(&d, count, word);
    put_uint(&d, PAGE, word);
    for (size_t i = 0; i < im->maps.n; i++) {
        const struct mapping *m = &im->maps.v[i];
        if (!is_file(m))
            continue;
        put_uint(&d, m->start, word);
        put_uint(&d, m->end, word);
        put_uint(&d, m->offset / PAGE, word);
    }
    for (size_t i = 0; i < im->maps.n; i++) {
        const struct mapping *m = &im->maps.v[i];
        if (!is_file(m))
            continue;
        text_put(&d, m->path);
        text_put(&d, m->deleted ? " (deleted)" : "");
        text_putc(&d, '\0');
    }
    note_put(t, core_owner, NT_FILE, d.p, d.n);
}

/* Of a thread's notes those that are its own and not written elsewhere. */
static bool is_further(const struct image_note *n)
{
    static const uint32_t elsewhere[] = {NT_PRSTATUS, NT_PRPSINFO, NT_AUXV, NT_FILE};

    if (strcmp(n->owner, IMAGE_NOTE_OWNER) == 0)
        return false;
    for (size_t i = 0; i < ARRAY_LEN(elsewhere); i++)
        if (n->type == elsewhere[i] && strcmp(n->owner, core_owner) == 0)
            return false;
    return true;
}

static void put_further(const struct image_thread *th, struct text *t)
{
    for (size_t i = 0; i < th->n_notes; i++)
        if (is_further(&th->notes[i]))
            note_put(t, th->notes[i].owner, th->notes[i].type, th->notes[i].desc.p, th->notes[i].desc.n);
}

static void put_maps(const struct image *im, struct text *t)
{
    SCOPED(text_done) struct text d = {0};

    for (size_t i = 0; i < im->maps.n; i++) {
        put_uint(&d, im->maps.v[i].start, 8);
        put_uint(&d, im->maps.v[i].end, 8);
        put_uint(&d, im->maps.v[i].prot, 8);
    }
    note_put(t, IMAGE_NOTE_OWNER, IMAGE_NOTE_MAPS, d.p, d.n);
}

static void put_process(const struct image *im, bool pieces, struct text *t)
{
    put_prpsinfo(im, t);
    put_auxv(im, t);
    put_files(im, t);
    note_put(t, IMAGE_NOTE_OWNER, IMAGE_NOTE_WRITER, NULL, 0);
    if (im->redacted)
        note_put(t, IMAGE_NOTE_OWNER, IMAGE_NOTE_REDACTED, im->redacted, strlen(im->redacted));
    if (pieces)
        put_maps(im, t);
}

static const struct image_thread *first_thread(const struct image *im, int32_t tid)
{
    const struct image_thread *first = NULL;

    for (size_t i = 0; i < im->threads.n; i++) {
        const struct image_thread *th = &im->threads.v[i];
        if (th->has_regs && (!first || th->tid == tid))
            first = th;
    }
    return first;
}

void notes_build(const struct image *im, int32_t first_tid, bool pieces, struct text *out)
{
    const struct image_thread *first = first_thread(im, first_tid ? first_tid : im->crashed_tid);

    if (first) {
        put_prstatus(im, first, out);
        put_process(im, pieces, out);
        put_further(first, out);
    } else {
        put_process(im, pieces, out);
    }
    for (size_t i = 0; i < im->threads.n; i++) {
        const struct image_thread *th = &im->threads.v[i];
        if (!th->has_regs || th == first)
            continue;
        put_prstatus(im, th, out);
        put_further(th, out);
    }
}
