/* SPDX-License-Identifier: Apache-2.0 */
/* Expressions of Go: names, types, literals, comparisons and the functions that the language has built in. */
#include "value/expr_priv.h"
#include "base/mem.h"
#include "base/text.h"

/* ---- names ---- */

bool go_is_local(void *arg, const char *name)
{
    struct variables all = frame_variables(arg);
    for (size_t i = 0; i < all.n; i++)
        if (strcmp(all.v[i].name, name) == 0)
            return true;
    return false;
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
    const char *last = name ? strrchr(name, '/') : NULL;
    const char *dot = name ? strchr(last ? last : name, '.') : NULL;
    return dot ? arena_strndup(ev->arena, name, (size_t)(dot - name)) : NULL;
}

/* A name of the frame, or of the frame's package, or with its package's path. */
static struct err *find_name(struct eval *ev, const char *name, struct found *out)
{
    const char *package = package_of(ev);
    if (package && !strchr(name, '.') && !go_is_local(ev, name)) {
        TRY(name_find(ev, arena_printf(ev->arena, "%s.%s", package, name), NULL, TAG_NONE, out));
        if (out->kind != FOUND_NOTHING)
            return NULL;
    }
    return name_find(ev, name, NULL, TAG_NONE, out);
}

/* RAX, Rip: the registers of the frame, as Delve calls them. */
static struct err *processor_register(struct eval *ev, const char *name, struct value *out, bool *found)
{
    char lower[16];
    size_t n = strlen(name);
    *found = false;
    if (!ev->env->frame || n >= sizeof(lower) || name[0] < 'A' || name[0] > 'Z')
        return NULL;
    for (size_t i = 0; i <= n; i++)
        lower[i] = name[i] >= 'A' && name[i] <= 'Z' ? (char)(name[i] - 'A' + 'a') : name[i];
    return register_value(ev->vs, ev->env->frame, lower, out, found);
}

static struct err *name_value(struct eval *ev, const struct node *n, struct value *out)
{
    struct found f;
    bool is_register = false;
    TRY(find_name(ev, n->text, &f));
    if (f.kind == FOUND_NOTHING)
        TRY(processor_register(ev, n->text, out, &is_register));
    return is_register ? NULL : found_value(ev, n, &f, out);
}

/* ---- types ---- */

/* The type behind what precedes a name in DWARF: "*", "[4]". */
static const char *element_name(const char *name, uint64_t *count)
{
    char *end;
    *count = 0;
    if (name[0] == '*')
        return name + 1;
    if (name[0] != '[' || name[1] < '0' || name[1] > '9')
        return NULL;
    *count = strtoull(name + 1, &end, 10);
    return *end == ']' ? end + 1 : NULL;
}

/* Go's own spelling of a name, inside of others, too. */
static const char *plain_name(struct eval *ev, const char *name)
{
    if (strcmp(name, "any") == 0)
        return "interface {}";
    if (strcmp(name, "[]byte") == 0)
        return "[]uint8";
    if (strcmp(name, "[]rune") == 0)
        return "[]int32";
    const struct type *basic = type_go_basic(ev->types, name);
    return basic ? basic->name : name;
}

struct err *go_named_type(struct eval *ev, const char *name, const struct type **out)
{
    struct found f;
    uint64_t count;
    const char *element = element_name(name, &count);
    *out = NULL;
    if (element) { /* as long as the name at most */
        TRY(go_named_type(ev, element, out));
        if (*out)
            *out = name[0] == '*' ? type_pointer_to(ev->types, *out) : type_array_of(ev->types, *out, count);
        return NULL;
    }
    name = plain_name(ev, name);
    TRY(find_name(ev, name, &f));
    *out = f.kind == FOUND_TYPE ? f.type : type_go_basic(ev->types, name);
    return NULL;
}

/* A type that is written as an expression: T, *T. */
static struct err *type_of_node(struct eval *ev, const struct node *n, const struct type **out)
{
    *out = NULL;
    if (node_is_type(n))
        return eval_type(ev, n, out);
    if (n->kind == NODE_UNARY && n->op == OP_MUL) {
        TRY(type_of_node(ev, n->a, out));
        if (*out)
            *out = type_pointer_to(ev->types, *out);
        return NULL;
    }
    if (n->kind != NODE_NAME || go_is_local(ev, n->text))
        return NULL;
    return go_named_type(ev, n->text, out);
}

/* ---- literals ---- */

