/* SPDX-License-Identifier: Apache-2.0 */
/* Lists of the whole program: info functions, variables, types, sources. */
#include "front/console/console.h"
#include "session/code.h"

#include <inttypes.h>
#include <string.h>

struct found {
    const char *file, *name;
    uint32_t line;
    bool whole; /* the name has its parameters, too */
    bool local; /* to its unit */
    struct dw_die die;
};

struct names_question {
    struct console *c;
    const char *noun; /* "function" */
    unsigned kind;    /* INDEX_* */
    bool quiet, no_symbols;
    char *type_text; /* heap; what -t said, or NULL */
    regex_t type;
    const char *text; /* "": every name */
    regex_t re;
    VEC(struct found) found;
    struct mapstr met; /* their names */
    struct arena arena;
    bool any_symbol;
};

static bool cancelled(const struct names_question *q)
{
    return progress_cancelled(q->c->call->progress);
}

/* ---- what to look for ---- */

static struct err *parse_names(const char *args, struct names_question *q)
{
    bool data = q->kind != INDEX_TYPE;
    for (;;) {
        if (args_word(&args, "-q")) {
            q->quiet = true;
        } else if (data && args_word(&args, "-n")) {
            q->no_symbols = true;
        } else if (data && !q->type_text && args_word(&args, "-t")) {
            size_t n = strcspn(args, " \t");
            if (!n)
                return err_new(ERR_USAGE, "-t requires an argument");
            SCOPED(freep) char *type = xstrndup(args, n);
            TRY(console_regex(type, &q->type));
            q->type_text = TAKE(type);
            args += n + strspn(args + n, " \t");
        } else {
            break;
        }
    }
    args_word(&args, "--");
    TRY(console_regex(args, &q->re));
    q->text = args;
    return NULL;
}

static void question_done(struct names_question *q)
{
    if (q->type_text)
        regfree(&q->type);
    free(q->type_text);
    if (q->text)
        regfree(&q->re);
    vec_done(&q->found);
    mapstr_done(&q->met);
    arena_done(&q->arena);
}

static bool name_fits(const struct names_question *q, const char *name)
{
    return !*q->text || regexec(&q->re, name, 0, NULL, 0) == 0;
}

static const struct type *type_of_found(const struct names_question *q, const struct dw_die *die)
{
    struct types *types = session_values(q->c->session)->types;
    return q->kind == INDEX_VARIABLE ? type_of(types, die) : type_of_die(types, die);
}

static bool type_fits_as(const struct names_question *q, const struct type *t)
{
    struct text name = {0};
    type_name(&name, t, NULL);
    bool fits = regexec(&q->type, text_str(&name), 0, NULL, 0) == 0;
    text_done(&name);
    return fits;
}

/* gdb's rule: the type's own name counts, then that below typedefs. */
static bool type_fits(const struct names_question *q, const struct dw_die *die)
{
    if (!q->type_text)
        return true;
    const struct type *t = type_of_found(q, die);
    return type_fits_as(q, t) || (t->kind == TYPE_TYPEDEF && type_fits_as(q, type_below_typedefs(t)));
}

/* "unsigned long" of "long unsigned int": a base type as gdb writes it. NULL: it is none of several words. */
static const char *base_name(const struct names_question *q, const struct index_hit *hit, struct text *scratch)
{
    if (q->kind != INDEX_TYPE || !strchr(hit->name, ' ') || strpbrk(hit->name, "<:"))
        return NULL;
    type_name(scratch, type_of_found(q, &hit->die), NULL);
    return text_str(scratch);
}

static bool take_hit(void *arg, const struct index_hit *hit, const char *name)
{
    struct names_question *q = arg;
    struct code_declared at;
    bool fresh;
    SCOPED(text_done) struct text scratch = {0};
    if (!hit->die.unit || hit->declaration)
        return !cancelled(q);
    const char *base = base_name(q, hit, &scratch);
    name = base ? base : name;
    if (name_fits(q, name) && type_fits(q, &hit->die)) {
        session_declared(q->c->session, &hit->die, &at);
        const char *kept = at.full ? at.full : arena_strdup(&q->arena, name);
        *vec_push(&q->found) = (struct found){.file = at.file ? at.file : "",
                                              .name = kept,
                                              .line = at.line,
                                              .whole = at.full,
                                              .local = !at.external,
                                              .die = hit->die};
        (void)mapstr_put(&q->met, kept, strlen(kept), &fresh);
    }
    return !cancelled(q);
}

/* gdb's order: by file, what other units know first, by name. */
static int by_place(const void *x, const void *y)
{
    const struct found *a = x, *b = y;
    int files = strcmp(a->file, b->file);
    if (files)
        return files;
    return a->local != b->local ? (int)a->local - (int)b->local : strcmp(a->name, b->name);
}

static int by_place_and_line(const void *x, const void *y)
{
    int order = by_place(x, y);
    const struct found *a = x, *b = y;
    return order ? order : a->line < b->line ? -1 : a->line > b->line;
}

