/* SPDX-License-Identifier: Apache-2.0 */
/* The command line, read by getopt_long from the command table. */
#include "tool/tool.h"

#include <errno.h>
#include <getopt.h>
#include <string.h>
#include <sys/stat.h>

enum { OPTIONS_MAX = 64, WORD_MAX = 64, FIRST_LONG = 256 };

/* Names near a misspelt one. */

static size_t least(size_t a, size_t b, size_t c)
{
    size_t m = a < b ? a : b;
    return m < c ? m : c;
}

/* Edits (insert, delete, replace, swap of neighbours) from a to b: optimal string alignment. */
static size_t distance(const char *a, const char *b)
{
    size_t n = strlen(a), m = strlen(b);
    size_t row[3][WORD_MAX + 1];
    if (n > WORD_MAX || m > WORD_MAX)
        return WORD_MAX;
    for (size_t j = 0; j <= m; j++)
        row[0][j] = j;
    for (size_t i = 1; i <= n; i++) {
        size_t *now = row[i % 3], *above = row[(i + 2) % 3], *above2 = row[(i + 1) % 3];
        now[0] = i;
        for (size_t j = 1; j <= m; j++) {
            now[j] = least(above[j] + 1, now[j - 1] + 1, above[j - 1] + (a[i - 1] != b[j - 1]));
            bool swapped = i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1];
            if (swapped && above2[j - 2] + 1 < now[j])
                now[j] = above2[j - 2] + 1;
        }
    }
    return row[n % 3][m];
}

struct nearest {
    const char *wanted, *found;
    size_t best;
};

/* A third of the letters may be wrong. */
static struct nearest nearest_to(const char *wanted)
{
    return (struct nearest){.wanted = wanted, .best = strlen(wanted) / 3 + 2};
}

static void nearest_try(struct nearest *n, const char *name)
{
    size_t d = distance(n->wanted, name);
    if (d < n->best && d < strlen(name)) {
        n->best = d;
        n->found = name;
    }
}

/* Commands. */

/* Is `name` one of the words in `aliases` (NULL: none)? */
static bool alias_matches(const char *aliases, const char *name)
{
    size_t len = strlen(name);
    for (const char *p = aliases; p && *p;) {
        size_t n = strcspn(p, " ");
        if (n == len && strncmp(p, name, n) == 0)
            return true;
        p += n + strspn(p + n, " ");
    }
    return false;
}

const struct command *command_find(const char *name)
{
    for (const struct command *const *c = all_commands; *c; c++)
        if (strcmp((*c)->name, name) == 0 || alias_matches((*c)->aliases, name))
            return *c;
    return NULL;
}

struct err *command_unknown(const char *word)
{
    struct nearest near = nearest_to(word);
    for (const struct command *const *c = all_commands; *c; c++)
        nearest_try(&near, (*c)->name);
    struct err *e = word[0] == '-' ? err_new(ERR_USAGE, "unknown option '%s'", word)
                                   : err_new(ERR_USAGE, "there is no command '%s'", word);
    uint64_t pid;
    struct stat st;
    if (parse_number(word, INT32_MAX, &pid) || stat(word, &st) == 0)
        return err_hint(e, "did you mean 'inquest stack %s'?", word);
    if (near.found)
        return err_hint(e, "did you mean 'inquest %s'?", near.found);
    if (word[0] == '-')
        return err_hint(e, "a command comes first, then its options: inquest stack --json core");
    return err_hint(e, "'inquest help' lists them");
}

/* Options of one command. */

struct table {
    const struct option_row *rows[OPTIONS_MAX];
    struct option longs[OPTIONS_MAX + 1];
    char shorts[2 * OPTIONS_MAX + 2];
    size_t n;
};

static void table_make(const struct command *cmd, struct table *t)
{
    *t = (struct table){.shorts = ":"}; /* ':' first: a missing value is told from an unknown option */
    size_t s = 1;
    for (const struct option_group *const *g = cmd->groups; *g; g++) {
        for (size_t i = 0; i < (*g)->n && t->n < OPTIONS_MAX; i++) {
            const struct option_row *row = &(*g)->rows[i];
            int has_arg = row->kind == VALUE_NONE    ? no_argument
                          : row->kind == VALUE_MAYBE ? optional_argument
                                                     : required_argument;
            t->longs[t->n] = (struct option){row->name, has_arg, NULL, FIRST_LONG + (int)t->n};
            t->rows[t->n++] = row;
            if (row->letter) {
                t->shorts[s++] = row->letter;
                if (has_arg == required_argument)
                    t->shorts[s++] = ':';
            }
        }
    }
}

static const struct option_row *table_row(const struct table *t, int opt)
{
    if (opt >= FIRST_LONG && opt < FIRST_LONG + (int)t->n)
        return t->rows[opt - FIRST_LONG];
    for (size_t i = 0; i < t->n; i++)
        if (t->rows[i]->letter == opt)
            return t->rows[i];
    return NULL;
}

