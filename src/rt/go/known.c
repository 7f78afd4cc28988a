/* SPDX-License-Identifier: Apache-2.0 */
/* Structs of Go's standard library whose fields need explaining: times, locks, atomic numbers. Members are found by
 * name; when one is missing the struct is shown as it is. */
#include "rt/go/priv.h"

#include <inttypes.h>
#include <time.h>

enum { WRAPPED_MAX = 4 };

/* A number, in whatever structs it is wrapped: atomic types keep it in `v`, Mutex from Go 1.24 in `mu`. */
static bool number(struct values *vs, const struct value *v, const char *name, uint64_t *out)
{
    struct value member;
    struct err *e = value_member(vs, v, name, &member);
    for (int i = 0; !e && i < WRAPPED_MAX && type_is_record(type_strip(member.type)); i++) {
        struct value wrapper = member;
        e = value_member(vs, &wrapper, "v", &member);
    }
    if (!e)
        e = value_int(vs, &member, out);
    bool good = !e;
    err_free(e); /* then the struct is shown as it is, and says what is wrong with it */
    return good;
}

static bool say(struct values *vs, struct presentation *out, const char *text)
{
    *out = (struct presentation){.kind = PRESENT_TEXT, .summary = arena_strdup(vs->arena, text)};
    return true;
}

/* ---- sync ---- */

enum { MUTEX_LOCKED = 1, MUTEX_STARVING = 4, MUTEX_WAITERS = 3 /* shift: sync/mutex.go */ };

static bool mutex_state(struct values *vs, const struct value *v, uint64_t *state)
{
    struct value inner;
    struct err *e = value_member(vs, v, "mu", &inner);
    bool wrapped = !e;
    err_free(e); /* until Go 1.23 it holds its state itself */
    return number(vs, wrapped ? &inner : v, "state", state);
}

static bool present_mutex(struct values *vs, const struct value *v, struct presentation *out)
{
    uint64_t state;
    if (!mutex_state(vs, v, &state))
        return false;
    uint32_t waiters = (uint32_t)state >> MUTEX_WAITERS;
    const char *locked = state & MUTEX_LOCKED ? "locked" : "unlocked";
    const char *starving = state & MUTEX_STARVING ? ", starving" : "";
    if (!waiters)
        return say(vs, out, arena_printf(vs->arena, "%s%s", locked, starving));
    return say(vs, out, arena_printf(vs->arena, "%s, %" PRIu32 " waiting%s", locked, waiters, starving));
}

/* sync/rwmutex.go: a writer that holds or wants the lock takes rwmutexMaxReaders from readerCount. */
static bool present_rwmutex(struct values *vs, const struct value *v, struct presentation *out)
{
    const int32_t most = 1 << 30;
    uint64_t count, wait;
    if (!number(vs, v, "readerCount", &count) || !number(vs, v, "readerWait", &wait))
        return false;
    int32_t readers = (int32_t)count;
    if (readers == 0)
        return say(vs, out, "unlocked");
    if (readers > 0)
        return say(vs, out, arena_printf(vs->arena, "read-locked by %" PRId32, readers));
    if ((int32_t)wait > 0)
        return say(vs, out, arena_printf(vs->arena, "read-locked by %" PRId32 ", a writer waiting", (int32_t)wait));
    if (readers + most == 0)
        return say(vs, out, "write-locked");
    return say(vs, out, arena_printf(vs->arena, "write-locked, %" PRId32 " waiting", readers + most));
}

/* sync/waitgroup.go: the counter above the waiters; from Go 1.25 bit 31 is a flag. */
static bool present_wait_group(struct values *vs, const struct value *v, struct presentation *out)
{
    uint64_t state;
    if (!number(vs, v, "state", &state) && !number(vs, v, "state1", &state))
        return false;
    return say(vs, out,
               arena_printf(vs->arena, "%" PRId32 " to finish, %" PRIu32 " waiting", (int32_t)(state >> 32),
                            (uint32_t)state & 0x7fffffff));
}

static bool present_once(struct values *vs, const struct value *v, struct presentation *out)
{
    uint64_t done;
    return number(vs, v, "done", &done) && say(vs, out, done ? "done" : "not done");
}

/* ---- sync/atomic ---- */

static bool present_signed(struct values *vs, const struct value *v, struct presentation *out)
{
    uint64_t n;
    return number(vs, v, "v", &n) && say(vs, out, arena_printf(vs->arena, "%" PRId64, (int64_t)n));
}

