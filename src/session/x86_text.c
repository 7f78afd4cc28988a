/* SPDX-License-Identifier: Apache-2.0 */
/* Operands of x86 instructions, and the whole line. */
#include "session/x86_text.h"

#include <inttypes.h>

/* ---- operands ---- */

static const char *reg_name(const struct x86_line *p, x86_reg r)
{
    switch ((unsigned)r) {
    case X86_REG_ST0:
        return "st";
    case X86_REG_EIZ:
        return "eiz";
    case X86_REG_RIZ:
        return "riz";
    default: {
        const char *name = cs_reg_name(p->handle, r);
        return name ? name : "?";
    }
    }
}

static void put_reg(const struct x86_line *p, x86_reg r)
{
    text_printf(p->t, "%s%s", p->intel ? "" : "%", reg_name(p, r));
}

static void put_signed(struct text *t, int64_t v, bool plus)
{
    if (v < 0)
        text_printf(t, "-0x%" PRIx64, -(uint64_t)v);
    else
        text_printf(t, "%s0x%" PRIx64, plus ? "+" : "", (uint64_t)v);
}

/* Is a displacement encoded, be it zero? */
static bool has_displacement(const cs_x86 *x)
{
    return x->encoding.disp_offset != 0;
}

static bool has_sib(const cs_x86 *x)
{
    unsigned mod = x->modrm >> 6, rm = x->modrm & 7;
    return x->encoding.modrm_offset && mod != 3 && rm == 4 && x->addr_size != 2;
}

/* capstone 4 takes the index of EVEX for a vector where only gathers and scatters have one. */
static x86_reg index_of(const struct x86_line *p, const x86_op_mem *m)
{
    static const x86_reg general[] = {X86_REG_RAX, X86_REG_RCX, X86_REG_RDX, X86_REG_RBX, X86_REG_RSP, X86_REG_RBP,
                                      X86_REG_RSI, X86_REG_RDI, X86_REG_R8,  X86_REG_R9,  X86_REG_R10, X86_REG_R11,
                                      X86_REG_R12, X86_REG_R13, X86_REG_R14, X86_REG_R15};
    bool vector = m->index >= X86_REG_XMM0 && m->index <= X86_REG_ZMM31;
    if (!p->evex || !vector || strstr(p->name, "gather") || strstr(p->name, "scatter"))
        return m->index;
    bool high = !(p->in->bytes[p->n_prefixes + 1] & 0x40);
    return general[(p->x->sib >> 3 & 7) + (high ? 8 : 0)];
}

struct address {
    bool base, index, displaced; /* what is written */
    const char *index_name;
    int scale;
};

/* Binutils names the index that is none (riz) where an encoding has one without need. */
static struct address address_of(const struct x86_line *p, const x86_op_mem *m)
{
    const cs_x86 *x = p->x;
    struct address a = {.base = m->base != X86_REG_INVALID, .index = m->index != X86_REG_INVALID};
    a.scale = m->scale;
    a.displaced = m->disp != 0 || has_displacement(x);
    a.index_name = a.index ? reg_name(p, index_of(p, m)) : NULL;
    bool sib_base_sp = (x->sib & 7) == 4;
    if (has_sib(x) && !a.index && ((a.base && !sib_base_sp) || x->sib >> 6)) {
        a.index = true;
        a.index_name = x->addr_size == 8 ? "riz" : "eiz";
        a.scale = 1 << (x->sib >> 6);
    }
    return a;
}

/* In 64-bit code the others change nothing: x86_prefix.c writes them in front. */
static void put_segment(const struct x86_line *p, const x86_op_mem *m)
{
    if (m->segment != X86_REG_INVALID && (!p->wide || m->segment == X86_REG_FS || m->segment == X86_REG_GS)) {
        put_reg(p, m->segment);
        text_putc(p->t, ':');
    }
}

static void put_absolute(const struct x86_line *p, int64_t disp)
{
    uint64_t v = (uint64_t)disp;
    text_printf(p->t, "0x%" PRIx64, p->x->addr_size == 8 ? v : v & UINT32_MAX);
}

static void put_memory_att(const struct x86_line *p, const x86_op_mem *m)
{
    struct address a = address_of(p, m);
    put_segment(p, m);
    if (!a.base && !a.index) {
        put_absolute(p, m->disp);
        return;
    }
    if (a.displaced)
        put_signed(p->t, m->disp, false);
    text_putc(p->t, '(');
    if (a.base)
        put_reg(p, m->base);
    if (a.index)
        text_printf(p->t, ",%%%s,%d", a.index_name, a.scale);
    text_putc(p->t, ')');
}

