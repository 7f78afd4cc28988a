/* SPDX-License-Identifier: Apache-2.0 */
/* Names and types of Go as a programmer writes them: those of the frame's own package without its name, packages by
 * their last component, and types that the program has under its full name or that are put together here. */
#include "value/expr_priv.h"
#include "base/mem.h"

enum { TYPE_LEVELS = 64 };

/* ---- names ---- */

bool go_is_local(void *arg, const char *name)
{
    struct variables all = frame_variables(arg);
    for (size_t i = 0; i < all.n; i++)
        if (strcmp(all.v[i].name, name) == 0)
            return true;
    return false;
}

/* Behind the last '/' outside of brackets: "list[net/http.Header]" has none. */
static const char *last_component(const char *name)
{
    size_t end = strcspn(name, "[");
    for (size_t i = end; i > 0; i--)
        if (name[i - 1] == '/')
            return name + i;
    return name;
}

/* "net/http.(*Server).Serve" is in "net/http"; NULL: no function is known. */
static const char *package_of(struct eval *ev)
{
    struct dw_die function, origin;
    if (!frame_function(ev, &function))
        return NULL;
    const char *name = dw_attr_string(&function, DW_AT_name);
    if (!name && dw_attr_die(&function, DW_AT_abstract_origin, &origin))
        name = dw_attr_string(&origin, DW_AT_name);
    const char *dot = name ? strchr(last_component(name), '.') : NULL;
    return dot ? arena_strndup(ev->arena, name, (size_t)(dot - name)) : NULL;
}

/* Is the unit a package with this name (which its path ends with, or DW_AT_go_package_name says)? */
static bool is_package(struct dw_unit *u, const char *name, size_t n)
{
    struct dw_die root;
    const struct dw_root *r = dw_unit_root(u);
    if (r->language != DW_LANG_Go || !r->name)
        return false;
    const char *last = last_component(r->name);
    if (strlen(last) == n && memcmp(last, name, n) == 0)
        return true;
    const char *said = dw_die_root(u, &root) ? dw_attr_string(&root, DW_AT_go_package_name) : NULL;
    return said && strlen(said) == n && memcmp(said, name, n) == 0;
}

/* fs.PathError: in whichever package of that name has it. */
static struct err *find_in_packages(struct eval *ev, const char *name, struct found *out)
{
    size_t n = strcspn(name, ".[(");
    *out = (struct found){.kind = FOUND_NOTHING};
    if (name[n] != '.' || n == 0)
        return NULL;
    for (size_t i = 0; i < modules_count(ev->vs->ms); i++) {
        struct dwarf *d = module_dwarf(modules_get(ev->vs->ms, i));
        const struct dw_units *units = d ? dwarf_units(d, false) : NULL;
        for (size_t k = 0; units && k < units->n; k++) {
            const char *path = dw_unit_root(&units->v[k])->name;
            if (!is_package(&units->v[k], name, n) || strncmp(path, name, n + 1) == 0)
                continue;
            TRY(name_find(ev, arena_printf(ev->arena, "%s%s", path, name + n), NULL, TAG_NONE, out));
            if (out->kind != FOUND_NOTHING)
                return NULL;
        }
    }
    return NULL;
}

struct err *go_find_name(struct eval *ev, const char *name, struct found *out)
{
    const char *package = package_of(ev);
    if (package && !strchr(name, '.') && !go_is_local(ev, name)) {
        TRY(name_find(ev, arena_printf(ev->arena, "%s.%s", package, name), NULL, TAG_NONE, out));
        if (out->kind != FOUND_NOTHING)
            return NULL;
    }
    TRY(name_find(ev, name, NULL, TAG_NONE, out));
    return out->kind == FOUND_NOTHING && !strchr(name, '/') ? find_in_packages(ev, name, out) : NULL;
}

struct err *go_classify(void *arg, const char *name, enum name_class *out)
{
    struct found f;
    TRY(go_find_name(arg, name, &f));
    *out = f.kind == FOUND_NOTHING ? NAME_UNKNOWN : f.kind == FOUND_TYPE ? NAME_TYPE : NAME_OBJECT;
    return NULL;
}

/* ---- types ---- */

/* A prefix that makes a type of the one behind it. */
struct prefix {
    enum { PREFIX_NONE, PREFIX_POINTER, PREFIX_SLICE, PREFIX_ARRAY, PREFIX_CHANNEL, PREFIX_MAP } kind;
    uint64_t count;   /* PREFIX_ARRAY */
    const char *text; /* as DWARF writes it; of a map its key alone */
    const char *rest;
};

static bool map_prefix(struct eval *ev, const char *name, struct prefix *out)
{
    unsigned level = 1;
    const char *c = name + strlen("map[");
    for (; *c && level; c++)
        level += *c == '[' ? 1 : *c == ']' ? -1u : 0;
    if (level)
        return false;
    const char *key = name + strlen("map[");
    *out = (struct prefix){PREFIX_MAP, 0, arena_strndup(ev->arena, key, (size_t)(c - 1 - key)), c};
    return true;
}

