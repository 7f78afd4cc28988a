/* SPDX-License-Identifier: Apache-2.0 */
/* Addresses to lines, units and functions. */
#include "module/inlines.h"
#include "session/code_priv.h"
#include "session/decoder.h"

#include <elf.h>

void code_forget(struct code *c)
{
    if (!c)
        return;
    code_forget_sources(c);
    code_forget_places(c);
    for (size_t i = 0; i < c->all_lines.n; i++) {
        line_table_done(&c->all_lines.v[i]->table);
        free(c->all_lines.v[i]);
    }
    vec_done(&c->all_lines);
    map64_done(&c->lines);
    mapstr_done(&c->names);
    map64_done(&c->declared);
    arena_done(&c->text);
    vec_done(&c->instructions);
    err_free(TAKE(c->ended));
    decoder_free(TAKE(c->decoder));
}

void code_free(struct code *c)
{
    if (!c)
        return;
    code_forget(c);
    for (size_t i = 0; i < c->substitutions.n; i++) {
        free(c->substitutions.v[i].from);
        free(c->substitutions.v[i].to);
    }
    vec_done(&c->substitutions);
    free(c->directories);
    free(c);
}

struct dw_unit *code_unit_at(struct session *s, taddr pc, struct module **m)
{
    struct module *found = modules_find(s->ms, pc);
    struct dwarf *d = found && found->bias_known && !s->opts.names_only ? module_dwarf(found) : NULL;
    struct dw_unit *u = NULL;
    if (d)
        dwarf_find_units(d, &(taddr){pc - found->bias}, 1, &u);
    *m = found;
    return u;
}

/* The line table of a unit, read once; NULL when it has none. */
static const struct unit_lines *code_unit_lines(struct session *s, struct module *m, struct dw_unit *u)
{
    struct code *c = code_of(s);
    bool fresh;
    uint64_t *slot = map64_put(&c->lines, (uint64_t)(uintptr_t)u, &fresh);
    if (!fresh)
        return (const struct unit_lines *)(uintptr_t)*slot;
    struct unit_lines *ul = xcalloc(1, sizeof(*ul));
    ul->module = m;
    struct err *e = line_table_load(u, &ul->table);
    if (e && e->code == ERR_NO_DATA)
        err_free(e); /* a unit without lines is nothing wrong */
    else if (e)
        dwarf_problem(u->file, e);
    *vec_push(&c->all_lines) = ul;
    *slot = (uint64_t)(uintptr_t)ul;
    return ul;
}

bool session_line_at(struct session *s, taddr pc, struct code_line *out)
{
    struct module *m;
    struct dw_unit *u = code_unit_at(s, pc, &m);
    struct line_span span;
    if (!u || !line_table_at(&code_unit_lines(s, m, u)->table, pc - m->bias, &span))
        return false;
    *out = (struct code_line){
        .file = places_string(&s->places, span.file->path),
        .name = span.file->name,
        .line = span.line,
        .first = span.first,
        .start = span.start + m->bias,
        .end = span.end ? span.end + m->bias : 0,
    };
    return true;
}

void session_lines(struct session *s, taddr start, taddr end, struct code_lines *out)
{
    struct module *m;
    struct dw_unit *u = code_unit_at(s, start, &m);
    struct line_span span;
    VEC(struct code_line) list = {0};
    *out = (struct code_lines){0};
    if (!u || !line_table_at(&code_unit_lines(s, m, u)->table, start - m->bias, &span))
        return;
    const struct line_table_file *f = span.file;
    const char *path = places_string(&s->places, f->path);
    for (size_t i = 0; i + 1 < f->rows.n; i++) {
        const struct line_entry *e = &f->rows.v[i];
        taddr pc = e->pc + m->bias;
        if (pc >= start && pc < end && e->line)
            *vec_push(&list) = (struct code_line){.file = path,
                                                  .name = f->name,
                                                  .line = e->line,
                                                  .first = e->line,
                                                  .start = pc,
                                                  .end = e[1].pc + m->bias};
    }
    struct code_line *v = arena_array(&s->arena, struct code_line, list.n ? list.n : 1);
    for (size_t i = 0; i < list.n; i++)
        v[i] = list.v[i];
    *out = (struct code_lines){.v = v, .n = list.n};
    vec_done(&list);
}

