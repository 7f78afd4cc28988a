/* SPDX-License-Identifier: Apache-2.0 */
/* Characters, strings and quoted names of expressions. Private to expr*.c. */
#ifndef VALUE_EXPR_QUOTE_H
#define VALUE_EXPR_QUOTE_H

#include "base/text.h"
#include "value/expr_lex.h"

/* The character `ahead` bytes from the next token's start; NUL behind the end. */
char lexer_peek(const struct lexer *lx, size_t ahead);
/* Does a quoted token, with its prefix, stand at lx->at? */
bool lexer_is_quote(const struct lexer *lx);
/* Reads it into lx->tok. ERR_USAGE. */
struct err *lexer_quote(struct lexer *lx) MUST_CHECK;
/* A sequence of UTF-8 that utf8_sequence() has approved. */
uint32_t quote_decode_utf8(const char *s, size_t n);
/* Appends one character as UTF-8. */
void quote_put_utf8(struct text *out, uint32_t c);

#endif
