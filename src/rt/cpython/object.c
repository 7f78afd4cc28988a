/* SPDX-License-Identifier: Apache-2.0 */
/* Classes of the target (Include/cpython/object.h), and which of those that the reader knows an object belongs to. */
#include "rt/cpython/object.h"

enum {
    NAME_MAX_BYTES = 512,
    BASES_MAX = 64,
    TYPES_MAX = 1 << 20,
    OBJECT_ALIGN = 8,
};

struct py_objects {
    struct map64 classes; /* address -> struct py_type *, 0 for what is none */
};

void py_objects_free(struct py_objects *o)
{
    if (!o)
        return;
    map64_done(&o->classes);
    free(o);
}

/* ---- what classes are called ---- */

struct known {
    const char *name;
    uint8_t kind;
};

/* Of the interpreter itself: not made at run time, no dot in the name. */
static const struct known builtins[] = {
    {"object", PYK_OBJECT},
    {"NoneType", PYK_NONE},
    {"ellipsis", PYK_ELLIPSIS},
    {"NotImplementedType", PYK_NOT_IMPLEMENTED},
    {"bool", PYK_BOOL},
    {"int", PYK_INT},
    {"float", PYK_FLOAT},
    {"complex", PYK_COMPLEX},
    {"str", PYK_STR},
    {"bytes", PYK_BYTES},
    {"bytearray", PYK_BYTEARRAY},
    {"list", PYK_LIST},
    {"tuple", PYK_TUPLE},
    {"dict", PYK_DICT},
    {"frozendict", PYK_FROZENDICT},
    {"set", PYK_SET},
    {"frozenset", PYK_FROZENSET},
    {"memoryview", PYK_MEMORYVIEW},
    {"range", PYK_RANGE},
    {"slice", PYK_SLICE},
    {"mappingproxy", PYK_MAPPING_PROXY},
    {"dict_keys", PYK_DICT_KEYS},
    {"dict_values", PYK_DICT_VALUES},
    {"dict_items", PYK_DICT_ITEMS},
    {"type", PYK_TYPE},
    {"module", PYK_MODULE},
    {"function", PYK_FUNCTION},
    {"builtin_function_or_method", PYK_BUILTIN},
    {"method", PYK_METHOD},
    {"method-wrapper", PYK_METHOD_WRAPPER},
    {"staticmethod", PYK_STATIC_METHOD},
    {"classmethod", PYK_CLASS_METHOD},
    {"property", PYK_PROPERTY},
    {"wrapper_descriptor", PYK_SLOT_WRAPPER},
    {"method_descriptor", PYK_METHOD_DESCRIPTOR},
    {"classmethod_descriptor", PYK_METHOD_DESCRIPTOR},
    {"getset_descriptor", PYK_GETSET},
    {"member_descriptor", PYK_MEMBER},
    {"code", PYK_CODE},
    {"frame", PYK_FRAME},
    {"traceback", PYK_TRACEBACK},
    {"cell", PYK_CELL},
    {"generator", PYK_GENERATOR},
    {"coroutine", PYK_COROUTINE},
    {"async_generator", PYK_ASYNC_GENERATOR},
    {"weakref", PYK_WEAKREF},
    {"BaseException", PYK_EXCEPTION},
};

/* Of the standard library and of numpy, by their modules. */
static const struct known libraries[] = {
    {"weakref.ReferenceType", PYK_WEAKREF},
    {"functools.partial", PYK_PARTIAL},
    {"types.SimpleNamespace", PYK_NAMESPACE},
    {"collections.deque", PYK_DEQUE},
    {"collections.defaultdict", PYK_DEFAULTDICT},
    {"collections.OrderedDict", PYK_ORDERED_DICT},
    {"collections.Counter", PYK_COUNTER},
    {"datetime.date", PYK_DATE},
    {"datetime.datetime", PYK_DATETIME},
    {"datetime.time", PYK_TIME},
    {"datetime.timedelta", PYK_TIMEDELTA},
    {"datetime.timezone", PYK_TIMEZONE},
    {"decimal.Decimal", PYK_DECIMAL},
    {"fractions.Fraction", PYK_FRACTION},
    {"uuid.UUID", PYK_UUID},
    {"pathlib.PurePath", PYK_PATH},
    {"pathlib._local.PurePath", PYK_PATH},
    {"_thread.lock", PYK_LOCK},
    {"_thread.RLock", PYK_RLOCK},
    {"threading.Condition", PYK_CONDITION},
    {"threading.Semaphore", PYK_SEMAPHORE},
    {"threading.BoundedSemaphore", PYK_BOUNDED_SEMAPHORE},
    {"threading.Event", PYK_EVENT},
    {"threading.Barrier", PYK_BARRIER},
    {"queue.Queue", PYK_QUEUE},
    {"_socket.socket", PYK_SOCKET},
    {"_queue.SimpleQueue", PYK_SIMPLE_QUEUE},
    {"_io.FileIO", PYK_RAW_FILE},
    {"_io.BufferedReader", PYK_BUFFERED_FILE},
    {"_io.BufferedWriter", PYK_BUFFERED_FILE},
    {"_io.BufferedRandom", PYK_BUFFERED_FILE},
    {"_io.TextIOWrapper", PYK_TEXT_FILE},
    {"_io.BytesIO", PYK_BYTES_IO},
    {"mmap.mmap", PYK_MMAP},
    {"re.Pattern", PYK_PATTERN},
    {"_sre.SRE_Pattern", PYK_PATTERN},
    {"re.Match", PYK_MATCH},
    {"_sre.SRE_Match", PYK_MATCH},
    {"zoneinfo.ZoneInfo", PYK_ZONE},
    {"array.array", PYK_ARRAY},
    {"numpy.ndarray", PYK_NDARRAY},
    {"numpy.generic", PYK_NUMPY_SCALAR},
    {"numpy.dtype", PYK_NUMPY_TYPE},
};

