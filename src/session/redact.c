/* SPDX-License-Identifier: Apache-2.0 */
/* The filter of a core that is redacted: memory, notes and registers on their way out. */
#include "session/redaction.h"
#include "session/priv.h"
#include "session/redact_values.h"

#include <inttypes.h>

struct redaction {
    struct image *im;
    struct redactor *redactor;
    char *command_line; /* as the kernel joins it, of which a note has the beginning; NULL unknown */
    size_t n_command_line;
    bool has_values; /* some were asked for */
    struct redact_values values;
    atomic_uint_fast64_t changed; /* bytes of them */
    struct capture_filter filter;
};

/* ---- what stays ---- */

static bool is_mapped(void *arg, uint64_t word)
{
    const struct redaction *r = arg;

    return image_mapping(r->im, word) != NULL;
}

/* Four characters or more, and zeros behind them. */
static bool is_text(uint64_t word, unsigned width)
{
    enum { LEAST = 4 };
    uint64_t mask = (UINT64_C(1) << 8 * width) - 1;
    unsigned n = 0;

    for (; (word & mask) >= ' ' && (word & mask) < 0x7f; word >>= 8 * width)
        n++;
    return word == 0 && n >= LEAST;
}

/* ---- on the way out ---- */

/* The first range that may reach to `at`: none is longer than the longest. */
static size_t first_range(const struct redact_values *v, taddr at)
{
    return sorted_first(v->ranges.v, v->ranges.n, range, range->start + v->longest <= at);
}

static uint64_t zero(const struct redact_window *w, size_t from, size_t to)
{
    uint64_t changed = 0;

    for (size_t i = from < w->from ? w->from : from; i < to && i < w->to; i++) {
        changed += w->bytes[i] != 0;
        w->bytes[i] = 0;
    }
    return changed;
}

static void write_over_values(struct redaction *r, const struct redact_window *w)
{
    taddr start = w->at + w->from, end = w->at + w->to;
    uint64_t changed = 0;

    for (size_t i = first_range(&r->values, start); i < r->values.ranges.n && r->values.ranges.v[i].start < end; i++) {
        const struct redact_range *one = &r->values.ranges.v[i];
        taddr from = one->start;
        if (one->end <= start)
            continue;
        if (from < w->at) /* with the first whole unit that can be seen */
            from = w->at + (one->width ? (one->width - (w->at - from) % one->width) % one->width : 0);
        size_t low = (size_t)(from - w->at), high = one->end < end ? (size_t)(one->end - w->at) : w->to;
        if (low < high)
            changed += one->width ? redact_fill(w, low, high, one->width) : zero(w, low, high);
    }
    r->changed += changed;
}

static void memory(void *arg, taddr at, uint8_t *bytes, size_t n, size_t from, size_t to)
{
    struct redaction *r = arg;
    const struct mapping *m = image_mapping(r->im, at + from);
    struct redact_window w = {.at = at, .bytes = bytes, .n = n, .from = from, .to = to, .keep = is_mapped, .arg = r};

    if (m && m->prot & PROT_BIT_EXEC)
        return;
    redactor_scan(r->redactor, &w);
    write_over_values(r, &w);
}

static void scan_text(struct redaction *r, uint8_t *bytes, size_t n)
{
    redactor_scan(r->redactor, &(struct redact_window){.bytes = bytes, .n = n, .to = n});
}

/* The beginning of the command line may end within a secret, which is then not to be known: it is looked for in the
 * whole. */
static void text(void *arg, uint8_t *bytes, size_t n)
{
    struct redaction *r = arg;
    size_t len = strnlen((const char *)bytes, n);

    if (!r->command_line || len == 0 || len > r->n_command_line || memcmp(bytes, r->command_line, len) != 0) {
        scan_text(r, bytes, n);
        return;
    }
    SCOPED(freep) uint8_t *whole = xmalloc(r->n_command_line);
    memcpy(whole, r->command_line, r->n_command_line);
    scan_text(r, whole, r->n_command_line);
    memcpy(bytes, whole, len);
}

static uint64_t word(void *arg, uint64_t value)
{
    return !is_mapped(arg, value) && (is_text(value, 1) || is_text(value, 2)) ? 0 : value;
}

static void put_lines(struct redaction *r, struct text *out)
{
    struct redact_count c;

    for (size_t i = 0; redactor_count(r->redactor, i, &c); i++) {
        text_put_escaped(out, c.rule, strlen(c.rule));
        text_printf(out, ": %" PRIu64 " in %" PRIu64 " bytes\n", c.matches, c.bytes);
    }
    if (!r->has_values)
        return;
    text_printf(out, "variables and types: %" PRIu64 " in %" PRIu64 " bytes\n", r->values.found,
                (uint64_t)atomic_load(&r->changed));
    if (r->values.elsewhere)
        text_printf(out, "%" PRIu64 " values of such in registers were left as they are\n", r->values.elsewhere);
    if (r->values.cut)
        text_put(out, "not all values were looked at: there are too many\n");
}

static void record(void *arg, struct text *out)
{
    put_lines(arg, out);
}

char *redaction_record(struct redaction *r)
{
    struct text out = {0};

    put_lines(r, &out);
    return text_take(&out);
}

/* ---- making ---- */

static void join_command_line(struct redaction *r)
{
    struct err *e = image_arguments(r->im, &r->command_line, &r->n_command_line);

    for (size_t i = 0; !e && i < r->n_command_line; i++)
        if (r->command_line[i] == '\0')
            r->command_line[i] = ' ';
    err_free(e); /* redact_add_known() says it */
}

static void add_patterns(struct redactor *to, const struct redact_opts *opts)
{
    for (size_t i = 0; i < opts->patterns.n; i++)
        redactor_add_regex(to, opts->patterns.v[i]);
}

/* One is always there, to see whether the library is. */
struct err *redaction_check(const struct redact_opts *opts)
{
    struct redactor *r = redactor_new();

    redactor_add_text(r, "", "x", 1, 0);
    add_patterns(r, opts);
    struct err *e = redactor_ready(r);
    redactor_free(r);
    return e;
}

void redaction_free(struct redaction *r)
{
    if (!r)
        return;
    redactor_free(r->redactor);
    redact_values_done(&r->values);
    free(r->command_line);
    free(r);
}

static void redaction_freep(struct redaction **r)
{
    redaction_free(*r);
}

static struct err *find_values(struct redaction *r, const struct redact_opts *opts, const struct session_opts *how)
{
    struct session_opts with_types = *how;

    with_types.names_only = false;
    SCOPED(session_freep) struct session *s = session_over(r->im, &with_types);

    r->has_values = true;
    return redact_find_values(s, opts, r->redactor, &r->values);
}

struct err *redaction_new(struct image *im, const struct redact_opts *opts, const struct session_opts *how,
                          struct redaction **out)
{
    SCOPED(redaction_freep) struct redaction *r = xcalloc(1, sizeof(*r));

    r->im = im;
    r->redactor = redactor_new();
    r->filter = (struct capture_filter){
        .reach = REDACT_REACH, .memory = memory, .text = text, .word = word, .record = record, .arg = r};
    redactor_add_usual(r->redactor);
    add_patterns(r->redactor, opts);
    redact_add_known(im, &how->modules, r->redactor);
    join_command_line(r);
    if (opts->variables.n || opts->types.n)
        TRY(find_values(r, opts, how));
    TRY(redactor_ready(r->redactor));
    *out = TAKE(r);
    return NULL;
}

const struct capture_filter *redaction_filter(struct redaction *r)
{
    return &r->filter;
}
