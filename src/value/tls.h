/* SPDX-License-Identifier: Apache-2.0 */
/* Thread-local memory of glibc and musl (ELF Handling For Thread-Local Storage).
 * Threads: read-only; shareable. */
#ifndef VALUE_TLS_H
#define VALUE_TLS_H

#include "image/image.h"
#include "module/module.h"

/* The address of a thread's copy of a module's thread-local memory, plus offset. ERR_NO_DATA: the thread pointer is
 * not known, or the thread has none yet; ERR_UNSUPPORTED; those of memory. */
struct err *tls_address(struct modules *ms, struct module *m, const struct image_thread *th, uint64_t offset,
                        taddr *out) MUST_CHECK;

#endif