/* What `base` is alone; PYK_COUNT: nothing known. */
static uint8_t own_kind(const struct py_type *t)
{
    for (size_t i = 0; !t->heap && i < ARRAY_LEN(builtins); i++)
        if (strcmp(builtins[i].name, t->qualified) == 0)
            return builtins[i].kind;
    for (size_t i = 0; i < ARRAY_LEN(libraries); i++)
        if (strcmp(libraries[i].name, t->qualified) == 0)
            return libraries[i].kind;
    return PYK_COUNT;
}

/* ---- reading one ---- */

static const struct py_type *class_at(struct rt *rt, taddr at, unsigned depth);

/* NUL-terminated, in the arena; NULL: no name. */
static const char *read_name(struct rt *rt, taddr at)
{
    char b[NAME_MAX_BYTES];
    size_t n = at ? py_read_some(rt, at, b, sizeof(b)) : 0;
    const char *end = n ? memchr(b, 0, n) : NULL;
    if (!end || end == b)
        return NULL;
    for (const char *p = b; p < end;) {
        size_t len = utf8_sequence(p, (size_t)(end - p));
        if (!len || utf8_is_control(p, len))
            return NULL;
        p += len;
    }
    return arena_strndup(&rt->arena, b, (size_t)(end - b));
}

static uint64_t word_of(const uint8_t *b, size_t n, uint32_t offset)
{
    uint64_t v = 0;
    if (offset != PY_NONE && offset + sizeof(v) <= n)
        memcpy(&v, b + offset, sizeof(v));
    return v;
}

static uint64_t dict_of(struct rt *rt, taddr state, taddr class)
{
    uint64_t there, dict;
    return py_word(rt, state, &there) && there == class && py_word(rt, state + rt->l.static_type_dict, &dict) ? dict
                                                                                                              : 0;
}

/* 3.12 and later: what each interpreter has of a class that its own C code defines stands in a row, at the place that
 * the class has instead of its subclasses, counted from 1 (Objects/typeobject.c). 0: not known. */
static taddr static_dict(struct rt *rt, taddr at, uint64_t flags, uint64_t place)
{
    enum { STATIC_BUILTIN = 1 << 1, PLACES_MAX = 1000, COUNT = 8 }; /* Py_TPFLAGS_STATIC_BUILTIN */
    uint64_t interpreter;
    const struct py_layout *l = &rt->l;
    if (!(flags & STATIC_BUILTIN) || l->interp_static_types == PY_NONE || !place || place > PLACES_MAX ||
        !py_word(rt, rt->interpreters, &interpreter))
        return 0;
    taddr first = interpreter + l->interp_static_types + (py_minor(rt) >= 13 ? COUNT : 0); /* how many there are */
    taddr state = first + (place - 1) * l->static_type_size;
    uint64_t dict = dict_of(rt, state, at);
    return dict || !rt->free_threaded ? dict : dict_of(rt, state + py_older_allocator(rt), at);
}

/* The fields of PyTypeObject and PyHeapTypeObject. False: no class. */
static bool read_fields(struct rt *rt, taddr at, struct py_type *t)
{
    uint8_t b[1024];
    const struct py_layout *l = &rt->l;
    size_t want = l->type_size != PY_NONE && l->type_size < sizeof(b) ? l->type_size : sizeof(b);
    uint64_t meta_flags;
    if (!at || at % OBJECT_ALIGN || !py_read(rt, at, b, want))
        return false;
    taddr meta = word_of(b, want, l->object_type);
    if (!meta || meta % OBJECT_ALIGN || !py_field(rt, meta, l->type_flags, &meta_flags) || !(meta_flags & PY_FLAG_TYPE))
        return false;
    t->at = at;
    t->flags = word_of(b, want, l->type_flags);
    t->heap = t->flags & PY_FLAG_HEAP;
    t->basicsize = (int64_t)word_of(b, want, l->type_basicsize);
    t->itemsize = (int64_t)word_of(b, want, l->type_itemsize);
    t->dictoffset = (int64_t)word_of(b, want, l->type_dictoffset);
    t->base = word_of(b, want, l->type_base);
    t->dict = word_of(b, want, l->type_dict);
    if (!t->dict)
        t->dict = static_dict(rt, at, t->flags, word_of(b, want, l->type_subclasses));
    t->mro = word_of(b, want, l->type_mro);
    t->members = word_of(b, want, l->type_members);
    if (t->heap && !py_field(rt, at, l->heaptype_cached_keys, &t->cached_keys))
        t->cached_keys = 0;
    t->c_name = t->qualified = t->name = read_name(rt, word_of(b, want, l->type_name));
    return t->name && t->basicsize > 0 && t->basicsize < INT32_MAX && t->itemsize >= 0 && t->itemsize < INT32_MAX;
}

