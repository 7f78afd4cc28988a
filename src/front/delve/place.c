/* SPDX-License-Identifier: Apache-2.0 */
/* FindLocation: Delve's location specs (Documentation/cli/locspec.md), and where functions return. */
#include "front/delve/priv.h"

#include "session/code.h"
#include "session/names.h"

#include <errno.h>
#include <inttypes.h>
#include <string.h>

enum { CANDIDATES_MAX = 10 };
#define LINES_MAX INT64_C(0xffffffff)

struct places {
    VEC(struct goroutine_at) v;
};
struct finding {
    struct client *client;
    bool address; /* the spec is one */
    const char *spec;
    struct scope *scope; /* NULL: the scope that was named is not there */
    bool any_line;       /* lines without code, too */
    struct places found;
    struct text substitute; /* what stands for the spec elsewhere */
};

static void add(struct finding *f, taddr pc)
{
    *vec_push(&f->found.v) = goroutine_at_address(f->client->session, pc, pc);
}

/* Behind what a function begins with, where that has an entry of its own in the line table: a second one of the same
 * line. */
static taddr behind_prologue(struct finding *f, taddr pc)
{
    struct code_function fn;
    struct code_lines rows;
    if (!session_function(f->client->session, pc, &fn) || fn.entry != pc || !fn.n)
        return pc;
    session_lines(f->client->session, pc, fn.ranges[0].end, &rows);
    return rows.n > 1 && rows.v[0].start == pc && rows.v[1].line == rows.v[0].line ? rows.v[1].start : pc;
}

static struct err *not_found(const struct finding *f)
{
    return err_new(ERR_NOT_FOUND, "location \"%s\" not found", f->spec);
}

/* ---- lines and functions ---- */

static struct err *find_line(struct finding *f, const char *file, int64_t line)
{
    SCOPED(freep) char *spec = xasprintf("%s:%" PRId64, file, line);
    struct code_places all = {0};
    struct err *e = session_places(f->client->session, spec, NULL, true, &all);
    if (e && e->code == ERR_CANCELLED)
        return e;
    err_free(e); /* then the line has no code */
    for (size_t i = 0; i < all.n; i++)
        if (all.v[i].start && all.v[i].end > all.v[i].start && all.v[i].line == line)
            add(f, behind_prologue(f, all.v[i].start));
    if (f->found.v.n)
        return NULL;
    if (!f->any_line)
        return err_new(ERR_NOT_FOUND, "could not find statement at %s, please use a line with a statement", spec);
    *vec_push(&f->found.v) = (struct goroutine_at){
        .file = arena_strdup(session_values(f->client->session)->arena, file), .line = (uint32_t)line};
    return NULL;
}

/* Behind the prologue; with an offset, a line of the function's file. */
static struct err *find_function(struct finding *f, const char *name, int64_t offset)
{
    struct code_places all = {0};
    struct symbol sym;
    struct err *e = session_places(f->client->session, name, NULL, true, &all);
    if (e && e->code == ERR_CANCELLED)
        return e;
    bool none = e || !all.n;
    err_free(e); /* a stripped program has symbols, or nothing */
    if (none && session_symbol_named(f->client->session, name, &sym)) {
        add(f, behind_prologue(f, sym.addr));
        return NULL;
    }
    if (none)
        return not_found(f);
    if (offset > 0 && all.v[0].file) {
        struct goroutine_at at = goroutine_at_address(f->client->session, all.v[0].entry, all.v[0].entry);
        return find_line(f, all.v[0].file, (int64_t)at.line + offset);
    }
    for (size_t i = 0; i < all.n; i++)
        add(f, behind_prologue(f, all.v[i].entry ? all.v[i].entry : all.v[i].start));
    return NULL;
}

/* ---- names ---- */

/* Is `part` the whole of `path`, or its last components? */
static bool is_tail(const char *part, size_t n, const char *path, size_t len)
{
    if (n >= len)
        return n == len && strncmp(part, path, n) == 0;
    return n + 1 < len && path[len - n - 1] == '/' && strncmp(path + len - n, part, n) == 0;
}

