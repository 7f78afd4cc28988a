/* SPDX-License-Identifier: Apache-2.0 */
/* Thread-local memory: which block of a thread belongs to a module (ELF Handling For Thread-Local Storage,
 * sections 2 and 3.4). A thread's vector has a pointer for each module, by the number that the dynamic linker
 * gave the module.
 *
 * glibc: entries of two words; the number is a member of its struct link_map, and where it stands there says the
 * table for libthread_db (glibc nptl_db/structs.def, db_info.c: size in bits, elements, offset).
 * musl: entries of one word; numbers in the order of loading (musl src/thread, ldso/dynlink.c).
 * The program's own block lies where its linker already placed it, right below the thread pointer. */
#include "value/tls.h"

#include <elf.h>

/* Damage, not a number of a module. */
#define MODULES_MAX (1u << 20)

static struct err *read_at(struct modules *ms, taddr at, uint64_t *out)
{
    uint8_t b[8] = {0};
    TRY(modules_read(ms, at, b, modules_image(ms)->arch->addr_size));
    memcpy(out, b, sizeof(*out)); /* targets and hosts are little-endian */
    return NULL;
}

static const struct elf_segment *tls_segment(struct module *m)
{
    size_t n = 0;
    struct elf *e = module_elf(m);
    const struct elf_segment *s = e ? elf_segments(e, &n) : NULL;
    for (size_t i = 0; i < n; i++)
        if (s[i].type == PT_TLS && s[i].memsz)
            return &s[i];
    return NULL;
}

/* How far below the thread pointer the program's block begins: its size, rounded up so that the block's address
 * agrees with the segment's in what the alignment leaves over. */
static struct err *program_block(struct module *m, uint64_t *below)
{
    const struct elf_segment *s = tls_segment(m);
    if (!s || s->memsz > UINT32_MAX || s->align > UINT32_MAX)
        return err_new(ERR_NO_DATA, "the thread-local segment of %s is not known", m->name);
    uint64_t align = s->align ? s->align : 1, first = -s->vaddr & (align - 1);
    *below = (s->memsz - first + align - 1) / align * align + first;
    return NULL;
}

/* Where struct link_map has the module's number; 0: it is not glibc's. */
static uint64_t modid_offset(struct modules *ms)
{
    struct symbol sym;
    struct module *in;
    uint64_t offset;
    if (!modules_symbol_named(ms, "_thread_db_link_map_l_tls_modid", &sym, &in) ||
        !modules_word(ms, sym.addr + 8, 4, &offset))
        return 0;
    return offset;
}

/* The module's place among those with thread-local memory, in the order of loading. */
static uint64_t count_modules(const struct module_links *links, const struct module *m)
{
    uint64_t n = 0;
    for (size_t i = 0; i < links->n; i++) {
        struct module *loaded = links->v[i].m;
        n += loaded && tls_segment(loaded);
        if (loaded == m)
            return n;
    }
    return 0;
}

static taddr link_of(const struct module_links *links, const struct module *m)
{
    for (size_t i = 0; i < links->n; i++)
        if (links->v[i].m == m)
            return links->v[i].at;
    return 0;
}

static struct err *module_number(struct modules *ms, const struct module *m, bool *glibc, uint64_t *out)
{
    const struct module_links links = modules_links(ms);
    uint64_t offset = modid_offset(ms), number = 0;
    taddr link = link_of(&links, m);
    if (!offset)
        number = count_modules(&links, m);
    else if (link)
        TRY(read_at(ms, link + offset, &number));
    if (number == 0 || number > MODULES_MAX)
        return err_new(ERR_NO_DATA, "the number of %s among modules with thread-local variables is not known", m->name);
    *glibc = offset != 0;
    *out = number;
    return NULL;
}

struct err *tls_address(struct modules *ms, struct module *m, const struct image_thread *th, uint64_t offset,
                        taddr *out)
{
    const struct arch *arch = modules_image(ms)->arch;
    const struct tls_desc *tls = arch->tls;
    uint64_t number, vector, block;
    bool glibc;
    if (!tls)
        return err_new(ERR_UNSUPPORTED, "thread-local variables of %s processes cannot be found", arch->name);
    if (!th || !regs_has(&th->regs, tls->tp))
        return err_new(ERR_NO_DATA, "the thread pointer is not known");
    if (m->is_exe) {
        TRY(program_block(m, &block));
        *out = th->regs.val[tls->tp] - block + offset;
        return NULL;
    }
    TRY(module_number(ms, m, &glibc, &number));
    TRY(read_at(ms, th->regs.val[tls->tp] + tls->dtv, &vector));
    TRY(read_at(ms, vector + number * arch->addr_size * (glibc ? 2 : 1), &block));
    /* glibc makes a block when it is first used. */
    if (block == 0 || block == UINT64_MAX >> (64 - 8 * arch->addr_size))
        return err_new(ERR_NO_DATA, "the thread has not used thread-local variables of %s yet", m->name);
    *out = block + offset;
    return NULL;
}
