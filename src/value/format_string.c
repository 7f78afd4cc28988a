/* SPDX-License-Identifier: Apache-2.0 */
/* Strings and characters: quotes, escapes, repeats. The encoding of a char is taken for UTF-8. */
#include "value/format_priv.h"

/* ---- what is text ---- */

static const char *prefix_of_name(const char *name)
{
    static const struct {
        const char *name, *prefix;
    } wide[] = {{"wchar_t", "L"}, {"char16_t", "u"}, {"char32_t", "U"}};
    for (size_t i = 0; name && i < ARRAY_LEN(wide); i++)
        if (strcmp(name, wide[i].name) == 0)
            return wide[i].prefix;
    return NULL;
}

struct text_kind text_kind_of(const struct type *t, char letter)
{
    static const struct text_kind none = {.width = 0, .prefix = ""};
    const struct type *real = type_strip(t);
    if (letter && letter != 's' && letter != 'r')
        return none;
    if ((real->kind != TYPE_CHAR && real->kind != TYPE_INT) || (real->size != 1 && real->size != 2 && real->size != 4))
        return none;
    for (unsigned i = 0; i < 64; i++) {
        const char *prefix = prefix_of_name(t->name);
        if (prefix)
            return (struct text_kind){.width = (uint8_t)real->size, .prefix = prefix};
        if (t == real || !t->target)
            break;
        t = t->target;
    }
    if (real->kind == TYPE_CHAR || (real->size == 1 && real->die.unit && !type_is_rust(real) && !type_is_go(real)))
        return (struct text_kind){.width = (uint8_t)real->size, .prefix = ""};
    return none;
}

unsigned text_limit(const struct format *f)
{
    return f->characters ? f->characters : f->elements;
}

/* ---- one character ---- */

enum unit_kind { UNIT_END, UNIT_CHAR, UNIT_INVALID, UNIT_INCOMPLETE };
struct unit {
    enum unit_kind kind;
    uint32_t c;        /* UNIT_CHAR: code point */
    const uint8_t *at; /* its bytes */
    size_t n;
};

static uint32_t number_at(const uint8_t *at, unsigned width)
{
    uint32_t v = 0;
    memcpy(&v, at, width);
    return v;
}

static uint32_t utf8_code(const uint8_t *at, size_t n)
{
    uint32_t c = n == 1 ? at[0] : at[0] & (0x7fu >> n);
    for (size_t i = 1; i < n; i++)
        c = c << 6 | (at[i] & 0x3f);
    return c;
}

/* Bytes that a sequence with this first byte has; 0: none begins so. */
static size_t utf8_length(uint8_t first)
{
    if (first < 0x80)
        return 1;
    return first >= 0xc2 && first < 0xe0   ? 2
           : first >= 0xe0 && first < 0xf0 ? 3
           : first >= 0xf0 && first < 0xf5 ? 4
                                           : 0;
}

static struct unit next_utf8(const uint8_t *at, size_t left)
{
    size_t n = utf8_sequence((const char *)at, left), want = utf8_length(at[0]);
    if (n)
        return (struct unit){.kind = UNIT_CHAR, .c = utf8_code(at, n), .at = at, .n = n};
    bool cut = want > left;
    for (size_t i = 1; i < left && cut; i++)
        cut = (at[i] & 0xc0) == 0x80;
    return (struct unit){.kind = cut ? UNIT_INCOMPLETE : UNIT_INVALID, .at = at, .n = cut ? left : 1};
}

static struct unit next_unit(struct bytes b, size_t from, unsigned width)
{
    size_t left = b.n - from;
    if (left < width)
        return (struct unit){.kind = UNIT_END};
    const uint8_t *at = b.p + from; /* not NULL: there is a unit */
    if (width == 1)
        return next_utf8(at, left);
    uint32_t c = number_at(at, width);
    struct unit u = {.kind = UNIT_CHAR, .c = c, .at = at, .n = width};
    bool high = c >= 0xd800 && c < 0xdc00, low = c >= 0xdc00 && c < 0xe000;
    if (width == 2 && high && left >= 4 && (number_at(at + 2, 2) & 0xfc00) == 0xdc00) {
        u.c = 0x10000 + ((c & 0x3ff) << 10) + (number_at(at + 2, 2) & 0x3ff);
        u.n = 4;
    } else if (high || low || c > 0x10ffff) {
        u.kind = UNIT_INVALID;
    }
    return u;
}

static bool same_unit(const struct unit *a, const struct unit *b)
{
    return a->kind == b->kind && a->n == b->n && a->n && memcmp(a->at, b->at, a->n) == 0;
}

static void put_code_point(struct text *out, uint32_t c)
{
    char s[4];
    size_t n = 0;
    if (c < 0x80) {
        s[n++] = (char)c;
    } else if (c < 0x800) {
        s[n++] = (char)(0xc0 | c >> 6);
    } else if (c < 0x10000) {
        s[n++] = (char)(0xe0 | c >> 12);
        s[n++] = (char)(0x80 | (c >> 6 & 0x3f));
    } else {
        s[n++] = (char)(0xf0 | c >> 18);
        s[n++] = (char)(0x80 | (c >> 12 & 0x3f));
        s[n++] = (char)(0x80 | (c >> 6 & 0x3f));
    }
    if (c >= 0x80)
        s[n++] = (char)(0x80 | (c & 0x3f));
    text_putn(out, s, n);
}

static const char *named_escape(uint32_t c)
{
    static const char *const names[] = {"\\a", "\\b", "\\t", "\\n", "\\v", "\\f", "\\r"};
    return c >= '\a' && c <= '\r' ? names[c - '\a'] : NULL;
}

