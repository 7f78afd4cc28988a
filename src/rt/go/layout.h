/* SPDX-License-Identifier: Apache-2.0 */
/* Where the fields of Go's runtime structs are, by Go version: byte offsets on 64-bit processors.
 *
 * One file a version in layout/, measured from the DWARF of programs that each version built: the newest release of
 * it then (1.17.13, 1.18.9, 1.20.6, 1.25.7 and Debian's of the others). A newer version is read by its debug
 * information (layout_dwarf.c), and refused without.
 * Sources: runtime/runtime2.go, runtime/chan.go, runtime/symtab.go, runtime/panic.go. */
#ifndef RT_GO_LAYOUT_H
#define RT_GO_LAYOUT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define GO_NONE 0xffff /* the version has no such field */

/* X(field, "runtime.struct", "path.in.it") */
#define GO_LAYOUT_FIELDS(X)                           \
    X(g_stack_lo, "runtime.g", "stack.lo")            \
    X(g_stack_hi, "runtime.g", "stack.hi")            \
    X(g_panic, "runtime.g", "_panic")                 \
    X(g_defer, "runtime.g", "_defer")                 \
    X(g_m, "runtime.g", "m")                          \
    X(g_sched_sp, "runtime.g", "sched.sp")            \
    X(g_sched_pc, "runtime.g", "sched.pc")            \
    X(g_sched_bp, "runtime.g", "sched.bp")            \
    X(g_syscallsp, "runtime.g", "syscallsp")          \
    X(g_syscallpc, "runtime.g", "syscallpc")          \
    X(g_status, "runtime.g", "atomicstatus")          \
    X(g_goid, "runtime.g", "goid")                    \
    X(g_waitsince, "runtime.g", "waitsince")          \
    X(g_waitreason, "runtime.g", "waitreason")        \
    X(g_lockedm, "runtime.g", "lockedm")              \
    X(g_parent, "runtime.g", "parentGoid")            \
    X(g_gopc, "runtime.g", "gopc")                    \
    X(g_ancestors, "runtime.g", "ancestors")          \
    X(g_startpc, "runtime.g", "startpc")              \
    X(g_waiting, "runtime.g", "waiting")              \
    X(g_labels, "runtime.g", "labels")                \
    X(g_size, "runtime.g", "")                        \
    X(m_g0, "runtime.m", "g0")                        \
    X(m_gsignal, "runtime.m", "gsignal")              \
    X(m_procid, "runtime.m", "procid")                \
    X(m_curg, "runtime.m", "curg")                    \
    X(m_alllink, "runtime.m", "alllink")              \
    X(m_vdso_sp, "runtime.m", "vdsoSP")               \
    X(m_vdso_pc, "runtime.m", "vdsoPC")               \
    X(m_dying, "runtime.m", "dying")                  \
    X(md_gofunc, "runtime.moduledata", "gofunc")      \
    X(md_next, "runtime.moduledata", "next")          \
    X(md_types, "runtime.moduledata", "types")        \
    X(md_etypes, "runtime.moduledata", "etypes")      \
    X(panic_arg, "runtime._panic", "arg")             \
    X(panic_link, "runtime._panic", "link")           \
    X(panic_recovered, "runtime._panic", "recovered") \
    X(panic_goexit, "runtime._panic", "goexit")       \
    X(defer_link, "runtime._defer", "link")           \
    X(defer_sp, "runtime._defer", "sp")               \
    X(defer_pc, "runtime._defer", "pc")               \
    X(defer_fn, "runtime._defer", "fn")               \
    X(defer_started, "runtime._defer", "started")     \
    X(defer_open, "runtime._defer", "openDefer")      \
    X(defer_rangefunc, "runtime._defer", "rangefunc") \
    X(defer_head, "runtime._defer", "head")           \
    X(sudog_c, "runtime.sudog", "c")                  \
    X(sudog_waitlink, "runtime.sudog", "waitlink")

struct go_layout {
    const char *version; /* "1.26" */
    uint16_t minor;      /* 26 */
    uint8_t func_wrapper; /* abi.FuncIDWrapper: internal/abi/symtab.go, until 1.19 runtime/symtab.go */
#define X(field, type, path) uint16_t field;
    GO_LAYOUT_FIELDS(X)
#undef X
};

/* The layout of Go 1.`minor`, or NULL. */
const struct go_layout *go_layout_find(unsigned minor);
const struct go_layout *go_layout_newest(void);

#endif
