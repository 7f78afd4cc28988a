/* SPDX-License-Identifier: Apache-2.0 */
/* The stack of a DWARF expression, its errors, and what it asks of the frame and the unit. */
#include "module/dwexpr_priv.h"

void dwx_fail(struct dwx_machine *m, struct err *err)
{
    if (m->err)
        err_free(err);
    else
        m->err = err;
    cursor_fail(&m->in);
}

void dwx_corrupt(struct dwx_machine *m, const char *what)
{
    if (!m->in.failed)
        dwx_fail(m, err_new(ERR_CORRUPT, "%s %s", m->in.what, what));
}

void dwx_try(struct dwx_machine *m, struct err *err)
{
    if (err)
        dwx_fail(m, err);
}

void dwx_no_answer(struct dwx_machine *m, const char *question)
{
    dwx_fail(m, err_new(ERR_UNSUPPORTED, "%s asks for %s, which it cannot have here", m->in.what, question));
}

/* ---- the stack ---- */

void dwx_push_num(struct dwx_machine *m, struct num v)
{
    if (m->n == DWX_MAX_STACK)
        dwx_fail(m, err_new(ERR_LIMIT, "%s puts more than %d values on its stack", m->in.what, DWX_MAX_STACK));
    else
        m->stack[m->n++] = v;
}

void dwx_push(struct dwx_machine *m, uint64_t v)
{
    dwx_push_num(m, num_of(NUM_GENERIC, m->word, v));
}

struct num dwx_pop_num(struct dwx_machine *m)
{
    if (m->n == 0) {
        dwx_corrupt(m, "takes from an empty stack");
        return num_of(NUM_GENERIC, m->word, 0);
    }
    return m->stack[--m->n];
}

uint64_t dwx_pop(struct dwx_machine *m)
{
    struct num v = dwx_pop_num(m);
    if (v.kind == NUM_FLOAT)
        dwx_corrupt(m, "uses a floating-point number as an address");
    return (uint64_t)v.bits;
}

/* ---- what it asks of the frame ---- */

struct err *dwx_register(struct dwx_machine *m, uint64_t reg, uint8_t buf[static REGISTER_MAX], size_t *n)
{
    if (!m->f->reg)
        return err_new(ERR_UNSUPPORTED, "%s asks for a register, which it cannot have here", m->in.what);
    if (reg > UINT16_MAX)
        return err_new(ERR_CORRUPT, "%s names a register that does not exist", m->in.what);
    return m->f->reg(m->f->arg, (unsigned)reg, buf, REGISTER_MAX, n);
}

size_t dwx_read_register(struct dwx_machine *m, uint64_t reg, uint8_t buf[static REGISTER_MAX])
{
    size_t n = 0;
    if (!m->in.failed)
        dwx_try(m, dwx_register(m, reg, buf, &n));
    return m->in.failed ? 0 : n;
}

void dwx_load(struct dwx_machine *m, taddr at, uint8_t *buf, size_t n)
{
    if (m->in.failed)
        return;
    if (!m->f->memory)
        dwx_no_answer(m, "memory");
    else
        dwx_try(m, m->f->memory(m->f->arg, at, buf, n));
}

struct bytes dwx_block(struct dwx_machine *m)
{
    uint64_t n = cursor_uleb(&m->in);
    return cursor_bytes(&m->in, n <= cursor_left(&m->in) ? (size_t)n : SIZE_MAX);
}

/* ---- operands that name something in the unit ---- */

bool dwx_need_unit(struct dwx_machine *m)
{
    if (!m->u && !m->in.failed)
        dwx_no_answer(m, "debug information");
    return !m->in.failed;
}

bool dwx_unit_die(struct dwx_machine *m, uint64_t offset, struct dw_die *out)
{
    if (!dwx_need_unit(m))
        return false;
    if (offset < m->u->end - m->u->offset && dw_die_at(m->u, m->u->offset + offset, out))
        return true;
    dwx_corrupt(m, "names a DIE that does not exist");
    return false;
}

uint64_t dwx_info_offset(struct dwx_machine *m)
{
    if (!dwx_need_unit(m))
        return 0;
    return cursor_uint(&m->in, m->u->version == 2 ? m->u->addr_size : m->u->offset_size);
}

bool dwx_info_die(struct dwx_machine *m, uint64_t offset, struct dw_die *out)
{
    struct dw_unit *u = m->in.failed ? NULL : dwarf_unit_at(m->u->file, offset);
    return u && dw_die_at(u, offset, out);
}
