/* SPDX-License-Identifier: Apache-2.0 */
/* Source text: list, and the line of a frame. */
#include "front/console/code.h"

#include <ctype.h>
#include <inttypes.h>

/* ---- lines ---- */

/* Tabs stay; everything else that a terminal would obey is escaped. */
static void put_code(struct text *t, const char *line)
{
    for (;;) {
        size_t n = strcspn(line, "\t");
        text_put_escaped(t, line, n);
        if (!line[n])
            break;
        text_putc(t, '\t');
        line += n + 1;
    }
}

static void remember(struct console *c, const struct listing *l, uint32_t first, uint32_t last)
{
    c->list.file = l->file;
    c->list.name = l->name;
    c->list.module = l->module;
    c->list.first = first;
    c->list.last = last;
    c->list.centre = 0;
}

/* gdb says once what is wrong with a file, and then only where one would have to look. */
static void tell_missing(struct console *c, const struct listing *l, uint32_t line, struct err *e)
{
    const char *why = strrchr(e->msg, ':');
    if (c->list.missing != l->file)
        console_warn(c, "%" PRIu32 "\t%s%s.\n", line, l->name, why ? why : "");
    else
        text_printf(&c->out, "%" PRIu32 "\tin %s\n", line, l->name);
    c->list.missing = l->file;
    err_free(e);
}

struct err *console_put_lines(struct console *c, const struct listing *l, uint32_t first, uint32_t end)
{
    const struct source *src;
    struct err *e = session_source(c->session, l->file, l->module, &src);
    remember(c, l, first, end - 1);
    if (e) {
        tell_missing(c, l, first, e);
        return NULL;
    }
    if (src->newer && c->list.newer != l->file) {
        console_warn(c, "warning: Source file is more recent than executable.\n");
        c->list.newer = l->file;
    }
    if (first > src->n)
        return err_new(ERR_USAGE, "line number %" PRIu32 " out of range; %s has %zu lines.", first, l->name, src->n);
    for (uint32_t i = first; i < end && i <= src->n; i++) {
        text_printf(&c->out, "%" PRIu32 "\t", i);
        put_code(&c->out, src->lines[i - 1]);
        text_putc(&c->out, '\n');
        c->list.last = i;
        TRY(console_flush(c));
    }
    return NULL;
}

static struct listing frame_listing(struct console *c, const struct sframe *f)
{
    const char *name = f->at->file ? session_file_name(c->session, f->pc, f->at->file) : NULL;
    return (struct listing){.file = f->at->file, .name = name, .module = f->at->module};
}

void console_put_source_line(struct console *c, const struct sframe *f)
{
    struct listing l = frame_listing(c, f);
    if (!l.file || !f->at->line)
        return;
    IGNORE_ERR(console_put_lines(c, &l, f->at->line, f->at->line + 1)); /* the file may be another by now */
    c->list.centre = f->at->line;
}

/* ---- where ---- */

/* The file that a bare number is in: what was listed last, else the selected frame's, else main's. */
static struct err *default_file(struct console *c)
{
    const struct sframe *f;
    const struct image *im;
    struct code_places main;
    if (c->list.file)
        return NULL;
    TRY(console_target(c, &im));
    struct err *e = console_sframe(c, &f);
    if (!e && f->at->file) {
        struct listing l = frame_listing(c, f);
        remember(c, &l, f->at->line, f->at->line);
        c->list.centre = f->at->line;
        return NULL;
    }
    err_free(e);
    e = session_places(c->session, "main", NULL, false, &main);
    if (!e && main.v[0].file) {
        remember(c, &(struct listing){main.v[0].file, main.v[0].name, main.v[0].module}, main.v[0].line,
                 main.v[0].line);
        c->list.centre = main.v[0].line;
        return NULL;
    }
    err_free(e);
    return err_hint(err_new(ERR_NO_DATA, "no symbol table is loaded"), "use the \"file\" command");
}

