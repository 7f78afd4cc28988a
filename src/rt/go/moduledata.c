/* SPDX-License-Identifier: Apache-2.0 */
/* Finding runtime.moduledata, which names the function table and the program's data (runtime/symtab.go). Until
 * `types` its fields have stood at the same places since Go 1.16; what comes after is in the layouts. */
#include "rt/go/priv.h"

#include <inttypes.h>

enum {
    MD_PCHEADER = 0,
    MD_MINPC = 160,
    MD_MAXPC = 168,
    MD_TEXT = 176,
    MD_ETEXT = 184,
    MD_NOPTRDATA = 192, /* then its end, and start and end of data, bss, noptrbss */
    MD_HEAD = 256,
    MODULES_MAX = 1000,
};

bool go_symbol(const struct rt *rt, const char *name, taddr *out)
{
    struct symbol s;
    struct module *in;
    if (!modules_symbol_named(rt->ms, name, &s, &in))
        return false;
    *out = s.addr;
    return true;
}

/* The bytes of a file at a runtime address, to the end of the segment. */
static struct bytes file_bytes(struct module *m, taddr at)
{
    struct bytes b;
    struct elf *e = module_elf(m);
    return e && elf_bytes_at(e, at - m->bias, SIZE_MAX, &b) ? b : (struct bytes){NULL, 0};
}

/* Until Go 1.17 records have the addresses of their inline trees, which are among the constants. */
static void constants(struct module *m, struct pclntab_place *place)
{
    struct elf *e = module_elf(m);
    const struct elf_section *s = e ? elf_section(e, ".rodata") : NULL;
    if (!s)
        return;
    place->funcdata = file_bytes(m, s->addr + m->bias);
    place->funcdata_at = s->addr;
}

static struct err *open_table(struct rt *rt, struct go_module *g, taddr table)
{
    struct pclntab_place place = {.text = g->text, .bias = g->module->bias, .what = g->module->name};
    uint64_t gofunc;
    const struct go_layout *l = rt->layout;
    if (l && l->md_gofunc == GO_NONE)
        constants(g->module, &place);
    else if (l && go_field(rt, g->data, l->md_gofunc, &gofunc))
        place.funcdata = file_bytes(g->module, gofunc);
    TRY(pclntab_open(file_bytes(g->module, table), &place, &g->table));
    struct go_function f;
    if (g->table.format == PCLNTAB_1_16 && pclntab_function(&g->table, 0, &f) && f.entry != g->minpc)
        return err_new(ERR_UNSUPPORTED, "%s: the linker left the addresses in the function table to the loader",
                       g->module->name);
    return NULL;
}

/* Reads the moduledata at an address; ERR_CORRUPT when it is none. */
static struct err *read_module(struct rt *rt, taddr at, struct go_module *out)
{
    struct go_module g = {.data = at};
    uint64_t head[MD_HEAD / 8];
    for (size_t i = 0; i < ARRAY_LEN(head); i++)
        if (!go_word(rt, at + i * 8, &head[i]))
            return err_at(err_new(ERR_CORRUPT, "no moduledata at 0x%" PRIx64, at), ERR_AT_ADDRESS, at);
    g.minpc = head[MD_MINPC / 8];
    g.maxpc = head[MD_MAXPC / 8];
    g.text = head[MD_TEXT / 8];
    g.etext = head[MD_ETEXT / 8];
    taddr *const bounds[] = {&g.noptrdata, &g.enoptrdata, &g.data_start, &g.data_end,
                             &g.bss,       &g.ebss,       &g.noptrbss,   &g.enoptrbss};
    for (size_t i = 0; i < ARRAY_LEN(bounds); i++)
        *bounds[i] = head[MD_NOPTRDATA / 8 + i];
    g.module = modules_find(rt->ms, g.text);
    if (!g.module || g.minpc >= g.maxpc || g.minpc < g.text || g.maxpc > g.etext + 1)
        return err_at(err_new(ERR_CORRUPT, "no moduledata at 0x%" PRIx64, at), ERR_AT_ADDRESS, at);
    const struct go_layout *l = rt->layout;
    if (l && (!go_field(rt, at, l->md_types, &g.types) || !go_field(rt, at, l->md_etypes, &g.etypes)))
        g.types = g.etypes = 0;
    TRY(open_table(rt, &g, head[MD_PCHEADER / 8]));
    *out = g;
    return NULL;
}

