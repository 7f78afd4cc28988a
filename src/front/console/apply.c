/* SPDX-License-Identifier: Apache-2.0 */
/* thread apply, frame apply and their short forms. */
#include "front/console/apply.h"

#include <ctype.h>
#include <string.h>

/* ---- lists ---- */

static struct err *parse_one(const char **args, size_t threads, struct thread_list *out)
{
    const char *s = *args;
    if (begins_with(s, "1."))
        s += 2; /* gdb's INFERIOR.THREAD: there is one inferior */
    char *end;
    unsigned long first = strtoul(s, &end, 10), last = first;
    if (*end == '-' && isdigit((unsigned char)end[1]))
        last = strtoul(end + 1, &end, 10);
    if (!first || (*end && !isspace((unsigned char)*end)))
        return err_new(ERR_USAGE, "invalid thread ID: %s", *args);
    if (last < first)
        return err_new(ERR_USAGE, "inverted range");
    for (unsigned long n = first; n <= last && n <= threads + 1; n++) /* one too many, so that it is said */
        *vec_push(&out->v) = (unsigned)n;
    *args = end + strspn(end, " \t");
    return NULL;
}

struct err *thread_list_parse(struct console *c, const char **args, struct thread_list *out)
{
    const struct image *im;
    TRY(console_target(c, &im));
    for (;;) {
        size_t n = strcspn(*args, " \t");
        if (**args == '$') {
            SCOPED(freep) char *word = xstrndup(*args, n);
            uint64_t number;
            TRY(console_number(c, word, &number));
            *vec_push(&out->v) = number < UINT32_MAX ? (unsigned)number : UINT32_MAX;
            *args += n + strspn(*args + n, " \t");
        } else if (isdigit((unsigned char)**args)) {
            TRY(parse_one(args, im->threads.n, out));
        } else {
            return NULL;
        }
    }
}

bool thread_list_has(const struct thread_list *l, unsigned number)
{
    for (size_t i = 0; i < l->v.n; i++)
        if (l->v.v[i] == number)
            return true;
    return l->v.n == 0;
}

void thread_list_done(struct thread_list *l)
{
    vec_done(&l->v);
}

/* ---- what both do for each ---- */

struct apply {
    bool quiet;    /* -q: no headers */
    bool go_on;    /* -c: errors are shown and it goes on */
    bool silent;   /* -s: neither errors nor empty answers */
    bool ascending;
    const char *command;
};

static struct err *parse_flags(const char **args, struct apply *a)
{
    for (;;) {
        if (args_word(args, "-q"))
            a->quiet = true;
        else if (args_word(args, "-c"))
            a->go_on = true;
        else if (args_word(args, "-s"))
            a->silent = true;
        else if (args_word(args, "-ascending"))
            a->ascending = true;
        else
            break;
    }
    args_word(args, "--");
    if (a->go_on && a->silent)
        return err_new(ERR_USAGE, "-c and -s are mutually exclusive");
    a->command = *args;
    return NULL;
}

/* Runs the command and puts `header` before its answer. */
static struct err *apply_here(struct console *c, const struct apply *a, const char *header)
{
    struct text answer = {0};
    struct err *e = console_capture(c, a->command, &answer);
    bool cancelled = e && e->code == ERR_CANCELLED;
    if (!a->quiet && (!a->silent || answer.n) && !cancelled)
        text_put(&c->out, header);
    text_putn(&c->out, text_str(&answer), answer.n);
    text_done(&answer);
    if (e && !cancelled && (a->silent || a->go_on)) {
        if (a->go_on)
            console_say(c, e);
        else
            err_free(e);
        e = NULL;
    }
    return e ? e : console_flush(c);
}

/* ---- threads ---- */

static struct err *apply_to_thread(struct console *c, const struct apply *a, const struct image_thread *th)
{
    struct text header = {0};
    text_printf(&header, "\nThread %u (", console_thread_number(c, th->tid));
    console_put_thread(&header, c, th, true);
    text_put(&header, "):\n");
    console_select(c, th->tid, 0);
    struct err *e = apply_here(c, a, text_str(&header));
    text_done(&header);
    return e;
}

static struct err *apply_to_list(struct console *c, const struct apply *a, const struct thread_list *list)
{
    for (size_t i = 0; i < list->v.n; i++) {
        const struct image_thread *th = console_thread(c, list->v.v[i]);
        if (th)
            TRY(apply_to_thread(c, a, th));
        else
            console_warn(c, "warning: Unknown thread %u\n", list->v.v[i]);
    }
    return NULL;
}

/* gdb's order: the last thread first, so that the first ends nearest to the prompt. */
static struct err *apply_to_all(struct console *c, const struct apply *a, size_t n)
{
    for (size_t i = 0; i < n; i++)
        TRY(apply_to_thread(c, a, console_thread(c, a->ascending ? i + 1 : n - i)));
    return NULL;
}

static struct err *thread_apply(struct console *c, const char *args, struct apply a)
{
    const struct image *im;
    TRY(console_target(c, &im));
    SCOPED(thread_list_done) struct thread_list list = {0};
    bool all = args_word(&args, "all");
    if (!all)
        TRY(thread_list_parse(c, &args, &list));
    if (!all && !list.v.n)
        return err_new(ERR_USAGE, *args ? "invalid thread ID: %s" : "please specify a thread ID list%s", args);
    TRY(parse_flags(&args, &a));
    if (!*a.command)
        return err_new(ERR_USAGE, all ? "please specify a command at the end of 'thread apply all'"
                                      : "please specify a command following the thread ID list");
    int32_t tid = c->tid;
    size_t frame = c->frame;
    struct err *e = all ? apply_to_all(c, &a, im->threads.n) : apply_to_list(c, &a, &list);
    if (console_thread_number(c, tid))
        console_select(c, tid, frame);
    return e;
}

