/* SPDX-License-Identifier: Apache-2.0 */
/* Values and types: print, output, whatis, ptype, call. */
#include "front/console/format_letters.h"

#include <ctype.h>
#include <inttypes.h>
#include <string.h>

/* ---- /FMT ---- */

struct err *format_letters_take(const char **args, struct format_letters *out)
{
    *out = (struct format_letters){.count = 1};
    if (**args != '/')
        return NULL;
    const char *p = *args + 1;
    bool negative = *p == '-';
    p += negative;
    if (isdigit((unsigned char)*p)) {
        char *end;
        unsigned long n = strtoul(p, &end, 10);
        out->count = n > INT32_MAX ? INT32_MAX : (int64_t)n;
        out->count = negative ? -out->count : out->count;
        out->counted = true;
        p = end;
    }
    for (; *p && !isspace((unsigned char)*p); p++) {
        if (strchr("bhwg", *p))
            out->size = *p;
        else if (*p == 'r')
            out->raw = true;
        else if (strchr("xduotacfszi", *p))
            out->letter = *p;
        else
            return err_new(ERR_USAGE,
                           isalpha((unsigned char)*p) ? "undefined output format \"%c\""
                                                      : "invalid character '%c' in a format",
                           *p);
    }
    *args = p + strspn(p, " \t");
    return NULL;
}

/* "%08x ": what package fmt of Go would do. */
static struct err *print_verb(const char **args, struct format *f)
{
    size_t n = strcspn(*args, " \t");
    SCOPED(freep) char *verb = xstrndup(*args, n);
    if (!format_verb_valid(verb))
        return err_new(ERR_USAGE, "\"%s\" is no verb of Go's fmt, such as %%08x", verb);
    memcpy(f->verb, verb, n + 1);
    *args += n + strspn(*args + n, " \t");
    return NULL;
}

static struct err *print_format(const char **args, struct format *f)
{
    struct format_letters l;
    if (**args == '%')
        return print_verb(args, f);
    TRY(format_letters_take(args, &l));
    if (l.counted)
        return err_new(ERR_USAGE, "item count other than 1 is meaningless in \"print\" command");
    if (l.size)
        return err_new(ERR_USAGE, "size letters are meaningless in \"print\" command");
    if (l.letter == 'i')
        return err_new(ERR_USAGE, "format letter \"i\" is meaningless in \"print\" command");
    f->letter = l.raw && !l.letter ? 'r' : l.letter;
    return NULL;
}

/* ---- print ---- */

/* "-pretty on -elements 3 --": settings for one answer, by their names below "print". */
static struct err *print_options(struct console *c, const char **args)
{
    while (**args == '-' && isalpha((unsigned char)(*args)[1])) {
        size_t n = strcspn(*args, " \t");
        SCOPED(freep) char *name = xasprintf("print %.*s", (int)n - 1, *args + 1);
        const char *rest = *args + n + strspn(*args + n, " \t");
        struct err *e = settings_option(c, name, &rest);
        if (e && e->code == ERR_NOT_FOUND) {
            err_free(e); /* -x is an expression, too */
            return NULL;
        }
        TRY(e);
        *args = rest;
    }
    if (begins_with(*args, "--") && (!(*args)[2] || isspace((unsigned char)(*args)[2])))
        args_word(args, "--");
    return NULL;
}

static struct err *remember(struct console *c, const struct value *v, size_t *number)
{
    struct value kept;
    TRY(session_keep(c->session, v, &kept));
    *vec_push(&c->history) = kept;
    *number = c->history.n;
    return NULL;
}

static bool is_void(const struct value *v)
{
    return type_strip(v->type)->kind == TYPE_VOID;
}

static struct err *put_numbered(struct console *c, const struct value *v, const struct format *f)
{
    size_t number;
    TRY(remember(c, v, &number));
    size_t from = c->out.n;
    text_printf(&c->out, "$%zu = ", number);
    format_value(session_values(c->session), v, f, &c->out);
    console_wrap_value(c, from, 0);
    text_putc(&c->out, '\n');
    return NULL;
}

static struct err *print_value(struct console *c, const char *args, bool shows_void)
{
    struct value v;
    TRY(print_options(c, &args));
    struct format f = c->set.print;
    TRY(print_format(&args, &f));
    TRY(console_evaluate(c, *args ? args : "$", &v));
    TRY(value_reachable(session_values(c->session), &v));
    return shows_void || !is_void(&v) ? put_numbered(c, &v, &f) : NULL;
}

static struct err *print_or_call(struct console *c, const char *args, bool shows_void)
{
    struct settings before = c->set; /* its strings stay the same */
    struct err *e = print_value(c, args, shows_void);
    c->set = before;
    return e;
}

static struct err *run_print(struct console *c, const char *args)
{
    return print_or_call(c, args, true);
}

/* A call of a function is refused where expressions are evaluated; anything else is printed. */
static struct err *run_call(struct console *c, const char *args)
{
    if (!*args)
        return err_new(ERR_USAGE, "the history is empty for \"call\": an expression is needed");
    return print_or_call(c, args, false);
}

