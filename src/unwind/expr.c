/* SPDX-License-Identifier: Apache-2.0 */
/* DWARF expressions as call frame information uses them: addresses computed from registers and memory. */
#include "unwind/row.h"

#include <inttypes.h>

#define MAX_STACK 64
#define MAX_OPERATIONS 10000

enum {
    DW_OP_addr = 0x03,
    DW_OP_deref = 0x06,
    DW_OP_const1u = 0x08,
    DW_OP_const1s = 0x09,
    DW_OP_const2u = 0x0a,
    DW_OP_const2s = 0x0b,
    DW_OP_const4u = 0x0c,
    DW_OP_const4s = 0x0d,
    DW_OP_const8u = 0x0e,
    DW_OP_const8s = 0x0f,
    DW_OP_constu = 0x10,
    DW_OP_consts = 0x11,
    DW_OP_dup = 0x12,
    DW_OP_drop = 0x13,
    DW_OP_over = 0x14,
    DW_OP_pick = 0x15,
    DW_OP_swap = 0x16,
    DW_OP_rot = 0x17,
    DW_OP_abs = 0x19,
    DW_OP_and = 0x1a,
    DW_OP_div = 0x1b,
    DW_OP_minus = 0x1c,
    DW_OP_mod = 0x1d,
    DW_OP_mul = 0x1e,
    DW_OP_neg = 0x1f,
    DW_OP_not = 0x20,
    DW_OP_or = 0x21,
    DW_OP_plus = 0x22,
    DW_OP_plus_uconst = 0x23,
    DW_OP_shl = 0x24,
    DW_OP_shr = 0x25,
    DW_OP_shra = 0x26,
    DW_OP_xor = 0x27,
    DW_OP_bra = 0x28,
    DW_OP_eq = 0x29,
    DW_OP_ge = 0x2a,
    DW_OP_gt = 0x2b,
    DW_OP_le = 0x2c,
    DW_OP_lt = 0x2d,
    DW_OP_ne = 0x2e,
    DW_OP_skip = 0x2f,
    DW_OP_lit0 = 0x30,
    DW_OP_lit31 = 0x4f,
    DW_OP_reg0 = 0x50,
    DW_OP_reg31 = 0x6f,
    DW_OP_breg0 = 0x70,
    DW_OP_breg31 = 0x8f,
    DW_OP_regx = 0x90,
    DW_OP_bregx = 0x92,
    DW_OP_deref_size = 0x94,
    DW_OP_nop = 0x96,
};

/* What an operation does besides reading its operands; errors are sticky, as in the cursor. */
struct evaluator {
    const struct expr_context *x;
    struct cursor in;
    unsigned bits; /* of an address */
    uint64_t mask;
    uint64_t stack[MAX_STACK];
    size_t n;
    struct err *err;
};

static void fail(struct evaluator *e, struct err *err)
{
    if (e->err)
        err_free(err);
    else
        e->err = err;
    cursor_fail(&e->in);
}

static void push(struct evaluator *e, uint64_t v)
{
    if (e->n == MAX_STACK)
        fail(e, err_new(ERR_LIMIT, "%s puts more than %d values on its stack", e->in.what, MAX_STACK));
    else
        e->stack[e->n++] = v & e->mask;
}

static uint64_t pop(struct evaluator *e)
{
    if (e->n == 0) {
        if (!e->in.failed)
            fail(e, err_new(ERR_CORRUPT, "%s takes from an empty stack", e->in.what));
        return 0;
    }
    return e->stack[--e->n];
}

/* The value `depth` below the top. */
static uint64_t peek(struct evaluator *e, size_t depth)
{
    if (depth >= e->n) {
        if (!e->in.failed)
            fail(e, err_new(ERR_CORRUPT, "%s reads below its stack", e->in.what));
        return 0;
    }
    return e->stack[e->n - 1 - depth];
}

static int64_t as_signed(const struct evaluator *e, uint64_t v)
{
    return (int64_t)(v << (64 - e->bits)) >> (64 - e->bits);
}

static uint64_t reg_value(struct evaluator *e, uint64_t reg)
{
    if (reg < REG_MAX && regs_has(e->x->regs, (unsigned)reg))
        return e->x->regs->val[reg];
    const char *name = reg < REG_MAX ? arch_reg_name(e->x->arch, (unsigned)reg) : NULL;
    fail(e, err_new(ERR_NO_DATA, "the value of register %s is not known", name ? name : "?"));
    return 0;
}

