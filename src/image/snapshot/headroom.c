/* SPDX-License-Identifier: Apache-2.0 */
/* Is there memory for a copy? Its page tables, and every page that the process changes while the copy lives, are charged
 * to the process's control group, and at the group's limit the kernel kills (Linux Documentation/admin-guide/
 * cgroup-v2.rst, "Memory"; cgroup-v1/memory.rst). */
#include "image/headroom.h"
#include "image/snapshot/snapshot.h"

#include "base/file.h"

#include <inttypes.h>
#include <stdlib.h>

enum { LEVELS_MAX = 64, PAGE_SHIFT_TABLES = 9, SHARE_CHANGED = 10 };
static const uint64_t at_least = UINT64_C(16) << 20; /* bytes that are left free in any case */

/* Files of the two kinds of hierarchy. */
struct kind {
    const char *root, *limit, *usage, *cache;
};
static const struct kind kinds[] = {
    {"/sys/fs/cgroup", "memory.max", "memory.current", "\ninactive_file "},
    {"/sys/fs/cgroup/memory", "memory.limit_in_bytes", "memory.usage_in_bytes", "\ntotal_inactive_file "},
};

/* A number from a file of a group; false for none, and for "max". */
static bool read_number(const char *group, const char *name, uint64_t *out)
{
    SCOPED(freep) char *path = xasprintf("%s/%s", group, name);
    SCOPED(freep) char *text = NULL;
    struct err *e = file_slurp(path, 4096, &text, NULL);
    char *end = text;

    if (!e)
        *out = strtoull(text, &end, 10);
    bool found = !e && end != text;
    err_free(e); /* no such file: no limit */
    return found;
}

/* Bytes of files that nobody uses: the kernel takes them back first. */
static uint64_t reclaimable(const char *group, const struct kind *k)
{
    SCOPED(freep) char *path = xasprintf("%s/memory.stat", group);
    SCOPED(freep) char *text = NULL;
    struct err *e = file_slurp(path, 64 << 10, &text, NULL);
    const char *at = e ? NULL : strstr(text, k->cache);

    err_free(e); /* then none is counted */
    return at ? strtoull(at + strlen(k->cache), NULL, 10) : 0;
}

/* What the group and those above it still allow; UINT64_MAX: no limit. */
static uint64_t room_in(char *path, const struct kind *k)
{
    uint64_t room = UINT64_MAX;

    for (int level = 0; level < LEVELS_MAX; level++) {
        SCOPED(freep) char *group = xasprintf("%s%s", k->root, path);
        uint64_t limit, usage;
        if (read_number(group, k->limit, &limit) && read_number(group, k->usage, &usage)) {
            uint64_t free_here = limit > usage ? limit - usage : 0;
            free_here += reclaimable(group, k);
            room = free_here < room ? free_here : room;
        }
        char *last = strrchr(path, '/');
        if (!last || !*path)
            break;
        *last = '\0';
    }
    return room;
}

/* The group of a line of /proc/PID/cgroup, "N:CONTROLLERS:PATH". */
static uint64_t room_of_line(char *line)
{
    char *controllers = strchr(line, ':'), *path = controllers ? strchr(controllers + 1, ':') : NULL;

    if (!path)
        return UINT64_MAX;
    *path++ = '\0';
    if (strcmp(controllers + 1, "") == 0)
        return room_in(path, &kinds[0]);
    return strcmp(controllers + 1, "memory") == 0 ? room_in(path, &kinds[1]) : UINT64_MAX;
}

/* By the text of /proc/PID/cgroup, which is taken apart. */
static uint64_t room_of_groups(char *groups)
{
    char *save = NULL;
    uint64_t room = UINT64_MAX;

    for (char *line = strtok_r(groups, "\n", &save); line; line = strtok_r(NULL, "\n", &save)) {
        uint64_t here = room_of_line(line);
        room = here < room ? here : room;
    }
    return room;
}

uint64_t image_headroom(void)
{
    SCOPED(freep) char *groups = NULL;
    struct err *e = file_slurp("/proc/self/cgroup", 64 << 10, &groups, NULL);
    uint64_t room = e ? UINT64_MAX : room_of_groups(groups);

    err_free(e); /* without control groups there is no limit */
    return room;
}

struct err *headroom_check(const struct proc *p)
{
    SCOPED(freep) char *groups = NULL, *statm = NULL;

    TRY(proc_slurp(p, "cgroup", &groups, NULL));
    TRY(proc_slurp(p, "statm", &statm, NULL));
    uint64_t room = room_of_groups(groups);
    /* "SIZE RESIDENT SHARED ...", in pages. A tenth of what is its own may change: there is no telling. */
    char *at = statm;
    (void)strtoull(at, &at, 10);
    uint64_t resident = strtoull(at, &at, 10) * 4096, shared = strtoull(at, &at, 10) * 4096;
    uint64_t own = resident > shared ? resident - shared : 0;
    uint64_t need = (resident >> PAGE_SHIFT_TABLES) + own / SHARE_CHANGED + at_least;
    if (room >= need)
        return NULL;
    return err_hint(err_new(ERR_LIMIT,
                            "the control group of the process has %" PRIu64
                            " MiB left below its limit; a copy could need %" PRIu64,
                            room >> 20, need >> 20),
                    "raise the limit, or have the process stand still (--method stop)");
}
