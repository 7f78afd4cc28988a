/* SPDX-License-Identifier: Apache-2.0 */
#include "base/map.h"

#include "base/mem.h"
#include <string.h>
#include <sys/random.h>
#include <time.h>

struct map64_slot {
    uint64_t key, value;
    bool used;
};
struct mapstr_slot {
    const char *key; /* NULL: free */
    size_t len;
    uint64_t hash, value;
};

static uint64_t mix(uint64_t x)
{
    /* The finaliser of splitmix64 (Steele, Lea, Flood 2014). */
    x = (x ^ (x >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
    x = (x ^ (x >> 27)) * UINT64_C(0x94d049bb133111eb);
    return x ^ (x >> 31);
}

static uint64_t hash_seeded(const void *p, size_t n, uint64_t seed)
{
    const unsigned char *at = p;
    uint64_t h = seed ^ (n * UINT64_C(0x9e3779b97f4a7c15)), word;

    for (; n >= 8; n -= 8, at += 8) {
        memcpy(&word, at, 8);
        h = mix(h ^ word) + UINT64_C(0x9e3779b97f4a7c15);
    }
    word = 0;
    memcpy(&word, at, n);
    return mix(h ^ word);
}

/* Set before main(), hence constant for everyone: no lock, and no state that changes. */
static uint64_t seed;
__attribute__((constructor)) static void seed_init(void)
{
    if (getrandom(&seed, sizeof(seed), GRND_NONBLOCK) != (ssize_t)sizeof(seed)) {
        struct timespec ts;
        clock_gettime(CLOCK_REALTIME, &ts);
        seed = mix((uint64_t)ts.tv_nsec ^ ((uint64_t)getpid() << 32));
    }
}

uint64_t hash_bytes(const void *p, size_t n)
{
    return hash_seeded(p, n, seed);
}

uint64_t hash_stable(const void *p, size_t n)
{
    return hash_seeded(p, n, 0);
}

void map64_done(struct map64 *m)
{
    free(m->slots);
    *m = (struct map64){0};
}

/* The slot of the key, or the free one where it belongs. cap is a power of two and never full. */
static struct map64_slot *slot64(const struct map64 *m, uint64_t key)
{
    size_t i = mix(key ^ seed) & (m->cap - 1);

    while (m->slots[i].used && m->slots[i].key != key)
        i = (i + 1) & (m->cap - 1);
    return &m->slots[i];
}

uint64_t *map64_find(const struct map64 *m, uint64_t key)
{
    if (m->cap == 0)
        return NULL;
    struct map64_slot *s = slot64(m, key);
    return s->used ? &s->value : NULL;
}

static void grow64(struct map64 *m)
{
    struct map64 old = *m;

    m->cap = old.cap ? old.cap * 2 : 16;
    m->slots = xcalloc(m->cap, sizeof(*m->slots));
    for (size_t i = 0; i < old.cap; i++)
        if (old.slots[i].used)
            *slot64(m, old.slots[i].key) = old.slots[i];
    free(old.slots);
}

uint64_t *map64_put(struct map64 *m, uint64_t key, bool *fresh)
{
    if ((m->n + 1) * 4 > m->cap * 3)
        grow64(m);

    struct map64_slot *s = slot64(m, key);
    if (fresh)
        *fresh = !s->used;
    if (!s->used) {
        *s = (struct map64_slot){.key = key, .used = true};
        m->n++;
    }
    return &s->value;
}

void mapstr_done(struct mapstr *m)
{
    free(m->slots);
    *m = (struct mapstr){0};
}

static struct mapstr_slot *slotstr(const struct mapstr *m, const char *key, size_t len, uint64_t hash)
{
    size_t i = hash & (m->cap - 1);

    for (;; i = (i + 1) & (m->cap - 1)) {
        struct mapstr_slot *s = &m->slots[i];
        if (!s->key || (s->hash == hash && s->len == len && memcmp(s->key, key, len) == 0))
            return s;
    }
}

uint64_t *mapstr_find(const struct mapstr *m, const char *key, size_t len)
{
    if (m->cap == 0)
        return NULL;
    struct mapstr_slot *s = slotstr(m, key, len, hash_bytes(key, len));
    return s->key ? &s->value : NULL;
}

static void growstr(struct mapstr *m)
{
    struct mapstr old = *m;

    m->cap = old.cap ? old.cap * 2 : 16;
    m->slots = xcalloc(m->cap, sizeof(*m->slots));
    for (size_t i = 0; i < old.cap; i++)
        if (old.slots[i].key)
            *slotstr(m, old.slots[i].key, old.slots[i].len, old.slots[i].hash) = old.slots[i];
    free(old.slots);
}

uint64_t *mapstr_put(struct mapstr *m, const char *key, size_t len, bool *fresh)
{
    uint64_t hash = hash_bytes(key, len);

    if ((m->n + 1) * 4 > m->cap * 3)
        growstr(m);

    struct mapstr_slot *s = slotstr(m, key, len, hash);
    if (fresh)
        *fresh = !s->key;
    if (!s->key) {
        *s = (struct mapstr_slot){.key = key, .len = len, .hash = hash};
        m->n++;
    }
    return &s->value;
}