/* Only the header of the table is read. */
static const char *find_name(struct session *s, taddr pc, const char *path)
{
    struct module *m;
    struct dw_unit *u = code_unit_at(s, pc, &m);
    struct lines l;
    struct err *e = u ? lines_init(&l, u) : err_new(ERR_NO_DATA, "no unit");
    if (e) {
        err_free(e); /* told where lines are looked up */
        return path;
    }
    struct arena a = {0};
    const char *name = path;
    for (size_t i = 0; i <= l.files.n && name == path; i++) {
        const char *p = lines_path(&l, i, &a), *shown = p && strcmp(p, path) == 0 ? lines_name(&l, i, &a) : NULL;
        if (shown)
            name = arena_strdup(&s->arena, shown);
    }
    arena_done(&a);
    lines_done(&l);
    return name;
}

const char *session_file_name(struct session *s, taddr pc, const char *path)
{
    bool fresh;
    uint64_t *slot = mapstr_put(&code_of(s)->names, path, strlen(path), &fresh);
    if (fresh)
        *slot = (uint64_t)(uintptr_t)path;
    if (*slot == (uint64_t)(uintptr_t)path)
        *slot = (uint64_t)(uintptr_t)find_name(s, pc, path);
    return (const char *)(uintptr_t)*slot;
}

bool session_unit_at(struct session *s, taddr pc, struct code_unit *out)
{
    struct module *m;
    struct dw_unit *u = code_unit_at(s, pc, &m);
    struct dw_die root;
    if (!u)
        return false;
    struct dw_unit *full = dw_unit_full(u);
    full = full ? full : u;
    const struct dw_root *r = dw_unit_root(full), *own = dw_unit_root(u);
    *out = (struct code_unit){
        .name = r->name ? r->name : own->name,
        .directory = own->comp_dir ? own->comp_dir : r->comp_dir,
        .producer = dw_die_root(full, &root) ? dw_attr_string(&root, DW_AT_producer) : NULL,
        .language = dw_language_name(r->language),
        .dwarf = u->version,
    };
    return true;
}

/* What is known at an address, as a frame would have it (innermost inlined function first). */
static struct err *session_place(struct session *s, taddr pc, const struct splace **out, size_t *n)
{
    uint32_t i = places_intern(&s->places, pc);
    TRY(places_resolve(s));
    *out = s->places.all.v[i].at;
    *n = s->places.all.v[i].n;
    return NULL;
}

/* ---- symbols ---- */

/* NULL: nothing is known, or the user cancelled. */
static const struct splace *physical_at(struct session *s, taddr pc)
{
    const struct splace *at;
    size_t n;
    struct err *e = session_place(s, pc, &at, &n);
    err_free(e);
    return e || !n ? NULL : &at[n - 1];
}

/* A C function may have several names (glibc's __GI_raise): that of its definition is shown, as in a frame. Only names
 * that are not mangled can be such, and debug information is read for no others. NULL: the symbol's own will do. */
static const char *definition_name(struct session *s, const struct symbol *sym)
{
    const struct splace *f = physical_at(s, sym->addr);
    bool same = f && f->function && f->language && strcmp(f->language, "c") == 0 && f->start == sym->addr;
    return same ? f->function : NULL;
}

/* Demangled names of template functions begin with the type that they return; gdb leaves it out of a function's name.
 * It ends at the last blank outside of brackets before the parameters. */
static const char *without_return_type(const char *name)
{
    const char *start = name;
    int depth = 0;
    for (const char *p = name; *p; p++) {
        if (begins_with(p, "operator"))
            return start;
        if (*p == '(' && depth == 0 && !begins_with(p, "(anonymous namespace)"))
            return start;
        if (*p == '<' || *p == '(' || *p == '{' || *p == '[')
            depth++;
        else if (*p == '>' || *p == ')' || *p == '}' || *p == ']')
            depth--;
        else if (*p == ' ' && depth == 0)
            start = p + 1;
    }
    return name; /* no function */
}

const char *session_symbol_name(struct session *s, const struct symbol *sym)
{
    const char *suffix = strstr(sym->name, "@plt");
    SCOPED(freep) char *bare = xstrndup(sym->name, suffix ? (size_t)(suffix - sym->name) : strlen(sym->name));
    SCOPED(freep) char *plain = demangle(bare);
    if (!plain)
        return sym->name;
    return places_string(&s->places, arena_printf(&s->arena, "%s%s", plain, suffix ? suffix : ""));
}

