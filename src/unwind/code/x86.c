/* SPDX-License-Identifier: Apache-2.0 */
/* x86-64 and i386: how code without tables returns to its caller.
 *
 * The way out is in the code itself: whatever path runs from the pc to a return, its pushes, pops and moves
 * of the stack pointer add up to the distance of the return address. Where no path ends in a return (abort,
 * an endless loop), the way in tells the same: from the function's first instruction to the pc.
 * Encodings: Intel 64 and IA-32 Architectures Software Developer's Manual, volume 2. */
#include "unwind/code.h"
#include "unwind/code/x86_decode.h"

#include <elf.h>

enum {
    MAX_INSNS = 4096, /* on the way to a first answer */
    MORE_INSNS = 512, /* on the way to another one */
    MAX_EXIT_INSNS = 8,
    WINDOW = 256, /* bytes of code read at a time */
};

/* Register encodings; both processors number eight alike, x86-64 has eight more. */
enum { AX = 0, SP = 4, BP = 5, N_REGS = 16 };
static const uint8_t dwarf64[N_REGS] = {0, 2, 1, 3, 7, 6, 4, 5, 8, 9, 10, 11, 12, 13, 14, 15};

static uint8_t dwarf_of(const struct arch *a, unsigned encoding)
{
    return a->addr_size == 8 ? dwarf64[encoding & 15] : (uint8_t)(encoding & 7);
}

/* A place in memory or a value of a register, counted from what a register held where the path began. */
enum base { FROM_NOTHING, FROM_SP, FROM_BP };
struct place {
    uint8_t base; /* enum base */
    int32_t offset;
};

/* What is known after some instructions. */
struct state {
    taddr at;
    struct place sp, bp;
    struct place saved[N_REGS]; /* where the caller's value lies; FROM_NOTHING: still in the register */
};

struct path {
    const struct code_view *v;
    bool is_64;
    taddr goal;         /* 0: any return */
    bool through_nops;  /* no-operations behind a call align a loop; otherwise they are padding */
    struct map64 seen;
    VEC(struct state) queue; /* taken from the front */
    size_t next;
    taddr window_at;
    size_t window_n;
    uint8_t window[WINDOW];
};

static int32_t word_of(const struct path *p)
{
    return p->is_64 ? 8 : 4;
}

/* Unsigned, so that a hostile sum wraps instead of overflowing. */
static struct place moved(struct place p, int64_t by)
{
    p.offset = (int32_t)((uint32_t)p.offset + (uint32_t)by);
    return p;
}

static bool fetch(struct path *p, taddr at, struct x86_insn *out)
{
    for (int tries = 0; tries < 2; tries++) {
        if (at - p->window_at < p->window_n) {
            size_t skip = (size_t)(at - p->window_at);
            if (x86_decode((struct bytes){.p = p->window + skip, .n = p->window_n - skip}, p->is_64, out))
                return true;
        }
        if (tries == 0) {
            p->window_at = at;
            p->window_n = p->v->read(p->v->arg, at, p->window, WINDOW);
        }
    }
    return false;
}

static void visit(struct path *p, const struct state *s, taddr at)
{
    bool fresh;

    if (at != p->goal && p->v->end && at >= p->v->end && s->at < p->v->end && s->at >= p->v->function &&
        at - p->v->end < 16) /* ran out of the function behind a call that does not return */
        return;
    map64_put(&p->seen, at, &fresh);
    if (!fresh || p->queue.n >= MAX_INSNS)
        return;
    struct state *next = vec_push(&p->queue);
    *next = *s;
    next->at = at;
}

static bool is_memory_at(const struct x86_insn *i, uint8_t base)
{
    return i->has_modrm && i->mod != 3 && i->base == base && i->index == X86_NONE;
}

static struct place of_register(const struct state *s, uint8_t encoding)
{
    return encoding == SP ? s->sp : encoding == BP ? s->bp : (struct place){FROM_NOTHING, 0};
}

