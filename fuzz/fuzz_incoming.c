/* SPDX-License-Identifier: Apache-2.0 */
/* What a client sends: a stream of objects without any frame, cut in pieces by the first byte. However it is cut, the same
 * objects end at the same places, and each is read or refused. */
#include "front/serve/incoming.h"

#include "base/mem.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);

enum { VALUES_MAX = 1000 };

/* Where values end, at most `max`; the stream ends with the first error. */
static size_t ends_of(const char *bytes, size_t n, size_t piece, size_t *ends)
{
    struct incoming_scan scan = {0};
    size_t found = 0;
    for (size_t at = 0; at < n && found < VALUES_MAX;) {
        size_t used, left = n - at < piece ? n - at : piece;
        bool whole;
        struct err *e = incoming_scan(&scan, bytes + at, left, &used, &whole);
        if (e) {
            err_free(e);
            return found;
        }
        if (used == 0 || used > left || (!whole && used != left))
            abort();
        at += used;
        if (whole)
            ends[found++] = at;
    }
    return found;
}

/* Every question about a value, and about those in it. */
static void ask(const struct incoming *v, unsigned depth)
{
    int64_t number;
    bool yes;
    enum incoming_kind kind = incoming_kind(v);
    if (depth > INCOMING_DEPTH_MAX)
        abort();
    if (incoming_integer(v, &number) && kind != INCOMING_NUMBER)
        abort();
    if (incoming_bool(v, &yes) != (kind == INCOMING_BOOL) || !incoming_string(v) != (kind != INCOMING_STRING))
        abort();
    for (size_t i = 0; i < incoming_count(v); i++)
        ask(incoming_element(v, i), depth + 1);
    static const char *const names[] = {"method", "PARAMS", "id", "Start"};
    for (size_t i = 0; i < ARRAY_LEN(names); i++)
        if (kind == INCOMING_OBJECT)
            ask(incoming_member(v, names[i]), depth + 1);
        else if (incoming_member(v, names[i]))
            abort();
}

static void read_one(const char *bytes, size_t n)
{
    struct incoming *root;
    struct err *e = incoming_parse(bytes, n, &root);
    if (!e) {
        if (incoming_kind(root) != INCOMING_OBJECT)
            abort();
        ask(root, 0);
        char *text = incoming_text(root);
        free(text);
        incoming_free(root);
    }
    err_free(e);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
    static size_t whole[VALUES_MAX], cut[VALUES_MAX];
    if (n < 1)
        return 0;
    const char *bytes = (const char *)data + 1;
    size_t len = n - 1, piece = 1u + data[0] % 16u;
    size_t found = ends_of(bytes, len, len ? len : 1, whole);
    if (ends_of(bytes, len, piece, cut) != found || memcmp(whole, cut, found * sizeof(*whole)) != 0)
        abort();
    for (size_t i = 0, at = 0; i < found; at = whole[i++])
        read_one(bytes + at, whole[i] - at);
    return 0;
}
