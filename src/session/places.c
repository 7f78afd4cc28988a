/* SPDX-License-Identifier: Apache-2.0 */
#include "session/places.h"

#include "session/priv.h"

void places_done(struct places *p)
{
    vec_done(&p->all);
    map64_done(&p->by_lookup);
    mapstr_done(&p->strings);
}

uint32_t places_intern(struct places *p, taddr lookup)
{
    bool fresh;
    uint64_t *slot = map64_put(&p->by_lookup, lookup, &fresh);
    if (fresh) {
        *slot = p->all.n;
        vec_push(&p->all)->lookup = lookup;
    }
    return (uint32_t)*slot;
}

const char *places_string(struct places *p, const char *s)
{
    if (!s)
        return NULL;
    bool fresh;
    uint64_t *slot = mapstr_put(&p->strings, s, strlen(s), &fresh);
    if (fresh)
        *slot = (uint64_t)(uintptr_t)s;
    return (const char *)(uintptr_t)*slot;
}

static const char *language_of(struct session *s, const struct module *m, const char *symbol,
                               const char *dwarf_language)
{
    for (size_t i = 0; i < s->runtimes.n; i++) {
        const struct runtime *r = s->runtimes.v[i].runtime;
        const char *language = r->language ? r->language(m, symbol, dwarf_language) : NULL;
        if (language)
            return language;
    }
    return dwarf_language;
}

/* C has no mangling: its linkage name is what an asm label or an alias made of the name (glibc's
 * __GI_raise), which says more about where we are, and is what gdb shows. */
static const char *source_name(const struct src_frame *f)
{
    if (f->linkage && f->language && strcmp(f->language, "c") == 0)
        return f->linkage;
    return f->function;
}

static const char *symbol_name(struct session *s, const struct symbol *sym)
{
    SCOPED(freep) char *plain = demangle(sym->name);
    return plain ? arena_strdup(&s->arena, plain) : sym->name;
}

static void set_line(struct places *p, struct splace *at, const struct src_frame *f)
{
    at->file = places_string(p, f->file);
    at->line = f->line;
    at->column = f->column;
}

static void resolve_one(struct session *s, struct place *place, const struct src_info *src)
{
    struct places *p = &s->places;
    struct module *m = modules_find(s->ms, place->lookup);
    struct symbol sym;
    bool has_symbol = m && module_symbol(m, place->lookup, &sym);
    size_t n_src = src ? src->n : 0;
    size_t inlined = n_src && !s->opts.no_inlines ? n_src - 1 : 0;
    struct splace *at = arena_array(&s->arena, struct splace, inlined + 1);

    for (size_t i = 0; i <= inlined; i++) {
        const struct src_frame *f = n_src ? &src->frames[n_src - 1 - inlined + i] : NULL;
        bool physical = i == inlined;
        const char *name = n_src ? source_name(f) : NULL;
        if (!name && physical && has_symbol)
            name = symbol_name(s, &sym);
        at[i].module = m;
        at[i].mapping = image_mapping(s->im, place->lookup);
        at[i].function = places_string(p, name);
        at[i].language =
            places_string(p, language_of(s, m, physical && has_symbol ? sym.name : NULL, n_src ? f->language : NULL));
        if (n_src)
            set_line(p, &at[i], f);
    }
    /* Without inlined frames, the line is still that of the innermost one: where execution is. */
    if (s->opts.no_inlines && n_src > 1)
        set_line(p, &at[0], &src->frames[0]);
    place->start = src && src->function_start ? src->function_start : has_symbol ? sym.addr : 0;
    at[inlined].start = place->start;
    place->at = at;
    place->n = (uint32_t)(inlined + 1);
}

/* What a runtime's own tables say of an address: then no debug information is read for it. */
static bool runtime_lines(struct session *s, taddr lookup, struct src_info *out)
{
    enum { LINES_MAX = 64 };
    struct src_frame frames[LINES_MAX];
    for (size_t i = 0; i < s->runtimes.n; i++) {
        const struct attached *a = &s->runtimes.v[i];
        taddr start = 0;
        size_t n = a->runtime->lines ? a->runtime->lines(a->rt, lookup, frames, LINES_MAX, &start) : 0;
        if (!n)
            continue;
        struct src_frame *copy = arena_array(&s->arena, struct src_frame, n);
        memcpy(copy, frames, n * sizeof(*copy));
        *out = (struct src_info){.frames = copy, .n = n, .function_start = start};
        return true;
    }
    return false;
}

/* Lines of the others, from debug information. */
static struct err *symbolize(struct session *s, const taddr *pcs, size_t n, struct src_info *out)
{
    uint64_t began = now_ns();
    if (!s->symbolizer)
        s->symbolizer = symbolizer_new(s->ms);
    symbolizer_run(s->symbolizer, pcs, n, out);
    TRY(session_check(s));
    log_verbose("lines for %zu addresses: %.1f ms", n, (double)(now_ns() - began) / 1e6);
    return NULL;
}

struct err *places_resolve(struct session *s)
{
    struct places *p = &s->places;
    size_t first = p->resolved, n = p->all.n - first, n_open = 0;
    if (!n)
        return NULL;
    SCOPED(freep) struct src_info *src = xcalloc(n, sizeof(*src)), *answers = xcalloc(n, sizeof(*answers));
    SCOPED(freep) taddr *pcs = xcalloc(n, sizeof(*pcs));
    for (size_t i = 0; i < n; i++)
        if (!runtime_lines(s, p->all.v[first + i].lookup, &src[i]))
            pcs[n_open++] = p->all.v[first + i].lookup;

    uint64_t began = now_ns();
    modules_prepare(s->ms, pcs, n_open);
    TRY(session_check(s));
    log_verbose("symbols for %zu addresses: %.1f ms", n_open, (double)(now_ns() - began) / 1e6);
    if (!s->opts.names_only && n_open)
        TRY(symbolize(s, pcs, n_open, answers));
    for (size_t i = 0, open = 0; i < n; i++) {
        bool own = src[i].n != 0;
        resolve_one(s, &p->all.v[first + i], own ? &src[i] : s->opts.names_only ? NULL : &answers[open]);
        open += !own;
    }
    p->resolved = p->all.n;
    return NULL;
}