static const char *size_word(unsigned size)
{
    switch (size) {
    case 1:
        return "BYTE PTR ";
    case 2:
        return "WORD PTR ";
    case 4:
        return "DWORD PTR ";
    case 6:
        return "FWORD PTR ";
    case 8:
        return "QWORD PTR ";
    case 10:
        return "TBYTE PTR ";
    case 16:
        return "XMMWORD PTR ";
    case 32:
        return "YMMWORD PTR ";
    case 64:
        return "ZMMWORD PTR ";
    default:
        return "";
    }
}

/* Where capstone has the size of the register, not of what is read. */
static unsigned memory_size(const struct x86_line *p, unsigned size)
{
    switch (p->in->id) {
    case X86_INS_COMISD:
    case X86_INS_UCOMISD:
    case X86_INS_VCOMISD:
    case X86_INS_VUCOMISD:
        return 8;
    case X86_INS_COMISS:
    case X86_INS_UCOMISS:
    case X86_INS_VCOMISS:
    case X86_INS_VUCOMISS:
        return 4;
    case X86_INS_FNSTSW:
        return 2;
    default:
        return size;
    }
}

static void put_memory_intel(const struct x86_line *p, const x86_op_mem *m, unsigned size)
{
    struct address a = address_of(p, m);
    bool sized = p->in->id != X86_INS_LEA && !(p->opcode >= 0xa0 && p->opcode <= 0xa3); /* mov with a whole address */
    if (sized)
        text_put(p->t, size_word(memory_size(p, size)));
    put_segment(p, m);
    if (!a.base && !a.index) {
        if (m->segment == X86_REG_INVALID)
            text_put(p->t, "ds:");
        put_absolute(p, m->disp);
        return;
    }
    text_putc(p->t, '[');
    if (a.base)
        put_reg(p, m->base);
    if (a.index)
        text_printf(p->t, "%s%s*%d", a.base ? "+" : "", a.index_name, a.scale);
    if (a.displaced && m->base == X86_REG_RIP)
        text_printf(p->t, "+0x%" PRIx64, (uint64_t)m->disp);
    else if (a.displaced)
        put_signed(p->t, m->disp, true);
    text_putc(p->t, ']');
}

static uint64_t cut(uint64_t v, unsigned size)
{
    return size >= 8 || size == 0 ? v : v & ((UINT64_C(1) << (8 * size)) - 1);
}

/* Arithmetic extends a byte to the size of what it works on; shifts, interrupts, vector selectors do not. */
static bool extends_byte(const cs_insn *in)
{
    switch (in->id) {
    case X86_INS_ADD:
    case X86_INS_OR:
    case X86_INS_ADC:
    case X86_INS_SBB:
    case X86_INS_AND:
    case X86_INS_SUB:
    case X86_INS_XOR:
    case X86_INS_CMP:
    case X86_INS_IMUL:
    case X86_INS_PUSH:
        return true;
    default:
        return false;
    }
}

static void put_immediate(const struct x86_line *p, int64_t v)
{
    unsigned size = p->x->operands[0].size;
    if (p->x->encoding.imm_size == 1 && !extends_byte(p->in))
        size = 1;
    if (p->in->id == X86_INS_ENTER)
        size = v == p->x->operands[0].imm ? 2 : 1;
    if (p->in->id == X86_INS_RET || p->in->id == X86_INS_RETF || p->in->id == X86_INS_RETFQ)
        size = 2;
    text_printf(p->t, "%s0x%" PRIx64, p->intel ? "" : "$", cut((uint64_t)v, size));
}

/* What string instructions and xlat work on: rdi is always in es, the others can be overridden. */
static void put_implied(const struct x86_line *p, const cs_x86_op *op)
{
    static const struct {
        uint8_t byte;
        const char *name;
    } segments[] = {{0x26, "es"}, {0x2e, "cs"}, {0x36, "ss"}, {0x64, "fs"}, {0x65, "gs"}};
    const char *base = reg_name(p, op->mem.base), *segment = "ds";
    size_t n = strlen(base);
    bool to = n >= 2 && strcmp(base + n - 2, "di") == 0;
    for (size_t i = 0; i < sizeof(segments) / sizeof(segments[0]); i++)
        if (p->segment == segments[i].byte && (!p->wide || p->segment >= 0x64))
            segment = segments[i].name;
    segment = to ? "es" : segment;
    if (p->intel)
        text_printf(p->t, "%s%s:[%s]", size_word(op->size), segment, base);
    else
        text_printf(p->t, "%%%s:(%%%s)", segment, base);
}

