/* SPDX-License-Identifier: Apache-2.0 */
#include "module/signature.h"

#include <ctype.h>

struct span {
    const char *p;
    size_t n;
};

static bool ends_with(struct span s, const char *suffix)
{
    size_t n = strlen(suffix);
    return s.n >= n && memcmp(s.p + s.n - n, suffix, n) == 0;
}

static bool starts_with(struct span s, size_t at, const char *prefix)
{
    size_t n = strlen(prefix);
    return at <= s.n && s.n - at >= n && memcmp(s.p + at, prefix, n) == 0;
}

/* Drops what may follow a parameter list. */
static struct span drop_qualifiers(struct span s)
{
    static const char *const words[] = {" const", " volatile", " &&", " &", "&&", "&", " noexcept"};
    for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++)
        if (ends_with(s, words[i])) {
            s.n -= strlen(words[i]);
            i = (size_t)-1;
        }
    return s;
}

/* Drops the parenthesis that the text ends with, and all in it. */
static bool drop_parameters(struct span *s)
{
    size_t depth = 0;
    if (!ends_with(*s, ")"))
        return false;
    for (size_t i = s->n; i-- > 0;) {
        if (s->p[i] == ')')
            depth++;
        else if (s->p[i] == '(' && --depth == 0) {
            s->n = i;
            return i > 0;
        }
    }
    return false;
}

static bool in_word(char c)
{
    return isalnum((unsigned char)c) || c == '_' || c == '$';
}

/* Where the symbol of "operator+" ends; at stands behind the word. For "operator bool", whose type runs to
 * the end, that is the end. */
static size_t skip_operator(struct span s, size_t at)
{
    /* A symbol stands before those that it begins with. */
    static const char *const symbols[] = {"()", "[]", "\"\" ", "<=>", "<<=", "<<", "<=", "<",  ">>=", ">>",
                                          ">=", ">",  "->*",   "->",  "-=",  "--", "-",  "+=", "++",  "+",
                                          "*=", "*",  "/=",    "/",   "%=",  "%",  "^=", "^",  "&=",  "&&",
                                          "&",  "|=", "||",    "|",   "==",  "=",  "!=", "!",  "~",   ","};
    if (starts_with(s, at, " "))
        return s.n;
    for (size_t i = 0; i < sizeof(symbols) / sizeof(symbols[0]); i++)
        if (starts_with(s, at, symbols[i])) {
            at += strlen(symbols[i]);
            break;
        }
    /* "operator< <int>": the space only keeps the brackets apart. */
    return starts_with(s, at, " <") ? at + 1 : at;
}

/* "f() const::{lambda()#1}": the space is inside of the name. */
static bool qualifies_scope(struct span s, size_t at)
{
    static const char *const words[] = {" const", " volatile", " &&", " &", "&&", "&"};
    for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++)
        if (starts_with(s, at, words[i])) {
            at += strlen(words[i]);
            i = (size_t)-1;
        }
    return starts_with(s, at, "::");
}

/* Drops a return type: what stands before the last space outside of all brackets. */
static struct span drop_return_type(struct span s)
{
    size_t start = 0, depth = 0;
    for (size_t i = 0; i < s.n; i++) {
        char c = s.p[i];
        if (depth == 0 && starts_with(s, i, "operator") && (i == 0 || !in_word(s.p[i - 1])) &&
            (i + 8 == s.n || !in_word(s.p[i + 8])))
            i = skip_operator(s, i + 8) - 1;
        else if (c == '<' || c == '(' || c == '[' || c == '{')
            depth++;
        else if ((c == '>' || c == ')' || c == ']' || c == '}') && depth > 0)
            depth--;
        else if (c == ' ' && depth == 0 && !qualifies_scope(s, i))
            start = i + 1;
    }
    return (struct span){s.p + start, s.n - start};
}

/* "non-virtual thunk to a::b()" is what the code is; it has no return type. */
static bool is_thunk(struct span s)
{
    return starts_with(s, 0, "non-virtual thunk to ") || starts_with(s, 0, "virtual thunk to ") ||
           starts_with(s, 0, "covariant return thunk to ");
}

struct bytes signature_name(const char *demangled)
{
    struct span s = {demangled, strlen(demangled)};
    bool thunk = is_thunk(s);
    for (int level = 0; level < 4; level++) {
        s = drop_qualifiers(s);
        if (!drop_parameters(&s))
            break;
        s = thunk ? s : drop_return_type(s);
        /* "void (*f<int>(char))(int)": a function that returns a pointer to one. */
        if (!starts_with(s, 0, "(*") && !starts_with(s, 0, "(&"))
            return (struct bytes){(const uint8_t *)s.p, s.n};
        size_t skip = starts_with(s, 0, "(&&") ? 3 : 2;
        if (!ends_with(s, ")") || s.n <= skip + 1)
            break;
        s = (struct span){s.p + skip, s.n - skip - 1};
    }
    return (struct bytes){0};
}
