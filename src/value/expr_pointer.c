/* SPDX-License-Identifier: Apache-2.0 */
/* Pointers, arrays and addresses. */
#include "value/expr_priv.h"
#include "base/mem.h"

static struct value pointer_value(struct eval *ev, const struct type *to, taddr at)
{
    return value_of_int(ev->vs, type_pointer_to(ev->types, to), at);
}

/* The pointer to an object, or its type alone when nothing is read. */
static struct err *address(struct eval *ev, const struct node *n, const struct value *v, const struct type *to,
                           struct value *out)
{
    taddr at;
    if (ev->types_only) {
        *out = eval_absent(type_pointer_to(ev->types, to));
        return NULL;
    }
    if (v->loc.n > 0 && v->loc.pieces[0].kind == LOC_BYTES)
        return eval_fail(ev, n, "Attempt to take address of value not located in memory.");
    TRY(value_address(v, &at));
    *out = pointer_value(ev, to, at);
    return NULL;
}

struct err *pointer_referent(struct eval *ev, const struct value *v, struct value *out)
{
    const struct type *t = type_strip(v->type);
    if (ev->types_only && t->target && (t->kind == TYPE_REFERENCE || t->kind == TYPE_RVALUE_REFERENCE)) {
        *out = eval_absent(t->target);
        return NULL;
    }
    return value_referent(ev->vs, v, out);
}

struct err *pointer_decay(struct eval *ev, const struct node *n, const struct value *v, struct value *out)
{
    struct value plain;
    TRY(pointer_referent(ev, v, &plain));
    const struct type *t = type_strip(plain.type);
    *out = plain;
    if (t->kind == TYPE_FUNCTION)
        return address(ev, n, &plain, plain.type, out);
    if (t->kind == TYPE_ARRAY && t->target)
        return address(ev, n, &plain, t->target, out);
    return NULL;
}

/* ---- arithmetic ---- */

static const struct type *target_of(const struct type *pointer)
{
    const struct type *t = type_strip(pointer);
    return t->target ? t->target : t;
}

/* Steps of a pointer: void and functions count as bytes, as GNU C has it. */
static struct err *step(struct eval *ev, const struct node *n, const struct type *pointer, uint64_t *out)
{
    const struct type *t = type_strip(target_of(pointer));
    if (t->kind == TYPE_VOID || t->kind == TYPE_FUNCTION || t == type_strip(pointer)) {
        *out = 1;
        return NULL;
    }
    *out = eval_sizeof(t);
    if (*out == 0 && type_complete(t)->incomplete)
        return eval_fail(
            ev, n, "Cannot perform pointer math on incomplete type \"%s\", try casting to a known type, or void *.",
            t->name ? t->name : "");
    if (*out == 0)
        *out = 1;
    return NULL;
}

static struct err *pointer_plus(struct eval *ev, const struct node *n, const struct value *p, const struct value *i,
                                bool minus, struct value *out)
{
    uint64_t at, size;
    int64_t by;
    TRY(step(ev, n, p->type, &size));
    TRY(number_int(ev, n, i, &by));
    if (ev->types_only) {
        *out = eval_absent(p->type);
        return NULL;
    }
    TRY(value_int(ev->vs, p, &at));
    uint64_t delta = (uint64_t)by * size;
    *out = value_of_int(ev->vs, p->type, minus ? at - delta : at + delta);
    return NULL;
}

static struct err *difference(struct eval *ev, const struct node *n, const struct value *a, const struct value *b,
                              struct value *out)
{
    uint64_t x, y, size, other;
    const struct type *type = eval_c_type(ev, "long");
    TRY(step(ev, n, a->type, &size));
    TRY(step(ev, n, b->type, &other));
    if (size != other)
        return eval_fail(ev, n,
                         "First argument of `-' is a pointer and second argument is neither\n"
                         "an integer nor a pointer of the same type.");
    if (ev->types_only) {
        *out = eval_absent(type);
        return NULL;
    }
    TRY(value_int(ev->vs, a, &x));
    TRY(value_int(ev->vs, b, &y));
    /* The size is 1 or more; it fits int64_t unless the type is absurd, and then the quotient is 0. */
    *out = value_of_int(ev->vs, type, size > INT64_MAX ? 0 : (uint64_t)((int64_t)(x - y) / (int64_t)size));
    return NULL;
}

