/* SPDX-License-Identifier: Apache-2.0 */
/* Strings, sequences and cells of Rust's standard library (library/alloc and library/core of 1.48 to 1.90). Text
 * as its own printers for gdb give it. */
#include "rt/native/formatters.h"

#include <inttypes.h>

/* The address of the elements in a Vec's `buf` (RawVec; since 1.80 with a RawVecInner inside). */
static bool buffer(struct values *vs, const struct value *v, const char *path, taddr *out)
{
    struct value buf, ptr;
    return fmt_path(vs, v, path, &buf) && (fmt_path(vs, &buf, "inner.ptr", &ptr) || fmt_path(vs, &buf, "ptr", &ptr)) &&
           fmt_pointer(vs, &ptr, out);
}

/* UTF-8 or OS bytes in a Vec<u8>. */
static bool bytes_of_vec(struct values *vs, const struct value *v, const char *path, struct presentation *p)
{
    struct value vec;
    uint64_t n;
    taddr at;
    return fmt_path(vs, v, path, &vec) && fmt_number(vs, &vec, "len", &n) && buffer(vs, &vec, "buf", &at) &&
           fmt_string(p, vs, type_base(vs->types, TYPE_CHAR, "u8", 1, false), at, n);
}

static bool present_string(struct values *vs, const struct value *v, struct presentation *p)
{
    return bytes_of_vec(vs, v, "vec", p);
}

static bool present_os_string(struct values *vs, const struct value *v, struct presentation *p)
{
    return bytes_of_vec(vs, v, "inner.inner", p);
}

/* A pointer with a length: &str, Box<str>. */
static bool present_str(struct values *vs, const struct value *v, struct presentation *p)
{
    uint64_t at, n;
    return fmt_number(vs, v, "data_ptr", &at) && fmt_number(vs, v, "length", &n) &&
           fmt_string(p, vs, type_base(vs->types, TYPE_CHAR, "u8", 1, false), at, n);
}

static bool present_slice(struct values *vs, const struct value *v, struct presentation *p)
{
    struct value pointer;
    uint64_t at, n;
    if (!fmt_path(vs, v, "data_ptr", &pointer) || !fmt_number(vs, v, "data_ptr", &at) ||
        !fmt_number(vs, v, "length", &n))
        return false;
    fmt_summary(p, vs, "%s(size=%" PRIu64 ")", v->type->name, n);
    return fmt_row(p, vs, type_strip(pointer.type)->target, at, n, false);
}

/* Box<str> and Box<[T]>; a Box of a sized type is a pointer in DWARF and never comes here. */
static bool present_box(struct values *vs, const struct value *v, struct presentation *p)
{
    if (begins_with(v->type->name, "alloc::boxed::Box<str"))
        return present_str(vs, v, p);
    return begins_with(v->type->name, "alloc::boxed::Box<[") && present_slice(vs, v, p);
}

static bool present_vec(struct values *vs, const struct value *v, struct presentation *p)
{
    uint64_t n;
    taddr at;
    if (!fmt_number(vs, v, "len", &n) || !buffer(vs, v, "buf", &at))
        return false;
    fmt_summary(p, vs, "Vec(size=%" PRIu64 ")", n);
    return fmt_row(p, vs, fmt_argument(v->type, 0), at, n, false);
}

/* node: the elements; extra: index of the first, capacity. */
static bool step_ring(struct values *vs, struct fmt_nodes *it, taddr *object)
{
    (void)vs;
    *object = it->node + (it->extra[0] + it->done) % it->extra[1] * it->element->size;
    return true;
}

static bool capacity(struct values *vs, const struct value *v, uint64_t *out)
{
    static const char *const paths[] = {"buf.cap", "buf.cap.__0", "buf.inner.cap", "buf.inner.cap.__0"};
    for (size_t i = 0; i < ARRAY_LEN(paths); i++)
        if (fmt_number(vs, v, paths[i], out))
            return true;
    return false;
}

static bool present_vec_deque(struct values *vs, const struct value *v, struct presentation *p)
{
    struct fmt_nodes it = {.step = step_ring, .element = fmt_argument(v->type, 0)};
    uint64_t tail;
    if (!it.element || !buffer(vs, v, "buf", &it.node) || !capacity(vs, v, &it.extra[1]) ||
        (!fmt_number(vs, v, "head", &it.extra[0]) && !fmt_number(vs, v, "head.__0", &it.extra[0])))
        return false;
    if (fmt_number(vs, v, "tail", &tail)) { /* until 1.66: from tail to head, both indices */
        uint64_t head = it.extra[0];
        it.extra[0] = tail;
        it.n = head >= tail ? head - tail : it.extra[1] - tail + head;
    } else if (!fmt_number(vs, v, "len", &it.n)) {
        return false;
    }
    if (it.n > it.extra[1] && type_strip(it.element)->size)
        return false;
    if (!it.extra[1])
        it.extra[1] = 1;
    fmt_summary(p, vs, "VecDeque(size=%" PRIu64 ")", it.n);
    return fmt_nodes(p, vs, &it);
}

/* ---- counted pointers and cells ---- */

