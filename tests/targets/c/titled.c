/* SPDX-License-Identifier: Apache-2.0 */
/* Moves its environment, writes a title over where it was, as setproctitle() does, and sets one more variable: argument 1. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

extern char **environ;

int main(int argc, char **argv)
{
    size_t n = 0;
    char *start, *end;

    if (argc != 2)
        return 2;
    while (environ[n])
        n++;
    char **moved = calloc(n + 1, sizeof(*moved));
    start = environ[0];
    end = environ[n - 1] + strlen(environ[n - 1]) + 1;
    for (size_t i = 0; i < n; i++)
        moved[i] = strdup(environ[i]);
    char *later = strdup(argv[1]);
    environ = moved;
    memset(argv[0], 0, (size_t)(end - argv[0]));
    snprintf(argv[0], (size_t)(end - argv[0]), "titled: waiting for something with a title that is long enough %d",
             (int)(end > start));
    putenv(later);
    puts("ready");
    fflush(stdout);
    for (;;)
        pause();
}
