/* SPDX-License-Identifier: Apache-2.0 */
/* The commands of the helper for gdb that comes with CPython (Tools/gdb/libpython.py, 3.11), in its formats: guides and
 * programs read them. What gdb sees as one frame of its own, a call of the evaluation loop, may run several frames of
 * Python: that is a loop here. */
#include "front/console/code.h"
#include "session/code.h"

#include <ctype.h>
#include <inttypes.h>
#include <string.h>

enum { REPR_MAX = 1024 }; /* characters of a frame or value; the helper's limit */

/* ---- frames ---- */

static bool is_python(const struct sframe *f)
{
    return f->kind == FRAME_LANGUAGE && f->at->language && strcmp(f->at->language, "python") == 0;
}

/* Frames [first, end) of a stack, run by one call of the evaluation loop. */
struct loop {
    size_t first, end;
};

/* The loop that begins at or after a frame. False: there is none. */
static bool loop_from(const struct sstack *st, size_t i, struct loop *out)
{
    while (i < st->n && !is_python(&st->frames[i]))
        i++;
    *out = (struct loop){i, i};
    while (out->end < st->n && is_python(&st->frames[out->end]) &&
           st->frames[out->end].physical == st->frames[i].physical)
        out->end++;
    return i < st->n;
}

/* The loop of the selected frame: the one it is part of, or that it runs; else the next older one. */
static bool selected_loop(const struct console *c, const struct sstack *st, struct loop *out)
{
    const struct sframe *f = &st->frames[c->frame];
    struct loop l = {0, 0};
    while (loop_from(st, l.end, &l)) {
        bool runs = !is_python(f) && st->frames[l.first].physical == f->physical;
        if (c->frame < l.end || runs) {
            *out = l;
            return true;
        }
    }
    return false;
}

/* Says what the helper says where there is no frame of Python. */
static struct err *python_stack(struct console *c, const struct sstack **st, struct loop *l, bool *found)
{
    struct err *e = console_stack(c, st);
    *found = !e && selected_loop(c, *st, l);
    if (e && e->code == ERR_CANCELLED)
        return e;
    err_free(e);
    if (!*found)
        text_put(&c->out, "Unable to locate python frame\n");
    return NULL;
}

/* ---- parts of an answer ---- */

/* Cuts the text since `from` as the helper does. */
static void cut(struct text *t, size_t from)
{
    if (t->n - from <= REPR_MAX)
        return;
    t->n = from + REPR_MAX;
    while (t->n > from && ((uint8_t)t->p[t->n] & 0xc0) == 0x80) /* not in the middle of a character */
        t->n--;
    text_put(t, "...(truncated)");
}

static void put_name(struct text *t, const struct splace *at)
{
    put_safe(t, at->name ? at->name : at->function ? at->function : "?");
}

static void put_number(struct text *t, uint32_t line)
{
    if (line)
        text_printf(t, "%" PRIu32, line);
    else
        text_putc(t, '?');
}

/* The frame's line of the source without the blanks around it; nothing when the file is not here. */
static void put_source(struct console *c, const struct splace *at)
{
    const struct source *src;
    struct err *e = at->file && at->line ? session_source(c->session, at->file, NULL, &src) : NULL;
    bool known = at->file && at->line && !e && at->line <= src->n;
    err_free(e); /* a stack is worth showing without its source */
    if (!known)
        return;
    const char *line = src->lines[at->line - 1];
    line += strspn(line, " \t\f");
    size_t n = strlen(line);
    while (n && isspace((unsigned char)line[n - 1]))
        n--;
    if (!n)
        return;
    text_put(&c->out, "    ");
    text_put_escaped(&c->out, line, n);
    text_putc(&c->out, '\n');
}

static void put_value(struct console *c, const struct vframe *f, const struct variable *v, const struct format *format)
{
    struct value value;
    struct err *e = session_variable(c->session, f, v, &value);
    if (e) {
        text_put(&c->out, "<error: ");
        put_err(&c->out, e);
        text_putc(&c->out, '>');
    } else {
        format_variable(session_values(c->session), &value, format, &c->out);
    }
    err_free(e);
}

