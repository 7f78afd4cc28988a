/* SPDX-License-Identifier: Apache-2.0 */
/* The machine of DWARF expressions: untyped operations, calls, and what stands at the end. */
#include "module/dwexpr_priv.h"

/* ---- what it asks of the frame ---- */

static uint64_t reg_value(struct dwx_machine *m, uint64_t reg)
{
    uint8_t b[REGISTER_MAX];
    size_t n = dwx_read_register(m, reg, b);
    return dwx_word(b, n);
}

/* The value `depth` below the top. */
static struct num peek(struct dwx_machine *m, size_t depth)
{
    if (depth >= m->n) {
        dwx_corrupt(m, "reads below its stack");
        return num_of(NUM_GENERIC, m->word, 0);
    }
    return m->stack[m->n - 1 - depth];
}

static uint64_t load_word(struct dwx_machine *m, taddr at, unsigned size)
{
    uint8_t b[8] = {0};
    if (size != 1 && size != 2 && size != 4 && size != 8)
        dwx_corrupt(m, "reads a word of a size that no processor has");
    else
        dwx_load(m, at, b, size);
    return dwx_word(b, sizeof(b));
}

static uint64_t ask(struct dwx_machine *m, struct err *(*fn)(void *, taddr *), const char *question)
{
    taddr v = 0;
    if (m->in.failed)
        return 0;
    if (!fn)
        dwx_no_answer(m, question);
    else
        dwx_try(m, fn(m->f->arg, &v));
    return v;
}

static uint64_t ask_die(struct dwx_machine *m, struct err *(*fn)(void *, const struct dw_die *, uint64_t *),
                        const struct dw_die *die, const char *question)
{
    uint64_t v = 0;
    if (m->in.failed)
        return 0;
    if (!fn)
        dwx_no_answer(m, question);
    else
        dwx_try(m, fn(m->f->arg, die, &v));
    return v;
}

static void entry_value(struct dwx_machine *m)
{
    uint64_t v = 0;
    struct bytes expr = dwx_block(m);
    if (m->in.failed)
        return;
    if (!m->f->entry_value)
        dwx_no_answer(m, "a value on entry");
    else
        dwx_try(m, m->f->entry_value(m->f->arg, expr, m->u, &v));
    dwx_push(m, v);
}

static void tls_address(struct dwx_machine *m)
{
    uint64_t offset = dwx_pop(m);
    taddr at = 0;
    if (m->in.failed)
        return;
    if (!m->f->tls)
        dwx_no_answer(m, "thread-local memory");
    else
        dwx_try(m, m->f->tls(m->f->arg, offset, &at));
    dwx_push(m, at);
}

static bool need_info_die(struct dwx_machine *m, struct dw_die *out)
{
    if (dwx_info_die(m, dwx_info_offset(m), out))
        return true;
    dwx_corrupt(m, "names a DIE that does not exist");
    return false;
}

/* ---- untyped operations (2.5.1.1 to 2.5.1.5) ---- */

static uint64_t constant(struct dwx_machine *m, uint8_t op)
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
static uint64_t indexed(struct dwx_machine *m)
{
    taddr v = 0;
    uint64_t index = cursor_uleb(&m->in);
    if (dwx_need_unit(m) && !dw_addr_index(m->u, index, &v))
        dwx_corrupt(m, "has an index beyond .debug_addr");
    return v;
}

static void shuffle(struct dwx_machine *m, uint8_t op)
{
    struct num a, b, c;
    switch (op) {
    case DW_OP_dup:
        dwx_push_num(m, peek(m, 0));
        break;
    case DW_OP_drop:
        dwx_pop_num(m);
        break;
    case DW_OP_over:
        dwx_push_num(m, peek(m, 1));
        break;
    case DW_OP_pick:
        dwx_push_num(m, peek(m, cursor_u8(&m->in)));
        break;
    case DW_OP_swap:
        a = dwx_pop_num(m);
        b = dwx_pop_num(m);
        dwx_push_num(m, a);
        dwx_push_num(m, b);
        break;
    default: /* DW_OP_rot */
        a = dwx_pop_num(m);
        b = dwx_pop_num(m);
        c = dwx_pop_num(m);
        dwx_push_num(m, a);
        dwx_push_num(m, c);
        dwx_push_num(m, b);
        break;
    }
}

static void unary(struct dwx_machine *m, uint8_t op)
{
    struct num a = dwx_pop_num(m), v = a;
    const char *wrong = num_unary(op, a, &v);
    if (wrong)
        dwx_corrupt(m, wrong);
    dwx_push_num(m, v);
}

static void binary(struct dwx_machine *m, uint8_t op)
{
    struct num b = dwx_pop_num(m), a = dwx_pop_num(m), v = a;
    const char *wrong = num_binary(op, a, b, m->word, &v);
    if (wrong)
        dwx_corrupt(m, wrong);
    dwx_push_num(m, v);
}

static void plus_uconst(struct dwx_machine *m)
{
    uint64_t by = cursor_uleb(&m->in);
    struct num a = dwx_pop_num(m);
    if (a.kind == NUM_FLOAT)
        dwx_corrupt(m, "adds an offset to a floating-point number");
    dwx_push_num(m, num_of(a.kind, a.size, a.bits + by));
}