static uint64_t load(struct evaluator *e, uint64_t at, unsigned size)
{
    uint64_t v = 0;

    if (size != 1 && size != 2 && size != 4 && size != 8)
        fail(e, err_new(ERR_CORRUPT, "%s reads a word of %u bytes", e->in.what, size));
    else if (!e->in.failed && (!e->x->word || !e->x->word(e->x->word_arg, at, size, &v)))
        fail(e, err_at(err_new(ERR_UNMAPPED, "0x%" PRIx64 " cannot be read", at), ERR_AT_ADDRESS, at));
    return v;
}

static uint64_t constant(struct evaluator *e, uint8_t op)
{
    struct cursor *in = &e->in;

    switch (op) {
    case DW_OP_addr:
        return cursor_uint(in, e->bits / 8) + e->x->bias;
    case DW_OP_const1u:
        return cursor_u8(in);
    case DW_OP_const1s:
        return (uint64_t)(int8_t)cursor_u8(in);
    case DW_OP_const2u:
        return cursor_u16(in);
    case DW_OP_const2s:
        return (uint64_t)(int16_t)cursor_u16(in);
    case DW_OP_const4u:
        return cursor_u32(in);
    case DW_OP_const4s:
        return (uint64_t)(int32_t)cursor_u32(in);
    case DW_OP_const8u:
    case DW_OP_const8s:
        return cursor_u64(in);
    case DW_OP_constu:
        return cursor_uleb(in);
    default: /* DW_OP_consts */
        return (uint64_t)cursor_sleb(in);
    }
}

static void divide(struct evaluator *e, uint8_t op, uint64_t a, uint64_t b)
{
    if (b == 0) {
        if (!e->in.failed)
            fail(e, err_new(ERR_CORRUPT, "%s divides by zero", e->in.what));
    } else if (op == DW_OP_mod) {
        push(e, a % b);
    } else if (as_signed(e, b) == -1) {
        push(e, 0 - a); /* the smallest number has no positive counterpart */
    } else {
        push(e, (uint64_t)(as_signed(e, a) / as_signed(e, b)));
    }
}

static void binary(struct evaluator *e, uint8_t op)
{
    uint64_t b = pop(e), a = pop(e);
    int64_t sa = as_signed(e, a), sb = as_signed(e, b);
    bool out = b >= e->bits; /* shifts by more than C defines */

    switch (op) {
    case DW_OP_and:
        push(e, a & b);
        break;
    case DW_OP_div:
    case DW_OP_mod:
        divide(e, op, a, b);
        break;
    case DW_OP_minus:
        push(e, a - b);
        break;
    case DW_OP_mul:
        push(e, a * b);
        break;
    case DW_OP_or:
        push(e, a | b);
        break;
    case DW_OP_plus:
        push(e, a + b);
        break;
    case DW_OP_shl:
        push(e, out ? 0 : a << b);
        break;
    case DW_OP_shr:
        push(e, out ? 0 : a >> b);
        break;
    case DW_OP_shra:
        push(e, (uint64_t)(sa >> (out ? 63 : b)));
        break;
    case DW_OP_xor:
        push(e, a ^ b);
        break;
    case DW_OP_eq:
        push(e, sa == sb);
        break;
    case DW_OP_ge:
        push(e, sa >= sb);
        break;
    case DW_OP_gt:
        push(e, sa > sb);
        break;
    case DW_OP_le:
        push(e, sa <= sb);
        break;
    case DW_OP_lt:
        push(e, sa < sb);
        break;
    default: /* DW_OP_ne */
        push(e, sa != sb);
        break;
    }
}

static void shuffle(struct evaluator *e, uint8_t op)
{
    uint64_t a, b, c;

    switch (op) {
    case DW_OP_dup:
        push(e, peek(e, 0));
        break;
    case DW_OP_drop:
        pop(e);
        break;
    case DW_OP_over:
        push(e, peek(e, 1));
        break;
    case DW_OP_pick:
        push(e, peek(e, cursor_u8(&e->in)));
        break;
    case DW_OP_swap:
        a = pop(e);
        b = pop(e);
        push(e, a);
        push(e, b);
        break;
    default: /* DW_OP_rot */
        a = pop(e);
        b = pop(e);
        c = pop(e);
        push(e, a);
        push(e, c);
        push(e, b);
        break;
    }
}

