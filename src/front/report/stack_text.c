/* SPDX-License-Identifier: Apache-2.0 */
/* Stacks for people. */
#include "front/report/stack_text.h"

#include "front/report/tasks.h"

#include "base/arena.h"
#include "base/map.h"
#include <inttypes.h>
#include <string.h>

enum { TIDS_SHOWN = 16, PATH_PARTS = 2, NARROW = 100 /* columns of a terminal; below, names of files stand alone */ };

/* Text of one frame's parts, uncoloured and escaped. */

/* "a::b<std::vector<int> >::c(int)" to "a::b<...>::c(...)". A '<' or '(' that belongs to an operator's name,
 * or that stands first ("(anonymous namespace)", "<T as Trait>"), opens nothing. */
static void put_elided(struct text *t, const char *name)
{
    int depth = 0;
    const char *start = name;
    for (const char *p = name; *p; p++) {
        bool opens = (*p == '<' || *p == '(') && p > start && p[-1] != ':' && p[-1] != ' ';
        if (begins_with(p, "operator") && depth == 0) {
            size_t n = 8 + strspn(p + 8, "<>=()-+*/%^&|~![], ");
            text_putn(t, p, n);
            p += n - 1;
        } else if (depth == 0 && opens) {
            text_putc(t, *p);
            text_put(t, "...");
            depth = 1;
        } else if (depth && (*p == '<' || *p == '(')) {
            depth++;
        } else if (depth && (*p == ')' || (*p == '>' && p[-1] != '-'))) {
            if (--depth == 0)
                text_putc(t, *p);
        } else if (depth == 0) {
            text_putc(t, *p);
        }
    }
}

static const char *kind_mark(const struct sframe *f)
{
    switch ((enum frame_kind)f->kind) {
    case FRAME_INLINED:
        return " [inlined]";
    case FRAME_TAILCALL:
        return " [tail call]";
    case FRAME_NORMAL:
    case FRAME_SIGNAL:
    case FRAME_LANGUAGE:
        break;
    }
    return "";
}

/* The longest name that makes its column wider; on a terminal longer ones are cut, with their marks. */
static size_t function_max(const struct stack_layout *l)
{
    size_t columns = l->sc->columns;
    if (!columns)
        return FUNCTION_MAX;
    return columns < NARROW ? columns * 2 / 5 : columns / 2;
}

static void put_function(struct text *t, const struct stack_layout *l, const struct sframe *f)
{
    struct text raw = {0};
    if (f->kind == FRAME_SIGNAL)
        text_put(&raw, "<signal handler called>");
    else if (!f->at->function && f->kind == FRAME_LANGUAGE)
        text_put(&raw, "?");
    else if (!f->at->function)
        text_printf(&raw, "0x%0*" PRIx64, l->r->im->arch && l->r->im->arch->addr_size == 4 ? 8 : 16, f->pc);
    else if (l->short_text && text_columns(f->at->function) + strlen(kind_mark(f)) > function_max(l))
        put_elided(&raw, f->at->function);
    else
        text_put(&raw, f->at->function);
    put_safe(t, text_str(&raw));
    text_done(&raw);
}

void stack_path_put(struct text *t, const struct stack_layout *l, const char *path)
{
    struct text plain = {0};
    put_simple_path(&plain, path);
    if (l->short_text)
        put_safe(t, path_tail(text_str(&plain), l->sc->columns < NARROW ? 1 : PATH_PARTS));
    else
        put_safe(t, text_str(&plain));
    text_done(&plain);
}

/* "crash.c:12", or "+0x1c" into a function whose lines are not known. */
static void put_place(struct text *t, const struct stack_layout *l, const struct sframe *f)
{
    const struct splace *at = f->at;
    if (at->file) {
        stack_path_put(t, l, at->file);
        if (at->line)
            text_printf(t, ":%" PRIu32, at->line);
    } else if (at->function && at->start && f->kind != FRAME_SIGNAL && f->pc >= at->start) {
        text_printf(t, "+0x%" PRIx64, f->pc - at->start);
    }
}

static void put_module(struct text *t, const struct sframe *f)
{
    const struct splace *at = f->at;
    if (f->kind == FRAME_LANGUAGE)
        text_put(t, at->language);
    else if (at->module)
        put_safe(t, at->module->name);
    else if (at->mapping && at->mapping->path)
        put_safe(t, path_tail(at->mapping->path, 1));
    else
        text_put(t, at->mapping ? "(anonymous memory)" : "(not mapped)");
    if (at->module && !at->function)
        text_printf(t, "+0x%" PRIx64, module_offset(at->module, f->pc));
}

