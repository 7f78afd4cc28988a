/* SPDX-License-Identifier: Apache-2.0 */
/* How the types of the C++ and Rust standard libraries print. Private to rt/native/.
 *
 * A type is one row of a table and one function. The function reads the members that it knows by name; when
 * one is missing, or a size makes no sense, it says false and the value prints as its bare record: a layout of
 * another version is never guessed at. */
#ifndef RT_NATIVE_FORMATTERS_H
#define RT_NATIVE_FORMATTERS_H

#include "value/format.h"

/* Fills the presentation; *p is zeroed. */
typedef bool present_fn(struct values *vs, const struct value *v, struct presentation *p);

struct formatter_row {
    const char *name; /* of the type, before its template arguments, without "__cxx11::" */
    present_fn *present;
};
struct formatter_rows {
    const struct formatter_row *v;
    size_t n;
};
extern const struct formatter_rows libstdcxx_rows, libstdcxx_map_rows, libstdcxx_pointer_rows, libcxx_rows, rust_rows,
    rust_map_rows;

/* ---- reading, for the functions of rows: false when something is missing ---- */

/* A member by path, "_M_impl._M_start", through base classes. */
bool fmt_path(struct values *vs, const struct value *v, const char *path, struct value *out);
/* The number (integer, pointer, enumeration) there. */
bool fmt_number(struct values *vs, const struct value *v, const char *path, uint64_t *out);
/* The first pointer inside: Rust wraps pointers in structs whose names change with versions. */
bool fmt_pointer(struct values *vs, const struct value *v, uint64_t *out);
/* A word of the target: a pointer in a node whose layout is fixed. */
bool fmt_word(struct values *vs, taddr at, uint64_t *out);
/* Bytes of an address in the target. */
unsigned fmt_word_size(const struct values *vs);
/* Template argument i of a type when it is a type; NULL. */
const struct type *fmt_argument(const struct type *t, size_t i);
/* `at` rounded up to what objects of the type need. */
taddr fmt_align(const struct type *t, taddr at);

/* "std::string" instead of the template that it stands for, other types by their names. */
const char *fmt_type_name(struct values *vs, const struct type *t);

/* ---- presenting ---- */

/* "std::vector of length 3, capacity 4". */
bool fmt_summary(struct presentation *p, struct values *vs, const char *fmt, ...) PRINTF_LIKE(3, 4);
/* " with 3 elements" after the name. */
bool fmt_counted(struct presentation *p, struct values *vs, const char *name, uint64_t n);
/* n objects in a row; numbered: each child is named "[i]". */
bool fmt_row(struct presentation *p, struct values *vs, const struct type *element, taddr at, uint64_t n,
             bool numbered);
/* The elements of a std::array's array, wherever they are. */
bool fmt_array(struct presentation *p, struct values *vs, const struct value *elements);
/* n characters of the target, or bytes of UTF-8 for Rust. */
bool fmt_string(struct presentation *p, struct values *vs, const struct type *character, taddr at, uint64_t n);
/* One child; name NULL: {value} instead of {name = value}. */
bool fmt_child(struct presentation *p, struct values *vs, const char *name, struct value v);
/* n named children, which are copied. */
bool fmt_children(struct presentation *p, struct values *vs, const struct child *v, size_t n);
/* Nodes that are chained, each with an object inside: `step` gives the address of the next node's object.
 * `key`: the member of the object that is shown, NULL for all of it; `mapped`: what the key maps to, for a map. */
struct fmt_nodes {
    bool (*step)(struct values *vs, struct fmt_nodes *it, taddr *object);
    const struct type *element;
    uint64_t n, done;     /* objects */
    taddr node, end;      /* of the step function */
    uint64_t extra[4];
    const char *key, *mapped;
    bool numbered;
    struct value pair; /* of which the mapped value is next */
    bool half;
};
bool fmt_nodes(struct presentation *p, struct values *vs, const struct fmt_nodes *it);

/* present_map(), present_unordered_map(), ... for the rows of C++'s sets and maps, by two functions that take the
 * container's name and whether it is a map. */
#define FMT_TREES_AND_HASHES(tree, hash)           \
    FMT_CONTAINER_(map, tree, true)                \
    FMT_CONTAINER_(multimap, tree, true)           \
    FMT_CONTAINER_(set, tree, false)               \
    FMT_CONTAINER_(multiset, tree, false)          \
    FMT_CONTAINER_(unordered_map, hash, true)      \
    FMT_CONTAINER_(unordered_multimap, hash, true) \
    FMT_CONTAINER_(unordered_set, hash, false)     \
    FMT_CONTAINER_(unordered_multiset, hash, false)
#define FMT_CONTAINER_(name, way, is_map)                                                        \
    static bool present_##name(struct values *vs, const struct value *v, struct presentation *p) \
    {                                                                                            \
        return way(vs, v, p, "std::" #name, is_map);                                             \
    }

/* The formatter over all rows. */
struct native_formatters;
struct native_formatters *native_formatters_new(void);
void native_formatters_free(struct native_formatters *f);
const struct formatter *native_formatter(struct native_formatters *f);

#endif
