/* SPDX-License-Identifier: Apache-2.0 */
/* stackTrace and scopes. */
#include "front/dap/priv.h"

#include <inttypes.h>

enum { FRAMES_AT_ONCE = 10000 }; /* of who asks for all */

struct err *frame_of_id(struct dap *d, int64_t id, const struct sstack **st, size_t *index)
{
    const struct frame_handle *h = handles_frame_get(&d->handles, id);
    if (!h)
        return err_new(ERR_NOT_FOUND, "there is no frame %" PRId64 " any more", id);
    *index = h->index;
    TRY(thread_stack(d, h->thread, h->index + 1, st));
    return *index < (*st)->n ? NULL : err_new(ERR_NOT_FOUND, "the stack has %zu frames", (*st)->n);
}

struct err *vframe_of_id(struct dap *d, int64_t id, const struct vframe **out)
{
    const struct sstack *st;
    size_t index;
    TRY(frame_of_id(d, id, &st, &index));
    return session_frame(d->session, st, index, out);
}

uint64_t client_line(const struct dap *d, uint32_t line)
{
    return line && d->client.lines_from_0 ? line - 1 : line;
}

static uint64_t client_column(const struct dap *d, uint32_t column)
{
    return column && d->client.columns_from_0 ? column - 1 : column;
}

/* ---- stackTrace ---- */

/* What it is besides a call that the source shows. */
static const char *mark_of(const struct sframe *f)
{
    switch ((enum frame_kind)f->kind) {
    case FRAME_INLINED:
        return " [inlined]";
    case FRAME_TAILCALL:
        return " [tail call]";
    case FRAME_SIGNAL:
        return " [signal]";
    case FRAME_NORMAL:
    case FRAME_LANGUAGE:
        break;
    }
    return f->how == FRAME_POINTER || f->how == FRAME_SCAN ? " [guess]" : "";
}

/* Which of the wishes of a StackFrameFormat there are. */
struct frame_format {
    bool parameters, names, types, values, line, module;
};

static struct frame_format format_of(const struct incoming *args)
{
    const struct incoming *f = incoming_member(args, "format");
    bool all = args_bool(f, "parameters");
    struct frame_format out = {
        .names = args_bool(f, "parameterNames"),
        .types = args_bool(f, "parameterTypes"),
        .values = args_bool(f, "parameterValues"),
        .line = args_bool(f, "line"),
        .module = args_bool(f, "module"),
    };
    out.parameters = all || out.names || out.types || out.values;
    if (all && !out.names && !out.types && !out.values)
        out.names = out.values = true;
    return out;
}

static void put_parameter(struct dap *d, const struct vframe *v, const struct variable *var,
                          const struct frame_format *how, struct text *out)
{
    struct format f = format_defaults;
    struct value value;
    if (how->types)
        type_name(out, var->type, how->names ? var->name : NULL);
    else if (how->names)
        put_safe(out, var->name);
    if (!how->values)
        return;
    text_put(out, how->types || how->names ? "=" : "");
    struct err *e = session_variable(d->session, v, var, &value);
    if (e)
        format_problem(out, e);
    else
        format_scalar(session_values(d->session), &value, &f, out);
}

static void put_parameters(struct dap *d, const struct sstack *st, size_t index, const struct frame_format *how,
                           struct text *out)
{
    const struct vframe *v;
    struct variables vars;
    struct err *e = session_frame(d->session, st, index, &v);
    if (!e)
        e = session_variables(d->session, v, &vars);
    text_putc(out, '(');
    for (size_t i = 0, n = 0; !e && i < vars.n; i++)
        if (vars.v[i].argument) {
            text_put(out, n++ ? ", " : "");
            put_parameter(d, v, &vars.v[i], how, out);
        }
    text_putc(out, ')');
    err_free(e); /* no parameters are known */
}

static void put_name(struct dap *d, const struct sstack *st, size_t index, const struct frame_format *how,
                     struct text *out)
{
    const struct sframe *f = &st->frames[index];
    if (how->module && f->at->module) {
        put_safe(out, f->at->module->name);
        text_putc(out, '!');
    }
    if (f->at->function)
        put_safe(out, f->at->function);
    else
        text_printf(out, "0x%" PRIx64, f->pc);
    if (how->parameters && f->kind != FRAME_SIGNAL)
        put_parameters(d, st, index, how, out);
    text_put(out, mark_of(f));
    if (how->line && f->at->line)
        text_printf(out, " Line %" PRIu64, client_line(d, f->at->line));
}

static void put_place(struct dap *d, struct json *j, const struct sframe *f)
{
    const struct splace *at = f->at;
    if (at->file) {
        json_key(j, "source");
        put_source(d, j, at->file, at->module, at->line);
    }
    json_kv_u64(j, "line", at->file ? client_line(d, at->line) : 0);
    json_kv_u64(j, "column", at->file ? client_column(d, at->column) : 0);
    if (at->end_line) {
        json_kv_u64(j, "endLine", client_line(d, at->end_line));
        json_kv_u64(j, "endColumn", client_column(d, at->end_column));
    }
    if (f->kind != FRAME_LANGUAGE)
        json_kv_hex(j, "instructionPointerReference", f->pc);
    if (at->module)
        put_module_id(j, "moduleId", at->module);
}

