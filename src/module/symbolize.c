/* SPDX-License-Identifier: Apache-2.0 */
/* Many addresses at once: first from what is known and from the cache, then the rest by unit, on all cores. */
#include "base/log.h"
#include "base/work.h"
#include "module/callsite.h"
#include "module/inlines.h"
#include "module/line.h"
#include "module/names.h"
#include "module/unitpcs.h"

#include <sys/stat.h>

/* ---- what is known of a module ---- */

struct symbolizer *symbolizer_new(struct modules *ms)
{
    struct symbolizer *s = xcalloc(1, sizeof(*s));
    s->ms = ms;
    s->n = modules_count(ms);
    s->modules = xcalloc(s->n ? s->n : 1, sizeof(*s->modules));
    for (size_t i = 0; i < s->n; i++)
        s->modules[i].m = modules_get(ms, i);
    return s;
}

/* False for a module that the cache cannot serve. */
static bool cache_key(struct module *m, struct cache_key *out)
{
    struct stat st;
    struct elf *elf = m->build_id.n ? module_debug_elf(m) : NULL;
    if (!elf || stat(elf_path(elf), &st) != 0)
        return false;
    *out = (struct cache_key){
        .id = m->build_id,
        .size = (uint64_t)st.st_size,
        .mtime = (uint64_t)st.st_mtim.tv_sec * UINT64_C(1000000000) + (uint64_t)st.st_mtim.tv_nsec,
    };
    return true;
}

/* Writes what is new to the cache on disk. */
static void symbolizer_save(struct symbolizer *s)
{
    const char *dir = modules_opts(s->ms)->cache_dir;
    for (size_t i = 0; dir && i < s->n; i++) {
        struct cache_key key;
        if (s->modules[i].changed && cache_key(s->modules[i].m, &key))
            cache_save(dir, &key, &s->modules[i]);
        s->modules[i].changed = false;
    }
}

void symbolizer_free(struct symbolizer *s)
{
    if (!s)
        return;
    symbolizer_save(s);
    for (size_t i = 0; i < s->n; i++) {
        struct sym_module *sm = &s->modules[i];
        vec_done(&sm->answers);
        vec_done(&sm->tails);
        map64_done(&sm->answer_at);
        map64_done(&sm->tails_at);
        if (sm->cache.path)
            filemap_done(&sm->cache);
    }
    for (size_t i = 0; i < s->arenas.n; i++)
        arena_done(&s->arenas.v[i]);
    vec_done(&s->arenas);
    vec_done(&s->problems);
    arena_done(&s->arena);
    free(s->modules);
    free(s);
}

struct sym_module *sym_module_at(struct symbolizer *s, taddr at)
{
    struct module *m = modules_find(s->ms, at);
    size_t lo = 0, hi = s->n;
    while (m && lo < hi) {
        size_t mid = lo + (hi - lo) / 2;
        if (s->modules[mid].m == m)
            return m->bias_known ? &s->modules[mid] : NULL;
        if (s->modules[mid].m->start < m->start)
            lo = mid + 1;
        else
            hi = mid;
    }
    return NULL;
}

const struct answer *sym_answer(const struct sym_module *sm, taddr pc)
{
    const uint64_t *i = map64_find(&sm->answer_at, pc);
    return i ? sm->answers.v[*i] : NULL;
}

const struct tail_list *sym_tails(const struct sym_module *sm, taddr entry)
{
    const uint64_t *i = map64_find(&sm->tails_at, entry);
    return i ? sm->tails.v[*i] : NULL;
}

void sym_add_answer(struct sym_module *sm, const struct answer *a)
{
    bool fresh;
    uint64_t *i = map64_put(&sm->answer_at, a->pc, &fresh);
    if (!fresh)
        return;
    *i = sm->answers.n;
    *vec_push(&sm->answers) = a;
}

void sym_add_tails(struct sym_module *sm, const struct tail_list *t)
{
    bool fresh;
    uint64_t *i = map64_put(&sm->tails_at, t->entry, &fresh);
    if (!fresh)
        return;
    *i = sm->tails.n;
    *vec_push(&sm->tails) = t;
}

struct dwarf *sym_dwarf(struct sym_module *sm)
{
    if (sm->tried_dwarf)
        return sm->dwarf;
    sm->tried_dwarf = true;
    sm->dwarf = module_dwarf(sm->m);
    return sm->dwarf;
}

bool sym_complete(const struct sym_module *sm)
{
    enum part_state alt = sm->m->alt.state;
    bool alt_missing = alt == PART_MISSING || alt == PART_MISMATCH || alt == PART_ERROR;
    return sm->dwarf && sm->dwarf->n_problems == 0 && !alt_missing;
}

