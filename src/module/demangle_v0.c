/* SPDX-License-Identifier: Apache-2.0 */
/* Rust's v0 scheme: a recursive descent over paths and types. */
#include "module/demangle_v0.h"

#include "module/demangle_rust.h"

#include <string.h>

enum { MAX_BOUND = 300 }; /* lifetimes of one binder */

static void type(struct v0 *d);

/* ---- lifetimes and binders ---- */

/* 0 is '_; others count from the innermost binder. */
static void lifetime(struct v0 *d, uint64_t index)
{
    v0_put(d, "'");
    if (index == 0) {
        v0_put(d, "_");
        return;
    }
    if (index > d->lifetimes) {
        v0_fail(d);
        return;
    }
    uint64_t depth = d->lifetimes - index;
    if (depth < 26) {
        char c = (char)('a' + depth);
        v0_putn(d, &c, 1);
    } else {
        v0_put(d, "_");
        v0_put_number(d, depth);
    }
}

/* "for<'a, 'b> "; gives how many to leave again. */
static uint64_t binder(struct v0 *d)
{
    uint64_t n = v0_opt_base62(d, 'G');
    if (n > MAX_BOUND)
        v0_fail(d);
    if (n == 0 || d->failed)
        return 0;
    v0_put(d, "for<");
    for (uint64_t i = 0; i < n; i++) {
        if (i)
            v0_put(d, ", ");
        d->lifetimes++;
        lifetime(d, 1);
    }
    v0_put(d, "> ");
    return n;
}

/* ---- paths ---- */

static void generic_arg(struct v0 *d)
{
    if (v0_eat(d, 'L'))
        lifetime(d, v0_base62(d));
    else if (v0_eat(d, 'K'))
        v0_constant(d, false);
    else
        type(d);
}

static void generic_args(struct v0 *d)
{
    for (unsigned i = 0; !d->failed && !v0_eat(d, 'E'); i++) {
        if (i)
            v0_put(d, ", ");
        generic_arg(d);
    }
}

/* Which impl of the crate it is says nothing to the reader. */
static void skip_impl_path(struct v0 *d)
{
    d->silent++;
    (void)v0_opt_base62(d, 's');
    v0_path(d, false);
    d->silent--;
}

/* N namespace path identifier. Upper-case namespaces are made by the compiler. */
static void nested_path(struct v0 *d, bool in_value)
{
    char space = v0_next(d);
    if (!((space >= 'a' && space <= 'z') || (space >= 'A' && space <= 'Z'))) {
        v0_fail(d);
        return;
    }
    v0_path(d, in_value);
    uint64_t index = v0_opt_base62(d, 's');
    struct v0_ident id = v0_identifier(d);
    if (space >= 'a') {
        if (id.n) {
            v0_put(d, "::");
            v0_put_ident(d, id);
        }
        return;
    }
    v0_put(d, "::{");
    if (space == 'C')
        v0_put(d, "closure");
    else if (space == 'S')
        v0_put(d, "shim");
    else
        v0_putn(d, &space, 1);
    if (id.n) {
        v0_put(d, ":");
        v0_put_ident(d, id);
    }
    v0_put(d, "#");
    v0_put_number(d, index);
    v0_put(d, "}");
}

static void qualified_path(struct v0 *d, char tag)
{
    if (tag != 'Y')
        skip_impl_path(d);
    v0_put(d, "<");
    type(d);
    if (tag != 'M') {
        v0_put(d, " as ");
        v0_path(d, false);
    }
    v0_put(d, ">");
}

static void path_tag(struct v0 *d, char tag, bool in_value)
{
    size_t resume;
    switch (tag) {
    case 'C':
        (void)v0_opt_base62(d, 's');
        v0_put_ident(d, v0_identifier(d));
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
        v0_path(d, in_value);
        v0_put(d, in_value ? "::<" : "<");
        generic_args(d);
        v0_put(d, ">");
        break;
    case 'B':
        if (v0_back_enter(d, &resume)) {
            v0_path(d, in_value);
            v0_back_return(d, resume);
        }
        break;
    default:
        v0_fail(d);
    }
}

void v0_path(struct v0 *d, bool in_value)
{
    if (!v0_enter(d))
        return;
    path_tag(d, v0_next(d), in_value);
    v0_leave(d);
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
    v0_put(d, "&");
    if (v0_eat(d, 'L')) {
        uint64_t index = v0_base62(d);
        if (index) {
            lifetime(d, index);
            v0_put(d, " ");
        }
    }
    if (mut)
        v0_put(d, "mut ");
    type(d);
}

