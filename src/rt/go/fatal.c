/* SPDX-License-Identifier: Apache-2.0 */
/* What the runtime said before it died. It keeps what print wrote before threads began to die in a ring,
 * runtime.printBacklog (runtime/print.go): "fatal error: all goroutines are asleep - deadlock!\n". */
#include "rt/go/priv.h"

enum { BACKLOG = 512 }; /* bytes of the ring */

static const char says[] = "fatal error: ";

static bool is_dying(struct rt *rt)
{
    struct go_ms ms = go_threads(rt);
    uint64_t dying;
    for (size_t i = 0; i < ms.n; i++)
        if (go_field(rt, ms.v[i].at, rt->layout->m_dying, &dying) && (uint32_t)dying)
            return true;
    return false;
}

/* The ring from a byte on, without what was never written. False: it cannot be read. */
static bool read_ring(const struct rt *rt, taddr at, uint64_t oldest, char text[static BACKLOG + 1])
{
    char ring[BACKLOG];
    size_t n = 0;
    if (modules_read_some(rt->ms, at, ring, BACKLOG) != BACKLOG)
        return false;
    for (size_t i = 0; i < BACKLOG; i++) {
        char c = ring[(oldest + i) % BACKLOG];
        if (c)
            text[n++] = c;
    }
    text[n] = 0;
    return true;
}

/* The last line that begins so, and ends. */
static const char *last_line(struct rt *rt, const char *text)
{
    const char *found = NULL;
    for (const char *p = strstr(text, says); p; p = strstr(p + 1, says))
        found = p + sizeof(says) - 1;
    const char *end = found ? strchr(found, '\n') : NULL;
    return end && end != found ? arena_strndup(&rt->arena, found, (size_t)(end - found)) : NULL;
}

/* The line in what could be the ring, if `index` could be where writing goes on in it: behind the end of a line. */
static const char *line_in(struct rt *rt, taddr ring, taddr index)
{
    uint64_t oldest;
    char text[BACKLOG + 1], last;
    if (!go_word(rt, index, &oldest) || oldest >= BACKLOG ||
        modules_read_some(rt->ms, ring + (oldest + BACKLOG - 1) % BACKLOG, &last, 1) != 1 || last != '\n')
        return NULL;
    return read_ring(rt, ring, oldest, text) ? last_line(rt, text) : NULL;
}

/* Without symbols: runtime.recordForPanic writes to the ring, and names few variables beside it and its index. */
static const char *line_by_code(struct rt *rt)
{
    taddr refs[GO_REFS_MAX];
    const char *found = NULL;
    size_t n = go_refs(rt, "runtime.recordForPanic", refs, GO_REFS_MAX);
    for (size_t i = 0; i < n * n; i++) {
        const char *line = i / n != i % n ? line_in(rt, refs[i / n], refs[i % n]) : NULL;
        if (line && found && strcmp(line, found) != 0)
            return NULL; /* which of them it is cannot be told */
        found = line ? line : found;
    }
    return found;
}

const char *go_fatal(struct rt *rt)
{
    taddr ring, index;
    uint64_t oldest;
    char text[BACKLOG + 1];
    if (!rt->layout || !is_dying(rt))
        return NULL;
    if (!go_symbol(rt, "runtime.printBacklog", &ring) || !go_symbol(rt, "runtime.printBacklogIndex", &index))
        return line_by_code(rt);
    return go_word(rt, index, &oldest) && oldest < BACKLOG && read_ring(rt, ring, oldest, text) ? last_line(rt, text)
                                                                                                : NULL;
}
