/* SPDX-License-Identifier: Apache-2.0 */
/* Instructions: disassemble, and what x/i shows. */
#include "front/console/code.h"

#include <inttypes.h>

bool console_pc(struct console *c, taddr *pc)
{
    const struct sframe *f;
    const struct vframe *native;
    struct err *e = c->session ? console_sframe(c, &f) : err_new(ERR_NO_DATA, "no target");
    if (!e)
        *pc = f->pc;
    if (!e && f->kind == FRAME_LANGUAGE) { /* that of the native frame that runs it */
        e = console_frame(c, &native);
        *pc = e ? 0 : native->pc;
    }
    bool known = !e && *pc;
    err_free(e);
    return known;
}

struct err *console_code_address(struct console *c, const char *text, taddr *out)
{
    struct code_places places;
    uint64_t number;
    struct err *e = console_number(c, text, &number);
    if (!e) {
        *out = number;
        return NULL;
    }
    struct err *none = session_places(c->session, text, NULL, false, &places);
    if (none || !places.v[0].entry) {
        err_free(none);
        return e;
    }
    err_free(e);
    *out = places.v[0].entry;
    return NULL;
}

/* ---- one instruction ---- */

/* `whole`: with an offset of 0 too. */
static void put_label(struct console *c, taddr at, bool whole)
{
    struct symbol sym;
    const char *name;
    if (!session_symbol(c->session, at, &sym, &name))
        return;
    text_put(&c->out, " <");
    put_coloured(&c->out, &c->screen, COLOUR_YELLOW, c->set.asm_demangle ? name : sym.name);
    if (whole || at != sym.addr)
        text_printf(&c->out, "+%" PRIu64, at - sym.addr);
    text_putc(&c->out, '>');
}

void console_put_symbol(struct console *c, taddr at)
{
    put_label(c, at, false);
}

/* One instruction, after its address: what it does, and what it names. */
static void console_put_instruction(struct console *c, const struct instruction *in)
{
    put_safe(&c->out, in->text);
    if (in->target_noted)
        text_printf(&c->out, "        # 0x%" PRIx64, in->target);
    if (in->has_target)
        console_put_symbol(c, in->target);
    text_putc(&c->out, '\n');
}

/* The address of what cannot be read: the error follows it. */
static void put_unread(struct console *c, taddr at)
{
    text_printf(&c->out, "   0x%" PRIx64, at);
    console_put_symbol(c, at);
    text_put(&c->out, ":\t");
}

struct err *console_put_instructions(struct console *c, taddr *at, uint64_t count)
{
    struct instructions in;
    taddr pc = 0;
    bool has_pc = console_pc(c, &pc);
    struct err *e = session_disassemble(c->session, *at, 0, count, c->set.disassembly == 1, &in);
    if (e) {
        put_unread(c, *at);
        return e;
    }
    for (size_t i = 0; i < in.n; i++) {
        text_printf(&c->out, "%s0x%" PRIx64, has_pc && in.v[i].pc == pc ? "=> " : "   ", in.v[i].pc);
        console_put_symbol(c, in.v[i].pc);
        text_put(&c->out, ":\t");
        console_put_instruction(c, &in.v[i]);
        *at = in.v[i].pc + in.v[i].size;
        TRY(console_flush(c));
    }
    if (in.end)
        put_unread(c, *at);
    return err_dup(in.end);
}

/* ---- disassemble ---- */

struct dump {
    struct console *c;
    struct code_function function; /* n is 0: a range was given */
    struct code_range range;
    bool lines, source, raw; /* /m, /s, /r */
    taddr pc;
    bool has_pc;
};

/* As wide as gdb makes them for x86. */
static void put_bytes(struct text *t, const struct instruction *in)
{
    enum { WIDTH = 19 };
    int n = 3 * in->size - 1;
    for (unsigned i = 0; i < in->size; i++)
        text_printf(t, "%s%02x", i ? " " : "", in->bytes[i]);
    text_printf(t, "%*s\t", n < WIDTH ? WIDTH - n : 0, "");
}

static void put_row(const struct dump *d, const struct instruction *in)
{
    struct console *c = d->c;
    int digits = session_image(c->session)->arch->addr_size * 2;
    text_printf(&c->out, "%s0x%0*" PRIx64, d->has_pc && in->pc == d->pc ? "=> " : "   ", digits, in->pc);
    if (d->function.n)
        text_printf(&c->out, " <%s%" PRId64 ">", in->pc < d->function.entry ? "" : "+",
                    (int64_t)(in->pc - d->function.entry));
    else
        put_label(c, in->pc, true);
    text_put(&c->out, ":\t");
    if (d->raw)
        put_bytes(&c->out, in);
    console_put_instruction(c, in);
}

/* ---- with source ---- */

/* A line that instructions belong to. */
struct dump_line {
    struct code_line at; /* file NULL: none is known */
    size_t first, n;     /* instructions */
};

