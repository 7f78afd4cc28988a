/* SPDX-License-Identifier: Apache-2.0 */
/* Any bytes as a core: it opens or is refused, and what opens holds together. */
#include "check_image.h"
#include "image/core/core.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
    struct image *im;
    struct err *e = core_open_bytes((struct bytes){data, n}, "input", &im);

    if (e) {
        err_free(e);
        return 0;
    }
    check_image(im);
    image_free(im);
    return 0;
}
