/* SPDX-License-Identifier: Apache-2.0 */
#include "front/serve/incoming.h"

#include "base/mem.h"

#include <jansson.h>
#include <strings.h>

/* A struct incoming is jansson's json_t; no other file knows. */
static const json_t *of(const struct incoming *v)
{
    return (const json_t *)v;
}

static const struct incoming *as(const json_t *v)
{
    return (const struct incoming *)v;
}

struct err *incoming_parse(const char *text, size_t n, struct incoming **out)
{
    json_error_t why;
    if (n > INCOMING_BYTES_MAX)
        return err_new(ERR_LIMIT, "a message of more than %d bytes", INCOMING_BYTES_MAX);
    json_t *root = json_loadb(text, n, JSON_DECODE_ANY | JSON_ALLOW_NUL, &why);
    if (!root)
        return err_at(err_new(ERR_CORRUPT, "no JSON: %s", why.text), ERR_AT_OFFSET, (uint64_t)why.position);
    *out = (struct incoming *)root;
    return NULL;
}

void incoming_free(struct incoming *root)
{
    json_decref((json_t *)root);
}

enum incoming_kind incoming_kind(const struct incoming *v)
{
    if (!v)
        return INCOMING_NOTHING;
    switch (json_typeof(of(v))) {
    case JSON_OBJECT:
        return INCOMING_OBJECT;
    case JSON_ARRAY:
        return INCOMING_ARRAY;
    case JSON_STRING:
        return INCOMING_STRING;
    case JSON_INTEGER:
    case JSON_REAL:
        return INCOMING_NUMBER;
    case JSON_TRUE:
    case JSON_FALSE:
        return INCOMING_BOOL;
    case JSON_NULL:
        break;
    }
    return INCOMING_NULL;
}

const struct incoming *incoming_member(const struct incoming *object, const char *name)
{
    const json_t *exact = json_object_get(of(object), name);
    if (exact || incoming_kind(object) != INCOMING_OBJECT)
        return as(exact);
    json_t *o = (json_t *)object; /* iterating changes nothing, but jansson's types do not say so */
    for (void *at = json_object_iter(o); at; at = json_object_iter_next(o, at))
        if (strcasecmp(json_object_iter_key(at), name) == 0)
            return as(json_object_iter_value(at));
    return NULL;
}

void incoming_each_member(const struct incoming *object,
                          bool (*take)(void *arg, const char *name, const struct incoming *v), void *arg)
{
    json_t *o = (json_t *)object;
    for (void *at = json_object_iter(o); at; at = json_object_iter_next(o, at))
        if (!take(arg, json_object_iter_key(at), as(json_object_iter_value(at))))
            return;
}

size_t incoming_count(const struct incoming *array)
{
    return json_array_size(of(array));
}

const struct incoming *incoming_element(const struct incoming *array, size_t i)
{
    return as(json_array_get(of(array), i));
}

const char *incoming_string(const struct incoming *v)
{
    return json_string_value(of(v));
}

bool incoming_integer(const struct incoming *v, int64_t *out)
{
    if (json_is_integer(of(v))) {
        *out = json_integer_value(of(v));
        return true;
    }
    double real = json_real_value(of(v));
    /* Bounds that a double can hold. */
    if (!json_is_real(of(v)) || !(real > -9.2e18 && real < 9.2e18))
        return false;
    *out = (int64_t)real;
    return true;
}

bool incoming_bool(const struct incoming *v, bool *out)
{
    if (!json_is_boolean(of(v)))
        return false;
    *out = json_is_true(of(v));
    return true;
}

char *incoming_text(const struct incoming *v)
{
    char *text = v ? json_dumps(of(v), JSON_COMPACT | JSON_ENCODE_ANY) : NULL;
    return text ? text : xstrdup("null");
}

/* ---- a stream ---- */

static struct err *scan_outside(struct incoming_scan *sc, char c, bool *whole)
{
    switch (c) {
    case '{':
    case '[':
        if (!sc->begun && c == '[')
            return err_new(ERR_CORRUPT, "a request is an object");
        sc->begun = true;
        if (++sc->depth > INCOMING_DEPTH_MAX)
            return err_new(ERR_LIMIT, "a message of more than %d levels", INCOMING_DEPTH_MAX);
        return NULL;
    case '}':
    case ']':
        if (sc->depth && --sc->depth == 0)
            *whole = true;
        return sc->begun ? NULL : err_new(ERR_CORRUPT, "a request is an object");
    case ' ':
    case '\t':
    case '\r':
    case '\n':
        return NULL;
    default:
        sc->string = c == '"';
        return sc->begun ? NULL : err_new(ERR_CORRUPT, "a request is an object");
    }
}

struct err *incoming_scan(struct incoming_scan *sc, const char *bytes, size_t n, size_t *used, bool *whole)
{
    *whole = false;
    size_t i = 0;
    for (; i < n && !*whole; i++) {
        if (sc->escaped)
            sc->escaped = false;
        else if (sc->string && bytes[i] == '\\')
            sc->escaped = true;
        else if (sc->string)
            sc->string = bytes[i] != '"';
        else
            TRY(scan_outside(sc, bytes[i], whole));
        if (sc->begun && ++sc->bytes > INCOMING_BYTES_MAX)
            return err_new(ERR_LIMIT, "a message of more than %d bytes", INCOMING_BYTES_MAX);
    }
    if (*whole)
        *sc = (struct incoming_scan){0};
    *used = i;
    return NULL;
}
