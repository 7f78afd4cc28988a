/* SPDX-License-Identifier: Apache-2.0 */
/* Functions of C as objects. Layouts: Include/cpython/methodobject.h, descrobject.h; PyMethodDef of Include/methodobject.h:
 * the same in 3.6 to 3.15, but for the pointers of PEP 590 (3.8). */
#include "rt/cpython/callables.h"

#include <ctype.h>

enum {
    STACK_MAX = 1024, /* words of an evaluation stack */
    WORDS_MAX = 4096, /* of the C stack between two calls of the interpreter */
    CALLABLES_MAX = 256,
    DEF_SIZE = 32, /* PyMethodDef: ml_name, ml_meth, ml_flags, ml_doc */
    DEF_FUNCTION = 8,
    TABLE_MAX = 256, /* methods before and behind one that are looked at */
    NAME_MAX_BYTES = 128,
    BUILTIN_VECTORCALL = 32, /* behind m_ml: m_self, m_module, m_weakreflist */
    TYPE_CALL = 104, /* tp_call, behind tp_name */
    DESCRIPTOR_OWNER = 16,
    DESCRIPTOR_DEF = 40,
    DESCRIPTOR_VECTORCALL = 48,
};

void py_callables_done(struct py_callables *c)
{
    vec_done(&c->v);
}

/* ---- the evaluation stack ---- */

bool py_evaluation_open(struct rt *rt, taddr record, struct py_evaluation *out)
{
    const struct py_layout *l = &rt->l;
    bool inner = l->frame_localsplus != PY_NONE;
    uint64_t code, at = record + (inner ? l->frame_localsplus : 0);
    int32_t variables = 0, n;
    if (!py_field(rt, record, inner ? l->frame_code : l->frameobj_code, &code) ||
        !py_field_int(rt, py_untag(rt, code), l->code_stacksize, &n))
        return false;
    bool found = inner ? py_field_int(rt, py_untag(rt, code), l->code_nlocalsplus, &variables)
                       : py_field(rt, record, l->frameobj_valuestack, &at);
    *out = (struct py_evaluation){.at = at + (taddr)variables * 8, .n = (size_t)n};
    return found && n > 0 && n <= STACK_MAX && variables >= 0 && variables < 1 << 20;
}

static taddr slot(struct rt *rt, const struct py_evaluation *e, size_t i)
{
    uint64_t v;
    return i < e->n && py_word(rt, e->at + i * 8, &v) ? py_untag(rt, v) : 0;
}

bool py_evaluation_has(struct rt *rt, const struct py_evaluation *e, taddr object)
{
    for (size_t i = 0; i < e->n; i++)
        if (slot(rt, e, i) == object)
            return true;
    return false;
}

/* ---- objects ---- */

/* The class of an object. Any word may be asked for: only what has a class that is a plain one is known. */
static const struct py_type *class_of(struct rt *rt, taddr object)
{
    uint64_t type;
    taddr meta = py_type_of(rt, rt->code_type);
    bool found = object >= IMAGE_PAGE && object % 8 == 0 && meta && py_field(rt, object, rt->l.object_type, &type) &&
                 type >= IMAGE_PAGE && type % 8 == 0 && py_type_of(rt, type) == meta;
    return found ? py_class(rt, type) : NULL;
}

/* What kind of callable an object may be; PYK_COUNT: none. */
static uint8_t kind_of(struct rt *rt, taddr object)
{
    const struct py_type *t = class_of(rt, object);
    return t && (t->kind == PYK_BUILTIN ||
                 (t->kind == PYK_METHOD_DESCRIPTOR && strcmp(t->c_name, "method_descriptor") == 0))
               ? t->kind
               : PYK_COUNT;
}

static bool read_callable(struct rt *rt, taddr object, uint8_t kind, struct py_callable *out)
{
    bool builtin = kind == PYK_BUILTIN;
    uint32_t def = builtin ? rt->l.cfunction_ml : py_offset(rt, DESCRIPTOR_DEF);
    uint32_t vectorcall = builtin ? def + BUILTIN_VECTORCALL : py_offset(rt, DESCRIPTOR_VECTORCALL);
    *out = (struct py_callable){.object = object};
    if (!py_field(rt, object, def, &out->def) || !py_field(rt, out->def, DEF_FUNCTION, &out->function))
        return false;
    if (py_minor(rt) < 8 || !py_field(rt, object, vectorcall, &out->callers[0]))
        out->callers[0] = 0;
    if (!py_field(rt, py_type_of(rt, object), rt->l.type_name + TYPE_CALL, &out->callers[1]))
        out->callers[1] = 0;
    return builtin ? py_field(rt, object, rt->l.cfunction_self, &out->self)
                   : py_field(rt, object, py_offset(rt, DESCRIPTOR_OWNER), &out->owner);
}

