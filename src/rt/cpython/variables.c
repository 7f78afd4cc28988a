/* SPDX-License-Identifier: Apache-2.0 */
/* Variables of a frame.
 *
 * From 3.11 on all are slots behind the frame's record (co_localsplusnames, and what each is: co_localspluskinds); before,
 * locals, then cells, then the cells of outer functions stand behind the frame object (Objects/frameobject.c). A module
 * and the body of a class have a namespace instead. */
#include "rt/cpython/object.h"

enum {
    CO_OPTIMIZED = 1, /* Include/cpython/code.h */
    CO_VARARGS = 4,
    CO_VARKEYWORDS = 8,
    KIND_HIDDEN = 0x10, /* CO_FAST_HIDDEN: of a comprehension, while it runs */
    KIND_CELL = 0x40,
    KIND_FREE = 0x80,
    SLOTS_MAX = 10000,
    NAMES_MAX = 10000, /* of a namespace */
    NAME_CHARACTERS = 1000,
};

struct reading {
    struct rt *rt;
    const struct py_scope *scope;
    struct arena *arena;
    VEC(struct py_local) all;
};

static taddr untagged_field(struct rt *rt, taddr record, uint32_t offset)
{
    uint64_t v;
    return py_field(rt, record, offset, &v) ? py_untag(rt, v) : 0;
}

static int32_t int_of(struct rt *rt, taddr code, uint32_t offset)
{
    int32_t v;
    return py_field_int(rt, code, offset, &v) ? v : 0;
}

bool py_scope_open(struct rt *rt, taddr record, struct py_scope *out)
{
    const struct py_layout *l = &rt->l;
    bool inner = l->frame_localsplus != PY_NONE;
    *out = (struct py_scope){
        .code = untagged_field(rt, record, inner ? l->frame_code : l->frameobj_code),
        .globals = untagged_field(rt, record, inner ? l->frame_globals : l->frameobj_globals),
        .builtins = untagged_field(rt, record, inner ? l->frame_builtins : l->frameobj_builtins),
        .slots = record + (inner ? l->frame_localsplus : l->frameobj_localsplus),
    };
    const struct py_type *t = py_type(rt, out->code);
    if (!t || t->kind != PYK_CODE)
        return false;
    if (!(int_of(rt, out->code, l->code_flags) & CO_OPTIMIZED))
        out->locals = untagged_field(rt, record, inner ? l->frame_locals : l->frameobj_locals);
    return true;
}

/* ---- slots ---- */

static size_t count_arguments(struct rt *rt, taddr code)
{
    int32_t flags = int_of(rt, code, rt->l.code_flags);
    int64_t n = (int64_t)int_of(rt, code, rt->l.code_argcount) + int_of(rt, code, rt->l.code_kwonlyargcount);
    n += !!(flags & CO_VARARGS) + !!(flags & CO_VARKEYWORDS);
    return n > 0 && n < SLOTS_MAX ? (size_t)n : 0;
}

/* What is in a cell; what is no cell, as an argument before it is put into one, is the value. */
static taddr from_cell(struct rt *rt, taddr object)
{
    uint64_t value;
    const struct py_type *t = object ? py_type(rt, object) : NULL;
    if (!t || t->kind != PYK_CELL)
        return object;
    return py_field(rt, object, rt->l.cell_value, &value) ? value : 0;
}

static size_t tuple_length(struct rt *rt, taddr tuple)
{
    int64_t n;
    const struct py_type *t = py_type(rt, tuple);
    return t && t->kind == PYK_TUPLE && py_var_size(rt, tuple, &n) && n > 0 && n < SLOTS_MAX ? (size_t)n : 0;
}

/* NULL: it cannot be read. */
static const char *name_at(struct rt *rt, taddr names, size_t i)
{
    SCOPED(text_done) struct text t = {0};
    uint64_t name;
    if (!py_word(rt, names + rt->l.tuple_items + i * 8, &name) || !py_str_text(rt, name, NAME_CHARACTERS, &t))
        return NULL;
    return arena_strdup(&rt->arena, text_str(&t));
}

/* 3.11 and later. */
static bool list_slots(struct rt *rt, taddr code, struct py_slots *out)
{
    uint64_t names, kinds;
    if (!py_field(rt, code, rt->l.code_localsplusnames, &names) ||
        !py_field(rt, code, rt->l.code_localspluskinds, &kinds) || rt->l.bytes_data == PY_NONE)
        return false;
    size_t n = tuple_length(rt, names);
    struct py_slot *v = arena_array(&rt->arena, struct py_slot, n ? n : 1);
    out->v = v;
    for (size_t i = 0; i < n; i++) {
        uint8_t kind;
        const char *name = name_at(rt, names, i);
        if (!name || !py_read(rt, kinds + rt->l.bytes_data + i, &kind, 1))
            return false;
        v[out->n++] =
            (struct py_slot){.name = name, .cell = kind & (KIND_CELL | KIND_FREE), .hidden = kind & KIND_HIDDEN};
    }
    return true;
}