/* Is the variable bound? The helper does not show those that are not. */
static bool is_bound(struct console *c, const struct vframe *f, const struct variable *v)
{
    struct value value;
    struct err *e = session_variable(c->session, f, v, &value);
    bool bound = e || value.loc.n;
    err_free(e); /* put_value() tells it */
    return bound;
}

/* Calls put() for each variable of a frame. */
static void each_variable(struct console *c, const struct sstack *st, size_t i,
                          void (*put)(struct console *c, const struct vframe *f, const struct variable *v, size_t n))
{
    const struct vframe *f;
    struct variables vars;
    size_t n = 0;
    struct err *e = console_frame_at(c, st, i, &f);
    if (!e)
        e = session_variables(c->session, f, &vars);
    for (size_t k = 0; !e && k < vars.n; k++)
        if (vars.v[k].name && is_bound(c, f, &vars.v[k]))
            put(c, f, &vars.v[k], n++);
    err_free(e); /* a frame without variables is shown without them */
}

static void put_argument(struct console *c, const struct vframe *f, const struct variable *v, size_t n)
{
    text_put(&c->out, n ? ", " : "");
    put_safe(&c->out, v->name);
    text_putc(&c->out, '=');
    struct format flat = c->set.print; /* a frame is one line */
    flat.pretty = false;
    put_value(c, f, v, &flat);
}

/* "Frame 0x7f..., for file x.py, line 3, in f (a=1)" and the line below it. */
static void put_frame(struct console *c, const struct sstack *st, size_t i)
{
    const struct sframe *f = &st->frames[i];
    text_printf(&c->out, "#%zu ", i);
    size_t from = c->out.n;
    text_printf(&c->out, "Frame 0x%" PRIx64 ", for file ", f->pc);
    put_safe(&c->out, f->at->file ? f->at->file : "?");
    text_put(&c->out, ", line ");
    put_number(&c->out, f->at->line);
    text_put(&c->out, ", in ");
    put_name(&c->out, f->at);
    text_put(&c->out, " (");
    each_variable(c, st, i, put_argument);
    text_putc(&c->out, ')');
    cut(&c->out, from);
    text_putc(&c->out, '\n');
    put_source(c, f->at);
}

static struct err *put_loop(struct console *c, const struct sstack *st, struct loop l)
{
    for (size_t i = l.first; i < l.end; i++) {
        put_frame(c, st, i);
        session_forget_values(c->session);
        TRY(console_flush(c));
    }
    return NULL;
}

/* ---- what the helper calls frames: loops, and native frames that do something for the interpreter ---- */

struct pystop {
    struct loop at;
    const char *note; /* what the native frame does; NULL: a loop */
};

/* Does the thread wait for the lock of its interpreter, where no name says in which frame? */
static bool waits_unseen(struct console *c, const struct sstack *st)
{
    const struct rt_thread *th = session_language_thread(c->session, st->thread->tid);
    if (!th || !th->state || strcmp(th->state, "waits for the GIL") != 0)
        return false;
    for (size_t i = 0; i < st->n && !is_python(&st->frames[i]); i++)
        if (st->frames[i].at->function && strcmp(st->frames[i].at->function, "take_gil") == 0)
            return false;
    return true;
}

/* What a native frame does that is worth a line; NULL: nothing. */
static const char *note_of(struct console *c, const struct sstack *st, size_t i)
{
    static const struct {
        const char *function, *note;
    } notes[] = {{"take_gil", "Waiting for the GIL"},        {"collect", "Garbage-collecting"},
                 {"gc_collect_main", "Garbage-collecting"},  {"gc_collect_full", "Garbage-collecting"},
                 {"gc_collect_young", "Garbage-collecting"}, {"gc_collect_increment", "Garbage-collecting"}};
    const struct sframe *f = &st->frames[i];
    const struct rt_call *call = session_frame_call(st, i);
    if (call)
        return call->text;
    for (size_t k = 0; f->kind == FRAME_NORMAL && f->at->function && k < ARRAY_LEN(notes); k++)
        if (strcmp(f->at->function, notes[k].function) == 0)
            return notes[k].note;
    return !i && !is_python(f) && waits_unseen(c, st) ? "Waiting for the GIL" : NULL;
}

