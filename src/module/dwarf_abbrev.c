/* SPDX-License-Identifier: Apache-2.0 */
/* .debug_abbrev (DWARF 5 section 7.5.3): decoded once a table, with a short program that steps over the
 * attributes of a DIE. */
#include "module/dwarf_priv.h"

/* A table is bounded by its section; this keeps a damaged one from growing a hundredfold in memory. */
#define MAX_ABBREVS (1u << 20)
#define MAX_SPECS (1u << 22)

struct dw_form_size dw_form_size(uint16_t form, uint8_t addr_size, uint8_t offset_size, uint16_t version)
{
    uint8_t fixed = 0;
    enum dw_skip_kind skip = DW_SKIP_NOTHING;
    switch (form) {
    case DW_FORM_flag_present:
    case DW_FORM_implicit_const:
        break;
    case DW_FORM_data1:
    case DW_FORM_ref1:
    case DW_FORM_flag:
    case DW_FORM_strx1:
    case DW_FORM_addrx1:
        fixed = 1;
        break;
    case DW_FORM_data2:
    case DW_FORM_ref2:
    case DW_FORM_strx2:
    case DW_FORM_addrx2:
        fixed = 2;
        break;
    case DW_FORM_strx3:
    case DW_FORM_addrx3:
        fixed = 3;
        break;
    case DW_FORM_data4:
    case DW_FORM_ref4:
    case DW_FORM_strx4:
    case DW_FORM_addrx4:
    case DW_FORM_ref_sup4:
        fixed = 4;
        break;
    case DW_FORM_data8:
    case DW_FORM_ref8:
    case DW_FORM_ref_sig8:
    case DW_FORM_ref_sup8:
        fixed = 8;
        break;
    case DW_FORM_data16:
        fixed = 16;
        break;
    case DW_FORM_addr:
        fixed = addr_size;
        break;
    case DW_FORM_ref_addr:
        /* Version 2 gave it the size of an address. */
        fixed = version <= 2 ? addr_size : offset_size;
        break;
    case DW_FORM_strp:
    case DW_FORM_line_strp:
    case DW_FORM_strp_sup:
    case DW_FORM_sec_offset:
    case DW_FORM_GNU_ref_alt:
    case DW_FORM_GNU_strp_alt:
        fixed = offset_size;
        break;
    case DW_FORM_sdata:
    case DW_FORM_udata:
    case DW_FORM_ref_udata:
    case DW_FORM_strx:
    case DW_FORM_addrx:
    case DW_FORM_loclistx:
    case DW_FORM_rnglistx:
    case DW_FORM_GNU_addr_index:
    case DW_FORM_GNU_str_index:
        skip = DW_SKIP_LEB;
        break;
    case DW_FORM_string:
        skip = DW_SKIP_STRING;
        break;
    case DW_FORM_block1:
        skip = DW_SKIP_BLOCK1;
        break;
    case DW_FORM_block2:
        skip = DW_SKIP_BLOCK2;
        break;
    case DW_FORM_block4:
        skip = DW_SKIP_BLOCK4;
        break;
    case DW_FORM_block:
    case DW_FORM_exprloc:
        skip = DW_SKIP_BLOCK;
        break;
    case DW_FORM_indirect:
        skip = DW_SKIP_INDIRECT;
        break;
    default:
        skip = DW_SKIP_UNKNOWN;
        break;
    }
    return (struct dw_form_size){.skip = (uint8_t)skip, .fixed = fixed};
}

bool dw_spec_read(struct cursor *c, struct dw_spec *out)
{
    uint64_t at = cursor_uleb(c), form = cursor_uleb(c);
    int64_t implicit = form == DW_FORM_implicit_const ? cursor_sleb(c) : 0;
    if (c->failed || (at == 0 && form == 0))
        return false;
    *out = (struct dw_spec){
        .at = at > UINT16_MAX ? 0 : (uint16_t)at,
        .form = form > UINT16_MAX ? 0 : (uint16_t)form,
        .implicit = implicit,
    };
    return true;
}

