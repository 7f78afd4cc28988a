/* SPDX-License-Identifier: Apache-2.0 */
/* NumPy's types, times and floating-point numbers as text. */
#include "rt/cpython/numpy.h"
#include "value/real.h"

#include <inttypes.h>
#include <math.h>

/* NPY_DATETIMEUNIT. */
enum { UNIT_YEAR, UNIT_MONTH, UNIT_WEEK, UNIT_DAY = 4, UNIT_HOUR, UNIT_MINUTE, UNIT_SECOND, UNIT_GENERIC = 14 };

enum { CHARACTER = 4 /* bytes of one in a str */, HALF = 2 /* of a float16 */ };

/* Bytes of a type's text, behind which it is cut: damaged types have their own records inside again and again. */
enum { TYPE_TEXT_MAX = 1 << 16 };

static const char *const units[] = {"Y", "M", "W", "?", "D", "h", "m", "s", "ms", "us", "ns", "ps", "fs", "as"};

/* ---- floating point ---- */

static enum real_format format_of(struct rt *rt, uint64_t size)
{
    return size == HALF ? REAL_HALF : real_format_of_size(modules_image(rt->ms)->arch, (size_t)size);
}

long double numpy_real(struct rt *rt, const uint8_t *bytes, uint64_t size)
{
    enum real_format f = format_of(rt, size);
    return f == REAL_NONE ? 0 : real_decode(f, bytes);
}

/* Is a decimal number nearer to a finite positive half than to those beside it? */
static bool is_half(long double decimal, const uint8_t *bytes)
{
    uint16_t bits, beside[2];
    long double v = real_decode(REAL_HALF, bytes), other[2];
    memcpy(&bits, bytes, sizeof(bits));
    bits &= 0x7fff;
    beside[0] = (uint16_t)(bits - 1);
    beside[1] = (uint16_t)(bits + 1);
    for (int i = 0; i < 2; i++)
        other[i] = real_decode(REAL_HALF, (const uint8_t *)&beside[i]);
    v = fabsl(v);
    if (isinf(other[1]))
        other[1] = 2 * v - other[0];
    bool even = !(bits & 1);
    long double low = (other[0] + v) / 2, high = (v + other[1]) / 2;
    return even ? decimal >= low && decimal <= high : decimal > low && decimal < high;
}

static bool reads_back(enum real_format f, const uint8_t *bytes, const char *text)
{
    long double back = strtold(text, NULL);
    return f == REAL_HALF ? is_half(back, bytes) : back == fabsl(real_decode(f, bytes));
}

/* The fewest digits that are a finite number above 0, "d.dd", as "ddd"; its exponent. */
static int shortest(enum real_format f, const uint8_t *bytes, char *digits, size_t room)
{
    enum { DIGITS_MAX = 36 };
    char text[DIGITS_MAX + 16];
    long double v = fabsl(real_decode(f, bytes));
    int exponent = 0;
    for (int n = 0; n < DIGITS_MAX; n++) {
        snprintf(text, sizeof(text), "%.*Le", n, v);
        if (reads_back(f, bytes, text))
            break;
        char *last = text + strcspn(text, "e") - 1;
        if (*last == '9')
            continue;
        ++*last; /* of a power of two the next may read back where the nearest does not */
        if (reads_back(f, bytes, text))
            break;
    }
    size_t used = 0;
    const char *p = text;
    for (; *p && *p != 'e'; p++)
        if (*p != '.' && used + 1 < room)
            digits[used++] = *p;
    digits[used] = 0;
    if (*p)
        exponent = (int)strtol(p + 1, NULL, 10);
    return exponent;
}

void numpy_put_real(struct rt *rt, const uint8_t *bytes, uint64_t size, bool dot_zero, struct text *out)
{
    char digits[64];
    enum real_format f = format_of(rt, size);
    long double v = f == REAL_NONE ? 0 : real_decode(f, bytes);
    if (f == REAL_NONE)
        text_put(out, "<unknown>");
    else if (f == REAL_DOUBLE || isnan(v) || isinf(v) || v == 0)
        py_put_float(out, (double)v, dot_zero);
    else if (f == REAL_SINGLE)
        py_put_float_digits(out, v < 0, digits, format_shortest(fabs((double)v), 32, digits, sizeof(digits)), dot_zero);
    else
        py_put_float_digits(out, v < 0, digits, shortest(f, bytes, digits, sizeof(digits)), dot_zero);
}