/* A str as the name of something: escaped, in the arena. NULL: none. */
static const char *clean_name(struct rt *rt, taddr str)
{
    SCOPED(text_done) struct text raw = {0}, out = {0};
    struct py_str s;
    if (!py_str_open(rt, str, &s) || !s.length || !py_str_text(rt, str, NAME_MAX_BYTES, &raw))
        return NULL;
    text_put_escaped(&out, text_str(&raw), raw.n);
    return arena_strdup(&rt->arena, text_str(&out));
}

/* A class that a program's `class` made has its module and qualified name apart from tp_name. */
static void name_heap_class(struct rt *rt, struct py_type *t)
{
    uint64_t qualname;
    taddr module;
    const char *last = strrchr(t->name, '.');
    if (last)
        t->name = last + 1;
    t->qualname = t->name;
    if (!t->heap)
        return;
    const char *own = py_field(rt, t->at, rt->l.heaptype_qualname, &qualname) ? clean_name(rt, qualname) : NULL;
    const char *of = t->dict && py_dict_get(rt, t->dict, "__module__", &module) ? clean_name(rt, module) : NULL;
    if (own)
        t->qualname = own;
    if (own && of && strcmp(of, "builtins") != 0)
        t->qualified = arena_printf(&rt->arena, "%s.%s", of, own);
    else if (own && (of || !last))
        t->qualified = own;
}

static bool is_enum_class(struct rt *rt, const struct py_type *t)
{
    taddr meta = t->heap ? py_type_of(rt, t->at) : 0;
    return meta && (py_is(rt, t->at, "EnumMeta") || py_is(rt, t->at, "EnumType"));
}

static void classify(struct rt *rt, struct py_type *t, unsigned depth)
{
    uint8_t kind = own_kind(t);
    t->exact = kind != PYK_COUNT;
    if (t->exact) {
        t->kind = kind;
        return;
    }
    const struct py_type *base = t->base ? class_at(rt, t->base, depth + 1) : NULL;
    t->kind = base ? base->kind : PYK_OBJECT;
    t->is_enum = is_enum_class(rt, t);
    taddr fields;
    t->is_fields =
        base && t->kind == PYK_TUPLE && t->dict && (base->is_fields || py_dict_get(rt, t->dict, "_fields", &fields));
}

static const struct py_type *class_at(struct rt *rt, taddr at, unsigned depth)
{
    bool fresh;
    if (!rt->objects)
        rt->objects = xcalloc(1, sizeof(*rt->objects));
    uint64_t *known = map64_find(&rt->objects->classes, at);
    if (known)
        return (const struct py_type *)(uintptr_t)*known;
    if (depth > BASES_MAX || rt->objects->classes.n >= TYPES_MAX)
        return NULL;
    struct py_type *t = arena_new(&rt->arena, struct py_type);
    /* In the map before its names are read: those are objects of classes, too. */
    *map64_put(&rt->objects->classes, at, &fresh) = 0;
    if (!read_fields(rt, at, t))
        return NULL;
    *map64_put(&rt->objects->classes, at, &fresh) = (uint64_t)(uintptr_t)t;
    name_heap_class(rt, t);
    classify(rt, t, depth);
    return t;
}

const struct py_type *py_class(struct rt *rt, taddr type)
{
    return class_at(rt, type, 0);
}

const struct py_type *py_type(struct rt *rt, taddr object)
{
    uint64_t type;
    if (!object || object % OBJECT_ALIGN || !py_field(rt, object, rt->l.object_type, &type))
        return NULL;
    return class_at(rt, type, 0);
}

bool py_var_size(struct rt *rt, taddr object, int64_t *out)
{
    uint64_t n;
    if (!py_field(rt, object, rt->l.var_size, &n))
        return false;
    *out = (int64_t)n;
    return true;
}

uint64_t py_object_size(struct rt *rt, taddr object, const struct py_type *t)
{
    int64_t n = 0;
    if (t->kind == PYK_INT || t->kind == PYK_BOOL) {
        uint64_t tag;
        if (py_field(rt, object, rt->l.long_tag, &tag))
            n = (int64_t)(tag >> 3);
        else if (!py_var_size(rt, object, &n))
            n = 0;
        n = n < 0 ? -n : n;
    } else if (t->itemsize && !py_var_size(rt, object, &n)) {
        n = 0;
    }
    if (n < 0 || n > INT64_MAX / (t->itemsize ? t->itemsize : 1) - t->basicsize)
        return (uint64_t)t->basicsize;
    return (uint64_t)(t->basicsize + n * t->itemsize);
}
