/* SPDX-License-Identifier: Apache-2.0 */
#include "module/inlines.h"

/* ---- inside a function ---- */

/* Where the call of a call site returns to. DW_AT_low_pc is the GNU form before version 5. */
static bool returns_to(const struct dw_die *site, taddr pc)
{
    struct dw_value v;
    taddr at;
    return (dw_attr(site, DW_AT_call_return_pc, &v) || dw_attr(site, DW_AT_low_pc, &v)) &&
           dw_value_address(site->unit, &v, &at) && at == pc;
}

/* The scopes inside a function that hold the pc. Blocks without addresses are looked through: gcc leaves
 * them out when nothing of the block itself remains. All of the innermost scopes' DIEs are seen, since the
 * call site may stand behind the scope. */
static void descend(struct scopes *s, const struct dw_die *function, struct dw_die *inlined)
{
    struct dw_walk w;
    struct dw_die c;
    unsigned innermost = 0; /* depth of the last scope that holds the pc: of two at one level the first counts */
    dw_walk_init(&w, function);
    while (dw_walk_next(&w, &c)) {
        bool covers = false;
        switch (dw_tag(&c)) {
        case DW_TAG_call_site:
        case DW_TAG_GNU_call_site:
            if (!s->has_site && returns_to(&c, s->pc + 1)) {
                s->has_site = true;
                s->site = c;
            }
            break;
        case DW_TAG_lexical_block:
        case DW_TAG_try_block:
        case DW_TAG_catch_block:
            if (!(c.abbrev->has & DW_HAS_PC))
                continue;
            covers = w.depth > innermost && dw_die_covers(&c, s->pc, NULL);
            break;
        case DW_TAG_inlined_subroutine:
            covers = w.depth > innermost && dw_die_covers(&c, s->pc, NULL);
            if (covers && s->n_inlined < INLINES_MAX)
                inlined[s->n_inlined++] = c;
            break;
        default:
            break;
        }
        if (covers)
            innermost = w.depth;
        else
            dw_walk_skip(&w);
    }
}

static void resolve(struct scopes *s, const struct dw_die *function, taddr entry, struct arena *a)
{
    struct dw_die inlined[INLINES_MAX];
    *s = (struct scopes){.pc = s->pc, .found = true, .function = *function, .entry = entry};
    descend(s, function, inlined);
    if (s->n_inlined) {
        struct dw_die *copy = arena_array(a, struct dw_die, s->n_inlined);
        memcpy(copy, inlined, s->n_inlined * sizeof(*copy));
        s->inlined = copy;
    }
}

/* ---- among the functions of a unit ---- */

struct search {
    struct scopes *s;
    size_t n, left;
    struct arena *arena;
    bool everywhere; /* also look into types and functions */
    bool last_wins;
    /* function_starting_at(): */
    bool by_entry;
    taddr entry;
    struct dw_die *out;
};

static size_t first_not_below(const struct search *q, taddr at)
{
    size_t lo = 0, hi = q->n;
    while (lo < hi) {
        size_t mid = lo + (hi - lo) / 2;
        if (q->s[mid].pc < at)
            lo = mid + 1;
        else
            hi = mid;
    }
    return lo;
}

static void try_function(struct search *q, const struct dw_die *f)
{
    struct dw_ranges it;
    struct dw_range r;
    taddr entry = 0;
    if (!dw_ranges_init(&it, f))
        return;
    for (bool first = true; dw_ranges_next(&it, &r); first = false) {
        entry = first ? r.start : entry;
        if (q->by_entry) {
            if (entry == q->entry) {
                *q->out = *f;
                q->left = 0;
            }
            return;
        }
        for (size_t i = first_not_below(q, r.start); i < q->n && q->s[i].pc < r.end; i++) {
            if (q->s[i].found && !q->last_wins)
                continue;
            q->left -= !q->s[i].found;
            resolve(&q->s[i], f, entry, q->arena);
        }
    }
}

/* May functions that hold a pc stand below this DIE? */
static bool look_into(const struct search *q, uint16_t tag)
{
    switch (tag) {
    case DW_TAG_namespace:
    case DW_TAG_module:
        return true;
    case DW_TAG_subprogram:
    case DW_TAG_class_type:
    case DW_TAG_structure_type:
    case DW_TAG_union_type:
    case DW_TAG_enumeration_type:
    case DW_TAG_interface_type:
    case DW_TAG_lexical_block:
    case DW_TAG_inlined_subroutine:
        return q->everywhere;
    default:
        return false;
    }
}

static void search_below(struct search *q, const struct dw_die *root)
{
    struct dw_walk w;
    struct dw_die c;
    dw_walk_init(&w, root);
    while ((q->left || q->last_wins) && dw_walk_next(&w, &c)) {
        if (dw_tag(&c) == DW_TAG_subprogram && (c.abbrev->has & DW_HAS_PC))
            try_function(q, &c);
        if (!look_into(q, dw_tag(&c)))
            dw_walk_skip(&w);
    }
}

/* Compilers put functions at the top or into namespaces; only nested functions (Ada, Fortran, GNU C, D)
 * and some methods are elsewhere, so that the costly walk through everything is rare. */
static void search_unit(struct search *q, struct dw_unit *u)
{
    struct dw_die root;
    if (!dw_die_root(u, &root))
        return;
    search_below(q, &root);
    if (q->left) {
        q->everywhere = true;
        search_below(q, &root);
    }
}

void scopes_find(struct dw_unit *u, struct scopes *s, size_t n, struct arena *a)
{
    struct search q = {.s = s, .n = n, .left = n, .arena = a};
    /* The assembler lists all names of a function, one DIE each; gdb shows the last. */
    const char *language = dw_language_name(dw_unit_root(u)->language);
    q.last_wins = language && strcmp(language, "assembler") == 0;
    search_unit(&q, u);
}

bool function_starting_at(struct dw_unit *u, taddr entry, struct dw_die *out)
{
    struct search q = {.left = 1, .by_entry = true, .entry = entry, .out = out};
    search_unit(&q, u);
    return q.left == 0;
}
