/* SPDX-License-Identifier: Apache-2.0 */
#include "base/json.h"

#include <errno.h>
#include <inttypes.h>
#include <string.h>

#include "base/text.h"

/* The stream belongs to one writer and is written in tiny pieces: its lock would be most of the cost. */
static void put(struct json *j, const char *s, size_t n)
{
    fwrite_unlocked(s, 1, n, j->out);
}

static void putch(struct json *j, char c)
{
    putc_unlocked(c, j->out);
}

void json_init(struct json *j, FILE *out, bool indent)
{
    *j = (struct json){.out = out, .first = true, .indent = indent};
}

static void new_line(struct json *j)
{
    if (!j->indent)
        return;
    putch(j, '\n');
    for (int i = 0; i < j->depth; i++)
        put(j, "  ", 2);
}

/* What goes before a key, or before a value that has none. */
static void separate(struct json *j)
{
    if (j->after_key) {
        j->after_key = false;
        return;
    }
    if (!j->first)
        putch(j, ',');
    if (j->depth)
        new_line(j);
    j->first = false;
}

static void begin(struct json *j, char bracket)
{
    separate(j);
    putch(j, bracket);
    j->depth++;
    j->first = true;
}

static void end(struct json *j, char bracket)
{
    j->depth--;
    if (!j->first)
        new_line(j);
    putch(j, bracket);
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

static void put_special(struct json *j, const char *s, size_t len)
{
    if (len == 0) {
        put(j, "\xef\xbf\xbd", 3); /* U+FFFD */
    } else if (*s == '"' || *s == '\\') {
        putch(j, '\\');
        putch(j, *s);
    } else {
        /* A control character; of the two-byte ones (C1) the second byte is the code point. */
        fprintf(j->out, "\\u%04x", (uint8_t)s[len - 1]);
    }
}

static bool is_plain_ascii(char c)
{
    return c >= ' ' && c < 0x7f && c != '"' && c != '\\';
}

static bool is_plain(const char *s, size_t len)
{
    return len && *s != '"' && *s != '\\' && !utf8_is_control(s, len);
}

static void put_quoted(struct json *j, const char *s, size_t n)
{
    putch(j, '"');
    size_t run = 0; /* start of what can be written as it is */
    for (size_t i = 0; i < n;) {
        if (is_plain_ascii(s[i])) { /* nearly all there is */
            i++;
            continue;
        }
        size_t len = utf8_sequence(s + i, n - i);
        if (is_plain(s + i, len)) {
            i += len;
            continue;
        }
        put(j, s + run, i - run);
        put_special(j, s + i, len);
        i += len ? len : 1;
        run = i;
    }
    put(j, s + run, n - run);
    putch(j, '"');
}

void json_key(struct json *j, const char *key)
{
    separate(j);
    put_quoted(j, key, strlen(key));
    putch(j, ':');
    if (j->indent)
        putch(j, ' ');
    j->after_key = true;
}

void json_stringn(struct json *j, const char *s, size_t n)
{
    separate(j);
    put_quoted(j, n ? s : "", n);
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
    separate(j);
    fprintf(j->out, "%" PRIu64, v);
}

void json_i64(struct json *j, int64_t v)
{
    separate(j);
    fprintf(j->out, "%" PRId64, v);
}

void json_bool(struct json *j, bool v)
{
    separate(j);
    if (v)
        put(j, "true", 4);
    else
        put(j, "false", 5);
}

void json_base64(struct json *j, const void *bytes, size_t n)
{
    static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    const uint8_t *p = bytes;
    separate(j);
    putch(j, '"');
    for (size_t i = 0; i < n; i += 3) {
        size_t left = n - i;
        uint32_t v = (uint32_t)p[i] << 16 | (left > 1 ? (uint32_t)p[i + 1] << 8 : 0) | (left > 2 ? p[i + 2] : 0u);
        putch(j, digits[v >> 18]);
        putch(j, digits[v >> 12 & 63]);
        putch(j, left > 1 ? digits[v >> 6 & 63] : '=');
        putch(j, left > 2 ? digits[v & 63] : '=');
    }
    putch(j, '"');
}

void json_raw(struct json *j, const char *text, size_t n)
{
    separate(j);
    put(j, text, n);
}

void json_null(struct json *j)
{
    separate(j);
    put(j, "null", 4);
}

void json_hex(struct json *j, uint64_t v)
{
    separate(j);
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
    putch(j, '\n');
    if (fflush(j->out) != 0)
        return err_errno(errno, "cannot write JSON");
    if (ferror(j->out))
        return err_new(ERR_IO, "cannot write JSON: an earlier write failed");
    return NULL;
}
