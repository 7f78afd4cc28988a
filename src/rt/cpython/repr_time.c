/* SPDX-License-Identifier: Apache-2.0 */
/* Dates and times, as repr() writes them (Include/datetime.h; the same in 3.6 to 3.15). */
#include "rt/cpython/repr.h"

enum {
    HAS_TZINFO = 24, /* a byte; then the fields, packed, the largest first */
    FIELDS = 25,
    DATE_BYTES = 4, /* year in two bytes, month, day */
    TIME_BYTES = 6, /* hour, minute, second, microsecond in three bytes */
    DATETIME_FOLD = 35,
    DATETIME_TZINFO = 40,
    TIME_FOLD = 31,
    TIME_TZINFO = 32,
    DELTA_DAYS = 24, /* int days, seconds, microseconds */
    ZONE_OFFSET = 16,
    ZONE_NAME = 24,
};

/* "datetime.date": the class as C knows it, a program's by its own name. */
static void put_class(struct repr *r, const struct py_type *t)
{
    repr_put_name(r, t->exact || !t->heap ? t->qualified : t->name);
}

static void put_time_of_day(struct repr *r, const uint8_t *b)
{
    unsigned micro = (unsigned)b[3] << 16 | (unsigned)b[4] << 8 | b[5];
    text_printf(r->out, "%u, %u", b[0], b[1]);
    if (b[2] || micro)
        text_printf(r->out, ", %u", b[2]);
    if (micro)
        text_printf(r->out, ", %u", micro);
}

static void put_zone(struct repr *r, taddr at, unsigned fold_at, unsigned zone_at)
{
    uint8_t fold, has;
    uint64_t zone;
    if (py_read(r->rt, at + py_offset(r->rt, fold_at), &fold, 1) && fold)
        text_put(r->out, ", fold=1");
    if (!py_read(r->rt, at + py_offset(r->rt, HAS_TZINFO), &has, 1) || !has)
        return;
    text_put(r->out, ", tzinfo=");
    if (py_field(r->rt, at, py_offset(r->rt, zone_at), &zone))
        repr_put(r, zone);
    else
        repr_put_unreadable(r, at + py_offset(r->rt, zone_at));
}

static void put_date(struct repr *r, const uint8_t *b)
{
    text_printf(r->out, "%u, %u, %u", (unsigned)b[0] << 8 | b[1], b[2], b[3]);
}

static void put_delta_parts(struct repr *r, const int32_t part[3])
{
    static const char *const names[] = {"days", "seconds", "microseconds"};
    bool any = false;
    if (py_minor(r->rt) < 7) {
        text_printf(r->out, "%" PRId32, part[0]);
        if (part[1] || part[2])
            text_printf(r->out, ", %" PRId32, part[1]);
        if (part[2])
            text_printf(r->out, ", %" PRId32, part[2]);
        return;
    }
    for (int i = 0; i < 3; i++) {
        if (!part[i])
            continue;
        text_printf(r->out, "%s%s=%" PRId32, any ? ", " : "", names[i], part[i]);
        any = true;
    }
    text_put(r->out, any ? "" : "0");
}

/* The offset of a zone is a timedelta; the one without a name and an offset is timezone.utc. */
static bool put_timezone(struct repr *r, taddr at, const struct py_type *t)
{
    uint64_t offset, name;
    int32_t part[3];
    const struct py_type *of = NULL;
    if (!py_field(r->rt, at, py_offset(r->rt, ZONE_OFFSET), &offset) ||
        !py_field(r->rt, at, py_offset(r->rt, ZONE_NAME), &name) || !(of = py_type(r->rt, offset)) ||
        of->kind != PYK_TIMEDELTA || !py_read(r->rt, offset + py_offset(r->rt, DELTA_DAYS), part, sizeof(part)))
        return false;
    put_class(r, t);
    if (!name && !part[0] && !part[1] && !part[2]) {
        text_put(r->out, ".utc");
        return true;
    }
    text_putc(r->out, '(');
    repr_put(r, offset);
    if (name) {
        text_put(r->out, ", ");
        repr_put(r, name);
    }
    text_putc(r->out, ')');
    return true;
}

static bool put_any(struct repr *r, taddr at, const struct py_type *t)
{
    uint8_t b[DATE_BYTES + TIME_BYTES];
    int32_t part[3];
    if (t->kind == PYK_TIMEZONE)
        return put_timezone(r, at, t);
    if (t->kind == PYK_TIMEDELTA) {
        if (!py_read(r->rt, at + py_offset(r->rt, DELTA_DAYS), part, sizeof(part)))
            return false;
        put_class(r, t);
        text_putc(r->out, '(');
        put_delta_parts(r, part);
        text_putc(r->out, ')');
        return true;
    }
    size_t n = t->kind == PYK_DATE ? DATE_BYTES : t->kind == PYK_TIME ? TIME_BYTES : sizeof(b);
    if (!py_read(r->rt, at + py_offset(r->rt, FIELDS), b, n))
        return false;
    put_class(r, t);
    text_putc(r->out, '(');
    if (t->kind != PYK_TIME)
        put_date(r, b);
    if (t->kind == PYK_DATETIME) {
        text_put(r->out, ", ");
        put_time_of_day(r, b + DATE_BYTES);
        put_zone(r, at, DATETIME_FOLD, DATETIME_TZINFO);
    } else if (t->kind == PYK_TIME) {
        put_time_of_day(r, b);
        put_zone(r, at, TIME_FOLD, TIME_TZINFO);
    }
    text_putc(r->out, ')');
    return true;
}

void repr_time(struct repr *r, taddr at, const struct py_type *t)
{
    if (!put_any(r, at, t))
        repr_put_corrupt(r, at, t);
}
