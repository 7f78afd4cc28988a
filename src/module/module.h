/* SPDX-License-Identifier: Apache-2.0 */
/* MODULES: the ELF files that a target has mapped, and the debug files that serve them.
 *
 * Opening the list reads only mappings and ELF headers; a module's file, symbols, CFI and DWARF are loaded
 * when first asked for. Every load is done once and its error is remembered.
 * Threads: modules_load() by one thread; after that module_* may be called from many (each lazy part has
 * its own lock); find functions are read-only. */
#ifndef MODULE_MODULE_H
#define MODULE_MODULE_H

#include "image/image.h"
#include "module/elf.h"

struct module_opts {
    const char *exe;        /* --exe: the program's file, or NULL */
    const char *sysroot;    /* --sysroot, or NULL */
    const char *const *debug_dirs; /* --debug-dir, searched before /usr/lib/debug */
    size_t n_debug_dirs;
    bool accept_mismatch;   /* --exe with another build-id: use it all the same, and say so */
    bool no_debuginfod;     /* never contact a server even if DEBUGINFOD_URLS is set */
    const char *cache_dir;  /* NULL: no cache on disk */
    struct progress *progress;
};

/* One part of what serves a module, for `info --modules`. */
enum part_state { PART_UNTRIED, PART_NONE, PART_FOUND, PART_MISSING, PART_MISMATCH, PART_ERROR };
struct module_part {
    enum part_state state;
    const char *path; /* file that serves it, or was looked for */
    const char *how; /* "mapped path", "build-id", "debuglink", "debug directory", "debuginfod", "memory" and others */
    const char *note; /* what is wrong, and the package or command that would bring it; or NULL */
};

struct module {
    const char *path; /* as the target names it; "[vdso]"; never NULL */
    const char *name; /* last component of path */
    taddr start, end; /* lowest and highest mapped address */
    taddr bias; /* runtime address minus link-time address */
    bool bias_known; /* false: the program headers were found neither in memory nor in a file */
    bool is_exe, is_vdso, deleted;
    struct build_id build_id; /* from the target's memory, else from the file; n == 0 unknown */
    bool id_from_target; /* build_id is from the target's memory or its dump, so files can be verified */
    struct module_part file, debug, alt; /* the binary; its DWARF; its dwz supplement */
    struct module_priv *priv;
};

struct dwarf;
struct modules;

/* Finds the modules of an image: NT_FILE or maps, link_map names, the vdso. Never fails as a whole. The
 * image must outlive the modules. `opts` is copied, its strings borrowed. */
struct modules *modules_load(struct image *im, const struct module_opts *opts);
/* The image has new mappings (a held process ran): lists its modules anew. Those that stayed keep what was loaded of
 * them; those that are gone live on, unlisted, for whoever still has something of them. False: nothing changed. No
 * other call may run. */
bool modules_reload(struct modules *ms);
void modules_free(struct modules *ms);
struct image *modules_image(struct modules *ms);
const struct module_opts *modules_opts(const struct modules *ms);
size_t modules_count(const struct modules *ms);
struct module *modules_get(const struct modules *ms, size_t i); /* sorted by start */
struct module *modules_find(const struct modules *ms, taddr pc); /* NULL when none holds it */

/* Target memory, and where the dump left a file's read-only bytes out, those of the verified file. */
struct err *modules_read(struct modules *ms, taddr at, void *buf, size_t n) MUST_CHECK;
size_t modules_read_some(struct modules *ms, taddr at, void *buf, size_t n);
bool modules_word(struct modules *ms, taddr at, unsigned size, uint64_t *out);

/* The dynamic linker's records of what it loaded, in its order (struct link_map of <link.h>); none in a program
 * without it. Read once. Threads: one at a time. */
struct module_link {
    taddr at; /* of the record */
    struct module *m; /* NULL: none that we know */
};
struct module_links {
    const struct module_link *v;
    size_t n;
};
struct module_links modules_links(struct modules *ms);

/* The binary. NULL when it was not found or does not match (m->file says why). */
struct elf *module_elf(struct module *m);
/* The file with DWARF (may be the binary itself), NULL when there is none; m->debug says why. */
struct elf *module_debug_elf(struct module *m);
/* The dwz supplement named by .gnu_debugaltlink of a debug file; NULL if none; m->alt says why. */
struct elf *module_alt_elf(struct module *m);
/* A split-DWARF object: a .dwp beside the binary (*is_dwp: contributions go by index), or the .dwo by DW_AT_comp_dir
 * and DW_AT_dwo_name, below sysroot and debug dirs too, or beside the binary. NULL when there is none. It belongs to
 * the module, and is the same for the same file; its reader compares the unit's id. */
struct elf *module_find_dwo(struct module *m, const char *comp_dir, const char *dwo_name, bool *is_dwp);

/* The DWARF of a module's debug file, shared by all who read it; NULL when there is none. */
struct dwarf *module_dwarf(struct module *m);

struct symbol {
    const char *name; /* as in the file: mangled; borrowed from the module */
    taddr addr; /* runtime address */
    uint64_t size; /* bytes; 0 when the symbol has none */
    uint8_t type; /* STT_* */
    bool global;
};
/* The function or object that covers a runtime address (.symtab of the debug file, else of the binary,
 * .dynsym, MiniDebugInfo merged in; PLT slots as "name@plt"). Among several at one address: sized before
 * unsized, global before local, no leading underscores before them. False when none covers it. */
bool module_symbol(struct module *m, taddr at, struct symbol *out);
/* By exact name, in the program, then in the other modules by address; false when none. `in` may be NULL. */
bool modules_symbol_named(struct modules *ms, const char *name, struct symbol *out, struct module **in);
/* By exact name in one module. */
bool module_symbol_named(struct module *m, const char *name, struct symbol *out);

/* All functions, objects and labels of code in a module's symbol tables, by address, without PLT slots. fn returns
 * false to stop. */
void module_each_symbol(struct module *m, bool (*fn)(void *arg, const struct symbol *s), void *arg);

/* Unwind tables of a module at runtime addresses: from its file, its debug file (.debug_frame) or memory. */
struct module_cfi {
    struct bytes eh_frame, eh_frame_hdr, debug_frame;
    taddr eh_frame_addr, eh_frame_hdr_addr; /* runtime addresses of their first bytes */
    taddr text_base, data_base; /* for DW_EH_PE_textrel and datarel (runtime) */
};
/* Absent parts are empty. Borrowed from the module. */
struct module_cfi module_cfi(struct module *m);

/* "install libc6-dbg" or "debuginfod-find debuginfo <id>": how to get what a module lacks; arena string
 * of the module, or NULL when nothing is missing. */
const char *module_missing_hint(struct module *m);

/* Demangles C++ (Itanium), Rust (legacy and v0) names; D and others pass through. Heap string, NULL when
 * the name is not mangled. At most 64 KiB either way. */
char *demangle(const char *name);

/* Loads files, symbols and CFI of all modules that hold any of the addresses, on all cores. */
void modules_prepare(struct modules *ms, const taddr *pcs, size_t n);

#endif
