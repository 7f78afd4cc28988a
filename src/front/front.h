/* SPDX-License-Identifier: Apache-2.0 */
/* What a front end is: rows of the table of sub-commands, and the call that runs one.
 *
 * Parsing, help, the manual's option lists and the completions all come from these rows. A new command is
 * one `const struct command` and one line in the table of src/tool/wire.c. */
#ifndef FRONT_FRONT_H
#define FRONT_FRONT_H

#include "base/text.h"
#include "session/session.h"

/* What an option takes: for checks, help and completion. */
enum value_kind {
    VALUE_NONE,
    VALUE_NUMBER, /* decimal, or hexadecimal after 0x */
    VALUE_FILE,
    VALUE_DIR,
    VALUE_CHOICE, /* one of the words in `value`, separated by '|' */
    VALUE_TEXT,
    VALUE_MAYBE, /* none, or after "=" one of the words in `value` */
};

struct option_row {
    const char *name; /* without dashes; unique within a command */
    char letter;      /* short form, 0 none */
    enum value_kind kind;
    const char *value; /* what help calls the value: "TID", or the choices; NULL with VALUE_NONE */
    const char *help;  /* one line, lower case, no full stop */
};

/* Options that belong together, under a title in help. */
struct option_group {
    const char *title;
    const struct option_row *rows;
    size_t n;
};

/* What TARGET may be, for completion of operands. */
enum operand_kind { OPERAND_NONE, OPERAND_TARGET, OPERAND_COMMAND };

struct call;
struct protocol;
struct script_links;
struct command {
    const char *name;
    const char *aliases;  /* separated by spaces; NULL none */
    const char *operands; /* as shown in help: "TARGET", "[COMMAND]" */
    enum operand_kind operand_kind;
    uint8_t min_operands, max_operands;
    const char *help;  /* one line, lower case, no full stop */
    const char *about; /* paragraphs for --help, each one line: the terminal's width wraps it */
    const char *examples; /* lines of "command  # what it does"; NULL none */
    const struct option_group *const *groups; /* NULL-terminated */
    bool single_dash; /* long options may have one dash, as gdb's do */
    /* Answers the call. What it prints goes to call_output(). */
    struct err *(*run)(struct call *c);
};

/* Groups that most commands share. */
extern const struct option_group front_files_group;  /* --exe, --sysroot, --debug-dir, ... */
extern const struct option_group front_output_group; /* --color, --no-pager, --verbose, ... */

struct given {
    const struct option_row *row;
    const char *value; /* NULL with VALUE_NONE */
};

/* Where answers go, and what may be written there. */
struct screen {
    FILE *out;
    bool terminal; /* a person reads it */
    bool color;
    unsigned columns; /* 0: no limit */
    unsigned rows;    /* of a terminal; 0: no limit */
};

/* One run of one command. Filled by tool/. */
struct call {
    const struct command *command;
    VEC(struct given) given;
    char *const *operands;
    size_t n_operands;
    struct screen screen;
    struct progress *progress;
    const struct runtime *const *runtimes; /* NULL-terminated */
    const struct protocol *const *protocols; /* what a server speaks; NULL-terminated */
    const struct script_links *scripts;    /* how front ends and scripts reach each other: scripting.h */
    const char *cache_dir;                 /* NULL: none */
    VEC(const char *) debug_dirs;          /* storage of front_session_opts() */
    /* Called once, before the first byte of the answer: ends the progress bar, starts the pager. */
    void (*open_output)(struct call *c);
    /* For commands that answer many questions, instead of open_output: called before each (begins), which Ctrl-C
     * then cancels without ending the process, and before anything is written. */
    void (*question)(struct call *c, bool begins);
    int status; /* exit status when run() has no error */
};

/* Was the option given? `name` must be one of the command's. */
bool call_has(const struct call *c, const char *name);
/* The value given last, or NULL. */
const char *call_value(const struct call *c, const char *name);
/* The number given last, or `otherwise`. Numbers were checked when they were parsed. */
uint64_t call_number(const struct call *c, const char *name, uint64_t otherwise);
/* A number as options take it; false when `s` is none or is above `max`. */
bool parse_number(const char *s, uint64_t max, uint64_t *out);

/* The stream for the answer. */
FILE *call_output(struct call *c);
/* What the options of front_files_group say; the strings belong to the call. */
struct session_opts front_session_opts(struct call *c);

/* Text that front ends share. */

enum colour { COLOUR_NONE, COLOUR_BOLD, COLOUR_DIM, COLOUR_RED, COLOUR_GREEN, COLOUR_YELLOW, COLOUR_BLUE, COLOUR_CYAN };
/* Puts s, escaped, in a colour when the screen has colours. NULL s puts nothing. */
void put_coloured(struct text *t, const struct screen *sc, enum colour c, const char *s);
/* Escapes all of s (NULL: nothing). */
void put_safe(struct text *t, const char *s);
/* Columns that s takes on a terminal, counting a character as one. */
size_t text_columns(const char *s);
/* Spaces up to `column`, at least one. `used`: columns that the line has by now. */
void put_pad(struct text *t, size_t used, size_t column);
/* The last `parts` components of a path: "nptl/pthread_kill.c". */
const char *path_tail(const char *path, unsigned parts);
/* Puts a path without "." and ".." parts, by its text alone: "./nptl/../sysdeps/x.c" is "sysdeps/x.c". */
void put_simple_path(struct text *t, const char *path);
/* "20,000". */
void put_grouped(struct text *t, uint64_t n);
/* "1.2 GB", powers of 1000. */
void put_size(struct text *t, uint64_t bytes);
/* "1.25 ms", "3.1 s", "12 min", "20 h", "3 days". */
void put_duration(struct text *t, uint64_t ns);
/* "2026-11-21 10:11:12 UTC" from seconds since the epoch. */
void put_time(struct text *t, uint64_t seconds);
/* "abort, hint" of an error, each escaped: msg and " (hint: ...)". */
void put_err(struct text *t, const struct err *e);
/* A line "note: ..." for each of n problems that are not fatal. */
void put_notes(struct text *t, const struct err *const *problems, size_t n);

#endif
