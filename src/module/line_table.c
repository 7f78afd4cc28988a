/* SPDX-License-Identifier: Apache-2.0 */
#include "module/line_table.h"

#include "base/map.h"

struct builder {
    const struct lines *l;
    struct line_table *t;
    struct map64 by_number; /* file number -> 1 + index */
    struct mapstr by_path;  /* path -> 1 + index: two numbers may stand for one file */
    size_t last;            /* 1 + index of the file of the last row; 0 none */
    uint32_t last_line;
};

/* 1 + index of a file, or 0 when it has no name. */
static size_t file_index(struct builder *b, uint64_t number)
{
    bool fresh;
    uint64_t *slot = map64_put(&b->by_number, number, &fresh);
    if (!fresh)
        return *slot;
    const char *path = lines_path(b->l, number, &b->t->arena);
    if (!path)
        return 0;
    uint64_t *known = mapstr_put(&b->by_path, path, strlen(path), &fresh);
    if (fresh) {
        *vec_push(&b->t->files) =
            (struct line_table_file){.path = path, .name = lines_name(b->l, number, &b->t->arena)};
        *known = b->t->files.n;
    }
    return *slot = *known;
}

/* Code of the file ends at pc. Entries at pc itself held nothing. */
static void finish(struct line_table_file *f, taddr pc)
{
    while (f->rows.n && f->rows.v[f->rows.n - 1].pc == pc)
        f->rows.n--;
    if (f->rows.n && f->rows.v[f->rows.n - 1].line != 0)
        *vec_push(&f->rows) = (struct line_entry){.pc = pc, .stmt = true};
}

static void take(void *arg, const struct line_step *step)
{
    struct builder *b = arg;
    size_t file = step->end ? 0 : file_index(b, step->file);
    if (b->last && b->last != file)
        finish(&b->t->files.v[b->last - 1], step->pc);
    /* gdb 13 to 17 pass over rows that repeat a line only for its discriminators. */
    bool repeats = file && b->last == file && step->line == b->last_line && step->again;
    b->last = file;
    b->last_line = step->line;
    if (file && !repeats)
        *vec_push(&b->t->files.v[file - 1].rows) =
            (struct line_entry){.pc = step->pc, .line = step->line, .stmt = step->stmt};
}

/* Sequences stand in any order. At one address ends come before what begins there; the rest keeps its order, which
 * the heads of `rows` remember while they are sorted. */
struct keyed {
    struct line_entry e;
    size_t i;
};

static int by_pc(const void *x, const void *y)
{
    const struct keyed *a = x, *b = y;
    if (a->e.pc != b->e.pc)
        return a->e.pc < b->e.pc ? -1 : 1;
    if (!a->e.line != !b->e.line)
        return a->e.line ? 1 : -1;
    return a->i < b->i ? -1 : 1;
}

static void sort(struct line_table_file *f)
{
    bool sorted = true;
    for (size_t i = 1; i < f->rows.n && sorted; i++)
        sorted = f->rows.v[i - 1].pc < f->rows.v[i].pc ||
                 (f->rows.v[i - 1].pc == f->rows.v[i].pc && (f->rows.v[i].line || !f->rows.v[i - 1].line));
    if (sorted)
        return;
    SCOPED(freep) struct keyed *keyed = xcalloc(f->rows.n, sizeof(*keyed));
    for (size_t i = 0; i < f->rows.n; i++)
        keyed[i] = (struct keyed){.e = f->rows.v[i], .i = i};
    qsort(keyed, f->rows.n, sizeof(*keyed), by_pc);
    for (size_t i = 0; i < f->rows.n; i++)
        f->rows.v[i] = keyed[i].e;
}

struct err *line_table_load(struct dw_unit *u, struct line_table *out)
{
    struct lines l;
    *out = (struct line_table){0};
    TRY(lines_init(&l, u));
    struct builder b = {.l = &l, .t = out};
    struct err *e = lines_run(&l, take, &b);
    for (size_t i = 0; i < out->files.n; i++)
        sort(&out->files.v[i]);
    map64_done(&b.by_number);
    mapstr_done(&b.by_path);
    lines_done(&l);
    return e;
}

void line_table_done(struct line_table *t)
{
    for (size_t i = 0; i < t->files.n; i++)
        vec_done(&t->files.v[i].rows);
    vec_done(&t->files);
    arena_done(&t->arena);
}

/* Index of the first entry above pc. */
static size_t first_above(const struct line_table_file *f, taddr pc)
{
    return sorted_first(f->rows.v, f->rows.n, row, row->pc <= pc);
}

/* Of the entries at one address, the one that begins a statement. */
static const struct line_entry *prefer_stmt(const struct line_table_file *f, size_t i)
{
    const struct line_entry *e = &f->rows.v[i];
    for (size_t k = i; !f->rows.v[k].stmt; k--) {
        if (k == 0 || f->rows.v[k - 1].pc != e->pc || !f->rows.v[k - 1].line)
            return e;
        if (f->rows.v[k - 1].stmt)
            return &f->rows.v[k - 1];
    }
    return e;
}

bool line_table_at(const struct line_table *t, taddr pc, struct line_span *out)
{
    const struct line_entry *best = NULL;
    taddr end = 0, first = 0; /* first: of what begins above pc in files that have nothing below it */
    *out = (struct line_span){0};
    for (size_t i = 0; i < t->files.n; i++) {
        const struct line_table_file *f = &t->files.v[i];
        size_t above = first_above(f, pc);
        if (above == 0 && f->rows.n && (!first || f->rows.v[0].pc < first))
            first = f->rows.v[0].pc;
        if (above > 0 && f->rows.v[above - 1].line && (!best || f->rows.v[above - 1].pc > best->pc)) {
            best = prefer_stmt(f, above - 1);
            out->file = f;
            if (end <= best->pc)
                end = 0;
        }
        if (best && above < f->rows.n && f->rows.v[above].pc > best->pc && (!end || f->rows.v[above].pc < end))
            end = f->rows.v[above].pc;
    }
    if (!best)
        return false;
    const struct line_entry *head = best;
    while (head > out->file->rows.v && head[-1].pc == best->pc && head[-1].line)
        head--;
    out->first = head->line;
    out->line = best->line;
    out->start = best->pc;
    out->end = end && (!first || end < first) ? end : first;
    out->stmt = best->stmt;
    return true;
}

const struct line_entry *line_table_find(const struct line_table_file *f, uint32_t line, bool *exact)
{
    const struct line_entry *next = NULL;
    for (size_t i = 0; i < f->rows.n; i++) {
        const struct line_entry *e = &f->rows.v[i];
        if (!e->stmt || e->line < line)
            continue;
        if (e->line == line) {
            *exact = true;
            return e;
        }
        if (!next || e->line < next->line)
            next = e;
    }
    *exact = false;
    return next;
}
