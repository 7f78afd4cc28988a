/* SPDX-License-Identifier: Apache-2.0 */
/* Rust's v0 scheme, a recursive descent that prints while it parses. Work is bounded by depth, by steps and
 * by the size of the output, since references back may repeat what they name. */
#include "module/demangle_rust.h"

#include "base/text.h"
#include "module/punycode.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { MAX_DEPTH = 300, MAX_STEPS = 1 << 18 };

struct v0 {
    const char *p; /* after "_R" */
    size_t n, at;
    struct text out;
    unsigned depth, steps;
    unsigned silent;    /* above 0: parse only */
    uint64_t lifetimes; /* bound by the binders around */
    bool failed;
};

static void path(struct v0 *d, bool in_value);
static void type(struct v0 *d);
static void constant(struct v0 *d, bool in_value);

/* ---- input and output ---- */

static void fail(struct v0 *d)
{
    d->failed = true;
    d->at = d->n;
}

static char peek(const struct v0 *d)
{
    return d->at < d->n ? d->p[d->at] : '\0';
}

static char next(struct v0 *d)
{
    if (d->at >= d->n) {
        fail(d);
        return '\0';
    }
    return d->p[d->at++];
}

static bool eat(struct v0 *d, char c)
{
    if (peek(d) != c || d->at >= d->n)
        return false;
    d->at++;
    return true;
}

static void putn(struct v0 *d, const char *s, size_t n)
{
    if (d->silent || d->failed)
        return;
    if (d->out.n + n > DEMANGLE_MAX)
        fail(d);
    else
        text_putn(&d->out, s, n);
}

static void put(struct v0 *d, const char *s)
{
    putn(d, s, strlen(s));
}

static void put_number(struct v0 *d, uint64_t v)
{
    char b[24];
    int n = snprintf(b, sizeof(b), "%" PRIu64, v);
    putn(d, b, (size_t)n);
}

static void put_char(struct v0 *d, uint32_t c)
{
    char b[4];
    putn(d, b, utf8_encode(c, b));
}

static bool enter(struct v0 *d)
{
    if (d->failed)
        return false;
    if (d->depth >= MAX_DEPTH || d->steps >= MAX_STEPS) {
        fail(d);
        return false;
    }
    d->depth++;
    d->steps++;
    return true;
}

static void leave(struct v0 *d)
{
    d->depth--;
}

/* ---- numbers and identifiers ---- */

/* "_" is 0, "0_" is 1, ... */
static uint64_t base62(struct v0 *d)
{
    uint64_t v = 0;
    if (eat(d, '_'))
        return 0;
    for (;;) {
        char c = next(d);
        uint64_t digit;
        if (c == '_')
            break;
        if (c >= '0' && c <= '9')
            digit = (uint64_t)(c - '0');
        else if (c >= 'a' && c <= 'z')
            digit = (uint64_t)(c - 'a') + 10;
        else if (c >= 'A' && c <= 'Z')
            digit = (uint64_t)(c - 'A') + 36;
        else
            digit = 62;
        if (digit == 62 || v > (UINT64_MAX - digit) / 62) {
            fail(d);
            return 0;
        }
        v = v * 62 + digit;
    }
    if (v == UINT64_MAX)
        fail(d);
    return v + 1;
}

/* A tagged number is optional: absent is 0, "_" after the tag is 1. */
static uint64_t opt_base62(struct v0 *d, char tag)
{
    if (!eat(d, tag))
        return 0;
    uint64_t v = base62(d);
    if (v == UINT64_MAX)
        fail(d);
    return v + 1;
}

static size_t decimal(struct v0 *d)
{
    char c = next(d);
    if (c < '0' || c > '9') {
        fail(d);
        return 0;
    }
    size_t v = (size_t)(c - '0');
    if (v == 0)
        return 0;
    while (peek(d) >= '0' && peek(d) <= '9' && v <= DEMANGLE_MAX)
        v = v * 10 + (size_t)(next(d) - '0');
    return v;
}

struct ident {
    const char *p;
    size_t n;
    bool punycode;
};

