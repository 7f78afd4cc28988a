/* SPDX-License-Identifier: Apache-2.0 */
/* What is known of the interpreter as a whole. */
#include "rt/cpython/priv.h"

static void add(struct rt *rt, const char *key, const char *value, bool setting)
{
    *vec_push(&rt->facts) = (struct rt_fact){.key = key, .value = value, .setting = setting};
}

/* "3.13.0rc2" from PY_VERSION_HEX. */
static const char *version_text(struct rt *rt)
{
    unsigned v = rt->version, level = v >> 4 & 0xf, serial = v & 0xf;
    const char *release = level == 0xa ? "a" : level == 0xb ? "b" : level == 0xc ? "rc" : NULL;
    const char *text = arena_printf(&rt->arena, "%u.%u.%u", v >> 24, v >> 16 & 0xff, v >> 8 & 0xff);
    return release ? arena_printf(&rt->arena, "%s%s%u", text, release, serial) : text;
}

struct err *py_doubt(struct rt *rt)
{
    if (!rt->guessed)
        return NULL;
    return err_hint(err_new(ERR_UNSUPPORTED,
                            "Python %s is newer than what is known: it is read by the offsets that it publishes",
                            version_text(rt)),
                    "frames are checked as far as that goes; values and threads' names may be missing");
}

void py_facts(struct rt *rt, const struct rt_fact **out, size_t *n)
{
    if (!rt->facts.n) {
        add(rt, "version", version_text(rt), false);
        add(rt, "path", rt->module->path, false);
        if (rt->free_threaded)
            add(rt, "free-threaded", "yes", true);
        if (rt->guessed)
            add(rt, "layout", "as the interpreter publishes it: this version is not known", true);
        if (rt->differs)
            add(rt, "differs", rt->differs, true);
    }
    *out = rt->facts.v;
    *n = rt->facts.n;
}
