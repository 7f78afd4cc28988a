/* SPDX-License-Identifier: Apache-2.0 */
/* capstone decodes (docs/adr/0005); x86_text.c writes x86 as binutils does. */
#include "session/decoder.h"

#include "base/text.h"
#include "session/x86_text.h"

struct decoder {
    csh handle;
    cs_insn *insn; /* room for one */
    const struct arch *arch;
    bool x86;
};

void decoder_free(struct decoder *d)
{
    if (!d)
        return;
    if (d->insn)
        cs_free(d->insn, 1);
    cs_close(&d->handle);
    free(d);
}

struct machine_row {
    const char *arch; /* as in struct arch */
    cs_arch machine;
    cs_mode mode;
};
static const struct machine_row machines[] = {
    {"x86_64", CS_ARCH_X86, CS_MODE_64},
    {"i386", CS_ARCH_X86, CS_MODE_32},
    {"aarch64", CS_ARCH_ARM64, CS_MODE_LITTLE_ENDIAN},
};

struct err *decoder_new(const struct arch *arch, struct decoder **out)
{
    for (size_t i = 0; arch && i < ARRAY_LEN(machines); i++) {
        if (strcmp(machines[i].arch, arch->name) != 0)
            continue;
        struct decoder *d = xcalloc(1, sizeof(*d));
        d->arch = arch;
        d->x86 = machines[i].machine == CS_ARCH_X86;
        cs_err e = cs_open(machines[i].machine, machines[i].mode, &d->handle);
        if (e != CS_ERR_OK) {
            free(d);
            return err_new(ERR_UNSUPPORTED, "capstone: %s", cs_strerror(e));
        }
        cs_option(d->handle, CS_OPT_DETAIL, CS_OPT_ON);
        d->insn = cs_malloc(d->handle);
        *out = d;
        return NULL;
    }
    return err_new(ERR_UNSUPPORTED, "there is no disassembler for %s", arch ? arch->name : "this processor");
}

/* Numbers in the text of other processors are as capstone has them. */
static void other_text(const cs_insn *in, struct text *t, struct instruction *out)
{
    text_put(t, in->mnemonic);
    if (in->op_str[0])
        text_printf(t, "\t%s", in->op_str);
    const cs_detail *detail = in->detail;
    for (unsigned i = 0; detail && i < detail->arm64.op_count; i++)
        if (detail->arm64.operands[i].type == ARM64_OP_IMM)
            for (unsigned g = 0; g < detail->groups_count; g++)
                if (detail->groups[g] == ARM64_GRP_JUMP || detail->groups[g] == ARM64_GRP_CALL) {
                    out->has_target = true;
                    out->target = (taddr)detail->arm64.operands[i].imm;
                }
}

void decoder_one(struct decoder *d, const uint8_t *bytes, size_t n, taddr pc, bool intel, struct arena *a,
                 struct instruction *out)
{
    SCOPED(text_done) struct text t = {0};
    const uint8_t *at = bytes;
    size_t left = n;
    uint64_t address = pc;
    *out = (struct instruction){.pc = pc};
    bool ok = cs_disasm_iter(d->handle, &at, &left, &address, d->insn) ||
              (d->x86 && d->arch->addr_size == 8 && x86_extra(bytes, n, pc, d->insn));
    size_t size = ok ? d->insn->size : d->x86 ? 1 : 4;
    if (size > n || size > sizeof(out->bytes)) {
        ok = false;
        size = n < size ? n : 1;
    }
    out->size = (uint8_t)size;
    memcpy(out->bytes, bytes, size);
    if (!ok)
        text_put(&t, d->x86 ? "(bad)" : ".inst\t(undefined)");
    else if (d->x86)
        x86_text(d->handle, d->insn, d->arch->addr_size == 8, intel, &t, out);
    else
        other_text(d->insn, &t, out);
    out->text = arena_strdup(a, text_str(&t));
}
