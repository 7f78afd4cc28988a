/* SPDX-License-Identifier: Apache-2.0 */
#include "session/control.h"

#include "capture/capture.h"
#include "session/priv.h"

#include <signal.h>

/* glibc keeps two for itself (SIGCANCEL, SIGSETXID); whoever debugs a program seldom means those. */
enum { LIBC_FIRST = 32, LIBC_SECOND = 33 };

static uint64_t bit(int signo)
{
    return UINT64_C(1) << (signo - 1);
}

struct signal_rules signal_rules_default(void)
{
    static const int silent[] = {SIGALRM, SIGURG,   SIGCHLD,    SIGIO,      SIGVTALRM,
                                 SIGPROF, SIGWINCH, LIBC_FIRST, LIBC_SECOND};
    struct signal_rules r = {.stop = UINT64_MAX, .pass = ~(bit(SIGINT) | bit(SIGTRAP))};

    for (size_t i = 0; i < ARRAY_LEN(silent); i++)
        r.stop &= ~bit(silent[i]);
    return r;
}

static enum stop_kind kind_of(enum image_stop_kind k)
{
    switch (k) {
    case IMAGE_STOP_SIGNAL:
        return STOP_SIGNAL;
    case IMAGE_STOP_ASKED:
        return STOP_ASKED;
    case IMAGE_STOP_EXITED:
        return STOP_EXITED;
    case IMAGE_STOP_KILLED:
        return STOP_KILLED;
    case IMAGE_STOP_EXEC:
        return STOP_EXEC;
    case IMAGE_STOP_ATTACHED:
        break;
    }
    return STOP_ATTACHED;
}

struct err *session_continue(struct session *s, const struct signal_rules *rules, struct stop *out)
{
    struct image_signals signals = {.stop = rules->stop, .pass = rules->pass};
    struct image_stop got;

    TRY(image_hold_continue(s->im, &signals, s->opts.progress, &got));
    s->stop = (struct stop){
        .kind = kind_of(got.kind), .tid = got.tid, .signo = got.signo, .code = got.code, .core = got.core};
    *out = s->stop;
    if (s->stop.kind != STOP_EXITED && s->stop.kind != STOP_KILLED)
        session_reset(s);
    return NULL;
}

const struct stop *session_stop(const struct session *s)
{
    return &s->stop;
}

struct err *session_detach(struct session *s, const struct signal_rules *rules)
{
    return image_hold_detach(s->im, rules->pass);
}

struct err *session_write_core(struct session *s, const char *path, int32_t tid, bool all, struct core_written *out)
{
    struct capture_opts opts = {.all = all, .first_tid = tid, .progress = s->opts.progress};
    struct capture_result got;

    TRY(capture_core(s->im, path, &opts, &got));
    *out = (struct core_written){.bytes = got.size, .skipped = got.skipped};
    return NULL;
}
