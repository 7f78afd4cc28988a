/* SPDX-License-Identifier: Apache-2.0 */
/* What programs are made of: classes, modules, functions, code, frames, generators. */
#include "rt/cpython/repr.h"

/* The same in 3.6 to 3.15: Include/cpython/descrobject.h, weakrefobject.h. */
enum {
    DESCRIPTOR_TYPE = 16,
    DESCRIPTOR_NAME = 24,
    WEAKREF_OBJECT = 16,
    METHOD_NAME = 0, /* PyMethodDef */
    C_NAME = 128,
};

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

/* Until 3.8 the spec of a built-in module says nothing, but its loader does. */
static bool is_builtin(struct repr *r, taddr dict)
{
    taddr loader;
    const struct py_type *t;
    return py_dict_get(r->rt, dict, "__loader__", &loader) && (t = py_class(r->rt, loader)) &&
           strcmp(t->name, "BuiltinImporter") == 0;
}

/* importlib._bootstrap._module_repr_from_spec: where the module came from. */
static void put_origin(struct repr *r, taddr dict)
{
    taddr spec, origin, location;
    const struct py_type *t;
    int64_t has_location = 0;
    bool found = py_dict_get(r->rt, dict, "__spec__", &spec) && py_attr(r->rt, spec, "origin", &origin);
    if (found && py_attr(r->rt, spec, "_set_fileattr", &location) && !py_int(r->rt, location, &has_location))
        has_location = 0;
    if (!found) {
        has_location = 1;
        found = py_dict_get(r->rt, dict, "__file__", &origin);
    }
    t = found ? py_type(r->rt, origin) : NULL;
    if (!t || t->kind != PYK_STR) {
        if (is_builtin(r, dict))
            text_put(r->out, " (built-in)");
        return;
    }
    text_put(r->out, has_location ? " from " : " (");
    if (has_location)
        repr_str(r, origin, t);
    else
        repr_put_str_name(r, origin);
    text_put(r->out, has_location ? "" : ")");
}

void repr_module(struct repr *r, taddr at, const struct py_type *t)
{
    uint64_t dict;
    taddr name = 0;
    const struct py_type *of;
    if (!py_field(r->rt, at, r->rt->l.module_dict, &dict) || !py_dict_get(r->rt, dict, "__name__", &name) ||
        !(of = py_type(r->rt, name)) || of->kind != PYK_STR) {
        repr_put_object(r, at, t);
        text_putc(r->out, '>');
        return;
    }
    text_put(r->out, "<module ");
    repr_str(r, name, of);
    put_origin(r, dict);
    text_putc(r->out, '>');
}

void repr_function(struct repr *r, taddr at, const struct py_type *t)
{
    uint64_t name;
    if (!py_field(r->rt, at, r->rt->l.func_qualname, &name)) {
        repr_put_corrupt(r, at, t);
        return;
    }
    text_put(r->out, "<function ");
    repr_put_str_name(r, name);
    text_printf(r->out, " at 0x%" PRIx64 ">", at);
}

/* A name that C code has. */
static void put_c_name(struct repr *r, taddr at)
{
    char b[C_NAME];
    size_t n = py_read_some(r->rt, at, b, sizeof(b));
    const char *end = n ? memchr(b, 0, n) : NULL;
    if (end)
        text_put_escaped(r->out, b, (size_t)(end - b));
    else
        text_putc(r->out, '?');
}

void repr_builtin(struct repr *r, taddr at, const struct py_type *t)
{
    uint64_t def, name, self;
    if (!py_field(r->rt, at, r->rt->l.cfunction_ml, &def) || !py_word(r->rt, def + METHOD_NAME, &name) ||
        !py_field(r->rt, at, r->rt->l.cfunction_self, &self)) {
        repr_put_corrupt(r, at, t);
        return;
    }
    const struct py_type *of = self ? py_type(r->rt, self) : NULL;
    bool method = of && of->kind != PYK_MODULE;
    text_put(r->out, method ? "<built-in method " : "<built-in function ");
    put_c_name(r, name);
    if (method) {
        text_put(r->out, " of ");
        repr_put_name(r, of->heap ? of->name : of->qualified);
        text_printf(r->out, " object at 0x%" PRIx64, self);
    }
    text_putc(r->out, '>');
}

void repr_method(struct repr *r, taddr at, const struct py_type *t)
{
    uint64_t func, self, name;
    const struct py_type *of;
    if (!py_field(r->rt, at, r->rt->l.method_func, &func) || !py_field(r->rt, at, r->rt->l.method_self, &self)) {
        repr_put_corrupt(r, at, t);
        return;
    }
    text_put(r->out, "<bound method ");
    of = py_type(r->rt, func);
    if (of && of->kind == PYK_FUNCTION && py_field(r->rt, func, r->rt->l.func_qualname, &name))
        repr_put_str_name(r, name);
    else
        text_putc(r->out, '?');
    text_put(r->out, " of ");
    r->instances += REPR_LEVELS; /* of whom, not what is in it */
    repr_put(r, self);
    r->instances -= REPR_LEVELS;
    text_putc(r->out, '>');
}

void repr_descriptor(struct repr *r, taddr at, const struct py_type *t)
{
    uint64_t owner, name;
    const struct py_type *of = NULL;
    if (py_word(r->rt, at + DESCRIPTOR_TYPE, &owner))
        of = py_class(r->rt, owner);
    if (!of || !py_word(r->rt, at + DESCRIPTOR_NAME, &name)) {
        repr_put_corrupt(r, at, t);
        return;
    }
    text_put(r->out, t->kind == PYK_SLOT_WRAPPER        ? "<slot wrapper '"
                     : t->kind == PYK_METHOD_DESCRIPTOR ? "<method '"
                     : t->kind == PYK_GETSET            ? "<attribute '"
                                                        : "<member '");
    repr_put_str_name(r, name);
    text_put(r->out, "' of '");
    repr_put_name(r, of->heap ? of->name : of->qualified);
    text_put(r->out, "' objects>");
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

void repr_frame(struct repr *r, taddr at, const struct py_type *t)
{
    repr_put_object(r, at, t);
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

void repr_weakref(struct repr *r, taddr at, const struct py_type *t)
{
    uint64_t to = 0;
    const struct py_type *of = NULL;
    (void)t;
    if (py_word(r->rt, at + WEAKREF_OBJECT, &to) && to)
        of = py_type(r->rt, to);
    text_printf(r->out, "<weakref at 0x%" PRIx64 "; ", at);
    if (of && of->kind != PYK_NONE) {
        text_put(r->out, "to '");
        repr_put_name(r, py_minor(r->rt) < 13 || !of->heap ? of->name : of->qualified);
        text_printf(r->out, "' at 0x%" PRIx64 ">", to);
    } else {
        text_put(r->out, "dead>");
    }
}
