/* SPDX-License-Identifier: Apache-2.0 */
/* What runtime/pprof's Do and SetGoroutineLabels put on a goroutine: g.labels points to a labelMap.
 *
 * runtime/pprof/label.go: until 1.23 that is a map[string]string, a hash map of runtime/map.go; from 1.24 on a
 * slice of {key, value string}, sorted by the keys. */
#include "rt/go/priv.h"

enum { LABELS_MAX = 1024, TEXT_MAX = 4096, SLICE_SINCE = 24 };

/* A string header at `at`; NULL when it cannot be read. */
static const char *read_string(struct rt *rt, taddr at)
{
    char text[TEXT_MAX];
    uint64_t p, n;
    if (!go_word(rt, at, &p) || !go_word(rt, at + 8, &n) || n > sizeof(text))
        return NULL;
    if (modules_read_some(rt->ms, p, text, (size_t)n) != n)
        return NULL;
    return arena_strndup(&rt->arena, text, (size_t)n);
}

static size_t add(struct rt *rt, taddr key, taddr value, struct task_label *out)
{
    *out = (struct task_label){.key = read_string(rt, key), .value = read_string(rt, value)};
    return out->key && out->value ? 1 : 0;
}

static size_t read_slice(struct rt *rt, taddr at, struct task_label *out, size_t max)
{
    uint64_t p, n;
    size_t found = 0;
    if (!go_word(rt, at, &p) || !go_word(rt, at + 8, &n) || n > LABELS_MAX)
        return 0;
    for (uint64_t i = 0; i < n && found < max; i++)
        found += add(rt, p + i * 32, p + i * 32 + 16, &out[found]);
    return found;
}

/* A bucket and those behind it: 8 marks, 8 keys, 8 values, a pointer (runtime/map.go, bmap). */
static size_t read_buckets(struct rt *rt, taddr at, struct task_label *out, size_t max, unsigned *left)
{
    enum { SLOTS = 8, MIN_TOP_HASH = 5, KEYS = 8, VALUES = KEYS + SLOTS * 16, OVERFLOW = VALUES + SLOTS * 16 };
    size_t found = 0;
    for (; at && *left; (*left)--) {
        uint8_t marks[SLOTS];
        if (modules_read_some(rt->ms, at, marks, sizeof(marks)) != sizeof(marks))
            break;
        for (unsigned i = 0; i < SLOTS && found < max; i++)
            if (marks[i] >= MIN_TOP_HASH)
                found += add(rt, at + KEYS + i * 16, at + VALUES + i * 16, &out[found]);
        if (!go_word(rt, at + OVERFLOW, &at))
            break;
    }
    return found;
}

static size_t read_map(struct rt *rt, taddr at, struct task_label *out, size_t max)
{
    enum { B = 9, BUCKETS = 16, BUCKET_SIZE = 8 + 2 * 8 * 16 + 8 };
    uint64_t map, buckets;
    uint8_t b;
    unsigned left = LABELS_MAX;
    size_t found = 0;
    if (!go_word(rt, at, &map) || !map || modules_read_some(rt->ms, map + B, &b, 1) != 1 || b > 10)
        return 0;
    if (!go_word(rt, map + BUCKETS, &buckets))
        return 0;
    for (unsigned i = 0; i < 1U << b && found < max && left; i++)
        found += read_buckets(rt, buckets + (uint64_t)i * BUCKET_SIZE, out + found, max - found, &left);
    return found;
}

static int by_key(const void *a, const void *b)
{
    const struct task_label *x = a, *y = b;
    return strcmp(x->key, y->key);
}

size_t go_labels(struct rt *rt, const struct task *t, struct task_label *out, size_t max)
{
    uint64_t at;
    if (!rt->layout || !go_field(rt, t->object, rt->layout->g_labels, &at) || !at)
        return 0;
    if (rt->build.minor >= SLICE_SINCE)
        return read_slice(rt, at, out, max);
    size_t n = read_map(rt, at, out, max);
    qsort(out, n, sizeof(*out), by_key);
    return n;
}
