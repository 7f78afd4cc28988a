/* SPDX-License-Identifier: Apache-2.0 */
/* What the files that evaluate expressions share. Private to expr*.c. */
#ifndef VALUE_EXPR_PRIV_H
#define VALUE_EXPR_PRIV_H

#include "value/expr.h"
#include "value/expr_parse.h"
#include "value/register.h"

enum found_kind {
    FOUND_NOTHING,
    FOUND_VARIABLE,  /* of a frame: var, frame */
    FOUND_MEMBER,    /* of what `this` points to, by its name */
    FOUND_DIE,       /* a variable, function or enumerator */
    FOUND_TYPE,
    FOUND_NAMESPACE,
    FOUND_SYMBOL,    /* without debug information */
};

/* What a name means. */
struct found {
    uint8_t kind; /* enum found_kind */
    bool declaration; /* FOUND_DIE, FOUND_TYPE: defined elsewhere */
    const struct variable *var;
    const struct vframe *frame; /* of `var`, or of `this` */
    struct dw_die die;
    struct dw_die enumeration;  /* of an enumerator; unit NULL otherwise */
    const struct type *type;    /* FOUND_TYPE */
    const char *name;           /* FOUND_MEMBER */
    struct symbol symbol;       /* FOUND_SYMBOL */
};

struct known_name;

/* One evaluation. */
struct eval {
    const struct expr_env *env;
    struct values *vs;
    struct types *types;
    struct arena *arena;
    enum expr_language language;
    bool types_only; /* sizeof, whatis: only types matter, nothing is read */
    struct parser parser;
    struct known_name *known; /* expr_name.c */
    struct dw_scopes paths;
    /* expr_frame.c */
    bool have_variables, have_function;
    struct variables variables;
    struct dw_die function; /* unit NULL: unknown */
    const char *scope;      /* NULL: not asked yet */
};

/* An error at a node: "column N: ...". */
#define eval_fail(ev, node, ...) lexer_error(&(ev)->parser.lx, (node)->at, __VA_ARGS__)
/* Puts the column in front of an ERR_USAGE that names none. NULL for NULL. */
struct err *eval_at(const struct eval *ev, const struct node *n, struct err *e) MUST_CHECK;

/* ---- expr_eval.c ---- */
struct err *eval_node(struct eval *ev, const struct node *n, struct value *out) MUST_CHECK;
/* A value or a type. */
struct err *eval_any(struct eval *ev, const struct node *n, struct value *out, bool *is_type) MUST_CHECK;
/* With and without reading, whatever `ev` does else. `is_type` NULL: a value is wanted. */
struct err *eval_as(struct eval *ev, const struct node *n, bool types_only, struct value *out,
                    bool *is_type) MUST_CHECK;
/* An operand that decides about a type (a count), which is read even when only types matter. */
struct err *eval_count(struct eval *ev, const struct node *n, int64_t *out) MUST_CHECK;
/* A value of which only the type counts: its bytes are nowhere. */
struct value eval_absent(const struct type *t);

/* ---- expr_type.c ---- */
struct err *eval_type(struct eval *ev, const struct node *n, const struct type **out) MUST_CHECK;
/* A type that the language itself has ("int", "bool", "u8"); NULL. */
const struct type *eval_builtin_type(struct eval *ev, const char *name);
/* The type of C's int, long, ... by a name that is known to be one. */
const struct type *eval_c_type(struct eval *ev, const char *name) NEVER_NULL;
/* The type of comparisons. */
const struct type *eval_bool_type(struct eval *ev);
/* The part of `text` in parentheses as the parameters of a function type. */
struct err *eval_parameters(struct eval *ev, const char *text, const struct type **out) MUST_CHECK;
uint64_t eval_sizeof(const struct type *t);
uint64_t eval_alignof(const struct type *t);

/* ---- expr_literal.c ---- */
struct err *eval_literal(struct eval *ev, const struct node *n, struct value *out) MUST_CHECK;

/* ---- expr_unit.c: names by DIEs ---- */
enum scope_kind { SCOPE_TYPES = 1, SCOPE_FUNCTIONS = 2, SCOPE_VARIABLES = 4, SCOPE_ENUMERATORS = 8, SCOPE_ALL = 15 };
struct scope_query {
    const char *name;  /* qualified, without leading :: */
    unsigned kinds;    /* enum scope_kind */
    enum tag_kind tag; /* of types */
    bool c_tags;       /* as in C, a tag without its keyword is no type */
};
/* Looks below a DIE (a unit, a function) without entering functions below it. A definition is preferred. */
bool scope_search(const struct scope_query *q, const struct dw_die *top, struct found *out);
/* Is what a DIE names defined elsewhere? A variable without a place is. */
bool scope_is_declaration(const struct dw_die *die);
/* Is the type DIE what `tag` asks for? */
bool scope_tag_fits(const struct scope_query *q, const struct dw_die *die);

