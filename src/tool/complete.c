/* SPDX-License-Identifier: Apache-2.0 */
/* Completion scripts for shells, from the command table. */
#include "tool/tool.h"

#include <string.h>

typedef void row_fn(struct text *t, const struct command *cmd, const struct option_row *row);

static void each_row(struct text *t, const struct command *cmd, row_fn *fn)
{
    for (const struct option_group *const *g = cmd->groups; *g; g++)
        for (size_t i = 0; i < (*g)->n; i++)
            fn(t, cmd, &(*g)->rows[i]);
}

static void put_names(struct text *t, bool aliases)
{
    for (const struct command *const *c = all_commands; *c; c++) {
        text_printf(t, "%s%s", c == all_commands ? "" : " ", (*c)->name);
        if (aliases && (*c)->aliases)
            text_printf(t, " %s", (*c)->aliases);
    }
}

/* "auto always never" */
static void put_choices(struct text *t, const struct option_row *row)
{
    for (const char *p = row->value; *p; p++)
        text_putc(t, *p == '|' ? ' ' : *p);
}

/* Within single quotes of a shell. */
static void put_quoted(struct text *t, const char *s)
{
    for (; *s; s++) {
        if (*s == '\'')
            text_put(t, "'\\''");
        else
            text_putc(t, *s);
    }
}

/* bash */

static void bash_word(struct text *t, const struct command *cmd, const struct option_row *row)
{
    (void)cmd;
    text_printf(t, " --%s", row->name);
    if (row->kind == VALUE_MAYBE)
        text_printf(t, " --%s=%s", row->name, row->value);
    if (row->letter)
        text_printf(t, " -%c", row->letter);
}

static void bash_value(struct text *t, const struct command *cmd, const struct option_row *row)
{
    if (row->kind == VALUE_NONE || row->kind == VALUE_MAYBE)
        return;
    text_printf(t, "    %s:--%s", cmd->name, row->name);
    if (row->letter)
        text_printf(t, " | %s:-%c", cmd->name, row->letter);
    text_put(t, ") COMPREPLY=(");
    if (row->kind == VALUE_CHOICE) {
        text_put(t, "$(compgen -W '");
        put_choices(t, row);
        text_put(t, "' -- \"$cur\")");
    } else if (row->kind == VALUE_DIR) {
        text_put(t, "$(compgen -d -- \"$cur\")");
    } else if (row->kind == VALUE_FILE) {
        text_put(t, "$(compgen -f -- \"$cur\")");
    }
    text_put(t, "); return ;;\n");
}

static const char *bash_operand(enum operand_kind k)
{
    switch (k) {
    case OPERAND_TARGET:
        return "$(compgen -f -- \"$cur\") $(compgen -W \"$(cd /proc && echo [0-9]*)\" -- \"$cur\")";
    case OPERAND_COMMAND:
        return "$(compgen -W \"$commands\" -- \"$cur\")";
    case OPERAND_NONE:
        break;
    }
    return "";
}

static void put_bash(struct text *t)
{
    text_put(t, "# bash completion for inquest, made by: inquest --completion bash\n"
                "_inquest() {\n"
                "    local cur=${COMP_WORDS[COMP_CWORD]} prev=${COMP_WORDS[COMP_CWORD-1]} command=${COMP_WORDS[1]}\n"
                "    local commands='");
    put_names(t, false);
    text_put(t, "'\n"
                "    compopt -o filenames 2>/dev/null\n"
                "    if [ \"$COMP_CWORD\" = 1 ]; then\n"
                "        COMPREPLY=($(compgen -W \"$commands --help --version\" -- \"$cur\"))\n"
                "        return\n"
                "    fi\n"
                "    [ \"$cur\" = = ] && cur=\n"
                "    [ \"$prev\" = = ] && prev=${COMP_WORDS[COMP_CWORD-2]}\n"
                "    case $command in\n");
    for (const struct command *const *c = all_commands; *c; c++) {
        if (!(*c)->aliases)
            continue;
        text_put(t, "    ");
        for (const char *p = (*c)->aliases; *p; p++)
            text_put(t, *p == ' ' ? " | " : (char[]){*p, 0});
        text_printf(t, ") command=%s ;;\n", (*c)->name);
    }
    text_put(t, "    esac\n"
                "    case $command:$prev in\n");
    for (const struct command *const *c = all_commands; *c; c++)
        each_row(t, *c, bash_value);
    text_put(t, "    esac\n"
                "    case $command:$cur in\n");
    for (const struct command *const *c = all_commands; *c; c++) {
        text_printf(t, "    %s:-*) COMPREPLY=($(compgen -W '", (*c)->name);
        each_row(t, *c, bash_word);
        text_put(t, "' -- \"$cur\")) ;;\n");
        text_printf(t, "    %s:*) COMPREPLY=(%s) ;;\n", (*c)->name, bash_operand((*c)->operand_kind));
    }
    text_put(t, "    esac\n"
                "}\n"
                "complete -F _inquest inquest\n");
}

/* zsh */

/* What stands behind an option's name, of _arguments(1). */
static const char *zsh_equals(const struct option_row *row)
{
    return row->kind == VALUE_NONE ? "" : row->kind == VALUE_MAYBE ? "=-" : "=";
}

