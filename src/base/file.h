/* SPDX-License-Identifier: Apache-2.0 */
/* Files as bytes. */
#ifndef BASE_FILE_H
#define BASE_FILE_H

#include "base/cursor.h"
#include <sys/types.h>

/* A file mapped read-only. A file that shrinks while mapped would raise SIGBUS: regular files of a
 * target are mapped MAP_PRIVATE, and tool/ installs a SIGBUS handler that ends with a message. */
struct filemap {
    struct bytes data;
    char *path; /* as opened, for messages */
    dev_t dev;
    ino_t ino;
};

/* Maps a regular file; ERR_UNSUPPORTED for anything else, or an empty file. O_NOFOLLOW is not used. */
struct err *filemap_open(const char *path, struct filemap *out) MUST_CHECK;
/* As above for a descriptor, which stays the caller's; `path` is copied for messages. */
struct err *filemap_fd(int fd, const char *path, struct filemap *out) MUST_CHECK;
void filemap_done(struct filemap *f);

/* The whole of a small file such as those in /proc (which report size 0), NUL-terminated, at most
 * `limit` bytes (ERR_LIMIT beyond). *out is a heap string owned by the caller; n_out may
 * be NULL. */
struct err *file_slurp(const char *path, size_t limit, char **out, size_t *n_out) MUST_CHECK;

/* Writes n bytes at an offset, in as many calls as it takes. Returns 0 or errno. */
int file_write(int fd, const void *p, size_t n, uint64_t at);
/* The same, but blocks of 4096 bytes (counted from p) that are all zeros are left out: holes of a new file. Where fewer
 * than `hole` bytes of them follow each other they are written: a write more can take longer. */
int file_write_sparse(int fd, const void *p, size_t n, uint64_t at, size_t hole);

#endif
