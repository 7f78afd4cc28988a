/* SPDX-License-Identifier: Apache-2.0 */
/* What stands after a slash: "/x", "/4xg", "/s". */
#ifndef FRONT_CONSOLE_FORMAT_LETTERS_H
#define FRONT_CONSOLE_FORMAT_LETTERS_H

#include "front/console/console.h"

struct format_letters {
    int64_t count; /* 1 when none was given */
    bool counted;
    char letter;   /* 'x', 'd', ...; 0: none */
    char size;     /* 'b', 'h', 'w', 'g'; 0: none */
    bool raw;      /* 'r': without formatters */
};
/* Takes "/FMT" off the front of the arguments, if they begin so. ERR_USAGE: letters that mean nothing. */
struct err *format_letters_take(const char **args, struct format_letters *out) MUST_CHECK;
/* Shows memory as `x` with these letters does. */
struct err *console_examine(struct console *c, const struct format_letters *l, const char *expression) MUST_CHECK;

#endif
