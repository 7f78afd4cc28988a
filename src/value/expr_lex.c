/* SPDX-License-Identifier: Apache-2.0 */
/* Tokens: names, numbers, operators. Characters and strings are in expr_quote.c. */
#include "value/expr_quote.h"
#include "base/mem.h"

#include <ctype.h>
#include <errno.h>

bool lexer_is_name_char(char c, bool first)
{
    /* Bytes above ASCII are letters of UTF-8 names. */
    return isalpha((unsigned char)c) || c == '_' || (unsigned char)c >= 0x80 || (!first && isdigit((unsigned char)c));
}

char lexer_peek(const struct lexer *lx, size_t ahead)
{
    return lx->at + ahead < lx->n ? lx->text[lx->at + ahead] : '\0';
}

struct err *lexer_error(const struct lexer *lx, size_t at, const char *fmt, ...)
{
    size_t column = 1;
    for (size_t i = 0; i < at && i < lx->n; i++)
        column += ((unsigned char)lx->text[i] & 0xc0) != 0x80; /* not the rest of a character */
    va_list ap;
    va_start(ap, fmt);
    char *msg = NULL;
    if (vasprintf(&msg, fmt, ap) < 0)
        mem_exhausted();
    va_end(ap);
    struct err *e = err_new(ERR_USAGE, "column %zu: %s", column, msg);
    free(msg);
    return e;
}

struct err *lexer_syntax(const struct lexer *lx)
{
    if (lx->tok.kind == TOKEN_END)
        return lexer_error(lx, lx->tok.start, "the expression ends too early");
    return lexer_error(lx, lx->tok.start, "a syntax error in expression, near `%s'", lx->text + lx->tok.start);
}

static struct err *end_token(struct lexer *lx, enum token_kind kind)
{
    lx->tok.kind = (uint8_t)kind;
    lx->tok.end = lx->at;
    return NULL;
}

/* ---- numbers ---- */

static unsigned digit_value(char c)
{
    if (c >= '0' && c <= '9')
        return (unsigned)(c - '0');
    if (c >= 'a' && c <= 'f')
        return (unsigned)(c - 'a') + 10;
    if (c >= 'A' && c <= 'F')
        return (unsigned)(c - 'A') + 10;
    return 99;
}

/* The base that a prefix names (gdb has 0d and 0t for ten, too); skips it. */
static unsigned number_base(struct lexer *lx)
{
    static const struct {
        char letter;
        uint8_t base;
        bool c, rust;
    } prefixes[] = {{'x', 16, true, true},
                    {'b', 2, true, true},
                    {'o', 8, true, true},
                    {'d', 10, true, false},
                    {'t', 10, true, false}};
    if (lexer_peek(lx, 0) != '0')
        return 10;
    for (size_t i = 0; i < ARRAY_LEN(prefixes); i++) {
        bool here = lx->rust ? prefixes[i].rust : prefixes[i].c;
        if (here && tolower((unsigned char)lexer_peek(lx, 1)) == prefixes[i].letter &&
            digit_value(lexer_peek(lx, 2)) < prefixes[i].base) {
            lx->at += 2;
            return prefixes[i].base;
        }
    }
    return lx->rust || !isdigit((unsigned char)lexer_peek(lx, 1)) ? 10 : 8;
}

/* Does a fraction or exponent follow the digits that begin at `at`? */
static bool is_float(const struct lexer *lx, unsigned base)
{
    size_t i = 0;
    char c;
    if (base != 10 && base != 16 && base != 8) /* 08.5 is a float */
        return false;
    while (digit_value(c = lexer_peek(lx, i)) < (base == 16 ? 16 : 10) || (c == '_' && lx->rust))
        i++;
    if (c == '.') {
        char next = lexer_peek(lx, i + 1);
        /* Rust: 1..3 is a range and 1.max(2) a method; C has 1.f. */
        return lx->rust ? next != '.' && !lexer_is_name_char(next, true) : base != 16 || next != '.';
    }
    return base == 16 ? (c == 'p' || c == 'P') && !lx->rust : c == 'e' || c == 'E';
}

