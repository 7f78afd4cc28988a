/* SPDX-License-Identifier: Apache-2.0 */
/* Compiled expressions and what they matched (Modules/_sre). */
#include "rt/cpython/repr.h"

enum { FLAG_UNICODE = 32, MATCH_MARKS = 24 /* behind the member endpos: two numbers a group, the whole first */ };

static bool member_offset(struct repr *r, const struct py_type *t, const char *name, uint32_t *out)
{
    const struct py_member *m = py_member_named(r->rt, t, name);
    *out = m ? (uint32_t)m->offset : 0;
    return m && m->offset > 0 && m->offset < t->basicsize;
}

/* ", re.IGNORECASE|re.DOTALL". That a str is matched as one goes without saying. */
static void put_flags(struct repr *r, uint32_t flags, bool str)
{
    static const struct {
        const char *name;
        uint16_t bit;
    } names[] = {{"TEMPLATE", 1}, {"IGNORECASE", 2}, {"LOCALE", 4},  {"MULTILINE", 8}, {"DOTALL", 16},
                 {"UNICODE", 32}, {"VERBOSE", 64},   {"DEBUG", 128}, {"ASCII", 256}};
    enum { LOCALE = 4, ASCII = 256 };
    const char *between = ", ";
    if (str && (flags & (FLAG_UNICODE | LOCALE | ASCII)) == FLAG_UNICODE)
        flags &= ~(uint32_t)FLAG_UNICODE;
    for (size_t i = 0; i < ARRAY_LEN(names); i++) {
        if (!(flags & names[i].bit))
            continue;
        text_printf(r->out, "%sre.%s", between, names[i].name);
        flags &= ~(uint32_t)names[i].bit;
        between = "|";
    }
    if (flags)
        text_printf(r->out, "%s0x%" PRIx32, between, flags);
}

void repr_pattern(struct repr *r, taddr at, const struct py_type *t)
{
    uint32_t pattern_at, flags_at, flags;
    uint64_t pattern;
    const struct py_type *of;
    if (!member_offset(r, t, "pattern", &pattern_at) || !member_offset(r, t, "flags", &flags_at) ||
        !py_field(r->rt, at, pattern_at, &pattern) || !(of = py_type(r->rt, pattern)) ||
        !py_read(r->rt, at + flags_at, &flags, sizeof(flags))) {
        repr_instance(r, at, t);
        return;
    }
    text_put(r->out, "re.compile(");
    repr_put(r, pattern);
    put_flags(r, flags, of->kind == PYK_STR);
    text_putc(r->out, ')');
}

/* Characters [from, to) of the str or bytes that was searched. */
static bool put_part(struct repr *r, taddr subject, int64_t from, int64_t to)
{
    struct py_str s;
    int64_t n;
    const struct py_type *of = py_type(r->rt, subject);
    if (of && of->kind == PYK_BYTES && r->rt->l.bytes_data != PY_NONE && py_var_size(r->rt, subject, &n) && to <= n) {
        repr_put_bytes(r, subject + r->rt->l.bytes_data + (uint64_t)from, to - from);
        return true;
    }
    if (!of || of->kind != PYK_STR || !py_str_open(r->rt, subject, &s) || (uint64_t)to > s.length)
        return false;
    s.data += (uint64_t)from * s.width;
    s.length = (uint64_t)(to - from);
    repr_put_str(r, &s);
    return true;
}

/* <re.Match object; span=(0, 2), match='ab'> */
void repr_match(struct repr *r, taddr at, const struct py_type *t)
{
    uint32_t string_at, end_at;
    uint64_t subject, mark[2];
    if (!member_offset(r, t, "string", &string_at) || !member_offset(r, t, "endpos", &end_at) ||
        !py_field(r->rt, at, string_at, &subject) || !py_read(r->rt, at + end_at + MATCH_MARKS, mark, sizeof(mark)) ||
        mark[1] > INT64_MAX || mark[0] > mark[1]) {
        repr_instance(r, at, t);
        return;
    }
    text_putc(r->out, '<');
    repr_put_name(r, t->qualified);
    text_printf(r->out, " object; span=(%" PRIu64 ", %" PRIu64 "), match=", mark[0], mark[1]);
    if (!put_part(r, subject, (int64_t)mark[0], (int64_t)mark[1]))
        text_put(r->out, "?");
    text_putc(r->out, '>');
}