static struct err *run_output(struct console *c, const char *args)
{
    struct value v;
    struct format f = c->set.print;
    TRY(print_format(&args, &f));
    if (!*args)
        return err_new(ERR_USAGE, "argument required (an expression)");
    TRY(console_evaluate(c, args, &v));
    TRY(value_reachable(session_values(c->session), &v));
    format_value(session_values(c->session), &v, &f, &c->out);
    return NULL;
}

/* ---- types ---- */

/* "/o", "/mt": single letters. */
static struct err *type_flags(const char **args, struct type_print *p)
{
    *p = (struct type_print){0};
    while (**args == '/') {
        for (++*args; **args && !isspace((unsigned char)**args); ++*args) {
            if (**args == 'o')
                p->offsets = true;
            else if (**args == 'x')
                p->hex = true;
            else if (**args == 'd')
                p->hex = false;
            else if (**args == 'm')
                p->no_methods = true;
            else if (**args == 't')
                p->no_typedefs = true;
            else if (!strchr("rMT", **args))
                return err_new(ERR_USAGE, "unrecognized flag '%c'", **args);
        }
        *args += strspn(*args, " \t");
    }
    return NULL;
}

/* gdb's rule: of a type's name one level of typedef is looked through, of an expression none. */
/* What an interface of Go holds, in the words of Delve. */
static void put_concrete_type(struct console *c, const struct value *v)
{
    struct presentation p;
    if (!type_is_go(v->type) || !format_present(session_values(c->session), v, &p) || p.kind != PRESENT_VALUE ||
        !p.length || !p.summary)
        return;
    text_put(&c->out, "Concrete type: ");
    put_safe(&c->out, p.summary);
    text_putc(&c->out, '\n');
}

static struct err *run_whatis(struct console *c, const char *args)
{
    struct type_print p;
    struct value v;
    bool is_type;
    TRY(type_flags(&args, &p));
    if (!*args)
        args = "$";
    TRY(console_value_or_type(c, args, &v, &is_type));
    const struct type *t = v.type;
    if (is_type && t->kind == TYPE_TYPEDEF && t->target)
        t = t->target;
    text_put(&c->out, "type = ");
    type_name(&c->out, t, NULL);
    text_putc(&c->out, '\n');
    if (!is_type)
        put_concrete_type(c, &v);
    return NULL;
}

/* The type of the object that is really there, behind a pointer or reference too; else the static one. */
static const struct type *dynamic_type(struct console *c, const struct value *v)
{
    struct values *vs = session_values(c->session);
    struct value object = *v, whole;
    const struct type *t = type_strip(v->type);
    bool pointer = t->kind == TYPE_POINTER;
    struct err *e = pointer || t->kind == TYPE_REFERENCE ? value_deref(vs, v, &object) : NULL;
    if (!e)
        e = value_dynamic(vs, &object, &whole);
    const struct type *found = e ? v->type : pointer ? type_pointer_to(vs->types, whole.type) : whole.type;
    err_free(e);
    return found;
}

static struct err *run_ptype(struct console *c, const char *args)
{
    struct type_print p;
    struct value v;
    bool is_type;
    TRY(type_flags(&args, &p));
    TRY(console_value_or_type(c, *args ? args : "$", &v, &is_type));
    const struct type *t = v.type;
    if (c->set.print.object && !is_type)
        t = dynamic_type(c, &v);
    text_put(&c->out, p.offsets ? "/* offset      |    size */  type = " : "type = ");
    type_declaration(&c->out, t, &p);
    text_putc(&c->out, '\n');
    return NULL;
}

static const struct console_command rows[] = {
    {"print", "p|inspect", CLASS_DATA, "[-OPTION [VALUE]]... [/FMT|%FMT] [EXPRESSION]",
     "Show the value of an expression.",
     "FMT is one of x d u o t z (numbers), a (address), c (character), f (float), s (string), r (without formatters).\n"
     "In Go programs FMT may be a verb of package fmt instead: print %08x EXPRESSION.\n"
     "ARRAY@N shows N elements; $ is the last value, $$ the one before, $3 the third. An option is a setting below "
     "\"set print\" for this answer: -pretty, -elements 10, -object on. \"--\" ends them.",
     COMPLETE_EXPRESSION, REPEAT_SAME, run_print},
    {"output", NULL, CLASS_DATA, "[/FMT] EXPRESSION", "Show a value without its number and without a line end.", NULL,
     COMPLETE_EXPRESSION, REPEAT_NEVER, run_output},
    {"call", NULL, CLASS_DATA, "EXPRESSION", "As print, but silent when the value is void.",
     "Functions of the target are never called.", COMPLETE_EXPRESSION, REPEAT_NEVER, run_call},
    {"whatis", NULL, CLASS_DATA, "[EXPRESSION|TYPE]", "Show the type of an expression by its name.", NULL,
     COMPLETE_EXPRESSION, REPEAT_SAME, run_whatis},
    {"ptype", "pt", CLASS_DATA, "[/omtxd] [EXPRESSION|TYPE]", "Show what a type is made of.",
     "/o adds offsets and sizes, /x in hexadecimal; /m leaves methods out, /t typedefs.", COMPLETE_TYPE, REPEAT_SAME,
     run_ptype},
};
const struct console_table console_print_table = {rows, ARRAY_LEN(rows)};
