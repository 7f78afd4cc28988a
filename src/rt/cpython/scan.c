/* SPDX-License-Identifier: Apache-2.0 */
/* The interpreter's state without symbols: in the data of a module, by what is in it. */
#include "rt/cpython/find.h"

enum {
    CHUNK = 1 << 20,
    DATA_MAX = 64 << 20, /* bytes of a module that are searched */
    THREADS_TRIED = 64,
};

static const char cookie[PY_COOKIE_SIZE] = {'x', 'd', 'e', 'b', 'u', 'g', 'p', 'y'};

bool py_has_cookie(struct rt *rt, taddr runtime)
{
    char b[PY_COOKIE_SIZE];
    return py_read(rt, runtime, b, sizeof(b)) && memcmp(b, cookie, sizeof(b)) == 0;
}

bool py_writable_of(const struct mapping *map, const struct module *m)
{
    return map->prot & PROT_BIT_WRITE && map->start < m->end && map->end > m->start;
}

/* Calls fn for each piece of the module's data, until it says true. Pieces begin at a multiple of 8. */
static bool each_piece(struct rt *rt, const struct module *m,
                       bool (*fn)(struct rt *, void *arg, taddr at, const uint8_t *p, size_t n), void *arg)
{
    const struct image *im = modules_image(rt->ms);
    SCOPED(freep) uint8_t *buf = xmalloc(CHUNK);
    uint64_t done = 0;
    for (size_t i = 0; i < im->maps.n; i++) {
        const struct mapping *map = &im->maps.v[i];
        if (!py_writable_of(map, m))
            continue;
        for (taddr at = map->start; at < map->end && done < DATA_MAX; at += CHUNK, done += CHUNK) {
            uint64_t left = map->end - at;
            size_t n = py_read_some(rt, at, buf, (size_t)(left < CHUNK ? left : CHUNK));
            if (fn(rt, arg, at, buf, n))
                return true;
        }
    }
    return false;
}

/* ---- the cookie ---- */

static bool find_cookie(struct rt *rt, void *arg, taddr at, const uint8_t *p, size_t n)
{
    uint64_t version;
    for (size_t i = 0; i + PY_OFFSETS_HEAD <= n; i += 8) {
        if (memcmp(p + i, cookie, sizeof(cookie)) != 0)
            continue;
        if (py_word(rt, at + i + PY_COOKIE_SIZE, &version) && version >> 24 == 3) {
            *(taddr *)arg = at + i;
            return true;
        }
    }
    return false;
}

bool py_scan_cookie(struct rt *rt, const struct module *m, taddr *runtime)
{
    return each_piece(rt, m, find_cookie, runtime);
}

/* ---- interpreters ---- */

static bool knows_registers(const struct image *im)
{
    for (size_t i = 0; i < im->threads.n; i++)
        if (im->threads.v[i].has_regs)
            return true;
    return false;
}

/* A running process has no registers to compare with: the first words of what pthread_self() points to hold that
 * pointer (glibc's tcbhead_t, musl's struct pthread). */
static bool is_pthread(struct rt *rt, taddr thread)
{
    uint64_t self, a, b;
    return py_field(rt, thread, rt->l.thread_id, &self) && py_word(rt, self, &a) && py_word(rt, self + 16, &b) &&
           (a == self || b == self);
}

static bool is_thread(struct rt *rt, taddr at, taddr interpreter)
{
    uint64_t interp;
    return at % 8 == 0 && py_field(rt, at, rt->l.thread_interp, &interp) && interp == interpreter &&
           (py_thread_of(rt, at) || (!knows_registers(modules_image(rt->ms)) && is_pthread(rt, at)));
}

/* A thread that is about to be born or to die may be none of the target's; not all are. */
static bool is_interpreter(struct rt *rt, taddr at)
{
    uint64_t thread, back;
    if (!at || at % 8 != 0 || !py_field(rt, at, rt->l.interp_threads_head, &thread))
        return false;
    for (size_t i = 0; thread && i < THREADS_TRIED; i++) {
        if (!py_field(rt, thread, rt->l.thread_interp, &back) || back != at)
            return false;
        if (is_thread(rt, thread, at))
            return true;
        if (!py_field(rt, thread, rt->l.thread_next, &thread))
            return false;
    }
    return false;
}

bool py_are_interpreters(struct rt *rt, taddr pointer)
{
    uint64_t at;
    return py_word(rt, pointer, &at) && is_interpreter(rt, at);
}

static bool find_interpreters(struct rt *rt, void *arg, taddr at, const uint8_t *p, size_t n)
{
    for (size_t i = 0; i + 8 <= n; i += 8) {
        uint64_t v;
        memcpy(&v, p + i, sizeof(v));
        if (v && v % 8 == 0 && v >> 48 == 0 && is_interpreter(rt, v)) {
            *(taddr *)arg = at + i;
            return true;
        }
    }
    return false;
}

bool py_scan_interpreters(struct rt *rt, const struct module *m, taddr *pointer)
{
    return each_piece(rt, m, find_interpreters, pointer);
}
