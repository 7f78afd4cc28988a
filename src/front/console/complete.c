/* SPDX-License-Identifier: Apache-2.0 */
/* What Tab offers: words of commands and settings, names of the program, files. */
#include "front/console/console.h"

#include <ctype.h>
#include <dirent.h>
#include <string.h>
#include <sys/stat.h>

enum { WORDS_MAX = 5000 };

/* ---- the list ---- */

struct offer {
    const char *prefix; /* what the word begins with */
    size_t len;
    struct console_words *words;
};

void console_words_done(struct console_words *w)
{
    for (size_t i = 0; i < w->v.n; i++)
        free(w->v.v[i]);
    vec_done(&w->v);
}

static bool is_full(const struct offer *o)
{
    return o->words->v.n >= WORDS_MAX;
}

static void offer_part(struct offer *o, const char *s, size_t n)
{
    if (n >= o->len && strncmp(s, o->prefix, o->len) == 0 && !is_full(o))
        *vec_push(&o->words->v) = xstrndup(s, n);
}

static void offer(struct offer *o, const char *s)
{
    if (s)
        offer_part(o, s, strlen(s));
}

static int by_text(const void *a, const void *b)
{
    return strcmp(*(char *const *)a, *(char *const *)b);
}

static void sort_unique(struct console_words *w)
{
    size_t kept = 0;
    if (w->v.n)
        qsort(w->v.v, w->v.n, sizeof(*w->v.v), by_text);
    for (size_t i = 0; i < w->v.n; i++) {
        if (kept && strcmp(w->v.v[kept - 1], w->v.v[i]) == 0)
            free(w->v.v[i]);
        else
            w->v.v[kept++] = w->v.v[i];
    }
    w->v.n = kept;
}

/* ---- words that follow one another: commands, settings ---- */

/* Offers the word of `name` that comes after the words of `path` ("" or ending with a blank). */
static void offer_next_word(struct offer *o, const char *name, const char *path)
{
    size_t n = strlen(path);
    if (strncmp(name, path, n) == 0)
        offer_part(o, name + n, strcspn(name + n, " "));
}

static void offer_commands(struct console *c, struct offer *o, const char *path)
{
    for (const struct console_table *const *t = console_tables; *t; t++)
        for (size_t i = 0; i < (*t)->n; i++)
            offer_next_word(o, (*t)->rows[i].name, path);
    for (size_t i = 0; i < c->macros.n && !*path; i++)
        offer(o, c->macros.v[i].name);
}

struct setting_offer {
    struct offer *offer;
    const char *path;
};

static void offer_setting(void *arg, const char *name)
{
    struct setting_offer *s = arg;
    offer_next_word(s->offer, name, s->path);
}

static void offer_settings(struct offer *o, const char *args)
{
    SCOPED(freep) char *path = xstrndup(args, (size_t)(o->prefix - args));
    struct setting_offer s = {o, path};
    settings_each(offer_setting, &s);
}

/* ---- names of the program ---- */

static bool offer_hit(void *arg, const struct index_hit *hit, const char *name)
{
    (void)hit;
    offer(arg, name);
    return !is_full(arg);
}

static void offer_index(struct console *c, struct offer *o, unsigned kinds)
{
    /* All names of the program are of no use to anybody. */
    if (c->session && o->len)
        IGNORE_ERR(index_each(session_values(c->session)->index, kinds, offer_hit, o));
}

static void offer_locals(struct console *c, struct offer *o)
{
    const struct vframe *f;
    struct variables vars;
    struct err *e = console_frame(c, &f);
    if (!e)
        e = session_variables(c->session, f, &vars);
    for (size_t i = 0; !e && i < vars.n; i++)
        offer(o, vars.v[i].name);
    err_free(e); /* then there are none */
}

