/* SPDX-License-Identifier: Apache-2.0 */
/* The machine of DWARF expressions, in parts. Private to dwexpr*.c. */
#ifndef MODULE_DWEXPR_PRIV_H
#define MODULE_DWEXPR_PRIV_H

#include "module/dwexpr.h"
#include "module/dwexpr_num.h"

/* What an operation does besides reading its operands; errors are sticky, as in the cursor: what is called after one
 * gives zeros, and what it makes of them is never seen. */
struct dwx_machine {
    const struct dwx_frame *f;
    struct dw_unit *u;
    struct arena *arena; /* NULL: only a number is wanted */
    struct cursor in;
    uint8_t word;        /* bytes of an address */
    bool located;        /* `at` is where the object is; a piece or the end must follow */
    struct loc_piece at;
    uint64_t number;     /* what stands there, for dwx_number() */
    VEC(struct loc_piece) pieces;
    unsigned calls, done;
    struct err *err;
    size_t n;
    struct num stack[DWX_MAX_STACK]; /* not zeroed: `n` says how much of it counts */
};

/* ---- failure (dwexpr_machine.c) ---- */
/* Takes the error; the first one counts. */
void dwx_fail(struct dwx_machine *m, struct err *err);
/* ERR_CORRUPT; `what` follows the name of the expression. A failed cursor gives zeros, which lead to faults that are
 * not the expression's: after one nothing is added. */
void dwx_corrupt(struct dwx_machine *m, const char *what);
/* dwx_fail(), unless `err` is NULL. */
void dwx_try(struct dwx_machine *m, struct err *err);
/* ERR_UNSUPPORTED: the frame has no answer to such questions. */
void dwx_no_answer(struct dwx_machine *m, const char *question);

/* ---- the stack (dwexpr_machine.c) ---- */
void dwx_push_num(struct dwx_machine *m, struct num v);
void dwx_push(struct dwx_machine *m, uint64_t generic);
struct num dwx_pop_num(struct dwx_machine *m);
/* As an address. */
uint64_t dwx_pop(struct dwx_machine *m);

/* ---- operands, and what they name (dwexpr_machine.c) ---- */
/* The first bytes, at most 8, as a number: targets and hosts are little-endian. */
static inline uint64_t dwx_word(const uint8_t *b, size_t n)
{
    uint64_t v = 0;
    memcpy(&v, b, n < sizeof(v) ? n : sizeof(v));
    return v;
}
/* Bytes behind their length, a ULEB128. */
struct bytes dwx_block(struct dwx_machine *m);
/* A register's bytes. Errors: those of dwx_frame.reg. */
struct err *dwx_register(struct dwx_machine *m, uint64_t reg, uint8_t buf[static REGISTER_MAX], size_t *n) MUST_CHECK;
/* The same; an error ends the evaluation. Returns how many bytes. */
size_t dwx_read_register(struct dwx_machine *m, uint64_t reg, uint8_t buf[static REGISTER_MAX]);
/* Memory of the target; `buf` stays as it is on an error. */
void dwx_load(struct dwx_machine *m, taddr at, uint8_t *buf, size_t n);
/* Is there a unit to decode operands with? False is a failure. */
bool dwx_need_unit(struct dwx_machine *m);
/* A DIE by its offset from the start of the unit; false is a failure. */
bool dwx_unit_die(struct dwx_machine *m, uint64_t offset, struct dw_die *out);
/* An operand that is an offset in .debug_info, as DW_FORM_ref_addr is: in version 2 of an address's size. */
uint64_t dwx_info_offset(struct dwx_machine *m);
/* The DIE there; false, there is none, is no failure yet. */
bool dwx_info_die(struct dwx_machine *m, uint64_t offset, struct dw_die *out);

/* ---- operations by kind; false: not of this kind ---- */
/* Those that end a location, or a part of one (dwexpr_location.c). */
bool dwx_location_operation(struct dwx_machine *m, uint8_t op);
/* Those with a base type (dwexpr_typed.c). */
bool dwx_typed_operation(struct dwx_machine *m, uint8_t op);
/* The object is in memory (dwexpr_location.c). */
void dwx_in_memory(struct dwx_machine *m, taddr at);

#endif