static struct ident identifier(struct v0 *d)
{
    struct ident id = {.punycode = eat(d, 'u')};
    id.n = decimal(d);
    (void)eat(d, '_');
    if (d->failed || id.n > d->n - d->at) {
        fail(d);
        return (struct ident){"", 0, false};
    }
    id.p = d->p + d->at;
    d->at += id.n;
    return id;
}

static void put_ident(struct v0 *d, struct ident id)
{
    uint32_t chars[PUNYCODE_MAX];
    size_t count;
    if (!id.punycode) {
        putn(d, id.p, id.n);
        return;
    }
    if (!punycode_decode(id.p, id.n, chars, &count)) {
        put(d, "punycode{");
        putn(d, id.p, id.n);
        put(d, "}");
        return;
    }
    for (size_t i = 0; i < count; i++)
        put_char(d, chars[i]);
}

/* ---- references back, lifetimes, binders ---- */

/* Goes to an earlier place; true when what is there shall be printed, after which back_return() follows. */
static bool back_enter(struct v0 *d, size_t *resume)
{
    size_t tag = d->at - 1;
    uint64_t to = base62(d);
    if (d->failed)
        return false;
    if (to >= tag) {
        fail(d);
        return false;
    }
    if (d->silent)
        return false;
    *resume = d->at;
    d->at = (size_t)to;
    return true;
}

static void back_return(struct v0 *d, size_t resume)
{
    d->at = d->failed ? d->n : resume;
}

/* 0 is '_; others count from the innermost binder. */
static void lifetime(struct v0 *d, uint64_t index)
{
    put(d, "'");
    if (index == 0) {
        put(d, "_");
        return;
    }
    if (index > d->lifetimes) {
        fail(d);
        return;
    }
    uint64_t depth = d->lifetimes - index;
    if (depth < 26) {
        char c = (char)('a' + depth);
        putn(d, &c, 1);
    } else {
        put(d, "_");
        put_number(d, depth);
    }
}

/* "for<'a, 'b> "; gives how many to leave again. */
static uint64_t binder(struct v0 *d)
{
    uint64_t n = opt_base62(d, 'G');
    if (n > MAX_DEPTH)
        fail(d);
    if (n == 0 || d->failed)
        return 0;
    put(d, "for<");
    for (uint64_t i = 0; i < n; i++) {
        if (i)
            put(d, ", ");
        d->lifetimes++;
        lifetime(d, 1);
    }
    put(d, "> ");
    return n;
}

/* ---- paths ---- */

static void generic_arg(struct v0 *d)
{
    if (eat(d, 'L'))
        lifetime(d, base62(d));
    else if (eat(d, 'K'))
        constant(d, false);
    else
        type(d);
}

static void generic_args(struct v0 *d)
{
    for (unsigned i = 0; !d->failed && !eat(d, 'E'); i++) {
        if (i)
            put(d, ", ");
        generic_arg(d);
    }
}

/* Which impl of the crate it is says nothing to the reader. */
static void skip_impl_path(struct v0 *d)
{
    d->silent++;
    (void)opt_base62(d, 's');
    path(d, false);
    d->silent--;
}

/* N namespace path identifier. Upper-case namespaces are made by the compiler. */
static void nested_path(struct v0 *d, bool in_value)
{
    char space = next(d);
    if (!((space >= 'a' && space <= 'z') || (space >= 'A' && space <= 'Z'))) {
        fail(d);
        return;
    }
    path(d, in_value);
    uint64_t index = opt_base62(d, 's');
    struct ident id = identifier(d);
    if (space >= 'a') {
        if (id.n) {
            put(d, "::");
            put_ident(d, id);
        }
        return;
    }
    put(d, "::{");
    if (space == 'C')
        put(d, "closure");
    else if (space == 'S')
        put(d, "shim");
    else
        putn(d, &space, 1);
    if (id.n) {
        put(d, ":");
        put_ident(d, id);
    }
    put(d, "#");
    put_number(d, index);
    put(d, "}");
}

static void qualified_path(struct v0 *d, char tag)
{
    if (tag != 'Y')
        skip_impl_path(d);
    put(d, "<");
    type(d);
    if (tag != 'M') {
        put(d, " as ");
        path(d, false);
    }
    put(d, ">");
}

