/* SPDX-License-Identifier: Apache-2.0 */
/* Line number tables (DWARF 5 section 6.2; versions 2 to 5). A program is run for the addresses that are
 * asked; no table is kept.
 * Threads: a struct lines is used by one thread. */
#ifndef MODULE_LINE_H
#define MODULE_LINE_H

#include "base/arena.h"
#include "module/dwarf.h"

struct line_file {
    const char *name; /* NULL when damaged */
    uint64_t dir;
};

struct lines {
    struct dw_unit *unit;
    uint16_t version;
    uint8_t addr_size, min_inst, max_ops, line_range, opcode_base;
    int8_t line_base;
    bool default_stmt;
    struct bytes lengths; /* operands of the standard opcodes, from opcode 1 */
    VEC(const char *) dirs;
    VEC(struct line_file) files;
    struct cursor program;
};

/* Reads the header of the unit's table. ERR_NO_DATA when the unit has none; ERR_CORRUPT, ERR_TRUNCATED,
 * ERR_UNSUPPORTED (another version). lines_done() is due on success only. */
struct err *lines_init(struct lines *l, struct dw_unit *u) MUST_CHECK;
void lines_done(struct lines *l);

/* The path of a file as the line program, DW_AT_decl_file and DW_AT_call_file number it: joined with its
 * directory, and that with the unit's when it is relative. NULL when there is no such file. */
const char *lines_path(const struct lines *l, uint64_t file, struct arena *a);

/* The same as gdb shows it: as the header joins it, but the unit's own file as the compiler was given it. */
const char *lines_name(const struct lines *l, uint64_t file, struct arena *a);

struct line_pos {
    taddr pc; /* link-time */
    bool found;
    uint64_t file;
    uint32_t line, column;
};
/* Fills the positions, sorted by pc. Which of several rows at an address counts follows gdb: take_row() in
 * line.c says how. */
struct err *lines_find(const struct lines *l, struct line_pos *pos, size_t n) MUST_CHECK;

struct line_step {
    taddr pc; /* link-time */
    uint64_t file;
    uint32_t line; /* not 0 */
    bool stmt;     /* a statement begins here */
    bool again;    /* the line has discriminators: the row may tell blocks of one line apart */
    bool end;      /* of a sequence: `pc` is the first address after it, and only that counts */
};
/* Calls fn for all rows that count, in the order of the program. */
struct err *lines_run(const struct lines *l, void (*fn)(void *arg, const struct line_step *step), void *arg) MUST_CHECK;

#endif