/* ---- expr_name.c: what a name means ---- */
/* `name`: qualified, with :: in front or not, with parameter types in parentheses or not. ERR_CANCELLED, ERR_USAGE for
 * wrong parameters; FOUND_NOTHING is no error. */
struct err *name_find(struct eval *ev, const char *name, const char *file, enum tag_kind tag,
                      struct found *out) MUST_CHECK;
/* The parser's question; `ev` is a struct eval. */
struct err *name_classify(void *ev, const char *name, enum name_class *out) MUST_CHECK;
/* No symbol "x" in current context. */
struct err *name_unknown(struct eval *ev, const char *name) MUST_CHECK;

/* ---- expr_frame.c: names that the selected frame gives a meaning ---- */
/* The variables of env->frame, once. Empty without one. */
struct variables frame_variables(struct eval *ev);
/* The function of env->frame; false: unknown. */
bool frame_function(struct eval *ev, struct dw_die *out);
/* "ns::class" around that function; "" for none. */
const char *frame_scope(struct eval *ev);
/* A variable, local type or enumerator, or member of *this. */
void frame_find(struct eval *ev, const struct scope_query *q, struct found *out);
/* `this`, as a FOUND_MEMBER without a name; `base` (may be NULL) must be its class or a base of that. */
bool frame_this(struct eval *ev, const struct type *base, struct found *out);
/* A name inside of another function: in a frame of its that is on the stack, or static. */
void frame_find_in_function(struct eval *ev, const struct dw_die *function, const struct scope_query *q,
                            struct found *out);

/* ---- expr_found.c: from a meaning to a value ---- */
struct err *found_value(struct eval *ev, const struct node *n, const struct found *f, struct value *out) MUST_CHECK;
bool found_has_no_type(const struct type *t); /* of data without debug information */

/* ---- expr_number.c ---- */
struct err *number_binary(struct eval *ev, const struct node *n, const struct value *a, const struct value *b,
                          struct value *out) MUST_CHECK;
struct err *number_unary(struct eval *ev, const struct node *n, const struct value *v, struct value *out) MUST_CHECK;
struct err *number_truth(struct eval *ev, const struct node *n, const struct value *v, bool *out) MUST_CHECK;
/* An integer as 64 bits; ERR_USAGE for other types. */
struct err *number_int(struct eval *ev, const struct node *n, const struct value *v, int64_t *out) MUST_CHECK;
bool number_is_integral(const struct type *stripped);
bool number_is(const struct type *stripped);

/* ---- expr_pointer.c ---- */
/* References give what they refer to. */
struct err *pointer_referent(struct eval *ev, const struct value *v, struct value *out) MUST_CHECK;
/* And arrays and functions become pointers. */
struct err *pointer_decay(struct eval *ev, const struct node *n, const struct value *v, struct value *out) MUST_CHECK;
struct err *pointer_binary(struct eval *ev, const struct node *n, const struct value *a, const struct value *b,
                           struct value *out) MUST_CHECK;
struct err *pointer_deref(struct eval *ev, const struct node *n, const struct value *v, struct value *out) MUST_CHECK;
struct err *pointer_address_of(struct eval *ev, const struct node *n, const struct value *v,
                               struct value *out) MUST_CHECK;
struct err *pointer_index(struct eval *ev, const struct node *n, const struct value *v, const struct value *i,
                          struct value *out) MUST_CHECK;
/* v@count */
struct err *pointer_repeat(struct eval *ev, const struct node *n, const struct value *v, int64_t times,
                           struct value *out) MUST_CHECK;

/* ---- expr_member.c ---- */
struct err *member_of(struct eval *ev, const struct node *n, const struct value *v, struct value *out) MUST_CHECK;
/* Has a record the member, in itself, its anonymous members or its bases? */
bool member_exists(const struct type *record, const char *name);
/* Is `base` the record itself, or a base of it? */
bool member_has_base(const struct type *record, const struct type *base);
/* &Class::member */
struct err *member_pointer_to(struct eval *ev, const struct node *n, bool *done, struct value *out) MUST_CHECK;
/* a.*b, a->*b */
struct err *member_by_pointer(struct eval *ev, const struct node *n, const struct value *object,
                              const struct value *pointer, struct value *out) MUST_CHECK;

/* ---- expr_container.c: through the presentation of a value ---- */
/* *done false: the value presents nothing of the kind. */
struct err *container_element(struct eval *ev, const struct node *n, const struct value *v, const struct value *i,
                              struct value *out, bool *done) MUST_CHECK;
/* What a smart pointer points to, or an optional holds. */
struct err *container_target(struct eval *ev, const struct node *n, const struct value *v, struct value *out,
                             bool *done) MUST_CHECK;

