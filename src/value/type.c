/* SPDX-License-Identifier: Apache-2.0 */
/* Types that are made of others, and walks over qualifiers and typedefs. */
#include "value/type_priv.h"

#include "base/mem.h"
#include "value/index.h"

#include <inttypes.h>

struct types *types_new(struct modules *ms, struct index *index)
{
    struct types *t = xcalloc(1, sizeof(*t));
    t->ms = ms;
    t->index = index;
    t->error = type_new(t, TYPE_ERROR);
    struct type *nothing = type_new(t, TYPE_VOID);
    nothing->name = nothing->tag = "void";
    t->nothing = nothing;
    return t;
}

void types_use_index(struct types *t, struct index *index)
{
    t->index = index;
}

void types_free(struct types *t)
{
    if (!t)
        return;
    map64_done(&t->by_die);
    mapstr_done(&t->by_parts);
    map64_done(&t->namespaces);
    dw_scopes_done(&t->scopes);
    arena_done(&t->arena);
    free(t);
}

struct type *type_new(struct types *t, enum type_kind kind)
{
    struct type *type = arena_new(&t->arena, struct type);
    type->kind = (uint8_t)kind;
    type->types = t;
    return type;
}

/* What tells one made type from another. */
struct parts {
    const struct type *target;
    uint64_t number; /* elements, or bytes */
    uint8_t kind;
    uint8_t flag;
    char name[];
};

/* The type that is already made of these parts; else a new one, and *fresh. */
static struct type *made(struct types *t, const struct type *target, enum type_kind kind, uint64_t number, bool flag,
                         const char *name, bool *fresh)
{
    size_t n = sizeof(struct parts) + strlen(name) + 1;
    struct parts *p = arena_alloc(&t->arena, n);
    p->target = target;
    p->number = number;
    p->kind = (uint8_t)kind;
    p->flag = flag;
    memcpy(p->name, name, strlen(name) + 1);
    uint64_t *slot = mapstr_put(&t->by_parts, (const char *)p, n, fresh);
    if (!*fresh)
        return (struct type *)(uintptr_t)*slot;
    struct type *type = type_new(t, kind);
    *slot = (uint64_t)(uintptr_t)type;
    type->target = target;
    if (target) {
        type->language = target->language;
    }
    return type;
}

/* Bytes of an address in the target. */
static uint64_t address_size(const struct types *t)
{
    return modules_image(t->ms)->arch->addr_size;
}

static const struct type *indirection(struct types *t, const struct type *to, enum type_kind kind)
{
    bool fresh;
    struct type *type = made(t, to, kind, 0, false, "", &fresh);
    if (fresh)
        type->size = address_size(t);
    return type;
}

const struct type *type_pointer_to(struct types *t, const struct type *to)
{
    return indirection(t, to, TYPE_POINTER);
}

const struct type *type_reference_to(struct types *t, const struct type *to)
{
    return indirection(t, to, TYPE_REFERENCE);
}

const struct type *type_rvalue_reference_to(struct types *t, const struct type *to)
{
    return indirection(t, to, TYPE_RVALUE_REFERENCE);
}

/* Addresses of types as text, which tells made types apart. */
static void put_identity(struct text *out, const struct type *t)
{
    text_printf(out, "%p,", (const void *)t);
}

const struct type *type_member_pointer_to(struct types *t, const struct type *to, const struct type *owner)
{
    bool fresh;
    SCOPED(text_done) struct text key = {0};
    put_identity(&key, owner);
    struct type *type = made(t, to, TYPE_MEMBER_POINTER, 0, false, text_str(&key), &fresh);
    if (fresh) {
        /* Itanium C++ ABI 2.3: an offset; of a method, its address or place in the vtable, and what to add to this. */
        type->size = type_strip(to)->kind == TYPE_FUNCTION ? 2 * address_size(t) : address_size(t);
        type->owner = owner;
    }
    return type;
}

