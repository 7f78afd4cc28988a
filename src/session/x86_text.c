/* SPDX-License-Identifier: Apache-2.0 */
/* Capstone says what an instruction is; how binutils writes it down is here: names and suffixes of AT&T syntax
 * (the GNU assembler's manual, "i386-Dependent"), operands, and prefixes that change nothing. */
#include "session/x86_text.h"

#include <inttypes.h>

struct printer {
    csh handle;
    const cs_insn *in;
    const cs_x86 *x;
    bool wide, intel;
    struct text *t;
    struct instruction *out;
    char name[48];         /* mnemonic without prefixes */
    char prefixes[48];     /* "rep ", "lock " as capstone has them */
    uint8_t skip;          /* prefix bytes in front of the opcode */
};

/* ---- operands ---- */

static const char *reg_name(const struct printer *p, x86_reg r)
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

static void put_reg(const struct printer *p, x86_reg r)
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

struct address {
    bool base, index, displaced; /* what is written */
    const char *index_name;
    int scale;
};

/* Binutils names the index that is none (riz) where an encoding has one without need. */
static struct address address_of(const struct printer *p, const x86_op_mem *m)
{
    const cs_x86 *x = p->x;
    struct address a = {.base = m->base != X86_REG_INVALID, .index = m->index != X86_REG_INVALID};
    a.scale = m->scale;
    a.displaced = m->disp != 0 || has_displacement(x);
    a.index_name = a.index ? reg_name(p, m->index) : NULL;
    bool sib_base_sp = (x->sib & 7) == 4;
    if (has_sib(x) && !a.index && ((a.base && !sib_base_sp) || x->sib >> 6)) {
        a.index = true;
        a.index_name = x->addr_size == 8 ? "riz" : "eiz";
        a.scale = 1 << (x->sib >> 6);
    }
    return a;
}

static void put_segment(const struct printer *p, const x86_op_mem *m)
{
    if (m->segment != X86_REG_INVALID) {
        put_reg(p, m->segment);
        text_putc(p->t, ':');
    }
}

static void put_absolute(const struct printer *p, int64_t disp)
{
    uint64_t v = (uint64_t)disp;
    text_printf(p->t, "0x%" PRIx64, p->x->addr_size == 8 ? v : v & UINT32_MAX);
}

static void put_memory_att(const struct printer *p, const x86_op_mem *m)
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

