/* SPDX-License-Identifier: Apache-2.0 */
/* What Go's runtime means by members that its own types do not tell (runtime/chan.go). */
#include "value/value_priv.h"

struct err *value_go_channel_field(struct values *vs, const struct value *channel, const struct type *element,
                                   const struct field *f, struct value *out)
{
    struct value slots;
    uint64_t n;
    TRY(value_field(vs, channel, f, out));
    if (!f->name || strcmp(f->name, "buf") != 0)
        return NULL;
    TRY(value_member(vs, channel, "dataqsiz", &slots));
    TRY(value_int(vs, &slots, &n));
    out->type = type_pointer_to(vs->types, type_array_of(vs->types, element, n));
    return NULL;
}

bool value_go_inline(const struct value *v, struct value *row)
{
    const struct type *t = type_strip(v->type);
    if (t->die.unit || t->kind != TYPE_STRUCT || (t->go_kind != GO_STRING && t->go_kind != GO_SLICE))
        return false;
    struct fields fields = type_fields(t);
    if (fields.n != 1)
        return false;
    *row = *v;
    row->type = fields.v[0].type;
    return true;
}
