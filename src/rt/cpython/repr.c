/* SPDX-License-Identifier: Apache-2.0 */
/* Objects as text: which function writes which kind, and the kinds that have no parts. */
#include "rt/cpython/repr.h"

enum {
    INT_DIGITS_MAX = 1 << 14, /* of 30 bits: some 148,000 decimal ones */
    STRING_MAX = 16 * 1024 * 1024, /* characters that are shown, whatever the limits say */
    PART = 1024,
    COMPLEX_IMAGINARY = 8, /* Py_complex: two doubles */
};

/* ---- what is wrong ---- */

void repr_put_unreadable(struct repr *r, taddr at)
{
    uint8_t b[16];
    struct err *e = modules_read(r->rt->ms, at, b, sizeof(b));
    if (e)
        format_problem(r->out, e);
    else
        text_printf(r->out, "<no object at 0x%" PRIx64 ">", at);
}

void repr_put_corrupt(struct repr *r, taddr at, const struct py_type *t)
{
    text_put(r->out, "<damaged ");
    repr_put_name(r, t->name);
    text_printf(r->out, " at 0x%" PRIx64 ">", at);
}

bool repr_is_cycle(const struct repr *r, taddr at)
{
    for (unsigned i = 0; i + 1 < r->level; i++) /* the last is the object itself */
        if (r->path[i] == at)
            return true;
    return false;
}

bool repr_must_stop(const struct repr *r)
{
    return !r->left || (r->line_end && r->out->n > r->line_end) || progress_cancelled(r->progress);
}

/* ---- lines ---- */

static void put_line(struct repr *r)
{
    text_printf(r->out, "\n%*s", (int)r->indent * 2, "");
}

void repr_open(struct repr *r, const char *open)
{
    size_t n = strlen(open);
    r->indent += r->lines;
    text_putn(r->out, open, n - (r->lines && n && open[n - 1] == ' '));
    if (r->lines)
        put_line(r);
}

void repr_next(struct repr *r, uint64_t i)
{
    if (i)
        text_put(r->out, r->lines ? "," : ", ");
    if (i && r->lines)
        put_line(r);
}

void repr_close(struct repr *r, const char *close)
{
    r->indent -= r->lines;
    if (r->lines)
        put_line(r);
    text_put(r->out, close);
}

/* ---- parts ---- */

void repr_put_name(struct repr *r, const char *name)
{
    text_put_escaped(r->out, name, strlen(name));
}

bool repr_put_str_name(struct repr *r, taddr str)
{
    SCOPED(text_done) struct text t = {0};
    bool read = py_str_text(r->rt, str, REPR_NAME, &t);
    repr_put_name(r, read ? text_str(&t) : "?");
    return read;
}

void repr_put_object(struct repr *r, taddr at, const struct py_type *t)
{
    text_putc(r->out, '<');
    repr_put_name(r, t->qualified);
    text_printf(r->out, " object at 0x%" PRIx64, at);
}

void repr_put_field(struct repr *r, taddr at, uint32_t offset)
{
    uint64_t v;
    if (py_field(r->rt, at, offset, &v))
        repr_put(r, v);
    else
        repr_put_unreadable(r, at + (offset == PY_NONE ? 0 : offset));
}

/* ---- numbers ---- */

static void put_big(struct repr *r, taddr at, const struct py_type *t)
{
    size_t n;
    bool negative;
    uint64_t bytes = py_object_size(r->rt, at, t);
    SCOPED(freep) uint32_t *digits = xcalloc(INT_DIGITS_MAX, sizeof(*digits));
    if (py_int_digits(r->rt, at, digits, INT_DIGITS_MAX, &n, &negative))
        py_put_digits(r->out, digits, n, negative);
    else if (bytes / sizeof(*digits) > INT_DIGITS_MAX)
        text_printf(r->out, "<int of %" PRIu64 " bytes>", bytes);
    else
        repr_put_unreadable(r, at);
}

static void put_int(struct repr *r, taddr at, const struct py_type *t)
{
    int64_t v;
    if (py_int(r->rt, at, &v))
        text_put_i64(r->out, v);
    else
        put_big(r, at, t);
}

