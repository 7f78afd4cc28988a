/* SPDX-License-Identifier: Apache-2.0 */
/* ADDRESS SPACE: the bytes of a target at one instant, whatever they are kept in.
 *
 * A space is a sorted list of ranges; each has bytes (mapped or copied) for a prefix of its length, and
 * knows why the rest is missing. Reading is a binary search and a copy: no callbacks a word.
 * Threads: read-only once its owner published it; shareable. */
#ifndef IMAGE_SPACE_H
#define IMAGE_SPACE_H

#include "base/mem.h"
#include "image/arch.h"

enum absent {
    ABSENT_NOT_DUMPED, /* mapped in the target, its bytes left out of the dump (filter, MADV_DONTDUMP) */
    ABSENT_TRUNCATED,  /* the dump ends before these bytes */
    ABSENT_NOT_COPIED, /* a live target: not copied during the pause */
};

struct space_range {
    taddr start, end;    /* [start, end) */
    const uint8_t *data; /* the bytes of [start, start + have); NULL when have is 0 */
    uint64_t have;
    uint64_t held;       /* bytes from the start that the dump holds: `have`, or more that only `fallback` can read */
    enum absent absent;  /* what [start + have, end) is */
};

/* Told of what is read, by the thread that reads. */
struct space_watch {
    void (*read)(struct space_watch *w, taddr at, size_t n);
    bool exact; /* wants to know what an answer is made of: nothing is to be read ahead (space_is_exact()) */
};

struct space {
    VEC(struct space_range) ranges; /* sorted, not overlapping */
    struct space_watch *watch;      /* NULL: nobody wants to know */
    /* Second source for what `ranges` lacks (a live target, a packed core); NULL: none. Returns how
     * many bytes it could read from the start. */
    size_t (*fallback)(void *arg, taddr at, void *buf, size_t n);
    void *fallback_arg;
};

void space_done(struct space *s);
/* Adds a range; keep the order by calling space_sort() once after the last. `data` is borrowed. */
void space_add(struct space *s, struct space_range r);
/* Sorts; where ranges overlap, bytes win over their absence, and of two the one added first. */
void space_sort(struct space *s);

/* All n bytes, or an error: ERR_UNMAPPED, ERR_NOT_IN_DUMP or ERR_TRUNCATED at the first bad address. */
struct err *space_read(const struct space *s, taddr at, void *buf, size_t n) MUST_CHECK;
/* Who keeps more than was asked for, to save reads, is not to while this holds. */
static inline bool space_is_exact(const struct space *s)
{
    return s->watch && s->watch->exact;
}
/* How many bytes from `at` could be read (0 to n); never an error object, for hot loops. */
size_t space_read_some(const struct space *s, taddr at, void *buf, size_t n);
/* The same, of which the watch is not told. */
size_t space_peek_some(const struct space *s, taddr at, void *buf, size_t n);
/* n bytes in place when one range holds them all, else NULL. Valid as long as the space. */
const uint8_t *space_view(const struct space *s, taddr at, size_t n);
/* Little-endian word of 1, 2, 4 or 8 bytes. False when it is not there. */
bool space_word(const struct space *s, taddr at, unsigned size, uint64_t *out);
/* A NUL-terminated string of at most `limit` bytes without the NUL; heap string owned by the caller. */
struct err *space_cstr(const struct space *s, taddr at, size_t limit, char **out) MUST_CHECK;
/* The range that holds `at`, or NULL. */
const struct space_range *space_find(const struct space *s, taddr at);

#endif
