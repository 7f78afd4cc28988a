/* SPDX-License-Identifier: Apache-2.0 */
/* Numbers, enumerations and pointers by their type. */
#include "module/dwarf_const.h"
#include "value/format_priv.h"
#include "value/register.h"

/* ---- addresses ---- */

static bool put_symbol(struct printer *p, taddr at, const char *before)
{
    struct module *m = modules_find(p->vs->ms, at);
    struct symbol s;
    if (!m || !module_symbol(m, at, &s))
        return false;
    char *plain SCOPED(freep) = demangle(s.name);
    const char *name = plain ? plain : s.name;
    text_printf(p->out, "%s<", before);
    text_put_escaped(p->out, name, strlen(name));
    if (at > s.addr)
        text_printf(p->out, "+%" PRIu64, at - s.addr);
    text_putc(p->out, '>');
    return true;
}

bool print_address(struct printer *p, taddr at, bool symbol)
{
    if (p->f->addresses)
        text_printf(p->out, "0x%" PRIx64, at);
    bool named = symbol && put_symbol(p, at, p->f->addresses ? " " : "");
    return p->f->addresses || named;
}

void print_code_address(struct printer *p, taddr at)
{
    print_address(p, at, true);
}

/* ---- enumerations ---- */

/* What stands before the names of an enumeration: of C++'s `enum class` and of Rust its own name, of others
 * the scope that it is in. */
static void put_enum_scope(struct printer *p, const struct type *t)
{
    bool own = type_is_rust(t) || (t->die.unit && dw_attr_flag(&t->die, DW_AT_enum_class));
    if (!t->name || !(type_is_cxx(t) || type_is_rust(t)))
        return;
    size_t n = strlen(t->name), tag = t->tag ? strlen(t->tag) : 0;
    if (own) {
        text_put_escaped(p->out, t->name, n);
        text_put(p->out, "::");
    } else if (tag && tag < n && strcmp(t->name + n - tag, t->tag) == 0) {
        text_put_escaped(p->out, t->name, n - tag);
    }
}

static void put_enumerator(struct printer *p, const struct type *t, const struct enumerator *e)
{
    put_enum_scope(p, t);
    text_put_escaped(p->out, e->name, strlen(e->name));
}

static void print_flags(struct printer *p, const struct type *t, const struct enumerators *all, uint64_t v)
{
    bool first = true;
    if (v == 0)
        text_putc(p->out, '0');
    for (size_t i = 0; i < all->n && v; i++) {
        uint64_t mask = (uint64_t)all->v[i].value;
        if (!(v & mask))
            continue;
        text_put(p->out, first ? "(" : " | ");
        put_enumerator(p, t, &all->v[i]);
        v &= ~mask;
        first = false;
    }
    if (v)
        text_printf(p->out, first ? "(unknown: 0x%" PRIx64 : " | unknown: 0x%" PRIx64, v);
    if (v || !first)
        text_putc(p->out, ')');
}

static void print_enum(struct printer *p, const struct type *t, const struct scalar *s)
{
    struct enumerators all = type_enumerators(t);
    uint64_t v = scalar_u64(s);
    for (size_t i = 0; i < all.n; i++) {
        uint64_t want = (uint64_t)all.v[i].value;
        if (s->size < sizeof(want) && !t->is_signed)
            want &= (UINT64_C(1) << s->size * 8) - 1;
        if (want == v) {
            put_enumerator(p, t, &all.v[i]);
            return;
        }
    }
    if (all.flags)
        print_flags(p, t, &all, v);
    else
        print_radix(p->out, s, t->is_signed ? 'd' : 'u');
}

/* ---- pointers ---- */

static void print_pointer(struct printer *p, const struct type *t, const struct scalar *s)
{
    taddr at = scalar_u64(s);
    const struct type *target = t->target ? type_strip(t->target) : NULL;
    if (target && target->kind == TYPE_FUNCTION) {
        print_code_address(p, at);
        return;
    }
    if (type_is_rust(t) && print_rust_pointer(p, t, at))
        return;
    bool wrote = print_address(p, at, p->f->symbols);
    struct text_kind kind = t->target ? text_kind_of(t->target, p->f->letter) : (struct text_kind){.width = 0};
    if (kind.width && at && !type_is_rust(t)) {
        if (wrote)
            text_putc(p->out, ' ');
        print_string_at(p, at, kind);
    }
}

static const struct field *member_at(const struct type *owner, uint64_t offset)
{
    struct fields fields = type_fields(owner);
    for (size_t i = 0; i < fields.n; i++) {
        const struct field *f = &fields.v[i];
        if (!(f->flags & (FIELD_STATIC | FIELD_VIRTUAL | FIELD_BASE)) && f->name && f->bit_offset == offset * 8)
            return f;
    }
    return NULL;
}

static void put_qualified(struct printer *p, const struct type *owner, const char *name)
{
    text_put(p->out, "&");
    if (owner->name)
        text_put_escaped(p->out, owner->name, strlen(owner->name));
    text_put(p->out, "::");
    text_put_escaped(p->out, name, strlen(name));
}