typedef VEC(struct dump_line) dump_lines;

static void group(struct dump *d, const struct instructions *in, dump_lines *out)
{
    for (size_t i = 0; i < in->n;) {
        struct dump_line *l = vec_push(out);
        bool known = session_line_at(d->c->session, in->v[i].pc, &l->at);
        l->first = i;
        /* The next line may begin where this one is unknown. */
        taddr end = known && l->at.end > in->v[i].pc ? l->at.end : in->v[i].pc + 1;
        while (i < in->n && in->v[i].pc < end)
            i++;
        l->n = i - l->first;
    }
}

static bool has_code(const dump_lines *lines, const struct code_line *file, uint32_t line)
{
    for (size_t i = 0; i < lines->n; i++)
        if (lines->v[i].at.file == file->file && lines->v[i].at.line == line)
            return true;
    return false;
}

static struct err *put_source(struct dump *d, const struct code_line *l, uint32_t first)
{
    struct listing file = {l->file, l->name, NULL};
    struct err *e = console_put_lines(d->c, &file, first, l->line + 1);
    if (e && e->code == ERR_USAGE) { /* the file is shorter than the compiler saw it */
        text_printf(&d->c->out, "%" PRIu32 "\tin %s\n", l->line, l->name);
        err_free(e);
        return NULL;
    }
    return e;
}

/* The first of the lines without code before this one that nothing shown later belongs to; at the start that of the
 * opening brace. */
static uint32_t leading(const dump_lines *lines, const struct code_line *l, const struct code_line *before)
{
    uint32_t first = l->line;
    if (!before && l->first < first)
        return l->first;
    if (before && before->file == l->file && before->line)
        while (first > before->line + 1 && !has_code(lines, l, first - 1))
            first--;
    return first;
}

static struct err *put_with_source(struct dump *d, const struct instructions *in, const dump_lines *lines)
{
    const struct code_line *before = NULL;
    for (size_t i = 0; i < lines->n; i++) {
        const struct dump_line *l = &lines->v[i];
        bool new_file = !before || before->file != l->at.file;
        if (new_file || before->line != l->at.line) {
            if (before)
                text_putc(&d->c->out, '\n');
            if (new_file) {
                put_safe(&d->c->out, l->at.file ? l->at.name : "unknown");
                text_put(&d->c->out, ":\n");
            }
            if (l->at.file)
                TRY(put_source(d, &l->at, leading(lines, &l->at, before)));
            before = &l->at;
        }
        for (size_t k = 0; k < l->n; k++)
            put_row(d, &in->v[l->first + k]);
        TRY(console_flush(d->c));
    }
    return NULL;
}

static int by_line(const void *x, const void *y)
{
    const struct code_line *a = x, *b = y;
    if (a->line != b->line)
        return a->line < b->line ? -1 : 1;
    return a->start < b->start ? -1 : a->start > b->start;
}

/* /m: in the order of the source, of one file only. */
static struct err *put_by_line(struct dump *d, const struct instructions *in, const struct code_range *r)
{
    struct code_lines rows;
    session_lines(d->c->session, r->start, r->end, &rows);
    SCOPED(freep) struct code_line *v = xcalloc(rows.n, sizeof(*v));
    for (size_t i = 0; i < rows.n; i++)
        v[i] = rows.v[i];
    qsort(v, rows.n, sizeof(*v), by_line);
    uint32_t next = 0; /* the first line that was not shown yet */
    for (size_t i = 0; i < rows.n; i++) {
        if (v[i].line >= next)
            TRY(put_source(d, &v[i], next ? next : v[i].line));
        next = v[i].line + 1;
        for (size_t k = 0; k < in->n; k++)
            if (in->v[k].pc >= v[i].start && in->v[k].pc < v[i].end)
                put_row(d, &in->v[k]);
        if (i + 1 == rows.n || v[i + 1].line != v[i].line)
            text_putc(&d->c->out, '\n');
        TRY(console_flush(d->c));
    }
    return NULL;
}

/* ---- what is dumped ---- */

static struct err *put_range(struct dump *d, const struct code_range *r)
{
    struct instructions in;
    dump_lines lines = {0};
    bool intel = d->c->set.disassembly == 1;
    TRY(session_disassemble(d->c->session, r->start, r->end, 0, intel, &in));
    struct err *e = NULL;
    if (d->source) {
        group(d, &in, &lines);
        e = put_with_source(d, &in, &lines);
        vec_done(&lines);
    } else if (d->lines) {
        e = put_by_line(d, &in, r);
    } else {
        for (size_t i = 0; i < in.n && !e; i++) {
            put_row(d, &in.v[i]);
            e = console_flush(d->c);
        }
    }
    return e ? e : err_dup(in.end);
}

