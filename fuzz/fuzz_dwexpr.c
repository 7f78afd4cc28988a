/* SPDX-License-Identifier: Apache-2.0 */
/* DWARF expressions and location lists. The input is a byte for the kind of file and one for how a location is
 * named, its offset in two bytes, and then, for each section, its size in two bytes and its bytes; the rest is an
 * expression. Expressions are evaluated in the first unit and without one. */
#include "fuzz_dwarf.h"
#include "module/dwexpr.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { PC = 0x1139, VECTORS = 17 };

/* Every address holds itself. */
static struct err *memory(void *arg, taddr at, void *buf, size_t n)
{
    (void)arg;
    if (at % 7 == 0)
        return err_new(ERR_UNMAPPED, "nothing is there");
    for (size_t i = 0; i < n; i++)
        ((uint8_t *)buf)[i] = (uint8_t)(at + i);
    return NULL;
}

static struct err *reg(void *arg, unsigned number, uint8_t *buf, size_t max, size_t *n)
{
    size_t width = number < VECTORS ? 8 : 16;
    (void)arg;
    if (number % 5 == 4)
        return err_new(ERR_NO_DATA, "not saved");
    if (width > max)
        abort();
    memset(buf, (int)number, width);
    *n = width;
    return NULL;
}

static struct err *address(void *arg, taddr *out)
{
    (void)arg;
    *out = 0x7fff1000;
    return NULL;
}

static struct err *tls(void *arg, uint64_t offset, taddr *out)
{
    (void)arg;
    *out = offset + 0x1000;
    return NULL;
}

static struct err *entry_value(void *arg, struct bytes expr, struct dw_unit *u, uint64_t *out)
{
    uint64_t number;
    unsigned width;
    (void)arg;
    if (!dwx_is_register(expr, u ? u->addr_size : 8, &number, &width))
        return err_new(ERR_UNSUPPORTED, "no register");
    *out = number;
    return NULL;
}

static struct err *die_value(void *arg, const struct dw_die *die, uint64_t *out)
{
    (void)arg;
    *out = die->offset;
    return NULL;
}

static const struct dwx_frame frame = {
    .arch = &arch_x86_64,
    .bias = 0x400000,
    .pc = PC,
    .memory = memory,
    .reg = reg,
    .cfa = address,
    .frame_base = address,
    .tls = tls,
    .object = address,
    .entry_value = entry_value,
    .parameter = die_value,
    .variable = die_value,
};

/* Whatever a location says must be there. */
static void use(const struct location *l)
{
    unsigned sum = 0;
    for (uint32_t i = 0; i < l->n; i++) {
        const struct loc_piece *p = &l->pieces[i];
        if ((l->n > 1 && p->bits == 0) || p->kind > LOC_ABSENT)
            abort();
        for (size_t k = 0; k < p->bytes.n; k++)
            sum += p->bytes.p[k];
        if (p->kind == LOC_POINTER && p->die.unit)
            sum += dw_tag(&p->die);
    }
    volatile unsigned keep = sum;
    (void)keep;
}

static void evaluate(struct dw_unit *u, struct bytes expr)
{
    struct arena a = {0};
    struct location l;
    uint64_t initial = 0x2000, number;
    struct err *e = dwx_locate(&frame, u, expr, NULL, &a, &l);
    if (!e)
        use(&l);
    err_free(e);
    err_free(dwx_number(&frame, u, expr, &initial, &number));
    arena_done(&a);
}

static void look_up(struct dw_unit *u, const struct dw_value *v)
{
    static const taddr pcs[] = {0, PC, UINT64_MAX};
    for (size_t i = 0; i < ARRAY_LEN(pcs); i++) {
        struct bytes expr = {0};
        struct err *e = dwx_at(u, v, pcs[i], &expr);
        if (!e)
            evaluate(u, expr);
        err_free(e);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const uint8_t classes[] = {DW_CLASS_OFFSET, DW_CLASS_LISTX, DW_CLASS_CONSTANT, DW_CLASS_FLAG};
    struct cursor c = cursor_of((struct bytes){data, size}, 0, "input");
    struct dwarf *d = fuzz_dwarf((enum dw_kind)(cursor_u8(&c) % 4));
    struct dw_value v = {.cls = classes[cursor_u8(&c) % 4]};
    v.u = cursor_u16(&c);
    for (int s = 0; s < DW_SEC_COUNT && !c.failed; s++)
        fuzz_section(d, (enum dw_section)s, cursor_bytes(&c, cursor_u16(&c)));
    struct bytes expr = cursor_bytes(&c, cursor_left(&c));
    const struct dw_units *us = dwarf_units(d, false);
    evaluate(NULL, expr);
    if (us->n) {
        evaluate(&us->v[0], expr);
        look_up(&us->v[0], &v);
    }
    dwarf_free(d);
    return 0;
}
