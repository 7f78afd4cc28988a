/* SPDX-License-Identifier: Apache-2.0 */
/* variables: what is in a scope or a value, a page at a time. */
#include "front/dap/priv.h"
#include "value/children.h"

#include <inttypes.h>
#include <string.h>

enum {
    TEXT_ELEMENTS = 50, /* of containers in the text of one value */
    TEXT_DEPTH = 3,
    TEXT_MAX = 4096,     /* bytes of a value's text; "clipboard" has all */
    CHILDREN_MAX = 1000, /* of who asks for no page */
    EXPRESSION_MAX = 1000,
};

/* In place of a child's index: the children after those that were shown. */
#define MORE_BIT ((uint64_t)1 << 43)

/* ---- one value ---- */

static struct format format_of(const struct shown *how)
{
    struct format f = format_defaults;
    f.elements = TEXT_ELEMENTS;
    f.characters = TEXT_MAX;
    f.depth = TEXT_DEPTH;
    if (how->hex)
        f.letter = 'x';
    return f;
}

/* Cut between characters. */
static void shorten(struct text *t)
{
    if (t->n <= TEXT_MAX)
        return;
    size_t n = TEXT_MAX;
    while (n && ((unsigned char)t->p[n] & 0xc0) == 0x80)
        n--;
    t->n = n;
    t->p[n] = 0;
    text_put(t, "...");
}

/* Members that say how its children are asked for. */
static void put_reference(struct dap *d, struct json *j, const struct value *v, const struct shown *how)
{
    struct children c = value_children(session_values(d->session), v);
    struct handle of = {.kind = HANDLE_VALUE, .frame = how->frame, .value = *v, .expression = how->expression};
    json_kv_u64(j, "variablesReference", c.n ? handles_value(&d->handles, &of, &how->key) : 0);
    if (c.n && c.row && c.n <= INT32_MAX)
        json_kv_u64(j, "indexedVariables", c.n);
}

static bool points(const struct type *t)
{
    enum type_kind kind = type_strip(t)->kind;
    return kind == TYPE_POINTER || kind == TYPE_REFERENCE || kind == TYPE_RVALUE_REFERENCE;
}

/* Where its bytes are; of a pointer or a reference, where it points. */
static void put_memory_reference(struct dap *d, struct json *j, const struct value *v)
{
    taddr at = 0;
    uint64_t target = 0;
    bool behind = points(v->type);
    struct err *e = behind ? value_int(session_values(d->session), v, &target) : value_address(v, &at);
    if (!e && (at | target))
        json_kv_hex(j, "memoryReference", behind ? target : at);
    err_free(e); /* it is in no memory */
}

void put_value(struct dap *d, struct json *j, const char *text_key, const struct value *v, const struct err *why,
               const struct shown *how)
{
    struct values *vs = session_values(d->session);
    SCOPED(text_done) struct text text = {0}, type = {0};
    struct format f = format_of(how);
    if (!v) {
        format_problem(&text, err_dup(why));
        json_kv_string(j, text_key, text_str(&text));
        json_kv_u64(j, "variablesReference", 0);
        return;
    }
    format_variable(vs, v, &f, &text);
    shorten(&text);
    type_name(&type, v->type, NULL);
    json_kv_string(j, text_key, text_str(&text));
    json_kv_string(j, "type", text_str(&type));
    put_reference(d, j, v, how);
    put_memory_reference(d, j, v);
}

/* ---- the children of a value ---- */

struct child_listing {
    struct dap *d;
    struct json *j;
    const struct handle *of; /* a copy: making handles moves them */
    uint32_t parent;
    bool hex, behind; /* behind: members of what a pointer points to */
    uint64_t at;
};

/* "->" where the language tells pointers apart. */
static const char *dot_of(const struct child_listing *l)
{
    const struct type *t = l->of->value.type;
    bool arrow = l->behind && !type_is_go(t) && !type_is_rust(t);
    return arrow ? "->" : ".";
}

