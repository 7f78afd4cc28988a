/* SPDX-License-Identifier: Apache-2.0 */
/* info as inquest.info/1 (docs/schema/inquest.info-1.json). Sections that were not asked for are absent. */
#include "front/report/priv.h"
#include "session/redact.h"

#include <string.h>

/* An array of NUL-separated strings; null, with a reason beside it, when they cannot be had. */
static void strings_json(struct json *j, const char *key, struct err *e, const char *p, size_t n)
{
    json_key(j, key);
    if (e) {
        json_null(j);
        SCOPED(freep) char *why_key = xasprintf("%s_missing", key);
        json_kv_string(j, why_key, e->msg);
        err_free(e);
        return;
    }
    json_array_begin(j);
    for (size_t at = 0; at < n; at += strlen(p + at) + 1)
        json_string(j, p + at);
    json_array_end(j);
}

static void seconds_json(struct json *j, const char *key, uint64_t v)
{
    json_key(j, key);
    if (v)
        json_u64(j, v);
    else
        json_null(j);
}

static void process_json(struct json *j, const struct report *r)
{
    const struct image *im = r->im;
    SCOPED(freep) char *args = NULL;
    size_t n = 0;
    json_key(j, "process");
    json_object_begin(j);
    struct err *e = session_arguments(r->session, &args, &n);
    strings_json(j, "arguments", e, args, n);
    if (im->has_ids) {
        json_kv_i64(j, "ppid", im->ppid);
        json_kv_u64(j, "uid", im->uid);
        json_kv_u64(j, "gid", im->gid);
    }
    seconds_json(j, "start_time", im->start_time);
    seconds_json(j, "dump_time", im->dump_time);
    json_kv_u64(j, "user_ms", im->utime_ms);
    json_kv_u64(j, "system_ms", im->stime_ms);
    json_kv_u64(j, "modules", session_module_count(r->session));
    json_kv_u64(j, "mappings", im->maps.n);
    json_object_end(j);
}

/* Of a core: what was written over before it was. */
static void redacted_json(struct json *j, const struct report *r)
{
    SCOPED(redacted_done) struct redacted_rows rows = {0};

    redacted_parse(r->im->redacted, &rows);
    json_key(j, "redacted");
    json_array_begin(j);
    for (size_t i = 0; i < rows.n; i++) {
        json_object_begin(j);
        json_kv_string(j, "what", rows.v[i].what);
        json_kv_u64(j, "matches", rows.v[i].matches);
        json_kv_u64(j, "bytes", rows.v[i].bytes);
        json_object_end(j);
    }
    json_array_end(j);
}

static void registers_json(struct json *j, const struct report *r, const struct image_thread *th)
{
    const struct arch *a = r->im->arch;
    json_key(j, "registers");
    json_object_begin(j);
    for (size_t i = 0; a && i < a->n_regs; i++) {
        uint64_t v;
        if (general_register_value(th, &a->regs[i], &v))
            json_kv_hex(j, a->regs[i].name, v);
    }
    json_object_end(j);
}

static void threads_json(struct json *j, const struct report *r)
{
    json_key(j, "threads");
    json_array_begin(j);
    for (size_t i = 0; i < r->im->threads.n; i++) {
        const struct image_thread *th = &r->im->threads.v[i];
        json_object_begin(j);
        json_kv_i64(j, "tid", th->tid);
        json_kv_string(j, "name", thread_name(r->session, th));
        json_kv_bool(j, "crashed", r->im->crashed_tid && th->tid == r->im->crashed_tid);
        json_kv_string(j, "state", thread_state(th->state));
        language_thread_json(j, r, th);
        json_kv_string(j, "signal", thread_signal(r->im, th) ? session_signal_name(th->signal) : NULL);
        if (!th->has_regs)
            json_kv_string(j, "why", th->why);
        if (info_wants(r, "registers"))
            registers_json(j, r, th);
        json_object_end(j);
    }
    json_array_end(j);
}

static void part_json(struct json *j, const char *key, const struct module_part *p)
{
    json_key(j, key);
    json_object_begin(j);
    json_kv_string(j, "state", part_state_name(p->state));
    json_kv_string(j, "path", p->path);
    json_kv_string(j, "how", p->how);
    json_kv_string(j, "note", p->note);
    json_object_end(j);
}