static struct err *bad_number(struct lexer *lx)
{
    return lexer_error(lx, lx->tok.start, "invalid number \"%.*s\"", (int)(lx->at - lx->tok.start),
                       lx->text + lx->tok.start);
}

/* Letters that stand behind a number, kept in lower case. */
static struct err *read_suffix(struct lexer *lx, const char *const *allowed)
{
    size_t start = lx->at;
    while (lexer_is_name_char(lexer_peek(lx, 0), false))
        lx->at++;
    char *suffix = arena_strndup(lx->arena, lx->text + start, lx->at - start);
    for (char *p = suffix; *p; p++)
        *p = (char)tolower((unsigned char)*p);
    for (; *allowed; allowed++) {
        if (strcmp(suffix, *allowed) == 0) {
            lx->tok.text = suffix;
            lx->tok.n = strlen(suffix);
            return NULL;
        }
    }
    return bad_number(lx);
}

static struct err *read_float(struct lexer *lx, size_t start)
{
    static const char *const c_suffixes[] = {"", "f", "l", NULL};
    static const char *const rust_suffixes[] = {"", "f32", "f64", NULL};
    /* A copy without Rust's underscores, ended by a NUL: strtold() reads to the end of what it likes. */
    char *copy = arena_alloc(lx->arena, lx->n - start + 1);
    size_t n = 0;
    size_t i = start;
    bool hex = lx->text[start] == '0' && (lx->text[start + 1 < lx->n ? start + 1 : start] | 0x20) == 'x';
    for (; i < lx->n && n < 1000; i++) {
        char c = lx->text[i];
        bool sign = (c == '+' || c == '-') && n > 0 && strchr(hex ? "pP" : "eE", copy[n - 1]);
        if (c == '_' && lx->rust)
            continue;
        if (!isalnum((unsigned char)c) && c != '.' && !sign)
            break;
        if (c == '.' && memchr(copy, '.', n))
            break;
        if (lx->rust && c == 'f')
            break;
        copy[n++] = c;
    }
    char *end;
    errno = 0;
    /* The narrow functions round once. */
    lx->tok.f = strtold(copy, &end);
    size_t used = (size_t)(end - copy);
    if ((copy[used] | 0x20) == 'f')
        lx->tok.f = strtof(copy, NULL);
    else if ((copy[used] | 0x20) != 'l')
        lx->tok.f = strtod(copy, NULL);
    for (lx->at = start; used > 0 && lx->at < lx->n; lx->at++)
        used -= lx->text[lx->at] != '_' || !lx->rust;
    TRY(read_suffix(lx, lx->rust ? rust_suffixes : c_suffixes));
    return end_token(lx, TOKEN_FLOAT);
}

static struct err *read_integer(struct lexer *lx, unsigned base)
{
    static const char *const c_suffixes[] = {"", "u", "l", "ul", "lu", "ll", "ull", "llu", NULL};
    static const char *const rust_suffixes[] = {"",   "i8",  "i16", "i32", "i64",  "i128",  "isize",
                                                "u8", "u16", "u32", "u64", "u128", "usize", NULL};
    uint64_t v = 0;
    bool overflow = false;
    for (char c; digit_value(c = lexer_peek(lx, 0)) < base || (lx->rust && c == '_'); lx->at++) {
        if (c == '_')
            continue;
        overflow |= __builtin_mul_overflow(v, (uint64_t)base, &v);
        overflow |= __builtin_add_overflow(v, (uint64_t)digit_value(c), &v);
    }
    TRY(read_suffix(lx, lx->rust ? rust_suffixes : c_suffixes));
    if (overflow)
        return lexer_error(lx, lx->tok.start, "numeric constant too large");
    lx->tok.u = v;
    lx->tok.decimal = base == 10;
    return end_token(lx, TOKEN_INT);
}

static struct err *read_number(struct lexer *lx)
{
    size_t start = lx->at;
    unsigned base = number_base(lx);
    if (is_float(lx, base))
        return read_float(lx, start);
    return read_integer(lx, base);
}

