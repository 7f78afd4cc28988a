/* SPDX-License-Identifier: Apache-2.0 */
/* What a program calls its threads: threading._active has a Thread for each that its module knows. */
#include "rt/cpython/object.h"

enum { NAME_MAX_CHARS = 1000, NAMED_MAX = 1 << 17 };

static bool number_of(struct rt *rt, taddr object, const char *name, int64_t *out)
{
    taddr value;
    return py_attr(rt, object, name, &value) && py_int(rt, value, out);
}

/* One Thread; those that no thread has yet, or any more, are nobody's. `by_ident`: index + 1 in rt->threads. */
static void take_name(struct rt *rt, const struct map64 *by_ident, taddr object)
{
    int64_t ident, daemon;
    taddr name;
    const uint64_t *found = number_of(rt, object, "_ident", &ident) ? map64_find(by_ident, (uint64_t)ident) : NULL;
    if (!found)
        return;
    struct rt_thread *t = &rt->threads.v[*found - 1];
    if (py_attr(rt, object, "_name", &name))
        t->name = py_name(rt, name, NAME_MAX_CHARS);
    if (number_of(rt, object, "_daemonic", &daemon))
        t->daemon = daemon != 0;
}

void py_name_threads(struct rt *rt, taddr interpreter, uint64_t number)
{
    uint64_t modules, space;
    taddr module, active;
    struct py_items items;
    struct py_item item;
    struct map64 by_ident = {0};
    const struct py_type *t;
    if (!py_field(rt, interpreter, rt->l.interp_modules, &modules) || !py_dict_get(rt, modules, "threading", &module) ||
        !py_field(rt, module, rt->l.module_dict, &space) || !py_dict_get(rt, space, "_active", &active) ||
        !(t = py_type(rt, active)) || !py_items_begin(rt, active, t, &items))
        return;
    for (size_t i = 0; i < rt->threads.n; i++) {
        uint64_t ident;
        if (rt->threads.v[i].interpreter == number && py_field(rt, rt->threads.v[i].object, rt->l.thread_id, &ident))
            *map64_put(&by_ident, ident, NULL) = i + 1;
    }
    for (size_t i = 0; i < NAMED_MAX && py_items_next(&items, &item); i++)
        take_name(rt, &by_ident, item.value);
    map64_done(&by_ident);
}