static bool present_unsigned(struct values *vs, const struct value *v, struct presentation *out)
{
    uint64_t n;
    return number(vs, v, "v", &n) && say(vs, out, arena_printf(vs->arena, "%" PRIu64, n));
}

static bool present_bool(struct values *vs, const struct value *v, struct presentation *out)
{
    uint64_t n;
    return number(vs, v, "v", &n) && say(vs, out, n ? "true" : "false");
}

/* ---- time ---- */

/* time/time.go: seconds count from the year 1, or with a monotonic clock from 1885. */
static bool seconds_of(uint64_t wall, int64_t ext, int64_t *unix_seconds)
{
    const int64_t year_1_to_1970 = INT64_C(62135596800), year_1_to_1885 = INT64_C(59453308800);
    int64_t seconds = wall >> 63 ? year_1_to_1885 + (int64_t)(wall << 1 >> 31) : ext;
    return !__builtin_sub_overflow(seconds, year_1_to_1970, unix_seconds);
}

/* ", Europe/Berlin"; "" for UTC. */
static const char *zone_of(struct values *vs, const struct value *v)
{
    struct value loc, zone, name;
    uint64_t at, n;
    struct err *e = value_member(vs, v, "loc", &loc);
    if (!e)
        e = value_int(vs, &loc, &at);
    if (!e && !at)
        return "";
    if (!e)
        e = value_deref(vs, &loc, &zone);
    if (!e)
        e = value_member(vs, &zone, "name", &name);
    if (!e)
        e = go_number(vs, &name, "str", &at);
    if (!e)
        e = go_number(vs, &name, "len", &n);
    if (e || n > 100) {
        err_free(e); /* the moment is known without its zone */
        return ", zone unknown";
    }
    char *text = arena_alloc(vs->arena, n + 1);
    text[n] = 0;
    if (modules_read_some(vs->ms, at, text, n) != n)
        return ", zone unknown";
    return n == 0 || strcmp(text, "UTC") == 0 ? "" : arena_printf(vs->arena, ", %s", text);
}

static bool present_time(struct values *vs, const struct value *v, struct presentation *out)
{
    uint64_t wall, ext;
    int64_t seconds;
    struct tm tm;
    char text[64], fraction[16] = "";
    if (!number(vs, v, "wall", &wall) || !number(vs, v, "ext", &ext) || !seconds_of(wall, (int64_t)ext, &seconds))
        return false;
    time_t moment = (time_t)seconds;
    if (!gmtime_r(&moment, &tm))
        return false;
    uint32_t nanoseconds = (uint32_t)(wall & ((1u << 30) - 1));
    if (nanoseconds) {
        snprintf(fraction, sizeof(fraction), ".%09" PRIu32, nanoseconds);
        for (size_t n = strlen(fraction); n && fraction[n - 1] == '0'; n--)
            fraction[n - 1] = 0;
    }
    snprintf(text, sizeof(text), "%04lld-%02d-%02dT%02d:%02d:%02d", (long long)tm.tm_year + 1900, tm.tm_mon + 1,
             tm.tm_mday, tm.tm_hour, tm.tm_min, tm.tm_sec);
    return say(vs, out, arena_printf(vs->arena, "%s%sZ%s", text, fraction, zone_of(vs, v)));
}

/* ---- all ---- */

bool go_present_struct(struct rt *rt, struct values *vs, const struct value *v, struct presentation *out)
{
    static const struct {
        const char *name;
        bool (*present)(struct values *vs, const struct value *v, struct presentation *out);
    } rows[] = {
        {"time.Time", present_time},
        {"sync.Mutex", present_mutex},
        {"internal/sync.Mutex", present_mutex},
        {"sync.RWMutex", present_rwmutex},
        {"sync.WaitGroup", present_wait_group},
        {"sync.Once", present_once},
        {"sync/atomic.Int32", present_signed},
        {"sync/atomic.Int64", present_signed},
        {"sync/atomic.Uint32", present_unsigned},
        {"sync/atomic.Uint64", present_unsigned},
        {"sync/atomic.Uintptr", present_unsigned},
        {"sync/atomic.Bool", present_bool},
    };
    (void)rt;
    struct value own = *v;
    own.type = type_strip(v->type);
    for (size_t i = 0; own.type->name && i < ARRAY_LEN(rows); i++)
        if (strcmp(own.type->name, rows[i].name) == 0)
            return rows[i].present(vs, &own, out);
    return false;
}
