/* SPDX-License-Identifier: Apache-2.0 */
/* DIEs as cursors: finding them, stepping over them, reading their attributes. */
#include "module/dwarf_priv.h"

/* No program nests scopes this deep; a damaged unit may look as if it did. */
#define MAX_DEPTH 4096

struct cursor dw_unit_cursor(struct dw_unit *u, uint64_t offset)
{
    struct cursor c;
    const uint8_t *sec = dwarf_section(u->file, u->in_types ? DW_SEC_TYPES : DW_SEC_INFO).p;
    /* Filled in place, not by cursor_of(): every step between DIEs starts here. */
    c.start = sec + u->offset;
    c.end = sec + u->end;
    c.base = u->offset;
    c.what = u->in_types ? ".debug_types" : ".debug_info";
    c.failed = false;
    c.failed_at = 0;
    c.at = c.end;
    if (offset >= u->first_die && offset < u->end)
        c.at = sec + offset;
    else
        cursor_fail(&c);
    return c;
}

static uint64_t section_offset(const struct cursor *c)
{
    return c->base + cursor_offset(c);
}

/* Reads the abbreviation code at *c; NULL for a null entry, for damage, and at the end. */
static const struct dw_abbrev *read_code(struct dw_unit *u, struct cursor *c)
{
    uint64_t code = cursor_uleb(c);
    if (code == 0 || c->failed)
        return NULL;
    const struct dw_abbrev *a = dw_abbrev_find(dw_unit_abbrevs(u), code);
    if (!a)
        cursor_fail(c);
    return a;
}

bool dw_read_die(struct dw_unit *u, struct cursor *c, struct dw_die *out)
{
    uint64_t offset = section_offset(c);
    const struct dw_abbrev *a = read_code(u, c);
    if (!a)
        return false;
    *out = (struct dw_die){.unit = u, .abbrev = a, .offset = offset, .attrs = section_offset(c)};
    return true;
}

bool dw_die_at(struct dw_unit *u, uint64_t offset, struct dw_die *out)
{
    struct cursor c = dw_unit_cursor(u, offset);
    return dw_read_die(u, &c, out);
}

bool dw_die_root(struct dw_unit *u, struct dw_die *out)
{
    return dw_die_at(u, u->first_die, out);
}

static void skip_indirect(const struct dw_unit *u, struct cursor *c)
{
    struct dw_value v;
    uint64_t form = cursor_uleb(c);
    struct dw_form_size size =
        dw_form_size(form > UINT16_MAX ? 0 : (uint16_t)form, u->addr_size, u->offset_size, u->version);
    if (size.skip == DW_SKIP_NOTHING && form != DW_FORM_implicit_const)
        cursor_skip(c, size.fixed);
    else if (size.skip == DW_SKIP_INDIRECT || form == DW_FORM_implicit_const)
        cursor_fail(c);
    else
        dw_read_value((struct dw_unit *)u, c, (uint16_t)form, 0, &v);
}

static void skip_leb(struct cursor *c)
{
    while (c->at < c->end)
        if (!(*c->at++ & 0x80))
            return;
    cursor_fail(c);
}

void dw_skip_form(const struct dw_unit *u, struct cursor *c, enum dw_skip_kind kind)
{
    switch (kind) {
    case DW_SKIP_END:
    case DW_SKIP_NOTHING:
        break;
    case DW_SKIP_LEB:
        skip_leb(c);
        break;
    case DW_SKIP_STRING:
        cursor_cstr(c);
        break;
    case DW_SKIP_BLOCK1:
        cursor_skip(c, cursor_u8(c));
        break;
    case DW_SKIP_BLOCK2:
        cursor_skip(c, cursor_u16(c));
        break;
    case DW_SKIP_BLOCK4:
        cursor_skip(c, cursor_u32(c));
        break;
    case DW_SKIP_BLOCK:
        cursor_skip(c, cursor_uleb(c));
        break;
    case DW_SKIP_INDIRECT:
        skip_indirect(u, c);
        break;
    case DW_SKIP_UNKNOWN:
        cursor_fail(c);
        break;
    }
}

bool dw_skip_attrs(const struct dw_unit *u, struct cursor *c, const struct dw_abbrev *a, uint32_t n)
{
    for (uint32_t i = 0; i < n; i++) {
        const struct dw_skip *s = &a->skips[i];
        cursor_skip(c, s->fixed);
        if (s->then == DW_SKIP_END)
            break;
        dw_skip_form(u, c, (enum dw_skip_kind)s->then);
    }
    return !c->failed;
}

bool dw_die_child(const struct dw_die *die, struct dw_die *out)
{
    if (!die->abbrev->children)
        return false;
    struct cursor c = dw_unit_cursor(die->unit, die->offset);
    cursor_skip(&c, die->attrs - die->offset);
    return dw_skip_attrs(die->unit, &c, die->abbrev, UINT32_MAX) && dw_read_die(die->unit, &c, out);
}

