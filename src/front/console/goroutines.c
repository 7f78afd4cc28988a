/* SPDX-License-Identifier: Apache-2.0 */
/* goroutines: the list, with the options and the lines of Delve. Groups are sorted by size and none is left out. */
#include "front/console/goroutine.h"

#include "base/arena.h"
#include "base/map.h"
#include <inttypes.h>
#include <string.h>

enum { EXAMPLES = 5, LABELS_MAX = 64, DEPTH = 10, DEPTH_MAX = 10000, KEPT_MAX = 1 << 26 };

struct listing {
    const struct tasks *t;
    const struct task *selected;
    enum goroutine_place show;
    bool labels;
    int64_t depth; /* of stacks; 0: none */
    VEC(struct goroutine_filter) filters;
    VEC(char *) words; /* that filters name; heap */
    struct goroutine_filter group;
    const char *exec; /* NULL: nothing is run */
    /* Text of stacks that several have: a million goroutines have some dozens. */
    struct map64 kept; /* stack -> its text */
    struct arena arena;
};

static void listing_done(struct listing *l)
{
    for (size_t i = 0; i < l->words.n; i++)
        free(l->words.v[i]);
    vec_done(&l->words);
    vec_done(&l->filters);
    map64_done(&l->kept);
    arena_done(&l->arena);
}

/* ---- options ---- */

/* A word off the front; heap, the caller's. NULL: there is none. */
static char *take_word(const char **args)
{
    size_t n = strcspn(*args, " \t");
    if (!n)
        return NULL;
    char *word = xstrndup(*args, n);
    *args += n + strspn(*args + n, " \t");
    return word;
}

/* The same, to live as long as the listing. */
static const char *keep_word(struct listing *l, const char **args)
{
    char *word = take_word(args);
    if (word)
        *vec_push(&l->words) = word;
    return word;
}

/* "userloc", "running", ...: what is asked for. */
static struct err *parse_aspect(const char **args, struct goroutine_filter *out)
{
    static const struct {
        const char *name;
        enum goroutine_aspect by;
        enum goroutine_place place;
    } names[] = {{"userloc", BY_PLACE, PLACE_USER}, {"curloc", BY_PLACE, PLACE_CURRENT},
                 {"goloc", BY_PLACE, PLACE_GO},     {"startloc", BY_PLACE, PLACE_START},
                 {"label", BY_LABEL, PLACE_USER},   {"running", BY_RUNNING, PLACE_USER},
                 {"user", BY_USER, PLACE_USER}};
    SCOPED(freep) char *word = take_word(args);
    for (size_t i = 0; word && i < ARRAY_LEN(names); i++) {
        if (strcmp(word, names[i].name) != 0)
            continue;
        out->by = names[i].by;
        out->place = names[i].place;
        return NULL;
    }
    return err_hint(
        err_new(ERR_USAGE, word ? "goroutines have no '%s'" : "what of the goroutines?%s", word ? word : ""),
        "userloc, curloc, goloc, startloc, label, running, user");
}

static struct err *parse_filter(struct listing *l, const char **args, bool negated)
{
    struct goroutine_filter *f = vec_push(&l->filters);
    TRY(parse_aspect(args, f));
    f->negated = negated;
    bool needs = f->by == BY_PLACE || f->by == BY_LABEL;
    f->arg = needs ? keep_word(l, args) : NULL;
    return needs && !f->arg ? err_new(ERR_USAGE, "not enough arguments after -with") : NULL;
}

static struct err *parse_group(struct listing *l, const char **args)
{
    TRY(parse_aspect(args, &l->group));
    l->group.arg = l->group.by == BY_LABEL ? keep_word(l, args) : NULL;
    return l->group.by == BY_LABEL && !l->group.arg ? err_new(ERR_USAGE, "-group label needs a key") : NULL;
}

static struct err *parse_channel(struct console *c, struct listing *l, const char **args)
{
    SCOPED(freep) char *word = take_word(args);
    struct goroutine_filter *f = vec_push(&l->filters);
    f->by = BY_CHANNEL;
    if (!word)
        return err_new(ERR_USAGE, "-chan needs an expression");
    return console_number(c, word, &f->channel);
}

