/* SPDX-License-Identifier: Apache-2.0 */
/* What the files that print values share. Private to format*.c. */
#ifndef FORMAT_PRIV_H
#define FORMAT_PRIV_H

#include "value/format.h"
#include "value/value_priv.h"

enum {
    SEEN_MAX = 16,              /* static members, virtual bases of one value that are told apart */
    LEVEL_MAX = 200,            /* values in each other, whatever `depth` says */
    OUTPUT_MAX = 64 * 1024 * 1024, /* bytes of one value's text */
};

/* One value on its way to text. */
struct printer {
    struct values *vs;
    const struct format *f;
    struct text *out;
    unsigned level; /* of nesting: arrays, records and their bases count */
    unsigned free;  /* of those, levels that `depth` does not count: anonymous members */
    bool summary;   /* records and arrays as "..." */
    bool follow;    /* what a reference refers to is shown too */
    taddr statics[SEEN_MAX]; /* static records that were begun */
    unsigned n_statics;
    const struct type *bases[SEEN_MAX]; /* virtual bases that were printed: of this object from first_base on */
    unsigned first_base, n_bases;
};

/* A value in a value. */
void print_value(struct printer *p, const struct value *v);
/* Why something cannot be shown, in its place; frees `e`. */
void print_problem(struct printer *p, struct err *e);
/* A record or array none of which can be read has one reason, not one a member. False: it can be read. */
bool print_unreadable(struct printer *p, const struct value *v, const struct type *t);
/* Is a record or array here too deep for `depth`? */
bool print_too_deep(const struct printer *p);
/* True once the user asked to stop, or the text is too long. */
bool print_stopped(const struct printer *p);
/* A new line with `level` steps of two spaces. */
void print_line(struct printer *p, unsigned level);

/* ---- numbers (format_number.c) ---- */
/* All the bytes in one of x, z, o, t, d, u. */
void print_radix(struct text *out, const struct scalar *s, char letter);
/* Binary digits, all of them. */
void print_binary(struct text *out, const struct scalar *s);
/* By the letter, which is neither 0, 's' nor 'r'. */
void print_by_letter(struct printer *p, const struct type *t, const struct scalar *s);

/* ---- scalars (format_scalar.c) ---- */
/* Of a type that is no array or record, as its bytes. */
void print_scalar(struct printer *p, const struct type *t, const struct scalar *s);
/* "0x5581.. <name+8>", and whether anything was written. */
bool print_address(struct printer *p, taddr at, bool symbol);
/* An address in a function or vtable: its symbol is shown whatever the switches say. */
void print_code_address(struct printer *p, taddr at);
void print_complex(struct printer *p, const struct type *t, const struct scalar *s);

/* ---- text (format_string.c) ---- */
/* How the characters of a type are encoded. */
struct text_kind {
    uint8_t width;      /* bytes of a unit: 1, 2 or 4; 0: the type is not of characters */
    const char *prefix; /* "", "L", "u", "U" */
};
struct text_kind text_kind_of(const struct type *t, char letter);
/* Characters of `width` bytes between quotes, at most `limit` (0: all); `more` puts "..." behind them. */
void print_text(struct printer *p, struct bytes b, struct text_kind kind, unsigned limit, bool more);
/* One character between quotes. */
void print_char(struct printer *p, const struct scalar *s, struct text_kind kind);
/* The string that a pointer points to. */
void print_string_at(struct printer *p, taddr at, struct text_kind kind);
/* `n` bytes of a string that need not end. */
void print_string_sized(struct printer *p, taddr at, uint64_t n, struct text_kind kind);
/* Of how many characters a string is shown; 0: all. */
unsigned text_limit(const struct format *f);

/* ---- aggregates ---- */
void print_array(struct printer *p, const struct value *v, const struct type *t);          /* format_array.c */
/* False when it is no array of characters, or they cannot all be had. */
bool print_text_array(struct printer *p, const struct value *v, const struct type *t);
void print_record(struct printer *p, const struct value *v, const struct type *t);         /* format_record.c */
void print_rust_record(struct printer *p, const struct value *v, const struct type *t);    /* format_rust.c */
/* False when it is no &str. */
bool print_rust_str(struct printer *p, const struct value *v, const struct type *t);
void print_rust_char(struct printer *p, const struct scalar *s);
bool print_rust_pointer(struct printer *p, const struct type *t, taddr at);
void print_go(struct printer *p, const struct value *v);                                   /* format_go.c */
void print_go_string(struct printer *p, const struct value *v);
void print_go_problem(struct printer *p, struct err *e); /* frees `e` */
/* By p->f->verb (format_go_verb.c). print_go_bytes() is false where the bytes are quoted as without a verb. */
void print_go_number(struct printer *p, uint64_t n, bool is_signed);
void print_go_real(struct printer *p, double x, unsigned bits, bool signs); /* signs: '+', too */
void print_go_bool(struct printer *p, bool truth);
bool print_go_bytes(struct printer *p, const char *bytes, size_t n);
void print_go_rune(struct text *out, uint32_t c); /* escaped as in a string */
/* The shortest decimal number that is this one, without an exponent; bits: 32 or 64. */
void print_go_float(struct text *out, double v, unsigned bits);
void print_presentation(struct printer *p, struct presentation *shown); /* format_present.c */
/* Elements between two brackets, with repeats folded. */
void print_elements(struct printer *p, const struct value *v, uint64_t count, const char *brackets);

#endif
