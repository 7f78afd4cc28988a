/* SPDX-License-Identifier: Apache-2.0 */
#include "base/json.h"

#include "base/utf8.h"
#include <errno.h>
#include <inttypes.h>
#include <math.h>
#include <string.h>

void json_init(struct json *j, FILE *out, bool indent)
{
    *j = (struct json){.out = out, .first = true, .indent = indent};
}

static void newline(struct json *j)
{
    if (j->indent)
        fprintf(j->out, "\n%*s", 2 * j->depth, "");
}

/* What stands before a value or a key: nothing, a comma, an indent. */
static void before(struct json *j)
{
    if (j->after_key) {
        j->after_key = false;
        return;
    }
    if (!j->first)
        putc(',', j->out);
    if (j->depth > 0)
        newline(j);
    j->first = false;
}

static void begin(struct json *j, char bracket)
{
    before(j);
    putc(bracket, j->out);
    j->depth++;
    j->first = true;
}

static void end(struct json *j, char bracket)
{
    j->depth--;
    if (!j->first)
        newline(j);
    putc(bracket, j->out);
    j->first = false;
}

void json_object_begin(struct json *j)
{
    begin(j, '{');
}

void json_object_end(struct json *j)
{
    end(j, '}');
}

void json_array_begin(struct json *j)
{
    begin(j, '[');
}

void json_array_end(struct json *j)
{
    end(j, ']');
}

static void put_quoted(FILE *out, const char *s, size_t n)
{
    putc('"', out);
    for (size_t i = 0; i < n;) {
        unsigned char c = (unsigned char)s[i];
        size_t len = utf8_valid(s + i, n - i);

        if (len == 0) {
            fputs("\\ufffd", out);
            i++;
            continue;
        }
        if (c == '"' || c == '\\')
            fprintf(out, "\\%c", c);
        else if (c < 0x20 || c == 0x7f)
            fprintf(out, "\\u%04x", c);
        else
            fwrite(s + i, 1, len, out);
        i += len;
    }
    putc('"', out);
}

void json_key(struct json *j, const char *key)
{
    before(j);
    put_quoted(j->out, key, strlen(key));
    putc(':', j->out);
    if (j->indent)
        putc(' ', j->out);
    j->after_key = true;
}

void json_stringn(struct json *j, const char *s, size_t n)
{
    before(j);
    put_quoted(j->out, s, n);
}

void json_string(struct json *j, const char *s)
{
    if (s)
        json_stringn(j, s, strlen(s));
    else
        json_null(j);
}

void json_u64(struct json *j, uint64_t v)
{
    before(j);
    fprintf(j->out, "%" PRIu64, v);
}

void json_i64(struct json *j, int64_t v)
{
    before(j);
    fprintf(j->out, "%" PRId64, v);
}

void json_double(struct json *j, double v)
{
    before(j);
    /* JSON has no infinities and no NaN. */
    if (isfinite(v))
        fprintf(j->out, "%.17g", v);
    else
        fputs("null", j->out);
}

void json_bool(struct json *j, bool v)
{
    before(j);
    fputs(v ? "true" : "false", j->out);
}

void json_null(struct json *j)
{
    before(j);
    fputs("null", j->out);
}

void json_hex(struct json *j, uint64_t v)
{
    before(j);
    fprintf(j->out, "\"0x%" PRIx64 "\"", v);
}

void json_kv_string(struct json *j, const char *key, const char *s)
{
    json_key(j, key);
    json_string(j, s);
}

void json_kv_u64(struct json *j, const char *key, uint64_t v)
{
    json_key(j, key);
    json_u64(j, v);
}

void json_kv_i64(struct json *j, const char *key, int64_t v)
{
    json_key(j, key);
    json_i64(j, v);
}

void json_kv_bool(struct json *j, const char *key, bool v)
{
    json_key(j, key);
    json_bool(j, v);
}

void json_kv_hex(struct json *j, const char *key, uint64_t v)
{
    json_key(j, key);
    json_hex(j, v);
}

struct err *json_finish(struct json *j)
{
    putc('\n', j->out);
    errno = 0;
    if (fflush(j->out) != 0 || ferror(j->out))
        return err_errno(errno ? errno : EIO, "cannot write the JSON output");
    return NULL;
}
