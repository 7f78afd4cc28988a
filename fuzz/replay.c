/* SPDX-License-Identifier: Apache-2.0 */
/* Runs a fuzz target once for every file of a folder, so that what the fuzzer found stays found. */
#include <dirent.h>
#include <errno.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);

enum { EXIT_SKIP = 77 }; /* what Meson takes for a skipped test */

static void die(const char *what, const char *path)
{
    fprintf(stderr, "replay: cannot %s %s: %s\n", what, path, strerror(errno));
    exit(1);
}

/* The input lies in a heap block of its exact size: a sanitizer sees a read of one byte more. */
static void replay(const char *path)
{
    FILE *f = fopen(path, "rb");
    if (!f || fseek(f, 0, SEEK_END) != 0)
        die("open", path);
    size_t n = (size_t)ftell(f);
    rewind(f);
    uint8_t *data = malloc(n ? n : 1);
    if (!data || fread(data, 1, n, f) != n)
        die("read", path);
    fclose(f);
    fprintf(stderr, "%s\n", path); /* the last one printed is the one that crashed */
    LLVMFuzzerTestOneInput(data, n);
    free(data);
}

int main(int argc, char **argv)
{
    if (argc != 2) {
        fprintf(stderr, "usage: %s FOLDER\n", argv[0]);
        return 2;
    }
    struct dirent **entries;
    int n = scandir(argv[1], &entries, NULL, alphasort);
    if (n < 0 && errno == ENOENT)
        return EXIT_SKIP;
    if (n < 0)
        die("list", argv[1]);
    size_t inputs = 0;
    for (int i = 0; i < n; i++) {
        char path[4096];
        snprintf(path, sizeof(path), "%s/%s", argv[1], entries[i]->d_name);
        if (entries[i]->d_name[0] != '.') {
            replay(path);
            inputs++;
        }
        free(entries[i]);
    }
    free(entries);
    printf("%zu inputs\n", inputs);
    return inputs ? 0 : EXIT_SKIP;
}
