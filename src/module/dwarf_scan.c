/* SPDX-License-Identifier: Apache-2.0 */
#include "module/dwscan.h"

#include "module/dwarf_priv.h"

/* Deeper scopes are left out. */
enum { MAX_DEPTH = 64 };

/* What a step does after its fixed part; the values of enum dw_skip_kind come first. */
enum {
    STEP_NAME = DW_SKIP_UNKNOWN + 1, /* DW_FORM_strp of four bytes */
    STEP_SIBLING,                    /* DW_FORM_ref4 */
    STEP_VALUE,                      /* any other form of an attribute that counts */
};

struct dw_step {
    uint16_t fixed; /* bytes to step over first */
    uint8_t then;
    const struct dw_spec *spec; /* STEP_VALUE */
};

/* What is done with the DIEs of an abbreviation. */
enum { PLAN_GIVE = 1, PLAN_ENTER = 2 };

struct dw_plan {
    const struct dw_abbrev *abbrev;
    uint32_t first_step;
    uint8_t what;  /* PLAN_* */
    uint8_t flags; /* DW_ITEM_* that hold for all of them */
};

/* ---- which DIEs count ---- */

static bool has_attr(const struct dw_abbrev *a, uint16_t at)
{
    for (uint32_t i = 0; i < a->n_specs; i++)
        if (a->specs[i].at == at)
            return true;
    return false;
}

static bool has_link(const struct dw_abbrev *a)
{
    return has_attr(a, DW_AT_specification) || has_attr(a, DW_AT_abstract_origin) || has_attr(a, DW_AT_signature);
}

static uint8_t what_to_do(const struct dw_scan *s, const struct dw_abbrev *a)
{
    bool named = has_attr(a, DW_AT_name) || has_link(a);
    switch (a->tag) {
    case DW_TAG_namespace:
    case DW_TAG_module:
        return PLAN_GIVE | PLAN_ENTER;
    case DW_TAG_structure_type:
    case DW_TAG_class_type:
    case DW_TAG_union_type:
    case DW_TAG_interface_type:
        return s->records ? PLAN_GIVE | PLAN_ENTER : named ? PLAN_GIVE : 0;
    case DW_TAG_enumeration_type:
        return PLAN_GIVE | PLAN_ENTER;
    case DW_TAG_subprogram:
        /* What is only declared is found where it is defined, or in the symbol table. */
        return named && (has_link(a) || !has_attr(a, DW_AT_declaration)) ? PLAN_GIVE : 0;
    case DW_TAG_member:
        /* Static members before version 5. */
        return named && (has_attr(a, DW_AT_external) || has_attr(a, DW_AT_declaration)) ? PLAN_GIVE : 0;
    case DW_TAG_variable:
    case DW_TAG_constant:
    case DW_TAG_enumerator:
    case DW_TAG_typedef:
    case DW_TAG_base_type:
    case DW_TAG_unspecified_type:
    case DW_TAG_template_alias:
    case DW_TAG_subrange_type:
        return named ? PLAN_GIVE : 0;
    case DW_TAG_imported_unit:
        return PLAN_GIVE;
    default:
        return 0;
    }
}

/* ---- plans ---- */

static bool counts(uint16_t at)
{
    switch (at) {
    case DW_AT_name:
    case DW_AT_specification:
    case DW_AT_abstract_origin:
    case DW_AT_signature:
    case DW_AT_import:
    case DW_AT_declaration:
    case DW_AT_enum_class:
    case DW_AT_export_symbols:
        return true;
    default:
        return false;
    }
}

static uint8_t flag_of(uint16_t at)
{
    switch (at) {
    case DW_AT_declaration:
        return DW_ITEM_DECLARATION;
    case DW_AT_enum_class:
        return DW_ITEM_ENUM_CLASS;
    case DW_AT_export_symbols:
        return DW_ITEM_EXPORTS;
    default:
        return 0;
    }
}

