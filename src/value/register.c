/* SPDX-License-Identifier: Apache-2.0 */
/* Registers of a frame as values. */
#include "value/register.h"

/* What the kernel saves beside the registers (orig_rax): the thread's, whatever the frame. */
static bool read_saved(const struct vframe *f, const struct arch *a, const char *name, uint8_t *bytes, unsigned *size)
{
    for (size_t i = 0; i < a->n_regs; i++) {
        const struct reg_desc *r = &a->regs[i];
        if (r->dwarf != REG_NONE || strcmp(r->name, name) != 0)
            continue;
        if (!f->thread || f->thread->gp.n < r->offset || f->thread->gp.n - r->offset < r->size)
            return false;
        memcpy(bytes, f->thread->gp.p + r->offset, r->size);
        *size = r->size;
        return true;
    }
    return false;
}

/* Where a function without parameters is written (void). */
static bool in_cxx(const struct vframe *f)
{
    struct dw_die function;
    const char *language =
        scope_function(f, &function) ? dw_language_name(dw_unit_root(function.unit)->language) : NULL;
    return language && strcmp(language, "c++") == 0;
}

struct err *register_value(struct values *vs, const struct vframe *f, const char *name, struct value *out, bool *found)
{
    const struct arch *a = modules_image(vs->ms)->arch;
    uint8_t bytes[REGISTER_MAX] = {0};
    size_t n;
    unsigned dwarf = REG_NONE, size;
    *found = arch_reg_named(a, name, &dwarf, &size);
    if (*found) {
        TRY(vframe_register(f, dwarf, bytes, sizeof(bytes), &n));
        if (n < size)
            return err_new(ERR_NO_DATA, "register %s was not saved as a whole", name);
    } else {
        *found = read_saved(f, a, name, bytes, &size);
        if (!*found)
            return NULL;
    }
    const struct type *t = register_type(vs->types, a, name, dwarf, size, in_cxx(f));
    /* x87's ten bytes are in a type of sixteen. */
    *out = value_of_bytes(vs, t, bytes, t->size > size && t->size <= sizeof(bytes) ? (size_t)t->size : size);
    out->frame = f;
    return NULL;
}
