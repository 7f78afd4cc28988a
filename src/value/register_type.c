/* SPDX-License-Identifier: Apache-2.0 */
/* Types of registers. The flags are those of the Intel SDM, volume 1, figures 3-8 and 10-3. */
#include "base/mem.h"
#include "value/register.h"

struct flag {
    char name[4];
    uint8_t bit;
};

static const struct flag eflags[] = {
    {"CF", 0},  {"PF", 2},  {"AF", 4},  {"ZF", 6},  {"SF", 7},  {"TF", 8},   {"IF", 9},   {"DF", 10},
    {"OF", 11}, {"NT", 14}, {"RF", 16}, {"VM", 17}, {"AC", 18}, {"VIF", 19}, {"VIP", 20}, {"ID", 21},
};
static const struct flag mxcsr[] = {
    {"IE", 0}, {"DE", 1}, {"ZE", 2}, {"OE", 3},  {"UE", 4},  {"PE", 5},  {"DAZ", 6},
    {"IM", 7}, {"DM", 8}, {"ZM", 9}, {"OM", 10}, {"UM", 11}, {"PM", 12}, {"FZ", 15},
};

static const struct {
    const char *reg, *type;
    const struct flag *flags;
    size_t n;
} flag_types[] = {
    {"eflags", "i386_eflags", eflags, ARRAY_LEN(eflags)},
    {"mxcsr", "i386_mxcsr", mxcsr, ARRAY_LEN(mxcsr)},
};

bool register_flags(const struct type *t, uint64_t v, struct text *out)
{
    for (size_t i = 0; i < ARRAY_LEN(flag_types); i++) {
        if (t->die.unit || t->kind != TYPE_INT || !t->name || strcmp(t->name, flag_types[i].type) != 0)
            continue;
        text_put(out, "[");
        for (size_t k = 0; k < flag_types[i].n; k++)
            if (v >> flag_types[i].flags[k].bit & 1)
                text_printf(out, " %s", flag_types[i].flags[k].name);
        text_put(out, " ]");
        return true;
    }
    return false;
}

/* One view of a vector register, as an array of equal parts; `count` 0: of the whole. */
struct view {
    const char *name, *type;
    uint8_t kind;
    uint8_t size; /* bytes of a part */
};

static const struct view views[] = {
    {"bfloat16", "bfloat16", TYPE_FLOAT, 2}, {"half", "half", TYPE_FLOAT, 2},   {"float", "float", TYPE_FLOAT, 4},
    {"double", "double", TYPE_FLOAT, 8},     {"int8", "int8_t", TYPE_INT, 1},   {"int16", "int16_t", TYPE_INT, 2},
    {"int32", "int32_t", TYPE_INT, 4},       {"int64", "int64_t", TYPE_INT, 8}, {"int128", "int128_t", TYPE_INT, 16},
};

static const struct type *vector(struct types *t, size_t size)
{
    struct field fields[ARRAY_LEN(views)] = {{0}};
    char names[ARRAY_LEN(views)][24];
    for (size_t i = 0; i < ARRAY_LEN(views); i++) {
        const struct view *v = &views[i];
        size_t parts = size / v->size;
        const struct type *part = type_base(t, (enum type_kind)v->kind, v->type, v->size, true);
        snprintf(names[i], sizeof(names[i]), "v%zu_%s", parts, v->name);
        fields[i] = (struct field){.name = names[i], .type = type_vector_of(t, part, parts)};
        if (parts == 1) {
            fields[i].name = "uint128";
            fields[i].type = type_base(t, TYPE_INT, "uint128_t", v->size, false);
        }
    }
    const char *name = size == 16 ? "vec128" : size == 32 ? "builtin_type_vec256i" : "builtin_type_vec512i";
    return type_record_of(t, TYPE_UNION, name, size, fields, ARRAY_LEN(views));
}

const struct type *register_type(struct types *t, const struct arch *a, const char *name, unsigned dwarf, size_t size,
                                 bool cxx)
{
    static const char *const words[] = {[1] = "int8_t", [2] = "int16_t", [4] = "int32_t", [8] = "int64_t"};
    const struct type *nothing = type_c(t, "void");
    if (dwarf == a->pc && size == a->addr_size)
        return type_pointer_to(t, type_function_of(t, nothing, cxx ? &nothing : NULL, 0, false));
    if ((dwarf == a->sp || dwarf == a->fp) && size == a->addr_size)
        return type_pointer_to(t, nothing);
    for (size_t i = 0; i < ARRAY_LEN(flag_types); i++)
        if (strcmp(flag_types[i].reg, name) == 0)
            return type_base(t, TYPE_INT, flag_types[i].type, 4, false);
    if (size == 10)
        return type_base(t, TYPE_FLOAT, "builtin_type_i387_ext", 16, true);
    if (size >= 16)
        return vector(t, size);
    /* Selectors and the floating-point unit's words, which the kernel keeps wider. */
    bool is_selector = strlen(name) == 2 && name[1] == 's';
    if (is_selector)
        return type_base(t, TYPE_INT, "int32_t", 4, true);
    if (name[0] == 'k' && size == 8)
        return type_base(t, TYPE_INT, "uint64_t", size, false);
    if (strstr(name, "_base") || begins_with(name, "orig_"))
        return type_c(t, "long");
    return type_base(t, TYPE_INT, size < ARRAY_LEN(words) && words[size] ? words[size] : "int", size, true);
}
