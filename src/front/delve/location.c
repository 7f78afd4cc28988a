/* SPDX-License-Identifier: Apache-2.0 */
/* Places in the code, as Delve's api.Location. */
#include "front/delve/priv.h"

#include "session/code.h"

#include <string.h>

struct goroutine_at location_of_frame(const struct sframe *frames, size_t n, size_t i)
{
    const struct sframe *f = &frames[i];
    size_t outer = i;
    while (outer + 1 < n && frames[outer + 1].physical == f->physical)
        outer++;
    /* An inlined function has the entry of the one that it was inlined into. */
    return (struct goroutine_at){.pc = f->pc,
                                 .file = f->at->file,
                                 .line = f->at->line,
                                 .function = f->at->function,
                                 .entry = f->kind == FRAME_INLINED ? frames[outer].at->start : f->at->start};
}

/* Delve's rule: Go's compiler optimises unless it was told -N and -l; of others it is not known. */
static bool is_optimized(struct client *c, taddr entry)
{
    struct code_unit unit;
    if (!entry || !session_unit_at(c->session, entry, &unit) || !unit.producer || !begins_with(unit.producer, "Go "))
        return false;
    const char *flags = strchr(unit.producer, ';');
    return !flags || !strstr(flags, "-N") || !strstr(flags, "-l");
}

/* {"name", "value", ...}; nothing without a name. */
static void delve_put_function(struct client *c, struct json *j, const char *name, taddr entry)
{
    if (!name)
        return;
    json_key(j, "function");
    json_object_begin(j);
    json_kv_string(j, "name", name);
    json_kv_u64(j, "value", entry);
    json_kv_i64(j, "type", 0);
    json_kv_i64(j, "goType", 0);
    json_kv_bool(j, "optimized", is_optimized(c, entry));
    json_object_end(j);
}

void delve_put_location_members(struct client *c, struct json *j, const struct goroutine_at *at)
{
    json_kv_u64(j, "pc", at->pc);
    json_kv_string(j, "file", at->file ? at->file : at->pc && !at->function ? "?" : "");
    json_kv_i64(j, "line", at->pc && !at->function && !at->file ? -1 : (int64_t)at->line);
    delve_put_function(c, j, at->function, at->entry);
}

void delve_put_location(struct client *c, struct json *j, const struct goroutine_at *at)
{
    json_object_begin(j);
    delve_put_location_members(c, j, at);
    json_object_end(j);
}