static void put_memory_intel(const struct printer *p, const x86_op_mem *m, unsigned size)
{
    struct address a = address_of(p, m);
    if (p->in->id != X86_INS_LEA)
        text_put(p->t, size_word(size));
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
    if (a.displaced)
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

static void put_immediate(const struct printer *p, int64_t v)
{
    unsigned size = p->x->op_count > 1 ? p->x->operands[0].size : p->x->operands[0].size;
    if (p->x->encoding.imm_size == 1 && !extends_byte(p->in))
        size = 1;
    if (p->in->id == X86_INS_RET || p->in->id == X86_INS_RETF || p->in->id == X86_INS_ENTER)
        size = p->x->encoding.imm_size == 1 ? 1 : 2;
    text_printf(p->t, "%s0x%" PRIx64, p->intel ? "" : "$", cut((uint64_t)v, size));
}

static bool is_branch(const struct printer *p)
{
    for (unsigned i = 0; i < p->in->detail->groups_count; i++)
        if (p->in->detail->groups[i] == X86_GRP_JUMP || p->in->detail->groups[i] == X86_GRP_CALL)
            return true;
    switch (p->in->id) {
    case X86_INS_LOOP:
    case X86_INS_LOOPE:
    case X86_INS_LOOPNE:
    case X86_INS_XBEGIN:
    case X86_INS_JRCXZ:
    case X86_INS_JECXZ:
    case X86_INS_JCXZ:
        return true;
    default:
        return false;
    }
}

static void put_operand(const struct printer *p, const cs_x86_op *op)
{
    bool branch = is_branch(p);
    switch (op->type) {
    case X86_OP_REG:
        if (branch && !p->intel)
            text_putc(p->t, '*');
        put_reg(p, op->reg);
        break;
    case X86_OP_IMM:
        if (branch) {
            p->out->has_target = true;
            p->out->target = p->wide ? (taddr)op->imm : (taddr)op->imm & UINT32_MAX;
            text_printf(p->t, "0x%" PRIx64, p->out->target);
        } else {
            put_immediate(p, op->imm);
        }
        break;
    case X86_OP_MEM:
        if (branch && !p->intel)
            text_putc(p->t, '*');
        if (p->intel)
            put_memory_intel(p, &op->mem, op->size);
        else
            put_memory_att(p, &op->mem);
        if (op->mem.base == X86_REG_RIP) {
            p->out->has_target = p->out->target_noted = true;
            p->out->target = p->out->pc + p->in->size + (uint64_t)op->mem.disp;
        }
        break;
    case X86_OP_INVALID:
        break;
    }
    if (op->avx_zero_opmask)
        text_put(p->t, "{z}");
}

static void put_operands(const struct printer *p)
{
    unsigned n = p->x->op_count;
    bool first = true;
    for (unsigned i = 0; i < n; i++) {
        const cs_x86_op *op = &p->x->operands[p->intel ? i : n - 1 - i];
        if (!first)
            text_putc(p->t, ',');
        put_operand(p, op);
        first = false;
    }
}

/* ---- names ---- */

struct rename {
    const char *from, *to;
};

static bool rename_by(struct printer *p, const struct rename *v, size_t n)
{
    for (size_t i = 0; i < n; i++)
        if (strcmp(p->name, v[i].from) == 0) {
            snprintf(p->name, sizeof(p->name), "%s", v[i].to);
            return true;
        }
    return false;
}

static const struct rename both[] = {
    {"pushfq", "pushf"}, {"popfq", "popf"}, {"wait", "fwait"}, {"pushal", "pusha"}, {"popal", "popa"},
};
static const struct rename att[] = {
    {"cdqe", "cltq"}, {"cwde", "cwtl"}, {"cbw", "cbtw"},      {"cdq", "cltd"},   {"cqo", "cqto"},
    {"cwd", "cwtd"},  {"retf", "lret"}, {"movsxd", "movslq"}, {"iretd", "iret"},
};

static char suffix_of(unsigned size)
{
    return size == 1 ? 'b' : size == 2 ? 'w' : size == 4 ? 'l' : size == 8 ? 'q' : '\0';
}

static void add_suffix(struct printer *p, char c)
{
    size_t n = strlen(p->name);
    if (c && n + 1 < sizeof(p->name)) {
        p->name[n] = c;
        p->name[n + 1] = '\0';
    }
}

/* Instructions that take a suffix when only memory and constants are their operands. */
static bool takes_suffix(const cs_insn *in)
{
    switch (in->id) {
    case X86_INS_MOV:
    case X86_INS_ADD:
    case X86_INS_OR:
    case X86_INS_ADC:
    case X86_INS_SBB:
    case X86_INS_AND:
    case X86_INS_SUB:
    case X86_INS_XOR:
    case X86_INS_CMP:
    case X86_INS_TEST:
    case X86_INS_INC:
    case X86_INS_DEC:
    case X86_INS_NEG:
    case X86_INS_NOT:
    case X86_INS_MUL:
    case X86_INS_IMUL:
    case X86_INS_DIV:
    case X86_INS_IDIV:
    case X86_INS_ROL:
    case X86_INS_ROR:
    case X86_INS_RCL:
    case X86_INS_RCR:
    case X86_INS_SHL:
    case X86_INS_SAL:
    case X86_INS_SHR:
    case X86_INS_SAR:
    case X86_INS_BT:
    case X86_INS_BTS:
    case X86_INS_BTR:
    case X86_INS_BTC:
    case X86_INS_NOP:
        return true;
    default:
        return false;
    }
}

static const cs_x86_op *memory_operand(const cs_x86 *x)
{
    for (unsigned i = 0; i < x->op_count; i++)
        if (x->operands[i].type == X86_OP_MEM)
            return &x->operands[i];
    return NULL;
}

/* The count of a shift says nothing about the size. */
static bool has_sizing_register(const cs_x86 *x)
{
    for (unsigned i = 0; i < x->op_count; i++)
        if (x->operands[i].type == X86_OP_REG && !(i > 0 && x->operands[i].reg == X86_REG_CL))
            return true;
    return false;
}

static void extend_name(struct printer *p, char kind)
{
    const cs_x86_op *to = &p->x->operands[0], *from = &p->x->operands[1];
    snprintf(p->name, sizeof(p->name), "mov%c%c%c", kind, suffix_of(from->size), suffix_of(to->size));
}

static void name_att(struct printer *p)
{
    const cs_x86_op *mem = memory_operand(p->x);
    if (p->in->id == X86_INS_MOVZX) {
        extend_name(p, 'z');
        return;
    }
    if (p->in->id == X86_INS_MOVSX) {
        extend_name(p, 's');
        return;
    }
    rename_by(p, att, ARRAY_LEN(att));
    if (mem && takes_suffix(p->in) && !has_sizing_register(p->x))
        add_suffix(p, suffix_of(mem->size));
}

/* ---- the whole ---- */

/* capstone writes "rep stosq" as one mnemonic. */
static void split_name(struct printer *p)
{
    const char *m = p->in->mnemonic, *space = strrchr(m, ' ');
    size_t n = space ? (size_t)(space + 1 - m) : 0;
    snprintf(p->prefixes, sizeof(p->prefixes), "%.*s", (int)n, m);
    snprintf(p->name, sizeof(p->name), "%s", m + n);
}

void x86_text(csh handle, const cs_insn *in, bool wide, bool intel, struct text *t, struct instruction *out)
{
    struct printer p = {
        .handle = handle, .in = in, .x = &in->detail->x86, .wide = wide, .intel = intel, .t = t, .out = out};
    split_name(&p);
    rename_by(&p, both, ARRAY_LEN(both));
    if (!intel)
        name_att(&p);
    text_put(t, p.prefixes);
    text_printf(t, p.x->op_count ? "%-6s " : "%s", p.name);
    put_operands(&p);
}
