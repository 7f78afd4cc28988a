/* SPDX-License-Identifier: Apache-2.0 */
/* readMemory. */
#include "front/dap/priv.h"

enum { READ_MAX = 16 * 1024 * 1024 };

static struct err *read_memory(struct dap *d, const struct incoming *args, struct json *body)
{
    taddr at;
    TRY(args_address(args, "memoryReference", &at));
    uint64_t count = args_count(args, "count");
    at += (uint64_t)args_integer(args, "offset", 0);
    if (count > READ_MAX)
        return err_new(ERR_LIMIT, "at most %d bytes at a time", READ_MAX);
    SCOPED(freep) uint8_t *bytes = xmalloc(count);
    size_t n = session_read_some(d->session, at, bytes, count);
    json_kv_hex(body, "address", at);
    /* All of the rest, also where something can be read behind a hole: VS Code takes what is neither data nor unreadable for
     * zeros. */
    if (n < count)
        json_kv_u64(body, "unreadableBytes", count - n);
    if (n) {
        json_key(body, "data");
        json_base64(body, bytes, n);
    }
    return NULL;
}

static const struct request_row rows[] = {{"readMemory", NEEDS_TARGET, read_memory}};
const struct request_table dap_memory_requests = {rows, ARRAY_LEN(rows)};
