/* SPDX-License-Identifier: Apache-2.0 */
/* What Tab offers: words of commands and settings, names of the program, files. */
#include "front/complete.h"
#include "front/console/console.h"

#include <ctype.h>
#include <dirent.h>
#include <string.h>
#include <sys/stat.h>

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
        offer_word(o, c->macros.v[i].name);
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

static void offer_index(struct console *c, struct offer *o, unsigned kinds)
{
    if (c->session)
        offer_names(o, c->session, kinds);
}

static void offer_locals(struct console *c, struct offer *o)
{
    const struct vframe *f;
    struct err *e = console_frame(c, &f);
    if (!e)
        offer_variables(o, c->session, f);
    err_free(e); /* no frame, no locals */
}

static struct err *evaluate(void *arg, const char *text, struct value *out)
{
    return console_evaluate(arg, text, out);
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
        offer_word(&name, a->regs[i].name);
    for (size_t i = 0; i < c->variables.n; i++)
        offer_word(&name, c->variables.v[i].name);
    static const char *const always[] = {"pc", "sp", "fp", "_siginfo", "_thread"};
    for (size_t i = 0; i < ARRAY_LEN(always); i++)
        offer_word(&name, always[i]);
    for (size_t i = before; i < o->words->v.n; i++) {
        char *with = xasprintf("$%s", o->words->v.v[i]);
        free(o->words->v.v[i]);
        o->words->v.v[i] = with;
    }
}

static void offer_file_names(struct console *c, struct offer *o)
{
    struct index_files files;
    if (!c->session || !o->len)
        return;
    struct err *e = index_files(session_values(c->session)->index, &files);
    for (size_t i = 0; !e && i < files.n; i++)
        offer_word(o, path_tail(files.v[i], 1));
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
        offer_word(o, word);
    }
    if (d)
        closedir(d);
}

/* ---- by kind ---- */

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
        } else if (!offer_members(o, args, evaluate, c)) {
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
    while (*args && (isdigit((unsigned char)*args) || *args == '-' || begins_with(args, "all "))) {
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

static void complete_command(struct console *c, const char *line, const char *begin, size_t *start, struct words *out,
                             unsigned depth)
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

void console_complete(struct console *c, const char *line, size_t *start, struct words *out)
{
    enum { COMMANDS_IN_COMMANDS = 4 };
    complete_command(c, line, line + strspn(line, " \t"), start, out, COMMANDS_IN_COMMANDS);
    words_sort(out);
    if (c->session)
        session_forget_values(c->session);
}
