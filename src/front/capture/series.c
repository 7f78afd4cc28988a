/* SPDX-License-Identifier: Apache-2.0 */
#include "front/capture/series.h"

#include "base/log.h"

#include <inttypes.h>
#include <string.h>
#include <time.h>

static const struct option_row rows[] = {
    {"when", 'w', VALUE_TEXT, "CONDITION",
     "wait until it holds: cpu>90%:10s, rss>4G, threads>500, fds>1000, no-progress:30s; of several, any"},
    {"count", 'n', VALUE_NUMBER, "N", "make N of them, then end (default 1; with --every no limit)"},
    {"every", 'e', VALUE_TEXT, "TIME", "again after TIME (30s, 10m, 2h), or with --when not before"},
};
const struct option_group series_group = {"When", rows, ARRAY_LEN(rows)};

bool series_wanted(const struct call *c)
{
    return call_has(c, "when") || call_has(c, "count") || call_has(c, "every");
}

/* Heap, the caller's. */
static char *series_name(const char *pattern, bool many, uint64_t number, uint64_t seconds)
{
    static const char packed[] = ".zst";
    SCOPED(text_done) struct text t = {0};
    time_t when = (time_t)seconds;
    char stamp[32] = "";
    struct tm tm;
    bool named = false;

    if (gmtime_r(&when, &tm))
        strftime(stamp, sizeof(stamp), "%Y%m%dT%H%M%SZ", &tm);
    for (const char *p = pattern; *p; p++) {
        bool n = p[0] == '%' && p[1] == 'n', time = p[0] == '%' && p[1] == 't';
        if (n)
            text_printf(&t, "%" PRIu64, number);
        else if (time)
            text_put(&t, stamp);
        else
            text_putc(&t, *p);
        named |= n || time;
        p += n || time;
    }
    if (named || !many)
        return text_take(&t);
    size_t size = t.n, end = sizeof(packed) - 1;
    bool is_packed = size > end && strcmp(t.p + size - end, packed) == 0;
    return xasprintf("%.*s.%" PRIu64 "%s", (int)(size - (is_packed ? end : 0)), t.p, number, is_packed ? packed : "");
}

struct series {
    struct call *call;
    struct triggers triggers;
    uint64_t count, every; /* count 0: no limit */
    uint64_t made;
    const char *pattern;
    const struct series_calls *calls;
};

static void series_done(struct series *s)
{
    triggers_done(&s->triggers);
}

static char *next_name(const struct series *s)
{
    struct timespec now = {0};

    clock_gettime(CLOCK_REALTIME, &now);
    return series_name(s->pattern, s->count != 1, s->made + 1, (uint64_t)now.tv_sec);
}

static struct err *wait_for_next(struct series *s, uint64_t last, struct trigger_hit *hit)
{
    uint64_t next = last && s->every ? last + s->every : 0;
    bool timed = s->triggers.n == 0;

    if (timed && (!last || !s->every))
        next = 1; /* at once */
    return triggers_wait(&s->triggers, next, timed ? next : 0, s->call->progress, hit);
}

static struct err *make_next(struct series *s, uint64_t *last)
{
    struct trigger_hit hit;

    TRY(wait_for_next(s, *last, &hit));
    SCOPED(freep) char *path = next_name(s);
    TRY(s->calls->one(s->calls->arg, path, &hit));
    *last = now_ns();
    s->made++;
    for (size_t i = 0; s->every && i < s->triggers.n; i++)
        trigger_forget(&s->triggers.v[i]);
    return NULL;
}

/* The end of the process is the end of a series without one. */
static struct err *ended(const struct series *s, struct err *e)
{
    if (e->code != ERR_GONE)
        return e;
    if (s->count == 0 && s->made > 0) {
        fprintf(stderr, "inquest: %s, after %" PRIu64 " core%s\n", e->msg, s->made, s->made == 1 ? "" : "s");
        err_free(e);
        return NULL;
    }
    struct err *said =
        s->count ? err_new(ERR_GONE, "%s: %" PRIu64 " of %" PRIu64 " cores were written", e->msg, s->made, s->count)
                 : err_new(ERR_GONE, "%s: no core was written", e->msg);
    err_free(e);
    return said;
}

static struct err *read_options(struct series *s)
{
    const struct call *c = s->call;
    const char *every = call_value(c, "every");

    if (every && !duration_parse(every, &s->every))
        return err_hint(err_new(ERR_USAGE, "'%s' is no time", every), "500ms, 30s, 10m, 2h or 1d");
    s->count = call_number(c, "count", s->every ? 0 : 1);
    if (call_has(c, "count") && s->count == 0)
        return err_new(ERR_USAGE, "--count 0 would make none");
    if (s->count != 1 && !s->every && !call_has(c, "when"))
        return err_hint(err_new(ERR_USAGE, "when are %" PRIu64 " cores to be written?", s->count),
                        "give --every TIME or --when CONDITION");
    if (s->count != 1 && strcmp(s->pattern, "-") == 0)
        return err_new(ERR_USAGE, "standard output can take one core only");
    return NULL;
}

struct err *series_run(struct call *c, int32_t pid, const char *pattern, const struct series_calls *calls)
{
    SCOPED(series_done) struct series s = {.call = c, .pattern = pattern, .calls = calls};
    const char *texts[TRIGGERS_MAX];
    size_t n = 0;
    uint64_t last = 0;

    TRY(read_options(&s));
    for (size_t i = 0; i < c->given.n; i++) {
        if (strcmp(c->given.v[i].row->name, "when") != 0)
            continue;
        if (n == TRIGGERS_MAX)
            return err_new(ERR_USAGE, "more than %d conditions", TRIGGERS_MAX);
        texts[n++] = c->given.v[i].value;
    }
    TRY(triggers_open(pid, texts, n, &s.triggers));
    SCOPED(freep) char *first = next_name(&s);
    TRY(calls->check(calls->arg, first));
    while (!s.count || s.made < s.count) {
        struct err *e = make_next(&s, &last);
        if (e)
            return ended(&s, e);
    }
    return NULL;
}