/* The field of a Rust tuple behind its dot: x.0.1 has no fractions. */
static struct err *read_tuple_index(struct lexer *lx)
{
    while (isdigit((unsigned char)lexer_peek(lx, 0)))
        lx->at++;
    lx->tok.text = arena_strndup(lx->arena, lx->text + lx->tok.start, lx->at - lx->tok.start);
    lx->tok.n = lx->at - lx->tok.start;
    return end_token(lx, TOKEN_NAME);
}

/* ---- names ---- */

static struct err *read_dollar(struct lexer *lx)
{
    size_t start = ++lx->at;
    while (lexer_is_name_char(lexer_peek(lx, 0), false) || lexer_peek(lx, 0) == '$')
        lx->at++;
    lx->tok.text = arena_strndup(lx->arena, lx->text + start, lx->at - start);
    lx->tok.n = lx->at - start;
    return end_token(lx, TOKEN_DOLLAR);
}

static struct err *read_name(struct lexer *lx)
{
    static const char suffix[] = "@entry";
    size_t start = lx->at;
    while (lexer_is_name_char(lexer_peek(lx, 0), false))
        lx->at++;
    lx->tok.text = arena_strndup(lx->arena, lx->text + start, lx->at - start);
    lx->tok.n = lx->at - start;
    size_t n = sizeof(suffix) - 1;
    if (lx->n - lx->at >= n && memcmp(lx->text + lx->at, suffix, n) == 0 &&
        !lexer_is_name_char(lexer_peek(lx, n), false)) {
        lx->tok.entry = true;
        lx->at += n;
    }
    return end_token(lx, TOKEN_NAME);
}

struct err *lexer_name_until(struct lexer *lx, size_t start, size_t end)
{
    lx->tok = (struct token){.start = start};
    lx->tok.text = arena_strndup(lx->arena, lx->text + start, end - start);
    lx->tok.n = end - start;
    lx->at = end;
    return end_token(lx, TOKEN_NAME);
}

size_t lexer_angle_end(const struct lexer *lx, size_t at)
{
    /* What may stand inside of template arguments; the quoted 'x' of a character argument among it. */
    static const char inside[] = " ,*&()[]:.-+'{}#!;=\"%$?~";
    unsigned angles = 0, others = 0;
    size_t limit = lx->n - at > 4096 ? at + 4096 : lx->n;
    for (size_t i = at; i < limit; i++) {
        char c = lx->text[i];
        if (c == '<') {
            angles++;
        } else if (c == '>' && i > at && lx->text[i - 1] == '-') {
            continue; /* the arrow of a function's result */
        } else if (c == '>' && others == 0) {
            if (--angles == 0)
                return i + 1;
        } else if (c == '(' || c == '[' || c == '{') {
            others++;
        } else if (c == ')' || c == ']' || c == '}') {
            if (others-- == 0)
                return 0;
        } else if (c != '>' && !lexer_is_name_char(c, false) && !strchr(inside, c)) {
            return 0;
        }
    }
    return 0;
}

/* ---- operators ---- */

struct spelling {
    char text[4];
    uint8_t op;
    bool assign;
    uint8_t in; /* 1 C and C++, 2 Rust, 3 all */
};

