/* SPDX-License-Identifier: Apache-2.0 */
/* Types of the target: C, C++ and Rust from DWARF (DWARF 5 chapter 5), and what runtimes and expressions
 * build themselves.
 *
 * A type is made when a DIE is first asked for, and is the same pointer for the same DIE ever after. What is
 * inside of it (fields, enumerators, parameters) is read when asked. Names are complete and as the language
 * writes them: "ns::vec<int, 4>", "&str", "unsigned long".
 *
 * Damaged DWARF never fails: it gives TYPE_ERROR, and a problem of its struct dwarf. Type graphs may be
 * cyclic (struct list { struct list *next; }); a chain of typedefs or qualifiers is cut after 256.
 *
 * Threads: one at a time. All types live as long as the struct types. */
#ifndef VALUE_TYPE_H
#define VALUE_TYPE_H

#include "base/text.h"
#include "module/dwarf.h"
#include "module/module.h"

enum type_kind {
    TYPE_ERROR, /* damaged, or of a kind that Inquest does not know */
    TYPE_VOID,
    TYPE_BOOL,
    TYPE_CHAR, /* printed with its character: DW_ATE_*_char, DW_ATE_UTF */
    TYPE_INT,
    TYPE_FLOAT,
    TYPE_DECIMAL, /* DW_ATE_decimal_float */
    TYPE_COMPLEX, /* target: the part */
    TYPE_ENUM,    /* target: the underlying type, may be NULL */
    TYPE_POINTER,
    TYPE_REFERENCE,
    TYPE_RVALUE_REFERENCE,
    TYPE_MEMBER_POINTER, /* target: the member's type (of a method: TYPE_FUNCTION); owner: the class */
    TYPE_ARRAY,          /* target: the element. Several dimensions: arrays of arrays */
    TYPE_VECTOR,         /* as TYPE_ARRAY, of the processor (DW_AT_GNU_vector) */
    TYPE_STRUCT,
    TYPE_CLASS,
    TYPE_UNION,
    TYPE_FUNCTION,    /* target: what it returns */
    TYPE_UNSPECIFIED, /* decltype(nullptr) */
    TYPE_TYPEDEF,
    TYPE_CONST,
    TYPE_VOLATILE,
    TYPE_RESTRICT,
    TYPE_ATOMIC,
};

struct types;
struct type_more; /* what was read of the inside */

struct type {
    uint8_t kind;       /* enum type_kind */
    bool is_signed;     /* TYPE_INT, TYPE_CHAR, TYPE_ENUM */
    bool incomplete;    /* a declaration: see type_complete() */
    bool count_known;   /* TYPE_ARRAY: `count` holds; false for int x[], flexible members, variable length */
    bool variadic;      /* TYPE_FUNCTION */
    bool unprototyped;  /* TYPE_FUNCTION without a DIE: nothing is known of its parameters */
    bool big_endian;    /* base types with DW_AT_endianity (GCC's scalar_storage_order) */
    bool foreign;       /* of a runtime: see type_foreign() */
    uint8_t go_kind;    /* enum go_kind: DW_AT_go_kind; 0 unsaid */
    uint16_t language;  /* DW_LANG_*; 0 unknown */
    uint16_t align;     /* DW_AT_alignment; 0 unsaid */
    uint64_t size;      /* bytes; 0: none or unknown */
    uint64_t count;     /* TYPE_ARRAY: elements */
    int64_t lower;      /* TYPE_ARRAY: index of the first */
    uint64_t stride;    /* TYPE_ARRAY: bits from element to element; 0: the element's size */
    const char *name;   /* with the language's qualification; NULL: anonymous, or built from `target` */
    const char *tag;    /* last component of `name` without template arguments; NULL */
    const struct type *target; /* see the kinds; NULL is void */
    const struct type *owner;  /* TYPE_MEMBER_POINTER: its class */
    struct dw_die die;  /* unit is NULL for a type that no DIE describes */
    struct types *types;
    struct type_more *more; /* private to type*.c */
};

struct index;
/* `index` is where type_complete() looks; NULL: nothing is completed. Both must outlive the types. */
struct types *types_new(struct modules *ms, struct index *index);
/* Another index from now on: the modules have changed. Types that were given out stay. */
void types_use_index(struct types *t, struct index *index);
void types_free(struct types *t); /* NULL is allowed */