static void put_memory(const struct x86_line *p, const cs_x86_op *op)
{
    if (p->kind == X86_STRING || p->in->id == X86_INS_XLATB) {
        put_implied(p, op);
        return;
    }
    if (p->kind == X86_BRANCH && !p->intel)
        text_putc(p->t, '*');
    if (p->intel)
        put_memory_intel(p, &op->mem, op->size);
    else
        put_memory_att(p, &op->mem);
    if (op->mem.base == X86_REG_RIP) {
        p->out->has_target = p->out->target_noted = true;
        p->out->target = p->out->pc + p->in->size + (uint64_t)op->mem.disp;
    }
}

static void put_operand(const struct x86_line *p, const cs_x86_op *op)
{
    switch (op->type) {
    case X86_OP_REG: {
        bool port = (p->kind == X86_PORT || p->kind == X86_STRING) && op->reg == X86_REG_DX && !p->intel;
        if (p->kind == X86_BRANCH && !p->intel)
            text_putc(p->t, '*');
        text_put(p->t, port ? "(" : "");
        put_reg(p, op->reg);
        text_put(p->t, port ? ")" : "");
        break;
    }
    case X86_OP_IMM:
        if (p->kind == X86_BRANCH) {
            p->out->has_target = true;
            p->out->target = p->wide ? (taddr)op->imm : (taddr)op->imm & UINT32_MAX;
            text_printf(p->t, "0x%" PRIx64, p->out->target);
        } else {
            put_immediate(p, op->imm);
        }
        break;
    case X86_OP_MEM:
        put_memory(p, op);
        break;
    case X86_OP_INVALID:
        break;
    }
    static const char *const broadcast[] = {[X86_AVX_BCAST_2] = "{1to2}",
                                            [X86_AVX_BCAST_4] = "{1to4}",
                                            [X86_AVX_BCAST_8] = "{1to8}",
                                            [X86_AVX_BCAST_16] = "{1to16}"};
    if (op->avx_bcast != X86_AVX_BCAST_INVALID && (size_t)op->avx_bcast < sizeof(broadcast) / sizeof(broadcast[0]))
        text_put(p->t, broadcast[op->avx_bcast]);
}

/* ---- lists of operands ---- */

struct operand_list {
    cs_x86_op v[10];
    unsigned n;
    unsigned masked; /* 1 + index of the one that a mask is written behind; 0: none */
};

static void add_register(struct operand_list *l, x86_reg r)
{
    l->v[l->n++] = (cs_x86_op){.type = X86_OP_REG, .reg = r};
}

/* Two bytes tell all of the operands of the x87 that are registers; which of them are written is a habit of each. */
static void fpu_operands(const struct x86_line *p, struct operand_list *l)
{
    x86_reg i = (x86_reg)(X86_REG_ST0 + (p->x->modrm & 7));
    uint8_t row = (uint8_t)(p->x->modrm >> 3 & 7);
    bool arithmetic = p->opcode == 0xd8 || p->opcode == 0xdc || p->opcode == 0xde;
    bool pair = arithmetic || (p->opcode == 0xda && row < 4) || (p->opcode == 0xdb && (row < 4 || row > 4)) ||
                (p->opcode == 0xdf && (row == 5 || row == 6));
    bool compares = p->opcode == 0xd8 && (row == 2 || row == 3);
    bool both_popped = strcmp(p->name, "fcompp") == 0 || strcmp(p->name, "fucompp") == 0;
    if ((!p->x->op_count && !pair) || both_popped)
        return;
    l->n = 0;
    if (p->x->op_count == 1 && p->x->operands[0].reg == X86_REG_AX) {
        add_register(l, X86_REG_AX); /* fnstsw */
    } else if (pair && !compares && p->opcode != 0xdc && p->opcode != 0xde) {
        add_register(l, X86_REG_ST0);
        add_register(l, i);
    } else if (pair && !compares) {
        add_register(l, i);
        add_register(l, X86_REG_ST0);
    } else {
        add_register(l, i);
    }
}

