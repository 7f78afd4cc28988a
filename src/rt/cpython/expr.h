/* SPDX-License-Identifier: Apache-2.0 */
/* What the files that evaluate expressions of Python share. Private to expr*.c.
 *
 * Names, attributes, indices, slices, len(), type(), id(), literals, arithmetic of numbers, comparisons, `in`, `is`,
 * `and`, `or`, `not`. Nothing of the target is run: what a class computes in code is an error that says so. */
#ifndef RT_CPYTHON_EXPR_H
#define RT_CPYTHON_EXPR_H

#include "rt/cpython/bigint.h"
#include "rt/cpython/numpy.h"
#include "value/expr.h"
#include "value/register.h"

enum operand_kind {
    OPERAND_OBJECT, /* of the target */
    OPERAND_INT,
    OPERAND_BIG,    /* an int that does not fit: big */
    OPERAND_FLOAT,
    OPERAND_BOOL,   /* i */
    OPERAND_NONE,
    OPERAND_STR,    /* text, as UTF-8 */
    OPERAND_BYTES,  /* text */
    OPERAND_TUPLE,  /* items */
    OPERAND_ARRAY,  /* array: a part of one of NumPy's that is no object; without dimensions: an element */
    OPERAND_SHOWN,  /* text as repr() would write it, and no more: a slice of a list */
};

struct operand {
    uint8_t kind;     /* enum operand_kind */
    const char *type; /* OPERAND_SHOWN: the name of its class */
    taddr object;
    int64_t i;
    double f;
    struct bigint big;
    struct bytes text;
    const struct operand *items;
    size_t n;
    const struct numpy_array *array;
};

struct subscript {
    bool slice;
    const struct operand *bounds[3]; /* of a slice; NULL: left out. Of an index the first. */
};

/* Python's names of what went wrong. */
struct expr {
    struct rt *rt;
    const struct expr_env *env;
    struct values *vs;
    struct arena *arena; /* of vs */
    const char *text;
    size_t n;
    struct py_scope scope;
    /* the token that is looked at (expr_lex.c) */
    uint8_t token; /* enum token */
    size_t start, at; /* [start, at) of the text; the next begins at `at` or behind spaces */
    struct bytes word;
    struct operand literal;
    unsigned depth;
    unsigned skip; /* above 0: the value does not matter (behind `False and`), nothing is looked up */
};

enum token {
    PY_TOKEN_END,
    PY_TOKEN_NAME,    /* word */
    PY_TOKEN_DOLLAR,  /* word: without the dollar */
    PY_TOKEN_LITERAL, /* literal */
    PY_TOKEN_OP,      /* word: one of the operators, or a character that is none */
};

/* "column N: ..." at a byte of the text. */
struct err *expr_fail(const struct expr *e, size_t at, const char *fmt, ...) MUST_CHECK NEVER_NULL PRINTF_LIKE(3, 4);

/* ---- expr_lex.c ---- */
struct err *expr_next(struct expr *e) MUST_CHECK;
bool expr_at(const struct expr *e, const char *op); /* an operator or keyword */
struct err *expr_take(struct expr *e, const char *op, bool *taken) MUST_CHECK;
struct err *expr_expect(struct expr *e, const char *op) MUST_CHECK;

/* ---- expr_operand.c ---- */
/* Of an object that is exactly an int, float, bool, None, str or bytes: its value. Any other stays. */
struct err *operand_load(struct expr *e, size_t at, struct operand *o) MUST_CHECK;
const char *operand_type(struct expr *e, const struct operand *o) NEVER_NULL;
struct err *operand_truth(struct expr *e, size_t at, const struct operand *o, bool *out) MUST_CHECK;
struct err *operand_equal(struct expr *e, size_t at, const struct operand *a, const struct operand *b,
                          bool *out) MUST_CHECK;
/* Below 0, 0, above 0. */
struct err *operand_order(struct expr *e, size_t at, const char *op, const struct operand *a, const struct operand *b,
                          int *out) MUST_CHECK;
void operand_put(struct expr *e, const struct operand *o, struct text *out);
struct operand operand_int(int64_t v);
struct operand operand_bool(bool v);

/* ---- expr_arithmetic.c ---- */
bool operand_is_number(const struct operand *o);
/* An int, whatever its size. */
struct operand operand_of_big(struct bigint v);
/* Of numbers: below 0, 0, above 0. False: they are not ordered, as NaN. */
bool operand_compare(struct expr *e, const struct operand *a, const struct operand *b, int *out);
struct err *operand_arithmetic(struct expr *e, size_t at, const char *op, const struct operand *a,
                               const struct operand *b, struct operand *out) MUST_CHECK;
/* '-', '+' or '~'. */
struct err *operand_unary(struct expr *e, size_t at, char op, const struct operand *a, struct operand *out) MUST_CHECK;

/* ---- expr_access.c ---- */
struct err *access_name(struct expr *e, size_t at, const char *name, struct operand *out) MUST_CHECK;
struct err *access_attribute(struct expr *e, size_t at, const struct operand *o, const char *name,
                             struct operand *out) MUST_CHECK;
struct err *access_index(struct expr *e, size_t at, const struct operand *o, const struct operand *key,
                         struct operand *out) MUST_CHECK;
/* Bounds that were left out are NULL. */
struct err *access_slice(struct expr *e, size_t at, const struct operand *o, const struct operand *const bounds[3],
                         struct operand *out) MUST_CHECK;
struct err *access_length(struct expr *e, size_t at, const struct operand *o, int64_t *out) MUST_CHECK;
struct err *access_contains(struct expr *e, size_t at, const struct operand *o, const struct operand *item,
                            bool *out) MUST_CHECK;

/* Where a slice of n elements begins, ends and how it goes on. The end may be -1, before the first. */
struct err *access_bounds(struct expr *e, size_t at, const struct operand *const bounds[3], int64_t n, int64_t *start,
                          int64_t *stop, int64_t *step) MUST_CHECK;
/* Any of them, by what stands between the brackets. */
struct err *access_subscript(struct expr *e, size_t at, const struct operand *o, const struct subscript *items,
                             size_t n, bool tuple, struct operand *out) MUST_CHECK;

/* A class of an object whose dict is not there: from 3.12 on the interpreter keeps those of its own classes where no table
 * of ours leads. `object` is left out: it has methods only. NULL: all are there. */
const struct py_type *access_without_dict(struct expr *e, const struct py_type *t);

/* ---- expr_numpy.c ---- */

/* An array of NumPy, a part of one, or a record. False: the operand is none. */
bool numpy_operand(struct expr *e, const struct operand *o, struct numpy_array *out);
/* operand_load() of a scalar or an element. */
struct err *numpy_load(struct expr *e, size_t at, struct operand *o) MUST_CHECK;
struct err *numpy_subscript(struct expr *e, size_t at, const struct numpy_array *a, const struct subscript *items,
                            size_t n, struct operand *out) MUST_CHECK;
/* False: it has none of the name that is known. */
bool numpy_attribute(struct expr *e, const struct operand *o, const char *name, struct operand *out);
struct err *numpy_length(struct expr *e, size_t at, const struct numpy_array *a, int64_t *out) MUST_CHECK;
struct err *numpy_truth(struct expr *e, size_t at, const struct numpy_array *a, bool *out) MUST_CHECK;

/* ---- expr.c ---- */
struct err *py_evaluate(struct rt *rt, const struct expr_env *env, const char *text, struct value *out) MUST_CHECK;

#endif
