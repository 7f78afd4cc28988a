/* SPDX-License-Identifier: Apache-2.0 */
/* inquest info: how the runtime of a language says that the program was built. */
#include "front/report/priv.h"
#include "session/tasks.h"

#include <string.h>

enum { LONG_SETTING = 200 };

static const char *fact(const struct rt_fact *v, size_t n, const char *key)
{
    for (size_t i = 0; i < n; i++)
        if (!v[i].setting && strcmp(v[i].key, key) == 0)
            return v[i].value;
    return NULL;
}

/* "  -buildmode=exe, CGO_ENABLED=1": those that are set; the long ones are for --json. */
static void put_settings(struct text *t, const struct rt_fact *v, size_t n)
{
    bool any = false;
    for (size_t i = 0; i < n; i++) {
        if (!v[i].setting || !*v[i].value || strlen(v[i].value) > LONG_SETTING)
            continue;
        text_put(t, any ? ", " : "");
        put_safe(t, v[i].key);
        text_putc(t, '=');
        put_safe(t, v[i].value);
        any = true;
    }
}

/* "holds the GIL: 12 "main"; waits for the GIL: 13 "io" and 2 more": threads by what they do in an interpreter. */
static void put_states(struct text *t, const struct rt_thread *v, size_t n)
{
    enum { SHOWN = 4 };
    for (size_t i = 0; i < n; i++) {
        size_t same = 0;
        for (size_t k = 0; k < i && v[i].state; k++)
            same += v[k].state && strcmp(v[k].state, v[i].state) == 0;
        if (!v[i].state || same)
            continue;
        text_printf(t, "; %s:", v[i].state);
        for (size_t k = i; k < n; k++) {
            if (!v[k].state || strcmp(v[k].state, v[i].state) != 0 || same++ >= SHOWN)
                continue;
            text_printf(t, "%s %d", same > 1 ? "," : "", v[k].tid);
            if (v[k].name) {
                text_put(t, " \"");
                put_safe(t, v[k].name);
                text_putc(t, '"');
            }
        }
        if (same > SHOWN)
            text_printf(t, " and %zu more", same - SHOWN);
    }
}

static size_t count_interpreters(const struct rt_thread *v, size_t n)
{
    size_t count = 0;
    for (size_t i = 0; i < n; i++)
        count += i == 0 || v[i].interpreter != v[i - 1].interpreter; /* those of one stand together */
    return count;
}

static void put_language_threads(struct text *t, const struct report *r, size_t runtime,
                                 void (*put_label)(struct text *, const struct report *, const char *))
{
    const struct rt_thread *v;
    size_t n;
    session_language_threads(r->session, runtime, &v, &n);
    if (!n)
        return;
    size_t interpreters = count_interpreters(v, n);
    put_label(t, r, "its threads");
    text_printf(t, "%zu", n);
    if (interpreters > 1)
        text_printf(t, " of %zu interpreters", interpreters);
    put_states(t, v, n);
    text_putc(t, '\n');
}

static bool has_settings(const struct rt_fact *v, size_t n)
{
    for (size_t i = 0; i < n; i++)
        if (v[i].setting)
            return true;
    return false;
}

void runtimes_text(struct text *t, const struct report *r,
                   void (*put_label)(struct text *, const struct report *, const char *))
{
    static const char *const keys[] = {"version", "path", "module"};
    const char *name;
    const struct rt_fact *v;
    size_t n;
    for (size_t i = 0; session_runtime_facts(r->session, i, &name, &v, &n); i++) {
        bool any = false;
        if (!n)
            continue;
        put_label(t, r, name);
        for (size_t k = 0; k < ARRAY_LEN(keys); k++) {
            const char *value = fact(v, n, keys[k]);
            if (!value)
                continue;
            text_put(t, any ? ", " : "");
            text_put(t, k ? keys[k] : "");
            text_put(t, k ? " " : "");
            put_safe(t, value);
            any = true;
        }
        text_putc(t, '\n');
        if (has_settings(v, n)) {
            put_label(t, r, "built with");
            put_settings(t, v, n);
            text_putc(t, '\n');
        }
        put_language_threads(t, r, i, put_label);
    }
}

static void runtime_json(struct json *j, const struct report *r, size_t runtime, const char *name,
                         const struct rt_fact *v, size_t n)
{
    const struct rt_thread *threads;
    size_t n_threads;
    session_language_threads(r->session, runtime, &threads, &n_threads);
    json_object_begin(j);
    json_kv_string(j, "name", name);
    json_kv_string(j, "version", fact(v, n, "version"));
    json_kv_string(j, "path", fact(v, n, "path"));
    json_kv_string(j, "module", fact(v, n, "module"));
    if (n_threads) {
        json_kv_u64(j, "threads", n_threads);
        json_kv_u64(j, "interpreters", count_interpreters(threads, n_threads));
    }
    json_key(j, "dependencies");
    json_array_begin(j);
    for (size_t i = 0; i < n; i++)
        if (!v[i].setting && strcmp(v[i].key, "dependency") == 0)
            json_string(j, v[i].value);
    json_array_end(j);
    json_key(j, "settings");
    json_object_begin(j);
    for (size_t i = 0; i < n; i++)
        if (v[i].setting)
            json_kv_string(j, v[i].key, v[i].value);
    json_object_end(j);
    json_object_end(j);
}

void runtimes_json(struct json *j, const struct report *r)
{
    const char *name;
    const struct rt_fact *v;
    size_t n;
    json_key(j, "runtimes");
    json_array_begin(j);
    for (size_t i = 0; session_runtime_facts(r->session, i, &name, &v, &n); i++)
        if (n)
            runtime_json(j, r, i, name, v, n);
    json_array_end(j);
}
