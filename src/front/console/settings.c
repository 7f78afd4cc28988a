/* SPDX-License-Identifier: Apache-2.0 */
/* set and show: a table of names and where each is kept. */
#include "front/console/console.h"

#include "base/log.h"
#include <stddef.h>
#include <string.h>

enum setting_kind { SETTING_BOOL, SETTING_COUNT, SETTING_TEXT, SETTING_CHOICE, SETTING_PATHS };

struct setting {
    const char *name;    /* in full: "print pretty" */
    uint8_t kind;        /* enum setting_kind: bool, unsigned, char *, unsigned, char * in struct settings */
    size_t at;           /* its offset */
    const char *choices; /* SETTING_CHOICE: by '|', in the order of the values; SETTING_COUNT: how 0 is said */
};

#define AT(field) offsetof(struct settings, field)
static const struct setting table[] = {
    {"backtrace limit", SETTING_COUNT, AT(backtrace_limit), "unlimited"},
    {"backtrace past-main", SETTING_BOOL, AT(past_main), NULL},
    {"confirm", SETTING_BOOL, AT(confirm), NULL},
    {"debug-file-directory", SETTING_PATHS, AT(debug_dirs), NULL},
    {"directories", SETTING_PATHS, AT(directories), NULL},
    {"disassembly-flavor", SETTING_CHOICE, AT(disassembly), "att|intel"},
    {"filename-display", SETTING_CHOICE, AT(filename_display), "relative|basename|absolute"},
    {"height", SETTING_COUNT, AT(height), "unlimited"},
    {"history filename", SETTING_TEXT, AT(history_file), NULL},
    {"history save", SETTING_BOOL, AT(history_save), NULL},
    {"history size", SETTING_COUNT, AT(history_size), "unlimited"},
    {"language", SETTING_CHOICE, AT(language), "auto|c|c++|rust"},
    {"listsize", SETTING_COUNT, AT(listsize), "unlimited"},
    {"logging enabled", SETTING_BOOL, AT(log_on), NULL},
    {"logging file", SETTING_TEXT, AT(log_file), NULL},
    {"logging overwrite", SETTING_BOOL, AT(log_overwrite), NULL},
    {"logging redirect", SETTING_BOOL, AT(log_redirect), NULL},
    {"pagination", SETTING_BOOL, AT(pagination), NULL},
    {"print address", SETTING_BOOL, AT(print.addresses), NULL},
    {"print asm-demangle", SETTING_BOOL, AT(asm_demangle), NULL},
    {"print array", SETTING_BOOL, AT(print.array), NULL},
    {"print array-indexes", SETTING_BOOL, AT(print.array_indexes), NULL},
    {"print characters", SETTING_COUNT, AT(print.characters), "elements"},
    {"print elements", SETTING_COUNT, AT(print.elements), "unlimited"},
    {"print entry-values", SETTING_CHOICE, AT(entry_values), "default|no"},
    {"print frame-arguments", SETTING_CHOICE, AT(frame_arguments), "scalars|all|none|presence"},
    {"print frame-info", SETTING_CHOICE, AT(frame_info), "auto|short-location"},
    {"print max-depth", SETTING_COUNT, AT(print.depth), "unlimited"},
    {"print null-stop", SETTING_BOOL, AT(print.null_stop), NULL},
    {"print object", SETTING_BOOL, AT(print.object), NULL},
    {"print pretty", SETTING_BOOL, AT(print.pretty), NULL},
    {"print repeats", SETTING_COUNT, AT(print.repeats), "unlimited"},
    {"print static-members", SETTING_BOOL, AT(print.static_members), NULL},
    {"print symbol", SETTING_BOOL, AT(print.symbols), NULL},
    {"print union", SETTING_BOOL, AT(print.unions), NULL},
    {"print vtbl", SETTING_BOOL, AT(print.vtable), NULL},
    {"prompt", SETTING_TEXT, AT(prompt), NULL},
    {"style enabled", SETTING_BOOL, AT(color), NULL},
    {"script memory-limit", SETTING_COUNT, AT(script_megabytes), "unlimited"},
    {"script time-limit", SETTING_COUNT, AT(script_seconds), "unlimited"},
    {"sysroot", SETTING_PATHS, AT(sysroot), NULL},
    {"trace-commands", SETTING_BOOL, AT(trace_commands), NULL},
    {"verbose", SETTING_BOOL, AT(verbose), NULL},
    {"width", SETTING_COUNT, AT(width), "unlimited"},
};

/* Heap strings among the settings, so that they are freed as they are made. */
static char **text_at(struct settings *set, const struct setting *s)
{
    return (char **)(void *)((char *)set + s->at);
}
static bool *bool_at(struct settings *set, const struct setting *s)
{
    return (bool *)((char *)set + s->at);
}
static unsigned *count_at(struct settings *set, const struct setting *s)
{
    return (unsigned *)(void *)((char *)set + s->at);
}

/* ---- names ---- */

