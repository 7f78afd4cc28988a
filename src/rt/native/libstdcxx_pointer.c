/* SPDX-License-Identifier: Apache-2.0 */
/* Types of libstdc++ that hold one thing or several of different types: pointers, optional, variant, tuple,
 * function, atomic, duration (headers unique_ptr.h, shared_ptr_base.h, optional, variant, tuple, std_function.h,
 * atomic, chrono of GCC 7 to 15). */
#include "rt/native/formatters.h"

#include <inttypes.h>

/* "int, std::string": the types among the template arguments. */
static const char *argument_names(struct values *vs, const struct type *t)
{
    SCOPED(text_done) struct text all = {0};
    struct template_args args = type_template_args(t);
    for (size_t i = 0; i < args.n; i++)
        if (!args.v[i].is_value)
            text_printf(&all, "%s%s", all.n ? ", " : "", fmt_type_name(vs, args.v[i].type));
    return arena_strdup(vs->arena, text_str(&all));
}

/* ---- tuple ---- */

/* The element that _Tuple_impl<i, T, ...> holds, in its base _Head_base<i, T>; *rest is _Tuple_impl<i + 1, ...>. An
 * empty element is the base's own base and takes no room. */
static bool tuple_head(struct values *vs, const struct value *impl, struct value *head, struct value *rest, bool *more)
{
    bool found = false;
    struct fields f = type_fields(type_strip(impl->type));
    *more = false;
    for (size_t i = 0; i < f.n; i++) {
        const char *tag = type_strip(f.v[i].type)->tag;
        struct value base;
        if (!(f.v[i].flags & FIELD_BASE) || !tag)
            continue;
        struct err *e = value_field(vs, impl, &f.v[i], &base);
        if (e) {
            err_free(e); /* then the tuple prints as its record, which says it */
            return false;
        }
        if (strcmp(tag, "_Tuple_impl") == 0) {
            *rest = base;
            *more = true;
        } else if (strcmp(tag, "_Head_base") == 0) {
            const struct type *element = fmt_argument(type_strip(base.type), 1);
            found = fmt_path(vs, &base, "_M_head_impl", head);
            if (!found && element) {
                *head = base;
                head->type = element;
                found = true;
            }
        }
    }
    return found;
}

static bool tuple_start(struct values *vs, const struct value *v, struct value *impl)
{
    struct fields f = type_fields(v->type);
    if (f.n == 0 || !(f.v[0].flags & FIELD_BASE))
        return false;
    struct err *e = value_field(vs, v, &f.v[0], impl);
    err_free(e); /* the record says it */
    return !e;
}

struct tuple_state {
    struct value impl;
    uint64_t i;
    bool more;
};

static bool next_in_tuple(struct presentation *p, struct values *vs, struct child *out, struct err **err)
{
    struct tuple_state *it = p->state;
    struct value head, rest;
    if (!it->more)
        return false;
    if (!tuple_head(vs, &it->impl, &head, &rest, &it->more)) {
        if (it->i == 0)
            *err = err_new(ERR_UNSUPPORTED, "the tuple's layout is not known");
        return false;
    }
    if (it->more)
        it->impl = rest;
    *out = (struct child){.name = arena_printf(vs->arena, "[%" PRIu64 "]", ++it->i), .value = head};
    return true;
}

static bool present_tuple(struct values *vs, const struct value *v, struct presentation *p)
{
    struct tuple_state *it = arena_new(vs->arena, struct tuple_state);
    *it = (struct tuple_state){.more = true};
    if (type_fields(v->type).n == 0) {
        p->kind = PRESENT_TEXT;
        return fmt_summary(p, vs, "empty std::tuple");
    }
    if (!tuple_start(vs, v, &it->impl))
        return false;
    p->kind = PRESENT_RECORD;
    p->length = UINT64_MAX;
    p->next = next_in_tuple;
    p->state = it;
    return fmt_summary(p, vs, "std::tuple containing");
}

/* ---- pointers ---- */

