/* SPDX-License-Identifier: Apache-2.0 */
#include "session/trigger.h"

#include "base/log.h"
#include "base/mem.h"

#include <inttypes.h>

#define MS UINT64_C(1000000)
#define SECOND UINT64_C(1000000000)
#define DURATION_MAX (UINT64_C(365) * 24 * 3600 * SECOND)
static const uint64_t look_every = 200 * MS, look_most = 50 * MS, look_least = SECOND;

/* ---- text ---- */

/* A number and the factor of its unit; `units`: names and factors, the first for none. */
struct unit {
    const char *name;
    uint64_t factor;
};

static bool parse_quantity(const char *s, size_t n, const struct unit *units, size_t n_units, uint64_t *out)
{
    char number[24], *end;
    size_t digits = strspn(s, "0123456789");

    if (digits == 0 || digits > 18 || digits > n)
        return false;
    memcpy(number, s, digits);
    number[digits] = '\0';
    uint64_t v = strtoull(number, &end, 10);
    for (size_t i = 0; i < n_units; i++)
        if (strlen(units[i].name) == n - digits && strncasecmp(s + digits, units[i].name, n - digits) == 0)
            return !__builtin_mul_overflow(v, units[i].factor, out);
    return false;
}

bool duration_parse(const char *text, uint64_t *ns)
{
    static const struct unit units[] = {{"", SECOND},       {"ms", MS},           {"s", SECOND},
                                        {"m", 60 * SECOND}, {"h", 3600 * SECOND}, {"d", 24 * 3600 * SECOND}};
    uint64_t v;

    if (!parse_quantity(text, strlen(text), units, ARRAY_LEN(units), &v) || v == 0 || v > DURATION_MAX)
        return false;
    *ns = v;
    return true;
}

struct err *trigger_parse(const char *text, struct trigger *out)
{
    static const struct unit percent[] = {{"%", 1}, {"", 1}}, count[] = {{"", 1}},
                             size[] = {{"", 1},
                                       {"K", UINT64_C(1) << 10},
                                       {"M", UINT64_C(1) << 20},
                                       {"G", UINT64_C(1) << 30},
                                       {"T", UINT64_C(1) << 40}};
    static const struct {
        const char *name;
        const struct unit *units;
        size_t n_units;
        uint64_t duration; /* without one */
    } kinds[] = {[TRIGGER_CPU] = {"cpu>", percent, ARRAY_LEN(percent), SECOND},
                 [TRIGGER_RSS] = {"rss>", size, ARRAY_LEN(size), 0},
                 [TRIGGER_THREADS] = {"threads>", count, ARRAY_LEN(count), 0},
                 [TRIGGER_FILES] = {"fds>", count, ARRAY_LEN(count), 0},
                 [TRIGGER_STILL] = {"no-progress", NULL, 0, 0}};
    const char *colon = strchr(text, ':');
    size_t n = colon ? (size_t)(colon - text) : strlen(text);

    for (size_t i = 0; i < ARRAY_LEN(kinds); i++) {
        size_t name = strlen(kinds[i].name);
        struct trigger t = {.kind = (enum trigger_kind)i, .text = text, .duration = kinds[i].duration};
        bool whole = i == TRIGGER_STILL;
        if (n < name || strncmp(text, kinds[i].name, name) != 0 || (whole && n != name))
            continue;
        bool good =
            whole ? colon != NULL : parse_quantity(text + name, n - name, kinds[i].units, kinds[i].n_units, &t.limit);
        if (!good || (colon && !duration_parse(colon + 1, &t.duration)))
            break;
        *out = t;
        return NULL;
    }
    return err_hint(err_new(ERR_USAGE, "'%s' is no condition", text),
                    "cpu>90%%:10s, rss>4G, threads>500, fds>1000 or no-progress:30s");
}

/* ---- what is seen ---- */

void trigger_forget(struct trigger *t)
{
    t->n_kept = 0;
    t->since = 0;
    t->fired = false;
}

