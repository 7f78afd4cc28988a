/* SPDX-License-Identifier: Apache-2.0 */
/* Reading the entries of one section. Private to cfi*.c. */
#ifndef UNWIND_CFI_ENTRY_H
#define UNWIND_CFI_ENTRY_H

#include "unwind/cfi.h"

/* An encoded value as it stands there, before its base is added. */
uint64_t cfi_stored_value(struct cursor *c, uint8_t encoding, unsigned addr_size);

struct cfi_entry {
    uint64_t offset, next; /* in the section */
    bool is_cie;
    uint64_t cie;       /* FDE: offset of its CIE */
    struct cursor body; /* what follows the CIE id or pointer */
};

/* The entry at `offset`. *end: there is none; the section is over. */
struct err *cfi_entry_read(const struct cfi *c, enum cfi_section_id id, uint64_t offset, struct cfi_entry *out,
                           bool *end) MUST_CHECK;
/* Reads an FDE whose entry is known. */
struct err *cfi_fde(struct cfi *c, enum cfi_section_id id, struct cfi_entry *e, struct fde *out) MUST_CHECK;

#endif
