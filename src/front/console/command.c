/* SPDX-License-Identifier: Apache-2.0 */
/* From a typed line to its command: any unique start of each word is enough, as in gdb. */
#include "front/console/console.h"

#include <ctype.h>
#include <string.h>

enum { LISTED_MAX = 40 };

static size_t word_length(const char *s)
{
    size_t n = 0;
    while (isalnum((unsigned char)s[n]) || s[n] == '-' || s[n] == '_' || s[n] == '.')
        n++;
    if (!n && (*s == '!' || *s == '|'))
        n = 1;
    return n;
}

/* Does `words` (single spaces) begin with exactly the words of `path`? What follows them, or NULL. */
static const char *after_path(const char *words, const char *path)
{
    size_t n = strlen(path);
    if (!n)
        return words;
    return strncmp(words, path, n) == 0 && words[n] == ' ' ? words + n + 1 : NULL;
}

/* What one more typed word can mean below `path`. */
struct step {
    const char *path; /* the words found so far, in full */
    const char *word;
    size_t len;
    bool exact;
    VEC(char *) all; /* the different words that begin so */
};

static void step_done(struct step *st)
{
    for (size_t i = 0; i < st->all.n; i++)
        free(st->all.v[i]);
    vec_done(&st->all);
}

static void step_name(struct step *st, const char *name)
{
    const char *rest = after_path(name, st->path);
    size_t n = rest ? strcspn(rest, " ") : 0;
    if (!n || n < st->len || strncmp(rest, st->word, st->len) != 0)
        return;
    for (size_t i = 0; i < st->all.n; i++)
        if (strlen(st->all.v[i]) == n && strncmp(st->all.v[i], rest, n) == 0)
            return;
    *vec_push(&st->all) = xstrndup(rest, n);
    if (n == st->len)
        st->exact = true;
}

static void step_make(struct step *st, const struct console *c)
{
    for (const struct console_table *const *t = console_tables; *t; t++)
        for (size_t i = 0; i < (*t)->n; i++)
            step_name(st, (*t)->rows[i].name);
    if (!*st->path)
        for (size_t i = 0; i < c->macros.n; i++)
            step_name(st, c->macros.v[i].name);
}

static const struct console_command *row_named(const char *name)
{
    for (const struct console_table *const *t = console_tables; *t; t++)
        for (size_t i = 0; i < (*t)->n; i++)
            if (strcmp((*t)->rows[i].name, name) == 0)
                return &(*t)->rows[i];
    return NULL;
}

/* The row with an alias of just these words: typed in full, from the first word on. */
static const struct console_command *row_of_alias(const char *words, size_t len)
{
    if (len == 1 && *words == '|')
        return row_named("pipe"); /* aliases cannot hold what separates them */
    for (const struct console_table *const *t = console_tables; *t; t++) {
        for (size_t i = 0; i < (*t)->n; i++) {
            for (const char *p = (*t)->rows[i].aliases; p && *p;) {
                size_t n = strcspn(p, "|");
                if (n == len && strncmp(p, words, n) == 0)
                    return &(*t)->rows[i];
                p += n + (p[n] == '|');
            }
        }
    }
    return NULL;
}

static bool has_below(const char *path)
{
    for (const struct console_table *const *t = console_tables; *t; t++)
        for (size_t i = 0; i < (*t)->n; i++)
            if (after_path((*t)->rows[i].name, path))
                return true;
    return false;
}

static int by_text(const void *a, const void *b)
{
    return strcmp(*(char *const *)a, *(char *const *)b);
}

static struct err *ambiguous(struct step *st)
{
    struct text t = {0};
    qsort(st->all.v, st->all.n, sizeof(*st->all.v), by_text);
    for (size_t i = 0; i < st->all.n && i < LISTED_MAX; i++)
        text_printf(&t, "%s%s", i ? ", " : "", st->all.v[i]);
    struct err *e =
        err_new(ERR_USAGE, "ambiguous %s%scommand \"%s\": %s", st->path, *st->path ? " " : "", st->word, text_str(&t));
    text_done(&t);
    return e;
}