static void push(struct path *p, struct state *s, int encoding)
{
    s->sp = moved(s->sp, -word_of(p));
    /* On the way in, the first push of a register saves the caller's value. */
    if (p->goal && encoding >= 0 && s->saved[encoding].base == FROM_NOTHING)
        s->saved[encoding] = s->sp;
}

static void pop(struct path *p, struct state *s, unsigned encoding)
{
    /* On the way out, what is popped last is the caller's, unless this path itself pushed it. */
    bool pushed_here = s->sp.base == FROM_SP && s->sp.offset < 0;
    if (!p->goal)
        s->saved[encoding] = pushed_here ? (struct place){FROM_NOTHING, 0} : s->sp;
    if (encoding == BP)
        s->bp = (struct place){FROM_NOTHING, 0};
    s->sp = moved(s->sp, word_of(p));
}

/* A load of these may restore them; of others it is an ordinary load. */
static bool is_callee_saved(const struct path *p, uint8_t encoding)
{
    uint16_t dwarf = dwarf_of(p->v->arch, encoding);

    for (const uint16_t *r = p->v->arch->callee_saved; *r != REG_NONE; r++)
        if (*r == dwarf)
            return true;
    return false;
}

/* Moves between the two registers of the frame. False: the stack pointer is lost. */
static bool follow_move(struct path *p, struct state *s, const struct x86_insn *i)
{
    bool load = i->opcode == 0x8b, store = i->opcode == 0x89;
    uint8_t to = load || i->opcode == 0x8d ? i->reg : i->rm, from = load ? i->rm : i->reg;

    if ((load || store) && i->mod == 3) {
        if (to == SP) {
            s->sp = of_register(s, from);
            return i->wide && s->sp.base != FROM_NOTHING;
        }
        if (to == BP)
            s->bp = i->wide ? of_register(s, from) : (struct place){FROM_NOTHING, 0};
        return true;
    }
    if (i->opcode == 0x8d && (to == SP || to == BP)) { /* lea */
        struct place from_mem = is_memory_at(i, SP) || is_memory_at(i, BP) ? moved(of_register(s, i->base), i->disp)
                                                                           : (struct place){FROM_NOTHING, 0};
        *(to == SP ? &s->sp : &s->bp) = from_mem;
        return to == BP || from_mem.base != FROM_NOTHING;
    }
    if (load && to == SP) /* a switch of stacks */
        return false;
    if (load && !p->goal && i->wide && (is_memory_at(i, SP) || is_memory_at(i, BP))) {
        struct place from_mem = moved(of_register(s, i->base), i->disp);
        if (is_callee_saved(p, to) && from_mem.base != FROM_NOTHING)
            s->saved[to] = from_mem;
    }
    if (load && to == BP)
        s->bp = (struct place){FROM_NOTHING, 0};
    return true;
}

/* add, sub, and with the stack pointer. */
static bool follow_arithmetic(struct state *s, const struct x86_insn *i)
{
    if (i->mod != 3 || i->rm != SP)
        return true;
    if (!i->wide)
        return false;
    switch (i->reg & 7) {
    case 0: /* add */
        s->sp = moved(s->sp, i->imm);
        return true;
    case 5: /* sub */
        s->sp = moved(s->sp, -i->imm);
        return true;
    case 4: /* and: aligned, by an amount that is not known */
        s->sp = (struct place){FROM_NOTHING, 0};
        return true;
    case 7: /* cmp */
        return true;
    default:
        return false;
    }
}

/* sub %reg,%rsp makes room for an array; the frame pointer may still know the way. */
static bool follow_register_arithmetic(struct state *s, const struct x86_insn *i)
{
    bool to_rm = !(i->opcode & 2);
    uint8_t to = to_rm ? i->rm : i->reg;

    if (to == SP && (i->mod == 3 || !to_rm) && (i->opcode & 0xf8) != 0x38)
        s->sp = (struct place){FROM_NOTHING, 0};
    return true;
}

