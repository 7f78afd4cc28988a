/* SPDX-License-Identifier: Apache-2.0 */
/* A core of what stacks and tasks need. */
#include "session/dump_priv.h"
#include "session/needs.h"
#include "session/priv.h"

#include <inttypes.h>

enum { COPY_FROM = 256 << 10 }; /* bytes of page tables that a fork copies in about two milliseconds */

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

static struct err *open_target(struct small *m, struct dumping *d, enum dump_method method)
{
    struct image_snapshot how = {0};
    struct session_opts opts = {
        .modules = {.no_debuginfod = true},
        .names_only = true,
        .hold = method == DUMP_STOP,
        .snapshot = method == DUMP_SNAPSHOT ? &how : NULL,
        .for_core = method == DUMP_COPY && !d->core,
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

static struct err *write_small(struct dumping *d, enum dump_method method)
{
    SCOPED(small_done) struct small m = {.s = NULL};
    uint64_t began = now_ns();

    needs_init(&m.needs);
    TRY(open_target(&m, d, method));
    TRY(needs_find(m.s, d->opts->size == DUMP_HEAP ? d->opts->heap : 0, &m.needs));
    page_set_runs(&m.needs.pages, &m.runs);
    TRY(dump_write(d, m.s->im, &m.runs));
    if (method == DUMP_STOP) {
        session_free(TAKE(m.s));
        d->result.pause_ns = now_ns() - began;
    }
    return NULL;
}

struct err *dump_small(struct dumping *d)
{
    enum dump_method method = d->opts->method;

    if (d->core)
        return write_small(d, DUMP_COPY);
    if (method == DUMP_AUTO)
        method = d->opts->size == DUMP_HEAP ? DUMP_SNAPSHOT : DUMP_COPY;
    return write_small(d, method);
}
