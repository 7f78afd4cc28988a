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

const struct reg_view x86_64_views[X86_64_VIEWS] = {
    /* 32, 16 and 8 bits. */
    {"eax", 0, 4},
    {"edx", 1, 4},
    {"ecx", 2, 4},
    {"ebx", 3, 4},
    {"esi", 4, 4},
    {"edi", 5, 4},
    {"ebp", 6, 4},
    {"esp", 7, 4},
    {"r8d", 8, 4},
    {"r9d", 9, 4},
    {"r10d", 10, 4},
    {"r11d", 11, 4},
    {"r12d", 12, 4},
    {"r13d", 13, 4},
    {"r14d", 14, 4},
    {"r15d", 15, 4},
    {"ax", 0, 2},
    {"dx", 1, 2},
    {"cx", 2, 2},
    {"bx", 3, 2},
    {"si", 4, 2},
    {"di", 5, 2},
    {"bp", 6, 2},
    {"r8w", 8, 2},
    {"r9w", 9, 2},
    {"r10w", 10, 2},
    {"r11w", 11, 2},
    {"r12w", 12, 2},
    {"r13w", 13, 2},
    {"r14w", 14, 2},
    {"r15w", 15, 2},
    {"al", 0, 1},
    {"dl", 1, 1},
    {"cl", 2, 1},
    {"bl", 3, 1},
    {"sil", 4, 1},
    {"dil", 5, 1},
    {"bpl", 6, 1},
    {"spl", 7, 1},
    {"r8l", 8, 1},
    {"r9l", 9, 1},
    {"r10l", 10, 1},
    {"r11l", 11, 1},
    {"r12l", 12, 1},
    {"r13l", 13, 1},
    {"r14l", 14, 1},
    {"r15l", 15, 1},
    /* Of several names for a number the first is the one that messages use. */
    {"xmm0", 17, 16},
    {"xmm1", 18, 16},
    {"xmm2", 19, 16},
    {"xmm3", 20, 16},
    {"xmm4", 21, 16},
    {"xmm5", 22, 16},
    {"xmm6", 23, 16},
    {"xmm7", 24, 16},
    {"xmm8", 25, 16},
    {"xmm9", 26, 16},
    {"xmm10", 27, 16},
    {"xmm11", 28, 16},
    {"xmm12", 29, 16},
    {"xmm13", 30, 16},
    {"xmm14", 31, 16},
    {"xmm15", 32, 16},
    {"xmm16", 67, 16},
    {"xmm17", 68, 16},
    {"xmm18", 69, 16},
    {"xmm19", 70, 16},
    {"xmm20", 71, 16},
    {"xmm21", 72, 16},
    {"xmm22", 73, 16},
    {"xmm23", 74, 16},
    {"xmm24", 75, 16},
    {"xmm25", 76, 16},
    {"xmm26", 77, 16},
    {"xmm27", 78, 16},
    {"xmm28", 79, 16},
    {"xmm29", 80, 16},
    {"xmm30", 81, 16},
    {"xmm31", 82, 16},
    {"ymm0", 17, 32},
    {"ymm1", 18, 32},
    {"ymm2", 19, 32},
    {"ymm3", 20, 32},
    {"ymm4", 21, 32},
    {"ymm5", 22, 32},
    {"ymm6", 23, 32},
    {"ymm7", 24, 32},
    {"ymm8", 25, 32},
    {"ymm9", 26, 32},
    {"ymm10", 27, 32},
    {"ymm11", 28, 32},
    {"ymm12", 29, 32},
    {"ymm13", 30, 32},
    {"ymm14", 31, 32},
    {"ymm15", 32, 32},
    {"ymm16", 67, 32},
    {"ymm17", 68, 32},
    {"ymm18", 69, 32},
    {"ymm19", 70, 32},
    {"ymm20", 71, 32},
    {"ymm21", 72, 32},
    {"ymm22", 73, 32},
    {"ymm23", 74, 32},
    {"ymm24", 75, 32},
    {"ymm25", 76, 32},
    {"ymm26", 77, 32},
    {"ymm27", 78, 32},
    {"ymm28", 79, 32},
    {"ymm29", 80, 32},
    {"ymm30", 81, 32},
    {"ymm31", 82, 32},
    {"zmm0", 17, 64},
    {"zmm1", 18, 64},
    {"zmm2", 19, 64},
    {"zmm3", 20, 64},
    {"zmm4", 21, 64},
    {"zmm5", 22, 64},
    {"zmm6", 23, 64},
    {"zmm7", 24, 64},
    {"zmm8", 25, 64},
    {"zmm9", 26, 64},
    {"zmm10", 27, 64},
    {"zmm11", 28, 64},
    {"zmm12", 29, 64},
    {"zmm13", 30, 64},
    {"zmm14", 31, 64},
    {"zmm15", 32, 64},
    {"zmm16", 67, 64},
    {"zmm17", 68, 64},
    {"zmm18", 69, 64},
    {"zmm19", 70, 64},
    {"zmm20", 71, 64},
    {"zmm21", 72, 64},
    {"zmm22", 73, 64},
    {"zmm23", 74, 64},
    {"zmm24", 75, 64},
    {"zmm25", 76, 64},
    {"zmm26", 77, 64},
    {"zmm27", 78, 64},
    {"zmm28", 79, 64},
    {"zmm29", 80, 64},
    {"zmm30", 81, 64},
    {"zmm31", 82, 64},
    {"st0", 33, 10},
    {"st1", 34, 10},
    {"st2", 35, 10},
    {"st3", 36, 10},
    {"st4", 37, 10},
    {"st5", 38, 10},
    {"st6", 39, 10},
    {"st7", 40, 10},
    {"mm0", 41, 8},
    {"mm1", 42, 8},
    {"mm2", 43, 8},
    {"mm3", 44, 8},
    {"mm4", 45, 8},
    {"mm5", 46, 8},
    {"mm6", 47, 8},
    {"mm7", 48, 8},
    {"k0", 118, 8},
    {"k1", 119, 8},
    {"k2", 120, 8},
    {"k3", 121, 8},
    {"k4", 122, 8},
    {"k5", 123, 8},
    {"k6", 124, 8},
    {"k7", 125, 8},
    {"mxcsr", 64, 4},
    {"fctrl", 65, 2},
    {"fstat", 66, 2},
};

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
