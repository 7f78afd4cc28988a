/* SPDX-License-Identifier: Apache-2.0 */
/* readMemory. */
#include "front/dap/priv.h"

enum { READ_MAX = 16 * 1024 * 1024, PAGE = 4096 };

/* Bytes from `at` on, up to max, that cannot be read: what one would have to skip. */
static uint64_t unreadable(struct dap *d, taddr at, uint64_t max)
{
    uint64_t n = 0;
    uint8_t byte;
    while (n < max && session_read_some(d->session, at + n, &byte, 1) == 0) {
        uint64_t step = PAGE - (at + n) % PAGE;
        n += step < max - n ? step : max - n;
    }
    return n;
}

static struct err *read_memory(struct dap *d, const struct incoming *args, struct json *body)
{
    taddr at;
    TRY(args_address(args, "memoryReference", &at));
    uint64_t count = args_count(args, "count");
    at += (uint64_t)args_integer(args, "offset", 0);
    if (count > READ_MAX)
        count = READ_MAX;
    SCOPED(freep) uint8_t *bytes = xmalloc(count);
    size_t n = session_read_some(d->session, at, bytes, count);
    json_kv_hex(body, "address", at);
    if (n < count)
        json_kv_u64(body, "unreadableBytes", unreadable(d, at + n, count - n));
    if (n) {
        json_key(body, "data");
        json_base64(body, bytes, n);
    }
    return NULL;
}

static const struct request_row rows[] = {{"readMemory", NEEDS_TARGET, read_memory}};
const struct request_table dap_memory_requests = {rows, ARRAY_LEN(rows)};
