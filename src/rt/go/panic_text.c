/* SPDX-License-Identifier: Apache-2.0 */
/* What a goroutine panics with, in the words in which the runtime prints it (runtime/error.go, runtime/print.go): its
 * own errors from their fields, numbers and strings as they are. The text of any other error only its method knows;
 * the runtime asks it before it dies, and leaves the answer in the value's place. */
#include "rt/go/priv.h"

#include <inttypes.h>
#include <math.h>
#include <stdlib.h>

enum {
    TEXT_MAX = 4096,
    GO_INT64_KIND = 6, /* the last signed kind (internal/abi/type.go); unsigned ones follow, to uintptr */
    SHORTEST_SINCE = 26, /* the version that began to print floating point by its shortest digits */
    CONVERT_SINCE = 20,  /* the version that can convert slices to arrays, too */
};

static const char *read_string(struct rt *rt, taddr header)
{
    uint64_t p, n;
    if (!go_word(rt, header, &p) || !go_word(rt, header + 8, &n))
        return NULL;
    size_t want = n < TEXT_MAX ? (size_t)n : TEXT_MAX;
    char *text = arena_alloc(&rt->arena, want + 1);
    text[want] = 0;
    return modules_read_some(rt->ms, p, text, want) == want ? text : NULL;
}

/* ---- numbers ---- */

/* "1.5", "1e+06": the fewest digits that read back as the number. */
static const char *shortest_text(struct rt *rt, double v, bool narrow)
{
    enum { DIGITS = 17, PLAIN_FROM = -4, PLAIN_TO = 6 };
    char text[40];
    int n = 0;
    for (; n < DIGITS; n++) {
        snprintf(text, sizeof(text), "%.*e", n, v);
        if (narrow ? strtof(text, NULL) == (float)v : strtod(text, NULL) == v)
            break;
    }
    const char *e = strchr(text, 'e');
    int exponent = e ? (int)strtol(e + 1, NULL, 10) : 0;
    if (exponent >= PLAIN_FROM && exponent < PLAIN_TO)
        snprintf(text, sizeof(text), "%.*f", n > exponent ? n - exponent : 0, v);
    return arena_strdup(&rt->arena, text);
}

static const char *float_text(struct rt *rt, double v, bool narrow)
{
    char text[40];
    if (isnan(v) || isinf(v))
        return isnan(v) ? "NaN" : v < 0 ? "-Inf" : "+Inf";
    if (rt->build.minor >= SHORTEST_SINCE)
        return shortest_text(rt, v, narrow);
    snprintf(text, sizeof(text), "%+.6e", v);
    char *e = strchr(text, 'e');
    return arena_printf(&rt->arena, "%.*s%c%03ld", (int)(e + 1 - text), text, e[1], labs(strtol(e + 1, NULL, 10)));
}

static double float_at(const uint8_t *b, bool narrow)
{
    float f;
    double d;
    memcpy(&f, b, sizeof(f));
    memcpy(&d, b, sizeof(d));
    return narrow ? (double)f : d;
}

static const char *real_text(struct rt *rt, const struct go_type *t, const uint8_t *b)
{
    bool narrow = t->kind == GO_FLOAT32 || t->kind == GO_COMPLEX64;
    const char *re = float_text(rt, float_at(b, narrow), narrow);
    if (t->kind == GO_FLOAT32 || t->kind == GO_FLOAT64)
        return re;
    double im = float_at(b + (narrow ? 4 : 8), narrow);
    const char *text = float_text(rt, im, narrow);
    return arena_printf(&rt->arena, "(%s%s%si)", re, *text == '-' || *text == '+' ? "" : "+", text);
}

static const char *number_text(struct rt *rt, const struct go_type *t, taddr at)
{
    uint8_t b[16] = {0};
    uint64_t u;
    if (!t->size || t->size > sizeof(b) || modules_read_some(rt->ms, at, b, (size_t)t->size) != t->size)
        return NULL;
    memcpy(&u, b, sizeof(u));
    if (t->kind >= GO_FLOAT32)
        return real_text(rt, t, b);
    if (t->size > sizeof(u))
        return NULL;
    if (t->kind == GO_BOOL)
        return u & 1 ? "true" : "false";
    if (t->kind > GO_INT64_KIND)
        return arena_printf(&rt->arena, "%" PRIu64, u);
    unsigned unused = 64 - 8 * (unsigned)t->size;
    return arena_printf(&rt->arena, "%" PRId64, (int64_t)(u << unused) >> unused);
}

/* ---- errors of the runtime ---- */

/* runtime.boundsError: {x int64; y int; signed bool; code uint8}; code numbers these, the same from 1.17 to 1.27.
 * X and Y stand for x and y; the second form is that of a negative x. */
static const struct {
    const char *text, *negative;
} bounds[] = {
    {"index out of range [X] with length Y", "index out of range [X]"},
    {"slice bounds out of range [:X] with length Y", "slice bounds out of range [:X]"},
    {"slice bounds out of range [:X] with capacity Y", "slice bounds out of range [:X]"},
    {"slice bounds out of range [X:Y]", "slice bounds out of range [X:]"},
    {"slice bounds out of range [::X] with length Y", "slice bounds out of range [::X]"},
    {"slice bounds out of range [::X] with capacity Y", "slice bounds out of range [::X]"},
    {"slice bounds out of range [:X:Y]", "slice bounds out of range [:X:]"},
    {"slice bounds out of range [X:Y:]", "slice bounds out of range [X::]"},
    {"cannot convert slice with length Y to array or pointer to array with length X", NULL},
};
static const char convert_before[] = "cannot convert slice with length Y to pointer to array with length X";