static void add_step(struct dw_scan *s, uint32_t *run, uint8_t then, const struct dw_spec *spec)
{
    for (; *run > UINT16_MAX; *run -= UINT16_MAX)
        *vec_push(&s->steps) = (struct dw_step){.fixed = UINT16_MAX, .then = DW_SKIP_NOTHING};
    *vec_push(&s->steps) = (struct dw_step){.fixed = (uint16_t)*run, .then = then, .spec = spec};
    *run = 0;
}

static uint8_t wanted_step(const struct dw_scan *s, const struct dw_spec *spec)
{
    if (spec->at == DW_AT_name && spec->form == DW_FORM_strp && s->unit->offset_size == 4)
        return STEP_NAME;
    return spec->at == DW_AT_sibling && spec->form == DW_FORM_ref4 ? STEP_SIBLING : STEP_VALUE;
}

/* The children are stepped over by DW_AT_sibling, then what comes after the last attribute that counts needs no
 * steps; otherwise all attributes are passed. */
static void plan_steps(struct dw_scan *s, const struct dw_abbrev *a, struct dw_plan *p)
{
    const struct dw_unit *u = s->unit;
    bool jumps = a->children && !(p->what & PLAN_ENTER) && (a->has & DW_HAS_SIBLING);
    uint32_t run = 0;
    size_t last = s->steps.n;
    for (uint32_t i = 0; i < a->n_specs; i++) {
        const struct dw_spec *spec = &a->specs[i];
        bool flag = spec->form == DW_FORM_flag_present && p->what;
        bool wanted = (p->what && counts(spec->at) && !flag) || (jumps && spec->at == DW_AT_sibling);
        struct dw_form_size size = dw_form_size(spec->form, u->addr_size, u->offset_size, u->version);
        if (flag)
            p->flags |= flag_of(spec->at);
        if (wanted) {
            add_step(s, &run, wanted_step(s, spec), spec);
            last = s->steps.n;
        } else if (size.skip == DW_SKIP_NOTHING) {
            run += size.fixed;
        } else {
            add_step(s, &run, size.skip, NULL);
        }
    }
    if (jumps) {
        s->steps.n = last;
        run = 0;
    }
    add_step(s, &run, DW_SKIP_END, NULL);
}

static void make_plans(struct dw_scan *s, const struct dw_abbrevs *t)
{
    s->table = t;
    s->plans.n = s->steps.n = 0;
    for (size_t i = 0; i < t->n; i++) {
        struct dw_plan p = {.abbrev = &t->v[i], .first_step = (uint32_t)s->steps.n, .what = what_to_do(s, &t->v[i])};
        if (!t->v[i].children)
            p.what &= (uint8_t)~PLAN_ENTER;
        plan_steps(s, &t->v[i], &p);
        *vec_push(&s->plans) = p;
    }
}

/* C has one scope for the tags of all structs, nested or not, and compilers put them there. */
static bool records_are_scopes(uint16_t language)
{
    switch (language) {
    case DW_LANG_C89:
    case DW_LANG_C:
    case DW_LANG_C99:
    case DW_LANG_C11:
    case DW_LANG_C17:
    case DW_LANG_C23:
    case DW_LANG_Assembly:
    case DW_LANG_Mips_Assembler:
        return false;
    default:
        return true;
    }
}

/* So that the end of a string is in the section wherever it begins. */
static struct bytes terminated(struct bytes b)
{
    const uint8_t *nul = b.n ? memrchr(b.p, 0, b.n) : NULL;
    return (struct bytes){b.p, nul ? (size_t)(nul - b.p) + 1 : 0};
}

void dw_scan_start(struct dw_scan *s, struct dw_unit *u)
{
    const struct dw_abbrevs *t = dw_unit_abbrevs(u);
    bool records = records_are_scopes(dw_unit_root(u)->language);
    /* A table is shared by units of the same sizes only. */
    bool fresh = t != s->table || records != s->records || !s->unit || s->unit->file != u->file;
    s->unit = u;
    s->records = records;
    s->c = dw_unit_cursor(u, u->first_die);
    s->depth = 0;
    if (s->strings_of != u->file) {
        s->strings = terminated(dwarf_section(u->file, DW_SEC_STR));
        s->strings_of = u->file;
    }
    if (fresh)
        make_plans(s, t);
    struct dw_die root;
    if (dw_read_die(u, &s->c, &root) && dw_skip_attrs(u, &s->c, root.abbrev, UINT32_MAX))
        s->depth = root.abbrev->children;
}

