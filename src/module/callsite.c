/* SPDX-License-Identifier: Apache-2.0 */
#include "module/callsite.h"

#define MAX_ORIGINS 4
/* A function with more tail calls than this proves nothing anyway. */
#define MAX_TAILS 4096

static bool address_attr(const struct dw_die *die, uint16_t at, taddr *out)
{
    struct dw_value v;
    return dw_attr(die, at, &v) && dw_value_address(die->unit, &v, out);
}

static const char *linkage_name(const struct dw_die *die)
{
    const char *name = dw_attr_string(die, DW_AT_linkage_name);
    if (!name)
        name = dw_attr_string(die, DW_AT_MIPS_linkage_name);
    return name ? name : dw_attr_string(die, DW_AT_name);
}

struct call_target callsite_target(const struct dw_die *site)
{
    const struct call_target unknown = {0};
    struct dw_value v;
    struct dw_die callee, origin;
    struct dw_ranges it;
    struct dw_range r;
    /* A computed target needs the registers of a frame that a tail call has left. */
    if (dw_attr(site, DW_AT_call_target, &v) || dw_attr(site, DW_AT_GNU_call_site_target, &v))
        return unknown;
    if (!dw_attr_die(site, DW_AT_call_origin, &callee) && !dw_attr_die(site, DW_AT_abstract_origin, &callee))
        return unknown;
    /* Link-time optimisation names a function of another unit through a DIE that only refers to it. */
    for (int i = 0; i < MAX_ORIGINS && dw_attr_die(&callee, DW_AT_abstract_origin, &origin); i++) {
        if (dw_attr(&callee, DW_AT_low_pc, &v) || dw_attr(&callee, DW_AT_ranges, &v))
            break;
        callee = origin;
    }
    if (dw_attr_flag(&callee, DW_AT_declaration)) {
        const char *name = linkage_name(&callee);
        return name ? (struct call_target){.kind = CALL_NAME, .name = name} : unknown;
    }
    if (dw_ranges_init(&it, &callee) && dw_ranges_next(&it, &r))
        return (struct call_target){.kind = CALL_ADDRESS, .address = r.start};
    return unknown;
}

bool callsite_address(struct modules *ms, const struct module *m, const struct call_target *t, taddr expected,
                      taddr *out)
{
    struct symbol sym;
    struct module *in;
    if (t->kind == CALL_ADDRESS) {
        *out = t->address + m->bias;
        return true;
    }
    if (t->kind != CALL_NAME)
        return false;
    /* Nearly every call goes straight to the function that runs: that needs no index of all symbols. */
    struct module *there = modules_find(ms, expected);
    if (there && module_symbol_named(there, t->name, &sym) && sym.addr == expected) {
        *out = expected;
        return true;
    }
    if (!modules_symbol_named(ms, t->name, &sym, &in))
        return false;
    *out = sym.addr;
    return true;
}

static bool lists_all_tails(const struct dw_die *function)
{
    return dw_attr_flag(function, DW_AT_call_all_calls) || dw_attr_flag(function, DW_AT_call_all_tail_calls) ||
           dw_attr_flag(function, DW_AT_GNU_all_call_sites) || dw_attr_flag(function, DW_AT_GNU_all_tail_call_sites);
}

typedef VEC(struct tail_site) site_list;

static void collect(const struct dw_die *function, site_list *out)
{
    struct dw_walk w;
    struct dw_die c;
    dw_walk_init(&w, function);
    while (out->n < MAX_TAILS && dw_walk_next(&w, &c)) {
        taddr pc;
        switch (dw_tag(&c)) {
        case DW_TAG_call_site:
        case DW_TAG_GNU_call_site:
            if ((dw_attr_flag(&c, DW_AT_call_tail_call) || dw_attr_flag(&c, DW_AT_GNU_tail_call)) &&
                (address_attr(&c, DW_AT_call_return_pc, &pc) || address_attr(&c, DW_AT_low_pc, &pc)))
                *vec_push(out) = (struct tail_site){.pc = pc, .target = callsite_target(&c)};
            break;
        case DW_TAG_lexical_block:
        case DW_TAG_inlined_subroutine:
        case DW_TAG_try_block:
        case DW_TAG_catch_block:
            continue;
        default:
            break;
        }
        dw_walk_skip(&w);
    }
}

void callsite_tails(const struct dw_die *function, struct arena *a, struct tail_list *out)
{
    site_list sites = {0};
    if (lists_all_tails(function))
        collect(function, &sites);
    struct tail_site *copy = arena_array(a, struct tail_site, sites.n ? sites.n : 1);
    if (sites.n)
        memcpy(copy, sites.v, sites.n * sizeof(*copy));
    *out = (struct tail_list){.known = true, .keep = true, .sites = copy, .n = (uint32_t)sites.n};
    vec_done(&sites);
}