/* Instructions of the one-byte map that leave the path where it is. False: it ends here. */
static bool follow(struct path *p, struct state *s, const struct x86_insn *i)
{
    uint8_t op = i->opcode;

    if (op >= 0x50 && op <= 0x57) {
        push(p, s, i->rm);
        return true;
    }
    if (op >= 0x58 && op <= 0x5f) {
        pop(p, s, i->rm);
        return i->rm != SP;
    }
    if (op < 0x40 && (op & 7) < 4)
        return follow_register_arithmetic(s, i);
    switch (op) {
    case 0x68:
    case 0x6a:
        push(p, s, -1);
        return true;
    case 0x81:
    case 0x83:
        return follow_arithmetic(s, i);
    case 0x89:
    case 0x8b:
    case 0x8d:
        return follow_move(p, s, i);
    case 0x8f: /* pop to memory */
        s->sp = moved(s->sp, word_of(p));
        return true;
    case 0x9c: /* pushf */
        s->sp = moved(s->sp, -word_of(p));
        return true;
    case 0x9d: /* popf */
        s->sp = moved(s->sp, word_of(p));
        return true;
    case 0xc9: /* leave */
        s->sp = s->bp;
        pop(p, s, BP);
        return s->sp.base != FROM_NOTHING;
    case 0xc8: /* enter */
    case 0xca:
    case 0xcb:
    case 0xcc:
    case 0xcf:
    case 0xf4:
        return false;
    case 0xff:
        if ((i->reg & 7) == 6)
            push(p, s, -1);
        return true;
    default:
        return true;
    }
}

/* Behind a call that does not return comes padding or the next function. */
static bool is_padding(struct path *p, taddr at)
{
    struct x86_insn i;

    if (!fetch(p, at, &i))
        return true;
    if (i.map == X86_0F)
        return (i.opcode == 0x1f && !p->through_nops) || i.opcode == 0x0b || (i.opcode == 0x1e && i.mod == 3);
    if (i.map != X86_ONE_BYTE || i.vex)
        return false;
    return i.opcode == 0xcc || i.opcode == 0xf4 || (i.opcode == 0x90 && !p->through_nops);
}

static bool is_return(const struct x86_insn *i)
{
    return i->map == X86_ONE_BYTE && !i->vex && (i->opcode == 0xc3 || i->opcode == 0xc2);
}

/* Where the path goes on behind an instruction. */
static void follow_flow(struct path *p, struct state *s, const struct x86_insn *i)
{
    taddr next = s->at + i->size, target = next + (taddr)i->imm;
    uint8_t op = i->opcode;

    if (i->vex) {
        visit(p, s, next);
        return;
    }
    if (i->map == X86_0F) {
        if (op >= 0x80 && op <= 0x8f)
            visit(p, s, target);
        if (op != 0x0b) /* ud2 */
            visit(p, s, next);
        return;
    }
    if (i->map != X86_ONE_BYTE) {
        visit(p, s, next);
        return;
    }
    if (op == 0xe9 || op == 0xeb) {
        visit(p, s, target);
        return;
    }
    bool indirect = op == 0xff && ((i->reg & 7) == 2 || (i->reg & 7) == 4);
    if (op == 0xe8 || (indirect && (i->reg & 7) == 2)) {
        if (op == 0xe8 && i->imm == 0) /* i386 reads its pc so */
            push(p, s, -1);
        if (next == p->goal || !is_padding(p, next))
            visit(p, s, next);
        return;
    }
    if (indirect || is_return(i) || !follow(p, s, i))
        return;
    if ((op >= 0x70 && op <= 0x7f) || (op >= 0xe0 && op <= 0xe3))
        visit(p, s, target);
    visit(p, s, next);
}

static struct rule rule_at(struct place place, struct place cfa)
{
    if (place.base != cfa.base)
        return (struct rule){.kind = RULE_UNDEFINED};
    return (struct rule){.kind = RULE_AT_CFA, .offset = (int64_t)place.offset - cfa.offset};
}

static void emit(const struct path *p, const struct state *s, struct cfa_rule rule, struct place cfa, struct rules *out)
{
    const struct arch *a = p->v->arch;

    *out = (struct rules){.cfa = rule};
    for (unsigned i = 0; i < (p->is_64 ? 16U : 8U); i++)
        if (i != SP && s->saved[i].base != FROM_NOTHING)
            out->regs[dwarf_of(a, i)] = rule_at(s->saved[i], cfa);
    out->regs[a->pc] = (struct rule){.kind = RULE_AT_CFA, .offset = -(int64_t)a->addr_size};
}

