/* SPDX-License-Identifier: Apache-2.0 */
/* The variables of functions of damaged DWARF. The input is as that of fuzz_dies: a byte for the kind of file and
 * then, for each section, its size in two bytes and its bytes; the rest is memory. Every function is taken for one
 * that runs, called from the next one through the first call site of the unit. */
#include "fuzz_dwarf.h"
#include "value/scope_priv.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { CALLEE = 0x1139, CALLER = 0x1200, MEMORY = 0x7fff0000, FUNCTIONS_MAX = 20, SITES_MAX = 4 };

static const struct vframe *caller_of(const struct vframe *f)
{
    return f->arg;
}

static struct scope_at *put_scope(struct values *vs, taddr lookup, const struct dw_die *function)
{
    struct scope_at *at = arena_new(&vs->scopes->arena, struct scope_at);
    at->s = (struct scopes){.pc = lookup, .found = true, .function = *function, .entry = lookup - 1};
    at->lists = arena_array(&vs->scopes->arena, struct variables, 1);
    at->listed = arena_array(&vs->scopes->arena, bool, 1);
    *map64_put(&vs->scopes->at, lookup, NULL) = (uint64_t)(uintptr_t)at;
    return at;
}

static struct vframe frame_at(struct values *vs, struct module *m, taddr lookup)
{
    struct vframe f = {
        .vs = vs, .module = m, .pc = lookup + 1, .lookup = lookup, .cfa = MEMORY + 64, .innermost = true};
    static const struct image_thread none;
    f.thread = &none;
    f.inlined = SCOPE_PHYSICAL;
    f.caller = caller_of;
    for (unsigned i = 0; i < 17; i++)
        regs_set(&f.regs, i, MEMORY + i * 8);
    return f;
}

static void read_variables(const struct vframe *f)
{
    struct variables vars;
    struct value v;
    struct err *e = scope_variables(f, &vars);
    if (e)
        abort();
    for (size_t i = 0; i < vars.n; i++) {
        if (!vars.v[i].name || !vars.v[i].type)
            abort();
        e = scope_value(f, &vars.v[i], &v);
        if (!e && v.loc.n && v.loc.pieces[0].kind > LOC_ABSENT)
            abort();
        err_free(e);
        err_free(scope_entry_value(f, &vars.v[i], &v));
        err_free(scope_global(f->vs, NULL, &vars.v[i].die, &v));
    }
}

static void run_function(struct values *vs, struct module *m, const struct dw_die *function,
                         const struct dw_die *caller, const struct dw_die *site)
{
    vs->scopes = scope_cache_new();
    struct vframe outer = frame_at(vs, m, CALLER), inner = frame_at(vs, m, CALLEE);
    inner.arg = &outer;
    put_scope(vs, CALLEE, function);
    struct scope_at *at = put_scope(vs, CALLER, caller);
    at->s.has_site = site != NULL;
    if (site)
        at->s.site = *site;
    read_variables(&inner);
    read_variables(&outer);
    scope_cache_free(vs->scopes);
    arena_done(vs->arena);
}

static void run_unit(struct values *vs, struct module *m, struct dw_unit *u)
{
    struct dw_die root, die, functions[FUNCTIONS_MAX], sites[SITES_MAX];
    size_t n = 0, n_sites = 0;
    struct dw_walk w;
    if (!dw_die_root(u, &root))
        return;
    dw_walk_init(&w, &root);
    while (dw_walk_next(&w, &die)) {
        uint16_t tag = dw_tag(&die);
        if ((tag == DW_TAG_subprogram || tag == DW_TAG_inlined_subroutine) && n < FUNCTIONS_MAX)
            functions[n++] = die;
        if ((tag == DW_TAG_call_site || tag == DW_TAG_GNU_call_site) && n_sites < SITES_MAX)
            sites[n_sites++] = die;
    }
    for (size_t i = 0; i < n; i++)
        run_function(vs, m, &functions[i], &functions[(i + 1) % n], n_sites ? &sites[i % n_sites] : NULL);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct cursor c = cursor_of((struct bytes){data, size}, 0, "input");
    struct image im = {.kind = IMAGE_CORE, .path = "fuzz", .arch = &arch_x86_64};
    struct module m = {.path = "fuzz", .name = "fuzz", .bias_known = true};
    struct arena arena = {0};
    struct dwarf *d = fuzz_dwarf((enum dw_kind)(cursor_u8(&c) % 4));
    for (int s = 0; s < DW_SEC_COUNT && !c.failed; s++)
        fuzz_section(d, (enum dw_section)s, cursor_bytes(&c, cursor_u16(&c)));
    struct bytes memory = cursor_bytes(&c, cursor_left(&c));
    space_add(&im.space,
              (struct space_range){.start = MEMORY, .end = MEMORY + 4096, .data = memory.p, .have = memory.n});
    space_sort(&im.space);
    struct modules *ms = modules_load(&im, &(struct module_opts){.no_debuginfod = true});
    struct values vs = {.ms = ms, .types = types_new(ms, NULL), .arena = &arena};
    const struct dw_units *us = dwarf_units(d, false);
    for (size_t i = 0; i < us->n && i < 4; i++)
        run_unit(&vs, &m, &us->v[i]);
    types_free(vs.types);
    arena_done(&arena);
    dwarf_free(d);
    modules_free(ms);
    space_done(&im.space);
    arena_done(&im.arena);
    return 0;
}
