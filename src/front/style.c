/* SPDX-License-Identifier: Apache-2.0 */
/* Text helpers that front ends share. */
#include "front/front.h"

#include <inttypes.h>
#include <string.h>
#include <time.h>

/* ECMA-48 SGR parameters. */
static const char *const sgr[] = {
    [COLOUR_NONE] = "",    [COLOUR_BOLD] = "1",    [COLOUR_DIM] = "2",   [COLOUR_RED] = "1;31",
    [COLOUR_GREEN] = "32", [COLOUR_YELLOW] = "33", [COLOUR_BLUE] = "34", [COLOUR_CYAN] = "36",
};

void put_safe(struct text *t, const char *s)
{
    if (s)
        text_put_escaped(t, s, strlen(s));
}

void put_coloured(struct text *t, const struct screen *sc, enum colour c, const char *s)
{
    bool on = sc->color && c != COLOUR_NONE && s && *s;
    if (on)
        text_printf(t, "\033[%sm", sgr[c]);
    put_safe(t, s);
    if (on)
        text_put(t, "\033[0m");
}

size_t text_columns(const char *s)
{
    size_t n = 0;
    for (; *s; s++)
        n += ((unsigned char)*s & 0xc0) != 0x80;
    return n;
}

void put_pad(struct text *t, size_t used, size_t column)
{
    text_printf(t, "%*s", used < column ? (int)(column - used) : 1, "");
}

const char *path_tail(const char *path, unsigned parts)
{
    const char *p = path + strlen(path);
    while (p > path) {
        if (p[-1] == '/' && --parts == 0)
            break;
        p--;
    }
    return p;
}

/* Takes the last part off what was put since `from`; false when there is none that can be taken. */
static bool drop_last_part(struct text *t, size_t from)
{
    size_t n = t->n;
    while (n > from && t->p[n - 1] != '/')
        n--;
    size_t last = t->n - n;
    if (!last || (last == 2 && memcmp(t->p + n, "..", 2) == 0))
        return false;
    t->n = n > from + 1 ? n - 1 : n;
    t->p[t->n] = 0;
    return true;
}

void put_simple_path(struct text *t, const char *path)
{
    size_t from = t->n;
    if (*path == '/')
        text_putc(t, '/');
    for (const char *p = path; *p; p += strspn(p, "/")) {
        size_t n = strcspn(p, "/");
        bool up = n == 2 && memcmp(p, "..", 2) == 0;
        if (n && !(n == 1 && *p == '.') && !(up && drop_last_part(t, from))) {
            if (t->n > from && t->p[t->n - 1] != '/')
                text_putc(t, '/');
            text_putn(t, p, n);
        }
        p += n;
    }
}

void put_grouped(struct text *t, uint64_t n)
{
    char digits[24];
    int len = snprintf(digits, sizeof(digits), "%" PRIu64, n);
    for (int i = 0; i < len; i++) {
        if (i && (len - i) % 3 == 0)
            text_putc(t, ',');
        text_putc(t, digits[i]);
    }
}

void put_size(struct text *t, uint64_t bytes)
{
    static const char *const units[] = {"bytes", "kB", "MB", "GB", "TB", "PB", "EB"};
    double v = (double)bytes;
    size_t unit = 0;
    while (v >= 999.5 && unit + 1 < ARRAY_LEN(units)) {
        v /= 1000;
        unit++;
    }
    text_printf(t, unit && v < 9.95 ? "%.1f %s" : "%.0f %s", v, units[unit]);
}

void put_duration(struct text *t, uint64_t ns)
{
    const double ms = 1e6, s = 1e9, minute = 60 * s, hour = 60 * minute, day = 24 * hour;
    double n = (double)ns;
    if (n < s)
        text_printf(t, n < 10 * ms ? "%.2f ms" : "%.0f ms", n / ms);
    else if (n < 2 * minute)
        text_printf(t, "%.1f s", n / s);
    else if (n < 2 * day)
        text_printf(t, n < 2 * hour ? "%.0f min" : "%.0f h", n / (n < 2 * hour ? minute : hour));
    else
        text_printf(t, "%.0f days", n / day);
}

void put_time(struct text *t, uint64_t seconds)
{
    time_t when = (time_t)seconds;
    struct tm tm;
    char buf[64];
    if (seconds <= INT64_MAX && gmtime_r(&when, &tm) && strftime(buf, sizeof(buf), "%Y-%m-%d %H:%M:%S UTC", &tm))
        text_put(t, buf);
    else
        text_printf(t, "%" PRIu64 " s after 1970", seconds);
}

void put_err(struct text *t, const struct err *e)
{
    put_safe(t, e->msg);
    if (e->hint) {
        text_put(t, " (");
        put_safe(t, e->hint);
        text_putc(t, ')');
    }
}

void put_notes(struct text *t, const struct err *const *problems, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        text_put(t, "note: ");
        put_err(t, problems[i]);
        text_putc(t, '\n');
    }
}
