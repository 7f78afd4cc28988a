/* SPDX-License-Identifier: Apache-2.0 */
/* Arguments without debug information: the words that Go's own traceback prints (runtime/traceback.go, printArgs). The
 * compiler leaves which words of the frame they are (FUNCDATA_ArgInfo), and from Go 1.18 which of them registers'
 * arguments were already stored to (FUNCDATA_ArgLiveInfo). */
#include "rt/go/priv.h"

#include <elf.h>
#include <inttypes.h>

enum {
    FUNCDATA_ARG_INFO = 5, /* internal/abi/symtab.go; the same from 1.17 to 1.27 */
    FUNCDATA_ARG_LIVE = 6,
    PCDATA_ARG_LIVE = 3,
    ARG_END = 0xff,
    ARG_OPEN = 0xfe,
    ARG_CLOSE = 0xfd,
    ARG_MORE = 0xfc,     /* there are more than are told */
    ARG_TOO_FAR = 0xfb,
    ITEMS_MAX = 1000,
};

struct arguments {
    struct rt *rt;
    taddr at; /* of the first argument's word */
    struct bytes live; /* its first byte: offset of the first that came in a register; empty: all are there */
    int32_t live_index; /* of the bits at this pc; 0 or less: all are there */
    uint32_t slot;      /* of those that came in registers */
    struct text *out;
};

/* Has the function stored it, or does its slot hold whatever was there before? */
static bool is_live(const struct arguments *a, uint8_t offset)
{
    size_t at = (size_t)a->live_index + a->slot / 8;
    if (!a->live.n || a->live_index <= 0 || offset < a->live.p[0])
        return true;
    return at < a->live.n && a->live.p[at] & 1u << a->slot % 8;
}

static void put_word(struct arguments *a, uint8_t offset, uint8_t size)
{
    uint64_t word;
    if (!go_word(a->rt, a->at + offset, &word)) {
        text_put(a->out, "?");
        return;
    }
    if (size < 8)
        word &= (UINT64_C(1) << size * 8) - 1;
    text_printf(a->out, "0x%" PRIx64 "%s", word, is_live(a, offset) ? "" : "?");
}

static bool put_all(struct arguments *a, struct cursor c)
{
    bool first = true;
    unsigned levels = 0;
    for (int i = 0; i < ITEMS_MAX && !c.failed; i++) {
        uint8_t what = cursor_u8(&c);
        if (c.failed || what == ARG_END)
            break;
        text_put(a->out, first || what == ARG_CLOSE ? "" : ", ");
        first = what == ARG_OPEN;
        if (what == ARG_OPEN) {
            text_putc(a->out, '{');
            levels++;
        } else if (what == ARG_CLOSE) {
            if (levels-- == 0)
                return false;
            text_putc(a->out, '}');
        } else if (what >= ARG_TOO_FAR) {
            text_put(a->out, what == ARG_MORE ? "..." : "_");
        } else {
            put_word(a, what, cursor_u8(&c));
            a->slot += a->live.n && what >= a->live.p[0];
        }
    }
    return !c.failed && levels == 0;
}

bool go_arguments(struct rt *rt, taddr lookup, taddr cfa, struct text *out)
{
    const struct go_module *m;
    struct go_function f;
    if (!cfa || modules_image(rt->ms)->arch->elf_machine != EM_X86_64 || !go_function_at(rt, lookup, &m, &f))
        return false;
    struct bytes info = pclntab_funcdata(&m->table, &f, FUNCDATA_ARG_INFO);
    struct arguments a = {.rt = rt, .at = cfa, .out = out};
    if (!info.n)
        return false;
    if (m->table.format >= PCLNTAB_1_18) {
        a.live = pclntab_funcdata(&m->table, &f, FUNCDATA_ARG_LIVE);
        if (!pclntab_pcdata(&m->table, &f, PCDATA_ARG_LIVE, lookup, &a.live_index))
            a.live_index = 0;
    }
    size_t before = out->n;
    if (put_all(&a, cursor_of(info, 0, "arguments of a function")))
        return true;
    out->n = before; /* damaged: rather nothing */
    return false;
}