static void add(struct py_callables *to, const struct py_callable *c)
{
    for (size_t i = 0; i < to->v.n; i++)
        if (to->v.v[i].object == c->object && to->v.v[i].self == c->self)
            return;
    if (to->v.n < CALLABLES_MAX)
        *vec_push(&to->v) = *c;
}

/* Is it an object of the class, or of one derived from it? */
static bool is_instance(struct rt *rt, taddr object, taddr class)
{
    const struct py_type *t = object ? py_type(rt, object) : NULL, *of;
    for (unsigned i = 0; t && i < PY_MRO_MAX && (of = py_mro_at(rt, t, i)); i++)
        if (of->at == class)
            return true;
    return false;
}

void py_callables_stacked(struct rt *rt, const struct py_evaluation *e, struct py_callables *out)
{
    struct py_callable c;
    for (size_t i = 0; i < e->n; i++) {
        taddr object = slot(rt, e, i);
        uint8_t kind = kind_of(rt, object);
        if (kind == PYK_COUNT || !read_callable(rt, object, kind, &c))
            continue;
        c.stacked = true;
        if (c.owner) { /* the first argument stands behind it, or behind a NULL (3.13) */
            taddr first = slot(rt, e, i + 1);
            first = first ? first : slot(rt, e, i + 2);
            c.self = is_instance(rt, first, c.owner) ? first : 0;
        }
        add(out, &c);
    }
}

void py_callables_of_words(struct rt *rt, taddr at, taddr end, struct py_callables *out)
{
    struct py_callable c;
    uint64_t word;
    for (size_t i = 0; at < end && i < WORDS_MAX && py_word(rt, at, &word); at += 8, i++) {
        uint8_t kind = kind_of(rt, word);
        if (kind != PYK_COUNT && read_callable(rt, word, kind, &c))
            add(out, &c);
    }
}

/* ---- lists that are being sorted ---- */

/* Objects/listobject.c: the count of places, behind the pointer to them, is -1 then. */
static bool is_in_sort(struct rt *rt, taddr object)
{
    uint64_t places;
    const struct py_type *t = class_of(rt, object);
    return t && t->kind == PYK_LIST && rt->l.list_items != PY_NONE &&
           py_field(rt, object, rt->l.list_items + 8, &places) && places == UINT64_MAX;
}

/* False: it is another than the one that was found. */
static bool note_list(struct rt *rt, taddr object, taddr *found)
{
    if (object == *found || !is_in_sort(rt, object))
        return true;
    bool first = !*found;
    *found = object;
    return first;
}

taddr py_list_in_sort(struct rt *rt, const struct regs *regs, taddr end)
{
    enum { SORT_WORDS_MAX = 1 << 18 };
    unsigned sp = modules_image(rt->ms)->arch->sp;
    taddr found = 0, at = regs_has(regs, sp) ? regs->val[sp] & ~(taddr)7 : 0;
    uint64_t word;
    if (!at || at >= end || (end - at) / 8 > SORT_WORDS_MAX)
        return 0;
    for (unsigned i = 0; i < REG_MAX; i++)
        if (regs_has(regs, i) && !note_list(rt, regs->val[i], &found))
            return 0;
    for (; at < end; at += 8)
        if (!py_word(rt, at, &word) || !note_list(rt, word, &found))
            return 0;
    return found;
}

/* ---- definitions ---- */

const char *py_callable_name(struct rt *rt, taddr def)
{
    char b[NAME_MAX_BYTES];
    uint64_t at;
    size_t n = py_field(rt, def, 0, &at) ? py_read_some(rt, at, b, sizeof(b)) : 0, i = 0;
    while (i < n && (isalnum((unsigned char)b[i]) || b[i] == '_'))
        i++;
    return i && i < n && !b[i] ? arena_strdup(&rt->arena, b) : NULL;
}

bool py_callable_has_aliases(struct rt *rt, const struct py_callable *c)
{
    for (int step = -1; step <= 1;
         step += 2) { /* tables end, and those before them, with a definition without a name */
        uint64_t name, function;
        for (int i = 1; i <= TABLE_MAX; i++) {
            taddr at = c->def + (taddr)((int64_t)step * i * DEF_SIZE);
            if (!py_field(rt, at, 0, &name) || !name || !py_field(rt, at, DEF_FUNCTION, &function))
                break;
            if (function == c->function && py_callable_name(rt, at))
                return true;
        }
    }
    return false;
}