/* "$rip", "$name". */
static void offer_dollars(struct console *c, struct offer *o)
{
    struct offer name = *o;
    size_t before = o->words->v.n;
    const struct arch *a = c->session ? session_image(c->session)->arch : NULL;
    name.prefix++;
    name.len--;
    for (size_t i = 0; a && i < a->n_regs; i++)
        offer(&name, a->regs[i].name);
    for (size_t i = 0; i < c->variables.n; i++)
        offer(&name, c->variables.v[i].name);
    static const char *const always[] = {"pc", "sp", "fp", "_siginfo", "_thread"};
    for (size_t i = 0; i < ARRAY_LEN(always); i++)
        offer(&name, always[i]);
    for (size_t i = before; i < o->words->v.n; i++) {
        char *with = xasprintf("$%s", o->words->v.v[i]);
        free(o->words->v.v[i]);
        o->words->v.v[i] = with;
    }
}

/* Members of a record and of its bases and nameless parts. */
static void offer_fields(struct offer *o, const struct type *t, unsigned depth)
{
    struct fields fields = type_fields(t);
    for (size_t i = 0; i < fields.n; i++) {
        const struct field *f = &fields.v[i];
        bool inside = !f->name || (f->flags & FIELD_BASE);
        if (inside && depth < 8)
            offer_fields(o, type_strip(f->type), depth + 1);
        else if (f->name && !(f->flags & FIELD_ARTIFICIAL))
            offer(o, f->name);
    }
}

/* The start of the expression whose member is asked for: back over names, members and brackets. */
static const char *object_start(const char *args, const char *end)
{
    size_t depth = 0;
    const char *p = end;
    while (p > args) {
        char ch = p[-1];
        bool arrow = ch == '>' && p - 1 > args && p[-2] == '-';
        bool opens = ch == '(' || ch == '[', closes = ch == ')' || ch == ']';
        if (!depth && !closes && !isalnum((unsigned char)ch) && !strchr("_$.:", ch) && !arrow)
            break;
        depth += closes;
        depth -= opens; /* not below 0: with nothing open, it is where the expression starts */
        p -= arrow ? 2 : 1;
    }
    return p;
}

/* False: the word stands behind no '.' or "->". */
static bool offer_members(struct console *c, struct offer *o, const char *args)
{
    const char *end = o->prefix;
    if (end > args && end[-1] == '.')
        end--;
    else if (end > args + 1 && end[-1] == '>' && end[-2] == '-')
        end -= 2;
    else
        return false;
    const char *start = object_start(args, end);
    SCOPED(freep) char *object = xstrndup(start, (size_t)(end - start));
    struct value v;
    struct err *e = console_evaluate(c, object, &v);
    if (!e) {
        const struct type *t = type_strip(v.type);
        if ((t->kind == TYPE_POINTER || t->kind == TYPE_REFERENCE || t->kind == TYPE_RVALUE_REFERENCE) && t->target)
            t = type_strip(t->target);
        offer_fields(o, type_complete(t), 0);
    }
    err_free(e); /* what is no object has no members */
    return true;
}

static void offer_file_names(struct console *c, struct offer *o)
{
    struct index_files files;
    if (!c->session || !o->len)
        return;
    struct err *e = index_files(session_values(c->session)->index, &files);
    for (size_t i = 0; !e && i < files.n; i++)
        offer(o, path_tail(files.v[i], 1));
    err_free(e); /* cancelled: what was found is offered */
}

/* ---- files of the disk ---- */

static void offer_files(struct offer *o)
{
    const char *name = path_tail(o->prefix, 1);
    SCOPED(freep) char *typed = xstrndup(o->prefix, (size_t)(name - o->prefix));
    SCOPED(freep) char *folder = console_expand_path(*typed ? typed : "./");
    DIR *d = opendir(folder);
    for (struct dirent *entry = d ? readdir(d) : NULL; entry; entry = readdir(d)) {
        if (*entry->d_name == '.' && *name != '.')
            continue;
        struct stat st;
        SCOPED(freep) char *path = xasprintf("%s%s", folder, entry->d_name);
        bool is_folder = stat(path, &st) == 0 && S_ISDIR(st.st_mode);
        SCOPED(freep) char *word = xasprintf("%s%s%s", typed, entry->d_name, is_folder ? "/" : "");
        offer(o, word);
    }
    if (d)
        closedir(d);
}

/* ---- by kind ---- */