static void jump(struct dwx_machine *m, bool taken)
{
    int16_t by = (int16_t)cursor_u16(&m->in);

    /* A target before the start becomes a huge offset, which cursor_seek() refuses. */
    if (taken)
        cursor_seek(&m->in, (uint64_t)((int64_t)cursor_offset(&m->in) + by));
}

static void run(struct dwx_machine *m);

/* DW_OP_call*: the location of another DIE, on the same stack. Of one that has none nothing happens. */
static void call(struct dwx_machine *m, const struct dw_die *die)
{
    struct dw_value v;
    struct bytes expr = {0};
    struct cursor back = m->in;
    struct dw_unit *caller = m->u;
    if (++m->calls > DWX_MAX_CALLS)
        dwx_fail(m, err_new(ERR_LIMIT, "%s calls deeper than %d", m->in.what, DWX_MAX_CALLS));
    else if (dw_attr(die, DW_AT_location, &v))
        dwx_try(m, dwx_at(die->unit, &v, m->f->pc, &expr));
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

/* ---- operations ---- */

/* Those that ask the frame or the debug information. */
static bool frame_operation(struct dwx_machine *m, uint8_t op)
{
    uint64_t reg;
    struct dw_die die;
    switch (op) {
    case DW_OP_bregx:
        reg = cursor_uleb(&m->in);
        dwx_push(m, reg_value(m, reg) + (uint64_t)cursor_sleb(&m->in));
        break;
    case DW_OP_fbreg:
        dwx_push(m, ask(m, m->f->frame_base, "the base of a frame") + (uint64_t)cursor_sleb(&m->in));
        break;
    case DW_OP_call_frame_cfa:
        dwx_push(m, ask(m, m->f->cfa, "the frame's address"));
        break;
    case DW_OP_push_object_address:
        dwx_push(m, ask(m, m->f->object, "the address of an object"));
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
        if (dwx_unit_die(m, op == DW_OP_call2 ? cursor_u16(&m->in) : cursor_u32(&m->in), &die))
            call(m, &die);
        break;
    case DW_OP_call_ref:
        if (need_info_die(m, &die))
            call(m, &die);
        break;
    case DW_OP_GNU_parameter_ref:
        if (dwx_unit_die(m, cursor_u32(&m->in), &die))
            dwx_push(m, ask_die(m, m->f->parameter, &die, "a parameter's value"));
        break;
    case DW_OP_GNU_variable_value:
        if (need_info_die(m, &die))
            dwx_push(m, ask_die(m, m->f->variable, &die, "a variable's value"));
        break;
    case DW_OP_addrx:
    case DW_OP_GNU_addr_index:
        dwx_push(m, indexed(m) + m->f->bias);
        break;
    case DW_OP_constx:
    case DW_OP_GNU_const_index:
        dwx_push(m, indexed(m));
        break;
    default:
        return false;
    }
    return true;
}

static bool plain_operation(struct dwx_machine *m, uint8_t op)
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
        dwx_push(m, constant(m, op));
        break;
    case DW_OP_deref:
        dwx_push(m, load_word(m, dwx_pop(m), m->word));
        break;
    case DW_OP_deref_size:
        dwx_push(m, load_word(m, dwx_pop(m), cursor_u8(&m->in)));
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
        jump(m, dwx_pop(m) != 0);
        break;
    case DW_OP_nop:
    case DW_OP_GNU_uninit: /* the object may be uninitialised: its location is no less true */
        break;
    default:
        return false;
    }
    return true;
}

static void operation(struct dwx_machine *m, uint8_t op)
{
    /* What follows the end of a location must make it a part (2.6.1.2). */
    if (m->located && op != DW_OP_piece && op != DW_OP_bit_piece && op != DW_OP_nop && op != DW_OP_GNU_uninit)
        dwx_corrupt(m, "goes on after a location");
    else if (op >= DW_OP_lit0 && op <= DW_OP_lit31)
        dwx_push(m, (uint64_t)(op - DW_OP_lit0));
    else if (op >= DW_OP_breg0 && op <= DW_OP_breg31)
        dwx_push(m, reg_value(m, (uint64_t)(op - DW_OP_breg0)) + (uint64_t)cursor_sleb(&m->in));
    else if (!plain_operation(m, op) && !dwx_location_operation(m, op) && !frame_operation(m, op) &&
             !dwx_typed_operation(m, op))
        dwx_fail(m, err_new(ERR_UNSUPPORTED, "%s uses operation 0x%02x", m->in.what, op));
}

static void run(struct dwx_machine *m)
{
    for (; cursor_left(&m->in); m->done++) {
        if (m->done == DWX_MAX_OPERATIONS)
            dwx_fail(m, err_new(ERR_LIMIT, "%s does not end", m->in.what));
        else
            operation(m, cursor_u8(&m->in));
    }
}

static void start(struct dwx_machine *m, const struct dwx_frame *f, struct dw_unit *u, struct bytes expr,
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
        dwx_push(m, *initial);
    run(m);
}

/* An address is a location, too. */
static struct err *finish(struct dwx_machine *m)
{
    if (!m->in.failed && !m->located && m->pieces.n == 0)
        dwx_in_memory(m, dwx_pop(m));
    return m->err ? m->err : cursor_check(&m->in);
}

struct err *dwx_locate(const struct dwx_frame *f, struct dw_unit *u, struct bytes expr, const uint64_t *initial,
                       struct arena *a, struct location *out)
{
    struct dwx_machine m;
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
    struct dwx_machine m;
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
