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
        *size = addr_size == 8 ? 'g' : 'w';
        break;
    case 'f':
        *size = l->size ? l->size : last == 'w' || last == 'g' ? last : 'g';
        break;
    case 'c':
        *size = l->size ? l->size : 'b';
        break;
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

static const struct type *unit_type(struct values *vs, char letter, unsigned bytes)
{
    static const char *const by_size[] = {[1] = "char", [2] = "short", [4] = "int", [8] = "long"};
    if (letter == 'f' && bytes >= 4)
        return type_c(vs->types, bytes == 4 ? "float" : "double");
    if (letter == 'a')
        return type_pointer_to(vs->types, type_base(vs->types, TYPE_VOID, "void", 1, false));
    if (bytes == 8)
        return type_base(vs->types, TYPE_INT, "long", 8, true); /* 32-bit targets, too */
    return type_c(vs->types, by_size[bytes]);
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

/* Zeros before the digits that were put since `from`. */
static void pad_binary(struct text *t, size_t from, size_t digits)
{
    SCOPED(freep) char *s = xstrdup(t->p + from);
    t->n = from;
    for (size_t n = strlen(s); n < digits; n++)
        text_putc(t, '0');
    text_put(t, s);
}

static struct err *put_units(struct console *c, taddr at, uint64_t count, char letter, char size)
{
    struct values *vs = session_values(c->session);
    unsigned bytes = unit_bytes(size);
    unsigned per_line = bytes == 8 ? 2 : bytes == 4 ? 4 : 8;
    if (letter == 't')
        per_line = bytes == 8 ? 1 : bytes == 4 ? 2 : 8;
    const struct type *t = unit_type(vs, letter, bytes);
    struct format f = c->set.print;
    f.letter = letter == 'x' ? 'z' : letter; /* all of a unit's digits */
    for (uint64_t i = 0; i < count; i++, at += bytes) {
        uint8_t probe[8];
        if (i % per_line == 0)
            put_address(c, at);
        text_putc(&c->out, '\t');
        TRY(session_read(c->session, at, probe, bytes));
        struct value v = value_at(vs, t, at);
        size_t from = c->out.n;
        format_value(vs, &v, &f, &c->out);
        if (letter == 't')
            pad_binary(&c->out, from, bytes * 8);
        c->x.type = t;
        c->x.last = at;
        c->x.next = at + bytes;
        if ((i + 1) % per_line == 0 || i + 1 == count) {
            text_putc(&c->out, '\n');
            TRY(console_flush(c));
        }
    }
    return NULL;
}

static struct err *put_strings(struct console *c, taddr at, uint64_t count)
{
    struct values *vs = session_values(c->session);
    const struct type *character = type_c(vs->types, "char");
    for (uint64_t i = 0; i < count; i++) {
        struct bytes s;
        bool ended;
        put_address(c, at);
        text_putc(&c->out, '\t');
        size_t limit = c->set.print.elements ? c->set.print.elements : 1024 * 1024;
        TRY(value_cstr(vs, at, limit, &s, &ended));
        struct value v = value_of_bytes(vs, type_array_of(vs->types, character, s.n), s.p, s.n);
        struct format f = c->set.print;
        f.letter = 's';
        format_value(vs, &v, &f, &c->out);
        text_put(&c->out, ended ? "\n" : "...\n");
        c->x.type = type_array_of(vs->types, character, s.n);
        c->x.last = at;
        at += s.n + ended;
        c->x.next = at;
        TRY(console_flush(c));
    }
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
    if (letter != 's' && letter != 'i')
        c->x.size = size;
    if (letter == 'i')
        return examine_code(c, at, count);
    if (letter == 's')
        TRY(put_strings(c, at, count));
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
