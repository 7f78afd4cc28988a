/* SPDX-License-Identifier: Apache-2.0 */
/* Breakpoints, which Inquest sets none of: each comes back unverified and says why, as clients send them unasked. */
#include "front/dap/priv.h"

static const char *reason(struct dap *d)
{
    bool live = d->session && session_image(d->session)->kind == IMAGE_LIVE;
    return live ? "Inquest sets no breakpoints: a process is only looked at" : "a core does not run";
}

static struct err *refuse_all(struct dap *d, const struct incoming *wanted, struct json *body)
{
    json_key(body, "breakpoints");
    json_array_begin(body);
    for (size_t i = 0; i < incoming_count(wanted); i++) {
        json_object_begin(body);
        json_kv_bool(body, "verified", false);
        json_kv_string(body, "message", reason(d));
        json_object_end(body);
    }
    json_array_end(body);
    return NULL;
}

static struct err *set_breakpoints(struct dap *d, const struct incoming *args, struct json *body)
{
    const struct incoming *v = incoming_member(args, "breakpoints");
    return refuse_all(d, incoming_kind(v) == INCOMING_ARRAY ? v : incoming_member(args, "lines"), body);
}

static struct err *set_exception_breakpoints(struct dap *d, const struct incoming *args, struct json *body)
{
    return refuse_all(d, incoming_member(args, "filters"), body);
}

static struct err *data_breakpoint_info(struct dap *d, const struct incoming *args, struct json *body)
{
    (void)args;
    json_key(body, "dataId");
    json_null(body);
    json_kv_string(body, "description", reason(d));
    return NULL;
}

static struct err *breakpoint_locations(struct dap *d, const struct incoming *args, struct json *body)
{
    (void)d;
    (void)args;
    json_key(body, "breakpoints");
    json_array_begin(body);
    json_array_end(body);
    return NULL;
}

static const struct request_row rows[] = {
    {"setBreakpoints", NEEDS_TARGET, set_breakpoints},
    {"setFunctionBreakpoints", NEEDS_TARGET, set_breakpoints},
    {"setInstructionBreakpoints", NEEDS_TARGET, set_breakpoints},
    {"setDataBreakpoints", NEEDS_TARGET, set_breakpoints},
    {"setExceptionBreakpoints", NEEDS_TARGET, set_exception_breakpoints},
    {"dataBreakpointInfo", NEEDS_TARGET, data_breakpoint_info},
    {"breakpointLocations", NEEDS_NOTHING, breakpoint_locations},
};
const struct request_table dap_breakpoint_requests = {rows, ARRAY_LEN(rows)};