static bool counted(struct values *vs, const struct value *v, struct presentation *p, const char *name,
                    const char *value, const char *strong, const char *weak)
{
    struct value ptr, box;
    struct child c[3] = {{.name = "value"}, {.name = "strong"}, {.name = "weak"}};
    uint64_t uses, weaks;
    if (!fmt_path(vs, v, "ptr.pointer", &ptr) || type_strip(ptr.type)->kind != TYPE_POINTER)
        return false; /* of an unsized type: its record shows both words */
    struct err *e = value_deref(vs, &ptr, &box);
    err_free(e); /* the record shows the pointer */
    if (e || !fmt_path(vs, &box, value, &c[0].value) || !fmt_number(vs, &box, strong, &uses) ||
        !fmt_number(vs, &box, weak, &weaks))
        return false;
    const struct type *t = type_base(vs->types, TYPE_INT, "usize", fmt_word_size(vs), false);
    c[1].value = value_of_int(vs, t, uses);
    c[2].value = value_of_int(vs, t, weaks - 1); /* all strong ones together hold one weak count */
    fmt_children(p, vs, c, 3);
    return fmt_summary(p, vs, "%s(strong=%" PRIu64 ", weak=%" PRIu64 ")", name, uses, weaks - 1);
}

static bool present_rc(struct values *vs, const struct value *v, struct presentation *p)
{
    return counted(vs, v, p, "Rc", "value", "strong.value.value", "weak.value.value");
}

static bool present_arc(struct values *vs, const struct value *v, struct presentation *p)
{
    return counted(vs, v, p, "Arc", "data", "strong.v.value", "weak.v.value");
}

static bool present_cell(struct values *vs, const struct value *v, struct presentation *p)
{
    struct value inside;
    if (!fmt_path(vs, v, "value.value", &inside))
        return false;
    fmt_summary(p, vs, "Cell");
    return fmt_child(p, vs, "value", inside);
}

/* A positive count of readers, or a negative one of writers. */
static bool borrowed(struct values *vs, struct presentation *p, const char *name, struct value count,
                     const char *value_name, struct value value)
{
    struct child c[2] = {{.name = value_name, .value = value}, {.name = "borrow", .value = count}};
    uint64_t raw;
    if (!fmt_number(vs, &count, "", &raw))
        return false;
    int64_t n = (int64_t)raw;
    fmt_children(p, vs, c, 2);
    if (n >= 0)
        return fmt_summary(p, vs, "%s(borrow=%" PRId64 ")", name, n);
    return fmt_summary(p, vs, "%s(borrow_mut=%" PRIu64 ")", name, -raw);
}

static bool present_ref_cell(struct values *vs, const struct value *v, struct presentation *p)
{
    struct value value, count;
    return fmt_path(vs, v, "value.value", &value) && fmt_path(vs, v, "borrow.value.value", &count) &&
           borrowed(vs, p, "RefCell", count, "value", value);
}

static bool present_ref(struct values *vs, const struct value *v, struct presentation *p)
{
    struct value pointer, value, count;
    if (!fmt_path(vs, v, "value", &pointer) || !fmt_path(vs, v, "borrow.borrow", &count))
        return false;
    if (type_strip(pointer.type)->kind != TYPE_POINTER && !fmt_path(vs, &pointer, "pointer", &pointer))
        return false; /* NonNull since 1.63 */
    struct err *e = value_deref(vs, &pointer, &value);
    if (!e)
        e = value_deref(vs, &count, &count);
    err_free(e); /* the record shows the pointers */
    return !e && fmt_path(vs, &count, "value.value", &count) && borrowed(vs, p, "Ref", count, "*value", value);
}

/* Mutex and RwLock: {inner, poison: {failed: AtomicBool}, data: UnsafeCell<T>}. */
static bool locked(struct values *vs, const struct value *v, struct presentation *p, const char *name)
{
    struct value data;
    uint64_t poisoned;
    if (!fmt_path(vs, v, "data.value", &data) || !fmt_number(vs, v, "poison.failed.v.value", &poisoned))
        return false;
    fmt_summary(p, vs, "%s%s", name, poisoned ? " (poisoned)" : "");
    return fmt_child(p, vs, "data", data);
}

static bool present_mutex(struct values *vs, const struct value *v, struct presentation *p)
{
    return locked(vs, v, p, "Mutex");
}

static bool present_rw_lock(struct values *vs, const struct value *v, struct presentation *p)
{
    return locked(vs, v, p, "RwLock");
}

static const struct formatter_row rows[] = {
    {"&str", present_str},
    {"&[]", present_slice},
    {"alloc::string::String", present_string},
    {"std::ffi::os_str::OsString", present_os_string},
    {"alloc::boxed::Box", present_box},
    {"alloc::vec::Vec", present_vec},
    {"alloc::collections::vec_deque::VecDeque", present_vec_deque},
    {"alloc::rc::Rc", present_rc},
    {"alloc::sync::Arc", present_arc},
    {"core::cell::Cell", present_cell},
    {"core::cell::RefCell", present_ref_cell},
    {"core::cell::Ref", present_ref},
    {"core::cell::RefMut", present_ref},
    {"std::sync::mutex::Mutex", present_mutex},
    {"std::sync::poison::mutex::Mutex", present_mutex},
    {"std::sync::rwlock::RwLock", present_rw_lock},
    {"std::sync::poison::rwlock::RwLock", present_rw_lock},
};
const struct formatter_rows rust_rows = {rows, ARRAY_LEN(rows)};
