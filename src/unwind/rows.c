/* SPDX-License-Identifier: Apache-2.0 */
/* Rows: made from tables and instructions once an address, then found by it. */
#include "unwind/unwinder.h"

/* Searches of code take up to a millisecond, and a hostile stack may ask for one a word. */
#define MAX_SEARCHES 8192

static struct cfi *cfi_of(struct unwinder *u, struct module *m)
{
    bool fresh;
    uint64_t *slot = map64_put(&u->cfis, (uintptr_t)m, &fresh);

    if (fresh) {
        struct cfi *c = arena_new(&u->arena, struct cfi);
        struct cfi_source source = cfi_source_of(u->ms, m);
        cfi_init(c, &source);
        *slot = (uintptr_t)c;
        *vec_push(&u->all_cfis) = c;
    }
    return (struct cfi *)(uintptr_t)*slot; /* the arena gave it as such */
}

void unwinder_rows_done(struct unwinder *u)
{
    for (size_t i = 0; i < u->all_cfis.n; i++)
        cfi_done(u->all_cfis.v[i]);
    vec_done(&u->all_cfis);
    map64_done(&u->cfis);
    map64_done(&u->rows[0]);
    map64_done(&u->rows[1]);
    for (size_t i = 0; i < u->problems.n; i++)
        err_free(u->problems.v[i]);
    vec_done(&u->problems);
}

static void keep_set(uint64_t *keep, size_t reg, bool kept)
{
    uint64_t bit = UINT64_C(1) << (reg % 64);
    keep[reg / 64] = kept ? keep[reg / 64] | bit : keep[reg / 64] & ~bit;
}

/* Rules as a list of the few registers that have one. */
static struct row *row_of_rules(struct unwinder *u, const struct rules *r, uint64_t ra)
{
    size_t n = 0;

    for (size_t i = 0; i < REG_MAX; i++)
        n += r->regs[i].kind >= RULE_AT_CFA;
    struct row *row = arena_alloc(&u->arena, sizeof(*row) + n * sizeof(row->saved[0]));
    row->kind = ROW_RULES;
    row->cfa = r->cfa;
    row->ra = ra < REG_MAX ? (uint16_t)ra : REG_NONE;
    row->outermost = row->ra != REG_NONE && r->regs[row->ra].kind == RULE_UNDEFINED;
    memcpy(row->keep, u->callee_saved, sizeof(row->keep));
    for (size_t i = 0; i < REG_MAX; i++) {
        const struct rule *rule = &r->regs[i];
        if (rule->kind != RULE_UNSAID)
            keep_set(row->keep, i, rule->kind == RULE_SAME);
        if (rule->kind >= RULE_AT_CFA)
            row->saved[row->n_saved++] = (struct saved_rule){.reg = (uint16_t)i, .rule = *rule};
    }
    return row;
}

/* From the module's tables. *covered: pc itself lies in the code of the same entry. NULL: none covers it. */
static struct err *row_of_tables(struct unwinder *u, struct module *m, taddr lookup, taddr pc, bool *covered,
                                 struct row **out)
{
    struct cfi *c = cfi_of(u, m);
    struct fde f;
    struct rules rules;
    bool found;

    *out = NULL;
    *covered = false;
    TRY(cfi_find(c, lookup, &f, &found));
    if (!found)
        return NULL;
    *covered = pc < f.end;
    TRY(cfi_rules(c, &f, lookup, &rules));
    struct row *row = row_of_rules(u, &rules, f.cie->ra);
    row->is_signal = f.cie->is_signal;
    row->how = FRAME_CFI;
    *out = row;
    return NULL;
}

static struct bytes read_code(struct unwinder *u, taddr at, uint8_t *buf, size_t n)
{
    return (struct bytes){.p = buf, .n = modules_read_some(u->ms, at, buf, n)};
}

