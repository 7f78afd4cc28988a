/* SPDX-License-Identifier: Apache-2.0 */
#include "rt/go/layout.h"

extern const struct go_layout go_layout_1_17, go_layout_1_18, go_layout_1_19, go_layout_1_20, go_layout_1_21,
    go_layout_1_22, go_layout_1_23, go_layout_1_24, go_layout_1_25, go_layout_1_26, go_layout_1_27;

const struct go_layout *go_layout_newest(void)
{
    return &go_layout_1_27;
}

const struct go_layout *go_layout_find(unsigned minor)
{
    static const struct go_layout *const all[] = {
        &go_layout_1_17, &go_layout_1_18, &go_layout_1_19, &go_layout_1_20, &go_layout_1_21, &go_layout_1_22,
        &go_layout_1_23, &go_layout_1_24, &go_layout_1_25, &go_layout_1_26, &go_layout_1_27,
    };
    for (size_t i = 0; i < sizeof(all) / sizeof(all[0]); i++)
        if (all[i]->minor == minor)
            return all[i];
    return NULL;
}
