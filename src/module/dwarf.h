/* SPDX-License-Identifier: Apache-2.0 */
/* DWARF of one file: units, DIEs, attributes, ranges (DWARF 5 chapters 2, 3 and 7; versions 2 to 5).
 *
 * Nothing is turned into a tree. A DIE is a small value that says where it stands in its section; its
 * attributes are decoded when they are asked for. Abbreviations are decoded once a table, with what it
 * takes to step over a DIE worked out beforehand. Sections are inflated, units listed and their root DIEs
 * read when first needed.
 *
 * Damage never ends the process: what cannot be decoded reads as absent, a walk ends early, and the first
 * few faults of a file are kept (dwarf_problem).
 *
 * Threads: everything may be called from many threads; what is loaded lazily is loaded without a lock
 * and published once. DIEs and values are plain values. All of it lives as long as the struct dwarf. */
#ifndef MODULE_DWARF_H
#define MODULE_DWARF_H

#include "base/arena.h"
#include "base/map.h"
#include "module/dwarf_const.h"
#include "module/elf.h"

#include <pthread.h>
#include <stdatomic.h>

struct module;

enum dw_section {
    DW_SEC_INFO,
    DW_SEC_ABBREV,
    DW_SEC_STR,
    DW_SEC_LINE,
    DW_SEC_LINE_STR,
    DW_SEC_STR_OFFSETS,
    DW_SEC_ADDR,
    DW_SEC_RANGES,
    DW_SEC_RNGLISTS,
    DW_SEC_ARANGES,
    DW_SEC_LAST_COMMON = DW_SEC_ARANGES, /* what nearly every question needs ends here */
    DW_SEC_TYPES,
    DW_SEC_LOC,
    DW_SEC_LOCLISTS,
    DW_SEC_CU_INDEX,
    DW_SEC_TU_INDEX,
    DW_SEC_COUNT
};

/* How the file is laid out. */
enum dw_kind {
    DW_MAIN,  /* an ordinary file: .debug_info */
    DW_ALT,   /* a dwz supplement, or .debug_sup */
    DW_SPLIT, /* .dwo: .debug_info.dwo */
    DW_PACK,  /* .dwp: as DW_SPLIT with an index */
};

struct dw_unit;
struct dw_units {
    struct dw_unit *v; /* by offset */
    size_t n;
};

struct dwarf {
    struct elf *elf;
    struct module *module; /* asked for the supplement and split objects; NULL: there are none */
    enum dw_kind kind;
    bool code_at_zero; /* a section with code starts at address 0, so that a function at 0 is one */

    /* Below: private to dwarf_*.c. */
    pthread_mutex_t lock;  /* guards publishing, never held while parsing */
    _Atomic unsigned have; /* bit a section: sec[] is set; bit DW_SEC_COUNT: alt is */
    struct bytes sec[DW_SEC_COUNT];
    struct dwarf *alt;
    _Atomic(struct dw_units *) units[2]; /* of .debug_info, .debug_types */
    _Atomic(struct dw_addrs *) addrs[2]; /* from .debug_aranges, from root DIEs */
    _Atomic(struct map64 *) signatures;  /* of type units -> struct dw_unit * */
    struct map64 abbrevs;                /* offset and sizes -> struct dw_abbrevs * */
    VEC(struct dw_abbrevs *) all_abbrevs;
    VEC(struct dwarf *) parts; /* split objects that units of this file name */
    struct err *problems[8];
    size_t n_problems;
};

