/* SPDX-License-Identifier: Apache-2.0 */
#include "session/heap.h"
#include "image/pages.h"
#include "session/priv.h"
#include "session/stacks_only.h"
#include "session/steady.h"

#include <ctype.h>
#include <errno.h>
#include <sys/stat.h>

struct err *session_check(const struct session *s)
{
    if (progress_cancelled(s->opts.progress))
        return err_new(ERR_CANCELLED, "cancelled");
    return NULL;
}

/* What the word TARGET stands for. */

static bool all_digits(const char *s)
{
    if (!*s)
        return false;
    for (; *s; s++)
        if (!isdigit((unsigned char)*s))
            return false;
    return true;
}

/* What stat() says of the path: 0 or an errno. */
static int lookup(const char *path)
{
    struct stat st;
    return stat(path, &st) == 0 ? 0 : errno;
}

static bool exists(const char *path)
{
    return lookup(path) == 0;
}

/* *pid is 0 when the target is a file. */
static struct err *choose_target(struct session *s, const char *target, int32_t *pid)
{
    *pid = 0;
    if (!*target)
        return err_hint(err_new(ERR_USAGE, "the target's name is empty"),
                        "\"$(pidof NAME)\" is empty when no such process runs");
    if (!all_digits(target)) {
        if (lookup(target) != ENOENT || strchr(target, '/'))
            return NULL;
        return err_hint(err_errno(ENOENT, "cannot open %s", target),
                        "a process is named by its id, such as $(pidof %s)", target);
    }
    errno = 0;
    unsigned long number = strtoul(target, NULL, 10);
    bool possible = errno == 0 && number > 0 && number <= INT32_MAX;
    SCOPED(freep) char *proc = xasprintf("/proc/%lu", number);
    bool process = possible && exists(proc), file = exists(target);
    if (!process && !file)
        return err_hint(err_new(ERR_NOT_FOUND, "there is no process %s", target),
                        "for a core file of that name give its path, such as ./%s", target);
    if (process)
        *pid = (int32_t)number;
    if (process && file)
        *vec_push(&s->notes) =
            err_hint(err_new(ERR_USAGE, "took %s as process %s; there is also a file of that name", target, target),
                     "for the file, say ./%s", target);
    else if (file)
        *vec_push(&s->notes) = err_new(ERR_USAGE, "took %s as a core file; there is no process %s", target, target);
    return NULL;
}

static void attach_runtimes(struct session *s)
{
    const struct runtime *const *r = s->opts.runtimes;
    for (; r && *r; r++) {
        bool found = false;
        struct rt *rt = NULL;
        struct err *e = (*r)->detect ? (*r)->detect(s->ms, &found) : NULL;
        if (!e && found && (*r)->attach)
            e = (*r)->attach(s->ms, &rt);
        if (e)
            *vec_push(&s->notes) = err_prefix(e, "the %s runtime cannot be read", (*r)->name);
        else if (found)
            *vec_push(&s->runtimes) = (struct attached){.runtime = *r, .rt = rt};
        struct err *doubt = rt && (*r)->doubt ? (*r)->doubt(rt) : NULL;
        if (doubt)
            *vec_push(&s->notes) = doubt;
    }
}

static void free_runtime(struct attached *a)
{
    if (a->runtime->free)
        a->runtime->free(a->rt);
}

static void detach_runtimes(struct session *s)
{
    for (size_t i = 0; i < s->runtimes.n; i++)
        free_runtime(&s->runtimes.v[i]);
    s->runtimes.n = 0;
    for (size_t i = 0; i < s->planned.n; i++)
        free_runtime(&s->planned.v[i]);
    s->planned.n = 0;
}

