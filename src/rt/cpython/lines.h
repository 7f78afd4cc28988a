/* SPDX-License-Identifier: Apache-2.0 */
/* From an instruction of a code object to its place in the source: the three formats of its table.
 * Sources: Objects/lnotab_notes.txt (until 3.10), Objects/locations.md (from 3.11).
 * Threads: pure functions. */
#ifndef RT_CPYTHON_LINES_H
#define RT_CPYTHON_LINES_H

#include "base/cursor.h"

/* Lines and columns count from 1, the end column is the one after the last; 0: not said. Columns count bytes. */
struct py_location {
    uint32_t line, end_line, column, end_column;
};

/* `offset`: of the instruction, in bytes from the first; negative: before the first. `first_line`: co_firstlineno.
 * A table that is damaged or too short gives no line. */

/* co_lnotab, until 3.9. */
void py_location_lnotab(struct bytes table, int32_t first_line, int32_t offset, struct py_location *out);
/* co_linetable of 3.10. */
void py_location_3_10(struct bytes table, int32_t first_line, int32_t offset, struct py_location *out);
/* co_linetable from 3.11 on. */
void py_location_3_11(struct bytes table, int32_t first_line, int32_t offset, struct py_location *out);

#endif