static struct cursor abbrev_cursor(struct dw_unit *u)
{
    struct cursor c = cursor_of(dwarf_section(u->file, DW_SEC_ABBREV), 0, ".debug_abbrev");
    cursor_seek(&c, u->abbrev_offset);
    return c;
}

bool dw_abbrev_scan(struct dw_unit *u, uint64_t code, struct cursor *out, uint16_t *tag)
{
    struct cursor c = abbrev_cursor(u);
    for (uint32_t i = 0; i < MAX_ABBREVS; i++) {
        uint64_t this_code = cursor_uleb(&c), this_tag = cursor_uleb(&c);
        cursor_u8(&c);
        if (c.failed || this_code == 0)
            return false;
        if (this_code == code) {
            *tag = this_tag > UINT16_MAX ? 0 : (uint16_t)this_tag;
            *out = c;
            return true;
        }
        struct dw_spec spec;
        while (dw_spec_read(&c, &spec))
            ;
    }
    return false;
}

/* A table while it grows: abbreviations refer to their specs and skips by index until all are there. */
struct builder {
    VEC(struct dw_abbrev) abbrevs;
    VEC(struct dw_spec) specs;
    VEC(struct dw_skip) skips;
    VEC(size_t) first_spec, first_skip;
    uint8_t addr_size, offset_size;
    uint16_t version;
};

static void add_fixed(struct builder *b, uint16_t *run, uint8_t n)
{
    if (*run > UINT16_MAX - n) {
        *vec_push(&b->skips) = (struct dw_skip){.fixed = *run, .then = DW_SKIP_NOTHING};
        *run = 0;
    }
    *run = (uint16_t)(*run + n);
}

/* Joins runs of attributes of fixed size into one step. */
static void compile_skips(struct builder *b, struct dw_abbrev *a, size_t first_spec)
{
    size_t first = b->skips.n;
    uint16_t run = 0;
    for (uint32_t i = 0; i < a->n_specs; i++) {
        const struct dw_spec *s = &b->specs.v[first_spec + i];
        struct dw_form_size size = dw_form_size(s->form, b->addr_size, b->offset_size, b->version);
        if (s->at == DW_AT_sibling && !(a->has & DW_HAS_SIBLING) && b->skips.n - first <= UINT16_MAX) {
            a->has |= DW_HAS_SIBLING;
            a->sibling_skips = (uint16_t)(b->skips.n - first);
            a->sibling_fixed = run;
            a->sibling_form = s->form;
        }
        if (s->at == DW_AT_low_pc || s->at == DW_AT_ranges)
            a->has |= DW_HAS_PC;
        if (size.skip == DW_SKIP_NOTHING) {
            add_fixed(b, &run, size.fixed);
        } else {
            *vec_push(&b->skips) = (struct dw_skip){.fixed = run, .then = size.skip};
            run = 0;
        }
    }
    *vec_push(&b->skips) = (struct dw_skip){.fixed = run, .then = DW_SKIP_END};
}

static struct err *build(struct builder *b, struct cursor *c)
{
    for (;;) {
        uint64_t at = cursor_offset(c);
        uint64_t code = cursor_uleb(c);
        if (code == 0 || c->failed)
            return cursor_check(c);
        uint64_t tag = cursor_uleb(c);
        struct dw_abbrev a = {
            .code = code,
            .tag = tag > UINT16_MAX ? 0 : (uint16_t)tag,
            .children = cursor_u8(c) != 0,
        };
        size_t first = b->specs.n;
        struct dw_spec spec;
        while (dw_spec_read(c, &spec) && b->specs.n <= MAX_SPECS)
            *vec_push(&b->specs) = spec;
        if (b->specs.n > MAX_SPECS || b->abbrevs.n >= MAX_ABBREVS)
            return err_at(err_new(ERR_LIMIT, ".debug_abbrev: a table has too many entries"), ERR_AT_OFFSET, at);
        a.n_specs = (uint32_t)(b->specs.n - first);
        *vec_push(&b->first_spec) = first;
        *vec_push(&b->first_skip) = b->skips.n;
        compile_skips(b, &a, first);
        *vec_push(&b->abbrevs) = a;
    }
}