/* *after_hex: the last one was a hexadecimal escape, which a digit would continue. */
static void put_unit(struct text *out, const struct unit *u, unsigned width, char quote, bool *after_hex)
{
    bool was_hex = *after_hex;
    bool is_char = u->kind == UNIT_CHAR;
    *after_hex = false;
    if (is_char && named_escape(u->c)) {
        text_put(out, named_escape(u->c));
        return;
    }
    bool control = u->c < 0x20 || (u->c >= 0x7f && u->c < 0xa0);
    if (is_char && !control && !(was_hex && u->c >= '0' && u->c <= '9')) {
        if (u->c == (uint32_t)quote || u->c == '\\')
            text_putc(out, '\\');
        put_code_point(out, u->c);
        return;
    }
    for (size_t i = 0; i + width <= u->n; i += width) {
        uint32_t v = number_at(u->at + i, width);
        if (v <= 0777) {
            text_printf(out, "\\%.3o", v);
        } else {
            text_printf(out, "\\x%x", v);
            *after_hex = true;
        }
    }
}

void print_char(struct printer *p, const struct scalar *s, struct text_kind kind)
{
    struct bytes b = {.p = s->bytes, .n = kind.width};
    struct unit u = next_unit(b, 0, kind.width);
    bool after_hex = false;
    if (u.kind == UNIT_INCOMPLETE)
        u.kind = UNIT_INVALID;
    text_printf(p->out, "%s'", kind.prefix);
    put_unit(p->out, &u, kind.width, '\'', &after_hex);
    text_putc(p->out, '\'');
}

/* ---- many characters ---- */

enum text_state { TEXT_START, TEXT_QUOTED, TEXT_APART };

static void separate(struct text *out, enum text_state *state, enum text_state next)
{
    if (*state == TEXT_QUOTED && next != TEXT_QUOTED)
        text_putc(out, '"');
    if (*state != TEXT_START && !(*state == TEXT_QUOTED && next == TEXT_QUOTED))
        text_put(out, ", ");
    if (next == TEXT_QUOTED && *state != TEXT_QUOTED)
        text_putc(out, '"');
    *state = next;
}

static void print_run(struct printer *p, const struct unit *u, size_t times, unsigned width, enum text_state *state,
                      bool *after_hex)
{
    bool fold = p->f->repeats && times > p->f->repeats;
    separate(p->out, state, fold || u->kind == UNIT_INCOMPLETE ? TEXT_APART : TEXT_QUOTED);
    if (u->kind == UNIT_INCOMPLETE) {
        text_put(p->out, "<incomplete sequence ");
        put_unit(p->out, u, width, '"', after_hex);
        text_putc(p->out, '>');
    } else if (fold) {
        text_putc(p->out, '\'');
        put_unit(p->out, u, width, '\'', after_hex);
        text_printf(p->out, "' <repeats %zu times>", times);
    } else {
        for (size_t i = 0; i < times; i++)
            put_unit(p->out, u, width, '"', after_hex);
    }
}

void print_text(struct printer *p, struct bytes b, struct text_kind kind, unsigned limit, bool more)
{
    enum text_state state = TEXT_START;
    bool after_hex = false;
    size_t at = 0, shown = 0;
    text_put(p->out, kind.prefix);
    struct unit u = next_unit(b, 0, kind.width);
    if (u.kind == UNIT_END)
        text_put(p->out, "\"\"");
    while (u.kind != UNIT_END && (!limit || shown < limit) && !print_stopped(p)) {
        size_t times = 0;
        struct unit next = u;
        for (; same_unit(&u, &next); times++) {
            at += next.n;
            next = next_unit(b, at, kind.width);
        }
        print_run(p, &u, times, kind.width, &state, &after_hex);
        shown += times;
        u = next;
    }
    if (state == TEXT_QUOTED)
        text_putc(p->out, '"');
    if (more || u.kind != UNIT_END)
        text_put(p->out, "...");
}

/* ---- strings of the target ---- */

void print_string_at(struct printer *p, taddr at, struct text_kind kind)
{
    unsigned limit = text_limit(p->f);
    struct bytes b;
    bool ended;
    /* One more than is shown: an end right behind needs no dots. */
    struct err *e = value_string(p->vs, at, kind.width, limit ? (size_t)limit + 1 : OUTPUT_MAX, &b, &ended);
    if (e) {
        print_problem(p, e);
        return;
    }
    bool cut = limit && b.n > (size_t)limit * kind.width;
    if (cut)
        b.n = (size_t)limit * kind.width;
    print_text(p, b, kind, 0, cut);
    if (!ended && !cut)
        print_problem(p, modules_read(p->vs->ms, at + b.n, &(uint32_t){0}, kind.width));
}

void print_string_sized(struct printer *p, taddr at, uint64_t n, struct text_kind kind)
{
    unsigned limit = text_limit(p->f);
    uint64_t units = limit && n > limit ? limit : n;
    struct bytes b = {.p = NULL, .n = 0};
    if (units > OUTPUT_MAX)
        units = OUTPUT_MAX;
    if (units) {
        size_t size = (size_t)units * kind.width;
        uint8_t *copy = arena_alloc(p->vs->arena, size);
        size_t got = modules_read_some(p->vs->ms, at, copy, size);
        b = (struct bytes){.p = copy, .n = got};
        if (got == 0) {
            print_problem(p, modules_read(p->vs->ms, at, copy, 1));
            return;
        }
        if (got < size) {
            print_text(p, b, kind, 0, false);
            print_problem(p, modules_read(p->vs->ms, at + got, copy, 1));
            return;
        }
    }
    print_text(p, b, kind, 0, units < n);
}
