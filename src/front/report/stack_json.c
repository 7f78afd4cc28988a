/* SPDX-License-Identifier: Apache-2.0 */
/* Stacks as inquest.stack/1 (docs/schema/inquest.stack-1.json). Streamed: nothing is kept. */
#include "front/report/priv.h"

#include "base/map.h"
#include "front/report/tasks.h"

static const char *kind_name(enum frame_kind k)
{
    switch (k) {
    case FRAME_NORMAL:
        return "normal";
    case FRAME_INLINED:
        return "inlined";
    case FRAME_TAILCALL:
        return "tailcall";
    case FRAME_SIGNAL:
        return "signal";
    case FRAME_LANGUAGE:
        return "language";
    }
    return "normal";
}

static const char *how_name(enum frame_how h)
{
    switch (h) {
    case FRAME_FIRST:
        return "registers";
    case FRAME_CFI:
        return "cfi";
    case FRAME_STEPPER:
        return "runtime";
    case FRAME_CODE:
        return "code";
    case FRAME_POINTER:
        return "frame-pointer";
    case FRAME_SCAN:
        return "stack-scan";
    }
    return "cfi";
}

/* The pc of the native frame that runs a language frame; 0 unknown. */
static taddr running_pc(const struct sstack *st, size_t i)
{
    while (i < st->n && st->frames[i].kind == FRAME_LANGUAGE)
        i++;
    return i < st->n ? st->frames[i].pc : 0;
}

static void language_json(struct json *j, const struct sframe *f)
{
    const struct splace *at = f->at;
    if (at->name)
        json_kv_string(j, "name", at->name);
    json_kv_hex(j, "record", f->pc);
    if (at->end_line)
        json_kv_u64(j, "end_line", at->end_line);
    if (at->end_column)
        json_kv_u64(j, "end_column", at->end_column);
}

static void call_json(struct json *j, const struct sstack *st, size_t i)
{
    const struct rt_call *call = session_frame_call(st, i);
    if (!call)
        return;
    json_kv_string(j, "builtin", call->name);
    if (call->self)
        json_kv_hex(j, "builtin_self", call->self);
}

static struct err *frame_json(struct json *j, const struct report *r, const struct sstack *st, size_t i,
                              const struct stretch *s)
{
    const struct sframe *f = &st->frames[i];
    const struct splace *at = f->at;
    json_object_begin(j);
    json_kv_hex(j, "pc", f->kind == FRAME_LANGUAGE ? running_pc(st, i) : f->pc);
    json_kv_string(j, "function", at->function);
    json_kv_string(j, "file", at->file);
    json_key(j, "line");
    if (at->line)
        json_u64(j, at->line);
    else
        json_null(j);
    if (at->column)
        json_kv_u64(j, "column", at->column);
    json_kv_string(j, "module", at->module ? at->module->path : NULL);
    json_kv_string(j, "kind", kind_name(f->kind));
    json_kv_string(j, "language", at->language);
    if (f->kind == FRAME_LANGUAGE)
        language_json(j, f);
    call_json(j, st, i);
    if (f->hidden)
        json_kv_bool(j, "hidden", true);
    if (at->start && f->pc >= at->start)
        json_kv_u64(j, "offset", f->pc - at->start);
    if (at->module)
        json_kv_hex(j, "module_offset", module_offset(at->module, f->pc));
    json_kv_string(j, "how", how_name(f->how));
    if (s->times > 1) {
        json_kv_u64(j, "repeated", s->times);
        json_kv_u64(j, "round", s->period);
    }
    if (r->source_lines)
        source_json(j, r, at);
    struct err *e = shows_variables(r, f) ? variables_json(j, r, st, i) : NULL;
    json_object_end(j);
    return e;
}

struct err *stack_frames_json(struct json *j, const struct report *r, const struct sstack *st)
{
    bool fold = call_has(r->call, "fold");
    json_key(j, "frames");
    json_array_begin(j);
    for (size_t i = 0; i < st->n;) {
        struct stretch s = {.first = i, .period = 1, .times = 1};
        if (fold)
            s = stretch_at(st, i);
        for (size_t k = 0; k < s.period; k++)
            TRY(frame_json(j, r, st, i + k, &s));
        i += s.period * s.times;
    }
    json_array_end(j);
    return NULL;
}