/* The name of the virtual function in a slot of a class's vtable; NULL: it has none there. */
static const char *virtual_function(const struct type *owner, uint64_t slot, unsigned depth)
{
    struct dw_die die;
    const struct type *t = type_complete(owner);
    for (bool ok = t->die.unit && dw_die_child(&t->die, &die); ok; ok = dw_die_next(&die)) {
        struct dw_value at;
        uint64_t n;
        if (dw_tag(&die) != DW_TAG_subprogram || !dw_attr(&die, DW_AT_vtable_elem_location, &at))
            continue;
        struct cursor c = cursor_of(at.block, 0, "DW_AT_vtable_elem_location");
        uint8_t op = cursor_u8(&c);
        n = op >= DW_OP_lit0 && op <= DW_OP_lit31 ? (uint64_t)(op - DW_OP_lit0) : cursor_uleb(&c);
        if ((op == DW_OP_constu || (op >= DW_OP_lit0 && op <= DW_OP_lit31)) && !c.failed && n == slot)
            return dw_attr_string(&die, DW_AT_linkage_name);
    }
    struct fields fields = type_fields(t);
    for (size_t i = 0; i < fields.n && depth < LEVEL_MAX / 8; i++)
        if (fields.v[i].flags & FIELD_BASE && fields.v[i].bit_offset == 0)
            return virtual_function(type_strip(fields.v[i].type), slot, depth + 1);
    return NULL;
}

/* Itanium C++ ABI 2.3: the address of the function, or 1 plus the offset in the vtable; then what is added to
 * the object's address. */
static void print_method_pointer(struct printer *p, const struct type *t, const struct scalar *s)
{
    uint64_t target = scalar_u64(s), adjust;
    unsigned word = modules_image(p->vs->ms)->arch->addr_size;
    memcpy(&adjust, s->bytes + 8, sizeof(adjust));
    if (target == 0) {
        text_put(p->out, "NULL");
        return;
    }
    if (target & 1) {
        const char *name = t->owner ? virtual_function(type_strip(t->owner), (target - 1) / word, 0) : NULL;
        char *plain SCOPED(freep) = name ? demangle(name) : NULL;
        if (name)
            text_printf(p->out, "&virtual %s", plain ? plain : name);
        else
            text_printf(p->out, "&virtual table offset %" PRIu64, target - 1);
    } else {
        text_putc(p->out, '(');
        type_name(p->out, t, NULL);
        text_put(p->out, ") ");
        print_code_address(p, target);
    }
    if (adjust)
        text_printf(p->out, ", this adjustment %" PRId64, (int64_t)adjust);
}

static void print_member_pointer(struct printer *p, const struct type *t, const struct scalar *s)
{
    if (s->size == 16) {
        print_method_pointer(p, t, s);
        return;
    }
    int64_t offset = (int64_t)scalar_u64(s);
    const struct type *owner = t->owner ? type_strip(t->owner) : NULL;
    const struct field *f = owner && offset >= 0 ? member_at(owner, (uint64_t)offset) : NULL;
    if (offset == -1)
        text_put(p->out, "NULL");
    else if (f)
        put_qualified(p, owner, f->name);
    else
        text_printf(p->out, "%" PRId64, offset);
}

/* ---- all ---- */

static void print_bool(struct printer *p, const struct scalar *s)
{
    uint64_t v = scalar_u64(s);
    if (v > 1)
        text_printf(p->out, "%" PRIu64, v);
    else
        text_put(p->out, v ? "true" : "false");
}

static void print_int(struct printer *p, const struct type *declared, const struct type *t, const struct scalar *s)
{
    if (type_is_rust(t) && t->size == 0) {
        text_put(p->out, "()");
        return;
    }
    print_radix(p->out, s, t->is_signed ? 'd' : 'u');
    struct text_kind kind = text_kind_of(declared, p->f->letter);
    if (!kind.width)
        return;
    text_putc(p->out, ' ');
    if (type_is_rust(t))
        print_rust_char(p, s);
    else
        print_char(p, s, kind);
}

void print_complex(struct printer *p, const struct type *t, const struct scalar *s)
{
    enum real_format f = real_format_of(modules_image(p->vs->ms)->arch, t);
    size_t half = s->size / 2u;
    real_print(f, s->bytes, p->out);
    text_put(p->out, " + ");
    real_print(f, s->bytes + half, p->out);
    text_putc(p->out, 'i');
}

void print_scalar(struct printer *p, const struct type *declared, const struct scalar *s)
{
    const struct type *t = type_strip(declared);
    if (p->f->letter && p->f->letter != 's' && p->f->letter != 'r') {
        print_by_letter(p, t, s);
        return;
    }
    switch ((enum type_kind)t->kind) {
    case TYPE_BOOL:
        print_bool(p, s);
        break;
    case TYPE_CHAR:
    case TYPE_INT:
        if (!register_flags(t, scalar_u64(s), p->out))
            print_int(p, declared, t, s);
        break;
    case TYPE_FLOAT:
        real_print(real_format_of(modules_image(p->vs->ms)->arch, t), s->bytes, p->out);
        break;
    case TYPE_COMPLEX:
        print_complex(p, t, s);
        break;
    case TYPE_ENUM:
        print_enum(p, t, s);
        break;
    case TYPE_POINTER:
        print_pointer(p, t, s);
        break;
    case TYPE_MEMBER_POINTER:
        print_member_pointer(p, t, s);
        break;
    case TYPE_UNSPECIFIED:
        print_radix(p->out, s, 'u');
        break;
    case TYPE_DECIMAL:
        if (!decimal_print(s->bytes, s->size, p->out))
            text_put(p->out, "<invalid float value>");
        break;
    case TYPE_ERROR:
    case TYPE_VOID:
    case TYPE_REFERENCE:
    case TYPE_RVALUE_REFERENCE:
    case TYPE_ARRAY:
    case TYPE_VECTOR:
    case TYPE_STRUCT:
    case TYPE_CLASS:
    case TYPE_UNION:
    case TYPE_FUNCTION:
    case TYPE_TYPEDEF:
    case TYPE_CONST:
    case TYPE_VOLATILE:
    case TYPE_RESTRICT:
    case TYPE_ATOMIC:
        text_put(p->out, "<error type>");
        break;
    }
}
