/* SPDX-License-Identifier: Apache-2.0 */
#include "session/save.h"
#include "base/mem.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdlib.h>
#include <unistd.h>

enum { CHUNK = 1 << 20 };

/* ---- what is saved ---- */

static bool number(const char **text, uint64_t *out)
{
    char *end;
    if (**text < '0' || **text > '9')
        return false;
    errno = 0;
    bool hex = (*text)[0] == '0' && ((*text)[1] == 'x' || (*text)[1] == 'X');
    *out = strtoull(*text, &end, hex ? 16 : 10);
    *text = end;
    return errno == 0;
}

bool session_save_range(const char *text, struct save_range *out)
{
    struct save_range r;
    if (!number(&text, &r.at) || *text++ != ':' || !number(&text, &r.n) || *text || r.at + r.n < r.at)
        return false;
    *out = r;
    return true;
}

/* A pointer and a length, by the names that a language gives them. *done false: the value has no such members. */
static struct err *pointer_and_length(struct values *vs, const struct value *v, const char *pointer, const char *length,
                                      struct save_range *out, bool *done)
{
    struct value data, n;
    struct err *e = value_member(vs, v, pointer, &data);
    if (!e)
        e = value_member(vs, v, length, &n);
    *done = !e;
    if (e && e->code == ERR_NOT_FOUND) {
        err_free(e);
        return NULL;
    }
    TRY(e);
    const struct type *t = type_strip(data.type);
    uint64_t count, size = t->kind == TYPE_POINTER && t->target ? type_strip(t->target)->size : 0;
    TRY(value_int(vs, &data, &out->at));
    TRY(value_int(vs, &n, &count));
    if (__builtin_mul_overflow(count, size, &out->n) || out->at + out->n < out->at)
        return err_new(ERR_CORRUPT, "the length %" PRIu64 " is not possible", count);
    return NULL;
}

/* Languages whose slices and strings are records. */
static struct err *row(struct values *vs, const struct value *v, struct save_range *out, bool *done)
{
    enum go_kind kind = GO_INVALID;
    *done = false;
    if (type_is_go(type_strip(v->type)))
        type_go(v->type, &kind);
    if (kind == GO_MAP || kind == GO_CHAN || kind == GO_FUNC || kind == GO_INTERFACE)
        return err_new(ERR_USAGE, "the value has no bytes in a row: save what is in it");
    if (kind == GO_SLICE || kind == GO_STRING)
        return pointer_and_length(vs, v, kind == GO_SLICE ? "array" : "str", "len", out, done);
    if (type_is_rust(type_strip(v->type)) && type_is_record(type_strip(v->type)))
        return pointer_and_length(vs, v, "data_ptr", "length", out, done);
    return NULL;
}

struct err *session_save_value(struct session *s, const struct value *v, struct save_range *out)
{
    struct values *vs = session_values(s);
    struct presentation shown;
    struct value object;
    bool done;
    TRY(value_referent(vs, v, &object));
    TRY(row(vs, &object, out, &done));
    if (done)
        return NULL;
    if (type_is_record(type_strip(object.type)) && format_present(vs, &object, &shown) && shown.kind == PRESENT_STRING)
        object = shown.string;
    struct err *e = value_address(&object, &out->at);
    if (e) {
        err_free(e);
        return err_new(ERR_USAGE, "the value is in no memory that could be saved");
    }
    out->n = type_complete(type_strip(object.type))->size;
    return NULL;
}

/* ---- writing ---- */

static struct err *missing(const struct save_range *r, uint64_t done, struct err *why)
{
    struct err *e = done ? err_new(why->code,
                                   "only the first %" PRIu64 " of %" PRIu64 " bytes at 0x%" PRIx64
                                   " can be read: nothing was saved",
                                   done, r->n, r->at)
                         : err_new(why->code, "no bytes can be read at 0x%" PRIx64 ": nothing was saved", r->at);
    err_free(why);
    return err_at(e, ERR_AT_ADDRESS, r->at + done);
}

static struct err *copy(struct session *s, const struct save_range *r, int fd)
{
    uint8_t *buf SCOPED(freep) = xmalloc(CHUNK);
    for (uint64_t done = 0; done < r->n;) {
        size_t n = r->n - done < CHUNK ? (size_t)(r->n - done) : CHUNK;
        size_t got = session_read_some(s, r->at + done, buf, n);
        if (got < n) {
            struct err *why = session_read(s, r->at + done + got, buf, 1);
            return why ? missing(r, done + got, why) : err_new(ERR_IO, "memory changed while it was read");
        }
        if (progress_cancelled(session_values(s)->progress))
            return err_new(ERR_CANCELLED, "cancelled");
        int problem = file_write(fd, buf, n, done);
        if (problem)
            return err_errno(problem, "cannot write the file");
        done += n;
    }
    return NULL;
}

struct err *session_save(struct session *s, const struct save_range *r, const char *path)
{
    int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0600);
    if (fd < 0 && errno == EEXIST)
        return err_hint(err_new(ERR_USAGE, "the file %s exists already", path), "remove it, or name another file");
    if (fd < 0)
        return err_errno(errno, "cannot make %s", path);
    struct err *e = copy(s, r, fd);
    if (close(fd) < 0 && !e)
        e = err_errno(errno, "cannot write %s", path);
    if (e)
        unlink(path);
    return e;
}