static struct err *parse(struct console *c, const char *args, struct listing *l)
{
    while (*args) {
        if (args_word(&args, "-u"))
            l->show = PLACE_USER;
        else if (args_word(&args, "-r"))
            l->show = PLACE_CURRENT;
        else if (args_word(&args, "-g"))
            l->show = PLACE_GO;
        else if (args_word(&args, "-s"))
            l->show = PLACE_START;
        else if (args_word(&args, "-l"))
            l->labels = true;
        else if (args_word(&args, "-t"))
            l->depth = args_number(&args, &l->depth) && l->depth > 0 && l->depth < DEPTH_MAX ? l->depth : DEPTH;
        else if (args_word(&args, "-with") || args_word(&args, "-w"))
            TRY(parse_filter(l, &args, false));
        else if (args_word(&args, "-without") || args_word(&args, "-wo"))
            TRY(parse_filter(l, &args, true));
        else if (args_word(&args, "-group"))
            TRY(parse_group(l, &args));
        else if (args_word(&args, "-chan"))
            TRY(parse_channel(c, l, &args));
        else if (args_word(&args, "-exec")) {
            l->exec = args;
            return *args ? NULL : err_new(ERR_USAGE, "-exec needs a command");
        } else {
            return err_new(ERR_USAGE, "wrong argument: '%s'", args);
        }
    }
    return NULL;
}

/* ---- what one is ---- */

static bool is_listed(struct console *c, const struct listing *l, const struct task *task)
{
    for (size_t i = 0; i < l->filters.n; i++)
        if (!goroutine_passes(c->session, l->t, task, &l->filters.v[i]))
            return false;
    return true;
}

/* ---- lines ---- */

static void put_labels(struct console *c, const struct listing *l, const struct task *task, const char *indent)
{
    struct task_label labels[LABELS_MAX];
    size_t n = session_task_labels(c->session, l->t, task, labels, LABELS_MAX);
    if (!n)
        return;
    text_printf(&c->out, "%s\tLabels: ", indent);
    for (size_t i = 0; i < n; i++) {
        text_put(&c->out, i ? ", \"" : "\"");
        put_safe(&c->out, labels[i].key);
        text_put(&c->out, "\":\"");
        put_safe(&c->out, labels[i].value);
        text_putc(&c->out, '"');
    }
    text_putc(&c->out, '\n');
}

static void put_frames(struct console *c, const struct listing *l, const struct task_stack *st, const char *indent)
{
    SCOPED(freep) char *deeper = xasprintf("%s\t", indent);
    size_t n = st->n > (uint64_t)l->depth ? (size_t)l->depth + 1 : st->n;
    for (size_t i = 0; i < n; i++)
        goroutine_frame_put(&c->out, &st->frames[i], i, goroutine_width(n), deeper);
    if (n < st->n)
        text_printf(&c->out, "%s(truncated)\n", deeper);
}

static void put_stack(struct console *c, struct listing *l, const struct task *task, const char *indent)
{
    uint32_t number = l->t->stack[task - l->t->v];
    const struct task_stack *st = &l->t->stacks[number];
    const uint64_t *known = map64_find(&l->kept, number);
    size_t from = c->out.n;
    if (known) {
        text_put(&c->out, (const char *)(uintptr_t)*known);
        return;
    }
    put_frames(c, l, st, indent);
    if (st->tasks > 1 && l->arena.total < KEPT_MAX)
        *map64_put(&l->kept, number, NULL) =
            (uint64_t)(uintptr_t)arena_strndup(&l->arena, c->out.p + from, c->out.n - from);
}

static void put_line(struct console *c, struct listing *l, const struct task *task, const char *indent)
{
    struct goroutine_at at = goroutine_at(c->session, l->t, task, l->show);
    const char *reason = session_task_reason(c->session, l->t, task);
    text_printf(&c->out, "%s%c Goroutine %" PRIu64 " - %s: ", indent, task == l->selected ? '*' : ' ', task->id,
                goroutine_place_name(l->show));
    goroutine_at_put(&c->out, &at);
    if (task->tid)
        text_printf(&c->out, " (thread %" PRId32 ")", task->tid);
    if (reason) {
        text_put(&c->out, " [");
        put_safe(&c->out, reason);
        text_putc(&c->out, ']');
    }
    text_putc(&c->out, '\n');
    if (l->labels)
        put_labels(c, l, task, indent);
    if (l->depth)
        put_stack(c, l, task, indent);
}