/* What those that planned a copy found out goes to those that are attached to it. */
static void inherit_plans(struct session *s)
{
    for (size_t i = 0; i < s->planned.n; i++) {
        struct attached *from = &s->planned.v[i];
        for (size_t k = 0; k < s->runtimes.n && from->runtime->inherit; k++)
            if (s->runtimes.v[k].runtime == from->runtime && s->runtimes.v[k].rt && from->rt)
                from->runtime->inherit(s->runtimes.v[k].rt, from->rt);
        free_runtime(from);
    }
    s->planned.n = 0;
}

/* ---- a process: what its runtimes schedule is copied with its threads ---- */

static struct rt_copy_wish copy_wish(const struct session *s)
{
    return (struct rt_copy_wish){.only_tid = s->opts.only_tid, .variables = s->opts.language_variables};
}

enum {
    NS_PER_RECORD = 5000,     /* to copy what a goroutine needs */
    NS_INTERPRETER = 4000000, /* to walk the frames of an interpreter */
    NS_PER_TABLE_KIB = 8000,  /* to copy page tables */
};

/* Times as they were measured, with what both methods take left out. */
static struct err *compare_methods(const struct session *s, uint64_t records)
{
    uint64_t copy = records * NS_PER_RECORD, tables = s->im->page_tables / 1024 * NS_PER_TABLE_KIB;
    for (size_t i = 0; i < s->runtimes.n; i++)
        copy += s->runtimes.v[i].runtime->interprets ? NS_INTERPRETER : 0;
    if (copy <= tables)
        return NULL;
    return err_new(ERR_LIMIT, "a frozen copy stops the process for a shorter time");
}

static struct err *plan_copy(struct image *im, void *arg)
{
    struct session *s = arg;
    struct rt_copy_wish wish = copy_wish(s);
    uint64_t records = 0;
    s->im = im;
    im->space.watch = s->opts.watch;
    s->ms = modules_load(im, &s->opts.modules);
    size_t notes = s->notes.n;
    attach_runtimes(s);
    while (s->notes.n > notes) /* they come again */
        err_free(s->notes.v[--s->notes.n]);
    for (size_t i = 0; i < s->runtimes.n; i++)
        if (s->runtimes.v[i].runtime->plan)
            records += s->runtimes.v[i].runtime->plan(s->runtimes.v[i].rt, im, &wish);
    return s->opts.or_snapshot ? compare_methods(s, records) : NULL;
}

static taddr end_of_stack(void *arg, taddr sp)
{
    struct session *s = arg;
    taddr end = 0;
    for (size_t i = 0; i < s->runtimes.n && !end; i++)
        if (s->runtimes.v[i].runtime->stack_end)
            end = s->runtimes.v[i].runtime->stack_end(s->runtimes.v[i].rt, sp);
    return end;
}

/* Reading a page is what keeps it. */
static void touch(void *arg, taddr at, uint64_t n)
{
    const struct image *im = arg;
    const struct mapping *m = image_mapping(im, at);
    taddr end = m ? (n < m->end - at ? at + n : m->end) : at;
    uint8_t byte;
    for (; at < end; at = at / IMAGE_PAGE * IMAGE_PAGE + IMAGE_PAGE)
        (void)space_read_some(&im->space, at, &byte, 1);
}

static void copy_for_core(struct session *s, struct image *im)
{
    s->steady = steady_new(im);
    for (size_t i = 0; i < s->runtimes.n; i++)
        if (s->runtimes.v[i].runtime->needed)
            s->runtimes.v[i].runtime->needed(s->runtimes.v[i].rt, touch, im);
}

static void copy_tasks(struct image *im, void *arg)
{
    struct session *s = arg;
    struct rt_copy_wish wish = copy_wish(s);
    if (s->opts.for_core)
        copy_for_core(s, im);
    for (size_t i = 0; i < s->runtimes.n; i++)
        if (s->runtimes.v[i].runtime->copy)
            s->runtimes.v[i].runtime->copy(s->runtimes.v[i].rt, im, &wish);
    if (s->steady)
        steady_resumed(s->steady);
}

