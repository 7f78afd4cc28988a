/* SPDX-License-Identifier: Apache-2.0 */
/* Any bytes as a core that is made smaller, packed, or left with stacks alone: what is written opens again, holds together,
 * and has the threads of the first and no more memory. The input: a byte of switches, then the core. */
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "base/mem.h"
#include "check_image.h"
#include "session/dump.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);
int fsync(int fd);

enum { SIZES = 3, PACKED = 1, STACKS_ONLY = 2, HEAP = 1 << 16 };

/* The disk is not waited for. */
int fsync(int fd)
{
    (void)fd;
    return 0;
}

/* An empty folder, in which files that a core names are looked for, and for what is written. */
static const char *folder(void)
{
    static char path[] = "/tmp/inquest-shrink-XXXXXX";
    static bool made;
    if (!made && !mkdtemp(path))
        abort();
    made = true;
    return path;
}

static void remove_folder(void)
{
    rmdir(folder());
}

static uint64_t bytes_of(const struct image *im)
{
    uint64_t sum = 0;
    for (size_t i = 0; i < im->space.ranges.n; i++)
        sum += im->space.ranges.v[i].have;
    return sum;
}

static struct image *open_core(const char *path)
{
    struct image *im;
    struct err *e = image_core_open(path, &(struct image_core_opts){.progress = NULL}, &im);
    bool is_core = e == NULL;
    err_free(e);
    return is_core ? im : NULL;
}

static void compare(const char *from, const char *to, const struct dump_result *r)
{
    struct image *a = open_core(from), *b = open_core(to);
    require(a && b);
    check_image(b);
    require(a->threads.n == b->threads.n && r->threads == b->threads.n);
    require(bytes_of(b) <= bytes_of(a));
    image_free(a);
    image_free(b);
}

static void shrink(const char *core, uint8_t switches)
{
    struct dump_result result;
    /* The other way to redact takes a hundred times as long as the rest: it makes a table of all that it looks for. */
    bool alone = switches / SIZES & STACKS_ONLY;
    struct dump_opts opts = {.size = alone ? DUMP_STACKS : (enum dump_size)(switches % SIZES),
                             .heap = HEAP,
                             .modules = {.sysroot = folder(), .no_debuginfod = true},
                             .pack = switches / SIZES & PACKED,
                             .redact = {.on = alone, .stacks_only = alone}};
    SCOPED(freep) char *out = xasprintf("%s/out", folder());
    struct err *e = session_shrink(core, out, &opts, &result);
    if (!e) {
        compare(core, out, &result);
        dump_result_done(&result);
    }
    err_free(e);
    unlink(out);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
    static bool prepared;
    char path[64];
    if (n < 2)
        return 0;
    if (!prepared && atexit(remove_folder) == 0)
        prepared = true;
    int fd = memfd_create("core", MFD_CLOEXEC);
    if (fd < 0 || write(fd, data + 1, n - 1) != (ssize_t)(n - 1))
        abort();
    snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
    shrink(path, data[0]);
    close(fd);
    return 0;
}
