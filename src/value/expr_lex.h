/* SPDX-License-Identifier: Apache-2.0 */
/* Tokens of C, C++ and Rust expressions (C11 6.4, C++17 [lex], the Rust reference's "Lexical structure").
 * Private to expr*.c.
 *
 * A lexer is a value: a copy of it is a place to come back to. Threads: one. */
#ifndef VALUE_EXPR_LEX_H
#define VALUE_EXPR_LEX_H

#include "base/arena.h"

enum { EXPR_TEXT_MAX = 64 * 1024 }; /* bytes of an expression */

/* Punctuation and operators; what only parsing makes of them stands at the end. */
enum op {
    OP_NONE,
    OP_COMMA,
    OP_SEMICOLON,
    OP_ASSIGN, /* x = y; with another operation in x OP= y */
    OP_QUESTION,
    OP_COLON,
    OP_OR_OR,
    OP_AND_AND,
    OP_OR,
    OP_XOR,
    OP_AND,
    OP_EQ,
    OP_NE,
    OP_LT,
    OP_GT,
    OP_LE,
    OP_GE,
    OP_SHL,
    OP_SHR,
    OP_AT,
    OP_ADD,
    OP_SUB,
    OP_MUL,
    OP_DIV,
    OP_REM,
    OP_NOT,
    OP_COMPL,
    OP_INC,
    OP_DEC,
    OP_DOT,
    OP_ARROW,
    OP_DOT_STAR,
    OP_ARROW_STAR,
    OP_SCOPE,
    OP_RANGE,           /* Rust's .. */
    OP_RANGE_INCLUSIVE, /* ..= */
    OP_ELLIPSIS,
    OP_OPEN,
    OP_CLOSE,
    OP_OPEN_INDEX,
    OP_CLOSE_INDEX,
    OP_OPEN_BRACE,
    OP_CLOSE_BRACE,
};

enum token_kind {
    TOKEN_END,
    TOKEN_OP,
    TOKEN_NAME,   /* an identifier or keyword */
    TOKEN_QUOTED, /* 'a symbol or file in quotes' */
    TOKEN_DOLLAR, /* $name: without the dollar */
    TOKEN_INT,
    TOKEN_FLOAT,
    TOKEN_CHAR,
    TOKEN_STRING,
};

/* How wide the characters of a literal are. */
enum char_width {
    CHAR_PLAIN,  /* char */
    CHAR_WIDE,   /* L: wchar_t */
    CHAR_UTF16,  /* u */
    CHAR_UTF32,  /* U; Rust's char */
    CHAR_UTF8,   /* u8 */
    CHAR_BYTE,   /* Rust's b: u8 */
};

struct token {
    uint8_t kind;   /* enum token_kind */
    uint8_t op;     /* TOKEN_OP: enum op */
    bool assign;    /* `op` is followed by = : x += y */
    bool entry;     /* TOKEN_NAME: name@entry */
    uint8_t width;  /* TOKEN_CHAR, TOKEN_STRING: enum char_width */
    bool decimal;   /* TOKEN_INT: in base ten, which decides about its type */
    size_t start, end; /* [start, end) in the text */
    const char *text;  /* names: NUL-terminated; numbers: the suffix, in lower case; strings: their characters */
    size_t n;          /* bytes of `text`; a string is made of characters of 1, 2 or 4 bytes by `width` */
    uint64_t u;        /* TOKEN_INT, TOKEN_CHAR */
    long double f;     /* TOKEN_FLOAT */
};

struct lexer {
    struct arena *arena;
    const char *text;
    size_t n;
    size_t at; /* of the next token */
    bool rust;
    struct token tok; /* the current one */
};

/* Starts and reads the first token. ERR_LIMIT for a text of more than EXPR_TEXT_MAX bytes, ERR_USAGE. */
struct err *lexer_init(struct lexer *lx, struct arena *a, const char *text, bool rust) MUST_CHECK;
/* Reads the next token. ERR_USAGE: what stands there is none. */
struct err *lexer_next(struct lexer *lx) MUST_CHECK;
/* Makes [start, end) of the text the current token, a name, and goes on behind it. */
struct err *lexer_name_until(struct lexer *lx, size_t start, size_t end) MUST_CHECK;

/* Error at a byte of the text: "column N: ..." with N in characters, from 1. */
struct err *lexer_error(const struct lexer *lx, size_t at, const char *fmt, ...) MUST_CHECK NEVER_NULL
    PRINTF_LIKE(3, 4);
/* "a syntax error near `...'" at the current token. */
struct err *lexer_syntax(const struct lexer *lx) MUST_CHECK NEVER_NULL;
/* Is the character one that a name may have? `first`: at its start. */
bool lexer_is_name_char(char c, bool first);
/* The byte behind the '>' that closes the '<' at `at`, or 0 when no template arguments stand there. */
size_t lexer_angle_end(const struct lexer *lx, size_t at);

#endif
