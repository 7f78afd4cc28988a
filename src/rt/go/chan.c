/* SPDX-License-Identifier: Apache-2.0 */
/* Channels: runtime.hchan (runtime/chan.go), whose fields DWARF names for every element type. */
#include "rt/go/priv.h"

#include <inttypes.h>

struct buffer {
    const struct type *element;
    taddr at;
    uint64_t n, slots, first, done;
};

static bool next_buffered(struct presentation *p, struct values *vs, struct child *out, struct err **e)
{
    (void)e;
    struct buffer *b = p->state;
    if (b->done >= b->n)
        return false;
    uint64_t slot = (b->first + b->done++) % b->slots;
    out->value = value_at(vs, b->element, b->at + slot * type_strip(b->element)->size);
    return true;
}

static struct err *read_channel(struct values *vs, const struct value *c, struct buffer *b)
{
    TRY(go_number(vs, c, "qcount", &b->n));
    TRY(go_number(vs, c, "dataqsiz", &b->slots));
    TRY(go_number(vs, c, "recvx", &b->first));
    return go_number(vs, c, "buf", &b->at);
}

bool go_present_chan(struct rt *rt, struct values *vs, const struct value *v, struct presentation *out)
{
    (void)rt;
    struct value channel;
    taddr at;
    struct buffer *b = arena_new(vs->arena, struct buffer);
    *b = (struct buffer){.element = type_go_part(v->type, DW_AT_go_elem)};
    struct err *e = go_behind(vs, v, &channel, &at);
    if (!e && at)
        e = read_channel(vs, &channel, b);
    bool good = !e && (!at || (b->element && b->n <= b->slots && (!b->slots || b->first < b->slots)));
    err_free(e); /* then the pointer is shown */
    if (!good)
        return false;
    *out = (struct presentation){.kind = PRESENT_ARRAY, .length = b->n};
    if (!at)
        return true;
    out->summary = arena_printf(vs->arena, "%" PRIu64 "/%" PRIu64, b->n, b->slots);
    out->next = next_buffered;
    out->state = b;
    return true;
}
