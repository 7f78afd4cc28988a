/* SPDX-License-Identifier: Apache-2.0 */
/* Mnemonics of x86: capstone's are Intel's; AT&T syntax has other names for some, and suffixes for sizes that no
 * operand shows. */
#include "session/x86_text.h"

#include <stdio.h>

/* ---- kinds ---- */

static bool in_group(const cs_insn *in, uint8_t group)
{
    for (unsigned i = 0; i < in->detail->groups_count; i++)
        if (in->detail->groups[i] == group)
            return true;
    return false;
}

static bool is_string(const struct x86_line *p)
{
    uint8_t b = p->opcode;
    return (b >= 0xa4 && b <= 0xa7) || (b >= 0xaa && b <= 0xaf) || (b >= 0x6c && b <= 0x6f);
}

static enum x86_kind kind_of(const struct x86_line *p)
{
    const cs_insn *in = p->in;
    if (is_string(p))
        return X86_STRING;
    if (p->opcode >= 0xd8 && p->opcode <= 0xdf)
        return X86_FPU;
    switch (in->id) {
    case X86_INS_IN:
    case X86_INS_OUT:
        return X86_PORT;
    case X86_INS_ROL:
    case X86_INS_ROR:
    case X86_INS_RCL:
    case X86_INS_RCR:
    case X86_INS_SHL:
    case X86_INS_SAL:
    case X86_INS_SHR:
    case X86_INS_SAR:
        return X86_SHIFT;
    case X86_INS_LOOP:
    case X86_INS_LOOPE:
    case X86_INS_LOOPNE:
    case X86_INS_XBEGIN:
    case X86_INS_JRCXZ:
    case X86_INS_JECXZ:
    case X86_INS_JCXZ:
        return X86_BRANCH;
    default:
        return in_group(in, X86_GRP_JUMP) || in_group(in, X86_GRP_CALL) ? X86_BRANCH : X86_PLAIN;
    }
}

/* ---- suffixes ---- */

static char integer_suffix(unsigned size)
{
    return size == 1 ? 'b' : size == 2 ? 'w' : size == 4 ? 'l' : size == 8 ? 'q' : '\0';
}

static void add_suffix(struct x86_line *p, const char *suffix)
{
    size_t n = strlen(p->name), k = strlen(suffix);
    if (n + k < sizeof(p->name))
        memcpy(p->name + n, suffix, k + 1);
}