static struct prefix prefix_of(struct eval *ev, const char *name)
{
    static const char *const channels[] = {"chan ", "<-chan ", "chan<- "};
    struct prefix p = {.kind = PREFIX_NONE};
    char *end;
    if (name[0] == '*')
        return (struct prefix){PREFIX_POINTER, 0, "*", name + 1};
    if (begins_with(name, "[]"))
        return (struct prefix){PREFIX_SLICE, 0, "[]", name + 2};
    if (begins_with(name, "map[") && map_prefix(ev, name, &p))
        return p;
    for (size_t i = 0; i < ARRAY_LEN(channels); i++)
        if (begins_with(name, channels[i]))
            return (struct prefix){PREFIX_CHANNEL, 0, channels[i], name + strlen(channels[i])};
    if (name[0] != '[' || name[1] < '0' || name[1] > '9')
        return p;
    p.count = strtoull(name + 1, &end, 10);
    if (*end == ']') {
        p.kind = PREFIX_ARRAY;
        p.rest = end + 1;
        p.text = arena_strndup(ev->arena, name, (size_t)(p.rest - name));
    }
    return p;
}

static struct err *find_type(struct eval *ev, const char *name, unsigned level, const struct type **out,
                             const char **full);

/* "[]*point" as DWARF has it, "[]*main.point", or a type made of its parts. */
static struct err *find_made(struct eval *ev, const struct prefix *p, unsigned level, const struct type **out,
                             const char **full)
{
    const struct type *below, *key;
    const char *inner, *key_name;
    struct found f;
    TRY(find_type(ev, p->rest, level + 1, &below, &inner));
    *full = arena_printf(ev->arena, "%s%s", p->text, inner);
    if (p->kind == PREFIX_MAP) {
        TRY(find_type(ev, p->text, level + 1, &key, &key_name));
        *full = arena_printf(ev->arena, "map[%s]%s", key_name, inner);
    }
    TRY(name_find(ev, *full, NULL, TAG_NONE, &f));
    if (f.kind == FOUND_TYPE)
        *out = f.type;
    else if (!below)
        *out = NULL;
    else if (p->kind == PREFIX_POINTER)
        *out = type_pointer_to(ev->types, below);
    else if (p->kind == PREFIX_ARRAY)
        *out = type_array_of(ev->types, below, p->count);
    else if (p->kind == PREFIX_SLICE)
        *out = type_go_slice_of(ev->types, below);
    else
        *out = NULL; /* maps and channels that the program has not */
    return NULL;
}

/* Go's own spelling of a name. */
static const char *plain_name(struct eval *ev, const char *name)
{
    if (strcmp(name, "any") == 0)
        return "interface {}";
    const struct type *basic = type_go_basic(ev->types, name);
    return basic ? basic->name : name;
}

static struct err *find_type(struct eval *ev, const char *name, unsigned level, const struct type **out,
                             const char **full)
{
    struct found f;
    *out = NULL;
    *full = name;
    if (level > TYPE_LEVELS)
        return err_new(ERR_LIMIT, "the type is nested too deeply");
    struct prefix p = prefix_of(ev, name);
    if (p.kind != PREFIX_NONE)
        return find_made(ev, &p, level, out, full);
    *full = name = plain_name(ev, name);
    TRY(go_find_name(ev, name, &f));
    *out = f.kind == FOUND_TYPE ? f.type : type_go_basic(ev->types, name);
    if (!*out && strcmp(name, "string") == 0) /* before a program says what one is */
        *out = type_go_inline(ev->types, GO_STRING, name, type_go_basic(ev->types, "uint8"), 0);
    if (*out)
        *full = go_type_text(ev, *out);
    return NULL;
}

struct err *go_named_type(struct eval *ev, const char *name, const struct type **out)
{
    const char *full;
    return find_type(ev, name, 0, out, &full);
}

/* The variable or package that a written type would begin with. */
static bool begins_with_local(struct eval *ev, const struct node *n)
{
    while ((n->kind == NODE_MEMBER || n->kind == NODE_INDEX) && n->a)
        n = n->a;
    return n->kind != NODE_NAME || go_is_local(ev, n->text);
}

struct err *go_type_of_node(struct eval *ev, const struct node *n, const struct type **out)
{
    *out = NULL;
    if (node_is_type(n))
        return eval_type(ev, n, out);
    if (n->kind == NODE_UNARY && n->op == OP_MUL) {
        if (n->a->kind == NODE_STRING) /* Delve's (*"net/http.Server")(address) */
            TRY(go_named_type(ev, n->a->text, out));
        else
            TRY(go_type_of_node(ev, n->a, out));
        if (*out)
            *out = type_pointer_to(ev->types, *out);
        return NULL;
    }
    bool written =
        n->kind == NODE_NAME || n->kind == NODE_MEMBER || (n->kind == NODE_INDEX && n->b->kind != NODE_RANGE);
    return written && !begins_with_local(ev, n) ? go_named_type(ev, go_text(ev, n), out) : NULL;
}
