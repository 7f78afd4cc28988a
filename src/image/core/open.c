/* SPDX-License-Identifier: Apache-2.0 */
/* From a path to the bytes of a core, and what the file itself says about it. */
#include "image/core/core.h"
#include "image/core/minidump.h"
#include "image/core/unpack.h"

#include "base/file.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <sys/xattr.h>

struct core_map {
    struct filemap file;
};

static void core_free(struct image *im)
{
    struct core_map *m = im->priv;

    if (m)
        filemap_done(&m->file);
    free(m);
}

static const struct image_ops core_ops = {.free = core_free};

static struct err *open_regular(const char *path, int *out, struct stat *st)
{
    /* O_NONBLOCK: a FIFO without a writer must not hang us before we see what it is. */
    SCOPED(closep) int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);

    if (fd < 0)
        return err_errno(errno, "cannot open %s", path);
    if (fstat(fd, st) != 0)
        return err_errno(errno, "cannot stat %s", path);
    if (S_ISDIR(st->st_mode))
        return err_new(ERR_UNSUPPORTED, "%s is a directory, not a core", path);
    if (!S_ISREG(st->st_mode))
        return err_hint(err_new(ERR_UNSUPPORTED, "%s is not a regular file", path), "copy the core to a file first");
    if (st->st_size == 0)
        return err_hint(err_new(ERR_UNSUPPORTED, "%s is empty", path), "the limit on core size was perhaps 0, or "
                                                                       "the disk full");
    *out = fd;
    fd = -1;
    return NULL;
}

/* systemd-coredump keeps what it knew in extended attributes (systemd-coredump(8), coredumpctl(1)). */
static void read_xattrs(struct image *im, int fd)
{
    char value[32];
    ssize_t n = fgetxattr(fd, "user.coredump.timestamp", value, sizeof(value) - 1);

    if (n <= 0)
        return;
    value[n] = '\0';
    im->writer = "systemd-coredump";
    im->dump_time = strtoull(value, NULL, 10) / 1000000;
}

struct err *image_core_open(const char *path, const struct image_core_opts *opts, struct image **out)
{
    SCOPED(closep) int fd = -1;
    SCOPED(closep) int unpacked = -1;
    SCOPED(err_freep) struct err *problem = NULL;
    struct image *im = NULL;
    struct filemap map;
    struct stat st;
    uint8_t head[8];

    TRY(open_regular(path, &fd, &st));
    ssize_t n = pread(fd, head, sizeof(head), 0);
    if (n < 0)
        return err_errno(errno, "cannot read %s", path);
    const struct codec *codec = codec_find((struct bytes){head, (size_t)n});
    if (codec)
        TRY(unpack(fd, path, codec, opts ? opts->progress : NULL, &unpacked, &problem));

    TRY(filemap_fd(codec ? unpacked : fd, path, &map));
    struct err *e =
        minidump_is(map.data) ? minidump_open_bytes(map.data, path, &im) : core_open_bytes(map.data, path, &im);
    if (e) {
        filemap_done(&map);
        return e;
    }
    struct core_map *m = xcalloc(1, sizeof(*m));
    m->file = map;
    im->priv = m;
    im->ops = &core_ops;
    if (!im->dump_time)
        im->dump_time = (uint64_t)st.st_mtime;
    read_xattrs(im, fd);
    image_problem(im, TAKE(problem));
    *out = im;
    return NULL;
}