/* Heap; NULL: no expression is known. */
static char *expression_of(const struct child_listing *l, const struct value_child *c)
{
    const char *whole = l->of->expression;
    if (!whole || strlen(whole) > EXPRESSION_MAX)
        return NULL;
    switch (c->path) {
    case CHILD_SAME:
        return xstrdup(whole);
    case CHILD_MEMBER:
        return xasprintf("%s%s%s", whole, dot_of(l), c->name);
    case CHILD_INDEX:
        return xasprintf(l->behind ? "(*%s)[%" PRId64 "]" : "%s[%" PRId64 "]", whole, c->index);
    case CHILD_TARGET:
        return xasprintf("(*%s)", whole);
    case CHILD_UNNAMED:
        break;
    }
    return NULL;
}

static bool put_child(void *arg, const struct value_child *c)
{
    struct child_listing *l = arg;
    SCOPED(freep) char *expression = expression_of(l, c);
    struct shown how = {l->of->frame, expression, {.parent = l->parent, .index = l->at++}, l->hex};
    json_object_begin(l->j);
    json_kv_string(l->j, "name", c->name);
    put_value(l->d, l->j, "value", c->value, c->why, &how);
    if (expression && c->path != CHILD_SAME)
        json_kv_string(l->j, "evaluateName", expression);
    json_object_end(l->j);
    return true;
}

/* What goes on behind the children that were shown, as one that can be opened. */
static void put_more(struct child_listing *l, uint64_t total)
{
    struct handle of = *l->of;
    struct handle_key key = {.parent = l->parent, .index = l->at | MORE_BIT};
    SCOPED(text_done) struct text text = {0};
    of.first = l->at;
    if (total == UINT64_MAX)
        text_put(&text, "more");
    else
        put_grouped(&text, total - l->at);
    if (total != UINT64_MAX)
        text_put(&text, " more");
    json_object_begin(l->j);
    json_kv_string(l->j, "name", "...");
    json_kv_string(l->j, "value", text_str(&text));
    json_kv_u64(l->j, "variablesReference", handles_value(&l->d->handles, &of, &key));
    json_object_end(l->j);
}

static struct err *put_children(struct dap *d, const struct variables_wish *w, struct json *j)
{
    struct handle of = *w->of;
    const struct vframe *frame;
    struct value v = of.value;
    if (of.frame) {
        TRY(vframe_of_id(d, of.frame, &frame));
        v.frame = frame;
    }
    struct children c = value_children(session_values(d->session), &v);
    struct child_listing l = {d, j, &of, w->number, w->hex, c.behind, of.first + w->first};
    bool other = (w->filter == FILTER_INDEXED && !c.row) || (w->filter == FILTER_NAMED && c.row);
    if (other)
        return NULL;
    uint64_t max = w->max ? w->max : CHILDREN_MAX;
    TRY(children_each(session_values(d->session), &c, l.at, max, put_child, &l));
    bool cut = !w->max && l.at - of.first - w->first == max && l.at < c.n;
    if (cut)
        put_more(&l, c.n);
    return NULL;
}

/* ---- variables ---- */

static enum variables_filter filter_of(const struct incoming *args)
{
    const char *filter = args_string(args, "filter");
    if (!filter)
        return FILTER_NONE;
    return strcmp(filter, "indexed") == 0 ? FILTER_INDEXED : FILTER_NAMED;
}

static struct err *variables(struct dap *d, const struct incoming *args, struct json *body)
{
    struct variables_wish w = {
        .number = (uint32_t)args_count(args, "variablesReference"),
        .filter = filter_of(args),
        .first = args_count(args, "start"),
        .max = args_count(args, "count"),
        .hex = args_bool(incoming_member(args, "format"), "hex"),
    };
    w.of = handles_get(&d->handles, args_integer(args, "variablesReference", 0));
    if (!w.of)
        return err_new(ERR_NOT_FOUND, "there is no variable %" PRId64 " any more",
                       args_integer(args, "variablesReference", 0));
    json_key(body, "variables");
    json_array_begin(body);
    struct err *e = w.of->kind == HANDLE_VALUE ? put_children(d, &w, body) : put_scope_variables(d, &w, body);
    json_array_end(body);
    return e;
}

static const struct request_row rows[] = {{"variables", NEEDS_TARGET, variables}};
const struct request_table dap_variable_requests = {rows, ARRAY_LEN(rows)};
