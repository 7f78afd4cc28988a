/* SPDX-License-Identifier: Apache-2.0 */
/* From what an engine finds to what is written over. */
#include "redact/priv.h"

#include <pthread.h>

enum {
    ANCHOR_MAX = 32, /* characters of a known text that the engine looks for; the rest is compared */
    WIDTHS = 3,
};
static const unsigned widths[WIDTHS] = {1, 2, 4};

/* One expression of the engine. */
struct pattern {
    unsigned name; /* index of the rule's count */
    unsigned width;
    const struct rule *rule; /* with `set`; NULL */
    struct charset set;
    char *known; /* a known text in its units: `n` bytes, of which the engine looks for `anchor`; NULL */
    size_t n, anchor, keep;
};

struct redactor {
    VEC(struct pattern) patterns;
    VEC(struct engine_pattern) regexes; /* as many */
    struct engine *engine;              /* NULL: nothing is looked for */
    VEC(char *) names;
    struct err *wrong;    /* the first thing that was added and is none */
    pthread_mutex_t lock; /* guards the rest */
    VEC(struct redact_count) counts;
};

struct redactor *redactor_new(void)
{
    struct redactor *r = xcalloc(1, sizeof(*r));

    pthread_mutex_init(&r->lock, NULL);
    return r;
}

void redactor_free(struct redactor *r)
{
    if (!r)
        return;
    engine_free(r->engine);
    for (size_t i = 0; i < r->patterns.n; i++)
        free(r->patterns.v[i].known);
    for (size_t i = 0; i < r->regexes.n; i++)
        free(r->regexes.v[i].regex);
    for (size_t i = 0; i < r->names.n; i++)
        free(r->names.v[i]);
    vec_done(&r->patterns);
    vec_done(&r->regexes);
    vec_done(&r->names);
    vec_done(&r->counts);
    err_free(r->wrong);
    pthread_mutex_destroy(&r->lock);
    free(r);
}

/* ---- what is looked for ---- */

static unsigned count_of(struct redactor *r, const char *name)
{
    for (size_t i = 0; i < r->names.n; i++)
        if (strcmp(r->names.v[i], name) == 0)
            return (unsigned)i;
    *vec_push(&r->names) = xstrdup(name);
    vec_push(&r->counts)->rule = r->names.v[r->names.n - 1];
    return (unsigned)(r->names.n - 1);
}

static void add(struct redactor *r, struct pattern p, struct engine_pattern e)
{
    *vec_push(&r->patterns) = p;
    *vec_push(&r->regexes) = e;
}

/* The expression for a width; NULL: it is none, and that is kept. */
static char *regex_for(struct redactor *r, const char *regex, unsigned width)
{
    SCOPED(text_done) struct text wide = {0};

    if (width == 1)
        return xstrdup(regex);
    struct err *e = widen_regex(regex, width, &wide);
    if (!e)
        return text_take(&wide);
    if (r->wrong)
        err_free(e);
    else
        r->wrong = err_prefix(e, "'%s' is not searched for", regex);
    return NULL;
}

void redactor_add_usual(struct redactor *r)
{
    for (size_t i = 0; i < usual_rules_n; i++) {
        const struct rule *rule = &usual_rules[i];
        struct pattern p = {.name = count_of(r, rule->name), .rule = rule, .set = charset_of(rule->tail, rule->beyond)};
        for (size_t k = 0; k < WIDTHS; k++) {
            p.width = widths[k];
            char *regex = regex_for(r, rule->anchor, p.width);
            if (regex)
                add(r, p, (struct engine_pattern){.regex = regex, .any_case = rule->any_case});
        }
    }
}

void redactor_add_regex(struct redactor *r, const char *regex)
{
    struct pattern p = {.name = count_of(r, regex)};

    for (size_t k = 0; k < WIDTHS; k++) {
        p.width = widths[k];
        char *own = regex_for(r, regex, p.width);
        if (own)
            add(r, p, (struct engine_pattern){.regex = own, .where = true});
    }
}

void redactor_add_text(struct redactor *r, const char *what, const char *text, size_t n, size_t keep)
{
    n = n < REDACT_TEXT_MAX ? n : REDACT_TEXT_MAX;
    if (keep >= n)
        return;
    for (size_t k = 0; k < WIDTHS; k++) {
        SCOPED(text_done) struct text wide = {0}, regex = {0};
        struct pattern p = {.name = count_of(r, what), .width = widths[k]};
        widen_text(text, keep, p.width, &wide);
        p.keep = wide.n;
        widen_text(text + keep, n - keep, p.width, &wide);
        p.n = wide.n;
        p.anchor = p.n < (size_t)ANCHOR_MAX * p.width ? p.n : (size_t)ANCHOR_MAX * p.width;
        exact_regex(wide.p, p.anchor, &regex);
        p.known = text_take(&wide);
        add(r, p, (struct engine_pattern){.regex = text_take(&regex)});
    }
}

