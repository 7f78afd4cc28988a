/* SPDX-License-Identifier: Apache-2.0 */
/* When something is to be done with a process: conditions on what /proc says of it. It is never stopped for that. */
#ifndef SESSION_TRIGGER_H
#define SESSION_TRIGGER_H

#include "base/work.h"
#include "image/watch.h"

enum trigger_kind { TRIGGER_CPU, TRIGGER_RSS, TRIGGER_THREADS, TRIGGER_FILES, TRIGGER_STILL };
enum { TRIGGER_KEPT = 24, TRIGGER_STEPS = 16, TRIGGERS_MAX = 16 };

struct trigger {
    enum trigger_kind kind;
    const char *text;  /* as it was given; borrowed */
    uint64_t limit;    /* percent of one processor, bytes, threads, files */
    uint64_t duration; /* ns, for which it has to hold; of TRIGGER_CPU: over which it is averaged */

    /* What was seen. */
    struct watch_sample kept[TRIGGER_KEPT]; /* of TRIGGER_CPU: some, the last `n_kept % TRIGGER_KEPT` the newest */
    size_t n_kept;
    uint64_t since, still_cpu; /* it holds since then, 0: it does not; TRIGGER_STILL: with this processor time */
    bool fired;                /* and has not ceased to hold */
};
/* "cpu>90%:10s", "rss>4G", "rss>4G:1m", "threads>500", "fds>1000", "no-progress:30s". ERR_USAGE. */
struct err *trigger_parse(const char *text, struct trigger *out) MUST_CHECK;
/* Does it fire with this sample, later than the last? Once, until it has ceased to hold or trigger_forget(). */
bool trigger_feed(struct trigger *t, const struct watch_sample *s);
/* As if nothing had been seen. */
void trigger_forget(struct trigger *t);
/* "10s", "500ms", "5m", "2h"; without a unit seconds. False: it is none, or longer than a year. */
bool duration_parse(const char *text, uint64_t *ns);

struct triggers {
    struct watch *watch;
    struct trigger v[TRIGGERS_MAX];
    size_t n;
};
/* Of a process; `texts` stay the caller's, and have to stay. ERR_USAGE; those of watch_open(). */
struct err *triggers_open(int32_t pid, const char *const *texts, size_t n, struct triggers *out) MUST_CHECK;
void triggers_done(struct triggers *t);
struct trigger_hit {
    const char *text;         /* of the trigger; NULL: the time came */
    struct watch_sample seen;
};
/* Waits until one fires, not before `earliest`, or until `latest` (now_ns(); 0: no such), and tells progress how the
 * process is. ERR_GONE: it has ended; ERR_CANCELLED. */
struct err *triggers_wait(struct triggers *t, uint64_t earliest, uint64_t latest, struct progress *progress,
                          struct trigger_hit *out) MUST_CHECK;

#endif