static struct err *undefined(const struct step *st)
{
    if (!*st->path)
        return err_hint(err_new(ERR_USAGE, "undefined command: \"%.*s\"", (int)st->len, st->word), "try \"help\"");
    return err_hint(err_new(ERR_USAGE, "undefined %s command: \"%.*s\"", st->path, (int)st->len, st->word),
                    "try \"help %s\"", st->path);
}

/* One word further. *path grows by it; false: what is left of the line are arguments. */
static struct err *follow_word(struct console *c, struct text *path, struct text *typed, const char *line, bool *more)
{
    size_t n = word_length(line);
    text_printf(typed, "%s%.*s", typed->n ? " " : "", (int)n, line);
    const struct console_command *row = n ? row_of_alias(text_str(typed), typed->n) : NULL;
    *more = true;
    if (row) {
        text_clear(path);
        text_put(path, row->name);
        return NULL;
    }
    struct step st = {.path = text_str(path), .word = line, .len = n};
    if (n)
        step_make(&st, c);
    const struct console_command *at = row_named(st.path);
    struct err *e = NULL;
    if (st.exact || st.all.n == 1) {
        SCOPED(freep) char *word = st.exact ? xstrndup(line, n) : xstrdup(st.all.v[0]);
        text_printf(path, "%s%s", path->n ? " " : "", word);
    } else if (at && at->run && !(st.all.n > 1 && at->completes == COMPLETE_COMMAND)) { /* info takes only commands */
        *more = false;
    } else {
        e = st.all.n > 1 ? ambiguous(&st) : undefined(&st);
    }
    step_done(&st);
    return e;
}

/* Goes as far down the words of the line as they name commands. *path: the words in full. */
static struct err *follow(struct console *c, const char *line, struct text *path, const char **rest)
{
    struct text typed = {0}; /* the words as typed, with single spaces, for aliases */
    struct err *e = NULL;
    bool more = true;
    while (!e && more) {
        e = follow_word(c, path, &typed, line, &more);
        if (e || !more)
            break;
        line += word_length(line);
        line += strspn(line, " \t");
        more = *line && has_below(text_str(path));
    }
    text_done(&typed);
    *rest = line;
    return e;
}

struct err *command_find_row(struct console *c, const char *line, const struct console_command **out,
                             const struct console_macro **macro, const char **args)
{
    struct text path = {0};
    *macro = NULL;
    struct err *e = follow(c, line, &path, args);
    if (!e) {
        *out = row_named(text_str(&path));
        for (size_t i = 0; i < c->macros.n; i++)
            if (strcmp(c->macros.v[i].name, text_str(&path)) == 0)
                *macro = &c->macros.v[i];
        if (*macro)
            *out = NULL;
    }
    text_done(&path);
    return e;
}

bool args_word(const char **args, const char *word)
{
    size_t n = strlen(word);
    if (strncmp(*args, word, n) != 0 || ((*args)[n] && !isspace((unsigned char)(*args)[n])))
        return false;
    *args += n + strspn(*args + n, " \t");
    return true;
}

size_t args_span(const char *s, const char *ends)
{
    size_t n = 0, depth = 0;
    char quote = 0;
    for (; s[n]; n++) {
        if (quote && s[n] == '\\' && s[n + 1]) {
            n++;
        } else if (quote) {
            quote = s[n] == quote ? 0 : quote;
        } else if (!depth && strchr(ends, s[n])) {
            break;
        } else if (s[n] == '"' || s[n] == '\'') {
            quote = s[n];
        } else if (strchr("([{", s[n])) {
            depth++;
        } else if (depth && strchr(")]}", s[n])) {
            depth--;
        }
    }
    return n;
}

bool args_number(const char **args, int64_t *out)
{
    const char *s = *args;
    bool negative = *s == '-';
    s += negative || *s == '+';
    if (!isdigit((unsigned char)*s))
        return false;
    int64_t v = 0;
    for (; isdigit((unsigned char)*s); s++)
        if (__builtin_mul_overflow(v, 10, &v) || __builtin_add_overflow(v, *s - '0', &v))
            return false;
    if (*s && !isspace((unsigned char)*s))
        return false;
    *out = negative ? -v : v;
    *args = s + strspn(s, " \t");
    return true;
}
