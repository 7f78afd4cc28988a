/* SPDX-License-Identifier: Apache-2.0 */
/* The machine of DWARF expressions. */
#include "module/dwexpr.h"

#include "module/dwexpr_num.h"

#include <inttypes.h>

/* What an operation does besides reading its operands; errors are sticky, as in the cursor. */
struct machine {
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

static void fail(struct machine *m, struct err *err)
{
    if (m->err)
        err_free(err);
    else
        m->err = err;
    cursor_fail(&m->in);
}

/* A failed cursor gives zeros, which lead to faults that are not the expression's. */
static void corrupt(struct machine *m, const char *what)
{
    if (!m->in.failed)
        fail(m, err_new(ERR_CORRUPT, "%s %s", m->in.what, what));
}

static void try(struct machine *m, struct err *err)
{
    if (err)
        fail(m, err);
}

static void no_answer(struct machine *m, const char *question)
{
    fail(m, err_new(ERR_UNSUPPORTED, "%s asks for %s, which it cannot have here", m->in.what, question));
}

/* ---- the stack ---- */

static void push_num(struct machine *m, struct num v)
{
    if (m->n == DWX_MAX_STACK)
        fail(m, err_new(ERR_LIMIT, "%s puts more than %d values on its stack", m->in.what, DWX_MAX_STACK));
    else
        m->stack[m->n++] = v;
}

static void push(struct machine *m, uint64_t v)
{
    push_num(m, num_of(NUM_GENERIC, m->word, v));
}

static struct num pop_num(struct machine *m)
{
    if (m->n == 0) {
        corrupt(m, "takes from an empty stack");
        return num_of(NUM_GENERIC, m->word, 0);
    }
    return m->stack[--m->n];
}

static uint64_t pop(struct machine *m)
{
    struct num v = pop_num(m);
    if (v.kind == NUM_FLOAT)
        corrupt(m, "uses a floating-point number as an address");
    return (uint64_t)v.bits;
}

/* The value `depth` below the top. */
static struct num peek(struct machine *m, size_t depth)
{
    if (depth >= m->n) {
        corrupt(m, "reads below its stack");
        return num_of(NUM_GENERIC, m->word, 0);
    }
    return m->stack[m->n - 1 - depth];
}

/* ---- what it asks of the frame ---- */

static struct err *register_bytes(struct machine *m, uint64_t reg, uint8_t buf[static REGISTER_MAX], size_t *n)
{
    if (!m->f->reg)
        return err_new(ERR_UNSUPPORTED, "%s asks for a register, which it cannot have here", m->in.what);
    if (reg > UINT16_MAX)
        return err_new(ERR_CORRUPT, "%s names a register that does not exist", m->in.what);
    return m->f->reg(m->f->arg, (unsigned)reg, buf, REGISTER_MAX, n);
}

static uint64_t word_of(const uint8_t *b, size_t n)
{
    uint64_t v = 0;
    memcpy(&v, b, n < sizeof(v) ? n : sizeof(v)); /* targets and hosts are little-endian */
    return v;
}

static size_t read_register(struct machine *m, uint64_t reg, uint8_t buf[static REGISTER_MAX])
{
    size_t n = 0;
    if (!m->in.failed)
        try(m, register_bytes(m, reg, buf, &n));
    return m->in.failed ? 0 : n;
}

static uint64_t reg_value(struct machine *m, uint64_t reg)
{
    uint8_t b[REGISTER_MAX];
    size_t n = read_register(m, reg, b);
    return word_of(b, n);
}

static void load(struct machine *m, taddr at, uint8_t *buf, size_t n)
{
    if (m->in.failed)
        return;
    if (!m->f->memory)
        no_answer(m, "memory");
    else
        try(m, m->f->memory(m->f->arg, at, buf, n));
}

static uint64_t load_word(struct machine *m, taddr at, unsigned size)
{
    uint8_t b[8] = {0};
    if (size != 1 && size != 2 && size != 4 && size != 8)
        corrupt(m, "reads a word of a size that no processor has");
    else
        load(m, at, b, size);
    return word_of(b, sizeof(b));
}

static uint64_t ask(struct machine *m, struct err *(*fn)(void *, taddr *), const char *question)
{
    taddr v = 0;
    if (m->in.failed)
        return 0;
    if (!fn)
        no_answer(m, question);
    else
        try(m, fn(m->f->arg, &v));
    return v;
}

static uint64_t ask_die(struct machine *m, struct err *(*fn)(void *, const struct dw_die *, uint64_t *),
                        const struct dw_die *die, const char *question)
{
    uint64_t v = 0;
    if (m->in.failed)
        return 0;
    if (!fn)
        no_answer(m, question);
    else
        try(m, fn(m->f->arg, die, &v));
    return v;
}

static void entry_value(struct machine *m)
{
    uint64_t v = 0, n = cursor_uleb(&m->in);
    struct bytes expr = cursor_bytes(&m->in, n <= cursor_left(&m->in) ? (size_t)n : SIZE_MAX);
    if (m->in.failed)
        return;
    if (!m->f->entry_value)
        no_answer(m, "a value on entry");
    else
        try(m, m->f->entry_value(m->f->arg, expr, m->u, &v));
    push(m, v);
}

static void tls_address(struct machine *m)
{
    uint64_t offset = pop(m);
    taddr at = 0;
    if (m->in.failed)
        return;
    if (!m->f->tls)
        no_answer(m, "thread-local memory");
    else
        try(m, m->f->tls(m->f->arg, offset, &at));
    push(m, at);
}

/* ---- operands that name something in the unit ---- */

static bool need_unit(struct machine *m)
{
    if (!m->u && !m->in.failed)
        no_answer(m, "debug information");
    return !m->in.failed;
}

/* A DIE by its offset from the start of the unit. */
static bool unit_die(struct machine *m, uint64_t offset, struct dw_die *out)
{
    if (!need_unit(m))
        return false;
    if (offset < m->u->end - m->u->offset && dw_die_at(m->u, m->u->offset + offset, out))
        return true;
    corrupt(m, "names a DIE that does not exist");
    return false;
}

/* The offset of a DIE in .debug_info (DW_FORM_ref_addr's size: that of an address in version 2). */
static uint64_t info_offset(struct machine *m)
{
    if (!need_unit(m))
        return 0;
    return cursor_uint(&m->in, m->u->version == 2 ? m->u->addr_size : m->u->offset_size);
}

static bool info_die(struct machine *m, uint64_t offset, struct dw_die *out)
{
    struct dw_unit *u = m->in.failed ? NULL : dwarf_unit_at(m->u->file, offset);
    return u && dw_die_at(u, offset, out);
}

static bool need_info_die(struct machine *m, struct dw_die *out)
{
    if (info_die(m, info_offset(m), out))
        return true;
    corrupt(m, "names a DIE that does not exist");
    return false;
}

/* A base type by its offset in the unit; 0 is the generic type. */
static bool base_type(struct machine *m, uint64_t offset, uint8_t *kind, unsigned *size)
{
    struct dw_die die;
    uint64_t encoding = 0, bytes = 0;
    if (offset == 0) {
        *kind = NUM_GENERIC;
        *size = m->word;
        return !m->in.failed;
    }
    if (!unit_die(m, offset, &die))
        return false;
    if (!dw_attr_uint(&die, DW_AT_encoding, &encoding) || !dw_attr_uint(&die, DW_AT_byte_size, &bytes) || bytes == 0) {
        corrupt(m, "computes with a DIE that is no base type");
        return false;
    }
    *kind = NUM_UNSIGNED;
    if (encoding == DW_ATE_float)
        *kind = NUM_FLOAT;
    else if (encoding == DW_ATE_signed || encoding == DW_ATE_signed_char)
        *kind = NUM_SIGNED;
    *size = bytes <= NUM_MAX ? (unsigned)bytes : 0;
    if (!*size)
        fail(m, err_new(ERR_UNSUPPORTED, "%s computes with a type of %" PRIu64 " bytes", m->in.what, bytes));
    return *size != 0;
}

/* ---- typed operations (DWARF 5 section 2.5.1.6) ---- */

static void const_type(struct machine *m)
{
    uint8_t kind, n;
    unsigned size;
    uint64_t offset = cursor_uleb(&m->in);
    n = cursor_u8(&m->in);
    struct bytes b = cursor_bytes(&m->in, n);
    if (!base_type(m, offset, &kind, &size))
        return;
    if (size != b.n)
        corrupt(m, "has a constant of another size than its type");
    else
        push_num(m, num_from_bytes(kind, size, b.p));
}

static void regval_type(struct machine *m)
{
    uint8_t kind, b[REGISTER_MAX];
    unsigned size;
    uint64_t reg = cursor_uleb(&m->in), offset = cursor_uleb(&m->in);
    if (!base_type(m, offset, &kind, &size))
        return;
    size_t n = read_register(m, reg, b);
    if (m->in.failed)
        return;
    if (n < size)
        corrupt(m, "takes a register as a type that is larger");
    else
        push_num(m, num_from_bytes(kind, size, b));
}

static void deref_type(struct machine *m)
{
    uint8_t kind, b[NUM_MAX] = {0};
    unsigned size, n = cursor_u8(&m->in);
    uint64_t offset = cursor_uleb(&m->in), at = pop(m);
    if (!base_type(m, offset, &kind, &size))
        return;
    if (n > size) {
        corrupt(m, "reads more than its type has");
        return;
    }
    load(m, at, b, n);
    push_num(m, num_from_bytes(kind, size, b));
}

static void change_type(struct machine *m, bool reinterpret)
{
    uint8_t kind;
    unsigned size;
    uint64_t offset = cursor_uleb(&m->in);
    struct num v = pop_num(m);
    if (!base_type(m, offset, &kind, &size))
        return;
    if (reinterpret) {
        if (size != v.size)
            corrupt(m, "reinterprets a number as one of another size");
        v.kind = kind;
    } else {
        const char *wrong = num_convert(v, kind, size, &v);
        if (wrong)
            corrupt(m, wrong);
    }
    push_num(m, v);
}

/* ---- untyped operations (2.5.1.1 to 2.5.1.5) ---- */

static uint64_t constant(struct machine *m, uint8_t op)
{
    struct cursor *in = &m->in;
    switch (op) {
    case DW_OP_addr:
        return cursor_uint(in, m->word) + m->f->bias;
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

/* An entry of .debug_addr. */
static uint64_t indexed(struct machine *m)
{
    taddr v = 0;
    uint64_t index = cursor_uleb(&m->in);
    if (need_unit(m) && !dw_addr_index(m->u, index, &v))
        corrupt(m, "has an index beyond .debug_addr");
    return v;
}

static void shuffle(struct machine *m, uint8_t op)
{
    struct num a, b, c;
    switch (op) {
    case DW_OP_dup:
        push_num(m, peek(m, 0));
        break;
    case DW_OP_drop:
        pop_num(m);
        break;
    case DW_OP_over:
        push_num(m, peek(m, 1));
        break;
    case DW_OP_pick:
        push_num(m, peek(m, cursor_u8(&m->in)));
        break;
    case DW_OP_swap:
        a = pop_num(m);
        b = pop_num(m);
        push_num(m, a);
        push_num(m, b);
        break;
    default: /* DW_OP_rot */
        a = pop_num(m);
        b = pop_num(m);
        c = pop_num(m);
        push_num(m, a);
        push_num(m, c);
        push_num(m, b);
        break;
    }
}

static void unary(struct machine *m, uint8_t op)
{
    struct num a = pop_num(m), v = a;
    const char *wrong = num_unary(op, a, &v);
    if (wrong)
        corrupt(m, wrong);
    push_num(m, v);
}

static void binary(struct machine *m, uint8_t op)
{
    struct num b = pop_num(m), a = pop_num(m), v = a;
    const char *wrong = num_binary(op, a, b, m->word, &v);
    if (wrong)
        corrupt(m, wrong);
    push_num(m, v);
}

static void plus_uconst(struct machine *m)
{
    uint64_t by = cursor_uleb(&m->in);
    struct num a = pop_num(m);
    if (a.kind == NUM_FLOAT)
        corrupt(m, "adds an offset to a floating-point number");
    push_num(m, num_of(a.kind, a.size, a.bits + by));
}

static void jump(struct machine *m, bool taken)
{
    int16_t by = (int16_t)cursor_u16(&m->in);

    /* A target before the start becomes a huge offset, which cursor_seek() refuses. */
    if (taken)
        cursor_seek(&m->in, (uint64_t)((int64_t)cursor_offset(&m->in) + by));
}

static void run(struct machine *m);

/* DW_OP_call*: the location of another DIE, on the same stack. Of one that has none nothing happens. */
static void call(struct machine *m, const struct dw_die *die)
{
    struct dw_value v;
    struct bytes expr = {0};
    struct cursor back = m->in;
    struct dw_unit *caller = m->u;
    if (++m->calls > DWX_MAX_CALLS)
        fail(m, err_new(ERR_LIMIT, "%s calls deeper than %d", m->in.what, DWX_MAX_CALLS));
    else if (dw_attr(die, DW_AT_location, &v))
        try(m, dwx_at(die->unit, &v, m->f->pc, &expr));
    if (m->in.failed)
        return;
    m->u = die->unit;
    m->in = cursor_of(expr, 0, back.what);
    run(m);
    m->u = caller;
    m->calls--;
    if (m->in.failed && !m->err)
        m->err = cursor_check(&m->in);
    m->in = back;
    if (m->err)
        cursor_fail(&m->in);
}

/* ---- locations (2.6) ---- */

static void locate(struct machine *m, struct loc_piece at, uint64_t number)
{
    m->at = at;
    m->number = number;
    m->located = true;
}

/* A copy for who wants the location. */
static struct bytes keep(struct machine *m, const void *p, size_t n)
{
    if (!m->arena || n == 0)
        return (struct bytes){0};
    uint8_t *copy = arena_alloc(m->arena, n);
    memcpy(copy, p, n);
    return (struct bytes){copy, n};
}

static void in_register(struct machine *m, uint64_t reg)
{
    uint8_t b[REGISTER_MAX];
    size_t n = 0;
    if (m->in.failed)
        return;
    struct err *e = register_bytes(m, reg, b, &n);
    /* Other parts of the object may be there: what is missing says so when its bytes are asked for. */
    if (e && (e->code != ERR_NO_DATA || !m->arena)) {
        fail(m, e);
        return;
    }
    err_free(e);
    locate(m, (struct loc_piece){.kind = LOC_REGISTER, .reg = (uint16_t)reg, .bytes = keep(m, b, n)}, word_of(b, n));
}

static void stack_value(struct machine *m)
{
    struct num v = pop_num(m);
    if (!m->in.failed)
        locate(m, (struct loc_piece){.kind = LOC_BYTES, .bytes = keep(m, &v.bits, v.size)}, (uint64_t)v.bits);
}

static void implicit_value(struct machine *m)
{
    uint64_t n = cursor_uleb(&m->in);
    struct bytes b = cursor_bytes(&m->in, n <= cursor_left(&m->in) ? (size_t)n : SIZE_MAX);
    if (!m->in.failed)
        locate(m, (struct loc_piece){.kind = LOC_BYTES, .bytes = b}, word_of(b.p, b.n));
}

static void in_memory(struct machine *m, taddr at)
{
    locate(m, (struct loc_piece){.kind = LOC_MEMORY, .addr = at}, at);
}

static void implicit_pointer(struct machine *m)
{
    struct loc_piece at = {.kind = LOC_POINTER};
    uint64_t offset = info_offset(m);
    at.offset = cursor_sleb(&m->in);
    if (m->in.failed)
        return;
    if (!info_die(m, offset, &at.die))
        at.die.unit = NULL;
    locate(m, at, 0);
}

/* Ends a part: what stands before it, or nothing, is its location. */
static void piece(struct machine *m, uint64_t bits, uint64_t bit_offset)
{
    if (!m->located && m->n)
        in_memory(m, pop(m));
    else if (!m->located)
        locate(m, (struct loc_piece){.kind = LOC_ABSENT}, 0);
    if (m->in.failed)
        return;
    m->located = false;
    if (bits == 0)
        return; /* of no size: some compilers write them for empty members */
    if (m->pieces.n == DWX_MAX_PIECES) {
        fail(m, err_new(ERR_LIMIT, "%s has more than %d parts", m->in.what, DWX_MAX_PIECES));
        return;
    }
    m->at.bits = bits;
    m->at.bit_offset = bit_offset;
    *vec_push(&m->pieces) = m->at;
}

static void byte_piece(struct machine *m)
{
    uint64_t n = cursor_uleb(&m->in);
    if (n > UINT64_MAX / 8)
        corrupt(m, "has a part that is larger than memory");
    else
        piece(m, n * 8, 0);
}

/* ---- operations ---- */

/* Those that end a location, or a part of one. */
static bool location_operation(struct machine *m, uint8_t op)
{
    uint64_t bits;
    if (op >= DW_OP_reg0 && op <= DW_OP_reg31) {
        in_register(m, (uint64_t)(op - DW_OP_reg0));
        return true;
    }
    switch (op) {
    case DW_OP_regx:
        in_register(m, cursor_uleb(&m->in));
        break;
    case DW_OP_stack_value:
        stack_value(m);
        break;
    case DW_OP_implicit_value:
        implicit_value(m);
        break;
    case DW_OP_implicit_pointer:
    case DW_OP_GNU_implicit_pointer:
        implicit_pointer(m);
        break;
    case DW_OP_piece:
        byte_piece(m);
        break;
    case DW_OP_bit_piece:
        bits = cursor_uleb(&m->in);
        piece(m, bits, cursor_uleb(&m->in));
        break;
    default:
        return false;
    }
    return true;
}

/* Those that ask the frame or the debug information. */
static bool frame_operation(struct machine *m, uint8_t op)
{
    uint64_t reg;
    struct dw_die die;
    switch (op) {
    case DW_OP_bregx:
        reg = cursor_uleb(&m->in);
        push(m, reg_value(m, reg) + (uint64_t)cursor_sleb(&m->in));
        break;
    case DW_OP_fbreg:
        push(m, ask(m, m->f->frame_base, "the base of a frame") + (uint64_t)cursor_sleb(&m->in));
        break;
    case DW_OP_call_frame_cfa:
        push(m, ask(m, m->f->cfa, "the frame's address"));
        break;
    case DW_OP_push_object_address:
        push(m, ask(m, m->f->object, "the address of an object"));
        break;
    case DW_OP_form_tls_address:
    case DW_OP_GNU_push_tls_address:
        tls_address(m);
        break;
    case DW_OP_entry_value:
    case DW_OP_GNU_entry_value:
        entry_value(m);
        break;
    case DW_OP_call2:
    case DW_OP_call4:
        if (unit_die(m, op == DW_OP_call2 ? cursor_u16(&m->in) : cursor_u32(&m->in), &die))
            call(m, &die);
        break;
    case DW_OP_call_ref:
        if (need_info_die(m, &die))
            call(m, &die);
        break;
    case DW_OP_GNU_parameter_ref:
        if (unit_die(m, cursor_u32(&m->in), &die))
            push(m, ask_die(m, m->f->parameter, &die, "a parameter's value"));
        break;
    case DW_OP_GNU_variable_value:
        if (need_info_die(m, &die))
            push(m, ask_die(m, m->f->variable, &die, "a variable's value"));
        break;
    case DW_OP_addrx:
    case DW_OP_GNU_addr_index:
        push(m, indexed(m) + m->f->bias);
        break;
    case DW_OP_constx:
    case DW_OP_GNU_const_index:
        push(m, indexed(m));
        break;
    default:
        return false;
    }
    return true;
}

static bool typed_operation(struct machine *m, uint8_t op)
{
    switch (op) {
    case DW_OP_const_type:
    case DW_OP_GNU_const_type:
        const_type(m);
        break;
    case DW_OP_regval_type:
    case DW_OP_GNU_regval_type:
        regval_type(m);
        break;
    case DW_OP_deref_type:
    case DW_OP_GNU_deref_type:
        deref_type(m);
        break;
    case DW_OP_convert:
    case DW_OP_GNU_convert:
        change_type(m, false);
        break;
    case DW_OP_reinterpret:
    case DW_OP_GNU_reinterpret:
        change_type(m, true);
        break;
    default:
        return false;
    }
    return true;
}

static bool plain_operation(struct machine *m, uint8_t op)
{
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
        push(m, constant(m, op));
        break;
    case DW_OP_deref:
        push(m, load_word(m, pop(m), m->word));
        break;
    case DW_OP_deref_size:
        push(m, load_word(m, pop(m), cursor_u8(&m->in)));
        break;
    case DW_OP_dup:
    case DW_OP_drop:
    case DW_OP_over:
    case DW_OP_pick:
    case DW_OP_swap:
    case DW_OP_rot:
        shuffle(m, op);
        break;
    case DW_OP_abs:
    case DW_OP_neg:
    case DW_OP_not:
        unary(m, op);
        break;
    case DW_OP_plus_uconst:
        plus_uconst(m);
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
        binary(m, op);
        break;
    case DW_OP_skip:
        jump(m, true);
        break;
    case DW_OP_bra:
        jump(m, pop(m) != 0);
        break;
    case DW_OP_nop:
    case DW_OP_GNU_uninit: /* the object may be uninitialised: its location is no less true */
        break;
    default:
        return false;
    }
    return true;
}

static void operation(struct machine *m, uint8_t op)
{
    /* What follows the end of a location must make it a part (2.6.1.2). */
    if (m->located && op != DW_OP_piece && op != DW_OP_bit_piece && op != DW_OP_nop && op != DW_OP_GNU_uninit)
        corrupt(m, "goes on after a location");
    else if (op >= DW_OP_lit0 && op <= DW_OP_lit31)
        push(m, (uint64_t)(op - DW_OP_lit0));
    else if (op >= DW_OP_breg0 && op <= DW_OP_breg31)
        push(m, reg_value(m, (uint64_t)(op - DW_OP_breg0)) + (uint64_t)cursor_sleb(&m->in));
    else if (!plain_operation(m, op) && !location_operation(m, op) && !frame_operation(m, op) &&
             !typed_operation(m, op))
        fail(m, err_new(ERR_UNSUPPORTED, "%s uses operation 0x%02x", m->in.what, op));
}

static void run(struct machine *m)
{
    for (; cursor_left(&m->in); m->done++) {
        if (m->done == DWX_MAX_OPERATIONS)
            fail(m, err_new(ERR_LIMIT, "%s does not end", m->in.what));
        else
            operation(m, cursor_u8(&m->in));
    }
}

static void start(struct machine *m, const struct dwx_frame *f, struct dw_unit *u, struct bytes expr,
                  const uint64_t *initial)
{
    m->f = f;
    m->u = u;
    m->in = cursor_of(expr, 0, u ? "a DWARF expression" : "the expression of a call frame");
    m->word = u ? u->addr_size : f->arch->addr_size;
    m->located = false;
    m->pieces.v = NULL;
    m->pieces.n = m->pieces.cap = 0;
    m->calls = m->done = 0;
    m->err = NULL;
    m->n = 0;
    if (initial)
        push(m, *initial);
    run(m);
}

/* An address is a location, too. */
static struct err *finish(struct machine *m)
{
    if (!m->in.failed && !m->located && m->pieces.n == 0)
        in_memory(m, pop(m));
    return m->err ? m->err : cursor_check(&m->in);
}

struct err *dwx_locate(const struct dwx_frame *f, struct dw_unit *u, struct bytes expr, const uint64_t *initial,
                       struct arena *a, struct location *out)
{
    struct machine m;
    if (!expr.n && !initial) {
        *out = (struct location){0};
        return NULL;
    }
    m.arena = a;
    start(&m, f, u, expr, initial);
    struct err *err = finish(&m);
    if (!err) {
        uint32_t n = m.pieces.n ? (uint32_t)m.pieces.n : 1;
        struct loc_piece *copy = arena_array(a, struct loc_piece, n);
        memcpy(copy, m.pieces.n ? m.pieces.v : &m.at, n * sizeof(*copy));
        *out = (struct location){copy, n};
    }
    vec_done(&m.pieces);
    return err;
}

struct err *dwx_number(const struct dwx_frame *f, struct dw_unit *u, struct bytes expr, const uint64_t *initial,
                       uint64_t *out)
{
    struct machine m;
    m.arena = NULL;
    start(&m, f, u, expr, initial);
    struct err *err = finish(&m);
    bool parts = m.pieces.n > 0;
    vec_done(&m.pieces);
    if (err)
        return err;
    if (parts || m.at.kind == LOC_POINTER)
        return err_new(ERR_UNSUPPORTED, "%s gives an object in parts, not a number", m.in.what);
    *out = m.number;
    return NULL;
}

bool dwx_is_register(struct bytes expr, unsigned addr_size, uint64_t *reg, unsigned *size)
{
    struct cursor c = cursor_of(expr, 0, "a DWARF expression");
    uint8_t op = cursor_u8(&c);
    *size = 0;
    if (op == DW_OP_regx) {
        *reg = cursor_uleb(&c);
    } else if (op >= DW_OP_reg0 && op <= DW_OP_reg31) {
        *reg = (uint64_t)(op - DW_OP_reg0);
    } else if (op == DW_OP_bregx || (op >= DW_OP_breg0 && op <= DW_OP_breg31)) {
        *reg = op == DW_OP_bregx ? cursor_uleb(&c) : (uint64_t)(op - DW_OP_breg0);
        if (cursor_sleb(&c) != 0)
            return false;
        op = cursor_u8(&c);
        *size = op == DW_OP_deref ? addr_size : op == DW_OP_deref_size ? cursor_u8(&c) : 0;
        if (!*size)
            return false;
    } else {
        return false;
    }
    return !c.failed && cursor_left(&c) == 0;
}
