/* SPDX-License-Identifier: Apache-2.0 */
/* A script that takes too long, or too much, or that the user wants to end.
 *
 * A thread looks at the clock, at our memory and for Ctrl-C. It needs no lock of Python's, which a script may hold for as
 * long as it likes (pow() of large numbers). It sends the script's thread a signal, again and again, for which host.py has
 * set a handler that raises an exception: that ends loops, and calls that wait (time.sleep(), locks). What has not ended a
 * while after that, because it catches everything, or does not return to the interpreter, ends with the process: that
 * lets a stopped target run on, as any end of ours does. The kernel's own limit (RLIMIT_DATA) is
 * somewhat higher than ours: it stops what grows faster than we look. */
#include "base/log.h"
#include "front/script/module/priv.h"

#include <errno.h>
#include <inttypes.h>
#include <pthread.h>
#include <signal.h>
#include <sys/resource.h>
#include <time.h>

enum { TICK_MS = 50, GRACE_MS = 2000, STATUS_LIMIT = 1, STATUS_CANCELLED = 130 };
static const uint64_t NS = UINT64_C(1000000000), SLACK = UINT64_C(64) << 20;

static struct {
    pthread_t thread, script;
    pthread_mutex_t lock; /* of all below */
    pthread_cond_t wake;
    bool runs;
    enum guard_why why;
    uint64_t seconds, bytes;
    uint64_t deadline, last; /* ns; `last`: then the process ends */
    uint64_t before;         /* bytes that we had */
    struct progress *progress;
    bool limited; /* by the kernel; `data` was its limit before */
    struct rlimit data;
} guard = {.lock = PTHREAD_MUTEX_INITIALIZER};

/* Bytes of ours that are in memory and no file's, and (`data`) those that RLIMIT_DATA counts; proc(5), statm. */
static void own_bytes(uint64_t *resident, uint64_t *data)
{
    uint64_t size = 0, all = 0, files = 0, text = 0, lib = 0, both = 0;
    SCOPED(fclosep) FILE *f = fopen("/proc/self/statm", "re");
    if (f && fscanf(f, "%" SCNu64 " %" SCNu64 " %" SCNu64 " %" SCNu64 " %" SCNu64 " %" SCNu64, &size, &all, &files,
                    &text, &lib, &both) != 6)
        all = files = both = 0;
    uint64_t page = (uint64_t)sysconf(_SC_PAGESIZE);
    *resident = (all > files ? all - files : 0) * page;
    *data = both * page;
}

static void put_why(struct text *t)
{
    if (guard.why == GUARD_TIME)
        text_printf(t, "it took longer than its limit of %" PRIu64 " s", guard.seconds);
    else if (guard.why == GUARD_MEMORY)
        text_printf(t, "it took more memory than its limit of %" PRIu64 " MB", guard.bytes >> 20);
    else
        text_put(t, "it was cancelled");
}

_Noreturn static void end_process(void)
{
    struct text t = {0};
    text_put(&t, "inquest: the script does not end, so Inquest does: ");
    put_why(&t);
    text_putc(&t, '\n');
    ssize_t written = write(STDERR_FILENO, t.p, t.n);
    (void)written; /* nothing is left to tell it to */
    _exit(guard.why == GUARD_CANCELLED ? STATUS_CANCELLED : STATUS_LIMIT);
}

static enum guard_why look(uint64_t now)
{
    uint64_t resident, data;
    if (guard.progress && progress_cancelled(guard.progress))
        return GUARD_CANCELLED;
    if (guard.seconds && now >= guard.deadline)
        return GUARD_TIME;
    if (!guard.bytes)
        return GUARD_NOTHING;
    own_bytes(&resident, &data);
    return resident > guard.before && resident - guard.before > guard.bytes ? GUARD_MEMORY : GUARD_NOTHING;
}

bool guard_stops(void)
{
    pthread_mutex_lock(&guard.lock);
    bool stop = guard.runs && guard.why != GUARD_NOTHING;
    pthread_mutex_unlock(&guard.lock);
    return stop;
}

static void tick(void)
{
    uint64_t now = now_ns();
    if (guard.why == GUARD_NOTHING) {
        guard.why = look(now);
        guard.last = now + GRACE_MS * (NS / 1000);
    }
    if (guard.why == GUARD_NOTHING)
        return;
    if (now >= guard.last)
        end_process();
    if (guard.progress)
        atomic_store(&guard.progress->cancelled, true); /* questions to the session end, too */
    pthread_kill(guard.script, GUARD_SIGNAL);
}

static void *watch(void *arg)
{
    (void)arg;
    pthread_mutex_lock(&guard.lock);
    while (guard.runs) {
        uint64_t until = now_ns() + TICK_MS * (NS / 1000);
        struct timespec t = {.tv_sec = (time_t)(until / NS), .tv_nsec = (long)(until % NS)};
        pthread_cond_timedwait(&guard.wake, &guard.lock, &t);
        if (guard.runs)
            tick();
    }
    pthread_mutex_unlock(&guard.lock);
    return NULL;
}

static void limit_data(uint64_t bytes, uint64_t data)
{
    uint64_t most = data + bytes + bytes / 4 + SLACK;
    guard.limited = bytes && getrlimit(RLIMIT_DATA, &guard.data) == 0 && most < guard.data.rlim_cur;
    if (guard.limited)
        setrlimit(RLIMIT_DATA, &(struct rlimit){.rlim_cur = most, .rlim_max = guard.data.rlim_max});
}

void guard_begin(const struct script_owner *o)
{
    uint64_t data;
    pthread_condattr_t attr;
    pthread_condattr_init(&attr);
    pthread_condattr_setclock(&attr, CLOCK_MONOTONIC);
    pthread_cond_init(&guard.wake, &attr);
    pthread_condattr_destroy(&attr);
    guard.script = pthread_self();
    guard.why = GUARD_NOTHING;
    guard.seconds = o->seconds;
    guard.deadline = now_ns() + o->seconds * NS;
    guard.bytes = o->bytes;
    guard.progress = o->call->progress;
    own_bytes(&guard.before, &data);
    guard.runs = true;
    if (pthread_create(&guard.thread, NULL, watch, NULL) != 0)
        mem_exhausted(); /* a script that nothing could end must not begin */
    limit_data(o->bytes, data);
}

enum guard_why guard_end(void)
{
    if (guard.limited)
        setrlimit(RLIMIT_DATA, &guard.data);
    pthread_mutex_lock(&guard.lock);
    guard.runs = false;
    pthread_cond_signal(&guard.wake);
    pthread_mutex_unlock(&guard.lock);
    pthread_join(guard.thread, NULL);
    pthread_cond_destroy(&guard.wake);
    if (guard.progress && guard.why != GUARD_NOTHING && guard.why != GUARD_CANCELLED)
        atomic_store(&guard.progress->cancelled, false); /* that was us */
    return guard.why;
}

void guard_raise(void)
{
    struct text t = {0};
    pthread_mutex_lock(&guard.lock);
    bool limit = guard.why == GUARD_TIME || guard.why == GUARD_MEMORY;
    put_why(&t);
    pthread_mutex_unlock(&guard.lock);
    if (limit)
        PyErr_SetString(py.limit_exceeded, text_str(&t));
    else
        PyErr_SetNone(PyExc_KeyboardInterrupt);
    text_done(&t);
}
