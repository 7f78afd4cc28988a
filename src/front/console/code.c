/* SPDX-License-Identifier: Apache-2.0 */
/* What addresses, lines and symbols are: info line, symbol, address, source. */
#include "front/console/code.h"

#include <inttypes.h>

static void put_address(struct console *c, taddr at)
{
    text_printf(&c->out, "0x%" PRIx64, at);
    console_put_symbol(c, at);
}

/* ---- info line ---- */

static void put_line(struct console *c, const struct code_place *p)
{
    struct text *t = &c->out;
    if (!p->file) {
        text_put(t, "No line number information available");
        if (p->entry) {
            text_put(t, " for address ");
            put_address(c, p->entry);
        }
        text_put(t, "\n");
        return;
    }
    if (!p->start && !p->end) {
        text_printf(t, "Line number %" PRIu32 " is out of range for \"", p->line);
        put_safe(t, p->name);
        text_put(t, "\".\n");
        return;
    }
    text_printf(t, "Line %" PRIu32 " of \"", p->line);
    put_safe(t, p->name);
    text_put(t, p->start == p->end ? "\" is at address " : "\" starts at address ");
    put_address(c, p->start);
    if (p->start == p->end) {
        text_put(t, " but contains no code.\n");
    } else {
        text_put(t, " and ends at ");
        put_address(c, p->end);
        text_put(t, ".\n");
    }
    c->x.next = p->start;
    c->x.letter = 'i';
}

static struct err *run_info_line(struct console *c, const char *args)
{
    struct code_places places;
    struct code_place own;
    SCOPED(freep) char *spec = xstrdup(args);
    if (!*args) {
        free(spec);
        spec = c->list.first ? xasprintf("%" PRIu32, c->list.first) : xstrdup("+0");
    }
    TRY(console_places(c, spec, true, &own, &places));
    for (size_t i = 0; i < places.n; i++)
        put_line(c, &places.v[i]);
    /* The next bare "info line" is about the line after. */
    if (places.n == 1 && places.v[0].file && places.v[0].file == c->list.file)
        c->list.first = places.v[0].line + 1;
    return NULL;
}

/* ---- info symbol, info address ---- */

static struct err *run_info_symbol(struct console *c, const char *args)
{
    const struct image *im;
    struct symbol sym;
    const char *name;
    taddr at;
    if (!*args)
        return err_new(ERR_USAGE, "argument required (address)");
    TRY(console_target(c, &im));
    TRY(console_code_address(c, args, &at));
    if (!session_symbol(c->session, at, &sym, &name)) {
        text_put(&c->out, "No symbol matches ");
        put_safe(&c->out, args);
        text_put(&c->out, ".\n");
        return NULL;
    }
    put_safe(&c->out, session_symbol_name(c->session, &sym));
    if (at != sym.addr)
        text_printf(&c->out, " + %" PRIu64, at - sym.addr);
    const char *section = session_section(c->session, at);
    text_put(&c->out, " in section ");
    put_safe(&c->out, section ? section : "?");
    const struct module *m = session_module_at(c->session, at);
    if (m) {
        text_put(&c->out, " of ");
        put_safe(&c->out, m->path);
    }
    text_putc(&c->out, '\n');
    return NULL;
}

static void put_symbol_is(struct console *c, const char *name, const char *what, taddr at)
{
    text_put(&c->out, "Symbol \"");
    put_safe(&c->out, name);
    text_printf(&c->out, "\" is %s 0x%" PRIx64, what, at);
}