/* ---- times ---- */

void numpy_put_unit(struct numpy_unit unit, struct text *out)
{
    if (unit.base < 0 || unit.base >= UNIT_GENERIC)
        return;
    text_putc(out, '[');
    if (unit.count != 1)
        text_printf(out, "%" PRId32, unit.count);
    text_printf(out, "%s]", units[unit.base]);
}

static __int128 floor_divide(__int128 a, int64_t b, int64_t *rest)
{
    __int128 q = a / b, r = a % b;
    if (r < 0) {
        q--;
        r += b;
    }
    *rest = (int64_t)r;
    return q;
}

/* The day of a count of days since 1970-01-01, in the proleptic Gregorian calendar. */
static void put_day(__int128 days, struct text *out)
{
    enum { MARCH_0000 = 719468, DAYS_400 = 146097, DAYS_100 = 36524, DAYS_4 = 1460, YEAR = 365 };
    int64_t day; /* of 400 years that begin in March */
    int64_t era = (int64_t)floor_divide(days + MARCH_0000, DAYS_400, &day);
    int64_t year = (day - day / DAYS_4 + day / DAYS_100 - day / (DAYS_400 - 1)) / YEAR;
    int64_t of_year = day - (YEAR * year + year / 4 - year / 100);
    int64_t month = (5 * of_year + 2) / 153; /* from March on; five months have 153 days */
    int64_t of_month = of_year - (153 * month + 2) / 5 + 1;
    month += month < 10 ? 3 : -9;
    text_printf(out, "%04" PRId64 "-%02" PRId64 "-%02" PRId64, era * 400 + year + (month <= 2), month, of_month);
}

static void put_time_of_day(int64_t second, struct text *out, int32_t base)
{
    text_printf(out, "T%02" PRId64, second / 3600);
    if (base >= UNIT_MINUTE)
        text_printf(out, ":%02" PRId64, second / 60 % 60);
    if (base >= UNIT_SECOND)
        text_printf(out, ":%02" PRId64, second % 60);
}

/* Days, and what is behind them. */
static void put_instant(__int128 v, int32_t base, struct text *out)
{
    enum { SECONDS = 86400 };
    int64_t fraction = 0, second, per_second = 1;
    for (int32_t i = UNIT_SECOND; i < base; i++)
        per_second *= 1000;
    if (base == UNIT_HOUR)
        v *= 3600;
    else if (base == UNIT_MINUTE)
        v *= 60;
    else
        v = floor_divide(v, per_second, &fraction);
    put_day(floor_divide(v, SECONDS, &second), out);
    put_time_of_day(second, out, base);
    if (base > UNIT_SECOND)
        text_printf(out, ".%0*" PRId64, 3 * (base - UNIT_SECOND), fraction);
}

void numpy_put_datetime(int64_t v, struct numpy_unit unit, struct text *out)
{
    __int128 n = (__int128)v * unit.count;
    int64_t month, year, most = INT64_MAX / 2;
    if (v == INT64_MIN) {
        text_put(out, "NaT");
    } else if (n > most || n < -most) { /* no calendar goes so far */
        text_printf(out, "%" PRId64, v);
    } else if (unit.base == UNIT_YEAR || unit.base == UNIT_MONTH) {
        month = 0;
        year = (int64_t)(unit.base == UNIT_YEAR ? n : floor_divide(n, 12, &month)) + 1970;
        text_printf(out, "%04" PRId64, year);
        if (unit.base == UNIT_MONTH)
            text_printf(out, "-%02" PRId64, month + 1);
    } else if (unit.base == UNIT_WEEK || unit.base == UNIT_DAY) {
        put_day(unit.base == UNIT_WEEK ? n * 7 : n, out);
    } else if (unit.base >= UNIT_HOUR && unit.base < UNIT_GENERIC) {
        put_instant(n, unit.base, out);
    } else {
        text_printf(out, "%" PRId64, v);
    }
}