/* "*EXPRESSION" */
static struct err *address_place(struct console *c, const char *text, struct code_place *out)
{
    taddr at;
    struct code_line line;
    TRY(console_code_address(c, text, &at));
    *out = (struct code_place){.entry = at};
    if (session_line_at(c->session, at, &line)) {
        out->file = line.file;
        out->name = line.name;
        out->line = line.line;
        out->start = line.start;
        out->end = line.end;
    }
    return NULL;
}

/* The line that "+3" or "-3" means: they count from what was shown last, or from the selected frame's line. */
static uint32_t relative_line(const struct console *c, const char *offset)
{
    int64_t from = c->list.centre ? c->list.centre : (int64_t)c->list.last + 1;
    int64_t line = from + strtol(offset, NULL, 10);
    return line < 1 ? 1 : line > INT32_MAX ? INT32_MAX : (uint32_t)line;
}

struct err *console_places(struct console *c, const char *spec, bool code, struct code_place *own,
                           struct code_places *out)
{
    char number[16];
    const struct image *im;
    TRY(console_target(c, &im));
    if (*spec == '*') {
        TRY(address_place(c, spec + 1, own));
        *out = (struct code_places){.v = own, .n = 1};
        return NULL;
    }
    if (*spec == '+' || *spec == '-' || isdigit((unsigned char)*spec))
        TRY(default_file(c));
    if ((*spec == '+' || *spec == '-') && isdigit((unsigned char)spec[1])) {
        snprintf(number, sizeof(number), "%" PRIu32, relative_line(c, spec));
        spec = number;
    }
    return session_places(c->session, spec, c->list.file, code, out);
}

/* ---- list ---- */

static uint32_t list_size(const struct console *c)
{
    return c->set.listsize ? c->set.listsize : INT32_MAX;
}

static uint32_t end_after(const struct console *c, uint32_t first)
{
    uint32_t n = list_size(c);
    return first > UINT32_MAX - n ? UINT32_MAX : first + n;
}

static struct err *list_from(struct console *c, const struct listing *l, uint32_t first)
{
    return console_put_lines(c, l, first, end_after(c, first));
}

static struct err *list_around(struct console *c, const struct listing *l, uint32_t line)
{
    uint32_t half = c->set.listsize ? c->set.listsize / 2 : line;
    return list_from(c, l, line > half ? line - half : 1);
}

static struct listing listed(const struct console *c)
{
    return (struct listing){.file = c->list.file, .name = c->list.name, .module = c->list.module};
}

/* "list", "list +", "list -": on from what was shown last. */
static struct err *list_on(struct console *c, bool back)
{
    TRY(default_file(c));
    struct listing l = listed(c);
    if (c->list.centre)
        return list_around(c, &l, c->list.centre);
    if (!back)
        return list_from(c, &l, c->list.last + 1);
    if (c->list.first <= 1)
        return err_new(ERR_USAGE, "already at the start of %s.", l.name);
    uint32_t end = c->list.first, n = list_size(c);
    return console_put_lines(c, &l, end > n ? end - n : 1, end);
}

/* "0x... is in main (file.c:12)." */
static struct err *say_where(struct console *c, const struct code_place *p)
{
    struct code_function f;
    if (!p->file)
        return err_new(ERR_NO_DATA, "no source file for address 0x%" PRIx64, p->entry);
    text_printf(&c->out, "0x%" PRIx64 " is in ", p->entry);
    put_safe(&c->out, session_function(c->session, p->entry, &f) && f.name ? f.name : "??");
    text_put(&c->out, " (");
    put_safe(&c->out, p->name);
    text_printf(&c->out, ":%" PRIu32 ").\n", p->line);
    return NULL;
}

static struct err *list_places(struct console *c, const struct code_places *places)
{
    for (size_t i = 0; i < places->n; i++) {
        const struct code_place *p = &places->v[i];
        if (!p->function && (p->entry || !p->file))
            TRY(say_where(c, p));
        if (!p->file)
            return err_new(ERR_NO_DATA, "no line number known for %s", p->function ? p->function : "this place");
        if (places->n > 1) {
            text_put(&c->out, "file: \"");
            put_safe(&c->out, p->name);
            text_printf(&c->out, "\", line number: %" PRIu32 ", symbol: \"", p->line);
            put_safe(&c->out, p->function ? p->function : "???");
            text_put(&c->out, "\"\n");
        }
        TRY(list_around(c, &(struct listing){p->file, p->name, p->module}, p->line));
    }
    return NULL;
}

