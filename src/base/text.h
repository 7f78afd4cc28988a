/* SPDX-License-Identifier: Apache-2.0 */
/* A growing string, and the escaping that text from a target gets before anybody sees it. */
#ifndef BASE_TEXT_H
#define BASE_TEXT_H

#include "base/err.h"

#include <string.h>

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
/* In decimal. */
void text_put_i64(struct text *t, int64_t v);
void text_printf(struct text *t, const char *fmt, ...) PRINTF_LIKE(2, 3);
/* Text from a target, safe for a terminal: control characters (C0, DEL, C1) and invalid UTF-8 become \n, \t
 * or \xNN a byte. */
void text_put_escaped(struct text *t, const char *s, size_t n);
/* The string; valid until the next change. */
const char *text_str(const struct text *t) NEVER_NULL;
/* The heap string, owned by the caller; leaves an empty text. */
char *text_take(struct text *t) NEVER_NULL;

/* Length in bytes (1 to 4) of the well-formed UTF-8 sequence at s, of which n bytes are there; 0: none is. */
size_t utf8_sequence(const char *s, size_t n);
/* Is that sequence a control character: C0, DEL or C1? Terminals obey all three. */
bool utf8_is_control(const char *s, size_t len);

static inline bool begins_with(const char *s, const char *start)
{
    return strncmp(s, start, strlen(start)) == 0;
}

#endif