static const char *guess_mark(const struct sframe *f)
{
    if (f->kind == FRAME_TAILCALL)
        return "";
    if (f->how == FRAME_POINTER)
        return "  [guess: frame pointer]";
    return f->how == FRAME_SCAN ? "  [guess: stack scan]" : "";
}

/* Frames of the C library before main and around a thread's function: true, seldom of interest. */
static bool is_start_code(const struct splace *at)
{
    static const char *const names[] = {
        "_start",   "__libc_start_main", "__libc_start_main_impl", "start_thread", "clone", "clone3",
        "__clone3", "__clone",           "__libc_start_call_main"};
    for (size_t i = 0; at->function && i < ARRAY_LEN(names); i++)
        if (strcmp(at->function, names[i]) == 0)
            return true;
    return false;
}

/* Widths, so that columns of one answer align. */

static size_t width_of(struct text *scratch)
{
    size_t n = text_columns(text_str(scratch));
    text_clear(scratch);
    return n;
}

void stack_measure(struct stack_layout *l, const struct sstack *st, struct map64 *seen)
{
    size_t mark_room = l->sc->columns ? 0 : strlen(" [tail call]");
    struct text scratch = {0};
    for (size_t i = 0; i < st->n; i++) {
        const struct sframe *f = &st->frames[i];
        bool fresh;
        map64_put(seen, (uint64_t)(uintptr_t)f->at, &fresh);
        if (!fresh)
            continue;
        put_function(&scratch, l, f);
        text_put(&scratch, kind_mark(f));
        size_t w = width_of(&scratch);
        if (w > l->function_width && w <= function_max(l) + mark_room)
            l->function_width = w;
        put_place(&scratch, l, f);
        w = width_of(&scratch);
        if (w > l->place_width && w <= PLACE_MAX)
            l->place_width = w;
    }
    text_done(&scratch);
}

/* Lines. */

/* Up to the next column, which stands two columns after this one, of `width`. How far that is too far right: what is
 * used for more than its column leaves the next one less. */
static size_t put_gap(struct text *t, size_t used, size_t width)
{
    text_printf(t, "%*s  ", used < width ? (int)(width - used) : 0, "");
    return used > width ? used - width : 0;
}

/* "runs _thread.lock.acquire of 0x7f.." */
static void put_call(struct text *t, const struct stack_layout *l, const struct rt_call *call)
{
    struct text part = {0};
    if (!call)
        return;
    text_put(&part, "  runs ");
    put_safe(&part, call->name);
    if (call->self)
        text_printf(&part, " of 0x%" PRIx64, call->self);
    put_coloured(t, l->sc, COLOUR_YELLOW, text_str(&part));
    text_done(&part);
}

static void put_frame(struct text *t, const struct stack_layout *l, const struct sstack *st, size_t number)
{
    const struct sframe *f = &st->frames[number];
    struct text part = {0};
    enum colour name = is_start_code(f->at) ? COLOUR_DIM : f->kind == FRAME_SIGNAL ? COLOUR_RED : COLOUR_YELLOW;
    text_printf(&part, "%*s#%zu", NUMBER_COLUMN, "", number);
    text_put(t, text_str(&part));
    put_pad(t, width_of(&part), FUNCTION_COLUMN);
    if (l->addresses)
        text_printf(t, "0x%016" PRIx64 "  ", f->pc);

    put_function(&part, l, f);
    put_coloured(t, l->sc, name, text_str(&part));
    text_put(&part, kind_mark(f));
    put_coloured(t, l->sc, COLOUR_DIM, kind_mark(f));
    size_t late = put_gap(t, width_of(&part), l->function_width);

    put_place(&part, l, f);
    put_coloured(t, l->sc, COLOUR_GREEN, text_str(&part));
    put_gap(t, late + width_of(&part), l->place_width);

    put_module(&part, f);
    put_coloured(t, l->sc, COLOUR_DIM, text_str(&part));
    put_coloured(t, l->sc, COLOUR_RED, guess_mark(f));
    put_call(t, l, session_frame_call(st, number));
    text_putc(t, '\n');
    text_done(&part);
}

/* Lines that one frame of a cycle has over all its rounds: "(rec.c:12)", "(rec.c:12-14)". */
static void put_line_range(struct text *t, const struct stack_layout *l, const struct sstack *st,
                           const struct stretch *s, size_t k)
{
    const struct splace *at = st->frames[s->first + k].at;
    uint32_t low = UINT32_MAX, high = 0;
    if (!at->file)
        return;
    for (size_t i = 0; i < s->times; i++) {
        uint32_t line = st->frames[s->first + i * s->period + k].at->line;
        low = line < low ? line : low;
        high = line > high ? line : high;
    }
    text_put(t, " (");
    stack_path_put(t, l, at->file);
    if (high)
        text_printf(t, ":%" PRIu32, low);
    if (high > low)
        text_printf(t, "-%" PRIu32, high);
    text_putc(t, ')');
}