static const struct sigframe_desc *trampoline_at(struct unwinder *u, taddr at)
{
    uint8_t buf[sizeof(((struct sigframe_desc *)NULL)->code)];
    return arch_sigframe(u->arch, read_code(u, at, buf, sizeof(buf)));
}

/* The kernel's trampoline, which CFI may describe badly or not at all. A thread may stand at either instruction. */
static struct row *row_of_trampoline(struct unwinder *u, taddr pc, bool exact_pc)
{
    const struct sigframe_desc *d = trampoline_at(u, pc);

    for (size_t i = 0; !d && exact_pc && i < u->arch->n_sigframes; i++) {
        const struct sigframe_desc *s = &u->arch->sigframes[i];
        if (s->second && trampoline_at(u, pc - s->second) == s)
            d = s;
    }
    if (!d)
        return NULL;
    struct row *row = arena_new(&u->arena, struct row);
    row->kind = ROW_SIGFRAME;
    row->how = FRAME_CODE;
    row->is_signal = true;
    row->sigframe = d;
    return row;
}

static size_t read_modules(void *arg, taddr at, void *buf, size_t n)
{
    return modules_read_some(arg, at, buf, n);
}

static struct row *row_of_code(struct unwinder *u, struct module *m, taddr lookup, taddr pc, bool exact_pc)
{
    struct code_view v = {.arch = u->arch, .pc = pc, .exact = exact_pc, .read = read_modules, .arg = u->ms};
    struct rules answers[CODE_ANSWERS];
    struct symbol sym;
    struct row *first = NULL, **last = &first;

    if (m && module_symbol(m, lookup, &sym)) {
        v.function = sym.addr;
        v.end = sym.size ? sym.addr + sym.size : 0;
    }
    if (v.function && v.function == u->entry) { /* nobody called it */
        first = arena_new(&u->arena, struct row);
        first->kind = ROW_END;
        return first;
    }
    size_t n = u->code && u->searches++ < MAX_SEARCHES ? u->code->rules(&v, answers) : 0;
    for (size_t i = 0; i < n; i++) {
        /* Where a link register exists it is what the instructions speak of. */
        struct row *row = row_of_rules(u, &answers[i], u->arch->lr != REG_NONE ? u->arch->lr : u->arch->pc);
        row->how = FRAME_CODE;
        row->module = m;
        *last = row;
        last = &row->other;
    }
    return first;
}

static struct row *make_row(struct unwinder *u, taddr lookup, taddr pc, bool exact_pc)
{
    struct module *m = modules_find(u->ms, lookup);
    struct row *row = NULL;
    bool covered = false;
    struct err *problem = m ? row_of_tables(u, m, lookup, pc, &covered, &row) : NULL;

    /* A trampoline is entered by a return: the byte before it may belong to another function. Its code says
     * more than its CFI: older AArch64 kernels give the interrupted frame's caller there, and Go describes a plain
     * function. */
    if (!row || row->is_signal || !covered || exact_pc) {
        struct row *trampoline = row_of_trampoline(u, pc, exact_pc);
        row = trampoline ? trampoline : row;
    }
    if (!row && unwinder_is_code(u, lookup))
        row = row_of_code(u, m, lookup, pc, exact_pc);
    if (!row) {
        row = arena_new(&u->arena, struct row);
        row->problem = problem;
    }
    if (problem)
        *vec_push(&u->problems) = problem;
    row->module = m;
    return row;
}

const struct row *unwinder_row(struct unwinder *u, taddr pc, bool exact_pc)
{
    taddr lookup = exact_pc ? pc : pc - 1;
    struct map64 *rows = &u->rows[exact_pc];
    uint64_t *known = map64_find(rows, lookup);

    if (known)
        return (const struct row *)(uintptr_t)*known;
    struct row *row = make_row(u, lookup, pc, exact_pc);
    *map64_put(rows, lookup, NULL) = (uintptr_t)row;
    return row;
}
