/* SPDX-License-Identifier: Apache-2.0 */
/* Command line and environment, from where the kernel put them at the start of the program. From low to
 * high addresses (Linux fs/binfmt_elf.c create_elf_tables() and fs/exec.c):
 *
 *     argc, argv[], NULL, envp[], NULL, auxv[]      vectors of words
 *     ... 16 random bytes (AT_RANDOM) ...
 *     the strings of argv, the strings of envp, the name of the program (AT_EXECFN)
 *
 * A program may have moved its pointers around (getopt, unsetenv) or replaced them (setproctitle), so the
 * vectors give only the number of arguments and where their strings begin; the strings themselves are read
 * in their original order. */
#include "image/build.h"

#include <elf.h>
#include <inttypes.h>

enum {
    NEAR = 8192,             /* bytes below AT_RANDOM in which auxv must end */
    POINTERS_MAX = 1 << 20,  /* entries of argv and envp together */
    STRINGS_MAX = 16 << 20,  /* bytes of strings; the kernel allows 6 MiB */
};

static struct err *no_stack(const struct image *im)
{
    return err_new(im->kind == IMAGE_CORE ? ERR_NOT_IN_DUMP : ERR_NO_DATA,
                   "the top of the main thread's stack, where the command line lies, was not found");
}

/* Address of the auxiliary vector on the stack: the copy that starts with the entries that we know. */
static bool find_auxv(const struct image *im, taddr *out)
{
    unsigned word = im->arch->addr_size;
    uint64_t random, v;

    if (im->auxv.n < 3 || !image_auxv(im, AT_RANDOM, &random) || random < NEAR)
        return false;
    taddr start = (random - NEAR) & ~(taddr)15;
    for (taddr at = start + NEAR - word; at >= start; at -= word) {
        bool same = true;
        for (size_t i = 0; same && i < 3; i++)
            same = space_word(&im->space, at + 2 * i * word, word, &v) && v == im->auxv.v[i].type &&
                   space_word(&im->space, at + (2 * i + 1) * word, word, &v) && v == im->auxv.v[i].value;
        if (same) {
            *out = at;
            return true;
        }
    }
    return false;
}

struct strings {
    uint64_t argc;
    taddr start;
};

/* Walks down from auxv over envp and argv to argc: the word that equals the number of words above it. */
static bool find_strings(const struct image *im, taddr auxv, struct strings *out)
{
    unsigned word = im->arch->addr_size;
    taddr at = auxv, lowest = UINT64_MAX;
    uint64_t v, n = 0;

    at -= word;
    if (!space_word(&im->space, at, word, &v) || v != 0)
        return false;
    do { /* envp, down to the NULL that ends argv */
        at -= word;
        if (++n > POINTERS_MAX || !space_word(&im->space, at, word, &v))
            return false;
    } while (v != 0);
    for (n = 0; n < POINTERS_MAX; n++) {
        at -= word;
        if (!space_word(&im->space, at, word, &v))
            return false;
        if (v == n) {
            *out = (struct strings){.argc = n, .start = lowest};
            return lowest != UINT64_MAX;
        }
        if (v > auxv && v < lowest)
            lowest = v;
    }
    return false;
}

/* All strings from the first argument up to the program's name; heap, caller's. */
static struct err *read_strings(const struct image *im, char **out, size_t *n, uint64_t *argc)
{
    taddr auxv, end;
    struct strings s;

    if (!find_auxv(im, &auxv) || !find_strings(im, auxv, &s) || !image_auxv(im, AT_EXECFN, &end) || s.start >= end ||
        end - s.start > STRINGS_MAX)
        return no_stack(im);

    size_t size = (size_t)(end - s.start);
    SCOPED(freep) char *text = xmalloc(size);
    TRY(space_read(&im->space, s.start, text, size));
    *out = TAKE(text);
    *n = size;
    *argc = s.argc;
    return NULL;
}

/* Bytes that the first `count` strings take, NULs included. */
static size_t skip_strings(const char *text, size_t n, uint64_t count)
{
    size_t at = 0;

    for (; count > 0 && at < n; count--)
        at += strnlen(text + at, n - at) + 1;
    return at < n ? at : n;
}

/* A copy that the dump keeps; false when it has none. */
static bool kept(struct bytes b, char **out, size_t *n)
{
    if (b.n == 0)
        return false;
    *out = xmalloc(b.n);
    memcpy(*out, b.p, b.n);
    *n = b.n;
    return true;
}

struct err *image_arguments(struct image *im, char **out, size_t *n)
{
    if (kept(im->arguments, out, n))
        return NULL;

    SCOPED(freep) char *text = NULL;
    size_t size = 0;
    uint64_t argc = 0;

    TRY(read_strings(im, &text, &size, &argc));
    *n = skip_strings(text, size, argc);
    *out = TAKE(text);
    return NULL;
}

struct err *image_environ(struct image *im, char **out, size_t *n)
{
    if (kept(im->environment, out, n))
        return NULL;

    SCOPED(freep) char *text = NULL;
    size_t size = 0;
    uint64_t argc = 0;

    TRY(read_strings(im, &text, &size, &argc));
    size_t kept = 0;
    for (size_t at = skip_strings(text, size, argc); at < size;) {
        size_t len = strnlen(text + at, size - at);
        if (len > 0) { /* a program that shows its state as its title blanks the variables it wrote over */
            memmove(text + kept, text + at, len);
            kept += len;
            text[kept++] = '\0';
        }
        at += len + 1;
    }
    *n = kept;
    *out = TAKE(text);
    return NULL;
}