/* At a return: the stack pointer points at the return address. */
static bool emit_way_out(const struct path *p, const struct state *s, struct rules *out)
{
    const struct arch *a = p->v->arch;
    struct place cfa = moved(s->sp, word_of(p));

    if (cfa.base == FROM_NOTHING || (cfa.base == FROM_SP && cfa.offset < word_of(p)))
        return false;
    emit(p, s, (struct cfa_rule){.reg = cfa.base == FROM_SP ? a->sp : a->fp, .offset = cfa.offset}, cfa, out);
    return true;
}

/* At the pc, with everything counted from the stack pointer at the function's start. */
static bool emit_way_in(const struct path *p, const struct state *s, struct rules *out)
{
    const struct arch *a = p->v->arch;
    struct place cfa = {FROM_SP, word_of(p)};
    struct cfa_rule rule = {.reg = a->sp, .offset = (int64_t)cfa.offset - s->sp.offset};

    if (s->sp.base != FROM_SP) {
        if (s->bp.base != FROM_SP)
            return false;
        rule = (struct cfa_rule){.reg = a->fp, .offset = (int64_t)cfa.offset - s->bp.offset};
    }
    emit(p, s, rule, cfa, out);
    return true;
}

static bool is_new(const struct rules *out, size_t n, const struct rules *r)
{
    for (size_t i = 0; i < n; i++)
        if (out[i].cfa.reg == r->cfa.reg && out[i].cfa.offset == r->cfa.offset)
            return false;
    return true;
}

/* Did the function end with the call that pc follows (abort)? What stands there is not its code then. */
static bool ends_in_call(struct path *p)
{
    const struct code_view *v = p->v;

    return !v->exact && ((v->end && v->pc >= v->end) || is_padding(p, v->pc));
}

/* Breadth first: the shortest path to a return leads least often through a call that does not come back. */
static size_t search(const struct code_view *v, taddr goal, bool through_nops, struct rules *out, size_t n)
{
    struct path p = {.v = v, .is_64 = v->arch->addr_size == 8, .goal = goal, .through_nops = through_nops};
    struct state start = {.sp = {FROM_SP, 0}, .bp = {goal ? FROM_NOTHING : FROM_BP, 0}};

    if (goal || !ends_in_call(&p))
        visit(&p, &start, goal ? v->function : v->pc);
    size_t limit = MAX_INSNS;
    while (p.next < p.queue.n && p.next < limit && n < CODE_ANSWERS) {
        struct state s = p.queue.v[p.next++];
        struct x86_insn i;
        struct rules r;
        bool ok = false;
        if (goal && s.at == goal) {
            ok = emit_way_in(&p, &s, &r);
        } else if (fetch(&p, s.at, &i)) {
            if (!goal && is_return(&i))
                ok = emit_way_out(&p, &s, &r);
            else
                follow_flow(&p, &s, &i);
        }
        if (ok && is_new(out, n, &r)) {
            out[n++] = r;
            limit = p.next + MORE_INSNS;
        }
    }
    map64_done(&p.seen);
    vec_done(&p.queue);
    return n;
}

/* In a stub of the procedure linkage table, for which only some linkers make CFI, and which ends in a jump
 * through memory. The lazy kind pushes an index, the first entry one word more. */
