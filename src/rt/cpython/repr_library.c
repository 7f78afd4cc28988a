/* SPDX-License-Identifier: Apache-2.0 */
/* Objects of the standard library whose attributes or fields say less than they mean. */
#include "rt/cpython/repr.h"

/* ---- decimal.Decimal (Modules/_decimal: mpd_t; the same in 3.6 to 3.15) ---- */

enum {
    DECIMAL_FLAGS = 24,
    DECIMAL_EXPONENT = 32,
    DECIMAL_LENGTH = 48,
    DECIMAL_DATA = 64,
    DECIMAL_NEGATIVE = 1,
    DECIMAL_INFINITE = 2,
    DECIMAL_NAN = 4,
    DECIMAL_SNAN = 8,
    WORD_DIGITS = 19, /* a word holds less than 10^19 */
    WORDS_MAX = 4096,
};

/* The coefficient's digits, without zeros in front. */
static bool read_coefficient(struct repr *r, taddr at, struct text *out)
{
    uint64_t n, data, word;
    if (!py_field(r->rt, at, py_offset(r->rt, DECIMAL_LENGTH), &n) ||
        !py_field(r->rt, at, py_offset(r->rt, DECIMAL_DATA), &data) || n > WORDS_MAX)
        return false;
    for (uint64_t i = n; i-- > 0;) {
        if (!py_word(r->rt, data + i * 8, &word))
            return false;
        text_printf(out, i + 1 == n ? "%" PRIu64 : "%019" PRIu64, word);
    }
    return true;
}

/* Decimal.__str__: an exponent when it is above 0, or there are more than five zeros behind the point. */
static void put_decimal(struct repr *r, const char *digits, int64_t exponent)
{
    int64_t n = (int64_t)strlen(digits), left = n + exponent; /* digits before the point */
    int64_t point = exponent <= 0 && left > -6 ? left : 1;
    if (point <= 0) {
        text_put(r->out, "0.");
        for (int64_t i = point; i < 0; i++)
            text_putc(r->out, '0');
    }
    for (int64_t i = 0; i < n; i++) {
        if (i && i == point)
            text_putc(r->out, '.');
        text_putc(r->out, digits[i]);
    }
    if (point != left)
        text_printf(r->out, "E%+" PRId64, left - point);
}

/* What a Decimal is, in C or in Python. */
struct decimal {
    struct text digits;
    int64_t exponent;
    uint8_t flags;
};

static bool read_decimal(struct repr *r, taddr at, struct decimal *d)
{
    uint64_t exponent;
    if (!py_read(r->rt, at + py_offset(r->rt, DECIMAL_FLAGS), &d->flags, 1) ||
        !py_field(r->rt, at, py_offset(r->rt, DECIMAL_EXPONENT), &exponent))
        return false;
    d->exponent = (int64_t)exponent;
    return d->flags & DECIMAL_INFINITE || read_coefficient(r, at, &d->digits);
}

/* Builds without libmpdec have the class in Python (Lib/_pydecimal.py), with the same name: what it is then stands in its
 * slots, and the exponent of what is no number is a letter. False: it is not that class. */
static bool read_python_decimal(struct repr *r, taddr at, struct decimal *d)
{
    taddr negative, digits, exponent;
    int64_t sign;
    if (!py_attr(r->rt, at, "_sign", &negative) || !py_attr(r->rt, at, "_int", &digits) ||
        !py_attr(r->rt, at, "_exp", &exponent) || !py_int(r->rt, negative, &sign) ||
        !py_str_text(r->rt, digits, WORDS_MAX * WORD_DIGITS, &d->digits))
        return false;
    d->flags = sign ? DECIMAL_NEGATIVE : 0;
    if (py_int(r->rt, exponent, &d->exponent))
        return true;
    uint8_t kind = py_str_is(r->rt, exponent, "F")   ? DECIMAL_INFINITE
                   : py_str_is(r->rt, exponent, "n") ? DECIMAL_NAN
                   : py_str_is(r->rt, exponent, "N") ? DECIMAL_SNAN
                                                     : 0;
    d->flags |= kind;
    return kind != 0;
}

static void put_any_decimal(struct repr *r, const struct py_type *t, const struct decimal *d)
{
    repr_put_name(r, t->exact ? "Decimal" : t->name);
    text_printf(r->out, "('%s", d->flags & DECIMAL_NEGATIVE ? "-" : "");
    if (d->flags & DECIMAL_INFINITE)
        text_put(r->out, "Infinity");
    else if (d->flags & (DECIMAL_NAN | DECIMAL_SNAN))
        text_printf(r->out, "%sNaN%s", d->flags & DECIMAL_SNAN ? "s" : "", text_str(&d->digits));
    else
        put_decimal(r, text_str(&d->digits), d->exponent);
    text_put(r->out, "')");
}

