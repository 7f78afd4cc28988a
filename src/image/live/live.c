/* SPDX-License-Identifier: Apache-2.0 */
/* An image of a running process. What does not need it to stand still is read before the stop, and what can
 * be worked out is worked out after it. */
#include "image/live/live.h"

#include <elf.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <sys/stat.h>
#include <time.h>

enum {
    RED_ZONE = 128,           /* bytes below the stack pointer that leaf functions use (x86-64 psABI 3.2.2) */
    STACK_MAX = 64 << 20,     /* bytes of one stack that are copied */
    BUDGET_DEFAULT = 256 << 20,
};

struct live {
    struct proc proc;
    int32_t reader; /* a thread whose /proc files work: the leader may have ended before the others */
    struct stacks stacks;
};

/* One opening, while it lasts. */
struct opening {
    struct image *im;
    struct live *live;
    struct proc_status status;
    const struct image_live_opts *opts;
};

static void live_free(struct image *im)
{
    struct live *l = im->priv;

    if (!l)
        return;
    stacks_done(&l->stacks);
    proc_done(&l->proc);
    free(l);
}

/* "maps" of the thread that is read through; `buf` holds it. */
static const char *own(const struct live *l, char buf[64], const char *name)
{
    snprintf(buf, 64, "task/%" PRId32 "/%s", l->reader, name);
    return buf;
}

