/* SPDX-License-Identifier: Apache-2.0 */
/* Names of PLT stubs. A stub jumps through a GOT slot, and the relocation of that slot names the function;
 * decoding the jump serves every linker's layout (.plt, .plt.sec, .plt.got). Instruction encodings: Intel
 * SDM "JMP" (FF /4, RIP-relative); Arm ARM "ADRP", "LDR (immediate)". */
#include "module/module_priv.h"
#include "base/text.h"
#include "module/symtab.h"

#include <elf.h>

enum { STUB = 16, GOT_STUB = 8, MAX_RELOCS = 1 << 20 };

/* `jmp *disp(%rip)`, after endbr64 and with a bnd prefix perhaps. */
static bool x86_slot(struct bytes code, taddr at, taddr *slot)
{
    for (size_t i = 0; i + 6 <= code.n && i <= 6; i++) {
        if (code.p[i] != 0xff || code.p[i + 1] != 0x25)
            continue;
        struct cursor c = cursor_of(code, 0, "PLT");
        cursor_skip(&c, i + 2);
        *slot = at + i + 6 + (taddr)(int64_t)(int32_t)cursor_u32(&c);
        return true;
    }
    return false;
}

/* `adrp x16, page; ldr x17, [x16, #offset]`, after bti perhaps. */
static bool aarch64_slot(struct bytes code, taddr at, taddr *slot)
{
    struct cursor c = cursor_of(code, 0, "PLT");
    uint32_t adrp = cursor_u32(&c);
    if (adrp == 0xd503245f) { /* bti c */
        at += 4;
        adrp = cursor_u32(&c);
    }
    uint32_t ldr = cursor_u32(&c);
    if (c.failed || (adrp & 0x9f00001f) != 0x90000010 || (ldr & 0xffc003ff) != 0xf9400211)
        return false;
    uint64_t pages = (adrp >> 29 & 3) | (uint64_t)(adrp >> 5 & 0x7ffff) << 2;
    int64_t distance = (int64_t)(pages << 43) >> 31; /* 21 bits, signed, times 4096 */
    *slot = (at & ~UINT64_C(4095)) + (taddr)distance + (ldr >> 10 & 0xfff) * 8;
    return true;
}

static bool slot_of_stub(const struct elf *e, struct bytes code, taddr at, taddr *slot)
{
    if (elf_arch(e) == &arch_x86_64)
        return x86_slot(code, at, slot);
    if (elf_arch(e) == &arch_aarch64)
        return aarch64_slot(code, at, slot);
    return false;
}

static bool reloc_symbol(struct elf *e, const char *section, taddr slot, uint32_t *symbol)
{
    struct bytes b;
    struct err *err = elf_data(e, section, &b);
    if (err) {
        err_free(err); /* a stub without a name */
        return false;
    }
    struct cursor c = cursor_of(b, 0, section);
    for (unsigned i = 0; i < MAX_RELOCS && cursor_left(&c) >= sizeof(Elf64_Rela); i++) {
        uint64_t offset = cursor_u64(&c);
        uint64_t info = cursor_u64(&c);
        cursor_skip(&c, 8); /* r_addend */
        if (offset == slot && ELF64_R_SYM(info)) {
            *symbol = (uint32_t)ELF64_R_SYM(info);
            return true;
        }
    }
    return false;
}

/* The section of stubs that holds a link-time address, and the size of one. */
static const struct elf_section *stub_section(const struct elf *e, taddr vaddr, uint64_t *size)
{
    size_t n;
    const struct elf_section *s = elf_sections(e, &n);
    for (size_t i = 0; i < n; i++) {
        if (!begins_with(s[i].name, ".plt") || s[i].type != SHT_PROGBITS || vaddr < s[i].addr ||
            vaddr - s[i].addr >= s[i].size)
            continue;
        bool got = strcmp(s[i].name, ".plt.got") == 0 && s[i].entsize == GOT_STUB;
        *size = got ? GOT_STUB : STUB;
        return &s[i];
    }
    return NULL;
}

/* The AArch64 header is two stubs long, so that whole stubs follow in either case. */
static bool decode_stub(struct elf *e, taddr vaddr, taddr *start, uint64_t *size, uint32_t *symbol)
{
    struct bytes code;
    taddr slot;
    const struct elf_section *s = stub_section(e, vaddr, size);
    if (!s)
        return false;
    *start = vaddr - (vaddr - s->addr) % *size;
    return elf_bytes_at(e, *start, (size_t)*size, &code) && slot_of_stub(e, code, *start, &slot) &&
           (reloc_symbol(e, ".rela.plt", slot, symbol) || reloc_symbol(e, ".rela.dyn", slot, symbol));
}

bool plt_symbol(struct module *m, taddr at, struct symbol *out)
{
    struct elf *e = module_elf(m);
    taddr start;
    uint64_t size;
    uint32_t symbol;
    struct sym_table t;
    if (!e || elf_addr_size(e) != 8 || !decode_stub(e, at - m->bias, &start, &size, &symbol) ||
        !sym_table_open(e, ".dynsym", &t) || symbol >= t.n)
        return false;
    const char *name = sym_table_name(&t, sym_table_get(&t, symbol).name);
    if (!name[0])
        return false;
    *out = (struct symbol){
        .name = module_made_name(m, start, "%s@plt", name),
        .addr = start + m->bias,
        .size = size,
        .type = STT_FUNC,
    };
    return true;
}