static int by_code(const void *x, const void *y)
{
    uint64_t a = ((const struct dw_abbrev *)x)->code, b = ((const struct dw_abbrev *)y)->code;
    return a < b ? -1 : a > b;
}

/* Also of a table that ends in damage: what came before it is good. */
static struct dw_abbrevs *finish(struct builder *b)
{
    struct dw_abbrevs *t = xcalloc(1, sizeof(*t));
    t->v = b->abbrevs.v;
    t->n = b->abbrevs.n;
    t->specs = b->specs.v;
    t->skips = b->skips.v;
    t->dense = true;
    for (size_t i = 0; i < t->n; i++) {
        t->v[i].specs = t->specs ? t->specs + b->first_spec.v[i] : NULL;
        t->v[i].skips = t->skips + b->first_skip.v[i];
        t->dense = t->dense && t->v[i].code == i + 1;
    }
    if (!t->dense)
        qsort(t->v, t->n, sizeof(*t->v), by_code);
    vec_done(&b->first_spec);
    vec_done(&b->first_skip);
    return t;
}

void dw_abbrevs_free(struct dw_abbrevs *t)
{
    free(t->v);
    free(t->specs);
    free(t->skips);
    free(t);
}

const struct dw_abbrev *dw_abbrev_find(const struct dw_abbrevs *t, uint64_t code)
{
    if (t->dense)
        return code - 1 < t->n ? &t->v[code - 1] : NULL;
    size_t lo = 0, hi = t->n;
    while (lo < hi) {
        size_t mid = lo + (hi - lo) / 2;
        if (t->v[mid].code < code)
            lo = mid + 1;
        else
            hi = mid;
    }
    return lo < t->n && t->v[lo].code == code ? &t->v[lo] : NULL;
}

/* Steps depend on the sizes of the unit, so that units of different sizes never share a table. */
static uint64_t table_key(const struct dw_unit *u)
{
    return u->abbrev_offset * 32 +
           (uint64_t)(u->addr_size == 8   ? 0
                      : u->addr_size == 4 ? 1
                                          : 2 + u->addr_size % 2) +
           (u->offset_size == 8 ? 8u : 0) + (u->version <= 2 ? 16u : 0);
}

const struct dw_abbrevs *dw_load_abbrevs(struct dw_unit *u)
{
    struct dwarf *d = u->file;
    uint64_t key = table_key(u);
    pthread_mutex_lock(&d->lock);
    uint64_t *slot = map64_find(&d->abbrevs, key);
    struct dw_abbrevs *t = slot ? (struct dw_abbrevs *)(uintptr_t)*slot : NULL;
    pthread_mutex_unlock(&d->lock);
    if (!t) {
        struct builder b = {.addr_size = u->addr_size, .offset_size = u->offset_size, .version = u->version};
        struct cursor c = abbrev_cursor(u);
        struct err *e = build(&b, &c);
        if (e)
            dwarf_problem(d, e);
        struct dw_abbrevs *mine = finish(&b);
        bool fresh;
        pthread_mutex_lock(&d->lock);
        slot = map64_put(&d->abbrevs, key, &fresh);
        if (fresh) {
            *slot = (uint64_t)(uintptr_t)mine;
            *vec_push(&d->all_abbrevs) = mine;
        }
        t = (struct dw_abbrevs *)(uintptr_t)*slot;
        pthread_mutex_unlock(&d->lock);
        if (!fresh)
            dw_abbrevs_free(mine);
    }
    atomic_store_explicit(&u->abbrevs, t, memory_order_release);
    return t;
}
