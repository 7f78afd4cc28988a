/* SPDX-License-Identifier: Apache-2.0 */
/* The file: header, program headers, notes, memory (gABI chapter 4 "ELF Header", chapter 5 "Program Header"). */
#include "capture/priv.h"

#include "base/file.h"

#include <elf.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <libgen.h>
#include <sys/stat.h>

enum { PAGE = 4096 };

/* A file without its final name. It has none at all where the file system can do that (open(2), O_TMPFILE), so that
 * nothing is left of it whatever ends us; elsewhere a temporary one, which is removed. */
struct target {
    int fd;
    const char *path;
    char *temp, *dir; /* temp NULL: it has no name */
};

static void target_done(struct target *t)
{
    if (t->temp)
        unlink(t->temp);
    closep(&t->fd);
    free(t->temp);
    free(t->dir);
}

static struct err *exists(const char *path)
{
    return err_hint(err_new(ERR_USAGE, "the file %s exists already", path), "remove it, or name another file");
}

static struct err *target_open(struct target *t, const char *path)
{
    struct stat st;

    if (lstat(path, &st) == 0)
        return exists(path);
    t->path = path;
    SCOPED(freep) char *copy = xstrdup(path);
    t->dir = xstrdup(dirname(copy));
    t->fd = open(t->dir, O_TMPFILE | O_RDWR | O_CLOEXEC, 0600);
    if (t->fd >= 0)
        return NULL;
    char *temp = xasprintf("%s.XXXXXX.part", path);
    t->fd = mkostemps(temp, 5, O_CLOEXEC); /* mode 0600 */
    if (t->fd < 0) {
        int error = errno;
        free(temp);
        return err_errno(error, "cannot make a file in %s", t->dir);
    }
    t->temp = temp;
    return NULL;
}

static int name_unnamed(const struct target *t)
{
    char link[32];

    snprintf(link, sizeof(link), "/proc/self/fd/%d", t->fd);
    return linkat(AT_FDCWD, link, AT_FDCWD, t->path, AT_SYMLINK_FOLLOW) == 0 ? 0 : errno;
}

static int rename_temporary(const struct target *t)
{
    int error = renameat2(AT_FDCWD, t->temp, AT_FDCWD, t->path, RENAME_NOREPLACE) == 0 ? 0 : errno;

    if (error == EINVAL || error == ENOSYS) { /* a file system that does not know how */
        error = link(t->temp, t->path) == 0 ? 0 : errno;
        if (!error)
            unlink(t->temp);
    }
    return error;
}

/* Never over a file that somebody else made meanwhile. */
static struct err *target_finish(struct target *t)
{
    if (fsync(t->fd) != 0)
        return err_errno(errno, "cannot write the core in %s", t->dir);
    int error = t->temp ? rename_temporary(t) : name_unnamed(t);

    if (error == EEXIST)
        return exists(t->path);
    if (error)
        return err_errno(error, "cannot give the core its name %s", t->path);
    free(TAKE(t->temp));
    return NULL;
}

/* ---- layout ---- */

struct layout {
    uint64_t phdrs, shdr, notes, record, end; /* offsets in the file; shdr and record 0: none is needed */
    size_t n_phdrs;
};

static bool is_64(const struct image *im)
{
    return im->arch->addr_size == 8;
}

static uint64_t page_up(uint64_t v)
{
    return (v + PAGE - 1) / PAGE * PAGE;
}

static struct layout lay_out(const struct image *im, struct segments *segments, size_t notes_size, bool record)
{
    struct layout l = {.n_phdrs = segments->v.n + 1 + record};

