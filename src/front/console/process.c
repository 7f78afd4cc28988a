/* SPDX-License-Identifier: Apache-2.0 */
/* A process that is held: continue, detach, generate-core-file. */
#include "front/console/code.h"
#include "front/console/console.h"

#include <inttypes.h>
#include <string.h>

static struct err *not_running(void)
{
    return err_new(ERR_NO_DATA, "the program is not being run");
}

static struct err *running(struct console *c, const struct image **im)
{
    if (!c->session || session_image(c->session)->kind != IMAGE_LIVE)
        return not_running();
    *im = session_image(c->session);
    return NULL;
}

/* What gdb says only to who types. */
static void tell(struct console *c, const char *s)
{
    if (!call_has(c->call, "batch"))
        text_put(&c->out, s);
}

/* "Thread 2 "name"", or "Program" when it has but one thread. */
static void put_subject(struct console *c, const struct image *im, int32_t tid)
{
    const struct image_thread *th = console_thread(c, console_thread_number(c, tid));
    if (im->threads.n < 2 || !th) {
        text_put(&c->out, "\nProgram");
        return;
    }
    text_printf(&c->out, "\nThread %u", console_thread_number(c, tid));
    if (th->name) {
        text_put(&c->out, " \"");
        put_safe(&c->out, th->name);
        text_putc(&c->out, '"');
    }
}

static void put_signal_stop(struct console *c, const struct image *im, const struct stop *stop)
{
    put_subject(c, im, stop->tid);
    text_put(&c->out, " received signal ");
    console_put_signal(&c->out, stop->signo, false);
    text_put(&c->out, ", ");
    console_put_signal(&c->out, stop->signo, true);
    text_put(&c->out, ".\n");
}

/* Where it stands now: the frame without its number. */
static struct err *show_place(struct console *c)
{
    const struct sstack *st;
    const struct sframe *f;

    TRY(console_first_frames(c, 1, &st));
    TRY(console_sframe(c, &f));
    console_put_frame(c, st, c->frame, FRAME_BRIEF);
    console_put_source_line(c, f);
    return NULL;
}

/* It has ended: nothing is left to look at. */
static struct err *ended(struct console *c, const struct stop *stop)
{
    int32_t pid = session_image(c->session)->pid;

    if (stop->kind == STOP_KILLED) {
        text_put(&c->out, "\nProgram terminated with signal ");
        console_put_signal(&c->out, stop->signo, false);
        text_put(&c->out, ", ");
        console_put_signal(&c->out, stop->signo, true);
        text_put(&c->out, ".\nThe program no longer exists.\n");
    } else if (stop->code) {
        text_printf(&c->out, "[Inferior 1 (process %" PRId32 ") exited with code %02" PRIo32 "]\n", pid,
                    (uint32_t)stop->code);
    } else {
        text_printf(&c->out, "[Inferior 1 (process %" PRId32 ") exited normally]\n", pid);
    }
    console_close(c);
    return NULL;
}

static struct err *show_stop(struct console *c, const struct stop *stop, int32_t selected)
{
    const struct image *im = session_image(c->session);

    if (stop->kind == STOP_SIGNAL)
        put_signal_stop(c, im, stop);
    else {
        put_subject(c, im, stop->tid);
        text_put(&c->out, " stopped.\n");
    }
    if (stop->tid != selected && im->threads.n > 1) {
        text_put(&c->out, "[Switching to ");
        console_put_thread(&c->out, c, console_thread(c, console_thread_number(c, stop->tid)), false);
        text_put(&c->out, "]\n");
    }
    console_select(c, stop->tid, 0);
    TRY(show_place(c));
    return console_show_displays(c);
}

/* What is only to be shown stops it for as long as that takes. */
static struct err *go_on(struct console *c, const struct signal_rules *given)
{
    struct signal_rules rules = *given;
    int32_t selected = c->tid;
    struct stop stop;

    for (;;) {
        uint64_t stops = c->signals.rules.stop;
        rules.stop = stops | c->signals.print;
        TRY(console_flush(c));
        struct err *e = session_continue(c->session, &rules, &stop);
        console_question(c); /* what Ctrl-C cancelled was that it ran */
        if (e && e->code == ERR_GONE)
            console_close(c);
        TRY(e);
        if (stop.kind == STOP_EXITED || stop.kind == STOP_KILLED)
            return ended(c, &stop);
        console_moved(c);
        const struct image *im = session_image(c->session);
        if (stop.kind == STOP_EXEC) {
            text_printf(&c->out, "process %" PRId32 " is executing new program: ", im->pid);
            put_safe(&c->out, im->exe ? im->exe : "?");
            text_putc(&c->out, '\n');
        } else if (stop.kind == STOP_SIGNAL && !((stops >> (stop.signo - 1)) & 1)) {
            put_signal_stop(c, im, &stop);
        } else {
            return show_stop(c, &stop, selected);
        }
        rules.pass = c->signals.rules.pass;
    }
}