static bool is_pointer(const struct value *v)
{
    uint8_t kind = type_strip(v->type)->kind;
    return kind == TYPE_POINTER || kind == TYPE_UNSPECIFIED || kind == TYPE_MEMBER_POINTER;
}

/* Addresses compare as unsigned numbers, with integers too. */
static struct err *comparison(struct eval *ev, const struct node *n, const struct value *a, const struct value *b,
                              struct value *out)
{
    struct value x = *a, y = *b;
    const struct type *as = eval_c_type(ev, "unsigned long");
    if ((!is_pointer(a) && !number_is_integral(type_strip(a->type))) ||
        (!is_pointer(b) && !number_is_integral(type_strip(b->type))))
        return eval_fail(ev, n, "Invalid type combination in equality test.");
    if (!ev->types_only) {
        uint64_t u, v;
        TRY(value_int(ev->vs, a, &u));
        TRY(value_int(ev->vs, b, &v));
        x = value_of_int(ev->vs, as, u);
        y = value_of_int(ev->vs, as, v);
    } else {
        x = y = eval_absent(as);
    }
    return number_binary(ev, n, &x, &y, out);
}

struct err *pointer_binary(struct eval *ev, const struct node *n, const struct value *a, const struct value *b,
                           struct value *out)
{
    bool pa = is_pointer(a), pb = is_pointer(b);
    switch (n->op) {
    case OP_ADD:
        if (pa != pb)
            return pointer_plus(ev, n, pa ? a : b, pa ? b : a, false, out);
        break;
    case OP_SUB:
        if (pa && pb)
            return difference(ev, n, a, b, out);
        if (pa)
            return pointer_plus(ev, n, a, b, true, out);
        break;
    case OP_EQ:
    case OP_NE:
    case OP_LT:
    case OP_GT:
    case OP_LE:
    case OP_GE:
        return comparison(ev, n, a, b, out);
    default:
        break;
    }
    return eval_fail(ev, n, "Argument to arithmetic operation not a number or boolean.");
}

/* ---- to and from objects ---- */

struct err *pointer_deref(struct eval *ev, const struct node *n, const struct value *v, struct value *out)
{
    struct value p;
    const struct type *t = type_strip(v->type);
    bool done = false;
    if (t->kind == TYPE_ARRAY && t->target) {
        *out = ev->types_only ? eval_absent(t->target) : value_element(v, t->lower);
        return NULL;
    }
    TRY(container_target(ev, n, v, out, &done));
    if (done)
        return NULL;
    TRY(pointer_decay(ev, n, v, &p));
    t = type_strip(p.type);
    if (t->kind == TYPE_INT) { /* an address as a bare number: gdb reads an int there */
        uint64_t at = 0;
        const struct type *type = eval_c_type(ev, "int");
        if (!ev->types_only)
            TRY(value_int(ev->vs, &p, &at));
        *out = ev->types_only ? eval_absent(type) : value_at(ev->vs, type, at);
        return NULL;
    }
    if (t->kind != TYPE_POINTER || !t->target)
        return eval_fail(ev, n, "Attempt to take contents of a non-pointer value.");
    if (type_strip(t->target)->kind == TYPE_VOID)
        return eval_fail(ev, n, "Attempt to dereference a generic pointer.");
    if (ev->types_only) {
        *out = eval_absent(t->target);
        return NULL;
    }
    return eval_at(ev, n, value_deref(ev->vs, &p, out));
}

