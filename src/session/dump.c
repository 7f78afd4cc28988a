/* SPDX-License-Identifier: Apache-2.0 */
#include "session/dump_priv.h"

#include "base/log.h"
#include "session/redaction.h"
#include "session/stacks_only.h"

#include <sys/stat.h>

static void keep_live(struct dump_result *r, const struct capture_result *got)
{
    r->live = xcalloc(got->n_live, sizeof(*r->live));
    r->n_live = got->n_live;
    for (size_t i = 0; i < got->n_live; i++)
        r->live[i] = (struct dump_live){got->live[i].start, got->live[i].end, image_unfrozen_name(got->live[i].why)};
}

/* What was written over, and in the core that this is one of. */
static void keep_redacted(struct dump_result *result, const struct image *im, const char *now)
{
    SCOPED(freep) char *all = xasprintf("%s%s", im->redacted ? im->redacted : "", now ? now : "");

    redacted_parse(all, &result->redacted);
}

/* Who writes over what, and says so: one of the two, or none. */
struct filters {
    struct redaction *redaction;
    struct stacks_only *stacks;
};

static void filters_done(struct filters *f)
{
    redaction_free(f->redaction);
    stacks_only_free(f->stacks);
}

static struct err *filters_new(const struct dumping *d, struct image *im, struct filters *f, struct capture_opts *opts)
{
    const struct dump_opts *o = d->opts;
    struct session_opts how = {
        .modules = o->modules, .names_only = true, .runtimes = o->runtimes, .progress = o->progress};

    if (o->redact.stacks_only) {
        TRY(stacks_only_new(im, &how, &f->stacks));
        opts->filter = stacks_only_filter(f->stacks);
        opts->keep = stacks_only_pages(f->stacks);
    } else if (o->redact.on) {
        TRY(redaction_new(im, &o->redact, &how, &f->redaction));
        opts->filter = redaction_filter(f->redaction);
    }
    return NULL;
}

static char *filters_record(const struct filters *f)
{
    return f->stacks ? stacks_only_record(f->stacks) : f->redaction ? redaction_record(f->redaction) : NULL;
}

static void keep_problems(struct dump_result *r, const struct image *im)
{
    r->n_problems = im->problems.n;
    r->problems = xcalloc(im->problems.n, sizeof(*r->problems));
    for (size_t i = 0; i < im->problems.n; i++)
        r->problems[i] = err_dup(im->problems.v[i]);
}

struct err *dump_write(struct dumping *d, struct image *im, const struct page_runs *keep)
{
    struct capture_opts opts = {
        .all = d->opts->all, .pack = d->opts->pack, .keep = keep, .progress = d->opts->progress};
    SCOPED(capture_result_done) struct capture_result got = {0};
    SCOPED(filters_done) struct filters filters = {.redaction = NULL};
    struct stat st;

    TRY(filters_new(d, im, &filters, &opts));
    TRY(capture_core(im, d->path, &opts, &got));
    d->result.pid = im->pid;
    d->result.threads = im->threads.n;
    d->result.bytes = got.size;
    if (strcmp(d->path, "-") != 0 && stat(d->path, &st) == 0)
        d->result.bytes_used = (uint64_t)st.st_blocks * 512;
    d->result.skipped = got.skipped;
    keep_live(&d->result, &got);
    keep_problems(&d->result, im);
    SCOPED(freep) char *record = filters_record(&filters);
    keep_redacted(&d->result, im, record);
    return NULL;
}

static struct err *open_snapshot(struct dumping *d)
{
    struct image_snapshot_opts opts = {.progress = d->opts->progress};
    struct image_snapshot how;

    TRY(image_snapshot_open(d->pid, &opts, &d->im, &how));
    d->result.method = DUMP_SNAPSHOT;
    d->result.pause_ns = d->im->pause_ns;
    d->result.stop_ns = how.stop_ns;
    d->result.registers_ns = how.registers_ns;
    d->result.fork_ns = how.fork_ns;
    return NULL;
}

bool dump_another_may_do(const struct err *e)
{
    return e->code == ERR_UNSUPPORTED || e->code == ERR_LIMIT || e->code == ERR_BUSY;
}

static struct err *dump_stopped(struct dumping *d)
{
    uint64_t began = now_ns();

    TRY(image_hold_open(d->pid, &d->im));
    d->result.method = DUMP_STOP;
    struct err *e = dump_write(d, d->im, NULL);
    image_free(TAKE(d->im));
    d->result.pause_ns = now_ns() - began;
    return e;
}

static struct err *dump(struct dumping *d)
{
    if (d->opts->size != DUMP_FULL)
        return dump_small(d);
    if (d->opts->method == DUMP_STOP)
        return dump_stopped(d);
    struct err *e = open_snapshot(d);
    if (e && (d->opts->method == DUMP_SNAPSHOT || !dump_another_may_do(e)))
        return e;
    if (!e)
        return dump_write(d, d->im, NULL);
    d->result.why_stopped = e;
    return dump_stopped(d);
}

void dump_result_done(struct dump_result *r)
{
    err_free(r->why_stopped);
    for (size_t i = 0; i < r->n_problems; i++)
        err_free(r->problems[i]);
    free(r->problems);
    free(r->live);
    redacted_done(&r->redacted);
}

static struct err *check_redaction(const struct redact_opts *o)
{
    return o->on && !o->stacks_only ? redaction_check(o) : NULL;
}

/* Before it is stopped: nothing would be gained by that. Of a small core it is the place that matters. */
static struct err *check(const struct dumping *d)
{
    static const struct page_runs none = {.v = {0}};
    const struct page_runs *keep = d->opts->size == DUMP_FULL ? NULL : &none;
    struct capture_opts opts = {.all = d->opts->all, .pack = d->opts->pack, .keep = keep};
    struct image *im;

    TRY(check_redaction(&d->opts->redact));
    TRY(image_peek_open(d->pid, &im));
    struct err *e = capture_check(im, d->path, &opts);
    image_free(im);
    return e;
}

struct err *session_dump_check(int32_t pid, const char *path, const struct dump_opts *opts)
{
    struct dumping d = {.pid = pid, .path = path, .opts = opts};
    return check(&d);
}

static struct err *finish(struct dumping *d, uint64_t began, struct err *e, struct dump_result *out)
{
    image_free(d->im);
    if (e) {
        dump_result_done(&d->result);
        return e;
    }
    d->result.total_ns = now_ns() - began;
    *out = d->result;
    return NULL;
}

struct err *session_dump(int32_t pid, const char *path, const struct dump_opts *opts, struct dump_result *out)
{
    struct dumping d = {.pid = pid, .path = path, .opts = opts, .result.size = opts->size};
    uint64_t began = now_ns();

    struct err *e = check(&d);
    if (!e)
        e = dump(&d);
    return finish(&d, began, e, out);
}

static struct err *shrink(struct dumping *d)
{
    struct image_core_opts opts = {.progress = d->opts->progress};

    TRY(check_redaction(&d->opts->redact));
    if (d->opts->size != DUMP_FULL)
        return dump_small(d);
    TRY(image_core_open(d->core, &opts, &d->im));
    return dump_write(d, d->im, NULL);
}

struct err *session_shrink(const char *core, const char *path, const struct dump_opts *opts, struct dump_result *out)
{
    struct dumping d = {.core = core, .path = path, .opts = opts};
    uint64_t began = now_ns();

    return finish(&d, began, shrink(&d), out);
}
