/* SPDX-License-Identifier: Apache-2.0 */
/* Values as text, as gdb prints them, and as JSON.
 *
 * Text from the target is escaped. A part that cannot be had prints its reason in its place: <optimized out>,
 * <not saved>, <not in the dump: 0x7f..>, <error: Cannot access memory at address 0x0>; the rest is printed.
 * Threads: one at a time. */
#ifndef VALUE_FORMAT_H
#define VALUE_FORMAT_H

#include "base/json.h"
#include "base/text.h"
#include "value/value.h"

/* Limits and switches, with gdb's names and defaults (format_defaults). 0 is no limit. */
struct format {
    char letter;         /* 'x', 'd', 'u', 'o', 't', 'a', 'c', 'f', 's', 'z'; 0: by type; 'r': without formatters */
    char verb[24];       /* "%08x": of Go's numbers, strings and booleans, as package fmt has it; "": none */
    unsigned elements;   /* of arrays, strings and containers: 200 */
    unsigned repeats;    /* equal elements in a row that are folded from: 10 */
    unsigned depth;      /* of nested records: 20 */
    unsigned recurse;    /* the same of Go's, which Delve does not open further: 1 (0 is no level, not no limit) */
    unsigned characters; /* of a string; 0: as `elements` */
    bool pretty;         /* one member a line */
    bool addresses;      /* of strings, functions and pointers: on */
    bool symbols;        /* <name+offset> after a pointer into the program: on */
    bool unions;         /* their members inside of records: on */
    bool static_members; /* on */
    bool object;         /* the dynamic type behind pointers to classes */
    bool vtable;         /* changes nothing, as in gdb with classes of the Itanium ABI */
    bool array_indexes;  /* [0] = */
    bool null_stop;      /* arrays of characters end at the first NUL */
    bool array;          /* arrays one element a line */
};
extern const struct format format_defaults;

/* Is it one verb of Go's package fmt, "%+.3f", short enough for struct format? */
bool format_verb_valid(const char *text);

/* The value as `print` shows it, without "$1 = ". Never fails: what is wrong stands in the text. */
void format_value(struct values *vs, const struct value *v, const struct format *f, struct text *out);
/* As `info locals` shows it: without the type before a pointer. */
void format_variable(struct values *vs, const struct value *v, const struct format *f, struct text *out);
/* On one short line, as `bt` shows arguments: scalars and strings; records, arrays and references to such as
 * "...". */
void format_scalar(struct values *vs, const struct value *v, const struct format *f, struct text *out);
/* The digits of the shortest decimal number "d.ddde+xx" that reads back as a finite v of 32 or 64 bits, without zeros at
 * their end; gives the exponent. `max` of at least 18. A negative number is as its absolute value. */
int format_shortest(double v, unsigned bits, char *digits, size_t max);
/* Such digits without an exponent: "0.0015", "1500", "1.5". */
void format_positional(struct text *out, const char *digits, int exponent);
/* Why something cannot be shown, as it stands in the place of a value: "<not in the dump: 0x7f..>". Frees `e`; of NULL
 * nothing is written. */
void format_problem(struct text *out, struct err *e);
/* {"type", "value": text, "children": [...], "address", "unavailable": "optimized-out" | ...}: see
 * docs/schema/. The value is the next thing that the writer expects. */
void format_json(struct values *vs, const struct value *v, const struct format *f, struct json *j);

/* A unit of memory as `x` shows it: `size` bytes (1, 2, 4 or 8) by a letter of struct format, neither 0, 's' nor 'r';
 * x, z and t with all the digits of the unit. Errors: those of memory; then nothing was written. */
struct err *format_unit(struct values *vs, taddr at, char letter, unsigned size, const struct format *f,
                        struct text *out) MUST_CHECK;
/* A string as x/s shows it, of characters of `width` bytes (1, 2 or 4) up to a NUL, memory's end or the limit of `f`.
 * Returns where the next one begins: `at` itself when not even one character can be read, which the text says. */
taddr format_string(struct values *vs, taddr at, unsigned width, const struct format *f, struct text *out);

/* ---- the hook for languages ---- */

enum present_kind {
    PRESENT_STRING, /* `string`: text of the target */
    PRESENT_ARRAY, /* children in a row: {1, 2, 3} */
    PRESENT_MAP, /* children by two, key and value: {[k] = v} */
    PRESENT_RECORD, /* named children: {a = 1, b = 2} */
    PRESENT_TEXT, /* `summary` alone */
    PRESENT_VALUE, /* another value, the only child, whose type is `summary`: what an interface holds */
};

struct child {
    const char *name; /* PRESENT_RECORD, PRESENT_ARRAY with its own indices; NULL */
    struct value value;
};

/* How one value shows itself. Made in the arena of vs. */
struct presentation {
    uint8_t kind; /* enum present_kind */
    const char *summary; /* "std::vector of length 3, capacity 4"; NULL: none */
    /* PRESENT_STRING: an array of characters, exactly as long as the string. PRESENT_TEXT: the same of what it has them
     * of, where they are in memory; its type is NULL when it has none. */
    struct value string;
    uint64_t length; /* children (of a map: pairs); UINT64_MAX unknown */
    /* The next child, in order; false after the last. A damaged container ends with *err. NULL: no children. */
    bool (*next)(struct presentation *p, struct values *vs, struct child *out, struct err **err);
    void *state; /* of next() */
};

/* How a runtime prints its types. Of Go, also those that are no records: maps, channels and functions are asked for,
 * and their presentations follow what Delve prints: no `next` is nil. `present` says false for a value that is not its business, and for one of
 * its types whose layout is not as it knows it: then the value prints as its bare record. */
struct formatter {
    const char *name;
    bool (*present)(void *self, struct values *vs, const struct value *v, struct presentation *out);
    /* The type whose record of the running program is at an address (Go's generic functions are given such). NULL: the
     * language has none; gives NULL: not known. */
    const struct type *(*type_at)(void *self, struct values *vs, taddr at);
    void *self;
    /* Writes a value of a foreign type whole, as its language does. `summary`: as format_scalar(). False: it is none of
     * its. NULL: it has no such types. */
    bool (*print)(void *self, struct values *vs, const struct value *v, const struct format *f, bool summary,
                  struct text *out);
};
/* By the first formatter that knows it; NULL. */
const struct type *format_type_at(struct values *vs, taddr at);
/* The presentation of a value by the first formatter that claims it; false: none, or a formatter asks for more and more
 * values inside of others. */
bool format_present(struct values *vs, const struct value *v, struct presentation *out);

#endif