struct span {
    const char *p;
    size_t n;
};

/* A function's name in parts: package, receiver without its decoration, base. */
struct parts {
    struct span package, receiver, base;
    bool either;   /* of two parts the first may be a package or a receiver: in `package` */
    bool absolute; /* the package as it stands */
};

static struct span undecorated(struct span s)
{
    if (s.n > 3 && s.p[0] == '(' && s.p[1] == '*' && s.p[s.n - 1] == ')')
        return (struct span){s.p + 2, s.n - 3};
    return s;
}

static bool same(struct span a, struct span b)
{
    return a.n == b.n && strncmp(a.p, b.p, a.n) == 0;
}

/* Type arguments end a name: generic functions are found without them. */
static struct parts split(const char *name)
{
    struct parts r = {0};
    size_t end = strcspn(name, "[");
    const char *slash = memrchr(name, '/', end), *from = slash ? slash : name;
    struct span v[3] = {{0}};
    size_t n = 0;
    for (const char *at = from; n < ARRAY_LEN(v); n++) {
        size_t len = (size_t)(name + end - at);
        const char *dot = memchr(at, '.', len);
        if (n == 0)
            v[n] = (struct span){name, (size_t)((dot ? dot : name + end) - name)};
        else
            v[n] = (struct span){at, n + 1 < ARRAY_LEN(v) && dot ? (size_t)(dot - at) : len};
        if (!dot || n + 1 == ARRAY_LEN(v)) {
            n++;
            break;
        }
        at = dot + 1;
    }
    r.base = v[n - 1];
    if (n == 3) {
        r.package = v[0];
        r.receiver = undecorated(v[1]);
    } else if (n == 2) {
        struct span bare = undecorated(v[0]);
        r.either = bare.n == v[0].n && !memchr(bare.p, '/', bare.n);
        if (bare.n != v[0].n)
            r.receiver = bare;
        else
            r.package = bare;
    }
    if (r.package.n && r.package.p[0] == '/') {
        r.package.p++;
        r.package.n--;
        r.absolute = true;
    }
    return r;
}

static bool matches(const struct parts *want, const char *name)
{
    struct parts is = split(name);
    bool method = is.receiver.n != 0;
    if (!same(want->base, is.base))
        return false;
    if (want->receiver.n && !(method && same(want->receiver, is.receiver)))
        return false;
    if (!want->package.n)
        return true;
    bool package = want->absolute ? same(want->package, is.package)
                                  : is_tail(want->package.p, want->package.n, is.package.p, is.package.n);
    return package || (want->either && method && same(want->package, is.receiver));
}

/* ---- what a spec is ---- */

static struct err *find_expression(struct finding *f, const char *text)
{
    struct values *vs = session_values(f->client->session);
    struct value v;
    enum go_kind kind;
    uint64_t at;
    if (!f->scope) {
        char *end;
        errno = 0;
        at = strtoull(text, &end, 0);
        if (errno || *end || end == text)
            return err_new(ERR_NO_DATA, "could not determine current location (scope is nil)");
        add(f, at);
        return NULL;
    }
    TRY(scope_evaluate(f->scope, text, &v, NULL));
    type_go(v.type, &kind);
    if (kind == GO_FUNC || type_strip(v.type)->kind == TYPE_FUNCTION) {
        text_put(&f->substitute, text);
        return find_function(f, text, 0);
    }
    if (type_strip(v.type)->kind != TYPE_INT)
        return err_new(ERR_USAGE, "wrong expression kind");
    TRY(value_int(vs, &v, &at));
    f->address = true;
    add(f, at);
    return NULL;
}

