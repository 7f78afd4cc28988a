/* SPDX-License-Identifier: Apache-2.0 */
/* The table of types, and what its functions share. */
#include "rt/native/formatters.h"

#include "base/map.h"
#include "value/descent.h"

#include <inttypes.h>
#include <stdarg.h>

/* A chain that does not say its length ends here. */
enum { NODES_MAX = 1 << 24 };

/* ---- which row a type has ---- */

struct native_formatters {
    struct formatter hook;
    struct mapstr rows; /* name -> const struct formatter_row * */
};

static void add_rows(struct mapstr *m, const struct formatter_rows *rows)
{
    for (size_t i = 0; i < rows->n; i++)
        *mapstr_put(m, rows->v[i].name, strlen(rows->v[i].name), NULL) = (uintptr_t)&rows->v[i];
}

/* "std::__cxx11::list<int, ...>" is "std::list"; "&[u8]" and "&mut [u8]" are "&[]". */
static size_t row_name(const char *name, char *buf, size_t max)
{
    static const char *const inline_namespaces[] = {"__cxx11::", "__debug::", "_V2::"};
    size_t n = 0;
    if (begins_with(name, "&mut "))
        buf[n++] = '&', name += 5;
    else if (*name == '&')
        buf[n++] = *name++;
    while (*name && *name != '<' && n < max) {
        if (name[0] == '[') {
            buf[n++] = '[';
            if (n < max)
                buf[n++] = ']';
            break;
        }
        size_t skipped = 0;
        for (size_t i = 0; i < ARRAY_LEN(inline_namespaces) && !skipped; i++)
            if (begins_with(name, inline_namespaces[i]))
                skipped = strlen(inline_namespaces[i]);
        name += skipped;
        if (!skipped)
            buf[n++] = *name++;
    }
    return n;
}

static bool present(void *self, struct values *vs, const struct value *v, struct presentation *out)
{
    const struct native_formatters *f = self;
    const struct type *t = type_strip(v->type);
    char name[96];
    if (!t->name || !type_is_record(t))
        return false;
    size_t n = row_name(t->name, name, sizeof(name));
    const uint64_t *slot = mapstr_find(&f->rows, name, n);
    if (!slot)
        return false;
    const struct formatter_row *row = (const struct formatter_row *)(uintptr_t)*slot;
    struct value stripped = *v;
    stripped.type = t;
    *out = (struct presentation){0};
    return row->present(vs, &stripped, out);
}

struct native_formatters *native_formatters_new(void)
{
    struct native_formatters *f = xcalloc(1, sizeof(*f));
    f->hook = (struct formatter){.name = "native", .present = present, .self = f};
    add_rows(&f->rows, &libstdcxx_rows);
    add_rows(&f->rows, &libstdcxx_map_rows);
    add_rows(&f->rows, &libstdcxx_pointer_rows);
    add_rows(&f->rows, &libcxx_rows);
    add_rows(&f->rows, &rust_rows);
    add_rows(&f->rows, &rust_map_rows);
    return f;
}

void native_formatters_free(struct native_formatters *f)
{
    if (!f)
        return;
    mapstr_done(&f->rows);
    free(f);
}

const struct formatter *native_formatter(struct native_formatters *f)
{
    return &f->hook;
}

/* ---- reading ---- */

/* An error here only means that the layout is another one: the bare record says the rest. */
static bool fine(struct err *e)
{
    err_free(e);
    return e == NULL;
}

bool fmt_path(struct values *vs, const struct value *v, const char *path, struct value *out)
{
    struct value at = *v;
    while (*path) {
        size_t n = strcspn(path, ".");
        char name[64];
        if (n >= sizeof(name))
            return false;
        memcpy(name, path, n);
        name[n] = '\0';
        if (!fine(value_member(vs, &at, name, &at)))
            return false;
        path += n + (path[n] == '.');
    }
    *out = at;
    return true;
}

bool fmt_number(struct values *vs, const struct value *v, const char *path, uint64_t *out)
{
    struct value at;
    return fmt_path(vs, v, path, &at) && fine(value_int(vs, &at, out));
}

