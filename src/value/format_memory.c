/* SPDX-License-Identifier: Apache-2.0 */
/* Memory as `x/NFU` shows it: lines that begin with an address and its symbol. */
#include "value/format_priv.h"

/* One unit of memory. */
struct unit_of {
    char letter;
    uint8_t size;     /* bytes */
    uint8_t per_line; /* units */
};

static struct unit_of unit_for(char letter, char unit)
{
    struct unit_of u = {.letter = letter, .size = 4, .per_line = 4};
    if (unit == 'b')
        u.size = 1, u.per_line = 8;
    else if (unit == 'h')
        u.size = 2, u.per_line = 8;
    else if (unit == 'g')
        u.size = 8, u.per_line = 2;
    if (letter == 's')
        u.per_line = 1;
    return u;
}

static void begin_line(struct printer *p, taddr at)
{
    print_code_address(p, at);
    text_putc(p->out, ':');
}

/* Binary digits with all their leading zeros. */
static void put_binary(struct text *out, const struct scalar *s)
{
    for (unsigned i = s->size * 8u; i-- > 0;)
        text_putc(out, s->bytes[i / 8] >> (i % 8) & 1 ? '1' : '0');
}

static void print_unit(struct printer *p, struct unit_of u, const struct scalar *s)
{
    struct type t = {.kind = TYPE_INT, .size = u.size, .is_signed = u.letter != 'u' && u.letter != 'a'};
    switch (u.letter) {
    case 'x':
    case 'z':
        print_radix(p->out, s, 'z');
        break;
    case 't':
        put_binary(p->out, s);
        break;
    case 'c':
    case 'a':
    case 'f':
    case 'o':
    case 'u':
        print_by_letter(p, &t, s);
        break;
    default:
        print_radix(p->out, s, 'd');
    }
}

static struct err *print_units(struct printer *p, struct unit_of u, taddr *at, uint64_t count)
{
    for (uint64_t i = 0; i < count && !print_stopped(p); i++) {
        struct scalar s = {.size = u.size};
        if (i % u.per_line == 0)
            begin_line(p, *at);
        text_putc(p->out, '\t');
        TRY(modules_read(p->vs->ms, *at, s.bytes, u.size));
        if (u.letter != 'u' && u.letter != 'a' && s.bytes[u.size - 1] & 0x80)
            memset(s.bytes + u.size, 0xff, sizeof(s.bytes) - u.size);
        print_unit(p, u, &s);
        *at += u.size;
        if ((i + 1) % u.per_line == 0 || i + 1 == count)
            text_putc(p->out, '\n');
    }
    return NULL;
}

static void print_strings(struct printer *p, unsigned width, taddr *at, uint64_t count)
{
    static const char *const prefixes[] = {"", "", "u", "", "U"};
    struct text_kind kind = {.width = (uint8_t)width, .prefix = prefixes[width]};
    unsigned limit = text_limit(p->f);
    for (uint64_t i = 0; i < count && !print_stopped(p); i++) {
        struct bytes b;
        bool ended;
        begin_line(p, *at);
        text_putc(p->out, '\t');
        print_string_at(p, *at, kind);
        text_putc(p->out, '\n');
        struct err *e = value_string(p->vs, *at, width, limit ? limit : OUTPUT_MAX, &b, &ended);
        *at += e ? width : b.n + (ended ? width : 0);
        err_free(e);
    }
}

struct err *format_memory(struct values *vs, taddr at, char letter, char unit, uint64_t count, const struct format *f,
                          struct text *out, taddr *next)
{
    struct format by_letter = *f;
    struct printer p = {.vs = vs, .f = &by_letter, .out = out};
    struct unit_of u = unit_for(letter, unit);
    struct err *e = NULL;
    by_letter.letter = letter;
    by_letter.addresses = true;
    if (letter == 's')
        print_strings(&p, u.size <= 4 ? u.size : 1, &at, count);
    else
        e = print_units(&p, u, &at, count);
    *next = at;
    return e;
}
