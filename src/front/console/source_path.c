/* SPDX-License-Identifier: Apache-2.0 */
/* Where source files are looked for: substitute-path, directory. The rules are the console's, since they outlive a
 * target; each session gets them when it is opened. */
#include "front/console/code.h"

void console_use_source_paths(struct console *c)
{
    if (!c->session)
        return;
    session_substitute_path(c->session, NULL, NULL);
    for (size_t i = 0; i < c->source_rules.n; i++)
        session_substitute_path(c->session, c->source_rules.v[i].from, c->source_rules.v[i].to);
    session_source_directories(c->session, c->set.directories);
    c->list.missing = NULL;
}

void console_source_paths_done(struct console *c)
{
    for (size_t i = 0; i < c->source_rules.n; i++) {
        free(c->source_rules.v[i].from);
        free(c->source_rules.v[i].to);
    }
    vec_done(&c->source_rules);
}

/* ---- substitute-path ---- */

/* Takes a word, which may stand in quotes, off the front; NULL: there is none. Heap. */
static char *take_word(const char **args)
{
    const char *p = *args;
    if (!*p)
        return NULL;
    char quote = *p == '"' || *p == '\'' ? *p++ : '\0';
    size_t n = quote ? strcspn(p, (char[]){quote, '\0'}) : strcspn(p, " \t");
    const char *after = p + n + (quote && p[n]);
    *args = after + strspn(after, " \t");
    return xstrndup(p, n);
}

static bool drop_rule(struct console *c, const char *from)
{
    for (size_t i = 0; i < c->source_rules.n; i++) {
        struct console_source_rule *r = &c->source_rules.v[i];
        if (strcmp(r->from, from) != 0)
            continue;
        free(r->from);
        free(r->to);
        memmove(r, r + 1, (c->source_rules.n - i - 1) * sizeof(*r));
        c->source_rules.n--;
        return true;
    }
    return false;
}

static struct err *run_set_substitute(struct console *c, const char *args)
{
    SCOPED(freep) char *from = take_word(&args);
    SCOPED(freep) char *to = take_word(&args);
    if (!from || !to || *args)
        return err_new(ERR_USAGE, "incorrect usage, two arguments are required: set substitute-path FROM TO");
    if (!*from)
        return err_new(ERR_USAGE, "first argument must be at least one character long");
    drop_rule(c, from);
    *vec_push(&c->source_rules) = (struct console_source_rule){.from = TAKE(from), .to = TAKE(to)};
    console_use_source_paths(c);
    return NULL;
}

static struct err *run_unset_substitute(struct console *c, const char *args)
{
    SCOPED(freep) char *from = take_word(&args);
    if (!from)
        console_source_paths_done(c);
    else if (!drop_rule(c, from))
        return err_new(ERR_NOT_FOUND, "no substitution rule defined for `%s'", from);
    console_use_source_paths(c);
    return NULL;
}

static struct err *run_show_substitute(struct console *c, const char *args)
{
    SCOPED(freep) char *only = take_word(&args);
    text_put(&c->out, "List of all source path substitution rules:\n");
    for (size_t i = 0; i < c->source_rules.n; i++) {
        if (only && strcmp(only, c->source_rules.v[i].from) != 0)
            continue;
        text_put(&c->out, "  `");
        put_safe(&c->out, c->source_rules.v[i].from);
        text_put(&c->out, "' -> `");
        put_safe(&c->out, c->source_rules.v[i].to);
        text_put(&c->out, "'.\n");
    }
    return NULL;
}

/* ---- directories ---- */

static void show_directories(struct console *c)
{
    text_put(&c->out, "Source directories searched: ");
    put_safe(&c->out, c->set.directories);
    text_putc(&c->out, '\n');
}

/* "directory DIR..." puts folders in front; alone it forgets them. */
static struct err *run_directory(struct console *c, const char *args)
{
    struct text t = {0};
    for (char *word; (word = take_word(&args)) != NULL; free(word))
        text_printf(&t, "%s:", word);
    if (t.n)
        text_put(&t, c->set.directories);
    else
        text_put(&t, "$cdir:$cwd");
    free(c->set.directories);
    c->set.directories = text_take(&t);
    console_use_source_paths(c);
    show_directories(c);
    return NULL;
}

static struct err *run_set_directories(struct console *c, const char *args)
{
    free(c->set.directories);
    c->set.directories = *args ? xstrdup(args) : xstrdup("$cdir:$cwd");
    console_use_source_paths(c);
    return NULL;
}

static struct err *run_show_directories(struct console *c, const char *args)
{
    (void)args;
    show_directories(c);
    return NULL;
}

static const struct console_command rows[] = {
    {"set substitute-path", NULL, CLASS_FILES, "FROM TO", "Look for sources below TO that were compiled below FROM.",
     NULL, COMPLETE_FILE, REPEAT_NEVER, run_set_substitute},
    {"unset substitute-path", NULL, CLASS_FILES, "[FROM]", "Forget one such rule, or all.", NULL, COMPLETE_NOTHING,
     REPEAT_NEVER, run_unset_substitute},
    {"show substitute-path", NULL, CLASS_FILES, "[FROM]", "Show these rules.", NULL, COMPLETE_NOTHING, REPEAT_NEVER,
     run_show_substitute},
    {"directory", "dir", CLASS_FILES, "[DIR...]", "Look for sources below these folders first.",
     "A source is looked for with its whole path below a folder, then with ever fewer of its last parts. Without "
     "arguments the folders are forgotten.",
     COMPLETE_FILE, REPEAT_NEVER, run_directory},
    {"set directories", NULL, CLASS_FILES, "DIR[:DIR...]", "Set the folders in which sources are looked for.", NULL,
     COMPLETE_FILE, REPEAT_NEVER, run_set_directories},
    {"show directories", NULL, CLASS_FILES, NULL, "Show the folders in which sources are looked for.", NULL,
     COMPLETE_NOTHING, REPEAT_NEVER, run_show_directories},
};
const struct console_table console_source_path_table = {rows, ARRAY_LEN(rows)};
