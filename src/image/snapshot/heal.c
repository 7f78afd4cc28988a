/* SPDX-License-Identifier: Apache-2.0 */
#include "image/snapshot/heal.h"

#include "base/text.h"

#include <sys/ptrace.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <sys/wait.h>
#include <unistd.h>

static void set_sp(const struct arch *arch, uint8_t *pr_reg, taddr sp)
{
    for (size_t i = 0; i < arch->n_regs; i++)
        if (arch->regs[i].dwarf == arch->sp)
            memcpy(pr_reg + arch->regs[i].offset, &sp, sizeof(sp));
}

/* ---- what the target has ---- */

enum { CHUNK = 1 << 20, OVERLAP = 16 /* bytes: no less than the code that is looked for */ };

/* Where the code of a mapping has these bytes, by its file: reading the process would make pages its own. 0: nowhere. */
static taddr find_in(struct image *im, const struct mapping *m, int fd, struct bytes code)
{
    SCOPED(freep) uint8_t *buf = xmalloc(CHUNK);
    uint8_t there[OVERLAP];

    for (uint64_t at = 0; at < m->end - m->start; at += CHUNK - OVERLAP) {
        uint64_t left = m->end - m->start - at;
        ssize_t n = pread(fd, buf, left < CHUNK ? (size_t)left : CHUNK, (off_t)(m->offset + at));
        if (n <= 0)
            return 0;
        const uint8_t *found = memmem(buf, (size_t)n, code.p, code.n);
        taddr address = found ? m->start + at + (uint64_t)(found - buf) : 0;
        if (found && space_read_some(&im->space, address, there, code.n) == code.n &&
            memcmp(there, code.p, code.n) == 0)
            return address;
    }
    return 0;
}

static void find_code(struct image *im, const struct mapping *m, struct heal_place *p)
{
    const struct frame_desc *frame = im->arch->call->frame;
    const struct sigframe_desc *trampoline = &im->arch->sigframes[0];
    SCOPED(closep) int fd = -1;

    if (p->insn && p->returned)
        return;
    struct err *e = im->ops->open_mapped(im, m, &fd);
    if (e) {
        err_free(e); /* another file may do */
        return;
    }
    if (!p->insn)
        p->insn = find_in(im, m, fd, (struct bytes){frame->insn, frame->insn_size});
    if (!p->returned)
        p->returned = find_in(im, m, fd, (struct bytes){trampoline->code, trampoline->code_size});
}

/* The C library has both, and is smaller than most programs: it comes first. */
static bool is_libc(const struct mapping *m)
{
    const char *name = strrchr(m->path, '/');
    return name && (begins_with(name, "/libc") || begins_with(name, "/ld-musl"));
}

void heal_find(struct image *im, struct heal_place *out)
{
    struct heal_place p = {0};

    if (!im->arch->call->frame || im->arch->n_sigframes == 0)
        return;
    for (int pass = 0; pass < 2; pass++)
        for (size_t i = 0; i < im->maps.n; i++) {
            const struct mapping *m = &im->maps.v[i];
            if (m->path && m->path[0] == '/' && (m->prot & PROT_BIT_EXEC) && is_libc(m) == (pass == 0))
                find_code(im, m, &p);
        }
    for (size_t i = 0; i < im->maps.n; i++) {
        const struct mapping *m = &im->maps.v[i];
        if (!m->path || strcmp(m->path, "[stack]") != 0)
            continue;
        p.stack = m->start;
        p.stack_end = m->end;
    }
    if (p.insn && p.returned && p.stack)
        *out = p;
}

/* ---- where the frames go ---- */

enum { SPARE = 16 << 10 /* bytes that the first thread may still use before the others are back */ };

/* Zeros were never written to or put back by us; one of us that was killed leaves frames. */
static bool is_unused(const struct heal_place *p, struct bytes there)
{
    uint64_t first;

    memcpy(&first, there.p, sizeof(first));
    return first == p->returned || (first == 0 && memcmp(there.p, there.p + 1, there.n - 1) == 0);
}

/* The first thread's stack pointer says what of its stack is in use, if it points there: it may have switched to
 * another one, and on this have anything that is not zero. */
static bool is_free(const struct heal_place *p, const struct tracer *t, struct bytes there)
{
    if (p->stack_end - p->stack < there.n)
        return false;
    for (size_t i = 0; i < t->tracees.n; i++) {
        const struct tracee *e = &t->tracees.v[i];
        struct regs regs;
        if (e->tid != t->proc->pid || e->state != TRACEE_STOPPED)
            continue;
        arch_regs_from_prstatus(t->arch, (struct bytes){e->gp, e->gp_size}, &regs);
        taddr sp = regs.val[t->arch->sp];
        if (sp >= p->stack && sp < p->stack_end)
            return sp - p->stack >= there.n + SPARE;
    }
    return is_unused(p, there);
}

/* ---- the frames ---- */

enum { ALIGN = 64, FRAMES_MAX = 16 << 10, NO_PROCESS = 0x7fffffff };

struct frames {
    const struct arch *arch;
    const struct heal_place *place;
    taddr start;
    size_t n;
    bool failed;
    uint8_t bytes[FRAMES_MAX];
};