    l.phdrs = is_64(im) ? sizeof(Elf64_Ehdr) : sizeof(Elf32_Ehdr);
    uint64_t at = l.phdrs + l.n_phdrs * (is_64(im) ? sizeof(Elf64_Phdr) : sizeof(Elf32_Phdr));
    if (l.n_phdrs >= PN_XNUM) {
        l.shdr = at;
        at += is_64(im) ? sizeof(Elf64_Shdr) : sizeof(Elf32_Shdr);
    }
    l.notes = at;
    at = page_up(at + notes_size);
    for (size_t i = 0; i < segments->v.n; i++) {
        segments->v.v[i].offset = at;
        at = page_up(at + segments->v.v[i].size);
    }
    if (record) {
        l.record = at;
        at += RECORD_SIZE;
    }
    l.end = at;
    return l;
}

static void put_ehdr(const struct image *im, const struct layout *l, struct text *t)
{
    unsigned word = im->arch->addr_size;

    text_putn(t, ELFMAG, SELFMAG);
    put_uint(t, is_64(im) ? ELFCLASS64 : ELFCLASS32, 1);
    put_uint(t, ELFDATA2LSB, 1);
    put_uint(t, EV_CURRENT, 1);
    put_zeros(t, EI_NIDENT - t->n);
    put_uint(t, ET_CORE, 2);
    put_uint(t, im->arch->elf_machine, 2);
    put_uint(t, EV_CURRENT, 4);
    put_uint(t, 0, word); /* e_entry */
    put_uint(t, l->phdrs, word);
    put_uint(t, l->shdr, word);
    put_uint(t, 0, 4); /* e_flags */
    put_uint(t, l->phdrs, 2); /* e_ehsize */
    put_uint(t, is_64(im) ? sizeof(Elf64_Phdr) : sizeof(Elf32_Phdr), 2);
    put_uint(t, l->shdr ? PN_XNUM : l->n_phdrs, 2);
    put_uint(t, l->shdr ? (is_64(im) ? sizeof(Elf64_Shdr) : sizeof(Elf32_Shdr)) : 0, 2);
    put_uint(t, l->shdr ? 1 : 0, 2);
    put_uint(t, 0, 2); /* e_shstrndx */
}

static void put_phdr(const struct image *im, uint32_t type, const struct segment *s, uint64_t align, struct text *t)
{
    unsigned word = im->arch->addr_size;
    uint32_t flags = (s->prot & PROT_BIT_READ ? PF_R : 0u) | (s->prot & PROT_BIT_WRITE ? PF_W : 0u) |
                     (s->prot & PROT_BIT_EXEC ? PF_X : 0u);

    put_uint(t, type, 4);
    if (is_64(im))
        put_uint(t, flags, 4);
    put_uint(t, s->offset, word);
    put_uint(t, s->start, word);
    put_uint(t, 0, word); /* p_paddr */
    put_uint(t, s->size, word);
    put_uint(t, s->end - s->start, word);
    if (!is_64(im))
        put_uint(t, flags, 4);
    put_uint(t, align, word);
}

/* Section 0, whose sh_info has the number of program headers when e_phnum cannot. */
static void put_shdr(const struct image *im, const struct layout *l, struct text *t)
{
    put_zeros(t, is_64(im) ? offsetof(Elf64_Shdr, sh_info) : offsetof(Elf32_Shdr, sh_info));
    put_uint(t, l->n_phdrs, 4);
    put_zeros(t, 2u * im->arch->addr_size); /* sh_addralign, sh_entsize */
}

static void put_headers(const struct image *im, const struct layout *l, const struct segments *segments,
                        size_t notes_size, struct text *t)
{
    struct segment notes = {.offset = l->notes, .size = notes_size};
    struct segment record = {.offset = l->record, .size = RECORD_SIZE};

    put_ehdr(im, l, t);
    put_phdr(im, PT_NOTE, &notes, 4, t);
    for (size_t i = 0; i < segments->v.n; i++)
        put_phdr(im, PT_LOAD, &segments->v.v[i], PAGE, t);
    if (l->record) /* last: some readers know the first PT_NOTE only */
        put_phdr(im, PT_NOTE, &record, 4, t);
    if (l->shdr)
        put_shdr(im, l, t);
}