void repr_decimal(struct repr *r, taddr at, const struct py_type *t)
{
    taddr unused;
    struct decimal d = {.flags = 0};
    bool is_python = py_attr(r->rt, at, "_is_special", &unused);
    if (is_python ? read_python_decimal(r, at, &d) : read_decimal(r, at, &d))
        put_any_decimal(r, t, &d);
    else
        repr_put_corrupt(r, at, t);
    text_done(&d.digits);
}

/* ---- classes in Python, by their attributes ---- */

void repr_fraction(struct repr *r, taddr at, const struct py_type *t)
{
    taddr numerator, denominator;
    if (!py_attr(r->rt, at, "_numerator", &numerator) || !py_attr(r->rt, at, "_denominator", &denominator)) {
        repr_instance(r, at, t);
        return;
    }
    repr_put_name(r, t->name);
    text_putc(r->out, '(');
    repr_put(r, numerator);
    text_put(r->out, ", ");
    repr_put(r, denominator);
    text_putc(r->out, ')');
}

void repr_uuid(struct repr *r, taddr at, const struct py_type *t)
{
    uint32_t d[5] = {0}; /* 128 bits in digits of 30 */
    size_t n;
    bool negative;
    taddr number;
    const struct py_type *of;
    if (!py_attr(r->rt, at, "int", &number) || !(of = py_type(r->rt, number)) || of->kind != PYK_INT ||
        !py_int_digits(r->rt, number, d, ARRAY_LEN(d), &n, &negative) || negative) {
        repr_instance(r, at, t);
        return;
    }
    uint64_t low = d[0] | (uint64_t)d[1] << 30 | (uint64_t)d[2] << 60;
    uint64_t high = (uint64_t)d[2] >> 4 | (uint64_t)d[3] << 26 | (uint64_t)d[4] << 56;
    repr_put_name(r, t->name);
    text_printf(r->out, "('%08" PRIx64 "-%04" PRIx64 "-%04" PRIx64 "-%04" PRIx64 "-%012" PRIx64 "')", high >> 32,
                high >> 16 & 0xffff, high & 0xffff, low >> 48, low & 0xffffffffffff);
}

/* zoneinfo.ZoneInfo(key='UTC'): of C or of Python */
void repr_zone(struct repr *r, taddr at, const struct py_type *t)
{
    const struct py_member *m = py_member_named(r->rt, t, "key");
    const struct py_type *of = NULL;
    taddr key = 0;
    if (m ? py_member_value(r->rt, at, t, m, &key) : py_attr(r->rt, at, "_key", &key))
        of = py_type(r->rt, key);
    if (!of || of->kind != PYK_STR) {
        repr_instance(r, at, t);
        return;
    }
    repr_put_name(r, t->qualified);
    text_put(r->out, "(key=");
    repr_put(r, key);
    text_putc(r->out, ')');
}

/* ---- paths (Lib/pathlib: what is kept has changed with nearly every version) ---- */

enum { PATH_MAX_PARTS = 1000, PATH_MAX_CHARACTERS = 4096 };

static bool str_attr(struct repr *r, taddr at, const char *name, struct text *out)
{
    taddr s;
    return py_attr(r->rt, at, name, &s) && py_str_text(r->rt, s, PATH_MAX_CHARACTERS, out);
}

/* Strings of a list, with a separator between them. */
static bool join_attr(struct repr *r, taddr at, const char *name, size_t skip, struct text *out)
{
    taddr list;
    struct py_items it;
    struct py_item item;
    const struct py_type *of;
    if (!py_attr(r->rt, at, name, &list) || !(of = py_type(r->rt, list)) || !py_items_begin(r->rt, list, of, &it))
        return false;
    for (size_t i = 0; i < PATH_MAX_PARTS && py_items_next(&it, &item); i++) {
        if (i < skip)
            continue;
        text_put(out, i > skip ? "/" : "");
        if (!py_str_text(r->rt, item.value, PATH_MAX_CHARACTERS, out))
            return false;
    }
    return !it.bad && !it.corrupt;
}

/* 3.12 keeps what the path was made of until it is asked for: parts without "" and ".", joined; an absolute one
 * begins anew. */
static bool raw_path(struct repr *r, taddr at, struct text *out)
{
    SCOPED(text_done) struct text raw = {0};
    taddr list;
    struct py_items it;
    struct py_item item;
    const struct py_type *of;
    if (!py_attr(r->rt, at, "_raw_paths", &list) || !(of = py_type(r->rt, list)) ||
        !py_items_begin(r->rt, list, of, &it))
        return false;
    for (size_t i = 0; i < PATH_MAX_PARTS && py_items_next(&it, &item); i++) {
        SCOPED(text_done) struct text part = {0};
        if (!py_str_text(r->rt, item.value, PATH_MAX_CHARACTERS, &part))
            return false;
        if (text_str(&part)[0] == '/')
            text_clear(&raw);
        else
            text_put(&raw, raw.n ? "/" : "");
        text_put(&raw, text_str(&part));
    }
    if (it.bad || it.corrupt)
        return false;
    const char *p = text_str(&raw);
    size_t slashes = strspn(p, "/");
    text_put(out, slashes == 2 ? "//" : slashes ? "/" : "");
    size_t root = out->n;
    for (p += slashes; *p; p += strspn(p, "/")) {
        size_t n = strcspn(p, "/");
        if (n != 1 || *p != '.') {
            text_put(out, out->n > root ? "/" : "");
            text_putn(out, p, n);
        }
        p += n;
    }
    return true;
}