static void put_bool(struct repr *r, taddr at, const struct py_type *t)
{
    int64_t v;
    if (py_int(r->rt, at, &v))
        text_put(r->out, v ? "True" : "False");
    else
        repr_put_corrupt(r, at, t);
}

static void put_float(struct repr *r, taddr at, const struct py_type *t)
{
    double v;
    (void)t;
    if (py_float(r->rt, at, &v))
        py_put_float(r->out, v, true);
    else
        repr_put_unreadable(r, at);
}

static void put_complex(struct repr *r, taddr at, const struct py_type *t)
{
    double v[2];
    (void)t;
    if (r->rt->l.complex_value == PY_NONE || !py_read(r->rt, at + r->rt->l.complex_value, v, sizeof(v))) {
        repr_put_unreadable(r, at);
        return;
    }
    bool imaginary_only = v[0] == 0 && !__builtin_signbit(v[0]);
    if (!imaginary_only) {
        text_putc(r->out, '(');
        py_put_float(r->out, v[0], false);
        if (!__builtin_signbit(v[1]) || v[1] != v[1])
            text_putc(r->out, '+');
    }
    py_put_float(r->out, v[1], false);
    text_put(r->out, imaginary_only ? "j" : "j)");
}

/* ---- text ---- */

uint64_t repr_shown(const struct repr *r, uint64_t n)
{
    uint64_t limit = r->f->characters ? r->f->characters : r->f->elements;
    limit = limit && limit < STRING_MAX ? limit : STRING_MAX;
    return n < limit ? n : limit;
}

/* Is one of the n characters `wanted`? */
static bool has_char(const uint8_t *b, size_t n, uint8_t width, char wanted)
{
    if (width == 1)
        return memchr(b, wanted, n);
    struct cursor c = cursor_of((struct bytes){.p = b, .n = n * width}, 0, "str");
    for (size_t i = 0; i < n; i++)
        if (cursor_uint(&c, width) == (uint64_t)wanted)
            return true;
    return false;
}

/* Quotes as repr() chooses them, by the n characters that are shown. */
static char quote_of(struct repr *r, const struct py_str *s, uint64_t n)
{
    uint8_t b[PART];
    bool single = false;
    uint64_t bytes = n * s->width;
    for (uint64_t at = 0; at < bytes; at += sizeof(b)) {
        size_t want = bytes - at < sizeof(b) ? (size_t)(bytes - at) : sizeof(b);
        size_t got = py_read_some(r->rt, s->data + at, b, want);
        if (has_char(b, got / s->width, s->width, '"'))
            return '\'';
        single |= has_char(b, got / s->width, s->width, '\'');
        if (got < want)
            break;
    }
    return single ? '"' : '\'';
}

/* How many from the start stand between quotes as they are. */
static size_t plain_bytes(const uint8_t *b, size_t n, char quote)
{
    size_t i = 0;
    while (i < n && b[i] >= ' ' && b[i] < 0x7f && b[i] != (uint8_t)quote && b[i] != '\\')
        i++;
    return i;
}

/* Characters of a str from the first of them on. */
static void put_characters(struct repr *r, const uint8_t *b, size_t n, uint8_t width, char quote)
{
    struct cursor c = cursor_of((struct bytes){.p = b, .n = n * width}, 0, "str");
    for (size_t i = 0; i < n; i++) {
        size_t plain = width == 1 ? plain_bytes(b + i, n - i, quote) : 0;
        text_putn(r->out, (const char *)b + i, plain);
        cursor_skip(&c, plain);
        i += plain;
        if (i < n)
            py_put_char(r->out, (uint32_t)cursor_uint(&c, width), quote);
    }
}

