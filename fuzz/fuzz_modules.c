/* SPDX-License-Identifier: Apache-2.0 */
/* What modules_load() makes of a hostile target: the input is its memory, mapped as one file, or without names so
 * that the modules come from the dynamic linker's list. No file of this machine is opened. */
#include "module/module.h"

#include <elf.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);

enum { PAGE = 4096 };
static const taddr base = 0x7f0000000000;

static void add_mapping(struct image *im, size_t from, size_t to, const char *path)
{
    *vec_push(&im->maps) = (struct mapping){
        .start = base + from,
        .end = base + to,
        .offset = from,
        .prot = PROT_BIT_READ | (from ? 0 : PROT_BIT_EXEC),
        .path = path,
    };
}

static void add_auxv(struct image *im, uint64_t type, uint64_t value)
{
    *vec_push(&im->auxv) = (struct image_auxv){type, value};
}

static void use_module(struct modules *ms, struct module *m)
{
    struct symbol s;
    uint64_t word;
    (void)module_alt_elf(m);
    (void)module_cfi(m);
    for (taddr at = m->start; at < m->end && at < m->start + (1 << 14); at += 61)
        (void)module_symbol(m, at, &s);
    (void)module_symbol_named(m, "main", &s);
    (void)modules_word(ms, m->start, 8, &word);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
    if (n < 2)
        return 0;
    struct image im = {.kind = IMAGE_CORE, .path = "/nonexistent/core", .arch = &arch_x86_64};
    const char *path = data[n - 1] % 2 ? "/nonexistent/file" : NULL;
    size_t end = (n + PAGE - 1) / PAGE * PAGE, cut = n > PAGE ? PAGE : end;
    add_mapping(&im, 0, cut, path);
    if (cut < end)
        add_mapping(&im, cut, end, path);
    if (data[n - 1] % 4 >= 2)
        add_auxv(&im, AT_SYSINFO_EHDR, base);
    add_auxv(&im, AT_PHDR, base + 64);
    add_auxv(&im, AT_PHENT, 56);
    add_auxv(&im, AT_PHNUM, 8);
    space_add(&im.space, (struct space_range){.start = base, .end = base + end, .data = data, .have = n});
    space_sort(&im.space);

    const struct module_opts opts = {.sysroot = "/nonexistent", .no_debuginfod = true};
    struct modules *ms = modules_load(&im, &opts);
    for (size_t i = 0; i < modules_count(ms); i++)
        use_module(ms, modules_get(ms, i));
    modules_free(ms);
    space_done(&im.space);
    vec_done(&im.maps);
    vec_done(&im.auxv);
    return 0;
}
