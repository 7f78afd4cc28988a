/* SPDX-License-Identifier: Apache-2.0 */
/* Symbol tables of a file (gABI "Symbol Table"), and the index of a module's symbols by address.
 * Threads: read-only once made; shareable. */
#ifndef MODULE_SYMTAB_H
#define MODULE_SYMTAB_H

#include "module/elf.h"

/* One table of a file. */
struct sym_table {
    struct elf *elf; /* borrowed */
    struct bytes symbols, names;
    uint32_t n;
    size_t entry; /* bytes of one symbol */
    const struct elf_section *sections;
    size_t n_sections;
};

struct raw_symbol {
    uint64_t addr, size;
    uint32_t name; /* offset into the names */
    uint16_t section;
    uint8_t info;
};

/* False when `e` is NULL, has no such table, or the table is damaged. */
bool sym_table_open(struct elf *e, const char *section, struct sym_table *out);
/* i must be below t->n. */
struct raw_symbol sym_table_get(const struct sym_table *t, uint32_t i);
/* "" for an offset outside. Borrowed from the file. */
const char *sym_table_name(const struct sym_table *t, uint32_t offset);

struct symtab;
enum { SYMTAB_MAX_TABLES = 2 };
/* Over at most SYMTAB_MAX_TABLES tables, which are copied; the files must outlive it. */
struct symtab *symtab_new(const struct sym_table *tables, size_t n);
void symtab_free(struct symtab *t); /* NULL is allowed */
/* The symbol that covers a link-time address, and the table it is from; see module_symbol(). */
bool symtab_find(const struct symtab *t, uint64_t vaddr, struct raw_symbol *out, const struct sym_table **in);
/* The i-th symbol by address; false past the last. */
bool symtab_get(const struct symtab *t, size_t i, struct raw_symbol *out, const struct sym_table **in);
/* A defined function, object or label by exact name; false when there is none. */
bool sym_table_named(const struct sym_table *t, const char *name, struct raw_symbol *out);

#endif
