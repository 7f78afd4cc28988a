/* SPDX-License-Identifier: Apache-2.0 */
/* Which variables a frame has. */
#include "value/scope_priv.h"

/* No program completes declarations in more steps than this. */
#define MAX_ORIGINS 4
/* No program nests blocks this deep; what is deeper counts as the innermost. */
#define MAX_BLOCKS 256

struct scope_cache *scope_cache_new(void)
{
    return xcalloc(1, sizeof(struct scope_cache));
}

void scope_cache_free(struct scope_cache *c)
{
    if (!c)
        return;
    map64_done(&c->at);
    map64_done(&c->self_tails);
    for (size_t i = 0; i < c->arenas.n; i++)
        arena_done(&c->arenas.v[i]);
    vec_done(&c->arenas);
    arena_done(&c->arena);
    free(c);
}

/* ---- attributes of DIEs that complete others ---- */

static bool completes(const struct dw_die *die, struct dw_die *out)
{
    return dw_attr_die(die, DW_AT_abstract_origin, out) || dw_attr_die(die, DW_AT_specification, out);
}

bool scope_attr(const struct dw_die *die, uint16_t at, struct dw_value *v, struct dw_die *owner)
{
    *owner = *die;
    for (int i = 0; !dw_attr(owner, at, v); i++) {
        struct dw_die next;
        if (i == MAX_ORIGINS || !completes(owner, &next))
            return false;
        *owner = next;
    }
    return true;
}

static bool has_attr(const struct dw_die *die, uint16_t at)
{
    struct dw_value v;
    struct dw_die owner;
    return scope_attr(die, at, &v, &owner);
}

static bool flag_attr(const struct dw_die *die, uint16_t at)
{
    struct dw_value v;
    struct dw_die owner;
    return scope_attr(die, at, &v, &owner) && v.cls == DW_CLASS_FLAG && v.u;
}

static const char *name_of(const struct dw_die *die)
{
    struct dw_value v;
    struct dw_die owner;
    return scope_attr(die, DW_AT_name, &v, &owner) ? dw_value_string(owner.unit, &v) : NULL;
}

static uint32_t line_of(const struct dw_die *die)
{
    struct dw_value v;
    struct dw_die owner;
    return scope_attr(die, DW_AT_decl_line, &v, &owner) && v.cls == DW_CLASS_CONSTANT ? (uint32_t)v.u : 0;
}

/* ---- the variables of a function at an address ---- */

/* A function or a block of it that holds the address. */
struct block {
    struct dw_die die;
    unsigned depth; /* of the walk: its children's is one more */
};

struct found {
    struct variable v;
    uint32_t level; /* of its block: 0 is the function */
};

struct collecting {
    struct values *vs;
    taddr pc; /* link-time */
    struct block blocks[MAX_BLOCKS];
    uint32_t n_blocks;
    struct map64 origins; /* what the DIEs seen so far complete */
    VEC(struct found) vars;
};

static void note_origins(struct collecting *c, const struct dw_die *die)
{
    struct dw_die d = *die, origin;
    for (int i = 0; i < MAX_ORIGINS && dw_attr_die(&d, DW_AT_abstract_origin, &origin); i++) {
        (void)map64_put(&c->origins, dw_die_key(&origin), NULL);
        d = origin;
    }
}

/* A variable with a fixed place in memory. */
static bool is_static(const struct dw_die *die)
{
    struct dw_value v;
    struct dw_die owner;
    if (!scope_attr(die, DW_AT_location, &v, &owner) || v.cls != DW_CLASS_BLOCK || !v.block.n)
        return false;
    return v.block.p[0] == DW_OP_addr || v.block.p[0] == DW_OP_addrx || v.block.p[0] == DW_OP_GNU_addr_index;
}

static void add_variable(struct collecting *c, const struct dw_die *die, uint32_t level)
{
    const char *name = name_of(die);
    bool argument = dw_tag(die) == DW_TAG_formal_parameter;
    bool placed = has_attr(die, DW_AT_location) || has_attr(die, DW_AT_const_value);
    /* `extern int x;` in a block is no variable of the block. */
    if (!name || (!placed && !argument && (flag_attr(die, DW_AT_declaration) || flag_attr(die, DW_AT_external))))
        return;
    struct found f = {
        .v = {.name = name,
              .type = type_of(c->vs->types, die),
              .die = *die,
              .argument = argument,
              .is_static = is_static(die),
              .artificial = flag_attr(die, DW_AT_artificial),
              .line = line_of(die)},
        .level = argument ? 0 : level,
    };
    if (dw_unit_root(die->unit)->language != DW_LANG_Go || scope_go_variable(&f.v))
        *vec_push(&c->vars) = f;
}

/* Does the address lie in a block of the block `level`? Of two of one block the first counts. A block without
 * addresses is no block to gdb either: what is in it belongs to the one around it. */
static bool enter_block(struct collecting *c, const struct dw_die *die, unsigned depth, uint32_t level)
{
    if (!(die->abbrev->has & DW_HAS_PC))
        return true;
    if (level != c->n_blocks - 1 || c->n_blocks == MAX_BLOCKS || !dw_die_covers(die, c->pc, NULL))
        return false;
    c->blocks[c->n_blocks++] = (struct block){*die, depth};
    return true;
}

