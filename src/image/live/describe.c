/* SPDX-License-Identifier: Apache-2.0 */
/* The record of a process: what a core of it would lack. Where it comes from: proc(5), cgroups(7), os-release(5). */
#include "image/live/live.h"
#include "image/live/sockets.h"
#include "image/record.h"

#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <linux/openat2.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/utsname.h>
#include <time.h>

enum {
    FILES_MAX = 4096,          /* that are listed */
    ARGUMENTS_MAX = 256 << 10, /* bytes */
    THREADS_MAX = 8192,        /* whose names are kept */
    RELEASE_MAX = 64 << 10,    /* bytes of os-release */
};

static void add_groups(struct image *im, const struct live *l)
{
    SCOPED(freep) char *text = NULL;
    char *save = NULL;
    const char *id;
    size_t n;
    struct err *e = proc_slurp(&l->proc, "cgroup", &text, NULL);
    bool known = false;

    for (char *line = e ? NULL : strtok_r(text, "\n", &save); line; line = strtok_r(NULL, "\n", &save)) {
        record_add(im, "cgroup", line);
        if (!known && record_container(line, &id, &n)) {
            record_addf(im, "container", "%.*s", (int)n, id);
            known = true;
        }
    }
    err_free(e); /* a kernel without control groups */
}

static void add_arguments(struct image *im, const struct live *l)
{
    SCOPED(freep) char *text = NULL;
    char name[64];
    size_t n = 0;
    struct err *e = proc_slurp(&l->proc, live_own(l, name, "cmdline"), &text, &n);

    for (size_t at = 0; !e && at < n && at < ARGUMENTS_MAX; at += strlen(text + at) + 1)
        record_add(im, "argument", text + at);
    if (n > ARGUMENTS_MAX)
        record_addf(im, "arguments-cut", "%zu", n);
    err_free(e); /* said when the image was opened */
}

/* ---- the system ---- */

/* A file of the process's own root, however its links are made, is looked for below that root alone. */
static int open_in_root(const struct live *l, const char *path)
{
    struct open_how how = {.flags = O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY,
                           .resolve = RESOLVE_IN_ROOT | RESOLVE_NO_MAGICLINKS};
    SCOPED(closep) int root = openat(l->proc.dir, "root", O_PATH | O_DIRECTORY | O_CLOEXEC);
    struct stat st;

    if (root < 0)
        return -1;
    int fd = (int)syscall(SYS_openat2, root, path, &how, sizeof(how));
    if (fd >= 0 && (fstat(fd, &st) != 0 || !S_ISREG(st.st_mode))) {
        close(fd);
        return -1;
    }
    return fd;
}

static void add_distribution(struct image *im, const struct live *l)
{
    static const char wanted[] = "PRETTY_NAME=";
    static const char *const places[] = {"etc/os-release", "usr/lib/os-release"};
    SCOPED(freep) char *text = xmalloc(RELEASE_MAX + 1);
    ssize_t n = -1;

    for (size_t i = 0; i < ARRAY_LEN(places) && n < 0; i++) {
        SCOPED(closep) int fd = open_in_root(l, places[i]);
        n = fd < 0 ? -1 : read(fd, text, RELEASE_MAX);
    }
    text[n < 0 ? 0 : n] = '\0';
    for (char *line = text; line; line = strchr(line, '\n'), line = line ? line + 1 : NULL) {
        if (!begins_with(line, wanted))
            continue;
        char *value = line + sizeof(wanted) - 1;
        value += *value == '"' || *value == '\'';
        record_addf(im, "system", "%.*s", (int)strcspn(value, "\"'\n"), value);
        return;
    }
}

static void add_system(struct image *im, const struct live *l)
{
    struct utsname u;
    struct timespec up = {0};

    if (uname(&u) == 0) {
        record_addf(im, "kernel", "%s %s %s %s", u.sysname, u.release, u.version, u.machine);
        record_add(im, "host", u.nodename);
    }
    add_distribution(im, l);
    if (clock_gettime(CLOCK_BOOTTIME, &up) == 0)
        record_addf(im, "uptime", "%lld", (long long)up.tv_sec);
    if (im->start_time)
        record_addf(im, "started", "%" PRIu64, im->start_time);
}

/* ---- open files ---- */

/* "pos:" and "flags:" of /proc/PID/fdinfo/N. */
static void add_file(struct image *im, const struct live *l, int32_t fd, const struct sockets *sockets)
{
    SCOPED(freep) char *info = NULL;
    char name[64], file[96];

    snprintf(file, sizeof(file), "%s/%" PRId32, live_own(l, name, "fd"), fd);
    SCOPED(freep) char *path = proc_readlink(&l->proc, file);
    if (!path)
        return; /* it was closed */
    snprintf(file, sizeof(file), "%s/%" PRId32, live_own(l, name, "fdinfo"), fd);
    struct err *e = proc_slurp(&l->proc, file, &info, NULL);
    uint64_t at = 0, flags = 0;
    const char *line = e ? NULL : strstr(info, "flags:");
    if (line)
        flags = strtoull(line + strlen("flags:"), NULL, 8);
    if (!e && begins_with(info, "pos:"))
        at = strtoull(info + 4, NULL, 10);
    err_free(e); /* closed meanwhile: its name is there */
    const char *socket = sockets_find(sockets, path);
    record_addf(im, "file", "%" PRId32 " 0%" PRIo64 " %" PRIu64 " %s%s%s", fd, flags, at, path, socket ? " " : "",
                socket ? socket : "");
}

static bool is_socket(const struct live *l, int32_t fd)
{
    char name[64], file[96];
    struct stat st;

    snprintf(file, sizeof(file), "%s/%" PRId32, live_own(l, name, "fd"), fd);
    return fstatat(l->proc.dir, file, &st, 0) == 0 && S_ISSOCK(st.st_mode);
}

static void add_files(struct image *im, const struct live *l)
{
    SCOPED(sockets_done) struct sockets sockets = {0};
    SCOPED(freep) int32_t *fds = NULL;
    char name[64];
    size_t n = 0;
    bool any = false;

    if (proc_list_numbers(&l->proc, live_own(l, name, "fd"), &fds, &n) != 0)
        return;
    record_addf(im, "files", "%zu", n);
    n = n < FILES_MAX ? n : FILES_MAX;
    for (size_t i = 0; i < n && !any; i++)
        any = is_socket(l, fds[i]);
    if (any)
        sockets_read(&sockets, &l->proc);
    for (size_t i = 0; i < n; i++)
        add_file(im, l, fds[i], &sockets);
}

static void add_threads(struct image *im)
{
    size_t n = im->threads.n < THREADS_MAX ? im->threads.n : THREADS_MAX;

    for (size_t i = 0; i < n; i++)
        if (im->threads.v[i].name)
            record_addf(im, "thread", "%" PRId32 " %s", im->threads.v[i].tid, im->threads.v[i].name);
}

void live_describe(struct image *im)
{
    const struct live *l = im->priv;

    add_arguments(im, l);
    add_groups(im, l);
    add_system(im, l);
    for (size_t i = 0; i < im->limits.n; i++)
        record_add(im, "limit", im->limits.v[i]);
    add_threads(im);
    add_files(im, l);
}

void live_describe_capture(struct image *im, const char *method)
{
    struct timespec now = {0};

    clock_gettime(CLOCK_REALTIME, &now);
    record_addf(im, "time", "%lld.%09ld", (long long)now.tv_sec, now.tv_nsec);
    if (method)
        record_add(im, "method", method);
    if (im->pause_ns)
        record_addf(im, "pause-ns", "%" PRIu64, im->pause_ns);
}
