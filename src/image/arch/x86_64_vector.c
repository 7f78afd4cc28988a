/* SPDX-License-Identifier: Apache-2.0 */
/* Registers in the XSAVE area: the notes NT_FPREGSET (its first 512 bytes) and NT_X86_XSTATE (all of it, in the
 * standard format). Layout: Intel SDM volume 1, sections 10.5.1 (FXSAVE) and 13.4 (XSAVE); the kernel puts the
 * enabled features into bytes 464 to 471 (Linux arch/x86/include/uapi/asm/sigcontext.h, struct _fpx_sw_bytes).
 * Register numbers: System V psABI AMD64 supplement, figure 3.36; a vector register has one number, whatever
 * its width. */
#include "image/arch/x86_64_vector.h"

#include <elf.h>

enum { FCW = 0, FSW = 2, MXCSR = 24, ST = 32, XMM = 160, FEATURES = 464, HEADER = 512, AREA_MIN = 576, YMM_HIGH = 576 };
enum { HAS_YMM = 1 << 2, HAS_K = 1 << 5, HAS_ZMM_HIGH = 1 << 6, HAS_ZMM_16 = 1 << 7 };

/* The processor says where the AVX-512 parts are, and a core does not keep that: makers differ, and the size of
 * the area tells them apart. Where bound registers or protection keys are known, sizes are those with them. */
struct layout {
    size_t size;
    uint16_t k, zmm_high, zmm_16;
};
static const struct layout layouts[] = {
    {2432, 832, 896, 1408},   /* AMD */
    {2440, 832, 896, 1408},   /* AMD with protection keys */
    {2688, 1088, 1152, 1664}, /* Intel */
    {2696, 1088, 1152, 1664}, /* Intel with protection keys */
};

static uint64_t features(struct bytes area)
{
    uint64_t v;
    if (area.n < AREA_MIN)
        return 0;
    memcpy(&v, area.p + FEATURES, sizeof(v));
    return v;
}

static const struct layout *layout_of(struct bytes area)
{
    for (size_t i = 0; i < sizeof(layouts) / sizeof(layouts[0]); i++)
        if (layouts[i].size == area.n)
            return &layouts[i];
    /* Later features follow those of Intel. */
    return area.n > layouts[3].size ? &layouts[3] : NULL;
}

struct output {
    uint8_t *buf;
    size_t max, n;
};

/* Features in their initial state are written as zeros. False when the note ends before the part. */
static bool put(struct output *o, struct bytes area, size_t at, size_t n)
{
    if (at > area.n || area.n - at < n)
        return false;
    size_t take = n < o->max - o->n ? n : o->max - o->n;
    memcpy(o->buf + o->n, area.p + at, take);
    o->n += take;
    return true;
}

static bool low_vector(struct output *o, struct bytes area, unsigned i)
{
    uint64_t has = features(area);
    const struct layout *l = has & HAS_ZMM_HIGH ? layout_of(area) : NULL;
    if (!put(o, area, XMM + 16 * (size_t)i, 16))
        return false;
    /* What is missing further up leaves a shorter register. */
    if ((has & HAS_YMM) && put(o, area, YMM_HIGH + 16 * (size_t)i, 16) && l)
        (void)put(o, area, l->zmm_high + 32 * (size_t)i, 32);
    return true;
}

static bool high_vector(struct output *o, struct bytes area, unsigned i)
{
    const struct layout *l = features(area) & HAS_ZMM_16 ? layout_of(area) : NULL;
    return l && put(o, area, l->zmm_16 + 64 * (size_t)i, 64);
}

static bool mask(struct output *o, struct bytes area, unsigned i)
{
    const struct layout *l = features(area) & HAS_K ? layout_of(area) : NULL;
    return l && put(o, area, l->k + 8 * (size_t)i, 8);
}

/* The slots of ST are counted from the top of the stack, MMX registers are not. */
static bool mmx(struct output *o, struct bytes area, unsigned i)
{
    if (area.n < ST)
        return false;
    unsigned top = (area.p[FSW + 1] >> 3) & 7;
    return put(o, area, ST + 16 * (size_t)((i - top) & 7), 8);
}

bool x86_64_note_register(uint32_t type, struct bytes desc, unsigned dwarf, uint8_t *buf, size_t max, size_t *n)
{
    struct output o = {.buf = buf, .max = max};
    bool found = false;
    if (type != NT_FPREGSET && type != NT_X86_XSTATE)
        return false;
    if (type == NT_FPREGSET && desc.n > HEADER)
        desc.n = HEADER;
    if (dwarf >= 17 && dwarf <= 32)
        found = low_vector(&o, desc, dwarf - 17);
    else if (dwarf >= 33 && dwarf <= 40)
        found = put(&o, desc, ST + 16 * (size_t)(dwarf - 33), 10);
    else if (dwarf >= 41 && dwarf <= 48)
        found = mmx(&o, desc, dwarf - 41);
    else if (dwarf >= 67 && dwarf <= 82)
        found = high_vector(&o, desc, dwarf - 67);
    else if (dwarf >= 118 && dwarf <= 125)
        found = mask(&o, desc, dwarf - 118);
    else if (dwarf == 64)
        found = put(&o, desc, MXCSR, 4);
    else if (dwarf == 65)
        found = put(&o, desc, FCW, 2);
    else if (dwarf == 66)
        found = put(&o, desc, FSW, 2);
    if (found)
        *n = o.n;
    return found;
}
