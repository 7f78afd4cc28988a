/* SPDX-License-Identifier: Apache-2.0 */
/* MiniDebugInfo: an ELF file with a symbol table, packed with xz in .gnu_debugdata (gdb manual, "Debugging
 * information in a special section"). */
#include "module/module_priv.h"

#include <lzma.h>

enum { MAX_UNPACKED = 256 << 20, MAX_LZMA_MEMORY = 128 << 20, CHUNK = 64 << 10 };

struct unpacked {
    uint8_t *p;
    size_t n, cap;
};

static struct err *grow(struct unpacked *u)
{
    if (u->cap >= MAX_UNPACKED)
        return err_new(ERR_LIMIT, "it unpacks to more than %d MiB", MAX_UNPACKED >> 20);
    u->cap = u->cap ? u->cap * 2 : CHUNK;
    u->p = xrealloc_array(u->p, u->cap, 1);
    return NULL;
}

static struct err *run(lzma_stream *z, struct unpacked *u)
{
    lzma_ret r = LZMA_OK;
    while (r == LZMA_OK) {
        if (u->n == u->cap)
            TRY(grow(u));
        z->next_out = u->p + u->n;
        z->avail_out = u->cap - u->n;
        r = lzma_code(z, LZMA_FINISH);
        u->n = u->cap - z->avail_out;
    }
    if (r == LZMA_STREAM_END)
        return NULL;
    if (r == LZMA_MEMLIMIT_ERROR)
        return err_new(ERR_LIMIT, "its xz stream needs too much memory");
    return err_new(ERR_CORRUPT, "its xz stream is damaged");
}

static struct err *unpack(struct bytes in, struct unpacked *out)
{
    lzma_stream z = LZMA_STREAM_INIT;
    if (lzma_stream_decoder(&z, MAX_LZMA_MEMORY, 0) != LZMA_OK)
        return err_new(ERR_NOMEM, "no memory to unpack xz");
    z.next_in = in.p;
    z.avail_in = in.n;
    struct err *e = run(&z, out);
    lzma_end(&z);
    return e;
}

struct err *minidebuginfo_open(struct elf *e, struct elf **out)
{
    struct bytes packed;
    struct unpacked u = {0};
    TRY(elf_data(e, ".gnu_debugdata", &packed));
    if (packed.n == 0) {
        *out = NULL;
        return NULL;
    }
    struct err *err = unpack(packed, &u);
    if (err) {
        free(u.p);
        return err_prefix(err, "section .gnu_debugdata of %s", elf_path(e));
    }
    return elf_open_bytes((struct bytes){u.p, u.n}, true, NULL, elf_path(e), out);
}
