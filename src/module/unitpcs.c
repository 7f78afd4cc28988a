/* SPDX-License-Identifier: Apache-2.0 */
#include "module/unitpcs.h"

static int by_module_and_pc(const void *x, const void *y)
{
    const struct unit_pc *a = x, *b = y;
    if (a->m != b->m)
        return a->m < b->m ? -1 : 1;
    return a->pc < b->pc ? -1 : a->pc > b->pc;
}

static int by_unit_and_pc(const void *x, const void *y)
{
    const struct unit_pc *a = x, *b = y;
    if (a->unit != b->unit)
        return a->unit < b->unit ? -1 : 1;
    return a->pc < b->pc ? -1 : a->pc > b->pc;
}

static int by_size(const void *x, const void *y)
{
    const struct dw_unit *a = ((const struct unit_run *)x)->v->unit, *b = ((const struct unit_run *)y)->v->unit;
    uint64_t na = a->end - a->offset, nb = b->end - b->offset;
    return na > nb ? -1 : na < nb;
}

void unit_pcs_sort(unit_pcs *l)
{
    size_t kept = 0;
    if (l->n)
        qsort(l->v, l->n, sizeof(*l->v), by_module_and_pc);
    for (size_t i = 0; i < l->n; i++)
        if (i == 0 || by_module_and_pc(&l->v[i], &l->v[kept - 1]) != 0)
            l->v[kept++] = l->v[i];
    l->n = kept;
}

void unit_pcs_inflate(const unit_pcs *l)
{
    dw_wants wants = {0};
    for (size_t i = 0; i < l->n; i++) {
        struct dwarf *d = i == 0 || l->v[i].m != l->v[i - 1].m ? module_dwarf(l->v[i].m) : NULL;
        if (d)
            dwarf_wants(d, &wants);
    }
    if (wants.n)
        elf_inflate_all(wants.v, wants.n);
    vec_done(&wants);
}

/* Those of one module. */
static void split_module(struct unit_pc *v, size_t n, unit_runs *out)
{
    struct dwarf *d = module_dwarf(v[0].m);
    if (!d)
        return;
    SCOPED(freep) taddr *pcs = xcalloc(n, sizeof(*pcs));
    struct dw_unit **units = xcalloc(n, sizeof(struct dw_unit *));
    for (size_t i = 0; i < n; i++)
        pcs[i] = v[i].pc;
    dwarf_find_units(d, pcs, n, units);
    for (size_t i = 0; i < n; i++)
        v[i].unit = units[i];
    free(units);
    qsort(v, n, sizeof(*v), by_unit_and_pc);
    for (size_t i = 0; i < n; i++) {
        if (!v[i].unit)
            continue;
        if (i > 0 && v[i].unit == v[i - 1].unit)
            out->v[out->n - 1].n++;
        else
            *vec_push(out) = (struct unit_run){.v = &v[i], .n = 1};
    }
}

void unit_pcs_split(unit_pcs *l, unit_runs *out)
{
    for (size_t i = 0, end; i < l->n; i = end) {
        for (end = i + 1; end < l->n && l->v[end].m == l->v[i].m; end++)
            ;
        split_module(&l->v[i], end - i, out);
    }
    if (out->n)
        qsort(out->v, out->n, sizeof(*out->v), by_size);
}
