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

/* What a core's bytes lie in. */
struct core_map {
    struct filemap file;
    struct seekable *packed; /* NULL: the bytes are as they are */
    struct packed_memory *memory;
};

static void map_free(struct core_map *m)
{
    if (!m)
        return;
    packed_memory_free(m->memory);
    seekable_free(m->packed);
    if (m->file.path)
        filemap_done(&m->file);
    free(m);
}

static void map_freep(struct core_map **m)
{
    map_free(*m);
}

static void core_free(struct image *im)
{
    map_free(im->priv);
}

static const struct image_ops core_ops = {.free = core_free};

static struct err *open_regular(const char *path, int *out, struct stat *st)
{
    /* O_NONBLOCK: a FIFO without a writer must not hang us before we see what it is. */
    SCOPED(closep) int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);

    if (fd < 0 && errno == EACCES)
        return err_hint(err_errno(EACCES, "cannot open %s", path), "try as its owner, or as root");
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

/* One that has a table of its frames is read as it is, others are unpacked first. */
static struct err *open_packed(int fd, const char *path, const struct codec *codec, struct progress *progress,
                               struct core_map *m, struct err **problem)
{
    SCOPED(closep) int unpacked = -1;

    TRY(filemap_fd(fd, path, &m->file));
    if (seekable_open(m->file.data, &m->packed))
        return NULL;
    filemap_done(&m->file);
    m->file.path = NULL;
    TRY(unpack(fd, path, codec, progress, &unpacked, problem));
    return filemap_fd(unpacked, path, &m->file);
}

static struct err *open_image(struct core_map *m, const char *path, struct image **out)
{
    if (m->packed)
        return core_open_packed(m->packed, path, out, &m->memory);
    return minidump_is(m->file.data) ? minidump_open_bytes(m->file.data, path, out)
                                     : core_open_bytes(m->file.data, path, out);
}

struct err *image_core_open(const char *path, const struct image_core_opts *opts, struct image **out)
{
    SCOPED(closep) int fd = -1;
    SCOPED(err_freep) struct err *problem = NULL;
    SCOPED(map_freep) struct core_map *m = xcalloc(1, sizeof(*m));
    struct image *im = NULL;
    struct stat st;
    uint8_t head[8];

    TRY(open_regular(path, &fd, &st));
    ssize_t n = pread(fd, head, sizeof(head), 0);
    if (n < 0)
        return err_errno(errno, "cannot read %s", path);
    const struct codec *codec = codec_find((struct bytes){head, (size_t)n});
    if (codec)
        TRY(open_packed(fd, path, codec, opts ? opts->progress : NULL, m, &problem));
    else
        TRY(filemap_fd(fd, path, &m->file));
    TRY(open_image(m, path, &im));
    im->priv = TAKE(m);
    im->ops = &core_ops;
    if (!im->dump_time)
        im->dump_time = (uint64_t)st.st_mtime;
    read_xattrs(im, fd);
    image_problem(im, TAKE(problem));
    *out = im;
    return NULL;
}