static void unary(struct evaluator *e, uint8_t op)
{
    uint64_t a = pop(e);

    switch (op) {
    case DW_OP_abs:
        push(e, as_signed(e, a) < 0 ? 0 - a : a);
        break;
    case DW_OP_neg:
        push(e, 0 - a);
        break;
    case DW_OP_not:
        push(e, ~a);
        break;
    case DW_OP_plus_uconst:
        push(e, a + cursor_uleb(&e->in));
        break;
    case DW_OP_deref:
        push(e, load(e, a, e->bits / 8));
        break;
    default: /* DW_OP_deref_size */
        push(e, load(e, a, cursor_u8(&e->in)));
        break;
    }
}

static void jump(struct evaluator *e, bool taken)
{
    int16_t by = (int16_t)cursor_u16(&e->in);

    /* A target before the start becomes a huge offset, which cursor_seek() refuses. */
    if (taken)
        cursor_seek(&e->in, (uint64_t)((int64_t)cursor_offset(&e->in) + by));
}

static void operation(struct evaluator *e, uint8_t op)
{
    uint64_t reg;

    if (op >= DW_OP_lit0 && op <= DW_OP_lit31) {
        push(e, (uint64_t)(op - DW_OP_lit0));
        return;
    }
    /* A bare register stands for its value here, as other unwinders take it. */
    if (op >= DW_OP_reg0 && op <= DW_OP_reg31) {
        push(e, reg_value(e, (uint64_t)(op - DW_OP_reg0)));
        return;
    }
    if (op >= DW_OP_breg0 && op <= DW_OP_breg31) {
        push(e, reg_value(e, (uint64_t)(op - DW_OP_breg0)) + (uint64_t)cursor_sleb(&e->in));
        return;
    }
    switch (op) {
    case DW_OP_addr:
    case DW_OP_const1u:
    case DW_OP_const1s:
    case DW_OP_const2u:
    case DW_OP_const2s:
    case DW_OP_const4u:
    case DW_OP_const4s:
    case DW_OP_const8u:
    case DW_OP_const8s:
    case DW_OP_constu:
    case DW_OP_consts:
        push(e, constant(e, op));
        break;
    case DW_OP_dup:
    case DW_OP_drop:
    case DW_OP_over:
    case DW_OP_pick:
    case DW_OP_swap:
    case DW_OP_rot:
        shuffle(e, op);
        break;
    case DW_OP_deref:
    case DW_OP_deref_size:
    case DW_OP_abs:
    case DW_OP_neg:
    case DW_OP_not:
    case DW_OP_plus_uconst:
        unary(e, op);
        break;
    case DW_OP_and:
    case DW_OP_div:
    case DW_OP_minus:
    case DW_OP_mod:
    case DW_OP_mul:
    case DW_OP_or:
    case DW_OP_plus:
    case DW_OP_shl:
    case DW_OP_shr:
    case DW_OP_shra:
    case DW_OP_xor:
    case DW_OP_eq:
    case DW_OP_ge:
    case DW_OP_gt:
    case DW_OP_le:
    case DW_OP_lt:
    case DW_OP_ne:
        binary(e, op);
        break;
    case DW_OP_skip:
        jump(e, true);
        break;
    case DW_OP_bra:
        jump(e, pop(e) != 0);
        break;
    case DW_OP_regx:
        push(e, reg_value(e, cursor_uleb(&e->in)));
        break;
    case DW_OP_bregx:
        reg = cursor_uleb(&e->in);
        push(e, reg_value(e, reg) + (uint64_t)cursor_sleb(&e->in));
        break;
    case DW_OP_nop:
        break;
    default:
        fail(e, err_new(ERR_UNSUPPORTED, "%s uses operation 0x%02x", e->in.what, op));
        break;
    }
}

struct err *expr_evaluate(const struct expr_context *x, struct bytes expr, const uint64_t *initial, uint64_t *out)
{
    struct evaluator e = {.x = x, .in = cursor_of(expr, 0, "the expression of a call frame")};

    e.bits = x->arch->addr_size * 8U;
    e.mask = UINT64_MAX >> (64 - e.bits);
    if (initial)
        push(&e, *initial);
    for (unsigned done = 0; cursor_left(&e.in); done++) {
        if (done == MAX_OPERATIONS)
            fail(&e, err_new(ERR_LIMIT, "%s does not end", e.in.what));
        else
            operation(&e, cursor_u8(&e.in));
    }
    uint64_t v = e.in.failed ? 0 : pop(&e);
    if (e.err)
        return e.err;
    TRY(cursor_check(&e.in));
    *out = v;
    return NULL;
}
