/* SPDX-License-Identifier: Apache-2.0 */
/* A growing string, and the escaping that text from a target gets before anybody sees it. */
#ifndef BASE_TEXT_H
#define BASE_TEXT_H

#include "base/err.h"

/* A zeroed struct is an empty text. `p` is NUL-terminated once something was put. */
struct text {
    char *p;
    size_t n, cap;
};

void text_done(struct text *t);
void text_clear(struct text *t);
void text_put(struct text *t, const char *s);
void text_putn(struct text *t, const char *s, size_t n);
void text_putc(struct text *t, char c);
void text_printf(struct text *t, const char *fmt, ...) PRINTF_LIKE(2, 3);
/* Text from a target, safe for a terminal: control bytes, DEL and invalid UTF-8 become \xNN, \n, \t. */
void text_put_escaped(struct text *t, const char *s, size_t n);
/* The string, never NULL; valid until the next change. */
const char *text_str(const struct text *t);
/* The heap string, owned by the caller; leaves an empty text. Never NULL. */
char *text_take(struct text *t);

#endif