bool session_symbol(struct session *s, taddr at, struct symbol *out, const char **name)
{
    struct module *m = modules_find(s->ms, at);
    if (!m || !module_symbol(m, at, out))
        return false;
    bool mangled = begins_with(out->name, "_Z") || begins_with(out->name, "_R");
    *name = out->type == STT_FUNC && !mangled ? definition_name(s, out) : NULL;
    if (!*name)
        *name = session_symbol_name(s, out);
    if (out->type == STT_FUNC && begins_with(out->name, "_Z"))
        *name = without_return_type(*name);
    return true;
}

bool session_symbol_named(struct session *s, const char *name, struct symbol *out)
{
    struct module *in;
    return modules_symbol_named(s->ms, name, out, &in);
}

const struct module *session_module_at(const struct session *s, taddr at)
{
    return modules_find(s->ms, at);
}

const char *session_section(struct session *s, taddr at)
{
    struct module *m = modules_find(s->ms, at);
    struct elf *elf = m && m->bias_known ? module_elf(m) : NULL;
    size_t n = 0;
    const struct elf_section *v = elf ? elf_sections(elf, &n) : NULL;
    for (size_t i = 0; i < n; i++)
        if ((v[i].flags & SHF_ALLOC) && at - m->bias >= v[i].addr && at - m->bias - v[i].addr < v[i].size)
            return v[i].name;
    return NULL;
}

bool session_section_range(struct session *s, const struct module *m, const char *name, taddr *start, taddr *end)
{
    struct module *own = modules_find(s->ms, m->start);
    struct elf *elf = own == m && m->bias_known ? module_elf(own) : NULL;
    const struct elf_section *v = elf ? elf_section(elf, name) : NULL;
    if (!v)
        return false;
    *start = v->addr + m->bias;
    *end = *start + v->size;
    return true;
}

/* ---- functions ---- */

static void add_range(struct session *s, struct code_function *f, taddr start, taddr end)
{
    struct code_range *v = arena_array(&s->arena, struct code_range, f->n + 1);
    for (size_t i = 0; i < f->n; i++)
        v[i] = f->ranges[i];
    v[f->n++] = (struct code_range){.start = start, .end = end};
    f->ranges = v;
}

static bool dwarf_function(struct session *s, taddr pc, struct code_function *out)
{
    enum { RANGES_MAX = 64 };
    struct module *m;
    struct dw_unit *u = code_unit_at(s, pc, &m);
    struct dw_unit *full = u ? dw_unit_full(u) : NULL;
    struct arena a = {0};
    struct scopes scopes = {.pc = pc - (m ? m->bias : 0)};
    if (full)
        scopes_find(full, &scopes, 1, &a);
    struct dw_ranges it;
    struct dw_range r;
    *out = (struct code_function){.entry = scopes.entry + (m ? m->bias : 0)};
    if (scopes.found && dw_ranges_init(&it, &scopes.function))
        while (out->n < RANGES_MAX && dw_ranges_next(&it, &r))
            add_range(s, out, r.start + m->bias, r.end + m->bias);
    arena_done(&a);
    return out->n > 0;
}

/* A symbol without a size reaches as far as addresses have it. */
static taddr symbol_end(struct session *s, const struct symbol *sym)
{
    enum { UNSIZED_MAX = 1 << 16 };
    struct module *m = modules_find(s->ms, sym->addr);
    struct symbol next;
    if (sym->size)
        return sym->addr + sym->size;
    taddr end = sym->addr + 1;
    while (end < m->end && end - sym->addr < UNSIZED_MAX && module_symbol(m, end, &next) && next.addr == sym->addr)
        end++;
    return end;
}

bool session_function(struct session *s, taddr pc, struct code_function *out)
{
    struct symbol sym;
    const char *name;
    if (dwarf_function(s, pc, out)) {
        const struct splace *f = physical_at(s, out->entry);
        if (session_symbol(s, out->entry, &sym, &name) && sym.addr == out->entry)
            out->name = name;
        else if (f)
            out->name = f->function;
        return true;
    }
    if (!session_symbol(s, pc, &sym, &name))
        return false;
    *out = (struct code_function){.name = name, .entry = sym.addr};
    add_range(s, out, sym.addr, symbol_end(s, &sym));
    return true;
}
