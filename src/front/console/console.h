/* SPDX-License-Identifier: Apache-2.0 */
/* The debugger's prompt: what its commands share.
 *
 * A command is one row of a table; each file of commands has its own const table, and console.c joins them. Lookup,
 * abbreviations, help, apropos and completion all come from the rows.
 * Threads: one. */
#ifndef FRONT_CONSOLE_CONSOLE_H
#define FRONT_CONSOLE_CONSOLE_H

#include "front/complete.h"
#include "front/console/settings.h"
#include "front/front.h"
#include "session/control.h"
#include "session/tasks.h"
#include "session/values.h"
#include <regex.h>

struct console;

/* One line of input after the other: somebody who types, a file, the body of a script. */
struct console_input {
    /* The next line without its end, heap, the caller's; NULL after the last. `prompt` is for who types. */
    char *(*next)(struct console_input *in, struct console *c, const char *prompt);
    bool goes_on; /* a command that fails does not end it */
    bool typed;   /* an empty line repeats */
};

/* Chapters of `help`. */
enum console_class { CLASS_DATA, CLASS_FILES, CLASS_RUNNING, CLASS_STACK, CLASS_STATUS, CLASS_SUPPORT, CLASS_USER };

/* What an empty line does after the command: nothing, the same again, or the bare command (list, x go on). */
enum console_repeat { REPEAT_NEVER, REPEAT_SAME, REPEAT_BARE };

/* What Tab offers for the arguments. */
enum console_complete {
    COMPLETE_NOTHING,
    COMPLETE_COMMAND,    /* a command line: help, thread apply */
    COMPLETE_EXPRESSION, /* variables, functions, $registers, members after . and -> */
    COMPLETE_PLACE,      /* functions, and source files before ':' */
    COMPLETE_TYPE,
    COMPLETE_FILE,       /* of the disk */
    COMPLETE_SETTING,    /* set, show */
};

struct console_command {
    const char *name;    /* in full, words by single spaces: "info threads"; any unique start of a word will do */
    const char *aliases; /* other full names, separated by '|', taken only when they are typed in full; NULL */
    uint8_t class;       /* enum console_class */
    const char *usage;   /* the arguments: "[N | -N] [full]"; NULL: none */
    const char *help;    /* one sentence, with capital and full stop */
    const char *about;   /* more paragraphs for `help COMMAND`; NULL */
    uint8_t completes;   /* enum console_complete */
    uint8_t repeat;      /* enum console_repeat */
    /* Answers into c->out. `args` is what follows the name, without surrounding blanks; never NULL ("" is none).
     * An error is shown as gdb does: "no stack" as "No stack.", its hint behind it. */
    struct err *(*run)(struct console *c, const char *args);
};
struct console_table {
    const struct console_command *rows;
    size_t n;
};

struct console_variable {
    char *name; /* without the dollar */
    struct value value;
};
/* Lines of commands; heap, and each of them. */
struct body {
    char **v;
    size_t n, cap;
};
/* A command that `define` made: its lines, as typed. */
struct console_macro {
    char *name;
    char *help; /* from `document`; NULL */
    bool of_script; /* a function of a script, and has no lines */
    struct body lines;
};
enum console_loop { LOOP_RUNS, LOOP_BREAK, LOOP_NEXT };
/* An expression that is shown again after each stop. */
struct console_display {
    unsigned number;
    bool off;
    char *format, *text; /* "/x" or "", and the expression */
};
/* What `handle` set. */
struct console_signals {
    struct signal_rules rules;
    uint64_t print; /* mask: they are shown; those that stop the process are among them */
};
struct console_source_rule {
    char *from, *to;
};
struct console_line; /* line.c: the editor and its history */
struct console_script; /* scripts.c: the host of scripts */
/* Where `list` goes on. */
struct console_list {
    const char *file; /* as recorded; NULL: nothing was listed yet */
    const char *name; /* as it is shown */
    const struct module *module;
    uint32_t first, last;
    uint32_t centre; /* line to list around next: a frame's, just shown; 0: none */
    const char *missing, *newer; /* the file that was last told to be missing, newer than the program */
};

