/* SPDX-License-Identifier: Apache-2.0 */
/* The base types of C under their many spellings. */
#include "base/mem.h"
#include "value/type_priv.h"

struct words {
    unsigned is_signed, is_unsigned, shorts, longs, ints;
    const char *rest; /* char, double, float, __int128 */
};

static bool count_word(struct words *w, const char *p, size_t n)
{
    static const char *const others[] = {"char", "double", "float", "__int128"};
    static const struct {
        const char *word;
        size_t field;
    } known[] = {
        {"signed", offsetof(struct words, is_signed)}, {"unsigned", offsetof(struct words, is_unsigned)},
        {"short", offsetof(struct words, shorts)},     {"long", offsetof(struct words, longs)},
        {"int", offsetof(struct words, ints)},
    };
    for (size_t i = 0; i < ARRAY_LEN(known); i++)
        if (strlen(known[i].word) == n && memcmp(known[i].word, p, n) == 0) {
            ++*(unsigned *)(void *)((char *)w + known[i].field);
            return true;
        }
    for (size_t i = 0; i < ARRAY_LEN(others); i++)
        if (!w->rest && strlen(others[i]) == n && memcmp(others[i], p, n) == 0) {
            w->rest = others[i];
            return true;
        }
    return false;
}

static bool read_words(const char *name, struct words *w)
{
    size_t words = 0;
    for (const char *p = name; *p;) {
        size_t n = strcspn(p, " ");
        if (n && (!count_word(w, p, n) || ++words > 5))
            return false;
        p += n;
        p += strspn(p, " ");
    }
    return words > 0;
}

static bool is_rest(const struct words *w, const char *word)
{
    return w->rest && strcmp(w->rest, word) == 0;
}

/* Which spelling a set of words has; C11 6.7.2, and __int128. */
const char *type_c_spelling(const char *name)
{
    static const char *const ints[2][4] = {
        {"int", "short", "long", "long long"},
        {"unsigned int", "unsigned short", "unsigned long", "unsigned long long"},
    };
    struct words w = {0};
    if (!read_words(name, &w) || w.is_signed > 1 || w.is_unsigned > 1 || w.is_signed + w.is_unsigned > 1 ||
        w.shorts > 1 || w.longs > 2 || w.ints > 1 || (w.shorts && w.longs))
        return NULL;
    bool sized = w.shorts || w.longs, sign = w.is_signed || w.is_unsigned;
    if (!w.rest)
        return ints[w.is_unsigned][w.shorts ? 1 : w.longs ? w.longs + 1 : 0];
    if (w.ints || w.shorts)
        return NULL;
    if (is_rest(&w, "char"))
        return sized ? NULL : w.is_signed ? "signed char" : w.is_unsigned ? "unsigned char" : "char";
    if (is_rest(&w, "__int128"))
        return sized ? NULL : w.is_unsigned ? "unsigned __int128" : "__int128";
    if (sign)
        return NULL;
    if (is_rest(&w, "double"))
        return w.longs > 1 ? NULL : w.longs ? "long double" : "double";
    return sized ? NULL : "float";
}
