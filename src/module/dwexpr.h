/* SPDX-License-Identifier: Apache-2.0 */
/* DWARF expressions and location lists: where an object is (DWARF 5 sections 2.5, 2.6 and 7.7; the GNU
 * extensions that became version 5; versions 2 to 4).
 *
 * One machine serves call frame information and variables. What it needs of a frame comes through
 * struct dwx_frame; a question that the frame cannot answer ends the evaluation with an error that says so.
 * Threads: a pure function of its inputs, given that the frame's callbacks are. */
#ifndef MODULE_DWEXPR_H
#define MODULE_DWEXPR_H

#include "base/arena.h"
#include "module/dwarf.h"

enum loc_kind {
    LOC_MEMORY,   /* addr */
    LOC_REGISTER, /* reg; `bytes` are what it holds, none when it was not saved */
    LOC_BYTES,    /* the value itself (DW_OP_stack_value, DW_OP_implicit_value) */
    LOC_POINTER,  /* a pointer to something that is not in memory (DW_OP_implicit_pointer) */
    LOC_ABSENT,   /* optimised out */
};

/* A part of an object, one after the other in memory order. */
struct loc_piece {
    uint8_t kind;        /* enum loc_kind */
    uint16_t reg;        /* LOC_REGISTER: DWARF number */
    uint64_t bits;       /* size of the part; 0: the whole object (then it is the only piece) */
    uint64_t bit_offset; /* where the part begins in what `kind` names */
    taddr addr;          /* LOC_MEMORY: runtime */
    struct bytes bytes;  /* LOC_REGISTER, LOC_BYTES: in the arena or the file */
    struct dw_die die;   /* LOC_POINTER: the object pointed at; unit is NULL when its DIE cannot be read ... */
    int64_t offset;      /* ... and how many bytes into it */
};

struct location {
    const struct loc_piece *pieces;
    uint32_t n; /* 0: optimised out */
};

/* What an expression may ask. Each callback may be NULL: then the question is an error. Errors:
 * ERR_NO_DATA (a register that was not saved, no frame), ERR_UNMAPPED and others of memory. */
struct dwx_frame {
    void *arg;
    const struct arch *arch;
    taddr bias; /* runtime minus link-time address of the file that the expression is in */
    taddr pc;   /* link-time, to look up: for the location lists of what DW_OP_call* names */
    struct err *(*memory)(void *arg, taddr at, void *buf, size_t n);
    /* Raw bytes of a register, at most `max`; *n is how many it has. ERR_NO_DATA: not saved. */
    struct err *(*reg)(void *arg, unsigned dwarf, uint8_t *buf, size_t max, size_t *n);
    struct err *(*cfa)(void *arg, taddr *out);
    struct err *(*frame_base)(void *arg, taddr *out);
    struct err *(*tls)(void *arg, uint64_t offset, taddr *out);
    /* DW_OP_push_object_address, and the initial stack of DW_AT_data_member_location. */
    struct err *(*object)(void *arg, taddr *out);
    /* The value that an expression had on entry to the function (DW_OP_entry_value), from the caller's
     * call site. */
    struct err *(*entry_value)(void *arg, struct bytes expr, struct dw_unit *u, uint64_t *out);
    /* The value that the caller passed for a parameter (DW_OP_GNU_parameter_ref). */
    struct err *(*parameter)(void *arg, const struct dw_die *die, uint64_t *out);
    /* The value of a variable (DW_OP_GNU_variable_value). */
    struct err *(*variable)(void *arg, const struct dw_die *die, uint64_t *out);
};

/* Where the object of an expression is. `u` decodes operands that name DIEs, types or indices; NULL for call
 * frame information. `initial` is on the stack at the start when not NULL. `a` keeps the pieces.
 * Errors: ERR_CORRUPT, ERR_TRUNCATED, ERR_UNSUPPORTED, ERR_LIMIT (DWX_MAX_*), those of the callbacks. */
struct err *dwx_locate(const struct dwx_frame *f, struct dw_unit *u, struct bytes expr, const uint64_t *initial,
                       struct arena *a, struct location *out) MUST_CHECK;
/* The number that an expression leaves: its value, what its register holds, or the address of its object.
 * As above; ERR_UNSUPPORTED for what is no number (parts, an implicit pointer), ERR_OPTIMISED_OUT. */
struct err *dwx_number(const struct dwx_frame *f, struct dw_unit *u, struct bytes expr, const uint64_t *initial,
                       uint64_t *out) MUST_CHECK;
/* Values on the stack; operations in all; parts of an object; calls within calls. */
enum { DWX_MAX_STACK = 1000, DWX_MAX_OPERATIONS = 100000, DWX_MAX_PIECES = 1000, DWX_MAX_CALLS = 32 };

/* The expression that a DW_AT_location (or DW_AT_frame_base, ...) has at a link-time pc: the attribute's own,
 * or from .debug_loc and .debug_loclists (split and GNU ones included). *out is empty when the object is not
 * there at that pc. ERR_CORRUPT, ERR_TRUNCATED, ERR_UNSUPPORTED. */
struct err *dwx_at(struct dw_unit *u, const struct dw_value *v, taddr pc, struct bytes *out) MUST_CHECK;
/* When an expression is nothing but a register, or what `size` bytes hold at a register plus 0 (DW_OP_breg0;
 * DW_OP_deref): its number; *size is 0 for the register itself. False for any other expression. */
bool dwx_is_register(struct bytes expr, unsigned addr_size, uint64_t *reg, unsigned *size);

#endif
