/* SPDX-License-Identifier: Apache-2.0 */
/* Containers as text: their elements between their brackets. */
#include "rt/cpython/repr.h"

enum {
    DEQUE_MAX_LENGTH = 64, /* Modules/_collectionsmodule.c */
    DEFAULT_FACTORY = 48,  /* defdictobject: behind the dict */
    COUNTS_MAX = 10000,    /* of a Counter, that are sorted */
};

/* What stands around the elements, and for an empty one. */
struct brackets {
    const char *open, *close, *empty, *cycle;
};

static struct brackets brackets_of(const struct py_type *t)
{
    switch ((int)t->kind) {
    case PYK_LIST:
        return (struct brackets){"[", "]", "[]", "[...]"};
    case PYK_TUPLE:
        return (struct brackets){"(", ")", "()", "(...)"};
    case PYK_DICT:
        return (struct brackets){"{", "}", "{}", "{...}"};
    case PYK_SET:
        return (struct brackets){t->exact ? "{" : "({", t->exact ? "}" : "})", "()", "(...)"};
    case PYK_FROZENSET:
        return (struct brackets){"({", "})", "()", "(...)"};
    case PYK_DEQUE:
        return (struct brackets){"([", "]", "([]", "[...]"}; /* its bracket comes behind maxlen */
    case PYK_DEFAULTDICT:
        return (struct brackets){"{", "}", "{}", "..."};
    case PYK_ORDERED_DICT:
        return (struct brackets){"({", "})", "()", "..."};
    case PYK_COUNTER:
        return (struct brackets){"({", "})", "()", "..."};
    case PYK_DICT_KEYS:
    case PYK_DICT_VALUES:
    case PYK_DICT_ITEMS:
        return (struct brackets){"([", "])", "([])", "..."};
    default:
        return (struct brackets){"({", "})", "({})", "{...}"};
    }
}

/* Containers that say what they are. */
static bool is_named(const struct py_type *t, bool empty)
{
    return t->kind != PYK_LIST && t->kind != PYK_TUPLE && t->kind != PYK_DICT &&
           (t->kind != PYK_SET || !t->exact || empty);
}

/* In the versions before 3.12 an OrderedDict shows a list of pairs. */
static bool shows_pairs(const struct repr *r, const struct py_type *t)
{
    return t->kind == PYK_DICT_ITEMS || (t->kind == PYK_ORDERED_DICT && py_minor(r->rt) < 12);
}

static void put_item(struct repr *r, const struct py_items *it, const struct py_item *item, bool pairs)
{
    if (it->shape == PY_SHAPE_MAP) {
        text_put(r->out, pairs ? "(" : "");
        repr_put(r, item->key);
        text_put(r->out, pairs ? ", " : ": ");
    } else if (it->shape == PY_SHAPE_NAMED) {
        if (item->name)
            repr_put_name(r, item->name);
        else
            repr_put_str_name(r, item->key);
        text_putc(r->out, '=');
    }
    repr_put(r, item->value);
    text_put(r->out, it->shape == PY_SHAPE_MAP && pairs ? ")" : "");
}

static void put_rest(struct repr *r, const struct py_items *it, uint64_t n, bool more)
{
    if (it->bad || it->corrupt) {
        repr_next(r, n);
        if (it->bad)
            repr_put_unreadable(r, it->bad);
        else
            text_put(r->out, "<the rest is damaged>");
    } else if (more) {
        repr_next(r, n);
        text_put(r->out, "...");
        if (it->length != UINT64_MAX && it->length > n)
            text_printf(r->out, "+%" PRIu64 " more", it->length - n);
    }
}

static uint64_t put_all(struct repr *r, struct py_items *it, bool pairs)
{
    struct py_item item;
    uint64_t n = 0, limit = r->f->elements ? r->f->elements : UINT64_MAX;
    bool any = py_items_next(it, &item);
    for (; any && n < limit && !repr_must_stop(r); n++) {
        repr_next(r, n);
        put_item(r, it, &item, pairs);
        any = py_items_next(it, &item);
    }
    put_rest(r, it, n, any);
    return n;
}