static void path_tag(struct v0 *d, char tag, bool in_value)
{
    size_t resume;
    switch (tag) {
    case 'C':
        (void)opt_base62(d, 's');
        put_ident(d, identifier(d));
        break;
    case 'N':
        nested_path(d, in_value);
        break;
    case 'M':
    case 'X':
    case 'Y':
        qualified_path(d, tag);
        break;
    case 'I':
        path(d, in_value);
        put(d, in_value ? "::<" : "<");
        generic_args(d);
        put(d, ">");
        break;
    case 'B':
        if (back_enter(d, &resume)) {
            path(d, in_value);
            back_return(d, resume);
        }
        break;
    default:
        fail(d);
    }
}

static void path(struct v0 *d, bool in_value)
{
    if (!enter(d))
        return;
    path_tag(d, next(d), in_value);
    leave(d);
}

/* ---- types ---- */

static const char *basic_type(char tag)
{
    static const char *const names[] = {
        ['a' - 'a'] = "i8",  ['b' - 'a'] = "bool", ['c' - 'a'] = "char",  ['d' - 'a'] = "f64",   ['e' - 'a'] = "str",
        ['f' - 'a'] = "f32", ['h' - 'a'] = "u8",   ['i' - 'a'] = "isize", ['j' - 'a'] = "usize", ['l' - 'a'] = "i32",
        ['m' - 'a'] = "u32", ['n' - 'a'] = "i128", ['o' - 'a'] = "u128",  ['p' - 'a'] = "_",     ['s' - 'a'] = "i16",
        ['t' - 'a'] = "u16", ['u' - 'a'] = "()",   ['v' - 'a'] = "...",   ['x' - 'a'] = "i64",   ['y' - 'a'] = "u64",
        ['z' - 'a'] = "!",
    };
    return tag >= 'a' && tag <= 'z' ? names[tag - 'a'] : NULL;
}

static void reference(struct v0 *d, bool mut)
{
    put(d, "&");
    if (eat(d, 'L')) {
        uint64_t index = base62(d);
        if (index) {
            lifetime(d, index);
            put(d, " ");
        }
    }
    if (mut)
        put(d, "mut ");
    type(d);
}

static void tuple(struct v0 *d)
{
    unsigned n = 0;
    put(d, "(");
    for (; !d->failed && !eat(d, 'E'); n++) {
        if (n)
            put(d, ", ");
        type(d);
    }
    put(d, n == 1 ? ",)" : ")");
}

/* Dashes of the ABI's name are mangled as underscores. */
static void abi(struct v0 *d)
{
    put(d, "extern \"");
    if (eat(d, 'C')) {
        put(d, "C");
    } else {
        struct ident id = identifier(d);
        for (size_t i = 0; i < id.n; i++)
            putn(d, id.p[i] == '_' ? "-" : &id.p[i], 1);
    }
    put(d, "\" ");
}

static void function(struct v0 *d)
{
    uint64_t bound = binder(d);
    if (eat(d, 'U'))
        put(d, "unsafe ");
    if (eat(d, 'K'))
        abi(d);
    put(d, "fn(");
    for (unsigned i = 0; !d->failed && !eat(d, 'E'); i++) {
        if (i)
            put(d, ", ");
        type(d);
    }
    put(d, ")");
    if (!eat(d, 'u')) { /* the unit type is not written */
        put(d, " -> ");
        type(d);
    }
    d->lifetimes -= bound;
}

/* As path(), but leaves "<" open for bindings of associated types; true when it did. */
static bool open_path(struct v0 *d)
{
    bool open = false;
    size_t resume;
    if (!enter(d))
        return false;
    if (eat(d, 'B')) {
        if (back_enter(d, &resume)) {
            open = open_path(d);
            back_return(d, resume);
        }
    } else if (eat(d, 'I')) {
        path(d, false);
        put(d, "<");
        generic_args(d);
        open = true;
    } else {
        path(d, false);
    }
    leave(d);
    return open;
}

static void dyn_trait(struct v0 *d)
{
    bool open = open_path(d);
    while (!d->failed && eat(d, 'p')) {
        put(d, open ? ", " : "<");
        open = true;
        put_ident(d, identifier(d));
        put(d, " = ");
        type(d);
    }
    if (open)
        put(d, ">");
}

