/* SPDX-License-Identifier: Apache-2.0 */
/* One spelling for the template arguments in C++ names. Compilers write "vector<const char*>", "vector<char
 * const *, ...>>" or "array<long unsigned int, 4>" as they like; gdb shows all of them as a demangler would. What
 * the parser here does not know (lambdas, functions, computed values) is left as the compiler wrote it. */
#include "value/type_priv.h"

#include <ctype.h>

/* Real names have up to some ten levels. */
#define MAX_DEPTH 64

struct parser {
    const char *at;
    struct text out;
    unsigned depth;
};

static void skip_space(struct parser *p)
{
    p->at += strspn(p->at, " ");
}

static bool is_word_char(char c)
{
    return isalnum((unsigned char)c) || c == '_' || c == '$';
}

static size_t word_length(const char *s)
{
    size_t n = 0;
    while (is_word_char(s[n]))
        n++;
    return isdigit((unsigned char)*s) ? 0 : n;
}

static bool take(struct parser *p, const char *token)
{
    skip_space(p);
    size_t n = strlen(token);
    if (strncmp(p->at, token, n) != 0)
        return false;
    p->at += n;
    return true;
}

static bool take_word(struct parser *p, const char *word)
{
    skip_space(p);
    size_t n = word_length(p->at);
    if (n != strlen(word) || memcmp(p->at, word, n) != 0)
        return false;
    p->at += n;
    return true;
}

static bool parse_args(struct parser *p);
static bool parse_type(struct parser *p);

/* ns::cls<args>::name */
static bool parse_name(struct parser *p)
{
    if (take(p, "::"))
        text_put(&p->out, "::");
    do {
        if (take(p, "(anonymous namespace)"))
            text_put(&p->out, "(anonymous namespace)");
        else {
            skip_space(p);
            size_t n = word_length(p->at);
            if (!n)
                return false;
            text_putn(&p->out, p->at, n);
            p->at += n;
        }
        if (take(p, "<") && !parse_args(p))
            return false;
        if (p->at[0] != ':' || p->at[1] != ':' || p->at[2] == '*')
            return true;
        p->at += 2;
        text_put(&p->out, "::");
    } while (true);
}

/* Words such as "long unsigned int", as one. False: the next word is none of those. */
static bool parse_c_type(struct parser *p)
{
    SCOPED(text_done) struct text words = {0};
    const char *spelling = NULL, *end = p->at;
    for (;;) {
        skip_space(p);
        size_t n = word_length(p->at), before = words.n;
        if (!n)
            break;
        text_putc(&words, ' ');
        text_putn(&words, p->at, n);
        const char *longer = type_c_spelling(text_str(&words));
        if (!longer) {
            words.n = before;
            break;
        }
        spelling = longer;
        p->at += n;
        end = p->at;
    }
    p->at = end;
    if (spelling)
        text_put(&p->out, spelling);
    return spelling != NULL;
}

struct quals {
    bool is_const, is_volatile;
};

static void parse_quals(struct parser *p, struct quals *q)
{
    for (;;) {
        if (take_word(p, "const"))
            q->is_const = true;
        else if (take_word(p, "volatile"))
            q->is_volatile = true;
        else
            return;
    }
}

static void put_quals(struct parser *p, const struct quals *q)
{
    text_put(&p->out, q->is_const ? " const" : "");
    text_put(&p->out, q->is_volatile ? " volatile" : "");
}

static void parse_pointers(struct parser *p)
{
    for (;;) {
        struct quals q = {0};
        if (take(p, "*"))
            text_putc(&p->out, '*');
        else if (take(p, "&&"))
            text_put(&p->out, "&&");
        else if (take(p, "&"))
            text_putc(&p->out, '&');
        else
            return;
        parse_quals(p, &q);
        put_quals(p, &q);
    }
}

static bool parse_no_parameters(struct parser *p)
{
    const char *start = p->at;
    take_word(p, "void");
    if (take(p, ")"))
        return true;
    p->at = start;
    return false;
}

/* What follows "(" of "(int, char)". */
static bool parse_parameters(struct parser *p)
{
    bool none = parse_no_parameters(p), more = !none;
    text_putc(&p->out, '(');
    while (more) {
        if (take(p, "..."))
            text_put(&p->out, "...");
        else if (!parse_type(p))
            return false;
        more = take(p, ",");
        text_put(&p->out, more ? ", " : "");
    }
    text_putc(&p->out, ')');
    return none || take(p, ")");
}