/* ---- expr_go.c: what Go means by the nodes that it shares with other languages ---- */
/* *done false: the same as in C. */
struct err *go_evaluate(struct eval *ev, const struct node *n, struct value *out, bool *done) MUST_CHECK;
/* ---- expr_go_type.c ---- */
/* A name of the frame, or of the frame's package, or with its package's path or name. */
struct err *go_find_name(struct eval *ev, const char *name, struct found *out) MUST_CHECK;
/* The parser's question; `ev` is a struct eval. */
struct err *go_classify(void *ev, const char *name, enum name_class *out) MUST_CHECK;
/* A type that is written as an expression, T, *T, T[int]; NULL: it is none. */
struct err *go_type_of_node(struct eval *ev, const struct node *n, const struct type **out) MUST_CHECK;
/* A type by its name in the source; NULL: it is not known. */
struct err *go_named_type(struct eval *ev, const char *name, const struct type **out) MUST_CHECK;
/* The parser's question: is a name a variable of the frame? `ev` is a struct eval. */
bool go_is_local(void *ev, const char *name);
/* ---- expr_go_runtime.c ---- */
/* *done false: none of Delve's own names. */
struct err *go_runtime(struct eval *ev, const struct node *n, struct value *out, bool *done) MUST_CHECK;
/* ---- expr_go_value.c ---- */
struct err *go_index(struct eval *ev, const struct node *n, struct value *out) MUST_CHECK;
struct err *go_member(struct eval *ev, const struct node *n, struct value *out) MUST_CHECK;
/* x.(T); T may be "data": what the interface holds, whatever it is. */
struct err *go_assertion(struct eval *ev, const struct node *n, struct value *out) MUST_CHECK;
/* What an interface holds; *nil: nothing. */
struct err *go_held(struct eval *ev, const struct node *n, const struct value *v, struct value *out,
                    bool *nil) MUST_CHECK;
/* len(x), cap(x); *has false: x has none. */
struct err *go_length(struct eval *ev, const struct node *n, const struct value *v, bool cap, struct value *out,
                      bool *has) MUST_CHECK;
struct value go_int(struct eval *ev, int64_t v);
/* The bytes of a string. ERR_LIMIT for more than EXPR_TEXT_MAX. *is_string false: it is none. */
struct err *go_string(struct eval *ev, const struct value *v, struct bytes *out, bool *is_string) MUST_CHECK;
/* What can be indexed by numbers. */
struct go_row {
    const struct type *element;
    struct value array; /* of an array, and of what expressions made; type NULL: `at` counts */
    taddr at;           /* 0: in no memory, or nil */
    int64_t n, cap;
};
/* *found false: the value is no string, slice, array or pointer to an array. */
struct err *go_row_of(struct eval *ev, const struct value *v, struct go_row *out, bool *found) MUST_CHECK;
/* NULL: it is no slice. */
const struct type *go_slice_element(const struct type *slice);
/* ---- expr_go_op.c ---- */
/* *done false: the operator is not Go's. */
struct err *go_binary(struct eval *ev, const struct node *n, struct value *out, bool *done) MUST_CHECK;
struct err *go_unary(struct eval *ev, const struct node *n, struct value *out, bool *done) MUST_CHECK;
/* a == b; n->a and n->b are their nodes, for messages. */
struct err *go_equal(struct eval *ev, const struct node *n, const struct value *a, const struct value *b,
                     bool *out) MUST_CHECK;
/* Can what an interface holds equal the value at all? */
bool go_may_equal(struct eval *ev, const struct value *held, const struct value *v);
/* min(list), max(list) */
struct err *go_least(struct eval *ev, const struct node *n, bool most, struct value *out) MUST_CHECK;
struct value go_complex(struct eval *ev, const struct type *t, long double real, long double imaginary);
/* ---- expr_go_call.c ---- */
/* T(n) */
struct err *go_convert(struct eval *ev, const struct node *n, const struct type *to, struct value *out) MUST_CHECK;
/* *done false: Go has no such function. */
struct err *go_built_in(struct eval *ev, const struct node *n, const char *name, struct value *out,
                        bool *done) MUST_CHECK;
struct err *go_complex_part(struct eval *ev, const struct node *n, const struct value *v, bool imaginary,
                            struct value *out) MUST_CHECK;
struct value go_string_value(struct eval *ev, const char *bytes, size_t n);
/* ---- expr_go_text.c: for messages; strings of the arena ---- */
const char *go_text(struct eval *ev, const struct node *n);
const char *go_type_text(struct eval *ev, const struct type *t);
const char *go_kind_text(const struct type *t); /* as package reflect names it */
const char *go_op_text(uint8_t op);

/* ---- expr_call.c ---- */
struct err *call_function(struct eval *ev, const struct node *n, struct value *out) MUST_CHECK;
struct err *call_refuse_change(const struct eval *ev, const struct node *n) MUST_CHECK;

#endif
