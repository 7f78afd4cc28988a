/* SPDX-License-Identifier: Apache-2.0 */
/* Scripts of Python and Starlark: the console owns them, front/script runs them. */
#include "front/console/console.h"
#include "front/scripting.h"

#include <string.h>

enum { WRITE_BYTES = 16 * 1024 };

struct console_script {
    struct script_owner owner; /* first: an owner is a console_script */
    struct console *console;
    struct scripts *scripts;
};

static struct console *console_of(struct script_owner *o)
{
    return ((struct console_script *)o)->console;
}

static struct err *run_command(struct script_owner *o, const char *line, struct text *answer)
{
    return console_capture(console_of(o), line, answer);
}

static struct err *add_command(struct script_owner *o, const char *name, const char *help)
{
    struct console_macro *m;
    TRY(console_macro_named(console_of(o), name, &m));
    free(m->help);
    m->help = help ? xstrdup(help) : NULL;
    m->of_script = true;
    return NULL;
}

static struct err *write_out(struct script_owner *o, const char *s, size_t n, bool flush)
{
    struct console *c = console_of(o);
    text_putn(&c->out, s, n);
    return flush || c->out.n >= WRITE_BYTES ? console_flush(c) : NULL;
}

static void selection(struct script_owner *o, int32_t *tid, size_t *frame)
{
    *tid = console_of(o)->tid;
    *frame = console_of(o)->frame;
}

static uint64_t selected_goroutine(struct script_owner *o)
{
    struct console *c = console_of(o);
    const struct tasks *tasks;
    struct err *e = c->session ? console_tasks(c, &tasks) : err_new(ERR_NO_DATA, "no target is open");
    const struct task *task = e ? NULL : console_task(c, tasks);
    err_free(e); /* no Go: none is selected */
    return task ? task->id : 0;
}

/* Tells the scripts what is so now. */
static void bring_up_to_date(struct console *c)
{
    struct script_owner *o = &c->script->owner;
    o->session = c->session;
    o->seconds = c->set.script_seconds;
    o->bytes = (uint64_t)c->set.script_megabytes << 20;
}

static struct err *host_of(struct console *c, const struct script_host **host)
{
    *host = c->call->scripts->host;
    if (!c->script) {
        c->script = xcalloc(1, sizeof(*c->script));
        c->script->console = c;
        c->script->owner = (struct script_owner){
            .call = c->call,
            .command = run_command,
            .add_command = add_command,
            .write = write_out,
            .selection = selection,
            .goroutine = selected_goroutine,
        };
    }
    bring_up_to_date(c);
    return c->script->scripts ? NULL : (*host)->start(&c->script->owner, &c->script->scripts);
}

bool console_is_script(const char *path)
{
    const char *dot = strrchr(path, '.');
    return dot && (strcmp(dot, ".py") == 0 || strcmp(dot, ".star") == 0);
}

struct err *console_run_script(struct console *c, const char *path, char *const *args, size_t n, int *status)
{
    const struct script_host *host;
    TRY(host_of(c, &host));
    return host->run(c->script->scripts, path, args, n, status);
}

struct err *console_run_script_command(struct console *c, const char *name, const char *args)
{
    const struct script_host *host;
    int status;
    TRY(host_of(c, &host));
    TRY(host->call(c->script->scripts, name, args, &status));
    return status ? err_new(ERR_USAGE, "the script's command \"%s\" failed", name) : NULL;
}

void console_script_moved(struct console *c)
{
    if (!c->script)
        return;
    c->script->owner.generation++;
    c->script->owner.session = c->session;
}

void console_script_done(struct console *c)
{
    if (!c->script)
        return;
    c->call->scripts->host->end(c->script->scripts);
    free(c->script);
    c->script = NULL;
}
