/* SPDX-License-Identifier: Apache-2.0 */
/* Memory without a type of its own: units and strings, as `x` shows them. */
#include "value/format_priv.h"

struct err *format_unit(struct values *vs, taddr at, char letter, unsigned size, const struct format *f,
                        struct text *out)
{
    struct format by_letter = *f;
    struct printer p = {.vs = vs, .f = &by_letter, .out = out};
    struct scalar s = {.size = (uint8_t)size};
    struct type t = {.kind = TYPE_INT, .size = size, .is_signed = letter != 'u'};
    TRY(modules_read(vs->ms, at, s.bytes, size));
    if (t.is_signed && s.bytes[size - 1] & 0x80)
        memset(s.bytes + size, 0xff, sizeof(s.bytes) - size);
    by_letter.letter = letter == 'x' ? 'z' : letter; /* all of a unit's digits */
    by_letter.addresses = true;
    if (letter == 't')
        print_binary(out, &s);
    else
        print_by_letter(&p, &t, &s);
    return NULL;
}

taddr format_string(struct values *vs, taddr at, unsigned width, const struct format *f, struct text *out)
{
    static const char *const prefixes[] = {[1] = "", [2] = "u", [4] = "U"};
    struct printer p = {.vs = vs, .f = f, .out = out};
    unsigned limit = text_limit(f);
    struct bytes b;
    bool ended;
    print_string_at(&p, at, (struct text_kind){.width = (uint8_t)width, .prefix = prefixes[width]});
    struct err *e = value_string(vs, at, width, limit ? limit : OUTPUT_MAX, &b, &ended);
    if (!e)
        at += b.n + (ended ? width : 0);
    err_free(e);
    return at;
}
