/* SPDX-License-Identifier: Apache-2.0 */
/* What a filter is shown, and where what it says of it is written. */
#include "capture/priv.h"

#include <elf.h>
#include <pthread.h>

struct filtering {
    const struct capture_filter *filter;
    uint64_t record; /* where it stands in the file */
    uint8_t note[RECORD_SIZE];

    pthread_mutex_t lock; /* guards the rest */
    pthread_cond_t moved;
    uint64_t made; /* bytes before the record */
    bool recorded; /* `note` is complete, and changes no more */
};

struct filtering *filtering_new(const struct capture_filter *filter)
{
    struct filtering *f = xcalloc(1, sizeof(*f));

    f->filter = filter;
    pthread_mutex_init(&f->lock, NULL);
    pthread_cond_init(&f->moved, NULL);
    return f;
}

void filtering_free(struct filtering *f)
{
    if (!f)
        return;
    pthread_cond_destroy(&f->moved);
    pthread_mutex_destroy(&f->lock);
    free(f);
}

/* ---- the record ---- */

void filter_place_record(struct filtering *f, uint64_t record)
{
    f->record = record;
}

void filter_made(struct filtering *f, uint64_t n)
{
    pthread_mutex_lock(&f->lock);
    f->made += n;
    pthread_cond_broadcast(&f->moved);
    pthread_mutex_unlock(&f->lock);
}

static void write_record(struct filtering *f)
{
    SCOPED(text_done) struct text said = {0}, note = {0};

    f->filter->record(f->filter->arg, &said);
    if (said.n < IMAGE_REDACTED_MAX)
        put_zeros(&said, IMAGE_REDACTED_MAX - said.n);
    note_put(&note, IMAGE_NOTE_OWNER, IMAGE_NOTE_REDACTED, said.p, IMAGE_REDACTED_MAX);
    memcpy(f->note, note.p, note.n < RECORD_SIZE ? note.n : RECORD_SIZE);
    f->recorded = true;
}

const uint8_t *filter_record(struct filtering *f)
{
    pthread_mutex_lock(&f->lock);
    while (f->made < f->record)
        pthread_cond_wait(&f->moved, &f->lock);
    if (!f->recorded)
        write_record(f);
    pthread_mutex_unlock(&f->lock);
    return f->note;
}

/* ---- memory ---- */

/* The first segment that ends above an address. */
static size_t segment_above(const struct segments *all, taddr at)
{
    return sorted_first(all->v.v, all->v.n, segment, segment->end <= at);
}

/* Memory of [start, end) whether it is written or not; zeros where there is none. */
static void read_around(const struct plan *p, taddr start, taddr end, uint8_t *out)
{
    const struct segments *all = &p->segments;

    memset(out, 0, (size_t)(end - start));
    for (size_t i = segment_above(all, start); i < all->v.n && all->v.v[i].start < end; i++) {
        const struct segment *s = &all->v.v[i];
        taddr from = s->start > start ? s->start : start, to = s->end < end ? s->end : end;
        struct making m = {.out = out + (from - start)};
        if (!s->device)
            make_segment(&m, p->im, s, from, (size_t)(to - from));
    }
}

/* Where the mappings around an address, each beside the next, begin and end, as far as `reach` bytes from it: what is
 * beyond a gap goes on from nothing. */
static taddr mapped_from(const struct segments *all, taddr at, size_t reach)
{
    taddr least = at < reach ? 0 : at - reach, from = at;

    for (size_t i = segment_above(all, at); from > least && i < all->v.n; i--) {
        if (all->v.v[i].start < from)
            from = all->v.v[i].start;
        if (i == 0 || all->v.v[i - 1].end != from)
            break;
    }
    return from > least ? from : least;
}

static taddr mapped_to(const struct segments *all, taddr at, size_t reach)
{
    taddr most = UINT64_MAX - at < reach ? UINT64_MAX : at + reach, to = at;

    for (size_t i = segment_above(all, at - 1); to < most && i < all->v.n && all->v.v[i].start <= to; i++)
        to = all->v.v[i].end;
    return to < most ? to : most;
}

void filter_memory(const struct plan *p, taddr at, size_t n, uint8_t *bytes)
{
    const struct capture_filter *filter = p->filtering->filter;
    taddr from = mapped_from(&p->segments, at, filter->reach), to = mapped_to(&p->segments, at + n, filter->reach);
    size_t below = (size_t)(at - from), all = (size_t)(to - from);
    SCOPED(freep) uint8_t *window = xmalloc(all);

    read_around(p, from, at, window);
    memcpy(window + below, bytes, n);
    read_around(p, at + n, to, window + below + n);
    filter->memory(filter->arg, from, window, all, below, below + n);
    memcpy(bytes, window + below, n);
}