/* ---- where the first one is ---- */

static taddr section_at(struct module *m, const char *const *names, uint64_t *size)
{
    struct elf *e = module_elf(m);
    for (; e && *names; names++) {
        const struct elf_section *s = elf_section(e, *names);
        if (s && s->addr) {
            *size = s->size;
            return s->addr + m->bias;
        }
    }
    return 0;
}

/* Does a function table begin here? */
static bool is_table(struct module *m, taddr at)
{
    struct bytes b = at >= m->start && at < m->end && at % 8 == 0 ? file_bytes(m, at) : (struct bytes){NULL, 0};
    return b.n && pclntab_is_one(b);
}

struct search {
    struct rt *rt;
    struct module *m;
    taddr table; /* 0: where it is is not known, since the linker has put it among other data (PIE, before Go 1.26) */
    struct go_module *out;
};

/* A pointer to the function table stands only at the start of a moduledata. */
static bool look(void *arg, taddr at, uint64_t word)
{
    const struct search *s = arg;
    if (s->table ? word != s->table : !is_table(s->m, word))
        return false;
    struct err *e = read_module(s->rt, at, s->out);
    err_free(e); /* not it: the search goes on */
    return !e;
}

static bool find_in(struct rt *rt, struct module *m, struct go_module *out)
{
    static const char *const own[] = {".go.module", NULL};
    static const char *const tables[] = {".gopclntab", ".data.rel.ro.gopclntab", NULL};
    static const char *const data[] = {".noptrdata", NULL}, *const more_data[] = {".data", NULL};
    uint64_t size;
    struct symbol symbol;
    taddr at = section_at(m, own, &size);
    if (!at && module_symbol_named(m, "runtime.firstmoduledata", &symbol))
        at = symbol.addr;
    struct err *e = at ? read_module(rt, at, out) : NULL;
    err_free(e); /* then it is looked for */
    if (at && !e)
        return true;
    taddr table = section_at(m, tables, &size);
    at = section_at(m, data, &size);
    struct search s = {.rt = rt, .m = m, .table = table, .out = out};
    if (at && go_scan(rt, at, at + size, look, &s))
        return true;
    at = section_at(m, more_data, &size);
    return at && go_scan(rt, at, at + size, look, &s);
}

static bool known(const struct rt *rt, taddr at)
{
    for (size_t i = 0; i < rt->modules.n; i++)
        if (rt->modules.v[i].data == at)
            return true;
    return false;
}

/* Plugins are chained behind the program. */
static void follow(struct rt *rt, struct go_module g)
{
    while (rt->modules.n < MODULES_MAX && !known(rt, g.data)) {
        uint64_t next;
        *vec_push(&rt->modules) = g;
        if (!rt->layout || !go_field(rt, g.data, rt->layout->md_next, &next) || !next)
            return;
        struct err *e = read_module(rt, next, &g);
        err_free(e); /* a damaged chain ends here: the modules before it are good */
        if (e)
            return;
    }
}

struct err *go_modules_find(struct rt *rt)
{
    for (size_t i = 0; i < modules_count(rt->ms); i++) {
        struct module *m = modules_get(rt->ms, i);
        struct elf *e = module_elf(m);
        struct go_module g;
        if (e && elf_section(e, ".go.buildinfo") && find_in(rt, m, &g))
            follow(rt, g);
    }
    if (rt->modules.n == 0)
        return err_new(ERR_NO_DATA, "Go's function table was not found");
    return NULL;
}

/* ---- lookup ---- */

const struct go_module *go_module_at(const struct rt *rt, taddr pc)
{
    for (size_t i = 0; i < rt->modules.n; i++)
        if (pc >= rt->modules.v[i].minpc && pc < rt->modules.v[i].maxpc)
            return &rt->modules.v[i];
    return NULL;
}

bool go_function_at(const struct rt *rt, taddr pc, const struct go_module **m, struct go_function *out)
{
    *m = go_module_at(rt, pc);
    return *m && pclntab_find(&(*m)->table, pc, out);
}