static void put_stretch(struct text *t, const struct stack_layout *l, const struct sstack *st, const struct stretch *s)
{
    text_printf(t, "%*s#%zu-#%zu: ", NUMBER_COLUMN, "", s->first, s->first + s->period * s->times - 1);
    bool any = false;
    for (size_t k = 0; k < s->period; k++) {
        const struct sframe *f = &st->frames[s->first + k];
        struct text name = {0};
        if (l->hide && session_frame_hidden(l->r->session, f))
            continue;
        put_function(&name, l, f);
        text_put(t, any ? " < " : "");
        any = true;
        put_coloured(t, l->sc, COLOUR_YELLOW, text_str(&name));
        text_put(t, kind_mark(f));
        put_line_range(t, l, st, s, k);
        text_done(&name);
    }
    text_put(t, ", ");
    put_grouped(t, s->times);
    text_put(t, " times\n");
}

/* Threads that stop for the same reason share the hint: the first one shows it. */
static void put_stop(struct text *t, struct stack_layout *l, const struct sstack *st)
{
    const char *hint = st->stopped_hint;
    if (st->note) {
        text_printf(t, "%*s", NUMBER_COLUMN, "");
        put_coloured(t, l->sc, COLOUR_YELLOW, "note: ");
        put_safe(t, st->note);
        text_putc(t, '\n');
    }
    if (!st->stopped)
        return;
    text_printf(t, "%*s", NUMBER_COLUMN, "");
    put_coloured(t, l->sc, COLOUR_RED, "stopped: ");
    put_safe(t, st->stopped);
    if (hint && !(l->last_hint && strcmp(hint, l->last_hint) == 0)) {
        text_put(t, " (");
        put_safe(t, hint);
        text_putc(t, ')');
        l->last_hint = hint;
    }
    text_putc(t, '\n');
}

/* Does it have a frame besides those that are hidden? */
static bool is_of_interest(const struct stack_layout *l, const struct sstack *st)
{
    for (size_t i = 0; i < st->n; i++)
        if (st->frames[i].kind != FRAME_SIGNAL && !session_frame_hidden(l->r->session, &st->frames[i]))
            return true;
    return false;
}

/* A signal of which all that its handler did is hidden goes with it. */
static bool is_hidden(const struct stack_layout *l, const struct sstack *st, size_t i, bool shown)
{
    const struct sframe *f = &st->frames[i];
    return (f->kind == FRAME_SIGNAL && !shown && i) || session_frame_hidden(l->r->session, f);
}

static bool hides_stretch(const struct stack_layout *l, const struct sstack *st, const struct stretch *s)
{
    for (size_t k = 0; k < s->period; k++)
        if (!session_frame_hidden(l->r->session, &st->frames[s->first + k]))
            return false;
    return true;
}

struct err *stack_frames_put(struct text *t, struct stack_layout *l, const struct sstack *st, FILE *out)
{
    bool hide = l->hide && is_of_interest(l, st), shown = false;
    for (size_t i = 0; i < st->n;) {
        struct stretch s = {.first = i, .period = 1, .times = 1};
        if (l->fold)
            s = stretch_at(st, i);
        if (hide && (s.times == 1 ? is_hidden(l, st, i, shown) : hides_stretch(l, st, &s))) {
            i += s.period * s.times;
            continue;
        }
        shown = true;
        if (s.times > 1)
            put_stretch(t, l, st, &s);
        else
            put_frame(t, l, st, i);
        if (l->r->source_lines && s.times == 1)
            source_text(t, l->r, st->frames[i].at);
        if (shows_variables(l->r, &st->frames[i]))
            TRY(variables_text(t, l->r, st, i));
        i += s.period * s.times;
        if (out && t->n > 64 * 1024)
            TRY(report_flush(t, out));
    }
    put_stop(t, l, st);
    return out ? report_flush(t, out) : NULL;
}

void stack_thread_head_put(struct text *t, const struct stack_layout *l, const struct sstack *st)
{
    struct text head = {0};
    const char *name = thread_name(l->r->session, st->thread), *state = thread_state(st->thread->state);
    text_printf(&head, "Thread %d", st->thread->tid);
    if (name) {
        text_put(&head, " \"");
        put_safe(&head, name);
        text_putc(&head, '"');
    }
    put_coloured(t, l->sc, COLOUR_BOLD, text_str(&head));
    if (st->crashed)
        put_coloured(t, l->sc, COLOUR_RED, " (crashed)");
    else if (state)
        text_printf(t, " (%s)", state);
    put_language_thread(t, l->r, st->thread, ", ");
    text_putc(t, '\n');
    exceptions_text(t, l, st->thread);
    text_done(&head);
}

