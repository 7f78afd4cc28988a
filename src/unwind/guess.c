/* SPDX-License-Identifier: Apache-2.0 */
/* Callers that no table tells of. Each must be a return address: in code, behind a call instruction. Where
 * that call names its target, the target must be the function that we leave, or another guess is tried. */
#include "unwind/unwinder.h"

#define SCAN_LIMIT 65536 /* bytes; functions with more on their stack are rare */

enum trust {
    TRUST_NONE,  /* no return address */
    TRUST_MAYBE, /* in code, but its bytes cannot be read */
    TRUST_OTHER, /* behind a call to another function: a left-over, or a tail call happened */
    TRUST_CALL,  /* behind a call through a pointer or a stub */
    TRUST_MATCH, /* behind a call to this function */
};

static bool target_is_stub(struct unwinder *u, taddr target)
{
    struct module *m = modules_find(u->ms, target);
    struct symbol sym;

    if (!m || !module_symbol(m, target, &sym))
        return !m;
    size_t n = strlen(sym.name);
    return n > 4 && strcmp(sym.name + n - 4, "@plt") == 0;
}

/* `function`: start of the function that would return there; 0 unknown. */
static enum trust judge_return(struct unwinder *u, taddr ret, taddr function)
{
    uint8_t buf[CODE_BEFORE];
    taddr target;

    ret &= u->arch->pc_mask;
    if (ret < sizeof(buf) || !unwinder_is_code(u, ret - 1))
        return TRUST_NONE;
    size_t got = modules_read_some(u->ms, ret - sizeof(buf), buf, sizeof(buf));
    if (!u->code || got < sizeof(buf))
        return TRUST_MAYBE;
    if (u->code->is_call(u->arch, (struct bytes){.p = buf, .n = sizeof(buf)}, ret, &target)) {
        if (target == 0 || function == 0)
            return TRUST_CALL;
        if (target == function)
            return TRUST_MATCH;
        return target_is_stub(u, target) ? TRUST_CALL : TRUST_OTHER;
    }
    got = modules_read_some(u->ms, ret, buf, sizeof(buf));
    return arch_sigframe(u->arch, (struct bytes){.p = buf, .n = got}) ? TRUST_CALL : TRUST_NONE;
}

bool guess_is_return(struct unwinder *u, taddr ret)
{
    return judge_return(u, ret, 0) != TRUST_NONE;
}

static taddr function_start(const struct walk *w)
{
    struct symbol sym;
    taddr lookup = w->frame.exact_pc ? w->frame.pc : w->frame.pc - 1;

    return w->row->module && module_symbol(w->row->module, lookup, &sym) ? sym.addr : 0;
}

static void set_only(struct move *m, uint8_t how, taddr pc, taddr cfa)
{
    m->n = 0;
    m->how = how;
    m->pc = pc;
    m->cfa = cfa;
    m->exact_pc = false;
    memset(m->keep, 0, sizeof(m->keep));
}

/* Follows the frame pointer. *end: its chain ends in zeros. */
static enum trust by_frame_pointer(struct unwinder *u, const struct walk *w, taddr function, struct move *out,
                                   bool *end)
{
    const struct arch *a = u->arch;
    uint64_t fp, saved, ret;

    if (!regs_has(&w->regs, a->fp))
        return TRUST_NONE;
    fp = w->regs.val[a->fp];
    if (fp == 0)
        *end = true;
    taddr floor = regs_has(&w->regs, a->sp) ? w->regs.val[a->sp] : w->last_cfa;
    taddr lowest = fp + (taddr)(int64_t)(a->fp_saved_fp < a->fp_ret ? a->fp_saved_fp : a->fp_ret);
    if (fp % a->addr_size != 0 || lowest < floor || lowest > fp + a->addr_size ||
        space_find(&u->im->space, lowest) != space_find(&u->im->space, floor) ||
        !unwinder_word(u, fp + (taddr)(int64_t)a->fp_saved_fp, a->addr_size, &saved) ||
        !unwinder_word(u, fp + (taddr)(int64_t)a->fp_ret, a->addr_size, &ret))
        return TRUST_NONE;
    if (saved == 0 && ret == 0)
        *end = true;
    if (saved != 0 && saved <= fp)
        return TRUST_NONE;

    int8_t top = a->fp_saved_fp > a->fp_ret ? a->fp_saved_fp : a->fp_ret;
    taddr cfa = fp + (taddr)(int64_t)top + a->addr_size;
    set_only(out, FRAME_POINTER, ret & a->pc_mask, cfa);
    move_set(out, a->fp, saved);
    /* Where calls push the return address, or the frame pointer is the CFA, the caller's stack pointer is
     * known. AArch64 may have its record anywhere in the frame. */
    if (a->lr == REG_NONE || a->fp_ret < 0)
        move_set(out, a->sp, cfa);
    return judge_return(u, ret, function);
}