static void add_problems(struct symbolizer *s, const struct dwarf *d)
{
    for (size_t i = 0; d && i < d->n_problems; i++)
        *vec_push(&s->problems) = d->problems[i];
}

const struct err *const *symbolizer_problems(struct symbolizer *s, size_t *n)
{
    s->problems.n = 0;
    for (size_t i = 0; i < s->n; i++) {
        const struct dwarf *d = s->modules[i].dwarf;
        add_problems(s, d);
        for (size_t k = 0; d && k < d->parts.n; k++)
            add_problems(s, d->parts.v[k]);
        add_problems(s, d ? d->alt : NULL);
    }
    *n = s->problems.n;
    return s->problems.v;
}

/* ---- one unit ---- */

/* The addresses of one unit. */
struct job {
    struct sym_module *sm;
    struct unit_run run;
    struct answer *answers; /* one an address, in the arena; NULL: cancelled */
    struct arena arena;
};

/* What the frames of one job share. */
struct job_state {
    struct job *job;
    struct lines lines;
    bool has_lines;
    struct map64 paths; /* file number -> its path */
    struct namer namer;
};

static const char *path_of(struct job_state *st, uint64_t file)
{
    bool fresh;
    if (!st->has_lines)
        return NULL;
    uint64_t *slot = map64_put(&st->paths, file, &fresh);
    if (fresh)
        *slot = (uint64_t)(uintptr_t)lines_path(&st->lines, file, &st->job->arena);
    return (const char *)(uintptr_t)*slot;
}

/* Where an inlined function was called. */
static void set_call_position(struct job_state *st, const struct dw_die *inlined, struct src_frame *f)
{
    uint64_t file, line, column;
    if (dw_attr_uint(inlined, DW_AT_call_file, &file))
        f->file = path_of(st, file);
    if (dw_attr_uint(inlined, DW_AT_call_line, &line))
        f->line = (uint32_t)line;
    if (dw_attr_uint(inlined, DW_AT_call_column, &column))
        f->column = (uint32_t)column;
}

static void set_names(struct job_state *st, const struct dw_die *function, struct src_frame *f)
{
    const struct function_name *names = function_name(&st->namer, function);
    f->function = names->name;
    f->linkage = names->linkage;
}

static void build_frames(struct job_state *st, const struct scopes *s, const struct line_pos *pos, struct answer *out)
{
    struct arena *a = &st->job->arena;
    uint32_t n = s->found || pos->found ? s->n_inlined + 1 : 0;
    struct src_frame *frames = arena_array(a, struct src_frame, n ? n : 1);
    for (uint32_t i = 0; i < n; i++) {
        struct src_frame *f = &frames[i];
        bool physical = i == s->n_inlined;
        f->inlined = !physical;
        f->language = st->namer.language;
        if (s->found)
            set_names(st, physical ? &s->function : &s->inlined[s->n_inlined - 1 - i], f);
        if (i > 0) {
            set_call_position(st, &s->inlined[s->n_inlined - i], f);
        } else if (pos->found) {
            f->file = path_of(st, pos->file);
            f->line = pos->line;
            f->column = pos->column;
        }
    }
    out->frames = frames;
    out->n = n;
    out->entry = s->entry;
    if (s->has_site)
        out->call = callsite_target(&s->site);
}

static void find_lines(struct job_state *st, struct line_pos *pos)
{
    struct job *j = st->job;
    struct dw_unit *u = j->run.v->unit;
    if (!dw_unit_root(u)->has_lines)
        return;
    struct err *e = lines_init(&st->lines, u);
    st->has_lines = !e;
    if (!e)
        e = lines_find(&st->lines, pos, j->run.n);
    if (e)
        dwarf_problem(j->sm->dwarf, e);
}

static void run_job(struct job *j)
{
    struct job_state st = {.job = j, .namer.arena = &j->arena};
    const struct unit_run *r = &j->run;
    struct scopes *scopes = arena_array(&j->arena, struct scopes, r->n);
    struct line_pos *pos = arena_array(&j->arena, struct line_pos, r->n);
    for (size_t k = 0; k < r->n; k++)
        scopes[k].pc = pos[k].pc = r->v[k].pc;
    struct dw_unit *full = dw_unit_full(r->v->unit);
    if (full)
        scopes_find(full, scopes, r->n, &j->arena);
    st.namer.language = dw_language_name(dw_unit_root(full ? full : r->v->unit)->language);
    find_lines(&st, pos);
    j->answers = arena_array(&j->arena, struct answer, r->n);
    for (size_t k = 0; k < r->n; k++) {
        j->answers[k].pc = r->v[k].pc;
        build_frames(&st, &scopes[k], &pos[k], &j->answers[k]);
    }
    map64_done(&st.paths);
    namer_done(&st.namer);
    if (st.has_lines)
        lines_done(&st.lines);
}