/* Takes a reference on `elf`. Never fails: a file without DWARF has no units. */
struct dwarf *dwarf_new(struct elf *elf, struct module *m, enum dw_kind kind);
void dwarf_free(struct dwarf *d); /* NULL is allowed */
/* Does the file hold .debug_info (or, of a split object, .debug_info.dwo)? Inflates nothing. */
bool dwarf_present(const struct dwarf *d);
/* Appends the sections that most questions need, for elf_inflate_all(). */
typedef VEC(struct elf_want) dw_wants;
void dwarf_wants(struct dwarf *d, dw_wants *out);
/* A section, inflated on first use; empty when it is absent or damaged. */
struct bytes dwarf_section_slow(struct dwarf *d, enum dw_section s);
static inline struct bytes dwarf_section(struct dwarf *d, enum dw_section s)
{
    if (atomic_load_explicit(&d->have, memory_order_acquire) & (1u << s))
        return d->sec[s];
    return dwarf_section_slow(d, s);
}
/* Keeps an error, with the name of the file in front, or frees it when there are enough. */
void dwarf_problem(struct dwarf *d, struct err *e);
/* The supplement (DW_FORM_GNU_ref_alt, DW_FORM_ref_sup4, ...), or NULL. */
struct dwarf *dwarf_alt(struct dwarf *d);

/* ---- units ---- */

enum dw_class {
    DW_CLASS_NONE,
    DW_CLASS_ADDRESS,  /* u */
    DW_CLASS_ADDRX,    /* u: index into .debug_addr; dw_value_address() serves both */
    DW_CLASS_CONSTANT, /* u; the bits of an int64_t when the form is signed */
    DW_CLASS_BLOCK,    /* block: raw bytes, or an expression (DW_FORM_exprloc) */
    DW_CLASS_FLAG,     /* u: 0 or 1 */
    DW_CLASS_REF,      /* u: offset, inside of this unit, in the section that the unit is in */
    DW_CLASS_REF_INFO, /* u: offset in this file's .debug_info */
    DW_CLASS_REF_ALT,  /* u: offset in the supplement's .debug_info */
    DW_CLASS_REF_SIG,  /* u: signature of a type unit */
    DW_CLASS_OFFSET,   /* u: offset in a section that the attribute names */
    DW_CLASS_LISTX,    /* u: index of a range or location list */
    DW_CLASS_STRING,   /* by dw_value_string() */
};

struct dw_value {
    uint16_t form;
    uint8_t cls; /* enum dw_class */
    uint64_t u;
    struct bytes block; /* DW_CLASS_BLOCK, DW_FORM_data16; of DW_FORM_string the text with its NUL */
};

/* What a unit's root DIE says, as far as nearly every question needs it. */
struct dw_root {
    const char *name, *comp_dir, *dwo_name; /* NULL absent */
    uint16_t tag;
    uint16_t language; /* DW_LANG_*; 0 unknown */
    bool has_lines, has_low, has_high;
    uint64_t line_offset;   /* in .debug_line */
    taddr low_pc, high_pc;  /* low_pc is also the base of range lists; high_pc is an address */
    struct dw_value ranges; /* DW_AT_ranges */
    uint64_t dwo_id;
    /* Absolute offsets in their sections. */
    uint64_t str_offsets_base, addr_base, rnglists_base, loclists_base;
    uint64_t ranges_base; /* GNU: what a split unit's .debug_ranges offsets count from */
};

struct dw_unit {
    struct dwarf *file;
    uint64_t offset, end; /* in .debug_info or .debug_types: [offset, end) */
    uint64_t first_die;   /* offset of the root DIE */
    uint64_t abbrev_offset;
    uint64_t id;          /* signature of a type unit, dwo_id of a skeleton or split unit */
    uint64_t type_die;    /* of a type unit: offset of the type */
    uint8_t version, addr_size, offset_size, type; /* type: DW_UT_* */
    bool in_types;
    struct dw_unit *skeleton; /* of a split unit: where its addresses and lines are */
    struct dw_contrib *contrib; /* of a unit in a .dwp: where its shares begin */

    /* Private. */
    _Atomic(struct dw_root *) root;
    _Atomic(const struct dw_abbrevs *) abbrevs;
    _Atomic(struct dw_unit *) split;
};