/* "+3", "-1", "12": lines of the file that the scope is in. */
static struct err *find_relative(struct finding *f, int64_t line, bool offset)
{
    if (!f->scope)
        return err_new(ERR_NO_DATA, "could not determine current location (scope is nil)");
    const struct sframe *frame = &f->scope->stack->frames[f->scope->index];
    if (offset && line == 0)
        add(f, frame->pc);
    f->address = f->found.v.n != 0;
    if (!frame->at->file)
        return f->found.v.n ? NULL : err_new(ERR_NO_DATA, "could not determine current location");
    int64_t wanted = offset ? frame->at->line + line : line;
    text_printf(&f->substitute, "%s:%" PRId64, frame->at->file, wanted);
    return f->found.v.n ? NULL : find_line(f, frame->at->file, wanted);
}

static int by_address(const void *a, const void *b)
{
    const struct goroutine_at *x = a, *y = b;
    return x->pc < y->pc ? -1 : x->pc > y->pc;
}

static struct err *find_pattern(struct finding *f)
{
    size_t n, len = strlen(f->spec);
    SCOPED(freep) char *pattern = len > 2 ? xstrndup(f->spec + 1, len - 2) : xstrdup("");
    SCOPED(pattern_freep) struct pattern *wanted = NULL;
    const char *const *names;
    if (!f->scope)
        return err_new(ERR_NO_DATA, "could not determine location (scope is nil)");
    TRY(filter_compile(pattern, &wanted));
    struct err *e = session_names(f->client->session, NAMES_FUNCTIONS, &names, &n);
    for (size_t i = 0; !e && i < n; i++) {
        if (!pattern_fits(wanted, names[i]))
            continue;
        size_t before = f->found.v.n;
        e = find_function(f, names[i], 0);
        if (e && e->code != ERR_CANCELLED) { /* one without code */
            err_free(e);
            e = NULL;
        }
        if (f->found.v.n > before + 1)
            f->found.v.n = before + 1;
    }
    if (!e)
        e = pattern_check(wanted);
    if (f->found.v.n)
        qsort(f->found.v.v, f->found.v.n, sizeof(*f->found.v.v), by_address);
    return e;
}

struct candidates {
    VEC(const char *) v;
    size_t files;
};

static struct err *find_candidates(struct finding *f, const char *base, struct candidates *out)
{
    const char *const *names;
    size_t n, len = strlen(base);
    struct parts want = split(base);
    TRY(session_names(f->client->session, NAMES_SOURCES, &names, &n));
    for (size_t i = 0; i < n && out->v.n < CANDIDATES_MAX; i++)
        if (is_tail(base, len, names[i], strlen(names[i])))
            *vec_push(&out->v) = names[i];
    out->files = out->v.n;
    TRY(session_names(f->client->session, NAMES_FUNCTIONS, &names, &n));
    for (size_t i = 0; i < n && out->v.n < CANDIDATES_MAX; i++) {
        if (!matches(&want, names[i]))
            continue;
        if (strcmp(base, names[i]) == 0)
            out->v.n = out->files; /* the very name */
        *vec_push(&out->v) = names[i];
        if (strcmp(base, names[i]) == 0)
            break;
    }
    return NULL;
}

static struct err *ambiguous(const struct finding *f, const struct candidates *c)
{
    struct text list = {0};
    for (size_t i = 0; i < c->v.n; i++)
        text_printf(&list, "%s%s", i ? ", " : "", c->v.v[i]);
    struct err *e = err_new(ERR_USAGE, "Location \"%s\" ambiguous: %s\u2026", f->spec, text_str(&list));
    text_done(&list);
    return e;
}

static struct err *find_named(struct finding *f, const char *base, int64_t line)
{
    struct candidates c = {0};
    struct err *e = find_candidates(f, base, &c);
    if (!e && c.v.n > 1) {
        e = ambiguous(f, &c);
    } else if (!e && c.v.n == 1 && c.files) {
        e = line < 0 ? err_new(ERR_USAGE, "Malformed breakpoint location, no line offset specified")
                     : find_line(f, c.v.v[0], line);
    } else if (!e && c.v.n == 1) {
        e = find_function(f, c.v.v[0], line);
    } else if (!e) {
        e = f->scope ? find_expression(f, f->spec) : not_found(f);
        if (e && e->code != ERR_CANCELLED) {
            err_free(e);
            e = not_found(f);
        }
    }
    vec_done(&c.v);
    return e;
}

