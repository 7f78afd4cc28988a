/* SPDX-License-Identifier: Apache-2.0 */
/* What the target is, how it ended, and what would tell more of it. */
#include "front/report/priv.h"

#include "base/map.h"
#include "session/tasks.h"

#include <errno.h>
#include <inttypes.h>
#include <string.h>

struct err *report_flush(struct text *t, FILE *out)
{
    if (t->n && fwrite(t->p, 1, t->n, out) != t->n)
        return err_errno(errno, "cannot write the answer");
    text_clear(t);
    return NULL;
}

void put_language_thread(struct text *t, const struct report *r, const struct image_thread *th, const char *lead)
{
    const struct rt_thread *known = session_language_thread(r->session, th->tid);
    const char *daemon = known && known->daemon == 1 ? "daemon" : NULL;
    if (known && known->state)
        text_printf(t, "%s%s", lead, known->state);
    if (daemon)
        text_printf(t, "%s%s", known->state ? ", " : lead, daemon);
    if (known && known->interpreter)
        text_printf(t, "%sinterpreter %" PRIu64, known->state || daemon ? ", " : lead, known->interpreter);
}

void language_thread_json(struct json *j, const struct report *r, const struct image_thread *th)
{
    const struct rt_thread *known = session_language_thread(r->session, th->tid);
    if (!known)
        return;
    json_key(j, "language");
    json_object_begin(j);
    json_kv_string(j, "name", known->name);
    json_kv_string(j, "state", known->state);
    json_key(j, "daemon");
    if (known->daemon < 0)
        json_null(j);
    else
        json_bool(j, known->daemon == 1);
    json_kv_u64(j, "interpreter", known->interpreter);
    json_kv_hex(j, "record", known->object);
    json_object_end(j);
}

int32_t thread_signal(const struct image *im, const struct image_thread *th)
{
    /* The kernel writes the fatal signal into the note of every thread. */
    bool crashed = im->crashed_tid && th->tid == im->crashed_tid;
    return th->signal == im->signal.signo && !crashed ? 0 : th->signal;
}

const char *thread_state(char state)
{
    /* Letters of /proc/PID/stat, proc(5). */
    switch (state) {
    case 'R':
        return "running";
    case 'S':
        return "sleeping";
    case 'D':
        return "in uninterruptible sleep";
    case 'T':
        return "stopped";
    case 't':
        return "traced";
    case 'Z':
        return "zombie";
    case 'X':
        return "dead";
    case 'I':
        return "idle";
    default:
        return NULL;
    }
}

/* As it was called: one file may be several programs (valkey-server and valkey-check-rdb). */
static void put_program_name(struct text *t, const struct report *r)
{
    const struct image *im = r->im;
    SCOPED(freep) char *called = im->cmdline ? xstrndup(im->cmdline, strcspn(im->cmdline, " ")) : NULL;
    const char *name = called && *path_tail(called, 1) ? path_tail(called, 1) : NULL;
    if (!name)
        name = im->exe ? path_tail(im->exe, 1) : im->comm ? im->comm : "a program";
    put_coloured(t, &r->call->screen, COLOUR_BOLD, name);
}

static void put_end(struct text *t, const struct report *r)
{
    const struct screen *sc = &r->call->screen;
    const struct image *im = r->im;
    struct text said = {0};
    put_signal_name(&said, im->signal.signo);
    text_put(t, " died of ");
    put_coloured(t, sc, COLOUR_RED, text_str(&said));
    text_clear(&said);
    put_signal_cause(&said, im);
    if (said.n)
        text_printf(t, ": %s", text_str(&said));
    text_done(&said);
    if (im->crashed_tid)
        text_printf(t, ", in thread %d", im->crashed_tid);
}

void put_writer(struct text *t, const struct image *im)
{
    if (im->writer)
        text_printf(t, ", written by %s%s", strcmp(im->writer, "kernel") == 0 ? "the " : "", im->writer);
}

/* NULL when there are none, or they cannot be read: the tasks say why. */
static const struct trouble *troubles_of(const struct report *r, size_t *n)
{
    const struct trouble *v = NULL;
    *n = 0;
    err_free(session_troubles(r->session, &v, n));
    return *n ? v : NULL;
}

void target_put(struct text *t, const struct report *r)
{
    const struct screen *sc = &r->call->screen;
    const struct image *im = r->im;

    put_program_name(t, r);
    if (im->pid)
        text_printf(t, " (process %d)", im->pid);
    if (im->kind == IMAGE_LIVE) {
        text_put(t, " runs; it stood still for ");
        put_duration(t, im->pause_ns);
    } else if (im->kind == IMAGE_FILE) {
        text_put(t, " does not run");
    } else if (im->signal.signo) {
        put_end(t, r);
    } else {
        text_put(t, " was running when the core was written");
    }
    text_putc(t, '\n');
    size_t n_troubles;
    const struct trouble *troubles = troubles_of(r, &n_troubles);
    for (size_t i = 0; i < n_troubles; i++) {
        put_trouble(t, &troubles[i]);
        text_putc(t, '\n');
    }

    if (im->cmdline) {
        text_put(t, "command: ");
        put_safe(t, im->cmdline);
        text_put(t, im->cmdline_cut ? " (cut; inquest info has all)\n" : "\n");
    }
    if (im->kind == IMAGE_CORE) {
        text_put(t, "core: ");
        put_safe(t, im->path);
        put_writer(t, im);
        text_putc(t, '\n');
    }
    size_t n;
    const struct err *const *problems = session_problems(r->session, &n);
    for (size_t i = 0; i < n; i++) {
        put_coloured(t, sc, COLOUR_YELLOW, "note: ");
        put_err(t, problems[i]);
        text_putc(t, '\n');
    }
}

