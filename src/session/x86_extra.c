/* SPDX-License-Identifier: Apache-2.0 */
/* Instructions that capstone 4 does not know and that C libraries are full of: AVX-512's opmask registers and what
 * compares into them (Intel SDM volume 2, 2.6 and 2.7, and the instructions' own pages). They are given in capstone's
 * form, so that all else is shared. */
#include "session/x86_text.h"

#include <stdio.h>

/* Operands, Intel's order. K: opmask, V: vector, R: general; M: modrm.rm as register or memory, v: the one in VEX.vvvv. */
enum form {
    FORM_KM, /* k, k or memory */
    FORM_MK, /* memory, k */
    FORM_KR, /* k, general register in rm */
    FORM_RK, /* general register, k in rm */
    FORM_KK, /* k, k in rm */
    FORM_KvK, /* k, k, k in rm */
    FORM_KvM, /* k, vector, vector or memory */
    FORM_VvM, /* vector, vector, vector or memory */
    FORM_VR, /* vector, general register */
    FORM_VX, /* vector, xmm or memory */
};

enum { PP_NONE, PP_66, PP_F3, PP_F2, W_ANY = 2 };

struct row {
    bool evex;
    uint8_t map, pp, w, opcode, form;
    const char *name;
    char suffix; /* of names that a predicate goes into: "vpcmp", 'b' */
    bool is_signed; /* else a 'u' stands before the suffix */
    uint8_t imm; /* 0, 1: a byte; 2: a predicate */
    uint8_t size; /* bytes of memory that is no vector; of an element for broadcasts; 0: none */
};

#define MASKS(op, form, name)                                       \
    {false, 1, PP_NONE, 0, op, form, name "w", 0, false, 0, 2},     \
        {false, 1, PP_66, 0, op, form, name "b", 0, false, 0, 1},   \
        {false, 1, PP_NONE, 1, op, form, name "q", 0, false, 0, 8}, \
    {                                                               \
        false, 1, PP_66, 1, op, form, name "d", 0, false, 0, 4      \
    }
#define MASK_GENERAL(op, form)                                   \
    {false, 1, PP_NONE, 0, op, form, "kmovw", 0, false, 0, 4},   \
        {false, 1, PP_66, 0, op, form, "kmovb", 0, false, 0, 4}, \
        {false, 1, PP_F2, 0, op, form, "kmovd", 0, false, 0, 4}, \
    {                                                            \
        false, 1, PP_F2, 1, op, form, "kmovq", 0, false, 0, 8    \
    }
#define COMPARE(op, w, suffix, is_signed, size)                              \
    {                                                                        \
        true, 3, PP_66, w, op, FORM_KvM, "vpcmp", suffix, is_signed, 2, size \
    }
#define VECTOR(map, pp, w, op, form, name, imm, size)         \
    {                                                         \
        true, map, pp, w, op, form, name, 0, false, imm, size \
    }

