/* SPDX-License-Identifier: Apache-2.0 */
#include "module/inlines.h"

/* Scopes nest a few dozen deep at most; damaged ones would exhaust the stack. */
#define MAX_DEPTH 200

/* ---- inside a function ---- */

struct descent {
    struct scopes *s;
    struct dw_die inlined[INLINES_MAX];
    uint32_t n;
};

/* Where the call of a call site returns to. DW_AT_low_pc is the GNU form before version 5. */
static bool returns_to(const struct dw_die *site, taddr pc)
{
    struct dw_value v;
    taddr at;
    return (dw_attr(site, DW_AT_call_return_pc, &v) || dw_attr(site, DW_AT_low_pc, &v)) &&
           dw_value_address(site->unit, &v, &at) && at == pc;
}

static bool descend(struct descent *d, const struct dw_die *scope, unsigned depth);

/* A scope that may hold the pc. Blocks without addresses are looked through: gcc leaves them out when
 * nothing of the block itself remains. */
static bool enter(struct descent *d, const struct dw_die *child, unsigned depth)
{
    bool inlined = dw_tag(child) == DW_TAG_inlined_subroutine;
    if (!(child->abbrev->has & DW_HAS_PC))
        return !inlined && descend(d, child, depth + 1);
    if (!dw_die_covers(child, d->s->pc, NULL))
        return false;
    if (inlined && d->n < INLINES_MAX)
        d->inlined[d->n++] = *child;
    descend(d, child, depth + 1);
    return true;
}

/* Follows the scopes that hold the pc; true when there was one. All children are seen, since the call site
 * may stand behind the scope. */
static bool descend(struct descent *d, const struct dw_die *scope, unsigned depth)
{
    struct dw_die c;
    bool inside = false;
    if (depth > MAX_DEPTH)
        return false;
    for (bool ok = dw_die_child(scope, &c); ok; ok = dw_die_next(&c)) {
        switch (dw_tag(&c)) {
        case DW_TAG_call_site:
        case DW_TAG_GNU_call_site:
            if (!d->s->has_site && returns_to(&c, d->s->pc + 1)) {
                d->s->has_site = true;
                d->s->site = c;
            }
            break;
        case DW_TAG_lexical_block:
        case DW_TAG_inlined_subroutine:
        case DW_TAG_try_block:
        case DW_TAG_catch_block:
            inside = inside || enter(d, &c, depth);
            break;
        default:
            break;
        }
    }
    return inside;
}

static void resolve(struct scopes *s, const struct dw_die *function, taddr entry, struct arena *a)
{
    struct descent d = {.s = s};
    s->found = true;
    s->function = *function;
    s->entry = entry;
    descend(&d, function, 0);
    s->n_inlined = d.n;
    if (d.n) {
        struct dw_die *copy = arena_array(a, struct dw_die, d.n);
        memcpy(copy, d.inlined, d.n * sizeof(*copy));
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

static void search_scope(struct search *q, const struct dw_die *scope, unsigned depth)
{
    struct dw_die c;
    if (depth > MAX_DEPTH)
        return;
    for (bool ok = dw_die_child(scope, &c); ok && (q->left || q->last_wins); ok = dw_die_next(&c)) {
        switch (dw_tag(&c)) {
        case DW_TAG_subprogram:
            if (c.abbrev->has & DW_HAS_PC)
                try_function(q, &c);
            if (q->everywhere && q->left)
                search_scope(q, &c, depth + 1);
            break;
        case DW_TAG_namespace:
        case DW_TAG_module:
            search_scope(q, &c, depth + 1);
            break;
        case DW_TAG_class_type:
        case DW_TAG_structure_type:
        case DW_TAG_union_type:
        case DW_TAG_enumeration_type:
        case DW_TAG_interface_type:
        case DW_TAG_lexical_block:
        case DW_TAG_inlined_subroutine:
            if (q->everywhere)
                search_scope(q, &c, depth + 1);
            break;
        default:
            break;
        }
    }
}

/* Compilers put functions at the top or into namespaces; only nested functions (Ada, Fortran, GNU C, D)
 * and some methods are elsewhere, so that the costly walk through everything is rare. */
static void search_unit(struct search *q, struct dw_unit *u)
{
    struct dw_die root;
    if (!dw_die_root(u, &root))
        return;
    search_scope(q, &root, 0);
    if (q->left) {
        q->everywhere = true;
        search_scope(q, &root, 0);
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
