/* SPDX-License-Identifier: Apache-2.0 */
/* A damaged function table of Go. The input: a byte of switches, the size of the inline trees (2 bytes), these, and
 * the table. Functions, frame sizes, lines and inlined calls are asked for where functions begin and end, and at
 * addresses that know nothing of them. */
#include <stdlib.h>
#include <string.h>

#include "rt/go/pclntab.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);

enum { TEXT = 0x401000, HEAD = 3, INPUT_MAX = 16384, FUNCTIONS_MAX = 64, STEPS = 64, LINES = 70 };

static void require(bool holds)
{
    if (!holds)
        abort();
}

static void ask(const struct pclntab *t, taddr pc)
{
    struct go_function f;
    struct go_line lines[LINES];
    uint64_t size;
    if (!pclntab_find(t, pc, &f))
        return;
    require(pc >= f.entry && pc < f.end && f.name);
    (void)pclntab_frame_size(t, &f, pc, &size);
    for (size_t max = 1; max <= LINES; max += LINES - 1) {
        size_t n = pclntab_lines(t, &f, pc, lines, max), text = 0;
        require(n >= 1 && n <= max);
        for (size_t i = 0; i < n; i++)
            text += strlen(lines[i].function) + strlen(lines[i].file);
        require(text < LINES * 2 * INPUT_MAX);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
    struct pclntab t;
    struct go_function f;
    if (n < HEAD || n > INPUT_MAX)
        return 0;
    size_t trees = data[1] | (size_t)data[2] << 8;
    trees = trees < n - HEAD ? trees : n - HEAD;
    struct bytes funcdata = {data + HEAD, trees}, table = {data + HEAD + trees, n - HEAD - trees};
    bool one = pclntab_is_one(table);
    const struct pclntab_place place = {
        .text = TEXT, .bias = data[0] & 1 ? TEXT : 0, .funcdata = funcdata, .funcdata_at = 0x500000, .what = "input"};
    struct err *e = pclntab_open(table, &place, &t);
    require(e || one);
    err_free(e);
    if (e)
        return 0;
    for (uint32_t i = 0; i < t.n_functions && i < FUNCTIONS_MAX; i++) {
        if (!pclntab_function(&t, i, &f))
            continue;
        ask(&t, f.entry);
        ask(&t, f.entry + (f.end - f.entry) / 2);
        ask(&t, f.end - 1);
    }
    for (taddr pc = TEXT; pc < TEXT + STEPS * 37; pc += 37)
        ask(&t, pc);
    return 0;
}