static const struct row rows[] = {
    MASKS(0x90, FORM_KM, "kmov"),
    MASKS(0x91, FORM_MK, "kmov"),
    MASK_GENERAL(0x92, FORM_KR),
    MASK_GENERAL(0x93, FORM_RK),
    MASKS(0x98, FORM_KK, "kortest"),
    MASKS(0x99, FORM_KK, "ktest"),
    MASKS(0x44, FORM_KK, "knot"),
    MASKS(0x41, FORM_KvK, "kand"),
    MASKS(0x42, FORM_KvK, "kandn"),
    MASKS(0x45, FORM_KvK, "kor"),
    MASKS(0x46, FORM_KvK, "kxnor"),
    MASKS(0x47, FORM_KvK, "kxor"),
    MASKS(0x4a, FORM_KvK, "kadd"),
    {false, 1, PP_66, 0, 0x4b, FORM_KvK, "kunpckbw", 0, false, 0, 0},
    {false, 1, PP_NONE, 0, 0x4b, FORM_KvK, "kunpckwd", 0, false, 0, 0},
    {false, 1, PP_NONE, 1, 0x4b, FORM_KvK, "kunpckdq", 0, false, 0, 0},
    COMPARE(0x3e, 0, 'b', false, 0),
    COMPARE(0x3e, 1, 'w', false, 0),
    COMPARE(0x3f, 0, 'b', true, 0),
    COMPARE(0x3f, 1, 'w', true, 0),
    COMPARE(0x1e, 0, 'd', false, 4),
    COMPARE(0x1e, 1, 'q', false, 8),
    COMPARE(0x1f, 0, 'd', true, 4),
    COMPARE(0x1f, 1, 'q', true, 8),
    VECTOR(1, PP_66, W_ANY, 0x74, FORM_KvM, "vpcmpeqb", 0, 0),
    VECTOR(1, PP_66, W_ANY, 0x75, FORM_KvM, "vpcmpeqw", 0, 0),
    VECTOR(1, PP_66, 0, 0x76, FORM_KvM, "vpcmpeqd", 0, 4),
    VECTOR(1, PP_66, W_ANY, 0x64, FORM_KvM, "vpcmpgtb", 0, 0),
    VECTOR(1, PP_66, W_ANY, 0x65, FORM_KvM, "vpcmpgtw", 0, 0),
    VECTOR(2, PP_66, 0, 0x26, FORM_KvM, "vptestmb", 0, 0),
    VECTOR(2, PP_66, 1, 0x26, FORM_KvM, "vptestmw", 0, 0),
    VECTOR(2, PP_66, 0, 0x27, FORM_KvM, "vptestmd", 0, 4),
    VECTOR(2, PP_66, 1, 0x27, FORM_KvM, "vptestmq", 0, 8),
    VECTOR(2, PP_F3, 0, 0x26, FORM_KvM, "vptestnmb", 0, 0),
    VECTOR(2, PP_F3, 1, 0x26, FORM_KvM, "vptestnmw", 0, 0),
    VECTOR(2, PP_F3, 0, 0x27, FORM_KvM, "vptestnmd", 0, 4),
    VECTOR(2, PP_F3, 1, 0x27, FORM_KvM, "vptestnmq", 0, 8),
    VECTOR(3, PP_66, 0, 0x25, FORM_VvM, "vpternlogd", 1, 4),
    VECTOR(3, PP_66, 1, 0x25, FORM_VvM, "vpternlogq", 1, 8),
    VECTOR(2, PP_66, 0, 0x7a, FORM_VR, "vpbroadcastb", 0, 0),
    VECTOR(2, PP_66, 0, 0x7b, FORM_VR, "vpbroadcastw", 0, 0),
    VECTOR(2, PP_66, 0, 0x78, FORM_VX, "vpbroadcastb", 0, 1),
    VECTOR(2, PP_66, 0, 0x79, FORM_VX, "vpbroadcastw", 0, 2),
};

static const x86_reg general64[] = {X86_REG_RAX, X86_REG_RCX, X86_REG_RDX, X86_REG_RBX, X86_REG_RSP, X86_REG_RBP,
                                    X86_REG_RSI, X86_REG_RDI, X86_REG_R8,  X86_REG_R9,  X86_REG_R10, X86_REG_R11,
                                    X86_REG_R12, X86_REG_R13, X86_REG_R14, X86_REG_R15};
static const x86_reg general32[] = {X86_REG_EAX,  X86_REG_ECX,  X86_REG_EDX,  X86_REG_EBX, X86_REG_ESP,  X86_REG_EBP,
                                    X86_REG_ESI,  X86_REG_EDI,  X86_REG_R8D,  X86_REG_R9D, X86_REG_R10D, X86_REG_R11D,
                                    X86_REG_R12D, X86_REG_R13D, X86_REG_R14D, X86_REG_R15D};

/* What the prefix says, its inverted bits turned round. */
struct prefix {
    bool evex, w, broadcast;
    uint8_t map, pp, length, size; /* length: 0, 1, 2 for 16, 32, 64 bytes; size: bytes of the prefix */
    uint8_t r, x, b, high_r, high_v, v;
};

static bool read_prefix(struct cursor *c, struct prefix *p)
{
    uint8_t kind = cursor_u8(c), b1 = cursor_u8(c);
    if (kind == 0xc5) {
        *p = (struct prefix){.map = 1, .r = !(b1 & 0x80), .v = ~b1 >> 3 & 15, .length = b1 >> 2 & 1, .pp = b1 & 3};
        return true;
    }
    uint8_t b2 = cursor_u8(c);
    *p = (struct prefix){
        .r = !(b1 & 0x80), .x = !(b1 & 0x40), .b = !(b1 & 0x20), .w = b2 & 0x80, .v = ~b2 >> 3 & 15, .pp = b2 & 3};
    if (kind == 0xc4) {
        p->map = b1 & 31;
        p->length = b2 >> 2 & 1;
        return true;
    }
    uint8_t b3 = cursor_u8(c);
    p->evex = true;
    p->map = b1 & 3;
    p->high_r = !(b1 & 0x10);
    p->length = b3 >> 5 & 3;
    p->broadcast = b3 & 0x10;
    p->high_v = !(b3 & 8);
    return kind == 0x62 && !(b1 & 0x0c) && (b2 & 4) && p->length < 3;
}

