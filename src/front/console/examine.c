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

/* ---- Delve's options ---- */

struct options {
    struct format_letters letters;
    bool raw; /* the bytes themselves */
    unsigned size;
};

static struct err *parse_format(const char **args, struct options *o)
{
    static const struct {
        const char *name;
        char letter;
    } formats[] = {{"hex", 'x'},   {"hexadecimal", 'x'}, {"dec", 'u'},    {"decimal", 'u'}, {"oct", 'o'},
                   {"octal", 'o'}, {"bin", 't'},         {"binary", 't'}, {"raw", 0}};
    for (size_t i = 0; i < ARRAY_LEN(formats); i++)
        if (args_word(args, formats[i].name)) {
            o->letters.letter = formats[i].letter;
            o->raw = !formats[i].letter;
            return NULL;
        }
    return err_new(ERR_USAGE, "-fmt is hex, dec, oct, bin or raw");
}

static struct err *parse_option(const char **args, struct options *o, bool *taken)
{
    int64_t n;
    *taken = true;
    if (args_word(args, "-fmt"))
        return parse_format(args, o);
    if (args_word(args, "-count") || args_word(args, "-len")) {
        if (!args_number(args, &o->letters.count) || o->letters.count < 1)
            return err_new(ERR_USAGE, "-count needs a number above 0");
        return NULL;
    }
    if (args_word(args, "-size")) {
        if (!args_number(args, &n) || (n != 1 && n != 2 && n != 4 && n != 8))
            return err_new(ERR_USAGE, "-size is 1, 2, 4 or 8");
        o->size = (unsigned)n;
        return NULL;
    }
    *taken = args_word(args, "-x");
    return NULL;
}

static struct err *put_raw(struct console *c, uint64_t size, const char *expression)
{
    uint8_t bytes[4096];
    taddr at;
    TRY(console_number(c, expression, &at));
    if (size > UNITS_MAX)
        return err_new(ERR_LIMIT, "%" PRIu64 " bytes are too many", size);
    for (uint64_t done = 0; done < size;) {
        size_t n = size - done < sizeof(bytes) ? (size_t)(size - done) : sizeof(bytes);
        TRY(session_read(c->session, at + done, bytes, n));
        text_putn(&c->out, (const char *)bytes, n);
        done += n;
    }
    return NULL;
}

/* "-fmt hex -count 20 -size 1 -x EXPRESSION" */
static struct err *examine_with_options(struct console *c, const char *args)
{
    struct options o = {.letters = {.count = 1, .counted = true, .letter = 'x'}, .size = 1};
    const struct image *im;
    bool taken;
    TRY(console_target(c, &im));
    do {
        TRY(parse_option(&args, &o, &taken));
    } while (taken);
    if (!*args)
        return err_new(ERR_USAGE, "no address specified");
    if (o.raw)
        return put_raw(c, (uint64_t)o.letters.count * o.size, args);
    o.letters.size = o.size == 1 ? 'b' : o.size == 2 ? 'h' : o.size == 4 ? 'w' : 'g';
    return console_examine(c, &o.letters, args);
}

/* Alone "-size" is what gdb takes it for: minus a variable. */
static bool has_options(const char *args)
{
    static const char *const words[] = {"-fmt", "-count", "-len", "-size", "-x"};
    for (size_t i = 0; i < ARRAY_LEN(words); i++)
        if (args_word(&args, words[i]))
            return *args;
    return false;
}

static struct err *run_x(struct console *c, const char *args)
{
    struct format_letters l;
    if (has_options(args))
        return examine_with_options(c, args);
    TRY(format_letters_take(&args, &l));
    if (l.raw)
        return err_new(ERR_USAGE, "the format letter \"r\" has no meaning in \"x\" command");
    if (!l.counted && !l.letter && !l.size && !*args && c->x.count)
        l.count = c->x.count;
    return console_examine(c, &l, args);
}

static const struct console_command rows[] = {
    {"x", "examinemem|examine", CLASS_DATA, "[/NFU] [EXPRESSION] | [-fmt F] [-count N] [-size U] EXPRESSION",
     "Show memory.",
     "N units in the form F, each of the size U.\n"
     "F: x d u o t z (numbers), a (addresses), c (characters), f (floats), s (strings), i (instructions).\n"
     "U: b (1 byte), h (2), w (4), g (8). What is left out is as it was last. Without an expression it goes on.\n"
     "With Delve's options F is hex (default), dec, oct, bin or raw (the bytes as they are), U is 1 (default), 2, 4 or "
     "8.",
     COMPLETE_EXPRESSION, REPEAT_BARE, run_x},
};
const struct console_table console_examine_table = {rows, ARRAY_LEN(rows)};
