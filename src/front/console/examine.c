/* SPDX-License-Identifier: Apache-2.0 */
/* x: memory, in units. */
#include "front/console/code.h"
#include "front/console/format_letters.h"

#include <inttypes.h>
#include <string.h>

enum { UNITS_MAX = 10 * 1000 * 1000 };

/* ---- what is shown ---- */

/* gdb's rules for what was not said: the last letter and size, and sizes that fit the letter. */
static void choose(struct console *c, const struct format_letters *l, char *letter, char *size)
{
    unsigned addr_size = session_image(c->session)->arch->addr_size;
    *letter = l->letter ? l->letter : c->x.letter ? c->x.letter : 'x';
    char last = c->x.size ? c->x.size : 'w';
    switch (*letter) {
    case 'a':
        *size = l->size ? l->size : addr_size == 8 ? 'g' : 'w';
        break;
    case 'f':
        *size = l->size ? l->size : last == 'w' || last == 'g' ? last : 'g';
        break;
    case 'c':
    case 's':
    case 'i':
        *size = l->size ? l->size : 'b';
        break;
    default:
        *size = l->size ? l->size : last;
    }
}

static unsigned unit_bytes(char size)
{
    return size == 'b' ? 1 : size == 'h' ? 2 : size == 'w' ? 4 : 8;
}

/* The type that $_ points to, and $__ has. */
static const struct type *unit_type(struct values *vs, unsigned bytes)
{
    static const char *const by_size[] = {[1] = "int8_t", [2] = "int16_t", [4] = "int32_t", [8] = "int64_t"};
    return type_base(vs->types, TYPE_INT, by_size[bytes], bytes, true);
}

/* "0x55d0 <buf+4>:" */
static void put_address(struct console *c, taddr at)
{
    SCOPED(freep) char *number = xasprintf("0x%" PRIx64, at);
    put_coloured(&c->out, &c->screen, COLOUR_BLUE, number);
    if (c->set.print.symbols)
        console_put_symbol(c, at);
    text_putc(&c->out, ':');
}

/* ---- units, strings ---- */

static struct err *put_units(struct console *c, taddr at, uint64_t count, char letter, char size)
{
    struct values *vs = session_values(c->session);
    unsigned bytes = unit_bytes(size);
    unsigned per_line = bytes == 8 ? 2 : bytes == 4 ? 4 : 8;
    for (uint64_t i = 0; i < count; i++, at += bytes) {
        if (i % per_line == 0)
            put_address(c, at);
        text_putc(&c->out, '\t');
        TRY(format_unit(vs, at, letter, bytes, &c->set.print, &c->out));
        c->x.last = at;
        c->x.next = at + bytes;
        if ((i + 1) % per_line == 0 || i + 1 == count) {
            text_putc(&c->out, '\n');
            TRY(console_flush(c));
        }
    }
    c->x.type = unit_type(vs, bytes);
    return NULL;
}

static struct err *put_strings(struct console *c, taddr at, uint64_t count, char size)
{
    struct values *vs = session_values(c->session);
    unsigned width = size == 'g' ? 1 : unit_bytes(size);
    for (uint64_t i = 0; i < count; i++) {
        put_address(c, at);
        text_putc(&c->out, '\t');
        c->x.last = at;
        c->x.next = at = format_string(vs, at, width, &c->set.print, &c->out);
        text_putc(&c->out, '\n');
        TRY(console_flush(c));
    }
    c->x.type = unit_type(vs, width);
    return NULL;
}

/* ---- the command ---- */

/* Where the expression says: an array or a record is where it stands itself. */
static struct err *find_start(struct console *c, const char *args, taddr *at)
{
    uint64_t v;
    if (!*args) {
        *at = c->x.next;
        return NULL;
    }
    TRY(console_number(c, args, &v));
    *at = v;
    return NULL;
}

/* $_ is where the last unit stands, $__ what it holds. */
static struct err *remember_last(struct console *c)
{
    if (!c->x.type)
        return NULL;
    struct values *vs = session_values(c->session);
    struct value unit = value_at(vs, c->x.type, c->x.last);
    struct value where = value_of_int(vs, type_pointer_to(vs->types, c->x.type), c->x.last);
    TRY(console_set_variable(c, "_", &where));
    return console_set_variable(c, "__", &unit);
}

static struct err *examine_code(struct console *c, taddr at, uint64_t count)
{
    struct err *e = console_put_instructions(c, &at, count);
    c->x.next = at;
    return e;
}

struct err *console_examine(struct console *c, const struct format_letters *l, const char *expression)
{
    const struct image *im;
    char letter, size;
    taddr at;
    TRY(console_target(c, &im));
    TRY(find_start(c, expression, &at));
    choose(c, l, &letter, &size);
    uint64_t count = (uint64_t)(l->count < 0 ? -l->count : l->count);
    if (count > UNITS_MAX)
        return err_new(ERR_LIMIT, "%" PRIu64 " units are too many", count);
    if (l->count < 0 && (letter == 's' || letter == 'i'))
        return err_new(ERR_UNSUPPORTED, "strings and instructions are shown forwards only");
    if (l->count < 0)
        at -= count * unit_bytes(size);
    c->x.letter = letter;
    c->x.count = l->count;
    if (letter != 'i')
        c->x.size = letter == 's' ? 'b' : size;
    if (letter == 'i')
        return examine_code(c, at, count);
    if (letter == 's')
        TRY(put_strings(c, at, count, size));
    else
        TRY(put_units(c, at, count, letter, size));
    return remember_last(c);
}

static struct err *run_x(struct console *c, const char *args)
{
    struct format_letters l;
    TRY(format_letters_take(&args, &l));
    if (l.raw)
        return err_new(ERR_USAGE, "the format letter \"r\" has no meaning in \"x\" command");
    if (!l.counted && !l.letter && !l.size && !*args && c->x.count)
        l.count = c->x.count;
    return console_examine(c, &l, args);
}

static const struct console_command rows[] = {
    {"x", "examinemem|examine", CLASS_DATA, "[/NFU] [EXPRESSION]", "Show memory.",
     "N units in the form F, each of the size U.\n"
     "F: x d u o t z (numbers), a (addresses), c (characters), f (floats), s (strings), i (instructions).\n"
     "U: b (1 byte), h (2), w (4), g (8). What is left out is as it was last. Without an expression it goes on.",
     COMPLETE_EXPRESSION, REPEAT_BARE, run_x},
};
const struct console_table console_examine_table = {rows, ARRAY_LEN(rows)};
