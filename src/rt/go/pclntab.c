/* SPDX-License-Identifier: Apache-2.0 */
#include "rt/go/pclntab.h"

#include <string.h>

enum {
    MAGIC_1_16 = 0xfffffffa,
    MAGIC_1_18 = 0xfffffff0,
    MAGIC_1_20 = 0xfffffff1,
};

/* internal/abi/symtab.go; the numbers are the same in all versions that are read here. */
enum { PCDATA_INLINE_INDEX = 2, FUNCDATA_INLINE_TREE = 3 };

/* More calls inlined into each other than any compiler makes. */
enum { INLINE_DEPTH = 200 };

static struct bytes part(struct bytes b, uint64_t offset)
{
    return offset < b.n ? (struct bytes){b.p + offset, b.n - (size_t)offset} : (struct bytes){NULL, 0};
}

bool pclntab_is_one(struct bytes b)
{
    struct cursor c = cursor_of(b, 0, "function table");
    uint32_t magic = cursor_u32(&c);
    uint16_t zero = cursor_u16(&c);
    uint8_t quantum = cursor_u8(&c), word = cursor_u8(&c);
    return !c.failed && (magic == MAGIC_1_16 || magic == MAGIC_1_18 || magic == MAGIC_1_20) && !zero &&
           (quantum == 1 || quantum == 2 || quantum == 4) && (word == 4 || word == 8);
}

struct err *pclntab_open(struct bytes b, const struct pclntab_place *place, struct pclntab *out)
{
    const char *what = place->what;
    struct cursor c = cursor_of(b, 0, what);
    struct pclntab t = {.text = place->text, .funcdata = place->funcdata, .what = what};
    uint32_t magic = cursor_u32(&c);
    uint16_t zero = cursor_u16(&c);
    t.quantum = cursor_u8(&c);
    t.word = cursor_u8(&c);
    TRY(cursor_check(&c));
    switch (magic) {
    case MAGIC_1_16:
        t.format = PCLNTAB_1_16;
        t.text = place->bias;
        t.funcdata_at = place->funcdata_at;
        break;
    case MAGIC_1_18:
        t.format = PCLNTAB_1_18;
        break;
    case MAGIC_1_20:
        t.format = PCLNTAB_1_20;
        break;
    default:
        return err_new(ERR_UNSUPPORTED, "%s: unknown kind of function table (0x%08x)", what, magic);
    }
    if (zero || (t.word != 4 && t.word != 8) || (t.quantum != 1 && t.quantum != 2 && t.quantum != 4))
        return err_new(ERR_CORRUPT, "%s: the header of the function table is damaged", what);

    uint64_t n_functions = cursor_uint(&c, t.word), n_files = cursor_uint(&c, t.word);
    if (t.format >= PCLNTAB_1_18)
        cursor_uint(&c, t.word); /* textStart: unused since Go 1.26, and not relocated in PIE */
    t.names = part(b, cursor_uint(&c, t.word));
    t.units = part(b, cursor_uint(&c, t.word));
    t.files = part(b, cursor_uint(&c, t.word));
    t.values = part(b, cursor_uint(&c, t.word));
    t.functions = part(b, cursor_uint(&c, t.word));
    TRY(cursor_check(&c));
    size_t entry = t.format >= PCLNTAB_1_18 ? 4 : t.word;
    if (n_functions >= t.functions.n / (2 * entry) || n_files > UINT32_MAX)
        return err_new(ERR_CORRUPT, "%s: the function table says that it has %llu functions", what,
                       (unsigned long long)n_functions);
    t.n_functions = (uint32_t)n_functions;
    t.n_files = (uint32_t)n_files;
    *out = t;
    return NULL;
}

/* ---- functions ---- */

/* Entry i of the table that is searched: where the function begins, and where its record is. */
static bool entry_at(const struct pclntab *t, uint32_t i, taddr *entry, uint64_t *record)
{
    struct cursor c = cursor_of(t->functions, 0, t->what);
    if (t->format >= PCLNTAB_1_18) {
        cursor_skip(&c, (uint64_t)i * 8);
        *entry = t->text + cursor_u32(&c);
        *record = i < t->n_functions ? cursor_u32(&c) : 0;
    } else {
        cursor_skip(&c, (uint64_t)i * 2 * t->word);
        *entry = t->text + cursor_uint(&c, t->word);
        *record = i < t->n_functions ? cursor_uint(&c, t->word) : 0;
    }
    return !c.failed;
}

