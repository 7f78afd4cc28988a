/* SPDX-License-Identifier: Apache-2.0 */
/* The selected goroutine; goroutine, threads and info goroutines. */
#include "front/console/goroutine.h"

#include <inttypes.h>
#include <string.h>

/* ---- the target's ---- */

struct err *console_tasks(struct console *c, const struct tasks **out)
{
    const struct image *im;
    TRY(console_target(c, &im));
    return goroutine_tasks(c->session, out);
}

const struct task *console_task(struct console *c, const struct tasks *t)
{
    if (c->task)
        return c->task;
    for (size_t i = 0; i < t->n; i++)
        if (t->v[i].tid && t->v[i].tid == c->tid)
            return &t->v[i];
    return NULL;
}

void console_select_task(struct console *c, const struct tasks *t, const struct task *task)
{
    bool on_thread = task->tid && console_thread_number(c, task->tid);
    console_select(c, on_thread ? task->tid : c->tid, 0);
    c->tasks = t;
    c->task = on_thread ? NULL : task;
}

/* ---- where one is ---- */

void goroutine_path_put(struct text *t, const char *path)
{
    SCOPED(freep) char *here = getcwd(NULL, 0);
    size_t n = here ? strlen(here) : 0;
    bool below = n > 1 && strncmp(path, here, n) == 0 && path[n] == '/';
    text_put(t, below ? "." : "");
    put_safe(t, below ? path + n : path);
}

void goroutine_at_put(struct text *t, const struct goroutine_at *at)
{
    if (at->file)
        goroutine_path_put(t, at->file);
    text_printf(t, ":%" PRIu32 " ", at->line);
    put_safe(t, at->function ? at->function : "???");
    text_printf(t, " (0x%" PRIx64 ")", at->pc);
}

int goroutine_width(size_t n)
{
    int width = 1;
    for (size_t last = n ? n - 1 : 0; last >= 10; last /= 10)
        width++;
    return width;
}

void goroutine_frame_put(struct text *t, const struct sframe *f, size_t number, int width, const char *indent)
{
    text_printf(t, "%s%*zu  0x%016" PRIx64 " in ", indent, width, number, f->pc);
    put_safe(t, f->at->function ? f->at->function : "???");
    text_printf(t, "\n%s%*sat ", indent, width + 2 + (int)strlen(indent), "");
    goroutine_path_put(t, f->at->file ? f->at->file : "?");
    text_printf(t, ":%" PRIu32 "\n", f->at->line);
}

const char *goroutine_place_name(enum goroutine_place place)
{
    static const char *const names[] = {
        [PLACE_USER] = "User", [PLACE_CURRENT] = "Runtime", [PLACE_GO] = "Go", [PLACE_START] = "Start"};
    return names[place];
}

/* ---- goroutine ---- */

static struct err *show_goroutine(struct console *c, const struct tasks *t)
{
    static const enum goroutine_place places[] = {PLACE_CURRENT, PLACE_USER, PLACE_GO, PLACE_START};
    const struct task *task = console_task(c, t);
    if (!task) {
        text_printf(&c->out, "Thread %" PRId32 " runs no goroutine\n", c->tid);
        return NULL;
    }
    if (task->tid) {
        struct goroutine_at at = goroutine_at(c->session, t, task, PLACE_CURRENT);
        text_printf(&c->out, "Thread %" PRId32 " at ", task->tid);
        goroutine_path_put(&c->out, at.file ? at.file : "?");
        text_printf(&c->out, ":%" PRIu32 "\n", at.line);
    }
    text_printf(&c->out, "Goroutine %" PRIu64 ":\n", task->id);
    for (size_t i = 0; i < ARRAY_LEN(places); i++) {
        struct goroutine_at at = goroutine_at(c->session, t, task, places[i]);
        text_printf(&c->out, "\t%s: ", goroutine_place_name(places[i]));
        goroutine_at_put(&c->out, &at);
        text_putc(&c->out, '\n');
    }
    return NULL;
}

