/* SPDX-License-Identifier: Apache-2.0 */
/* Call frame information. The input: a byte of choices, one with the size of .eh_frame_hdr in units of 4, then
 * that header and the section. Addresses all over it are looked up, their programs run and their expressions
 * evaluated; on a miss the section is searched without its header, which may only find more. */
#include <stdlib.h>

#include "module/dwexpr.h"
#include "unwind/row.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);

enum { SECTION = 0x500000, HEADER = 0x4ff000, LOW = 0x400000, LOOKUPS = 64 };
enum { AS_DEBUG_FRAME = 1, AS_32_BIT = 2 };

static void require(bool holds)
{
    if (!holds)
        abort();
}

/* Every address holds itself. */
static bool word(void *arg, taddr at, unsigned size, uint64_t *out)
{
    (void)arg;
    if (at % 7 == 0)
        return false;
    *out = size < 8 ? at & ((UINT64_C(1) << (8 * size)) - 1) : at;
    return true;
}

static struct err *memory(void *arg, taddr at, void *buf, size_t n)
{
    uint64_t v;
    require(n <= sizeof(v));
    if (!word(arg, at, (unsigned)n, &v))
        return err_new(ERR_UNMAPPED, "nothing is there");
    memcpy(buf, &v, n);
    return NULL;
}

static struct err *reg(void *arg, unsigned number, uint8_t *buf, size_t max, size_t *n)
{
    uint64_t v = 0x7fff0000 + number * 8;
    (void)arg;
    require(max >= sizeof(v));
    if (number >= 20)
        return err_new(ERR_NO_DATA, "not known");
    memcpy(buf, &v, sizeof(v));
    *n = sizeof(v);
    return NULL;
}

static void evaluate(const struct arch *a, struct bytes expr)
{
    const struct dwx_frame f = {.arch = a, .memory = memory, .reg = reg};
    uint64_t initial = 0x7fff1000, value;
    err_free(dwx_number(&f, NULL, expr, &initial, &value));
}

static void look_up(struct cfi *c, const struct arch *a, taddr pc)
{
    struct fde f;
    struct rules r;
    bool found = false;
    struct err *err = cfi_find(c, pc, &f, &found);
    if (err || !found) {
        err_free(err);
        return;
    }
    require(pc >= f.start && pc < f.end);
    err = cfi_rules(c, &f, pc, &r);
    if (!err) {
        if (r.cfa.expr.n)
            evaluate(a, r.cfa.expr);
        for (size_t i = 0; i < REG_MAX; i++)
            if (r.regs[i].kind == RULE_AT_EXPR || r.regs[i].kind == RULE_IS_EXPR)
                evaluate(a, (struct bytes){.p = r.regs[i].expr, .n = r.regs[i].expr_size});
    }
    err_free(err);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
    if (n < 2)
        return 0;
    uint8_t choices = data[0];
    size_t header = (size_t)data[1] * 4;
    if (header > n - 2)
        return 0;
    struct bytes section = {.p = data + 2 + header, .n = n - 2 - header};
    const struct arch *a = choices & AS_32_BIT ? &arch_i386 : &arch_x86_64;
    struct cfi_source s = {
        .tables = {.eh_frame_hdr = {.p = data + 2, .n = header},
                   .eh_frame_hdr_addr = HEADER,
                   .eh_frame_addr = SECTION,
                   .text_base = LOW,
                   .data_base = HEADER},
        .name = "input",
        .start = LOW,
        .end = 0x600000,
        .addr_size = a->addr_size,
        .word = word,
    };
    if (choices & AS_DEBUG_FRAME)
        s.tables.debug_frame = section;
    else
        s.tables.eh_frame = section;

    struct cfi c;
    cfi_init(&c, &s);
    for (unsigned i = 0; i < LOOKUPS; i++)
        look_up(&c, a, LOW + 0x1000 + i * 0x20);
    /* Every function that the section itself tells of. */
    for (int id = 0; id < CFI_SECTIONS; id++)
        for (size_t i = 0; i < c.sections[id].spans.n && i < LOOKUPS; i++) {
            look_up(&c, a, c.sections[id].spans.v[i].start);
            look_up(&c, a, c.sections[id].spans.v[i].end - 1);
        }
    cfi_done(&c);
    return 0;
}