static const char *bounds_text(struct rt *rt, taddr at)
{
    enum { SIGNED = 16, CODE = 17, SIZE = 18 };
    uint8_t b[SIZE];
    uint64_t x, y;
    if (modules_read_some(rt->ms, at, b, sizeof(b)) != sizeof(b) || b[CODE] >= ARRAY_LEN(bounds))
        return NULL;
    memcpy(&x, b, sizeof(x));
    memcpy(&y, b + sizeof(x), sizeof(y));
    bool negative = b[SIGNED] && x >> 63;
    const char *format = negative ? bounds[b[CODE]].negative : bounds[b[CODE]].text;
    if (!negative && b[CODE] + 1 == ARRAY_LEN(bounds) && rt->build.minor && rt->build.minor < CONVERT_SINCE)
        format = convert_before;
    if (!format)
        return NULL;
    struct text text SCOPED(text_done) = {0};
    text_put(&text, "runtime error: ");
    for (const char *c = format; *c; c++) {
        if (*c == 'X')
            text_printf(&text, negative ? "%" PRId64 : "%" PRIu64, x);
        else if (*c == 'Y')
            text_printf(&text, "%" PRIu64, y);
        else
            text_putc(&text, *c);
    }
    return arena_strdup(&rt->arena, text_str(&text));
}

/* The name of the type that a word points to; NULL: nil, or none. */
static const char *type_name_at(struct rt *rt, taddr word, bool *nil)
{
    uint64_t at;
    struct go_type t;
    *nil = false;
    if (!go_word(rt, word, &at))
        return NULL;
    *nil = !at;
    struct err *e = at ? go_type_read(rt, at, &rt->arena, &t) : NULL;
    err_free(e); /* then there is no text */
    return at && !e ? t.name : NULL;
}

/* runtime.TypeAssertionError: the types of the interface, of what it holds, that wanted; the name of a method. */
static const char *assertion_text(struct rt *rt, taddr at)
{
    bool none, empty, nil;
    const char *from = type_name_at(rt, at, &none), *holds = type_name_at(rt, at + 8, &empty);
    const char *wanted = type_name_at(rt, at + 16, &nil), *method = read_string(rt, at + 24);
    if ((!from && !none) || (!holds && !empty) || !wanted || !method)
        return NULL;
    from = from ? from : "interface";
    if (empty)
        return arena_printf(&rt->arena, "interface conversion: %s is nil, not %s", from, wanted);
    if (*method)
        return arena_printf(&rt->arena, "interface conversion: %s is not %s: missing method %s", holds, wanted, method);
    return arena_printf(&rt->arena, "interface conversion: %s is %s, not %s", from, holds, wanted);
}

static const char *nil_text(struct rt *rt, taddr at)
{
    (void)rt;
    (void)at;
    return "panic called with nil argument (use GODEBUG=panicnil=1 to disable)";
}

static const char *runtime_text(struct rt *rt, taddr at)
{
    const char *text = read_string(rt, at);
    return text ? arena_printf(&rt->arena, "runtime error: %s", text) : NULL;
}

/* Errors whose text can be told without running them. */
static const struct {
    const char *type;
    const char *(*text)(struct rt *rt, taddr data);
} errors[] = {
    {"*errors.errorString", read_string},  {"*fmt.wrapError", read_string},
    {"*fmt.wrapErrors", read_string},      {"runtime.plainError", read_string},
    {"runtime.errorString", runtime_text}, {"runtime.errorAddressString", runtime_text},
    {"runtime.boundsError", bounds_text},  {"*runtime.TypeAssertionError", assertion_text},
    {"*runtime.PanicNilError", nil_text},
};

/* ---- all ---- */

/* A type of the program's own with a predeclared one below it is printed with its name: main.T("x"). */
static const char *with_type(struct rt *rt, const struct go_type *t, const char *text)
{
    bool own = strchr(t->name, '.') != NULL, quoted = t->kind == GO_STRING;
    if (!own || !text)
        return text;
    if (quoted)
        return arena_printf(&rt->arena, "%s(\"%s\")", t->name, text);
    bool complex = t->kind == GO_COMPLEX64 || t->kind == GO_COMPLEX128;
    return arena_printf(&rt->arena, complex ? "%s%s" : "%s(%s)", t->name, text);
}

const char *go_panic_text(struct rt *rt, const struct go_type *t, taddr data)
{
    for (size_t i = 0; i < ARRAY_LEN(errors); i++)
        if (strcmp(t->name, errors[i].type) == 0)
            return errors[i].text(rt, data);
    if (t->kind == GO_STRING)
        return with_type(rt, t, read_string(rt, data));
    if (t->kind >= GO_BOOL && t->kind <= GO_COMPLEX128 && !t->direct)
        return with_type(rt, t, number_text(rt, t, data));
    return NULL;
}
