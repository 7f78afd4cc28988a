/* SPDX-License-Identifier: Apache-2.0 */
/* Operations of DWARF expressions that say where an object or a part of it is (DWARF 5 section 2.6). */
#include "module/dwexpr_priv.h"

static void locate(struct dwx_machine *m, struct loc_piece at, uint64_t number)
{
    m->at = at;
    m->number = number;
    m->located = true;
}

/* A copy for who wants the location. */
static struct bytes keep(struct dwx_machine *m, const void *p, size_t n)
{
    if (!m->arena || n == 0)
        return (struct bytes){0};
    uint8_t *copy = arena_alloc(m->arena, n);
    memcpy(copy, p, n);
    return (struct bytes){copy, n};
}

static void in_register(struct dwx_machine *m, uint64_t reg)
{
    uint8_t b[REGISTER_MAX];
    size_t n = 0;
    if (m->in.failed)
        return;
    struct err *e = dwx_register(m, reg, b, &n);
    /* Other parts of the object may be there: what is missing says so when its bytes are asked for. */
    if (e && (e->code != ERR_NO_DATA || !m->arena)) {
        dwx_fail(m, e);
        return;
    }
    err_free(e);
    locate(m, (struct loc_piece){.kind = LOC_REGISTER, .reg = (uint16_t)reg, .bytes = keep(m, b, n)}, dwx_word(b, n));
}

static void stack_value(struct dwx_machine *m)
{
    struct num v = dwx_pop_num(m);
    if (!m->in.failed)
        locate(m, (struct loc_piece){.kind = LOC_BYTES, .bytes = keep(m, &v.bits, v.size)}, (uint64_t)v.bits);
}

static void implicit_value(struct dwx_machine *m)
{
    struct bytes b = dwx_block(m);
    if (!m->in.failed)
        locate(m, (struct loc_piece){.kind = LOC_BYTES, .bytes = b}, dwx_word(b.p, b.n));
}

void dwx_in_memory(struct dwx_machine *m, taddr at)
{
    locate(m, (struct loc_piece){.kind = LOC_MEMORY, .addr = at}, at);
}

static void implicit_pointer(struct dwx_machine *m)
{
    struct loc_piece at = {.kind = LOC_POINTER};
    uint64_t offset = dwx_info_offset(m);
    at.offset = cursor_sleb(&m->in);
    if (m->in.failed)
        return;
    if (!dwx_info_die(m, offset, &at.die))
        at.die.unit = NULL;
    locate(m, at, 0);
}

/* Ends a part: what stands before it, or nothing, is its location. */
static void piece(struct dwx_machine *m, uint64_t bits, uint64_t bit_offset)
{
    if (!m->located && m->n)
        dwx_in_memory(m, dwx_pop(m));
    else if (!m->located)
        locate(m, (struct loc_piece){.kind = LOC_ABSENT}, 0);
    if (m->in.failed)
        return;
    m->located = false;
    if (bits == 0)
        return; /* of no size: some compilers write them for empty members */
    if (m->pieces.n == DWX_MAX_PIECES) {
        dwx_fail(m, err_new(ERR_LIMIT, "%s has more than %d parts", m->in.what, DWX_MAX_PIECES));
        return;
    }
    m->at.bits = bits;
    m->at.bit_offset = bit_offset;
    *vec_push(&m->pieces) = m->at;
}

static void byte_piece(struct dwx_machine *m)
{
    uint64_t n = cursor_uleb(&m->in);
    if (n > UINT64_MAX / 8)
        dwx_corrupt(m, "has a part that is larger than memory");
    else
        piece(m, n * 8, 0);
}

bool dwx_location_operation(struct dwx_machine *m, uint8_t op)
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
