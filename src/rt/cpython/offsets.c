/* SPDX-License-Identifier: Apache-2.0 */
/* The layout that is read by: the table of the version, corrected by the offsets that the interpreter publishes of
 * itself (_Py_DebugOffsets, Include/internal/pycore_debug_offsets.h). Of a version without a table those alone serve,
 * in the order of the newest version that is known; each is checked. */
#include "rt/cpython/find.h"

enum { OFFSET_MAX = 1 << 24 }; /* of a field in a struct of the interpreter */

/* What the interpreter says, as bytes of memory or of its file: a core may leave the page out. */
struct published {
    uint8_t b[2048];
    size_t n;
    const char *bad; /* the first field that cannot be right */
};

static bool read_published(struct rt *rt, const struct py_published *p, struct published *out)
{
    if (p->size > sizeof(out->b) || !py_read(rt, rt->runtime, out->b, p->size))
        return false;
    out->n = p->size;
    return true;
}

static uint64_t word_of(const struct published *p, uint16_t at)
{
    struct cursor c = cursor_of((struct bytes){p->b, p->n}, 0, "_Py_DebugOffsets");
    cursor_seek(&c, at);
    uint64_t v = cursor_u64(&c);
    return c.failed ? UINT64_MAX : v;
}

/* Sizes are no offsets: they are in their own size. */
static void take(struct published *p, struct py_published_at at, const char *name, uint32_t *field)
{
    uint64_t v, size;
    if (at.at == UINT16_MAX)
        return;
    v = word_of(p, at.at);
    size = at.size_at == UINT16_MAX ? OFFSET_MAX : word_of(p, at.size_at);
    if (size > OFFSET_MAX || (at.at == at.size_at ? v == 0 : v >= size)) {
        p->bad = p->bad ? p->bad : name;
        return;
    }
    *field = (uint32_t)v;
}

/* What an interpreter has behind the state of its GIL moves with that, which is published, when a release of the same
 * version has a field more or less before it (3.15.0rc1 and 3.15.2 differ so). */
static void move_unpublished(struct py_layout *l, const struct py_layout *table)
{
    uint32_t *const fields[] = {&l->interp_stop, &l->interp_asyncio_tasks_head, &l->interp_static_types};
    uint32_t by = l->interp_own_gil - table->interp_own_gil; /* modulo 2^32 */
    for (size_t i = 0; i < ARRAY_LEN(fields); i++)
        if (*fields[i] != PY_NONE && *fields[i] + by <= OFFSET_MAX)
            *fields[i] += by;
}

/* Names what cannot be right; NULL: all that is published is taken. */
static const char *take_published(struct rt *rt, const struct py_published *at)
{
    struct published p = {.bad = NULL};
    if (!read_published(rt, at, &p))
        return "the table itself, which is not there";
    struct py_layout l = rt->l;
#define X(field, group, name) take(&p, at->field, group "." name, &l.field);
    PY_PUBLISHED_FIELDS(X)
#undef X
    if (p.bad)
        return p.bad;
    move_unpublished(&l, &rt->l);
    rt->l = l;
    return NULL;
}

static void say_differs(struct rt *rt, const struct py_layout *table)
{
#define X(field, group, name)                                                   \
    if (rt->l.field != table->field && table->field != PY_NONE && !rt->differs) \
        rt->differs = arena_printf(&rt->arena, "%s is %u, %u was expected", group "." name, rt->l.field, table->field);
    PY_PUBLISHED_FIELDS(X)
#undef X
}

/* A version that was not yet there when this was written. */
static struct err *unknown_version(struct rt *rt)
{
    const struct py_layout *newest = py_layout_newest(rt->free_threaded);
    rt->l = *newest;
    const char *bad = newest->published ? take_published(rt, newest->published) : NULL;
    if (bad)
        return err_hint(err_new(ERR_UNSUPPORTED,
                                "Python 3.%u is not known, and what it publishes of itself does not fit: %s",
                                py_minor(rt), bad),
                        "native frames are shown; a newer inquest may know it");
    rt->guessed = true;
    return NULL;
}

struct err *py_choose_layout(struct rt *rt)
{
    uint64_t free_threaded = 0;
    bool publishes = rt->runtime && py_has_cookie(rt, rt->runtime);
    if (publishes && py_word(rt, rt->runtime + PY_FREE_THREADED_AT, &free_threaded))
        rt->free_threaded = free_threaded == 1;
    rt->tagged = py_minor(rt) >= 14;
    const struct py_layout *table = py_layout_find(py_minor(rt), rt->free_threaded);
    if (!table && publishes && py_minor(rt) > 13)
        return unknown_version(rt);
    if (!table)
        return err_new(ERR_UNSUPPORTED, "Python 3.%u is not known", py_minor(rt));
    rt->l = *table;
    const char *bad = publishes && table->published ? take_published(rt, table->published) : NULL;
    if (bad) /* a release that was not yet final may have them in another order */
        rt->differs = arena_printf(&rt->arena, "its own offsets are not used, %s does not fit", bad);
    else
        say_differs(rt, table);
    return NULL;
}
