/* SPDX-License-Identifier: Apache-2.0 */
/* The bytes of sections, compressed ones included: gABI "Section Compression" (zlib, zstd), and the older
 * GNU form of .zdebug_ sections: "ZLIB", the size as a big-endian number of 8 bytes, a zlib stream. */
#include "base/text.h"
#include "base/work.h"
#include "module/elf_priv.h"

#include <elf.h>
#include <errno.h>
#include <inttypes.h>
#include <libdeflate.h>
#include <sys/mman.h>
#include <zstd.h>

enum { ZDEBUG_HEADER = 12 };

/* No deflate stream grows by more than this; a zstd section that claims to is not believed either. */
enum { MAX_GROWTH = 1032, GROWTH_SLACK = 1 << 20 };

enum { HUGE_PAGES_FROM = 4 << 20 };

static bool section_bytes(const struct elf *e, const struct elf_section *s, struct bytes *out)
{
    if (s->offset > e->data.n || s->size > e->data.n - s->offset)
        return false;
    *out = (struct bytes){e->data.p + s->offset, (size_t)s->size};
    return true;
}

static size_t chdr_size(const struct elf *e)
{
    return e->addr_size == 8 ? sizeof(Elf64_Chdr) : sizeof(Elf32_Chdr);
}

/* Type and full size from the header of a SHF_COMPRESSED section. */
static bool read_chdr(const struct elf *e, struct bytes b, uint32_t *type, uint64_t *size)
{
    struct cursor c = cursor_of(b, 0, e->path);
    *type = cursor_u32(&c);
    if (e->addr_size == 8)
        cursor_skip(&c, 4);
    *size = cursor_uint(&c, e->addr_size);
    cursor_skip(&c, e->addr_size); /* ch_addralign */
    return !c.failed;
}

static bool read_zdebug(struct bytes b, uint64_t *size)
{
    if (b.n < ZDEBUG_HEADER || memcmp(b.p, "ZLIB", 4) != 0)
        return false;
    *size = 0;
    for (unsigned i = 4; i < ZDEBUG_HEADER; i++)
        *size = *size << 8 | b.p[i];
    return true;
}

void elf_read_compression(const struct elf *e, struct elf_section *s)
{
    bool old = begins_with(s->name, ".zdebug_");
    struct bytes b;
    uint32_t type;
    if (s->type == SHT_NOBITS || (!old && !(s->flags & SHF_COMPRESSED)) || !section_bytes(e, s, &b))
        return;
    uint64_t size;
    if (s->flags & SHF_COMPRESSED ? read_chdr(e, b, &type, &size) : read_zdebug(b, &size)) {
        s->compressed = true;
        s->full_size = size;
    }
}

static struct err *inflate_zlib(struct bytes in, uint8_t *out, size_t n)
{
    struct libdeflate_decompressor *d = libdeflate_alloc_decompressor();
    if (!d)
        return err_new(ERR_NOMEM, "no memory to inflate");
    size_t got = 0;
    enum libdeflate_result r = libdeflate_zlib_decompress(d, in.p, in.n, out, n, &got);
    libdeflate_free_decompressor(d);
    if (r != LIBDEFLATE_SUCCESS || got != n)
        return err_new(ERR_CORRUPT, "its zlib stream is damaged");
    return NULL;
}

static struct err *inflate_zstd(struct bytes in, uint8_t *out, size_t n)
{
    size_t got = ZSTD_decompress(out, n, in.p, in.n);
    if (ZSTD_isError(got) || got != n)
        return err_new(ERR_CORRUPT, "its zstd stream is damaged");
    return NULL;
}