/* ---- all of them ---- */

struct batch {
    struct job *jobs;
    size_t n;
    atomic_size_t done;
    struct progress *progress;
};

static void run_one(void *arg, size_t i)
{
    struct batch *b = arg;
    if (progress_cancelled(b->progress))
        return;
    run_job(&b->jobs[i]);
    progress_report(b->progress, "units read", atomic_fetch_add(&b->done, 1) + 1, b->n);
}

static void load_cache(struct symbolizer *s, struct sym_module *sm)
{
    const char *dir = modules_opts(s->ms)->cache_dir;
    struct cache_key key;
    if (sm->tried_cache || !dir)
        return;
    sm->tried_cache = true;
    if (cache_key(sm->m, &key))
        cache_load(dir, &key, sm, &s->arena);
}

/* The distinct addresses that nothing answers yet, by module and address. */
static void collect(struct symbolizer *s, const taddr *pcs, size_t n, unit_pcs *out)
{
    for (size_t i = 0; i < n; i++) {
        struct sym_module *sm = sym_module_at(s, pcs[i]);
        if (!sm)
            continue;
        load_cache(s, sm);
        if (!sym_answer(sm, pcs[i] - sm->m->bias))
            *vec_push(out) = (struct unit_pc){.m = sm->m, .pc = pcs[i] - sm->m->bias, .arg = sm};
    }
    unit_pcs_sort(out);
}

/* An address that no unit covers is answered, too: the next run need not look again. */
static void answer_nothing(struct symbolizer *s, struct sym_module *sm, taddr pc)
{
    struct answer *a = arena_new(&s->arena, struct answer);
    *a = (struct answer){.pc = pc, .keep = sym_complete(sm)};
    sm->changed = sm->changed || a->keep;
    sym_add_answer(sm, a);
}

static void keep_job(struct symbolizer *s, struct job *j)
{
    bool keep = sym_complete(j->sm);
    for (size_t k = 0; j->answers && k < j->run.n; k++) {
        j->answers[k].keep = keep;
        sym_add_answer(j->sm, &j->answers[k]);
    }
    j->sm->changed = j->sm->changed || (keep && j->answers);
    *vec_push(&s->arenas) = j->arena;
}

static void answer_all(struct symbolizer *s, unit_pcs *list)
{
    unit_runs runs = {0};
    uint64_t start = now_ns(), inflated, found;
    progress_report(modules_opts(s->ms)->progress, "inflating debug information", 0, 0);
    for (size_t i = 0; i < list->n; i++)
        (void)sym_dwarf(list->v[i].arg);
    unit_pcs_inflate(list);
    inflated = now_ns();
    unit_pcs_split(list, &runs);
    for (size_t i = 0; i < list->n; i++)
        if (!list->v[i].unit)
            answer_nothing(s, list->v[i].arg, list->v[i].pc);
    found = now_ns();
    struct batch batch = {.n = runs.n, .progress = modules_opts(s->ms)->progress};
    batch.jobs = xcalloc(runs.n ? runs.n : 1, sizeof(*batch.jobs));
    for (size_t i = 0; i < runs.n; i++)
        batch.jobs[i] = (struct job){.sm = runs.v[i].v->arg, .run = runs.v[i]};
    parallel_for(runs.n, run_one, &batch);
    log_verbose("symbolize: %zu addresses in %zu units; inflating took %.1f ms, finding units %.1f, reading them %.1f",
                list->n, runs.n, (double)(inflated - start) / 1e6, (double)(found - inflated) / 1e6,
                (double)(now_ns() - found) / 1e6);
    for (size_t i = 0; i < runs.n; i++)
        keep_job(s, &batch.jobs[i]);
    free(batch.jobs);
    vec_done(&runs);
}

void symbolizer_run(struct symbolizer *s, const taddr *pcs, size_t n, struct src_info *out)
{
    unit_pcs list = {0};
    collect(s, pcs, n, &list);
    if (list.n)
        answer_all(s, &list);
    vec_done(&list);
    for (size_t i = 0; i < n; i++) {
        struct sym_module *sm = sym_module_at(s, pcs[i]);
        const struct answer *a = sm ? sym_answer(sm, pcs[i] - sm->m->bias) : NULL;
        out[i] = (struct src_info){0};
        if (a && a->n)
            out[i] = (struct src_info){
                .frames = a->frames, .n = a->n, .function_start = a->entry ? a->entry + sm->m->bias : 0};
    }
}
