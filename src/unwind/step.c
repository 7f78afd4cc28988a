/* SPDX-License-Identifier: Apache-2.0 */
/* From a row to the caller's registers. */
#include "unwind/unwinder.h"

#include "module/dwexpr.h"

#include <inttypes.h>

/* To whom each byte counts knows the words of stacks by the frames. */
static bool word_elsewhere(struct unwinder *u, taddr at, unsigned size, uint64_t *out)
{
    uint64_t v = 0;

    if (!space_is_exact(&u->im->space) || size > sizeof(v))
        return modules_word(u->ms, at, size, out);
    if (space_peek_some(&u->im->space, at, &v, size) != size)
        return false;
    *out = v;
    return true;
}

bool unwinder_word(void *arg, taddr at, unsigned size, uint64_t *out)
{
    struct unwinder *u = arg;
    const struct space_range *r = u->stack;

    if (!r || at - r->start >= r->have || r->have - (at - r->start) < size) {
        r = space_find(&u->im->space, at);
        if (!r || at - r->start >= r->have || r->have - (at - r->start) < size)
            return word_elsewhere(u, at, size, out);
        u->stack = r;
    }
    uint64_t v = 0;
    memcpy(&v, r->data + (at - r->start), size); /* targets and hosts are little-endian */
    *out = v;
    return true;
}

static struct err *unknown_register(struct unwinder *u, uint64_t reg)
{
    const char *name = reg < REG_MAX ? arch_reg_name(u->arch, (unsigned)reg) : NULL;

    if (name)
        return err_new(ERR_NO_DATA, "the value of register %s is not known", name);
    return err_new(ERR_NO_DATA, "the value of register %" PRIu64 " is not known", reg);
}

/* What expressions of call frames may ask. */
struct asking {
    struct unwinder *u;
    const struct walk *w;
};

static struct err *ask_memory(void *arg, taddr at, void *buf, size_t n)
{
    struct asking *a = arg;
    uint64_t v;
    if (n > sizeof(v) || !unwinder_word(a->u, at, (unsigned)n, &v))
        return err_at(err_new(ERR_UNMAPPED, "0x%" PRIx64 " cannot be read", at), ERR_AT_ADDRESS, at);
    memcpy(buf, &v, n);
    return NULL;
}

static struct err *ask_register(void *arg, unsigned reg, uint8_t *buf, size_t max, size_t *n)
{
    struct asking *a = arg;
    if (!regs_has(&a->w->regs, reg) || max < sizeof(uint64_t))
        return unknown_register(a->u, reg);
    memcpy(buf, &a->w->regs.val[reg], sizeof(uint64_t));
    *n = sizeof(uint64_t);
    return NULL;
}

static struct err *evaluate(struct unwinder *u, const struct walk *w, struct bytes expr, const taddr *initial,
                            uint64_t *out)
{
    struct asking a = {u, w};
    const struct dwx_frame f = {
        .arg = &a,
        .arch = u->arch,
        .bias = w->row->module ? w->row->module->bias : 0,
        .memory = ask_memory,
        .reg = ask_register,
    };
    return dwx_number(&f, NULL, expr, initial, out);
}

static struct err *find_cfa(struct unwinder *u, const struct walk *w, taddr *out)
{
    const struct cfa_rule *c = &w->row->cfa;

    if (c->expr.n)
        return evaluate(u, w, c->expr, NULL, out);
    if (c->reg >= REG_MAX || !regs_has(&w->regs, (unsigned)c->reg))
        return unknown_register(u, c->reg);
    *out = (w->regs.val[c->reg] + (uint64_t)c->offset) & (UINT64_MAX >> (64 - 8 * u->arch->addr_size));
    return NULL;
}

/* A saved register that cannot be read is lost; only the return address must be there. */
static struct err *read_saved(struct unwinder *u, const struct walk *w, taddr at, uint16_t reg, struct move *m)
{
    uint64_t v;

    if (unwinder_word(u, at, u->arch->addr_size, &v))
        move_set(m, reg, v);
    else if (reg == w->row->ra)
        return stop_missing(u, at, "the return address");
    return NULL;
}

static struct err *apply_expression(struct unwinder *u, const struct walk *w, const struct saved_rule *s,
                                    struct move *m)
{
    struct bytes expr = {.p = s->rule.expr, .n = s->rule.expr_size};
    uint64_t v = 0;

    TRY(evaluate(u, w, expr, &m->cfa, &v));
    if (s->rule.kind == RULE_AT_EXPR)
        return read_saved(u, w, v, s->reg, m);
    move_set(m, s->reg, v);
    return NULL;
}

static struct err *apply_rule(struct unwinder *u, const struct walk *w, const struct saved_rule *s, struct move *m)
{
    uint64_t offset = (uint64_t)s->rule.offset;

