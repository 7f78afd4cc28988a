/* SPDX-License-Identifier: Apache-2.0 */
/* The machine that runs call frame programs (DWARF 5 section 6.4.2). */
#include "unwind/row.h"

#include <inttypes.h>

/* Compilers nest one or two deep. */
#define MAX_REMEMBERED 64

enum {
    /* In the upper two bits, with an operand below. */
    DW_CFA_advance_loc = 0x40,
    DW_CFA_offset = 0x80,
    DW_CFA_restore = 0xc0,

    DW_CFA_nop = 0x00,
    DW_CFA_set_loc = 0x01,
    DW_CFA_advance_loc1 = 0x02,
    DW_CFA_advance_loc2 = 0x03,
    DW_CFA_advance_loc4 = 0x04,
    DW_CFA_offset_extended = 0x05,
    DW_CFA_restore_extended = 0x06,
    DW_CFA_undefined = 0x07,
    DW_CFA_same_value = 0x08,
    DW_CFA_register = 0x09,
    DW_CFA_remember_state = 0x0a,
    DW_CFA_restore_state = 0x0b,
    DW_CFA_def_cfa = 0x0c,
    DW_CFA_def_cfa_register = 0x0d,
    DW_CFA_def_cfa_offset = 0x0e,
    DW_CFA_def_cfa_expression = 0x0f,
    DW_CFA_expression = 0x10,
    DW_CFA_offset_extended_sf = 0x11,
    DW_CFA_def_cfa_sf = 0x12,
    DW_CFA_def_cfa_offset_sf = 0x13,
    DW_CFA_val_offset = 0x14,
    DW_CFA_val_offset_sf = 0x15,
    DW_CFA_val_expression = 0x16,
    DW_CFA_MIPS_advance_loc8 = 0x1d,
    /* AArch64 (aadwarf64): the return address becomes signed, or no longer is. Its signature is masked
     * wherever an address is used, so that the state need not be known. */
    DW_CFA_AARCH64_negate_ra_state_with_pc = 0x2c,
    DW_CFA_AARCH64_negate_ra_state = 0x2d,
    DW_CFA_GNU_args_size = 0x2e,
    DW_CFA_GNU_negative_offset_extended = 0x2f,
};

struct machine {
    struct cfi *cfi;
    const struct fde *fde;
    const struct cie *cie;
    struct cursor in;
    taddr loc, pc;
    struct rules rules;
    const struct rules *initial; /* after the CIE's program; NULL while that runs */
    VEC(struct rules) remembered;
};

/* Rules of registers that we do not track are dropped. */
static void set_rule(struct machine *m, uint64_t reg, struct rule rule)
{
    if (reg < REG_MAX)
        m->rules.regs[reg] = rule;
}

static void set_offset(struct machine *m, uint64_t reg, enum rule_kind kind, uint64_t factored)
{
    /* Unsigned, so that a hostile product wraps instead of overflowing. */
    uint64_t offset = factored * (uint64_t)m->cie->data_align;
    set_rule(m, reg, (struct rule){.kind = (uint8_t)kind, .offset = (int64_t)offset});
}

static void set_expression(struct machine *m, uint64_t reg, enum rule_kind kind)
{
    struct bytes expr = cursor_bytes(&m->in, (size_t)cursor_uleb(&m->in));
    if (expr.n > UINT32_MAX)
        cursor_fail(&m->in);
    else
        set_rule(m, reg, (struct rule){.kind = (uint8_t)kind, .expr_size = (uint32_t)expr.n, .expr = expr.p});
}

static void restore(struct machine *m, uint64_t reg)
{
    set_rule(m, reg, m->initial && reg < REG_MAX ? m->initial->regs[reg] : (struct rule){.kind = RULE_UNSAID});
}

static void define_cfa(struct machine *m, uint64_t reg, uint64_t offset)
{
    m->rules.cfa = (struct cfa_rule){.reg = reg, .offset = (int64_t)offset};
}

static void advance(struct machine *m, uint64_t factored)
{
    m->loc += factored * m->cie->code_align;
}

static void set_loc(struct machine *m)
{
    const struct cfi_section *s = &m->cfi->sections[m->cie->section];

    if (m->cie->section == CFI_EH)
        cfi_pointer(&m->cfi->source, &m->in, m->cie->fde_encoding, s->addr + m->in.base + cursor_offset(&m->in),
                    m->fde->start, &m->loc);
    else
        m->loc = cursor_uint(&m->in, m->cie->addr_size) + m->cfi->source.bias;
}

static struct err *bad_program(const struct machine *m, enum err_code code, const char *what)
{
    uint64_t at = m->in.base + cursor_offset(&m->in) - 1;
    return err_at(err_new(code, "%s: the instruction at 0x%" PRIx64 " %s", m->in.what, at, what), ERR_AT_OFFSET, at);
}

static struct err *remember(struct machine *m)
{
    if (m->remembered.n == MAX_REMEMBERED)
        return bad_program(m, ERR_LIMIT, "remembers more states than any compiler does");
    *vec_push(&m->remembered) = m->rules;
    return NULL;
}

static struct err *recall(struct machine *m)
{
    if (m->remembered.n == 0)
        return bad_program(m, ERR_CORRUPT, "restores a state that was not remembered");
    m->rules = m->remembered.v[--m->remembered.n];
    return NULL;
}

static struct err *cfa_instruction(struct machine *m, uint8_t op)
{
    struct cursor *in = &m->in;
    struct cfa_rule *cfa = &m->rules.cfa;
    uint64_t align = (uint64_t)m->cie->data_align;
    uint64_t reg;