static void dyn_bounds(struct v0 *d)
{
    put(d, "dyn ");
    uint64_t bound = binder(d);
    for (unsigned i = 0; !d->failed && !eat(d, 'E'); i++) {
        if (i)
            put(d, " + ");
        dyn_trait(d);
    }
    d->lifetimes -= bound;
    if (!eat(d, 'L')) {
        fail(d);
        return;
    }
    uint64_t index = base62(d);
    if (index) {
        put(d, " + ");
        lifetime(d, index);
    }
}

static void type_tag(struct v0 *d, char tag)
{
    size_t resume;
    switch (tag) {
    case 'R':
    case 'Q':
        reference(d, tag == 'Q');
        break;
    case 'P':
    case 'O':
        put(d, tag == 'P' ? "*const " : "*mut ");
        type(d);
        break;
    case 'A':
    case 'S':
        put(d, "[");
        type(d);
        if (tag == 'A') {
            put(d, "; ");
            constant(d, true);
        }
        put(d, "]");
        break;
    case 'T':
        tuple(d);
        break;
    case 'F':
        function(d);
        break;
    case 'D':
        dyn_bounds(d);
        break;
    case 'B':
        if (back_enter(d, &resume)) {
            type(d);
            back_return(d, resume);
        }
        break;
    default:
        path_tag(d, tag, false);
    }
}

static void type(struct v0 *d)
{
    if (!enter(d))
        return;
    char tag = next(d);
    const char *basic = basic_type(tag);
    if (basic)
        put(d, basic);
    else
        type_tag(d, tag);
    leave(d);
}

/* ---- constants ---- */

struct hex {
    const char *p;
    size_t n;
};

/* Hexadecimal digits up to "_", without leading zeros. */
static struct hex hex_digits(struct v0 *d)
{
    struct hex h = {d->p + d->at, 0};
    for (char c = next(d); c != '_'; c = next(d)) {
        if (!((c >= '0' && c <= '9') || (c >= 'a' && c <= 'f'))) {
            fail(d);
            return (struct hex){"", 0};
        }
        h.n++;
    }
    return h;
}

static unsigned hex_value(char c)
{
    return c <= '9' ? (unsigned)(c - '0') : (unsigned)(c - 'a') + 10;
}

static uint64_t hex_number(struct hex h)
{
    uint64_t v = 0;
    for (size_t i = 0; i < h.n; i++)
        v = v << 4 | hex_value(h.p[i]);
    return v;
}

static void const_integer(struct v0 *d, bool is_signed)
{
    if (is_signed && eat(d, 'n'))
        put(d, "-");
    struct hex h = hex_digits(d);
    if (h.n <= 16) {
        put_number(d, hex_number(h));
    } else {
        put(d, "0x");
        putn(d, h.p, h.n);
    }
}

static void const_bool(struct v0 *d)
{
    struct hex h = hex_digits(d);
    uint64_t v = hex_number(h);
    if (h.n > 1 || v > 1)
        fail(d);
    put(d, v ? "true" : "false");
}

static void put_quoted_char(struct v0 *d, uint32_t c, char quote)
{
    char b[16];
    if (c == (unsigned char)quote || c == '\\') {
        b[0] = '\\';
        b[1] = (char)c;
        putn(d, b, 2);
    } else if (c == '\n' || c == '\t' || c == '\r') {
        put(d, c == '\n' ? "\\n" : c == '\t' ? "\\t" : "\\r");
    } else if (utf8_is_printable(c)) {
        put_char(d, c);
    } else {
        snprintf(b, sizeof(b), "\\u{%" PRIx32 "}", c);
        put(d, b);
    }
}

static void const_char(struct v0 *d)
{
    struct hex h = hex_digits(d);
    if (h.n > 6) {
        fail(d);
        return;
    }
    put(d, "'");
    put_quoted_char(d, (uint32_t)hex_number(h), '\'');
    put(d, "'");
}