static const char *string_at(struct bytes b, uint64_t offset, const char *what)
{
    struct cursor c = cursor_of(b, 0, what);
    cursor_skip(&c, offset);
    return cursor_cstr(&c);
}

bool pclntab_function(const struct pclntab *t, uint32_t i, struct go_function *out)
{
    struct go_function f = {0};
    uint64_t record, unused;
    if (i >= t->n_functions || !entry_at(t, i, &f.entry, &record) || !entry_at(t, i + 1, &f.end, &unused))
        return false;
    struct cursor c = cursor_of(t->functions, 0, t->what);
    cursor_skip(&c, record);
    cursor_skip(&c, t->format >= PCLNTAB_1_18 ? 4 : t->word); /* the entry again */
    uint32_t name = cursor_u32(&c);
    cursor_skip(&c, sizeof(uint32_t)); /* bytes of arguments */
    f.deferreturn = cursor_u32(&c);
    f.pcsp = cursor_u32(&c);
    f.pcfile = cursor_u32(&c);
    f.pcln = cursor_u32(&c);
    f.n_pcdata = cursor_u32(&c);
    f.unit = cursor_u32(&c);
    if (t->format >= PCLNTAB_1_20)
        f.start_line = (int32_t)cursor_u32(&c);
    f.id = cursor_u8(&c);
    f.flags = cursor_u8(&c);
    cursor_u8(&c);
    f.n_funcdata = cursor_u8(&c);
    if (c.failed || f.end < f.entry)
        return false;
    f.name = string_at(t->names, name, t->what);
    f.rest = c;
    *out = f;
    return true;
}

bool pclntab_find(const struct pclntab *t, taddr pc, struct go_function *out)
{
    uint32_t lo = 0, hi = t->n_functions;
    taddr entry;
    uint64_t record;
    if (!hi || !entry_at(t, hi, &entry, &record) || pc >= entry)
        return false;
    while (hi - lo > 1) {
        uint32_t mid = lo + (hi - lo) / 2;
        if (!entry_at(t, mid, &entry, &record))
            return false;
        if (entry <= pc)
            lo = mid;
        else
            hi = mid;
    }
    return pclntab_function(t, lo, out) && pc >= out->entry && pc < out->end;
}

/* ---- tables of values by pc ---- */

/* The value that a table has at pc: pairs of how the value changes and for how many instructions it then holds. */
static bool value_at_pc(const struct pclntab *t, uint32_t table, const struct go_function *f, taddr pc, int32_t *out)
{
    if (!table)
        return false;
    struct cursor c = cursor_of(t->values, 0, t->what);
    cursor_skip(&c, table);
    taddr at = f->entry;
    uint32_t value = UINT32_MAX; /* -1 */
    for (bool first = true; cursor_left(&c); first = false) {
        uint32_t delta = (uint32_t)cursor_uleb(&c);
        if (!delta && !first)
            return false;
        value += delta & 1 ? ~(delta >> 1) : delta >> 1;
        at += cursor_uleb(&c) * t->quantum;
        if (!c.failed && pc < at) {
            *out = (int32_t)value;
            return true;
        }
    }
    return false;
}

bool pclntab_frame_size(const struct pclntab *t, const struct go_function *f, taddr pc, uint64_t *out)
{
    int32_t size;
    if (!value_at_pc(t, f->pcsp, f, pc, &size) || size < 0)
        return false;
    *out = (uint32_t)size;
    return true;
}

static const char *file_at(const struct pclntab *t, const struct go_function *f, taddr pc)
{
    int32_t number;
    if (!value_at_pc(t, f->pcfile, f, pc, &number) || number < 0)
        return "";
    struct cursor c = cursor_of(t->units, 0, t->what);
    cursor_skip(&c, ((uint64_t)f->unit + (uint32_t)number) * 4);
    uint32_t offset = cursor_u32(&c);
    return c.failed || offset == UINT32_MAX ? "" : string_at(t->files, offset, t->what);
}

