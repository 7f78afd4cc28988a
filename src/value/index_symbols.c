/* SPDX-License-Identifier: Apache-2.0 */
/* Names of symbol tables, for modules without DWARF. */
#include "value/index_priv.h"

#include "module/signature.h"

#include <elf.h>

struct collecting {
    struct index_module *im;
    struct text scratch;
};

/* The name as it is shown: demangled, without a function's result and parameters. */
static const char *plain_name(struct index_module *im, const char *name)
{
    SCOPED(freep) char *full = demangle(name);
    char *clone = full ? strstr(full, " [clone ") : NULL; /* a part or variant that gcc made */
    if (clone)
        *clone = 0;
    struct bytes own = full ? signature_name(full) : (struct bytes){0};
    if (own.n)
        return arena_strndup(&im->arena, (const char *)own.p, own.n);
    return full ? arena_strdup(&im->arena, full) : name;
}

static bool add_symbol(void *arg, const struct symbol *s)
{
    struct collecting *c = arg;
    struct name_parts parts;
    const char *name = plain_name(c->im, s->name);
    if (name_split(name, &parts))
        *vec_push(&c->im->symbols) = (struct index_symbol){
            .hash = name_hash(name_stem(parts.v[parts.n - 1]), &c->scratch),
            .name = name,
            .symbol = *s,
        };
    return true;
}

uint8_t index_symbol_kind(const struct symbol *s)
{
    return s->type == STT_FUNC || s->type == STT_GNU_IFUNC ? INDEX_FUNCTION : INDEX_VARIABLE;
}

void index_symbols(struct index_module *im)
{
    if (im->symbols_built)
        return;
    im->symbols_built = true;
    if (module_dwarf(im->m))
        return;
    struct collecting c = {.im = im};
    module_each_symbol(im->m, add_symbol, &c);
    text_done(&c.scratch);
}