/* Its address. */
static taddr add_frame(struct frames *f, const uint8_t *pr_reg, uint64_t blocked, struct bytes state)
{
    const struct frame_want want = {
        .at = f->start + f->n, .returns_to = f->place->returned, .pr_reg = pr_reg, .state = state, .blocked = blocked};
    size_t n = f->arch->call->frame->put(&want, f->bytes + f->n, FRAMES_MAX - f->n);

    f->failed |= n == 0;
    f->n = (f->n + n + ALIGN - 1) & ~(size_t)(ALIGN - 1);
    f->failed |= f->n > FRAMES_MAX;
    f->n = f->failed ? 0 : f->n;
    return want.at;
}

/* A frame whose thread makes a call, and then returns to another frame. */
static taddr add_call(struct frames *f, const uint8_t *own, long number, const uint64_t args[static 6], taddr then)
{
    uint8_t gp[GP_MAX];

    memcpy(gp, own, f->arch->prstatus_reg_size);
    f->arch->call->prepare(gp, f->place->insn, (uint64_t)number, args);
    set_sp(f->arch, gp, then);
    return add_frame(f, gp, UINT64_MAX, (struct bytes){0});
}

/* Where a frame has the register with a call's first argument. */
static uint64_t saved_argument(const struct arch *arch)
{
    const struct sigframe_desc *d = &arch->sigframes[0];
    size_t i = 0;

    while (i + 1 < d->n_saved && d->saved[i].dwarf != arch->call_argument)
        i++;
    return d->saved[i].offset;
}

static void add_frames(struct frames *f, struct heal *h, const uint8_t *pr_reg, struct bytes state, bool may_wait)
{
    const uint64_t wait[6] = {NO_PROCESS, 0, __WALL}, none[6] = {0};

    h->frame = add_frame(f, pr_reg, h->blocked, state);
    h->child = add_call(f, pr_reg, SYS_exit, none, h->frame);
    h->after_clone = h->frame;
    if (!may_wait)
        return;
    h->after_clone = add_call(f, pr_reg, SYS_wait4, wait, h->frame);
    h->child_id = h->after_clone + f->arch->addr_size + saved_argument(f->arch);
}

static bool move(int32_t pid, taddr at, uint8_t *bytes, size_t n, bool write)
{
    struct iovec ours = {.iov_base = bytes, .iov_len = n}, theirs = {.iov_base = (void *)(uintptr_t)at, .iov_len = n};
    ssize_t done =
        write ? process_vm_writev(pid, &ours, 1, &theirs, 1, 0) : process_vm_readv(pid, &ours, 1, &theirs, 1, 0);

    return done == (ssize_t)n;
}

void heal_begin(struct heal *h, const struct heal_place *p, const struct tracer *t, int32_t tid, const uint8_t *pr_reg,
                bool may_wait)
{
    enum { STATE_MAX = FRAMES_MAX };
    SCOPED(freep) struct frames *f = NULL;
    SCOPED(freep) uint8_t *state = NULL, *before = NULL;
    struct heal new = {.insn = p->insn};
    uint64_t shadow[2];

    if (!p->insn)
        return;
    const struct frame_desc *d = t->arch->call->frame;
    struct iovec iov = {.iov_base = shadow, .iov_len = sizeof(shadow)};
    if (ptrace(PTRACE_GETREGSET, tid, (uintptr_t)d->shadow_stack, &iov) == 0)
        return;
    state = xmalloc(STATE_MAX);
    iov = (struct iovec){.iov_base = state, .iov_len = STATE_MAX};
    if (ptrace(PTRACE_GETREGSET, tid, (uintptr_t)d->state, &iov) != 0 ||
        ptrace(PTRACE_GETSIGMASK, tid, sizeof(new.blocked), &new.blocked) != 0)
        return;
    f = xcalloc(1, sizeof(*f));
    f->arch = t->arch;
    f->place = p;
    f->start = (p->stack + ALIGN - 1) & ~(taddr)(ALIGN - 1);
    add_frames(f, &new, pr_reg, (struct bytes){state, iov.iov_len}, may_wait);
    new.n = f->n;
    if (f->failed)
        return;
    before = xmalloc(new.n);
    if (!move(t->proc->pid, new.frame, before, new.n, false) || !is_free(p, t, (struct bytes){before, new.n}) ||
        !move(t->proc->pid, new.frame, f->bytes, new.n, true))
        return;
    new.before = before;
    before = NULL;
    *h = new;
}

void heal_end(struct heal *h, int32_t pid)
{
    if (h->before)
        (void)move(pid, h->frame, h->before, h->n, true);
    free(h->before);
    *h = (struct heal){0};
}

/* ---- signals ---- */

static void set_blocked(int32_t tid, uint64_t blocked)
{
    ptrace(PTRACE_SETSIGMASK, tid, sizeof(blocked), &blocked);
}

void heal_block(const struct heal *h, int32_t tid)
{
    if (h->insn)
        set_blocked(tid, UINT64_MAX);
}

void heal_unblock(const struct heal *h, int32_t tid)
{
    if (h->insn)
        set_blocked(tid, h->blocked);
}

/* ---- registers ---- */

void heal_stand(const struct heal *h, const struct arch *arch, uint8_t *pr_reg)
{
    const uint64_t none[6] = {0};

    arch->call->prepare(pr_reg, h->insn, SYS_rt_sigreturn, none);
    set_sp(arch, pr_reg, h->frame + arch->addr_size); /* as behind the return to the frame's code */
}

void heal_enter(const struct heal *h, const struct arch *arch, uint8_t *pr_reg, taddr frame, uint64_t number,
                const uint64_t args[static 6])
{
    arch->call->prepare(pr_reg, h->insn + arch->call->insn_size, number, args);
    arch->call->frame->entered(pr_reg, number);
    set_sp(arch, pr_reg, frame);
}
