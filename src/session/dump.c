/* SPDX-License-Identifier: Apache-2.0 */
#include "session/dump_priv.h"

#include "base/log.h"
#include "session/redaction.h"

#include <sys/stat.h>

static void keep_live(struct dump_result *r, const struct capture_result *got)
{
    r->live = xcalloc(got->n_live, sizeof(*r->live));
    r->n_live = got->n_live;
    for (size_t i = 0; i < got->n_live; i++)
        r->live[i] = (struct dump_live){got->live[i].start, got->live[i].end, image_unfrozen_name(got->live[i].why)};
}

static void redaction_freep(struct redaction **r)
{
    redaction_free(*r);
}

/* What was written over, and in the core that this is one of. */
static void keep_redacted(struct dump_result *result, const struct image *im, struct redaction *r)
{
    SCOPED(freep) char *now = r ? redaction_record(r) : NULL, *before = NULL;

    before = xasprintf("%s%s", im->redacted ? im->redacted : "", now ? now : "");
    redacted_parse(before, &result->redacted);
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
    SCOPED(redaction_freep) struct redaction *redaction = NULL;
    struct stat st;

    if (d->opts->redact.on) {
        TRY(redaction_new(im, &d->opts->redact, d->opts->runtimes, d->opts->progress, &redaction));
        opts.filter = redaction_filter(redaction);
    }
    TRY(capture_core(im, d->path, &opts, &got));
    d->result.pid = im->pid;
    d->result.threads = im->threads.n;
    d->result.bytes = got.size;
    if (strcmp(d->path, "-") != 0 && stat(d->path, &st) == 0)
        d->result.bytes_used = (uint64_t)st.st_blocks * 512;
    d->result.skipped = got.skipped;
    keep_live(&d->result, &got);
    keep_problems(&d->result, im);
    keep_redacted(&d->result, im, redaction);
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

/* Before it is stopped: nothing would be gained by that. Of a small core it is the place that matters. */
static struct err *check(const struct dumping *d)
{
    static const struct page_runs none = {.v = {0}};
    const struct page_runs *keep = d->opts->size == DUMP_FULL ? NULL : &none;
    struct capture_opts opts = {.all = d->opts->all, .pack = d->opts->pack, .keep = keep};
    struct image *im;

    if (d->opts->redact.on)
        TRY(redaction_check(&d->opts->redact));
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

    if (d->opts->redact.on)
        TRY(redaction_check(&d->opts->redact));
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