static void tuple(struct v0 *d)
{
    unsigned n = 0;
    v0_put(d, "(");
    for (; !d->failed && !v0_eat(d, 'E'); n++) {
        if (n)
            v0_put(d, ", ");
        type(d);
    }
    v0_put(d, n == 1 ? ",)" : ")");
}

/* Dashes of the ABI's name are mangled as underscores. */
static void abi(struct v0 *d)
{
    v0_put(d, "extern \"");
    if (v0_eat(d, 'C')) {
        v0_put(d, "C");
    } else {
        struct v0_ident id = v0_identifier(d);
        for (size_t i = 0; i < id.n; i++)
            v0_putn(d, id.p[i] == '_' ? "-" : &id.p[i], 1);
    }
    v0_put(d, "\" ");
}

static void function(struct v0 *d)
{
    uint64_t bound = binder(d);
    if (v0_eat(d, 'U'))
        v0_put(d, "unsafe ");
    if (v0_eat(d, 'K'))
        abi(d);
    v0_put(d, "fn(");
    for (unsigned i = 0; !d->failed && !v0_eat(d, 'E'); i++) {
        if (i)
            v0_put(d, ", ");
        type(d);
    }
    v0_put(d, ")");
    if (!v0_eat(d, 'u')) { /* the unit type is not written */
        v0_put(d, " -> ");
        type(d);
    }
    d->lifetimes -= bound;
}

/* As v0_path(), but leaves "<" open for bindings of associated types; true when it did. */
static bool open_path(struct v0 *d)
{
    bool open = false;
    size_t resume;
    if (!v0_enter(d))
        return false;
    if (v0_eat(d, 'B')) {
        if (v0_back_enter(d, &resume)) {
            open = open_path(d);
            v0_back_return(d, resume);
        }
    } else if (v0_eat(d, 'I')) {
        v0_path(d, false);
        v0_put(d, "<");
        generic_args(d);
        open = true;
    } else {
        v0_path(d, false);
    }
    v0_leave(d);
    return open;
}

static void dyn_trait(struct v0 *d)
{
    bool open = open_path(d);
    while (!d->failed && v0_eat(d, 'p')) {
        v0_put(d, open ? ", " : "<");
        open = true;
        v0_put_ident(d, v0_identifier(d));
        v0_put(d, " = ");
        type(d);
    }
    if (open)
        v0_put(d, ">");
}

static void dyn_bounds(struct v0 *d)
{
    v0_put(d, "dyn ");
    uint64_t bound = binder(d);
    for (unsigned i = 0; !d->failed && !v0_eat(d, 'E'); i++) {
        if (i)
            v0_put(d, " + ");
        dyn_trait(d);
    }
    d->lifetimes -= bound;
    if (!v0_eat(d, 'L')) {
        v0_fail(d);
        return;
    }
    uint64_t index = v0_base62(d);
    if (index) {
        v0_put(d, " + ");
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
        v0_put(d, tag == 'P' ? "*const " : "*mut ");
        type(d);
        break;
    case 'A':
    case 'S':
        v0_put(d, "[");
        type(d);
        if (tag == 'A') {
            v0_put(d, "; ");
            v0_constant(d, true);
        }
        v0_put(d, "]");
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
        if (v0_back_enter(d, &resume)) {
            type(d);
            v0_back_return(d, resume);
        }
        break;
    default:
        path_tag(d, tag, false);
    }
}

static void type(struct v0 *d)
{
    if (!v0_enter(d))
        return;
    char tag = v0_next(d);
    const char *basic = basic_type(tag);
    if (basic)
        v0_put(d, basic);
    else
        type_tag(d, tag);
    v0_leave(d);
}

/* ---- the whole symbol ---- */

static void symbol(struct v0 *d)
{
    v0_path(d, true);
    /* The crate that made this copy of a generic function. */
    if (!d->failed && v0_peek(d) >= 'A' && v0_peek(d) <= 'Z') {
        d->silent++;
        v0_path(d, false);
        d->silent--;
    }
    if (d->failed || d->at == d->n)
        return;
    if (v0_peek(d) != '.' && v0_peek(d) != '$') {
        v0_fail(d);
        return;
    }
    const char *suffix = d->p + d->at;
    size_t n = d->n - d->at;
    n -= demangle_skip_llvm(&suffix, n);
    v0_putn(d, suffix, n);
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