/* Until 3.10: locals, cells, free variables. */
static bool list_slots_of_three(struct rt *rt, taddr code, struct py_slots *out)
{
    const uint32_t fields[] = {rt->l.code_varnames, rt->l.code_cellvars, rt->l.code_freevars};
    VEC(struct py_slot) all = {0};
    bool read = true;
    for (size_t k = 0; k < ARRAY_LEN(fields) && read; k++) {
        uint64_t names;
        read = py_field(rt, code, fields[k], &names);
        size_t n = read ? tuple_length(rt, names) : 0;
        for (size_t i = 0; i < n && read; i++) {
            struct py_slot slot = {.name = name_at(rt, names, i), .cell = k > 0, .merges = k == 1};
            read = slot.name != NULL;
            if (read)
                *vec_push(&all) = slot;
        }
    }
    struct py_slot *copy = arena_array(&rt->arena, struct py_slot, all.n ? all.n : 1);
    if (all.n)
        memcpy(copy, all.v, all.n * sizeof(*copy));
    out->v = copy;
    out->n = all.n;
    vec_done(&all);
    return read;
}

/* Those of a code object are read once. NULL: there is none at the address. */
static const struct py_slots *slots_of(struct rt *rt, taddr code)
{
    const struct py_code *c = py_code(rt, code);
    if (c && !c->slots) {
        struct py_slots *s = arena_new(&rt->arena, struct py_slots);
        *s = (struct py_slots){.arguments = count_arguments(rt, code)};
        s->whole = rt->l.frame_localsplus != PY_NONE ? list_slots(rt, code, s) : list_slots_of_three(rt, code, s);
        ((struct py_code *)(uintptr_t)c)->slots = s;
    }
    return c ? c->slots : NULL;
}

/* Until 3.10 an argument that an inner function uses has moved into a cell of its name. */
static bool merge_argument(struct reading *r, size_t arguments, const struct py_local *cell)
{
    for (size_t i = 0; i < arguments && i < r->all.n; i++) {
        struct py_local *argument = &r->all.v[i];
        if (strcmp(argument->name, cell->name) == 0) {
            argument->object = argument->object ? argument->object : cell->object;
            return true;
        }
    }
    return false;
}

static bool read_slots(struct reading *r)
{
    const struct py_slots *s = slots_of(r->rt, r->scope->code);
    for (size_t i = 0; s && i < s->n; i++) {
        const struct py_slot *slot = &s->v[i];
        uint64_t ref;
        if (!py_word(r->rt, r->scope->slots + i * 8, &ref))
            return false;
        struct py_local v = {.name = slot->name, .object = py_untag(r->rt, ref), .argument = i < s->arguments};
        if (slot->cell)
            v.object = from_cell(r->rt, v.object);
        if ((v.object || !slot->hidden) && !(slot->merges && merge_argument(r, s->arguments, &v)))
            *vec_push(&r->all) = v;
    }
    return s && s->whole;
}

/* ---- namespaces ---- */

static bool is_dunder(const char *s)
{
    size_t n = strlen(s);
    return n > 4 && begins_with(s, "__") && strcmp(s + n - 2, "__") == 0;
}

static bool read_namespace(struct reading *r)
{
    struct py_items it;
    struct py_item item;
    const struct py_type *t = py_type(r->rt, r->scope->locals);
    if (!t || !py_items_begin(r->rt, r->scope->locals, t, &it) || it.shape != PY_SHAPE_MAP)
        return false;
    while (r->all.n < NAMES_MAX && py_items_next(&it, &item)) {
        SCOPED(text_done) struct text name = {0};
        if (py_str_text(r->rt, item.key, NAME_CHARACTERS, &name) && !is_dunder(text_str(&name)))
            *vec_push(&r->all) =
                (struct py_local){.name = arena_strdup(r->arena, text_str(&name)), .object = item.value};
    }
    return !it.bad && !it.corrupt;
}

bool py_locals_read(struct rt *rt, const struct py_scope *s, struct arena *a, struct py_locals *out)
{
    struct reading r = {.rt = rt, .scope = s, .arena = a};
    bool read = s->locals ? read_namespace(&r) : read_slots(&r);
    out->n = r.all.n;
    out->v = arena_array(a, struct py_local, r.all.n ? r.all.n : 1);
    if (r.all.n)
        memcpy(out->v, r.all.v, r.all.n * sizeof(*out->v));
    vec_done(&r.all);
    return read || out->n;
}

void py_locals_touch(struct rt *rt, taddr record)
{
    struct py_scope s;
    struct py_locals all;
    struct arena a = {0};
    struct text unused = {0};
    if (py_scope_open(rt, record, &s) && py_locals_read(rt, &s, &a, &all))
        for (size_t i = 0; i < all.n; i++) {
            if (all.v[i].object)
                py_repr(rt, all.v[i].object, &format_defaults, false, NULL, &unused);
            text_clear(&unused);
        }
    text_done(&unused);
    arena_done(&a);
}

struct err *py_variables(struct rt *rt, const struct vframe *f, struct variables *out)
{
    struct py_scope s;
    struct py_locals all;
    struct arena *a = f->vs->arena;
    if (!py_scope_open(rt, f->lang->record, &s) || !py_locals_read(rt, &s, a, &all))
        return err_new(ERR_NO_DATA, "the variables of the frame cannot be read");
    struct variable *v = arena_array(a, struct variable, all.n ? all.n : 1);
    struct value *values = arena_array(a, struct value, all.n ? all.n : 1);
    for (size_t i = 0; i < all.n; i++) {
        values[i] = py_value(rt, f->vs, all.v[i].object);
        v[i] = (struct variable){
            .name = all.v[i].name, .type = values[i].type, .argument = all.v[i].argument, .value = &values[i]};
    }
    *out = (struct variables){.v = v, .n = all.n};
    return NULL;
}

bool py_is_global(struct rt *rt, const struct vframe *f, const char *name)
{
    struct py_scope scope;
    taddr unused;
    return py_scope_open(rt, f->lang->record, &scope) && py_dict_get(rt, scope.globals, name, &unused);
}