void repr_put_str(struct repr *r, const struct py_str *s)
{
    uint8_t b[PART];
    uint64_t n = repr_shown(r, s->length), done = 0;
    char quote = quote_of(r, s, n);
    text_putc(r->out, quote);
    while (done < n) {
        size_t want = n - done < sizeof(b) / 4 ? (size_t)(n - done) : sizeof(b) / 4;
        size_t got = py_read_some(r->rt, s->data + done * s->width, b, want * s->width) / s->width;
        put_characters(r, b, got, s->width, quote);
        done += got;
        if (got < want)
            break;
    }
    text_putc(r->out, quote);
    if (done < n)
        repr_put_unreadable(r, s->data + done * s->width);
    else if (n < s->length)
        text_put(r->out, "...");
}

void repr_str(struct repr *r, taddr at, const struct py_type *t)
{
    struct py_str s;
    if (py_str_open(r->rt, at, &s))
        repr_put_str(r, &s);
    else
        repr_put_corrupt(r, at, t);
}

void repr_put_bytes(struct repr *r, taddr data, int64_t length)
{
    uint64_t n = repr_shown(r, (uint64_t)length);
    SCOPED(freep) uint8_t *b = xmalloc((size_t)n);
    size_t got = py_read_some(r->rt, data, b, (size_t)n);
    py_put_bytes(r->out, b, got, got == n && n < (uint64_t)length);
    if (got < n)
        repr_put_unreadable(r, data + got);
}

static void put_bytes(struct repr *r, taddr at, const struct py_type *t)
{
    int64_t n;
    if (r->rt->l.bytes_data == PY_NONE || !py_var_size(r->rt, at, &n) || n < 0)
        repr_put_corrupt(r, at, t);
    else
        repr_put_bytes(r, at + r->rt->l.bytes_data, n);
}

static void put_bytearray(struct repr *r, taddr at, const struct py_type *t)
{
    int64_t n;
    uint64_t data;
    if (!py_var_size(r->rt, at, &n) || n < 0 || !py_field(r->rt, at, r->rt->l.bytearray_start, &data)) {
        repr_put_corrupt(r, at, t);
        return;
    }
    repr_put_name(r, t->name);
    text_putc(r->out, '(');
    repr_put_bytes(r, data, n);
    text_putc(r->out, ')');
}

/* ---- the few that say all with their names ---- */

static void put_constant(struct repr *r, taddr at, const struct py_type *t)
{
    (void)at;
    text_put(r->out, t->kind == PYK_NONE ? "None" : t->kind == PYK_ELLIPSIS ? "Ellipsis" : "NotImplemented");
}

/* Include/cpython/memoryobject.h; the same in 3.6 to 3.15. */
enum { VIEW_FLAGS = 40, VIEW_RELEASED = 1, VIEW_DATA = 56, VIEW_BYTES = 72, VIEW_DIMENSIONS = 92, VIEW_STRIDES = 112 };

/* Are the bytes of a view one behind the other? */
static bool is_row_of_bytes(struct repr *r, taddr at)
{
    uint64_t item, dimensions, strides, step;
    return py_word(r->rt, at + py_offset(r->rt, VIEW_BYTES) + 8, &item) && item == 1 &&
           py_uint(r->rt, at + py_offset(r->rt, VIEW_DIMENSIONS), 4, &dimensions) && dimensions == 1 &&
           py_field(r->rt, at, py_offset(r->rt, VIEW_STRIDES), &strides) && py_word(r->rt, strides, &step) && step == 1;
}

static void put_memoryview(struct repr *r, taddr at, const struct py_type *t)
{
    uint64_t flags, data, bytes;
    if (!py_uint(r->rt, at + py_offset(r->rt, VIEW_FLAGS), 4, &flags) ||
        !py_field(r->rt, at, py_offset(r->rt, VIEW_DATA), &data) ||
        !py_field(r->rt, at, py_offset(r->rt, VIEW_BYTES), &bytes) || bytes > INT64_MAX) {
        repr_put_corrupt(r, at, t);
        return;
    }
    text_printf(r->out, "<%smemory at 0x%" PRIx64, flags & VIEW_RELEASED ? "released " : "", at);
    if (!(flags & VIEW_RELEASED)) {
        text_printf(r->out, ": %" PRIu64 " byte%s", bytes, bytes == 1 ? "" : "s");
        if (is_row_of_bytes(r, at)) {
            text_put(r->out, ", ");
            repr_put_bytes(r, data, (int64_t)bytes);
        }
    }
    text_putc(r->out, '>');
}

