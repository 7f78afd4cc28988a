/* SPDX-License-Identifier: Apache-2.0 */
/* Registers of a frame as values. */
#include "value/register.h"
#include "base/mem.h"

static bool find(const struct arch *a, const char *name, unsigned *dwarf, unsigned *size)
{
    const struct {
        const char *name;
        uint16_t dwarf;
    } roles[] = {{"pc", a->pc}, {"sp", a->sp}, {"fp", a->fp}};
    *size = a->addr_size;
    for (size_t i = 0; i < a->n_regs; i++) {
        if (a->regs[i].dwarf != REG_NONE && strcmp(a->regs[i].name, name) == 0) {
            *dwarf = a->regs[i].dwarf;
            *size = a->regs[i].size;
            return true;
        }
    }
    for (size_t i = 0; i < ARRAY_LEN(roles); i++) {
        if (strcmp(roles[i].name, name) == 0) {
            *dwarf = roles[i].dwarf;
            return true;
        }
    }
    return false;
}

struct err *register_value(struct values *vs, const struct vframe *f, const char *name, struct value *out, bool *found)
{
    const struct arch *a = modules_image(vs->ms)->arch;
    uint8_t bytes[REGISTER_MAX];
    size_t n;
    unsigned dwarf, size;
    *found = find(a, name, &dwarf, &size);
    if (!*found)
        return NULL;
    const struct type *t = register_type(vs->types, a, name, dwarf, size);
    TRY(vframe_register(f, dwarf, bytes, sizeof(bytes), &n));
    if (n < size)
        return err_new(ERR_NO_DATA, "register %s was not saved as a whole", name);
    *out = value_of_bytes(vs, t, bytes, size);
    out->frame = f;
    return NULL;
}