/* Do the words at `typed` begin the words of `name`, one by one? What follows them, else NULL. */
static const char *match_name(const char *typed, const char *name, bool *exact)
{
    *exact = true;
    for (;;) {
        size_t n = strcspn(typed, " \t="), m = strcspn(name, " ");
        if (!n || n > m || strncmp(typed, name, n) != 0)
            return NULL;
        *exact = *exact && n == m;
        typed += n + strspn(typed + n, " \t");
        name += m;
        if (!*name)
            return typed;
        name++;
    }
}

/* The setting that the arguments begin with, the longest name first. */
static struct err *find_setting(const char *args, const struct setting **out, const char **rest)
{
    struct text others = {0};
    const struct setting *found = NULL;
    for (size_t i = 0; i < ARRAY_LEN(table); i++) {
        bool exact;
        const char *after = match_name(args, table[i].name, &exact);
        if (!after)
            continue;
        if (exact) {
            text_clear(&others);
            found = &table[i];
            *rest = after;
            break;
        }
        text_printf(&others, "%s%s", found ? ", " : "", table[i].name);
        found = &table[i];
        *rest = after;
    }
    size_t n = others.n ? 1 : 0;
    for (size_t i = 0; i < others.n; i++)
        n += others.p[i] == ',';
    struct err *e = NULL;
    if (n > 1)
        e = err_new(ERR_USAGE, "ambiguous setting \"%s\": %s", args, text_str(&others));
    else if (!found)
        e = err_hint(err_new(ERR_NOT_FOUND, "there is no setting \"%.*s\"", (int)strcspn(args, "=\t"), args),
                     "try \"show\"");
    text_done(&others);
    *out = found;
    return e;
}

/* ---- values ---- */

static struct err *parse_bool(const char *s, bool *out)
{
    static const char *const on[] = {"on", "1", "yes", "enable", ""}, *const off[] = {"off", "0", "no", "disable"};
    for (size_t i = 0; i < ARRAY_LEN(on); i++)
        if (strcmp(s, on[i]) == 0)
            return *out = true, NULL;
    for (size_t i = 0; i < ARRAY_LEN(off); i++)
        if (strcmp(s, off[i]) == 0)
            return *out = false, NULL;
    return err_new(ERR_USAGE, "\"on\" or \"off\" expected");
}

static struct err *parse_count(const struct setting *s, const char *arg, unsigned *out)
{
    uint64_t v;
    size_t n = strlen(arg);
    if (n && s->choices && (strncmp(arg, s->choices, n) == 0 || strcmp(arg, "-1") == 0))
        return *out = 0, NULL;
    if (!n)
        return err_new(ERR_USAGE, "argument required (a number, or \"%s\")", s->choices);
    if (!parse_number(arg, INT32_MAX, &v))
        return err_new(ERR_USAGE, "\"%s\" is no number, nor \"%s\"", arg, s->choices);
    *out = (unsigned)v;
    return NULL;
}

static struct err *parse_choice(const struct setting *s, const char *arg, unsigned *out)
{
    size_t len = strlen(arg);
    unsigned at = 0, hits = 0;
    for (const char *p = s->choices; *p && len; at++) {
        size_t n = strcspn(p, "|");
        if (n >= len && strncmp(p, arg, len) == 0) {
            *out = at;
            hits++;
            if (n == len)
                return NULL;
        }
        p += n + (p[n] == '|');
    }
    if (hits == 1)
        return NULL;
    return err_new(ERR_USAGE, hits ? "ambiguous item \"%s\": one of %s" : "undefined item \"%s\": one of %s", arg,
                   s->choices);
}

static void put_value(struct text *t, struct settings *set, const struct setting *s)
{
    const char *p = s->choices;
    switch ((enum setting_kind)s->kind) {
    case SETTING_BOOL:
        text_put(t, *bool_at(set, s) ? "on" : "off");
        break;
    case SETTING_COUNT:
        if (*count_at(set, s))
            text_printf(t, "%u", *count_at(set, s));
        else
            text_put(t, s->choices);
        break;
    case SETTING_TEXT:
    case SETTING_PATHS:
        text_putc(t, '"');
        put_safe(t, *text_at(set, s));
        text_putc(t, '"');
        break;
    case SETTING_CHOICE:
        for (unsigned i = 0; i < *count_at(set, s); i++)
            p += strcspn(p, "|") + 1;
        text_printf(t, "\"%.*s\"", (int)strcspn(p, "|"), p);
        break;
    }
}

static struct err *assign(struct console *c, const struct setting *s, const char *arg)
{
    switch ((enum setting_kind)s->kind) {
    case SETTING_BOOL:
        TRY(parse_bool(arg, bool_at(&c->set, s)));
        log_set_level(c->set.verbose);
        return NULL;
    case SETTING_COUNT:
        return parse_count(s, arg, count_at(&c->set, s));
    case SETTING_CHOICE:
        return parse_choice(s, arg, count_at(&c->set, s));
    case SETTING_TEXT:
    case SETTING_PATHS:
        break;
    }
    char **text = text_at(&c->set, s);
    free(*text);
    *text = xstrdup(arg);
    if (s->kind == SETTING_PATHS && c->session)
        console_warn(c, "The new %s is used when a target is opened next.\n", s->name);
    return NULL;
}

