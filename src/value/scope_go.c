/* SPDX-License-Identifier: Apache-2.0 */
/* What Go's compiler means by the variables that it describes (cmd/internal/dwarf/dwarf.go,
 * cmd/compile/internal/dwarfgen). */
#include "value/scope_priv.h"
#include "module/line.h"

/* One that escaped to the heap is described as the pointer to it, with the name "&x". */
bool scope_go_variable(struct variable *v)
{
    if (strcmp(v->name, ".dict") == 0) /* of a generic function: nothing that the source names */
        return false;
    const struct type *t = type_strip(v->type);
    if (v->name[0] == '&' && v->name[1] && t->kind == TYPE_POINTER && t->target) {
        v->name++;
        v->type = t->target;
        v->indirect = true;
    }
    return true;
}

static uint32_t line_at(struct dw_unit *u, taddr pc)
{
    struct lines l;
    struct line_pos pos = {.pc = pc};
    struct err *e = lines_init(&l, u);
    if (!e) {
        e = lines_find(&l, &pos, 1);
        lines_done(&l);
    }
    bool known = !e;
    err_free(e); /* without lines all variables count as declared */
    return known ? pos.line : 0;
}

static bool has_fixed_place(const struct dw_die *die)
{
    struct dw_value v;
    struct dw_die owner;
    return scope_attr(die, DW_AT_location, &v, &owner) && v.cls == DW_CLASS_BLOCK && v.block.n;
}

/* The blocks of unoptimised code hold their variables from the first instruction on: one that is declared at the
 * line that runs, or behind it, has no value yet. */
void scope_go_declared(struct variables *all, const struct dw_die *function, const struct dw_die *inner, taddr pc)
{
    struct variable *v = (struct variable *)(uintptr_t)all->v;
    uint64_t line = 0;
    size_t n = 0;
    for (size_t i = 0; i < all->n; i++) {
        bool fixed = !v[i].argument && v[i].line && has_fixed_place(&v[i].die);
        if (fixed && !line && !(inner && dw_attr_uint(inner, DW_AT_call_line, &line)))
            line = line_at(function->unit, pc);
        if (!fixed || !line || v[i].line < line)
            v[n++] = v[i];
    }
    all->n = n;
}