static struct err *run_thread_apply(struct console *c, const char *args)
{
    return thread_apply(c, args, (struct apply){0});
}

static struct err *run_taas(struct console *c, const char *args)
{
    if (!*args)
        return err_new(ERR_USAGE, "please specify a command to apply on all threads");
    SCOPED(freep) char *line = xasprintf("all -s %s", args);
    return thread_apply(c, line, (struct apply){0});
}

static struct err *run_tfaas(struct console *c, const char *args)
{
    if (!*args)
        return err_new(ERR_USAGE, "please specify a command to apply on all frames of all threads");
    SCOPED(freep) char *line = xasprintf("all -s -- frame apply all -s %s", args);
    return thread_apply(c, line, (struct apply){0});
}

/* ---- frames ---- */

static struct err *apply_to_frames(struct console *c, const struct apply *a, size_t first, size_t end)
{
    const struct sstack *st;
    for (size_t i = first; i < end; i++) {
        TRY(console_first_frames(c, i + 1, &st));
        if (i >= st->n)
            return err_new(ERR_NOT_FOUND, "no frame at level %zu", i);
        struct text kept = c->out, header;
        c->out = (struct text){0};
        console_put_frame(c, st, i, 0);
        header = c->out;
        c->out = kept;
        c->frame = i;
        struct err *e = apply_here(c, a, text_str(&header));
        text_done(&header);
        TRY(e);
    }
    return NULL;
}

/* "level 1 3-4": the lists are short, the frames need not be in order. */
static struct err *apply_to_levels(struct console *c, struct apply *a, const char *args)
{
    struct thread_list levels = {0}; /* one more than the level: lists of threads begin at 1 */
    struct err *e = NULL;
    while (isdigit((unsigned char)*args) && !e) {
        char *end;
        unsigned long first = strtoul(args, &end, 10), last = first;
        if (*end == '-')
            last = strtoul(end + 1, &end, 10);
        args = end + strspn(end, " \t");
        for (unsigned long n = first; n <= last && n - first < 100000; n++)
            *vec_push(&levels.v) = (unsigned)n;
    }
    if (!levels.v.n)
        e = err_new(ERR_USAGE, "missing or invalid LEVEL... argument");
    if (!e)
        e = parse_flags(&args, a);
    for (size_t i = 0; i < levels.v.n && !e; i++)
        e = apply_to_frames(c, a, levels.v.v[i], (size_t)levels.v.v[i] + 1);
    vec_done(&levels.v);
    return e;
}

static struct err *frame_apply(struct console *c, const char *args)
{
    const struct sstack *st;
    struct apply a = {0};
    int64_t count = 0;
    TRY(console_stack(c, &st));
    size_t first = 0, end = st->n;
    if (args_word(&args, "level"))
        return apply_to_levels(c, &a, args);
    if (!args_word(&args, "all")) {
        if (!args_number(&args, &count))
            return err_new(ERR_USAGE, *args ? "invalid COUNT argument" : "missing COUNT argument");
        if (count > 0 && (uint64_t)count < end)
            end = (size_t)count;
        else if (count < 0 && (uint64_t)-count < end)
            first = end - (size_t)-count;
    }
    TRY(parse_flags(&args, &a));
    if (!*a.command)
        return err_new(ERR_USAGE, "please specify a command to apply on the selected frames");
    return apply_to_frames(c, &a, first, end);
}

static struct err *run_frame_apply(struct console *c, const char *args)
{
    size_t frame = c->frame;
    struct err *e = frame_apply(c, args);
    c->frame = frame;
    return e;
}

static struct err *run_faas(struct console *c, const char *args)
{
    if (!*args)
        return err_new(ERR_USAGE, "please specify a command to apply on all frames");
    SCOPED(freep) char *line = xasprintf("all -s %s", args);
    return run_frame_apply(c, line);
}

static const struct console_command rows[] = {
    {"thread apply", NULL, CLASS_STACK, "LIST|all [-q] [-c] [-s] [-ascending] COMMAND",
     "Run a command for each of several threads.",
     "LIST is like 1 3-5. -q leaves the headers out, -c shows errors and goes on, -s leaves out threads where the "
     "command fails or says nothing.",
     COMPLETE_COMMAND, REPEAT_SAME, run_thread_apply},
    {"taas", NULL, CLASS_STACK, "COMMAND", "Run a command for all threads, leaving out those where it fails.", NULL,
     COMPLETE_COMMAND, REPEAT_SAME, run_taas},
    {"tfaas", NULL, CLASS_STACK, "COMMAND",
     "Run a command for all frames of all threads, leaving out those where it fails.", NULL, COMPLETE_COMMAND,
     REPEAT_SAME, run_tfaas},
    {"frame apply", NULL, CLASS_STACK, "all|N|-N|level LIST [-q] [-c] [-s] COMMAND",
     "Run a command for each of several frames.",
     "N is the innermost N frames, -N the outermost. The flags are those of thread apply.", COMPLETE_COMMAND,
     REPEAT_SAME, run_frame_apply},
    {"faas", NULL, CLASS_STACK, "COMMAND", "Run a command for all frames, leaving out those where it fails.", NULL,
     COMPLETE_COMMAND, REPEAT_SAME, run_faas},
};
const struct console_table console_apply_table = {rows, ARRAY_LEN(rows)};
