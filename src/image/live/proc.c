/* SPDX-License-Identifier: Apache-2.0 */
#include "image/live/proc.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <limits.h>
#include <sys/stat.h>

enum { FILE_MAX = 64 << 20 };

void proc_done(struct proc *p)
{
    if (p->mem >= 0)
        close(p->mem);
    if (p->dir >= 0)
        close(p->dir);
    p->mem = p->dir = -1;
}

struct err *proc_open(int32_t pid, struct proc *out)
{
    SCOPED(proc_done) struct proc p = {.pid = pid, .dir = -1, .mem = -1};
    struct proc_status status;
    char path[32];

    snprintf(path, sizeof(path), "/proc/%" PRId32, pid);
    p.dir = open(path, O_PATH | O_DIRECTORY | O_CLOEXEC);
    if (p.dir < 0 && errno == ENOENT)
        return err_new(ERR_NOT_FOUND, "there is no process %" PRId32, pid);
    if (p.dir < 0)
        return err_errno(errno, "cannot open %s", path);
    TRY(proc_read_status(&p, "status", &status));
    if (status.tgid != pid)
        return proc_open(status.tgid, out);
    *out = p;
    p.dir = -1;
    return NULL;
}

int proc_open_mem(struct proc *p)
{
    p->mem = openat(p->dir, "mem", O_RDONLY | O_CLOEXEC);
    return p->mem < 0 ? errno : 0;
}

static struct err *failed(const struct proc *p, const char *name)
{
    if (errno == ENOENT || errno == ESRCH)
        return err_new(ERR_GONE, "process %" PRId32 " ended while it was looked at", p->pid);
    return err_errno(errno, "cannot read /proc/%" PRId32 "/%s", p->pid, name);
}

struct err *proc_slurp(const struct proc *p, const char *name, char **out, size_t *n)
{
    SCOPED(closep) int fd = openat(p->dir, name, O_RDONLY | O_CLOEXEC);
    SCOPED(freep) char *text = NULL;
    size_t len = 0, cap = 4096;

    if (fd < 0)
        return failed(p, name);
    text = xmalloc(cap + 1);
    for (;;) {
        if (len == cap) {
            if (cap >= FILE_MAX)
                return err_new(ERR_LIMIT, "/proc/%" PRId32 "/%s is larger than %d MiB", p->pid, name,
                               FILE_MAX >> 20);
            cap *= 4;
            text = xrealloc_array(text, cap + 1, 1);
        }
        ssize_t got = read(fd, text + len, cap - len);
        if (got < 0 && errno == EINTR)
            continue;
        if (got < 0)
            return failed(p, name);
        if (got == 0)
            break;
        len += (size_t)got;
    }
    text[len] = '\0';
    if (n)
        *n = len;
    *out = TAKE(text);
    return NULL;
}

/* What follows "Name:" on a line of a status file; "" when the field is absent. */
static const char *field(const char *text, const char *name)
{
    size_t n = strlen(name);

    for (const char *line = text; line; line = strchr(line, '\n'), line = line ? line + 1 : NULL)
        if (strncmp(line, name, n) == 0 && line[n] == ':')
            return line + n + 1 + strspn(line + n + 1, "\t ");
    return "";
}

static void parse_ids(const char *text, uint32_t out[3])
{
    char *end;

    for (int i = 0; i < 3; i++, text = end)
        out[i] = (uint32_t)strtoul(text, &end, 10);
}

struct err *proc_read_status(const struct proc *p, const char *name, struct proc_status *out)
{
    SCOPED(freep) char *text = NULL;
    struct proc_status s = {0};

    TRY(proc_slurp(p, name, &text, NULL));
    const char *comm = field(text, "Name");
    snprintf(s.comm, sizeof(s.comm), "%.*s", (int)strcspn(comm, "\n"), comm);
    s.state = field(text, "State")[0];
    s.tgid = (int32_t)strtol(field(text, "Tgid"), NULL, 10);
    s.ppid = (int32_t)strtol(field(text, "PPid"), NULL, 10);
    s.tracer = (int32_t)strtol(field(text, "TracerPid"), NULL, 10);
    parse_ids(field(text, "Uid"), s.uid);
    parse_ids(field(text, "Gid"), s.gid);
    s.cap_permitted = strtoull(field(text, "CapPrm"), NULL, 16);
    s.cap_effective = strtoull(field(text, "CapEff"), NULL, 16);
    *out = s;
    return NULL;
}