void repr_put_items(struct repr *r, struct py_items *it, const char *open, const char *close)
{
    if (open)
        repr_open(r, open);
    else
        repr_next(r, 1);
    put_all(r, it, false);
    if (open)
        repr_close(r, close);
}

/* Instead of what is in it. */
static void put_size(struct repr *r, const struct py_items *it, const struct py_type *t)
{
    text_putc(r->out, '<');
    repr_put_name(r, t->name);
    text_printf(r->out, " of %" PRIu64 ">", it->length);
}

/* ---- Counter: the most common first ---- */

struct count {
    struct py_item item;
    int64_t n;
    uint64_t place;
};

static int by_count(const void *a, const void *b)
{
    const struct count *x = a, *y = b;
    if (x->n != y->n)
        return x->n < y->n ? 1 : -1;
    return x->place < y->place ? -1 : x->place > y->place;
}

/* False: not all of it are counts that can be sorted; nothing was written. */
static bool put_counts(struct repr *r, struct py_items *it)
{
    VEC(struct count) all = {0};
    struct py_item item;
    bool good = it->length <= COUNTS_MAX;
    while (good && py_items_next(it, &item)) {
        struct count c = {.item = item, .place = all.n};
        good = py_int(r->rt, item.value, &c.n);
        *vec_push(&all) = c;
    }
    good = good && !it->bad && !it->corrupt;
    if (good && all.n)
        qsort(all.v, all.n, sizeof(*all.v), by_count);
    uint64_t limit = r->f->elements ? r->f->elements : UINT64_MAX, n = 0;
    for (; good && n < all.n && n < limit && !repr_must_stop(r); n++) {
        repr_next(r, n);
        put_item(r, it, &all.v[n].item, false);
    }
    if (good)
        put_rest(r, it, n, n < all.n);
    vec_done(&all);
    return good;
}

/* ---- all ---- */

static void put_elements(struct repr *r, struct py_items *it, taddr at, const struct py_type *t)
{
    uint64_t n;
    if (t->kind == PYK_COUNTER) {
        if (put_counts(r, it))
            return;
        py_items_begin(r->rt, at, t, it);
    }
    n = put_all(r, it, shows_pairs(r, t));
    if (t->kind == PYK_TUPLE && n == 1 && it->length == 1)
        text_putc(r->out, ',');
}

static void put_max_length(struct repr *r, taddr at)
{
    uint64_t max;
    if (py_field(r->rt, at, py_offset(r->rt, DEQUE_MAX_LENGTH), &max) && (int64_t)max >= 0)
        text_printf(r->out, ", maxlen=%" PRIu64, max);
}

void repr_container(struct repr *r, taddr at, const struct py_type *t)
{
    struct py_items it;
    struct brackets b = brackets_of(t);
    if (repr_is_cycle(r, at)) {
        if (*b.cycle == '(' && t->kind != PYK_TUPLE)
            repr_put_name(r, t->name);
        text_put(r->out, b.cycle);
        return;
    }
    if (!py_items_begin(r->rt, at, t, &it)) {
        if (it.bad)
            repr_put_unreadable(r, it.bad);
        else
            repr_put_corrupt(r, at, t);
        return;
    }
    bool empty = !it.length, pairs = shows_pairs(r, t);
    if (!empty && (r->summary || (r->f->depth && r->level > r->f->depth))) {
        put_size(r, &it, t);
        return;
    }
    if (is_named(t, empty))
        repr_put_name(r, t->name);
    if (t->kind == PYK_DEFAULTDICT) {
        text_putc(r->out, '(');
        repr_put_field(r, at, py_offset(r->rt, DEFAULT_FACTORY));
        text_put(r->out, ", ");
    }
    if (empty) {
        text_put(r->out, b.empty);
    } else {
        repr_open(r, pairs ? "([" : b.open);
        put_elements(r, &it, at, t);
        repr_close(r, pairs ? "])" : b.close);
    }
    if (t->kind == PYK_DEFAULTDICT) {
        text_putc(r->out, ')');
    } else if (t->kind == PYK_DEQUE) {
        put_max_length(r, at);
        text_putc(r->out, ')');
    }
}
