/* SPDX-License-Identifier: Apache-2.0 */
/* Code objects: what a function is called, where it is written, and the line of an instruction. Each is read once. */
#include "rt/cpython/lines.h"
#include "rt/cpython/priv.h"

enum {
    NAME_MAX_CHARS = 4096,
    TABLE_MAX = 16 << 20, /* bytes of a line table */
    CODE_UNIT = 2,
};

/* Without the program's file types have no names: then by what is in it. */
static bool looks_like_code(struct rt *rt, taddr object)
{
    uint64_t file, name, lines;
    return py_field(rt, object, rt->l.code_filename, &file) && py_derives(rt, file, PY_IS_STR) &&
           py_field(rt, object, rt->l.code_name, &name) && py_derives(rt, name, PY_IS_STR) &&
           py_field(rt, object, rt->l.code_linetable, &lines) && py_derives(rt, lines, PY_IS_BYTES);
}

static bool py_is_code(struct rt *rt, taddr object)
{
    taddr type = object ? py_type_of(rt, object) : 0;
    if (!type)
        return false;
    if (!rt->code_type && looks_like_code(rt, object))
        rt->code_type = type;
    return type == rt->code_type;
}

/* The content of a bytes object; n is 0 when it is none. */
static struct bytes read_table(struct rt *rt, taddr object)
{
    uint64_t n;
    if (!py_derives(rt, object, PY_IS_BYTES) || !py_field(rt, object, rt->l.var_size, &n) || n > TABLE_MAX)
        return (struct bytes){0};
    uint8_t *p = arena_alloc(&rt->arena, (size_t)n + 1);
    return (struct bytes){p, py_read_some(rt, object + rt->l.bytes_data, p, (size_t)n)};
}

static const char *name_at(struct rt *rt, taddr code, uint32_t offset)
{
    uint64_t str;
    return py_field(rt, code, offset, &str) ? py_name(rt, str, NAME_MAX_CHARS) : NULL;
}

/* Python's own walks leave out frames before the first instruction that can be traced; such code has none. */
static bool cannot_be_traced(struct rt *rt, taddr code)
{
    int32_t first;
    uint64_t units;
    return py_field_int(rt, code, rt->l.code_firsttraceable, &first) && py_field(rt, code, rt->l.var_size, &units) &&
           first > 0 && units > 0 && (uint64_t)first >= units;
}

static struct py_code *read_code(struct rt *rt, taddr at)
{
    uint64_t table = 0;
    struct py_code *c = arena_new(&rt->arena, struct py_code);
    *c = (struct py_code){.at = at};
    c->file = name_at(rt, at, rt->l.code_filename);
    c->name = name_at(rt, at, rt->l.code_name);
    c->qualname = name_at(rt, at, rt->l.code_qualname);
    if (!py_field_int(rt, at, rt->l.code_firstlineno, &c->first_line))
        c->first_line = 0;
    c->no_function = cannot_be_traced(rt, at);
    if (py_field(rt, at, rt->l.code_linetable, &table))
        c->lines = read_table(rt, table);
    return c;
}

const struct py_code *py_code(struct rt *rt, taddr at)
{
    bool fresh;
    uint64_t *slot = map64_put(&rt->codes, at, &fresh);
    if (fresh) {
        uint64_t made = py_is_code(rt, at) ? (uint64_t)(uintptr_t)read_code(rt, at) : 0;
        slot = map64_put(&rt->codes, at, NULL);
        *slot = made;
    }
    return (const struct py_code *)(uintptr_t)*slot;
}

static void locate(const struct rt *rt, const struct py_code *c, int32_t offset, struct py_location *out)
{
    if (py_minor(rt) >= 11)
        py_location_3_11(c->lines, c->first_line, offset, out);
    else if (py_minor(rt) == 10)
        py_location_3_10(c->lines, c->first_line, offset, out);
    else
        py_location_lnotab(c->lines, c->first_line, offset, out);
}

const struct rt_place *py_place(struct rt *rt, const struct py_code *c, int32_t offset)
{
    bool fresh;
    struct {
        uint64_t code;
        int64_t offset;
    } key = {c->at, offset};
    uint64_t *slot = map64_put(&rt->places, hash_stable(&key, sizeof(key)), &fresh);
    struct py_placed *p = (struct py_placed *)(uintptr_t)*slot;
    while (p && (p->code != c || p->offset != offset))
        p = p->next;
    if (!p) {
        struct py_location at;
        locate(rt, c, offset, &at);
        p = arena_new(&rt->arena, struct py_placed);
        *p = (struct py_placed){.code = c, .offset = offset, .next = (struct py_placed *)(uintptr_t)*slot};
        p->place = (struct rt_place){.function = c->qualname ? c->qualname : c->name,
                                     .name = c->name,
                                     .file = c->file,
                                     .line = at.line,
                                     .column = at.column,
                                     .end_line = at.end_line,
                                     .end_column = at.end_column};
        *slot = (uint64_t)(uintptr_t)p;
    }
    return &p->place;
}

/* Free-threaded from 3.14 on: each thread runs a copy of its own (_PyCodeArray of Include/cpython/code.h: how many, and
 * where each is), since the interpreter changes instructions while they run. */
static taddr first_instruction(struct rt *rt, const struct py_code *c, taddr frame)
{
    uint64_t copies, n, first;
    int32_t index;
    if (rt->free_threaded && py_minor(rt) >= 14 && py_field(rt, c->at, rt->l.code_tlbc, &copies) && copies &&
        py_field_int(rt, frame, rt->l.frame_tlbc_index, &index) && py_word(rt, copies, &n) && index >= 0 &&
        (uint64_t)index < n && py_word(rt, copies + 8 + (uint64_t)index * 8, &first))
        return first;
    return c->at + rt->l.code_adaptive;
}

int32_t py_instruction(struct rt *rt, const struct py_code *c, taddr frame, uint64_t at)
{
    int64_t offset = (int64_t)(at - first_instruction(rt, c, frame));
    /* Before the first instruction: nothing was run yet. */
    return offset >= -CODE_UNIT && offset <= INT32_MAX ? (int32_t)offset : -1;
}