/* "5 threads: 12 "io", 13, ..." */
static void put_group_head(struct text *t, const struct stack_layout *l, const struct stack_group *g)
{
    struct text head = {0};
    text_printf(&head, "%zu threads", g->n);
    put_coloured(t, l->sc, COLOUR_BOLD, text_str(&head));
    text_done(&head);
    for (size_t i = 0; i < g->n && i < TIDS_SHOWN; i++) {
        const struct sstack *st = g->stacks[i];
        const char *name = thread_name(l->r->session, st->thread);
        text_printf(t, "%s %d", i ? "," : ":", st->thread->tid);
        if (name) {
            text_put(t, " \"");
            put_safe(t, name);
            text_putc(t, '"');
        }
        if (st->crashed)
            put_coloured(t, l->sc, COLOUR_RED, " (crashed)");
    }
    if (g->n > TIDS_SHOWN)
        text_printf(t, " and %zu more", g->n - TIDS_SHOWN);
    text_putc(t, '\n');
}

struct err *stack_groups_put(struct text *t, struct stack_layout *l, const struct sstack *stacks, size_t n, FILE *out)
{
    SCOPED(stack_groups_done) struct stack_groups groups = group_stacks(stacks, n);
    for (size_t i = 0; i < groups.n; i++) {
        text_putc(t, '\n');
        if (groups.v[i].n == 1)
            stack_thread_head_put(t, l, groups.v[i].stacks[0]);
        else
            put_group_head(t, l, &groups.v[i]);
        TRY(stack_frames_put(t, l, groups.v[i].stacks[0], out));
    }
    return NULL;
}

static void put_missing(struct text *t, const struct stack_layout *l)
{
    struct missing_list list = {0};
    missing_find(l->r, &list);
    for (size_t i = 0; i < list.v.n; i++) {
        const struct missing *m = &list.v.v[i];
        text_put(t, i ? "" : "\n");
        put_coloured(t, l->sc, COLOUR_YELLOW, m->whole_file ? "no file" : "no debug information");
        text_put(t, " for ");
        for (size_t k = 0; k < m->modules.n; k++) {
            text_put(t, k ? ", " : "");
            put_safe(t, m->modules.v[k]->name);
        }
        if (m->hint) {
            text_put(t, ": ");
            put_safe(t, m->hint);
        }
        text_putc(t, '\n');
    }
    missing_done(&list);
}

/* The user named a file, and another one serves, or none. */
static void put_unused_exe(struct text *t, const struct stack_layout *l)
{
    const struct module *m = NULL;
    for (size_t i = 0; call_has(l->r->call, "exe") && i < session_module_count(l->r->session) && !m; i++) {
        m = session_module(l->r->session, i, false);
        m = m->is_exe ? m : NULL;
    }
    if (!m || !m->file.note || (m->file.how && strcmp(m->file.how, "--exe") == 0))
        return;
    text_putc(t, '\n');
    put_coloured(t, l->sc, COLOUR_YELLOW, "--exe is not the program");
    text_put(t, ": ");
    put_safe(t, m->file.note);
    text_putc(t, '\n');
}

static void text_donep(struct text *t)
{
    text_done(t);
}

struct err *stack_write_text(const struct report *r)
{
    FILE *out = call_output(r->call);
    struct stack_layout l = {
        .r = r,
        .sc = &r->call->screen,
        .short_text = r->call->screen.columns && !call_has(r->call, "full-paths"),
        .addresses = call_has(r->call, "addresses"),
        .fold = !r->full && !r->locals && !call_has(r->call, "all-frames"),
        .hide = !call_has(r->call, "all-frames") && !call_has(r->call, "native"),
    };
    struct map64 seen = {0};
    for (size_t i = 0; i < r->n_stacks; i++)
        stack_measure(&l, &r->stacks[i], &seen);
    map64_done(&seen);

    SCOPED(text_donep) struct text t = {0};
    target_put(&t, r);
    if (r->no_tasks) {
        put_coloured(&t, l.sc, COLOUR_RED, "tasks are not shown: ");
        put_err(&t, r->no_tasks);
        text_putc(&t, '\n');
    }
    if (r->n_runtimes) {
        TRY(tasks_put(&t, &l, out));
    } else if (call_has(r->call, "group")) {
        TRY(stack_groups_put(&t, &l, r->stacks, r->n_stacks, out));
    } else {
        for (size_t i = 0; i < r->n_stacks; i++) {
            text_putc(&t, '\n');
            stack_thread_head_put(&t, &l, &r->stacks[i]);
            TRY(stack_frames_put(&t, &l, &r->stacks[i], out));
        }
    }
    if (!call_has(r->call, "names"))
        put_missing(&t, &l);
    put_unused_exe(&t, &l);
    return report_flush(&t, out);
}
