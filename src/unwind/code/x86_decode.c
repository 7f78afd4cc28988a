/* SPDX-License-Identifier: Apache-2.0 */
#include "unwind/code/x86_decode.h"

enum { MAX_SIZE = 15 };

/* What follows an opcode. */
enum {
    M = 1,    /* ModRM */
    I1 = 2,   /* one byte */
    IZ = 4,   /* four bytes, two with an operand size prefix */
    I2 = 8,   /* two bytes */
    IV = 16,  /* as IZ, but eight with REX.W */
    IA = 32,  /* an address */
    F3X = 64, /* group 3: an immediate for its first two members only */
    BAD = 128,
    BAD64 = 256, /* not in 64-bit code */
    REL = 512,   /* four bytes whatever the prefixes (64-bit code) */
};

/* clang-format off */
static const uint16_t one_byte[256] = {
    /* 00 */ M, M, M, M, I1, IZ, BAD64, BAD64, M, M, M, M, I1, IZ, BAD64, BAD,
    /* 10 */ M, M, M, M, I1, IZ, BAD64, BAD64, M, M, M, M, I1, IZ, BAD64, BAD64,
    /* 20 */ M, M, M, M, I1, IZ, BAD, BAD64, M, M, M, M, I1, IZ, BAD, BAD64,
    /* 30 */ M, M, M, M, I1, IZ, BAD, BAD64, M, M, M, M, I1, IZ, BAD, BAD64,
    /* 40 */ BAD64, BAD64, BAD64, BAD64, BAD64, BAD64, BAD64, BAD64,
    /* 48 */ BAD64, BAD64, BAD64, BAD64, BAD64, BAD64, BAD64, BAD64,
    /* 50 */ 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0,
    /* 60 */ BAD64, BAD64, M | BAD64, M, BAD, BAD, BAD, BAD, IZ, M | IZ, I1, M | I1, 0, 0, 0, 0,
    /* 70 */ I1, I1, I1, I1, I1, I1, I1, I1, I1, I1, I1, I1, I1, I1, I1, I1,
    /* 80 */ M | I1, M | IZ, M | I1 | BAD64, M | I1, M, M, M, M, M, M, M, M, M, M, M, M,
    /* 90 */ 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, IZ | I2 | BAD64, 0, 0, 0, 0, 0,
    /* a0 */ IA, IA, IA, IA, 0, 0, 0, 0, I1, IZ, 0, 0, 0, 0, 0, 0,
    /* b0 */ I1, I1, I1, I1, I1, I1, I1, I1, IV, IV, IV, IV, IV, IV, IV, IV,
    /* c0 */ M | I1, M | I1, I2, 0, M | BAD64, M | BAD64, M | I1, M | IZ, I2 | I1, 0, I2, 0, 0, I1, BAD64, 0,
    /* d0 */ M, M, M, M, I1 | BAD64, I1 | BAD64, BAD64, 0, M, M, M, M, M, M, M, M,
    /* e0 */ I1, I1, I1, I1, I1, I1, I1, I1, REL, REL, IZ | I2 | BAD64, I1, 0, 0, 0, 0,
    /* f0 */ BAD, 0, BAD, BAD, 0, 0, M | F3X, M | F3X, 0, 0, 0, 0, 0, 0, M, M,
};
/* clang-format on */

static uint16_t two_byte(uint8_t op)
{
    if (op >= 0x80 && op <= 0x8f)
        return REL;
    if ((op >= 0x30 && op <= 0x37) || (op >= 0xc8 && op <= 0xcf) || (op >= 0x05 && op <= 0x09))
        return 0;
    switch (op) {
    case 0x04:
    case 0x0a:
    case 0x0c:
        return BAD;
    case 0x0b:
    case 0x0e:
    case 0x77:
    case 0xa0:
    case 0xa1:
    case 0xa2:
    case 0xa8:
    case 0xa9:
    case 0xaa:
        return 0;
    case 0x0f:
    case 0x70:
    case 0x71:
    case 0x72:
    case 0x73:
    case 0xa4:
    case 0xac:
    case 0xba:
    case 0xc2:
    case 0xc4:
    case 0xc5:
    case 0xc6:
        return M | I1;
    default:
        return M;
    }
}

struct decoder {
    struct cursor in;
    bool is_64, short_operand, short_address;
    uint8_t rex; /* W R X B in the lower bits */
    struct x86_insn *out;
};

static void read_prefixes(struct decoder *d)
{
    for (;;) {
        switch (cursor_left(&d->in) ? *d->in.at : 0) {
        case 0x66:
            d->short_operand = true;
            break;
        case 0x67:
            d->short_address = true;
            break;
        case 0xf0:
        case 0xf2:
        case 0xf3:
        case 0x26:
        case 0x2e:
        case 0x36:
        case 0x3e:
        case 0x64:
        case 0x65:
            break;
        default:
            return;
        }
        cursor_skip(&d->in, 1);
    }
}

