/* SPDX-License-Identifier: Apache-2.0 */
/* stack, in the words and options of Delve. gdb has no command of this name; its own is backtrace. */
#include "front/console/goroutine.h"
#include "front/console/variables.h"

#include <inttypes.h>
#include <string.h>

enum { DEPTH = 50 };
enum mode { MODE_NORMAL, MODE_SIMPLE, MODE_FROMG };

struct options {
    int64_t depth, ancestors, ancestor_depth;
    bool full, offsets, defers;
    enum mode mode;
};

struct showing {
    struct options o;
    const struct tasks *t;
    const struct task *task; /* NULL: the thread runs none */
    const struct sstack *st;
    taddr lo, hi; /* of the goroutine's own stack; 0: not known */
    struct deferred_calls calls;
};

/* ---- options ---- */

static struct err *parse_count(const char **args, const char *option, int64_t *out)
{
    if (args_number(args, out) && *out >= 0)
        return NULL;
    return err_new(ERR_USAGE, "%s needs a number", option);
}

static struct err *parse_mode(const char **args, enum mode *out)
{
    static const char *const names[] = {[MODE_NORMAL] = "normal", [MODE_SIMPLE] = "simple", [MODE_FROMG] = "fromg"};
    for (size_t i = 0; i < ARRAY_LEN(names); i++)
        if (args_word(args, names[i])) {
            *out = (enum mode)i;
            return NULL;
        }
    return err_new(ERR_USAGE, "-mode is normal, simple or fromg");
}

static struct err *parse(const char *args, struct options *o)
{
    *o = (struct options){.depth = DEPTH, .ancestor_depth = DEPTH};
    while (*args) {
        if (args_word(&args, "-full"))
            o->full = true;
        else if (args_word(&args, "-offsets"))
            o->offsets = true;
        else if (args_word(&args, "-defer"))
            o->defers = true;
        else if (args_word(&args, "-mode"))
            TRY(parse_mode(&args, &o->mode));
        else if (args_word(&args, "-a"))
            TRY(parse_count(&args, "-a", &o->ancestors));
        else if (args_word(&args, "-adepth"))
            TRY(parse_count(&args, "-adepth", &o->ancestor_depth));
        else if (!args_number(&args, &o->depth) || o->depth < 0)
            return err_hint(err_new(ERR_USAGE, "wrong argument: '%s'", args), "backtrace has the options of gdb");
    }
    return NULL;
}

/* ---- which stack ---- */

static bool is_go(const struct sframe *f)
{
    return f->at->language && strcmp(f->at->language, "go") == 0;
}

/* Frames up to the first change between Go and C. A signal's own frame belongs to neither. */
static size_t until_switch(const struct sstack *st)
{
    const struct sframe *last = NULL;
    for (size_t i = 0; i < st->n; i++) {
        const struct sframe *f = &st->frames[i];
        if (f->kind == FRAME_SIGNAL)
            continue;
        if (last && is_go(last) != is_go(f))
            return i;
        last = f;
    }
    return st->n;
}

static struct err *find_stack(struct console *c, struct showing *s)
{
    size_t wanted = s->o.mode == MODE_NORMAL && !s->o.defers ? (size_t)s->o.depth + 2 : SIZE_MAX;
    s->task = c->deferred ? NULL : console_task(c, s->t);
    if (s->task && !session_task_bounds(c->session, s->t, s->task, &s->lo, &s->hi))
        s->lo = s->hi = 0;
    if (s->o.mode == MODE_FROMG && s->task)
        TRY(session_task_saved_stack(c->session, s->t, s->task, &s->st));
    else
        TRY(console_first_frames(c, wanted, &s->st));
    if (s->o.mode == MODE_SIMPLE) {
        struct sstack *cut = arena_new(session_values(c->session)->arena, struct sstack);
        *cut = *s->st;
        cut->n = until_switch(s->st);
        s->st = cut;
    }
    if (s->o.defers && s->task)
        TRY(deferred_of_stack(c, s->t, s->task, &s->calls));
    return NULL;
}

/* ---- what is shown ---- */

static void put_offsets(struct console *c, const struct showing *s, size_t i, const char *indent)
{
    const struct arch *a = session_image(c->session)->arch;
    const struct vframe *f;
    struct err *e = console_frame_at(c, s->st, i, &f);
    if (e || !f->cfa || !s->hi) {
        text_printf(&c->out, "%sframe: not known\n", indent);
        err_free(e); /* a frame that cannot be left has no address */
        return;
    }
    int64_t cfa = (int64_t)(f->cfa - s->hi);
    text_printf(&c->out, "%sframe: %c0x%" PRIx64, indent, cfa < 0 ? '-' : '+',
                cfa < 0 ? -(uint64_t)cfa : (uint64_t)cfa);
    if (a->fp != REG_NONE && regs_has(&f->regs, a->fp)) {
        int64_t fp = (int64_t)(f->regs.val[a->fp] - s->hi);
        text_printf(&c->out, " frame pointer %c0x%" PRIx64, fp < 0 ? '-' : '+', fp < 0 ? -(uint64_t)fp : (uint64_t)fp);
    }
    text_putc(&c->out, '\n');
}

