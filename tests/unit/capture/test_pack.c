/* SPDX-License-Identifier: Apache-2.0 */
/* Frames of a packed core: that they unpack, and what is packed how. */
#include "unit.h"

#include <zstd.h>

#include "capture/priv.h"

enum { FRAME = 1 << 20, WORDS = FRAME / 8 };

static uint64_t noise(void)
{
    static uint64_t state = 88172645463325252u;
    state ^= state << 13;
    state ^= state >> 7;
    return state ^= state << 17;
}

/* As a heap has it: a small number, and a pointer into 64 MiB. */
static void fill_pointers(uint64_t *words, size_t n)
{
    for (size_t i = 0; i < n; i++)
        words[i] = i % 2 ? 0x7f0000000000u + (noise() & 0x3fffff0) : noise() % 1000;
}

static void fill_noise(uint64_t *words, size_t n)
{
    for (size_t i = 0; i < n; i++)
        words[i] = noise();
}

/* Objects of one kind, a number and a name each. */
static void fill_objects(uint64_t *words, size_t n)
{
    for (size_t i = 0; i < n; i++)
        words[i] = i % 8 == 0 ? i / 8 : i % 8 == 1 ? noise() % 100 : 0x20202020656d616e;
}

static size_t packed_by(int level, const void *raw, size_t n, uint8_t *out, size_t room)
{
    ZSTD_CCtx *z = ZSTD_createCCtx();
    assert_false(ZSTD_isError(ZSTD_CCtx_setParameter(z, ZSTD_c_compressionLevel, level)));
    assert_false(ZSTD_isError(ZSTD_CCtx_setParameter(z, ZSTD_c_checksumFlag, 1)));
    size_t size = ZSTD_compress2(z, out, room, raw, n);
    assert_false(ZSTD_isError(size));
    ZSTD_freeCCtx(z);
    return size;
}

struct frame {
    uint64_t *raw, *unpacked;
    uint8_t *packed, *other;
    size_t room;
    struct packer *packer;
};

static void frame_done(struct frame *f)
{
    free(f->raw);
    free(f->unpacked);
    free(f->packed);
    free(f->other);
    packer_free(f->packer);
}

static struct frame frame_new(void)
{
    size_t room = packer_room(FRAME);
    struct frame f = {xmalloc(FRAME), xmalloc(FRAME), xmalloc(room), xmalloc(room), room, packer_new()};
    assert_non_null(f.packer);
    return f;
}

/* Bytes of the frame of the first n of `raw`. */
static size_t pack(struct frame *f, size_t n)
{
    size_t size = packer_frame(f->packer, (const uint8_t *)f->raw, n, f->packed, f->room);
    assert_in_range(size, 1, f->room);
    assert_int_equal(ZSTD_decompress(f->unpacked, FRAME, f->packed, size), n);
    assert_memory_equal(f->unpacked, f->raw, n);
    return size;
}

static void assert_packed_by(struct frame *f, int level, size_t n, size_t size)
{
    assert_int_equal(packed_by(level, f->raw, n, f->other, f->room), size);
    assert_memory_equal(f->packed, f->other, size);
}

/* What packs well loses nothing; what does not is packed faster, and is still smaller than it was. */
static void of_all_kinds(void **state)
{
    (void)state;
    SCOPED(frame_done) struct frame f = frame_new();

    fill_objects(f.raw, WORDS);
    assert_packed_by(&f, -1, FRAME, pack(&f, FRAME));
    fill_pointers(f.raw, WORDS);
    size_t pointers = pack(&f, FRAME);
    assert_packed_by(&f, -10, FRAME, pointers);
    assert_true(pointers < (size_t)FRAME * 4 / 5);
    fill_noise(f.raw, WORDS);
    assert_true(pack(&f, FRAME) < FRAME + FRAME / 100);
}

/* The frame decides, not those before it: the same file comes out whatever thread makes which. */
static void of_the_same_bytes(void **state)
{
    (void)state;
    SCOPED(frame_done) struct frame f = frame_new();

    fill_noise(f.raw, WORDS);
    pack(&f, FRAME);
    fill_objects(f.raw, WORDS);
    assert_packed_by(&f, -1, FRAME, pack(&f, FRAME));
}

/* The last frame of a file is as short as it may be. */
static void of_short_frames(void **state)
{
    (void)state;
    SCOPED(frame_done) struct frame f = frame_new();

    fill_pointers(f.raw, WORDS);
    for (size_t n = 1; n <= FRAME; n *= 8)
        pack(&f, n);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(of_all_kinds),
        cmocka_unit_test(of_the_same_bytes),
        cmocka_unit_test(of_short_frames),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