/* VEX and EVEX: their bits stand for prefixes, REX (inverted) and the map. */
static bool read_vex(struct decoder *d, uint8_t first)
{
    struct x86_insn *o = d->out;
    uint8_t p0 = cursor_u8(&d->in), inverted = (uint8_t)~p0;

    o->vex = true;
    if (first == 0xc5) {
        o->map = X86_0F;
        d->rex = (inverted >> 5) & 4;
    } else {
        uint8_t map = first == 0xc4 ? p0 & 0x1f : p0 & 7;
        o->map = map < X86_OTHER_MAP ? map : X86_OTHER_MAP;
        d->rex = (inverted >> 5) & 7;
        cursor_skip(&d->in, first == 0xc4 ? 1 : 2);
    }
    o->opcode = cursor_u8(&d->in);
    return o->map != X86_ONE_BYTE;
}

static bool starts_vex(const struct decoder *d, uint8_t first)
{
    if (first != 0xc4 && first != 0xc5 && first != 0x62)
        return false;
    /* In 32-bit code they are old instructions unless what would be their ModRM names two registers. */
    return d->is_64 || (cursor_left(&d->in) && *d->in.at >= 0xc0);
}

static uint16_t read_opcode(struct decoder *d)
{
    struct x86_insn *o = d->out;
    uint8_t op = cursor_u8(&d->in);

    if (d->is_64 && (op & 0xf0) == 0x40) {
        d->rex = op & 0x0f;
        op = cursor_u8(&d->in);
    }
    o->opcode = op;
    if (starts_vex(d, op)) {
        if (!read_vex(d, op))
            return BAD;
        if (o->map == X86_0F)
            return two_byte(o->opcode);
        return o->map == X86_0F3A ? M | I1 : M;
    }
    if (op != 0x0f)
        return one_byte[op];
    o->map = X86_0F;
    o->opcode = op = cursor_u8(&d->in);
    if (op != 0x38 && op != 0x3a)
        return two_byte(op);
    o->map = op == 0x38 ? X86_0F38 : X86_0F3A;
    o->opcode = cursor_u8(&d->in);
    return op == 0x38 ? M : M | I1;
}

static int32_t signed_byte(struct decoder *d)
{
    return (cursor_u8(&d->in) ^ 0x80) - 0x80;
}

static void read_modrm(struct decoder *d)
{
    struct x86_insn *o = d->out;
    uint8_t modrm = cursor_u8(&d->in);
    uint8_t r = d->rex & 4 ? 8 : 0, x = d->rex & 2 ? 8 : 0, b = d->rex & 1 ? 8 : 0;

    o->has_modrm = true;
    o->mod = modrm >> 6;
    o->reg = ((modrm >> 3) & 7) | r;
    o->rm = (modrm & 7) | b;
    if (o->mod == 3)
        return;
    o->base = o->rm;
    bool far = o->mod == 2;
    if ((modrm & 7) == 4) {
        uint8_t sib = cursor_u8(&d->in);
        o->index = ((sib >> 3) & 7) | x;
        if (o->index == 4) /* the stack pointer's number means none */
            o->index = X86_NONE;
        o->base = (sib & 7) | b;
        if (o->mod == 0 && (sib & 7) == 5) {
            o->base = X86_NONE;
            far = true;
        }
    } else if (o->mod == 0 && (modrm & 7) == 5) { /* relative to the pc in 64-bit code */
        o->base = X86_NONE;
        far = true;
    }
    if (far)
        o->disp = (int32_t)cursor_u32(&d->in);
    else if (o->mod == 1)
        o->disp = signed_byte(d);
}

static void read_immediate(struct decoder *d, uint16_t format)
{
    struct x86_insn *o = d->out;
    bool is_short = d->short_operand;

    if ((format & F3X) && (o->reg & 7) < 2)
        format |= o->opcode == 0xf6 ? I1 : IZ;
    if ((format & IV) && (d->rex & 8))
        o->imm = (int64_t)cursor_u64(&d->in);
    else if ((format & (IZ | IV)) || ((format & REL) && !d->is_64))
        o->imm = is_short ? (int16_t)cursor_u16(&d->in) : (int32_t)cursor_u32(&d->in);
    else if (format & REL)
        o->imm = (int32_t)cursor_u32(&d->in);
    if (format & IA)
        cursor_skip(&d->in, d->is_64 && !d->short_address ? 8 : 4);
    if (format & I2)
        o->imm = cursor_u16(&d->in);
    if (format & I1)
        o->imm = signed_byte(d);
}

bool x86_decode(struct bytes code, bool is_64, struct x86_insn *out)
{
    if (code.n > MAX_SIZE)
        code.n = MAX_SIZE;
    struct x86_insn o = {.base = X86_NONE, .index = X86_NONE};
    struct decoder d = {.in = cursor_of(code, 0, "code"), .is_64 = is_64, .out = &o};

    read_prefixes(&d);
    uint16_t format = read_opcode(&d);
    if ((format & BAD) || (is_64 && (format & BAD64)) || (!is_64 && d.short_address))
        return false;
    o.rm = (uint8_t)((o.opcode & 7) | (d.rex & 1) << 3);
    if (format & M)
        read_modrm(&d);
    read_immediate(&d, format);
    o.wide = is_64 ? (d.rex & 8) != 0 : !d.short_operand;
    o.size = (uint8_t)cursor_offset(&d.in);
    if (d.in.failed)
        return false;
    *out = o;
    return true;
}
