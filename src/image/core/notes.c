/* SPDX-License-Identifier: Apache-2.0 */
/* The notes: threads with their registers, the process, auxv, mapped files, the fatal signal.
 * Layout: gABI chapter 5 "Note Section"; Linux fs/binfmt_elf.c (order and content),
 * include/uapi/linux/elfcore.h (prstatus, prpsinfo), fill_files_note() there for NT_FILE. */
#include "image/core/core.h"
#include "image/record.h"

#include "base/text.h"

#include <elf.h>
#include <inttypes.h>

static const struct image_note *find_note(const struct core *c, size_t from, size_t to, uint32_t type)
{
    for (size_t i = from; i < to; i++)
        if (c->notes.v[i].type == type)
            return &c->notes.v[i];
    return NULL;
}

/* Nearly every note has one of two owners: they need no copy. */
static const char *owner_text(struct core *c, struct bytes name)
{
    static const char *const common[] = {"CORE", "LINUX"};
    size_t n = name.n;

    while (n > 0 && name.p[n - 1] == '\0')
        n--;
    for (size_t i = 0; i < ARRAY_LEN(common); i++)
        if (n == strlen(common[i]) && memcmp(name.p, common[i], n) == 0)
            return common[i];
    return arena_strndup(&c->im->arena, (const char *)name.p, n);
}

void core_read_notes(struct core *c, uint64_t offset, uint64_t size)
{
    uint64_t there = offset < c->file.n ? c->file.n - offset : 0;
    bool cut = size > there;
    struct bytes all = {.n = cut ? there : size};
    all.p = c->file.p + (all.n ? offset : 0);
    struct cursor cur = cursor_of(all, offset, "the notes");

    while (cursor_left(&cur) > 0) {
        uint32_t name_size = cursor_u32(&cur), desc_size = cursor_u32(&cur);
        struct image_note note = {.type = cursor_u32(&cur)};
        struct bytes name = cursor_bytes(&cur, name_size);
        cursor_skip(&cur, -name_size & 3);
        note.desc = cursor_bytes(&cur, desc_size);
        if (cur.failed)
            break;
        /* The padding of the last one may be left out. */
        size_t pad = -desc_size & 3;
        cursor_skip(&cur, pad < cursor_left(&cur) ? pad : cursor_left(&cur));
        note.owner = owner_text(c, name);
        if (note.type == NT_PRSTATUS && strcmp(note.owner, "CORE") == 0)
            *vec_push(&c->thread_notes) = c->notes.n;
        *vec_push(&c->notes) = note;
    }
    if (cur.failed || cut)
        image_problem(c->im,
                      err_at(err_new(ERR_TRUNCATED, "the notes end early: %zu thread%s read, further ones are lost",
                                     c->thread_notes.n, c->thread_notes.n == 1 ? " was" : "s were"),
                             ERR_AT_OFFSET, cur.failed ? cur.failed_at : c->file.n));
}

static uint64_t word_at(struct bytes b, size_t offset, unsigned size)
{
    struct cursor cur = cursor_of(b, 0, "a note");
    cursor_skip(&cur, offset);
    return cursor_uint(&cur, size);
}

static struct image_thread read_thread(struct core *c, const struct image_note *note)
{
    const struct arch *a = c->im->arch;
    struct image_thread t = {.tid = (int32_t)word_at(note->desc, a->prstatus_pid, 4),
                             .signal = (int16_t)word_at(note->desc, a->prstatus_cursig, 2)};
    struct cursor cur = cursor_of(note->desc, 0, "NT_PRSTATUS");

    cursor_skip(&cur, a->prstatus_reg);
    t.gp = cursor_bytes(&cur, a->prstatus_reg_size);
    t.has_regs = !cur.failed;
    if (t.has_regs)
        arch_regs_from_prstatus(a, t.gp, &t.regs);
    else
        t.why = arena_printf(&c->im->arena, "its NT_PRSTATUS note has %zu bytes instead of %u", note->desc.n,
                             a->prstatus_size);
    return t;
}

