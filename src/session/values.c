/* SPDX-License-Identifier: Apache-2.0 */
/* The way from a session into the value layer. */
#include "session/session_values.h"
#include "value/register.h"

/* What runtimes have a part in. */
static void use_runtimes(struct session *s, struct session_values *v)
{
    v->unwinder = session_unwinder(s);
    v->formatters.n = 0;
    for (size_t i = 0; i < s->runtimes.n; i++) {
        const struct attached *a = &s->runtimes.v[i];
        if (a->runtime->formatter)
            *vec_push(&v->formatters) = a->runtime->formatter(a->rt);
    }
    *vec_push(&v->formatters) = NULL;
    v->vs.formatters = v->formatters.v;
}

static struct index *index_of(struct session *s)
{
    return s->opts.no_index ? NULL : session_index(s);
}

static struct session_values *make_values(struct session *s)
{
    struct session_values *v = xcalloc(1, sizeof(*v));
    struct index *index = index_of(s);
    v->vs = (struct values){
        .ms = s->ms,
        .types = types_new(s->ms, index),
        .index = index,
        .scopes = scope_cache_new(),
        .arena = &v->arena,
        .progress = s->opts.progress,
    };
    use_runtimes(s, v);
    return v;
}

struct values *session_values(struct session *s)
{
    if (!s->values)
        s->values = make_values(s);
    return &s->values->vs;
}

void session_forget_values(struct session *s)
{
    if (!s->values)
        return;
    map64_done(&s->values->physical);
    s->values->physical = (struct map64){0};
    arena_done(&s->values->arena);
    s->values->arena = (struct arena){0};
}

void session_values_renew(struct session *s)
{
    struct session_values *v = s->values;
    if (!v)
        return;
    session_forget_values(s);
    scope_cache_free(v->vs.scopes);
    v->vs.scopes = scope_cache_new();
    unwinder_free(v->unwinder);
    use_runtimes(s, v);
    v->vs.index = index_of(s);
    types_use_index(v->vs.types, v->vs.index);
}

void session_values_free(struct session_values *v)
{
    if (!v)
        return;
    map64_done(&v->physical);
    arena_done(&v->arena);
    arena_done(&v->kept);
    vec_done(&v->formatters);
    scope_cache_free(v->vs.scopes);
    types_free(v->vs.types);
    unwinder_free(v->unwinder);
    free(v);
}

struct err *session_variables(struct session *s, const struct vframe *f, struct variables *out)
{
    TRY(session_check(s));
    return scope_variables(f, out);
}

struct err *session_variable(struct session *s, const struct vframe *f, const struct variable *v, struct value *out)
{
    (void)s;
    return scope_value(f, v, out);
}

static const void *keep_bytes(struct arena *a, const void *p, size_t n)
{
    void *copy = arena_alloc(a, n ? n : 1);
    if (n)
        memcpy(copy, p, n);
    return copy;
}

struct err *session_keep(struct session *s, const struct value *v, struct value *out)
{
    (void)session_values(s);
    struct arena *a = &s->values->kept;
    struct value kept = *v;
    struct loc_piece *pieces = arena_array(a, struct loc_piece, v->loc.n ? v->loc.n : 1);
    for (uint32_t i = 0; i < v->loc.n; i++) {
        pieces[i] = v->loc.pieces[i];
        pieces[i].bytes.p = keep_bytes(a, pieces[i].bytes.p, pieces[i].bytes.n);
    }
    kept.loc.pieces = pieces;
    kept.frame = NULL; /* it ends with the answer */
    *out = kept;
    return NULL;
}

/* ---- registers ---- */

struct err *session_register(struct session *s, const struct vframe *f, const char *name, struct value *out)
{
    bool found;
    TRY(register_value(session_values(s), f, name, out, &found));
    if (!found)
        return err_new(ERR_NOT_FOUND, "%s processors have no register %s", s->im->arch->name, name);
    return NULL;
}
