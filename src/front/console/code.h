/* SPDX-License-Identifier: Apache-2.0 */
/* Source and instructions, for the files of the console. */
#ifndef FRONT_CONSOLE_CODE_H
#define FRONT_CONSOLE_CODE_H

#include "front/console/console.h"
#include "session/code.h"

/* Lines of a source file. */
struct listing {
    const char *file; /* as recorded; NULL: none */
    const char *name; /* as it is shown */
    const struct module *module; /* or NULL */
};

/* The frame's line in the source ("12\t    *p = 0;"), or why it is not there; nothing when it is unknown. A bare
 * "list" shows the lines around it next. */
void console_put_source_line(struct console *c, const struct sframe *f);
/* Lines [first, end), and remembers them for the next "list". ERR_USAGE: out of range. A file that cannot be read is
 * told on standard error, and is no error. */
struct err *console_put_lines(struct console *c, const struct listing *l, uint32_t first, uint32_t end) MUST_CHECK;

/* What a word of list or info line means: "file.c:12", "12", "+3", "-3", "function", "*EXPRESSION". The last gives one
 * place, kept in *own: without a function, at address `entry`. `code`: as session_places(). */
struct err *console_places(struct console *c, const char *spec, bool code, struct code_place *own,
                           struct code_places *out) MUST_CHECK;
/* An address: an expression, or the name of a function. */
struct err *console_code_address(struct console *c, const char *text, taddr *out) MUST_CHECK;
/* The selected frame's pc. False: none is selected. */
bool console_pc(struct console *c, taddr *pc);

/* " <main+4>", or nothing. */
void console_put_symbol(struct console *c, taddr at);
/* `count` instructions from *at on, as x/i shows them; *at becomes the address after them. */
struct err *console_put_instructions(struct console *c, taddr *at, uint64_t count) MUST_CHECK;

/* ---- source_path.c ---- */

/* Tells a session that was opened where sources are looked for. */
void console_use_source_paths(struct console *c);
void console_source_paths_done(struct console *c);

#endif
