/* SPDX-License-Identifier: Apache-2.0 */
#include "base/err.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static char no_memory_msg[] = "out of memory";
/* Given out when an error itself cannot be allocated; err_free() knows it. */
static const struct err no_memory = {.code = ERR_NOMEM, .msg = no_memory_msg};

static struct err *the_no_memory(void)
{
    return (struct err *)(uintptr_t)&no_memory;
}

static const char *const code_names[ERR_CODE_COUNT] = {
    [ERR_NOMEM] = "no-memory",       [ERR_USAGE] = "usage",
    [ERR_IO] = "io",                 [ERR_NOT_FOUND] = "not-found",
    [ERR_PERMISSION] = "permission", [ERR_BUSY] = "busy",
    [ERR_GONE] = "gone",             [ERR_CORRUPT] = "corrupt",
    [ERR_TRUNCATED] = "truncated",   [ERR_UNSUPPORTED] = "unsupported",
    [ERR_UNMAPPED] = "unmapped",     [ERR_NOT_IN_DUMP] = "not-in-dump",
    [ERR_NO_DATA] = "no-data",       [ERR_MISMATCH] = "mismatch",
    [ERR_LIMIT] = "limit",           [ERR_CANCELLED] = "cancelled",
    [ERR_INTERNAL] = "internal",
};

const char *err_code_name(enum err_code code)
{
    return (unsigned)code < ERR_CODE_COUNT ? code_names[code] : "internal";
}

static struct err *err_of(enum err_code code, char *msg)
{
    struct err *e = msg ? calloc(1, sizeof(*e)) : NULL;

    if (!e) {
        free(msg);
        return the_no_memory();
    }
    e->code = code;
    e->msg = msg;
    return e;
}

PRINTF_LIKE(1, 0) static char *format(const char *fmt, va_list ap)
{
    char *s;

    return vasprintf(&s, fmt, ap) < 0 ? NULL : s;
}

struct err *err_new(enum err_code code, const char *fmt, ...)
{
    va_list ap;

    va_start(ap, fmt);
    char *msg = format(fmt, ap);
    va_end(ap);
    return err_of(code, msg);
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
    case ENOMEM:
        return ERR_NOMEM;
    default:
        return ERR_IO;
    }
}

struct err *err_errno(int errnum, const char *fmt, ...)
{
    va_list ap;
    char *msg;

    va_start(ap, fmt);
    char *context = format(fmt, ap);
    va_end(ap);
    if (!context)
        return the_no_memory();
    if (asprintf(&msg, "%s: %s", context, strerror(errnum)) < 0)
        msg = NULL;
    free(context);
    return err_of(code_of_errno(errnum), msg);
}

struct err *err_at(struct err *e, enum err_where where, uint64_t at)
{
    if (e != &no_memory) {
        e->where = where;
        e->at = at;
    }
    return e;
}

struct err *err_hint(struct err *e, const char *fmt, ...)
{
    va_list ap;

    if (e == &no_memory)
        return e;
    va_start(ap, fmt);
    char *hint = format(fmt, ap);
    va_end(ap);
    free(e->hint);
    e->hint = hint;
    return e;
}

struct err *err_prefix(struct err *e, const char *fmt, ...)
{
    va_list ap;
    char *msg;

    if (e == &no_memory)
        return e;
    va_start(ap, fmt);
    char *context = format(fmt, ap);
    va_end(ap);
    if (context && asprintf(&msg, "%s: %s", context, e->msg) >= 0) {
        free(e->msg);
        e->msg = msg;
    }
    free(context);
    return e;
}

struct err *err_dup(const struct err *e)
{
    if (!e || e == &no_memory)
        return e ? the_no_memory() : NULL;

    struct err *copy = err_of(e->code, strdup(e->msg));
    if (copy == &no_memory)
        return copy;
    copy->where = e->where;
    copy->at = e->at;
    copy->hint = e->hint ? strdup(e->hint) : NULL;
    return copy;
}

char *err_text(const struct err *e)
{
    char *s;
    int n = e->hint ? asprintf(&s, "%s (hint: %s)", e->msg, e->hint) : asprintf(&s, "%s", e->msg);

    if (n < 0) {
        static const char last[] = "inquest: out of memory\n";
        fputs(last, stderr);
        _Exit(70);
    }
    return s;
}

void err_free(struct err *e)
{
    if (!e || e == &no_memory)
        return;
    free(e->msg);
    free(e->hint);
    free(e);
}
