/* SPDX-License-Identifier: Apache-2.0 */
/* What programs are made of: classes, modules, code, frames, generators, references. */
#include "rt/cpython/repr.h"

enum { WEAKREF_OBJECT = 16 }; /* Include/cpython/weakrefobject.h; the same in 3.6 to 3.15 */

void repr_type(struct repr *r, taddr at, const struct py_type *t)
{
    const struct py_type *named = py_class(r->rt, at);
    if (!named) {
        repr_put_corrupt(r, at, t);
        return;
    }
    text_put(r->out, named->is_enum ? "<enum '" : "<class '");
    repr_put_name(r, named->is_enum ? named->name : named->qualified);
    text_put(r->out, "'>");
}

/* Of modules that are in the interpreter the spec may say nothing (until 3.10), but the loader does. */
static const char *built_in(struct repr *r, taddr dict)
{
    taddr loader;
    const struct py_type *t = NULL;
    if (py_dict_get(r->rt, dict, "__loader__", &loader))
        t = py_class(r->rt, loader);
    return !t                                        ? ""
           : strcmp(t->name, "BuiltinImporter") == 0 ? " (built-in)"
           : strcmp(t->name, "FrozenImporter") == 0  ? " (frozen)"
                                                     : "";
}

struct origin {
    taddr name;    /* as the module's spec has it; 0: it has none */
    taddr place;   /* where the module came from; 0: not told */
    bool is_file;
};

/* What importlib._bootstrap._module_repr_from_spec goes by. */
static void find_origin(struct repr *r, taddr dict, struct origin *out)
{
    taddr spec, has_location;
    int64_t is_file = 0;
    *out = (struct origin){0};
    if (!py_dict_get(r->rt, dict, "__spec__", &spec) || !py_attr(r->rt, spec, "origin", &out->place)) {
        if (py_dict_get(r->rt, dict, "__file__", &out->place))
            out->is_file = true;
    } else {
        if (!py_attr(r->rt, spec, "name", &out->name))
            out->name = 0;
        out->is_file =
            py_attr(r->rt, spec, "_set_fileattr", &has_location) && py_int(r->rt, has_location, &is_file) && is_file;
    }
    const struct py_type *t = out->place ? py_type(r->rt, out->place) : NULL;
    if (!t || t->kind != PYK_STR)
        out->place = 0;
}

void repr_module(struct repr *r, taddr at, const struct py_type *t)
{
    uint64_t dict;
    taddr name = 0;
    struct origin from;
    const struct py_type *of;
    if (!py_field(r->rt, at, r->rt->l.module_dict, &dict) || !py_dict_get(r->rt, dict, "__name__", &name) ||
        !(of = py_type(r->rt, name)) || of->kind != PYK_STR) {
        repr_put_object(r, at, t);
        text_putc(r->out, '>');
        return;
    }
    const char *inside = built_in(r, dict);
    find_origin(r, dict, &from);
    /* Until 3.9 loaders of what is in the interpreter write it, by the module's own name. */
    if (from.name && from.place && !(*inside && py_minor(r->rt) < 10) && py_type(r->rt, from.name))
        name = from.name;
    text_put(r->out, "<module ");
    repr_put(r, name);
    if (!from.place) {
        text_put(r->out, inside);
    } else if (from.is_file) {
        text_put(r->out, " from ");
        repr_put(r, from.place);
    } else {
        text_put(r->out, " (");
        repr_put_str_name(r, from.place);
        text_putc(r->out, ')');
    }
    text_putc(r->out, '>');
}

/* ---- code and frames ---- */

static void put_code(struct repr *r, taddr code, taddr shown, const char *begin, const char *file)
{
    uint64_t name, path;
    uint64_t line = 0;
    const struct py_layout *l = &r->rt->l;
    text_put(r->out, begin);
    if (py_field(r->rt, code, l->code_name, &name))
        repr_put_str_name(r, name);
    text_printf(r->out, " at 0x%" PRIx64 ", file %s", shown, file);
    if (py_field(r->rt, code, l->code_filename, &path))
        repr_put_str_name(r, path);
    if (l->code_firstlineno == PY_NONE || !py_uint(r->rt, code + l->code_firstlineno, 4, &line))
        line = 0;
    text_printf(r->out, "%s, line %" PRIu64 ">", file, line);
}

void repr_code(struct repr *r, taddr at, const struct py_type *t)
{
    (void)t;
    put_code(r, at, at, "<code object ", "\"");
}

/* 3.6 tells the address alone. */
void repr_frame(struct repr *r, taddr at, const struct py_type *t)
{
    uint64_t record = at;
    const struct rt_place *p = NULL;
    if (py_minor(r->rt) < 11 || py_field(r->rt, at, r->rt->l.frameobj_frame, &record))
        p = py_frame_place(r->rt, record);
    if (py_minor(r->rt) < 7)
        repr_put_object(r, at, t);
    else
        text_printf(r->out, "<frame at 0x%" PRIx64, at);
    if (p) {
        text_put(r->out, ", file '");
        repr_put_name(r, p->file ? p->file : "?");
        text_printf(r->out, "', line %d, code ", p->line);
        repr_put_name(r, p->name ? p->name : "?");
    }
    text_putc(r->out, '>');
}

