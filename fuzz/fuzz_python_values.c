/* SPDX-License-Identifier: Apache-2.0 */
/* Objects and frames of CPython in damaged memory. The input: the minor version, a byte of switches, the address of an
 * object or (by the switches) of a frame's record, and pieces of memory: address, size (2 bytes), bytes. */
#include <stdio.h>

#include "fuzz_python.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);

enum { FRAME = 1, ALL_LEVELS = 2, SUMMARY = 4 };

static void show(struct rt *rt, struct values *vs, taddr object, uint8_t switches)
{
    SCOPED(text_done) struct text text = {0};
    SCOPED(fclosep) FILE *null = fopen("/dev/null", "w");
    struct format f = format_defaults;
    struct json j;
    f.elements = 10;
    f.recurse = switches & ALL_LEVELS ? 5 : 1;
    struct value v = py_value(rt, vs, object);
    format_value(vs, &v, &f, &text);
    if (switches & SUMMARY)
        format_scalar(vs, &v, &f, &text);
    f.depth = 3;
    json_init(&j, null, false);
    format_json(vs, &v, &f, &j);
    IGNORE_ERR(json_finish(&j)); /* of /dev/null */
}

static void show_frame(struct rt *rt, struct values *vs, taddr record, uint8_t switches)
{
    struct py_scope s;
    struct py_locals all;
    if (!py_scope_open(rt, record, &s) || !py_locals_read(rt, &s, vs->arena, &all))
        return;
    for (size_t i = 0; i < all.n && i < 100; i++)
        show(rt, vs, all.v[i].object, switches);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
    struct python p;
    if (!python_open(&p, data, n))
        return 0;
    if (p.switches & FRAME)
        show_frame(&p.rt, &p.vs, p.root, p.switches);
    else
        show(&p.rt, &p.vs, p.root, p.switches);
    python_close(&p);
    return 0;
}