/* ---- as text ---- */

static void put_type(const struct names_question *q, const struct type *t, struct text *out)
{
    if (t->kind == TYPE_TYPEDEF && t->target) {
        text_put(out, "typedef ");
        type_name(out, type_below_typedefs(t), NULL);
        text_putc(out, ' ');
        type_name(out, t, NULL);
    } else {
        type_name(out, t, NULL);
    }
    bool base = !type_is_record(t) && t->kind != TYPE_ENUM && t->kind != TYPE_TYPEDEF;
    text_put(out, base && q->kind == INDEX_TYPE ? "" : ";");
}

/* "struct {...} x[5]" with its members, as only here can they be shown. */
static void spell_out(const struct type *t, struct text *out)
{
    static const struct type_print how;
    const char *dots = strstr(text_str(out), "{...}");
    while (t && dots && !type_is_record(t) && t->kind != TYPE_ENUM)
        t = t->target;
    if (!t || !dots)
        return;
    struct text whole = {0};
    type_declaration(&whole, t, &how);
    const char *body = strchr(text_str(&whole), '{');
    SCOPED(freep) char *behind = xstrdup(dots + strlen("{...}"));
    if (body) {
        out->n = (size_t)(dots - out->p);
        text_put(out, body);
        text_put(out, behind);
    }
    text_done(&whole);
}

/* "fn name(i32) -> bool", of "fn (i32) -> bool". */
static void put_rust_function(const struct found *f, const struct type *t, struct text *out)
{
    struct text plain = {0};
    type_name(&plain, t, NULL);
    const char *s = text_str(&plain);
    s += begins_with(s, "fn ") ? 3 : 0;
    text_printf(out, "fn %s%s", f->name, s);
    text_done(&plain);
}

/* As declared, without what the compiler adds: "this". */
static void put_function(const struct found *f, const struct type *t, struct text *out)
{
    struct fields p = type_parameters(t);
    if (type_is_rust(t)) {
        put_rust_function(f, t, out);
    } else if (f->whole && t->target) {
        type_name(out, t->target, f->name);
    } else if (f->whole) {
        text_printf(out, "void %s", f->name);
    } else if (p.n && p.v[0].name && strcmp(p.v[0].name, "this") == 0) {
        VEC(const struct type *) own = {0};
        for (size_t i = 1; i < p.n; i++)
            *vec_push(&own) = p.v[i].type;
        type_name(out, type_function_of(t->types, t->target, own.v, own.n, t->variadic), f->name);
        vec_done(&own);
    } else {
        type_name(out, t, f->name);
    }
}

/* "12:\tint main(int, char **);", heap. */
static char *line_of(const struct names_question *q, const struct found *f)
{
    struct text t = {0};
    const struct type *type = type_of_found(q, &f->die);
    if (f->line)
        text_printf(&t, "%" PRIu32 ":", f->line);
    text_putc(&t, '\t');
    if (q->kind == INDEX_TYPE) {
        put_type(q, type, &t);
    } else {
        text_put(&t, f->local ? "static " : "");
        if (q->kind == INDEX_FUNCTION)
            put_function(f, type, &t);
        else
            type_name(&t, type, f->name);
        if (q->kind == INDEX_VARIABLE)
            spell_out(type, &t);
        text_putc(&t, ';');
    }
    char *line = xstrdup(text_str(&t));
    text_done(&t);
    return line;
}

static int by_text(const void *a, const void *b)
{
    const char *x = *(char *const *)a, *y = *(char *const *)b;
    int order = strcmp(strchr(x, '\t'), strchr(y, '\t'));
    return order ? order : strcmp(x, y);
}

/* The first tab and the line ends are ours, all else is the target's. */
static void put_lines(struct text *t, const char *s)
{
    size_t n = strcspn(s, "\t") + 1;
    text_putn(t, s, n);
    for (s += n; *s; s += n + (s[n] == '\n')) {
        n = strcspn(s, "\n");
        text_put_escaped(t, s, n);
        text_putc(t, '\n');
    }
}

/* Those of one name, [first, end): overloads; and what several units have, once. Of types the first: "typedef struct x
 * x" is not worth a line. */
static struct err *put_group(struct names_question *q, size_t first, size_t end)
{
    VEC(char *) lines = {0};
    if (q->kind == INDEX_TYPE)
        end = first + 1;
    for (size_t i = first; i < end; i++)
        *vec_push(&lines) = line_of(q, &q->found.v[i]);
    if (lines.n > 1)
        qsort(lines.v, lines.n, sizeof(*lines.v), by_text);
    for (size_t i = 0; i < lines.n; i++) {
        if (i && strcmp(strchr(lines.v[i], '\t'), strchr(lines.v[i - 1], '\t')) == 0)
            continue;
        put_lines(&q->c->out, lines.v[i]);
    }
    for (size_t i = 0; i < lines.n; i++)
        free(lines.v[i]);
    vec_done(&lines);
    return console_flush(q->c);
}

