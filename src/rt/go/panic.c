/* SPDX-License-Identifier: Apache-2.0 */
/* What a goroutine panics with (runtime/panic.go).
 *
 * g._panic is a list, the newest first. Each value is an interface; before the runtime reports one that is an error
 * or a Stringer it puts its text in the value's place. */
#include "rt/go/priv.h"

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
    size_t n = 0;
    if (!l || !go_field(rt, t->object, l->g_panic, &at))
        return 0;
    for (; at && n < max; n++) {
        struct task_panic p = {0};
        if (l->panic_arg != GO_NONE)
            read_value(rt, at + l->panic_arg, &p);
        p.recovered = go_flag(rt, at, l->panic_recovered);
        p.leaving = go_flag(rt, at, l->panic_goexit);
        out[n] = p;
        if (!go_field(rt, at, l->panic_link, &at))
            at = 0;
    }
    return n;
}