/* Units of .debug_info, or of .debug_types; never NULL. */
const struct dw_units *dwarf_units(struct dwarf *d, bool types);
/* The unit whose bytes hold an offset of .debug_info; NULL when none. */
struct dw_unit *dwarf_unit_at(struct dwarf *d, uint64_t offset);
/* The type unit with a signature; NULL when none. */
struct dw_unit *dwarf_type_unit(struct dwarf *d, uint64_t signature);
/* Never NULL; a unit that cannot be read has an empty root. */
const struct dw_root *dw_unit_root(struct dw_unit *u);
/* The unit that holds the DIEs: of a skeleton its split unit, else `u` itself. NULL: the split object was
 * not found (kept as a problem). */
struct dw_unit *dw_unit_full(struct dw_unit *u);
/* "c", "c++", "rust", ...; NULL for a number that Inquest does not know. */
const char *dw_language_name(uint16_t language);

/* The units that cover addresses (link-time), by .debug_aranges, and for what that leaves open by the root
 * DIEs of all units. pcs are in any order; out[i] is NULL when no unit covers pcs[i]. */
void dwarf_find_units(struct dwarf *d, const taddr *pcs, size_t n, struct dw_unit **out);

/* ---- DIEs ---- */

enum dw_skip_kind {
    DW_SKIP_END,
    DW_SKIP_NOTHING, /* only the fixed part */
    DW_SKIP_LEB,
    DW_SKIP_STRING,
    DW_SKIP_BLOCK1,
    DW_SKIP_BLOCK2,
    DW_SKIP_BLOCK4,
    DW_SKIP_BLOCK, /* length as LEB128 */
    DW_SKIP_INDIRECT,
    DW_SKIP_UNKNOWN, /* a form that we do not know: nothing after it can be found */
};

struct dw_skip {
    uint16_t fixed; /* bytes to step over first */
    uint8_t then;   /* enum dw_skip_kind */
};

struct dw_spec {
    uint16_t at, form;
    int64_t implicit; /* DW_FORM_implicit_const */
};

enum {
    DW_HAS_PC = 1,      /* DW_AT_low_pc or DW_AT_ranges */
    DW_HAS_SIBLING = 2,
};

struct dw_abbrev {
    uint64_t code;
    const struct dw_spec *specs;
    const struct dw_skip *skips; /* ended by DW_SKIP_END */
    uint32_t n_specs;
    uint16_t tag;
    bool children;
    uint8_t has; /* DW_HAS_* */
    /* DW_AT_sibling stands sibling_fixed bytes after the first sibling_skips entries of `skips`. */
    uint16_t sibling_skips, sibling_fixed, sibling_form;
};

struct dw_die {
    struct dw_unit *unit;
    const struct dw_abbrev *abbrev;
    uint64_t offset; /* in its section */
    uint64_t attrs;  /* offset of the first attribute's value */
};

static inline uint16_t dw_tag(const struct dw_die *die)
{
    return die->abbrev->tag;
}

/* The DIE at an offset of the unit's section; false when there is none (a null entry, damage). */
bool dw_die_at(struct dw_unit *u, uint64_t offset, struct dw_die *out);
bool dw_die_root(struct dw_unit *u, struct dw_die *out);
bool dw_die_child(const struct dw_die *die, struct dw_die *out);
/* Moves to the next sibling. False after the last. Steps over children by DW_AT_sibling, or one by one. */
bool dw_die_next(struct dw_die *die);
/* for (bool ok = dw_die_child(&parent, &d); ok; ok = dw_die_next(&d)) */

/* All DIEs below one, in the order of the file. It only moves forwards, so that no damage makes it take
 * longer than the unit has bytes: what must look at many DIEs uses this. */
struct dw_walk {
    struct dw_unit *unit;
    struct cursor c;
    const struct dw_abbrev *pending; /* of the DIE given last, whose attributes *c stands at */
    unsigned depth;                  /* of that DIE: 1 for the children of the top */
};
void dw_walk_init(struct dw_walk *w, const struct dw_die *top);
/* False after the last. */
bool dw_walk_next(struct dw_walk *w, struct dw_die *out);
/* Leaves out what is below the DIE that was given last. */
void dw_walk_skip(struct dw_walk *w);