static const struct row *find_row(const struct prefix *p, uint8_t opcode)
{
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        const struct row *r = &rows[i];
        if (r->evex == p->evex && r->map == p->map && r->pp == p->pp && r->opcode == opcode &&
            (r->w == W_ANY || r->w == p->w))
            return r;
    }
    return NULL;
}

/* ---- operands ---- */

static void add_reg(cs_x86 *x, x86_reg reg)
{
    x->operands[x->op_count++] = (cs_x86_op){.type = X86_OP_REG, .reg = reg};
}

static x86_reg vector_reg(unsigned length, unsigned n)
{
    static const x86_reg first[] = {X86_REG_XMM0, X86_REG_YMM0, X86_REG_ZMM0};
    return (x86_reg)(first[length] + n);
}

/* The memory that modrm names; *disp8 is multiplied by `scale` (SDM 2.7.5). */
static void add_memory(struct cursor *c, const struct prefix *p, cs_x86 *x, unsigned size, unsigned scale)
{
    unsigned mod = x->modrm >> 6, rm = x->modrm & 7, base = rm;
    cs_x86_op *op = &x->operands[x->op_count++];
    *op = (cs_x86_op){.type = X86_OP_MEM, .size = (uint8_t)size};
    op->mem.scale = 1;
    if (rm == 4) {
        x->sib = cursor_u8(c);
        base = x->sib & 7;
        unsigned index = (x->sib >> 3 & 7) | (unsigned)p->x << 3;
        if (index != 4)
            op->mem.index = general64[index];
        op->mem.scale = 1 << (x->sib >> 6);
    }
    bool bare = mod == 0 && base == 5;
    if (!bare)
        op->mem.base = general64[base | (unsigned)p->b << 3];
    else if (rm == 5)
        op->mem.base = X86_REG_RIP;
    x->encoding.disp_offset = mod == 1 || mod == 2 || bare ? (uint8_t)cursor_offset(c) : 0;
    if (mod == 1)
        op->mem.disp = (int64_t)(int8_t)cursor_u8(c) * (int64_t)scale;
    else if (mod == 2 || bare)
        op->mem.disp = (int32_t)cursor_u32(c);
}

/* Register or memory in modrm.rm, of vectors. */
static bool add_vector_rm(struct cursor *c, const struct prefix *p, const struct row *r, cs_x86 *x)
{
    static const x86_avx_bcast ways[3][2] = {
        {X86_AVX_BCAST_4, X86_AVX_BCAST_2}, {X86_AVX_BCAST_8, X86_AVX_BCAST_4}, {X86_AVX_BCAST_16, X86_AVX_BCAST_8}};
    unsigned bytes = 16u << p->length;
    if (x->modrm >= 0xc0) {
        unsigned length = r->form == FORM_VX ? 0 : p->length;
        add_reg(x, vector_reg(length, (x->modrm & 7) | (unsigned)p->b << 3 | (unsigned)p->x << 4));
        return !p->broadcast;
    }
    if (r->form == FORM_VX) {
        add_memory(c, p, x, r->size, r->size);
        return !p->broadcast;
    }
    if (p->broadcast && r->size < 4)
        return false;
    add_memory(c, p, x, p->broadcast ? r->size : bytes, p->broadcast ? r->size : bytes);
    if (p->broadcast)
        x->operands[x->op_count - 1].avx_bcast = ways[p->length][r->size == 8];
    return true;
}

