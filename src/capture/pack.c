/* SPDX-License-Identifier: Apache-2.0 */
/* Frames of zstd. What packs well is packed about as fast by all fast levels, and best by the slowest of them; a heap
 * full of pointers into itself is the other way round, so that a look at some pages of a frame chooses between two. */
#include "capture/priv.h"

#include <zstd.h>

enum {
    LEVEL = -1, /* of heaps 1 takes a tenth to a third longer, and saves less than a tenth */
    FAST_LEVEL = -10, /* of pointers half the time of LEVEL, and five quarters of the size */
    PAGE = 4096,
    LOOKED_AT = 8,      /* pages of a frame, at even distances */
    HARD = 3,           /* what does not become a third is hard to pack */
};

struct packer {
    ZSTD_CCtx *z;
    uint8_t pages[LOOKED_AT * PAGE];
};

/* Each frame ends with a checksum of what it unpacks to, so that damage is seen and never read as memory. */
struct packer *packer_new(void)
{
    struct packer *p = xcalloc(1, sizeof(*p));

    p->z = ZSTD_createCCtx();
    if (p->z && !ZSTD_isError(ZSTD_CCtx_setParameter(p->z, ZSTD_c_checksumFlag, 1)))
        return p;
    packer_free(p);
    return NULL;
}

void packer_free(struct packer *p)
{
    if (p)
        ZSTD_freeCCtx(p->z);
    free(p);
}

size_t packer_room(size_t n)
{
    return ZSTD_compressBound(n);
}

static size_t pack_with(struct packer *p, int level, const uint8_t *raw, size_t n, uint8_t *out, size_t room)
{
    if (ZSTD_isError(ZSTD_CCtx_setParameter(p->z, ZSTD_c_compressionLevel, level)))
        return 0;
    size_t size = ZSTD_compress2(p->z, out, room, raw, n);
    return ZSTD_isError(size) ? 0 : size;
}

static bool is_hard(struct packer *p, const uint8_t *raw, size_t n, uint8_t *out, size_t room)
{
    size_t step = n / LOOKED_AT / PAGE * PAGE;

    if (step < LOOKED_AT * PAGE) /* a look would take long beside the whole */
        return false;
    for (size_t i = 0; i < LOOKED_AT; i++)
        memcpy(p->pages + i * PAGE, raw + i * step, PAGE);
    return pack_with(p, LEVEL, p->pages, sizeof(p->pages), out, room) > sizeof(p->pages) / HARD;
}

size_t packer_frame(struct packer *p, const uint8_t *raw, size_t n, uint8_t *out, size_t room)
{
    return pack_with(p, is_hard(p, raw, n, out, room) ? FAST_LEVEL : LEVEL, raw, n, out, room);
}
