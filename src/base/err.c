/* SPDX-License-Identifier: Apache-2.0 */
#include "base/err.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"

/* What an error becomes when there is no memory to describe it. Shared, so nothing may write to it:
 * every function here that changes an error asks is_shared() first. */
static const struct err no_memory = {.code = ERR_NOMEM, .msg = (char *)"out of memory"};

static bool is_shared(const struct err *e)
{
    return e == &no_memory;
}

static struct err *shared_no_memory(void)
{
    return (struct err *)&no_memory;
}

/* NULL without memory. */
__attribute__((format(printf, 1, 0))) static char *format(const char *fmt, va_list ap)
{
    char *s;
    return vasprintf(&s, fmt, ap) < 0 ? NULL : s;
}

/* Takes msg; NULL means that it could not be made. */
static struct err *err_with(enum err_code code, char *msg)
{
    struct err *e = msg ? calloc(1, sizeof(*e)) : NULL;
    if (!e) {
        free(msg);
        return shared_no_memory();
    }
    e->code = code;
    e->msg = msg;
    return e;
}

struct err *err_new(enum err_code code, const char *fmt, ...)
{
    va_list ap;
    va_start(ap, fmt);
    char *msg = format(fmt, ap);
    va_end(ap);
    return err_with(code, msg);
}

static enum err_code code_of_errno(int errnum)
{
    switch (errnum) {
    case ENOENT:
    case ENOTDIR:
        return ERR_NOT_FOUND;
    case EACCES:
    case EPERM:
        return ERR_PERMISSION;
    case ESRCH:
        return ERR_GONE;
    default:
        return ERR_IO;
    }
}

struct err *err_errno(int errnum, const char *fmt, ...)
{
    va_list ap;
    va_start(ap, fmt);
    char *context = format(fmt, ap);
    va_end(ap);

    char *msg = NULL;
    if (context && asprintf(&msg, "%s: %s", context, strerror(errnum)) < 0)
        msg = NULL;
    free(context);
    return err_with(code_of_errno(errnum), msg);
}

struct err *err_at(struct err *e, enum err_where where, uint64_t at)
{
    if (!is_shared(e)) {
        e->where = where;
        e->at = at;
    }
    return e;
}

struct err *err_hint(struct err *e, const char *fmt, ...)
{
    if (is_shared(e))
        return e;
    va_list ap;
    va_start(ap, fmt);
    char *hint = format(fmt, ap);
    va_end(ap);
    if (hint) {
        free(e->hint);
        e->hint = hint;
    }
    return e;
}

struct err *err_prefix(struct err *e, const char *fmt, ...)
{
    if (is_shared(e))
        return e;
    va_list ap;
    va_start(ap, fmt);
    char *context = format(fmt, ap);
    va_end(ap);

    char *msg;
    if (context && asprintf(&msg, "%s: %s", context, e->msg) >= 0) {
        free(e->msg);
        e->msg = msg;
    }
    free(context);
    return e;
}

struct err *err_dup(const struct err *e)
{
    if (!e)
        return NULL;
    struct err *copy = err_with(e->code, strdup(e->msg));
    if (is_shared(copy))
        return copy;
    copy->where = e->where;
    copy->at = e->at;
    copy->hint = e->hint ? strdup(e->hint) : NULL;
    return copy;
}

char *err_text(const struct err *e)
{
    return e->hint ? xasprintf("%s (hint: %s)", e->msg, e->hint) : xstrdup(e->msg);
}

const char *err_code_name(enum err_code code)
{
    static const char *const names[] = {
        [ERR_NOMEM] = "no-memory",
        [ERR_USAGE] = "usage",
        [ERR_IO] = "io",
        [ERR_NOT_FOUND] = "not-found",
        [ERR_PERMISSION] = "permission",
        [ERR_BUSY] = "busy",
        [ERR_GONE] = "gone",
        [ERR_CORRUPT] = "corrupt",
        [ERR_TRUNCATED] = "truncated",
        [ERR_UNSUPPORTED] = "unsupported",
        [ERR_UNMAPPED] = "unmapped",
        [ERR_NOT_IN_DUMP] = "not-in-dump",
        [ERR_NO_DATA] = "no-data",
        [ERR_OPTIMISED_OUT] = "optimised-out",
        [ERR_MISMATCH] = "mismatch",
        [ERR_LIMIT] = "limit",
        [ERR_CANCELLED] = "cancelled",
        [ERR_INTERNAL] = "internal",
    };
    _Static_assert(ARRAY_LEN(names) == ERR_CODE_COUNT, "every error code has a name");
    return (size_t)code < ARRAY_LEN(names) ? names[code] : "internal";
}

void err_free(struct err *e)
{
    if (!e || is_shared(e))
        return;
    free(e->msg);
    free(e->hint);
    free(e);
}