/* Longer ones first. */
static const struct spelling spellings[] = {
    {"<<=", OP_SHL, true, 3},
    {">>=", OP_SHR, true, 3},
    {"->*", OP_ARROW_STAR, false, 1},
    {"...", OP_ELLIPSIS, false, 1},
    {"..=", OP_RANGE_INCLUSIVE, false, 2},
    {"..", OP_RANGE, false, 2},
    {"->", OP_ARROW, false, 3},
    {"++", OP_INC, false, 1},
    {"--", OP_DEC, false, 1},
    {"<<", OP_SHL, false, 3},
    {">>", OP_SHR, false, 3},
    {"<=", OP_LE, false, 3},
    {">=", OP_GE, false, 3},
    {"==", OP_EQ, false, 3},
    {"!=", OP_NE, false, 3},
    {"&&", OP_AND_AND, false, 3},
    {"||", OP_OR_OR, false, 3},
    {"+=", OP_ADD, true, 3},
    {"-=", OP_SUB, true, 3},
    {"*=", OP_MUL, true, 3},
    {"/=", OP_DIV, true, 3},
    {"%=", OP_REM, true, 3},
    {"&=", OP_AND, true, 3},
    {"|=", OP_OR, true, 3},
    {"^=", OP_XOR, true, 3},
    {"::", OP_SCOPE, false, 3},
    {".*", OP_DOT_STAR, false, 1},
    {",", OP_COMMA, false, 3},
    {";", OP_SEMICOLON, false, 2},
    {"=", OP_ASSIGN, true, 3},
    {"?", OP_QUESTION, false, 1},
    {":", OP_COLON, false, 3},
    {"|", OP_OR, false, 3},
    {"^", OP_XOR, false, 3},
    {"&", OP_AND, false, 3},
    {"<", OP_LT, false, 3},
    {">", OP_GT, false, 3},
    {"@", OP_AT, false, 3},
    {"+", OP_ADD, false, 3},
    {"-", OP_SUB, false, 3},
    {"*", OP_MUL, false, 3},
    {"/", OP_DIV, false, 3},
    {"%", OP_REM, false, 3},
    {"!", OP_NOT, false, 3},
    {"~", OP_COMPL, false, 1},
    {".", OP_DOT, false, 3},
    {"(", OP_OPEN, false, 3},
    {")", OP_CLOSE, false, 3},
    {"[", OP_OPEN_INDEX, false, 3},
    {"]", OP_CLOSE_INDEX, false, 3},
    {"{", OP_OPEN_BRACE, false, 3},
    {"}", OP_CLOSE_BRACE, false, 3},
};

static struct err *read_operator(struct lexer *lx)
{
    for (size_t i = 0; i < ARRAY_LEN(spellings); i++) {
        const struct spelling *s = &spellings[i];
        size_t n = strlen(s->text);
        if ((s->in & (lx->rust ? 2 : 1)) && lx->n - lx->at >= n && memcmp(lx->text + lx->at, s->text, n) == 0) {
            lx->at += n;
            lx->tok.op = s->op;
            lx->tok.assign = s->assign;
            return end_token(lx, TOKEN_OP);
        }
    }
    return lexer_error(lx, lx->at, "invalid character '%.*s' in expression",
                       (int)utf8_sequence(lx->text + lx->at, lx->n - lx->at), lx->text + lx->at);
}

struct err *lexer_next(struct lexer *lx)
{
    bool behind_dot = lx->tok.kind == TOKEN_OP && lx->tok.op == OP_DOT;
    while (lx->at < lx->n && isspace((unsigned char)lx->text[lx->at]))
        lx->at++;
    lx->tok = (struct token){.start = lx->at};
    if (lx->at >= lx->n)
        return end_token(lx, TOKEN_END);
    char c = lexer_peek(lx, 0);
    if (lexer_is_quote(lx))
        return lexer_quote(lx);
    if (isdigit((unsigned char)c) && lx->rust && behind_dot)
        return read_tuple_index(lx);
    if (isdigit((unsigned char)c) || (c == '.' && !lx->rust && isdigit((unsigned char)lexer_peek(lx, 1))))
        return read_number(lx);
    if (c == '$')
        return read_dollar(lx);
    if (lexer_is_name_char(c, true))
        return read_name(lx);
    return read_operator(lx);
}

struct err *lexer_init(struct lexer *lx, struct arena *a, const char *text, bool rust)
{
    size_t n = strlen(text);
    if (n > EXPR_TEXT_MAX)
        return err_new(ERR_LIMIT, "an expression has at most %d bytes", EXPR_TEXT_MAX);
    *lx = (struct lexer){.arena = a, .text = text, .n = n, .rust = rust};
    return lexer_next(lx);
}
