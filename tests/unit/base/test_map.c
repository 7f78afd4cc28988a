/* SPDX-License-Identifier: Apache-2.0 */
#include "unit.h"

#include "base/map.h"
#include "base/mem.h"

static void map64_keeps_every_key(void **state)
{
    (void)state;
    enum { N = 20000 };
    struct map64 m = {0};
    assert_null(map64_find(&m, 0));
    for (uint64_t i = 0; i < N; i++) {
        bool fresh = false;
        *map64_put(&m, i * 4096, &fresh) = i; /* pages: the low bits are all zero */
        assert_true(fresh);
    }
    assert_int_equal(m.n, N);
    for (uint64_t i = 0; i < N; i++) {
        uint64_t *v = map64_find(&m, i * 4096);
        assert_non_null(v);
        assert_int_equal(*v, i);
        assert_null(map64_find(&m, i * 4096 + 1));
    }
    map64_done(&m);
    assert_null(map64_find(&m, 4096));
}

static void map64_odd_keys(void **state)
{
    (void)state;
    static const uint64_t keys[] = {0, 1, UINT64_MAX, UINT64_MAX - 1, UINT64_C(1) << 63};
    struct map64 m = {0};
    for (size_t i = 0; i < ARRAY_LEN(keys); i++) {
        assert_null(map64_find(&m, keys[i]));
        bool fresh;
        assert_int_equal(*map64_put(&m, keys[i], &fresh), 0);
        assert_true(fresh);
        *map64_find(&m, keys[i]) = i + 1;
        assert_int_equal(*map64_put(&m, keys[i], &fresh), i + 1);
        assert_false(fresh);
        map64_put(&m, keys[i], NULL);
    }
    assert_int_equal(m.n, ARRAY_LEN(keys));
    for (uint64_t i = 100; i < 200; i++) /* growing moves the key 0 as well */
        map64_put(&m, i, NULL);
    for (size_t i = 0; i < ARRAY_LEN(keys); i++)
        assert_int_equal(*map64_find(&m, keys[i]), i + 1);
    map64_done(&m);
}

static void mapstr_keeps_every_key(void **state)
{
    (void)state;
    enum { N = 5000 };
    static char names[N][16];
    struct mapstr m = {0};
    assert_null(mapstr_find(&m, "f", 1));
    for (size_t i = 0; i < N; i++) {
        int n = snprintf(names[i], sizeof(names[i]), "function_%zu", i);
        *mapstr_put(&m, names[i], (size_t)n, NULL) = i;
    }
    assert_int_equal(m.n, N);
    for (size_t i = 0; i < N; i++) {
        char key[16]; /* equal bytes elsewhere */
        memcpy(key, names[i], sizeof(key));
        uint64_t *v = mapstr_find(&m, key, strlen(key));
        assert_non_null(v);
        assert_int_equal(*v, i);
    }
    assert_null(mapstr_find(&m, "function_", 9));
    mapstr_done(&m);
}

static void mapstr_odd_keys(void **state)
{
    (void)state;
    struct mapstr m = {0};
    bool fresh;
    *mapstr_put(&m, "", 0, &fresh) = 1;
    assert_true(fresh);
    assert_int_equal(*mapstr_put(&m, NULL, 0, &fresh), 1); /* the same: no bytes */
    assert_false(fresh);
    assert_non_null(mapstr_find(&m, NULL, 0));
    *mapstr_put(&m, "a\0b", 3, &fresh) = 2;
    assert_true(fresh);
    *mapstr_put(&m, "a\0c", 3, &fresh) = 3;
    assert_true(fresh);
    *mapstr_put(&m, "a\0b", 1, &fresh) = 4;
    assert_true(fresh);
    assert_int_equal(*mapstr_find(&m, "", 0), 1);
    assert_int_equal(*mapstr_find(&m, "a\0b", 3), 2);
    assert_int_equal(*mapstr_find(&m, "a\0c", 3), 3);
    assert_int_equal(*mapstr_put(&m, "a", 1, &fresh), 4);
    assert_false(fresh);
    mapstr_done(&m);
}

static void hashes(void **state)
{
    (void)state;
    /* The first is in the format of files: it must never change. */
    assert_true(hash_stable("inquest", 7) == UINT64_C(0x2fb68062bbdfb926));
    assert_true(hash_stable("", 0) != hash_stable("\0", 1));
    assert_true(hash_stable("12345678", 8) != hash_stable("12345678\0", 9));
    assert_true(hash_bytes("inquest", 7) == hash_bytes("inquest", 7));
    assert_true(hash_bytes("inquest", 7) != hash_stable("inquest", 7)); /* seeded */
}

/* Every bit of a key reaches every part of the hash: 64 buckets by the low bits, keys that differ in few. */
static void hash_spreads_sequences(void **state)
{
    (void)state;
    enum { BUCKETS = 64, KEYS = 64 * 256 };
    unsigned count[BUCKETS] = {0};
    for (uint64_t i = 0; i < KEYS; i++) {
        uint64_t key = i << 40;
        count[hash_bytes(&key, sizeof(key)) % BUCKETS]++;
    }
    for (size_t i = 0; i < BUCKETS; i++) /* 256 expected, 16 the standard deviation */
        assert_in_range(count[i], 256 - 8 * 16, 256 + 8 * 16);
}

RUN_TESTS(cmocka_unit_test(map64_keeps_every_key), cmocka_unit_test(map64_odd_keys),
          cmocka_unit_test(mapstr_keeps_every_key), cmocka_unit_test(mapstr_odd_keys), cmocka_unit_test(hashes),
          cmocka_unit_test(hash_spreads_sequences))