struct console {
    struct call *call;      /* options, progress */
    const char *program;    /* `debug PROGRAM CORE`, `file PROGRAM`; NULL */
    char *own_program;      /* heap; what `file` named */
    char *debug_dirs;       /* heap; folders that the open session borrows */
    struct session *session; /* NULL: no target is open */
    struct text out;        /* the answer so far: commands put their text here; console_flush() writes it */
    struct screen screen;   /* where it goes, redirections included */
    FILE *err;              /* where errors and warnings go */
    FILE *log;              /* `set logging`; NULL: off */
    struct settings set;
    struct console_signals signals;
    bool interactive;       /* somebody types; false for -x, -ex and pipes */
    bool quit;              /* the command `quit` was given */
    int status;             /* exit status: 1 after a command that failed */

    /* The selection. There are no stacks until one is asked for: console_stack(); of a thread no more frames than were
     * asked for. They end with main(), unless
     * `set backtrace past-main` is on. */
    VEC(struct sstack) stacks;
    bool stacks_past_main;
    const struct sstack *whole; /* the same with all their frames */
    int32_t tid; /* of the selected thread; 0: none */
    size_t frame;
    const struct tasks *tasks; /* the runtime's, of the selected goroutine */
    const struct task *task; /* selected, with no thread that runs it; NULL: the thread is selected */
    const struct sstack *deferred; /* the deferred call that a command is about; NULL: none */

    VEC(struct value) history; /* $1 is history.v[0] */
    VEC(struct console_variable) variables;
    VEC(struct console_macro) macros;
    VEC(struct console_source_rule) source_rules; /* set substitute-path */
    VEC(struct console_display) displays;
    unsigned n_displays; /* numbers given so far */

    struct console_input *input; /* where the body of `define`, `if`, `while` is read from; NULL: nowhere */
    struct console_line *line; /* NULL: nobody types */
    unsigned depth; /* of commands that run commands */
    size_t page_line; /* lines shown since the prompt, for paging */
    bool all_pages; /* the user wants no more questions for this answer */
    uint8_t loop; /* enum console_loop: what the body of a `while` asked for */
    int shell_status; /* exit status of the last program that was run */
    bool capture; /* the answer is kept in `out` for who runs the command */

    /* Where the next bare "x" goes on. */
    struct {
        taddr next;
        char letter, size; /* of the last format: 'x', 'w'; 0: none yet */
        int64_t count;
        const struct type *type; /* of what was examined last; NULL */
        taddr last;
    } x;
    struct console_list list;
    struct console_script *script; /* NULL: none has run */
};

/* ---- console.c ---- */

/* Runs one command line as it was typed; the answer is written. */
struct err *console_run(struct console *c, const char *line) MUST_CHECK;
/* Runs a command line and keeps its answer. */
struct err *console_capture(struct console *c, const char *line, struct text *answer) MUST_CHECK;
/* Writes c->out where answers go, page by page on a terminal. ERR_CANCELLED: Ctrl-C, or enough was seen. Commands
 * with long answers call it now and then. */
struct err *console_flush(struct console *c) MUST_CHECK;
/* Shows an error on standard error, as gdb words it, and frees it. */
void console_say(struct console *c, struct err *e);

/* logging.c: adds to the log, if there is one; ends it. */
void console_log(struct console *c, const char *s, size_t n);
void console_log_end(struct console *c);
/* A message on standard error, after what was answered so far. */
void console_warn(struct console *c, const char *fmt, ...) PRINTF_LIKE(2, 3);
/* Tells that a question begins: Ctrl-C cancels this one. */
void console_question(struct console *c);
/* Waits until a descriptor can be read. False: Ctrl-C came, now or since the question began. */
bool console_wait_typed(const struct console *c, int fd);
void console_done(struct console *c);

/* ---- target.c ---- */

/* Opens a core (path) or holds a process (digits), and shows how it ended; what was open before is closed. */
struct err *console_open(struct console *c, const char *target) MUST_CHECK;
/* The same without a word; `hold`: a process stays stopped. */
struct err *console_open_quietly(struct console *c, const char *target, bool hold) MUST_CHECK;
void console_close(struct console *c);

/* ---- signals.c ---- */

struct console_signals console_signals_default(void);
/* "SIGSEGV", or its description: "Segmentation fault". */
void console_put_signal(struct text *t, int signo, bool description);

/* ---- select.c ---- */

/* Forgets the selection and all that pointed into the target: after it ran, or was closed. */
void console_moved(struct console *c);

/* The target must be open: "no target is open". */
struct err *console_target(struct console *c, const struct image **out) MUST_CHECK;
/* The selected thread's stack, at least one frame long. ERR_NO_DATA: "no stack". */
struct err *console_stack(struct console *c, const struct sstack **out) MUST_CHECK;
/* The selected frame, for variables and registers. ERR_NO_DATA: "no frame selected". */
struct err *console_frame(struct console *c, const struct vframe **out) MUST_CHECK;
/* Of a frame of a stack that console_stack() or console_stack_of() gave. */
struct err *console_frame_at(struct console *c, const struct sstack *st, size_t index,
                             const struct vframe **out) MUST_CHECK;