struct err *proc_read_stat(const struct proc *p, const char *name, struct proc_stat *out)
{
    SCOPED(freep) char *text = NULL;
    struct proc_stat s = {0};

    TRY(proc_slurp(p, name, &text, NULL));
    /* "pid (comm) S ...": comm may hold anything, parentheses too. */
    char *open = strchr(text, '('), *close = strrchr(text, ')');
    if (!open || !close || close < open || close[1] != ' ' || !close[2])
        return err_new(ERR_CORRUPT, "/proc/%" PRId32 "/%s is not as documented", p->pid, name);
    snprintf(s.comm, sizeof(s.comm), "%.*s", (int)(close - open - 1), open + 1);
    s.state = close[2];

    char *at = close + 3;
    for (int i = 4; i <= 22; i++) { /* fields as proc(5) numbers them; the state is the third */
        uint64_t v = strtoull(at, &at, 10);
        if (i == 9)
            s.flags = (uint32_t)v;
        else if (i == 14)
            s.utime = v;
        else if (i == 15)
            s.stime = v;
        else if (i == 22)
            s.start = v;
    }
    *out = s;
    return NULL;
}

/* The kernel writes a newline in a path as \012, and escapes nothing else. */
static void unescape_newlines(char *path)
{
    char *to = path;

    while (*path) {
        bool newline = strncmp(path, "\\012", 4) == 0;
        *to++ = newline ? '\n' : *path;
        path += newline ? 4 : 1;
    }
    *to = '\0';
}

/* start-end rwxp offset major:minor inode   path */
static bool parse_map(struct image *im, char *line, struct mapping *out)
{
    struct mapping m = {0};
    unsigned major = 0, minor = 0;
    char prot[5] = "";
    int path_at = 0;

    if (sscanf(line, "%" SCNx64 "-%" SCNx64 " %4s %" SCNx64 " %x:%x %" SCNu64 " %n", &m.start, &m.end, prot,
               &m.offset, &major, &minor, &m.inode, &path_at) < 7 ||
        m.end <= m.start)
        return false;
    m.prot = (uint8_t)((prot[0] == 'r' ? PROT_BIT_READ : 0) | (prot[1] == 'w' ? PROT_BIT_WRITE : 0) |
                       (prot[2] == 'x' ? PROT_BIT_EXEC : 0));
    m.shared = prot[3] == 's';
    m.dev = ((uint64_t)major << 32) | minor;
    m.present = m.end - m.start;
    if (path_at > 0 && line[path_at]) {
        unescape_newlines(line + path_at);
        m.path = image_mapped_path(im, line + path_at, &m.deleted);
    }
    *out = m;
    return true;
}

struct err *proc_read_maps(const struct proc *p, const char *name, struct image *im)
{
    SCOPED(freep) char *text = NULL;
    char *save = NULL;

    TRY(proc_slurp(p, name, &text, NULL));
    im->maps.n = 0;
    for (char *line = strtok_r(text, "\n", &save); line; line = strtok_r(NULL, "\n", &save)) {
        struct mapping m;
        if (parse_map(im, line, &m))
            *vec_push(&im->maps) = m;
    }
    return NULL;
}

int proc_list_tasks(const struct proc *p, int32_t **tids, size_t *n)
{
    int fd = openat(p->dir, "task", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    DIR *dir = fd < 0 ? NULL : fdopendir(fd);
    VEC(int32_t) found = {0};
    struct dirent *d;

    if (!dir) {
        int error = errno;
        if (fd >= 0)
            close(fd);
        return error;
    }
    while ((d = readdir(dir)))
        if (d->d_name[0] >= '0' && d->d_name[0] <= '9')
            *vec_push(&found) = (int32_t)strtol(d->d_name, NULL, 10);
    closedir(dir);
    *tids = found.v;
    *n = found.n;
    return 0;
}

size_t proc_count_tasks(const struct proc *p)
{
    struct stat st;

    /* Linux fs/proc/base.c, proc_task_getattr(): two links, and one for each thread. */
    return fstatat(p->dir, "task", &st, 0) == 0 && st.st_nlink > 2 ? (size_t)st.st_nlink - 2 : 0;
}

char *proc_readlink(const struct proc *p, const char *name)
{
    char buf[PATH_MAX + 16];
    ssize_t n = readlinkat(p->dir, name, buf, sizeof(buf));

    return n > 0 && (size_t)n < sizeof(buf) ? xstrndup(buf, (size_t)n) : NULL;
}
