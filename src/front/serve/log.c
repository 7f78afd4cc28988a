/* SPDX-License-Identifier: Apache-2.0 */
#include "front/serve/log.h"

#include "base/mem.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

static const struct option_row rows[] = {
    {"log", 0, VALUE_NONE, NULL, "keep a log, on standard error if --log-dest says nothing else"},
    {"log-output", 0, VALUE_TEXT, "LAYERS",
     "what to log, separated by commas: debugger (clients and what they ask; the default), rpc and dap (whole "
     "messages); "
     "Delve's other layers are taken, and log nothing"},
    {"log-dest", 0, VALUE_TEXT, "FILE|NUMBER",
     "a file, which is made anew, or the number of an open descriptor, for the log and for the line that says where "
     "the "
     "server listens"},
};
const struct option_group server_log_group = {"Log", rows, ARRAY_LEN(rows)};

struct server_log {
    pthread_mutex_t mutex; /* lines stay whole */
    int fd;
    bool own; /* fd is a file that was made here */
    bool elsewhere; /* --log-dest */
    bool layers[LOG_LAYERS];
};

static const char *const layer_names[LOG_LAYERS] = {
    [LOG_DEBUGGER] = "debugger",
    [LOG_RPC] = "rpc",
    [LOG_DAP] = "dap",
};

/* Of these nothing is done here. */
static const char *const delve_only[] = {"gdbwire", "lldbout", "debuglineerr", "fncall", "minidump", "stack"};

/* ---- options ---- */

static bool is_word(const char *p, size_t n, const char *name)
{
    return strlen(name) == n && memcmp(p, name, n) == 0;
}

static void add_layer(struct server_log *l, const char *name, size_t n)
{
    for (size_t i = 0; i < LOG_LAYERS; i++) {
        if (is_word(name, n, layer_names[i])) {
            l->layers[i] = true;
            return;
        }
    }
    for (size_t i = 0; i < ARRAY_LEN(delve_only); i++)
        if (is_word(name, n, delve_only[i]))
            return;
    struct text t = {0};
    text_put(&t, "Warning: unknown log output value \"");
    text_put_escaped(&t, name, n);
    text_put(&t, "\", run 'inquest serve --help' for usage.\n");
    fputs(text_str(&t), stderr);
    text_done(&t);
}

static void add_layers(struct server_log *l, const char *list)
{
    for (const char *p = list;; p++) {
        size_t n = strcspn(p, ",");
        add_layer(l, p, n);
        p += n;
        if (!*p)
            return;
    }
}

static struct err *open_destination(struct server_log *l, const char *dest)
{
    uint64_t number;
    l->elsewhere = true;
    if (parse_number(dest, INT32_MAX, &number)) {
        if (fcntl((int)number, F_GETFD) < 0)
            return err_new(ERR_USAGE, "could not log: descriptor %s is not open", dest);
        l->fd = (int)number;
        return NULL;
    }
    l->fd = open(dest, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
    if (l->fd < 0)
        return err_errno(errno, "could not create log file: open %s", dest);
    l->own = true;
    return NULL;
}

struct err *server_log_open(struct call *call, struct server_log **out)
{
    const char *layers = call_value(call, "log-output"), *dest = call_value(call, "log-dest");
    if (layers && !call_has(call, "log"))
        return err_new(ERR_USAGE, "--log-output specified without --log");
    struct server_log *l = xcalloc(1, sizeof(*l));
    l->fd = STDERR_FILENO;
    pthread_mutex_init(&l->mutex, NULL);
    struct err *e = dest ? open_destination(l, dest) : NULL;
    if (e) {
        server_log_free(l);
        return e;
    }
    if (call_has(call, "log"))
        add_layers(l, layers && *layers ? layers : layer_names[LOG_DEBUGGER]);
    *out = l;
    return NULL;
}

void server_log_free(struct server_log *l)
{
    if (!l)
        return;
    if (l->own)
        close(l->fd);
    pthread_mutex_destroy(&l->mutex);
    free(l);
}

/* ---- lines ---- */

bool server_log_has(const struct server_log *l, enum log_layer layer)
{
    return l->layers[layer];
}

static bool write_all(struct server_log *l, const struct text *t)
{
    bool ok = true;
    pthread_mutex_lock(&l->mutex);
    for (size_t at = 0; ok && at < t->n;) {
        ssize_t w = write(l->fd, text_str(t) + at, t->n - at);
        if (w >= 0)
            at += (size_t)w;
        else
            ok = errno == EINTR;
    }
    pthread_mutex_unlock(&l->mutex);
    return ok;
}

/* RFC 3339, local time: "2026-11-21T10:11:12+01:00". */
static void put_stamp(struct text *t)
{
    char stamp[sizeof("2026-11-21T10:11:12")];
    time_t now = time(NULL);
    struct tm local;
    localtime_r(&now, &local);
    strftime(stamp, sizeof(stamp), "%Y-%m-%dT%H:%M:%S", &local);
    text_put(t, stamp);
    long minutes = local.tm_gmtoff / 60;
    if (minutes)
        text_printf(t, "%c%02ld:%02ld", minutes < 0 ? '-' : '+', labs(minutes) / 60, labs(minutes) % 60);
    else
        text_putc(t, 'Z');
}

void server_log_line(struct server_log *l, enum log_layer layer, enum log_grade grade, const char *fmt, ...)
{
    static const char *const grades[] = {[LOG_DEBUG] = "debug", [LOG_INFO] = "info", [LOG_ERROR] = "error"};
    if (!server_log_has(l, layer))
        return;
    SCOPED(freep) char *said = NULL;
    va_list args;
    va_start(args, fmt);
    int n = vasprintf(&said, fmt, args);
    va_end(args);
    if (n < 0)
        mem_exhausted();
    struct text t = {0};
    put_stamp(&t);
    text_printf(&t, " %s layer=%s ", grades[grade], layer_names[layer]);
    put_safe(&t, said);
    text_putc(&t, '\n');
    write_all(l, &t); /* a log that cannot be written stops nobody */
    text_done(&t);
}

struct err *server_log_say(struct server_log *l, FILE *otherwise, const char *line)
{
    struct text t = {0};
    text_printf(&t, "%s\n", line);
    bool ok = l->elsewhere ? write_all(l, &t) : fputs(text_str(&t), otherwise) >= 0 && fflush(otherwise) == 0;
    text_done(&t);
    return ok ? NULL : err_new(ERR_IO, "cannot write where the server listens");
}