static void read_prpsinfo(struct core *c)
{
    const struct image_note *note = find_note(c, 0, c->notes.n, NT_PRPSINFO);
    struct image *im = c->im;
    const struct arch *a = im->arch;

    if (!note || note->desc.n < a->prpsinfo_size)
        return;
    struct bytes d = note->desc;
    const char *fname = (const char *)d.p + a->prpsinfo_fname, *args = (const char *)d.p + a->prpsinfo_psargs;
    size_t n_args = strnlen(args, 80);

    im->has_ids = true;
    im->uid = (uint32_t)word_at(d, a->prpsinfo_uid, a->prpsinfo_id_size);
    im->gid = (uint32_t)word_at(d, a->prpsinfo_uid + (size_t)a->prpsinfo_id_size, a->prpsinfo_id_size);
    im->pid = (int32_t)word_at(d, a->prpsinfo_pid, 4);
    im->ppid = (int32_t)word_at(d, a->prpsinfo_pid + 4u, 4);
    im->pgrp = (int32_t)word_at(d, a->prpsinfo_pid + 8u, 4);
    im->sid = (int32_t)word_at(d, a->prpsinfo_pid + 12u, 4);
    if (fname[0])
        im->comm = arena_strndup(&im->arena, fname, strnlen(fname, 16));
    /* The kernel puts a blank in place of each NUL, the last one included. */
    im->cmdline_cut = n_args >= 79;
    while (n_args > 0 && args[n_args - 1] == ' ')
        n_args--;
    if (n_args > 0)
        im->cmdline = arena_strndup(&im->arena, args, n_args);
}

void core_read_auxv(struct core *c, struct bytes auxv)
{
    struct cursor cur = cursor_of(auxv, 0, "the auxiliary vector");

    for (;;) {
        struct image_auxv v = {.type = cursor_uint(&cur, c->word), .value = cursor_uint(&cur, c->word)};
        if (cur.failed || v.type == AT_NULL)
            break;
        *vec_push(&c->im->auxv) = v;
    }
}

/* count, page size, count times (start, end, offset in pages), then count NUL-terminated paths. */
static void read_files(struct core *c)
{
    const struct image_note *note = find_note(c, 0, c->notes.n, NT_FILE);

    if (!note)
        return;
    struct cursor cur = cursor_of(note->desc, 0, "NT_FILE");
    uint64_t count = cursor_uint(&cur, c->word), page = cursor_uint(&cur, c->word);
    uint64_t most = cursor_left(&cur) / (3u * c->word);
    bool cut = count > most;

    for (uint64_t i = 0; i < (cut ? most : count); i++) {
        struct core_file f = {.start = cursor_uint(&cur, c->word), .end = cursor_uint(&cur, c->word)};
        if (__builtin_mul_overflow(cursor_uint(&cur, c->word), page, &f.offset))
            f.offset = 0;
        *vec_push(&c->files) = f;
    }
    for (size_t i = 0; i < c->files.n; i++) {
        const char *path = cursor_cstr(&cur);
        if (!cur.failed)
            c->files.v[i].path = path;
    }
    if (cut || cur.failed)
        image_problem(
            c->im,
            err_new(ERR_CORRUPT, "the list of mapped files (NT_FILE) is damaged: it claims %" PRIu64 " files", count));
}

static void read_record(struct core *c)
{
    for (size_t i = 0; i < c->notes.n; i++)
        if (c->notes.v[i].type == IMAGE_NOTE_RECORD && strcmp(c->notes.v[i].owner, IMAGE_NOTE_OWNER) == 0)
            record_read(c->im, c->notes.v[i].desc);
}

/* A core that was copied may have several. */
static void read_redacted(struct core *c)
{
    SCOPED(text_done) struct text all = {0};

    for (size_t i = 0; i < c->notes.n; i++) {
        const struct image_note *n = &c->notes.v[i];
        if (n->type != IMAGE_NOTE_REDACTED || strcmp(n->owner, IMAGE_NOTE_OWNER) != 0)
            continue;
        size_t max = n->desc.n < IMAGE_REDACTED_MAX ? n->desc.n : IMAGE_REDACTED_MAX;
        text_putn(&all, (const char *)n->desc.p, strnlen((const char *)n->desc.p, max));
    }
    if (all.n)
        c->im->redacted = arena_strndup(&c->im->arena, all.p, all.n);
}

/* capture_core() says so in a note. */
static bool is_ours(const struct core *c)
{
    for (size_t i = 0; i < c->notes.n; i++)
        if (strcmp(c->notes.v[i].owner, IMAGE_NOTE_OWNER) == 0)
            return true;
    return false;
}

void core_read_mapped(struct core *c)
{
    taddr end = 0;

    for (size_t i = 0; i < c->notes.n && c->mapped.n == 0; i++) {
        const struct image_note *note = &c->notes.v[i];
        if (note->type != IMAGE_NOTE_MAPS || strcmp(note->owner, IMAGE_NOTE_OWNER) != 0)
            continue;
        struct cursor cur = cursor_of(note->desc, 0, "the list of mappings");
        for (;;) {
            struct core_load l = {.start = cursor_u64(&cur), .end = cursor_u64(&cur)};
            l.prot = (uint8_t)cursor_u64(&cur);
            if (cur.failed || l.start < end || l.end <= l.start)
                break;
            end = l.end;
            *vec_push(&c->mapped) = l;
        }
    }
}