const struct type *type_function_of(struct types *t, const struct type *result, const struct type *const *parameters,
                                    size_t n, bool variadic)
{
    bool fresh;
    SCOPED(text_done) struct text key = {0};
    for (size_t i = 0; i < n; i++)
        put_identity(&key, parameters[i]);
    if (!parameters)
        text_put(&key, "?");
    struct type *type = made(t, result, TYPE_FUNCTION, n, variadic, text_str(&key), &fresh);
    if (!fresh)
        return type;
    type->unprototyped = !parameters;
    struct field *fields = arena_array(&t->arena, struct field, n ? n : 1);
    for (size_t i = 0; i < n; i++)
        fields[i].type = parameters[i];
    type->variadic = variadic;
    struct type_more *more = type_more(type);
    more->have |= MORE_PARAMETERS;
    more->parameters = (struct fields){.v = fields, .n = n};
    return type;
}

const struct type *type_record_of(struct types *t, enum type_kind kind, const char *name, uint64_t size,
                                  const struct field *fields, size_t n)
{
    bool fresh;
    SCOPED(text_done) struct text key = {0};
    text_printf(&key, "%s;", name ? name : "");
    for (size_t i = 0; i < n; i++) {
        put_identity(&key, fields[i].type);
        text_printf(&key, "%s@%" PRIu64 ";", fields[i].name ? fields[i].name : "", fields[i].bit_offset);
    }
    struct type *type = made(t, NULL, kind, size, false, text_str(&key), &fresh);
    if (!fresh)
        return type;
    struct field *copy = arena_array(&t->arena, struct field, n ? n : 1);
    for (size_t i = 0; i < n; i++) {
        copy[i] = fields[i];
        copy[i].name = fields[i].name ? arena_strdup(&t->arena, fields[i].name) : NULL;
    }
    type->size = size;
    type->name = type->tag = name ? arena_strdup(&t->arena, name) : NULL;
    struct type_more *more = type_more(type);
    more->have |= MORE_FIELDS;
    more->fields = (struct fields){.v = copy, .n = n};
    return type;
}

const struct type *type_foreign(struct types *t, uint16_t language, const char *name, uint64_t size)
{
    bool fresh;
    SCOPED(text_done) struct text key = {0};
    text_printf(&key, "%u:%s", language, name);
    struct type *type = made(t, NULL, TYPE_STRUCT, size, true, text_str(&key), &fresh);
    if (!fresh)
        return type;
    type->foreign = true;
    type->language = language;
    type->size = size;
    type->name = type->tag = arena_strdup(&t->arena, name);
    struct type_more *more = type_more(type);
    more->have |= MORE_FIELDS;
    return type;
}

static const struct type *row_of(struct types *t, enum type_kind kind, const struct type *element, uint64_t count)
{
    bool fresh;
    struct type *type = made(t, element, kind, count, false, "", &fresh);
    if (fresh) {
        type->count = count;
        type->count_known = true;
        if (__builtin_mul_overflow(count, element->size, &type->size))
            type->size = 0;
    }
    return type;
}

const struct type *type_array_of(struct types *t, const struct type *element, uint64_t count)
{
    return row_of(t, TYPE_ARRAY, element, count);
}

const struct type *type_vector_of(struct types *t, const struct type *element, uint64_t count)
{
    return row_of(t, TYPE_VECTOR, element, count);
}

const struct type *type_with(struct types *t, const struct type *of, enum type_kind qualifier)
{
    bool fresh;
    struct type *type = made(t, of, qualifier, 0, false, "", &fresh);
    if (fresh) {
        type->size = of->size;
        type->incomplete = of->incomplete;
    }
    return type;
}

const struct type *type_base(struct types *t, enum type_kind kind, const char *name, uint64_t size, bool is_signed)
{
    bool fresh;
    struct type *type = made(t, NULL, kind, size, is_signed, name, &fresh);
    if (fresh) {
        type->size = size;
        type->is_signed = is_signed;
        type->name = type->tag = arena_strdup(&t->arena, name);
    }
    return type;
}