static struct err *put_one(struct console *c, const struct showing *s, size_t i, int width, bool spaced)
{
    SCOPED(freep) char *indent = xasprintf("%*s", width + 2, ""), *deeper = xasprintf("%*s", width + 6, "");
    goroutine_frame_put(&c->out, &s->st->frames[i], i, width, "");
    if (s->o.offsets)
        put_offsets(c, s, i, indent);
    if (s->o.full)
        TRY(variables_put_all(c, s->st, i, deeper));
    struct deferred_calls calls = deferred_of_frame(&s->calls, s->st, i);
    for (size_t k = 0; k < calls.n; k++)
        deferred_put(c, s->t, s->st, i, &calls.v[k], k + 1, deeper);
    if (spaced)
        text_putc(&c->out, '\n');
    return console_flush(c);
}

static struct err *put_stack(struct console *c, const struct showing *s)
{
    size_t n = s->st->n > (uint64_t)s->o.depth ? (size_t)s->o.depth + 1 : s->st->n;
    bool spaced = s->o.offsets || s->o.full;
    for (size_t i = 0; i < n; i++)
        spaced |= deferred_of_frame(&s->calls, s->st, i).n != 0;
    for (size_t i = 0; i < n; i++)
        TRY(put_one(c, s, i, goroutine_width(n), spaced));
    if (n < s->st->n || s->st->more)
        text_put(&c->out, "(truncated)\n");
    else if (s->st->stopped) {
        text_put(&c->out, "(ends here: ");
        put_safe(&c->out, s->st->stopped);
        text_put(&c->out, ")\n");
    }
    return NULL;
}

static struct err *put_ancestors(struct console *c, const struct showing *s)
{
    const struct ancestor *v;
    size_t n;
    if (!s->o.ancestors)
        return NULL;
    if (!s->task)
        return err_new(ERR_NO_DATA, "the thread runs no goroutine");
    TRY(session_task_ancestors(c->session, s->t, s->task, &v, &n));
    if (!n)
        return err_hint(err_new(ERR_NO_DATA, "nobody kept where goroutine %" PRIu64 " was made", s->task->id),
                        "a program run with GODEBUG=tracebackancestors=N does");
    for (size_t i = 0; i < n && i < (uint64_t)s->o.ancestors; i++) {
        size_t frames = v[i].n > (uint64_t)s->o.ancestor_depth ? (size_t)s->o.ancestor_depth : v[i].n;
        text_printf(&c->out, "Created by Goroutine %" PRIu64 ":\n", v[i].id);
        for (size_t k = 0; k < frames; k++)
            goroutine_frame_put(&c->out, &v[i].frames[k], k, goroutine_width(frames), "\t");
        if (frames < v[i].n)
            text_put(&c->out, "\t(truncated)\n");
    }
    return NULL;
}

static struct err *run_stack(struct console *c, const char *args)
{
    struct showing s = {0};
    struct err *e = console_tasks(c, &s.t);
    if (e && e->code == ERR_CANCELLED)
        return e;
    bool go = !e;
    err_free(e); /* no Go: stacks as gdb shows them */
    if (!go) {
        SCOPED(freep) char *line = xasprintf("backtrace %s", args);
        return console_run(c, line);
    }
    TRY(parse(args, &s.o));
    TRY(find_stack(c, &s));
    TRY(put_stack(c, &s));
    return put_ancestors(c, &s);
}

static const struct console_command rows[] = {
    {"stack", NULL, CLASS_STACK, "[DEPTH] [-full] [-offsets] [-defer] [-a N] [-adepth N] [-mode normal|simple|fromg]",
     "Show the stack of the selected goroutine as Delve does; of a program that is not Go's, backtrace.",
     "DEPTH is the number of the last frame, 50 by default. -full adds arguments and variables, -offsets where each "
     "frame "
     "is below the end of the goroutine's stack, -defer the calls that it makes when it is left.\n"
     "-a N adds the stacks of the N goroutines that led to this one, each as it was when it made the next, where the "
     "program was run with GODEBUG=tracebackancestors=N; -adepth is for these.\n"
     "-mode simple ends where Go and C change, fromg begins where the goroutine last left "
     "its thread.",
     COMPLETE_NOTHING, REPEAT_SAME, run_stack},
};
const struct console_table console_task_stack_table = {rows, ARRAY_LEN(rows)};