/* The one that begins at or after a frame. False: there is none. */
static bool stop_from(struct console *c, const struct sstack *st, size_t i, struct pystop *out)
{
    for (; i < st->n && !is_python(&st->frames[i]); i++) {
        const char *note = note_of(c, st, i);
        *out = (struct pystop){{i, i + 1}, note};
        if (note)
            return true;
    }
    out->note = NULL;
    return loop_from(st, i, &out->at);
}

/* The one that the selected frame is part of, or runs; else the next older one. */
static bool selected_stop(struct console *c, const struct sstack *st, struct pystop *out)
{
    struct loop l;
    *out = (struct pystop){{0, 0}, NULL};
    while (stop_from(c, st, out->at.end, out) && out->at.end <= c->frame)
        if (!out->note && st->frames[out->at.first].physical == st->frames[c->frame].physical)
            return true;
    return out->at.first < st->n && (out->note || loop_from(st, out->at.first, &l));
}

static void put_note(struct console *c, const char *before, const char *note)
{
    text_put(&c->out, before);
    put_safe(&c->out, note);
    text_putc(&c->out, '\n');
}

/* ---- py-bt, py-bt-full ---- */

static void put_call(struct console *c, const struct splace *at)
{
    text_put(&c->out, "  File \"");
    put_safe(&c->out, at->file ? at->file : "?");
    text_put(&c->out, "\", line ");
    put_number(&c->out, at->line);
    text_put(&c->out, ", in ");
    put_name(&c->out, at);
    text_putc(&c->out, '\n');
    put_source(c, at);
}

static struct err *put_stop(struct console *c, const struct sstack *st, const struct pystop *s)
{
    if (!s->note)
        return put_loop(c, st, s->at);
    text_printf(&c->out, "#%zu ", s->at.first);
    put_note(c, "", s->note);
    return NULL;
}

/* From the selected one on. */
static struct err *put_stops(struct console *c, bool full)
{
    const struct sstack *st;
    struct loop l;
    struct pystop s;
    bool found;
    TRY(python_stack(c, &st, &l, &found));
    if (!found)
        return NULL;
    text_put(&c->out, full ? "" : "Traceback (most recent call first):\n");
    for (found = selected_stop(c, st, &s); found; found = stop_from(c, st, s.at.end, &s)) {
        if (full)
            TRY(put_stop(c, st, &s));
        else if (s.note)
            put_note(c, "  ", s.note);
        for (size_t i = s.at.first; !full && !s.note && i < s.at.end; i++)
            put_call(c, st->frames[i].at);
        TRY(console_flush(c));
    }
    return NULL;
}

static struct err *run_py_bt(struct console *c, const char *args)
{
    (void)args;
    return put_stops(c, false);
}

static struct err *run_py_bt_full(struct console *c, const char *args)
{
    (void)args;
    return put_stops(c, true);
}

/* ---- py-up, py-down ---- */

/* The last one that ends before another. False: there is none. */
static bool stop_before(struct console *c, const struct sstack *st, const struct pystop *s, struct pystop *out)
{
    struct pystop next = {{0, 0}, NULL};
    bool found = false;
    while (stop_from(c, st, next.at.end, &next) && next.at.end <= s->at.first) {
        *out = next;
        found = true;
    }
    return found;
}

static struct err *move(struct console *c, bool up)
{
    const struct sstack *st;
    struct loop l;
    struct pystop s, to;
    bool found;
    TRY(python_stack(c, &st, &l, &found));
    if (!found)
        return NULL;
    if (!selected_stop(c, st, &s) || !(up ? stop_from(c, st, s.at.end, &to) : stop_before(c, st, &s, &to))) {
        text_printf(&c->out, "Unable to find %s python frame\n", up ? "an older" : "a newer");
        return NULL;
    }
    c->frame = to.at.first;
    return put_stop(c, st, &to);
}

static struct err *run_py_up(struct console *c, const char *args)
{
    (void)args;
    return move(c, true);
}

