/* SPDX-License-Identifier: Apache-2.0 */
#include "unit.h"

#include <fcntl.h>
#include <lz4frame.h>
#include <lzma.h>
#include <sys/stat.h>
#include <unistd.h>
#include <zlib.h>
#include <zstd.h>

#include "image/core/unpack.h"
#include "image/image.h"
#include "make_core.h"

enum { PLAIN = 3 << 20, PACKED = 4 << 20 };

/* Text, 2 MiB of zeros, and noise that does not pack. */
static uint8_t *plain(void)
{
    static uint8_t data[PLAIN];
    unsigned seed = 7;

    for (size_t i = 0; i < 1000; i++)
        data[i] = (uint8_t)("core "[i % 5]);
    for (size_t i = PLAIN - 300000; i < PLAIN; i++)
        data[i] = (uint8_t)rand_r(&seed);
    return data;
}

static size_t pack_zstd(const uint8_t *in, size_t n, uint8_t *out)
{
    return ZSTD_compress(out, PACKED, in, n, 1);
}

static size_t pack_lz4(const uint8_t *in, size_t n, uint8_t *out)
{
    return LZ4F_compressFrame(out, PACKED, in, n, NULL);
}

static size_t pack_xz(const uint8_t *in, size_t n, uint8_t *out)
{
    size_t made = 0;
    assert_int_equal(lzma_easy_buffer_encode(0, LZMA_CHECK_CRC32, NULL, in, n, out, &made, PACKED), LZMA_OK);
    return made;
}

static size_t pack_gzip(const uint8_t *in, size_t n, uint8_t *out)
{
    z_stream z = {.next_in = (Bytef *)(uintptr_t)in, .avail_in = (uInt)n, .next_out = out, .avail_out = PACKED};
    assert_int_equal(deflateInit2(&z, 1, Z_DEFLATED, 16 + MAX_WBITS, 8, Z_DEFAULT_STRATEGY), Z_OK);
    assert_int_equal(deflate(&z, Z_FINISH), Z_STREAM_END);
    deflateEnd(&z);
    return z.total_out;
}

static size_t (*const packers[])(const uint8_t *, size_t, uint8_t *) = {pack_zstd, pack_lz4, pack_xz, pack_gzip};

static int file_with(const uint8_t *data, size_t n)
{
    int fd = open("/tmp", O_TMPFILE | O_RDWR, 0600);
    assert_true(fd >= 0);
    assert_int_equal(write(fd, data, n), n);
    return fd;
}

static struct err *unpack_bytes(const uint8_t *data, size_t n, int *out, struct err **problem)
{
    int fd = file_with(data, n);
    const struct codec *codec = codec_find((struct bytes){data, n});
    assert_non_null(codec);
    struct err *e = unpack(fd, "packed", codec, NULL, out, problem);
    close(fd);
    return e;
}

static void check_holds(int fd, const uint8_t *data, size_t n)
{
    struct stat st;
    uint8_t *got = malloc(n + 1);

    assert_int_equal(pread(fd, got, n + 1, 0), n);
    assert_memory_equal(got, data, n);
    assert_int_equal(fstat(fd, &st), 0);
    assert_int_equal(st.st_mode & 0777, 0600);
    assert_int_equal(st.st_nlink, 0);
    assert_true((uint64_t)st.st_blocks * 512 < n); /* the zeros are a hole */
    free(got);
}

static void each_format_also_in_several_streams(void **state)
{
    (void)state;
    uint8_t *packed = malloc(2 * PACKED), *data = plain();

    for (size_t i = 0; i < ARRAY_LEN(packers); i++) {
        struct err *problem = NULL;
        int fd = -1;
        size_t half = PLAIN / 2, n = packers[i](data, half, packed);
        n += packers[i](data + half, PLAIN - half, packed + n);
        assert_ok(unpack_bytes(packed, n, &fd, &problem));
        assert_null(problem);
        check_holds(fd, data, PLAIN);
        close(fd);
    }
    free(packed);
}

static void cut_or_damaged_data_gives_its_start(void **state)
{
    (void)state;
    uint8_t *packed = malloc(PACKED), *data = plain();

    for (size_t i = 0; i < ARRAY_LEN(packers); i++) {
        struct err *problem = NULL;
        struct stat st;
        int fd = -1;
        size_t n = packers[i](data, PLAIN, packed);
        assert_ok(unpack_bytes(packed, n - 100000, &fd, &problem));
        assert_non_null(problem);
        assert_int_equal(problem->code, ERR_TRUNCATED);
        assert_int_equal(fstat(fd, &st), 0);
        assert_true(st.st_size > 2 << 20 && st.st_size < PLAIN);
        uint8_t first[1000];
        assert_int_equal(pread(fd, first, sizeof(first), 0), sizeof(first));
        assert_memory_equal(first, data, sizeof(first));
        close(fd);
        err_free(problem);
    }
    size_t n = pack_zstd(data, PLAIN, packed);
    struct err *problem = NULL;
    int fd = -1;
    memset(packed + n - 200000, 0xff, 100000);
    assert_ok(unpack_bytes(packed, n, &fd, &problem));
    assert_non_null(problem);
    assert_int_equal(problem->code, ERR_CORRUPT);
    err_free(problem);
    close(fd);
    /* Nothing could be unpacked. */
    assert_err(unpack_bytes((const uint8_t *)"\x28\xb5\x2f\xfd nonsense", 14, &fd, &problem), ERR_CORRUPT);
    free(packed);
}

static void stop(struct progress *p, const char *what, uint64_t done, uint64_t total)
{
    (void)what;
    assert_true(done <= total);
    p->cancelled = true;
}

static void can_be_stopped(void **state)
{
    (void)state;
    uint8_t *packed = malloc(PACKED);
    size_t n = pack_zstd(plain(), PLAIN, packed);
    struct progress progress = {.report = stop};
    struct err *problem = NULL;
    int out = -1, fd = file_with(packed, n);

    assert_err(unpack(fd, "packed", codec_find((struct bytes){packed, n}), &progress, &out, &problem), ERR_CANCELLED);
    assert_int_equal(out, -1);
    close(fd);
    free(packed);
}

static void opens_a_packed_core(void **state)
{
    (void)state;
    struct maker m = {.arch = &arch_x86_64};
    uint64_t regs[64] = {0};
    char path[] = "/tmp/inquest-test-XXXXXX";
    int fd = mkstemp(path);
    struct image *im;
    char text[5] = "";

    make_thread(&m, 7, 11, regs);
    make_load(&m, 0x1000, 0x1000, PF_R, "hello", 5);
    struct bytes core = make_core(&m);
    uint8_t *packed = malloc(PACKED);
    for (size_t i = 0; i < ARRAY_LEN(packers); i++) {
        size_t n = packers[i](core.p, core.n, packed);
        assert_int_equal(ftruncate(fd, 0), 0);
        assert_int_equal(pwrite(fd, packed, n, 0), n);
        assert_ok(image_core_open(path, NULL, &im));
        assert_int_equal(im->problems.n, 0);
        assert_int_equal(im->threads.n, 1);
        assert_true(im->dump_time > 0);
        assert_ok(space_read(&im->space, 0x1000, text, 5));
        assert_memory_equal(text, "hello", 5);
        image_free(im);
    }
    unlink(path);
    close(fd);
    free(packed);
    free((void *)(uintptr_t)core.p);
}

RUN_TESTS(cmocka_unit_test(each_format_also_in_several_streams), cmocka_unit_test(cut_or_damaged_data_gives_its_start),
          cmocka_unit_test(can_be_stopped), cmocka_unit_test(opens_a_packed_core))
