/* SPDX-License-Identifier: Apache-2.0 */
/* Threads: info threads, thread, thread apply and its short forms. */
#include "front/console/console.h"

#include <ctype.h>
#include <inttypes.h>
#include <string.h>

/* ---- lists of thread numbers: "1 3-5 7", "all", $_thread ---- */

struct numbers {
    VEC(unsigned) v;
};

static struct err *parse_list(struct console *c, const char **args, struct numbers *out, bool *all)
{
    const struct image *im;
    TRY(console_target(c, &im));
    *all = args_word(args, "all");
    while (!*all && isdigit((unsigned char)**args)) {
        char *end;
        unsigned long first = strtoul(*args, &end, 10), last = first;
        if (*end == '.') { /* gdb's INFERIOR.THREAD: there is one inferior */
            if (first != 1)
                return err_new(ERR_USAGE, "no inferior number '%lu'", first);
            first = last = strtoul(end + 1, &end, 10);
        }
        if (*end == '-')
            last = strtoul(end + 1, &end, 10);
        if (*end && !isspace((unsigned char)*end))
            return err_new(ERR_USAGE, "invalid thread ID: %s", *args);
        if (last < first)
            return err_new(ERR_USAGE, "inverted range");
        if (last > im->threads.n + 1)
            last = im->threads.n + 1; /* one that is not there, for the message */
        for (unsigned long n = first; n <= last; n++)
            *vec_push(&out->v) = (unsigned)n;
        *args = end + strspn(end, " \t");
    }
    return NULL;
}

static bool listed(const struct numbers *l, unsigned number)
{
    for (size_t i = 0; i < l->v.n; i++)
        if (l->v.v[i] == number)
            return true;
    return false;
}

/* ---- info threads ---- */

static struct err *run_info_threads(struct console *c, const char *args)
{
    struct numbers list = {0};
    bool all;
    struct text target = {0};
    size_t widest = strlen("Target Id");
    if (!c->session) {
        text_put(&c->out, "No threads.\n");
        return NULL;
    }
    IGNORE_ERR(console_stack(c, &(const struct sstack *){NULL})); /* threads without stacks are listed too */
    TRY(parse_list(c, &args, &list, &all));
    const struct image *im = session_image(c->session);
    for (size_t i = 0; i < im->threads.n; i++) {
        text_clear(&target);
        console_put_thread(&target, c, &im->threads.v[i]);
        size_t n = text_columns(text_str(&target));
        widest = n > widest ? n : widest;
    }
    bool any = false;
    for (size_t i = 0; i < im->threads.n; i++) {
        const struct image_thread *th = &im->threads.v[i];
        if (list.v.n && !listed(&list, (unsigned)i + 1))
            continue;
        if (!any)
            text_printf(&c->out, "  Id   %-*s Frame \n", (int)widest, "Target Id");
        any = true;
        text_clear(&target);
        console_put_thread(&target, c, th);
        text_printf(&c->out, "%c %-4zu %s%*s ", th->tid == c->tid ? '*' : ' ', i + 1, text_str(&target),
                    (int)(widest - text_columns(text_str(&target))), "");
        const struct sstack *st = console_stack_of(c, th->tid);
        if (st && st->n)
            console_put_frame(c, st, th->tid == c->tid ? c->frame : 0, FRAME_BRIEF);
        else
            text_printf(&c->out, "(%s)\n", th->why ? th->why : "no registers");
        TRY(console_flush(c));
    }
    if (!any)
        text_printf(&c->out, "No threads match '%s'.\n", args);
    text_done(&target);
    vec_done(&list.v);
    return NULL;
}

/* ---- thread ---- */

static struct err *run_thread(struct console *c, const char *args)
{
    const struct image *im;
    if (!*args) {
        if (!c->session || !c->tid) {
            text_put(&c->out, "No thread selected\n");
            return NULL;
        }
        text_printf(&c->out, "[Current thread is %u (", console_thread_number(c, c->tid));
        console_put_thread(&c->out, c, console_thread(c, console_thread_number(c, c->tid)));
        text_put(&c->out, ")]\n");
        return NULL;
    }
    TRY(console_target(c, &im));
    uint64_t number;
    const char *word = strncmp(args, "1.", 2) == 0 ? args + 2 : args;
    if (!parse_number(word, UINT32_MAX, &number))
        return err_new(ERR_USAGE, "invalid thread ID: %s", args);
    const struct image_thread *th = console_thread(c, number);
    if (!th)
        return err_new(ERR_NOT_FOUND, "unknown thread %s", args);
    console_select(c, th->tid, 0);
    text_printf(&c->out, "[Switching to thread %" PRIu64 " (", number);
    console_put_thread(&c->out, c, th);
    text_put(&c->out, ")]\n");
    return console_show_frame(c);
}

static const struct console_command rows[] = {
    {"info threads", "threads", CLASS_STATUS, "[LIST]", "List the threads, and where each is.", NULL, COMPLETE_NOTHING,
     REPEAT_SAME, run_info_threads},
    {"thread", "t|tr", CLASS_STACK, "[N]", "Show which thread is selected, or select thread N.", NULL, COMPLETE_NOTHING,
     REPEAT_SAME, run_thread},
};
const struct console_table console_thread_table = {rows, ARRAY_LEN(rows)};
