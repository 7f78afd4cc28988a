/* SPDX-License-Identifier: Apache-2.0 */
/* Which thread of the system runs the frames of a PyThreadState. That of a subinterpreter may name the thread that made
 * it, while another runs it. */
#include "rt/cpython/priv.h"

enum { CHUNK = 4096, STACK_MAX = 8 << 20 };

static taddr sp_of(const struct rt *rt, const struct image_thread *th)
{
    uint16_t sp = modules_image(rt->ms)->arch->sp;
    return th && regs_has(&th->regs, sp) ? th->regs.val[sp] : 0;
}

/* Is an address on the used part of a thread's stack, by the mapping of that? Of an unknown stack: it may be. */
static bool is_on_stack(const struct rt *rt, const struct image_thread *th, taddr at)
{
    const struct image *im = modules_image(rt->ms);
    taddr sp = sp_of(rt, th);
    const struct mapping *m = image_mapping(im, sp);
    return !sp || !m || (at >= sp && at < m->end);
}

/* Does the word stand on the thread's stack? */
static bool has_word(struct rt *rt, const struct image_thread *th, uint64_t word)
{
    const struct mapping *m = image_mapping(modules_image(rt->ms), sp_of(rt, th));
    uint8_t buf[CHUNK];
    taddr at = sp_of(rt, th) & ~(taddr)7, end = m ? m->end : at;
    if (end - at > STACK_MAX)
        end = at + STACK_MAX;
    while (at < end) {
        size_t want = end - at < CHUNK ? (size_t)(end - at) : CHUNK, n = py_read_some(rt, at, buf, want);
        for (size_t i = 0; i + sizeof(word) <= n; i += sizeof(word))
            if (memcmp(buf + i, &word, sizeof(word)) == 0)
                return true;
        if (n < want)
            break;
        at += n;
    }
    return false;
}

static taddr first_marker(const struct py_stack *s)
{
    for (size_t i = 0; i < s->frames.n; i++)
        if (s->frames.v[i].marker)
            return s->frames.v[i].marker;
    return 0;
}

/* The only one that fits; NULL: none, or several. */
static const struct image_thread *only_one(struct rt *rt, bool (*fits)(struct rt *, const struct image_thread *, taddr),
                                           taddr what)
{
    const struct image *im = modules_image(rt->ms);
    const struct image_thread *found = NULL;
    for (size_t i = 0; i < im->threads.n; i++) {
        const struct image_thread *th = &im->threads.v[i];
        if (!sp_of(rt, th) || !fits(rt, th, what))
            continue;
        if (found)
            return NULL;
        found = th;
    }
    return found;
}

static bool marker_fits(struct rt *rt, const struct image_thread *th, taddr marker)
{
    return is_on_stack(rt, th, marker);
}

const struct image_thread *py_thread_at(struct rt *rt, taddr at)
{
    return only_one(rt, marker_fits, at);
}

const struct image_thread *py_owner(struct rt *rt, const struct image_thread *named, bool main_interpreter,
                                    const struct py_stack *s)
{
    const struct image_thread *found = NULL;
    taddr marker = first_marker(s);
    if (!s->frames.n)
        return named;
    if (marker)
        found = named && is_on_stack(rt, named, marker) ? named : only_one(rt, marker_fits, marker);
    else if (!main_interpreter)
        found = only_one(rt, has_word, s->frames.v[0].record); /* the function that runs it has its address */
    return found ? found : named;
}
