/* SPDX-License-Identifier: Apache-2.0 */
#include "module/line.h"

#include "module/dwarf_priv.h"

#define MAX_FILES (1u << 20)

/* ---- header ---- */

/* Directories and files before version 5: strings until an empty one. */
static struct err *read_old_tables(struct lines *l, struct cursor *c)
{
    for (;;) {
        const char *dir = cursor_cstr(c);
        if (!*dir)
            break;
        *vec_push(&l->dirs) = dir;
    }
    for (;;) {
        const char *name = cursor_cstr(c);
        if (!*name)
            break;
        uint64_t dir = cursor_uleb(c);
        cursor_uleb(c); /* time */
        cursor_uleb(c); /* size */
        *vec_push(&l->files) = (struct line_file){.name = name, .dir = dir};
    }
    return cursor_check(c);
}

struct entry_format {
    uint64_t content, form;
};

/* One table of version 5, either directories (files false) or files. */
static struct err *read_table(struct lines *l, struct dw_unit *as, struct cursor *c, bool files)
{
    struct entry_format formats[256];
    uint8_t n_formats = cursor_u8(c);
    for (unsigned i = 0; i < n_formats; i++) {
        formats[i].content = cursor_uleb(c);
        formats[i].form = cursor_uleb(c);
    }
    uint64_t n = cursor_uleb(c);
    if (n > MAX_FILES || n > cursor_left(c))
        return err_new(ERR_CORRUPT, ".debug_line: %llu entries in a table", (unsigned long long)n);
    uint64_t base = dw_unit_root(l->unit)->str_offsets_base;
    for (uint64_t k = 0; k < n && !c->failed; k++) {
        struct line_file f = {0};
        const uint8_t *before = c->at;
        for (unsigned i = 0; i < n_formats; i++) {
            struct dw_value v;
            if (!dw_read_value(as, c, (uint16_t)formats[i].form, 0, &v))
                break;
            if (formats[i].content == DW_LNCT_path)
                f.name = dw_string_with_base(as, &v, base);
            else if (formats[i].content == DW_LNCT_directory_index)
                f.dir = v.u;
        }
        if (c->at == before)
            cursor_fail(c);
        if (files)
            *vec_push(&l->files) = f;
        else
            *vec_push(&l->dirs) = f.name;
    }
    return cursor_check(c);
}

static struct err *read_tables(struct lines *l, struct cursor *c, uint8_t offset_size)
{
    if (l->version < 5)
        return read_old_tables(l, c);
    /* Forms are read as in a unit with the sizes of this table. */
    struct dw_unit as = {.file = l->unit->file, .addr_size = l->addr_size, .offset_size = offset_size, .version = 5};
    TRY(read_table(l, &as, c, false));
    return read_table(l, &as, c, true);
}

static struct err *read_header(struct lines *l, struct cursor *c)
{
    uint8_t offset_size;
    uint64_t length = dw_read_length(c, &offset_size);
    struct cursor body = cursor_sub(c, length);
    l->version = cursor_u16(&body);
    if (!body.failed && (l->version < 2 || l->version > 5))
        return err_new(ERR_UNSUPPORTED, ".debug_line: version %u is unknown", l->version);
    l->addr_size = l->unit->addr_size;
    if (l->version >= 5) {
        l->addr_size = cursor_u8(&body);
        cursor_u8(&body); /* size of a segment selector */
    }
    uint64_t header = dw_read_offset(&body, offset_size);
    l->program = body;
    cursor_skip(&l->program, header);
    l->min_inst = cursor_u8(&body);
    l->max_ops = l->version >= 4 ? cursor_u8(&body) : 1;
    l->default_stmt = cursor_u8(&body) != 0;
    l->line_base = (int8_t)cursor_u8(&body);
    l->line_range = cursor_u8(&body);
    l->opcode_base = cursor_u8(&body);
    TRY(cursor_check(&body));
    if (l->line_range == 0 || l->opcode_base == 0 || (l->addr_size != 4 && l->addr_size != 8))
        return err_new(ERR_CORRUPT, ".debug_line: a header has impossible values");
    l->max_ops = l->max_ops ? l->max_ops : 1;
    l->lengths = cursor_bytes(&body, l->opcode_base - 1u);
    TRY(cursor_check(&l->program));
    return read_tables(l, &body, offset_size);
}

