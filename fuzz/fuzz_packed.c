/* SPDX-License-Identifier: Apache-2.0 */
/* Any bytes as a packed core with a table of its frames: it opens or is refused, and what opens holds together. */
#include "check_image.h"
#include "image/core/core.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
    struct seekable *s;
    struct packed_memory *memory;
    struct image *im;

    if (!seekable_open((struct bytes){data, n}, &s))
        return 0;
    struct err *e = core_open_packed(s, "input", &im, &memory);
    if (e) {
        err_free(e);
    } else {
        check_image(im);
        image_free(im);
        packed_memory_free(memory);
    }
    seekable_free(s);
    return 0;
}