static struct err *run_py_down(struct console *c, const char *args)
{
    (void)args;
    return move(c, false);
}

/* ---- py-list ---- */

enum { LINES_AROUND = 5, LINES_ON = 10 };

/* Takes a line number off the front. */
static bool take_line(const char **s, uint64_t *out)
{
    char *end;
    if (!isdigit((unsigned char)**s))
        return false;
    *out = strtoull(*s, &end, 10);
    *s = end + strspn(end, " \t");
    return *out > 0 && *out <= UINT32_MAX;
}

/* "START", "START,END"; nothing: around the frame's line. */
static struct err *parse_lines(const char *args, uint32_t line, uint64_t *first, uint64_t *last)
{
    const char *s = args;
    *first = line > LINES_AROUND ? line - LINES_AROUND : 1;
    *last = (uint64_t)line + LINES_AROUND;
    if (!*s)
        return NULL;
    bool right = take_line(&s, first);
    *last = *first + LINES_ON;
    if (right && *s == ',') {
        s += 1 + strspn(s + 1, " \t");
        right = take_line(&s, last);
    }
    return right && !*s ? NULL : err_new(ERR_USAGE, "'%s' is neither a line nor FIRST,LAST", args);
}

static void put_lines(struct console *c, const struct source *src, uint32_t line, uint64_t first, uint64_t last)
{
    for (uint64_t i = first; i <= last && i <= src->n; i++) {
        char number[24];
        snprintf(number, sizeof(number), "%s%" PRIu64, i == line ? ">" : "", i);
        text_printf(&c->out, "%4s    ", number);
        const char *text = src->lines[i - 1];
        for (size_t n; *text; text += n) { /* tabs stay */
            n = strcspn(text, "\t");
            text_put_escaped(&c->out, text, n);
            if (text[n])
                text_putc(&c->out, text[n++]);
        }
        text_putc(&c->out, '\n');
    }
}

static struct err *run_py_list(struct console *c, const char *args)
{
    const struct sstack *st;
    const struct source *src;
    struct loop l;
    bool found;
    uint64_t first, last;
    TRY(python_stack(c, &st, &l, &found));
    if (!found)
        return NULL;
    /* The selected frame itself, when it is Python's: it need not be the loop's newest. */
    const struct splace *at = st->frames[is_python(&st->frames[c->frame]) ? c->frame : l.first].at;
    if (!at->line || !at->file) {
        text_put(&c->out, "Unable to read python frame line number\n");
        return NULL;
    }
    TRY(parse_lines(args, at->line, &first, &last));
    struct err *e = session_source(c->session, at->file, NULL, &src);
    if (e) {
        const char *why = strrchr(e->msg, ':');
        text_put(&c->out, "Unable to open ");
        put_safe(&c->out, at->file);
        text_printf(&c->out, "%s\n", why ? why : "");
        err_free(e);
        return NULL;
    }
    put_lines(c, src, at->line, first, last);
    return NULL;
}

/* ---- py-locals, py-print ---- */

static void put_local(struct console *c, const struct vframe *f, const struct variable *v, size_t n)
{
    (void)n;
    put_safe(&c->out, v->name);
    text_put(&c->out, " = ");
    size_t from = c->out.n;
    put_value(c, f, v, &c->set.print);
    cut(&c->out, from);
    text_putc(&c->out, '\n');
}

static struct err *run_py_locals(struct console *c, const char *args)
{
    const struct sstack *st;
    struct loop l;
    bool found;
    (void)args;
    TRY(python_stack(c, &st, &l, &found));
    size_t first = found && is_python(&st->frames[c->frame]) ? c->frame : l.first;
    for (size_t i = first; found && i < l.end; i++) {
        text_put(&c->out, "Locals for ");
        put_name(&c->out, st->frames[i].at);
        text_putc(&c->out, '\n');
        each_variable(c, st, i, put_local);
        TRY(console_flush(c));
    }
    return NULL;
}

static bool is_name(const char *s)
{
    if (!isalpha((unsigned char)*s) && *s != '_' && !((unsigned char)*s & 0x80))
        return false;
    while (isalnum((unsigned char)*s) || *s == '_' || ((unsigned char)*s & 0x80))
        s++;
    return !*s;
}

