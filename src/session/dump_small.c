/* SPDX-License-Identifier: Apache-2.0 */
/* A core of what stacks and tasks need. */
#include "session/dump_priv.h"
#include "session/needs.h"
#include "session/priv.h"
#include "session/steady.h"

#include <inttypes.h>

struct small {
    struct session *s;
    struct needs needs;
    struct page_runs runs;
};

static void small_done(struct small *m)
{
    session_free(m->s);
    page_runs_done(&m->runs);
    needs_done(&m->needs);
}

static struct err *open_target(struct small *m, struct dumping *d, enum dump_method method, bool or_snapshot)
{
    struct image_snapshot how = {0};
    struct session_opts opts = {
        .modules = d->opts->modules,
        .names_only = true,
        .hold = method == DUMP_STOP,
        .snapshot = method == DUMP_SNAPSHOT ? &how : NULL,
        .for_core = method == DUMP_COPY && !d->core,
        .or_snapshot = or_snapshot,
        .watch = &m->needs.watch,
        .runtimes = d->opts->runtimes,
        .progress = d->opts->progress,
    };
    /* With a slash a core is no process, whatever its name. */
    SCOPED(freep)
    char *target =
        d->core ? xasprintf("%s%s", strchr(d->core, '/') ? "" : "./", d->core) : xasprintf("%" PRId32, d->pid);

    TRY(session_open(target, &opts, &m->s));
    d->result.pause_ns = m->s->im->pause_ns;
    d->result.stop_ns = how.stop_ns;
    d->result.registers_ns = how.registers_ns;
    d->result.fork_ns = how.fork_ns;
    d->result.method = method;
    return NULL;
}

/* Can it change, and is none of it what was copied in the pause? Of a stack's innermost page a part is. */
static bool is_later(const struct small *m, taddr page)
{
    const struct space *space = &m->s->im->space;
    const struct mapping *map = image_mapping(m->s->im, page);
    uint8_t byte;

    return map && (map->prot & PROT_BIT_WRITE) && !space_view(space, page, 1) &&
           !space_view(space, page + IMAGE_PAGE - 1, 1) && !steady_early(m->s->steady, page) &&
           space_read_some(space, page, &byte, 1);
}

/* Bytes of what is kept. */
static uint64_t read_later(const struct small *m)
{
    uint64_t bytes = 0;

    for (size_t i = 0; m->s->steady && i < m->runs.v.n; i++)
        for (taddr at = m->runs.v.v[i].start; at < m->runs.v.v[i].end; at += IMAGE_PAGE)
            bytes += is_later(m, at) ? IMAGE_PAGE : 0;
    return bytes;
}

/* Files that stacks asked for and that are not here: frames behind theirs may be missing. Of a process each is at hand. */
static void note_missing(struct session *s)
{
    const struct module *first = NULL;
    size_t missing = 0;

    for (size_t i = 0; i < session_module_count(s); i++) {
        const struct module *m = session_module(s, i, false);
        if (m->file.state != PART_MISSING && m->file.state != PART_MISMATCH && m->file.state != PART_ERROR)
            continue;
        first = first ? first : m;
        missing++;
    }
    if (!first)
        return;
    struct err *e = missing == 1
                        ? err_new(ERR_NOT_FOUND, "%s is not here as it was", first->path)
                        : err_new(ERR_NOT_FOUND, "%zu files are not here as they were, as %s", missing, first->path);
    *vec_push(&s->im->problems) =
        err_hint(err_prefix(e, "stacks and tasks that need a file are kept as far as they are known"),
                 "--sysroot names the folder with the files of another machine or container");
}

/* *another: the process was left alone, and another method may do. */
static struct err *write_small(struct dumping *d, enum dump_method method, bool or_snapshot, bool *another)
{
    SCOPED(small_done) struct small m = {.s = NULL};
    uint64_t began = now_ns();

    needs_init(&m.needs);
    struct err *e = open_target(&m, d, method, or_snapshot);
    *another = e && dump_another_may_do(e);
    if (e)
        return e;
    TRY(needs_find(m.s, d->opts->size == DUMP_HEAP ? d->opts->heap : 0, &m.needs));
    page_set_runs(&m.needs.pages, &m.runs);
    if (d->core)
        note_missing(m.s);
    d->result.later = read_later(&m);
    TRY(dump_write(d, m.s->im, &m.runs));
    if (method == DUMP_STOP) {
        session_free(TAKE(m.s));
        d->result.pause_ns = now_ns() - began;
    }
    return NULL;
}

/* What is copied is little as a rule, and the process is left as it is. Where tasks are many and page tables small, a
 * frozen copy takes less time. */
static struct err *dump_stacks(struct dumping *d)
{
    bool another;
    struct err *e = write_small(d, DUMP_COPY, true, &another);

    if (!e || e->code != ERR_LIMIT || !another)
        return e;
    err_free(e);
    e = write_small(d, DUMP_SNAPSHOT, false, &another);
    if (!another)
        return e;
    d->result.why_stopped = e;
    return write_small(d, DUMP_COPY, false, &another);
}

static struct err *dump_heap(struct dumping *d)
{
    bool another;
    struct err *e = write_small(d, DUMP_SNAPSHOT, false, &another);

    if (!another)
        return e;
    d->result.why_stopped = e;
    return write_small(d, DUMP_STOP, false, &another);
}

struct err *dump_small(struct dumping *d)
{
    bool another;

    if (d->core)
        return write_small(d, DUMP_COPY, false, &another);
    if (d->opts->method != DUMP_AUTO)
        return write_small(d, d->opts->method, false, &another);
    return d->opts->size == DUMP_HEAP ? dump_heap(d) : dump_stacks(d);
}
