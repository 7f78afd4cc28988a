/* SPDX-License-Identifier: Apache-2.0 */
#include "front/pattern.h"

#include "base/mem.h"
#include "base/text.h"

#include <ctype.h>
#include <string.h>

#define PCRE2_CODE_UNIT_WIDTH 8
#include <pcre2.h>

enum {
    PATTERN_BYTES = 64 * 1024,
    STEPS_MAX = 1000 * 1000, /* for one text; an ordinary expression needs tens */
    REPEAT_MAX = 1000,       /* as Go has it */
};

struct pattern {
    pcre2_code *code;
    pcre2_match_data *match;
    pcre2_match_context *limits;
    const char *why; /* an error of matching; NULL: none */
};

/* ---- from Go's syntax to PCRE2's ---- */

struct rewriting {
    const char *p;
    struct text out;
    bool repeated; /* a repetition ends here: another may not follow */
};

static struct err *refuse(const char *what, const char *p, size_t n)
{
    return err_new(ERR_USAGE, "error parsing regexp: %s: `%.*s`", what, (int)n, p);
}

static void copy(struct rewriting *w, size_t n)
{
    text_putn(&w->out, w->p, n);
    w->p += n;
}

/* \1 to \7 alone would be references to groups, which Go has not. */
static struct err *rewrite_octal(struct rewriting *w)
{
    size_t n = 1;
    unsigned value = 0;
    while (n < 4 && w->p[n] >= '0' && w->p[n] <= '7')
        value = value * 8 + (unsigned)(w->p[n++] - '0');
    if (n == 1 || (n == 2 && w->p[1] != '0'))
        return refuse("invalid escape sequence", w->p, 2);
    text_printf(&w->out, "\\x{%x}", value);
    w->p += n;
    return NULL;
}

static size_t utf8_length(const char *p)
{
    size_t n = 1;
    while (((unsigned char)p[n] & 0xc0) == 0x80)
        n++;
    return n;
}

static struct err *rewrite_escape(struct rewriting *w, bool in_class)
{
    unsigned char c = (unsigned char)w->p[1];
    const char *known = in_class ? "aftnrdDsSwWpPx" : "aftnrdDsSwWpPxAbBz";
    if (!c)
        return err_new(ERR_USAGE, "error parsing regexp: trailing backslash at end of expression: ``");
    if (c >= '0' && c <= '9')
        return rewrite_octal(w);
    if (c == 'v') { /* one character; PCRE2 has a class */
        text_put(&w->out, "\\x0b");
        w->p += 2;
        return NULL;
    }
    if (c >= 0x80 || (isalnum(c) && !strchr(known, c)))
        return refuse("invalid escape sequence", w->p, 1 + utf8_length(w->p + 1));
    if (!in_class && strchr("AbBz", c)) { /* a repetition may follow */
        text_printf(&w->out, "(?:\\%c)", c);
        w->p += 2;
    } else {
        const char *end = strchr("xpP", c) && w->p[2] == '{' ? strchr(w->p, '}') : NULL;
        copy(w, end ? (size_t)(end + 1 - w->p) : 2);
    }
    return NULL;
}

/* \Q...\E, whose end may be left out. */
static bool rewrite_quoted(struct rewriting *w)
{
    if (w->p[1] != 'Q')
        return false;
    const char *end = strstr(w->p + 2, "\\E"), *stop = end ? end : w->p + strlen(w->p);
    for (w->p += 2; w->p < stop; w->p++) { /* each for itself, so that a repetition is the last one's */
        if ((unsigned char)*w->p < 0x80 && !isalnum((unsigned char)*w->p))
            text_putc(&w->out, '\\');
        text_putc(&w->out, *w->p);
    }
    w->p += end ? 2 : 0;
    return true;
}

static struct err *rewrite_class(struct rewriting *w)
{
    const char *start = w->p;
    copy(w, w->p[1] == '^' ? 2 : 1);
    if (*w->p == ']') { /* the first one is no end */
        text_put(&w->out, "\\]");
        w->p++;
    } else if (*w->p == ':') { /* no class of POSIX */
        text_put(&w->out, "\\:");
        w->p++;
    }
    while (*w->p != ']') {
        const char *name_end = w->p[0] == '[' && w->p[1] == ':' ? strstr(w->p + 2, ":]") : NULL;
        if (!*w->p)
            return refuse("missing closing ]", start, strlen(start));
        if (*w->p == '\\') {
            TRY(rewrite_escape(w, true));
        } else if (name_end) {
            size_t n = (size_t)(name_end + 2 - w->p);
            if (strspn(w->p + 2, "^abcdefghijklmnopqrstuvwxyz") != n - 4)
                return refuse("invalid character class range", w->p, n);
            copy(w, n);
        } else if (*w->p == '[') { /* PCRE2 knows [.x.] and [=x=], too */
            text_put(&w->out, "\\[");
            w->p++;
        } else {
            copy(w, 1);
        }
    }
    copy(w, 1);
    return NULL;
}

/* "(?:", "(?P<name>", "(?<name>", "(?i-s)", "(?U:" and nothing else begins so. */
static struct err *rewrite_group(struct rewriting *w)
{
    const char *p = w->p + 2;
    if (w->p[1] == '*')
        return refuse("missing argument to repetition operator", "*", 1);
    if (w->p[1] != '?') {
        copy(w, 1);
        return NULL;
    }
    if (*p == 'P' && p[1] == '<')
        p++;
    if (*p == '<' && (isalnum((unsigned char)p[1]) || p[1] == '_')) {
        copy(w, (size_t)(p + 1 - w->p));
        return NULL;
    }
    p = w->p + 2;
    size_t on = strspn(p, "imsU"), off = p[on] == '-' ? strspn(p + on + 1, "imsU") : 0;
    size_t n = on + (p[on] == '-' ? off + 1 : 0);
    if ((p[on] == '-' && !off) || (p[n] != ':' && p[n] != ')'))
        return refuse("invalid or unsupported Perl syntax", w->p, strlen(w->p) < 3 ? strlen(w->p) : 3);
    copy(w, n + 3);
    return NULL;
}