static void signal_json(struct json *j, const struct image_signal *sig)
{
    json_key(j, "signal");
    if (!sig->signo) {
        json_null(j);
        return;
    }
    json_object_begin(j);
    json_kv_i64(j, "number", sig->signo);
    json_kv_string(j, "name", session_signal_name(sig->signo));
    if (sig->has_info) {
        json_kv_i64(j, "code", sig->code);
        json_kv_string(j, "text", session_signal_code(sig->signo, sig->code));
    }
    if (sig->has_addr)
        json_kv_hex(j, "address", sig->addr);
    if (sig->has_sender) {
        json_kv_i64(j, "sender_pid", sig->pid);
        json_kv_u64(j, "sender_uid", sig->uid);
    }
    json_object_end(j);
}

static void problems_json(struct json *j, const struct report *r)
{
    size_t n;
    const struct err *const *problems = session_problems(r->session, &n);
    json_key(j, "problems");
    json_array_begin(j);
    for (size_t i = 0; i < n; i++) {
        json_object_begin(j);
        json_kv_string(j, "code", err_code_name(problems[i]->code));
        json_kv_string(j, "message", problems[i]->msg);
        if (problems[i]->hint)
            json_kv_string(j, "hint", problems[i]->hint);
        json_object_end(j);
    }
    json_array_end(j);
}

/* Only of targets that have some. */
static void troubles_json(struct json *j, const struct report *r)
{
    size_t n;
    const struct trouble *v = troubles_of(r, &n);
    if (!n)
        return;
    json_key(j, "troubles");
    json_array_begin(j);
    for (size_t i = 0; i < n; i++) {
        const struct task_panic *p = &v[i].panic;
        json_object_begin(j);
        json_kv_string(j, "kind", !v[i].task ? "fatal error" : p->leaving ? "goexit" : "panic");
        if (v[i].task)
            json_kv_u64(j, "goroutine", v[i].task->id);
        json_kv_string(j, "text", p->text);
        json_kv_string(j, "type", p->type);
        json_key(j, "recovered");
        json_bool(j, p->recovered);
        json_object_end(j);
    }
    json_array_end(j);
}

void target_json(struct json *j, const struct report *r)
{
    const struct image *im = r->im;
    static const char *const kinds[] = {[IMAGE_CORE] = "core", [IMAGE_LIVE] = "process", [IMAGE_FILE] = "program"};
    json_kv_string(j, "kind", kinds[im->kind]);
    json_kv_string(j, "path", im->path);
    json_kv_string(j, "program", im->exe);
    json_kv_string(j, "name", im->comm);
    json_kv_string(j, "command", im->cmdline);
    json_kv_bool(j, "command_cut", im->cmdline_cut);
    json_kv_string(j, "arch", im->arch ? im->arch->name : NULL);
    json_kv_i64(j, "pid", im->pid);
    json_kv_string(j, "writer", im->writer);
    signal_json(j, &im->signal);
    json_key(j, "crashed_tid");
    if (im->crashed_tid)
        json_i64(j, im->crashed_tid);
    else
        json_null(j);
    if (im->kind == IMAGE_LIVE)
        json_kv_u64(j, "pause_ns", im->pause_ns);
    troubles_json(j, r);
    problems_json(j, r);
}

/* Missing files. */

static bool is_missing(const struct module_part *p)
{
    return p->state == PART_MISSING || p->state == PART_MISMATCH || p->state == PART_ERROR;
}

/* Without its file a module has no unwind tables, even where a debug file tells lines. */
static bool lacks_file(const struct splace *at)
{
    const struct module *m = at->module;
    return m && !m->is_vdso &&
           (is_missing(&m->file) || (!at->file && (is_missing(&m->debug) || m->debug.state == PART_NONE)));
}

static struct missing *missing_for(struct missing_list *list, bool whole_file, const char *hint)
{
    for (size_t i = 0; i < list->v.n; i++) {
        struct missing *m = &list->v.v[i];
        if (m->whole_file == whole_file && (m->hint == hint || (m->hint && hint && strcmp(m->hint, hint) == 0)))
            return m;
    }
    struct missing *m = vec_push(&list->v);
    m->hint = hint;
    m->whole_file = whole_file;
    return m;
}

void missing_find(const struct report *r, struct missing_list *out)
{
    struct map64 seen = {0};
    for (size_t i = 0; i < r->n_stacks; i++) {
        for (size_t k = 0; k < r->stacks[i].n; k++) {
            const struct splace *at = r->stacks[i].frames[k].at;
            bool fresh = false;
            if (lacks_file(at))
                map64_put(&seen, (uint64_t)(uintptr_t)at->module, &fresh);
            if (!fresh)
                continue;
            const char *hint = session_module_hint(r->session, at->module);
            *vec_push(&missing_for(out, is_missing(&at->module->file), hint)->modules) = at->module;
        }
    }
    map64_done(&seen);
}

void missing_done(struct missing_list *m)
{
    for (size_t i = 0; i < m->v.n; i++)
        vec_done(&m->v.v[i].modules);
    vec_done(&m->v);
}
