/* SPDX-License-Identifier: Apache-2.0 */
/* A program that does not run: an ELF file as the image that its loader would begin with, at its link-time
 * addresses (System V gABI chapter 5). */
#include "image/build.h"

#include "base/file.h"

#include <elf.h>
#include <errno.h>
#include <fcntl.h>
#include <sys/mman.h>

struct program {
    struct filemap file;
    struct bytes zeros; /* shared by all that the file leaves to be zero */
};

struct segment {
    uint32_t type, flags;
    uint64_t offset, vaddr, filesz, memsz;
};

static void program_free(struct image *im)
{
    struct program *p = im->priv;
    filemap_done(&p->file);
    if (p->zeros.n)
        munmap((void *)(uintptr_t)p->zeros.p, p->zeros.n);
    free(p);
}

static struct err *open_mapped(struct image *im, const struct mapping *m, int *out)
{
    (void)m;
    int fd = open(im->path, O_RDONLY | O_CLOEXEC);
    if (fd < 0)
        return err_errno(errno, "cannot open %s", im->path);
    *out = fd;
    return NULL;
}

static const struct image_ops program_ops = {.open_mapped = open_mapped, .free = program_free};

static struct segment read_segment(struct cursor c, unsigned word)
{
    struct segment s = {.type = cursor_u32(&c)};
    if (word == 8)
        s.flags = cursor_u32(&c);
    s.offset = cursor_uint(&c, word);
    s.vaddr = cursor_uint(&c, word);
    cursor_skip(&c, word); /* p_paddr */
    s.filesz = cursor_uint(&c, word);
    s.memsz = cursor_uint(&c, word);
    if (word == 4)
        s.flags = cursor_u32(&c);
    return c.failed ? (struct segment){0} : s;
}

static void add_segment(struct image *im, const struct segment *s)
{
    struct program *p = im->priv;
    struct bytes file = p->file.data;
    uint64_t have = s->offset >= file.n ? 0 : s->filesz < file.n - s->offset ? s->filesz : file.n - s->offset;
    taddr end;
    if (s->memsz == 0 || __builtin_add_overflow(s->vaddr, s->memsz, &end))
        return;
    if (have > s->memsz)
        have = s->memsz;
    if (have)
        space_add(&im->space, (struct space_range){.start = s->vaddr,
                                                   .end = s->vaddr + have,
                                                   .data = file.p + s->offset,
                                                   .have = have,
                                                   .absent = ABSENT_TRUNCATED});
    uint64_t zero = s->filesz < s->memsz ? s->memsz - s->filesz : 0;
    if (zero > p->zeros.n)
        zero = p->zeros.n;
    if (zero)
        space_add(&im->space, (struct space_range){.start = s->vaddr + s->filesz,
                                                   .end = s->vaddr + s->filesz + zero,
                                                   .data = p->zeros.p,
                                                   .have = zero,
                                                   .absent = ABSENT_NOT_DUMPED});
    *vec_push(&im->maps) = (struct mapping){
        .start = s->vaddr,
        .end = end,
        .offset = s->offset,
        .prot = (uint8_t)((s->flags & PF_R ? PROT_BIT_READ : 0) | (s->flags & PF_W ? PROT_BIT_WRITE : 0) |
                          (s->flags & PF_X ? PROT_BIT_EXEC : 0)),
        .path = im->path,
        .present = have + zero,
    };
}

/* One piece of zeros serves all segments; the kernel gives it no memory while nobody writes. */
static void make_zeros(struct program *p, uint64_t most)
{
    const uint64_t limit = UINT64_C(1) << 40;
    size_t n = (size_t)(most < limit ? most : limit);
    void *at = n ? mmap(NULL, n, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0) : MAP_FAILED;
    if (at != MAP_FAILED)
        p->zeros = (struct bytes){at, n};
}

static int by_start(const void *a, const void *b)
{
    taddr x = ((const struct mapping *)a)->start, y = ((const struct mapping *)b)->start;
    return x < y ? -1 : x > y;
}