struct value go_int(struct eval *ev, int64_t v)
{
    return value_of_int(ev->vs, type_go_basic(ev->types, "int"), (uint64_t)v);
}

static struct value literal(struct eval *ev, const struct node *n)
{
    switch (n->kind) {
    case NODE_FLOAT:
        return value_of_double(ev->vs, type_go_basic(ev->types, "float64"), n->f);
    case NODE_CHAR:
        return value_of_int(ev->vs, type_go_basic(ev->types, "rune"), n->u);
    case NODE_BOOL:
        return value_of_int(ev->vs, type_go_basic(ev->types, "bool"), n->u);
    case NODE_STRING:
        return value_of_bytes(ev->vs, type_array_of(ev->types, eval_c_type(ev, "char"), n->n), n->text, n->n);
    case NODE_NULLPTR:
        return value_of_int(ev->vs, type_pointer_to(ev->types, eval_c_type(ev, "void")), 0);
    default:
        return go_int(ev, (int64_t)n->u);
    }
}

static bool is_constant(const struct node *n)
{
    return n->kind == NODE_INT || n->kind == NODE_CHAR || n->kind == NODE_FLOAT ||
           (n->kind == NODE_UNARY && (n->op == OP_SUB || n->op == OP_ADD) && is_constant(n->a));
}

/* ---- comparisons and arithmetic ---- */

static struct value truth(struct eval *ev, bool v)
{
    return value_of_int(ev->vs, type_go_basic(ev->types, "bool"), v);
}

static struct err *compare_strings(struct eval *ev, const struct node *n, struct bytes a, struct bytes b,
                                   struct value *out)
{
    size_t least = a.n < b.n ? a.n : b.n;
    int order = least ? memcmp(a.p, b.p, least) : 0;
    if (order == 0)
        order = a.n < b.n ? -1 : a.n > b.n;
    bool result[] = {order == 0, order != 0, order<0, order> 0, order <= 0, order >= 0};
    static const uint8_t ops[] = {OP_EQ, OP_NE, OP_LT, OP_GT, OP_LE, OP_GE};
    for (size_t i = 0; i < ARRAY_LEN(ops); i++)
        if (n->op == ops[i]) {
            *out = truth(ev, result[i]);
            return NULL;
        }
    return eval_fail(ev, n, "strings can only be compared");
}

/* x == nil: the first word of whatever can be nil is 0 then. */
static struct err *compare_nil(struct eval *ev, const struct node *n, struct value *out)
{
    const struct node *x = n->a->kind == NODE_NULLPTR ? n->b : n->a;
    struct value v;
    uint64_t word = 0;
    enum go_kind kind;
    TRY(eval_node(ev, x, &v));
    type_go(v.type, &kind);
    bool may = kind == GO_POINTER || kind == GO_SLICE || kind == GO_MAP || kind == GO_CHAN || kind == GO_FUNC ||
               kind == GO_INTERFACE || kind == GO_UNSAFE_POINTER;
    if (!may || (n->op != OP_EQ && n->op != OP_NE))
        return eval_fail(ev, n, "this value is never nil");
    TRY(value_read(ev->vs, &v, 0, &word, sizeof(word)));
    *out = truth(ev, (word == 0) == (n->op == OP_EQ));
    return NULL;
}

static struct err *binary(struct eval *ev, const struct node *n, struct value *out, bool *done)
{
    struct value a, b;
    struct bytes x, y;
    bool left, right;
    *done = n->op != OP_AND_AND && n->op != OP_OR_OR && n->op != OP_COMMA;
    if (!*done)
        return NULL;
    if (n->a->kind == NODE_NULLPTR || n->b->kind == NODE_NULLPTR)
        return compare_nil(ev, n, out);
    TRY(eval_node(ev, n->a, &a));
    TRY(eval_node(ev, n->b, &b));
    TRY(go_string(ev, &a, &x, &left));
    TRY(go_string(ev, &b, &y, &right));
    if (left && right)
        return compare_strings(ev, n, x, y, out);
    if (!number_is(type_strip(a.type)) || !number_is(type_strip(b.type))) {
        *done = false;
        return NULL;
    }
    if (n->op != OP_SHL && n->op != OP_SHR) { /* a constant takes the type of what it meets */
        if (is_constant(n->a) && !is_constant(n->b))
            TRY(eval_at(ev, n, value_cast(ev->vs, &a, b.type, &a)));
        else if (is_constant(n->b) && !is_constant(n->a))
            TRY(eval_at(ev, n, value_cast(ev->vs, &b, a.type, &b)));
    }
    return number_binary(ev, n, &a, &b, out);
}