/* "(*)(int) const" behind a type. A function itself, "void (int)", stays as it is written, as it does in gdb. */
static bool parse_function_pointer(struct parser *p)
{
    struct quals q = {0};
    text_put(&p->out, " (");
    skip_space(p);
    if (*p->at != '*' && *p->at != '&')
        return false;
    parse_pointers(p);
    text_putc(&p->out, ')');
    if (!take(p, ")") || !take(p, "(") || !parse_parameters(p))
        return false;
    parse_quals(p, &q);
    put_quals(p, &q);
    return true;
}

static bool parse_dimensions(struct parser *p)
{
    skip_space(p);
    text_put(&p->out, *p->at == '[' ? " " : "");
    while (*p->at == '[') {
        size_t n = strcspn(p->at, "]");
        if (!p->at[n] || strspn(p->at + 1, "0123456789") != n - 1)
            return false;
        text_putn(&p->out, p->at, n + 1);
        p->at += n + 1;
    }
    return true;
}

static bool parse_type(struct parser *p)
{
    struct quals q = {0};
    if (++p->depth > MAX_DEPTH)
        return false;
    parse_quals(p, &q);
    skip_space(p);
    if (!parse_c_type(p) && !parse_name(p))
        return false;
    parse_quals(p, &q);
    put_quals(p, &q);
    parse_pointers(p);
    p->depth--;
    return take(p, "(") ? parse_function_pointer(p) : parse_dimensions(p);
}

/* 5, -5, 5ul, 'a' */
static bool parse_literal(struct parser *p)
{
    skip_space(p);
    if (*p->at == '\'') {
        size_t n = p->at[1] == '\\' ? 2 : 1;
        while (p->at[n] && p->at[n] != '\'')
            n++;
        if (!p->at[n])
            return false;
        text_putn(&p->out, p->at, n + 1);
        p->at += n + 1;
        return true;
    }
    if (*p->at == '-')
        text_putc(&p->out, *p->at++);
    if (!isdigit((unsigned char)*p->at))
        return false;
    while (isdigit((unsigned char)*p->at))
        text_putc(&p->out, *p->at++);
    while (strchr("uUlL", *p->at) && *p->at)
        text_putc(&p->out, (char)tolower((unsigned char)*p->at++));
    return true;
}

/* "(char)97", "(& name)": what follows the bracket. */
static bool parse_bracketed(struct parser *p)
{
    if (take(p, "&")) {
        text_putc(&p->out, '&');
        return parse_name(p) && take(p, ")");
    }
    text_putc(&p->out, '(');
    if (!parse_type(p) || !take(p, ")"))
        return false;
    text_putc(&p->out, ')');
    return parse_literal(p);
}

static bool parse_arg(struct parser *p)
{
    skip_space(p);
    if (*p->at == '\'')
        text_put(&p->out, "(char)");
    if (*p->at == '\'' || *p->at == '-' || isdigit((unsigned char)*p->at))
        return parse_literal(p);
    if (*p->at == '(' && !begins_with(p->at, "(anonymous namespace)")) {
        p->at++;
        return parse_bracketed(p);
    }
    if (take(p, "&")) {
        text_putc(&p->out, '&');
        return parse_name(p);
    }
    return parse_type(p);
}

/* What follows "<", with the bracket that closes it. Names with "<>" stay as they are written, as in gdb. */
static bool parse_args(struct parser *p)
{
    bool more = true;
    text_putc(&p->out, '<');
    while (more) {
        if (!parse_arg(p))
            return false;
        more = take(p, ",");
        text_put(&p->out, more ? ", " : "");
    }
    text_put(&p->out, p->out.p[p->out.n - 1] == '>' ? " >" : ">");
    return take(p, ">");
}

const char *type_canonical_name(struct arena *a, const char *name)
{
    struct parser p = {.at = name};
    if (!strchr(name, '<') || *name == '<')
        return name;
    bool whole = parse_name(&p) && !*p.at;
    const char *out = whole && strcmp(text_str(&p.out), name) != 0 ? arena_strdup(a, text_str(&p.out)) : name;
    text_done(&p.out);
    return out;
}