static void add_size(struct x86_line *p, unsigned size)
{
    add_suffix(p, (char[]){integer_suffix(size), '\0'});
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

const cs_x86_op *x86_memory(const cs_x86 *x)
{
    for (unsigned i = 0; i < x->op_count; i++)
        if (x->operands[i].type == X86_OP_MEM)
            return &x->operands[i];
    return NULL;
}

/* The count of a shift says nothing about the size. */
static bool shows_size(const struct x86_line *p)
{
    unsigned n = p->kind == X86_SHIFT && p->x->op_count ? 1 : p->x->op_count;
    for (unsigned i = 0; i < n; i++)
        if (p->x->operands[i].type == X86_OP_REG)
            return true;
    return false;
}

/* A memory operand of the x87: integers of DA, DB, DE, DF, else real numbers. */
static void fpu_suffix(struct x86_line *p, unsigned size)
{
    static const char *const loads[] = {"fld",   "fst",  "fstp",  "fadd", "fmul", "fcom",
                                        "fcomp", "fsub", "fsubr", "fdiv", "fdivr"};
    static const char *const integers[] = {"fild",  "fist",   "fistp", "fisttp", "fiadd", "fimul",
                                           "ficom", "ficomp", "fisub", "fisubr", "fidiv", "fidivr"};
    for (size_t i = 0; i < sizeof(loads) / sizeof(loads[0]); i++)
        if (strcmp(p->name, loads[i]) == 0) {
            add_suffix(p, size == 4 ? "s" : size == 8 ? "l" : "t");
            return;
        }
    for (size_t i = 0; i < sizeof(integers) / sizeof(integers[0]); i++)
        if (strcmp(p->name, integers[i]) == 0) {
            add_suffix(p, size == 2 ? "s" : size == 4 ? "l" : "ll");
            return;
        }
}

/* In AT&T syntax the reversed and the plain forms that store into %st(i) have each other's names. */
static void fpu_swap(struct x86_line *p)
{
    bool subtracts = begins_with(p->name, "fsub"), divides = begins_with(p->name, "fdiv");
    if ((p->opcode != 0xdc && p->opcode != 0xde) || !(subtracts || divides))
        return;
    const char *tail = p->name + 4;
    bool reversed = tail[0] == 'r', pops = tail[reversed] == 'p';
    snprintf(p->name, sizeof(p->name), "f%s%s%s", subtracts ? "sub" : "div", reversed ? "" : "r", pops ? "p" : "");
}

/* ---- names ---- */

struct rename {
    const char *from, *to;
};

static void rename_by(struct x86_line *p, const struct rename *v, size_t n)
{
    for (size_t i = 0; i < n; i++)
        if (strcmp(p->name, v[i].from) == 0) {
            snprintf(p->name, sizeof(p->name), "%s", v[i].to);
            return;
        }
}

static const struct rename both[] = {
    {"pushfq", "pushf"}, {"popfq", "popf"},   {"wait", "fwait"}, {"pushal", "pusha"},    {"popal", "popa"},
    {"sal", "shl"},      {"xlatb", "xlat"},   {"iretd", "iret"}, {"fucompi", "fucomip"}, {"fcompi", "fcomip"},
    {"ud2b", "ud1"},     {"pushfd", "pushf"}, {"popfd", "popf"},
};
static const struct rename att[] = {
    {"cdqe", "cltq"}, {"cwde", "cwtl"}, {"cbw", "cbtw"},    {"cdq", "cltd"},      {"cqo", "cqto"},
    {"cwd", "cwtd"},  {"retf", "lret"}, {"retfq", "lretq"}, {"movsxd", "movslq"},
};

/* Constants that carry-less multiplication has names for. */
static void multiply_name(struct x86_line *p)
{
    const cs_x86 *x = p->x;
    const cs_x86_op *last = &x->operands[x->op_count - 1];
    if (!x->op_count || last->type != X86_OP_IMM || (last->imm & ~0x11))
        return;
    snprintf(p->name, sizeof(p->name), "%spclmul%cq%cqdq", p->in->id == X86_INS_VPCLMULQDQ ? "v" : "",
             last->imm & 1 ? 'h' : 'l', last->imm & 0x10 ? 'h' : 'l');
}

static void extend_name(struct x86_line *p, char kind)
{
    const cs_x86_op *to = &p->x->operands[0], *from = &p->x->operands[1];
    snprintf(p->name, sizeof(p->name), "mov%c%c%c", kind, integer_suffix(from->size), integer_suffix(to->size));
}

/* capstone has the size in the name; who shows it otherwise goes without. */
static void string_name(struct x86_line *p)
{
    static const unsigned sizes[] = {['b'] = 1, ['w'] = 2, ['d'] = 4, ['q'] = 8};
    size_t n = strlen(p->name);
    unsigned char last = n ? (unsigned char)p->name[n - 1] : 0;
    unsigned size = last < sizeof(sizes) / sizeof(sizes[0]) ? sizes[last] : 0;
    if (!size)
        return;
    p->name[n - 1] = '\0';
    bool with_register = p->opcode >= 0xaa; /* stos, lods, scas */
    if (!p->intel && !with_register)
        add_size(p, size);
}

static void att_name(struct x86_line *p)
{
    const cs_x86_op *mem = x86_memory(p->x);
    if (p->kind == X86_FPU) {
        if (mem)
            fpu_suffix(p, mem->size);
        else
            fpu_swap(p);
        return;
    }
    rename_by(p, att, sizeof(att) / sizeof(att[0]));
    switch (p->in->id) {
    case X86_INS_MOVZX:
        extend_name(p, 'z');
        break;
    case X86_INS_MOVSX:
        extend_name(p, 's');
        break;
    case X86_INS_CRC32:
    case X86_INS_CVTSI2SD:
    case X86_INS_CVTSI2SS:
    case X86_INS_VCVTSI2SD:
    case X86_INS_VCVTSI2SS:
    case X86_INS_VCVTUSI2SD:
    case X86_INS_VCVTUSI2SS:
        if (mem)
            add_size(p, mem->size);
        break;
    default:
        if (mem && takes_suffix(p->in) && !shows_size(p))
            add_size(p, mem->size);
        break;
    }
}

void x86_name(struct x86_line *p)
{
    /* Prefixes stand in front of capstone's mnemonic: they are written by x86_prefix.c. */
    const char *m = p->in->mnemonic, *space = strrchr(m, ' ');
    snprintf(p->name, sizeof(p->name), "%s", space ? space + 1 : m);
    p->kind = kind_of(p);
    rename_by(p, both, sizeof(both) / sizeof(both[0]));
    if (p->kind == X86_STRING)
        string_name(p);
    else if (p->in->id == X86_INS_PCLMULQDQ || p->in->id == X86_INS_VPCLMULQDQ)
        multiply_name(p);
    else if (p->opcode == 0x90 && p->data16 && !p->repz && !(p->rex & 9))
        snprintf(p->name, sizeof(p->name), "xchg");
    if (!p->intel && p->kind != X86_STRING)
        att_name(p);
    /* Hints of old branch predictors. */
    if (p->kind == X86_BRANCH && (p->opcode == 0x0f || (p->opcode & 0xf0) == 0x70) &&
        (p->segment == 0x2e || p->segment == 0x3e))
        add_suffix(p, p->segment == 0x2e ? ",pn" : ",pt");
}
