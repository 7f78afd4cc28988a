/* SPDX-License-Identifier: Apache-2.0 */
/* Typed operations of DWARF expressions (DWARF 5 section 2.5.1.6). */
#include "module/dwexpr_priv.h"

#include <inttypes.h>

/* A base type by its offset in the unit; 0 is the generic type. */
static bool base_type(struct dwx_machine *m, uint64_t offset, uint8_t *kind, unsigned *size)
{
    struct dw_die die;
    uint64_t encoding = 0, bytes = 0;
    if (offset == 0) {
        *kind = NUM_GENERIC;
        *size = m->word;
        return !m->in.failed;
    }
    if (!dwx_unit_die(m, offset, &die))
        return false;
    if (!dw_attr_uint(&die, DW_AT_encoding, &encoding) || !dw_attr_uint(&die, DW_AT_byte_size, &bytes) || bytes == 0) {
        dwx_corrupt(m, "computes with a DIE that is no base type");
        return false;
    }
    *kind = NUM_UNSIGNED;
    if (encoding == DW_ATE_float)
        *kind = NUM_FLOAT;
    else if (encoding == DW_ATE_signed || encoding == DW_ATE_signed_char)
        *kind = NUM_SIGNED;
    *size = bytes <= NUM_MAX ? (unsigned)bytes : 0;
    if (!*size)
        dwx_fail(m, err_new(ERR_UNSUPPORTED, "%s computes with a type of %" PRIu64 " bytes", m->in.what, bytes));
    return *size != 0;
}

static void const_type(struct dwx_machine *m)
{
    uint8_t kind, n;
    unsigned size;
    uint64_t offset = cursor_uleb(&m->in);
    n = cursor_u8(&m->in);
    struct bytes b = cursor_bytes(&m->in, n);
    if (!base_type(m, offset, &kind, &size))
        return;
    if (size != b.n)
        dwx_corrupt(m, "has a constant of another size than its type");
    else
        dwx_push_num(m, num_from_bytes(kind, size, b.p));
}

static void regval_type(struct dwx_machine *m)
{
    uint8_t kind, b[REGISTER_MAX];
    unsigned size;
    uint64_t reg = cursor_uleb(&m->in), offset = cursor_uleb(&m->in);
    if (!base_type(m, offset, &kind, &size))
        return;
    size_t n = dwx_read_register(m, reg, b);
    if (m->in.failed)
        return;
    if (n < size)
        dwx_corrupt(m, "takes a register as a type that is larger");
    else
        dwx_push_num(m, num_from_bytes(kind, size, b));
}

static void deref_type(struct dwx_machine *m)
{
    uint8_t kind, b[NUM_MAX] = {0};
    unsigned size, n = cursor_u8(&m->in);
    uint64_t offset = cursor_uleb(&m->in), at = dwx_pop(m);
    if (!base_type(m, offset, &kind, &size))
        return;
    if (n > size) {
        dwx_corrupt(m, "reads more than its type has");
        return;
    }
    dwx_load(m, at, b, n);
    dwx_push_num(m, num_from_bytes(kind, size, b));
}

static void change_type(struct dwx_machine *m, bool reinterpret)
{
    uint8_t kind;
    unsigned size;
    uint64_t offset = cursor_uleb(&m->in);
    struct num v = dwx_pop_num(m);
    if (!base_type(m, offset, &kind, &size))
        return;
    if (reinterpret) {
        if (size != v.size)
            dwx_corrupt(m, "reinterprets a number as one of another size");
        v.kind = kind;
    } else {
        const char *wrong = num_convert(v, kind, size, &v);
        if (wrong)
            dwx_corrupt(m, wrong);
    }
    dwx_push_num(m, v);
}

bool dwx_typed_operation(struct dwx_machine *m, uint8_t op)
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