/* The register that masks is an operand for capstone, and a mark on the first one when written. */
static void mask_operands(const struct x86_line *p, struct operand_list *l)
{
    if (!p->evex || !p->mask || l->n < 2)
        return;
    l->masked = 1;
    if (l->v[1].type != X86_OP_REG || l->v[1].reg != (x86_reg)(X86_REG_K0 + p->mask))
        return;
    memmove(&l->v[1], &l->v[2], (l->n - 2) * sizeof(l->v[0]));
    l->n--;
}

static void swap_first(struct operand_list *l)
{
    cs_x86_op first = l->v[0];
    l->v[0] = l->v[1];
    l->v[1] = first;
}

static void plain_operands(const struct x86_line *p, struct operand_list *l)
{
    bool one_byte_exchange = p->opcode > 0x90 && p->opcode <= 0x97;
    switch (p->in->id) {
    case X86_INS_SHA256RNDS2:
    case X86_INS_BLENDVPD:
    case X86_INS_BLENDVPS:
    case X86_INS_PBLENDVB:
        if (l->n == 2)
            add_register(l, X86_REG_XMM0);
        break;
    case X86_INS_PCLMULQDQ:
    case X86_INS_VPCLMULQDQ:
        if (strstr(p->name, "mulqdq") == NULL)
            l->n--;
        break;
    case X86_INS_XCHG:
        if (one_byte_exchange && l->n == 2 && l->v[1].type == X86_OP_REG && l->v[0].type == X86_OP_REG &&
            (l->v[0].reg == X86_REG_EAX || l->v[0].reg == X86_REG_RAX || l->v[0].reg == X86_REG_AX))
            swap_first(l);
        break;
    case X86_INS_NOP:
        if (strcmp(p->name, "xchg") == 0) {
            add_register(l, X86_REG_AX);
            add_register(l, X86_REG_AX);
        }
        break;
    case X86_INS_XLATB:
        l->v[0] = (cs_x86_op){.type = X86_OP_MEM, .size = 1};
        l->v[0].mem.base = p->x->addr_size == 8 ? X86_REG_RBX : X86_REG_EBX;
        l->n = 1;
        break;
    default:
        break;
    }
}

static struct operand_list operands_of(const struct x86_line *p)
{
    struct operand_list l = {.n = p->x->op_count};
    memcpy(l.v, p->x->operands, sizeof(p->x->operands));
    if (p->kind == X86_FPU && p->x->modrm >= 0xc0)
        fpu_operands(p, &l);
    else if (p->kind == X86_SHIFT && l.n == 2 && l.v[1].type == X86_OP_IMM && (p->opcode & 0xfc) == 0xd0)
        l.n = 1; /* by one: put_operands() */
    else
        plain_operands(p, &l);
    mask_operands(p, &l);
    return l;
}

/* Is %st here the register that the instruction names, and not the top that it always works on? */
static bool encodes(const struct x86_line *p, const struct operand_list *l, unsigned i)
{
    bool first = p->opcode == 0xdc || p->opcode == 0xde || l->n == 1;
    return first ? i == 0 : i == 1;
}

static void put_operands(const struct x86_line *p, const struct operand_list *l)
{
    bool in_order = p->intel || p->in->id == X86_INS_ENTER;
    for (unsigned k = 0; k < l->n; k++) {
        unsigned i = in_order ? k : l->n - 1 - k;
        if (k)
            text_putc(p->t, ',');
        if (p->kind == X86_FPU && l->v[i].type == X86_OP_REG && l->v[i].reg == X86_REG_ST0 && encodes(p, l, i))
            text_put(p->t, p->intel ? "st(0)" : "%st(0)");
        else
            put_operand(p, &l->v[i]);
        if (l->masked == i + 1)
            text_printf(p->t, p->intel ? "{k%u}%s" : "{%%k%u}%s", p->mask, p->zeroing ? "{z}" : "");
    }
    if (p->kind == X86_SHIFT && p->intel && l->n == 1)
        text_put(p->t, ",1");
}

void x86_text(csh handle, const cs_insn *in, bool wide, bool intel, struct text *t, struct instruction *out)
{
    struct x86_line p = {
        .handle = handle, .in = in, .x = &in->detail->x86, .wide = wide, .intel = intel, .t = t, .out = out};
    x86_prefixes_read(&p);
    x86_name(&p);
    x86_prefixes_name(&p);
    struct operand_list l = operands_of(&p);
    size_t n = strlen(p.prefixes) + strlen(p.name);
    text_printf(t, "%s%s", p.prefixes, p.name);
    if (l.n)
        text_printf(t, "%*s", n < 6 ? (int)(7 - n) : 1, "");
    put_operands(&p, &l);
}