/* False: the selected frame has no such variable. */
static bool put_local(struct console *c, const char *name)
{
    const struct vframe *f;
    struct variables vars = {0};
    struct value v;
    taddr at;
    struct err *e = console_frame(c, &f);
    if (!e)
        e = session_variables(c->session, f, &vars);
    err_free(e); /* then there are none */
    for (size_t i = 0; i < vars.n; i++) {
        if (!vars.v[i].name || vars.v[i].shadowed || strcmp(vars.v[i].name, name) != 0)
            continue;
        e = session_variable(c->session, f, &vars.v[i], &v);
        if (!e)
            e = value_address(&v, &at);
        if (!e) {
            put_symbol_is(c, name,
                          vars.v[i].is_static ? "static storage at address" : "a variable, in this frame at address",
                          at);
            text_put(&c->out, ".\n");
        } else {
            text_put(&c->out, "Symbol \"");
            put_safe(&c->out, name);
            text_put(&c->out, "\" is a variable that is not in memory here.\n");
        }
        err_free(e);
        return true;
    }
    return false;
}

static struct err *run_info_address(struct console *c, const char *args)
{
    const struct image *im;
    struct code_places places;
    struct symbol sym;
    struct value v;
    taddr at;
    if (!*args)
        return err_new(ERR_USAGE, "argument required");
    TRY(console_target(c, &im));
    if (put_local(c, args))
        return NULL;
    struct err *e = session_places(c->session, args, NULL, false, &places);
    if (!e && places.v[0].file) {
        put_symbol_is(c, args, "a function at address", places.v[0].entry);
        text_put(&c->out, ".\n");
        return NULL;
    }
    err_free(e);
    e = console_evaluate(c, args, &v);
    if (!e)
        e = value_address(&v, &at);
    if (!e) {
        put_symbol_is(c, args, "static storage at address", at);
        text_put(&c->out, ".\n");
        return NULL;
    }
    err_free(e);
    if (!session_symbol_named(c->session, args, &sym))
        return err_new(ERR_NOT_FOUND, "no symbol \"%s\" in current context", args);
    put_symbol_is(c, args, "at", sym.addr);
    text_put(&c->out, " in a file compiled without debugging.\n");
    return NULL;
}

/* ---- info source ---- */

static void put_fact(struct text *t, const char *before, const char *fact, const char *after)
{
    if (!fact)
        return;
    text_put(t, before);
    put_safe(t, fact);
    text_put(t, after);
}

static struct err *run_info_source(struct console *c, const char *args)
{
    (void)args;
    struct text *t = &c->out;
    const struct image *im;
    struct code_unit unit = {0};
    const struct source *src;
    taddr pc;
    TRY(console_target(c, &im));
    if (!c->list.file) {
        text_put(t, "No current source file.\n");
        return NULL;
    }
    put_fact(t, "Current source file is ", c->list.name, "\n");
    bool known = console_pc(c, &pc) && session_unit_at(c->session, pc, &unit);
    put_fact(t, "Compilation directory is ", unit.directory, "\n");
    struct err *e = session_source(c->session, c->list.file, c->list.module, &src);
    if (!e) {
        put_fact(t, "Located in ", src->path, "\n");
        text_printf(t, "Contains %zu line%s.\n", src->n, src->n == 1 ? "" : "s");
    }
    err_free(e);
    put_fact(t, "Source language is ", unit.language, ".\n");
    put_fact(t, "Producer is ", unit.producer, ".\n");
    if (known)
        text_printf(t, "Compiled with DWARF %u debugging format.\n", unit.dwarf);
    return NULL;
}

static const struct console_command rows[] = {
    {"info line", NULL, CLASS_STATUS, "[PLACE]", "Show which addresses the code of a line has.",
     "PLACE is as for \"list\"; of an address it shows the line.", COMPLETE_PLACE, REPEAT_BARE, run_info_line},
    {"info symbol", NULL, CLASS_STATUS, "ADDRESS", "Show which symbol holds an address.", NULL, COMPLETE_EXPRESSION,
     REPEAT_NEVER, run_info_symbol},
    {"info address", NULL, CLASS_STATUS, "SYMBOL", "Show where a symbol is.", NULL, COMPLETE_EXPRESSION, REPEAT_NEVER,
     run_info_address},
    {"info source", NULL, CLASS_STATUS, NULL, "Show what is known of the current source file.", NULL, COMPLETE_NOTHING,
     REPEAT_NEVER, run_info_source},
};
const struct console_table console_code_table = {rows, ARRAY_LEN(rows)};
