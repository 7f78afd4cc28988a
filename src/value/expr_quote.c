/* SPDX-License-Identifier: Apache-2.0 */
/* Character and string literals with their prefixes and escapes; names in single quotes. */
#include "value/expr_quote.h"
#include "base/mem.h"

#include <ctype.h>

/* A prefix and its quote. */
struct prefix {
    const char *text;
    uint8_t width;
    bool raw;
};

static const struct prefix c_prefixes[] = {
    {"u8\"", CHAR_UTF8, false}, {"u8'", CHAR_UTF8, false}, {"L\"", CHAR_WIDE, false},  {"L'", CHAR_WIDE, false},
    {"u\"", CHAR_UTF16, false}, {"u'", CHAR_UTF16, false}, {"U\"", CHAR_UTF32, false}, {"U'", CHAR_UTF32, false},
    {"\"", CHAR_PLAIN, false},  {"'", CHAR_PLAIN, false},
};
static const struct prefix rust_prefixes[] = {
    {"br\"", CHAR_BYTE, true}, {"b\"", CHAR_BYTE, false}, {"b'", CHAR_BYTE, false},
    {"r\"", CHAR_UTF8, true},  {"\"", CHAR_UTF8, false},  {"'", CHAR_UTF32, false},
};

static const struct prefix *find_prefix(const struct lexer *lx)
{
    const struct prefix *p = lx->rust ? rust_prefixes : c_prefixes;
    size_t n = lx->rust ? ARRAY_LEN(rust_prefixes) : ARRAY_LEN(c_prefixes);
    for (size_t i = 0; i < n; i++) {
        size_t len = strlen(p[i].text);
        if (lx->n - lx->at >= len && memcmp(lx->text + lx->at, p[i].text, len) == 0)
            return &p[i];
    }
    return NULL;
}

bool lexer_is_quote(const struct lexer *lx)
{
    return find_prefix(lx) != NULL;
}

static unsigned hex_digit(char c)
{
    return isdigit((unsigned char)c) ? (unsigned)(c - '0') : (unsigned)(tolower((unsigned char)c) - 'a') + 10;
}

/* Up to `most` hexadecimal digits. */
static struct err *read_hex(struct lexer *lx, unsigned most, uint32_t *out)
{
    uint32_t v = 0;
    unsigned n = 0;
    for (; n < most && isxdigit((unsigned char)lexer_peek(lx, 0)); n++, lx->at++)
        v = v << 4 | hex_digit(lexer_peek(lx, 0));
    if (n == 0)
        return lexer_error(lx, lx->at, "an escape without digits");
    *out = v;
    return NULL;
}

/* Rust's \u{1f600}; the u is read. */
static struct err *read_braced_hex(struct lexer *lx, uint32_t *out)
{
    if (lexer_peek(lx, 0) != '{')
        return lexer_error(lx, lx->at, "\\u wants {digits}");
    lx->at++;
    TRY(read_hex(lx, 6, out));
    if (lexer_peek(lx, 0) != '}')
        return lexer_error(lx, lx->at, "\\u wants {digits}");
    lx->at++;
    return NULL;
}

static struct err *read_escape(struct lexer *lx, uint32_t *out)
{
    static const char letters[] = "abfnrtve";
    static const char meaning[] = "\a\b\f\n\r\t\v\033";
    char c = lexer_peek(lx, 0);
    const char *at = c ? strchr(letters, c) : NULL;
    if (c >= '0' && c <= '7') {
        uint32_t v = 0;
        for (unsigned i = 0; i < 3 && lexer_peek(lx, 0) >= '0' && lexer_peek(lx, 0) <= '7'; i++, lx->at++)
            v = v * 8 + (uint32_t)(lexer_peek(lx, 0) - '0');
        *out = v;
        return NULL;
    }
    if (lx->at >= lx->n)
        return lexer_error(lx, lx->at, "an escape without a letter");
    lx->at++;
    if (c == 'x')
        return read_hex(lx, lx->rust ? 2 : 8, out);
    if (c == 'u')
        return lx->rust ? read_braced_hex(lx, out) : read_hex(lx, 4, out);
    if (c == 'U' && !lx->rust)
        return read_hex(lx, 8, out);
    *out = at ? (uint32_t)meaning[at - letters] : (uint32_t)(unsigned char)c;
    return NULL;
}

uint32_t quote_decode_utf8(const char *s, size_t n)
{
    static const uint8_t mask[] = {0, 0x7f, 0x1f, 0x0f, 0x07};
    uint32_t v = (uint32_t)(unsigned char)s[0] & mask[n];
    for (size_t i = 1; i < n; i++)
        v = v << 6 | ((uint32_t)(unsigned char)s[i] & 0x3f);
    return v;
}

