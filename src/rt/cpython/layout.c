/* SPDX-License-Identifier: Apache-2.0 */
#include "rt/cpython/layout.h"

extern const struct py_layout py_layout_3_6, py_layout_3_7, py_layout_3_8, py_layout_3_9, py_layout_3_10,
    py_layout_3_11, py_layout_3_12, py_layout_3_13, py_layout_3_14, py_layout_3_15;

const struct py_layout *py_layout_get(size_t i)
{
    static const struct py_layout *const all[] = {
        &py_layout_3_15, &py_layout_3_14, &py_layout_3_13, &py_layout_3_12, &py_layout_3_11,
        &py_layout_3_10, &py_layout_3_9,  &py_layout_3_8,  &py_layout_3_7,  &py_layout_3_6,
    };
    return i < sizeof(all) / sizeof(all[0]) ? all[i] : NULL;
}

const struct py_layout *py_layout_find(unsigned minor)
{
    const struct py_layout *l;
    for (size_t i = 0; (l = py_layout_get(i)); i++)
        if ((l->version >> 8 & 0xff) == minor)
            return l;
    return NULL;
}