/* Sizes of the LP64 and ILP32 ABIs of the processors that image/arch knows. */
const struct type *type_c(struct types *t, const char *name)
{
    uint64_t word = address_size(t);
    const struct {
        const char *name;
        uint8_t kind;
        bool is_signed;
        uint64_t size;
    } known[] = {
        {"char", TYPE_CHAR, true, 1},
        {"signed char", TYPE_CHAR, true, 1},
        {"unsigned char", TYPE_CHAR, false, 1},
        {"short", TYPE_INT, true, 2},
        {"unsigned short", TYPE_INT, false, 2},
        {"int", TYPE_INT, true, 4},
        {"unsigned int", TYPE_INT, false, 4},
        {"long", TYPE_INT, true, word},
        {"unsigned long", TYPE_INT, false, word},
        {"long long", TYPE_INT, true, 8},
        {"unsigned long long", TYPE_INT, false, 8},
        {"__int128", TYPE_INT, true, 16},
        {"unsigned __int128", TYPE_INT, false, 16},
        {"float", TYPE_FLOAT, true, 4},
        {"double", TYPE_FLOAT, true, 8},
        {"long double", TYPE_FLOAT, true, 16},
        {"bool", TYPE_BOOL, false, 1},
        {"_Bool", TYPE_BOOL, false, 1},
    };
    if (strcmp(name, "void") == 0)
        return t->nothing;
    const char *spelling = type_c_spelling(name);
    for (size_t i = 0; i < ARRAY_LEN(known); i++)
        if (strcmp(known[i].name, spelling ? spelling : name) == 0)
            return type_base(t, (enum type_kind)known[i].kind, known[i].name, known[i].size, known[i].is_signed);
    return NULL;
}

const struct type *type_rust(struct types *t, const char *name)
{
    uint64_t word = address_size(t);
    const struct {
        const char *name;
        uint8_t kind;
        bool is_signed;
        uint64_t size;
    } known[] = {
        {"bool", TYPE_BOOL, false, 1}, {"char", TYPE_CHAR, false, 4},    {"i8", TYPE_INT, true, 1},
        {"i16", TYPE_INT, true, 2},    {"i32", TYPE_INT, true, 4},       {"i64", TYPE_INT, true, 8},
        {"i128", TYPE_INT, true, 16},  {"isize", TYPE_INT, true, word},  {"u8", TYPE_INT, false, 1},
        {"u16", TYPE_INT, false, 2},   {"u32", TYPE_INT, false, 4},      {"u64", TYPE_INT, false, 8},
        {"u128", TYPE_INT, false, 16}, {"usize", TYPE_INT, false, word}, {"f32", TYPE_FLOAT, true, 4},
        {"f64", TYPE_FLOAT, true, 8},  {"str", TYPE_INT, false, 1},
    };
    for (size_t i = 0; i < ARRAY_LEN(known); i++) {
        bool fresh;
        if (strcmp(known[i].name, name) != 0)
            continue;
        /* The language tells it from a type of C with the same name. */
        struct type *type = made(t, NULL, (enum type_kind)known[i].kind, known[i].size | (uint64_t)DW_LANG_Rust << 32,
                                 known[i].is_signed, name, &fresh);
        type->size = known[i].size;
        type->is_signed = known[i].is_signed;
        type->name = type->tag = known[i].name;
        type->language = DW_LANG_Rust;
        return type;
    }
    return NULL;
}

static bool is_qualifier(const struct type *t)
{
    return t->kind == TYPE_CONST || t->kind == TYPE_VOLATILE || t->kind == TYPE_RESTRICT || t->kind == TYPE_ATOMIC;
}

static const struct type *walk(const struct type *t, bool typedefs, bool qualifiers)
{
    struct types *all = t->types;
    for (int hop = 0; hop < TYPE_MAX_CHAIN; hop++) {
        if (!(typedefs && t->kind == TYPE_TYPEDEF) && !(qualifiers && is_qualifier(t)))
            return t;
        t = t->target ? t->target : all->nothing;
    }
    return all->error;
}

const struct type *type_below_typedefs(const struct type *t)
{
    return walk(t, true, false);
}

const struct type *type_unqualified(const struct type *t)
{
    return walk(t, false, true);
}

