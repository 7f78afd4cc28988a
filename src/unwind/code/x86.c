/* SPDX-License-Identifier: Apache-2.0 */
/* x86-64 and i386. Instruction encodings: Intel 64 and IA-32 Software Developer's Manual, volume 2. */
#include "unwind/code.h"

#include <elf.h>

/* DWARF numbers by instruction encoding. */
static const uint8_t dwarf64[] = {0, 2, 1, 3, 7, 6, 4, 5, 8, 9, 10, 11, 12, 13, 14, 15};
static const uint8_t dwarf32[] = {0, 1, 2, 3, 4, 5, 6, 7};
enum { SP = 4, BP = 5 }; /* encodings */

/* Bytes of a ModRM operand with its SIB and displacement (volume 2, 2.1.3), the ModRM byte included. */
static size_t modrm_size(uint8_t modrm, uint8_t sib)
{
    unsigned mod = modrm >> 6, rm = modrm & 7;
    size_t n = 1;

    if (mod == 3)
        return n;
    if (rm == 4) {
        n++;
        if (mod == 0 && (sib & 7) == 5)
            n += 4;
    } else if (mod == 0 && rm == 5) {
        n += 4;
    }
    return mod == 1 ? n + 1 : mod == 2 ? n + 4 : n;
}

/* call *operand: FF /2, and behind a REX or NOTRACK prefix. */
static bool is_indirect_call(struct bytes before)
{
    for (size_t n = 2; n <= 7 && n <= before.n; n++) {
        const uint8_t *p = before.p + before.n - n;
        if (p[0] == 0xff && ((p[1] >> 3) & 7) == 2 && modrm_size(p[1], n > 2 ? p[2] : 0) == n - 1)
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
    return is_indirect_call(before);
}

/* How far the stack pointer and the saved registers are understood, along a straight line of code. */
struct track {
    const struct arch *a;
    struct cursor in;
    int64_t depth;    /* bytes from the stack pointer up to the CFA, counted down by pops */
    bool by_frame;    /* rbp holds CFA - 2 words */
    struct rule regs[16];
};

static uint8_t dwarf_of(const struct arch *a, unsigned encoding)
{
    return a->addr_size == 8 ? dwarf64[encoding & 15] : dwarf32[encoding & 7];
}

static bool match(struct cursor *c, const char *code, size_t n)
{
    if (cursor_left(c) < n || memcmp(c->at, code, n) != 0)
        return false;
    cursor_skip(c, n);
    return true;
}
#define MATCH(c, literal) match((c), (literal), sizeof(literal) - 1)

/* REX.B selects r8 to r15; REX.W makes an operation 64 bits wide. */
static uint8_t rex_prefix(struct track *t)
{
    if (t->a->addr_size == 8 && cursor_left(&t->in) && (*t->in.at & 0xf0) == 0x40)
        return cursor_u8(&t->in);
    return 0;
}

static bool skip_landing_pad(struct cursor *c)
{
    return MATCH(c, "\xf3\x0f\x1e\xfa") || MATCH(c, "\xf3\x0f\x1e\xfb"); /* endbr64, endbr32 */
}

/* One instruction of a prologue; false when it is something else. */
static bool prologue_step(struct track *t)
{
    struct cursor *c = &t->in;
    int64_t word = t->a->addr_size;

    if (skip_landing_pad(c))
        return true;
    uint8_t rex = rex_prefix(t);
    bool wide = t->a->addr_size == 4 || (rex & 8);
    if (cursor_left(c) && (*c->at & 0xf8) == 0x50) { /* push */
        unsigned encoding = (cursor_u8(c) & 7U) | ((rex & 1) ? 8U : 0U);
        t->depth += word;
        if (encoding < 8 || t->a->addr_size == 8)
            t->regs[encoding] = (struct rule){.kind = RULE_AT_CFA, .offset = -t->depth};
        return true;
    }
    if (wide && (MATCH(c, "\x89\xe5") || MATCH(c, "\x8b\xec"))) { /* mov %rsp,%rbp */
        t->by_frame = t->depth == 2 * word && t->regs[BP].kind == RULE_AT_CFA;
        return t->by_frame;
    }
    if (wide && MATCH(c, "\x83\xec")) { /* sub $imm8,%rsp */
        t->depth += (int8_t)cursor_u8(c);
        return !c->failed;
    }
    if (wide && MATCH(c, "\x81\xec")) { /* sub $imm32,%rsp */
        t->depth += (int32_t)cursor_u32(c);
        return !c->failed;
    }
    return false;
}

static void emit(const struct track *t, int64_t depth, struct rules *out)
{
    const struct arch *a = t->a;

    *out = (struct rules){0};
    out->cfa = t->by_frame ? (struct cfa_rule){.reg = a->fp, .offset = 2 * a->addr_size}
                           : (struct cfa_rule){.reg = a->sp, .offset = depth};
    for (unsigned i = 0; i < (a->addr_size == 8 ? 16U : 8U); i++)
        if (i != SP)
            out->regs[dwarf_of(a, i)] = t->regs[i];
    out->regs[a->pc] = (struct rule){.kind = RULE_AT_CFA, .offset = -(int64_t)a->addr_size};
}

/* From the function's first instruction. Whatever comes behind the frame pointer's set-up does not matter
 * until the function's end; without one, the line must reach pc. */
static bool from_start(const struct code_view *v, struct rules *out)
{
    struct track t = {.a = v->arch, .depth = v->arch->addr_size};

    if (!v->starts)
        return false;
    t.in = cursor_of(v->function, 0, "a function");
    while (cursor_left(&t.in) && prologue_step(&t))
        ;
    bool reached = v->whole && !t.in.failed && cursor_left(&t.in) == 0;
    if (!reached && !t.by_frame)
        return false;
    /* Behind the set-up other registers may have been saved or not. */
    for (unsigned i = 0; i < ARRAY_LEN(t.regs); i++)
        if (!reached && t.regs[i].kind == RULE_UNSAID)
            t.regs[i].kind = RULE_UNDEFINED;
    emit(&t, t.depth, out);
    return true;
}

/* One instruction of an epilogue. *returned: it was the return. */
static bool epilogue_step(struct track *t, bool *returned)
{
    struct cursor *c = &t->in;
    int64_t word = t->a->addr_size;

    if (MATCH(c, "\xc3") || MATCH(c, "\xf3\xc3") || MATCH(c, "\xf2\xc3") || MATCH(c, "\xc2")) {
        *returned = true;
        return true;
    }
    if (MATCH(c, "\xc5\xf8\x77")) /* vzeroupper */
        return true;
    if (MATCH(c, "\xc9")) { /* leave: whatever was popped before is no part of an epilogue */
        if (t->depth != 0)
            return false;
        t->by_frame = true;
        t->depth = word;
        t->regs[BP] = (struct rule){.kind = RULE_AT_CFA, .offset = 0};
        return true;
    }
    uint8_t rex = rex_prefix(t);
    bool wide = t->a->addr_size == 4 || (rex & 8);
    if (cursor_left(c) && (*c->at & 0xf8) == 0x58) { /* pop */
        unsigned encoding = (cursor_u8(c) & 7U) | ((rex & 1) ? 8U : 0U);
        if (encoding < 8 || t->a->addr_size == 8)
            t->regs[encoding] = (struct rule){.kind = RULE_AT_CFA, .offset = t->depth};
        t->depth += word;
        return encoding != SP;
    }
    if (wide && MATCH(c, "\x83\xc4")) { /* add $imm8,%rsp */
        t->depth += (int8_t)cursor_u8(c);
        return !c->failed;
    }
    if (wide && MATCH(c, "\x81\xc4")) { /* add $imm32,%rsp */
        t->depth += (int32_t)cursor_u32(c);
        return !c->failed;
    }
    return false;
}

/* From pc to the return. */
static bool to_end(const struct code_view *v, struct rules *out)
{
    struct track t = {.a = v->arch, .in = cursor_of(v->after, 0, "a function")};
    bool returned = false;

    while (!returned && cursor_left(&t.in))
        if (!epilogue_step(&t, &returned))
            return false;
    if (!returned)
        return false;
    /* Registers were noted by their place above the stack pointer (or the frame): now the CFA is known. */
    int64_t cfa = t.depth + t.a->addr_size;
    for (size_t i = 0; i < ARRAY_LEN(t.regs); i++)
        if (t.regs[i].kind == RULE_AT_CFA)
            t.regs[i].offset -= cfa;
    emit(&t, cfa, out);
    if (t.by_frame)
        out->cfa.offset = cfa;
    return true;
}

/* In a stub of the procedure linkage table, for which only some linkers make CFI. The lazy kind pushes an
 * index, the first entry one word more. */
static bool in_plt(const struct code_view *v, struct rules *out)
{
    struct track t = {.a = v->arch, .in = cursor_of(v->after, 0, "a stub")};
    struct cursor *c = &t.in;
    const uint8_t *end = v->before.p + v->before.n;
    int64_t words;

    skip_landing_pad(c);
    if (cursor_left(c) >= 5 && *c->at == 0x68) { /* push $index; jmp */
        cursor_skip(c, 5);
        MATCH(c, "\xf2");
        if (!MATCH(c, "\xe9"))
            return false;
        words = 1;
    } else if (MATCH(c, "\xe9")) {
        if (v->before.n < 5 || end[-5] != 0x68)
            return false;
        words = 2;
    } else if (MATCH(c, "\xff\x35") || MATCH(c, "\xff\xb3")) { /* push of the link map */
        cursor_skip(c, 4);
        MATCH(c, "\xf2");
        if (!MATCH(c, "\xff\x25") && !MATCH(c, "\xff\xa3"))
            return false;
        words = 2;
    } else {
        MATCH(c, "\xf2");
        if (!MATCH(c, "\xff\x25") && !MATCH(c, "\xff\xa3")) /* jmp *slot */
            return false;
        bool first_entry = v->before.n >= 6 && end[-6] == 0xff && (end[-5] == 0x35 || end[-5] == 0xb3);
        words = first_entry ? 3 : 1;
    }
    emit(&t, words * t.a->addr_size, out);
    return true;
}

static bool rules(const struct code_view *v, struct rules *out)
{
    return (v->exact && (to_end(v, out) || in_plt(v, out))) || from_start(v, out);
}

const struct code_ops code_x86_64 = {.elf_machine = EM_X86_64, .is_call = is_call, .rules = rules};
const struct code_ops code_i386 = {.elf_machine = EM_386, .is_call = is_call, .rules = rules};
