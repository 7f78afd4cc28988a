/* SPDX-License-Identifier: Apache-2.0 */
#include "rt/cpython/lines.h"

enum {
    NO_LINE = -128, /* 3.10: the instructions come from no line */
    UNIT = 2,       /* bytes of a code unit, from 3.11 on */
    /* 3.11: kinds of entries; below them those that stay on the line */
    SHORT_MAX = 9,
    ONE_LINE = 10,
    NO_COLUMNS = 13,
    LONG = 14,
    NOTHING = 15,
};

static void set_line(struct py_location *out, int64_t line)
{
    *out = (struct py_location){0};
    if (line > 0 && line <= INT32_MAX)
        out->line = (uint32_t)line;
}

/* Pairs: so many bytes on, so many lines down (signed). The last pair has no end. */
void py_location_lnotab(struct bytes table, int32_t first_line, int32_t offset, struct py_location *out)
{
    struct cursor c = cursor_of(table, 0, "co_lnotab");
    int64_t line = first_line, at = 0;
    while (cursor_left(&c) >= 2) {
        at += cursor_u8(&c);
        if (at > offset)
            break;
        line += (int8_t)cursor_u8(&c);
    }
    set_line(out, line);
}

/* Pairs: the length in bytes of a run of instructions, and how many lines it stands below the one before. */
void py_location_3_10(struct bytes table, int32_t first_line, int32_t offset, struct py_location *out)
{
    struct cursor c = cursor_of(table, 0, "co_linetable");
    int64_t line = first_line, end = 0;
    if (offset < 0) {
        set_line(out, line);
        return;
    }
    while (cursor_left(&c) >= 2) {
        end += cursor_u8(&c);
        int8_t down = (int8_t)cursor_u8(&c);
        if (down != NO_LINE)
            line += down;
        if (offset < end) {
            set_line(out, down == NO_LINE ? 0 : line);
            return;
        }
    }
    set_line(out, 0);
}

/* Six bits a byte, the lowest first; bit 6 says that more follow. */
static uint32_t varint(struct cursor *c)
{
    uint32_t v = 0;
    for (unsigned shift = 0; shift < 32; shift += 6) {
        uint8_t b = cursor_u8(c);
        v |= (uint32_t)(b & 63) << shift;
        if (!(b & 64))
            return v;
    }
    cursor_fail(c);
    return 0;
}

/* The lowest bit is the sign. */
static int64_t signed_varint(struct cursor *c)
{
    uint32_t v = varint(c);
    return v & 1 ? -(int64_t)(v >> 1) : (int64_t)(v >> 1);
}

/* One entry; *line moves to its line, or is the same after one without. */
static void read_entry(struct cursor *c, unsigned kind, int64_t *line, struct py_location *out)
{
    uint32_t more_lines = 0, column = 0, end_column = 0;
    if (kind == NOTHING) {
        *out = (struct py_location){0};
        return;
    }
    if (kind == LONG) {
        *line += signed_varint(c);
        more_lines = varint(c);
        column = varint(c); /* these two count from 1, and 0 is none */
        end_column = varint(c);
    } else if (kind == NO_COLUMNS) {
        *line += signed_varint(c);
    } else if (kind >= ONE_LINE) {
        *line += kind - ONE_LINE;
        column = (uint32_t)cursor_u8(c) + 1;
        end_column = (uint32_t)cursor_u8(c) + 1;
    } else {
        uint8_t b = cursor_u8(c);
        column = (kind << 3 | b >> 4) + 1;
        end_column = column + (b & 15);
    }
    set_line(out, *line);
    if (!out->line)
        return;
    out->end_line = kind == NO_COLUMNS ? 0 : out->line + more_lines;
    out->column = column;
    out->end_column = end_column;
}

void py_location_3_11(struct bytes table, int32_t first_line, int32_t offset, struct py_location *out)
{
    struct cursor c = cursor_of(table, 0, "co_linetable");
    int64_t line = first_line, end = 0;
    set_line(out, offset < 0 ? line : 0);
    if (offset < 0)
        return;
    while (cursor_left(&c) > 0) {
        uint8_t first = cursor_u8(&c);
        struct py_location found;
        end += ((first & 7) + 1) * UNIT;
        read_entry(&c, first >> 3 & 15, &line, &found);
        if (c.failed || !(first & 0x80))
            return;
        if (offset < end) {
            *out = found;
            return;
        }
    }
}