static bool present_unique_ptr(struct values *vs, const struct value *v, struct presentation *p)
{
    struct value tuple, impl, head, rest;
    bool more;
    /* Since GCC 7 a __uniq_ptr_impl is around the tuple. */
    if (!fmt_path(vs, v, "_M_t._M_t", &tuple) && !fmt_path(vs, v, "_M_t", &tuple))
        return false;
    tuple.type = type_strip(tuple.type);
    const struct type *of = fmt_argument(v->type, 0);
    if (!of || !tuple_start(vs, &tuple, &impl) || !tuple_head(vs, &impl, &head, &rest, &more))
        return false;
    fmt_summary(p, vs, "std::unique_ptr<%s>", fmt_type_name(vs, of));
    return fmt_child(p, vs, "get()", head);
}

static bool counted_pointer(struct values *vs, const struct value *v, struct presentation *p, const char *name)
{
    struct value pointer;
    uint64_t counts, uses, weak;
    const struct type *t = fmt_argument(v->type, 0);
    if (!t || !fmt_path(vs, v, "_M_ptr", &pointer) || !fmt_number(vs, v, "_M_refcount._M_pi", &counts))
        return false;
    const char *of = fmt_type_name(vs, t);
    if (!counts) {
        fmt_summary(p, vs, "%s<%s> (empty)", name, of);
        return fmt_child(p, vs, "get()", pointer);
    }
    struct value block;
    if (!fmt_path(vs, v, "_M_refcount._M_pi", &block))
        return false;
    struct err *e = value_deref(vs, &block, &block);
    err_free(e); /* the record says it */
    if (e || !fmt_number(vs, &block, "_M_use_count", &uses) || !fmt_number(vs, &block, "_M_weak_count", &weak))
        return false;
    if (uses)
        fmt_summary(p, vs, "%s<%s> (use count %" PRId64 ", weak count %" PRId64 ")", name, of, (int64_t)uses,
                    (int64_t)(weak - 1)); /* all users together hold one weak count */
    else
        fmt_summary(p, vs, "%s<%s> (expired, weak count %" PRId64 ")", name, of, (int64_t)weak);
    return fmt_child(p, vs, "get()", pointer);
}

static bool present_shared_ptr(struct values *vs, const struct value *v, struct presentation *p)
{
    return counted_pointer(vs, v, p, "std::shared_ptr");
}

static bool present_weak_ptr(struct values *vs, const struct value *v, struct presentation *p)
{
    return counted_pointer(vs, v, p, "std::weak_ptr");
}

/* ---- one of several ---- */

static bool nothing_inside(struct presentation *p, struct values *vs, const char *name)
{
    p->kind = PRESENT_TEXT;
    return fmt_summary(p, vs, "%s [no contained value]", name);
}

static bool present_optional(struct values *vs, const struct value *v, struct presentation *p)
{
    uint64_t engaged;
    struct value inside;
    const struct type *t = fmt_argument(v->type, 0);
    if (!t || !fmt_number(vs, v, "_M_payload._M_engaged", &engaged) ||
        (!fmt_path(vs, v, "_M_payload._M_payload._M_value", &inside) &&
         !fmt_path(vs, v, "_M_payload._M_payload", &inside)))
        return false;
    const char *name = arena_printf(vs->arena, "std::optional<%s>", fmt_type_name(vs, t));
    if (!engaged)
        return nothing_inside(p, vs, name);
    inside.type = t;
    fmt_summary(p, vs, "%s", name);
    return fmt_child(p, vs, "[contained value]", inside);
}

static bool present_variant(struct values *vs, const struct value *v, struct presentation *p)
{
    struct value index, storage;
    uint64_t i;
    if (!fmt_path(vs, v, "_M_index", &index) || !fmt_number(vs, v, "_M_index", &i) ||
        !fmt_path(vs, v, "_M_u", &storage))
        return false;
    const char *name = arena_printf(vs->arena, "std::variant<%s>", argument_names(vs, v->type));
    uint64_t bits = 8 * type_strip(index.type)->size;
    if (bits < 64 && i == (UINT64_C(1) << bits) - 1) /* variant_npos */
        return nothing_inside(p, vs, name);
    const struct type *t = fmt_argument(v->type, i);
    if (!t)
        return false;
    storage.type = t;
    fmt_summary(p, vs, "%s [index %" PRIu64 "]", name, i);
    return fmt_child(p, vs, NULL, storage);
}

