/* SPDX-License-Identifier: Apache-2.0 */
/* What must hold of an image, whatever it was read from: mappings and ranges are in order, and every byte that
 * it claims to hold can be read. */
#ifndef CHECK_IMAGE_H
#define CHECK_IMAGE_H

#include <stdlib.h>

#include "image/image.h"

static inline void require(bool holds)
{
    if (!holds)
        abort();
}

static inline void check_space(const struct image *im)
{
    volatile uint8_t sink = 0;
    uint8_t buf[64];

    for (size_t i = 0; i < im->space.ranges.n; i++) {
        const struct space_range *r = &im->space.ranges.v[i];
        require(r->start < r->end && r->have <= r->end - r->start);
        require(i == 0 || r[-1].end <= r->start);
        for (uint64_t k = 0; k < r->have; k += 61)
            sink = (uint8_t)(sink ^ r->data[k]);
        if (r->have) {
            sink = (uint8_t)(sink ^ r->data[r->have - 1]);
            require(space_view(&im->space, r->start, (size_t)r->have) == r->data);
        }
        space_read_some(&im->space, r->end - 8, buf, sizeof(buf));
    }
}

static inline void check_image(struct image *im)
{
    char *text;
    size_t size;

    check_space(im);
    for (size_t i = 0; i < im->maps.n; i++) {
        const struct mapping *m = &im->maps.v[i];
        require(m->start < m->end && m->present <= m->end - m->start);
        require(i == 0 || m[-1].end <= m->start);
        require(image_mapping(im, m->start) == m);
    }
    for (size_t i = 0; i < im->threads.n; i++)
        require(im->threads.v[i].has_regs == (im->threads.v[i].why == NULL));
    struct err *e = image_arguments(im, &text, &size);
    if (!e)
        free(text);
    err_free(e);
    e = image_environ(im, &text, &size);
    if (!e)
        free(text);
    err_free(e);
}

#endif
