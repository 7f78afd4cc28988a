/* SPDX-License-Identifier: Apache-2.0 */
/* A target's bytes to instructions. */
#include "session/code_priv.h"
#include "session/decoder.h"

enum {
    INSTRUCTIONS_MAX = 1000000,
    LONGEST = 16, /* bytes; x86 has 15 */
    CHUNK = 4096, /* bytes read at a time */
};

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
        decoder_one(c->decoder, buf + used, have - used, pc, intel, &c->text, &in);
        *vec_push(&c->instructions) = in;
        used += in.size;
        pc += in.size;
    }
    *out = (struct instructions){.v = c->instructions.v, .n = c->instructions.n, .end = c->ended};
    return NULL;
}