/* ---- conversions and built-in functions ---- */

/* string(b), []byte(s): the same bytes, seen otherwise. */
static struct err *convert_bytes(struct eval *ev, const struct node *n, const struct type *to, const struct value *v,
                                 struct value *out, bool *done)
{
    enum go_kind from, kind;
    uint64_t words[3] = {0};
    type_go(v->type, &from);
    type_go(to, &kind);
    *done = (kind == GO_STRING && from == GO_SLICE) || (kind == GO_SLICE && from == GO_STRING);
    if (!*done)
        return NULL;
    const struct type *slice = kind == GO_SLICE ? to : v->type, *element = type_go_part(slice, DW_AT_go_elem);
    if (!element || type_strip(element)->size != 1)
        return eval_fail(ev, n, "only slices of bytes are converted to strings and back");
    TRY(value_read(ev->vs, v, 0, words, 16));
    words[2] = words[1];
    *out = value_of_bytes(ev->vs, to, words, kind == GO_STRING ? 16 : 24);
    return NULL;
}

static struct err *convert(struct eval *ev, const struct node *n, const struct type *to, const struct node *operand,
                           struct value *out)
{
    struct value v;
    bool done;
    TRY(eval_node(ev, operand, &v));
    TRY(convert_bytes(ev, n, to, &v, out, &done));
    return done ? NULL : eval_at(ev, n, value_cast(ev->vs, &v, to, out));
}

/* real(c), imag(c) */
static struct err *part(struct eval *ev, const struct node *n, const struct value *v, bool imaginary, struct value *out)
{
    const struct type *t = type_strip(v->type);
    uint8_t bytes[16];
    if (t->kind != TYPE_COMPLEX || (t->size != 8 && t->size != 16))
        return eval_fail(ev, n, "a complex number is wanted here");
    size_t half = (size_t)t->size / 2;
    TRY(value_read(ev->vs, v, imaginary ? half : 0, bytes, half));
    *out = value_of_bytes(ev->vs, type_go_basic(ev->types, half == 4 ? "float32" : "float64"), bytes, half);
    return NULL;
}

static struct err *built_in(struct eval *ev, const struct node *n, const char *name, struct value *out, bool *done)
{
    static const char *const names[] = {"len", "cap", "real", "imag"};
    struct value v;
    size_t which = 0;
    while (which < ARRAY_LEN(names) && strcmp(names[which], name) != 0)
        which++;
    *done = which < ARRAY_LEN(names);
    if (!*done)
        return NULL;
    if (n->n != 1)
        return eval_fail(ev, n, "%s takes one argument", name);
    TRY(eval_node(ev, n->list->node, &v));
    return which < 2 ? go_length(ev, n, &v, which == 1, out) : part(ev, n, &v, which == 3, out);
}

static struct err *call(struct eval *ev, const struct node *n, struct value *out, bool *done)
{
    const struct type *to;
    if (n->a->kind == NODE_NAME && !go_is_local(ev, n->a->text)) {
        TRY(built_in(ev, n, n->a->text, out, done));
        if (*done)
            return NULL;
    }
    TRY(type_of_node(ev, n->a, &to));
    *done = to != NULL;
    if (!to)
        return NULL; /* a function of the program: refused as in all languages */
    if (n->n != 1)
        return eval_fail(ev, n, "a conversion takes one value");
    return convert(ev, n, to, n->list->node, out);
}

/* ---- all ---- */

struct err *go_evaluate(struct eval *ev, const struct node *n, struct value *out, bool *done)
{
    const struct type *to;
    *done = true;
    switch ((int)n->kind) {
    case NODE_INT:
    case NODE_FLOAT:
    case NODE_CHAR:
    case NODE_STRING:
    case NODE_BOOL:
    case NODE_NULLPTR:
        *out = literal(ev, n);
        return NULL;
    case NODE_NAME:
        return name_value(ev, n, out);
    case NODE_MEMBER:
        return go_member(ev, n, out);
    case NODE_INDEX:
        return go_index(ev, n, out);
    case NODE_CAST:
        if (n->op == CAST_DYNAMIC)
            return go_assertion(ev, n, out);
        TRY(eval_type(ev, n->a, &to));
        return convert(ev, n, to, n->b, out);
    case NODE_BINARY:
        return binary(ev, n, out, done);
    case NODE_CALL:
        return call(ev, n, out, done);
    default:
        *done = false;
        return NULL;
    }
}