/* ---- types ---- */

static void put_construction(struct rt *rt, const struct numpy_type *t, bool is_short, unsigned depth,
                             struct text *out);

/* "<i4", "|S3": a type as its `str` attribute, without "|" where `is_short`. */
static void put_code(const struct numpy_type *t, bool is_short, struct text *out)
{
    static const char kinds[] = "?biufcOSUVMm"; /* by numpy_form */
    bool ordered = t->form == NUMPY_STR || t->form == NUMPY_DATETIME || t->form == NUMPY_TIMEDELTA ||
                   (t->size > 1 && t->form >= NUMPY_INT && t->form <= NUMPY_COMPLEX);
    if (ordered)
        text_putc(out, t->swapped ? '>' : '<');
    else if (!is_short)
        text_putc(out, '|');
    if (is_short && t->form == NUMPY_BOOL) {
        text_putc(out, '?');
        return;
    }
    text_putc(out, kinds[t->form]);
    if (t->form != NUMPY_OBJECT)
        text_printf(out, "%" PRIu64, t->form == NUMPY_STR ? t->size / CHARACTER : t->size);
    numpy_put_unit(t->form == NUMPY_DATETIME || t->form == NUMPY_TIMEDELTA ? t->unit
                                                                           : (struct numpy_unit){.base = UNIT_GENERIC},
                   out);
}

static void put_name(const char *name, struct text *out)
{
    text_putc(out, '\'');
    text_put_escaped(out, name, strlen(name));
    text_putc(out, '\'');
}

static void put_shape_of(struct rt *rt, const struct numpy_type *t, struct text *out)
{
    struct numpy_array rows;
    text_putc(out, '(');
    bool read = numpy_rows(rt, t, 0, &rows);
    for (unsigned i = 0; read && i < rows.n; i++)
        text_printf(out, "%s%" PRId64, i ? ", " : "", rows.shape[i]);
    text_put(out, !read ? "?)" : rows.n == 1 ? ",)" : ")");
}

static uint64_t round_up(uint64_t v, uint64_t to)
{
    return to ? (v + to - 1) / to * to : v;
}

/* Does each field begin where the one before it ends, or of an aligned record where C would put it? */
static bool is_packed(struct rt *rt, const struct numpy_type *t)
{
    struct numpy_field f;
    struct numpy_type of;
    uint64_t end = 0;
    for (uint64_t i = 0; numpy_field_at(rt, t, i, &f); i++) {
        if (!numpy_type_read(rt, f.type, &of) || f.offset != (t->aligned ? round_up(end, of.alignment) : end))
            return false;
        end = f.offset + of.size;
    }
    return (t->aligned ? round_up(end, t->alignment) : end) == t->size;
}

static void put_field_type(struct rt *rt, taddr type, bool apart, unsigned depth, struct text *out)
{
    struct numpy_type t, base;
    if (!numpy_type_read(rt, type, &t)) {
        text_put(out, "<damaged>");
    } else if (t.base && apart && numpy_type_read(rt, t.base, &base)) {
        put_construction(rt, &base, true, depth + 1, out);
        text_put(out, ", ");
        put_shape_of(rt, &t, out);
    } else {
        put_construction(rt, &t, true, depth + 1, out);
    }
}

/* [('x', '<i4'), ('y', '<f8', (2,))] */
static void put_fields(struct rt *rt, const struct numpy_type *t, unsigned depth, struct text *out)
{
    struct numpy_field f;
    for (uint64_t i = 0; numpy_field_at(rt, t, i, &f); i++) {
        text_put(out, i ? ", (" : "[(");
        put_name(f.name, out);
        text_put(out, ", ");
        put_field_type(rt, f.type, true, depth, out);
        text_putc(out, ')');
    }
    text_putc(out, ']');
}

