/* SPDX-License-Identifier: Apache-2.0 */
/* Go's runtime types: abi.Type has stood at these offsets since Go 1.14 (runtime/type.go, internal/abi/type.go). */
#include "rt/go/priv.h"

#include <inttypes.h>

enum {
    TYPE_SIZE = 0,
    TYPE_FLAGS = 20,
    TYPE_ALIGN = 21,
    TYPE_FIELD_ALIGN = 22,
    TYPE_KIND = 23,
    TYPE_STR = 40,
    TYPE_BYTES = 48,
    KIND_MASK = 31,
    KIND_DIRECT = 1 << 5,     /* until Go 1.25 */
    FLAG_DIRECT = 1 << 5,     /* from Go 1.26 */
    FLAG_EXTRA_STAR = 1 << 1, /* the name is written with a '*' that it does not have */
    NAME_MAX_BYTES = 4096,
    ALIGN_MAX = 64,
    ITAB_TYPE = 8, /* of runtime.itab: behind the interface's own type */
};

static const struct go_module *module_with_type(const struct rt *rt, taddr at)
{
    for (size_t i = 0; i < rt->modules.n; i++)
        if (at >= rt->modules.v[i].types && at < rt->modules.v[i].etypes)
            return &rt->modules.v[i];
    return NULL;
}

/* abi.Name: a byte of flags, the length as varint, the bytes. */
static const char *read_name(struct rt *rt, taddr at, bool star, struct arena *a)
{
    uint8_t head[4];
    if (modules_read_some(rt->ms, at, head, sizeof(head)) != sizeof(head) || (head[1] & 0x80 && head[2] & 0x80))
        return NULL;
    size_t n = head[1] & 0x80 ? (size_t)(head[1] & 0x7f) | (size_t)head[2] << 7 : head[1];
    at += head[1] & 0x80 ? 3 : 2;
    if (star && n) {
        at++;
        n--;
    }
    n = n < NAME_MAX_BYTES ? n : NAME_MAX_BYTES;
    char *name = arena_alloc(a, n + 1);
    name[n] = 0;
    return modules_read_some(rt->ms, at, name, n) == n ? name : NULL;
}

static struct err *no_type(taddr at)
{
    return err_at(err_new(ERR_CORRUPT, "no type of Go at 0x%" PRIx64, at), ERR_AT_ADDRESS, at);
}

static bool is_alignment(uint8_t n)
{
    return n && n <= ALIGN_MAX && (n & (n - 1)) == 0;
}

/* Where registers that hold something else by then often point. */
static bool in_code(const struct rt *rt, taddr at)
{
    for (size_t i = 0; i < rt->modules.n; i++)
        if (at >= rt->modules.v[i].text && at < rt->modules.v[i].etext)
            return true;
    return false;
}

struct err *go_type_read(struct rt *rt, taddr at, struct arena *a, struct go_type *out)
{
    uint8_t b[TYPE_BYTES];
    int32_t str;
    const struct go_module *m = module_with_type(rt, at);
    /* reflect makes types at run time, whose names are not offsets into a module: their kind is known at least. */
    if (modules_read_some(rt->ms, at, b, sizeof(b)) != sizeof(b))
        return no_type(at);
    struct go_type t = {.at = at, .kind = b[TYPE_KIND] & KIND_MASK};
    memcpy(&t.size, b + TYPE_SIZE, sizeof(t.size));
    memcpy(&str, b + TYPE_STR, sizeof(str));
    bool by_flag = !rt->build.minor || rt->build.minor >= 26;
    t.direct = by_flag ? b[TYPE_FLAGS] & FLAG_DIRECT : b[TYPE_KIND] & KIND_DIRECT;
    if (t.kind == GO_INVALID || t.kind > GO_UNSAFE_POINTER || !is_alignment(b[TYPE_ALIGN]) ||
        !is_alignment(b[TYPE_FIELD_ALIGN]) || t.size % b[TYPE_ALIGN] || in_code(rt, at))
        return no_type(at);
    if (m && str > 0)
        t.name = read_name(rt, m->types + (uint64_t)str, b[TYPE_FLAGS] & FLAG_EXTRA_STAR, a);
    if (!t.name && m)
        return no_type(at);
    if (!t.name)
        t.name = arena_printf(a, "type made at run time at 0x%" PRIx64, at);
    *out = t;
    return NULL;
}