/* What was read of the modules before the stop stays good; runtimes are attached anew to what was copied. */
static struct err *open_process(struct session *s, int32_t pid)
{
    struct image_live_opts live = {
        .only_tid = s->opts.only_tid, .registers = s->opts.for_core, .progress = s->opts.progress, .arg = s};
    if (s->opts.runtimes) {
        live.before_stop = plan_copy;
        live.stack_end = end_of_stack;
        live.while_stopped = copy_tasks;
    }
    struct err *e = image_live_open(pid, &live, &s->im);
    for (size_t i = 0; i < s->runtimes.n; i++)
        *vec_push(&s->planned) = s->runtimes.v[i];
    s->runtimes.n = 0;
    if (e) { /* the image is gone */
        modules_free(TAKE(s->ms));
        s->im = NULL;
    } else if (s->ms) {
        modules_reload(s->ms);
    }
    return e;
}

static struct err *open_image(struct session *s, const char *target)
{
    int32_t pid;
    TRY(choose_target(s, target, &pid));
    uint64_t began = now_ns();
    if (pid && s->opts.hold) {
        TRY(image_hold_open(pid, &s->im));
    } else if (pid && s->opts.snapshot) {
        struct image_snapshot_opts how = {.progress = s->opts.progress};
        TRY(image_snapshot_open(pid, &how, &s->im, s->opts.snapshot));
    } else if (pid) {
        TRY(open_process(s, pid));
        log_verbose("process %d stood still for %.2f ms", pid, (double)s->im->pause_ns / 1e6);
    } else if (image_file_is_program(target)) {
        TRY(image_file_open(target, &s->im));
    } else {
        struct image_core_opts core = {.progress = s->opts.progress};
        TRY(image_core_open(target, &core, &s->im));
    }
    log_verbose("opened %s: %zu threads, %zu mappings: %.1f ms", target, s->im->threads.n, s->im->maps.n,
                (double)(now_ns() - began) / 1e6);
    s->im->space.watch = s->opts.watch;
    return NULL;
}

struct err *session_open(const char *target, const struct session_opts *opts, struct session **out)
{
    SCOPED(session_freep) struct session *s = xcalloc(1, sizeof(*s));
    s->opts = *opts;
    s->opts.modules.progress = opts->progress;
    TRY(open_image(s, target));
    TRY(session_check(s));
    if (!s->ms)
        s->ms = modules_load(s->im, &s->opts.modules);
    attach_runtimes(s);
    inherit_plans(s);
    if (stacks_only_is(s->im))
        *vec_push(&s->notes) = err_new(ERR_NOT_IN_DUMP, "this core was written to hold nothing but stacks: variables "
                                                        "that are in its pages read as zeros");
    *out = TAKE(s);
    return NULL;
}

struct session *session_over(struct image *im, const struct session_opts *opts)
{
    struct session *s = xcalloc(1, sizeof(*s));

    s->opts = *opts;
    s->opts.modules.progress = opts->progress;
    s->im = im;
    s->borrowed = true;
    s->ms = modules_load(im, &s->opts.modules);
    attach_runtimes(s);
    return s;
}

static void forget_stacks(struct session *s)
{
    code_forget(s->code);
    heap_free(TAKE(s->heap));
    places_done(&s->places);
    s->places = (struct places){0};
    symbolizer_free(s->symbolizer);
    s->symbolizer = NULL;
    unwound_free(TAKE(s->unwound));
    s->stacks = NULL;
    s->n_stacks = 0;
    s->have_stacks = false;
    vec_done(&s->tasks);
    s->have_tasks = false;
    vec_done(&s->troubles);
    s->have_troubles = false;
    map64_done(&s->language_places);
    s->language_places = (struct map64){0};
    map64_done(&s->task_stacks);
    s->task_stacks = (struct map64){0};
    map64_done(&s->task_starts);
    s->task_starts = (struct map64){0};
    s->stacks_made = 0;
    arena_done(&s->arena);
    s->arena = (struct arena){0};
}

