/* SPDX-License-Identifier: Apache-2.0 */
/* Which version an interpreter is, by what it says itself: a constant, its table of offsets, or the text that
 * sys.version is made of. */
#include "rt/cpython/find.h"

#include <ctype.h>

enum {
    CHUNK = 1 << 20,
    TEXT_MAX = 24, /* "3.10.13rc12+ (" and more */
    LEVEL_FINAL = 0xf,
    LEVEL_CANDIDATE = 0xc,
};

static bool number(const char **p, const char *end, unsigned max, unsigned *out)
{
    unsigned v = 0;
    const char *s = *p;
    while (s < end && isdigit((unsigned char)*s) && v <= max)
        v = v * 10 + (unsigned)(*s++ - '0');
    if (s == *p || v > max)
        return false;
    *p = s;
    *out = v;
    return true;
}

/* "a1", "b2", "rc1" after the number (PY_RELEASE_LEVEL of patchlevel.h); nothing: final. */
static unsigned release(const char **p, const char *end)
{
    unsigned level = LEVEL_FINAL, serial = 0;
    if (end - *p > 1 && (**p == 'a' || **p == 'b')) {
        level = (unsigned)(**p - 'a') + 0xa;
        *p += 1;
    } else if (end - *p > 2 && (*p)[0] == 'r' && (*p)[1] == 'c') {
        level = LEVEL_CANDIDATE;
        *p += 2;
    } else {
        return level << 4;
    }
    return level << 4 | (number(p, end, 15, &serial) ? serial : 0);
}

/* "3.9.18" at the start of the text, as PY_VERSION_HEX; *used: its length. */
static bool parse(const char *s, const char *end, uint32_t *out, size_t *used)
{
    unsigned minor, micro;
    const char *p = s;
    if (end - s < 5 || p[0] != '3' || p[1] != '.')
        return false;
    p += 2;
    if (!number(&p, end, 99, &minor) || p >= end || *p++ != '.' || !number(&p, end, 99, &micro))
        return false;
    *out = 3u << 24 | minor << 16 | micro << 8 | release(&p, end);
    if (p < end && *p == '+')
        p++;
    *used = (size_t)(p - s);
    return true;
}

/* What Py_GetVersion() has made: "3.9.18 (main, Nov 21 2026, ...", in a buffer of its own. `constant`: what it is made
 * of instead, a string of the program. NULL: it is not there. */
static const char *find_text(const char *p, size_t n, bool constant, uint32_t *out)
{
    const char *end = p + n;
    for (const char *s = p; (s = memmem(s, (size_t)(end - s), "3.", 2)); s++) {
        size_t used;
        if ((s > p && s[-1] != '\0') || !parse(s, end, out, &used) || s + used + 1 >= end)
            continue;
        if (constant ? s[used] == '\0' : s[used] == ' ' && s[used + 1] == '(')
            return s;
    }
    return NULL;
}

/* What was found is read once more, since a watch is to know that it is more than the data that it stands in. */
static bool version_in_memory(struct rt *rt, const struct module *m, uint32_t *out)
{
    const struct image *im = modules_image(rt->ms);
    SCOPED(freep) char *buf = xmalloc(CHUNK + TEXT_MAX);
    for (size_t i = 0; i < im->maps.n; i++) {
        const struct mapping *map = &im->maps.v[i];
        if (!py_writable_of(map, m))
            continue;
        for (taddr at = map->start; at < map->end; at += CHUNK) {
            uint64_t left = map->end - at, want = CHUNK + TEXT_MAX;
            size_t n = py_read_some(rt, at, buf, (size_t)(left < want ? left : want));
            const char *text = find_text(buf, n, false, out);
            if (text)
                return py_read_some(rt, at + (taddr)(text - buf), buf, TEXT_MAX) > 0;
        }
    }
    return false;
}

static bool version_in_file(struct module *m, uint32_t *out)
{
    struct elf *e = module_elf(m);
    struct bytes b = {0};
    struct err *err = e ? elf_data(e, ".rodata", &b) : NULL;
    err_free(err); /* then it says nothing */
    return e && !err && find_text((const char *)b.p, b.n, true, out);
}

bool py_version(struct rt *rt, struct module *m, taddr runtime, uint32_t *out)
{
    taddr at;
    uint64_t v;
    if (py_exported(m, "Py_Version", &at) && py_uint(rt, at, 4, &v) && v >> 24 == 3) {
        *out = (uint32_t)v;
        return true;
    }
    if (runtime && py_has_cookie(rt, runtime) && py_word(rt, runtime + PY_COOKIE_SIZE, &v) && v >> 24 == 3) {
        *out = (uint32_t)v;
        return true;
    }
    return version_in_memory(rt, m, out) || version_in_file(m, out);
}
