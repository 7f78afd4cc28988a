/* SPDX-License-Identifier: Apache-2.0 */
/* Secrets that a process was given: its environment and its command line. They are known, so that all their copies are
 * found: in the stack's top, where the kernel put them, and wherever the program or its runtime copied them. */
#include "session/redaction.h"

#include <ctype.h>
#include <strings.h>

enum {
    MIXED_MIN = 6,  /* characters of a secret's text of letters and digits, or others */
    PLAIN_MIN = 8,  /* of one that might be a word */
    UNNAMED_MIN = 10, /* of a mixed one whose name says nothing */
};

static const char *const in_environment = "environment", *const command_line = "command line";

/* ---- names ---- */

/* Is one of the words, separated by '|', in the name, in any case? */
static bool mentions(const char *name, size_t n, const char *words)
{
    for (const char *w = words; *w;) {
        size_t len = strcspn(w, "|");
        for (size_t i = 0; len <= n && i <= n - len; i++)
            if (strncasecmp(name + i, w, len) == 0)
                return true;
        w += len + (w[len] == '|');
    }
    return false;
}

static bool names_secret(const char *name, size_t n)
{
    return mentions(name, n, "pass|pwd|secret|token|key|cred|auth|private|salt|signature|cookie|session|dsn");
}

/* What every process has, and others show on purpose. Ends with '*': so begins the name. */
static bool is_harmless(const char *name, size_t n)
{
    static const char *const harmless[] = {
        "PATH",    "HOME",   "USER",   "LOGNAME",   "SHELL",     "TERM",  "LANG", "LANGUAGE",
        "LC_*",    "PWD",    "OLDPWD", "HOSTNAME",  "HOST",      "SHLVL", "_",    "TZ",
        "DISPLAY", "EDITOR", "PAGER",  "LS_COLORS", "COLORTERM", "XDG_*", "MAIL", "LD_*",
    };

    for (size_t i = 0; i < ARRAY_LEN(harmless); i++) {
        size_t len = strlen(harmless[i]), fixed = harmless[i][len - 1] == '*' ? len - 1 : len;
        if (strncmp(name, harmless[i], fixed) == 0 && (fixed == len ? n == len : n >= fixed))
            return true;
    }
    return false;
}

/* ---- values ---- */

static bool in_mapped_path(const struct image *im, const char *text, size_t n)
{
    for (size_t i = 0; i < im->maps.n; i++)
        if (im->maps.v[i].path && memmem(im->maps.v[i].path, strlen(im->maps.v[i].path), text, n))
            return true;
    return im->exe && memmem(im->exe, strlen(im->exe), text, n);
}

static bool is_path(const char *text)
{
    return text[0] == '/' || (text[0] == '.' && (text[1] == '/' || text[1] == '.')) || text[0] == '~';
}

bool redact_is_telling(const struct image *im, const char *text, size_t n, bool named)
{
    bool letters = false, digits = false, others = false;

    for (size_t i = 0; i < n; i++) {
        letters |= isalpha((unsigned char)text[i]) != 0;
        digits |= isdigit((unsigned char)text[i]) != 0;
        others |= !isalnum((unsigned char)text[i]);
    }
    size_t least = !named ? UNNAMED_MIN : letters && (digits || others) ? MIXED_MIN : PLAIN_MIN;
    if (n < least || is_path(text) || (!named && !(letters && digits)))
        return false;
    return !in_mapped_path(im, text, n);
}

static void add_variable(const struct image *im, struct redactor *to, const char *text, size_t n)
{
    const char *equals = memchr(text, '=', n);
    size_t name = equals ? (size_t)(equals - text) : n, keep = name + 1;

    if (keep >= n)
        return;
    redactor_add_text(to, in_environment, text, n, keep);
    if (!is_harmless(text, name) && redact_is_telling(im, text + keep, n - keep, names_secret(text, name)))
        redactor_add_text(to, in_environment, text + keep, n - keep, 0);
}

