/* SPDX-License-Identifier: Apache-2.0 */
#include "value/index_names.h"

#include "base/map.h"
#include "base/mem.h"

static bool is_word(uint8_t c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' || c == '$' ||
           c >= 0x80;
}

enum { MAX_DEPTH = 64 };

/* A name on its way to the one spelling that all of its spellings share. */
struct speller {
    struct text *out;
    /* The words of a built-in type, in any order: "long unsigned int" is "unsigned long". */
    unsigned longs, shorts, unsigneds, signeds, chars, ints, wides, doubles;
    bool any;
    unsigned depth; /* of angle brackets */
    /* "const T" is "T const": waits for the end of the type's name. */
    bool is_const[MAX_DEPTH], is_volatile[MAX_DEPTH];
};

static bool is(struct bytes word, const char *text)
{
    return strlen(text) == word.n && memcmp(text, word.p, word.n) == 0;
}

static bool take_word(struct speller *s, struct bytes word)
{
    const struct {
        const char *text;
        unsigned *count;
    } known[] = {
        {"long", &s->longs}, {"short", &s->shorts}, {"unsigned", &s->unsigneds}, {"signed", &s->signeds},
        {"char", &s->chars}, {"int", &s->ints},     {"__int128", &s->wides},     {"double", &s->doubles},
    };
    for (size_t i = 0; i < ARRAY_LEN(known); i++) {
        if (is(word, known[i].text)) {
            ++*known[i].count;
            return s->any = true;
        }
    }
    return false;
}

static void put_word(struct speller *s, const char *word, size_t n)
{
    if (s->out->n && is_word((uint8_t)s->out->p[s->out->n - 1]))
        text_putc(s->out, ' ');
    text_putn(s->out, word, n);
}

static const char *base_type(const struct speller *s)
{
    if (s->chars)
        return "char";
    if (s->doubles)
        return s->longs ? "long double" : "double";
    if (s->wides)
        return "__int128";
    if (s->shorts)
        return "short";
    return s->longs > 1 ? "long long" : s->longs ? "long" : "int";
}

static void end_words(struct speller *s)
{
    if (!s->any)
        return;
    if (s->unsigneds)
        put_word(s, "unsigned", 8);
    else if (s->signeds && s->chars)
        put_word(s, "signed", 6);
    put_word(s, base_type(s), strlen(base_type(s)));
    s->longs = s->shorts = s->unsigneds = s->signeds = s->chars = s->ints = s->wides = s->doubles = 0;
    s->any = false;
}

/* Is the word a qualifier that begins a type? */
static bool take_qualifier(struct speller *s, struct bytes word)
{
    bool *waits = is(word, "const") ? s->is_const : is(word, "volatile") ? s->is_volatile : NULL;
    char last = s->out->n ? s->out->p[s->out->n - 1] : 0;
    if (!waits || s->any || s->depth >= MAX_DEPTH || !strchr("<,(", last))
        return false;
    return waits[s->depth] = true;
}

static void end_type(struct speller *s)
{
    if (s->depth >= MAX_DEPTH)
        return;
    if (s->is_const[s->depth])
        put_word(s, "const", 5);
    if (s->is_volatile[s->depth])
        put_word(s, "volatile", 8);
    s->is_const[s->depth] = s->is_volatile[s->depth] = false;
}

static void put_sign(struct speller *s, char c)
{
    end_words(s);
    if (strchr("*&,>)([", c))
        end_type(s);
    text_putc(s->out, c);
    if (c == '<')
        s->depth++;
    else if (c == '>' && s->depth)
        s->depth--;
}

/* "4ul" is 4. */
static size_t number_length(const uint8_t *p, size_t n)
{
    while (n > 1 && *p >= '0' && *p <= '9' && strchr("uUlL", p[n - 1]))
        n--;
    return n;
}

static void put_other_word(struct speller *s, struct bytes word)
{
    end_words(s);
    put_word(s, (const char *)word.p, s->depth ? number_length(word.p, word.n) : word.n);
}

/* Types are rewritten among template arguments only: "long int" by itself is what the program calls that type. */
static void put_canonical(struct text *out, struct bytes name)
{
    struct speller s = {.out = out};
    size_t len;
    text_clear(out);
    for (size_t i = 0; i < name.n; i += len) {
        for (len = 0; i + len < name.n && is_word(name.p[i + len]);)
            len++;
        struct bytes word = {name.p + i, len};
        if (!len) {
            if (name.p[i] != ' ')
                put_sign(&s, (char)name.p[i]);
            len = 1;
        } else if (!s.depth || (!take_qualifier(&s, word) && !take_word(&s, word))) {
            put_other_word(&s, word);
        }
    }
    end_words(&s);
}

static bool has_one_spelling(struct bytes s)
{
    return !memchr(s.p, ' ', s.n) && !memchr(s.p, '<', s.n);
}

bool names_equal(struct bytes a, struct bytes b)
{
    if (a.n == b.n && memcmp(a.p, b.p, a.n) == 0)
        return true;
    if (has_one_spelling(a) && has_one_spelling(b))
        return false;
    SCOPED(text_done) struct text x = {0}, y = {0};
    put_canonical(&x, a);
    put_canonical(&y, b);
    return strcmp(text_str(&x), text_str(&y)) == 0;
}

uint32_t name_hash(struct bytes name, struct text *scratch)
{
    if (has_one_spelling(name))
        return (uint32_t)(hash_bytes(name.p, name.n) >> 32);
    put_canonical(scratch, name);
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