/* ---- notes ---- */

/* Where registers that hold data stand in a note, by the processor (Linux arch/x86/include/asm/fpu/types.h: FXSAVE
 * area, then the header of XSAVE, which with the legacy control words says how to read the rest; arch/arm64/include/
 * uapi/asm/ptrace.h: vectors first, then status words). */
struct data_registers {
    uint16_t machine;
    uint32_t type;
    size_t start, end; /* zeros from start to end */
    size_t rest;       /* and from here on; 0: no more */
};
static const struct data_registers data_registers[] = {
    {EM_X86_64, NT_PRFPREG, 32, 416, 0}, {EM_X86_64, NT_X86_XSTATE, 32, 416, 576},
    {EM_386, NT_PRXFPREG, 32, 416, 0},   {EM_386, NT_X86_XSTATE, 32, 416, 576},
    {EM_386, NT_PRFPREG, 28, 108, 0},    {EM_AARCH64, NT_PRFPREG, 0, 512, 0},
    {EM_RISCV, NT_PRFPREG, 0, 256, 0},
};
/* Notes of threads that hold no data: the signal, mappings, thread pointers, how to read others. */
static const uint32_t harmless[] = {NT_SIGINFO, NT_AUXV,    NT_FILE,
                                    NT_386_TLS, NT_ARM_TLS, 0x205 /* NT_X86_XSAVE_LAYOUT */};

static void zero(uint8_t *desc, size_t n, size_t start, size_t end)
{
    end = end < n ? end : n;
    if (start < end)
        memset(desc + start, 0, end - start);
}

/* Of sets that are not known nothing is left. */
static void filter_set(const struct image *im, uint32_t type, uint8_t *desc, size_t n)
{
    for (size_t i = 0; i < ARRAY_LEN(harmless); i++)
        if (type == harmless[i])
            return;
    for (size_t i = 0; i < ARRAY_LEN(data_registers); i++) {
        const struct data_registers *d = &data_registers[i];
        if (d->machine != im->arch->elf_machine || d->type != type)
            continue;
        zero(desc, n, d->start, d->end);
        zero(desc, n, d->rest ? d->rest : n, n);
        return;
    }
    memset(desc, 0, n);
}

static void filter_general(const struct filtering *f, const struct arch *a, uint8_t *desc, size_t n)
{
    for (size_t i = 0; i < a->n_regs; i++) {
        const struct reg_desc *r = &a->regs[i];
        size_t at = (size_t)a->prstatus_reg + r->offset;
        uint64_t v = 0;
        if (at + r->size > n || r->size > sizeof(v) || r->dwarf == a->pc || r->dwarf == a->sp)
            continue;
        memcpy(&v, desc + at, r->size);
        v = f->filter->word(f->filter->arg, v);
        memcpy(desc + at, &v, r->size);
    }
}

/* Name and command line. */
static void filter_process(const struct filtering *f, const struct arch *a, uint8_t *desc, size_t n)
{
    size_t name = a->prpsinfo_fname, args = a->prpsinfo_psargs;

    if (n < args)
        return;
    f->filter->text(f->filter->arg, desc + name, args - name);
    f->filter->text(f->filter->arg, desc + args, n - args);
    if (f->filter->terse)
        memset(desc + args, 0, n - args);
}

static void filter_note(const struct filtering *f, const struct image *im, const char *owner, uint32_t type,
                        uint8_t *desc, size_t n)
{
    bool core = strcmp(owner, "CORE") == 0, own = strcmp(owner, IMAGE_NOTE_OWNER) == 0;

    if (own && type == IMAGE_NOTE_REDACTED) /* names of rules and numbers, which look like a password's name and it */
        return;
    if (core && type == NT_PRSTATUS)
        filter_general(f, im->arch, desc, n);
    else if (core && type == NT_PRPSINFO)
        filter_process(f, im->arch, desc, n);
    else if (core || strcmp(owner, "LINUX") == 0)
        filter_set(im, type, desc, n);
    else if (f->filter->terse && !own)
        memset(desc, 0, n);
    else
        f->filter->text(f->filter->arg, desc, n);
}

/* They are ours: sizes are right, owners end with a zero. */
void filter_notes(struct filtering *f, const struct image *im, struct text *notes)
{
    enum { HEADER = 12 };

    for (size_t at = 0; at + HEADER <= notes->n;) {
        uint32_t header[3];
        memcpy(header, notes->p + at, sizeof(header));
        size_t desc = at + HEADER + ((header[0] + 3u) & ~3u);
        filter_note(f, im, notes->p + at + HEADER, header[2], (uint8_t *)notes->p + desc, header[1]);
        at = desc + ((header[1] + 3u) & ~3u);
    }
}
