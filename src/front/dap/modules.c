/* SPDX-License-Identifier: Apache-2.0 */
/* modules: the files that the target has mapped. */
#include "front/dap/priv.h"

#include <inttypes.h>

/* Its address: two modules may have one path. */
void put_module_id(struct json *j, const char *key, const struct module *m)
{
    json_kv_hex(j, key, m->start);
}

static const char *symbol_status(const struct module *m)
{
    if (m->debug.state == PART_FOUND)
        return "debug information found";
    return m->debug.state == PART_UNTRIED ? "not looked for yet" : "no debug information";
}

/* `looked`: its debug files were looked for, which what is missing is only known after. */
static void put_module(struct dap *d, struct json *j, const struct module *m, bool looked)
{
    SCOPED(freep) char *range = xasprintf("0x%" PRIx64 "-0x%" PRIx64, m->start, m->end);
    char id[BUILD_ID_TEXT];
    const char *hint = looked ? session_module_hint(d->session, m) : NULL;
    SCOPED(text_done) struct text status = {0};
    text_put(&status, symbol_status(m));
    if (hint && m->debug.state != PART_FOUND) {
        text_put(&status, ": ");
        put_safe(&status, hint);
    }
    json_object_begin(j);
    put_module_id(j, "id", m);
    json_kv_string(j, "name", m->name);
    put_client_path(d, j, "path", m->path);
    json_kv_string(j, "symbolStatus", text_str(&status));
    if (m->debug.state == PART_FOUND && m->debug.path)
        json_kv_string(j, "symbolFilePath", m->debug.path);
    json_kv_string(j, "addressRange", range);
    if (m->build_id.n)
        json_kv_string(j, "version", session_build_id_text(&m->build_id, id));
    json_object_end(j);
}

static struct err *put_new_module(struct dap *d, struct json_body *b, const struct module *m)
{
    json_body_begin(b);
    json_kv_string(&b->json, "reason", "new");
    json_key(&b->json, "module");
    put_module(d, &b->json, m, false);
    return json_body_end(b);
}

struct err *say_modules(struct dap *d)
{
    VEC(struct json_body) bodies = {0};
    TRY(dap_turn_begin(d));
    struct err *e = NULL;
    /* As they are known so far: to look for the files of all takes long. */
    for (size_t i = 0, n = session_module_count(d->session); i < n && !e; i++)
        e = put_new_module(d, vec_push(&bodies), session_module(d->session, i, false));
    dap_turn_end(d);
    for (size_t i = 0; i < bodies.n && !e; i++)
        e = output_event(d->out, "module", &bodies.v[i]);
    for (size_t i = 0; i < bodies.n; i++)
        json_body_done(&bodies.v[i]);
    vec_done(&bodies);
    return e;
}

static struct err *modules(struct dap *d, const struct incoming *args, struct json *body)
{
    size_t n = session_module_count(d->session);
    uint64_t first = args_count(args, "startModule"), max = args_count(args, "moduleCount");
    json_key(body, "modules");
    json_array_begin(body);
    for (uint64_t i = first; i < n && (!max || i - first < max); i++)
        put_module(d, body, session_module(d->session, i, true), true);
    json_array_end(body);
    json_kv_u64(body, "totalModules", n);
    return NULL;
}

static const struct request_row rows[] = {{"modules", NEEDS_TARGET, modules}};
const struct request_table dap_module_requests = {rows, ARRAY_LEN(rows)};