/* "subtle": VS Code passes it when it looks for the frame to begin with, and draws it pale. */
static void put_frame(struct dap *d, struct json *j, int64_t thread, const struct sstack *st, size_t index,
                      const struct frame_format *how, bool subtle)
{
    SCOPED(text_done) struct text name = {0};
    const struct sframe *f = &st->frames[index];
    put_name(d, st, index, how, &name);
    json_object_begin(j);
    json_kv_u64(j, "id", handles_frame(&d->handles, thread, index));
    json_kv_string(j, "name", text_str(&name));
    put_place(d, j, f);
    json_kv_string(j, "presentationHint", subtle ? "subtle" : "normal");
    json_object_end(j);
}

/* A frame that is none: why there are no more. */
static void put_end(struct dap *d, struct json *j, int64_t thread, const struct sstack *st)
{
    SCOPED(text_done) struct text t = {0};
    text_put(&t, "the stack ends here: ");
    put_safe(&t, st->stopped);
    if (st->stopped_hint) {
        text_put(&t, " (hint: ");
        put_safe(&t, st->stopped_hint);
        text_putc(&t, ')');
    }
    json_object_begin(j);
    json_kv_u64(j, "id", handles_frame(&d->handles, thread, st->n));
    json_kv_string(j, "name", text_str(&t));
    json_kv_u64(j, "line", 0);
    json_kv_u64(j, "column", 0);
    json_kv_string(j, "presentationHint", "label");
    json_object_end(j);
}

static struct err *stack_trace(struct dap *d, const struct incoming *args, struct json *body)
{
    int64_t thread = args_integer(args, "threadId", 0);
    uint64_t first = args_count(args, "startFrame"), levels = args_count(args, "levels");
    struct frame_format how = format_of(args);
    const struct sstack *st;
    if (!levels || levels > FRAMES_AT_ONCE)
        levels = FRAMES_AT_ONCE;
    if (first > UINT32_MAX)
        return err_new(ERR_USAGE, "startFrame is beyond every stack");
    uint64_t known = first + levels > BEGIN_WITHIN ? first + levels : BEGIN_WITHIN;
    TRY(thread_stack(d, thread, (size_t)known, &st));
    size_t begin = first < BEGIN_WITHIN ? stack_begin(d, thread, st) : 0;
    bool label = st->stopped && !st->more;
    json_key(body, "stackFrames");
    json_array_begin(body);
    for (size_t i = first; i < st->n && i - first < levels; i++)
        put_frame(d, body, thread, st, i, &how, i < begin || session_frame_hidden(d->session, &st->frames[i]));
    if (label && first <= st->n && st->n - first < levels)
        put_end(d, body, thread, st);
    json_array_end(body);
    /* Of a stack whose end is not known yet there is at least one more: the client asks on. */
    json_kv_u64(body, "totalFrames", st->n + (label || st->more));
    return NULL;
}

/* ---- scopes ---- */

static void put_scope(struct dap *d, struct json *j, uint32_t frame, const char *name, const char *hint,
                      enum handle_kind kind)
{
    json_object_begin(j);
    json_kv_string(j, "name", name);
    if (hint)
        json_kv_string(j, "presentationHint", hint);
    json_kv_u64(j, "variablesReference", handles_scope(&d->handles, frame, kind));
    json_kv_bool(j, "expensive", kind == HANDLE_GLOBALS || kind == HANDLE_REGISTERS);
    json_object_end(j);
}

/* Editors open the first scope by themselves, and would show nothing of a function that has no arguments. */
static bool has_arguments(struct dap *d, const struct sstack *st, size_t index)
{
    const struct vframe *v;
    struct variables vars = {0};
    bool has = false;
    struct err *e = session_frame(d->session, st, index, &v);
    if (!e)
        e = session_variables(d->session, v, &vars);
    for (size_t i = 0; !e && !has && i < vars.n; i++)
        has = vars.v[i].argument;
    err_free(e); /* the scope of the locals tells it */
    return has;
}

static struct err *scopes(struct dap *d, const struct incoming *args, struct json *body)
{
    int64_t id = args_integer(args, "frameId", 0);
    const struct sstack *st;
    size_t index;
    TRY(frame_of_id(d, id, &st, &index));
    bool language = st->frames[index].kind == FRAME_LANGUAGE;
    uint32_t frame = (uint32_t)id;
    json_key(body, "scopes");
    json_array_begin(body);
    if (has_arguments(d, st, index))
        put_scope(d, body, frame, "Arguments", "arguments", HANDLE_ARGUMENTS);
    put_scope(d, body, frame, "Locals", "locals", HANDLE_LOCALS);
    if (!language) {
        put_scope(d, body, frame, "Globals", NULL, HANDLE_GLOBALS);
        put_scope(d, body, frame, "Registers", "registers", HANDLE_REGISTERS);
    }
    json_array_end(body);
    return NULL;
}

static const struct request_row rows[] = {
    {"stackTrace", NEEDS_TARGET, stack_trace},
    {"scopes", NEEDS_TARGET, scopes},
};
const struct request_table dap_stack_requests = {rows, ARRAY_LEN(rows)};