/* {'names': ['x'], 'formats': ['i1'], 'offsets': [0], 'itemsize': 4} */
static void put_table(struct rt *rt, const struct numpy_type *t, bool aligned, unsigned depth, struct text *out)
{
    struct numpy_field f;
    text_put(out, "{'names': [");
    for (uint64_t i = 0; numpy_field_at(rt, t, i, &f); i++) {
        text_put(out, i ? ", " : "");
        put_name(f.name, out);
    }
    text_put(out, "], 'formats': [");
    for (uint64_t i = 0; numpy_field_at(rt, t, i, &f); i++) {
        text_put(out, i ? ", " : "");
        put_field_type(rt, f.type, false, depth, out);
    }
    text_put(out, "], 'offsets': [");
    for (uint64_t i = 0; numpy_field_at(rt, t, i, &f); i++)
        text_printf(out, "%s%" PRIu64, i ? ", " : "", f.offset);
    text_printf(out, "], 'itemsize': %" PRIu64 "%s}", t->size, aligned ? ", 'aligned': True" : "");
}

const char *numpy_record_class(struct rt *rt, const struct numpy_type *t)
{
    enum { CLASS = 16 };
    uint64_t class;
    const struct py_type *of = py_field(rt, t->at, py_offset(rt, CLASS), &class) ? py_class(rt, class) : NULL;
    return of && strcmp(of->qualified, "numpy.void") != 0 ? of->qualified : NULL;
}

static void put_record(struct rt *rt, const struct numpy_type *t, bool says_aligned, unsigned depth, struct text *out)
{
    const char *class = numpy_record_class(rt, t);
    bool aligned = says_aligned && t->aligned;
    if (class)
        text_printf(out, "(%s, ", class);
    if (!aligned && is_packed(rt, t))
        put_fields(rt, t, depth, out);
    else
        put_table(rt, t, aligned, depth, out);
    text_put(out, class ? ")" : "");
}

static void put_construction(struct rt *rt, const struct numpy_type *t, bool is_short, unsigned depth, struct text *out)
{
    const char *name = numpy_type_name(t);
    if (depth > NUMPY_DEPTH_MAX || out->n > TYPE_TEXT_MAX) {
        text_put(out, "...");
    } else if (t->names) {
        put_record(rt, t, false, depth, out);
    } else if (t->base) {
        text_putc(out, '(');
        put_field_type(rt, t->at, true, depth, out);
        text_putc(out, ')');
    } else if (t->form == NUMPY_UNKNOWN) {
        text_printf(out, "<type number %" PRIu32 ">", t->number);
    } else {
        bool plain = !is_short && !t->swapped && t->form <= NUMPY_COMPLEX;
        text_putc(out, '\'');
        if (plain)
            text_put(out, name);
        else
            put_code(t, true, out);
        text_putc(out, '\'');
    }
}

static void put_type(struct rt *rt, const struct numpy_type *t, bool as_repr, struct text *out)
{
    bool time = t->form == NUMPY_DATETIME || t->form == NUMPY_TIMEDELTA;
    if (as_repr && t->names) {
        put_record(rt, t, false, 0, out);
        text_put(out, t->aligned ? ", align=True" : "");
    } else if (as_repr || t->form == NUMPY_UNKNOWN) {
        put_construction(rt, t, false, 0, out);
    } else if (t->names) {
        put_record(rt, t, true, 0, out);
    } else if (t->base) {
        put_construction(rt, t, true, 0, out);
    } else if (t->swapped || (t->form >= NUMPY_BYTES && t->form <= NUMPY_VOID)) {
        put_code(t, false, out);
    } else {
        text_put(out, numpy_type_name(t));
        if (time)
            numpy_put_unit(t->unit, out);
    }
}

void numpy_put_type(struct rt *rt, const struct numpy_type *t, bool as_repr, struct text *out)
{
    SCOPED(text_done) struct text text = {0};
    put_type(rt, t, as_repr, &text);
    text_putn(out, text_str(&text), text.n);
}