/* ---- others ---- */

/* Without its empty base class. */
static bool present_pair(struct values *vs, const struct value *v, struct presentation *p)
{
    struct child both[2] = {{.name = "first"}, {.name = "second"}};
    return fmt_path(vs, v, "first", &both[0].value) && fmt_path(vs, v, "second", &both[1].value) &&
           fmt_children(p, vs, both, 2);
}

static bool present_function(struct values *vs, const struct value *v, struct presentation *p)
{
    uint64_t manager;
    struct value invoker;
    if (!fmt_number(vs, v, "_M_manager", &manager) || !fmt_path(vs, v, "_M_invoker", &invoker))
        return false;
    const char *name = arena_printf(vs->arena, "std::function<%s>", argument_names(vs, v->type));
    if (!manager) {
        p->kind = PRESENT_TEXT;
        return fmt_summary(p, vs, "%s (empty)", name);
    }
    fmt_summary(p, vs, "%s", name);
    return fmt_child(p, vs, "calls", invoker); /* whose name has the type of what it calls */
}

static bool present_atomic(struct values *vs, const struct value *v, struct presentation *p)
{
    static const char *const paths[] = {"_M_i", "_M_base._M_i", "_M_b._M_p", "_M_fp"};
    struct value inside;
    const struct type *t = fmt_argument(v->type, 0);
    if (!t)
        return false;
    for (size_t i = 0; i < ARRAY_LEN(paths); i++) {
        if (!fmt_path(vs, v, paths[i], &inside))
            continue;
        fmt_summary(p, vs, "std::atomic<%s>", fmt_type_name(vs, t));
        return fmt_child(p, vs, NULL, inside);
    }
    return false;
}

/* The suffix of a period of num/den seconds, as C++20 prints durations (time.duration.io). */
static const char *period_suffix(struct values *vs, const struct type *period)
{
    static const struct {
        int64_t num, den;
        const char *suffix;
    } known[] = {
        {1, 1000000000, "ns"}, {1, 1000000, "us"}, {1, 1000, "ms"}, {1, 1, "s"},
        {60, 1, "min"},        {3600, 1, "h"},     {86400, 1, "d"},
    };
    struct template_args ratio = type_template_args(period);
    if (ratio.n < 2 || !ratio.v[0].is_value || !ratio.v[1].is_value)
        return NULL;
    for (size_t i = 0; i < ARRAY_LEN(known); i++)
        if (known[i].num == ratio.v[0].value && known[i].den == ratio.v[1].value)
            return known[i].suffix;
    if (ratio.v[1].value == 1)
        return arena_printf(vs->arena, "[%" PRId64 "]s", ratio.v[0].value);
    return arena_printf(vs->arena, "[%" PRId64 "/%" PRId64 "]s", ratio.v[0].value, ratio.v[1].value);
}

static bool present_duration(struct values *vs, const struct value *v, struct presentation *p)
{
    struct value ticks;
    const struct type *period = fmt_argument(v->type, 1);
    const char *suffix = period ? period_suffix(vs, type_strip(period)) : NULL;
    if (!suffix || !fmt_path(vs, v, "__r", &ticks))
        return false;
    SCOPED(text_done) struct text number = {0};
    format_scalar(vs, &ticks, &format_defaults, &number);
    p->kind = PRESENT_TEXT;
    return fmt_summary(p, vs, "std::chrono::duration = { %s%s }", text_str(&number), suffix);
}

static const struct formatter_row rows[] = {
    {"std::pair", present_pair},
    {"std::tuple", present_tuple},
    {"std::unique_ptr", present_unique_ptr},
    {"std::shared_ptr", present_shared_ptr},
    {"std::weak_ptr", present_weak_ptr},
    {"std::optional", present_optional},
    {"std::variant", present_variant},
    {"std::function", present_function},
    {"std::atomic", present_atomic},
    {"std::chrono::duration", present_duration},
};
const struct formatter_rows libstdcxx_pointer_rows = {rows, ARRAY_LEN(rows)};