const struct type *type_strip(const struct type *t)
{
    return walk(t, true, true);
}

/* A class may be declared as a struct and the other way round. */
static bool defines(const struct type *found, const struct type *declared)
{
    bool same = type_is_record(declared)
                    ? type_is_record(found) && (found->kind == TYPE_UNION) == (declared->kind == TYPE_UNION)
                    : found->kind == declared->kind;
    return same && !found->incomplete;
}

static const struct type *find_definition(const struct type *t)
{
    struct index_hits hits;
    struct types *all = t->types;
    const struct module *own = t->die.unit ? t->die.unit->file->module : NULL;
    struct err *e = index_find(all->index, t->name, INDEX_TYPE, false, own, &hits);
    if (e) {
        err_free(e); /* cancelled: the declaration is what there is this time */
        return NULL;
    }
    for (size_t i = 0; i < hits.n; i++) {
        if (!hits.v[i].die.unit || hits.v[i].declaration)
            continue;
        const struct type *found = type_of_die_in(all, &hits.v[i].die, t->language);
        if (defines(found, t))
            return found;
    }
    return t;
}

const struct type *type_complete(const struct type *t)
{
    if (!t->incomplete || !t->name || !t->types->index || (!type_is_record(t) && t->kind != TYPE_ENUM))
        return t;
    struct type_more *more = type_more(t);
    if (!more->complete)
        more->complete = find_definition(t);
    return more->complete ? more->complete : t;
}

bool type_language_is_c(uint16_t language)
{
    return language == DW_LANG_C || language == DW_LANG_C89 || language == DW_LANG_C99 || language == DW_LANG_C11 ||
           language == DW_LANG_C17;
}

bool type_is_cxx(const struct type *t)
{
    const char *name = dw_language_name(t->language);
    return name && strcmp(name, "c++") == 0;
}

bool type_is_rust(const struct type *t)
{
    return t->language == DW_LANG_Rust;
}

bool type_is_go(const struct type *t)
{
    return t->language == DW_LANG_Go;
}

struct type_more *type_more(const struct type *t)
{
    struct type *own = (struct type *)(uintptr_t)t;
    if (!own->more)
        own->more = arena_new(&own->types->arena, struct type_more);
    return own->more;
}

static bool same_text(const char *a, const char *b)
{
    return a == b || (a && b && strcmp(a, b) == 0);
}

static bool equal(const struct type *a, const struct type *b, unsigned *left);

static bool equal_fields(struct fields a, struct fields b, unsigned *left)
{
    if (a.n != b.n)
        return false;
    for (size_t i = 0; i < a.n; i++)
        if (!same_text(a.v[i].name, b.v[i].name) || a.v[i].bit_offset != b.v[i].bit_offset ||
            a.v[i].bit_size != b.v[i].bit_size || !equal(a.v[i].type, b.v[i].type, left))
            return false;
    return true;
}

/* Named records are the same by their names and sizes (C++'s one definition rule; in C what a program that
 * mixes two of the same size would want); `left` only ends what damage makes endless. */
static bool equal(const struct type *a, const struct type *b, unsigned *left)
{
    if (a == b)
        return true;
    if (!*left || !--*left || a->kind != b->kind || !same_text(a->name, b->name) || a->count != b->count ||
        a->count_known != b->count_known || (a->size != b->size && !a->incomplete && !b->incomplete))
        return false;
    if (a->kind == TYPE_FUNCTION &&
        (a->variadic != b->variadic || !equal_fields(type_parameters(a), type_parameters(b), left)))
        return false;
    if (type_is_record(a) && !a->name && !equal_fields(type_fields(a), type_fields(b), left))
        return false;
    if (a->owner != b->owner && (!a->owner || !b->owner || !equal(a->owner, b->owner, left)))
        return false;
    if (!a->target || !b->target)
        return a->target == b->target || (a->target ? a->target : b->target)->kind == TYPE_VOID;
    return equal(a->target, b->target, left);
}

bool type_equal(const struct type *a, const struct type *b)
{
    unsigned left = 10000;
    return equal(a, b, &left);
}
