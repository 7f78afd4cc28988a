/* SPDX-License-Identifier: Apache-2.0 */
/* Source files: those on this machine by their path, the others by a number, under which one is told what is missing. */
#include "front/dap/priv.h"
#include "session/code.h"
#include "session/names.h"

#include <ctype.h>
#include <inttypes.h>
#include <string.h>

enum { MISSING_LINES = 1 << 17 };

/* "file:///a%20b" (RFC 3986 section 3.3: what may stand in a path as it is) */
static void put_uri(struct text *out, const char *path)
{
    text_put(out, "file://");
    for (; *path; path++) {
        unsigned char ch = (unsigned char)*path;
        if (isalnum(ch) || strchr("/-._~!$&'()*+,;=:@", ch))
            text_putc(out, (char)ch);
        else
            text_printf(out, "%%%02X", ch);
    }
}

void put_client_path(struct dap *d, struct json *j, const char *key, const char *path)
{
    SCOPED(text_done) struct text uri = {0};
    bool absolute = *path == '/';
    if (d->client.uris && absolute)
        put_uri(&uri, path);
    json_kv_string(j, key, uri.n ? text_str(&uri) : path);
}

/* Of a file that is here under another path, that one. */
static void put_found(struct dap *d, struct json *j, const struct source *src)
{
    SCOPED(freep) char *whole = realpath(src->path, NULL);
    put_client_path(d, j, "path", whole ? whole : src->path);
    if (src->newer)
        json_kv_string(j, "origin", "newer than the program");
}

static void put_missing(struct dap *d, struct json *j, const char *path, const struct module *m, uint32_t line)
{
    put_client_path(d, j, "path", path);
    json_kv_u64(j, "sourceReference", handles_source(&d->handles, path, m, line));
    json_kv_string(j, "presentationHint", "deemphasize");
    json_kv_string(j, "origin", "not found here");
}

void put_source(struct dap *d, struct json *j, const char *path, const struct module *m, uint32_t line)
{
    const struct source *src;
    struct err *e = session_source(d->session, path, m, &src);
    json_object_begin(j);
    json_kv_string(j, "name", path_tail(path, 1));
    if (e)
        put_missing(d, j, path, m, line);
    else
        put_found(d, j, src);
    json_object_end(j);
    err_free(e); /* the request `source` says it */
}

/* ---- source ---- */

/* In place of a file that is not here: why, and a line for each that the client was told of, since editors go there. */
static void put_why_missing(struct text *out, const struct source_handle *h, const struct err *why)
{
    put_err(out, why);
    text_putc(out, '\n');
    for (uint32_t line = 2; line <= h->last_line && line <= MISSING_LINES; line++) {
        text_printf(out, "line %" PRIu32 " of ", line);
        put_safe(out, h->path);
        text_put(out, ", which is not here (line 1 says why)\n");
    }
}

/* `h`: the client was told that the file is not here, or NULL. */
static struct err *text_of(struct dap *d, const char *path, const struct source_handle *h, struct text *out)
{
    const struct source *src;
    struct err *e = session_source(d->session, path, h ? h->module : NULL, &src);
    if (e && e->code != ERR_CANCELLED) {
        e = err_hint(e, "say where it is by \"substitutePath\" or \"sourceDirs\" in the launch configuration");
        if (!h)
            return e;
        put_why_missing(out, h, e);
        err_free(e);
        return NULL;
    }
    TRY(e);
    for (size_t i = 0; i < src->n; i++) {
        text_put(out, src->lines[i]);
        text_putc(out, '\n');
    }
    return NULL;
}

static struct err *source(struct dap *d, const struct incoming *args, struct json *body)
{
    SCOPED(text_done) struct text text = {0};
    const struct incoming *of = incoming_member(args, "source");
    const char *path = args_string(of, "path");
    int64_t number = args_integer(args, "sourceReference", 0);
    if (!number)
        number = args_integer(of, "sourceReference", 0);
    const struct source_handle *h = handles_source_get(&d->handles, number);
    if (!h && (number || !path))
        return err_new(ERR_NOT_FOUND, "there is no source %" PRId64 " any more", number);
    TRY(text_of(d, h ? h->path : path, h, &text));
    json_kv_string(body, "content", text_str(&text));
    return NULL;
}

/* ---- loadedSources ---- */

static struct err *loaded_sources(struct dap *d, const struct incoming *args, struct json *body)
{
    const char *const *v;
    size_t n;
    (void)args;
    TRY(session_names(d->session, NAMES_SOURCES, &v, &n));
    json_key(body, "sources");
    json_array_begin(body);
    for (size_t i = 0; i < n; i++) {
        json_object_begin(body);
        json_kv_string(body, "name", path_tail(v[i], 1));
        put_client_path(d, body, "path", v[i]); /* as compiled: to look for thousands of files takes too long */
        json_object_end(body);
    }
    json_array_end(body);
    return NULL;
}

static const struct request_row rows[] = {
    {"source", NEEDS_TARGET, source},
    {"loadedSources", NEEDS_TARGET, loaded_sources},
};
const struct request_table dap_source_requests = {rows, ARRAY_LEN(rows)};