/* The type that a DIE describes. Never NULL. */
const struct type *type_of_die(struct types *t, const struct dw_die *type_die);
/* The type that DW_AT_type of a DIE (a variable, a member, ...) names, through DW_AT_abstract_origin and
 * DW_AT_specification; TYPE_VOID when it names none. Never NULL. */
const struct type *type_of(struct types *t, const struct dw_die *die);

/* Types that are made of others; equal arguments give the same pointer. */
const struct type *type_pointer_to(struct types *t, const struct type *to);
const struct type *type_reference_to(struct types *t, const struct type *to);
const struct type *type_array_of(struct types *t, const struct type *element, uint64_t count);
const struct type *type_with(struct types *t, const struct type *of, enum type_kind qualifier); /* CONST, VOLATILE */
const struct type *type_rvalue_reference_to(struct types *t, const struct type *to);
/* A pointer to a member of `owner`; of a method when `to` is a function. */
const struct type *type_member_pointer_to(struct types *t, const struct type *to, const struct type *owner);
const struct type *type_vector_of(struct types *t, const struct type *element, uint64_t count);
/* The n parameters are copied. NULL: nothing is known of them. */
const struct type *type_function_of(struct types *t, const struct type *result, const struct type *const *parameters,
                                    size_t n, bool variadic);
/* A base type that need not be in the target: for literals, casts and runtimes. `name` is copied. */
const struct type *type_base(struct types *t, enum type_kind kind, const char *name, uint64_t size, bool is_signed);
/* A struct or union that no DIE describes, told from others by its kind, name (NULL: none), size and fields. Fields
 * and names are copied. */
struct field;
const struct type *type_record_of(struct types *t, enum type_kind kind, const char *name, uint64_t size,
                                  const struct field *fields, size_t n);
/* A type of a language whose values only its runtime can read: a TYPE_STRUCT without fields that is told from others by
 * its language (DW_LANG_*), name and size. `name` is copied. Values of it print by their runtime's formatter; one without
 * a location is a name that is bound to nothing. */
const struct type *type_foreign(struct types *t, uint16_t language, const char *name, uint64_t size);
/* A base type of C by any of its spellings ("unsigned", "long int", "size_t" is none), with the sizes of the
 * target's processor; NULL when `name` is none. */
const struct type *type_c(struct types *t, const char *name);
/* The same of Rust's primitive types ("u8", "bool", "str" as bytes). */
const struct type *type_rust(struct types *t, const char *name);

/* Below typedefs; below qualifiers; below both. Never NULL. */
const struct type *type_below_typedefs(const struct type *t);
const struct type *type_unqualified(const struct type *t);
const struct type *type_strip(const struct type *t);
/* The definition of a type that is only declared here (searches the whole program by name: index.h), or `t`
 * itself when it is complete or when there is none. */
const struct type *type_complete(const struct type *t);
/* Same kind, name, size and parts, whatever DIE said it. */
bool type_equal(const struct type *a, const struct type *b);
static inline bool type_is_record(const struct type *t)
{
    return t->kind == TYPE_STRUCT || t->kind == TYPE_CLASS || t->kind == TYPE_UNION;
}
/* C++ or another language with references and classes. */
bool type_is_cxx(const struct type *t);
bool type_is_rust(const struct type *t);
bool type_is_go(const struct type *t);

/* What a type is to Go: reflect.Kind (reflect/type.go; the numbers have been the same since Go 1.0). */
enum go_kind {
    GO_INVALID, /* types of the runtime that only DWARF has, too */
    GO_BOOL,
    GO_INT,
    GO_UINTPTR = 12,
    GO_FLOAT32,
    GO_FLOAT64,
    GO_COMPLEX64,
    GO_COMPLEX128,
    GO_ARRAY,
    GO_CHAN,
    GO_FUNC,
    GO_INTERFACE,
    GO_MAP,
    GO_POINTER,
    GO_SLICE,
    GO_STRING,
    GO_STRUCT,
    GO_UNSAFE_POINTER,
};
/* The type below typedefs and qualifiers that says its kind: a map, not the pointer that it is made of. The kind
 * is told even where DWARF leaves it out, by what DWARF describes. Any other type: type_strip(). Never NULL. */
const struct type *type_go(const struct type *t, enum go_kind *kind);
/* One of Go's own types by its name ("int", "byte", "float64", and "untyped int" of
 * constants), whether or not the program has it; NULL. */