/* The selected frame as a source-level frame. */
struct err *console_sframe(struct console *c, const struct sframe **out) MUST_CHECK;
/* The same for who needs its first `frames` frames, and the selected one: it may go on (`more`). */
struct err *console_first_frames(struct console *c, size_t frames, const struct sstack **out) MUST_CHECK;
/* The same of a thread. */
struct err *console_stack_of(struct console *c, int32_t tid, size_t frames, const struct sstack **out) MUST_CHECK;
/* Looks up the first frame of all threads, together. ERR_NO_DATA, ERR_CANCELLED. */
struct err *console_first_frames_of_all(struct console *c) MUST_CHECK;
/* gdb's thread numbers: 1 is the first of the image. NULL: there is none of that number. */
const struct image_thread *console_thread(struct console *c, uint64_t number);
unsigned console_thread_number(struct console *c, int32_t tid);
void console_select(struct console *c, int32_t tid, size_t frame);
/* What is selected, and where `list` goes on. */
struct console_selection {
    const struct tasks *tasks;
    const struct task *task;
    const struct sstack *deferred;
    int32_t tid;
    size_t frame;
    struct console_list list;
};
struct console_selection console_selection(const struct console *c);
/* Runs a command with what is selected now and adds its answer; then `before` is selected. */
struct err *console_run_selected(struct console *c, const struct console_selection *before,
                                 const char *command) MUST_CHECK;

/* ---- goroutine.c ---- */

/* The goroutines of the target. ERR_NO_DATA: it has none. */
struct err *console_tasks(struct console *c, const struct tasks **out) MUST_CHECK;
/* The selected goroutine, or the one that the selected thread runs; NULL: none. */
const struct task *console_task(struct console *c, const struct tasks *t);
/* Selects it: its thread, or itself when none runs it. */
void console_select_task(struct console *c, const struct tasks *t, const struct task *task);

/* ---- evaluate.c ---- */

/* The value of an expression in the selected frame, if there is one. */
struct err *console_evaluate(struct console *c, const char *text, struct value *out) MUST_CHECK;
/* An expression that must be a number or pointer (of an array or function: its address). */
struct err *console_number(struct console *c, const char *text, uint64_t *out) MUST_CHECK;
/* As console_evaluate(), or a type when *is_type. */
struct err *console_value_or_type(struct console *c, const char *text, struct value *out, bool *is_type) MUST_CHECK;
/* What a value is as a number: of an array, a function or a record its address. */
struct err *console_address_of(struct console *c, const struct value *v, uint64_t *out) MUST_CHECK;
/* Sets $name to a copy of a value. */
struct err *console_set_variable(struct console *c, const char *name, const struct value *v) MUST_CHECK;
/* "$name = EXPRESSION", the only assignment there is. */
struct err *console_assign(struct console *c, const char *text) MUST_CHECK;

/* ---- frame_text.c ---- */

enum {
    FRAME_BRIEF = 1, /* without its number: info threads */
    FRAME_SOURCE = 2, /* and its line of the source below it, when there is one */
};
/* "#1  0x... in fn (a=1) at file.c:12\n". `flags`: FRAME_*. */
void console_put_frame(struct console *c, const struct sstack *st, size_t index, unsigned flags);
/* The selected frame with its source line, as after `frame`, `up` and a stop. */
struct err *console_show_frame(struct console *c) MUST_CHECK;
/* "Thread 0x7f... (LWP 12)", or "LWP 12"; `name`: and the name of a live thread. */
void console_put_thread(struct text *t, struct console *c, const struct image_thread *th, bool name);
/* The source file of a frame, as `set filename-display` says. */
void console_put_file(struct console *c, const struct sframe *f);
/* threads.c: "[Current thread is 1 (...)]". */
void console_put_current_thread(struct console *c);
/* display.c: all expressions of `display`, after a stop. */
struct err *console_show_displays(struct console *c) MUST_CHECK;

/* ---- wrap.c ---- */

/* On a terminal: breaks the lines of c->out since `from` that are wider than it, as gdb does. Of values by their
 * members, each line `indent` further in. */
void console_wrap_frame(struct console *c, size_t from);
void console_wrap_value(struct console *c, size_t from, size_t indent);

