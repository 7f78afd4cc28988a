/* SPDX-License-Identifier: Apache-2.0 */
/* What `set` changes and `show` shows. settings.c has the table of names. */
#ifndef FRONT_CONSOLE_SETTINGS_H
#define FRONT_CONSOLE_SETTINGS_H

#include "value/format.h"

enum frame_arguments { ARGUMENTS_SCALARS, ARGUMENTS_ALL, ARGUMENTS_NONE, ARGUMENTS_PRESENCE };
enum frame_info { FRAME_INFO_AUTO, FRAME_INFO_SHORT };
enum entry_values { ENTRY_DEFAULT, ENTRY_NO };
enum language { LANGUAGE_AUTO, LANGUAGE_C, LANGUAGE_CXX, LANGUAGE_RUST };
enum filename_display { FILENAME_RELATIVE, FILENAME_BASENAME, FILENAME_ABSOLUTE };

struct settings {
    struct format print;       /* set print ... */
    unsigned frame_arguments;  /* enum frame_arguments */
    unsigned entry_values;     /* enum entry_values */
    unsigned frame_info;       /* enum frame_info */
    unsigned filename_display; /* enum filename_display */
    unsigned language;         /* enum language: that expressions are written in */
    bool past_main;            /* frames outside of main() are shown */
    unsigned backtrace_limit;  /* frames; 0: no limit */
    unsigned listsize;         /* lines; 0: no limit */
    unsigned height, width;    /* of the terminal; 0: no limit */
    bool pagination, confirm, verbose, color, trace_commands;
    unsigned disassembly;      /* 0: AT&T, 1: Intel */
    bool asm_demangle;         /* names beside addresses: as in the source. gdb's default is off */
    unsigned history_size;     /* lines; 0: no limit */
    bool history_save;
    char *history_file; /* heap */
    char *prompt;       /* heap */
    char *sysroot, *debug_dirs, *directories;
    unsigned script_seconds, script_megabytes; /* that a script may take; 0: no limit */
    char *log_file; /* heap */
    bool log_on, log_overwrite, log_redirect;
};

struct console;
/* gdb's defaults, and what the call's options say. */
void settings_init(struct console *c);
void settings_done(struct console *c);
/* Sets one by its full name, as `set` does. */
struct err *settings_assign(struct console *c, const char *name, const char *value) MUST_CHECK;
/* "-pretty on", "-pretty": one with an optional value that the arguments may begin with. */
struct err *settings_option(struct console *c, const char *name, const char **args) MUST_CHECK;
/* Calls fn with every setting's name, sorted. */
void settings_each(void (*fn)(void *arg, const char *name), void *arg);

#endif
