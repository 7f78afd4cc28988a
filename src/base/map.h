/* SPDX-License-Identifier: Apache-2.0 */
/* Two hash maps, open addressing, no removal: nearly all our keys are addresses or names.
 * Keys of untrusted origin are hashed with a per-process random seed.
 * Threads: readers may share a map that nobody changes. */
#ifndef BASE_MAP_H
#define BASE_MAP_H

#include "base/err.h"

/* uint64_t -> uint64_t (or a pointer through uintptr_t). A zeroed struct is an empty map. */
struct map64 {
    struct map64_slot *slots;
    size_t n, cap;
};
void map64_done(struct map64 *m);
/* A pointer to the value of the key, valid until the next put; NULL when absent. */
uint64_t *map64_find(const struct map64 *m, uint64_t key);
/* Inserts the key with value 0 when absent. *fresh (may be NULL) says whether it was. */
uint64_t *map64_put(struct map64 *m, uint64_t key, bool *fresh);

/* bytes -> uint64_t. Keys are not copied: they must outlive the map. */
struct mapstr {
    struct mapstr_slot *slots;
    size_t n, cap;
};
void mapstr_done(struct mapstr *m);
uint64_t *mapstr_find(const struct mapstr *m, const char *key, size_t len);
uint64_t *mapstr_put(struct mapstr *m, const char *key, size_t len, bool *fresh);

/* 64-bit hash of bytes, seeded per process; hash_stable has a fixed seed, for files. */
uint64_t hash_bytes(const void *p, size_t n);
uint64_t hash_stable(const void *p, size_t n);

#endif