static bool is_variable(const char *text, size_t n)
{
    size_t i = 0;

    while (i < n && (isalnum((unsigned char)text[i]) || text[i] == '_'))
        i++;
    return i > 0 && i < n && text[i] == '=';
}

struct environment {
    struct image *im;
    struct redactor *to;
    char *first; /* where the kernel put it: texts one behind the other; NULL: it is not known */
    size_t n;
    size_t variables;
};

static void add_text(struct environment *e, const char *text, size_t n)
{
    e->variables += is_variable(text, n);
    add_variable(e->im, e->to, text, n);
}

static void add_moved(void *arg, const char *text, size_t n)
{
    struct environment *e = arg;

    if (!e->first || !memmem(e->first, e->n, text, n + 1))
        add_text(e, text, n);
}

static void add_environment(struct image *im, const struct module_opts *files, struct redactor *to)
{
    struct environment all = {.im = im, .to = to};
    SCOPED(freep) char *first = NULL;
    struct err *e = image_environ(im, &first, &all.n);

    all.first = first;
    for (size_t at = 0, len; first && at < all.n; at += len + 1) {
        len = strnlen(first + at, all.n - at);
        add_text(&all, first + at, len);
    }
    redact_each_moved(im, files, add_moved, &all);
    if (e && all.variables == 0)
        *vec_push(&im->problems) = err_prefix(TAKE(e), "the environment is redacted only where it looks secret");
    else if (all.variables == 0) /* there was none, or a title is written over it (setproctitle) */
        *vec_push(&im->problems) =
            err_new(ERR_NOT_FOUND, "no environment was found, neither where the kernel put it nor by the C library's "
                                   "variable: what the program has of one is redacted only where it looks secret");
    err_free(e);
}

/* ---- the command line ---- */

/* A value of an option, which stands behind its name and one byte. */
static void add_option(const struct image *im, struct redactor *to, const char *text, size_t n, size_t keep)
{
    if (keep >= n)
        return;
    redactor_add_text(to, command_line, text, n, keep);
    if (redact_is_telling(im, text + keep, n - keep, true))
        redactor_add_text(to, command_line, text + keep, n - keep, 0);
}

/* "--token value": so in memory, and joined where a program shows its arguments. */
static void add_two(const struct image *im, struct redactor *to, const char *name, const char *value)
{
    size_t keep = strlen(name) + 1, n = keep + strlen(value);
    SCOPED(freep) char *both = xmalloc(n + 1);

    memcpy(both, name, keep);
    memcpy(both + keep, value, n - keep + 1);
    add_option(im, to, both, n, keep);
    both[keep - 1] = ' ';
    redactor_add_text(to, command_line, both, n, keep);
    SCOPED(freep)
    char *lines = xasprintf("%s\nargument %s", name, value); /* in the record (docs/internals/capture.md) */
    redactor_add_text(to, command_line, lines, strlen(lines), strlen(lines) - strlen(value));
}

static void add_arguments(struct image *im, struct redactor *to)
{
    SCOPED(freep) char *all = NULL;
    size_t n = 0;
    struct err *e = image_arguments(im, &all, &n);

    if (e) {
        *vec_push(&im->problems) = err_prefix(e, "the command line is redacted only where it looks secret");
        return;
    }
    const char *before = NULL; /* an option whose value comes next */
    for (size_t at = 0, len; at < n; at += len + 1) {
        const char *arg = all + at;
        len = strnlen(arg, n - at);
        if (at + len >= n)
            break; /* its end is not there */
        const char *equals = strchr(arg, '=');
        if (before && arg[0] != '-')
            add_two(im, to, before, arg);
        before = NULL;
        if (equals && names_secret(arg, (size_t)(equals - arg)))
            add_option(im, to, arg, len, (size_t)(equals - arg) + 1);
        else if (!equals && arg[0] == '-' && names_secret(arg, len))
            before = arg;
    }
}

void redact_add_known(struct image *im, const struct module_opts *files, struct redactor *to)
{
    add_environment(im, files, to);
    add_arguments(im, to);
}