/* The length of "{n}", "{n,}", "{n,m}"; 0: it is text. */
static size_t repeat_length(const char *p, long *most)
{
    char *end;
    if (!isdigit((unsigned char)p[1]))
        return 0;
    *most = strtol(p + 1, &end, 10);
    if (*end == ',' && isdigit((unsigned char)end[1])) {
        long second = strtol(end + 1, &end, 10);
        *most = second > *most ? second : *most;
    } else if (*end == ',') {
        end++;
    }
    return *end == '}' ? (size_t)(end + 1 - p) : 0;
}

/* *, +, ?, {n,m}, each perhaps with a "?" that makes it short. */
static struct err *rewrite_repeat(struct rewriting *w)
{
    long most = 0;
    size_t n = *w->p == '{' ? repeat_length(w->p, &most) : 1;
    if (n == 0) {
        text_put(&w->out, "\\{");
        w->p++;
        w->repeated = false;
        return NULL;
    }
    if (most > REPEAT_MAX)
        return refuse("invalid repeat count", w->p, n);
    if (w->repeated)
        return refuse("invalid nested repetition operator", w->p, n);
    copy(w, n + (w->p[n] == '?'));
    w->repeated = true;
    return NULL;
}

static struct err *rewrite(struct rewriting *w)
{
    while (*w->p) {
        if (strchr("*+?{", *w->p)) {
            TRY(rewrite_repeat(w));
            continue;
        }
        w->repeated = false;
        if (*w->p == '\\' && rewrite_quoted(w))
            continue;
        if (*w->p == '\\')
            TRY(rewrite_escape(w, false));
        else if (*w->p == '[')
            TRY(rewrite_class(w));
        else if (*w->p == '(')
            TRY(rewrite_group(w));
        else if (*w->p == '^' || *w->p == '$')
            text_printf(&w->out, "(?:%c)", *w->p++);
        else
            copy(w, 1);
    }
    return NULL;
}

/* ---- PCRE2 ---- */

static struct err *explain(int problem, const char *text)
{
    char why[128];
    pcre2_get_error_message(problem, (PCRE2_UCHAR *)why, sizeof(why));
    switch (problem) {
    case PCRE2_ERROR_MISSING_CLOSING_PARENTHESIS:
        return refuse("missing closing )", text, strlen(text));
    case PCRE2_ERROR_UNMATCHED_CLOSING_PARENTHESIS:
        return refuse("unexpected )", text, strlen(text));
    case PCRE2_ERROR_CLASS_RANGE_ORDER:
        return refuse("invalid character class range", text, strlen(text));
    case PCRE2_ERROR_QUANTIFIER_INVALID:
        return refuse("missing argument to repetition operator", text, strlen(text));
    default:
        return refuse(why, text, strlen(text));
    }
}

static struct err *compile(const char *text, const struct text *rewritten, struct pattern *p)
{
    int problem;
    PCRE2_SIZE at;
    pcre2_compile_context *context = pcre2_compile_context_create(NULL);
    if (!context)
        mem_exhausted();
    pcre2_set_newline(context, PCRE2_NEWLINE_LF);
    p->code = pcre2_compile((PCRE2_SPTR)text_str(rewritten), rewritten->n,
                            PCRE2_UTF | PCRE2_MATCH_INVALID_UTF | PCRE2_DOLLAR_ENDONLY | PCRE2_DUPNAMES, &problem, &at,
                            context);
    pcre2_compile_context_free(context);
    if (!p->code)
        return explain(problem, text);
    p->match = pcre2_match_data_create(1, NULL);
    p->limits = pcre2_match_context_create(NULL);
    if (!p->match || !p->limits)
        mem_exhausted();
    pcre2_set_match_limit(p->limits, STEPS_MAX);
    return NULL;
}

struct err *pattern_compile(const char *text, struct pattern **out)
{
    SCOPED(pattern_freep) struct pattern *p = xcalloc(1, sizeof(*p));
    if (strlen(text) > PATTERN_BYTES)
        return err_new(ERR_LIMIT, "error parsing regexp: it has more than %d bytes", PATTERN_BYTES);
    struct rewriting w = {.p = text, .repeated = false};
    struct err *e = rewrite(&w);
    if (!e)
        e = compile(text, &w.out, p);
    text_done(&w.out);
    if (!e)
        *out = TAKE(p);
    return e;
}

void pattern_free(struct pattern *p)
{
    if (!p)
        return;
    pcre2_match_context_free(p->limits);
    pcre2_match_data_free(p->match);
    pcre2_code_free(p->code);
    free(p);
}

bool pattern_fits(struct pattern *p, const char *text)
{
    int found = pcre2_match(p->code, (PCRE2_SPTR)text, strlen(text), 0, 0, p->match, p->limits);
    if (found < 0 && found != PCRE2_ERROR_NOMATCH && !p->why)
        p->why = found == PCRE2_ERROR_MATCHLIMIT ? "it takes too many steps to match" : "matching it failed";
    return found >= 0;
}

bool pattern_fits_global(const void *pattern, const struct dw_die *die, const char *name)
{
    struct pattern *const *p = pattern;
    (void)die;
    return pattern_fits(*p, name);
}

struct err *pattern_check(const struct pattern *p)
{
    return p->why ? err_new(ERR_LIMIT, "the regular expression is of no use: %s", p->why) : NULL;
}