struct err *settings_assign(struct console *c, const char *name, const char *value)
{
    const struct setting *s;
    const char *rest;
    TRY(find_setting(name, &s, &rest));
    return assign(c, s, value);
}

struct err *settings_option(struct console *c, const char *name, const char **args)
{
    const struct setting *s;
    const char *rest;
    bool flag;
    TRY(find_setting(name, &s, &rest));
    size_t n = strcspn(*args, " \t");
    SCOPED(freep) char *value = xstrndup(*args, n);
    if (s->kind == SETTING_BOOL) {
        struct err *e = n ? parse_bool(value, &flag) : NULL;
        if (e || !n) {
            err_free(e); /* what follows is no value: it was switched on */
            return assign(c, s, "on");
        }
    }
    *args += n + strspn(*args + n, " \t");
    return assign(c, s, value);
}

/* ---- commands ---- */

static struct err *run_set(struct console *c, const char *args)
{
    const struct setting *s;
    const char *rest;
    if (!*args)
        return err_hint(err_new(ERR_USAGE, "\"set\" needs the name of a setting and a value"), "try \"show\"");
    if (*args == '$')
        return console_assign(c, args);
    TRY(find_setting(args, &s, &rest));
    return assign(c, s, rest);
}

static struct err *run_set_variable(struct console *c, const char *args)
{
    return console_assign(c, args);
}

/* One setting, all of them, or all below a first word ("show print"). */
static struct err *run_show(struct console *c, const char *args)
{
    const struct setting *s;
    const char *rest;
    size_t len = strlen(args);
    bool several = false;
    for (size_t i = 0; i < ARRAY_LEN(table); i++) {
        const char *name = table[i].name;
        if (len && (strncmp(name, args, len) != 0 || name[len] != ' '))
            continue;
        several = true;
        text_printf(&c->out, "%s:  ", name);
        put_value(&c->out, &c->set, &table[i]);
        text_putc(&c->out, '\n');
    }
    if (several)
        return NULL;
    TRY(find_setting(args, &s, &rest));
    text_printf(&c->out, "The setting \"%s\" is ", s->name);
    put_value(&c->out, &c->set, s);
    text_put(&c->out, ".\n");
    return NULL;
}

void settings_each(void (*fn)(void *arg, const char *name), void *arg)
{
    for (size_t i = 0; i < ARRAY_LEN(table); i++)
        fn(arg, table[i].name);
}

static char *history_path(void)
{
    const char *xdg = getenv("XDG_STATE_HOME"), *home = getenv("HOME");
    if (xdg && *xdg == '/')
        return xasprintf("%s/inquest/history", xdg);
    return home && *home == '/' ? xasprintf("%s/.local/state/inquest/history", home) : xstrdup("");
}

void settings_init(struct console *c)
{
    const struct call *call = c->call;
    c->set = (struct settings){
        .print = format_defaults,
        .asm_demangle = true,
        .listsize = 10,
        .height = c->screen.terminal ? c->screen.rows : 0,
        .width = c->screen.columns,
        .pagination = true,
        .confirm = true,
        .color = c->screen.color,
        .verbose = log_level() > 0,
        .history_size = 10000,
        .history_save = true,
        .history_file = history_path(),
        .prompt = xstrdup("(inquest) "),
        .sysroot = xstrdup(call_value(call, "sysroot") ? call_value(call, "sysroot") : ""),
        .debug_dirs = xstrdup("/usr/lib/debug"),
        .directories = xstrdup("$cdir:$cwd"),
        .log_file = xstrdup("inquest.txt"),
    };
}

void settings_done(struct console *c)
{
    for (size_t i = 0; i < ARRAY_LEN(table); i++)
        if (table[i].kind == SETTING_TEXT || table[i].kind == SETTING_PATHS)
            free(*text_at(&c->set, &table[i]));
}

static const struct console_command rows[] = {
    {"set", NULL, CLASS_SUPPORT, "SETTING [VALUE] | $NAME = EXPRESSION", "Change a setting, or a convenience variable.",
     "A name may be cut as long as it is the only one: set pr p is set print pretty. `show` lists all of them. Nothing "
     "in the target can be changed.",
     COMPLETE_SETTING, REPEAT_NEVER, run_set},
    {"set variable", "set var", CLASS_DATA, "$NAME = EXPRESSION", "Set a convenience variable.",
     "Memory and registers of the target are never written.", COMPLETE_EXPRESSION, REPEAT_NEVER, run_set_variable},
    {"show", NULL, CLASS_SUPPORT, "[SETTING]", "Show a setting, or all of them.", NULL, COMPLETE_SETTING, REPEAT_NEVER,
     run_show},
};
const struct console_table console_settings_table = {rows, ARRAY_LEN(rows)};