static bool add_operands(struct cursor *c, const struct prefix *p, const struct row *r, cs_x86 *x)
{
    unsigned reg = x->modrm >> 3 & 7, rm = x->modrm & 7;
    bool in_register = x->modrm >= 0xc0;
    unsigned wide_reg = reg | (unsigned)p->r << 3;
    const x86_reg *general = r->size == 8 ? general64 : general32;
    switch ((enum form)r->form) {
    case FORM_KM:
        add_reg(x, (x86_reg)(X86_REG_K0 + reg));
        if (in_register)
            add_reg(x, (x86_reg)(X86_REG_K0 + rm));
        else
            add_memory(c, p, x, r->size, 1);
        return true;
    case FORM_MK:
        if (!in_register)
            add_memory(c, p, x, r->size, 1);
        add_reg(x, (x86_reg)(X86_REG_K0 + reg));
        return !in_register;
    case FORM_KR:
        add_reg(x, (x86_reg)(X86_REG_K0 + reg));
        add_reg(x, general[rm | (unsigned)p->b << 3]);
        return in_register;
    case FORM_RK:
        add_reg(x, general[wide_reg]);
        add_reg(x, (x86_reg)(X86_REG_K0 + rm));
        return in_register;
    case FORM_KK:
        add_reg(x, (x86_reg)(X86_REG_K0 + reg));
        add_reg(x, (x86_reg)(X86_REG_K0 + rm));
        return in_register && !p->length;
    case FORM_KvK:
        add_reg(x, (x86_reg)(X86_REG_K0 + reg));
        add_reg(x, (x86_reg)(X86_REG_K0 + (p->v & 7)));
        add_reg(x, (x86_reg)(X86_REG_K0 + rm));
        return in_register && p->length == 1;
    case FORM_KvM:
        add_reg(x, (x86_reg)(X86_REG_K0 + reg));
        add_reg(x, vector_reg(p->length, p->v | (unsigned)p->high_v << 4));
        return !p->high_r && add_vector_rm(c, p, r, x);
    case FORM_VvM:
        add_reg(x, vector_reg(p->length, wide_reg | (unsigned)p->high_r << 4));
        add_reg(x, vector_reg(p->length, p->v | (unsigned)p->high_v << 4));
        return add_vector_rm(c, p, r, x);
    case FORM_VR:
        add_reg(x, vector_reg(p->length, wide_reg | (unsigned)p->high_r << 4));
        add_reg(x, general32[rm | (unsigned)p->b << 3]);
        return in_register && !p->broadcast;
    case FORM_VX:
        add_reg(x, vector_reg(p->length, wide_reg | (unsigned)p->high_r << 4));
        return add_vector_rm(c, p, r, x);
    }
    return false;
}

/* The predicate goes into the name, except for those that are always or never true. */
static void add_immediate(struct cursor *c, const struct row *r, cs_insn *in)
{
    static const char *const predicates[] = {"eq", "lt", "le", NULL, "neq", "nlt", "nle", NULL};
    cs_x86 *x = &in->detail->x86;
    uint8_t imm = r->imm ? cursor_u8(c) : 0;
    const char *predicate = r->imm == 2 && imm < 8 ? predicates[imm] : NULL;
    if (r->suffix)
        snprintf(in->mnemonic, sizeof(in->mnemonic), "%s%s%s%c", r->name, predicate ? predicate : "",
                 r->is_signed ? "" : "u", r->suffix);
    else
        snprintf(in->mnemonic, sizeof(in->mnemonic), "%s", r->name);
    if (r->imm && !predicate) {
        x->operands[x->op_count++] = (cs_x86_op){.type = X86_OP_IMM, .imm = imm, .size = 1};
        x->encoding.imm_size = 1;
    }
}

/* Protection keys: three bytes, no operands. */
static bool key_instruction(const uint8_t *bytes, size_t n, cs_insn *in)
{
    if (n < 3 || bytes[0] != 0x0f || bytes[1] != 0x01 || (bytes[2] & 0xfe) != 0xee)
        return false;
    snprintf(in->mnemonic, sizeof(in->mnemonic), "%s", bytes[2] == 0xee ? "rdpkru" : "wrpkru");
    in->size = 3;
    return true;
}

static bool masked_instruction(const uint8_t *bytes, size_t n, cs_insn *in)
{
    enum { LONGEST = 15 };
    struct cursor c = cursor_of((struct bytes){bytes, n < LONGEST ? n : LONGEST}, 0, "an instruction");
    struct prefix p;
    cs_x86 *x = &in->detail->x86;
    if (!read_prefix(&c, &p) || c.failed)
        return false;
    const struct row *r = find_row(&p, cursor_u8(&c));
    if (!r)
        return false;
    x->modrm = cursor_u8(&c);
    x->encoding.modrm_offset = (uint8_t)(cursor_offset(&c) - 1);
    if (!add_operands(&c, &p, r, x))
        return false;
    add_immediate(&c, r, in);
    in->size = (uint16_t)cursor_offset(&c);
    return !c.failed;
}

bool x86_extra(const uint8_t *bytes, size_t n, taddr pc, cs_insn *in)
{
    *in->detail = (cs_detail){.x86.addr_size = 8};
    if (!key_instruction(bytes, n, in) && !masked_instruction(bytes, n, in))
        return false;
    in->id = X86_INS_INVALID;
    in->address = pc;
    memcpy(in->bytes, bytes, in->size);
    return true;
}
