/* SPDX-License-Identifier: Apache-2.0 */
/* Line number tables: the input is .debug_line, and also the sections of strings that it refers to. */
#include "fuzz_dwarf.h"
#include "module/line_table.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* What is found at the start of an entry begins there, or a statement before it does. */
static void whole_table(struct dw_unit *unit)
{
    struct line_table t;
    struct err *e = line_table_load(unit, &t);
    for (size_t i = 0; i < t.files.n; i++)
        for (size_t k = 0; k < t.files.v[i].rows.n && k < 100; k++) {
            const struct line_entry *row = &t.files.v[i].rows.v[k];
            struct line_span span;
            bool exact, found = line_table_at(&t, row->pc, &span);
            if (found && (span.start != row->pc && row->line))
                abort();
            line_table_find(&t.files.v[i], row->line, &exact);
        }
    line_table_done(&t);
    err_free(e);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct dwarf *d = fuzz_dwarf(DW_MAIN);
    struct bytes input = {data, size};
    fuzz_section(d, DW_SEC_LINE, input);
    fuzz_section(d, DW_SEC_STR, input);
    fuzz_section(d, DW_SEC_LINE_STR, input);
    struct dw_root root = {.name = "a.c", .comp_dir = "/src", .has_lines = true};
    struct dw_unit unit = {.file = d, .version = 5, .addr_size = 8, .offset_size = 4, .end = 1};
    atomic_store(&unit.root, &root);

    struct lines lines;
    struct err *e = lines_init(&lines, &unit);
    if (!e) {
        struct line_pos pos[] = {{.pc = 0}, {.pc = 0x1000}, {.pc = 0x1007}, {.pc = 0x401136}, {.pc = UINT64_MAX}};
        struct arena a = {0};
        e = lines_find(&lines, pos, ARRAY_LEN(pos));
        for (size_t i = 0; i < ARRAY_LEN(pos); i++)
            lines_path(&lines, pos[i].file, &a);
        for (uint64_t file = 0; file < 4; file++) {
            lines_path(&lines, file, &a);
            lines_name(&lines, file, &a);
        }
        arena_done(&a);
        lines_done(&lines);
    }
    err_free(e);
    whole_table(&unit);
    dwarf_free(d);
    return 0;
}