static void zsh_row(struct text *t, const struct command *cmd, const struct option_row *row)
{
    (void)cmd;
    text_put(t, " \\\n            ");
    if (row->letter)
        text_printf(t, "'(-%c --%s)'{-%c%s,--%s%s}'[", row->letter, row->name, row->letter,
                    row->kind == VALUE_NONE || row->kind == VALUE_MAYBE ? "" : "+", row->name, zsh_equals(row));
    else
        text_printf(t, "'%s--%s%s[", strcmp(row->name, "debug-dir") == 0 ? "*" : "", row->name, zsh_equals(row));
    for (const char *p = row->help; *p; p++) {
        if (*p == '[' || *p == ']' || *p == ':')
            text_putc(t, '\\');
        put_quoted(t, (char[]){*p, 0});
    }
    text_putc(t, ']');
    if (row->kind == VALUE_CHOICE || row->kind == VALUE_MAYBE) {
        text_printf(t, "%s%s:(", row->kind == VALUE_MAYBE ? "::" : ":", row->name);
        put_choices(t, row);
        text_putc(t, ')');
    } else if (row->kind != VALUE_NONE) {
        text_printf(t, ":%s:%s", row->name,
                    row->kind == VALUE_FILE  ? "_files"
                    : row->kind == VALUE_DIR ? "_files -/"
                                             : " ");
    }
    text_putc(t, '\'');
}

static void put_zsh(struct text *t)
{
    text_put(t, "#compdef inquest\n"
                "# zsh completion for inquest, made by: inquest --completion zsh\n"
                "_inquest_target() {\n"
                "    _alternative 'files:core:_files' 'processes:process:_pids'\n"
                "}\n"
                "_inquest() {\n"
                "    local -a commands\n"
                "    commands=(\n");
    for (const struct command *const *c = all_commands; *c; c++) {
        text_printf(t, "        '%s:", (*c)->name);
        put_quoted(t, (*c)->help);
        text_put(t, "'\n");
    }
    text_put(t, "    )\n"
                "    if (( CURRENT == 2 )); then\n"
                "        _describe command commands\n"
                "        return\n"
                "    fi\n"
                "    local command=$words[2]\n"
                "    shift words\n"
                "    (( CURRENT-- ))\n"
                "    case $command in\n");
    for (const struct command *const *c = all_commands; *c; c++) {
        text_printf(t, "    %s", (*c)->name);
        for (const char *p = (*c)->aliases ? (*c)->aliases : ""; *p; p += strspn(p, " ")) {
            size_t n = strcspn(p, " ");
            text_printf(t, "|%.*s", (int)n, p);
            p += n;
        }
        text_put(t, ")\n        _arguments -s");
        each_row(t, *c, zsh_row);
        if ((*c)->operand_kind == OPERAND_TARGET)
            text_put(t, " \\\n            '*:target:_inquest_target'");
        else if ((*c)->operand_kind == OPERAND_COMMAND) {
            text_put(t, " \\\n            '*:command:(");
            put_names(t, false);
            text_put(t, ")'");
        }
        text_put(t, "\n        ;;\n");
    }
    text_put(t, "    esac\n"
                "}\n"
                "_inquest \"$@\"\n");
}

/* fish */

static void fish_row(struct text *t, const struct command *cmd, const struct option_row *row)
{
    text_printf(t, "complete -c inquest -n '__fish_seen_subcommand_from %s%s%s' -l %s", cmd->name,
                cmd->aliases ? " " : "", cmd->aliases ? cmd->aliases : "", row->name);
    if (row->letter)
        text_printf(t, " -s %c", row->letter);
    if (row->kind == VALUE_CHOICE) {
        text_put(t, " -xa '");
        put_choices(t, row);
        text_putc(t, '\'');
    } else if (row->kind == VALUE_MAYBE) { /* offered behind "=" only */
        text_put(t, " -fa '");
        put_choices(t, row);
        text_putc(t, '\'');
    } else if (row->kind == VALUE_FILE) {
        text_put(t, " -rF");
    } else if (row->kind == VALUE_DIR) {
        text_put(t, " -xa '(__fish_complete_directories)'");
    } else if (row->kind != VALUE_NONE) {
        text_put(t, " -x");
    }
    text_put(t, " -d '");
    for (const char *p = row->help; *p; p++)
        text_put(t, *p == '\'' ? "\\'" : (char[]){*p, 0});
    text_put(t, "'\n");
}

static void put_fish(struct text *t)
{
    text_put(t, "# fish completion for inquest, made by: inquest --completion fish\n"
                "set -l commands ");
    put_names(t, true);
    text_put(t, "\ncomplete -c inquest -n \"not __fish_seen_subcommand_from $commands\" -f\n");
    for (const struct command *const *c = all_commands; *c; c++) {
        text_printf(t, "complete -c inquest -n \"not __fish_seen_subcommand_from $commands\" -a %s -d '", (*c)->name);
        for (const char *p = (*c)->help; *p; p++)
            text_put(t, *p == '\'' ? "\\'" : (char[]){*p, 0});
        text_put(t, "'\n");
        each_row(t, *c, fish_row);
        if ((*c)->operand_kind == OPERAND_TARGET)
            text_printf(t, "complete -c inquest -n '__fish_seen_subcommand_from %s' -a '(__fish_complete_pids)'\n",
                        (*c)->name);
        else if ((*c)->operand_kind == OPERAND_COMMAND)
            text_printf(t, "complete -c inquest -n '__fish_seen_subcommand_from %s' -f -a \"$commands\"\n", (*c)->name);
    }
}

struct err *complete_script(struct text *t, const char *shell)
{
    if (strcmp(shell, "bash") == 0)
        put_bash(t);
    else if (strcmp(shell, "zsh") == 0)
        put_zsh(t);
    else if (strcmp(shell, "fish") == 0)
        put_fish(t);
    else
        return err_hint(err_new(ERR_USAGE, "no completions for '%s'", shell), "bash, zsh or fish");
    return NULL;
}
