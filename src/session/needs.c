/* SPDX-License-Identifier: Apache-2.0 */
#include "session/needs.h"
#include "session/needs_priv.h"

enum {
    RED_ZONE = 128,             /* bytes below the stack pointer that leaf functions use (x86-64 psABI 3.2.2) */
    LAST_FRAME = 512,           /* bytes of the outermost frame, whose size is not known */
    UNKNOWN_MAX = 1 << 20,      /* bytes of a stack behind where its frames end too early */
    FRAME_MAX = 64 << 20,       /* bytes of one frame */
    BLOCK_BELOW = 4096,         /* bytes of thread-local variables below the thread pointer */
    BLOCK_ABOVE = 4096,         /* the thread library's record of the thread: 2304 bytes in glibc 2.36 */
    VECTOR = 512,               /* bytes of the vector of thread-local blocks */
};

static void on_read(struct space_watch *w, taddr at, size_t n)
{
    struct needs *needs = (struct needs *)(void *)w; /* its first member */

    pthread_mutex_lock(&needs->lock);
    page_set_add(&needs->pages, at, n);
    pthread_mutex_unlock(&needs->lock);
}

void needs_init(struct needs *n)
{
    *n = (struct needs){.watch = {.read = on_read}};
    pthread_mutex_init(&n->lock, NULL);
}

void needs_done(struct needs *n)
{
    pthread_mutex_destroy(&n->lock);
    page_set_done(&n->pages);
}

/* ---- stacks ---- */

struct taking {
    needs_fn *take;
    void *arg;
};

/* [start, end) as far as it lies in the mapping of its start. */
static void take_in_mapping(const struct session *s, const struct taking *t, taddr start, taddr end)
{
    const struct mapping *m = image_mapping(s->im, start);

    if (m && end > start)
        t->take(t->arg, start, (end < m->end ? end : m->end) - start);
}

/* From frame to frame; a signal or a runtime may have changed the stack between two. */
static void take_frames(const struct session *s, const struct frames *f, taddr sp, const struct taking *t)
{
    taddr at = sp < RED_ZONE ? 0 : sp - RED_ZONE;

    if (!image_mapping(s->im, at))
        at = sp;
    for (size_t i = 0; i < f->frames.n; i++) {
        taddr cfa = f->frames.v[i].cfa;
        bool outward = cfa > at && cfa - at <= FRAME_MAX;
        if (!cfa)
            continue;
        take_in_mapping(s, t, at, outward ? cfa : at + LAST_FRAME);
        at = cfa;
    }
    take_in_mapping(s, t, at, at + (f->stopped ? UNKNOWN_MAX : LAST_FRAME));
}

void needs_stacks(struct session *s, needs_fn *take, void *arg)
{
    struct taking t = {take, arg};
    struct unwinder *u = session_unwinder(s);

    for (size_t i = 0; i < s->im->threads.n; i++) {
        const struct image_thread *th = &s->im->threads.v[i];
        SCOPED(frames_done) struct frames frames = {0};
        if (!th->has_regs || !regs_has(&th->regs, s->im->arch->sp))
            continue;
        unwind_stack(u, &th->regs, 0, &frames);
        take_frames(s, &frames, th->regs.val[s->im->arch->sp], &t);
    }
    unwinder_free(u);
}

/* ---- threads and modules, as debuggers find them ---- */

void needs_blocks(const struct session *s, bool variables, needs_fn *take, void *arg)
{
    struct taking t = {take, arg};
    const struct tls_desc *tls = s->im->arch->tls;

    for (size_t i = 0; tls && i < s->im->threads.n; i++) {
        const struct regs *r = &s->im->threads.v[i].regs;
        if (!regs_has(r, tls->tp) || !image_mapping(s->im, r->val[tls->tp]))
            continue;
        taddr tp = r->val[tls->tp], vector;
        const struct mapping *m = image_mapping(s->im, tp);
        taddr start = !variables ? tp : tp - m->start > BLOCK_BELOW ? tp - BLOCK_BELOW : m->start;
        take_in_mapping(s, &t, start, tp + BLOCK_ABOVE);
        if (space_word(&s->im->space, tp + tls->dtv, s->im->arch->addr_size, &vector))
            take_in_mapping(s, &t, vector, vector + VECTOR);
    }
}

/* Where the thread library keeps its lists, which its helper for debuggers reads. */
static bool has_thread_lists(const struct module *m)
{
    static const char *const names[] = {"ld-linux", "ld-2.", "ld.so", "libc.so", "libc-2.", "libpthread"};

    for (size_t i = 0; i < ARRAY_LEN(names); i++)
        if (begins_with(m->name, names[i]))
            return true;
    return false;
}

/* What is read of the list of modules on the way is noted. The first page of each says what it is, and often its build-id. */
void needs_modules(struct session *s, needs_fn *take, void *arg)
{
    enum { LINK_WORDS = 5 }; /* of struct link_map that are public: debuggers go through them both ways */
    struct module_links links = modules_links(s->ms);

    for (size_t i = 0; i < links.n; i++)
        take(arg, links.v[i].at, (uint64_t)LINK_WORDS * s->im->arch->addr_size);
    for (size_t i = 0; i < modules_count(s->ms); i++) {
        const struct module *m = modules_get(s->ms, i);
        take(arg, m->start, m->is_vdso ? m->end - m->start : IMAGE_PAGE);
        for (size_t k = 0; k < s->im->maps.n && has_thread_lists(m); k++) {
            const struct mapping *map = &s->im->maps.v[k];
            if (map->start >= m->start && map->end <= m->end && (map->prot & PROT_BIT_WRITE))
                take(arg, map->start, map->end - map->start);
        }
    }
}

/* Notes what the questions read. Their answers, and why there is none, are of no interest. */
static void ask_process(struct session *s)
{
    SCOPED(freep) char *environment = NULL, *arguments = NULL;
    size_t n;

    IGNORE_ERR(image_environ(s->im, &environment, &n));
    IGNORE_ERR(image_arguments(s->im, &arguments, &n));
}

static void add_pages(void *arg, taddr at, uint64_t n)
{
    struct page_set *pages = arg;

    page_set_add(pages, at, n);
}

struct err *needs_find(struct session *s, uint64_t heap, struct needs *n)
{
    SCOPED(page_set_done) struct page_set threads = {0}, other = {0};
    const struct sstack *stacks;
    size_t n_stacks;

    TRY(session_stacks(s, &stacks, &n_stacks));
    ask_process(s);
    TRY(needs_ask_tasks(s, true));
    needs_stacks(s, add_pages, &threads);
    needs_runtimes(s, add_pages, &other);
    needs_blocks(s, true, add_pages, &other);
    needs_modules(s, add_pages, &other);
    s->im->space.watch = NULL;
    page_set_add_all(&n->pages, &threads);
    page_set_add_all(&n->pages, &other);
    if (heap)
        TRY(needs_heap(s, &threads, heap, &n->pages));
    return session_check(s);
}