static int open_at(const struct live *l, const char *name)
{
    char path[64];
    return openat(l->proc.dir, own(l, path, name), O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
}

static bool same_file(int fd, const struct mapping *m)
{
    struct stat st;

    if (fstat(fd, &st) != 0 || !S_ISREG(st.st_mode))
        return false;
    /* Only the inode: file systems such as btrfs and overlayfs report another device in maps. */
    return m->inode == 0 || st.st_ino == m->inode;
}

static int open_if_same(int dir, const char *path, const struct mapping *m)
{
    SCOPED(closep) int fd = openat(dir, path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
    int out = -1;

    if (fd >= 0 && same_file(fd, m)) {
        out = fd;
        fd = -1;
    }
    return out;
}

static struct err *live_open_mapped(struct image *im, const struct mapping *m, int *out)
{
    const struct live *l = im->priv;
    char name[64];
    int fd = -1;

    if (!m->path || m->path[0] != '/')
        return err_new(ERR_NOT_FOUND, "no file is mapped at 0x%" PRIx64, m->start);
    if (!m->deleted) {
        /* The kernel names a file as the reader would where it can (a chroot), else as its own mount
         * namespace does (a container). */
        SCOPED(freep) char *below_root = xasprintf("root%s", m->path);
        fd = open_if_same(l->proc.dir, below_root, m);
        if (fd < 0)
            fd = open_if_same(AT_FDCWD, m->path, m);
    }
    if (fd < 0) {
        /* The kernel's own link to the file, which works for unlinked and replaced ones. */
        snprintf(name, sizeof(name), "map_files/%" PRIx64 "-%" PRIx64, m->start, m->end);
        fd = openat(l->proc.dir, name, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    }
    if (fd >= 0) {
        *out = fd;
        return NULL;
    }
    if (errno == EPERM || errno == EACCES)
        return err_hint(
            err_new(ERR_PERMISSION, "%s was deleted or replaced, and its mapped content may not be opened", m->path),
            "run it as root (CAP_CHECKPOINT_RESTORE)");
    return err_errno(errno, "cannot open %s of process %" PRId32, m->path, l->proc.pid);
}

static const struct image_ops live_ops = {.open_mapped = live_open_mapped, .free = live_free};

/* What the pause did not copy comes from the process as it is now; the descriptor is bound to the memory
 * that was there, so a process that has ended or has run another program gives nothing. */
static size_t read_memory(void *arg, taddr at, void *buf, size_t n)
{
    const struct live *l = arg;
    size_t done = 0;

    while (done < n && at + done <= INT64_MAX) {
        ssize_t got = pread(l->proc.mem, (uint8_t *)buf + done, n - done, (off_t)(at + done));
        if (got < 0 && errno == EINTR)
            continue;
        if (got <= 0)
            break;
        done += (size_t)got;
    }
    return done;
}

static bool has_ended(char state)
{
    return state == 'Z' || state == 'X';
}

/* Threads with name and state, before anything is stopped. */
static struct err *read_threads(struct opening *o)
{
    struct image *im = o->im;
    SCOPED(freep) int32_t *tids = NULL;
    size_t n = 0;
    int error = proc_list_tasks(&o->live->proc, &tids, &n);

    if (error)
        return err_errno(error, "cannot list the threads of process %" PRId32, o->live->proc.pid);
    for (size_t i = 0; i < n; i++) {
        char name[64];
        struct proc_stat st;
        snprintf(name, sizeof(name), "task/%" PRId32 "/stat", tids[i]);
        struct err *e = proc_read_stat(&o->live->proc, name, &st);
        if (e) {
            err_free(e); /* it has ended since it was listed */
            continue;
        }
        *vec_push(&im->threads) =
            (struct image_thread){.tid = tids[i], .state = st.state, .name = arena_strdup(&im->arena, st.comm)};
        if (!o->live->reader && !has_ended(st.state))
            o->live->reader = tids[i];
    }
    return NULL;
}

static const struct arch *arch_of_exe(const struct live *l)
{
    SCOPED(closep) int fd = open_at(l, "exe");
    uint8_t head[20];

    if (fd < 0 || pread(fd, head, sizeof(head), 0) != sizeof(head) || memcmp(head, ELFMAG, SELFMAG) != 0)
        return NULL;
    return arch_find((uint16_t)(head[18] | head[19] << 8), head[EI_CLASS]);
}

static void read_auxv(struct opening *o)
{
    SCOPED(freep) char *text = NULL;
    char name[64];
    size_t n = 0;
    struct err *e = proc_slurp(&o->live->proc, own(o->live, name, "auxv"), &text, &n);

    if (e) {
        image_problem(o->im, e);
        return;
    }
    struct cursor c = cursor_of((struct bytes){(const uint8_t *)text, n}, 0, "auxv");
    for (;;) {
        unsigned word = o->im->arch->addr_size;
        struct image_auxv v = {.type = cursor_uint(&c, word), .value = cursor_uint(&c, word)};
        if (c.failed || v.type == AT_NULL)
            break;
        *vec_push(&o->im->auxv) = v;
    }
}

static void read_limits(struct opening *o)
{
    SCOPED(freep) char *text = NULL;
    char *save = NULL;
    struct err *e = proc_slurp(&o->live->proc, "limits", &text, NULL);

    if (e) {
        image_problem(o->im, e);
        return;
    }
    for (char *line = strtok_r(text, "\n", &save); line; line = strtok_r(NULL, "\n", &save))
        *vec_push(&o->im->limits) = arena_strdup(&o->im->arena, line);
}

static uint64_t clock_seconds(clockid_t id)
{
    struct timespec ts = {0};
    clock_gettime(id, &ts);
    return (uint64_t)ts.tv_sec;
}

static void read_times(struct opening *o)
{
    struct proc_stat st;
    uint64_t hz = (uint64_t)sysconf(_SC_CLK_TCK);
    struct err *e = proc_read_stat(&o->live->proc, "stat", &st);

    o->im->dump_time = clock_seconds(CLOCK_REALTIME);
    if (e) {
        image_problem(o->im, e);
        return;
    }
    o->im->start_time = o->im->dump_time - clock_seconds(CLOCK_BOOTTIME) + st.start / hz;
    o->im->utime_ms = st.utime * 1000 / hz;
    o->im->stime_ms = st.stime * 1000 / hz;
}

static void read_process(struct opening *o)
{
    struct image *im = o->im;
    const struct proc_status *st = &o->status;
    SCOPED(freep) char *cmdline = NULL;
    char name[64];
    size_t n = 0;

    im->pid = o->live->proc.pid;
    im->ppid = st->ppid;
    im->uid = st->uid[0];
    im->gid = st->gid[0];
    im->has_ids = true;
    im->comm = arena_strdup(&im->arena, im->threads.v[0].name);

    SCOPED(freep) char *exe = proc_readlink(&o->live->proc, own(o->live, name, "exe"));
    bool deleted;
    if (exe)
        im->exe = image_mapped_path(im, exe, &deleted);
    struct err *e = proc_slurp(&o->live->proc, own(o->live, name, "cmdline"), &cmdline, &n);
    if (e)
        image_problem(im, e);
    else
        im->cmdline = image_join_arguments(im, cmdline, n);
    read_times(o);
    read_limits(o);
    read_auxv(o);
}

static struct image_thread *thread_of(struct image *im, int32_t tid, size_t hint)
{
    size_t n = im->threads.n;

    for (size_t i = 0; i < n; i++) {
        struct image_thread *t = &im->threads.v[(hint + i) % n];
        if (t->tid == tid)
            return t;
    }
    *vec_push(&im->threads) = (struct image_thread){.tid = tid};
    return &im->threads.v[n];
}

/* From the registers as ptrace gave them. A 32-bit program has a smaller set. */
static void set_registers(struct image *im, struct image_thread *t, const struct tracee *e)
{
    if (e->state != TRACEE_STOPPED) {
        t->why = e->why;
        return;
    }
    if (e->gp_size != im->arch->prstatus_reg_size) {
        t->why = "it runs code of another word size than its program";
        return;
    }
    uint8_t *gp = arena_alloc(&im->arena, e->gp_size);
    memcpy(gp, e->gp, e->gp_size);
    t->gp = (struct bytes){gp, e->gp_size};
    arch_regs_from_prstatus(im->arch, t->gp, &t->regs);
    t->has_regs = true;
}

static void set_threads(struct opening *o, const struct tracer *t)
{
    for (size_t i = 0; i < t->tracees.n; i++)
        set_registers(o->im, thread_of(o->im, t->tracees.v[i].tid, i), &t->tracees.v[i]);
}

/* The used part of the stack: from the stack pointer to the end of its mapping. */
static bool want_stack(const struct opening *o, taddr sp, struct stack_want *out)
{
    const struct mapping *m = image_mapping(o->im, sp);
    taddr start = sp;

    /* After an overflow it points into the guard area; the stack lies right above. */
    if (m && !(m->prot & PROT_BIT_READ)) {
        start = m->end;
        m = image_mapping(o->im, start);
    } else if (m) {
        start = sp - m->start > RED_ZONE ? sp - RED_ZONE : m->start;
    }
    if (!m || !(m->prot & PROT_BIT_READ))
        return false;
    uint64_t size = m->end - start;
    *out = (struct stack_want){.start = start, .end = start + (size < STACK_MAX ? size : STACK_MAX)};
    return true;
}

static bool stack_pointer(const struct image *im, const struct tracee *e, taddr *out)
{
    struct regs regs;

    if (e->state != TRACEE_STOPPED || e->gp_size != im->arch->prstatus_reg_size)
        return false;
    arch_regs_from_prstatus(im->arch, (struct bytes){e->gp, e->gp_size}, &regs);
    *out = regs.val[im->arch->sp];
    return true;
}

static size_t collect_stacks(const struct opening *o, const struct tracer *t, struct stack_want *want, size_t *missed)
{
    size_t n = 0;

    *missed = 0;
    for (size_t i = 0; i < t->tracees.n; i++) {
        taddr sp;
        if (!stack_pointer(o->im, &t->tracees.v[i], &sp))
            continue;
        if (want_stack(o, sp, &want[n]))
            n++;
        else
            ++*missed;
    }
    return n;
}

/* The rest of what is mapped, to be read when asked for. Stacks and what a runtime copied come first and win. */
static void finish_space(struct image *im)
{
    for (size_t i = 0; i < im->maps.n; i++)
        space_add(&im->space, (struct space_range){
                                  .start = im->maps.v[i].start, .end = im->maps.v[i].end, .absent = ABSENT_NOT_COPIED});
    space_sort(&im->space);
}

static void while_stopped(struct tracer *t, void *arg)
{
    struct opening *o = arg;
    struct image *im = o->im;
    SCOPED(freep) struct stack_want *want = xcalloc(t->tracees.n + 1, sizeof(*want));
    size_t missed, n = collect_stacks(o, t, want, &missed);
    char name[64];

    if (missed) {
        /* Stacks that are younger than the list of mappings. */
        image_problem(im, proc_read_maps(&o->live->proc, own(o->live, name, "maps"), im));
        n = collect_stacks(o, t, want, &missed);
    }
    stacks_copy(&o->live->stacks, o->live->reader, want, n);
    for (size_t i = 0; i < n; i++)
        space_add(&im->space, (struct space_range){.start = want[i].start,
                                                   .end = want[i].start + want[i].have,
                                                   .data = want[i].data,
                                                   .have = want[i].have,
                                                   .absent = ABSENT_NOT_COPIED});
    if (o->opts->while_stopped) {
        set_threads(o, t);
        finish_space(im);
        o->opts->while_stopped(im, o->opts->arg);
        space_sort(&im->space);
    }
}

static struct err *stop_and_copy(struct opening *o)
{
    SCOPED(tracer_done)
    struct tracer t = {.proc = &o->live->proc,
                       .arch = o->im->arch,
                       .only_tid = o->opts->only_tid,
                       .while_stopped = while_stopped,
                       .arg = o};
    size_t stopped = 0;

    if (progress_cancelled(o->opts->progress))
        return err_new(ERR_CANCELLED, "looking at process %" PRId32 " was stopped", o->live->proc.pid);
    stacks_prepare(&o->live->stacks, o->im->threads.n, o->opts->stack_budget ? o->opts->stack_budget : BUDGET_DEFAULT);
    TRY(tracer_run(&t));
    o->im->pause_ns = t.pause_ns;
    for (size_t i = 0; i < t.tracees.n; i++)
        stopped += t.tracees.v[i].state == TRACEE_STOPPED;
    if (stopped == 0 && t.error) {
        struct proc_status now;
        TRY(proc_read_status(&o->live->proc, "status", &now));
        if (now.tracer)
            return refuse_tracer(&o->live->proc, &now);
        return t.error == EPERM || t.error == EACCES
                   ? refuse_permission(&o->live->proc, &o->status)
                   : err_errno(t.error, "cannot trace process %" PRId32, o->live->proc.pid);
    }
    if (t.tracees.n == 0)
        return err_new(ERR_GONE, "process %" PRId32 " ended while it was looked at", o->live->proc.pid);
    if (!o->opts->while_stopped) { /* otherwise this was done before the callback */
        set_threads(o, &t);
        finish_space(o->im);
    }
    return NULL;
}

static struct err *check_thread(const struct opening *o)
{
    for (size_t i = 0; i < o->im->threads.n; i++)
        if (o->im->threads.v[i].tid == o->opts->only_tid)
            return NULL;
    return err_new(ERR_NOT_FOUND, "process %" PRId32 " has no thread %" PRId32, o->live->proc.pid, o->opts->only_tid);
}

static struct err *open_live(struct opening *o, int32_t pid)
{
    struct live *l = o->live;
    char name[64];

    TRY(proc_open(pid, &l->proc));
    TRY(proc_read_status(&l->proc, "status", &o->status));
    TRY(read_threads(o));
    TRY(refuse_kind(&l->proc, &o->status, l->reader != 0));
    if (o->opts->only_tid)
        TRY(check_thread(o));
    int error = proc_open_mem(&l->proc, own(l, name, "mem"));
    if (error == EPERM || error == EACCES)
        return refuse_permission(&l->proc, &o->status);
    if (error)
        return err_errno(error, "cannot open the memory of process %" PRId32, l->proc.pid);
    if (l->proc.pid != pid)
        image_problem(o->im, err_new(ERR_USAGE, "%" PRId32 " is a thread of process %" PRId32 " (%s), which is shown",
                                     pid, l->proc.pid, o->status.comm));
    o->im->arch = arch_of_exe(l);
    if (!o->im->arch)
        o->im->arch = arch_native();
    o->im->space.fallback = read_memory;
    o->im->space.fallback_arg = l;
    read_process(o);
    TRY(proc_read_maps(&l->proc, own(l, name, "maps"), o->im));
    return stop_and_copy(o);
}

struct err *image_live_open(int32_t pid, const struct image_live_opts *opts, struct image **out)
{
    static const struct image_live_opts defaults = {0};
    char path[32];

    snprintf(path, sizeof(path), "/proc/%" PRId32, pid);
    struct opening o = {
        .im = image_new(IMAGE_LIVE, path), .live = xcalloc(1, sizeof(struct live)), .opts = opts ? opts : &defaults};
    o.live->proc = (struct proc){.dir = -1, .mem = -1};
    o.im->priv = o.live;
    o.im->ops = &live_ops;

    struct err *e = open_live(&o, pid);
    if (e) {
        image_free(o.im);
        return e;
    }
    *out = o.im;
    return NULL;
}
