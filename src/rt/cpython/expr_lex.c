/* SPDX-License-Identifier: Apache-2.0 */
/* Tokens of Python (the language reference, "Lexical analysis"). */
#include "rt/cpython/expr.h"

#include <ctype.h>
#include <errno.h>
#include <inttypes.h>
#include <stdarg.h>

enum { DIGITS_MAX = 5000 }; /* of a literal */

struct err *expr_fail(const struct expr *e, size_t at, const char *fmt, ...)
{
    size_t column = 1;
    for (size_t i = 0; i < at && i < e->n; i++)
        column += ((unsigned char)e->text[i] & 0xc0) != 0x80;
    va_list ap;
    char *msg = NULL;
    va_start(ap, fmt);
    if (vasprintf(&msg, fmt, ap) < 0)
        mem_exhausted();
    va_end(ap);
    struct err *err = err_new(ERR_USAGE, "column %zu: %s", column, msg);
    free(msg);
    return err;
}

static struct bytes bytes_of(struct expr *e, const char *p, size_t n)
{
    return (struct bytes){.p = (const uint8_t *)arena_strndup(e->arena, p, n), .n = n};
}

/* ---- numbers ---- */

/* Python's digits may have '_' between them. */
static size_t digits(const struct expr *e, size_t at, int base, struct text *out)
{
    size_t from = at;
    for (; at < e->n; at++) {
        char c = e->text[at];
        int v = isdigit((unsigned char)c)   ? c - '0'
                : isalpha((unsigned char)c) ? tolower((unsigned char)c) - 'a' + 10
                                            : 99;
        if (c == '_' && at > from)
            continue;
        if (v >= base)
            break;
        text_putc(out, c);
    }
    return at;
}

static struct err *whole_number(struct expr *e, const char *s, int base)
{
    char *end;
    errno = 0;
    unsigned long long v = strtoull(s, &end, base);
    if (*end || end == s)
        return expr_fail(e, e->start, "SyntaxError: invalid number");
    e->token = PY_TOKEN_LITERAL;
    if (!errno && v <= INT64_MAX) {
        e->literal = operand_int((int64_t)v);
        return NULL;
    }
    struct bigint big;
    if (strlen(s) > DIGITS_MAX)
        return expr_fail(e, e->start, "the number is too large");
    TRY(bigint_parse(e->arena, s, (unsigned)base, &big));
    e->literal = operand_of_big(big);
    return NULL;
}

static struct err *number(struct expr *e)
{
    SCOPED(text_done) struct text t = {0};
    size_t at = e->start;
    char second = at + 1 < e->n ? (char)tolower((unsigned char)e->text[at + 1]) : 0;
    int base = e->text[at] != '0' ? 10 : second == 'x' ? 16 : second == 'o' ? 8 : second == 'b' ? 2 : 10;
    at = digits(e, base == 10 ? at : at + 2, base, &t);
    bool real = base == 10 && at < e->n && (e->text[at] == '.' || tolower((unsigned char)e->text[at]) == 'e');
    if (!real) {
        e->at = at;
        return whole_number(e, text_str(&t), base);
    }
    if (e->text[at] == '.') {
        text_putc(&t, '.');
        at = digits(e, at + 1, 10, &t);
    }
    if (at < e->n && tolower((unsigned char)e->text[at]) == 'e') {
        text_putc(&t, 'e');
        at++;
        if (at < e->n && (e->text[at] == '-' || e->text[at] == '+'))
            text_putc(&t, e->text[at++]);
        at = digits(e, at, 10, &t);
    }
    char *end;
    e->at = at;
    e->token = PY_TOKEN_LITERAL;
    e->literal = (struct operand){.kind = OPERAND_FLOAT, .f = strtod(text_str(&t), &end)};
    return *end ? expr_fail(e, e->start, "SyntaxError: invalid number") : NULL;
}

/* ---- strings ---- */

static const char *one_escape(char c)
{
    static const char pairs[] = "\\\\''\"\"a\ab\bf\fn\nr\rt\tv\v";
    for (const char *p = pairs; *p; p += 2)
        if (*p == c)
            return p + 1;
    return NULL;
}

/* \xNN, \uNNNN, \UNNNNNNNN; false: it is none of them. */
static bool coded(struct expr *e, bool is_bytes, struct text *out)
{
    char c = e->text[e->at], utf8[4], hex[9] = "";
    size_t n = c == 'x' ? 2 : c == 'u' && !is_bytes ? 4 : c == 'U' && !is_bytes ? 8 : 0;
    if (!n || e->n - e->at - 1 < n)
        return false;
    memcpy(hex, e->text + e->at + 1, n);
    if (strspn(hex, "0123456789abcdefABCDEF") != n)
        return false;
    uint32_t v = (uint32_t)strtoul(hex, NULL, 16);
    e->at += n + 1;
    if (is_bytes)
        text_putc(out, (char)v);
    else
        text_putn(out, utf8, py_utf8(v, utf8));
    return true;
}

