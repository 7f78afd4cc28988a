/* SPDX-License-Identifier: Apache-2.0 */
/* Text in units of 1, 2 or 4 bytes. */
#include "redact/priv.h"

int32_t unit_at(const struct redact_window *w, size_t at, unsigned width)
{
    uint32_t v = 0;

    if (at >= w->n || w->n - at < width)
        return -1;
    memcpy(&v, w->bytes + at, width); /* hosts are little-endian, as targets are */
    return v <= 0x10ffff ? (int32_t)v : -1;
}

struct charset charset_of(const char *ranges, bool beyond)
{
    struct charset set = {.beyond = beyond};

    for (const char *p = ranges; *p; p++) {
        char first = *p, last = *p;
        if (p[1] == '-' && p[2]) {
            last = p[2];
            p += 2;
        }
        for (unsigned c = (uint8_t)first; c <= (uint8_t)last; c++)
            set.ascii[c / 64] |= UINT64_C(1) << c % 64;
    }
    return set;
}

/* Bytes of the character at `at` when it is in the set, else 0. */
static size_t step(const struct redact_window *w, size_t at, unsigned width, const struct charset *set)
{
    enum { FIRST_PRINTABLE = 0xa0 }; /* below stand DEL and the control characters of ISO 8859 */
    int32_t c = unit_at(w, at, width);

    if (c < 0)
        return 0;
    if (c < 0x80)
        return set->ascii[c / 64] >> c % 64 & 1 ? width : 0;
    if (!set->beyond)
        return 0;
    if (width > 1)
        return c >= FIRST_PRINTABLE ? width : 0;
    size_t n = utf8_sequence((const char *)w->bytes + at, w->n - at);
    return n > 1 ? n : 0;
}

size_t run_end(const struct redact_window *w, size_t at, unsigned width, const struct charset *set, size_t max)
{
    size_t n;

    while (max-- > 0 && (n = step(w, at, width, set)) > 0)
        at += n;
    return at;
}

/* Is [at, at + 8) in the window, and a word that stays? */
static bool stays(const struct redact_window *w, size_t at)
{
    uint64_t word;

    if (at > w->n || w->n - at < sizeof(word))
        return false;
    memcpy(&word, w->bytes + at, sizeof(word));
    return w->keep(w->arg, word);
}

/* Writes over what of one unit may be changed. */
static uint64_t fill_unit(const struct redact_window *w, size_t at, size_t n)
{
    uint64_t changed = 0;
    bool any = false;

    for (size_t i = 0; i < n; i++)
        any |= w->bytes[at + i] != 0;
    for (size_t i = 0; any && i < n; i++) {
        uint8_t v = i == 0 ? '*' : 0;
        if (at + i < w->from || at + i >= w->to || w->bytes[at + i] == v)
            continue;
        w->bytes[at + i] = v;
        changed++;
    }
    return changed;
}

uint64_t redact_fill(const struct redact_window *w, size_t from, size_t to, unsigned width)
{
    enum { WORD = 8 };
    uint64_t changed = 0;
    size_t word_end = from; /* up to here the word that a unit begins in was asked for */
    bool kept = false;

    for (size_t at = from, n; at < to; at += n) {
        n = to - at < width ? to - at : width;
        size_t into = (size_t)((w->at + at) % WORD);
        if (w->keep && at >= word_end && at >= into) {
            kept = stays(w, at - into);
            word_end = at - into + WORD;
        }
        if (!kept)
            changed += fill_unit(w, at, n);
    }
    return changed;
}
