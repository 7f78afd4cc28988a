/* SPDX-License-Identifier: Apache-2.0 */
/* A target's code: source text, line tables, instructions. Threads: as session.h. */
#ifndef SESSION_CODE_H
#define SESSION_CODE_H

#include "session/session.h"

/* ---- source ---- */

/* Where source files are looked for besides where the compiler found them: replaces a leading `from` of a
 * path, at component borders, by `to`; the first rule that fits. Both are copied. */
void session_substitute_path(struct session *s, const char *from, const char *to);
/* `set directories`: folders that are tried with the whole path, then its last components. Copied. */
void session_source_directory(struct session *s, const char *dir);

struct source {
    const char *path;  /* the file that was opened */
    const char *const *lines; /* without line ends, NUL-terminated */
    size_t n;
    bool newer;        /* the file is newer than the program */
};
/* The text of a source file, by the path that the compiler recorded (also below the sysroot). Valid until
 * session_free(). ERR_NOT_FOUND names the path and what was tried. */
struct err *session_source(struct session *s, const char *path, const struct source **out) MUST_CHECK;

/* ---- places ---- */

/* What "list", "info line", "disassemble" take: "file.c:12", "12" (in the file of `at`), "function",
 * "ns::fn", "*0x1234" is not: the console evaluates that. */
struct code_place {
    const char *file;     /* as recorded; NULL unknown */
    uint32_t line;        /* 0 unknown */
    const char *function; /* NULL unknown */
    taddr start, end;     /* code of the line, [start, end); 0 when it has none */
    taddr entry;          /* of the function when a function was named; 0 */
    const struct module *module;
};
struct code_places {
    const struct code_place *v;
    size_t n; /* several: overloads, templates, inlined copies */
};
/* ERR_NOT_FOUND, ERR_USAGE. Lives until session_free(). */
struct err *session_places(struct session *s, const char *spec, const struct splace *at,
                           struct code_places *out) MUST_CHECK;
/* The lines of the code in [start, end): a row an address where the line changes, ended by one with line 0. */
struct line_row {
    taddr pc;
    const char *file;
    uint32_t line;
    bool statement; /* recommended for a breakpoint */
};
struct line_rows {
    const struct line_row *v;
    size_t n;
};
struct err *session_lines(struct session *s, taddr start, taddr end, struct line_rows *out) MUST_CHECK;
/* What is known at an address, as a frame would have it (innermost inlined function first). */
struct err *session_place(struct session *s, taddr pc, const struct splace **out, size_t *n) MUST_CHECK;
/* The function around an address, by DWARF or symbol. False: none. */
bool session_function(struct session *s, taddr pc, taddr *start, taddr *end, const char **name);
/* "main+18", demangled; of data too. False when no symbol covers it. */
bool session_symbol(struct session *s, taddr at, struct symbol *out, const char **name);

/* ---- instructions ---- */

struct instruction {
    taddr pc;
    uint8_t size;         /* bytes */
    uint8_t bytes[16];
    const char *text;     /* AT&T syntax as gdb writes it ("mov    %rsp,%rbp"), or Intel's */
    bool has_target;      /* it names an address: a jump, a call, rip-relative data */
    taddr target;
};
struct instructions {
    const struct instruction *v;
    size_t n;
};
/* Decodes from `start` until `end`, or `max` instructions (0: no limit). Bytes that are no instruction are
 * "(bad)". Valid until session_forget_values(). Errors: those of memory at `start`; ERR_UNSUPPORTED. */
struct err *session_disassemble(struct session *s, taddr start, taddr end, size_t max, bool intel,
                                struct instructions *out) MUST_CHECK;

#endif
