/* SPDX-License-Identifier: Apache-2.0 */
/* What the files of tool/ share. The only layer that may keep state in static variables. */
#ifndef TOOL_TOOL_H
#define TOOL_TOOL_H

#include "front/scripting.h"
#include "tool/runtimes.h"

/* wire.c, runtimes.c: the tables. All are NULL-terminated. */
extern const struct command *const all_commands[];
extern const struct protocol *const all_protocols[];
extern const struct script_links all_scripts;

/* options.c */
/* By name or alias; NULL when there is none. */
const struct command *command_find(const char *name);
/* ERR_USAGE for a word that is none, with what the user may have meant. */
struct err *command_unknown(const char *word) MUST_CHECK;
/* Reads argv[1..] (argv[0] is the command) into call->given and call->operands. ERR_USAGE. Operands are
 * not counted when --help is given. */
struct err *options_parse(int argc, char **argv, struct call *call) MUST_CHECK;

/* help.c */
void help_overview(struct text *t, const struct screen *sc);
/* Answers a call with the help of a command. */
struct err *help_print(struct call *c, const struct command *cmd) MUST_CHECK;
extern const struct command command_help, command_version;

/* complete.c: a completion script for "bash", "zsh" or "fish". ERR_USAGE for another shell. */
struct err *complete_script(struct text *t, const char *shell) MUST_CHECK;

/* manual.c: the option list of a command's manual page, for scdoc. */
struct err *manual_options(struct text *t, const char *command) MUST_CHECK;

/* screen.c */
/* Standard output as it is now, with --color=auto. */
struct screen screen_find(void);
/* Are colours wanted? `choice` is the value of --color, or NULL. */
bool screen_color(const struct screen *sc, const char *choice);
/* Sends sc->out through a pager when it is a terminal and there is one. */
void pager_start(struct screen *sc);
/* Did the user leave the pager before all was written? */
bool screen_reader_left(const struct screen *sc);
/* Flushes the answer, ends the pager and waits for it. ERR_IO when not all could be written; a reader that
 * went away is no error. */
struct err *screen_end(struct screen *sc) MUST_CHECK;

/* progress.c: a bar on standard error for what takes over a second. */
struct progress *progress_start(void);
/* Takes the bar away, until the next start. */
void progress_end(void);

/* signals.c */
/* Ctrl-C and the like cancel, and end the process a second later or the second time; SIGBUS says which file
 * shrank. */
void signals_install(struct progress *p);
/* From here on signals end the process at once; with a pager Ctrl-C is the pager's. */
void signals_writing(bool pager);
/* A question of many begins: Ctrl-C cancels it and nothing more; what was cancelled before is forgotten. */
void signals_question(void);

/* Exit statuses; docs/man/inquest.1.scd lists them. */
enum { EXIT_ANSWERED = 0, EXIT_FAILED = 1, EXIT_USAGE = 2, EXIT_CANCELLED = 130 };

#endif