static bool is_name_character(char ch)
{
    return isalnum((unsigned char)ch) || ch == '_' || ch == '$' || ch == ':' || ch == '~';
}

/* Where the last word of the arguments begins. */
static const char *last_word(const char *args, enum console_complete kind)
{
    const char *p = args + strlen(args);
    bool names = kind == COMPLETE_EXPRESSION || kind == COMPLETE_PLACE || kind == COMPLETE_TYPE;
    while (p > args && (names ? is_name_character(p[-1]) : p[-1] != ' '))
        p--;
    return p;
}

static void offer_arguments(struct console *c, const struct console_command *row, const char *args, struct offer *o)
{
    switch ((enum console_complete)row->completes) {
    case COMPLETE_EXPRESSION:
        if (*o->prefix == '$') {
            offer_dollars(c, o);
        } else if (!offer_members(c, o, args)) {
            offer_locals(c, o);
            offer_index(c, o, INDEX_FUNCTION | INDEX_VARIABLE | INDEX_ENUMERATOR);
        }
        break;
    case COMPLETE_PLACE:
        offer_index(c, o, INDEX_FUNCTION);
        offer_file_names(c, o);
        break;
    case COMPLETE_TYPE:
        offer_locals(c, o);
        offer_index(c, o, INDEX_TYPE | INDEX_VARIABLE);
        break;
    case COMPLETE_FILE:
        offer_files(o);
        break;
    case COMPLETE_SETTING:
        offer_settings(o, args);
        break;
    case COMPLETE_COMMAND:
    case COMPLETE_NOTHING:
        break;
    }
}

/* Where a command begins that stands in the arguments of another: thread apply all -q COMMAND. */
static const char *inner_command(const char *args)
{
    while (*args && (isdigit((unsigned char)*args) || *args == '-' || strncmp(args, "all ", 4) == 0)) {
        size_t n = strcspn(args, " ");
        if (!args[n])
            break;
        args += n + strspn(args + n, " ");
    }
    return args;
}

/* The words before the last one in full, each followed by a blank ("info "), and where the last begins. False: they are
 * no part of a command's name. */
static bool command_path(struct console *c, const char *line, struct text *path, const char **word)
{
    const char *blank = strrchr(line, ' ');
    *word = blank ? blank + 1 : line;
    if (!blank)
        return true;
    SCOPED(freep) char *before = xstrndup(line, (size_t)(blank - line));
    const struct console_command *row;
    const struct console_macro *macro;
    const char *args;
    struct err *e = command_find_row(c, before, &row, &macro, &args);
    bool whole = !e && row && !*args;
    if (whole)
        text_printf(path, "%s ", row->name);
    err_free(e);
    return whole;
}

static void complete_command(struct console *c, const char *line, const char *begin, size_t *start,
                             struct console_words *out, unsigned depth)
{
    struct text path = {0};
    const char *word, *args;
    const struct console_command *row;
    const struct console_macro *macro;
    *start = strlen(line);
    if (command_path(c, begin, &path, &word)) {
        struct offer o = {word, strlen(word), out};
        *start = (size_t)(word - line);
        offer_commands(c, &o, text_str(&path));
    }
    text_done(&path);
    struct err *e = strchr(begin, ' ') ? command_find_row(c, begin, &row, &macro, &args) : err_new(ERR_USAGE, "a word");
    bool found = !e && row;
    err_free(e); /* what is no command has no arguments */
    if (!found || out->v.n)
        return;
    if (row->completes == COMPLETE_COMMAND && depth) {
        complete_command(c, line, inner_command(args), start, out, depth - 1);
        return;
    }
    const char *p = last_word(args, row->completes);
    struct offer o = {p, strlen(p), out};
    *start = (size_t)(p - line);
    offer_arguments(c, row, args, &o);
}

void console_complete(struct console *c, const char *line, size_t *start, struct console_words *out)
{
    enum { COMMANDS_IN_COMMANDS = 4 };
    complete_command(c, line, line + strspn(line, " \t"), start, out, COMMANDS_IN_COMMANDS);
    sort_unique(out);
    if (c->session)
        session_forget_values(c->session);
}