/* The best slot in [from, from + limit): the nearest that matches, else the nearest at all. */
static enum trust by_scan(struct unwinder *u, taddr from, taddr limit, taddr function, taddr *slot, taddr *ret)
{
    unsigned size = u->arch->addr_size;
    enum trust best = TRUST_NONE;

    for (taddr at = (from + size - 1) & ~(taddr)(size - 1); at < limit; at += size) {
        uint64_t v;
        if (!unwinder_word(u, at, size, &v))
            break;
        enum trust t = judge_return(u, v, function);
        if (t == TRUST_MATCH || (t >= TRUST_OTHER && best == TRUST_NONE)) {
            best = t;
            *slot = at;
            *ret = v & u->arch->pc_mask;
        }
        if (t == TRUST_MATCH || (best != TRUST_NONE && function == 0))
            break;
    }
    return best;
}

/* A frame pointer that a skipped frame did not move is still good; a zero still marks the chain's end. */
static void keep_frame_pointer(struct unwinder *u, const struct walk *w, taddr sp, struct move *m)
{
    const struct arch *a = u->arch;

    if (!regs_has(&w->regs, a->fp))
        return;
    uint64_t fp = w->regs.val[a->fp];
    if (fp == 0 || (fp >= sp && space_find(&u->im->space, fp) == space_find(&u->im->space, sp)))
        move_set(m, a->fp, fp);
}

bool guess_caller(struct unwinder *u, const struct walk *w, struct move *out, bool *end)
{
    const struct arch *a = u->arch;
    taddr function = function_start(w), slot = 0, ret = 0;

    *end = false;
    enum trust by_fp = by_frame_pointer(u, w, function, out, end);
    if (by_fp >= TRUST_CALL)
        return true;

    taddr from = regs_has(&w->regs, a->sp) ? w->regs.val[a->sp] : w->last_cfa;
    taddr limit = from + SCAN_LIMIT;
    if (by_fp != TRUST_NONE && out->cfa < limit)
        limit = out->cfa;
    enum trust scanned = from && from < limit ? by_scan(u, from, limit, function, &slot, &ret) : TRUST_NONE;
    if (by_fp != TRUST_NONE && scanned != TRUST_MATCH)
        return true;
    if (scanned == TRUST_NONE)
        return false;

    set_only(out, FRAME_SCAN, ret, slot + a->addr_size);
    if (a->lr == REG_NONE)
        move_set(out, a->sp, out->cfa);
    keep_frame_pointer(u, w, out->cfa, out);
    return true;
}

bool guess_bad_call(struct unwinder *u, const struct walk *w, struct move *out)
{
    const struct arch *a = u->arch;
    uint64_t ret;

    if (!regs_has(&w->regs, a->sp))
        return false;
    taddr sp = w->regs.val[a->sp];
    if (a->lr != REG_NONE) {
        if (!regs_has(&w->regs, a->lr))
            return false;
        ret = w->regs.val[a->lr];
    } else if (!unwinder_word(u, sp, a->addr_size, &ret)) {
        return false;
    }
    if (judge_return(u, ret, 0) < TRUST_MAYBE)
        return false;
    set_only(out, FRAME_CODE, ret & a->pc_mask, a->lr != REG_NONE ? sp : sp + a->addr_size);
    memcpy(out->keep, u->callee_saved, sizeof(out->keep));
    move_set(out, a->sp, out->cfa);
    return true;
}
