/* SPDX-License-Identifier: Apache-2.0 */
/* The first bytes of the input choose the reads that are made of the rest. Whatever they are, the cursor
 * stays inside its bytes, and what failed once stays failed. */
#include <stdlib.h>

#include "base/cursor.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);

enum { MAX_OPS = 256 };

static void require(bool holds)
{
    if (!holds)
        abort();
}

static void touch(const void *p, size_t n)
{
    volatile uint8_t sink = 0;
    for (size_t i = 0; i < n; i++)
        sink = (uint8_t)(sink ^ ((const uint8_t *)p)[i]);
}

static void read_one(struct cursor *c, uint8_t op)
{
    unsigned arg = op >> 4;
    switch (op & 0x0f) {
    case 0:
        cursor_u8(c);
        break;
    case 1:
        cursor_u16(c);
        break;
    case 2:
        cursor_u32(c);
        break;
    case 3:
        cursor_u64(c);
        break;
    case 4:
        cursor_uint(c, arg);
        break;
    case 5:
        cursor_uleb(c);
        break;
    case 6:
        cursor_sleb(c);
        break;
    case 7: {
        struct bytes b = cursor_bytes(c, cursor_u8(c));
        touch(b.p, b.n);
        break;
    }
    case 8: {
        const char *s = cursor_cstr(c);
        touch(s, strlen(s));
        break;
    }
    case 9:
        cursor_skip(c, cursor_uleb(c));
        break;
    case 10:
        cursor_seek(c, cursor_uleb(c));
        break;
    default: {
        struct cursor sub = cursor_sub(c, arg);
        require(sub.failed == c->failed && cursor_left(&sub) == (sub.failed ? 0 : arg));
        while (!sub.failed)
            cursor_uleb(&sub);
        break;
    }
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
    size_t ops = n ? data[0] : 0;
    if (ops > n)
        return 0;
    struct cursor c = cursor_of((struct bytes){.p = data + ops, .n = n - ops}, 0, "input");
    for (size_t i = 1; i < ops && i < MAX_OPS; i++) {
        bool failed = c.failed;
        read_one(&c, data[i]);
        require(c.at >= c.start && c.at <= c.end);
        require(c.failed || !failed);
    }
    err_free(cursor_check(&c));
    return 0;
}
