/* SPDX-License-Identifier: Apache-2.0 */
/* names_of FILE find|anywhere NAME; names_of FILE in SOURCE NAME; names_of FILE each KINDS;
 * names_of FILE count KINDS; names_of FILE files:
 * what the index of a program's names answers, for tests/e2e/test_index.py. A line a hit: kind, "-" or
 * "declaration", module, offset of the DIE in hexadecimal or the symbol's address, name. */
#include "value/index.h"

#include <inttypes.h>

static void put_hit(const struct index_hit *h, const char *name)
{
    printf("%u %s %s %c%" PRIx64 " %s\n", h->kind, h->declaration ? "declaration" : "-", h->module->name,
           h->die.unit ? '@' : '*', h->die.unit ? h->die.offset : h->symbol.addr, name);
}

static bool put_each(void *arg, const struct index_hit *h, const char *name)
{
    (void)arg;
    put_hit(h, name);
    return true;
}

static struct err *put_files(struct index *ix)
{
    struct index_files files;
    TRY(index_files(ix, &files));
    for (size_t i = 0; i < files.n; i++)
        puts(files.v[i]);
    return NULL;
}

/* A line for each line of the input, a name: how many hits it has. */
static struct err *count_all(struct index *ix, unsigned kinds)
{
    char *line = NULL;
    size_t room = 0;
    ssize_t n;
    struct err *e = NULL;
    while (!e && (n = getline(&line, &room, stdin)) > 0) {
        struct index_hits hits = {0};
        line[n - 1] = 0;
        e = index_find(ix, line, kinds, false, NULL, &hits);
        printf("%zu\n", hits.n);
    }
    free(line);
    return e;
}

static struct err *ask(struct index *ix, char **word, int n)
{
    struct index_hits hits = {0};
    if (n == 1 && strcmp(word[0], "files") == 0)
        return put_files(ix);
    if (n == 2 && strcmp(word[0], "count") == 0)
        return count_all(ix, (unsigned)atoi(word[1]));
    if (n == 2 && strcmp(word[0], "each") == 0)
        return index_each(ix, (unsigned)atoi(word[1]), put_each, NULL);
    if (n == 2 && (strcmp(word[0], "find") == 0 || strcmp(word[0], "anywhere") == 0))
        TRY(index_find(ix, word[1], INDEX_ALL, word[0][0] == 'a', NULL, &hits));
    else if (n == 3 && strcmp(word[0], "in") == 0)
        TRY(index_find_in_file(ix, word[1], word[2], INDEX_ALL, &hits));
    else
        return err_new(ERR_USAGE, "names_of FILE find|anywhere|in|each|files ...");
    for (size_t i = 0; i < hits.n; i++)
        put_hit(&hits.v[i], hits.v[i].name);
    return NULL;
}

int main(int argc, char **argv)
{
    struct image *im = NULL;
    struct module_opts opts = {.no_debuginfod = true};
    struct err *e = argc < 3 ? err_new(ERR_USAGE, "names_of FILE QUESTION") : image_file_open(argv[1], &im);
    if (!e) {
        struct modules *ms = modules_load(im, &opts);
        struct index *ix = index_new(ms, NULL);
        e = ask(ix, argv + 2, argc - 2);
        index_free(ix);
        modules_free(ms);
        image_free(im);
    }
    if (e)
        fprintf(stderr, "%s\n", e->msg);
    int failed = e != NULL;
    err_free(e);
    return failed;
}