    switch (op) {
    case DW_CFA_def_cfa:
        reg = cursor_uleb(in);
        define_cfa(m, reg, cursor_uleb(in));
        break;
    case DW_CFA_def_cfa_sf:
        reg = cursor_uleb(in);
        define_cfa(m, reg, (uint64_t)cursor_sleb(in) * align);
        break;
    case DW_CFA_def_cfa_register:
        define_cfa(m, cursor_uleb(in), (uint64_t)cfa->offset);
        break;
    case DW_CFA_def_cfa_offset:
        define_cfa(m, cfa->reg, cursor_uleb(in));
        break;
    case DW_CFA_def_cfa_offset_sf:
        define_cfa(m, cfa->reg, (uint64_t)cursor_sleb(in) * align);
        break;
    case DW_CFA_def_cfa_expression:
        cfa->expr = cursor_bytes(in, (size_t)cursor_uleb(in));
        break;
    default:
        return bad_program(m, ERR_UNSUPPORTED, "is unknown");
    }
    return NULL;
}

static struct err *rule_instruction(struct machine *m, uint8_t op)
{
    struct cursor *in = &m->in;
    uint64_t reg = cursor_uleb(in); /* every one of them starts with it */

    switch (op) {
    case DW_CFA_offset_extended:
        set_offset(m, reg, RULE_AT_CFA, cursor_uleb(in));
        break;
    case DW_CFA_offset_extended_sf:
        set_offset(m, reg, RULE_AT_CFA, (uint64_t)cursor_sleb(in));
        break;
    case DW_CFA_GNU_negative_offset_extended:
        set_offset(m, reg, RULE_AT_CFA, 0 - cursor_uleb(in));
        break;
    case DW_CFA_val_offset:
        set_offset(m, reg, RULE_CFA_PLUS, cursor_uleb(in));
        break;
    case DW_CFA_val_offset_sf:
        set_offset(m, reg, RULE_CFA_PLUS, (uint64_t)cursor_sleb(in));
        break;
    case DW_CFA_restore_extended:
        restore(m, reg);
        break;
    case DW_CFA_undefined:
        set_rule(m, reg, (struct rule){.kind = RULE_UNDEFINED});
        break;
    case DW_CFA_same_value:
        set_rule(m, reg, (struct rule){.kind = RULE_SAME});
        break;
    case DW_CFA_register:
        set_rule(m, reg, (struct rule){.kind = RULE_IN_REGISTER, .offset = (int64_t)cursor_uleb(in)});
        break;
    case DW_CFA_expression:
        set_expression(m, reg, RULE_AT_EXPR);
        break;
    case DW_CFA_val_expression:
        set_expression(m, reg, RULE_IS_EXPR);
        break;
    default:
        return cfa_instruction(m, op);
    }
    return NULL;
}

static struct err *instruction(struct machine *m, uint8_t op)
{
    struct cursor *in = &m->in;

    switch (op & 0xc0) {
    case DW_CFA_advance_loc:
        advance(m, op & 0x3f);
        return NULL;
    case DW_CFA_offset:
        set_offset(m, op & 0x3f, RULE_AT_CFA, cursor_uleb(in));
        return NULL;
    case DW_CFA_restore:
        restore(m, op & 0x3f);
        return NULL;
    default:
        break;
    }
    switch (op) {
    case DW_CFA_nop:
    case DW_CFA_AARCH64_negate_ra_state:
    case DW_CFA_AARCH64_negate_ra_state_with_pc:
        return NULL;
    case DW_CFA_GNU_args_size: /* matters to landing pads only */
        cursor_uleb(in);
        return NULL;
    case DW_CFA_set_loc:
        set_loc(m);
        return NULL;
    case DW_CFA_advance_loc1:
        advance(m, cursor_u8(in));
        return NULL;
    case DW_CFA_advance_loc2:
        advance(m, cursor_u16(in));
        return NULL;
    case DW_CFA_advance_loc4:
        advance(m, cursor_u32(in));
        return NULL;
    case DW_CFA_MIPS_advance_loc8:
        advance(m, cursor_u64(in));
        return NULL;
    case DW_CFA_remember_state:
        return remember(m);
    case DW_CFA_restore_state:
        return recall(m);
    case DW_CFA_def_cfa:
    case DW_CFA_def_cfa_sf:
    case DW_CFA_def_cfa_register:
    case DW_CFA_def_cfa_offset:
    case DW_CFA_def_cfa_offset_sf:
    case DW_CFA_def_cfa_expression:
        return cfa_instruction(m, op);
    default:
        return rule_instruction(m, op);
    }
}

static struct err *run(struct machine *m, struct bytes program, uint64_t offset)
{
    m->in = cursor_of(program, offset, m->cfi->sections[m->cie->section].what);
    while (cursor_left(&m->in)) {
        TRY(instruction(m, cursor_u8(&m->in)));
        TRY(cursor_check(&m->in));
        if (m->loc > m->pc)
            break;
    }
    return NULL;
}

static struct err *run_both(struct machine *m, struct rules *initial)
{
    TRY(run(m, m->cie->program, m->cie->program_offset));
    *initial = m->rules;
    m->initial = initial;
    return run(m, m->fde->program, m->fde->program_offset);
}

struct err *cfi_rules(struct cfi *c, const struct fde *f, taddr pc, struct rules *out)
{
    struct machine m = {.cfi = c, .fde = f, .cie = f->cie, .loc = f->start, .pc = pc};
    struct rules initial;
    struct err *err = run_both(&m, &initial);

    if (!err)
        *out = m.rules;
    vec_done(&m.remembered);
    return err;
}