static struct err *malformed(const struct finding *f, size_t at, const char *why)
{
    return err_new(ERR_USAGE, "Malformed breakpoint location \"%s\" at %zu: %s", f->spec, at, why);
}

static struct err *find(struct finding *f)
{
    const char *s = f->spec, *colon = strrchr(s, ':');
    size_t len = strlen(s);
    char *end;
    if (!len)
        return malformed(f, 0, "empty string");
    errno = 0;
    int64_t n = strtoll(s, &end, 0);
    bool number = end != s && !*end && !errno && n >= -LINES_MAX && n <= LINES_MAX;
    if (*s == '+' || *s == '-')
        return number ? find_relative(f, n, true) : malformed(f, 0, "no number");
    if (*s == '*')
        return find_expression(f, s + 1);
    if (*s == '/' && len > 1 && s[len - 1] == '/')
        return find_pattern(f);
    if (number)
        return find_relative(f, n, false);
    if (!colon)
        return find_named(f, s, -1);
    SCOPED(freep) char *base = xstrndup(s, (size_t)(colon - s));
    int64_t line = strtoll(colon + 1, &end, 10);
    if (end == colon + 1 || *end || line < 0 || line > LINES_MAX)
        return malformed(f, (size_t)(colon + 1 - s), "line offset negative or not a number");
    return find_named(f, base, line);
}

/* ---- the methods ---- */

static void put_place(struct client *c, struct json *j, const struct goroutine_at *at, bool pcs)
{
    json_object_begin(j);
    delve_put_location_members(c, j, at);
    if (at->pc && pcs) {
        json_key(j, "pcs");
        json_array_begin(j);
        json_u64(j, at->pc);
        json_array_end(j);
        json_key(j, "pcpids");
        json_array_begin(j);
        json_i64(j, session_image(c->session)->pid);
        json_array_end(j);
    }
    json_object_end(j);
}

static struct err *find_location(struct client *c, struct arguments *a, struct json *j)
{
    struct arguments where = argument_object(a, "Scope");
    struct finding f = {.client = c, .spec = argument_string(a, "Loc")};
    struct scope sc;
    f.any_line = argument_bool(a, "IncludeNonExecutableLines");
    TRY(arguments_check(a));
    struct err *e = scope_find(c, &where, &sc);
    f.scope = e ? NULL : &sc;
    err_free(e); /* most specs need no scope */
    e = find(&f);
    if (!e && !f.found.v.n)
        e = not_found(&f);
    if (!e) {
        result_begin(c, j, "Locations");
        json_array_begin(j);
        for (size_t i = 0; i < f.found.v.n; i++)
            put_place(c, j, &f.found.v.v[i], !f.address);
        json_array_end(j);
        if (c->api_version != 1)
            json_kv_string(j, "SubstituteLocExpr", text_str(&f.substitute));
        result_end(c, j);
    }
    vec_done(&f.found.v);
    text_done(&f.substitute);
    return e;
}

static struct err *return_locations(struct client *c, struct arguments *a, struct json *j)
{
    const char *name = argument_string(a, "FnName");
    struct instructions in;
    struct symbol sym;
    TRY(arguments_check(a));
    if (!*name || !session_symbol_named(c->session, name, &sym) || !sym.size)
        return err_new(ERR_NOT_FOUND, "could not find function %s\n", name);
    TRY(session_disassemble(c->session, sym.addr, sym.addr + sym.size, 0, false, &in));
    result_begin(c, j, "Addrs");
    json_array_begin(j);
    for (size_t i = 0; i < in.n; i++)
        if (begins_with(in.v[i].text, "ret"))
            json_u64(j, in.v[i].pc);
    json_array_end(j);
    result_end(c, j);
    return NULL;
}

static const struct method rows[] = {
    {"FindLocation", find_location, NULL},
    {"FunctionReturnLocations", return_locations, NULL},
};
const struct method_table delve_place_methods = {rows, ARRAY_LEN(rows)};
