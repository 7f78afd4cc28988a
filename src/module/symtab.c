/* SPDX-License-Identifier: Apache-2.0 */
/* The index has 16 bytes a symbol, sorted by address. Names stay in the file: only those of answers, and of
 * symbols that share an answer's address, are ever touched. */
#include "module/symtab.h"

#include "base/text.h"

#include <elf.h>

/* The two highest bits of an entry's `where` tell its table. */
enum { TABLE_SHIFT = 30, BLOCK = 32 };
#define MAX_SYMBOLS (UINT32_C(1) << 26)

struct entry {
    uint64_t addr;
    uint32_t size;  /* UINT32_MAX: that or more */
    uint32_t where; /* table and index */
};

struct symtab {
    struct sym_table tables[SYMTAB_MAX_TABLES];
    struct entry *v;
    size_t n;
    uint64_t *reach; /* highest end of the symbols in the blocks 0 to i */
};

/* ---- one table of a file ---- */

bool sym_table_open(struct elf *e, const char *section, struct sym_table *out)
{
    const struct elf_section *s = e ? elf_section(e, section) : NULL;
    if (!s)
        return false;
    struct sym_table t = {.elf = e};
    t.sections = elf_sections(e, &t.n_sections);
    t.entry = elf_addr_size(e) == 8 ? sizeof(Elf64_Sym) : sizeof(Elf32_Sym);
    if (s->link >= t.n_sections)
        return false;
    /* A damaged table is a missing one: frames keep their addresses. */
    IGNORE_ERR(elf_section_data(e, s, &t.symbols));
    IGNORE_ERR(elf_section_data(e, &t.sections[s->link], &t.names));
    size_t n = t.symbols.n / t.entry;
    t.n = n < MAX_SYMBOLS ? (uint32_t)n : MAX_SYMBOLS;
    *out = t;
    return t.n > 0 && t.names.n > 0;
}

struct raw_symbol sym_table_get(const struct sym_table *t, uint32_t i)
{
    struct raw_symbol s;
    struct cursor c = cursor_of(t->symbols, 0, "symbol table");
    cursor_skip(&c, (uint64_t)i * t->entry);
    s.name = cursor_u32(&c);
    if (t->entry == sizeof(Elf64_Sym)) {
        s.info = cursor_u8(&c);
        cursor_skip(&c, 1); /* st_other */
        s.section = cursor_u16(&c);
        s.addr = cursor_u64(&c);
        s.size = cursor_u64(&c);
    } else {
        s.addr = cursor_u32(&c);
        s.size = cursor_u32(&c);
        s.info = cursor_u8(&c);
        cursor_skip(&c, 1);
        s.section = cursor_u16(&c);
    }
    return s;
}

const char *sym_table_name(const struct sym_table *t, uint32_t offset)
{
    if (offset >= t->names.n || !memchr(t->names.p + offset, 0, t->names.n - offset))
        return "";
    return (const char *)t->names.p + offset;
}

/* The section that a symbol says it is in, if it is there indeed. */
static const struct elf_section *section_of(const struct sym_table *t, const struct raw_symbol *s)
{
    if (s->section >= t->n_sections)
        return NULL;
    const struct elf_section *sec = &t->sections[s->section];
    return s->addr >= sec->addr && s->addr - sec->addr < sec->size ? sec : NULL;
}

static const struct elf_segment *segment_of(const struct sym_table *t, uint64_t addr)
{
    size_t n;
    const struct elf_segment *s = elf_segments(t->elf, &n);
    for (size_t i = 0; i < n; i++)
        if (s[i].type == PT_LOAD && addr >= s[i].vaddr && addr - s[i].vaddr < s[i].memsz)
            return &s[i];
    return NULL;
}

static bool in_code(const struct sym_table *t, const struct raw_symbol *s)
{
    const struct elf_section *sec = section_of(t, s);
    if (sec)
        return sec->flags & SHF_EXECINSTR;
    const struct elf_segment *seg = segment_of(t, s->addr);
    return seg && (seg->flags & PF_X);
}

/* Labels of the assembler: ".L" ones, and the "$x" that mark code and data on ARM and RISC-V. */
static bool is_label_of_interest(const struct sym_table *t, const struct raw_symbol *s)
{
    if (!in_code(t, s))
        return false;
    const char *name = sym_table_name(t, s->name);
    return name[0] && name[0] != '$' && !begins_with(name, ".L");
}

