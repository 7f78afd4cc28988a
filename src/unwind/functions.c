/* SPDX-License-Identifier: Apache-2.0 */
/* Where functions begin, by the tables that unwinding needs: they are there when nothing names the functions. */
#include "unwind/cfi.h"
#include "unwind/unwind.h"

struct functions {
    struct modules *ms;
    struct map64 cfis; /* struct module * -> struct cfi * */
    VEC(struct cfi *) all;
    struct map64 starts; /* lookup address -> what functions_start() said */
};

static bool module_word(void *arg, taddr at, unsigned size, uint64_t *out)
{
    return modules_word(arg, at, size, out);
}

struct cfi_source cfi_source_of(struct modules *ms, struct module *m)
{
    return (struct cfi_source){
        .tables = module_cfi(m),
        .name = m->name,
        .bias = m->bias,
        .start = m->start,
        .end = m->end,
        .addr_size = modules_image(ms)->arch->addr_size,
        .word = module_word,
        .word_arg = ms,
    };
}

struct functions *functions_new(struct modules *ms)
{
    struct functions *f = xcalloc(1, sizeof(*f));
    f->ms = ms;
    return f;
}

void functions_free(struct functions *f)
{
    if (!f)
        return;
    for (size_t i = 0; i < f->all.n; i++) {
        cfi_done(f->all.v[i]);
        free(f->all.v[i]);
    }
    vec_done(&f->all);
    map64_done(&f->cfis);
    map64_done(&f->starts);
    free(f);
}

static struct cfi *cfi_of(struct functions *f, struct module *m)
{
    bool fresh;
    uint64_t *slot = map64_put(&f->cfis, (uintptr_t)m, &fresh);
    if (fresh) {
        struct cfi *c = xcalloc(1, sizeof(*c));
        struct cfi_source source = cfi_source_of(f->ms, m);
        cfi_init(c, &source);
        *slot = (uintptr_t)c;
        *vec_push(&f->all) = c;
    }
    return (struct cfi *)(uintptr_t)*slot;
}

static taddr find_start(struct functions *f, taddr lookup)
{
    struct module *m = modules_find(f->ms, lookup);
    struct fde fde;
    bool found = false;
    if (m)
        IGNORE_ERR(cfi_find(cfi_of(f, m), lookup, &fde, &found)); /* then it is not known */
    return found ? fde.start : 0;
}

taddr functions_start(struct functions *f, taddr lookup)
{
    bool fresh;
    uint64_t *slot = map64_put(&f->starts, lookup, &fresh);
    if (fresh)
        *slot = find_start(f, lookup);
    return *slot;
}
