/* SPDX-License-Identifier: Apache-2.0 */
/* What an image of a process has from /proc, whether it is held or only copied. */
#include "image/live/live.h"

#include <elf.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <sys/ptrace.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <time.h>

enum {
    AT_ONCE = 32 << 10, /* bytes */
    SET_MAX = 64 << 10, /* bytes of a register set: AMX makes NT_X86_XSTATE 11 KiB */
};

const char *live_own(const struct live *l, char buf[64], const char *name)
{
    snprintf(buf, 64, "task/%" PRId32 "/%s", l->reader, name);
    return buf;
}

static int open_at(const struct live *l, const char *name)
{
    char path[64];
    return openat(l->proc.dir, live_own(l, path, name), O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
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

/* Whose memory holds `at`, and how far: that of the process, or of its frozen copy. */
static int memory_at(const struct live *l, taddr at, size_t *n)
{
    const struct live_area *a = live_area(l, at);

    while (a && !a->elsewhere)
        a = a + 1 < l->areas.v + l->areas.n ? a + 1 : NULL;
    if (!a || a->start >= at + *n)
        return l->proc.mem;
    taddr next = at < a->start ? a->start : a->end;
    *n = next - at < *n ? (size_t)(next - at) : *n;
    return at < a->start ? l->proc.mem : l->origin.mem;
}

/* What the pause did not copy comes from the process as it is now; the descriptor is bound to the memory
 * that was there, so a process that has ended or has run another program gives nothing. */
static size_t read_memory(void *arg, taddr at, void *buf, size_t n)
{
    const struct live *l = arg;
    size_t done = 0;

    /* A process that is held keeps its id and its memory. For much this is faster by half; what it cannot read
     * (PROT_NONE) the file can. */
    if (l->held && n >= AT_ONCE) {
        struct iovec to = {.iov_base = buf, .iov_len = n}, from = {.iov_base = (void *)(uintptr_t)at, .iov_len = n};
        ssize_t got = process_vm_readv(l->reader, &to, 1, &from, 1, 0);
        done = got > 0 ? (size_t)got : 0;
    }

    while (done < n && at + done <= INT64_MAX) {
        size_t part = n - done;
        int fd = memory_at(l, at + done, &part);
        ssize_t got = pread(fd, (uint8_t *)buf + done, part, (off_t)(at + done));
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
static struct err *read_threads(struct image *im)
{
    struct live *l = im->priv;
    SCOPED(freep) int32_t *tids = NULL;
    size_t n = 0;
    int error = proc_list_tasks(&l->proc, &tids, &n);

    if (error)
        return err_errno(error, "cannot list the threads of process %" PRId32, l->proc.pid);
    for (size_t i = 0; i < n; i++) {
        char name[64];
        struct proc_stat st;
        snprintf(name, sizeof(name), "task/%" PRId32 "/stat", tids[i]);
        struct err *e = proc_read_stat(&l->proc, name, &st);
        if (e) {
            err_free(e); /* it has ended since it was listed */
            continue;
        }
        *vec_push(&im->threads) =
            (struct image_thread){.tid = tids[i], .state = st.state, .name = arena_strdup(&im->arena, st.comm)};
        if (!l->reader && !has_ended(st.state))
            l->reader = tids[i];
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

static void read_auxv(struct image *im)
{
    const struct live *l = im->priv;
    SCOPED(freep) char *text = NULL;
    char name[64];
    size_t n = 0;
    struct err *e = proc_slurp(&l->proc, live_own(l, name, "auxv"), &text, &n);

    if (e) {
        image_problem(im, e);
        return;
    }
    struct cursor c = cursor_of((struct bytes){(const uint8_t *)text, n}, 0, "auxv");
    for (;;) {
        unsigned word = im->arch->addr_size;
        struct image_auxv v = {.type = cursor_uint(&c, word), .value = cursor_uint(&c, word)};
        if (c.failed || v.type == AT_NULL)
            break;
        *vec_push(&im->auxv) = v;
    }
}

static void read_limits(struct image *im)
{
    const struct live *l = im->priv;
    SCOPED(freep) char *text = NULL;
    char *save = NULL;
    struct err *e = proc_slurp(&l->proc, "limits", &text, NULL);

    if (e) {
        image_problem(im, e);
        return;
    }
    for (char *line = strtok_r(text, "\n", &save); line; line = strtok_r(NULL, "\n", &save))
        *vec_push(&im->limits) = arena_strdup(&im->arena, line);
}

static uint64_t clock_seconds(clockid_t id)
{
    struct timespec ts = {0};
    clock_gettime(id, &ts);
    return (uint64_t)ts.tv_sec;
}

/* Not so in a time namespace of its own (time_namespaces(7)). */
static bool shares_clock(const struct live *l)
{
    char path[64], theirs[64], ours[64];
    ssize_t n = readlinkat(l->proc.dir, live_own(l, path, "ns/time"), theirs, sizeof(theirs));
    ssize_t own = readlink("/proc/self/ns/time", ours, sizeof(ours));
    return own < 0 || (n == own && memcmp(theirs, ours, (size_t)n) == 0);
}

static void read_stat(struct image *im)
{
    const struct live *l = im->priv;
    struct proc_stat st;
    uint64_t hz = (uint64_t)sysconf(_SC_CLK_TCK);
    struct err *e = proc_read_stat(&l->proc, "stat", &st);

    im->dump_time = clock_seconds(CLOCK_REALTIME);
    im->same_clock = shares_clock(l);
    if (e) {
        image_problem(im, e);
        return;
    }
    im->start_time = im->dump_time - clock_seconds(CLOCK_BOOTTIME) + st.start / hz;
    im->pgrp = st.pgrp;
    im->sid = st.sid;
    im->utime_ms = st.utime * 1000 / hz;
    im->stime_ms = st.stime * 1000 / hz;
}

static void read_process(struct image *im, const struct proc_status *st)
{
    const struct live *l = im->priv;
    SCOPED(freep) char *cmdline = NULL;
    char name[64];
    size_t n = 0;

    im->pid = l->proc.pid;
    im->ppid = st->ppid;
    im->uid = st->uid[0];
    im->gid = st->gid[0];
    im->page_tables = st->page_tables;
    im->has_ids = true;
    im->resident = st->own;
    im->arch = arch_of_exe(l);
    if (!im->arch)
        im->arch = arch_native();
    im->comm = arena_strdup(&im->arena, im->threads.v[0].name);

    SCOPED(freep) char *exe = proc_readlink(&l->proc, live_own(l, name, "exe"));
    bool deleted;
    if (exe)
        im->exe = image_mapped_path(im, exe, &deleted);
    struct err *e = proc_slurp(&l->proc, live_own(l, name, "cmdline"), &cmdline, &n);
    if (e)
        image_problem(im, e);
    else
        im->cmdline = image_join_arguments(im, cmdline, n);
    read_stat(im);
    read_limits(im);
    read_auxv(im);
}

struct image_thread *live_thread(struct image *im, int32_t tid, size_t hint)
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

void live_set_registers(struct image *im, struct image_thread *t, const struct tracee *e)
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

void live_add_note(struct image *im, struct image_thread *th, const char *owner, uint32_t type, const void *desc,
                   size_t n)
{
    struct image_note *notes = arena_array(&im->arena, struct image_note, th->n_notes + 1);
    uint8_t *copy = arena_alloc(&im->arena, n);

    memcpy(copy, desc, n);
    if (th->n_notes)
        memcpy(notes, th->notes, th->n_notes * sizeof(*notes));
    notes[th->n_notes] = (struct image_note){.type = type, .owner = owner, .desc = {copy, n}};
    th->notes = notes;
    th->n_notes++;
}

void live_read_sets(struct image *im, struct image_thread *th)
{
    uint8_t buf[SET_MAX];

    for (size_t i = 0; i < im->arch->n_sets; i++) {
        const struct regset_desc *set = &im->arch->sets[i];
        struct iovec iov = {.iov_base = buf, .iov_len = sizeof(buf)};
        if (ptrace(PTRACE_GETREGSET, th->tid, (uintptr_t)set->type, &iov) == 0)
            live_add_note(im, th, set->owner, set->type, buf, iov.iov_len);
    }
}

void live_finish_space(struct image *im)
{
    for (size_t i = 0; i < im->maps.n; i++)
        space_add(&im->space, (struct space_range){
                                  .start = im->maps.v[i].start, .end = im->maps.v[i].end, .absent = ABSENT_NOT_COPIED});
    space_sort(&im->space);
}

static void live_free(struct image *im)
{
    struct live *l = im->priv;

    holder_free(l->holder);
    snapshot_free(l->snapshot);
    stacks_done(&l->stacks);
    proc_done(&l->proc);
    proc_done(&l->origin);
    vec_done(&l->areas);
    free(l);
}

static void live_describe_now(struct image *im)
{
    const struct live *l = im->priv;

    live_describe(im);
    live_describe_capture(im, l->holder ? "stop" : NULL);
}

struct image *live_new(int32_t pid)
{
    static const struct image_ops ops = {.open_mapped = live_open_mapped,
                                         .facts = live_facts,
                                         .describe = live_describe_now,
                                         .touched = live_touched,
                                         .next_touched = live_next_touched,
                                         .free = live_free};
    struct live *l = xcalloc(1, sizeof(*l));
    char path[32];

    snprintf(path, sizeof(path), "/proc/%" PRId32, pid);
    struct image *im = image_new(IMAGE_LIVE, path);
    l->proc = l->origin = PROC_NONE;
    im->priv = l;
    im->ops = &ops;
    return im;
}

struct err *live_read(struct image *im, struct proc_status *status)
{
    struct live *l = im->priv;
    char name[64];

    l->reader = 0;
    TRY(proc_read_status(&l->proc, "status", status));
    TRY(read_threads(im));
    if (!l->holder)
        TRY(refuse_kind(&l->proc, status, l->reader != 0));
    else if (!l->reader)
        return err_new(ERR_GONE, "process %" PRId32 " has ended", l->proc.pid);
    int error = proc_open_mem(&l->proc, live_own(l, name, ""));
    if (error == EPERM || error == EACCES)
        return refuse_permission(&l->proc, status);
    if (error)
        return err_errno(error, "cannot open the memory of process %" PRId32, l->proc.pid);
    im->space.fallback = read_memory;
    im->space.fallback_arg = l;
    read_process(im, status);
    return proc_read_maps(&l->proc, live_own(l, name, "maps"), im);
}

struct err *live_prepare(struct image *im, int32_t pid, struct proc_status *status)
{
    struct live *l = im->priv;

    TRY(proc_open(pid, &l->proc));
    TRY(live_read(im, status));
    if (l->proc.pid != pid)
        image_problem(im, err_new(ERR_USAGE, "%" PRId32 " is a thread of process %" PRId32 " (%s), which is shown", pid,
                                  l->proc.pid, status->comm));
    return NULL;
}

struct err *live_refused(const struct image *im, const struct tracer *t, const struct proc_status *status)
{
    const struct live *l = im->priv;
    size_t stopped = 0;

    for (size_t i = 0; i < t->tracees.n; i++)
        stopped += t->tracees.v[i].state == TRACEE_STOPPED;
    if (stopped == 0 && t->error) {
        struct proc_status now;
        TRY(proc_read_status(&l->proc, "status", &now));
        if (now.tracer)
            return refuse_tracer(&l->proc, &now);
        return t->error == EPERM || t->error == EACCES
                   ? refuse_permission(&l->proc, status)
                   : err_errno(t->error, "cannot trace process %" PRId32, l->proc.pid);
    }
    if (t->tracees.n == 0)
        return err_new(ERR_GONE, "process %" PRId32 " ended while it was looked at", l->proc.pid);
    return NULL;
}