static bool is_wanted(const struct sym_table *t, const struct raw_symbol *s)
{
    if (s->section == SHN_UNDEF || s->section == SHN_ABS || s->name == 0)
        return false;
    switch (ELF64_ST_TYPE(s->info)) {
    case STT_FUNC:
    case STT_GNU_IFUNC:
    case STT_OBJECT:
        return true;
    case STT_NOTYPE:
        return is_label_of_interest(t, s);
    default:
        return false;
    }
}

/* ---- the index ---- */

static void collect(struct symtab *t, uint32_t table)
{
    const struct sym_table *st = &t->tables[table];
    for (uint32_t i = 0; i < st->n; i++) {
        struct raw_symbol s = sym_table_get(st, i);
        if (is_wanted(st, &s))
            t->v[t->n++] = (struct entry){
                .addr = s.addr,
                .size = s.size < UINT32_MAX ? (uint32_t)s.size : UINT32_MAX,
                .where = table << TABLE_SHIFT | i,
            };
    }
}

/* Least significant byte first, so equal addresses keep the order of their tables; bytes that are the same
 * in all addresses cost nothing. Six times as fast as qsort() for the 300,000 symbols of a large program. */
static void sort_entries(struct entry **v, size_t n)
{
    size_t(*counts)[256] = xcalloc(8, sizeof(*counts));
    struct entry *from = *v, *to = xmalloc((n ? n : 1) * sizeof(*to));
    for (size_t i = 0; i < n; i++)
        for (unsigned b = 0; b < 8; b++)
            counts[b][from[i].addr >> (8 * b) & 255]++;
    for (unsigned b = 0; b < 8 && n > 0; b++) {
        if (counts[b][from[0].addr >> (8 * b) & 255] == n)
            continue;
        size_t at = 0;
        for (unsigned k = 0; k < 256; k++) {
            size_t here = counts[b][k];
            counts[b][k] = at;
            at += here;
        }
        for (size_t i = 0; i < n; i++)
            to[counts[b][from[i].addr >> (8 * b) & 255]++] = from[i];
        struct entry *swap = from;
        from = to;
        to = swap;
    }
    free(to);
    free(counts);
    *v = from;
}

static uint64_t end_of(const struct entry *e)
{
    return e->size == UINT32_MAX || e->addr > UINT64_MAX - e->size ? UINT64_MAX : e->addr + e->size;
}

static void find_reach(struct symtab *t)
{
    size_t blocks = t->n / BLOCK + 1;
    uint64_t reach = 0;
    t->reach = xcalloc(blocks, sizeof(*t->reach));
    for (size_t i = 0; i < t->n; i++) {
        if (end_of(&t->v[i]) > reach)
            reach = end_of(&t->v[i]);
        t->reach[i / BLOCK] = reach;
    }
}

struct symtab *symtab_new(const struct sym_table *tables, size_t n)
{
    struct symtab *t = xcalloc(1, sizeof(*t));
    size_t most = 0;
    for (size_t i = 0; i < n; i++) {
        t->tables[i] = tables[i];
        most += tables[i].n;
    }
    t->v = xrealloc_array(NULL, most ? most : 1, sizeof(*t->v));
    for (size_t i = 0; i < n; i++)
        collect(t, (uint32_t)i);
    sort_entries(&t->v, t->n);
    t->v = xrealloc_array(t->v, t->n ? t->n : 1, sizeof(*t->v));
    find_reach(t);
    return t;
}

void symtab_free(struct symtab *t)
{
    if (!t)
        return;
    free(t->v);
    free(t->reach);
    free(t);
}

/* ---- look-up ---- */

static const struct sym_table *table_of(const struct symtab *t, const struct entry *e)
{
    return &t->tables[e->where >> TABLE_SHIFT];
}

static struct raw_symbol symbol_of(const struct symtab *t, const struct entry *e)
{
    return sym_table_get(table_of(t, e), e->where & ((UINT32_C(1) << TABLE_SHIFT) - 1));
}

static size_t first_above(const struct symtab *t, uint64_t vaddr)
{
    size_t lo = 0, hi = t->n;
    while (lo < hi) {
        size_t mid = lo + (hi - lo) / 2;
        if (t->v[mid].addr <= vaddr)
            lo = mid + 1;
        else
            hi = mid;
    }
    return lo;
}

static const char *name_of(const struct symtab *t, const struct entry *e)
{
    return sym_table_name(table_of(t, e), symbol_of(t, e).name);
}

/* How much a name looks like one for inner use: underscores, or an alias that glibc makes for itself. */
static unsigned privacy(const char *name)
{
    enum { MOST = 15 };
    size_t underscores = strspn(name, "_");
    return begins_with(name, "__GI_") || underscores > MOST ? MOST : (unsigned)underscores;
}