/* Which DIEs enclose another. Nothing in a DIE says that, and LLVM leaves out DW_AT_sibling, so that looking
 * for one means a walk over much of the unit: what was seen on the way is kept for the next question.
 * A zeroed struct is empty. Threads: one. */
struct dw_scopes {
    struct map64 known; /* DIE -> struct dw_inner * */
    struct arena arena;
};
void dw_scopes_done(struct dw_scopes *s);
/* The DIEs that enclose an offset, outermost first, without the root and without the DIE itself. Gives how
 * many there are; at most max are written. */
size_t dw_die_path(struct dw_scopes *s, struct dw_unit *u, uint64_t offset, struct dw_die *out, size_t max);
/* What identifies a DIE among those of all files, for a map64. */
uint64_t dw_die_key(const struct dw_die *die);

/* ---- attributes ---- */

/* All attributes in one pass. */
struct dw_attrs {
    struct dw_unit *unit;
    const struct dw_abbrev *abbrev;
    struct cursor c;
    uint32_t i;
};
void dw_attrs_init(struct dw_attrs *it, const struct dw_die *die);
/* False after the last, or when the rest cannot be decoded. */
bool dw_attrs_next(struct dw_attrs *it, uint16_t *at, struct dw_value *v);

/* One attribute; false when the DIE lacks it. Does not follow DW_AT_specification. */
bool dw_attr(const struct dw_die *die, uint16_t at, struct dw_value *v);
/* NULL, false or 0 when absent or of another class. */
const char *dw_attr_string(const struct dw_die *die, uint16_t at);
bool dw_attr_uint(const struct dw_die *die, uint16_t at, uint64_t *out);
bool dw_attr_flag(const struct dw_die *die, uint16_t at);
bool dw_attr_die(const struct dw_die *die, uint16_t at, struct dw_die *out);

/* Reads one value of a form; also for tables that use forms (.debug_line of version 5). False and a failed
 * cursor when it cannot be read. */
bool dw_read_value(struct dw_unit *u, struct cursor *c, uint16_t form, int64_t implicit, struct dw_value *v);
/* The text of a value; NULL when it is not a string or lies outside its section. Borrowed from the file. */
const char *dw_value_string(struct dw_unit *u, const struct dw_value *v);
/* An address, directly or by index. */
bool dw_value_address(struct dw_unit *u, const struct dw_value *v, taddr *out);
/* The DIE that a value refers to, in this file, in the supplement, or a type unit's type. */
bool dw_value_die(struct dw_unit *u, const struct dw_value *v, struct dw_die *out);
/* Entry `index` of the unit's share of .debug_addr. */
bool dw_addr_index(struct dw_unit *u, uint64_t index, taddr *out);

/* ---- addresses that a DIE covers ---- */

struct dw_range {
    taddr start, end; /* link-time, [start, end) */
};

struct dw_ranges {
    struct dw_unit *unit;
    struct cursor c;
    taddr base;
    struct dw_range one; /* DW_AT_low_pc and DW_AT_high_pc */
    uint8_t kind;
    bool failed;
    uint32_t steps;
};
/* From DW_AT_ranges, else DW_AT_low_pc and DW_AT_high_pc. False when the DIE has neither. */
bool dw_ranges_init(struct dw_ranges *it, const struct dw_die *die);
/* As above for the root DIE, from what is known of it. */
bool dw_ranges_root(struct dw_ranges *it, struct dw_unit *u);
/* Empty ranges and those of code that the linker dropped are left out. */
bool dw_ranges_next(struct dw_ranges *it, struct dw_range *out);
/* Does a range of the DIE hold pc? *entry (may be NULL) is the start of its first range. */
bool dw_die_covers(const struct dw_die *die, taddr pc, taddr *entry);

#endif
