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
/* The next of n bytes, from *start on, that are more than zeros: moves *start to them and gives their number, 0 when none
 * are left. Blocks of 4096 bytes (counted from p) count as a whole; fewer than `hole` bytes of zeros between others do
 * not count as such. */
size_t file_next_piece(const void *p, size_t n, size_t hole, size_t *start);
/* Writes those pieces alone: the rest are holes of a new file. Returns 0 or errno. */
int file_write_sparse(int fd, const void *p, size_t n, uint64_t at);

#endif
