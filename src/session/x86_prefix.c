/* SPDX-License-Identifier: Apache-2.0 */
/* Prefixes of x86 instructions (Intel SDM volume 2, 2.1.1): those that change nothing are written out. */
#include "session/x86_text.h"

static bool is_segment(uint8_t b)
{
    return b == 0x26 || b == 0x2e || b == 0x36 || b == 0x3e || b == 0x64 || b == 0x65;
}

static bool take_prefix(struct x86_line *p, uint8_t b)
{
    if (is_segment(b))
        p->segment = b;
    else if (b == 0x66)
        p->data16 = true;
    else if (b == 0x67)
        p->addr32 = true;
    else if (b == 0xf0)
        p->lock = true;
    else if (b == 0xf2)
        p->repnz = true;
    else if (b == 0xf3)
        p->repz = true;
    else
        return false;
    return true;
}

void x86_prefixes_read(struct x86_line *p)
{
    const uint8_t *b = p->in->bytes;
    uint8_t n = (uint8_t)p->in->size, i = 0;
    while (i < n && take_prefix(p, b[i]))
        i++;
    if (p->wide && i < n && (b[i] & 0xf0) == 0x40)
        p->rex = b[i++];
    p->n_prefixes = i;
    p->opcode = i < n ? b[i] : 0;
    p->evex = p->opcode == 0x62 && (p->wide || (i + 1 < n && b[i + 1] >= 0xc0)) && i + 3 < n;
    if (p->evex) {
        p->mask = b[i + 3] & 7;
        p->zeroing = b[i + 3] & 0x80;
    }
}

/* Is it of the two- or three-byte maps, or VEX, where 66, F2 and F3 are part of the opcode? */
static bool has_long_opcode(const struct x86_line *p)
{
    return p->opcode == 0x0f || p->evex || (p->wide && (p->opcode == 0xc4 || p->opcode == 0xc5));
}

static bool uses_vector(const struct x86_line *p)
{
    for (unsigned i = 0; i < p->x->op_count; i++) {
        const cs_x86_op *op = &p->x->operands[i];
        const char *name = op->type == X86_OP_REG ? cs_reg_name(p->handle, op->reg) : NULL;
        if (name && (strstr(name, "mm") || name[0] == 'k'))
            return true;
    }
    return false;
}

/* Does 66 change what the instruction does? */
static bool uses_data16(const struct x86_line *p)
{
    bool carries = p->in->id == X86_INS_ADCX || p->in->id == X86_INS_ADOX; /* told apart by 66 */
    if (carries || (has_long_opcode(p) && uses_vector(p)))
        return true;
    if (p->rex & 8)
        return false;
    if (!p->x->op_count)
        return p->kind == X86_PLAIN && p->opcode != 0xc3 && p->opcode != 0xcc; /* cbtw, pushfw */
    for (unsigned i = 0; i < p->x->op_count; i++)
        if (p->x->operands[i].size == 2)
            return true;
    return false;
}

static bool uses_segment(const struct x86_line *p)
{
    if (p->kind == X86_BRANCH && !x86_memory(p->x))
        return p->opcode == 0x0f || (p->opcode & 0xf0) == 0x70; /* a hint */
    if (!x86_memory(p->x) || p->in->id == X86_INS_LEA)
        return false;
    return !p->wide || p->segment == 0x64 || p->segment == 0x65;
}

static const char *segment_name(uint8_t b)
{
    switch (b) {
    case 0x26:
        return "es ";
    case 0x2e:
        return "cs ";
    case 0x36:
        return "ss ";
    case 0x3e:
        return "ds ";
    case 0x64:
        return "fs ";
    default:
        return "gs ";
    }
}

static bool is_indirect_branch(const struct x86_line *p)
{
    return p->kind == X86_BRANCH && p->opcode == 0xff;
}

static bool is_near_branch(const struct x86_line *p)
{
    return p->kind == X86_BRANCH || p->in->id == X86_INS_RET;
}

/* How F2 or F3 is written; NULL: it is part of the instruction. */
static const char *repeat_name(const struct x86_line *p, uint8_t b)
{
    if (p->kind == X86_STRING) {
        bool compares = (p->opcode | 1) == 0xa7 || (p->opcode | 1) == 0xaf;
        return b == 0xf2 ? "repnz " : compares ? "repz " : "rep ";
    }
    if (b == 0xf2 && is_near_branch(p))
        return "bnd ";
    if (has_long_opcode(p) || (p->opcode == 0x90 && b == 0xf3))
        return NULL;
    return b == 0xf2 ? "repnz " : "repz ";
}

static const char *prefix_name(const struct x86_line *p, uint8_t i)
{
    uint8_t b = p->in->bytes[i];
    bool again = false; /* of equal prefixes the last one counts */
    for (uint8_t k = i + 1; k < p->n_prefixes; k++)
        again = again || p->in->bytes[k] == b;
    if (is_segment(b)) {
        if (b == 0x3e && !again && is_indirect_branch(p))
            return "notrack ";
        return again || b != p->segment || !uses_segment(p) ? segment_name(b) : NULL;
    }
    if (b == 0x66)
        return again || !uses_data16(p) ? "data16 " : NULL;
    if (b == 0x67) {
        bool used = x86_memory(p->x) || p->in->id == X86_INS_JECXZ || p->in->id == X86_INS_JCXZ;
        return again || !used ? (p->wide ? "addr32 " : "addr16 ") : NULL;
    }
    if (b == 0xf0)
        return "lock ";
    return repeat_name(p, b);
}

/* REX.W where the operand size is 64 bits anyway: the linker pads calls with it. */
static bool spare_rex_w(const struct x86_line *p)
{
    return p->rex == 0x48 && (is_near_branch(p) || p->in->id == X86_INS_PUSH || p->in->id == X86_INS_POP ||
                              p->in->id == X86_INS_LEAVE || (p->opcode == 0x90 && p->in->id == X86_INS_NOP));
}

void x86_prefixes_name(struct x86_line *p)
{
    size_t n = 0;
    for (uint8_t i = 0; i < p->n_prefixes - (p->rex ? 1 : 0); i++) {
        const char *name = prefix_name(p, i);
        size_t len = name ? strlen(name) : 0;
        if (len && n + len < sizeof(p->prefixes)) {
            memcpy(p->prefixes + n, name, len);
            n += len;
        }
    }
    p->prefixes[n] = '\0';
    if (spare_rex_w(p) && n + 6 < sizeof(p->prefixes))
        memcpy(p->prefixes + n, "rex.W ", 7);
}
