/* SPDX-License-Identifier: Apache-2.0 */
/* Bytes to instructions: capstone decodes (docs/adr/0004), x86_text.c writes x86 as binutils does. */
#include "base/text.h"
#include "session/code_priv.h"
#include "session/x86_text.h"

enum {
    INSTRUCTIONS_MAX = 1000000,
    LONGEST = 16,  /* bytes; x86 has 15 */
    CHUNK = 4096,  /* bytes read at a time */
};

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

static struct err *decoder_new(const struct arch *arch, struct decoder **out)
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

static void decode_one(struct code *c, const uint8_t *bytes, size_t n, taddr pc, bool intel, struct instruction *out)
{
    struct decoder *d = c->decoder;
    SCOPED(text_done) struct text t = {0};
    const uint8_t *at = bytes;
    size_t left = n;
    uint64_t address = pc;
    *out = (struct instruction){.pc = pc};
    bool ok = cs_disasm_iter(d->handle, &at, &left, &address, d->insn);
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
    out->text = arena_strdup(&c->text, text_str(&t));
}

struct err *session_disassemble(struct session *s, taddr start, taddr end, size_t max, bool intel,
                                struct instructions *out)
{
    struct code *c = code_of(s);
    uint8_t buf[CHUNK];
    if (!c->decoder)
        TRY(decoder_new(s->im->arch, &c->decoder));
    arena_done(&c->text);
    c->instructions.n = 0;
    err_free(TAKE(c->ended));
    max = max && max < INSTRUCTIONS_MAX ? max : INSTRUCTIONS_MAX;
    TRY(modules_read(s->ms, start, buf, 1));

    taddr pc = start;
    size_t have = 0, used = 0;
    while (c->instructions.n < max && (!end || pc < end)) {
        if (have - used < LONGEST) {
            TRY(session_check(s));
            have = modules_read_some(s->ms, pc, buf, sizeof(buf));
            used = 0;
            if (!have) {
                c->ended = modules_read(s->ms, pc, buf, 1);
                break;
            }
        }
        struct instruction in;
        decode_one(c, buf + used, have - used, pc, intel, &in);
        *vec_push(&c->instructions) = in;
        used += in.size;
        pc += in.size;
    }
    *out = (struct instructions){.v = c->instructions.v, .n = c->instructions.n, .end = c->ended};
    return NULL;
}
