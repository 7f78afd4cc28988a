/* SPDX-License-Identifier: Apache-2.0 */
#include "image/core/seekable.h"

#include "base/mem.h"

#include <pthread.h>
#include <zstd.h>

enum {
    FOOTER = 9,         /* number of frames, flags, magic */
    SKIPPABLE = 8,      /* magic and size of the table's frame */
    SLOTS = 64,         /* frames kept unpacked */
    HAS_CHECKSUMS = 0x80,
};
static const uint32_t skippable_magic = 0x184d2a5e, seekable_magic = 0x8f92eab1;

struct frame {
    uint64_t packed_at, at; /* offsets in the file, and in what is unpacked */
    uint32_t packed, size;  /* bytes */
};

/* Frame i is kept in slot i modulo SLOTS. */
struct slot {
    pthread_mutex_t lock;
    size_t frame; /* SIZE_MAX: none */
    size_t n;     /* bytes unpacked; 0: it is damaged */
    uint8_t *bytes;
};

struct seekable {
    struct bytes file;
    VEC(struct frame) frames;
    uint64_t size;
    struct slot slots[SLOTS];
};

static bool read_table(struct seekable *s)
{
    if (s->file.n < FOOTER + SKIPPABLE)
        return false;
    struct cursor c = cursor_of(s->file, 0, "the table of frames");
    cursor_seek(&c, s->file.n - FOOTER);
    uint32_t count = cursor_u32(&c);
    uint8_t flags = cursor_u8(&c);
    if (cursor_u32(&c) != seekable_magic || c.failed)
        return false;
    uint64_t entry = flags & HAS_CHECKSUMS ? 12 : 8, table = count * entry + FOOTER;
    if (table + SKIPPABLE > s->file.n)
        return false;
    uint64_t packed_end = s->file.n - table - SKIPPABLE, packed_at = 0;
    cursor_seek(&c, packed_end);
    if (cursor_u32(&c) != skippable_magic || cursor_u32(&c) != table)
        return false;
    for (uint32_t i = 0; i < count; i++) {
        struct frame f = {.packed_at = packed_at, .at = s->size};
        f.packed = cursor_u32(&c);
        f.size = cursor_u32(&c);
        cursor_skip(&c, entry - 8);
        if (c.failed || f.size == 0 || f.size > SEEKABLE_FRAME_MAX || f.packed > packed_end - packed_at)
            return false;
        packed_at += f.packed;
        s->size += f.size;
        *vec_push(&s->frames) = f;
    }
    return count > 0 && packed_at == packed_end;
}

bool seekable_open(struct bytes file, struct seekable **out)
{
    struct seekable *s = xcalloc(1, sizeof(*s));

    s->file = file;
    for (size_t i = 0; i < SLOTS; i++) {
        s->slots[i].frame = SIZE_MAX;
        pthread_mutex_init(&s->slots[i].lock, NULL);
    }
    if (!read_table(s)) {
        seekable_free(s);
        return false;
    }
    *out = s;
    return true;
}

void seekable_free(struct seekable *s)
{
    if (!s)
        return;
    for (size_t i = 0; i < SLOTS; i++) {
        pthread_mutex_destroy(&s->slots[i].lock);
        free(s->slots[i].bytes);
    }
    vec_done(&s->frames);
    free(s);
}

uint64_t seekable_size(const struct seekable *s)
{
    return s->size;
}

static size_t find_frame(const struct seekable *s, uint64_t at)
{
    size_t behind = sorted_first(s->frames.v, s->frames.n, frame, frame->at <= at);

    return behind ? behind - 1 : 0;
}

/* Called with the slot's lock. */
static void unpack_frame(const struct seekable *s, size_t i, struct slot *slot)
{
    const struct frame *f = &s->frames.v[i];

    free(slot->bytes);
    slot->bytes = xmalloc(f->size);
    slot->frame = i;
    size_t got = ZSTD_decompress(slot->bytes, f->size, s->file.p + f->packed_at, f->packed);
    slot->n = ZSTD_isError(got) ? 0 : got;
}

size_t seekable_read(struct seekable *s, uint64_t at, void *buf, size_t n)
{
    size_t done = 0;

    while (done < n && at + done >= at && at + done < s->size) {
        size_t i = find_frame(s, at + done), skip = (size_t)(at + done - s->frames.v[i].at);
        struct slot *slot = &s->slots[i % SLOTS];
        pthread_mutex_lock(&slot->lock);
        if (slot->frame != i)
            unpack_frame(s, i, slot);
        size_t left = slot->n > skip ? slot->n - skip : 0, take = left < n - done ? left : n - done;
        if (take)
            memcpy((uint8_t *)buf + done, slot->bytes + skip, take);
        pthread_mutex_unlock(&slot->lock);
        if (!take)
            break;
        done += take;
    }
    return done;
}

static void put_u32(struct text *t, size_t v)
{
    for (unsigned i = 0; i < 4; i++)
        text_putc(t, (char)(v >> 8 * i));
}

/* A frame that decoders skip, with the two sizes of each frame before it, their number, flags, and a last word by which
 * the format is known. */
void seekable_put_table(const struct seekable_frame *frames, size_t n, struct text *out)
{
    put_u32(out, skippable_magic);
    put_u32(out, n * 8 + FOOTER);
    for (size_t i = 0; i < n; i++) {
        put_u32(out, frames[i].packed);
        put_u32(out, frames[i].size);
    }
    put_u32(out, n);
    text_putc(out, 0); /* no checksums of its own */
    put_u32(out, seekable_magic);
}
