/* SPDX-License-Identifier: Apache-2.0 */
#include "session/stacks_only.h"

#include "session/needs_priv.h"
#include "session/words.h"

#include <inttypes.h>

static const char rule[] = "everything but stacks";

enum {
    MODULE_MIN = 64 << 10,   /* bytes: who reads more at once reads a whole module, of which there is no file */
    SMALL_BITS = 22,         /* ids of threads have no more (Linux include/linux/threads.h, PID_MAX_LIMIT) */
    REGISTER_SMALL = 1 << 20, /* numbers of calls, errors and flags */
};

struct stacks_only {
    struct space_watch watch; /* first */
    struct image *im;
    pthread_mutex_t lock; /* guards the sets of words while they are made */
    struct word_set records; /* that were read, but by the unwinder from stacks */
    struct word_set lists;   /* of which addresses and small numbers stay */
    struct word_set locals;  /* thread-local variables, of which addresses stay: Delve finds goroutines there */
    struct page_set threads; /* their stacks */
    struct page_set tasks;   /* and those of tasks */
    struct page_runs pages;
    atomic_uint_fast64_t words, bytes; /* that became zeros, and were none */
    struct capture_filter filter;
};

static void on_read(struct space_watch *w, taddr at, size_t n)
{
    struct stacks_only *o = (struct stacks_only *)(void *)w; /* its first member */

    pthread_mutex_lock(&o->lock);
    word_set_add(n >= MODULE_MIN ? &o->lists : &o->records, at, n);
    pthread_mutex_unlock(&o->lock);
}

/* ---- what is needed ---- */

static void take_stack(void *arg, taddr at, uint64_t n)
{
    struct stacks_only *o = arg;

    page_set_add(&o->threads, at, n);
}

static void take_list(void *arg, taddr at, uint64_t n)
{
    struct stacks_only *o = arg;

    word_set_add(&o->lists, at, n);
}

static void take_local(void *arg, taddr at, uint64_t n)
{
    struct stacks_only *o = arg;

    word_set_add(&o->locals, at, n);
}

static void find_task_stacks(struct stacks_only *o, struct session *s, const struct tasks *all, size_t n)
{
    enum { STACK_MAX = 1 << 30 };
    taddr lo, hi;

    for (size_t k = 0; k < n; k++)
        for (size_t i = 0; i < all[k].n; i++)
            if (session_task_bounds(s, &all[k], &all[k].v[i], &lo, &hi) && hi - lo <= STACK_MAX)
                page_set_add(&o->tasks, lo, hi - lo);
}

static struct err *find(struct stacks_only *o, struct session *s)
{
    const struct sstack *stacks;
    const struct tasks *tasks;
    size_t n;

    needs_stacks(s, take_stack, o);
    TRY(session_stacks(s, &stacks, &n));
    TRY(needs_ask_tasks(s, false));
    TRY(session_tasks(s, true, &tasks, &n));
    find_task_stacks(o, s, tasks, n);
    needs_runtimes(s, take_list, o);
    needs_blocks(s, false, take_list, o);
    needs_blocks(s, true, take_local, o);
    needs_modules(s, take_list, o);
    return session_check(s);
}

/* Of tasks' stacks the pages that were read, or that runtimes want. */
static void find_pages(struct stacks_only *o)
{
    SCOPED(page_set_done) struct page_set all = {0};

    word_set_pages(&o->records, &all);
    word_set_pages(&o->lists, &all);
    word_set_pages(&o->locals, &all);
    page_set_add_all(&all, &o->threads);
    page_set_runs(&all, &o->pages);
}

/* ---- what stays of it ---- */

/* Code, and what a program's file begins with: no process's own. */
static bool is_of_file(const struct mapping *m)
{
    return (m->prot & PROT_BIT_EXEC) || (!(m->prot & PROT_BIT_WRITE) && m->path);
}

static bool is_mapped(const struct stacks_only *o, uint64_t v)
{
    return image_mapping(o->im, v) != NULL;
}

/* A return address, or one on a stack. */
static bool leads_on(const struct stacks_only *o, uint64_t v)
{
    const struct mapping *m = image_mapping(o->im, v);

    return m && ((m->prot & PROT_BIT_EXEC) || page_set_has(&o->threads, v) || page_set_has(&o->tasks, v));
}

