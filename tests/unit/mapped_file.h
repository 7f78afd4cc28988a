/* SPDX-License-Identifier: Apache-2.0 */
/* A program or library as if it were mapped at its link-time addresses, so that tests can ask for anything in it
 * without a core. */
#ifndef UNIT_MAPPED_FILE_H
#define UNIT_MAPPED_FILE_H

#include "base/mem.h"
#include "module/module.h"

static inline void map_file(struct image *im, const char *path)
{
    struct elf *elf;
    struct err *e = elf_open(path, &elf);
    if (e) {
        fprintf(stderr, "%s\n", e->msg);
        exit(1);
    }
    size_t n;
    const struct elf_segment *s = elf_segments(elf, &n);
    for (size_t i = 0; i < n; i++) {
        taddr start = s[i].vaddr & ~UINT64_C(4095), end = (s[i].vaddr + s[i].filesz + 4095) & ~UINT64_C(4095);
        if (s[i].type == 1 && s[i].filesz) /* PT_LOAD */
            *vec_push(&im->maps) =
                (struct mapping){.start = start,
                                 .end = end,
                                 .offset = s[i].offset & ~UINT64_C(4095),
                                 .prot = (uint8_t)((s[i].flags & 1 ? PROT_BIT_EXEC : 0) | PROT_BIT_READ),
                                 .path = path};
    }
    im->arch = elf_arch(elf);
    elf_unref(elf);
}

#endif