static struct err *put_one(struct console *c, struct listing *l, const struct task *task)
{
    put_line(c, l, task, "");
    if (l->exec) {
        SCOPED(freep) char *line = xasprintf("goroutine %" PRIu64 " %s", task->id, l->exec);
        struct text answer = {0};
        struct err *e = console_capture(c, line, &answer);
        text_putn(&c->out, text_str(&answer), answer.n);
        text_done(&answer);
        if (e && e->code == ERR_CANCELLED)
            return e;
        if (e)
            console_say(c, e);
    }
    return console_flush(c);
}

static struct err *list(struct console *c, struct listing *l)
{
    size_t n = 0;
    for (size_t i = 0; i < l->t->n; i++) {
        if (!is_listed(c, l, &l->t->v[i]))
            continue;
        TRY(put_one(c, l, &l->t->v[i]));
        n++;
    }
    if (!l->exec)
        text_printf(&c->out, "[%zu goroutines]\n", n);
    return NULL;
}

/* ---- groups ---- */

struct group {
    const char *name;
    size_t n, order;
    const struct task *first[EXAMPLES];
};
struct groups {
    VEC(struct group) v;
    struct mapstr by_name;
    struct arena arena;
};

static void groups_done(struct groups *g)
{
    vec_done(&g->v);
    mapstr_done(&g->by_name);
    arena_done(&g->arena);
}

static void add(struct groups *g, const struct task *task, const struct text *name)
{
    bool fresh;
    const char *kept = arena_strndup(&g->arena, text_str(name), name->n);
    uint64_t *slot = mapstr_put(&g->by_name, kept, name->n, &fresh);
    if (fresh) {
        *slot = g->v.n;
        *vec_push(&g->v) = (struct group){.name = kept, .order = g->v.n};
    }
    struct group *group = &g->v.v[*slot];
    if (group->n < EXAMPLES)
        group->first[group->n] = task;
    group->n++;
}

static int by_size(const void *a, const void *b)
{
    const struct group *x = a, *y = b;
    if (x->n != y->n)
        return x->n > y->n ? -1 : 1;
    return strcmp(x->name, y->name);
}

static struct err *list_groups(struct console *c, struct listing *l)
{
    SCOPED(groups_done) struct groups g = {0};
    struct text name = {0};
    for (size_t i = 0; i < l->t->n; i++) {
        if (!is_listed(c, l, &l->t->v[i]))
            continue;
        text_clear(&name);
        goroutine_put_group(c->session, l->t, &l->t->v[i], &l->group, &name);
        add(&g, &l->t->v[i], &name);
    }
    text_done(&name);
    qsort(g.v.v, g.v.n, sizeof(*g.v.v), by_size);
    for (size_t k = 0; k < g.v.n; k++) {
        const struct group *group = &g.v.v[k];
        text_printf(&c->out, "%s%s\n", k ? "\n" : "", group->name);
        for (size_t i = 0; i < group->n && i < EXAMPLES; i++)
            put_line(c, l, group->first[i], "\t");
        text_printf(&c->out, "\tTotal: %zu\n", group->n);
        TRY(console_flush(c));
    }
    return NULL;
}

static struct err *run_goroutines(struct console *c, const char *args)
{
    SCOPED(listing_done) struct listing l = {.show = PLACE_USER};
    TRY(console_tasks(c, &l.t));
    TRY(parse(c, args, &l));
    l.selected = console_task(c, l.t);
    return l.group.by == BY_NOTHING ? list(c, &l) : list_groups(c, &l);
}

static const struct console_command rows[] = {
    {"goroutines", "grs", CLASS_STATUS,
     "[-u|-r|-g|-s] [-t [DEPTH]] [-l] [-with|-without WHAT]... [-group WHAT] [-chan EXPR] [-exec COMMAND]",
     "List the goroutines of a Go program.",
     "Each is shown where it is: -u in the program (default), -r in the innermost frame, -g at the statement that made "
     "it, -s at the function that it began with. -t adds stacks, -l labels.\n"
     "WHAT is userloc, curloc, goloc, startloc and text that the place contains, label KEY[=VALUE], running, or user. "
     "-group takes the same without the text, and label KEY. -chan: those that wait for a channel. -exec runs a "
     "command for each.",
     COMPLETE_NOTHING, REPEAT_NEVER, run_goroutines},
};
const struct console_table console_goroutines_table = {rows, ARRAY_LEN(rows)};