enum { RANGE_START = 16 }; /* Objects/rangeobject.c: start, stop, step, length */

static void put_range(struct repr *r, taddr at, const struct py_type *t)
{
    uint64_t part[3];
    int64_t step;
    if (!py_read(r->rt, at + py_offset(r->rt, RANGE_START), part, sizeof(part))) {
        repr_put_corrupt(r, at, t);
        return;
    }
    text_put(r->out, "range(");
    repr_put(r, part[0]);
    text_put(r->out, ", ");
    repr_put(r, part[1]);
    if (!py_int(r->rt, part[2], &step) || step != 1) {
        text_put(r->out, ", ");
        repr_put(r, part[2]);
    }
    text_putc(r->out, ')');
}

static void put_slice(struct repr *r, taddr at, const struct py_type *t)
{
    (void)t;
    text_put(r->out, "slice(");
    repr_put_field(r, at, r->rt->l.slice_start);
    text_put(r->out, ", ");
    repr_put_field(r, at, r->rt->l.slice_stop);
    text_put(r->out, ", ");
    repr_put_field(r, at, r->rt->l.slice_step);
    text_putc(r->out, ')');
}

/* ---- all ---- */

static repr_fn *const writers[PYK_COUNT] = {
    [PYK_OBJECT] = repr_instance,
    [PYK_NONE] = put_constant,
    [PYK_ELLIPSIS] = put_constant,
    [PYK_NOT_IMPLEMENTED] = put_constant,
    [PYK_BOOL] = put_bool,
    [PYK_INT] = put_int,
    [PYK_FLOAT] = put_float,
    [PYK_COMPLEX] = put_complex,
    [PYK_STR] = repr_str,
    [PYK_BYTES] = put_bytes,
    [PYK_BYTEARRAY] = put_bytearray,
    [PYK_LIST] = repr_container,
    [PYK_TUPLE] = repr_container,
    [PYK_DICT] = repr_container,
    [PYK_FROZENDICT] = repr_container,
    [PYK_SET] = repr_container,
    [PYK_FROZENSET] = repr_container,
    [PYK_MEMORYVIEW] = put_memoryview,
    [PYK_RANGE] = put_range,
    [PYK_SLICE] = put_slice,
    [PYK_MAPPING_PROXY] = repr_container,
    [PYK_DICT_KEYS] = repr_container,
    [PYK_DICT_VALUES] = repr_container,
    [PYK_DICT_ITEMS] = repr_container,
    [PYK_TYPE] = repr_type,
    [PYK_MODULE] = repr_module,
    [PYK_FUNCTION] = repr_function,
    [PYK_BUILTIN] = repr_builtin,
    [PYK_METHOD] = repr_method,
    [PYK_METHOD_WRAPPER] = repr_method_wrapper,
    [PYK_STATIC_METHOD] = repr_wrapping,
    [PYK_CLASS_METHOD] = repr_wrapping,
    [PYK_PROPERTY] = repr_wrapping,
    [PYK_PARTIAL] = repr_partial,
    [PYK_SLOT_WRAPPER] = repr_descriptor,
    [PYK_METHOD_DESCRIPTOR] = repr_descriptor,
    [PYK_GETSET] = repr_descriptor,
    [PYK_MEMBER] = repr_descriptor,
    [PYK_CODE] = repr_code,
    [PYK_FRAME] = repr_frame,
    [PYK_TRACEBACK] = repr_traceback,
    [PYK_CELL] = repr_cell,
    [PYK_GENERATOR] = repr_generator,
    [PYK_COROUTINE] = repr_generator,
    [PYK_ASYNC_GENERATOR] = repr_generator,
    [PYK_WEAKREF] = repr_weakref,
    [PYK_EXCEPTION] = repr_exception,
    [PYK_NAMESPACE] = repr_namespace,
    [PYK_DEQUE] = repr_container,
    [PYK_DEFAULTDICT] = repr_container,
    [PYK_ORDERED_DICT] = repr_container,
    [PYK_COUNTER] = repr_container,
    [PYK_DATE] = repr_time,
    [PYK_DATETIME] = repr_time,
    [PYK_TIME] = repr_time,
    [PYK_TIMEDELTA] = repr_time,
    [PYK_TIMEZONE] = repr_time,
    [PYK_DECIMAL] = repr_decimal,
    [PYK_FRACTION] = repr_fraction,
    [PYK_UUID] = repr_uuid,
    [PYK_PATH] = repr_path,
    [PYK_LOCK] = repr_lock,
    [PYK_RLOCK] = repr_rlock,
    [PYK_CONDITION] = repr_condition,
    [PYK_SEMAPHORE] = repr_synchronizer,
    [PYK_BOUNDED_SEMAPHORE] = repr_synchronizer,
    [PYK_EVENT] = repr_synchronizer,
    [PYK_BARRIER] = repr_synchronizer,
    [PYK_SOCKET] = repr_socket,
    [PYK_QUEUE] = repr_queue,
    [PYK_SIMPLE_QUEUE] = repr_simple_queue,
    [PYK_RAW_FILE] = repr_file,
    [PYK_BUFFERED_FILE] = repr_file,
    [PYK_TEXT_FILE] = repr_file,
    [PYK_BYTES_IO] = repr_bytes_io,
    [PYK_MMAP] = repr_mmap,
    [PYK_PATTERN] = repr_pattern,
    [PYK_MATCH] = repr_match,
    [PYK_ZONE] = repr_zone,
    [PYK_ARRAY] = repr_array,
    [PYK_NDARRAY] = repr_ndarray,
    [PYK_NUMPY_SCALAR] = repr_numpy_scalar,
    [PYK_NUMPY_TYPE] = repr_numpy_type,
};

