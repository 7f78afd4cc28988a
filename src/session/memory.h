/* SPDX-License-Identifier: Apache-2.0 */
/* What an address is. Threads: as session.h. */
#ifndef SESSION_MEMORY_H
#define SESSION_MEMORY_H

#include "session/session.h"

enum heap_state { HEAP_NONE, HEAP_USED, HEAP_FREE, HEAP_TOP };

/* All that can be said of an address; what is unknown is 0 or NULL. */
struct address_facts {
    const struct mapping *mapping; /* NULL: not mapped */
    bool in_dump;                  /* its byte can be read */
    const struct module *module;
    const char *symbol;            /* demangled; of code or data */
    uint64_t symbol_offset, symbol_size;
    const char *section;           /* ".data" */
    const struct image_thread *stack_of; /* whose stack holds it */
    const struct sstack *stack;    /* that thread's frames, and which frame's part it is */
    size_t frame;
    bool below_sp;                 /* in the stack's mapping, but not in use */
    const struct image_thread *tls_of;   /* whose thread-local memory holds it */
    const struct module *tls_module;     /* ... of this module */
    /* glibc's malloc (malloc/malloc.c, 2.26 and later): the chunk that holds it, found from its arena. */
    enum heap_state heap;
    taddr block;                   /* what malloc() returned */
    uint64_t block_size;           /* usable bytes */
    const char *heap_note;         /* "main arena", "arena 2, in a fastbin", "mapped for itself" */
    const char *why_no_heap;       /* why the heap could not be read, when it is one */
};
/* Never fails: facts are fewer where data is missing. The heap is read by the first call that needs it. Strings live
 * as long as the session, and stacks until a process ran on. */
void session_what(struct session *s, taddr at, struct address_facts *out);

/* Addresses in [start, end) at which the bytes stand; false from fn stops. Memory that the dump lacks is skipped,
 * *skipped (bytes, may be NULL) says how much. ERR_CANCELLED. Progress is in bytes. */
struct err *session_search(struct session *s, taddr start, taddr end, const void *bytes, size_t n,
                           bool (*fn)(void *arg, taddr at), void *arg, uint64_t *skipped) MUST_CHECK;

#endif