/* The bytes of a string, which is UTF-8. */
static void const_string(struct v0 *d)
{
    struct hex h = hex_digits(d);
    if (h.n % 2) {
        fail(d);
        return;
    }
    put(d, "\"");
    for (size_t i = 0; i < h.n; i += 2) {
        char byte = (char)(hex_value(h.p[i]) << 4 | hex_value(h.p[i + 1]));
        if (byte & 0x80)
            putn(d, &byte, 1);
        else
            put_quoted_char(d, (uint32_t)byte, '"');
    }
    put(d, "\"");
}

static unsigned const_list(struct v0 *d, const char *open, const char *close)
{
    unsigned n = 0;
    put(d, open);
    for (; !d->failed && !eat(d, 'E'); n++) {
        if (n)
            put(d, ", ");
        constant(d, true);
    }
    put(d, close);
    return n;
}

static void const_fields(struct v0 *d)
{
    put(d, " { ");
    for (unsigned i = 0; !d->failed && !eat(d, 'E'); i++) {
        if (i)
            put(d, ", ");
        (void)opt_base62(d, 's');
        put_ident(d, identifier(d));
        put(d, ": ");
        constant(d, true);
    }
    put(d, " }");
}

static void const_tuple(struct v0 *d)
{
    put(d, "(");
    put(d, const_list(d, "", "") == 1 ? ",)" : ")");
}

static void const_variant(struct v0 *d)
{
    path(d, true);
    switch (next(d)) {
    case 'U':
        break;
    case 'T':
        (void)const_list(d, "(", ")");
        break;
    case 'S':
        const_fields(d);
        break;
    default:
        fail(d);
    }
}

static void const_compound(struct v0 *d, char tag)
{
    switch (tag) {
    case 'e':
        put(d, "*");
        const_string(d);
        break;
    case 'R':
    case 'Q':
        put(d, tag == 'R' ? "&" : "&mut ");
        constant(d, true);
        break;
    case 'A':
        (void)const_list(d, "[", "]");
        break;
    case 'T':
        const_tuple(d);
        break;
    case 'V':
        const_variant(d);
        break;
    default:
        fail(d);
    }
}

/* True when the tag was that of a plain value. */
static bool const_plain(struct v0 *d, char tag, bool in_value)
{
    size_t resume;
    if (tag == 'p')
        put(d, "_");
    else if (tag && strchr("htmyoj", tag))
        const_integer(d, false);
    else if (tag && strchr("aslxni", tag))
        const_integer(d, true);
    else if (tag == 'b')
        const_bool(d);
    else if (tag == 'c')
        const_char(d);
    else if (tag == 'R' && eat(d, 'e'))
        const_string(d);
    else if (tag != 'B')
        return false;
    else if (back_enter(d, &resume)) {
        constant(d, in_value);
        back_return(d, resume);
    }
    return true;
}

/* Outside of an expression a compound value stands in braces. */
static void constant(struct v0 *d, bool in_value)
{
    if (!enter(d))
        return;
    char tag = next(d);
    if (!const_plain(d, tag, in_value)) {
        put(d, in_value ? "" : "{");
        const_compound(d, tag);
        put(d, in_value ? "" : "}");
    }
    leave(d);
}

/* ---- the whole symbol ---- */

static void symbol(struct v0 *d)
{
    path(d, true);
    /* The crate that made this copy of a generic function. */
    if (!d->failed && peek(d) >= 'A' && peek(d) <= 'Z') {
        d->silent++;
        path(d, false);
        d->silent--;
    }
    if (d->failed || d->at == d->n)
        return;
    if (peek(d) != '.' && peek(d) != '$')
        fail(d);
    else if (strncmp(d->p + d->at, ".llvm.", 6) != 0)
        putn(d, d->p + d->at, d->n - d->at);
}

char *demangle_rust_v0(const char *name, size_t n)
{
    /* A digit would be the version of a later scheme. */
    if (n < 3 || name[0] != '_' || name[1] != 'R' || name[2] < 'A' || name[2] > 'Z')
        return NULL;
    struct v0 d = {.p = name + 2, .n = n - 2};
    symbol(&d);
    if (d.failed || d.out.n == 0) {
        text_done(&d.out);
        return NULL;
    }
    return text_take(&d.out);
}
