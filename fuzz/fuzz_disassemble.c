/* SPDX-License-Identifier: Apache-2.0 */
/* Bytes as code of each processor, in both syntaxes: the first byte picks. Every byte is accounted for. */
#include "session/decoder.h"

#include <stdint.h>
#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
    static const struct arch *const archs[] = {&arch_x86_64, &arch_i386, &arch_aarch64};
    struct decoder *d;
    if (n < 2 || n > 4096)
        return 0;
    struct err *e = decoder_new(archs[data[0] % 3], &d);
    if (e)
        abort();
    struct arena a = {0};
    bool intel = data[0] & 0x80;
    for (size_t at = 1; at < n;) {
        struct instruction in;
        decoder_one(d, data + at, n - at, 0x555555554000 + at, intel, &a, &in);
        if (!in.size || in.size > n - at || !in.text[0])
            abort();
        at += in.size;
    }
    arena_done(&a);
    decoder_free(d);
    return 0;
}