void session_reset(struct session *s)
{
    detach_runtimes(s);
    forget_stacks(s);
    bool changed = modules_reload(s->ms);
    attach_runtimes(s);
    if (changed && s->index)
        *vec_push(&s->old_indexes) = TAKE(s->index);
    session_values_renew(s);
}

void session_free(struct session *s)
{
    if (!s)
        return;
    session_values_free(s->values);
    detach_runtimes(s);
    vec_done(&s->runtimes);
    vec_done(&s->planned);
    for (size_t i = 0; i < s->notes.n; i++)
        err_free(s->notes.v[i]);
    vec_done(&s->notes);
    vec_done(&s->problems);
    forget_stacks(s);
    code_free(s->code);
    index_free(s->index);
    for (size_t i = 0; i < s->old_indexes.n; i++)
        index_free(s->old_indexes.v[i]);
    vec_done(&s->old_indexes);
    modules_free(s->ms);
    if (!s->borrowed)
        image_free(s->im);
    steady_free(s->steady);
    free(s);
}

struct index *session_index(struct session *s)
{
    if (!s->index)
        s->index = index_new(s->ms, s->opts.progress);
    return s->index;
}

void session_cancel(struct session *s)
{
    if (s->opts.progress)
        atomic_store(&s->opts.progress->cancelled, true);
}

const struct image *session_image(const struct session *s)
{
    return s->im;
}

const struct image_thread *session_thread(const struct session *s, int64_t tid)
{
    for (size_t i = 0; i < s->im->threads.n; i++)
        if (s->im->threads.v[i].tid == tid)
            return &s->im->threads.v[i];
    return NULL;
}

size_t session_module_count(const struct session *s)
{
    return modules_count(s->ms);
}

const struct module *session_module(struct session *s, size_t i, bool load)
{
    struct module *m = modules_get(s->ms, i);
    if (load) {
        module_elf(m);
        if (module_debug_elf(m))
            module_alt_elf(m);
    }
    return m;
}

const char *session_module_hint(struct session *s, const struct module *m)
{
    struct module *own = modules_find(s->ms, m->start);
    return own == m ? module_missing_hint(own) : NULL;
}

static void add_problem(struct session *s, const struct err *e)
{
    *vec_push(&s->problems) = e;
}

const struct err *const *session_problems(struct session *s, size_t *n)
{
    s->problems.n = 0;
    for (size_t i = 0; i < s->notes.n; i++)
        add_problem(s, s->notes.v[i]);
    for (size_t i = 0; i < s->im->problems.n; i++)
        add_problem(s, s->im->problems.v[i]);
    size_t n_src = 0;
    const struct err *const *src = s->symbolizer ? symbolizer_problems(s->symbolizer, &n_src) : NULL;
    for (size_t i = 0; i < n_src; i++)
        add_problem(s, src[i]);
    *n = s->problems.n;
    return s->problems.v;
}

struct err *session_read(struct session *s, taddr at, void *buf, size_t n)
{
    return modules_read(s->ms, at, buf, n);
}

size_t session_read_some(struct session *s, taddr at, void *buf, size_t n)
{
    return modules_read_some(s->ms, at, buf, n);
}

struct err *session_environ(struct session *s, char **out, size_t *n)
{
    return image_environ(s->im, out, n);
}

struct err *session_arguments(struct session *s, char **out, size_t *n)
{
    return image_arguments(s->im, out, n);
}

void session_describe(struct session *s)
{
    image_describe(s->im);
}

const char *session_fact(const struct session *s, const char *key)
{
    return image_fact(s->im, key);
}

const char *session_build_id_text(const struct build_id *id, char buf[static BUILD_ID_TEXT])
{
    return build_id_text(id, buf);
}

const char *session_signal_name(int signo)
{
    return signal_name(signo);
}

const char *session_signal_code(int signo, int code)
{
    return signal_code_text(signo, code);
}

const char *session_auxv_name(uint64_t type)
{
    return auxv_name(type);
}