/* What stands in the function itself and in its blocks that hold the address. */
static void collect_own(struct collecting *c, const struct dw_die *function)
{
    struct dw_walk w;
    struct dw_die d;
    c->blocks[0] = (struct block){*function, 0};
    c->n_blocks = 1;
    dw_walk_init(&w, function);
    while (dw_walk_next(&w, &d)) {
        uint32_t level = c->n_blocks - 1;
        while (level && c->blocks[level].depth >= w.depth)
            level--; /* behind an inner block, in one around it */
        switch (dw_tag(&d)) {
        case DW_TAG_formal_parameter:
        case DW_TAG_variable:
        case DW_TAG_constant:
            note_origins(c, &d);
            add_variable(c, &d, level);
            break;
        case DW_TAG_GNU_formal_parameter_pack:
            note_origins(c, &d);
            continue;
        case DW_TAG_lexical_block:
        case DW_TAG_try_block:
        case DW_TAG_catch_block:
            note_origins(c, &d);
            if (enter_block(c, &d, w.depth, level))
                continue;
            break;
        case DW_TAG_inlined_subroutine:
        case DW_TAG_subprogram:
            note_origins(c, &d);
            break;
        default:
            break;
        }
        dw_walk_skip(&w);
    }
}

/* What the compiler removed from this instance of a function stands only in the abstract one. */
static void collect_removed(struct collecting *c, uint32_t level)
{
    struct dw_walk w;
    struct dw_die origin, d;
    if (!dw_attr_die(&c->blocks[level].die, DW_AT_abstract_origin, &origin))
        return;
    dw_walk_init(&w, &origin);
    while (dw_walk_next(&w, &d)) {
        bool known = map64_find(&c->origins, dw_die_key(&d)) != NULL;
        switch (dw_tag(&d)) {
        case DW_TAG_formal_parameter:
        case DW_TAG_variable:
        case DW_TAG_constant:
            if (!known)
                add_variable(c, &d, level);
            break;
        case DW_TAG_lexical_block:
        case DW_TAG_try_block:
        case DW_TAG_catch_block:
        case DW_TAG_GNU_formal_parameter_pack:
            if (!known)
                continue;
            break;
        default:
            break;
        }
        dw_walk_skip(&w);
    }
}

static void mark_shadowed(struct variable *v, size_t n)
{
    struct mapstr innermost = {0}; /* name -> 1 + its block */
    for (int arguments = 0; arguments < 2; arguments++) {
        for (size_t i = 0; i < n; i++) {
            if (v[i].argument != (arguments == 1))
                continue;
            bool fresh;
            uint64_t *block = mapstr_put(&innermost, v[i].name, strlen(v[i].name), &fresh);
            if (fresh)
                *block = v[i].block + 1;
            v[i].shadowed = *block != v[i].block + 1;
        }
    }
    mapstr_done(&innermost);
}

/* Arguments, then the blocks from the innermost outwards. */
static struct variables in_order(struct collecting *c, struct arena *a)
{
    struct variables out = {arena_array(a, struct variable, c->vars.n ? c->vars.n : 1), 0};
    struct variable *to = (struct variable *)(uintptr_t)out.v;
    for (size_t i = 0; i < c->vars.n; i++)
        if (c->vars.v[i].v.argument)
            to[out.n++] = c->vars.v[i].v;
    for (uint32_t level = c->n_blocks; level-- > 0;)
        for (size_t i = 0; i < c->vars.n; i++)
            if (!c->vars.v[i].v.argument && c->vars.v[i].level == level)
                to[out.n++] = c->vars.v[i].v;
    return out;
}

static struct variables list_variables(struct values *vs, const struct dw_die *function, const struct dw_die *inner,
                                       taddr pc)
{
    struct collecting *c = xcalloc(1, sizeof(*c));
    c->vs = vs;
    c->pc = pc;
    collect_own(c, function);
    for (uint32_t level = 0; level < c->n_blocks; level++)
        collect_removed(c, level);
    for (size_t i = 0; i < c->vars.n; i++)
        c->vars.v[i].v.block = c->n_blocks - 1 - c->vars.v[i].level;
    struct variables out = in_order(c, &vs->scopes->arena);
    if (dw_unit_root(function->unit)->language == DW_LANG_Go)
        scope_go_declared(&out, function, inner, pc);
    mark_shadowed((struct variable *)(uintptr_t)out.v, out.n);
    map64_done(&c->origins);
    vec_done(&c->vars);
    free(c);
    return out;
}

/* ---- frames ---- */

/* The DIE of the function that a frame runs, its place in the lists of scope_at(); NULL: none. */
static const struct dw_die *scope_die(const struct vframe *f, const struct scope_at *at, uint32_t *which)
{
    if (!at->s.found)
        return NULL;
    *which = f->inlined < at->s.n_inlined ? f->inlined : at->s.n_inlined;
    return *which < at->s.n_inlined ? &at->s.inlined[at->s.n_inlined - 1 - *which] : &at->s.function;
}

bool scope_function(const struct vframe *f, struct dw_die *out)
{
    uint32_t which;
    const struct dw_die *die = scope_die(f, scope_at(f->vs, f->lookup), &which);
    if (die)
        *out = *die;
    return die != NULL;
}

struct err *scope_variables(const struct vframe *f, struct variables *out)
{
    if (f->lang)
        return f->lang->variables(f->lang->self, f, out);
    struct scope_at *at = scope_at(f->vs, f->lookup);
    uint32_t which;
    const struct dw_die *die = scope_die(f, at, &which);
    if (!die)
        return err_at(err_new(ERR_NO_DATA, "no debug information covers 0x%llx", (unsigned long long)f->lookup),
                      ERR_AT_ADDRESS, f->lookup);
    if (!at->listed[which]) {
        const struct dw_die *inner = which ? &at->s.inlined[at->s.n_inlined - which] : NULL;
        at->lists[which] = list_variables(f->vs, die, inner, at->s.pc);
        at->listed[which] = true;
    }
    *out = at->lists[which];
    return NULL;
}
