/* SPDX-License-Identifier: Apache-2.0 */
/* What a goroutine waits for: g.waiting is its list of sudogs, one a channel, and g.waitreason a number that the program
 * itself names, since it changes from version to version (runtime/runtime2.go). */
#include "rt/go/priv.h"

enum {
    CASES_MAX = 1 << 16,
    PAIR_SINCE = 26,
    REASONS_MAX = 256, /* the number is a byte */
    REASON_BYTES = 64,
    STRING = 16, /* bytes of a string's header: a pointer and a length */
};

bool go_each_wait(const struct rt *rt, const struct task *t, go_wait_fn *fn, void *arg)
{
    const struct go_layout *l = rt->layout;
    uint64_t sudog, channel;
    if (!l || t->state != TASK_WAITING || !go_field(rt, t->object, l->g_waiting, &sudog))
        return false;
    /* Since 1.26 c is two words, of which the second is always set (maybeTraceableChan). */
    uint64_t second = rt->build.minor >= PAIR_SINCE ? 8 : 0;
    for (unsigned i = 0; sudog && i < CASES_MAX; i++) {
        if (!go_field(rt, sudog + second, l->sudog_c, &channel))
            return false;
        if (fn(arg, sudog, channel))
            return true;
        /* Without a channel it is one of the queue of a lock, where the links lead to other goroutines. */
        if (!channel || !go_field(rt, sudog, l->sudog_waitlink, &sudog))
            return false;
    }
    return false;
}

static bool is_object(void *arg, taddr sudog, taddr channel)
{
    (void)sudog;
    return channel == *(const taddr *)arg;
}

bool go_waits_on(struct rt *rt, const struct task *t, taddr object)
{
    return object && go_each_wait(rt, t, is_object, &object);
}

/* ---- reasons ---- */

/* The text of a string's header at `at`, of at most `max` - 1 bytes; empty when there is none. */
static size_t read_text(const struct rt *rt, taddr at, char *out, size_t max)
{
    uint64_t p, n;
    out[0] = 0;
    if (!go_word(rt, at, &p) || !go_word(rt, at + 8, &n) || !n || n >= max ||
        modules_read_some(rt->ms, p, out, (size_t)n) != n)
        return 0;
    for (size_t i = 0; i < n; i++)
        if (out[i] < ' ' || out[i] > '~')
            return 0;
    out[n] = 0;
    return (size_t)n;
}

static bool says(const struct rt *rt, taddr at, const char *text)
{
    char have[REASON_BYTES];
    return read_text(rt, at, have, sizeof(have)) && strcmp(have, text) == 0;
}

struct reasons {
    const struct rt *rt;
    taddr at; /* of number 0 */
    unsigned n;
};

/* In all versions number 0 is empty and these are 1 and 2. */
static bool look(void *arg, taddr at, uint64_t word)
{
    static const char first[] = "GC assist marking", second[] = "IO wait";
    struct reasons *r = arg;
    uint64_t none;
    if (word != sizeof(first) - 1 || at < 8 + STRING || !says(r->rt, at - 8, first) || !says(r->rt, at + 8, second) ||
        !go_word(r->rt, at - STRING, &none) || none)
        return false;
    r->at = at - 8 - STRING;
    r->n++;
    return false;
}

/* Without a symbol its end is not known: that is where no more text is. A number behind it stands in no goroutine. */
static bool find_reasons(const struct rt *rt, taddr *at, uint64_t *n)
{
    struct symbol s;
    struct module *in;
    if (modules_symbol_named(rt->ms, "runtime.waitReasonStrings", &s, &in)) {
        *at = s.addr;
        *n = s.size / STRING;
        return *n <= REASONS_MAX;
    }
    struct reasons found = {.rt = rt};
    struct go_ranges data = go_data(&rt->modules.v[0]);
    for (size_t i = 0; i < ARRAY_LEN(data.v); i++)
        go_scan(rt, data.v[i].start, data.v[i].end, look, &found);
    *at = found.at;
    *n = REASONS_MAX;
    return found.n == 1;
}

static void load_reasons(struct rt *rt)
{
    taddr at;
    uint64_t n;
    char text[REASON_BYTES];
    rt->tried_wait_reasons = true;
    if (!find_reasons(rt, &at, &n))
        return;
    for (uint64_t i = 0; i < n; i++) {
        size_t length = read_text(rt, at + i * STRING, text, sizeof(text));
        if (!length && i && n == REASONS_MAX)
            return;
        *vec_push(&rt->wait_reasons) = length ? arena_strndup(&rt->arena, text, length) : NULL;
    }
}

const char *go_wait_reason(struct rt *rt, const struct task *t)
{
    if (t->state != TASK_WAITING)
        return NULL;
    if (!rt->tried_wait_reasons)
        load_reasons(rt);
    return t->wait_reason < rt->wait_reasons.n ? rt->wait_reasons.v[t->wait_reason] : NULL;
}