/* Smaller is better. */
static unsigned rank(const struct symtab *t, const struct entry *e)
{
    struct raw_symbol s = symbol_of(t, e);
    unsigned type = ELF64_ST_TYPE(s.info);
    bool code = type == STT_FUNC || type == STT_GNU_IFUNC;
    bool local = ELF64_ST_BIND(s.info) == STB_LOCAL;
    return (code ? 0u : 32u) + (local ? 16u : 0u) + privacy(name_of(t, e));
}

/* Of equals the last in the alphabet ("memmove" before "memcpy"), as gdb has it mostly; then the choice does not
 * depend on the order of the table. Versions do not count. */
static int compare_names(const char *a, const char *b)
{
    size_t n = strcspn(a, "@"), k = strcspn(b, "@");
    int c = memcmp(a, b, n < k ? n : k);
    return c ? c : n < k ? -1 : n > k;
}

static const struct entry *better(const struct symtab *t, const struct entry *a, const struct entry *b)
{
    if (!a || !b)
        return a ? a : b;
    unsigned ra = rank(t, a), rb = rank(t, b);
    return rb < ra || (rb == ra && compare_names(name_of(t, b), name_of(t, a)) > 0) ? b : a;
}

static bool covers(const struct entry *e, uint64_t vaddr)
{
    return vaddr - e->addr < e->size || (e->size == UINT32_MAX && vaddr >= e->addr);
}

/* An unsized symbol lasts to the end of its section; the next symbol was looked for already. */
static bool unsized_covers(const struct symtab *t, const struct entry *e, uint64_t vaddr)
{
    const struct sym_table *st = table_of(t, e);
    struct raw_symbol s = symbol_of(t, e);
    const struct elf_section *sec = section_of(st, &s);
    if (sec)
        return vaddr - sec->addr < sec->size;
    const struct elf_segment *seg = segment_of(st, s.addr);
    return seg && seg == segment_of(st, vaddr);
}

static const struct entry *find_entry(const struct symtab *t, uint64_t vaddr)
{
    size_t above = first_above(t, vaddr);
    const struct entry *sized = NULL, *unsized = NULL;
    for (size_t i = above; i-- > 0;) {
        const struct entry *e = &t->v[i];
        if (sized && e->addr != sized->addr)
            break;
        if ((i + 1) % BLOCK == 0 && t->reach[i / BLOCK] <= vaddr && e->addr != t->v[above - 1].addr)
            break;
        if (covers(e, vaddr))
            sized = better(t, sized, e);
        else if (e->size == 0 && e->addr == t->v[above - 1].addr && unsized_covers(t, e, vaddr))
            unsized = better(t, unsized, e);
    }
    return sized ? sized : unsized;
}

bool symtab_find(const struct symtab *t, uint64_t vaddr, struct raw_symbol *out, const struct sym_table **in)
{
    const struct entry *e = find_entry(t, vaddr);
    if (!e)
        return false;
    *out = symbol_of(t, e);
    *in = table_of(t, e);
    return true;
}

bool symtab_get(const struct symtab *t, size_t i, struct raw_symbol *out, const struct sym_table **in)
{
    if (i >= t->n)
        return false;
    *out = symbol_of(t, &t->v[i]);
    *in = table_of(t, &t->v[i]);
    return true;
}

/* A linker may let one name be the tail of another, so every place where the bytes occur can be meant. */
static bool name_offset_after(const struct sym_table *t, const char *name, size_t from, uint32_t *out)
{
    if (from >= t->names.n)
        return false;
    const uint8_t *at = memmem(t->names.p + from, t->names.n - from, name, strlen(name) + 1);
    if (!at || (size_t)(at - t->names.p) > UINT32_MAX)
        return false;
    *out = (uint32_t)(at - t->names.p);
    return true;
}

/* Finding the bytes of the name first is one quick pass that nearly always says no. */
bool sym_table_named(const struct sym_table *t, const char *name, struct raw_symbol *out)
{
    enum { MAX_PLACES = 16 };
    uint32_t place = 0;
    size_t from = 0;
    for (unsigned k = 0; k < MAX_PLACES && name_offset_after(t, name, from, &place); k++) {
        for (uint32_t i = 0; i < t->n; i++) {
            struct raw_symbol s = sym_table_get(t, i);
            if (s.name == place && s.section != SHN_UNDEF && ELF64_ST_TYPE(s.info) <= STT_FUNC) {
                *out = s;
                return true;
            }
        }
        from = (size_t)place + 1;
    }
    return false;
}