static struct err *string(struct expr *e, bool raw, bool is_bytes)
{
    SCOPED(text_done) struct text t = {0};
    char quote = e->text[e->at++];
    while (e->at < e->n && e->text[e->at] != quote) {
        char c = e->text[e->at++];
        if (c == '\\' && !raw && e->at < e->n) {
            const char *plain = one_escape(e->text[e->at]);
            if (plain) {
                text_putc(&t, *plain);
                e->at++;
                continue;
            }
            if (coded(e, is_bytes, &t))
                continue;
        }
        text_putc(&t, c);
    }
    if (e->at == e->n)
        return expr_fail(e, e->start, "SyntaxError: unterminated string literal");
    e->at++;
    e->token = PY_TOKEN_LITERAL;
    e->literal =
        (struct operand){.kind = is_bytes ? OPERAND_BYTES : OPERAND_STR, .text = bytes_of(e, text_str(&t), t.n)};
    return NULL;
}

/* The quote behind r, b, u, rb, br; 0: no string begins here. */
static size_t prefix(const struct expr *e, bool *raw, bool *is_bytes)
{
    size_t n = 0;
    *raw = *is_bytes = false;
    for (; n < 2 && e->start + n < e->n; n++) {
        char c = (char)tolower((unsigned char)e->text[e->start + n]);
        if (c != 'r' && c != 'b' && c != 'u')
            break;
        *raw |= c == 'r';
        *is_bytes |= c == 'b';
    }
    char c = e->start + n < e->n ? e->text[e->start + n] : 0;
    return c == '\'' || c == '"' ? n + 1 : 0;
}

/* ---- all ---- */

static bool is_name(char c, bool first)
{
    return isalpha((unsigned char)c) || c == '_' || (unsigned char)c >= 0x80 || (!first && isdigit((unsigned char)c));
}

static void name(struct expr *e, size_t from)
{
    e->at = from;
    while (e->at < e->n && is_name(e->text[e->at], false))
        e->at++;
    e->word = bytes_of(e, e->text + from, e->at - from);
}

static void operator(struct expr *e)
{
    static const char *const ops[] = {"==", "!=", "<=", ">=", "//", "**", "<<", ">>"};
    size_t n = 1;
    for (size_t i = 0; i < ARRAY_LEN(ops); i++)
        if (strncmp(e->text + e->start, ops[i], 2) == 0)
            n = 2;
    e->token = PY_TOKEN_OP;
    e->word = bytes_of(e, e->text + e->start, n);
    e->at = e->start + n;
}

struct err *expr_next(struct expr *e)
{
    bool raw, is_bytes;
    while (e->at < e->n && isspace((unsigned char)e->text[e->at]))
        e->at++;
    e->start = e->at;
    e->word = (struct bytes){.n = 0};
    if (e->at == e->n) {
        e->token = PY_TOKEN_END;
        return NULL;
    }
    char c = e->text[e->at];
    size_t quote = prefix(e, &raw, &is_bytes);
    if (quote) {
        e->at += quote - 1;
        return string(e, raw, is_bytes);
    }
    if (isdigit((unsigned char)c) || (c == '.' && e->at + 1 < e->n && isdigit((unsigned char)e->text[e->at + 1])))
        return number(e);
    if (c == '$') {
        name(e, e->start + 1);
        if (!e->word.n && e->at < e->n && e->text[e->at] == '$') /* $$, $$3 */
            name(e, e->at + 1), e->word = bytes_of(e, e->text + e->start + 1, e->at - e->start - 1);
        e->token = PY_TOKEN_DOLLAR;
    } else if (is_name(c, true)) {
        name(e, e->start);
        e->token = PY_TOKEN_NAME;
    } else {
        operator(e);
    }
    return NULL;
}

bool expr_at(const struct expr *e, const char *op)
{
    size_t n = strlen(op);
    return (e->token == PY_TOKEN_OP || e->token == PY_TOKEN_NAME) && e->word.n == n && memcmp(e->word.p, op, n) == 0;
}

struct err *expr_take(struct expr *e, const char *op, bool *taken)
{
    *taken = expr_at(e, op);
    return *taken ? expr_next(e) : NULL;
}

struct err *expr_expect(struct expr *e, const char *op)
{
    bool taken;
    TRY(expr_take(e, op, &taken));
    return taken ? NULL : expr_fail(e, e->start, "SyntaxError: '%s' is missing here", op);
}