static struct err *put_dump(struct dump *d)
{
    struct text *t = &d->c->out;
    if (!d->function.n) {
        text_printf(t, "Dump of assembler code from 0x%" PRIx64 " to 0x%" PRIx64 ":\n", d->range.start, d->range.end);
        TRY(put_range(d, &d->range));
    } else {
        text_put(t, "Dump of assembler code for function ");
        put_coloured(t, &d->c->screen, COLOUR_YELLOW, d->function.name);
        text_put(t, ":\n");
    }
    for (size_t i = 0; i < d->function.n; i++) {
        const struct code_range *r = &d->function.ranges[i];
        if (d->function.n > 1)
            text_printf(t, "Address range 0x%" PRIx64 " to 0x%" PRIx64 ":\n", r->start, r->end);
        TRY(put_range(d, r));
    }
    text_put(t, "End of assembler dump.\n");
    return NULL;
}

static struct err *parse_modifiers(const char **args, struct dump *d)
{
    while (**args == '/') {
        const char *p = *args + 1;
        if (!*p || *p == ' ')
            return err_new(ERR_USAGE, "missing modifier");
        for (; *p && *p != ' ' && *p != '\t'; p++) {
            if (*p == 'm')
                d->lines = true;
            else if (*p == 's')
                d->source = true;
            else if (*p == 'r' || *p == 'b')
                d->raw = true;
            else
                return err_new(ERR_USAGE, "invalid disassembly modifier");
        }
        *args = p + strspn(p, " \t");
    }
    if (d->lines && d->source)
        return err_new(ERR_USAGE, "cannot specify both /m and /s");
    return NULL;
}

static struct err *parse_range(struct console *c, const char *args, const char *comma, struct code_range *r)
{
    SCOPED(freep) char *first = xstrndup(args, (size_t)(comma - args));
    const char *second = comma + 1 + strspn(comma + 1, " \t");
    bool length = *second == '+';
    taddr value;
    TRY(console_code_address(c, first, &r->start));
    TRY(console_code_address(c, second + length, &value));
    r->end = length ? r->start + value : value;
    if (r->end < r->start)
        return err_new(ERR_USAGE, "the end 0x%" PRIx64 " is before the start 0x%" PRIx64, r->end, r->start);
    return NULL;
}

/* "START END", as Delve has it. */
static struct err *dump_between(struct dump *d, const char *args)
{
    size_t n = args_span(args, " \t");
    SCOPED(freep) char *first = xstrndup(args, n);
    args += n + strspn(args + n, " \t");
    if (!*args)
        return err_new(ERR_USAGE, "-a needs two addresses");
    TRY(console_code_address(d->c, first, &d->range.start));
    TRY(console_code_address(d->c, args, &d->range.end));
    return d->range.end < d->range.start ? err_new(ERR_USAGE, "the end is before the start") : put_dump(d);
}

/* The function at a place: main.f, x.go:12, *0x4fce45. */
static struct err *dump_place(struct dump *d, const char *args)
{
    struct code_places places;
    struct code_place own;
    if (!*args)
        return err_new(ERR_USAGE, "-l needs a place");
    TRY(console_places(d->c, args, false, &own, &places));
    taddr at = places.n ? places.v[0].entry : 0;
    if (!at || !session_function(d->c->session, at, &d->function))
        return err_new(ERR_NOT_FOUND, "no function is at %s", args);
    return put_dump(d);
}

static struct err *run_disassemble(struct console *c, const char *args)
{
    const struct image *im;
    struct dump d = {.c = c};
    taddr at;
    TRY(parse_modifiers(&args, &d));
    TRY(console_target(c, &im));
    d.has_pc = console_pc(c, &d.pc);
    if (args_word(&args, "-a"))
        return dump_between(&d, args);
    if (args_word(&args, "-l"))
        return dump_place(&d, args);
    const char *comma = strchr(args, ',');
    if (comma) {
        TRY(parse_range(c, args, comma, &d.range));
        return put_dump(&d);
    }
    if (!*args && !d.has_pc)
        return err_new(ERR_NO_DATA, "no frame selected");
    at = d.pc;
    if (*args)
        TRY(console_code_address(c, args, &at));
    if (!session_function(c->session, at, &d.function))
        return err_new(ERR_NOT_FOUND, *args ? "no function contains specified address"
                                            : "no function contains program counter for selected frame");
    return put_dump(&d);
}

static const struct console_command rows[] = {
    {"disassemble", NULL, CLASS_DATA, "[/m | /s] [/r] [ADDRESS | START,END | START,+LENGTH | -l PLACE | -a START END]",
     "Show the instructions of a function, or of a range of addresses.",
     "Alone it shows the function of the selected frame.\n"
     "/s puts the source lines between them, /m in the order of the source; /r shows the bytes.\n"
     "-l and -a are Delve's: the function at a place, and a range.",
     COMPLETE_EXPRESSION, REPEAT_NEVER, run_disassemble},
};
const struct console_table console_disassemble_table = {rows, ARRAY_LEN(rows)};
