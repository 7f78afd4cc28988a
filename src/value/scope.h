/* SPDX-License-Identifier: Apache-2.0 */
/* Variables of a frame: which names its source position sees, and where they are.
 * Threads: one at a time. */
#ifndef VALUE_SCOPE_H
#define VALUE_SCOPE_H

#include "unwind/unwind.h"
#include "value/value.h"

struct expr_env;
struct variables;

/* The function itself, whatever was inlined into it. */
#define SCOPE_PHYSICAL UINT32_MAX

/* A frame of an interpreted language: whoever attached the language's runtime knows its variables. */
struct lang_frame {
    taddr record; /* the interpreter's own */
    void *self;
    struct err *(*variables)(void *self, const struct vframe *f, struct variables *out);
    struct err *(*evaluate)(void *self, const struct expr_env *env, const char *text, struct value *out);
};

/* One source-level frame, as far as variables need it. Filled by the session. */
struct vframe {
    struct values *vs;
    const struct image_thread *thread;
    taddr pc;       /* of the physical frame */
    taddr lookup;   /* the address to look up: pc, or pc - 1 for a return address */
    taddr cfa;      /* of the physical frame; 0 unknown */
    struct regs regs;
    bool innermost; /* the thread's own registers: vector registers are known */
    uint32_t inlined; /* which of the functions at `lookup`: 0 the innermost inlined one; SCOPE_PHYSICAL */
    /* The frame whose call made this one: physical, or left by a tail call. Made when first asked; NULL: outermost,
     * or unknown. */
    const struct vframe *(*caller)(const struct vframe *f);
    void *arg; /* of `caller` */
    struct module *module; /* NULL: none */
    const struct lang_frame
        *lang; /* NULL: of native code. Else pc, cfa and regs are those of the native frame that runs
                                      it, where that is known: pc 0 otherwise */
    taddr closure; /* of a function of Go that has not begun: its value, where it captured variables; 0: none */
};

/* What was found out about addresses, shared by all frames there. */
struct scope_cache;
struct scope_cache *scope_cache_new(void);
void scope_cache_free(struct scope_cache *c); /* NULL is allowed */
/* Finds the functions at many lookup addresses, on all cores; later questions about them are quick. */
void scope_prepare(struct values *vs, const taddr *lookups, size_t n);

/* The bytes of a register in a frame, vector and floating-point ones too. ERR_NO_DATA: not saved. */
struct err *vframe_register(const struct vframe *f, unsigned dwarf, uint8_t *buf, size_t max, size_t *n) MUST_CHECK;

struct variable {
    const char *name; /* never NULL: what has no name is left out */
    const struct type *type;
    struct dw_die die;
    bool argument;
    bool is_static; /* a static of the function or block */
    bool artificial; /* `this`, what a compiler made up */
    uint32_t block; /* 0 the innermost block that holds pc; arguments have the function's */
    uint32_t line; /* of its declaration; 0 unknown */
    bool shadowed; /* an inner block has the same name */
    const struct value *value; /* of a lang_frame's: known as it stands; NULL: by its DIE */
    bool indirect; /* its DIE describes the pointer to it (Go's escaped variables); `name` and `type` are its own */
};
struct variables {
    const struct variable *v;
    size_t n;
};

/* Arguments in their order, then variables, innermost block first, in a block as in the source. Lives in
 * the arena of the frame's struct values. ERR_NO_DATA: no debug information covers the pc. */
struct err *scope_variables(const struct vframe *f, struct variables *out) MUST_CHECK;
/* The value of a variable in its frame (DW_AT_location, DW_AT_const_value). Succeeds with an empty location
 * when it is optimised out. */
struct err *scope_value(const struct vframe *f, const struct variable *v, struct value *out) MUST_CHECK;
/* A variable of a file or namespace, in no frame: its address, or TLS of the frame's thread (f may be NULL). */
struct err *scope_global(struct values *vs, const struct vframe *f, const struct dw_die *die,
                         struct value *out) MUST_CHECK;
/* The value that an argument had on entry (gdb's x@entry), from the caller's call site. ERR_NO_DATA. */
struct err *scope_entry_value(const struct vframe *f, const struct variable *v, struct value *out) MUST_CHECK;
/* The number that an attribute of a DIE has in a frame: a constant, an expression, or a reference to a variable
 * (bounds of arrays of variable length: DWARF 5 section 2.19). */
struct err *scope_attribute(const struct vframe *f, const struct dw_die *die, uint16_t at, uint64_t *out) MUST_CHECK;
/* The DIE of the function that a frame runs (of an inlined one: its DW_TAG_inlined_subroutine). False when no
 * DWARF covers it. */
bool scope_function(const struct vframe *f, struct dw_die *out);

#endif