struct err *lines_init(struct lines *l, struct dw_unit *u)
{
    /* A split unit's lines are in the program, beside its skeleton. */
    if (u->skeleton)
        u = u->skeleton;
    const struct dw_root *r = dw_unit_root(u);
    *l = (struct lines){.unit = u};
    if (!r->has_lines)
        return err_new(ERR_NO_DATA, ".debug_line: the unit has no line table");
    struct cursor c = cursor_of(dwarf_section(u->file, DW_SEC_LINE), 0, ".debug_line");
    cursor_seek(&c, r->line_offset);
    struct err *e = cursor_check(&c);
    if (!e)
        e = read_header(l, &c);
    if (e) {
        lines_done(l);
        return err_at(e, ERR_AT_OFFSET, r->line_offset);
    }
    return NULL;
}

void lines_done(struct lines *l)
{
    vec_done(&l->dirs);
    vec_done(&l->files);
}

/* Does `path` start where the compilation directory `comp` does? Distributions map the root of the build to
 * "." (-ffile-prefix-map), so that absolute paths become "./src", beside a `comp` of "./obj". */
static bool is_rooted(const char *path, const char *comp)
{
    return path[0] == '/' || !comp || (comp[0] != '/' && path[0] == '.' && path[1] == '/');
}

/* The file's entry and its directory as the header has it, NULL where that is the unit's own. False when there is no
 * such file; in versions before 5 also for file 0, which was never given a meaning: producers use it for the
 * unit's own file. */
static bool entry_of(const struct lines *l, uint64_t file, const char **name, const char **dir)
{
    uint64_t i = l->version < 5 ? file - 1 : file;
    if (i >= l->files.n || !l->files.v[i].name)
        return false;
    const struct line_file *f = &l->files.v[i];
    /* Before version 5 directory 0 is the unit's own and not listed. Version 5 lists it; where it is another
     * and relative, it counts from the unit's directory like any other. */
    uint64_t index = l->version < 5 ? f->dir - 1 : f->dir;
    *name = f->name;
    *dir = f->name[0] != '/' && index < l->dirs.n ? l->dirs.v[index] : NULL;
    return true;
}

const char *lines_path(const struct lines *l, uint64_t file, struct arena *a)
{
    const struct dw_root *r = dw_unit_root(l->unit);
    const char *comp = r->comp_dir, *name, *dir;
    if (l->version < 5 && file == 0)
        return r->name && !is_rooted(r->name, comp) ? arena_printf(a, "%s/%s", comp, r->name) : r->name;
    if (!entry_of(l, file, &name, &dir))
        return NULL;
    if (!dir)
        return is_rooted(name, comp) ? name : arena_printf(a, "%s/%s", comp, name);
    if (is_rooted(dir, comp) || strcmp(dir, comp) == 0)
        return arena_printf(a, "%s/%s", dir, name);
    return arena_printf(a, "%s/%s/%s", comp, dir, name);
}

/* Do two paths mean the same file, counted from the unit's directory when they are relative? */
static bool same_path(const char *a, const char *b, const char *comp)
{
    size_t n = comp ? strlen(comp) : 0;
    if ((a[0] == '/') == (b[0] == '/'))
        return strcmp(a, b) == 0;
    const char *whole = a[0] == '/' ? a : b, *part = a[0] == '/' ? b : a;
    return n && strncmp(whole, comp, n) == 0 && whole[n] == '/' && strcmp(whole + n + 1, part) == 0;
}

