/* SPDX-License-Identifier: Apache-2.0 */
/* An image whose memory is a frozen copy of a process. */
#include "image/snapshot/snapshot.h"

#include <errno.h>
#include <inttypes.h>
#include <poll.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/wait.h>

enum {
    PER_THREAD = 16 << 10,   /* bytes of registers: AMX makes them 12 KiB */
    SPARE_THREADS = 256,     /* that begin meanwhile */
    TOUCHED_PER_THREAD = 4 << 10, /* what a thread needs as a rule */
};

struct opening {
    struct image *im;
    struct proc_status status;
    struct snap_order order;
    size_t report_size;
    struct areas areas;
    int channel; /* our end */
    int32_t guardian;
};

static void opening_done(struct opening *o)
{
    closep(&o->order.channel);
    closep(&o->channel);
    if (o->guardian)
        waitpid(o->guardian, NULL, 0);
    if (o->order.report)
        munmap(o->order.report, o->report_size);
    areas_done(&o->areas);
}

/* ---- before ---- */

static struct err *find_instruction(const struct image *im, taddr *out)
{
    const struct call_desc *call = im->arch->call;

    if (!call || im->arch != arch_native())
        return err_new(ERR_UNSUPPORTED, "%s programs cannot be made to fork here", im->arch->name);
    for (size_t i = 0; i < im->maps.n; i++) {
        const struct mapping *m = &im->maps.v[i];
        if (!m->path || strcmp(m->path, "[vdso]") != 0)
            continue;
        size_t n = (size_t)(m->end - m->start);
        SCOPED(freep) uint8_t *code = xmalloc(n);
        n = space_read_some(&im->space, m->start, code, n);
        const uint8_t *at = memmem(code, n, call->insn, call->insn_size);
        if (at) {
            *out = m->start + (uint64_t)(at - code);
            return NULL;
        }
    }
    return err_new(ERR_UNSUPPORTED, "the process has no vDSO, whose system call could be used");
}

/* Memory that the guardian writes into while the target stands still: what is usual is there before. */
static struct err *make_report(struct opening *o)
{
    size_t threads = o->im->threads.n, room = (threads + SPARE_THREADS) * PER_THREAD;

    o->report_size = sizeof(struct snap_report) + room;
    void *p = mmap(NULL, o->report_size, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    if (p == MAP_FAILED)
        return err_errno(errno, "cannot set memory aside for the registers of %zu threads", threads);
    o->order.report = p;
    o->order.report->room = room;
    size_t touched = sizeof(struct snap_report) + threads * TOUCHED_PER_THREAD;
    (void)madvise(p, touched < o->report_size ? touched : o->report_size, MADV_POPULATE_WRITE);
    return NULL;
}

static struct err *begin_guardian(struct opening *o)
{
    int ends[2];

    if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends) != 0)
        return err_errno(errno, "cannot make a channel");
    o->channel = ends[0];
    o->order.channel = ends[1];
    int32_t pid = fork();
    if (pid < 0)
        return err_errno(errno, "cannot start the process that stops the target");
    if (pid == 0)
        guardian_run(&o->order);
    o->guardian = pid;
    closep(&o->order.channel);
    o->order.channel = -1;
    return NULL;
}

/* The process keeps none of the dead children that a guardian which was killed left it: another one sees to it. */
static void clear_up(struct opening *o)
{
    waitpid(o->guardian, NULL, 0);
    o->guardian = 0;
    closep(&o->channel);
    o->channel = -1;
    o->order.orphan = o->order.report->orphan;
    if (o->order.orphan)
        IGNORE_ERR(begin_guardian(o));
}

/* It never waits for long: a target that does not stop is given up. */
static struct err *await_report(struct opening *o)
{
    char byte;
    ssize_t n;

    while ((n = read(o->channel, &byte, 1)) < 0 && errno == EINTR)
        ;
    const struct snap_report *r = o->order.report;
    if (n == 1)
        return NULL;
    if (!r->failed) {
        clear_up(o);
        return err_new(ERR_IO, "the process that stops the target was killed");
    }
    struct err *e = err_new((enum err_code)(r->failed - 1), "%s", r->message);
    return r->hint[0] ? err_hint(e, "%s", r->hint) : e;
}

/* ---- after ---- */

