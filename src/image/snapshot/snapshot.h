/* SPDX-License-Identifier: Apache-2.0 */
/* The parts of a frozen copy. Private to image/snapshot/.
 *
 * Who does what: the opening process (open.c) begins a guardian, a process of its own. The guardian (guardian.c) stops
 * the target, reads registers, has a thread of it fork (freeze.c), lets the target go, and keeps the copy stopped until
 * the opener closes its end of the channel or dies. The death of the opener therefore never meets the target in the
 * middle of a change; that of the guardian ends the copy (PTRACE_O_EXITKILL). */
#ifndef IMAGE_SNAPSHOT_SNAPSHOT_H
#define IMAGE_SNAPSHOT_SNAPSHOT_H

#include "image/snapshot/heal.h"

/* A thread's registers as the guardian wrote them: `n_sets` sets follow, each {type, size, bytes}, all in multiples of
 * 8 bytes. */
struct snap_thread {
    int32_t tid;
    uint32_t gp_size; /* 0: not read */
    uint32_t n_sets;
    uint32_t pad;
    uint8_t gp[GP_MAX];
};
struct snap_set {
    uint32_t index; /* in arch->sets */
    uint32_t size;  /* bytes; rounded up to 8 behind it */
};

/* Memory that a fork does not freeze, to be copied while the process stands still. */
struct snap_area {
    taddr start;
    size_t n, got; /* bytes wanted, and read */
    uint8_t *to;   /* in the shared memory, at the same address in both */
};

enum { SNAP_TEXT = 400 };

/* What the guardian tells: in memory that both share. Written by the guardian before it says so on the channel. */
struct snap_report {
    int32_t failed; /* enum err_code + 1; 0: the copy is there */
    char message[SNAP_TEXT], hint[SNAP_TEXT];
    int32_t copy;      /* its process id */
    uint64_t orphan; /* a helper, by its id inside, of which nobody takes note if the guardian dies; 0: there is none */
    uint64_t began; /* now_ns() at the first interrupt; 0: none was */
    uint64_t pause_ns; /* from the first interrupt until the last thread was free again */
    uint64_t stop_ns, registers_ns, fork_ns; /* parts of it */
    uint32_t n_threads;
    bool cut; /* `data` was too small for all */
    size_t used, room; /* bytes of data */
    _Alignas(8) uint8_t data[];
};

/* Everything that the guardian needs; it shares nothing else with its opener. */
struct snap_order {
    const struct proc *proc;
    const struct arch *arch;
    taddr insn; /* of arch->call in the target */
    struct heal_place heal;
    bool seccomp; /* its filters have to be suspended for the call */
    int channel; /* the guardian's end */
    uint64_t orphan; /* of a guardian that was killed: to be waited for, and nothing else; 0: none */
    struct snap_report *report;
    struct snap_area *areas; /* in shared memory, too */
    size_t n_areas;
};

/* ---- memory that a fork does not freeze (areas.c) ---- */

struct area {
    struct mapping m;
    struct mapping_facts facts;
    enum image_unfrozen_why why;
    bool chosen; /* to be copied in the pause */
    struct snap_area *copy; /* NULL: not chosen */
};
struct areas {
    VEC(struct area) v;
    bool looked; /* at the flags of all mappings: those of large processes are looked at later */
    struct snap_area *shared; /* for the guardian, with room for the bytes behind; NULL: none */
    size_t n_shared, shared_size;
};
/* Before the stop. Errors: those of /proc. */
struct err *areas_choose(struct areas *a, const struct image *im) MUST_CHECK;
/* When the image is that of the copy: adds what was copied, mappings that the copy lacks, and im->unfrozen. `before`:
 * the mappings of the process before the stop. */
struct err *areas_use(struct areas *a, struct image *im, const struct mapping *before, size_t n_before) MUST_CHECK;
void areas_done(struct areas *a);

/* ERR_LIMIT: the memory that a copy may need would exceed a limit of the process's control groups. */
struct err *headroom_check(const struct proc *p) MUST_CHECK;
/* The guardian's whole life. */
_Noreturn void guardian_run(const struct snap_order *o);

/* What a process was made to begin. Ids of its own namespace are those with _inside. */
struct frozen {
    int32_t copy, helper; /* helper 0: it has ended */
    uint64_t copy_inside, helper_inside;
    bool reaper; /* the process is given the orphans among its descendants */
};
/* Makes a copy of a process whose threads all stand still, traced by the calling thread. It has no descriptors, stands
 * before its first instruction, and ends with its tracer. ERR_BUSY: no thread stands where it could make the calls;
 * ERR_LIMIT: it may not begin another process; ERR_UNSUPPORTED, ERR_GONE. */
struct err *freeze(struct tracer *t, const struct snap_order *o, struct frozen *out) MUST_CHECK;
/* Ends the copy so that nothing of it stays with the target, which for that stands still once more, for less than a
 * millisecond, when it is the one that orphans are given to. By the thread that made it. */
void frozen_end(const struct snap_order *o, const struct frozen *f);
/* Stops the target for a moment, in which it waits for a helper that has ended (id inside). */
void frozen_reap(const struct snap_order *o, uint64_t helper);

#endif