/* Moves *c, at the attributes of a DIE, to its sibling by DW_AT_sibling. False when that does not lead
 * forwards; *c is unchanged then. */
static bool jump_to_sibling(struct dw_unit *u, struct cursor *c, const struct dw_abbrev *a)
{
    struct cursor probe = *c;
    struct dw_value v;
    if (a->sibling_skips)
        dw_skip_attrs(u, &probe, a, a->sibling_skips);
    cursor_skip(&probe, a->sibling_fixed);
    if (!dw_read_value(u, &probe, a->sibling_form, 0, &v) || v.cls != DW_CLASS_REF)
        return false;
    if (v.u <= section_offset(&probe) || v.u >= u->end)
        return false;
    c->at = c->start + (v.u - u->offset);
    return true;
}

/* *c stands at the attributes of a DIE; moves it past the DIE with all its descendants. */
bool dw_skip_tree(struct dw_unit *u, struct cursor *c, const struct dw_abbrev *a)
{
    unsigned depth = 0;
    for (;;) {
        if (a) {
            if (!(a->children && (a->has & DW_HAS_SIBLING) && jump_to_sibling(u, c, a))) {
                if (!dw_skip_attrs(u, c, a, UINT32_MAX))
                    return false;
                depth += a->children;
            }
        } else if (c->failed) {
            return false;
        } else {
            depth--;
        }
        if (!depth)
            return true;
        if (depth > MAX_DEPTH)
            return cursor_fail(c);
        a = read_code(u, c);
    }
}

bool dw_die_next(struct dw_die *die)
{
    struct cursor c = dw_unit_cursor(die->unit, die->offset);
    cursor_skip(&c, die->attrs - die->offset);
    return dw_skip_tree(die->unit, &c, die->abbrev) && dw_read_die(die->unit, &c, die);
}

void dw_walk_init(struct dw_walk *w, const struct dw_die *top)
{
    *w = (struct dw_walk){.unit = top->unit, .c = dw_unit_cursor(top->unit, top->offset), .pending = top->abbrev};
    cursor_skip(&w->c, top->attrs - top->offset);
}

bool dw_walk_next(struct dw_walk *w, struct dw_die *out)
{
    if (w->pending) {
        w->depth += w->pending->children;
        dw_skip_attrs(w->unit, &w->c, w->pending, UINT32_MAX);
        w->pending = NULL;
    }
    while (w->depth > 0 && !w->c.failed) {
        if (dw_read_die(w->unit, &w->c, out)) {
            w->pending = out->abbrev;
            return true;
        }
        w->depth--;
    }
    return false;
}

void dw_walk_skip(struct dw_walk *w)
{
    if (w->pending)
        dw_skip_tree(w->unit, &w->c, w->pending);
    w->pending = NULL;
}

void dw_attrs_init(struct dw_attrs *it, const struct dw_die *die)
{
    *it = (struct dw_attrs){.unit = die->unit, .abbrev = die->abbrev, .c = dw_unit_cursor(die->unit, die->offset)};
    cursor_skip(&it->c, die->attrs - die->offset);
}

bool dw_attrs_next(struct dw_attrs *it, uint16_t *at, struct dw_value *v)
{
    if (it->i >= it->abbrev->n_specs)
        return false;
    const struct dw_spec *s = &it->abbrev->specs[it->i++];
    *at = s->at;
    return dw_read_value(it->unit, &it->c, s->form, s->implicit, v);
}

bool dw_attr(const struct dw_die *die, uint16_t at, struct dw_value *v)
{
    struct dw_attrs it;
    uint16_t this_at;
    uint32_t i = 0;
    /* Most DIEs that are asked lack the attribute: that needs no bytes read. */
    while (i < die->abbrev->n_specs && die->abbrev->specs[i].at != at)
        i++;
    if (i == die->abbrev->n_specs)
        return false;
    dw_attrs_init(&it, die);
    while (dw_attrs_next(&it, &this_at, v))
        if (this_at == at)
            return true;
    return false;
}

const char *dw_attr_string(const struct dw_die *die, uint16_t at)
{
    struct dw_value v;
    return dw_attr(die, at, &v) ? dw_value_string(die->unit, &v) : NULL;
}

bool dw_attr_uint(const struct dw_die *die, uint16_t at, uint64_t *out)
{
    struct dw_value v;
    if (!dw_attr(die, at, &v) || v.cls != DW_CLASS_CONSTANT)
        return false;
    *out = v.u;
    return true;
}

bool dw_attr_flag(const struct dw_die *die, uint16_t at)
{
    struct dw_value v;
    return dw_attr(die, at, &v) && v.cls == DW_CLASS_FLAG && v.u;
}

bool dw_attr_die(const struct dw_die *die, uint16_t at, struct dw_die *out)
{
    struct dw_value v;
    return dw_attr(die, at, &v) && dw_value_die(die->unit, &v, out);
}