bool pclntab_is_assembly(const struct pclntab *t, const struct go_function *f)
{
    if (t->format >= PCLNTAB_1_18)
        return f->flags & GO_FUNC_ASM;
    const char *file = file_at(t, f, f->entry);
    size_t n = strlen(file);
    return n > 2 && strcmp(file + n - 2, ".s") == 0;
}

static int32_t line_at(const struct pclntab *t, const struct go_function *f, taddr pc)
{
    int32_t line;
    return value_at_pc(t, f->pcln, f, pc, &line) && line > 0 ? line : 0;
}

/* ---- inlined calls ---- */

static bool pcdata(const struct go_function *f, uint32_t which, uint32_t *table)
{
    struct cursor c = f->rest;
    if (which >= f->n_pcdata)
        return false;
    cursor_skip(&c, (uint64_t)which * 4);
    *table = cursor_u32(&c);
    return !c.failed;
}

bool pclntab_pcdata(const struct pclntab *t, const struct go_function *f, unsigned which, taddr pc, int32_t *out)
{
    uint32_t table;
    return pcdata(f, which, &table) && table && value_at_pc(t, table, f, pc, out);
}

struct bytes pclntab_funcdata(const struct pclntab *t, const struct go_function *f, unsigned which)
{
    const struct bytes none = {NULL, 0};
    struct cursor c = f->rest;
    if (which >= f->n_funcdata)
        return none;
    cursor_skip(&c, (uint64_t)f->n_pcdata * 4);
    if (t->format >= PCLNTAB_1_18) {
        cursor_skip(&c, (uint64_t)which * 4);
        uint32_t offset = cursor_u32(&c);
        return c.failed || offset == UINT32_MAX ? none : part(t->funcdata, offset);
    }
    cursor_skip(&c, -cursor_offset(&c) % t->word + (uint64_t)which * t->word);
    uint64_t at = cursor_uint(&c, t->word);
    return c.failed || at < t->funcdata_at ? none : part(t->funcdata, at - t->funcdata_at);
}

struct inlined {
    uint8_t id;
    uint32_t name;
    int32_t start_line;
    uint32_t parent_pc; /* offset of the call from the function's entry */
};

static bool read_inlined(const struct pclntab *t, struct bytes tree, uint32_t i, struct inlined *out)
{
    struct cursor c = cursor_of(tree, 0, t->what);
    *out = (struct inlined){0};
    bool wide = t->format < PCLNTAB_1_20;
    if (wide) {
        cursor_skip(&c, (uint64_t)i * 20 + 2); /* after the parent's index */
        out->id = cursor_u8(&c);
        cursor_skip(&c, 1 + 4 + 4); /* padding, the call's file and line: the caller's tables have them, too */
        out->name = cursor_u32(&c);
    } else {
        cursor_skip(&c, (uint64_t)i * 16);
        out->id = cursor_u8(&c);
        cursor_skip(&c, 3);
        out->name = cursor_u32(&c);
    }
    out->parent_pc = cursor_u32(&c);
    if (!wide)
        out->start_line = (int32_t)cursor_u32(&c);
    return !c.failed;
}

size_t pclntab_lines(const struct pclntab *t, const struct go_function *f, taddr pc, struct go_line *out, size_t max)
{
    uint32_t table = 0;
    struct bytes tree = pclntab_funcdata(t, f, FUNCDATA_INLINE_TREE);
    bool inlines = tree.n && pcdata(f, PCDATA_INLINE_INDEX, &table);
    size_t n = 0;
    while (inlines && n + 1 < max && n < INLINE_DEPTH) {
        int32_t index;
        struct inlined in;
        if (!value_at_pc(t, table, f, pc, &index) || index < 0 || !read_inlined(t, tree, (uint32_t)index, &in))
            break;
        out[n++] = (struct go_line){.function = string_at(t->names, in.name, t->what),
                                    .file = file_at(t, f, pc),
                                    .line = line_at(t, f, pc),
                                    .start_line = in.start_line,
                                    .id = in.id};
        pc = f->entry + in.parent_pc;
    }
    out[n++] = (struct go_line){.function = f->name,
                                .file = file_at(t, f, pc),
                                .line = line_at(t, f, pc),
                                .start_line = f->start_line,
                                .id = f->id};
    return n;
}