void quote_put_utf8(struct text *out, uint32_t c)
{
    if (c < 0x80) {
        text_putc(out, (char)c);
        return;
    }
    unsigned more = c < 0x800 ? 1 : c < 0x10000 ? 2 : 3;
    static const unsigned lead[] = {0, 0xc0, 0xe0, 0xf0};
    text_putc(out, (char)(lead[more] | (c >> (6 * more))));
    while (more-- > 0)
        text_putc(out, (char)(0x80 | ((c >> (6 * more)) & 0x3f)));
}

static void put_units(struct text *out, uint32_t c, unsigned size)
{
    for (unsigned i = 0; i < size; i++)
        text_putc(out, (char)(c >> (8 * i)));
}

/* Appends one character in the encoding of its width. `byte`: it is a byte of the text or an escape, which stand
 * for themselves in narrow strings. */
static void put_char(struct text *out, uint8_t width, uint32_t c, bool byte)
{
    switch (width) {
    case CHAR_UTF16:
        if (c >= 0x10000) {
            put_units(out, 0xd800 + ((c - 0x10000) >> 10 & 0x3ff), 2);
            c = 0xdc00 + (c & 0x3ff);
        }
        put_units(out, c, 2);
        break;
    case CHAR_UTF32:
    case CHAR_WIDE:
        put_units(out, c, 4);
        break;
    default:
        if (byte)
            text_putc(out, (char)c);
        else
            quote_put_utf8(out, c & 0x1fffff);
    }
}

/* The next character up to the quote, appended to `out`. */
static struct err *read_char(struct lexer *lx, const struct prefix *p, struct text *out)
{
    uint32_t c;
    bool wide = p->width == CHAR_WIDE || p->width == CHAR_UTF16 || p->width == CHAR_UTF32;
    if (lexer_peek(lx, 0) == '\\' && !p->raw) {
        lx->at++;
        bool unicode = (lexer_peek(lx, 0) | 0x20) == 'u';
        TRY(read_escape(lx, &c));
        put_char(out, p->width, c, !unicode);
        return NULL;
    }
    size_t n = wide ? utf8_sequence(lx->text + lx->at, lx->n - lx->at) : 0;
    if (n > 0)
        c = quote_decode_utf8(lx->text + lx->at, n);
    else
        c = (uint32_t)(unsigned char)lexer_peek(lx, 0);
    lx->at += n > 0 ? n : 1;
    put_char(out, p->width, c, true);
    return NULL;
}

static struct err *read_quoted(struct lexer *lx, const struct prefix *p, char quote, struct text *out)
{
    while (lexer_peek(lx, 0) != quote) {
        if (lx->at >= lx->n)
            return lexer_error(lx, lx->tok.start,
                               quote == '"' ? "unterminated string in expression" : "unmatched single quote");
        TRY(read_char(lx, p, out));
    }
    lx->at++;
    return NULL;
}

static size_t unit_size(uint8_t width)
{
    return width == CHAR_UTF16 ? 2 : width == CHAR_WIDE || width == CHAR_UTF32 ? 4 : 1;
}

/* One character, or a name: 'x' against 'file.c'. */
static struct err *finish_single(struct lexer *lx, const struct prefix *p, size_t inside, const struct text *chars)
{
    size_t size = unit_size(p->width);
    if (chars->n == 0)
        return lexer_error(lx, lx->tok.start, "a character constant must contain at least one character");
    lx->tok.end = lx->at;
    if (chars->n > size) {
        if (p->width != CHAR_PLAIN || lx->rust)
            return lexer_error(lx, lx->tok.start, "a character constant has one character");
        lx->tok.kind = TOKEN_QUOTED;
        lx->tok.n = lx->at - 1 - inside;
        lx->tok.text = arena_strndup(lx->arena, lx->text + inside, lx->tok.n);
        return NULL;
    }
    lx->tok.kind = TOKEN_CHAR;
    for (size_t i = 0; i < size; i++)
        lx->tok.u |= (uint64_t)(unsigned char)chars->p[i] << (8 * i);
    return NULL;
}

static struct err *read_token(struct lexer *lx, const struct prefix *p, struct text *chars)
{
    size_t len = strlen(p->text);
    char quote = p->text[len - 1];
    lx->tok.width = p->width;
    lx->at += len;
    size_t inside = lx->at;
    TRY(read_quoted(lx, p, quote, chars));
    if (quote == '\'')
        return finish_single(lx, p, inside, chars);
    lx->tok.kind = TOKEN_STRING;
    lx->tok.n = chars->n;
    char *copy = arena_alloc(lx->arena, chars->n + 1); /* a NUL may be among them */
    memcpy(copy, text_str(chars), chars->n);
    lx->tok.text = copy;
    lx->tok.end = lx->at;
    return NULL;
}

struct err *lexer_quote(struct lexer *lx)
{
    SCOPED(text_done) struct text chars = {0};
    return read_token(lx, find_prefix(lx), &chars);
}
