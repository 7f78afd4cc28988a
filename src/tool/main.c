/* SPDX-License-Identifier: Apache-2.0 */
/* inquest: finds the command, runs it, says what went wrong. */
#include "tool/tool.h"

#include "base/log.h"
#include <locale.h>
#include <string.h>

static int exit_status(enum err_code code)
{
    switch (code) {
    case ERR_USAGE:
        return EXIT_USAGE;
    case ERR_CANCELLED:
        return EXIT_CANCELLED;
    case ERR_NOMEM:
    case ERR_IO:
    case ERR_NOT_FOUND:
    case ERR_PERMISSION:
    case ERR_BUSY:
    case ERR_GONE:
    case ERR_CORRUPT:
    case ERR_TRUNCATED:
    case ERR_UNSUPPORTED:
    case ERR_UNMAPPED:
    case ERR_NOT_IN_DUMP:
    case ERR_NO_DATA:
    case ERR_OPTIMISED_OUT:
    case ERR_MISMATCH:
    case ERR_LIMIT:
    case ERR_INTERNAL:
    case ERR_CODE_COUNT:
        break;
    }
    return EXIT_FAILED;
}

/* Prints and frees the error; the exit status it stands for. */
static int say_error(struct err *e)
{
    struct text t = {0};
    text_put(&t, "inquest: ");
    put_safe(&t, e->msg);
    text_putc(&t, '\n');
    if (e->hint) {
        text_put(&t, "  hint: ");
        put_safe(&t, e->hint);
        text_putc(&t, '\n');
    }
    progress_end();
    fputs(text_str(&t), stderr);
    text_done(&t);
    int status = exit_status(e->code);
    err_free(e);
    return status;
}

/* The XDG base directory specification's cache folder. */
static char *cache_dir(void)
{
    const char *xdg = getenv("XDG_CACHE_HOME"), *home = getenv("HOME");
    if (xdg && *xdg == '/')
        return xasprintf("%s/inquest", xdg);
    return home && *home == '/' ? xasprintf("%s/.cache/inquest", home) : NULL;
}

static void open_output(struct call *c)
{
    progress_end();
    FILE *before = c->screen.out;
    if (!call_has(c, "no-pager"))
        pager_start(&c->screen);
    signals_writing(c->screen.out != before);
}

static void question(struct call *c, bool begins)
{
    c->open_output = NULL;
    if (begins) {
        signals_question();
        progress_start();
    } else {
        progress_end();
    }
}

/* The session's share of a call: what a command needs that looks at a target. */
static void prepare_target(struct call *c)
{
    c->screen.color = screen_color(&c->screen, call_value(c, "color"));
    log_set_level(call_has(c, "verbose") ? 1 : 0);
    c->progress = progress_start();
    signals_install(c->progress);
    c->open_output = open_output;
    c->question = question;
}

static struct err *run_parsed(struct call *c)
{
    if (call_has(c, "help"))
        return help_print(c, c->command);
    if (c->command->operand_kind == OPERAND_TARGET)
        prepare_target(c);
    return c->command->run(c);
}

static int run_command(const struct command *cmd, int argc, char **argv)
{
    SCOPED(freep) char *cache = cache_dir();
    struct call call = {
        .command = cmd,
        .screen = screen_find(),
        .runtimes = all_runtimes,
        .protocols = all_protocols,
        .scripts = &all_scripts,
        .cache_dir = cache,
    };
    struct err *e = options_parse(argc, argv, &call);
    if (!e)
        e = run_parsed(&call);
    if (e && screen_reader_left(&call.screen)) {
        err_free(e); /* that it could not be written: who leaves the pager has read enough */
        e = NULL;
    }
    int status = e ? say_error(e) : call.status;
    e = screen_end(&call.screen);
    if (e && status == EXIT_ANSWERED)
        status = say_error(e);
    else
        err_free(e);
    vec_done(&call.given);
    vec_done(&call.debug_dirs);
    return status;
}

/* What the build asks for: "inquest --completion bash", "inquest --man-options stack". */
static int run_maker(struct err *(*make)(struct text *, const char *), const char *option, const char *word)
{
    struct text t = {0};
    struct err *e = make(&t, word ? word : "");
    if (e && !word)
        e = err_prefix(e, "%s needs a word", option);
    if (!e)
        fputs(text_str(&t), stdout);
    text_done(&t);
    if (e)
        return say_error(e);
    return fflush(stdout) == 0 ? EXIT_ANSWERED : EXIT_FAILED;
}

int main(int argc, char **argv)
{
    static const struct {
        const char *option;
        const struct command *command;
    } spelt_as_options[] = {{"--help", &command_help}, {"-h", &command_help}, {"--version", &command_version}};

    setlocale(LC_CTYPE, "");
    if (argc < 2) {
        struct text t = {0};
        struct screen sc = {.out = stderr};
        help_overview(&t, &sc);
        fputs(text_str(&t), stderr);
        text_done(&t);
        return EXIT_USAGE;
    }
    if (strcmp(argv[1], "--completion") == 0)
        return run_maker(complete_script, argv[1], argv[2]);
    if (strcmp(argv[1], "--man-options") == 0)
        return run_maker(manual_options, argv[1], argv[2]);
    for (size_t i = 0; i < ARRAY_LEN(spelt_as_options); i++)
        if (strcmp(argv[1], spelt_as_options[i].option) == 0)
            return run_command(spelt_as_options[i].command, argc - 1, argv + 1);
    const struct command *cmd = command_find(argv[1]);
    if (!cmd)
        return say_error(command_unknown(argv[1]));
    return run_command(cmd, argc - 1, argv + 1);
}
