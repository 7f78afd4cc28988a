/* SPDX-License-Identifier: Apache-2.0 */
/* What requests are given. */
#include "front/dap/priv.h"

int64_t args_integer(const struct incoming *args, const char *name, int64_t otherwise)
{
    int64_t v = otherwise;
    (void)incoming_integer(incoming_member(args, name), &v);
    return v;
}

bool args_bool(const struct incoming *args, const char *name)
{
    bool v = false;
    return incoming_bool(incoming_member(args, name), &v) && v;
}

const char *args_string(const struct incoming *args, const char *name)
{
    return incoming_string(incoming_member(args, name));
}

uint64_t args_count(const struct incoming *args, const char *name)
{
    int64_t v = args_integer(args, name, 0);
    return v > 0 ? (uint64_t)v : 0;
}

struct err *args_address(const struct incoming *args, const char *name, taddr *out)
{
    const char *text = args_string(args, name);
    uint64_t v;
    if (!text)
        return err_new(ERR_USAGE, "%s is missing", name);
    if (!parse_number(text, UINT64_MAX, &v))
        return err_new(ERR_USAGE, "%s is no address: \"%.40s\"", name, text);
    *out = v;
    return NULL;
}