static struct err *inflate_stream(const struct elf *e, const struct elf_section *s, struct bytes in, uint8_t *out)
{
    size_t n = (size_t)s->full_size;
    if (!s->compressed) {
        memcpy(out, in.p, n);
        return NULL;
    }
    if (!(s->flags & SHF_COMPRESSED))
        return inflate_zlib((struct bytes){in.p + ZDEBUG_HEADER, in.n - ZDEBUG_HEADER}, out, n);
    uint32_t type;
    uint64_t size;
    if (!read_chdr(e, in, &type, &size))
        return err_new(ERR_CORRUPT, "its compression header is cut");
    struct bytes stream = {in.p + chdr_size(e), in.n - chdr_size(e)};
    if (type == ELFCOMPRESS_ZLIB)
        return inflate_zlib(stream, out, n);
    if (type == 2) /* ELFCOMPRESS_ZSTD, which older <elf.h> lack */
        return inflate_zstd(stream, out, n);
    return err_new(ERR_UNSUPPORTED, "its compression type %" PRIu32 " is not known", type);
}

static struct err *inflate(struct elf *e, const struct elf_section *s, struct bytes *out)
{
    struct bytes in;
    if (!section_bytes(e, s, &in))
        return err_new(ERR_TRUNCATED, "it ends past the end of the file");
    if (s->full_size == 0) {
        *out = (struct bytes){in.p, 0};
        return NULL;
    }
    if (s->full_size > SIZE_MAX / 2 || s->full_size / MAX_GROWTH > s->size + GROWTH_SLACK / MAX_GROWTH)
        return err_new(ERR_LIMIT, "its %" PRIu64 " bytes claim to inflate to %" PRIu64, s->size, s->full_size);
    size_t n = (size_t)s->full_size;
    /* A mapping of its own: huge pages halve the cost of touching it, and it goes back to the system. */
    void *p = mmap(NULL, n, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (p == MAP_FAILED)
        return err_errno(errno, "no room to inflate %zu bytes", n);
    if (n >= HUGE_PAGES_FROM)
        (void)madvise(p, n, MADV_HUGEPAGE);
    struct err *err = inflate_stream(e, s, in, p);
    if (!err && s->relocs)
        err = elf_relocate(e, s, p, n);
    if (err) {
        munmap(p, n);
        return err;
    }
    *out = (struct bytes){p, n};
    return NULL;
}

void elf_inflated_done(struct elf_inflated *f)
{
    if (f->data.n)
        munmap((void *)(uintptr_t)f->data.p, f->data.n);
    err_free(f->err);
    pthread_mutex_destroy(&f->lock);
}

static struct elf_inflated *inflate_once(struct elf *e, const struct elf_section *s)
{
    struct elf_inflated *f = &e->inflated[s - e->sections];
    pthread_mutex_lock(&f->lock);
    if (!f->done) {
        f->err = inflate(e, s, &f->data);
        if (f->err)
            f->err = err_at(err_prefix(f->err, "section %s of %s", s->name, e->path), ERR_AT_OFFSET, s->offset);
        f->done = true;
    }
    pthread_mutex_unlock(&f->lock);
    return f;
}

struct err *elf_section_data(struct elf *e, const struct elf_section *s, struct bytes *out)
{
    if (s->type == SHT_NOBITS) {
        *out = (struct bytes){NULL, 0};
        return NULL;
    }
    if (s->compressed || s->relocs) {
        const struct elf_inflated *f = inflate_once(e, s);
        if (f->err)
            return err_dup(f->err);
        *out = f->data;
        return NULL;
    }
    if (!section_bytes(e, s, out))
        return err_at(err_new(ERR_TRUNCATED, "section %s of %s ends past the end of the file", s->name, e->path),
                      ERR_AT_OFFSET, s->offset);
    return NULL;
}

static int by_size_down(const void *a, const void *b)
{
    uint64_t x = ((const struct elf_want *)a)->section->full_size;
    uint64_t y = ((const struct elf_want *)b)->section->full_size;
    return x < y ? 1 : x > y ? -1 : 0;
}

static void inflate_item(void *arg, size_t i)
{
    const struct elf_want *want = arg;
    (void)inflate_once(want[i].elf, want[i].section);
}

void elf_inflate_all(struct elf_want *want, size_t n)
{
    size_t kept = 0;
    for (size_t i = 0; i < n; i++)
        if (want[i].section && want[i].section->compressed)
            want[kept++] = want[i];
    if (kept)
        qsort(want, kept, sizeof(*want), by_size_down);
    parallel_for(kept, inflate_item, want);
}
