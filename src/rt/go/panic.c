/* SPDX-License-Identifier: Apache-2.0 */
/* What a goroutine panics with, and what the runtime says before it dies (runtime/panic.go, runtime/print.go).
 *
 * g._panic is a list, the newest first. Each value is an interface; before the runtime reports one that is an error
 * or a Stringer it puts its text in the value's place. */
#include "rt/go/priv.h"

enum { BACKLOG = 512 }; /* bytes of runtime.printBacklog */

static bool in_program(const struct rt *rt, taddr at)
{
    return modules_find(rt->ms, at) != NULL;
}

static void read_value(struct rt *rt, taddr eface, struct task_panic *out)
{
    uint64_t type, data;
    struct go_type t;
    if (!go_word(rt, eface, &type) || !go_word(rt, eface + 8, &data))
        return;
    out->value = eface;
    if (!type) {
        out->text = "nil";
        return;
    }
    struct err *e = go_type_read(rt, type, &rt->arena, &t);
    err_free(e); /* then the type is not known */
    if (e)
        return;
    out->type = t.name;
    out->text = go_panic_text(rt, &t, data);
    /* A constant of the program is what was given to panic(); a string made since may be an error's text. */
    if (strcmp(t.name, "string") == 0 && !in_program(rt, data))
        out->type = NULL;
}

size_t go_panics(struct rt *rt, const struct task *t, struct task_panic *out, size_t max)
{
    const struct go_layout *l = rt->layout;
    uint64_t at;
    uint8_t flag;
    size_t n = 0;
    if (!l || !go_word(rt, t->object + l->g_panic, &at))
        return 0;
    for (; at && n < max; n++) {
        struct task_panic p = {0};
        read_value(rt, at + l->panic_arg, &p);
        p.recovered = modules_read_some(rt->ms, at + l->panic_recovered, &flag, 1) == 1 && flag;
        p.leaving = modules_read_some(rt->ms, at + l->panic_goexit, &flag, 1) == 1 && flag;
        out[n] = p;
        if (!go_word(rt, at + l->panic_link, &at))
            at = 0;
    }
    return n;
}

/* ---- fatal errors ---- */

/* The last line of the backlog that begins so. */
static const char *last_line(struct rt *rt, const char *backlog)
{
    static const char says[] = "fatal error: ";
    const char *found = NULL;
    for (const char *p = strstr(backlog, says); p; p = strstr(p + 1, says))
        found = p + sizeof(says) - 1;
    const char *end = found ? strchr(found, '\n') : NULL;
    return end && end != found ? arena_strndup(&rt->arena, found, (size_t)(end - found)) : NULL;
}

static bool is_dying(struct rt *rt)
{
    struct go_ms ms = go_threads(rt);
    uint64_t dying = 0;
    for (size_t i = 0; i < ms.n && !dying; i++)
        if (!modules_word(rt->ms, ms.v[i].at + rt->layout->m_dying, 4, &dying))
            dying = 0;
    return dying != 0;
}

/* What was printed before threads began to die is in a ring. */
const char *go_fatal(struct rt *rt)
{
    taddr backlog, index;
    uint64_t at;
    char ring[BACKLOG], text[BACKLOG + 1];
    if (!rt->layout || !is_dying(rt) || !go_symbol(rt, "runtime.printBacklog", &backlog) ||
        !go_symbol(rt, "runtime.printBacklogIndex", &index) || !go_word(rt, index, &at) || at >= BACKLOG ||
        modules_read_some(rt->ms, backlog, ring, BACKLOG) != BACKLOG)
        return NULL;
    size_t n = 0;
    for (size_t i = 0; i < BACKLOG; i++) { /* the oldest byte is at the index */
        char c = ring[(at + i) % BACKLOG];
        if (c)
            text[n++] = c;
    }
    text[n] = 0;
    return last_line(rt, text);
}
