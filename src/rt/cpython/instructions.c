/* SPDX-License-Identifier: Apache-2.0 */
/* The few instructions that say where what a frame calls is. Numbers: Lib/opcode.py until 3.12, Include/opcode_ids.h; those that
 * the interpreter puts in their place after it saw them often, too (PEP 659). */
#include "rt/cpython/calls.h"

enum { RANGES_MAX = 10 };

struct range {
    uint8_t first, last;
};
struct numbers {
    struct range calls[RANGES_MAX], tuples[RANGES_MAX]; /* up to {0, 0} */
    uint8_t with; /* 0: none */
};

static const struct numbers before_3_11 = {
    .calls = {{131, 131}, {141, 141}, {161, 161}}, .tuples = {{142, 142}}, .with = 143};
static const struct numbers of_3_11 = {
    .calls = {{22, 22}, {64, 67}, {72, 73}, {76, 81}, {113, 113}, {121, 121}, {127, 127}, {141, 141}, {171, 171}},
    .tuples = {{142, 142}},
    .with = 53};
static const struct numbers of_3_12 = {.calls = {{29, 29}, {34, 34}, {38, 48}, {56, 56}, {171, 171}, {241, 241}},
                                       .tuples = {{142, 142}, {244, 244}},
                                       .with = 53};
static const struct numbers of_3_13 = {
    .calls = {{53, 53}, {57, 57}, {162, 181}, {244, 245}}, .tuples = {{54, 54}, {246, 246}}, .with = 2};
static const struct numbers of_3_14 = {.calls = {{52, 52}, {55, 55}, {143, 165}, {250, 251}},
                                       .tuples = {{4, 4}, {252, 252}}};
static const struct numbers of_3_15 = {.calls = {{50, 50}, {53, 53}, {144, 150}, {153, 168}, {249, 250}},
                                       .tuples = {{4, 4}, {151, 152}, {251, 251}}};

static const struct numbers *numbers_of(unsigned minor)
{
    static const struct numbers *const newer[] = {&of_3_11, &of_3_12, &of_3_13, &of_3_14, &of_3_15};
    if (minor < 11)
        return &before_3_11;
    return minor - 11 < ARRAY_LEN(newer) ? newer[minor - 11] : NULL;
}

static bool is_among(const struct range *all, uint8_t op)
{
    for (size_t i = 0; i < RANGES_MAX && all[i].last; i++)
        if (op >= all[i].first && op <= all[i].last)
            return true;
    return false;
}

static bool where_it_is(struct rt *rt, taddr record, uint64_t *out)
{
    const struct py_layout *l = &rt->l;
    uint64_t code;
    int32_t last;
    if (py_minor(rt) >= 11)
        return py_field(rt, record, l->frame_instr_ptr != PY_NONE ? l->frame_instr_ptr : l->frame_prev_instr, out);
    if (!py_field(rt, record, l->frameobj_code, &code) || !py_field_int(rt, record, l->frameobj_lasti, &last) ||
        last < 0 || !py_field(rt, code, l->code_code, out))
        return false;
    *out += l->bytes_data + (taddr)last * (py_minor(rt) == 10 ? 2 : 1); /* 3.10 counts instructions, of 2 bytes */
    return true;
}

enum py_instruction_kind py_instruction_kind(struct rt *rt, taddr record)
{
    const struct numbers *n = numbers_of(py_minor(rt));
    uint64_t at;
    uint8_t op;
    if (!n || !where_it_is(rt, record, &at) || !py_read(rt, at, &op, 1))
        return PY_OTHER;
    if (n->with && op == n->with)
        return PY_ENTERS;
    return is_among(n->calls, op) ? PY_CALLS : is_among(n->tuples, op) ? PY_CALLS_TUPLE : PY_OTHER;
}
