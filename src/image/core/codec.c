/* SPDX-License-Identifier: Apache-2.0 */
/* The four formats, each behind the same few lines. zlib and not libdeflate: a core does not fit memory. */
#include "image/core/unpack.h"

#include "base/mem.h"

#define ZLIB_CONST
#include <lz4frame.h>
#include <lzma.h>
#include <zlib.h>
#include <zstd.h>

static void advance(struct bytes *in, size_t taken, uint8_t **out, size_t *out_left, size_t made)
{
    in->p += taken;
    in->n -= taken;
    *out += made;
    *out_left -= made;
}

static void *zstd_open(void)
{
    ZSTD_DStream *z = ZSTD_createDStream();

    /* Long windows (--ultra --long) need more than the default of 128 MiB. */
    if (z)
        (void)ZSTD_DCtx_setParameter(z, ZSTD_d_windowLogMax, 31);
    return z;
}

static const char *zstd_run(void *state, struct bytes *in, uint8_t **out, size_t *out_left, bool *ended)
{
    ZSTD_inBuffer from = {.src = in->p, .size = in->n};
    ZSTD_outBuffer to = {.dst = *out, .size = *out_left};
    size_t rc = ZSTD_decompressStream(state, &to, &from);

    advance(in, from.pos, out, out_left, to.pos);
    if (ZSTD_isError(rc))
        return ZSTD_getErrorName(rc);
    *ended = rc == 0;
    return NULL;
}

static void zstd_close(void *state)
{
    ZSTD_freeDStream(state);
}

static void *lz4_open(void)
{
    LZ4F_dctx *z = NULL;
    return LZ4F_isError(LZ4F_createDecompressionContext(&z, LZ4F_VERSION)) ? NULL : z;
}

static const char *lz4_run(void *state, struct bytes *in, uint8_t **out, size_t *out_left, bool *ended)
{
    size_t taken = in->n, made = *out_left;
    size_t rc = LZ4F_decompress(state, *out, &made, in->p, &taken, NULL);

    if (LZ4F_isError(rc))
        return LZ4F_getErrorName(rc);
    advance(in, taken, out, out_left, made);
    *ended = rc == 0;
    return NULL;
}

static void lz4_close(void *state)
{
    LZ4F_freeDecompressionContext(state);
}

static void *xz_open(void)
{
    lzma_stream *z = xcalloc(1, sizeof(*z));

    if (lzma_stream_decoder(z, UINT64_MAX, 0) != LZMA_OK) {
        free(z);
        return NULL;
    }
    return z;
}

static const char *xz_run(void *state, struct bytes *in, uint8_t **out, size_t *out_left, bool *ended)
{
    lzma_stream *z = state;

    z->next_in = in->p;
    z->avail_in = in->n;
    z->next_out = *out;
    z->avail_out = *out_left;
    lzma_ret rc = lzma_code(z, LZMA_RUN);
    advance(in, in->n - z->avail_in, out, out_left, *out_left - z->avail_out);
    if (rc == LZMA_STREAM_END) {
        *ended = true;
        return lzma_stream_decoder(z, UINT64_MAX, 0) == LZMA_OK ? NULL : "out of memory";
    }
    if (rc == LZMA_OK || rc == LZMA_BUF_ERROR)
        return NULL;
    return rc == LZMA_OPTIONS_ERROR ? "unsupported options" : rc == LZMA_MEM_ERROR ? "out of memory" : "damaged data";
}

static void xz_close(void *state)
{
    lzma_end(state);
    free(state);
}

static void *gzip_open(void)
{
    z_stream *z = xcalloc(1, sizeof(*z));

    if (inflateInit2(z, 16 + MAX_WBITS) != Z_OK) {
        free(z);
        return NULL;
    }
    return z;
}

static const char *gzip_run(void *state, struct bytes *in, uint8_t **out, size_t *out_left, bool *ended)
{
    z_stream *z = state;
    size_t take = in->n < (1u << 30) ? in->n : (1u << 30), room = *out_left < (1u << 30) ? *out_left : (1u << 30);

    z->next_in = in->p;
    z->avail_in = (uInt)take;
    z->next_out = *out;
    z->avail_out = (uInt)room;
    int rc = inflate(z, Z_NO_FLUSH);
    advance(in, take - z->avail_in, out, out_left, room - z->avail_out);
    if (rc == Z_STREAM_END) {
        *ended = true;
        return inflateReset(z) == Z_OK ? NULL : "out of memory";
    }
    return rc == Z_OK || rc == Z_BUF_ERROR ? NULL : z->msg ? z->msg : "damaged data";
}

static void gzip_close(void *state)
{
    inflateEnd(state);
    free(state);
}

static const struct codec codecs[] = {
    {"zstd", {0x28, 0xb5, 0x2f, 0xfd}, 4, zstd_open, zstd_run, zstd_close},
    {"lz4", {0x04, 0x22, 0x4d, 0x18}, 4, lz4_open, lz4_run, lz4_close},
    {"xz", {0xfd, '7', 'z', 'X', 'Z', 0x00}, 6, xz_open, xz_run, xz_close},
    {"gzip", {0x1f, 0x8b, 0x08}, 3, gzip_open, gzip_run, gzip_close},
};

const struct codec *codec_find(struct bytes head)
{
    for (size_t i = 0; i < ARRAY_LEN(codecs); i++)
        if (head.n >= codecs[i].magic_size && memcmp(head.p, codecs[i].magic, codecs[i].magic_size) == 0)
            return &codecs[i];
    return NULL;
}