bool fmt_pointer(struct values *vs, const struct value *v, uint64_t *out)
{
    struct value at = *v;
    for (unsigned depth = 0; depth < 8; depth++) {
        const struct type *t = type_strip(at.type);
        if (t->kind == TYPE_POINTER)
            return fine(value_int(vs, &at, out));
        struct fields f = type_fields(t);
        if (!type_is_record(t) || f.n == 0 || !fine(value_field(vs, &at, &f.v[0], &at)))
            return false;
    }
    return false;
}

unsigned fmt_word_size(const struct values *vs)
{
    return modules_image(vs->ms)->arch->addr_size;
}

bool fmt_word(struct values *vs, taddr at, uint64_t *out)
{
    return modules_word(vs->ms, at, fmt_word_size(vs), out);
}

const struct type *fmt_argument(const struct type *t, size_t i)
{
    struct template_args args = type_template_args(t);
    return i < args.n && !args.v[i].is_value ? args.v[i].type : NULL;
}

static uint64_t alignment(const struct type *t, struct descent *d)
{
    t = type_strip(t);
    if (t->align)
        return t->align;
    bool is_array = t->kind == TYPE_ARRAY && t->target;
    if (!is_array && !type_is_record(t))
        return t->size && t->size <= 16 && (t->size & (t->size - 1)) == 0 ? t->size : 1;
    if (!descent_in(d))
        return 1;
    uint64_t most = is_array ? alignment(t->target, d) : 1;
    struct fields f = is_array ? (struct fields){0} : type_fields(t);
    for (size_t i = 0; i < f.n; i++) {
        uint64_t one = f.v[i].flags & FIELD_STATIC ? 1 : alignment(f.v[i].type, d);
        most = one > most ? one : most;
    }
    descent_out(d);
    return most;
}

taddr fmt_align(const struct type *t, taddr at)
{
    uint64_t a = alignment(t, &(struct descent){0});
    return (at + a - 1) / a * a;
}

const char *fmt_type_name(struct values *vs, const struct type *t)
{
    SCOPED(text_done) struct text name = {0};
    type_name(&name, t, NULL);
    static const struct {
        const char *whole, *alias;
    } aliases[] = {
        {"std::__cxx11::basic_string<char, std::char_traits<char>, std::allocator<char> >", "std::string"},
        {"std::basic_string<char, std::char_traits<char>, std::allocator<char> >", "std::string"},
        {"std::__1::basic_string<char, std::__1::char_traits<char>, std::__1::allocator<char> >", "std::string"},
    };
    for (size_t i = 0; i < ARRAY_LEN(aliases); i++)
        if (strcmp(text_str(&name), aliases[i].whole) == 0)
            return aliases[i].alias;
    return arena_strdup(vs->arena, text_str(&name));
}

/* ---- presenting ---- */

bool fmt_summary(struct presentation *p, struct values *vs, const char *fmt, ...)
{
    va_list ap;
    char *made = NULL;
    va_start(ap, fmt);
    int n = vasprintf(&made, fmt, ap);
    va_end(ap);
    if (n < 0)
        mem_exhausted();
    p->summary = arena_strdup(vs->arena, made);
    free(made);
    return true;
}

bool fmt_counted(struct presentation *p, struct values *vs, const char *name, uint64_t n)
{
    return fmt_summary(p, vs, "%s with %" PRIu64 " element%s", name, n, n == 1 ? "" : "s");
}

static const char *number_name(struct values *vs, uint64_t i)
{
    return arena_printf(vs->arena, "[%" PRIu64 "]", i);
}

static bool next_in_row(struct presentation *p, struct values *vs, struct child *out, struct err **err)
{
    (void)err;
    struct fmt_nodes *it = p->state;
    if (it->done >= it->n)
        return false;
    *out = (struct child){.value = value_at(vs, it->element, it->node + it->done * it->element->size)};
    if (it->numbered)
        out->name = number_name(vs, it->done);
    it->done++;
    return true;
}

static bool set_children(struct presentation *p, struct values *vs, const struct fmt_nodes *it,
                         bool (*next)(struct presentation *, struct values *, struct child *, struct err **))
{
    struct fmt_nodes *state = arena_new(vs->arena, struct fmt_nodes);
    *state = *it;
    p->kind = it->mapped ? PRESENT_MAP : PRESENT_ARRAY;
    p->length = it->n;
    p->next = next;
    p->state = state;
    return true;
}

