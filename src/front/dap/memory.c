/* SPDX-License-Identifier: Apache-2.0 */
/* readMemory. */
#include "front/dap/priv.h"

enum { READ_MAX = 16 * 1024 * 1024, PAGE = 4096 };

/* RFC 4648 section 4; *out is heap, the caller's. */
static char *base64(const uint8_t *p, size_t n)
{
    static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    char *out = xmalloc((n + 2) / 3 * 4 + 1), *at = out;
    for (size_t i = 0; i < n; i += 3) {
        size_t left = n - i;
        uint32_t v = (uint32_t)p[i] << 16 | (left > 1 ? (uint32_t)p[i + 1] << 8 : 0) | (left > 2 ? p[i + 2] : 0);
        *at++ = digits[v >> 18];
        *at++ = digits[v >> 12 & 63];
        *at++ = left > 1 ? digits[v >> 6 & 63] : '=';
        *at++ = left > 2 ? digits[v & 63] : '=';
    }
    *at = 0;
    return out;
}

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
        SCOPED(freep) char *data = base64(bytes, n);
        json_kv_string(body, "data", data);
    }
    return NULL;
}

static const struct request_row rows[] = {{"readMemory", NEEDS_TARGET, read_memory}};
const struct request_table dap_memory_requests = {rows, ARRAY_LEN(rows)};
