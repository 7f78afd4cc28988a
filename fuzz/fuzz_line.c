/* SPDX-License-Identifier: Apache-2.0 */
/* Line number tables: the input is .debug_line, and also the sections of strings that it refers to. */
#include "fuzz_dwarf.h"
#include "module/line.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

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
        for (uint64_t file = 0; file < 4; file++)
            lines_path(&lines, file, &a);
        arena_done(&a);
        lines_done(&lines);
    }
    err_free(e);
    dwarf_free(d);
    return 0;
}
