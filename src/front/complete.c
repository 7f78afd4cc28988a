/* SPDX-License-Identifier: Apache-2.0 */
#include "front/complete.h"

#include "value/descent.h"

#include <ctype.h>
#include <string.h>

/* ---- the list ---- */

void words_done(struct words *w)
{
    for (size_t i = 0; i < w->v.n; i++)
        free(w->v.v[i]);
    vec_done(&w->v);
}

static bool offer_is_full(const struct offer *o)
{
    return o->words->v.n >= WORDS_MAX;
}

void offer_part(struct offer *o, const char *s, size_t n)
{
    if (n >= o->len && strncmp(s, o->prefix, o->len) == 0 && !offer_is_full(o))
        *vec_push(&o->words->v) = xstrndup(s, n);
}

void offer_word(struct offer *o, const char *s)
{
    if (s)
        offer_part(o, s, strlen(s));
}

static int by_text(const void *a, const void *b)
{
    return strcmp(*(char *const *)a, *(char *const *)b);
}

void words_sort(struct words *w)
{
    size_t kept = 0;
    if (w->v.n)
        qsort(w->v.v, w->v.n, sizeof(*w->v.v), by_text);
    for (size_t i = 0; i < w->v.n; i++) {
        if (kept && strcmp(w->v.v[kept - 1], w->v.v[i]) == 0)
            free(w->v.v[i]);
        else
            w->v.v[kept++] = w->v.v[i];
    }
    w->v.n = kept;
}

/* ---- names ---- */

static bool offer_hit(void *arg, const struct index_hit *hit, const char *name)
{
    (void)hit;
    offer_word(arg, name);
    return !offer_is_full(arg);
}

void offer_names(struct offer *o, struct session *s, unsigned kinds)
{
    /* All names of the program are of no use to anybody. */
    if (o->len)
        IGNORE_ERR(index_each(session_values(s)->index, kinds, offer_hit, o));
}

void offer_variables(struct offer *o, struct session *s, const struct vframe *f)
{
    struct variables vars;
    struct err *e = session_variables(s, f, &vars);
    for (size_t i = 0; !e && i < vars.n; i++)
        offer_word(o, vars.v[i].name);
    err_free(e); /* then there are none */
}

/* ---- members ---- */

/* Members of a record and of its bases and nameless parts. */
static void offer_fields(struct offer *o, const struct type *t, struct descent *d)
{
    if (!descent_in(d))
        return;
    struct fields fields = type_fields(t);
    for (size_t i = 0; i < fields.n; i++) {
        const struct field *f = &fields.v[i];
        bool inside = !f->name || (f->flags & FIELD_BASE);
        if (inside)
            offer_fields(o, type_strip(f->type), d);
        else if (f->name && !(f->flags & FIELD_ARTIFICIAL))
            offer_word(o, f->name);
    }
    descent_out(d);
}

/* The start of the expression whose member is asked for: back over names, members and brackets. */
static const char *object_start(const char *args, const char *end)
{
    size_t depth = 0;
    const char *p = end;
    while (p > args) {
        char ch = p[-1];
        bool arrow = ch == '>' && p - 1 > args && p[-2] == '-';
        bool opens = ch == '(' || ch == '[', closes = ch == ')' || ch == ']';
        if (!depth && !closes && !isalnum((unsigned char)ch) && !strchr("_$.:", ch) && !arrow)
            break;
        depth += closes;
        depth -= opens; /* not below 0: with nothing open, it is where the expression starts */
        p -= arrow ? 2 : 1;
    }
    return p;
}

bool offer_members(struct offer *o, const char *args,
                   struct err *(*evaluate)(void *arg, const char *text, struct value *out), void *arg)
{
    const char *end = o->prefix;
    if (end > args && end[-1] == '.')
        end--;
    else if (end > args + 1 && end[-1] == '>' && end[-2] == '-')
        end -= 2;
    else
        return false;
    const char *start = object_start(args, end);
    SCOPED(freep) char *object = xstrndup(start, (size_t)(end - start));
    struct value v;
    struct err *e = evaluate(arg, object, &v);
    if (!e) {
        const struct type *t = type_strip(v.type);
        if ((t->kind == TYPE_POINTER || t->kind == TYPE_REFERENCE || t->kind == TYPE_RVALUE_REFERENCE) && t->target)
            t = type_strip(t->target);
        offer_fields(o, type_complete(t), &(struct descent){0});
    }
    err_free(e); /* what is no object has no members */
    return true;
}

bool is_name_character(char ch)
{
    return isalnum((unsigned char)ch) || ch == '_' || ch == '$' || ch == ':' || ch == '~';
}
