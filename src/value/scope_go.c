/* SPDX-License-Identifier: Apache-2.0 */
/* What Go's compiler means by the variables that it describes (cmd/internal/dwarf/dwarf.go,
 * cmd/compile/internal/dwarfgen). */
#include "value/scope_priv.h"
#include "base/mem.h"
#include "module/line.h"
#include "value/format.h"

enum { GO_DICTIONARY_MAX = 1 << 16 }; /* entries */

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

/* ---- places ---- */

static bool is_there(const struct loc_piece *p)
{
    return p->kind != LOC_ABSENT && (p->kind != LOC_REGISTER || p->bytes.n);
}

static bool whole(const struct location *l)
{
    bool all = l->n > 0;
    for (uint32_t i = 0; i < l->n; i++)
        all &= is_there(&l->pieces[i]);
    return all;
}

static bool same_parts(const struct location *a, const struct location *b)
{
    bool same = a->n == b->n && a->n > 1;
    for (uint32_t i = 0; same && i < a->n; i++)
        same = a->pieces[i].bits == b->pieces[i].bits;
    return same;
}

/* The parts of the first, and of the second those that the first lacks. */
static void merge(struct arena *a, struct location *into, const struct location *more)
{
    if (!same_parts(into, more)) {
        if (whole(more) || !into->n)
            *into = *more;
        return;
    }
    struct loc_piece *p = arena_array(a, struct loc_piece, into->n);
    for (uint32_t i = 0; i < into->n; i++)
        p[i] = is_there(&into->pieces[i]) ? into->pieces[i] : more->pieces[i];
    into->pieces = p;
}

struct err *scope_go_locate(struct scope_eval *e, const struct dw_die *die, const struct type *type,
                            struct location *out)
{
    struct location behind;
    TRY(scope_locate(e, die, type, out));
    if (!e->f || e->f->lookup == e->f->pc || whole(out))
        return NULL;
    struct vframe returned = *e->f;
    returned.lookup = returned.pc;
    struct scope_eval then = {.vs = e->vs, .f = &returned, .module = e->module};
    struct err *err = scope_locate(&then, die, type, &behind);
    if (!err)
        merge(e->vs->arena, out, &behind);
    err_free(err); /* then what was found counts */
    return NULL;
}

/* ---- generic functions ---- */

/* A parameter or variable of the frame's function itself. */
static bool find_own(const struct vframe *f, const char *wanted, struct dw_die *out)
{
    struct dw_die owner, function;
    struct dw_value v;
    bool found = false;
    if (!scope_function(f, &function) || !dw_die_child(&function, out))
        return false;
    do {
        uint16_t tag = dw_tag(out);
        if ((tag != DW_TAG_formal_parameter && tag != DW_TAG_variable) || !scope_attr(out, DW_AT_name, &v, &owner))
            continue;
        const char *name = dw_value_string(owner.unit, &v);
        found = name && strcmp(name, wanted) == 0;
    } while (!found && dw_die_next(out));
    return found;
}

bool scope_go_escaped(const struct vframe *f, const struct variable *v, struct variable *out)
{
    *out = (struct variable){.name = arena_printf(f->vs->arena, "&%s", v->name)};
    if (!find_own(f, out->name, &out->die))
        return false;
    out->type = type_of(f->vs->types, &out->die);
    return scope_go_variable(out) && out->indirect;
}

static bool dictionary(const struct vframe *f, taddr *out)
{
    struct dw_die die;
    struct scope_eval e = {.vs = f->vs, .f = f, .module = f->module};
    struct value dict = {.type = type_base(f->vs->types, TYPE_INT, "uintptr", 8, false), .frame = f};
    if (!find_own(f, ".dict", &die))
        return false;
    struct err *err = scope_go_locate(&e, &die, dict.type, &dict.loc);
    if (!err)
        err = value_int(f->vs, &dict, out);
    bool known = !err && *out;
    err_free(err); /* then the shape is what is known */
    return known;
}

void scope_go_parameter(const struct vframe *f, struct value *v)
{
    uint64_t index, at;
    taddr dict;
    if (v->type->kind != TYPE_TYPEDEF || !type_is_go(v->type) || !v->type->die.unit ||
        !dw_attr_uint(&v->type->die, DW_AT_go_dict_index, &index))
        return;
    const struct type *real = NULL;
    if (index < GO_DICTIONARY_MAX && dictionary(f, &dict) && modules_word(f->vs->ms, dict + index * 8, 8, &at))
        real = format_type_at(f->vs, at);
    v->type = real ? real : v->type->target ? v->type->target : v->type;
}
