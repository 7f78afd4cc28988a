/* SPDX-License-Identifier: Apache-2.0 */
/* Expressions in the selected frame. */
#include "front/console/console.h"

struct err *console_number(struct console *c, const char *text, uint64_t *out)
{
    (void)c;
    if (!parse_number(text, UINT64_MAX, out))
        return err_new(ERR_USAGE, "no number: \"%s\"", text);
    return NULL;
}

struct err *console_assign(struct console *c, const char *text)
{
    (void)c;
    return err_new(ERR_UNSUPPORTED, "\"%s\" cannot be assigned to", text);
}