const struct type *type_go_basic(struct types *t, const char *name);
/* A string or slice that an expression made: its `count` elements themselves, value_go_inline(), not where they are. */
const struct type *type_go_inline(struct types *t, enum go_kind kind, const char *name, const struct type *element,
                                  uint64_t count);
/* []T, whether or not the program has it. */
const struct type *type_go_slice_of(struct types *t, const struct type *element);
/* The type that DW_AT_go_key or DW_AT_go_elem of a map, channel or slice names; NULL: none. */
const struct type *type_go_part(const struct type *t, uint16_t at);

/* The DIE that says the bounds and the stride of a TYPE_ARRAY or TYPE_VECTOR of DWARF, in one dimension
 * (DW_TAG_subrange_type): where an array of variable length has them as expressions. False: there is none. */
bool type_subrange(const struct type *t, struct dw_die *out);

/* ---- the inside ---- */

enum {
    FIELD_BASE = 1, /* a base class */
    FIELD_VIRTUAL = 2, /* a virtual base, or a member with a computed place: bit_offset is unknown, and the
                          DIE's DW_AT_data_member_location is an expression over the object */
    FIELD_STATIC = 4,
    FIELD_ARTIFICIAL = 8, /* made by the compiler: _vptr, this */
};
enum access { ACCESS_PUBLIC, ACCESS_PROTECTED, ACCESS_PRIVATE };

struct field {
    const char *name; /* NULL: an anonymous struct or union, a base class, a nameless parameter */
    const struct type *type;
    uint64_t bit_offset; /* from the start of the record, little-endian bit order (DW_AT_data_bit_offset) */
    uint32_t bit_size; /* of a bit-field; 0 otherwise */
    uint8_t flags; /* FIELD_* */
    uint8_t access; /* enum access */
    struct dw_die die;
};
struct fields {
    const struct field *v;
    size_t n;
};
/* Base classes and members in the order of the source (of a declaration: those of its definition). Rust's
 * variant parts are not among them. */
struct fields type_fields(const struct type *t);
/* Parameters of a TYPE_FUNCTION. */
struct fields type_parameters(const struct type *t);

struct enumerator {
    const char *name; /* without the enumeration's own name */
    int64_t value;
};
struct enumerators {
    const struct enumerator *v;
    size_t n;
    bool flags; /* gdb's rule for an enumeration of flags: no value has more than one bit */
};
struct enumerators type_enumerators(const struct type *t);

/* A Rust enum (DW_TAG_variant_part): which of several groups of fields is there depends on one of them. */
struct variant {
    bool otherwise; /* the one for all values that no other has */
    uint64_t lo, hi; /* of the discriminant, inclusive; compared as unsigned of its size */
    struct field field; /* its only member: a struct named as the variant */
};
struct variants {
    const struct variant *v;
    size_t n; /* 0: no variant part */
    bool has_discriminant; /* false: a single variant */
    struct field discriminant;
};
struct variants type_variants(const struct type *t);

struct template_arg {
    const char *name; /* NULL when nameless */
    const struct type *type; /* the argument; or the type of `value` */
    bool is_value;
    bool known; /* false: `value` is not said as a number (an address, say) */
    int64_t value;
};
struct template_args {
    const struct template_arg *v;
    size_t n;
};
/* DW_TAG_template_type_parameter and _value_parameter, packs unrolled. */
struct template_args type_template_args(const struct type *t);

/* ---- as text ---- */

/* Switches of ptype; a zeroed struct is gdb's default. */
struct type_print {
    unsigned depth; /* levels of named records inside of the type that are spelt out, too */
    bool offsets; /* ptype /o */
    bool no_methods; /* /m; /o implies both of these */
    bool no_typedefs; /* /t */
    bool hex; /* /x: offsets in hexadecimal */
    bool raw; /* /r: all types by their own names; else by what the record calls them */
};
/* What stands before the first line of a record with its offsets, and before "type = ". */
#define TYPE_OFFSETS_HEADER "/* offset      |    size */  "
/* "char *", "int (*)(void *, int)", "std::vector<int, std::allocator<int> >": as gdb's whatis. `inner` (may
 * be NULL) is the declared name, put where C has it: "int (*fn)(int)". */
void type_name(struct text *out, const struct type *t, const char *inner);
/* As gdb's ptype: "struct node {\n    int value;\n ...}". */
void type_declaration(struct text *out, const struct type *t, const struct type_print *p);

#endif