bool fmt_row(struct presentation *p, struct values *vs, const struct type *element, taddr at, uint64_t n, bool numbered)
{
    struct fmt_nodes row = {.element = element, .node = at, .n = n, .numbered = numbered};
    return element && set_children(p, vs, &row, next_in_row);
}

static bool next_in_array(struct presentation *p, struct values *vs, struct child *out, struct err **err)
{
    (void)vs;
    (void)err;
    struct fmt_nodes *it = p->state;
    if (it->done >= it->n)
        return false;
    *out = (struct child){.value = value_element(&it->pair, type_strip(it->pair.type)->lower + (int64_t)it->done++)};
    return true;
}

bool fmt_array(struct presentation *p, struct values *vs, const struct value *elements)
{
    const struct type *t = type_strip(elements->type);
    if (t->kind != TYPE_ARRAY || !t->count_known)
        return false;
    struct fmt_nodes it = {.n = t->count, .pair = *elements};
    fmt_summary(p, vs, "std::array of length %" PRIu64, t->count);
    return set_children(p, vs, &it, next_in_array);
}

bool fmt_string(struct presentation *p, struct values *vs, const struct type *character, taddr at, uint64_t n)
{
    if (!character)
        return false;
    p->kind = PRESENT_STRING;
    p->length = n;
    p->string = value_at(vs, type_array_of(vs->types, character, n), at);
    return true;
}

struct given {
    const struct child *v;
    size_t n, done;
};

static bool next_given(struct presentation *p, struct values *vs, struct child *out, struct err **err)
{
    (void)vs;
    (void)err;
    struct given *it = p->state;
    if (it->done == it->n)
        return false;
    *out = it->v[it->done++];
    return true;
}

bool fmt_children(struct presentation *p, struct values *vs, const struct child *v, size_t n)
{
    struct child *copy = arena_array(vs->arena, struct child, n);
    struct given *it = arena_new(vs->arena, struct given);
    memcpy(copy, v, n * sizeof(*copy));
    *it = (struct given){.v = copy, .n = n};
    p->kind = v->name ? PRESENT_RECORD : PRESENT_ARRAY;
    p->length = n;
    p->next = next_given;
    p->state = it;
    return true;
}

bool fmt_child(struct presentation *p, struct values *vs, const char *name, struct value v)
{
    return fmt_children(p, vs, &(struct child){.name = name, .value = v}, 1);
}

/* The chain broke before all objects were seen. */
static bool broken(struct fmt_nodes *it, struct err **err)
{
    *err = err_new(ERR_CORRUPT, "the container is damaged after %" PRIu64 " of %" PRIu64 " elements", it->done, it->n);
    it->done = it->n;
    return false;
}

static bool next_node(struct presentation *p, struct values *vs, struct child *out, struct err **err)
{
    struct fmt_nodes *it = p->state;
    if (it->half) { /* the key was given: now what it maps to */
        it->half = false;
        *out = (struct child){0};
        return fmt_path(vs, &it->pair, it->mapped, &out->value) || broken(it, err);
    }
    if (it->done >= it->n)
        return false;
    if (it->done >= NODES_MAX) {
        *err = err_new(ERR_LIMIT, "the container has more than %d elements, or is a circle", NODES_MAX);
        it->n = it->done;
        return false;
    }
    taddr object;
    if (!it->step(vs, it, &object))
        return it->n == UINT64_MAX ? false : broken(it, err);
    struct value v = value_at(vs, it->element, object);
    *out = (struct child){.value = v};
    if (it->key) {
        it->pair = v;
        it->half = it->mapped != NULL;
        if (!fmt_path(vs, &v, it->key, &out->value))
            return broken(it, err);
    }
    if (it->numbered)
        out->name = number_name(vs, it->done);
    it->done++;
    return true;
}

bool fmt_nodes(struct presentation *p, struct values *vs, const struct fmt_nodes *it)
{
    return it->element && set_children(p, vs, it, next_node);
}