/* The comma between two places; those of an expression stand in brackets. */
static const char *find_comma(const char *s)
{
    int depth = 0;
    for (; *s; s++) {
        depth += *s == '(' || *s == '[' || *s == '<';
        depth -= *s == ')' || *s == ']' || *s == '>';
        if (*s == ',' && depth <= 0)
            return s;
    }
    return NULL;
}

/* One end of a range: exactly one place. */
static struct err *range_end(struct console *c, const char *which, const char *text, size_t n, struct code_place *out)
{
    struct code_places places;
    struct code_place own;
    while (n && isspace((unsigned char)text[n - 1]))
        n--;
    SCOPED(freep) char *spec = xstrndup(text, n);
    TRY(console_places(c, spec, false, &own, &places));
    if (places.n != 1)
        return err_new(ERR_USAGE, "specified %s line '%s' is ambiguous", which, spec);
    *out = places.v[0];
    if (!out->function && (out->entry || !out->file))
        TRY(say_where(c, out));
    if (!out->file)
        return err_new(ERR_NO_DATA, "no line number known for %s", spec);
    return NULL;
}

static struct err *list_range(struct console *c, const char *args, const char *comma)
{
    struct code_place first = {0}, last = {0};
    const char *after = comma + 1 + strspn(comma + 1, " \t");
    if (find_comma(after))
        return err_new(ERR_USAGE, "junk at end of line specification");
    if (comma == args && !*after)
        return err_new(ERR_USAGE, "two empty args do not say what lines to list");
    if (comma > args)
        TRY(range_end(c, "first", args, (size_t)(comma - args), &first));
    if (comma > args && !*after)
        return list_from(c, &(struct listing){first.file, first.name, first.module}, first.line);
    if (comma > args && (*after == '+' || isdigit((unsigned char)*after))) {
        /* A number behind the comma is in the file before it, an offset counts from its line. */
        remember(c, &(struct listing){first.file, first.name, first.module}, first.line, first.line);
        c->list.centre = first.line;
    }
    TRY(range_end(c, "last", after, strlen(after), &last));
    struct listing l = {last.file, last.name, last.module};
    if (comma == args) {
        uint32_t n = list_size(c);
        return console_put_lines(c, &l, last.line > n ? last.line + 1 - n : 1, last.line + 1);
    }
    if (first.file != last.file)
        return err_new(ERR_USAGE, "specified first and last lines are in different files");
    return console_put_lines(c, &l, first.line, last.line + 1);
}

static struct err *run_list(struct console *c, const char *args)
{
    struct code_places places;
    struct code_place own;
    const struct sframe *f;
    const struct image *im;
    TRY(console_target(c, &im));
    if (!*args || strcmp(args, "+") == 0 || strcmp(args, "-") == 0)
        return list_on(c, *args == '-');
    if (strcmp(args, ".") == 0) {
        TRY(console_sframe(c, &f));
        struct listing l = frame_listing(c, f);
        if (!l.file)
            return err_new(ERR_NO_DATA, "no line number known for the selected frame");
        return list_around(c, &l, f->at->line);
    }
    const char *comma = find_comma(args);
    if (comma)
        return list_range(c, args, comma);
    TRY(console_places(c, args, false, &own, &places));
    return list_places(c, &places);
}

static const struct console_command rows[] = {
    {"list", "l", CLASS_FILES, "[PLACE | FIRST,[LAST] | ,LAST | + | - | .]", "List lines of source text.",
     "Alone it shows lines around the selected frame's, and then goes on; \"list -\" goes back.\n"
     "PLACE is a line, FILE:LINE, a function, FILE:FUNCTION, +OFFSET, -OFFSET, or *ADDRESS.",
     COMPLETE_PLACE, REPEAT_BARE, run_list},
};
const struct console_table console_list_table = {rows, ARRAY_LEN(rows)};
