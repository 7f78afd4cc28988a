/* SPDX-License-Identifier: Apache-2.0 */
/* Expressions of Python in a frame of damaged memory. The input: the length of the expression, the expression, then as
 * for fuzz_python_values, with the address of a frame's record. */
#include "fuzz_python.h"
#include "rt/cpython/expr.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);

static void evaluate(struct python *p, const char *text)
{
    SCOPED(text_done) struct text shown = {0};
    struct lang_frame lang = {.record = p->root};
    struct vframe frame = {.vs = &p->vs, .lang = &lang};
    struct expr_env env = {.vs = &p->vs, .frame = &frame};
    struct variables unused;
    struct value v;
    struct format f = format_defaults;
    f.elements = 10;
    struct err *e = py_evaluate(&p->rt, &env, text, &v);
    if (!e)
        format_value(&p->vs, &v, &f, &shown);
    err_free(e);
    e = py_variables(&p->rt, &frame, &unused);
    err_free(e);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
    struct python p;
    char text[256];
    size_t length = n ? data[0] : 0;
    if (n < 1 + length || !python_open(&p, data + 1 + length, n - 1 - length))
        return 0;
    memcpy(text, data + 1, length);
    text[length] = 0;
    evaluate(&p, text);
    python_close(&p);
    return 0;
}