static struct err *put_found(struct names_question *q)
{
    const struct found *v = q->found.v;
    for (size_t i = 0, end; i < q->found.n; i = end) {
        if (!i || strcmp(v[i].file, v[i - 1].file) != 0) {
            text_put(&q->c->out, "\nFile ");
            put_coloured(&q->c->out, &q->c->screen, COLOUR_GREEN, v[i].file);
            text_put(&q->c->out, ":\n");
        }
        for (end = i + 1; end < q->found.n && by_place(&v[i], &v[end]) == 0;)
            end++;
        TRY(put_group(q, i, end));
    }
    return NULL;
}

static bool put_symbol(void *arg, const struct symbol *sym, const char *name)
{
    struct names_question *q = arg;
    if (!name_fits(q, name) || mapstr_find(&q->met, name, strlen(name)))
        return true;
    if (!q->any_symbol)
        text_put(&q->c->out, "\nNon-debugging symbols:\n");
    q->any_symbol = true;
    text_printf(&q->c->out, "0x%0*" PRIx64 "  ", session_image(q->c->session)->arch->addr_size * 2, sym->addr);
    put_safe(&q->c->out, name);
    text_putc(&q->c->out, '\n');
    struct err *e = console_flush(q->c);
    err_free(e); /* cancelled: the walk ends with the same */
    return !e;
}

static void put_title(const struct names_question *q)
{
    struct text *t = &q->c->out;
    if (q->quiet)
        return;
    text_printf(t, "All %s%ss", *q->text ? "" : "defined ", q->noun);
    if (*q->text)
        text_printf(t, " matching regular expression \"%s\"", q->text);
    if (q->type_text)
        text_printf(t, " with type matching regular expression \"%s\"%s", q->type_text, *q->text ? "" : " ");
    text_put(t, ":\n");
}

static struct err *list_names(struct names_question *q)
{
    put_title(q);
    TRY(index_each(session_values(q->c->session)->index, q->kind, take_hit, q));
    TRY(console_flush(q->c));
    if (q->found.n)
        qsort(q->found.v, q->found.n, sizeof(*q->found.v), by_place_and_line);
    TRY(put_found(q));
    if (q->kind == INDEX_TYPE || q->no_symbols || q->type_text)
        return NULL;
    return session_each_symbol(q->c->session, q->kind == INDEX_FUNCTION, put_symbol, q);
}

static struct err *info_names(struct console *c, const char *args, const char *noun, unsigned kind)
{
    const struct image *im;
    TRY(console_target(c, &im));
    SCOPED(question_done) struct names_question q = {.c = c, .noun = noun, .kind = kind};
    TRY(parse_names(args, &q));
    return list_names(&q);
}

static struct err *run_functions(struct console *c, const char *args)
{
    return info_names(c, args, "function", INDEX_FUNCTION);
}

static struct err *run_variables(struct console *c, const char *args)
{
    return info_names(c, args, "variable", INDEX_VARIABLE);
}

static struct err *run_types(struct console *c, const char *args)
{
    return info_names(c, args, "type", INDEX_TYPE);
}

static struct err *run_sources(struct console *c, const char *args)
{
    const struct image *im;
    struct index_files files;
    regex_t re;
    TRY(console_target(c, &im));
    TRY(index_files(session_values(c->session)->index, &files));
    TRY(console_regex(args, &re));
    struct err *e = NULL;
    for (size_t i = 0; i < files.n && !e; i++) {
        if (*args && regexec(&re, files.v[i], 0, NULL, 0) != 0)
            continue;
        put_safe(&c->out, files.v[i]);
        text_putc(&c->out, '\n');
        e = console_flush(c);
    }
    regfree(&re);
    return e;
}

static const struct console_command rows[] = {
    {"info functions", NULL, CLASS_STATUS, "[-q] [-n] [-t TYPEREGEXP] [REGEXP]", "List the program's functions.",
     "Those whose name with its namespaces matches, without their parameters. -t: whose type matches, too. -n: not "
     "those that only symbol tables know. -q: no title.",
     COMPLETE_EXPRESSION, REPEAT_NEVER, run_functions},
    {"info variables", NULL, CLASS_STATUS, "[-q] [-n] [-t TYPEREGEXP] [REGEXP]",
     "List the program's variables outside of functions.", "The options are those of info functions.",
     COMPLETE_EXPRESSION, REPEAT_NEVER, run_variables},
    {"info types", NULL, CLASS_STATUS, "[-q] [REGEXP]", "List the program's types.", NULL, COMPLETE_TYPE, REPEAT_NEVER,
     run_types},
    {"info sources", NULL, CLASS_STATUS, "[REGEXP]", "List the program's source files, one a line.", NULL,
     COMPLETE_NOTHING, REPEAT_NEVER, run_sources},
};
const struct console_table console_info_names_table = {rows, ARRAY_LEN(rows)};
