/* SPDX-License-Identifier: Apache-2.0 */
/* A piece of an interpreter's memory, from the bytes of an input. */
#ifndef FUZZ_PYTHON_H
#define FUZZ_PYTHON_H

#include "base/cursor.h"
#include "rt/cpython/object.h"

struct python {
    uint8_t switches;
    taddr root;
    struct image im;
    struct arena arena;
    struct rt rt;
    struct values vs;
    const struct formatter *formatters[2];
};

enum { PYTHON_HEAD = 10, PYTHON_INPUT_MAX = 1 << 18, PYTHON_PIECES_MAX = 10000 };
enum { PYTHON_FREE_THREADED = 8 }; /* of the switches */

/* False: no input. */
static bool python_open(struct python *p, const uint8_t *data, size_t n)
{
    struct cursor c = cursor_of((struct bytes){.p = data, .n = n}, 0, "input");
    if (n < PYTHON_HEAD || n > PYTHON_INPUT_MAX)
        return false;
    unsigned minor = cursor_u8(&c);
    uint8_t switches = cursor_u8(&c);
    bool free_threaded = switches & PYTHON_FREE_THREADED;
    const struct py_layout *l = py_layout_find(minor, free_threaded);
    if (!l)
        return false;
    *p = (struct python){.switches = switches, .im = {.kind = IMAGE_CORE, .path = "fuzz", .arch = &arch_x86_64}};
    p->root = cursor_u64(&c);
    for (unsigned i = 0; i < PYTHON_PIECES_MAX && cursor_left(&c) > 10; i++) {
        taddr at = cursor_u64(&c);
        uint64_t size = cursor_u16(&c);
        struct bytes b = cursor_bytes(&c, (size_t)(size < cursor_left(&c) ? size : cursor_left(&c)));
        if (b.n && at < UINT64_MAX - b.n)
            space_add(&p->im.space, (struct space_range){.start = at, .end = at + b.n, .data = b.p, .have = b.n});
    }
    space_sort(&p->im.space);
    for (size_t i = 0; i < p->im.space.ranges.n; i++)
        *vec_push(&p->im.maps) =
            (struct mapping){.start = p->im.space.ranges.v[i].start, .end = p->im.space.ranges.v[i].end};
    struct modules *ms = modules_load(&p->im, &(struct module_opts){.no_debuginfod = true});
    p->rt = (struct rt){
        .ms = ms, .version = 3u << 24 | minor << 16, .l = *l, .free_threaded = free_threaded, .tagged = minor >= 14};
    p->formatters[0] = py_formatter(&p->rt);
    p->vs = (struct values){.ms = ms, .types = types_new(ms, NULL), .arena = &p->arena, .formatters = p->formatters};
    return true;
}

static void python_close(struct python *p)
{
    types_free(p->vs.types);
    py_forget(&p->rt);
    arena_done(&p->rt.arena);
    arena_done(&p->arena);
    modules_free(p->rt.ms);
    vec_done(&p->im.maps);
    space_done(&p->im.space);
    arena_done(&p->im.arena);
}

#endif