static bool in_plt(const struct code_view *v, struct rules *out)
{
    struct path p = {.v = v, .is_64 = v->arch->addr_size == 8};
    struct state s = {.at = v->pc, .sp = {FROM_SP, 0}};
    struct x86_insn i;
    uint8_t before[6];
    int32_t words = 1;

    if (v->read(v->arg, v->pc - sizeof(before), before, sizeof(before)) == sizeof(before)) {
        bool has_link_map = before[0] == 0xff && (before[1] == 0x35 || before[1] == 0xb3);
        words = has_link_map ? 3 : before[1] == 0x68 ? 2 : 1;
    }
    for (int n = 0; n < 4 && fetch(&p, s.at, &i); n++) {
        /* The slot is addressed absolutely, from the pc, or from %ebx (3). */
        bool slot = i.map == X86_ONE_BYTE && i.opcode == 0xff && i.mod != 3 && i.index == X86_NONE &&
                    (i.base == X86_NONE || (i.base == 3 && !p.is_64));
        bool jump = slot && (i.reg & 7) == 4, push_map = slot && (i.reg & 7) == 6;
        bool to_first = i.map == X86_ONE_BYTE && i.opcode == 0xe9;
        if (n == 0 && push_map)
            words = 2;
        else if (n == 0 && i.opcode != 0xff && i.opcode != 0xe9)
            words = 1;
        if (jump || (to_first && (n > 0 || words == 2))) {
            s.sp.offset = (words - 1) * word_of(&p);
            return emit_way_out(&p, &s, out);
        }
        bool skip = push_map || i.opcode == 0x68 || (i.map == X86_0F && i.opcode == 0x1e);
        if (!skip)
            return false;
        s.at += i.size;
    }
    return false;
}

/* Does the code behind a call go straight into the system call that ends a thread or process? Then it is the
 * first code of a thread, such as musl's clone(), which nobody called. */
static bool ends_thread(const struct code_view *v)
{
    struct path p = {.v = v, .is_64 = v->arch->addr_size == 8};
    struct x86_insn i;
    int64_t number = -1;
    taddr at = v->pc;

    for (int n = 0; n < MAX_EXIT_INSNS && !v->exact && fetch(&p, at, &i); n++, at += i.size) {
        bool one = i.map == X86_ONE_BYTE && !i.vex;
        if ((i.map == X86_0F && i.opcode == 0x05) || (one && i.opcode == 0xcd))
            return p.is_64 ? number == 60 || number == 231 : number == 1 || number == 252;
        if (one && (i.opcode == 0xb0 || i.opcode == 0xb8) && i.rm == AX)
            number = i.opcode == 0xb0 ? i.imm & 0xff : i.imm;
        else if (!one || i.opcode == 0xc3 || i.opcode == 0xe8 || i.opcode == 0xe9 || i.opcode == 0xeb)
            return false;
    }
    return false;
}

static size_t rules(const struct code_view *v, struct rules out[static CODE_ANSWERS])
{
    size_t n = v->exact && in_plt(v, &out[0]) ? 1 : 0;

    if (ends_thread(v)) {
        out[0] = (struct rules){.cfa = {.reg = v->arch->sp}};
        out[0].regs[v->arch->pc].kind = RULE_UNDEFINED;
        return 1;
    }

    n = search(v, 0, false, out, n);
    if (v->function && v->function <= v->pc)
        n = search(v, v->pc, true, out, n);
    return search(v, 0, true, out, n);
}

/* call *operand: FF /2, and behind a REX or NOTRACK prefix. */
static bool is_indirect_call(const struct arch *a, struct bytes before)
{
    for (size_t n = 2; n <= 7 && n <= before.n; n++) {
        struct x86_insn i;
        struct bytes tail = {.p = before.p + before.n - n, .n = n};
        if (x86_decode(tail, a->addr_size == 8, &i) && i.size == n && i.map == X86_ONE_BYTE && !i.vex &&
            i.opcode == 0xff && (i.reg & 7) == 2)
            return true;
    }
    return false;
}

static bool is_call(const struct arch *a, struct bytes before, taddr ret, taddr *target)
{
    *target = 0;
    if (before.n >= 5 && before.p[before.n - 5] == 0xe8) {
        int32_t by;
        memcpy(&by, before.p + before.n - 4, sizeof(by));
        *target = ret + (taddr)(int64_t)by;
        if (a->addr_size == 4)
            *target &= UINT32_MAX;
        return true;
    }
    return is_indirect_call(a, before);
}

const struct code_ops code_x86_64 = {.elf_machine = EM_X86_64, .is_call = is_call, .rules = rules};
const struct code_ops code_i386 = {.elf_machine = EM_386, .is_call = is_call, .rules = rules};
