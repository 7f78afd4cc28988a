/* SPDX-License-Identifier: Apache-2.0 */
#include "rt/cpython/layout.h"

extern const struct py_layout py_layout_3_6, py_layout_3_7, py_layout_3_8, py_layout_3_9, py_layout_3_10,
    py_layout_3_11, py_layout_3_12, py_layout_3_13, py_layout_3_13t, py_layout_3_14, py_layout_3_14t, py_layout_3_15,
    py_layout_3_15t;

/* The newest first. */
static const struct py_layout *const all[] = {
    &py_layout_3_15,  &py_layout_3_15t, &py_layout_3_14, &py_layout_3_14t, &py_layout_3_13,
    &py_layout_3_13t, &py_layout_3_12,  &py_layout_3_11, &py_layout_3_10,  &py_layout_3_9,
    &py_layout_3_8,   &py_layout_3_7,   &py_layout_3_6,
};

const struct py_layout *py_layout_find(unsigned minor, bool free_threaded)
{
    for (size_t i = 0; i < sizeof(all) / sizeof(all[0]); i++)
        if ((all[i]->version >> 8 & 0xff) == minor && all[i]->free_threaded == free_threaded)
            return all[i];
    return NULL;
}

const struct py_layout *py_layout_newest(bool free_threaded)
{
    size_t i = 0;
    while (all[i]->free_threaded != free_threaded)
        i++;
    return all[i];
}