/* The value of a local variable with that name, bound. */
static bool find_local(struct console *c, const struct vframe *f, const char *name, struct value *out)
{
    struct variables vars;
    struct err *e = session_variables(c->session, f, &vars);
    bool found = false;
    for (size_t i = 0; !e && i < vars.n && !found; i++)
        if (vars.v[i].name && strcmp(vars.v[i].name, name) == 0 && is_bound(c, f, &vars.v[i])) {
            e = session_variable(c->session, f, &vars.v[i], out);
            found = !e;
        }
    err_free(e); /* then it is looked for among the other names */
    return found;
}

static struct err *run_py_print(struct console *c, const char *args)
{
    const struct sstack *st;
    const struct vframe *f;
    struct value v;
    struct loop l;
    bool found;
    TRY(python_stack(c, &st, &l, &found));
    if (!found)
        return NULL;
    TRY(console_frame_at(c, st, is_python(&st->frames[c->frame]) ? c->frame : l.first, &f));
    if (!is_name(args))
        return err_hint(err_new(ERR_USAGE, "'%s' is no name", args), "\"print\" takes expressions");
    const char *scope = "local";
    if (!find_local(c, f, args, &v)) {
        struct expr_env env = {.vs = session_values(c->session), .frame = f};
        struct err *e = expr_evaluate(&env, args, &v, NULL);
        if (e && e->code != ERR_NOT_FOUND && e->code != ERR_USAGE) /* "NameError: ..." */
            return e;
        scope = e ? NULL : session_is_global(f, args) ? "global" : "builtin";
        err_free(e);
    }
    text_printf(&c->out, "%s%s'", scope ? scope : "", scope ? " " : "");
    put_safe(&c->out, args);
    text_put(&c->out, scope ? "' = " : "' not found\n");
    if (!scope)
        return NULL;
    size_t from = c->out.n;
    format_variable(session_values(c->session), &v, &c->set.print, &c->out);
    cut(&c->out, from);
    text_putc(&c->out, '\n');
    return NULL;
}

static const struct console_command rows[] = {
    {"py-bt", NULL, CLASS_STACK, NULL, "Show the Python frames of the selected thread, innermost first.",
     "As gdb's helper for Python writes them. \"bt\" has them among the frames of C.", COMPLETE_NOTHING, REPEAT_SAME,
     run_py_bt},
    {"py-bt-full", NULL, CLASS_STACK, NULL, "Show the Python frames of the selected thread with their variables.", NULL,
     COMPLETE_NOTHING, REPEAT_SAME, run_py_bt_full},
    {"py-down", NULL, CLASS_STACK, NULL, "Select the Python frames that those selected called through C.",
     "Frames of Python that call each other without C between them are selected together, as gdb's helper does. "
     "\"down\" moves by one frame.",
     COMPLETE_NOTHING, REPEAT_SAME, run_py_down},
    {"py-list", NULL, CLASS_FILES, "[FIRST[,LAST]]", "List lines of the source of the selected Python frame.",
     "Alone it shows five lines before and after the frame's own.", COMPLETE_NOTHING, REPEAT_SAME, run_py_list},
    {"py-locals", NULL, CLASS_STACK, NULL, "Show the variables of the selected Python frames.", NULL, COMPLETE_NOTHING,
     REPEAT_SAME, run_py_locals},
    {"py-print", NULL, CLASS_DATA, "NAME", "Look a name up in the selected Python frame and show its value.",
     "Local names come first, then those of the module, then built-in ones. \"print\" takes whole expressions.",
     COMPLETE_EXPRESSION, REPEAT_SAME, run_py_print},
    {"py-up", NULL, CLASS_STACK, NULL, "Select the Python frames that called those selected through C.",
     "Frames of Python that call each other without C between them are selected together, as gdb's helper does. "
     "\"up\" moves by one frame.",
     COMPLETE_NOTHING, REPEAT_SAME, run_py_up},
};
const struct console_table console_python_table = {rows, ARRAY_LEN(rows)};