static bool read_path(struct repr *r, taddr at, struct text *out)
{
    SCOPED(text_done) struct text anchor = {0};
    if (str_attr(r, at, "_str", out))
        return true;
    text_clear(out);
    bool parsed = str_attr(r, at, "_drv", &anchor) && str_attr(r, at, "_root", &anchor);
    if (parsed) {
        text_put(out, text_str(&anchor));
        if (join_attr(r, at, "_tail_cached", 0, out) || join_attr(r, at, "_parts", anchor.n ? 1 : 0, out))
            return true;
        text_clear(out);
    }
    return raw_path(r, at, out);
}

void repr_path(struct repr *r, taddr at, const struct py_type *t)
{
    SCOPED(text_done) struct text path = {0};
    if (strstr(t->name, "Windows") || !read_path(r, at, &path)) {
        repr_instance(r, at, t);
        return;
    }
    if (!path.n)
        text_putc(&path, '.');
    const char *s = text_str(&path);
    char quote = strchr(s, '\'') && !strchr(s, '"') ? '"' : '\'';
    repr_put_name(r, t->name);
    text_printf(r->out, "(%c", quote);
    for (size_t n; *s; s += n) {
        n = utf8_sequence(s, strlen(s));
        uint32_t c = (uint8_t)*s & (n < 2 ? 0x7fu : 0x7fu >> n);
        for (size_t i = 1; i < n; i++)
            c = c << 6 | ((uint8_t)s[i] & 0x3f);
        py_put_char(r->out, c, quote);
        n = n ? n : 1;
    }
    text_printf(r->out, "%c)", quote);
}

/* ---- queues ---- */

static void put_jobs(struct repr *r, uint64_t n)
{
    text_printf(r->out, ": %" PRIu64 " item%s", n, n == 1 ? "" : "s");
}

void repr_queue(struct repr *r, taddr at, const struct py_type *t)
{
    taddr inner, most;
    struct py_items it;
    int64_t max;
    const struct py_type *of;
    if (r->instances > r->f->recurse || !py_attr(r->rt, at, "queue", &inner) || !(of = py_type(r->rt, inner)) ||
        !py_items_begin(r->rt, inner, of, &it) || !py_attr(r->rt, at, "maxsize", &most) || !py_int(r->rt, most, &max)) {
        repr_instance(r, at, t);
        return;
    }
    repr_put_object(r, at, t);
    put_jobs(r, it.length);
    if (max > 0)
        text_printf(r->out, " of %" PRId64, max);
    text_put(r->out, ", ");
    repr_put(r, inner);
    text_putc(r->out, '>');
}

/* Modules/_queuemodule.c: until 3.12 a list and where it begins, then a ring. */
enum { SIMPLE_LIST = 32, SIMPLE_FROM = 40, RING_COUNT = 24 + 32 };

void repr_simple_queue(struct repr *r, taddr at, const struct py_type *t)
{
    uint64_t n = 0, list, from;
    int64_t size;
    bool read;
    if (py_minor(r->rt) < 13) {
        read = py_field(r->rt, at, py_offset(r->rt, SIMPLE_LIST), &list) &&
               py_field(r->rt, at, py_offset(r->rt, SIMPLE_FROM), &from) && py_var_size(r->rt, list, &size) &&
               size >= 0 && from <= (uint64_t)size;
        n = read ? (uint64_t)size - from : 0;
    } else {
        read = py_field(r->rt, at, py_offset(r->rt, RING_COUNT), &n);
    }
    repr_put_object(r, at, t);
    if (read)
        put_jobs(r, n);
    text_putc(r->out, '>');
}

/* ---- sockets (Modules/socketmodule.h; the same in 3.6 to 3.15) ---- */

enum { SOCKET_NUMBERS = 16 };

void repr_socket(struct repr *r, taddr at, const struct py_type *t)
{
    int32_t v[4]; /* descriptor, family, type, protocol; the first is -1 once it was closed */
    if (!py_read(r->rt, at + py_offset(r->rt, SOCKET_NUMBERS), v, sizeof(v))) {
        repr_put_corrupt(r, at, t);
        return;
    }
    repr_put_object(r, at, t);
    text_printf(r->out, ": fd=%" PRId32 ", family=%" PRId32 ", type=%" PRId32 ", proto=%" PRId32 ">", v[0], v[1], v[2],
                v[3]);
}