struct err *pointer_address_of(struct eval *ev, const struct node *n, const struct value *v, struct value *out)
{
    struct value plain;
    TRY(pointer_referent(ev, v, &plain));
    bool in_register = plain.loc.n > 0 && plain.loc.pieces[0].kind == LOC_REGISTER;
    if (in_register && n->a && n->a->kind == NODE_NAME && !ev->types_only) {
        const char *reg = arch_reg_name(modules_image(ev->vs->ms)->arch, plain.loc.pieces[0].reg);
        return eval_fail(ev, n, "Address requested for identifier \"%s\" which is in register $%s", n->a->text,
                         reg ? reg : "?");
    }
    return eval_at(ev, n, address(ev, n, &plain, plain.type, out));
}

/* Rust's slices: a struct of a pointer and a length. */
static struct err *slice_element(struct eval *ev, const struct node *n, const struct value *v, int64_t i,
                                 struct value *out)
{
    struct value data, length, at;
    int64_t count;
    TRY(value_member(ev->vs, v, "data_ptr", &data));
    TRY(value_member(ev->vs, v, "length", &length));
    const struct type *t = type_strip(data.type);
    if (ev->types_only) {
        *out = eval_absent(t->target ? t->target : t);
        return NULL;
    }
    TRY(number_int(ev, n, &length, &count));
    if (i < 0 || i >= count)
        return eval_fail(ev, n, "no element %lld of %lld", (long long)i, (long long)count);
    struct value index = value_of_int(ev->vs, eval_c_type(ev, "long"), (uint64_t)i);
    TRY(pointer_plus(ev, n, &data, &index, false, &at));
    return value_deref(ev->vs, &at, out);
}

struct err *pointer_index(struct eval *ev, const struct node *n, const struct value *v, const struct value *i,
                          struct value *out)
{
    struct value object, p;
    int64_t at;
    bool done = false;
    TRY(pointer_referent(ev, v, &object));
    const struct type *t = type_strip(object.type);
    if (type_is_record(t)) {
        if (type_is_rust(t) && member_exists(t, "data_ptr") && member_exists(t, "length")) {
            TRY(number_int(ev, n, i, &at));
            return slice_element(ev, n, &object, at, out);
        }
        TRY(container_element(ev, n, &object, i, out, &done));
        return done ? NULL : eval_fail(ev, n, "not an array or string");
    }
    if (t->kind == TYPE_ARRAY || t->kind == TYPE_VECTOR) {
        TRY(number_int(ev, n, i, &at));
        if (ev->types_only) {
            *out = eval_absent(t->target);
            return NULL;
        }
        bool in_memory = object.loc.n > 0 && object.loc.pieces[0].kind == LOC_MEMORY;
        if (!in_memory && t->count_known && (uint64_t)(at - t->lower) >= t->count)
            return eval_fail(ev, n, "no such vector element");
        *out = value_element(&object, at);
        return NULL;
    }
    /* i[p] is p[i] */
    bool swapped = t->kind != TYPE_POINTER && type_strip(i->type)->kind == TYPE_POINTER;
    const struct value *pointer = swapped ? i : &object, *index = swapped ? &object : i;
    if (type_strip(pointer->type)->kind != TYPE_POINTER)
        return eval_fail(ev, n, "cannot subscript something of type `%s'", t->name ? t->name : "?");
    TRY(pointer_plus(ev, n, pointer, index, false, &p));
    return pointer_deref(ev, n, &p, out);
}

struct err *pointer_repeat(struct eval *ev, const struct node *n, const struct value *v, int64_t times,
                           struct value *out)
{
    struct value object;
    taddr at;
    TRY(pointer_referent(ev, v, &object));
    if (times < 1)
        return eval_fail(ev, n, "Invalid number %lld of repetitions.", (long long)times);
    const struct type *t = type_array_of(ev->types, object.type, (uint64_t)times);
    struct err *e = value_address(&object, &at);
    if (e && !ev->types_only) {
        err_free(e);
        return eval_fail(ev, n, "Only values in memory can be extended with '@'.");
    }
    *out = e ? eval_absent(t) : value_at(ev->vs, t, at);
    err_free(e);
    return NULL;
}