const char *lines_name(const struct lines *l, uint64_t file, struct arena *a)
{
    const struct dw_root *r = dw_unit_root(l->unit);
    const char *name, *dir;
    if (l->version < 5 && file == 0)
        return r->name;
    if (!entry_of(l, file, &name, &dir))
        return NULL;
    const char *joined = dir ? arena_printf(a, "%s/%s", dir, name) : name;
    return r->name && same_path(r->name, joined, r->comp_dir) ? r->name : joined;
}

/* ---- program ---- */

struct row {
    taddr addr;
    uint64_t file;
    uint32_t line, column;
    bool stmt;
};

struct machine {
    const struct lines *l;
    struct row r;   /* registers */
    unsigned op;    /* op_index */
    bool dead;      /* the linker dropped the code of this sequence */
    struct row cur; /* the row that holds from cur.addr on */
    bool have;
    /* What gdb's choice among rows depends on, see take_row(). */
    uint64_t last_file;
    taddr last_addr;
    bool any_row, stmt_here;
    bool marked, line_marked; /* discriminators: of the next row, of any row since the line changed */
    struct line_pos *pos;
    size_t n, next, left; /* next: first position not below cur.addr; left: not yet found */
    /* Instead of positions, all rows: lines_run(). */
    void (*each)(void *arg, const struct line_step *step);
    void *arg;
};

static void reset(struct machine *m)
{
    m->r = (struct row){.file = 1, .line = 1, .stmt = m->l->default_stmt};
    m->op = 0;
    m->dead = m->have = m->any_row = m->stmt_here = m->marked = m->line_marked = false;
    m->last_file = 0;
}

static void seek(struct machine *m, taddr addr)
{
    size_t lo = 0, hi = m->n;
    while (lo < hi) {
        size_t mid = lo + (hi - lo) / 2;
        if (m->pos[mid].pc < addr)
            lo = mid + 1;
        else
            hi = mid;
    }
    m->next = lo;
}

/* Gives the current row to the positions in [cur.addr, end). */
static void give(struct machine *m, taddr end)
{
    for (; m->next < m->n && m->pos[m->next].pc < end; m->next++) {
        struct line_pos *p = &m->pos[m->next];
        if (p->found)
            continue;
        p->found = true;
        p->file = m->cur.file;
        p->line = m->cur.line;
        p->column = m->cur.column;
        m->left--;
    }
}

static void tell(const struct machine *m, bool end)
{
    const struct row *r = &m->r;
    m->each(m->arg,
            &(struct line_step){
                .pc = r->addr, .file = r->file, .line = r->line, .stmt = r->stmt, .again = m->line_marked, .end = end});
}

/* From now on m->r is what holds. */
static void store(struct machine *m)
{
    if (m->each) {
        tell(m, false);
        return;
    }
    if (m->have && m->r.addr == m->cur.addr) {
        if (m->r.stmt || !m->cur.stmt || m->r.file != m->cur.file)
            m->cur = m->r;
        return;
    }
    if (m->have && m->r.addr > m->cur.addr)
        give(m, m->r.addr);
    else
        seek(m, m->r.addr);
    m->cur = m->r;
    m->have = true;
}

/* A row of the table. Several may stand at one address, and compilers mark some as not beginning a
 * statement; which of them a debugger shows is not in the specification. This is what gdb does, so that
 * both tools name the same line: rows for line 0 do not count; of a file's rows at an address the last one
 * that begins a statement counts, or else the last; and a row of another file that does not begin a
 * statement does not count where one does.
 * Up to version 17 it also ignores rows that repeat the line of the row before when discriminators cause
 * them. We do not: such a row may follow, at the next address, one that did not count. */
static void take_row(struct machine *m)
{
    const struct row *r = &m->r;
    bool same_addr = m->any_row && r->addr == m->last_addr;
    bool other_file = !m->any_row || r->file != m->last_file;
    bool passed_over = r->line == 0 || (other_file && same_addr && !r->stmt && m->stmt_here);
    if (!m->dead && !passed_over) {
        store(m);
        m->last_file = r->file;
    }
    m->stmt_here = (same_addr && m->stmt_here) || r->stmt;
    m->last_addr = r->addr;
    m->any_row = true;
    m->marked = false;
}

