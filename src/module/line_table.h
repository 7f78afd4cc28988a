/* SPDX-License-Identifier: Apache-2.0 */
/* The whole line table of a unit, kept as gdb keeps it: a table for each source file. Which address a line has, and
 * which line an address, then comes out as in gdb.
 * Threads: read-only once made. */
#ifndef MODULE_LINE_TABLE_H
#define MODULE_LINE_TABLE_H

#include "module/line.h"

/* From pc (link-time) up to that of the next entry. */
struct line_entry {
    taddr pc;
    uint32_t line; /* 0: code of other files, or none */
    bool stmt;     /* a statement begins here */
};

struct line_table_file {
    const char *path; /* as lines_path() */
    const char *name; /* as lines_name() */
    VEC(struct line_entry) rows; /* by pc */
};

struct line_table {
    VEC(struct line_table_file) files;
    struct arena arena;
};

/* Reads the unit's table. Errors as lines_init(), lines_run(); what was read before damage is kept then, and is to be
 * freed, too. */
struct err *line_table_load(struct dw_unit *u, struct line_table *out) MUST_CHECK;
void line_table_done(struct line_table *t);

/* What holds at an address: [start, end) of `line` in `file`. False: no line. `end` is 0 when nothing ends it. */
struct line_span {
    const struct line_table_file *file;
    uint32_t line;
    uint32_t first; /* of the file's entries at `start`, the line of the first: those before the last hold nothing */
    taddr start, end; /* link-time */
    bool stmt;
};
bool line_table_at(const struct line_table *t, taddr pc, struct line_span *out);
/* The entry of a line where a statement begins, at its lowest address; when the line has none, that of the next line
 * that has one (*exact false). NULL: there is none after it, either. */
const struct line_entry *line_table_find(const struct line_table_file *f, uint32_t line, bool *exact);

#endif