struct header {
    struct cursor segments;
    unsigned word, n, size;
};

static struct err *read_header(struct image *im, const char *path, struct header *h)
{
    struct bytes file = ((struct program *)im->priv)->file.data;
    struct cursor c = cursor_of(file, 0, "the ELF header");
    struct bytes ident = cursor_bytes(&c, EI_NIDENT);
    if (c.failed || memcmp(ident.p, ELFMAG, SELFMAG) != 0)
        return err_new(ERR_UNSUPPORTED, "%s is not an ELF file", path);
    if (ident.p[EI_DATA] != ELFDATA2LSB)
        return err_new(ERR_UNSUPPORTED, "%s is big-endian", path);
    h->word = ident.p[EI_CLASS] == ELFCLASS64 ? 8 : 4;
    cursor_skip(&c, 2); /* e_type */
    uint16_t machine = cursor_u16(&c);
    im->arch = arch_find(machine, ident.p[EI_CLASS]);
    cursor_skip(&c, 4 + h->word); /* e_version, e_entry */
    uint64_t at = cursor_uint(&c, h->word);
    cursor_skip(&c, h->word + 4 + 2); /* e_shoff, e_flags, e_ehsize */
    h->size = cursor_u16(&c);
    h->n = cursor_u16(&c);
    TRY(cursor_check(&c));
    if (!im->arch)
        return err_new(ERR_UNSUPPORTED, "%s is of ELF machine %u, which Inquest does not know", path, machine);
    h->segments = cursor_of(file, 0, "the program headers");
    cursor_seek(&h->segments, at);
    return NULL;
}

static struct err *read_segments(struct image *im, const char *path)
{
    struct header h = {0};
    uint64_t most = 0;
    VEC(struct segment) loads = {0};
    TRY(read_header(im, path, &h));
    for (unsigned i = 0; i < h.n && !h.segments.failed; i++) {
        struct segment s = read_segment(cursor_sub(&h.segments, h.size), h.word);
        if (s.type != PT_LOAD)
            continue;
        *vec_push(&loads) = s;
        if (s.memsz > s.filesz && s.memsz - s.filesz > most)
            most = s.memsz - s.filesz;
    }
    make_zeros(im->priv, most);
    for (size_t i = 0; i < loads.n; i++)
        add_segment(im, &loads.v[i]);
    vec_done(&loads);
    space_sort(&im->space);
    if (im->maps.n)
        qsort(im->maps.v, im->maps.n, sizeof(*im->maps.v), by_start);
    return NULL;
}

bool image_file_is_program(const char *path)
{
    uint8_t head[EI_NIDENT + 2];
    SCOPED(closep) int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    if (fd < 0 || pread(fd, head, sizeof(head), 0) != (ssize_t)sizeof(head) || memcmp(head, ELFMAG, SELFMAG) != 0)
        return false;
    struct cursor c = cursor_of((struct bytes){head + EI_NIDENT, 2}, 0, "e_type");
    uint16_t type = cursor_u16(&c);
    return head[EI_DATA] == ELFDATA2LSB && (type == ET_EXEC || type == ET_DYN || type == ET_REL);
}

struct err *image_file_open(const char *path, struct image **out)
{
    struct filemap file;
    SCOPED(freep) char *absolute = realpath(path, NULL);
    TRY(filemap_open(path, &file));
    struct image *im = image_new(IMAGE_FILE, absolute ? absolute : path);
    struct program *p = xcalloc(1, sizeof(*p));
    p->file = file;
    im->priv = p;
    im->ops = &program_ops;
    im->exe = im->path;
    const char *slash = strrchr(im->path, '/');
    im->comm = slash ? slash + 1 : im->path;
    struct err *e = read_segments(im, path);
    if (e) {
        image_free(im);
        return e;
    }
    *out = im;
    return NULL;
}
