/* SPDX-License-Identifier: Apache-2.0 */
/* What the files that find modules and their parts share. */
#ifndef MODULE_MODULE_PRIV_H
#define MODULE_MODULE_PRIV_H

#include "base/map.h"
#include "module/module.h"
#include <pthread.h>
#include <stdatomic.h>

struct symtab;
struct packages;

struct modules {
    struct image *im;
    struct module_opts opts;
    struct arena arena;
    VEC(struct module *) list; /* sorted by start */
    taddr *reach;              /* highest end of the modules 0 to i */
    VEC(struct module *) gone; /* no longer mapped, but what came of them may be in use */

    /* Where the target's absolute paths begin: the sysroot, or a container's root, and for all but a
     * sysroot "" as the last. */
    const char *roots[2];
    size_t n_roots;
    const char *chroot; /* the kernel names files of a process in a chroot with this before; NULL or "": none */
    VEC(const char *) debug_dirs;
    const char *core_dir; /* the folder of the core; NULL for a process */
    bool has_links;
    struct module_links links;

    pthread_mutex_t lock; /* guards what follows */
    bool debuginfod_tried;
    void *debuginfod; /* of dlopen() */
    struct packages *packages;
};

struct module_priv {
    struct modules *ms;
    VEC(const struct mapping *) maps; /* those of the file, by address */
    uint64_t dev, inode;              /* of the file, as mapped; 0 unknown */
    pthread_mutex_t lock;             /* recursive; guards what follows until the part is done */
    struct arena arena;               /* strings and arrays of the parts */
    atomic_bool file_done, debug_done, alt_done, dwarf_done, symbols_done, cfi_done, hint_done;
    struct elf *elf, *debug, *alt;
    struct elf *mini; /* MiniDebugInfo; NULL when there is none */
    struct dwarf *dwarf; /* NULL when the debug file has none */
    struct symtab *symbols;
    struct module_cfi cfi;
    const char *hint;

    bool dwp_tried;
    struct elf *dwp;
    struct mapstr dwo; /* path -> struct elf *, NULL for one that is not there */
    VEC(struct elf *) dwos;
    struct map64 names; /* of module_made_name(): key -> char * in the arena */
};

/* Runs `load` once a module; the others wait. */
static inline void module_once(struct module *m, atomic_bool *done, void (*load)(struct module *m))
{
    if (atomic_load_explicit(done, memory_order_acquire))
        return;
    pthread_mutex_lock(&m->priv->lock);
    if (!atomic_load_explicit(done, memory_order_relaxed)) {
        load(m);
        atomic_store_explicit(done, true, memory_order_release);
    }
    pthread_mutex_unlock(&m->priv->lock);
}

/* An empty module, not yet in the list. The path is copied. */
struct module *module_new(struct modules *ms, const char *path);
void module_free(struct module *m);
/* The path of the file below the target's own root. */
const char *module_inner_path(const struct module *m);

/* ELF header, program headers and build-id as far as the target's memory holds them (modules_elf.c).
 * NULL when there is no ELF image at `at`. The caller drops it with elf_unref(). */
struct elf *image_elf_header(struct modules *ms, taddr at, uint64_t room);
/* The whole of a module as memory has it, zeros where bytes are absent; NULL when what would make it
 * useful (dynamic section, unwind tables) is absent. */
struct elf *image_elf_whole(struct modules *ms, const struct module *m);
/* Runtime minus link-time address of a file of which `offset` is mapped at `at`; false: no segment fits. */
bool elf_bias(const struct elf *e, taddr at, uint64_t offset, taddr *bias);
/* One past the highest link-time address. */
taddr elf_top(const struct elf *e);
/* The same bias holds for every mapping of the module. */
bool elf_fits(const struct elf *e, const struct module *m, taddr *bias);

/* Modules of a core that does not name its mappings (modules_linkmap.c). */
void modules_from_link_map(struct modules *ms);

/* How a candidate is judged. */
struct search {
    struct module *m;
    struct module_part *part;
    const struct build_id *id; /* NULL or n == 0: unknown */
    bool has_crc;
    uint32_t crc;
    bool accept_mismatch;
    bool without_code; /* a file of debug information alone serves as the binary, too */
    struct elf *found; /* owned by the search's owner once a function returned true */
};
/* Opens the file at `path` and takes it when its build-id (else its CRC, else its segments) is the wanted
 * one. Records in the part what it found. The path is copied. */
bool search_try(struct search *s, const char *path, const char *how);
/* As above for what an opening gave, which it takes over: an error, or else a file. */
bool search_judge(struct search *s, struct err *err, struct elf *e, const char *path, const char *how);
/* DIR/.build-id/ab/cdef<suffix> in all debug directories. */
bool search_build_id(struct search *s, const char *suffix);
/* Asks the servers in DEBUGINFOD_URLS; kind is "debuginfo" or "executable" (debuginfod.c). */
bool search_debuginfod(struct search *s, const char *kind);

/* What .gnu_debugaltlink or .debug_sup names, or what .gnu_debuglink does. */
struct debug_link {
    const char *name; /* inside the section */
    struct build_id id; /* alt links */
    uint32_t crc;     /* .gnu_debuglink */
};
/* Formats: gdb manual, "Separate Debug Files"; dwz(1); DWARF 5 section 7.3.6. False for damaged bytes. */
bool debug_link_parse(struct bytes section, struct debug_link *out);
bool debug_altlink_parse(struct bytes section, struct debug_link *out);
bool debug_sup_parse(struct bytes section, struct debug_link *out);

/* .gnu_debugdata of a binary, unpacked (minidebuginfo.c). */
struct err *minidebuginfo_open(struct elf *e, struct elf **out) MUST_CHECK;

void packages_free(struct packages *p);

/* A name that no file holds as it is: made once a key (an address of ours or of the file), then kept. */
const char *module_made_name(struct module *m, uint64_t key, const char *fmt, ...) PRINTF_LIKE(3, 4);
/* The stub "name@plt" at a runtime address (plt.c). */
bool plt_symbol(struct module *m, taddr at, struct symbol *out);

#endif