/* ---- command.c ---- */

/* The row that a line begins with, and its arguments. ERR_USAGE: undefined, ambiguous. `*macro` is the user's
 * own command, when it is one (then *out is NULL). */
struct err *command_find_row(struct console *c, const char *line, const struct console_command **out,
                             const struct console_macro **macro, const char **args) MUST_CHECK;
/* The tables of all files, and all of them: NULL-terminated, in console.c. */
extern const struct console_table console_apply_table;
extern const struct console_table console_auxv_table;
extern const struct console_table console_code_table;
extern const struct console_table console_define_table;
extern const struct console_table console_deferred_table;
extern const struct console_table console_disassemble_table;
extern const struct console_table console_display_table;
extern const struct console_table console_echo_table;
extern const struct console_table console_examine_table;
extern const struct console_table console_find_table;
extern const struct console_table console_frame_table;
extern const struct console_table console_goroutine_table;
extern const struct console_table console_goroutines_table;
extern const struct console_table console_help_table;
extern const struct console_table console_info_frame_table;
extern const struct console_table console_info_names_table;
extern const struct console_table console_info_target_table;
extern const struct console_table console_list_table;
extern const struct console_table console_logging_table;
extern const struct console_table console_open_table;
extern const struct console_table console_print_table;
extern const struct console_table console_program_names_table;
extern const struct console_table console_save_table;
extern const struct console_table console_process_table;
extern const struct console_table console_python_table;
extern const struct console_table console_redirect_table;
extern const struct console_table console_refused_table;
extern const struct console_table console_register_table;
extern const struct console_table console_script_table;
extern const struct console_table console_settings_table;
extern const struct console_table console_source_path_table;
extern const struct console_table console_signal_table;
extern const struct console_table console_support_table;
extern const struct console_table console_task_table;
extern const struct console_table console_task_stack_table;
extern const struct console_table console_thread_table;
extern const struct console_table console_variable_table;
extern const struct console_table console_what_table;
extern const struct console_table *const console_tables[];
/* A basic regular expression, as gdb's. ERR_USAGE says what is wrong with it. regfree() it. */
struct err *console_regex(const char *text, regex_t *out) MUST_CHECK;
/* "~/x" with the user's home folder; heap, the caller's. */
char *console_expand_path(const char *path) NEVER_NULL;
/* Takes a word off the front: the arguments begin with it, alone or before a blank. */
bool args_word(const char **args, const char *word);
/* Bytes up to one of `ends` outside of quotes and brackets, or up to the end. */
size_t args_span(const char *s, const char *ends);
/* Takes a decimal number off the front, with sign. False: there is none, nothing was taken. */
bool args_number(const char **args, int64_t *out);

/* ---- input.c ---- */
/* Runs all lines of an input. Errors are shown and it goes on, or the first one ends it and is returned. */
struct err *console_run_input(struct console *c, struct console_input *in) MUST_CHECK;
/* Commands from a pipe, to its end; errors are shown. */
struct err *console_run_stream(struct console *c, FILE *file) MUST_CHECK;
/* Runs a file of commands, as `source` and -x. */
struct err *console_run_file(struct console *c, const char *path) MUST_CHECK;

/* ---- scripts.c ---- */
/* Is a file a script of Python or Starlark, by its name? */
bool console_is_script(const char *path);
/* Runs one; *status as in struct script_host. */
struct err *console_run_script(struct console *c, const char *path, char *const *args, size_t n,
                               int *status) MUST_CHECK;
/* Runs a command that a script has added. */
struct err *console_run_script_command(struct console *c, const char *name, const char *args) MUST_CHECK;
/* What scripts hold of the target is gone. */
void console_script_moved(struct console *c);
void console_script_done(struct console *c);

/* define.c: a command of the user's own; made when there is none of the name. ERR_USAGE: no name for one. */
struct err *console_macro_named(struct console *c, const char *name, struct console_macro **out) MUST_CHECK;
/* Runs it. */
struct err *console_run_macro(struct console *c, const struct console_macro *m, const char *args) MUST_CHECK;

/* ---- line.c ---- */
/* Takes lines from the terminal until the user leaves. */
struct err *console_run_terminal(struct console *c) MUST_CHECK;

/* ---- complete.c ---- */
/* What the word at the end of `line` may become, sorted, each the whole word; *start is where that word begins. The
 * strings are heap, the caller's. */
void console_complete(struct console *c, const char *line, size_t *start, struct words *out);

#endif
