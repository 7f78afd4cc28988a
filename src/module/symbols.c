/* SPDX-License-Identifier: Apache-2.0 */
/* A module's symbols: which tables of which of its files serve, and names as they are shown. */
#include "module/module_priv.h"
#include "module/symtab.h"

#include <elf.h>

/* The unpacked symbols of a binary that was stripped for a distribution. */
static struct elf *mini_elf(struct module *m)
{
    struct elf *e = module_elf(m);
    if (e && !m->priv->mini) {
        struct err *err = minidebuginfo_open(e, &m->priv->mini);
        if (err && !m->debug.note)
            m->debug.note = arena_strdup(&m->priv->arena, err->msg);
        err_free(err);
    }
    return m->priv->mini;
}

static size_t open_tables(struct module *m, struct sym_table *t)
{
    size_t n = 0;
    if (sym_table_open(module_debug_elf(m), ".symtab", &t[0]) || sym_table_open(module_elf(m), ".symtab", &t[0]))
        return 1;
    n += sym_table_open(module_elf(m), ".dynsym", &t[n]);
    n += sym_table_open(mini_elf(m), ".symtab", &t[n]);
    if (m->priv->mini && m->debug.state == PART_MISSING)
        m->debug.how = "minidebuginfo";
    return n;
}

static void load_symbols(struct module *m)
{
    struct sym_table tables[SYMTAB_MAX_TABLES];
    size_t n = open_tables(m, tables);
    m->priv->symbols = symtab_new(tables, n);
}

/* A static symbol table has versions in its names: "memcpy@@GLIBC_2.14". */
static const char *plain_name(struct module *m, const struct sym_table *t, uint32_t offset)
{
    const char *name = sym_table_name(t, offset);
    const char *at = strchr(name, '@');
    if (!at || at == name)
        return name;
    return module_made_name(m, (uint64_t)(uintptr_t)name, "%.*s", (int)(at - name), name);
}

const char *module_made_name(struct module *m, uint64_t key, const char *fmt, ...)
{
    va_list args;
    bool fresh;
    pthread_mutex_lock(&m->priv->lock);
    uint64_t *made = map64_put(&m->priv->names, key, &fresh);
    if (fresh) {
        char *text = NULL;
        va_start(args, fmt);
        if (vasprintf(&text, fmt, args) < 0)
            text = NULL;
        va_end(args);
        *made = (uint64_t)(uintptr_t)arena_strdup(&m->priv->arena, text ? text : "");
        free(text);
    }
    const char *name = (const char *)(uintptr_t)*made;
    pthread_mutex_unlock(&m->priv->lock);
    return name;
}

static struct symbol symbol_from(struct module *m, const struct sym_table *t, const struct raw_symbol *s)
{
    return (struct symbol){
        .name = plain_name(m, t, s->name),
        .addr = s->addr + m->bias,
        .size = s->size,
        .type = ELF64_ST_TYPE(s->info),
        .global = ELF64_ST_BIND(s->info) != STB_LOCAL,
    };
}

bool module_symbol(struct module *m, taddr at, struct symbol *out)
{
    struct raw_symbol s;
    const struct sym_table *t;
    module_once(m, &m->priv->symbols_done, load_symbols);
    if (!symtab_find(m->priv->symbols, at - m->bias, &s, &t))
        return plt_symbol(m, at, out);
    *out = symbol_from(m, t, &s);
    return true;
}

void module_each_symbol(struct module *m, bool (*fn)(void *arg, const struct symbol *s), void *arg)
{
    const struct sym_table *t;
    struct raw_symbol raw;
    module_once(m, &m->priv->symbols_done, load_symbols);
    for (size_t i = 0; symtab_get(m->priv->symbols, i, &raw, &t); i++) {
        struct symbol s = symbol_from(m, t, &raw);
        if (!fn(arg, &s))
            return;
    }
}

bool module_symbol_named(struct module *m, const char *name, struct symbol *out)
{
    struct raw_symbol s;
    struct sym_table t;
    module_once(m, &m->priv->symbols_done, load_symbols);
    struct elf *e = module_elf(m), *d = module_debug_elf(m);
    bool found = (sym_table_open(e, ".dynsym", &t) && sym_table_named(&t, name, &s)) ||
                 (sym_table_open(e, ".symtab", &t) && sym_table_named(&t, name, &s)) ||
                 (d != e && sym_table_open(d, ".symtab", &t) && sym_table_named(&t, name, &s)) ||
                 (sym_table_open(m->priv->mini, ".symtab", &t) && sym_table_named(&t, name, &s));
    if (found)
        *out = symbol_from(m, &t, &s);
    return found;
}

bool modules_symbol_named(struct modules *ms, const char *name, struct symbol *out, struct module **in)
{
    for (size_t i = 0; i < 2 * ms->list.n; i++) {
        /* The program itself first. */
        struct module *m = ms->list.v[i % ms->list.n];
        if (m->is_exe == (i < ms->list.n) && module_symbol_named(m, name, out)) {
            if (in)
                *in = m;
            return true;
        }
    }
    return false;
}
