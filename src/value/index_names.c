/* SPDX-License-Identifier: Apache-2.0 */
#include "value/index_names.h"

#include "base/map.h"
#include "base/mem.h"

static bool is_word(uint8_t c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' || c == '$' ||
           c >= 0x80;
}

/* The next byte that counts; 0 after the last. One space stays between two words. *i moves past it. */
static uint8_t next_byte(struct bytes s, size_t *i)
{
    size_t at = *i;
    while (at < s.n && s.p[at] == ' ')
        at++;
    if (at < s.n && at > *i && *i > 0 && is_word(s.p[*i - 1]) && is_word(s.p[at])) {
        *i = at;
        return ' ';
    }
    *i = at < s.n ? at + 1 : at;
    return at < s.n ? s.p[at] : 0;
}

bool names_equal(struct bytes a, struct bytes b)
{
    size_t i = 0, k = 0;
    uint8_t x, y;
    if (a.n == b.n && memcmp(a.p, b.p, a.n) == 0)
        return true;
    do {
        /* After a space was given, the byte before *i is a space: the word goes on by itself. */
        x = next_byte(a, &i);
        y = next_byte(b, &k);
    } while (x && x == y);
    return x == y;
}

uint32_t name_hash(struct bytes name, struct text *scratch)
{
    if (!memchr(name.p, ' ', name.n))
        return (uint32_t)(hash_bytes(name.p, name.n) >> 32);
    uint8_t c;
    size_t i = 0;
    text_clear(scratch);
    while ((c = next_byte(name, &i)))
        text_putc(scratch, (char)c);
    return (uint32_t)(hash_bytes(scratch->p, scratch->n) >> 32);
}

/* Bytes of the sign of "operator<<=" that begins a name; 0 when it is no operator. */
static size_t operator_length(struct bytes s)
{
    static const char word[] = "operator";
    static const char *const signs[] = {"<=>", "<<=", ">>=", "->*", "<<", ">>", "<=", ">=", "->", "<", ">", "()"};
    size_t n = sizeof(word) - 1;
    if (s.n < n || memcmp(s.p, word, n) != 0 || (s.n > n && is_word(s.p[n])))
        return 0;
    while (n < s.n && s.p[n] == ' ')
        n++;
    for (size_t i = 0; i < ARRAY_LEN(signs); i++) {
        size_t len = strlen(signs[i]);
        if (s.n - n >= len && memcmp(s.p + n, signs[i], len) == 0)
            return n + len;
    }
    return n;
}

struct bytes name_stem(struct bytes s)
{
    size_t from = operator_length(s);
    const uint8_t *open = s.n > from ? memchr(s.p + from, '<', s.n - from) : NULL;
    size_t n = open ? (size_t)(open - s.p) : s.n;
    while (n > 0 && s.p[n - 1] == ' ')
        n--;
    /* Rust has "<impl T for U>". */
    return n ? (struct bytes){s.p, n} : s;
}

/* Where the part that begins at s ends: at "::", at the parameters, or at the end. */
static size_t part_length(struct bytes s)
{
    size_t i = operator_length(s);
    int depth = 0;
    if (i > 0 && (i == s.n || !memchr(s.p + i, '<', s.n - i))) {
        const uint8_t *open = i < s.n ? memchr(s.p + i, '(', s.n - i) : NULL;
        return open ? (size_t)(open - s.p) : s.n;
    }
    for (; i < s.n; i++) {
        uint8_t c = s.p[i];
        if (depth == 0 && ((c == ':' && i + 1 < s.n && s.p[i + 1] == ':') || (c == '(' && i > 0)))
            break;
        if (c == '<' || c == '(' || c == '{' || c == '[')
            depth++;
        else if ((c == '>' && (i == 0 || s.p[i - 1] != '-')) || c == ')' || c == '}' || c == ']')
            depth -= depth > 0;
    }
    return i;
}

static struct bytes trim(struct bytes s)
{
    while (s.n && s.p[0] == ' ')
        s.p++, s.n--;
    while (s.n && s.p[s.n - 1] == ' ')
        s.n--;
    return s;
}

bool name_split(const char *name, struct name_parts *out)
{
    struct bytes s = trim(name_bytes(name));
    *out = (struct name_parts){0};
    if (s.n >= 2 && memcmp(s.p, "::", 2) == 0) {
        out->global = true;
        s = (struct bytes){s.p + 2, s.n - 2};
    }
    while (s.n) {
        s = trim(s);
        size_t len = part_length(s);
        if (len == 0 || out->n == NAME_MAX_PARTS)
            return false;
        out->v[out->n++] = trim((struct bytes){s.p, len});
        if (len == s.n || s.p[len] != ':')
            break;
        s = (struct bytes){s.p + len + 2, s.n - len - 2};
        if (!s.n)
            return false;
    }
    return out->n > 0;
}
