/* SPDX-License-Identifier: Apache-2.0 */
/* CALL FRAME INFORMATION: which entry covers an address, and what it says there.
 *
 * Formats: DWARF 5 section 6.4 (.debug_frame, versions 1, 3 and 4, 32 and 64 bits), and for .eh_frame and
 * .eh_frame_hdr the Linux Standard Base Core 5.0, "DWARF Extensions" and "Exception Frames".
 * Private to unwind/. Threads: one thread at a time. */
#ifndef UNWIND_CFI_H
#define UNWIND_CFI_H

#include "base/map.h"
#include "module/module.h"

/* Reads a little-endian word of 1, 2, 4 or 8 bytes in the target; false when it is not there. */
typedef bool word_fn(void *arg, taddr at, unsigned size, uint64_t *out);

/* One module's tables and what their addresses mean. */
struct cfi_source {
    struct module_cfi tables; /* borrowed bytes */
    const char *name;         /* of the module, for messages; borrowed */
    taddr bias;               /* runtime address minus link-time address */
    taddr start, end;         /* of the module, runtime */
    uint8_t addr_size;        /* bytes */
    word_fn *word;            /* for pointers to pointers; may be NULL */
    void *word_arg;
};

enum cfi_section_id { CFI_EH, CFI_DEBUG, CFI_SECTIONS };

/* A common information entry. */
struct cie {
    enum cfi_section_id section;
    uint8_t version, addr_size, segment_size; /* sizes in bytes */
    uint8_t fde_encoding;                     /* DW_EH_PE_* */
    bool has_augmentation, is_signal;
    uint64_t code_align;
    int64_t data_align;
    uint64_t ra; /* DWARF number of the column that holds the return address */
    struct bytes program;
    uint64_t program_offset; /* in its section */
};

/* A frame description entry: one contiguous piece of code, [start, end) at runtime. */
struct fde {
    const struct cie *cie;
    taddr start, end;
    struct bytes program;
    uint64_t program_offset; /* in its section */
};

struct cfi_span {
    taddr start, end;
    uint64_t offset; /* of the FDE in its section */
};

struct cfi_section {
    struct bytes data;
    taddr addr;          /* runtime address of the first byte (.eh_frame) */
    const char *what;    /* ".eh_frame of libc.so.6" */
    bool indexed;
    VEC(struct cfi_span) spans; /* sorted by start; filled when `indexed` */
};

struct cfi {
    struct cfi_source source;
    struct arena arena;
    struct cfi_section sections[CFI_SECTIONS];
    struct map64 cies[CFI_SECTIONS]; /* offset -> struct cie * */
    /* The binary search table of .eh_frame_hdr. */
    struct bytes search;             /* entries of two values; empty when absent or damaged */
    struct cfi_source search_source; /* datarel counts from the header there */
    uint8_t search_encoding, search_size; /* search_size: bytes of one value */
    bool search_checked;                  /* known to be in order */
};

/* Those of a module, which must outlive it, as must `ms`. */
struct cfi_source cfi_source_of(struct modules *ms, struct module *m);
/* Strings and bytes of `source` must outlive it. */
void cfi_init(struct cfi *c, const struct cfi_source *source);
void cfi_done(struct cfi *c);

/* The entry that covers a runtime address, .eh_frame before .debug_frame; valid as long as `c`.
 * *found false and no error: no entry covers it. ERR_CORRUPT, ERR_TRUNCATED, ERR_UNSUPPORTED: its entry cannot be read. */
struct err *cfi_find(struct cfi *c, taddr pc, struct fde *out, bool *found) MUST_CHECK;

/* An encoded pointer (DW_EH_PE_*). `at`: runtime address of the cursor's next byte; `func`: start of the
 * function for DW_EH_PE_funcrel. False and a failed cursor when it cannot be read. */
bool cfi_pointer(const struct cfi_source *s, struct cursor *c, uint8_t encoding, taddr at, taddr func, taddr *out);

/* Bytes of a value of fixed size in this encoding; 0 for LEB128, aligned and unknown ones. */
unsigned cfi_encoded_size(uint8_t encoding, unsigned addr_size);

enum {
    DW_EH_PE_absptr = 0x00,
    DW_EH_PE_uleb128 = 0x01,
    DW_EH_PE_udata2 = 0x02,
    DW_EH_PE_udata4 = 0x03,
    DW_EH_PE_udata8 = 0x04,
    DW_EH_PE_signed = 0x08,
    DW_EH_PE_sleb128 = 0x09,
    DW_EH_PE_sdata2 = 0x0a,
    DW_EH_PE_sdata4 = 0x0b,
    DW_EH_PE_sdata8 = 0x0c,
    DW_EH_PE_format = 0x0f, /* mask */

    DW_EH_PE_pcrel = 0x10,
    DW_EH_PE_textrel = 0x20,
    DW_EH_PE_datarel = 0x30,
    DW_EH_PE_funcrel = 0x40,
    DW_EH_PE_aligned = 0x50,
    DW_EH_PE_base = 0x70, /* mask */
    DW_EH_PE_indirect = 0x80,
    DW_EH_PE_omit = 0xff,
};

#endif