static struct err *unknown_option(const struct table *t, const struct command *cmd, const char *word)
{
    if (optopt > 0 && optopt < FIRST_LONG)
        return err_hint(err_new(ERR_USAGE, "unknown option '-%c'", optopt), "try 'inquest help %s'", cmd->name);
    size_t dashes = begins_with(word, "--") ? 2 : 1;
    SCOPED(freep) char *name = xstrndup(word + dashes, strcspn(word + dashes, "="));
    if (optopt >= FIRST_LONG)
        return err_new(ERR_USAGE, "option '%.*s%s' takes no value", (int)dashes, word, name);
    struct nearest near = nearest_to(name);
    unsigned prefixed = 0;
    for (size_t i = 0; i < t->n; i++) {
        nearest_try(&near, t->rows[i]->name);
        prefixed += begins_with(t->rows[i]->name, name);
    }
    if (prefixed > 1)
        return err_hint(err_new(ERR_USAGE, "option '%.*s%s' is ambiguous", (int)dashes, word, name),
                        "try 'inquest help %s'", cmd->name);
    struct err *e = err_new(ERR_USAGE, "unknown option '%.*s%s'", (int)dashes, word, name);
    return near.found ? err_hint(e, "did you mean --%s?", near.found) : err_hint(e, "try 'inquest help %s'", cmd->name);
}

static bool is_choice(const char *choices, const char *value)
{
    size_t len = strlen(value);
    for (const char *p = choices; *p;) {
        size_t n = strcspn(p, "|");
        if (n == len && strncmp(p, value, n) == 0)
            return true;
        p += n + (p[n] == '|');
    }
    return false;
}

/* A file or folder that is to help must be there: without it the answer would say less, and nobody why. */
static struct err *check_there(const struct option_row *row, const char *path)
{
    struct stat st;
    if (stat(path, &st) < 0)
        return err_errno(errno, "--%s %s", row->name, path);
    if (row->kind == VALUE_DIR && !S_ISDIR(st.st_mode))
        return err_errno(ENOTDIR, "--%s %s", row->name, path);
    if (row->kind == VALUE_FILE && S_ISDIR(st.st_mode))
        return err_errno(EISDIR, "--%s %s", row->name, path);
    return NULL;
}

static struct err *check_value(const struct option_row *row, const char *value)
{
    uint64_t number;
    if (row->kind == VALUE_FILE || row->kind == VALUE_DIR)
        return check_there(row, value);
    if (row->kind == VALUE_NUMBER && !parse_number(value, INT64_MAX, &number))
        return err_new(ERR_USAGE, "--%s takes a number, not '%s'", row->name, value);
    if ((row->kind == VALUE_CHOICE || row->kind == VALUE_MAYBE) && !is_choice(row->value, value))
        return err_new(ERR_USAGE, "--%s takes %s, not '%s'", row->name, row->value, value);
    return NULL;
}

static struct err *check_operands(const struct call *call)
{
    const struct command *cmd = call->command;
    if (call->n_operands < cmd->min_operands)
        return err_hint(err_new(ERR_USAGE, "inquest %s needs %s", cmd->name, cmd->operands), "try 'inquest help %s'",
                        cmd->name);
    /* $(pidof NAME) of a server with several processes */
    uint64_t pid;
    if (call->n_operands > 1 && parse_number(call->operands[0], INT32_MAX, &pid) &&
        parse_number(call->operands[1], INT32_MAX, &pid))
        return err_hint(err_new(ERR_USAGE, "inquest %s takes one process, not also %s", cmd->name, call->operands[1]),
                        "'pgrep -o NAME' tells the oldest process of a name; ./%s would be a file", call->operands[1]);
    if (call->n_operands > cmd->max_operands)
        return err_hint(err_new(ERR_USAGE, "inquest %s does not know what to do with '%s'", cmd->name,
                                call->operands[cmd->max_operands]),
                        "try 'inquest help %s'", cmd->name);
    return NULL;
}

struct err *options_parse(int argc, char **argv, struct call *call)
{
    struct table t;
    table_make(call->command, &t);
    opterr = 0;
    optind = 0; /* glibc and musl: start anew */
    for (;;) {
        int at = optind ? optind : 1;
        int opt = call->command->single_dash ? getopt_long_only(argc, argv, t.shorts, t.longs, NULL)
                                             : getopt_long(argc, argv, t.shorts, t.longs, NULL);
        if (opt == -1)
            break;
        const struct option_row *row = table_row(&t, opt == ':' ? optopt : opt);
        if (opt == ':' && row)
            return err_new(ERR_USAGE, "--%s needs %s", row->name, row->value);
        if (!row)
            return unknown_option(&t, call->command,
                                  optind > at && argv[optind - 1][0] == '-' ? argv[optind - 1] : argv[at]);
        if (optarg)
            TRY(check_value(row, optarg));
        *vec_push(&call->given) = (struct given){.row = row, .value = optarg};
    }
    call->operands = argv + optind;
    call->n_operands = (size_t)(argc - optind);
    return call_has(call, "help") ? NULL : check_operands(call);
}