/* The kernel's order of notes for the first thread (Linux fs/binfmt_elf.c, write_note_info()). */
static bool kernel_order(const struct core *c)
{
    static const uint32_t order[] = {NT_PRSTATUS, NT_PRPSINFO, NT_SIGINFO, NT_AUXV};

    if (c->notes.n < ARRAY_LEN(order) || (c->has_sections && !c->is_minicore) || is_ours(c))
        return false;
    for (size_t i = 0; i < ARRAY_LEN(order); i++)
        if (c->notes.v[i].type != order[i])
            return false;
    return true;
}

/* Signals that a debugger stops with: one of these does not say that the program failed. */
static bool is_stop(int signo)
{
    enum { TRAP = 5, STOP = 19 };
    return signo == 0 || signo == TRAP || signo == STOP;
}

/* The kernel writes the thread that died first, and the fatal signal into all. A debugger marks threads
 * with what they were stopped by, which says something only when it is a signal that kills. */
static size_t find_crashed(const struct core *c)
{
    for (size_t i = 0; i < c->im->threads.n; i++) {
        int signo = c->im->threads.v[i].signal;
        if (kernel_order(c) ? signo != 0 : !is_stop(signo))
            return i;
    }
    return SIZE_MAX;
}

static void choose_crashed(struct core *c)
{
    struct image *im = c->im;
    size_t crashed = find_crashed(c);
    const struct image_note *info = NULL;

    if (crashed != SIZE_MAX) {
        struct image_thread t = im->threads.v[crashed];
        memmove(&im->threads.v[1], &im->threads.v[0], crashed * sizeof(t));
        im->threads.v[0] = t;
        im->crashed_tid = t.tid;
        im->signal.signo = t.signal;
        im->signal.tid = t.tid;
        for (size_t i = 0; i < t.n_notes && !info; i++)
            info = t.notes[i].type == NT_SIGINFO ? &t.notes[i] : NULL;
        if (!info)
            info = find_note(c, 0, c->notes.n, NT_SIGINFO);
    } else if (im->threads.n == 0) {
        info = find_note(c, 0, c->notes.n, NT_SIGINFO);
    }
    if (info)
        image_decode_siginfo(&im->signal, info->desc, c->word);
}

/* The leader's record has the times of the whole process (Linux fill_prstatus()): a timeval each for user
 * and system time behind pid, ppid, pgrp and sid. */
static void read_times(struct core *c, const struct image_note *note)
{
    struct cursor cur = cursor_of(note->desc, 0, "NT_PRSTATUS");
    uint64_t t[4];

    cursor_skip(&cur, c->im->arch->prstatus_pid + 16u);
    for (size_t i = 0; i < ARRAY_LEN(t); i++)
        t[i] = cursor_uint(&cur, c->word);
    if (cur.failed)
        return;
    c->im->utime_ms = t[0] * 1000 + t[1] / 1000;
    c->im->stime_ms = t[2] * 1000 + t[3] / 1000;
}

void core_finish_threads(struct core *c)
{
    struct image *im = c->im;
    size_t n = c->notes.n;

    const struct image_note *auxv = find_note(c, 0, n, NT_AUXV);

    read_prpsinfo(c);
    if (auxv)
        core_read_auxv(c, auxv->desc);
    read_files(c);
    read_redacted(c);

    /* Threads keep pointers into one array that no longer grows. */
    struct image_note *notes = arena_array(&im->arena, struct image_note, n);
    if (n)
        memcpy(notes, c->notes.v, n * sizeof(*notes));
    for (size_t i = 0; i < c->thread_notes.n; i++) {
        size_t from = c->thread_notes.v[i], to = i + 1 < c->thread_notes.n ? c->thread_notes.v[i + 1] : n;
        struct image_thread t = read_thread(c, &notes[from]);
        t.notes = &notes[from];
        t.n_notes = to - from;
        if (im->pid && t.tid == im->pid) {
            t.name = im->comm;
            read_times(c, &notes[from]);
        }
        *vec_push(&im->threads) = t;
    }
    read_record(c);
    choose_crashed(c);
    if (im->threads.n == 0)
        image_problem(im, err_new(ERR_NO_DATA, "the core has no threads (no NT_PRSTATUS note)"));
}

const char *core_writer(const struct core *c)
{
    if (c->is_minicore)
        return "minicoredumper";
    if (is_ours(c))
        return "inquest";
    if (kernel_order(c))
        return "kernel";
    /* gdb writes through BFD, which adds sections, and starts with the process. */
    if (c->has_sections && c->notes.n > 0 && c->notes.v[0].type == NT_PRPSINFO)
        return "gcore";
    return NULL;
}
