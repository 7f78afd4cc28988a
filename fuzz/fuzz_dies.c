/* SPDX-License-Identifier: Apache-2.0 */
/* Units, DIEs, ranges, call sites, .debug_aranges and the indexes of .dwp files. The input is a byte for the
 * kind of file and then, for each section, its size in two bytes and its bytes. */
#include "fuzz_dwarf.h"
#include "module/callsite.h"
#include "module/inlines.h"
#include "module/names.h"

static void read_everything(struct dw_unit *u)
{
    struct dw_die root, die;
    struct dw_walk w;
    if (!dw_die_root(u, &root))
        return;
    dw_walk_init(&w, &root);
    while (dw_walk_next(&w, &die)) {
        struct dw_attrs it;
        struct dw_value v;
        struct dw_die target;
        struct dw_ranges ranges;
        struct dw_range r;
        uint16_t at;
        taddr address;
        dw_attrs_init(&it, &die);
        while (dw_attrs_next(&it, &at, &v)) {
            dw_value_string(u, &v);
            dw_value_address(u, &v, &address);
            dw_value_die(u, &v, &target);
        }
        if (dw_ranges_init(&ranges, &die))
            for (int i = 0; i < 1000 && dw_ranges_next(&ranges, &r); i++)
                ;
    }
}

static void name_everything(struct dw_unit *u, struct arena *a)
{
    struct namer names = {.arena = a, .language = u->offset & 1 ? "c" : "rust"};
    struct dw_die root, die;
    if (!dw_die_root(u, &root))
        return;
    bool ok = dw_die_child(&root, &die);
    for (int i = 0; ok && i < 100; i++, ok = dw_die_next(&die)) {
        function_name(&names, &die);
        callsite_target(&die);
        struct tail_list tails;
        callsite_tails(&die, a, &tails);
    }
    namer_done(&names);
}

static void look_up(struct dwarf *d, struct arena *a)
{
    static const taddr pcs[] = {0, 0x1000, 0x1139, 0x401136, UINT64_MAX};
    struct dw_unit *units[ARRAY_LEN(pcs)];
    dwarf_find_units(d, pcs, ARRAY_LEN(pcs), units);
    for (size_t i = 0; i < ARRAY_LEN(pcs); i++) {
        struct scopes s = {.pc = pcs[i]};
        struct dw_die function;
        struct dw_unit *full = units[i] ? dw_unit_full(units[i]) : NULL;
        if (!full)
            continue;
        scopes_find(full, &s, 1, a);
        function_starting_at(full, pcs[i], &function);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct cursor c = cursor_of((struct bytes){data, size}, 0, "input");
    struct dwarf *d = fuzz_dwarf((enum dw_kind)(cursor_u8(&c) % 4));
    struct arena a = {0};
    for (int s = 0; s < DW_SEC_COUNT && !c.failed; s++)
        fuzz_section(d, (enum dw_section)s, cursor_bytes(&c, cursor_u16(&c)));
    for (int types = 0; types < 2; types++) {
        const struct dw_units *us = dwarf_units(d, types);
        for (size_t i = 0; i < us->n; i++) {
            read_everything(&us->v[i]);
            name_everything(&us->v[i], &a);
        }
    }
    look_up(d, &a);
    arena_done(&a);
    dwarf_free(d);
    return 0;
}