struct err *redactor_ready(struct redactor *r)
{
    size_t bad = 0;

    if (r->wrong)
        return TAKE(r->wrong);
    if (r->patterns.n == 0)
        return NULL;
    struct err *e = engine_new(r->regexes.v, r->regexes.n, &bad, &r->engine);
    if (e && e->code == ERR_USAGE)
        e = err_prefix(e, "'%s' is not searched for", r->names.v[r->patterns.v[bad].name]);
    return e;
}

/* ---- what is found ---- */

struct mark {
    size_t start, end;
    unsigned name, width;
};
/* The last run of a pattern: a match inside of it needs not look at all of it again. */
struct run {
    size_t start, end;
};
struct scan {
    struct redactor *r;
    const struct redact_window *w;
    struct run *runs; /* one a pattern */
    VEC(struct mark) marks;
};

static void mark(struct scan *s, const struct pattern *p, size_t start, size_t end)
{
    struct mark *last = s->marks.n ? &s->marks.v[s->marks.n - 1] : NULL;

    if (start >= end)
        return;
    if (last && last->start == start && last->name == p->name && last->width == p->width && last->end < end)
        last->end = end;
    else
        *vec_push(&s->marks) = (struct mark){.start = start, .end = end, .name = p->name, .width = p->width};
}

/* Where the run behind an anchor ends: at most rule->max characters after `at`. */
static size_t tail_end(struct scan *s, const struct pattern *p, struct run *run, size_t at)
{
    size_t from = at, max = p->rule->max;

    if (run->end > at && run->start <= at && (at - run->start) % p->width == 0) {
        from = run->end;
        max = (at - run->start) / p->width;
    }
    *run = (struct run){.start = at, .end = run_end(s->w, from, p->width, &p->set, max)};
    return run->end;
}

static void found_rule(struct scan *s, const struct pattern *p, struct run *run, size_t at)
{
    size_t back = (size_t)p->rule->back * p->width, end = tail_end(s, p, run, at);

    if (at < back || end - at < (size_t)p->rule->min * p->width)
        return;
    struct piece piece = {.w = s->w, .start = at - back, .end = end, .width = p->width};
    if (!p->rule->judge || p->rule->judge(&piece))
        mark(s, p, piece.start, piece.end);
}

/* What of the text is behind the window counts as found. */
static void found_known(struct scan *s, const struct pattern *p, size_t at)
{
    size_t start = at - p->anchor, left = s->w->n - start, n = p->n < left ? p->n : left;

    if (memcmp(s->w->bytes + start, p->known, n) == 0)
        mark(s, p, start + p->keep, start + n);
}

static void found(void *arg, size_t pattern, size_t start, size_t end)
{
    struct scan *s = arg;
    const struct pattern *p = &s->r->patterns.v[pattern];

    if (p->rule)
        found_rule(s, p, &s->runs[pattern], end);
    else if (p->known)
        found_known(s, p, end);
    else
        mark(s, p, start, end);
}

static void write_over(const struct scan *s)
{
    struct redactor *r = s->r;
    const struct redact_window *w = s->w;

    for (size_t i = 0; i < s->marks.n; i++) {
        const struct mark *m = &s->marks.v[i];
        uint64_t changed = redact_fill(w, m->start, m->end, m->width);
        pthread_mutex_lock(&r->lock);
        r->counts.v[m->name].matches += changed && m->start >= w->from && m->start < w->to;
        r->counts.v[m->name].bytes += changed;
        pthread_mutex_unlock(&r->lock);
    }
}

void redactor_scan(struct redactor *r, const struct redact_window *w)
{
    struct scan s = {.r = r, .w = w};

    if (!r->engine || w->n == 0)
        return;
    s.runs = xcalloc(r->patterns.n, sizeof(*s.runs));
    engine_scan(r->engine, w->bytes, w->n, found, &s);
    write_over(&s);
    vec_done(&s.marks);
    free(s.runs);
}

bool redactor_count(struct redactor *r, size_t i, struct redact_count *out)
{
    if (i >= r->counts.n)
        return false;
    pthread_mutex_lock(&r->lock);
    *out = r->counts.v[i];
    pthread_mutex_unlock(&r->lock);
    return true;
}
