/* SPDX-License-Identifier: Apache-2.0 */
/* What a program consists of, by its function table: functions, their packages, their source files. Stripped programs
 * have it, too. */
#include "rt/go/priv.h"

#include <stdlib.h>

enum { PACKAGE_MAX = 4096 };

struct collecting {
    struct rt *rt;
    struct mapstr met;
    VEC(const char *) names;
};

static void collecting_done(struct collecting *c)
{
    mapstr_done(&c->met);
    vec_done(&c->names);
}

static void add(struct collecting *c, const char *name, size_t n)
{
    bool fresh;
    if (!n || !(mapstr_put(&c->met, name, n, &fresh), fresh))
        return;
    *vec_push(&c->names) = name[n] ? arena_strndup(&c->rt->arena, name, n) : name;
}

/* "net/http" of "net/http.(*Server).Serve", "gopkg.in/yaml%2ev3" of that with a dot in its last part; "" when it belongs
 * to none: assembly, what the compiler made for a type. */
static size_t package_length(const char *function)
{
    size_t slash = 0, n = 0;
    if (begins_with(function, "type:") || begins_with(function, "go:") || begins_with(function, "type.."))
        return 0;
    for (; function[n] && function[n] != '[' && function[n] != '(' && n < PACKAGE_MAX; n++)
        if (function[n] == '/')
            slash = n;
    const char *dot = strchr(function + slash, '.');
    bool blank = begins_with(function, "_."); /* of a function that the source calls _ */
    return dot && dot < function + n + 1 && !blank ? (size_t)(dot - function) : 0;
}

static void add_function(struct collecting *c, enum rt_names kind, const struct go_module *m, uint32_t i)
{
    struct go_function f;
    if (!pclntab_function(&m->table, i, &f) || !*f.name)
        return;
    if (kind == RT_FUNCTIONS)
        add(c, f.name, strlen(f.name));
    else
        add(c, f.name, package_length(f.name));
}

static void add_files(struct collecting *c, const struct go_module *m)
{
    struct cursor at = cursor_of(m->table.files, 0, m->table.what);
    for (uint32_t i = 0; i < m->table.n_files && !at.failed && cursor_left(&at); i++) {
        const char *name = cursor_cstr(&at);
        if (name)
            add(c, name, strlen(name));
    }
}

static int by_name(const void *a, const void *b)
{
    return strcmp(*(const char *const *)a, *(const char *const *)b);
}

void go_names(struct rt *rt, enum rt_names kind, const char *const **out, size_t *n)
{
    SCOPED(collecting_done) struct collecting c = {.rt = rt};
    for (size_t i = 0; i < rt->modules.n; i++) {
        const struct go_module *m = &rt->modules.v[i];
        for (uint32_t k = 0; kind != RT_SOURCES && k < m->table.n_functions; k++)
            add_function(&c, kind, m, k);
        if (kind == RT_SOURCES)
            add_files(&c, m);
    }
    const char **names = arena_array(&rt->arena, const char *, c.names.n);
    if (c.names.n) {
        memcpy(names, c.names.v, c.names.n * sizeof(*names));
        qsort(names, c.names.n, sizeof(*names), by_name);
    }
    *out = names;
    *n = c.names.n;
}
