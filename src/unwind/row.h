/* SPDX-License-Identifier: Apache-2.0 */
/* One row of the unwind table: where the caller's registers are when the code is at one address.
 *
 * DWARF 5 section 6.4. Rows come from call frame programs (program.c) or from what instructions show
 * (code/). Private to unwind/. */
#ifndef UNWIND_ROW_H
#define UNWIND_ROW_H

#include "unwind/cfi.h"

enum rule_kind {
    RULE_UNSAID, /* the ABI decides: callee-saved registers keep their value, others are lost */
    RULE_UNDEFINED,
    RULE_SAME,
    RULE_AT_CFA,      /* in memory at CFA + offset */
    RULE_CFA_PLUS,    /* the value CFA + offset */
    RULE_IN_REGISTER, /* in register `offset` of the callee */
    RULE_AT_EXPR,     /* in memory where an expression says */
    RULE_IS_EXPR,     /* the value of an expression */
};

struct rule {
    uint8_t kind;       /* enum rule_kind */
    uint32_t expr_size; /* bytes */
    union {
        int64_t offset;
        const uint8_t *expr; /* borrowed from the section */
    };
};

struct cfa_rule {
    uint64_t reg; /* CFA = reg + offset, unless `expr` is set */
    int64_t offset;
    struct bytes expr;
};

/* The rules of one address while a program runs. */
struct rules {
    struct cfa_rule cfa;
    struct rule regs[REG_MAX];
};

/* Runs a CFI program up to `pc`. Errors: ERR_CORRUPT, ERR_TRUNCATED, ERR_UNSUPPORTED, ERR_LIMIT. */
struct err *cfi_rules(struct cfi *c, const struct fde *f, taddr pc, struct rules *out) MUST_CHECK;

#endif
