/* SPDX-License-Identifier: Apache-2.0 */
/* Mappings: PT_LOADs say which addresses were mapped and how, NT_FILE which files lay there. Neither is
 * complete: dumps leave segments out, and anonymous memory has no file. */
#include "image/core/core.h"

#include <elf.h>

static int file_order(const void *a, const void *b)
{
    const struct core_file *x = a, *y = b;
    return (x->start > y->start) - (x->start < y->start);
}

/* By start; of two that overlap the later one is cut, so that the sweep sees disjoint intervals. */
static void sort_files(struct core *c)
{
    size_t n = 0;
    taddr end = 0;

    if (c->files.n)
        qsort(c->files.v, c->files.n, sizeof(*c->files.v), file_order);
    for (size_t i = 0; i < c->files.n; i++) {
        struct core_file f = c->files.v[i];
        if (f.end <= f.start || f.end <= end)
            continue;
        if (f.start < end) {
            f.offset += end - f.start;
            f.start = end;
        }
        end = f.end;
        c->files.v[n++] = f;
    }
    c->files.n = n;
}

/* Adds [start, end), of which a segment, a file or both know something. */
static void add_piece(struct core *c, taddr start, taddr end, const struct core_load *l, struct core_file *f)
{
    struct mapping m = {.start = start, .end = end};

    if (l)
        m.prot = l->prot;
    if (f) {
        m.offset = f->offset + (start - f->start);
        if (f->path && !f->copy)
            f->copy = image_mapped_path(c->im, f->path, &f->deleted);
        m.path = f->copy;
        m.deleted = f->deleted;
    }
    *vec_push(&c->im->maps) = m;
}

/* One sweep over both sorted lists. */
static void join(struct core *c)
{
    const struct core_load *loads = c->mapped.n ? c->mapped.v : c->loads.v;
    size_t n_loads = c->mapped.n ? c->mapped.n : c->loads.n, i = 0, j = 0;
    taddr at = 0;

    for (;;) {
        while (i < n_loads && loads[i].end <= at)
            i++;
        while (j < c->files.n && c->files.v[j].end <= at)
            j++;
        const struct core_load *l = i < n_loads ? &loads[i] : NULL;
        struct core_file *f = j < c->files.n ? &c->files.v[j] : NULL;
        if (!l && !f)
            break;

        taddr next = UINT64_MAX; /* of the starts and ends above `at`, the lowest */
        taddr marks[4] = {l ? l->start : 0, l ? l->end : 0, f ? f->start : 0, f ? f->end : 0};
        for (size_t k = 0; k < ARRAY_LEN(marks); k++)
            if (marks[k] > at && marks[k] < next)
                next = marks[k];
        if (l && l->start > at)
            l = NULL;
        if (f && f->start > at)
            f = NULL;
        if (l || f)
            add_piece(c, at, next, l, f);
        at = next;
    }
}

/* How much of each mapping the dump holds. */
static void count_present(struct core *c)
{
    const struct space *s = &c->im->space;

    for (size_t i = 0, j = 0; i < c->im->maps.n && j < s->ranges.n;) {
        struct mapping *m = &c->im->maps.v[i];
        const struct space_range *r = &s->ranges.v[j];
        taddr from = r->start > m->start ? r->start : m->start, end = r->start + r->held;
        taddr to = end < m->end ? end : m->end;
        if (to > from)
            m->present += to - from;
        if (r->end <= m->end)
            j++;
        else
            i++;
    }
}

static struct mapping *unnamed_at(struct core *c, taddr at)
{
    const struct mapping *m = image_mapping(c->im, at);
    return m && !m->path ? &c->im->maps.v[m - c->im->maps.v] : NULL;
}

static taddr main_sp(const struct core *c)
{
    const struct image *im = c->im;

    for (size_t i = 0; i < im->threads.n; i++)
        if (im->threads.v[i].tid == im->pid && regs_has(&im->threads.v[i].regs, im->arch->sp))
            return im->threads.v[i].regs.val[im->arch->sp];
    return 0;
}

/* NT_FILE names only files. The kernel tells where the vdso is, and puts the random bytes and the name of
 * the program above the main thread's stack. */
static void name_special(struct core *c)
{
    uint64_t at;
    struct mapping *m = image_auxv(c->im, AT_SYSINFO_EHDR, &at) ? unnamed_at(c, at) : NULL;

    if (m)
        m->path = "[vdso]";
    m = image_auxv(c->im, AT_RANDOM, &at) || image_auxv(c->im, AT_EXECFN, &at) ? unnamed_at(c, at)
                                                                               : unnamed_at(c, main_sp(c));
    if (m && (m->prot & PROT_BIT_WRITE))
        m->path = "[stack]";
}

/* The program is the file with its entry point and program headers. */
static void find_exe(struct core *c)
{
    static const uint64_t in_exe[] = {AT_ENTRY, AT_PHDR};
    struct image *im = c->im;
    uint64_t at;
    char *text;

    for (size_t i = 0; i < ARRAY_LEN(in_exe); i++) {
        const struct mapping *m = image_auxv(im, in_exe[i], &at) ? image_mapping(im, at) : NULL;
        if (m && m->path && m->path[0] == '/') {
            im->exe = m->path;
            return;
        }
    }
    if (!image_auxv(im, AT_EXECFN, &at))
        return;
    struct err *e = space_cstr(&im->space, at, 4096, &text);
    if (e) {
        err_free(e); /* the stack's top is not in the dump: the name stays unknown */
        return;
    }
    if (text[0])
        im->exe = arena_strdup(&im->arena, text);
    free(text);
}

/* The notes keep 80 bytes of the command line, or (gcore) its first word; the stack has it whole. */
static void complete_cmdline(struct core *c)
{
    SCOPED(freep) char *args = NULL;
    size_t n = 0;

    struct err *e = image_arguments(c->im, &args, &n);
    if (e) {
        err_free(e); /* what the notes have is shown, marked as cut */
        return;
    }
    const char *joined = image_join_arguments(c->im, args, n);
    if (joined) {
        c->im->cmdline = joined;
        c->im->cmdline_cut = false;
    }
}

void core_finish_maps(struct core *c)
{
    sort_files(c);
    join(c);
    count_present(c);
    name_special(c);
    find_exe(c);
    complete_cmdline(c);
}