static struct err *thread_json(struct json *j, const struct report *r, const struct sstack *st)
{
    json_object_begin(j);
    json_kv_i64(j, "tid", st->thread->tid);
    json_kv_string(j, "name", thread_name(r->session, st->thread));
    json_kv_bool(j, "crashed", st->crashed);
    json_kv_string(j, "state", thread_state(st->thread->state));
    language_thread_json(j, r, st->thread);
    exceptions_json(j, r, st->thread);
    TRY(stack_frames_json(j, r, st));
    json_kv_string(j, "stopped", st->stopped);
    if (st->stopped_hint)
        json_kv_string(j, "stopped_hint", st->stopped_hint);
    if (st->note)
        json_kv_string(j, "note", st->note);
    if (st->unmerged)
        json_kv_bool(j, "unmerged", true);
    json_object_end(j);
    return NULL;
}

static void groups_json(struct json *j, const struct report *r)
{
    SCOPED(stack_groups_done) struct stack_groups groups = group_stacks(r->stacks, r->n_stacks);
    json_key(j, "groups");
    json_array_begin(j);
    for (size_t i = 0; i < groups.n; i++) {
        json_array_begin(j);
        for (size_t k = 0; k < groups.v[i].n; k++)
            json_i64(j, groups.v[i].stacks[k]->thread->tid);
        json_array_end(j);
    }
    json_array_end(j);
}

static void note_modules(struct map64 *used, const struct sframe *frames, size_t n)
{
    for (size_t i = 0; i < n; i++)
        if (frames[i].at->module)
            map64_put(used, (uint64_t)(uintptr_t)frames[i].at->module, NULL);
}

/* The modules that frames name, so that names can be looked up elsewhere by build-id and module_offset. */
static void modules_json(struct json *j, const struct report *r)
{
    struct map64 used = {0};
    for (size_t i = 0; i < r->n_stacks; i++)
        note_modules(&used, r->stacks[i].frames, r->stacks[i].n);
    for (size_t i = 0; i < r->n_runtimes; i++)
        for (size_t k = 0; k < r->tasks[i].n_stacks; k++)
            note_modules(&used, r->tasks[i].stacks[k].frames, r->tasks[i].stacks[k].n);
    json_key(j, "modules");
    json_array_begin(j);
    for (size_t i = 0; i < session_module_count(r->session); i++) {
        const struct module *m = session_module(r->session, i, false);
        if (!map64_find(&used, (uint64_t)(uintptr_t)m))
            continue;
        json_object_begin(j);
        json_kv_string(j, "path", m->path);
        char id[BUILD_ID_TEXT];
        json_kv_string(j, "build_id", m->build_id.n ? session_build_id_text(&m->build_id, id) : NULL);
        json_kv_hex(j, "start", m->start);
        json_kv_hex(j, "end", m->end);
        json_object_end(j);
    }
    json_array_end(j);
    map64_done(&used);
}

static void missing_json(struct json *j, const struct report *r)
{
    struct missing_list list = {0};
    missing_find(r, &list);
    json_key(j, "missing");
    json_array_begin(j);
    for (size_t i = 0; i < list.v.n; i++) {
        json_object_begin(j);
        json_key(j, "modules");
        json_array_begin(j);
        for (size_t k = 0; k < list.v.v[i].modules.n; k++)
            json_string(j, list.v.v[i].modules.v[k]->path);
        json_array_end(j);
        json_kv_string(j, "hint", list.v.v[i].hint);
        json_object_end(j);
    }
    json_array_end(j);
    missing_done(&list);
}

struct err *stack_write_json(const struct report *r)
{
    struct json j;
    json_init(&j, call_output(r->call), r->call->screen.terminal);
    json_object_begin(&j);
    json_kv_string(&j, "schema", "inquest.stack/1");
    json_key(&j, "target");
    json_object_begin(&j);
    target_json(&j, r);
    json_object_end(&j);
    json_key(&j, "threads");
    json_array_begin(&j);
    for (size_t i = 0; i < r->n_stacks; i++)
        TRY(thread_json(&j, r, &r->stacks[i]));
    json_array_end(&j);
    TRY(tasks_json(&j, r));
    if (call_has(r->call, "group"))
        groups_json(&j, r);
    modules_json(&j, r);
    if (!call_has(r->call, "names"))
        missing_json(&j, r);
    json_object_end(&j);
    return json_finish(&j);
}
