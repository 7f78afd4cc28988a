/* SPDX-License-Identifier: Apache-2.0 */
/* Named constants, which DWARF has as DW_TAG_constant beside the types: blue (2), flagRead|flagExec (5). */
#include "rt/go/priv.h"

void go_constant_add(struct rt *rt, const struct dw_die *die)
{
    struct dw_die type;
    uint64_t number;
    const char *name = dw_attr_string(die, DW_AT_name);
    if (name && dw_attr_die(die, DW_AT_type, &type) && dw_attr_uint(die, DW_AT_const_value, &number))
        *vec_push(&rt->constants) =
            (struct go_constant){.type = dw_die_key(&type), .number = (int64_t)number, .name = name};
}

static int by_type_and_number(const void *a, const void *b)
{
    const struct go_constant *x = a, *y = b;
    if (x->type != y->type)
        return x->type < y->type ? -1 : 1;
    if (x->number != y->number)
        return x->number < y->number ? -1 : 1;
    return strcmp(x->name, y->name);
}

void go_constants_sort(struct rt *rt)
{
    if (rt->constants.n)
        qsort(rt->constants.v, rt->constants.n, sizeof(*rt->constants.v), by_type_and_number);
}

/* Those of a type, by their numbers. */
static size_t constants_of(const struct rt *rt, uint64_t type, const struct go_constant **out)
{
    size_t lo = 0, hi = rt->constants.n, n = 0;
    if (!hi)
        return 0;
    while (lo < hi) {
        size_t middle = lo + (hi - lo) / 2;
        if (rt->constants.v[middle].type < type)
            lo = middle + 1;
        else
            hi = middle;
    }
    *out = rt->constants.v + lo;
    while (lo + n < rt->constants.n && rt->constants.v[lo + n].type == type)
        n++;
    return n;
}

/* Bytes of "path/package." that a name begins with; 0: it has no package. */
static size_t package_length(const char *name)
{
    const char *slash = strrchr(name, '/'), *dot = strchr(slash ? slash : name, '.');
    return dot ? (size_t)(dot + 1 - name) : 0;
}

/* Without the package when it is the type's own. */
static const char *short_name(const struct go_constant *c, const char *type, size_t package)
{
    return strncmp(c->name, type, package) == 0 ? c->name + package : c->name;
}

/* Of several names of one number, that of the type's own package. */
static const char *exact(const struct go_constant *c, size_t n, int64_t number, const char *type, size_t package)
{
    const char *found = NULL;
    bool own = false;
    for (size_t i = 0; i < n && c[i].number <= number && !own; i++) {
        const char *name = short_name(&c[i], type, package);
        own = c[i].number == number && name != c[i].name;
        if (own || (c[i].number == number && !found))
            found = name;
    }
    return found;
}

/* As flags, when constants of one bit each make up the number; NULL: they do not. */
static const char *flags(struct arena *a, const struct go_constant *c, size_t n, int64_t number, const char *type,
                         size_t package)
{
    const char *text = NULL;
    uint64_t left = (uint64_t)number;
    for (size_t i = 0; i < n && left; i++) {
        uint64_t bit = (uint64_t)c[i].number;
        if (__builtin_popcountll(bit) != 1 || !(left & bit))
            continue;
        const char *name = short_name(&c[i], type, package);
        text = text ? arena_printf(a, "%s|%s", text, name) : name;
        left &= ~bit;
    }
    return left ? NULL : text;
}

bool go_present_constant(struct rt *rt, struct values *vs, const struct value *v, struct presentation *out)
{
    uint64_t number;
    enum go_kind kind;
    const struct go_constant *c;
    const struct type *t = type_go(v->type, &kind);
    size_t package = t->name ? package_length(t->name) : 0;
    if (!package || !t->die.unit)
        return false;
    go_dwarf_list(rt, vs);
    size_t n = constants_of(rt, dw_die_key(&t->die), &c);
    struct err *e = n ? value_int(vs, v, &number) : NULL;
    bool good = n && !e;
    err_free(e); /* the printer finds the same reason, and says it */
    if (!good)
        return false;
    *out = (struct presentation){.kind = PRESENT_TEXT};
    out->summary = exact(c, n, (int64_t)number, t->name, package);
    if (!out->summary && number)
        out->summary = flags(vs->arena, c, n, (int64_t)number, t->name, package);
    return out->summary != NULL;
}