static bool is_address_or_small(const struct stacks_only *o, uint64_t v)
{
    return ((v & UINT32_MAX) >> SMALL_BITS == 0 && v >> 32 >> SMALL_BITS == 0) || is_mapped(o, v);
}

/* Does the word at `at`, which is not 0, stay? What runtimes want of tasks includes their stacks as a whole. */
static bool stays(const struct stacks_only *o, taddr at, uint64_t v)
{
    bool on_task = page_set_has(&o->tasks, at);

    if (word_set_has(&o->records, at))
        return true;
    if ((on_task || page_set_has(&o->threads, at)) && leads_on(o, v))
        return true;
    if (word_set_has(&o->locals, at) && is_mapped(o, v))
        return true;
    return !on_task && word_set_has(&o->lists, at) && is_address_or_small(o, v);
}

/* Pieces begin and end at words: mappings and blocks of a file do. What of a word is not there is no address. */
static void memory(void *arg, taddr at, uint8_t *bytes, size_t n, size_t from, size_t to)
{
    struct stacks_only *o = arg;
    const struct mapping *m = image_mapping(o->im, at + from);
    uint64_t words = 0, cleared = 0, v;

    (void)n;
    if (m && is_of_file(m))
        return;
    for (size_t i = from, part; i < to; i += part) {
        part = WORD_BYTES - (size_t)((at + i) % WORD_BYTES);
        part = part < to - i ? part : to - i;
        v = 0;
        memcpy(&v, bytes + i, part); /* hosts are little-endian, as targets are */
        if (v == 0 || (part == WORD_BYTES && stays(o, at + i, v)))
            continue;
        words++;
        cleared += part;
        memset(bytes + i, 0, part);
    }
    o->words += words;
    o->bytes += cleared;
}

/* Names of the program and of threads are all that there is of text. */
static void text(void *arg, uint8_t *bytes, size_t n)
{
    (void)arg;
    (void)bytes;
    (void)n;
}

static uint64_t word(void *arg, uint64_t v)
{
    bool small = v + REGISTER_SMALL < 2 * (uint64_t)REGISTER_SMALL;

    return small || is_mapped(arg, v) ? v : 0;
}

static void put_lines(struct stacks_only *o, struct text *out)
{
    text_printf(out, "%s: %" PRIu64 " in %" PRIu64 " bytes\n", rule, (uint64_t)atomic_load(&o->words),
                (uint64_t)atomic_load(&o->bytes));
    text_put(out, "command line, environment, open files, control groups and the host's name were left out\n");
}

static void record(void *arg, struct text *out)
{
    put_lines(arg, out);
}

char *stacks_only_record(struct stacks_only *o)
{
    struct text out = {0};

    put_lines(o, &out);
    return text_take(&out);
}

bool stacks_only_is(const struct image *im)
{
    const char *at = im->redacted ? strstr(im->redacted, rule) : NULL;

    return at && at[sizeof(rule) - 1] == ':' && (at == im->redacted || at[-1] == '\n');
}

/* ---- making ---- */

static void stacks_only_freep(struct stacks_only **o)
{
    stacks_only_free(*o);
}

struct err *stacks_only_new(struct image *im, const struct session_opts *opts, struct stacks_only **out)
{
    SCOPED(stacks_only_freep) struct stacks_only *o = xcalloc(1, sizeof(*o));

    *o = (struct stacks_only){.watch = {.read = on_read, .exact = true}, .im = im};
    o->filter = (struct capture_filter){
        .memory = memory, .text = text, .word = word, .record = record, .terse = true, .arg = o};
    pthread_mutex_init(&o->lock, NULL);
    im->space.watch = &o->watch;
    SCOPED(session_freep) struct session *s = session_over(im, opts);
    struct err *e = find(o, s);
    im->space.watch = NULL;
    TRY(e);
    find_pages(o);
    *out = TAKE(o);
    return NULL;
}

void stacks_only_free(struct stacks_only *o)
{
    if (!o)
        return;
    word_set_done(&o->records);
    word_set_done(&o->lists);
    word_set_done(&o->locals);
    page_set_done(&o->threads);
    page_set_done(&o->tasks);
    page_runs_done(&o->pages);
    pthread_mutex_destroy(&o->lock);
    free(o);
}

const struct page_runs *stacks_only_pages(const struct stacks_only *o)
{
    return &o->pages;
}

const struct capture_filter *stacks_only_filter(const struct stacks_only *o)
{
    return &o->filter;
}