static void advance_line(struct machine *m, int64_t by)
{
    m->r.line += (uint32_t)by;
    if (by)
        m->line_marked = m->marked;
}

static void end_sequence(struct machine *m)
{
    if (m->each && !m->dead)
        tell(m, true);
    else if (m->have && !m->dead)
        give(m, m->r.addr);
    reset(m);
}

static void advance(struct machine *m, uint64_t ops)
{
    const struct lines *l = m->l;
    if (l->max_ops == 1) {
        m->r.addr += l->min_inst * ops;
    } else {
        m->r.addr += l->min_inst * ((m->op + ops) / l->max_ops);
        m->op = (unsigned)((m->op + ops) % l->max_ops);
    }
}

static void extended(struct machine *m, struct cursor *c)
{
    struct cursor body = cursor_sub(c, cursor_uleb(c));
    switch (cursor_u8(&body)) {
    case DW_LNE_end_sequence:
        end_sequence(m);
        break;
    case DW_LNE_set_address: {
        size_t size = cursor_left(&body);
        m->r.addr = size == 4 || size == 8 ? cursor_uint(&body, (unsigned)size) : 0;
        m->op = 0;
        m->dead = dw_dropped(m->l->unit->file, m->r.addr, m->l->addr_size);
        break;
    }
    case DW_LNE_set_discriminator:
        m->marked = cursor_uleb(&body) != 0;
        m->line_marked |= m->marked;
        break;
    case DW_LNE_define_file: /* no producer uses it */
    default:
        break;
    }
}

static void standard(struct machine *m, struct cursor *c, uint8_t op)
{
    switch (op) {
    case DW_LNS_copy:
        take_row(m);
        break;
    case DW_LNS_advance_pc:
        advance(m, cursor_uleb(c));
        break;
    case DW_LNS_advance_line:
        advance_line(m, cursor_sleb(c));
        break;
    case DW_LNS_set_file:
        m->last_file = m->r.file;
        m->r.file = cursor_uleb(c);
        break;
    case DW_LNS_set_column:
        m->r.column = (uint32_t)cursor_uleb(c);
        break;
    case DW_LNS_negate_stmt:
        m->r.stmt = !m->r.stmt;
        break;
    case DW_LNS_set_basic_block:
    case DW_LNS_set_prologue_end:
    case DW_LNS_set_epilogue_begin:
        break;
    case DW_LNS_const_add_pc:
        advance(m, (255u - m->l->opcode_base) / m->l->line_range);
        break;
    case DW_LNS_fixed_advance_pc:
        m->r.addr += cursor_u16(c);
        m->op = 0;
        break;
    case DW_LNS_set_isa:
        cursor_uleb(c);
        break;
    default:
        for (unsigned i = op - 1u < m->l->lengths.n ? m->l->lengths.p[op - 1] : 0; i > 0; i--)
            cursor_uleb(c);
        break;
    }
}

static struct err *run(struct machine *m)
{
    const struct lines *l = m->l;
    struct cursor c = l->program;
    reset(m);
    while (m->left && cursor_left(&c)) {
        uint8_t op = cursor_u8(&c);
        if (op >= l->opcode_base) {
            unsigned adjusted = op - l->opcode_base;
            advance(m, adjusted / l->line_range);
            advance_line(m, l->line_base + (int)(adjusted % l->line_range));
            take_row(m);
        } else if (op == 0) {
            extended(m, &c);
        } else {
            standard(m, &c, op);
        }
    }
    return cursor_check(&c);
}

struct err *lines_find(const struct lines *l, struct line_pos *pos, size_t n)
{
    return run(&(struct machine){.l = l, .pos = pos, .n = n, .left = n});
}

struct err *lines_run(const struct lines *l, void (*fn)(void *arg, const struct line_step *step), void *arg)
{
    return run(&(struct machine){.l = l, .left = 1, .each = fn, .arg = arg});
}
