/* SPDX-License-Identifier: Apache-2.0 */
/* Types of Go: what they are to the language, and their names as it writes them. */
#include "value/type_priv.h"
#include "base/mem.h"

#include <inttypes.h>

/* Types without DW_AT_go_kind: those that runtimes and expressions build, and some of Go's own runtime. */
static enum go_kind kind_by_shape(const struct type *t)
{
    if (t->kind == TYPE_STRUCT && t->name && strcmp(t->name, "string") == 0)
        return GO_STRING;
    switch ((enum type_kind)t->kind) {
    case TYPE_BOOL:
        return GO_BOOL;
    case TYPE_CHAR:
    case TYPE_INT:
    case TYPE_ENUM:
        return GO_INT;
    case TYPE_FLOAT:
        return t->size == 4 ? GO_FLOAT32 : GO_FLOAT64;
    case TYPE_COMPLEX:
        return t->size == 8 ? GO_COMPLEX64 : GO_COMPLEX128;
    case TYPE_POINTER:
        return t->target && t->target->kind != TYPE_VOID ? GO_POINTER : GO_UNSAFE_POINTER;
    case TYPE_ARRAY:
        return GO_ARRAY;
    case TYPE_STRUCT:
    case TYPE_CLASS:
        return GO_STRUCT;
    case TYPE_FUNCTION:
        return GO_FUNC;
    case TYPE_ERROR:
    case TYPE_VOID:
    case TYPE_DECIMAL:
    case TYPE_REFERENCE:
    case TYPE_RVALUE_REFERENCE:
    case TYPE_MEMBER_POINTER:
    case TYPE_VECTOR:
    case TYPE_UNION:
    case TYPE_UNSPECIFIED:
    case TYPE_TYPEDEF:
    case TYPE_CONST:
    case TYPE_VOLATILE:
    case TYPE_RESTRICT:
    case TYPE_ATOMIC:
        break;
    }
    return GO_INVALID;
}

const struct type *type_go(const struct type *t, enum go_kind *kind)
{
    const struct type *below = type_strip(t);
    for (int i = 0; i < TYPE_MAX_CHAIN && t && t != below && !t->go_kind; i++)
        t = t->target;
    if (!t)
        t = below;
    *kind = t->go_kind ? (enum go_kind)t->go_kind : kind_by_shape(t);
    return t;
}

const struct type *type_go_part(const struct type *t, uint16_t at)
{
    enum go_kind kind;
    struct dw_die die;
    const struct type *own = type_go(t, &kind);
    if (!own->die.unit || !dw_attr_die(&own->die, at, &die))
        return NULL;
    return type_of_die(own->types, &die);
}

const struct type *type_go_basic(struct types *t, const char *name)
{
    static const struct {
        const char *name, *real;
        uint8_t kind, size;
        bool is_signed;
    } rows[] = {
        {"bool", "bool", TYPE_BOOL, 1, false},
        {"int", "int", TYPE_INT, 8, true},
        {"int8", "int8", TYPE_INT, 1, true},
        {"int16", "int16", TYPE_INT, 2, true},
        {"int32", "int32", TYPE_INT, 4, true},
        {"rune", "int32", TYPE_INT, 4, true},
        {"int64", "int64", TYPE_INT, 8, true},
        {"uint", "uint", TYPE_INT, 8, false},
        {"uint8", "uint8", TYPE_INT, 1, false},
        {"byte", "uint8", TYPE_INT, 1, false},
        {"uint16", "uint16", TYPE_INT, 2, false},
        {"uint32", "uint32", TYPE_INT, 4, false},
        {"uint64", "uint64", TYPE_INT, 8, false},
        {"uintptr", "uintptr", TYPE_INT, 8, false},
        {"float32", "float32", TYPE_FLOAT, 4, true},
        {"float64", "float64", TYPE_FLOAT, 8, true},
        {"complex64", "complex64", TYPE_COMPLEX, 8, true},
        {"complex128", "complex128", TYPE_COMPLEX, 16, true},
        {"untyped int", "untyped int", TYPE_INT, 8, true},
        {"untyped float", "untyped float", TYPE_FLOAT, 8, true},
        {"untyped nil", "untyped nil", TYPE_POINTER, 8, false},
        {"func", "func", TYPE_FUNCTION, 1, false},
    };
    for (size_t i = 0; i < ARRAY_LEN(rows); i++)
        if (strcmp(rows[i].name, name) == 0) {
            struct type *made = (struct type *)(uintptr_t)type_base(t, (enum type_kind)rows[i].kind, rows[i].real,
                                                                    rows[i].size, rows[i].is_signed);
            made->language = DW_LANG_Go;
            if (made->kind == TYPE_COMPLEX)
                made->target = type_go_basic(t, made->size == 8 ? "float32" : "float64");
            return made;
        }
    return NULL;
}

/* A record that expressions make, marked as what it is to the language. */
static const struct type *marked(struct types *t, enum go_kind kind, const char *name, uint64_t size,
                                 const struct field *fields, size_t n)
{
    struct type *made = (struct type *)(uintptr_t)type_record_of(t, TYPE_STRUCT, name, size, fields, n);
    made->language = DW_LANG_Go;
    made->go_kind = (uint8_t)kind;
    return made;
}

const struct type *type_go_inline(struct types *t, enum go_kind kind, const char *name, const struct type *element,
                                  uint64_t count)
{
    const struct field row = {.name = "elements", .type = type_array_of(t, element, count)};
    return marked(t, kind, name, type_strip(element)->size * count, &row, 1);
}

const struct type *type_go_slice_of(struct types *t, const struct type *element)
{
    SCOPED(text_done) struct text name = {0};
    const struct type *number = type_go_basic(t, "int");
    const struct field fields[] = {{.name = "array", .type = type_pointer_to(t, element)},
                                   {.name = "len", .type = number, .bit_offset = 64},
                                   {.name = "cap", .type = number, .bit_offset = 128}};
    text_put(&name, "[]");
    type_name(&name, element, NULL);
    return marked(t, GO_SLICE, text_str(&name), 24, fields, ARRAY_LEN(fields));
}

/* DWARF has the whole name of every type of the program. */
void type_put_go(struct type_printer *p, const struct type *t, const char *inner)
{
    const char *name = t->die.unit ? dw_attr_string(&t->die, DW_AT_name) : t->name;
    if (inner && *inner) {
        text_put_escaped(p->out, inner, strlen(inner));
        text_putc(p->out, ' ');
    }
    if (name) {
        text_put_escaped(p->out, name, strlen(name));
        return;
    }
    if (t->kind == TYPE_POINTER)
        text_putc(p->out, '*');
    else if (t->kind == TYPE_ARRAY && t->count_known)
        text_printf(p->out, "[%" PRIu64 "]", t->count);
    else if (t->kind == TYPE_ARRAY)
        text_put(p->out, "[...]");
    if (t->target)
        type_put(p, t->target, NULL, -1, 0);
    else
        text_put(p->out, "?");
}