static void set_thread(struct image *im, const struct snap_thread *th, size_t hint)
{
    struct tracee e = {.tid = th->tid, .state = TRACEE_LOST, .why = "it could not be stopped"};

    if (th->gp_size) {
        e.state = TRACEE_STOPPED;
        e.gp_size = th->gp_size;
        memcpy(e.gp, th->gp, th->gp_size);
    }
    live_set_registers(im, live_thread(im, th->tid, hint), &e);
}

static void fill_threads(struct opening *o)
{
    const struct snap_report *r = o->order.report;
    struct image *im = o->im;
    size_t at = 0;

    for (uint32_t i = 0; i < r->n_threads; i++) {
        const struct snap_thread *th = (const struct snap_thread *)(const void *)(r->data + at);
        at += sizeof(*th);
        set_thread(im, th, i);
        struct image_thread *thread = live_thread(im, th->tid, i);
        for (uint32_t k = 0; k < th->n_sets; k++) {
            const struct snap_set *set = (const struct snap_set *)(const void *)(r->data + at);
            const struct regset_desc *d = &im->arch->sets[set->index];
            live_add_note(im, thread, d->owner, d->type, set + 1, set->size);
            at += sizeof(*set) + ((set->size + 7) & ~7u);
        }
    }
    if (r->cut)
        image_problem(im, err_new(ERR_LIMIT, "the registers of some threads are missing: there was no room for them"));
}

/* From now on memory, mappings and what the kernel says of pages are the copy's. */
static struct err *read_copy(struct opening *o)
{
    struct image *im = o->im;
    struct live *l = im->priv;
    SCOPED(proc_done) struct proc copy = PROC_NONE;

    TRY(proc_open(o->order.report->copy, &copy));
    int error = proc_open_mem(&copy, "");
    if (error)
        return err_errno(error, "cannot open the memory of the frozen copy");
    l->origin = l->proc;
    l->proc = copy;
    copy = PROC_NONE;
    l->reader = l->proc.pid;
    size_t n = im->maps.n;
    SCOPED(freep) struct mapping *before = xcalloc(n, sizeof(*before));
    if (n)
        memcpy(before, im->maps.v, n * sizeof(*before));
    TRY(proc_read_maps(&l->proc, "maps", im));
    TRY(areas_use(&o->areas, im, before, n));
    live_finish_space(im);
    return NULL;
}

/* ---- the image ---- */

struct snapshot {
    int channel;
    int32_t guardian;
};

void snapshot_free(struct snapshot *s)
{
    if (!s)
        return;
    closep(&s->channel);
    waitpid(s->guardian, NULL, 0);
    free(s);
}

static struct err *open_snapshot(struct opening *o, int32_t pid, const struct image_snapshot_opts *opts,
                                 struct image_snapshot *out)
{
    struct live *l = o->im->priv;

    TRY(live_prepare(o->im, pid, &o->status));
    TRY(find_instruction(o->im, &o->order.insn));
    heal_find(o->im, &o->order.heal);
    TRY(headroom_check(&l->proc));
    TRY(make_report(o));
    TRY(areas_choose(&o->areas, o->im));
    o->order.areas = o->areas.shared;
    o->order.n_areas = o->areas.n_shared;
    if (progress_cancelled(opts->progress))
        return err_new(ERR_CANCELLED, "looking at process %" PRId32 " was stopped", pid);
    o->order.proc = &l->proc;
    o->order.arch = o->im->arch;
    o->order.seccomp = o->status.seccomp != 0;
    live_describe(o->im);
    TRY(begin_guardian(o));
    TRY(await_report(o));
    fill_threads(o);
    TRY(read_copy(o));
    const struct snap_report *r = o->order.report;
    o->im->pause_ns = r->pause_ns;
    live_describe_capture(o->im, "snapshot");
    *out = (struct image_snapshot){.stop_ns = r->stop_ns, .registers_ns = r->registers_ns, .fork_ns = r->fork_ns};
    l->snapshot = xcalloc(1, sizeof(*l->snapshot));
    *l->snapshot = (struct snapshot){.channel = o->channel, .guardian = o->guardian};
    o->channel = -1;
    o->guardian = 0;
    return NULL;
}

struct err *image_snapshot_open(int32_t pid, const struct image_snapshot_opts *opts, struct image **out,
                                struct image_snapshot *how)
{
    static const struct image_snapshot_opts defaults = {0};
    SCOPED(opening_done) struct opening o = {.im = live_new(pid), .channel = -1, .order.channel = -1};

    struct err *e = open_snapshot(&o, pid, opts ? opts : &defaults, how);
    if (e)
        image_free(o.im);
    else
        *out = o.im;
    return e;
}