/* What could not be read may be all that there is, killed meanwhile. */
static struct err *check_alive(struct image *im)
{
    SCOPED(freep) struct mapping_facts *facts = xcalloc(im->maps.n, sizeof(*facts));
    uint32_t filter;
    struct err *e = image_mapping_facts(im, facts, &filter);

    if (!e)
        return NULL;
    err_free(e);
    return err_new(ERR_GONE, "process %" PRId32 ", or the frozen copy of it, was killed before its memory was written",
                   im->pid);
}

/* ---- the whole ---- */

static void plan_done(struct plan *p)
{
    text_done(&p->head);
    vec_done(&p->segments.v);
    filtering_free(p->filtering);
}

static struct err *plan_make(struct image *im, const struct capture_opts *opts, struct plan *p)
{
    SCOPED(text_done) struct text notes = {0}, record = {0};

    p->im = im;
    TRY(segments_choose(im, opts, &p->segments));
    notes_build(im, opts->first_tid, opts->keep != NULL, &notes);
    record_build(im, &p->segments, opts->filter && opts->filter->terse, &record);
    if (record.n)
        note_put(&notes, IMAGE_NOTE_OWNER, IMAGE_NOTE_RECORD, record.p, record.n);
    if (opts->filter) {
        p->filtering = filtering_new(opts->filter);
        filter_notes(p->filtering, im, &notes);
    }
    struct layout l = lay_out(im, &p->segments, notes.n, opts->filter != NULL);
    if (p->filtering)
        filter_place_record(p->filtering, l.record);
    put_headers(im, &l, &p->segments, notes.n, &p->head);
    put_zeros(&p->head, l.notes - p->head.n);
    text_putn(&p->head, notes.p, notes.n);
    p->end = l.end;
    return NULL;
}

struct err *capture_check(struct image *im, const char *path, const struct capture_opts *opts)
{
    SCOPED(target_done) struct target target = {.fd = -1};
    SCOPED(plan_done) struct plan p = {0};
    uint64_t left;

    if (strcmp(path, "-") == 0)
        return NULL;
    TRY(target_open(&target, path));
    if (!room_left(target.fd, &left) || room_at_most(im) <= left)
        return NULL;
    TRY(plan_make(im, opts, &p));
    return room_check(&p, &(struct output){.fd = target.fd, .dir = target.dir, .pack = opts->pack});
}

static struct err *write_core(struct image *im, const struct capture_opts *opts, const struct output *to,
                              struct capture_result *out)
{
    SCOPED(plan_done) struct plan p = {0};

    TRY(plan_make(im, opts, &p));
    TRY(output_write(&p, to, opts->progress, out));
    segments_live(im, &p.segments, &out->live, &out->n_live);
    return out->skipped && im->kind == IMAGE_LIVE ? check_alive(im) : NULL;
}

static struct err *write_file(struct image *im, const char *path, const struct capture_opts *opts,
                              struct capture_result *out)
{
    SCOPED(target_done) struct target target = {.fd = -1};

    TRY(target_open(&target, path));
    struct output to = {.fd = target.fd, .dir = target.dir, .pack = opts->pack};
    TRY(write_core(im, opts, &to, out));
    return target_finish(&target);
}

void capture_result_done(struct capture_result *r)
{
    free(r->live);
}

struct err *capture_core(struct image *im, const char *path, const struct capture_opts *opts,
                         struct capture_result *out)
{
    struct output standard = {.fd = STDOUT_FILENO, .stream = true, .pack = opts->pack};
    SCOPED(capture_result_done) struct capture_result result = {0};

    if (im->kind == IMAGE_FILE)
        return err_new(ERR_UNSUPPORTED, "%s does not run: there is nothing to write a core of", im->path);
    image_describe(im);
    TRY(strcmp(path, "-") == 0 ? write_core(im, opts, &standard, &result) : write_file(im, path, opts, &result));
    *out = result;
    result.live = NULL;
    return NULL;
}