static void put_object(struct repr *r, taddr at, const struct py_type *t)
{
    if (t->is_enum)
        repr_enum(r, at, t);
    else if (t->is_fields)
        repr_named_tuple(r, at, t);
    else if (repr_is_struct_sequence(r, t))
        repr_struct_sequence(r, at, t);
    else
        writers[t->kind](r, at, t);
}

/* Has it no parts that could have lines of their own? */
static bool is_indivisible(const struct py_type *t)
{
    return t->kind == PYK_STR || t->kind == PYK_BYTES || t->kind == PYK_BYTEARRAY || t->kind == PYK_INT;
}

/* On the rest of the line if it fits there, else its parts on lines of their own. */
static void put_pretty(struct repr *r, taddr at, const struct py_type *t)
{
    size_t from = r->out->n, column = 0;
    unsigned left = r->left;
    bool lines = r->lines;
    while (column < from && column < REPR_WIDTH && r->out->p[from - column - 1] != '\n')
        column++;
    r->lines = false;
    r->line_end = from + REPR_WIDTH - column;
    put_object(r, at, t);
    bool fits = r->out->n <= r->line_end;
    r->line_end = 0;
    if (!fits) {
        r->out->n = from;
        r->left = left;
        r->lines = true;
        put_object(r, at, t);
    }
    r->lines = lines;
}

void repr_put(struct repr *r, taddr at)
{
    const struct py_type *t = at ? py_type(r->rt, at) : NULL;
    if (!at) {
        text_put(r->out, "<NULL>");
        return;
    }
    if (!t) {
        repr_put_unreadable(r, at);
        return;
    }
    if (repr_must_stop(r) || r->level >= REPR_LEVELS) {
        text_put(r->out, "...");
        return;
    }
    r->left--;
    r->path[r->level++] = at;
    if (r->f->pretty && !r->line_end && !is_indivisible(t))
        put_pretty(r, at, t);
    else
        put_object(r, at, t);
    r->level--;
}

void py_repr(struct rt *rt, taddr object, const struct format *f, bool summary, struct progress *progress,
             struct text *out)
{
    struct repr r = {.rt = rt, .f = f, .out = out, .progress = progress, .summary = summary, .left = REPR_OBJECTS};
    repr_put(&r, object);
}