/* ---- DWARF ---- */

static void add_die(struct rt *rt, const struct go_module *m, const struct dw_die *die)
{
    struct dw_value v;
    taddr offset;
    bool fresh;
    if (!dw_attr(die, DW_AT_go_runtime_type, &v))
        return;
    if (v.cls == DW_CLASS_ADDRESS || v.cls == DW_CLASS_ADDRX) {
        if (!dw_value_address(die->unit, &v, &offset))
            return;
    } else {
        offset = v.u;
    }
    if (!offset)
        return;
    uint64_t *slot = map64_put(&rt->dwarf_types, m->types + offset, &fresh);
    if (!fresh)
        return;
    *slot = rt->type_dies.n;
    *vec_push(&rt->type_dies) = *die;
}

static void add_unit(struct rt *rt, const struct go_module *m, struct dw_unit *u)
{
    struct dw_die root, die;
    struct dw_walk w;
    if (dw_unit_root(u)->language != DW_LANG_Go || !dw_die_root(u, &root))
        return;
    dw_walk_init(&w, &root);
    while (dw_walk_next(&w, &die)) {
        dw_walk_skip(&w);
        switch (dw_tag(&die)) {
        case DW_TAG_base_type:
        case DW_TAG_structure_type:
        case DW_TAG_pointer_type:
        case DW_TAG_array_type:
        case DW_TAG_typedef:
        case DW_TAG_subroutine_type:
            add_die(rt, m, &die);
            break;
        case DW_TAG_constant:
            go_constant_add(rt, &die);
            break;
        default:
            break;
        }
    }
}

void go_dwarf_list(struct rt *rt, struct values *vs)
{
    if (rt->tried_types)
        return;
    rt->tried_types = true;
    for (size_t i = 0; i < rt->modules.n; i++) {
        struct dwarf *d = rt->modules.v[i].types ? module_dwarf(rt->modules.v[i].module) : NULL;
        if (!d)
            continue;
        const struct dw_units *units = dwarf_units(d, false);
        for (size_t k = 0; k < units->n && !progress_cancelled(vs->progress); k++)
            add_unit(rt, &rt->modules.v[i], &units->v[k]);
    }
    go_constants_sort(rt);
}

const struct type *go_type_dwarf(struct rt *rt, struct values *vs, taddr at)
{
    go_dwarf_list(rt, vs);
    const uint64_t *slot = map64_find(&rt->dwarf_types, at);
    return slot ? type_of_die(vs->types, &rt->type_dies.v[*slot]) : NULL;
}

/* ---- interfaces ---- */

/* runtime.eface {_type, data} and runtime.iface {tab, data}: runtime/runtime2.go. */
struct err *go_interface(struct rt *rt, struct values *vs, const struct value *v, bool *nil, struct go_type *type,
                         taddr *data)
{
    struct value words = *v, member;
    uint64_t first;
    words.type = type_strip(v->type);
    struct err *e = value_member(vs, &words, "tab", &member);
    bool methods = !e;
    err_free(e); /* then it has no methods */
    if (!methods)
        TRY(value_member(vs, &words, "_type", &member));
    TRY(value_int(vs, &member, &first));
    TRY(go_number(vs, &words, "data", data));
    *nil = first == 0;
    if (*nil)
        return NULL;
    if (methods && !go_word(rt, first + ITAB_TYPE, &first))
        return no_type(first);
    return go_type_read(rt, first, vs->arena, type);
}
