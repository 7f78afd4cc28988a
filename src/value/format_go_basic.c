/* SPDX-License-Identifier: Apache-2.0 */
/* Strings and numbers of Go. */
#include "value/expr_quote.h"
#include "value/format_priv.h"

#include <float.h>
#include <math.h>
#include <stdlib.h>

enum { STRING_MAX = 16 * 1024 * 1024 }; /* bytes of one string that are shown, whatever the limits say */

/* ---- strings ---- */

/* One character between double quotes, as Go writes it in its source; gives the bytes that it took. */
static size_t put_quoted(struct text *out, const char *s, size_t n)
{
    static const char letters[] = "\aa\bb\ff\nn\rr\tt\vv\"\"\\\\";
    for (const char *l = letters; *l; l += 2)
        if (*s == *l) {
            text_printf(out, "\\%c", l[1]);
            return 1;
        }
    size_t len = utf8_sequence(s, n);
    if (len && !utf8_is_control(s, len)) {
        text_putn(out, s, len);
        return len;
    }
    for (size_t i = 0; i < (len > 1 ? 0 : 1); i++)
        text_printf(out, "\\x%02x", (uint8_t)s[i]);
    if (len > 1) /* C1: two bytes of UTF-8, U+0080 to U+009F */
        text_printf(out, "\\u%04x", (unsigned)(((uint8_t)s[0] & 0x1f) << 6 | ((uint8_t)s[1] & 0x3f)));
    return len ? len : 1;
}

void print_go_rune(struct text *out, uint32_t c)
{
    SCOPED(text_done) struct text utf8 = {0};
    quote_put_utf8(&utf8, c);
    const char *s = text_str(&utf8);
    if (c == '"')
        text_putc(out, '"'); /* which only strings escape */
    else
        put_quoted(out, s, utf8.n);
}

/* `got` of `n` bytes. */
static void put_bytes(struct printer *p, const char *bytes, size_t got, uint64_t n)
{
    struct text *out = p->out;
    if (p->f->verb[0] && print_go_bytes(p, bytes, got))
        return;
    text_putc(out, '"');
    for (size_t i = 0; i < got;)
        i += put_quoted(out, bytes + i, got - i);
    if (got < n)
        text_printf(out, "...+%" PRIu64 " more", n - got);
    text_putc(out, '"');
}

/* Those of an array. */
static void put_row(struct printer *p, const struct value *row)
{
    uint64_t limit = text_limit(p->f), n = type_strip(row->type)->count, size = limit && n > limit ? limit : n;
    char *bytes SCOPED(freep) = xmalloc(size + 1);
    struct err *e = value_read(p->vs, row, 0, bytes, size);
    if (e)
        print_problem(p, e);
    else
        put_bytes(p, bytes, size, n);
}

static void put_string_at(struct printer *p, taddr at, uint64_t n)
{
    uint64_t limit = text_limit(p->f);
    uint64_t want = limit && n > limit ? limit : n;
    size_t size = want > STRING_MAX ? STRING_MAX : (size_t)want;
    char *bytes SCOPED(freep) = xmalloc(size + 1);
    size_t got = modules_read_some(p->vs->ms, at, bytes, size);
    if (got == 0 && size) {
        print_problem(p, value_memory_error(modules_read(p->vs->ms, at, bytes, 1)));
        return;
    }
    put_bytes(p, bytes, got, n);
    if (got < size)
        print_problem(p, value_memory_error(modules_read(p->vs->ms, at + got, bytes, 1)));
}

void print_go_string(struct printer *p, const struct value *v)
{
    struct value row, member;
    uint64_t at = 0, n = 0;
    if (value_go_inline(v, &row)) {
        put_row(p, &row);
        return;
    }
    struct err *e = value_member(p->vs, v, "str", &member);
    if (!e)
        e = value_int(p->vs, &member, &at);
    if (!e)
        e = value_member(p->vs, v, "len", &member);
    if (!e)
        e = value_int(p->vs, &member, &n);
    if (e)
        print_go_problem(p, e);
    else if ((int64_t)n < 0)
        text_put(p->out, "<error: a string of no possible length>");
    else
        put_string_at(p, at, n);
}

/* A register of the caller that nobody saved is no error: arguments travel in all of them. */
void print_go_problem(struct printer *p, struct err *e)
{
    if (e && e->code == ERR_NO_DATA) {
        text_put(p->out, "<not saved>");
        err_free(e);
    } else {
        print_problem(p, e);
    }
}

/* ---- floating point ---- */

static bool reads_back(const char *text, double v, unsigned bits)
{
    return bits == 32 ? strtof(text, NULL) == (float)v : strtod(text, NULL) == v;
}

/* Numbers above a power of two are twice as far from it as those below: what reads back with so many digits may not be the
 * nearest one, but the next. "d.dde+xx" becomes that; false: it does not read back either. */
static bool next_reads_back(char *text, double v, unsigned bits)
{
    int exponent;
    char *last = text + strcspn(text, "e") - 1;
    if (fabs(frexp(v, &exponent)) != 0.5 || *last == '9') /* of "9" the next has a digit less, and was tried */
        return false;
    ++*last;
    if (reads_back(text, v, bits))
        return true;
    --*last;
    return false;
}

int format_shortest(double v, unsigned bits, char *digits, size_t max)
{
    char text[64] = "";
    int most = bits == 32 ? 9 : 17, sure = bits == 32 ? 6 : 15; /* FLT_DIG, DBL_DIG: they tell normal numbers apart */
    snprintf(text, sizeof(text), "%.*e", sure - 1, v);
    bool normal = bits == 32 ? fabs(v) >= FLT_MIN : fabs(v) >= DBL_MIN;
    bool few = normal && reads_back(text, v, bits); /* zeros at its end are dropped below */
    for (int n = normal ? sure : 0; !few && n < most; n++) {
        snprintf(text, sizeof(text), "%.*e", n, v);
        if (reads_back(text, v, bits) || next_reads_back(text, v, bits))
            break;
    }
    size_t n = 0;
    for (const char *c = text; *c && *c != 'e' && n + 1 < max; c++)
        if (*c >= '0' && *c <= '9')
            digits[n++] = *c;
    while (n > 1 && digits[n - 1] == '0')
        n--;
    digits[n] = 0;
    const char *e = strchr(text, 'e');
    return e ? (int)strtol(e + 1, NULL, 10) : 0;
}

void format_positional(struct text *out, const char *digits, int exponent)
{
    int n = (int)strlen(digits);
    if (exponent < 0)
        text_put(out, "0.");
    for (int i = -1; i > exponent; i--)
        text_putc(out, '0');
    for (int i = 0; i < n || i <= exponent; i++) {
        if (exponent >= 0 && i == exponent + 1)
            text_putc(out, '.');
        text_putc(out, i < n ? digits[i] : '0');
    }
}

void print_go_float(struct text *out, double v, unsigned bits)
{
    char digits[32];
    if (isnan(v) || isinf(v)) {
        text_put(out, isnan(v) ? "NaN" : v < 0 ? "-Inf" : "+Inf");
        return;
    }
    int exponent = format_shortest(fabs(v), bits, digits, sizeof(digits));
    if (signbit(v))
        text_putc(out, '-');
    format_positional(out, digits, exponent);
}