/* The mean since the youngest sample that is old enough. */
static bool cpu_holds(struct trigger *t, const struct watch_sample *s)
{
    const struct watch_sample *from = NULL, *last = &t->kept[(t->n_kept + TRIGGER_KEPT - 1) % TRIGGER_KEPT];
    size_t n = t->n_kept < TRIGGER_KEPT ? t->n_kept : TRIGGER_KEPT;

    for (size_t i = 1; i <= n && !from; i++) {
        const struct watch_sample *k = &t->kept[(t->n_kept - i) % TRIGGER_KEPT];
        from = s->at - k->at >= t->duration ? k : NULL;
    }
    bool above = from && (double)(s->cpu_ns - from->cpu_ns) * 100 > (double)t->limit * (double)(s->at - from->at);
    if (n == 0 || s->at - last->at >= t->duration / TRIGGER_STEPS)
        t->kept[t->n_kept++ % TRIGGER_KEPT] = *s;
    return above;
}

static bool still_holds(struct trigger *t, const struct watch_sample *s)
{
    if (t->since && t->still_cpu == s->cpu_ns)
        return true;
    t->still_cpu = s->cpu_ns;
    t->since = s->at;
    return false;
}

static bool above_limit(const struct trigger *t, const struct watch_sample *s)
{
    uint64_t now = t->kind == TRIGGER_RSS ? s->resident : t->kind == TRIGGER_THREADS ? s->threads : s->files;
    return now > t->limit;
}

bool trigger_feed(struct trigger *t, const struct watch_sample *s)
{
    bool holds;

    if (t->kind == TRIGGER_CPU) {
        holds = cpu_holds(t, s);
    } else if (t->kind == TRIGGER_STILL) {
        holds = still_holds(t, s) && s->at - t->since >= t->duration;
    } else {
        holds = above_limit(t, s);
        if (!holds)
            t->since = 0;
        else if (!t->since)
            t->since = s->at;
        holds = holds && s->at - t->since >= t->duration;
    }
    bool fires = holds && !t->fired;
    t->fired = holds;
    return fires;
}

/* ---- waiting ---- */

struct err *triggers_open(int32_t pid, const char *const *texts, size_t n, struct triggers *out)
{
    struct triggers t = {.n = n};
    bool files = false;

    if (n > TRIGGERS_MAX)
        return err_new(ERR_USAGE, "%zu conditions are too many: %d can be given", n, TRIGGERS_MAX);
    for (size_t i = 0; i < n; i++) {
        TRY(trigger_parse(texts[i], &t.v[i]));
        files |= t.v[i].kind == TRIGGER_FILES;
    }
    TRY(watch_open(pid, files, &t.watch));
    *out = t;
    return NULL;
}

void triggers_done(struct triggers *t)
{
    watch_free(t->watch);
    t->watch = NULL;
}

static uint64_t interval(const struct triggers *t)
{
    uint64_t ns = t->n ? look_every : look_least;

    for (size_t i = 0; i < t->n; i++) {
        uint64_t part = t->v[i].duration / TRIGGER_STEPS;
        if (t->v[i].duration && part < ns)
            ns = part > look_most ? part : look_most;
    }
    return ns;
}

static void tell(struct progress *progress, const struct watch_sample *before, const struct watch_sample *s)
{
    char line[128];
    uint64_t ns = s->at - before->at, cpu = ns ? (s->cpu_ns - before->cpu_ns) * 100 / ns : 0;

    snprintf(line, sizeof(line), "waiting: cpu %" PRIu64 "%%, %" PRIu64 " MiB, %" PRIu64 " threads", cpu,
             s->resident >> 20, s->threads);
    progress_report(progress, line, 0, 0);
}

struct err *triggers_wait(struct triggers *t, uint64_t earliest, uint64_t latest, struct progress *progress,
                          struct trigger_hit *out)
{
    struct watch_sample s = {0}, before;
    uint64_t step = interval(t);

    for (bool first = true;; first = false) {
        if (progress_cancelled(progress))
            return err_new(ERR_CANCELLED, "waiting was stopped");
        before = s;
        TRY(watch_look(t->watch, &s));
        tell(progress, first ? &s : &before, &s);
        for (size_t i = 0; i < t->n; i++) {
            bool early = s.at < earliest;
            if (!trigger_feed(&t->v[i], &s))
                continue;
            if (early) {
                t->v[i].fired = false; /* it is asked again */
                continue;
            }
            *out = (struct trigger_hit){.text = t->v[i].text, .seen = s};
            return NULL;
        }
        if (latest && s.at >= latest) {
            *out = (struct trigger_hit){.seen = s};
            return NULL;
        }
        uint64_t left = latest ? latest - s.at : UINT64_MAX;
        (void)watch_sleep(t->watch, left < step ? left : step);
    }
}