static struct err *run_continue(struct console *c, const char *args)
{
    const struct image *im;
    TRY(running(c, &im));
    if (*args)
        return err_hint(err_new(ERR_UNSUPPORTED, "Inquest sets no breakpoints that it could pass over"),
                        "use \"continue\" alone");
    tell(c, "Continuing.\n");
    return go_on(c, &c->signals.rules);
}

static struct err *run_signal(struct console *c, const char *args)
{
    const struct image *im;
    struct signal_rules rules = c->signals.rules;
    TRY(running(c, &im));
    if (strcmp(args, "0") != 0)
        return err_hint(err_new(ERR_UNSUPPORTED, "Inquest sends no signals"),
                        "\"signal 0\" continues without the one that the process stopped with");
    tell(c, "Continuing with no signal.\n");
    const struct stop *stop = session_stop(c->session);
    if (stop->kind == STOP_SIGNAL)
        rules.pass &= ~(UINT64_C(1) << (stop->signo - 1));
    return go_on(c, &rules);
}

static struct err *run_detach(struct console *c, const char *args)
{
    const struct image *im;
    TRY(running(c, &im));
    if (*args)
        return err_new(ERR_USAGE, "\"detach\" takes no arguments");
    TRY(session_detach(c->session, &c->signals.rules));
    SCOPED(text_done) struct text t = {0};
    text_put(&t, "Detaching from program: ");
    put_safe(&t, im->exe ? im->exe : "");
    text_printf(&t, ", process %" PRId32 "\n", im->pid);
    tell(c, text_str(&t));
    text_printf(&c->out, "[Inferior 1 (process %" PRId32 ") detached]\n", im->pid);
    console_close(c);
    return NULL;
}

static struct err *run_kill(struct console *c, const char *args)
{
    (void)args;
    const struct image *im;
    TRY(running(c, &im));
    return err_hint(err_new(ERR_UNSUPPORTED, "Inquest ends no process"),
                    "use \"detach\" and \"shell kill %" PRId32 "\"", im->pid);
}

static struct err *run_gcore(struct console *c, const char *args)
{
    const struct image *im;
    struct core_written got;
    TRY(console_target(c, &im));
    bool all = args_word(&args, "-a");
    SCOPED(freep) char *path = *args ? xstrdup(args) : xasprintf("core.%" PRId32, im->pid);
    TRY(session_write_core(c->session, path, c->tid, all, &got));
    text_put(&c->out, "Saved corefile ");
    put_safe(&c->out, path);
    text_putc(&c->out, '\n');
    if (got.skipped)
        text_printf(&c->out, "warning: %" PRIu64 " bytes of memory could not be read\n", got.skipped);
    return NULL;
}

static const struct console_command rows[] = {
    {"continue", "c|fg", CLASS_RUNNING, NULL, "Let the process run until a signal stops it, or Ctrl-C.", NULL,
     COMPLETE_NOTHING, REPEAT_SAME, run_continue},
    {"signal", NULL, CLASS_RUNNING, "0", "Continue without the signal that the process stopped with.", NULL,
     COMPLETE_NOTHING, REPEAT_NEVER, run_signal},
    {"detach", NULL, CLASS_RUNNING, NULL, "Let the process run on, and look at it no longer.", NULL, COMPLETE_NOTHING,
     REPEAT_NEVER, run_detach},
    {"kill", "k", CLASS_RUNNING, NULL, "Refused: Inquest ends no process.", NULL, COMPLETE_NOTHING, REPEAT_NEVER,
     run_kill},
    {"generate-core-file", "gcore", CLASS_DATA, "[-a] [FILE]", "Write a core of the target (core.PID).",
     "The file is new, readable only by you, and takes room only for pages that are not all zeros. Left out is what "
     "the "
     "process itself excludes (coredump_filter, MADV_DONTDUMP), but not with -a. Of a core, a minidump or a packed "
     "core "
     "it is a copy that other debuggers read.",
     COMPLETE_FILE, REPEAT_NEVER, run_gcore},
};
const struct console_table console_process_table = {rows, ARRAY_LEN(rows)};