static void modules_json(struct json *j, const struct report *r)
{
    json_key(j, "modules");
    json_array_begin(j);
    for (size_t i = 0; i < session_module_count(r->session); i++) {
        const struct module *m = session_module(r->session, i, true);
        json_object_begin(j);
        json_kv_string(j, "path", m->path);
        json_kv_hex(j, "start", m->start);
        json_kv_hex(j, "end", m->end);
        json_key(j, "bias");
        if (m->bias_known)
            json_hex(j, m->bias);
        else
            json_null(j);
        char id[BUILD_ID_TEXT];
        json_kv_string(j, "build_id", m->build_id.n ? session_build_id_text(&m->build_id, id) : NULL);
        json_kv_bool(j, "verified", m->id_from_target);
        json_kv_bool(j, "program", m->is_exe);
        json_kv_bool(j, "deleted", m->deleted);
        part_json(j, "file", &m->file);
        part_json(j, "debug", &m->debug);
        part_json(j, "alt", &m->alt);
        json_kv_string(j, "hint", session_module_hint(r->session, m));
        json_object_end(j);
    }
    json_array_end(j);
}

static void maps_json(struct json *j, const struct report *r)
{
    json_key(j, "maps");
    json_array_begin(j);
    for (size_t i = 0; i < r->im->maps.n; i++) {
        const struct mapping *m = &r->im->maps.v[i];
        char prot[4] = {m->prot & PROT_BIT_READ ? 'r' : '-', m->prot & PROT_BIT_WRITE ? 'w' : '-',
                        m->prot & PROT_BIT_EXEC ? 'x' : '-', 0};
        json_object_begin(j);
        json_kv_hex(j, "start", m->start);
        json_kv_hex(j, "end", m->end);
        json_kv_string(j, "prot", prot);
        json_kv_bool(j, "shared", m->shared);
        json_kv_hex(j, "offset", m->offset);
        json_kv_string(j, "path", m->path);
        json_kv_bool(j, "deleted", m->deleted);
        json_kv_u64(j, "present", m->present);
        json_object_end(j);
    }
    json_array_end(j);
}

static void auxv_json(struct json *j, const struct report *r)
{
    json_key(j, "auxv");
    json_array_begin(j);
    for (size_t i = 0; i < r->im->auxv.n; i++) {
        json_object_begin(j);
        json_kv_u64(j, "type", r->im->auxv.v[i].type);
        json_kv_string(j, "name", session_auxv_name(r->im->auxv.v[i].type));
        json_kv_hex(j, "value", r->im->auxv.v[i].value);
        json_object_end(j);
    }
    json_array_end(j);
}

static void limits_json(struct json *j, const struct report *r)
{
    json_key(j, "limits");
    json_array_begin(j);
    for (size_t i = 0; i < r->im->limits.n; i++)
        json_string(j, r->im->limits.v[i]);
    json_array_end(j);
}

static void memory_json(struct json *j, const struct report *r, const struct memory_wish *w)
{
    SCOPED(freep) uint8_t *bytes = xmalloc(w->length);
    SCOPED(freep) char *hex = xmalloc(2 * w->length + 1);
    json_object_begin(j);
    json_kv_hex(j, "address", w->at);
    struct err *e = session_read(r->session, w->at, bytes, w->length);
    for (size_t i = 0; i < w->length && !e; i++)
        snprintf(hex + 2 * i, 3, "%02x", bytes[i]);
    json_kv_string(j, "bytes", e ? NULL : hex);
    if (e)
        json_kv_string(j, "why", e->msg);
    err_free(e);
    json_object_end(j);
}

static struct err *memories_json(struct json *j, const struct report *r)
{
    json_key(j, "memory");
    json_array_begin(j);
    for (size_t i = 0; i < r->call->given.n; i++) {
        struct memory_wish w;
        if (strcmp(r->call->given.v[i].row->name, "memory") != 0)
            continue;
        TRY(memory_wish_parse(r->call->given.v[i].value, &w));
        memory_json(j, r, &w);
    }
    json_array_end(j);
    return NULL;
}

struct err *info_write_json(const struct report *r)
{
    static const struct {
        const char *name;
        void (*write)(struct json *, const struct report *);
    } sections[] = {{"modules", modules_json},
                    {"maps", maps_json},
                    {"auxv", auxv_json},
                    {"limits", limits_json},
                    {"files", files_json}};
    struct json j;
    json_init(&j, call_output(r->call), r->call->screen.terminal);
    json_object_begin(&j);
    json_kv_string(&j, "schema", "inquest.info/1");
    json_key(&j, "target");
    json_object_begin(&j);
    target_json(&j, r);
    json_object_end(&j);
    process_json(&j, r);
    record_json(&j, r);
    redacted_json(&j, r);
    runtimes_json(&j, r);
    threads_json(&j, r);
    for (size_t i = 0; i < ARRAY_LEN(sections); i++)
        if (info_wants(r, sections[i].name))
            sections[i].write(&j, r);
    if (call_has(r->call, "env")) {
        SCOPED(freep) char *env = NULL;
        size_t n = 0;
        struct err *e = session_environ(r->session, &env, &n);
        strings_json(&j, "environment", e, env, n);
    }
    if (call_has(r->call, "memory"))
        TRY(memories_json(&j, r));
    json_object_end(&j);
    return json_finish(&j);
}