static struct err *run_goroutine(struct console *c, const char *args)
{
    const struct tasks *t;
    int64_t id;
    TRY(console_tasks(c, &t));
    if (!*args)
        return show_goroutine(c, t);
    if (!args_number(&args, &id))
        return err_new(ERR_USAGE, "'%s' is no number of a goroutine", args);
    const struct task *task = goroutine_find(t, (uint64_t)id), *from = console_task(c, t);
    if (!task)
        return err_new(ERR_NOT_FOUND, "unknown goroutine %" PRId64, id);
    struct console_selection before = console_selection(c);
    console_select_task(c, t, task);
    if (*args)
        return console_run_selected(c, &before, args);
    text_printf(&c->out, "Switched from %" PRIu64 " to %" PRId64, from ? from->id : 0, id);
    text_printf(&c->out, " (thread %" PRId32 ")\n", c->tid);
    return NULL;
}

/* ---- info goroutines, threads ---- */

/* As the script runtime-gdb.py that comes with Go: "* 1 running  runtime.raise". */
static struct err *run_info_goroutines(struct console *c, const char *args)
{
    const struct tasks *t;
    (void)args;
    TRY(console_tasks(c, &t));
    for (size_t i = 0; i < t->n; i++) {
        const struct task *task = &t->v[i];
        struct goroutine_at at = goroutine_at(c->session, t, task, PLACE_CURRENT);
        text_printf(&c->out, "%c %" PRIu64 " %s  ", task->tid ? '*' : ' ', task->id,
                    session_task_state(c->session, t, task));
        put_safe(&c->out, at.function ? at.function : "?");
        text_putc(&c->out, '\n');
        TRY(console_flush(c));
    }
    return NULL;
}

static void put_thread(struct console *c, const struct image_thread *th)
{
    const struct sstack *st = NULL;
    IGNORE_ERR(console_stack_of(c, th->tid, 1, &st)); /* a thread without a stack is listed, too */
    text_printf(&c->out, "%c Thread %" PRId32, th->tid == c->tid ? '*' : ' ', th->tid);
    if (st && st->n) {
        struct goroutine_at at = goroutine_at_frame(st->frames, st->n, 0);
        text_printf(&c->out, " at 0x%" PRIx64 " ", at.pc);
        goroutine_path_put(&c->out, at.file ? at.file : "?");
        text_printf(&c->out, ":%" PRIu32 " ", at.line);
        put_safe(&c->out, at.function ? at.function : "???");
    }
    text_putc(&c->out, '\n');
}

static struct err *run_threads(struct console *c, const char *args)
{
    const struct tasks *t;
    struct err *e = console_tasks(c, &t);
    if (e && e->code == ERR_CANCELLED)
        return e;
    bool go = !e;
    err_free(e); /* no Go: threads as gdb lists them */
    if (!go || *args) {
        SCOPED(freep) char *line = xasprintf("info threads %s", args);
        return console_run(c, line);
    }
    TRY(console_first_frames_of_all(c));
    const struct image *im = session_image(c->session);
    for (size_t i = 0; i < im->threads.n; i++) {
        put_thread(c, &im->threads.v[i]);
        TRY(console_flush(c));
    }
    return NULL;
}

static const struct console_command rows[] = {
    {"goroutine", "gr", CLASS_STACK, "[N [COMMAND]]", "Show which goroutine is selected, or select goroutine N.",
     "With a COMMAND: run it in goroutine N, and select none.", COMPLETE_NOTHING, REPEAT_SAME, run_goroutine},
    {"info goroutines", NULL, CLASS_STATUS, NULL, "List the goroutines, and the function that each is in.", NULL,
     COMPLETE_NOTHING, REPEAT_NEVER, run_info_goroutines},
    {"threads", NULL, CLASS_STATUS, "[LIST]",
     "List the threads of a Go program as Delve does; of others, info threads.", NULL, COMPLETE_NOTHING, REPEAT_SAME,
     run_threads},
};
const struct console_table console_goroutine_table = {rows, ARRAY_LEN(rows)};