void dw_scan_done(struct dw_scan *s)
{
    vec_done(&s->plans);
    vec_done(&s->steps);
}

/* ---- the pass ---- */

static const char *name_at(const struct dw_scan *s, uint64_t offset)
{
    return offset < s->strings.n ? (const char *)s->strings.p + offset : NULL;
}

static void take_value(struct dw_scan *s, const struct dw_spec *spec, struct dw_item *item, uint64_t *sibling)
{
    struct dw_value v;
    if (!dw_read_value(s->unit, &s->c, spec->form, spec->implicit, &v))
        return;
    switch (spec->at) {
    case DW_AT_name:
        item->name = dw_value_string(s->unit, &v);
        break;
    case DW_AT_sibling:
        *sibling = v.cls == DW_CLASS_REF ? v.u : 0;
        break;
    case DW_AT_declaration:
    case DW_AT_enum_class:
    case DW_AT_export_symbols:
        if (v.u)
            item->flags |= flag_of(spec->at);
        break;
    default:
        item->link = v;
        break;
    }
}

static void run_steps(struct dw_scan *s, const struct dw_step *step, struct dw_item *item, uint64_t *sibling)
{
    struct cursor *c = &s->c;
    for (;; step++) {
        cursor_skip(c, step->fixed);
        switch (step->then) {
        case DW_SKIP_END:
            return;
        case STEP_NAME:
            item->name = name_at(s, cursor_u32(c));
            break;
        case STEP_SIBLING:
            *sibling = s->unit->offset + cursor_u32(c);
            break;
        case STEP_VALUE:
            take_value(s, step->spec, item, sibling);
            break;
        default:
            dw_skip_form(s->unit, c, step->then);
            break;
        }
    }
}

/* From the attributes of a DIE to its sibling. */
static void leave_out(struct dw_scan *s, struct cursor attrs, const struct dw_abbrev *a, uint64_t sibling)
{
    struct cursor *c = &s->c;
    uint64_t here = c->base + cursor_offset(c);
    if (sibling > here && sibling < s->unit->end && !c->failed) {
        c->at = c->start + (sibling - s->unit->offset);
        return;
    }
    dw_skip_tree(s->unit, &attrs, a);
    *c = attrs;
}

static const struct dw_plan *read_plan(struct dw_scan *s)
{
    uint64_t code = cursor_uleb(&s->c);
    if (code == 0 || s->c.failed)
        return NULL;
    if (s->table->dense && code <= s->plans.n)
        return &s->plans.v[code - 1];
    const struct dw_abbrev *a = dw_abbrev_find(s->table, code);
    if (!a)
        cursor_fail(&s->c);
    return a ? &s->plans.v[a - s->table->v] : NULL;
}

bool dw_scan_next(struct dw_scan *s, struct dw_item *out)
{
    while (s->depth > 0) {
        uint64_t offset = s->c.base + cursor_offset(&s->c);
        const struct dw_plan *p = read_plan(s);
        if (!p) {
            s->depth = s->c.failed ? 0 : s->depth - 1;
            continue;
        }
        uint64_t sibling = 0;
        struct cursor attrs = s->c;
        *out = (struct dw_item){.abbrev = p->abbrev, .offset = offset, .depth = s->depth, .flags = p->flags};
        run_steps(s, &s->steps.v[p->first_step], out, &sibling);
        if (p->abbrev->children) {
            if ((p->what & PLAN_ENTER) && s->depth < MAX_DEPTH) {
                out->flags |= DW_ITEM_ENTERED;
                s->depth++;
            } else {
                leave_out(s, attrs, p->abbrev, sibling);
            }
        }
        if ((p->what & PLAN_GIVE) && !s->c.failed)
            return true;
    }
    return false;
}
