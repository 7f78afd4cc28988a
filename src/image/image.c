/* SPDX-License-Identifier: Apache-2.0 */
#include "image/build.h"

struct image *image_new(enum image_kind kind, const char *path)
{
    struct image *im = xcalloc(1, sizeof(*im));

    im->kind = kind;
    im->path = arena_strdup(&im->arena, path);
    return im;
}

void image_free(struct image *im)
{
    if (!im)
        return;
    if (im->ops && im->ops->free)
        im->ops->free(im);
    for (size_t i = 0; i < im->problems.n; i++)
        err_free(im->problems.v[i]);
    vec_done(&im->problems);
    vec_done(&im->limits);
    vec_done(&im->auxv);
    vec_done(&im->files);
    vec_done(&im->maps);
    vec_done(&im->threads);
    space_done(&im->space);
    arena_done(&im->arena);
    free(im);
}

void image_problem(struct image *im, struct err *e)
{
    if (e)
        *vec_push(&im->problems) = e;
}

const char *image_mapped_path(struct image *im, const char *path, bool *deleted)
{
    static const char suffix[] = " (deleted)";
    size_t n = strlen(path), cut = sizeof(suffix) - 1;

    *deleted = n > cut && strcmp(path + n - cut, suffix) == 0;
    return arena_strndup(&im->arena, path, *deleted ? n - cut : n);
}

const char *image_join_arguments(struct image *im, const char *args, size_t n)
{
    while (n > 0 && args[n - 1] == '\0')
        n--;
    if (n == 0)
        return NULL;
    char *joined = arena_alloc(&im->arena, n + 1);
    for (size_t i = 0; i < n; i++)
        joined[i] = args[i] ? args[i] : ' ';
    return joined;
}

const struct mapping *image_mapping(const struct image *im, taddr at)
{
    size_t lo = 0, n = im->maps.n;

    while (n > 0) {
        size_t half = n / 2;
        if (im->maps.v[lo + half].end <= at) {
            lo += half + 1;
            n -= half + 1;
        } else {
            n = half;
        }
    }
    return lo < im->maps.n && im->maps.v[lo].start <= at ? &im->maps.v[lo] : NULL;
}

const struct image_file *image_file(const struct image *im, taddr start)
{
    size_t lo = 0, n = im->files.n;

    while (n > 0) {
        size_t half = n / 2;
        if (im->files.v[lo + half].start < start) {
            lo += half + 1;
            n -= half + 1;
        } else {
            n = half;
        }
    }
    return lo < im->files.n && im->files.v[lo].start == start ? &im->files.v[lo] : NULL;
}

bool image_auxv(const struct image *im, uint64_t type, uint64_t *out)
{
    for (size_t i = 0; i < im->auxv.n; i++) {
        if (im->auxv.v[i].type == type) {
            *out = im->auxv.v[i].value;
            return true;
        }
    }
    return false;
}