    switch ((enum rule_kind)s->rule.kind) {
    case RULE_AT_CFA:
        return read_saved(u, w, m->cfa + offset, s->reg, m);
    case RULE_CFA_PLUS:
        move_set(m, s->reg, m->cfa + offset);
        return NULL;
    case RULE_IN_REGISTER:
        if (offset < REG_MAX && regs_has(&w->regs, (unsigned)offset))
            move_set(m, s->reg, w->regs.val[offset]);
        else if (s->reg == w->row->ra)
            return unknown_register(u, offset);
        return NULL;
    case RULE_AT_EXPR:
    case RULE_IS_EXPR:
        return apply_expression(u, w, s, m);
    case RULE_UNSAID:
    case RULE_UNDEFINED:
    case RULE_SAME:
        break; /* not in the list */
    }
    return NULL;
}

/* The value that the move gives a register, or that it leaves in it. */
static bool moved_value(const struct walk *w, const struct move *m, uint16_t reg, uint64_t *out)
{
    for (size_t i = m->n; i-- > 0;) {
        if (m->set[i].reg == reg) {
            *out = m->set[i].value;
            return true;
        }
    }
    if (reg >= REG_MAX || !((m->keep[reg / 64] >> (reg % 64)) & 1) || !regs_has(&w->regs, reg))
        return false;
    *out = w->regs.val[reg];
    return true;
}

static struct err *apply_rules(struct unwinder *u, const struct walk *w, struct move *m)
{
    const struct row *row = w->row;
    uint64_t pc, sp;

    TRY(find_cfa(u, w, &m->cfa));
    memcpy(m->keep, row->keep, sizeof(m->keep));
    for (size_t i = 0; i < row->n_saved; i++)
        TRY(apply_rule(u, w, &row->saved[i], m));
    if (row->ra == REG_NONE || !moved_value(w, m, row->ra, &pc))
        return unknown_register(u, row->ra);
    m->pc = row->is_signal ? pc : pc & u->arch->pc_mask;
    /* The CFA is by definition what the stack pointer was before the call (DWARF 5 section 6.4); a signal
     * frame may say otherwise. */
    if (!moved_value(w, m, u->arch->sp, &sp))
        move_set(m, u->arch->sp, m->cfa);
    return NULL;
}

static struct err *apply_sigframe(struct unwinder *u, const struct walk *w, struct move *m)
{
    const struct sigframe_desc *d = w->row->sigframe;
    bool has_pc = false;

    if (!regs_has(&w->regs, u->arch->sp))
        return unknown_register(u, u->arch->sp);
    for (size_t i = 0; i < d->n_saved; i++) {
        taddr at = w->regs.val[u->arch->sp] + d->saved[i].offset;
        uint64_t v;
        if (!unwinder_word(u, at, u->arch->addr_size, &v))
            return stop_missing(u, at, "the signal frame");
        move_set(m, d->saved[i].dwarf, v);
        if (d->saved[i].dwarf == u->arch->pc) {
            m->pc = v;
            has_pc = true;
        } else if (d->saved[i].dwarf == u->arch->sp) {
            m->cfa = v;
        }
    }
    return has_pc ? NULL : unknown_register(u, u->arch->pc);
}

struct err *row_apply(struct unwinder *u, const struct walk *w, struct move *out, bool *end)
{
    const struct row *row = w->row;

    out->n = 0;
    out->how = row->how;
    out->exact_pc = row->is_signal;
    memset(out->keep, 0, sizeof(out->keep));
    *end = row->kind == ROW_END || row->outermost;
    if (*end) {
        out->cfa = 0;
        if (row->outermost)
            IGNORE_ERR(find_cfa(u, w, &out->cfa)); /* good to know, but nothing follows from it */
        return NULL;
    }
    if (row->kind == ROW_SIGFRAME)
        return apply_sigframe(u, w, out);
    return apply_rules(u, w, out);
}

size_t row_saved(struct unwinder *u, const struct walk *w, struct saved_place out[static REG_MAX])
{
    const struct row *row = w->row;
    const struct sigframe_desc *d = row->kind == ROW_SIGFRAME ? row->sigframe : NULL;
    size_t n = 0;
    taddr cfa;

    for (size_t i = 0; d && i < d->n_saved && n < REG_MAX && regs_has(&w->regs, u->arch->sp); i++)
        out[n++] = (struct saved_place){d->saved[i].dwarf, w->regs.val[u->arch->sp] + d->saved[i].offset};
    if (row->kind != ROW_RULES)
        return n;
    struct err *e = find_cfa(u, w, &cfa);
    for (size_t i = 0; !e && i < row->n_saved && n < REG_MAX; i++) {
        const struct saved_rule *s = &row->saved[i];
        taddr at = cfa + (uint64_t)s->rule.offset;
        if (s->rule.kind == RULE_AT_EXPR)
            e = evaluate(u, w, (struct bytes){.p = s->rule.expr, .n = s->rule.expr_size}, &cfa, &at);
        if (!e && (s->rule.kind == RULE_AT_CFA || s->rule.kind == RULE_AT_EXPR))
            out[n++] = (struct saved_place){s->reg, at};
    }
    err_free(e); /* what is known so far is told */
    return n;
}
