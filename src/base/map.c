/* SPDX-License-Identifier: Apache-2.0 */
#include "base/map.h"

#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

#include "base/log.h"
#include "base/mem.h"

/* Odd constants with about as many ones as zeroes, as wyhash uses them. hash_stable() is written to
 * files: changing one changes their format. */
static const uint64_t mix_word = UINT64_C(0xa0761d6478bd642f);
static const uint64_t mix_length = UINT64_C(0xe7037ed1a0b428db);

/* Both halves of the product: every bit of the input reaches every bit of the result. */
static inline uint64_t fold(uint64_t a, uint64_t b)
{
    unsigned __int128 product = (unsigned __int128)a * b;
    return (uint64_t)product ^ (uint64_t)(product >> 64);
}

static uint64_t hash_seeded(const void *p, size_t n, uint64_t seed)
{
    const uint8_t *b = p;
    uint64_t h = seed;
    for (size_t left = n; left;) {
        uint64_t word = 0;
        size_t len = left < sizeof(word) ? left : sizeof(word);
        memcpy(&word, b, len);
        h = fold(h ^ word, mix_word);
        b += len;
        left -= len;
    }
    return fold(h ^ n, mix_length);
}

uint64_t hash_stable(const void *p, size_t n)
{
    return hash_seeded(p, n, UINT64_C(0x8ebc6af09c88c6e3));
}

/* Drawn once a process: whoever makes a core cannot choose keys that collide. */
static _Atomic uint64_t hash_seed;

static uint64_t draw_seed(void)
{
    uint64_t drawn = 0;
    if (getrandom(&drawn, sizeof(drawn), GRND_NONBLOCK) != (ssize_t)sizeof(drawn))
        drawn = now_ns() ^ (uint64_t)(uintptr_t)&drawn; /* early in boot: harder to guess than a constant */
    drawn |= 1; /* 0 means: not drawn yet */
    uint64_t none = 0;
    return atomic_compare_exchange_strong(&hash_seed, &none, drawn) ? drawn : none;
}

static inline uint64_t process_seed(void)
{
    uint64_t seed = atomic_load_explicit(&hash_seed, memory_order_relaxed);
    return seed ? seed : draw_seed();
}

uint64_t hash_bytes(const void *p, size_t n)
{
    return hash_seeded(p, n, process_seed());
}

/* Tables are a power of two and at most three quarters full. */
static bool is_full(size_t n, size_t cap)
{
    return n >= cap / 4 * 3;
}

static size_t next_cap(size_t cap)
{
    return cap ? cap * 2 : 16;
}

/* Key 0 marks a free slot; the key 0 itself lives behind the table, in slots[cap], whose `key` is 1 once
 * it is there. That keeps a slot at 16 bytes. */
struct map64_slot {
    uint64_t key, value;
};

void map64_done(struct map64 *m)
{
    free(m->slots);
    *m = (struct map64){0};
}

/* The slot that holds the key (not 0), or the free one where it belongs. */
static struct map64_slot *map64_probe(const struct map64 *m, uint64_t key)
{
    size_t i = fold(key ^ process_seed(), mix_word);
    for (;; i++) {
        struct map64_slot *s = &m->slots[i & (m->cap - 1)];
        if (s->key == key || s->key == 0)
            return s;
    }
}

static void map64_grow(struct map64 *m)
{
    struct map64 grown = {.n = m->n, .cap = next_cap(m->cap)};
    grown.slots = xcalloc(grown.cap + 1, sizeof(*grown.slots));
    for (size_t i = 0; i < m->cap; i++) {
        if (m->slots[i].key)
            *map64_probe(&grown, m->slots[i].key) = m->slots[i];
    }
    if (m->slots)
        grown.slots[grown.cap] = m->slots[m->cap];
    free(m->slots);
    *m = grown;
}

uint64_t *map64_find(const struct map64 *m, uint64_t key)
{
    if (!m->slots)
        return NULL;
    struct map64_slot *s = key ? map64_probe(m, key) : &m->slots[m->cap];
    return s->key ? &s->value : NULL;
}

uint64_t *map64_put(struct map64 *m, uint64_t key, bool *fresh)
{
    if (is_full(m->n, m->cap))
        map64_grow(m);
    struct map64_slot *s = key ? map64_probe(m, key) : &m->slots[m->cap];
    bool added = s->key == 0;
    if (added) {
        s->key = key ? key : 1;
        m->n++;
    }
    if (fresh)
        *fresh = added;
    return &s->value;
}

struct mapstr_slot {
    const char *key; /* NULL: free */
    size_t len;
    uint64_t hash, value;
};

void mapstr_done(struct mapstr *m)
{
    free(m->slots);
    *m = (struct mapstr){0};
}

static struct mapstr_slot *mapstr_probe(const struct mapstr *m, const char *key, size_t len, uint64_t hash)
{
    for (size_t i = hash;; i++) {
        struct mapstr_slot *s = &m->slots[i & (m->cap - 1)];
        if (!s->key || (s->hash == hash && s->len == len && memcmp(s->key, key, len) == 0))
            return s;
    }
}

static void mapstr_grow(struct mapstr *m)
{
    struct mapstr grown = {.n = m->n, .cap = next_cap(m->cap)};
    grown.slots = xcalloc(grown.cap, sizeof(*grown.slots));
    for (size_t i = 0; i < m->cap; i++) {
        const struct mapstr_slot *s = &m->slots[i];
        if (s->key)
            *mapstr_probe(&grown, s->key, s->len, s->hash) = *s;
    }
    free(m->slots);
    *m = grown;
}

/* NULL marks a free slot, so a key of no bytes needs another address. */
static const char *key_address(const char *key, size_t len)
{
    return len ? key : "";
}

uint64_t *mapstr_find(const struct mapstr *m, const char *key, size_t len)
{
    if (!m->slots)
        return NULL;
    key = key_address(key, len);
    struct mapstr_slot *s = mapstr_probe(m, key, len, hash_bytes(key, len));
    return s->key ? &s->value : NULL;
}

uint64_t *mapstr_put(struct mapstr *m, const char *key, size_t len, bool *fresh)
{
    if (is_full(m->n, m->cap))
        mapstr_grow(m);
    key = key_address(key, len);
    uint64_t hash = hash_bytes(key, len);
    struct mapstr_slot *s = mapstr_probe(m, key, len, hash);
    bool added = !s->key;
    if (added) {
        *s = (struct mapstr_slot){.key = key, .len = len, .hash = hash};
        m->n++;
    }
    if (fresh)
        *fresh = added;
    return &s->value;
}