void repr_traceback(struct repr *r, taddr at, const struct py_type *t)
{
    repr_put_object(r, at, t);
    int32_t line;
    if (py_field_int(r->rt, at, r->rt->l.traceback_lineno, &line) && line > 0)
        text_printf(r->out, ", line %" PRId32, line);
    text_putc(r->out, '>');
}

/* ---- generators ---- */

/* Include/internal/pycore_frame.h: the first of the numbers, which has changed. */
static const char *state_of(struct repr *r, taddr at)
{
    const struct py_layout *l = &r->rt->l;
    unsigned minor = py_minor(r->rt);
    uint64_t frame;
    uint8_t raw;
    int32_t lasti;
    if (l->gen_frame_state != PY_NONE) {
        if (!py_field_byte(r->rt, at, l->gen_frame_state, &raw))
            return "state not readable";
        int state = (int8_t)raw + (minor < 13 ? 2 : minor < 15 ? 3 : 0);
        int suspended = minor < 13 ? 1 : minor < 15 ? 2 : 3, running = suspended + 1;
        return state == 0 ? "created" : state <= suspended ? "suspended" : state == running ? "running" : "finished";
    }
    if (!py_field(r->rt, at, l->gen_frame, &frame))
        return "state not readable";
    if (!frame)
        return "finished";
    if (l->frameobj_state != PY_NONE && py_field_byte(r->rt, frame, l->frameobj_state, &raw))
        return (int8_t)raw == -2 ? "created" : (int8_t)raw == -1 ? "suspended" : raw == 0 ? "running" : "finished";
    if (py_field_byte(r->rt, at, l->gen_running, &raw) && raw)
        return "running";
    return py_field_int(r->rt, frame, l->frameobj_lasti, &lasti) && lasti < 0 ? "created" : "suspended";
}

void repr_generator(struct repr *r, taddr at, const struct py_type *t)
{
    uint64_t name;
    text_printf(r->out, "<%s object ", t->name);
    if (py_field(r->rt, at, r->rt->l.gen_qualname, &name))
        repr_put_str_name(r, name);
    else
        text_putc(r->out, '?');
    text_printf(r->out, " at 0x%" PRIx64 ", %s>", at, state_of(r, at));
}

/* ---- references ---- */

void repr_cell(struct repr *r, taddr at, const struct py_type *t)
{
    uint64_t value;
    (void)t;
    text_printf(r->out, "<cell at 0x%" PRIx64 ": ", at);
    if (!py_field(r->rt, at, r->rt->l.cell_value, &value))
        repr_put_unreadable(r, at);
    else if (!value)
        text_put(r->out, "empty");
    else if (repr_is_cycle(r, value))
        text_put(r->out, "...");
    else
        repr_put(r, value);
    text_putc(r->out, '>');
}

/* __name__ of what has one. */
static bool name_of(struct repr *r, taddr at, const struct py_type *t, struct text *out)
{
    uint64_t name = 0;
    const struct py_layout *l = &r->rt->l;
    const struct py_type *class = t->kind == PYK_TYPE ? py_class(r->rt, at) : NULL;
    bool generator = t->kind == PYK_GENERATOR || t->kind == PYK_COROUTINE || t->kind == PYK_ASYNC_GENERATOR;
    if (class)
        text_put(out, class->name);
    else if (t->kind == PYK_FUNCTION || generator)
        return py_field(r->rt, at, generator ? l->gen_name : l->func_name, &name) &&
               py_str_text(r->rt, name, REPR_NAME, out);
    return class || (py_attr(r->rt, at, "__name__", &name) && py_str_text(r->rt, name, REPR_NAME, out));
}

/* From 3.13 on with its module, unless that is the program's. */
static const char *referent(struct repr *r, const struct py_type *of)
{
    bool of_main = begins_with(of->qualified, "__main__.");
    return py_minor(r->rt) < 13 ? of->c_name : of_main ? of->qualname : of->qualified;
}

void repr_weakref(struct repr *r, taddr at, const struct py_type *t)
{
    uint64_t to = 0;
    const struct py_type *of = NULL;
    (void)t;
    if (py_field(r->rt, at, py_offset(r->rt, WEAKREF_OBJECT), &to) && to)
        of = py_type(r->rt, to);
    text_printf(r->out, "<weakref at 0x%" PRIx64 "; ", at);
    if (of && of->kind != PYK_NONE) {
        text_put(r->out, "to '");
        repr_put_name(r, referent(r, of));
        text_printf(r->out, "' at 0x%" PRIx64, to);
        SCOPED(text_done) struct text name = {0};
        if (name_of(r, to, of, &name)) {
            text_put(r->out, " (");
            repr_put_name(r, text_str(&name));
            text_putc(r->out, ')');
        }
        text_putc(r->out, '>');
    } else {
        text_put(r->out, "dead>");
    }
}
