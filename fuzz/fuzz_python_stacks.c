/* SPDX-License-Identifier: Apache-2.0 */
/* Threads, frames, code, line tables, exceptions and tasks of CPython in damaged memory. The input is as for
 * fuzz_python_values; by the switches, the address is where the pointer to the first interpreter stands (with HEAPS the
 * collector's objects are gone through, too), or an array of greenlets that ends with 0, or a code object. */
#include "fuzz_python.h"

#include "base/log.h"
#include "rt/cpython/greenlets.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);

enum { GREENLETS = 1, CODE = 2, HEAPS = 16, GREENLETS_MAX = 64 };

static void read_threads(struct rt *rt)
{
    const struct rt_thread *v;
    const struct rt_exception *raised, *handled;
    const struct image_thread th = {0};
    const struct rt_native natives[] = {{.sp = 0x7ffc00000000, .cfa = 0x7fff00000000}};
    struct rt_stack s;
    size_t n;
    struct err *e = py_threads(rt, &v, &n);
    err_free(e);
    for (size_t i = 0; i < n && i < 100; i++)
        py_exceptions(rt, &v[i], &raised, &handled);
    py_annotate(rt, &th, natives, 1, &s);
}

static void read_tasks(struct rt *rt)
{
    const struct task *v;
    struct rt_stack s;
    size_t n = 0;
    struct err *e = py_tasks(rt, NULL, &v, &n);
    for (size_t i = 0; !e && i < n && i < 100; i++)
        py_task_frames(rt, &v[i], &s);
    err_free(e);
}

static void read_greenlets(struct rt *rt, taddr at)
{
    uint64_t object;
    rt->greenlets = xcalloc(1, sizeof(*rt->greenlets));
    for (size_t i = 0; i < GREENLETS_MAX && py_word(rt, at + 8 * i, &object) && object; i++)
        *vec_push(&rt->greenlets->v) = object;
    read_tasks(rt);
}

static void add_object(void *arg, taddr object, taddr type)
{
    struct py_greenlets *g = arg;
    (void)type;
    if (g->v.n < GREENLETS_MAX)
        *vec_push(&g->v) = object;
}

/* All that the collector knows; then some as if they were greenlets. */
static void read_objects(struct rt *rt)
{
    const uint64_t budget = 500000000; /* as a process that runs has one: damaged pages may claim many objects */
    rt->greenlets = xcalloc(1, sizeof(*rt->greenlets));
    rt->greenlets->cut = !py_each_gc(rt, false, now_ns() + budget, add_object, rt->greenlets);
}

static void read_places(struct rt *rt, taddr at)
{
    const struct py_code *c = py_code(rt, at);
    for (int32_t offset = -1; c && offset < 2000; offset += offset < 20 ? 1 : 97)
        py_place(rt, c, offset);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
    struct python p;
    if (!python_open(&p, data, n))
        return 0;
    if (p.switches & CODE) {
        read_places(&p.rt, p.root);
    } else if (p.switches & GREENLETS) {
        read_greenlets(&p.rt, p.root);
    } else {
        p.rt.interpreters = p.root;
        if (p.switches & HEAPS)
            read_objects(&p.rt);
        read_threads(&p.rt);
        read_tasks(&p.rt);
    }
    py_greenlets_free(p.rt.greenlets);
    python_close(&p);
    return 0;
}
