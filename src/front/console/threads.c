/* SPDX-License-Identifier: Apache-2.0 */
/* Threads: info threads, thread, thread find. */
#include "front/console/apply.h"
#include "front/console/console.h"

#include <inttypes.h>
#include <regex.h>
#include <string.h>

/* ---- info threads ---- */

static size_t target_column(struct console *c, const struct image *im)
{
    struct text target = {0};
    size_t widest = strlen("Target Id");
    for (size_t i = 0; i < im->threads.n; i++) {
        text_clear(&target);
        console_put_thread(&target, c, &im->threads.v[i], true);
        size_t n = text_columns(text_str(&target));
        widest = n > widest ? n : widest;
    }
    text_done(&target);
    return widest;
}

static void put_thread_row(struct console *c, const struct image_thread *th, size_t number, size_t width)
{
    struct text target = {0};
    bool selected = th->tid == c->tid;
    console_put_thread(&target, c, th, true);
    text_printf(&c->out, "%c %-4zu %s%*s ", selected ? '*' : ' ', number, text_str(&target),
                (int)(width - text_columns(text_str(&target))), "");
    text_done(&target);
    const struct sstack *st;
    size_t frame = selected ? c->frame : 0;
    struct err *e = console_stack_of(c, th->tid, frame + 1, &st);
    if (!e)
        console_put_frame(c, st, frame, FRAME_BRIEF);
    else
        text_printf(&c->out, "(%s)\n", th->why ? th->why : "no registers");
    err_free(e); /* a thread without a stack is listed, too */
}

static struct err *list_threads(struct console *c, const struct image *im, const struct thread_list *list)
{
    size_t width = target_column(c, im);
    bool any = false;
    for (size_t i = 0; i < im->threads.n; i++) {
        if (!thread_list_has(list, (unsigned)i + 1))
            continue;
        if (!any)
            text_printf(&c->out, "  Id   %-*s Frame \n", (int)width, "Target Id");
        any = true;
        put_thread_row(c, &im->threads.v[i], i + 1, width);
        TRY(console_flush(c));
    }
    if (!any)
        text_put(&c->out, "No threads match that list.\n");
    return NULL;
}

static struct err *run_info_threads(struct console *c, const char *args)
{
    if (!c->session) {
        text_put(&c->out, "No threads.\n");
        return NULL;
    }
    TRY(console_first_frames_of_all(c));
    SCOPED(thread_list_done) struct thread_list list = {0};
    TRY(thread_list_parse(c, &args, &list));
    return list_threads(c, session_image(c->session), &list);
}

/* ---- thread ---- */

static void put_thread_id(struct console *c, const char *what, const struct image_thread *th)
{
    text_printf(&c->out, "[%s %u (", what, console_thread_number(c, th->tid));
    console_put_thread(&c->out, c, th, false);
    text_put(&c->out, ")]\n");
}

void console_put_current_thread(struct console *c)
{
    const struct image_thread *th = console_thread(c, console_thread_number(c, c->tid));
    if (th)
        put_thread_id(c, "Current thread is", th);
    else
        text_put(&c->out, "No thread selected\n");
}

static struct err *run_thread(struct console *c, const char *args)
{
    const struct image *im;
    uint64_t number;
    if (!*args)
        return console_put_current_thread(c), NULL;
    TRY(console_target(c, &im));
    const char *word = begins_with(args, "1.") ? args + 2 : args;
    if (*word == '$')
        TRY(console_number(c, word, &number));
    else if (!parse_number(word, UINT32_MAX, &number))
        return err_new(ERR_USAGE, "invalid thread ID: %s", args);
    const struct image_thread *th = console_thread(c, number);
    if (!th)
        return err_new(ERR_NOT_FOUND, "unknown thread %s", args);
    console_select(c, th->tid, 0);
    put_thread_id(c, "Switching to thread", th);
    return console_show_frame(c);
}

static struct err *run_thread_find(struct console *c, const char *args)
{
    const struct image *im;
    TRY(console_target(c, &im));
    regex_t re;
    TRY(console_regex(args, &re));
    bool any = false;
    for (size_t i = 0; i < im->threads.n; i++) {
        const struct image_thread *th = &im->threads.v[i];
        struct text id = {0};
        console_put_thread(&id, c, th, false);
        if (th->name && regexec(&re, th->name, 0, NULL, 0) == 0) {
            text_printf(&c->out, "Thread %zu has name '", i + 1);
            put_safe(&c->out, th->name);
            text_put(&c->out, "'\n");
            any = true;
        }
        if (regexec(&re, text_str(&id), 0, NULL, 0) == 0) {
            text_printf(&c->out, "Thread %zu has target id '%s'\n", i + 1, text_str(&id));
            any = true;
        }
        text_done(&id);
    }
    regfree(&re);
    if (!any)
        text_printf(&c->out, "No threads match '%s'\n", args);
    return NULL;
}

static const struct console_command rows[] = {
    {"info threads", NULL, CLASS_STATUS, "[LIST]", "List the threads, and where each is.",
     "LIST is like 1 3-5: only these.", COMPLETE_NOTHING, REPEAT_SAME, run_info_threads},
    {"thread", "t|tr", CLASS_STACK, "[N]", "Show which thread is selected, or select thread N.", NULL, COMPLETE_NOTHING,
     REPEAT_SAME, run_thread},
    {"thread find", NULL, CLASS_STACK, "REGEXP", "List the threads whose name or id matches.", NULL, COMPLETE_NOTHING,
     REPEAT_NEVER, run_thread_find},
};
const struct console_table console_thread_table = {rows, ARRAY_LEN(rows)};
