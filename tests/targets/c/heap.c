/* SPDX-License-Identifier: Apache-2.0 */
/* heap FILE: a program that writes down where its memory is, a line "NAME ADDRESS SIZE" a piece, and aborts.
 * Sizes are what malloc_usable_size() says; of stacks, thread-local and static data, of the object. */
#include <malloc.h>
#include <pthread.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { BLOCKS = 2000, THREADS = 3, FREED = 7 };

static int in_data = 7;
static int in_bss[64];
static __thread int in_tls[8];
static pthread_barrier_t ready, never;

static void tell(const char *name, const void *at, size_t size)
{
    printf("%s %#lx %zu\n", name, (unsigned long)(uintptr_t)at, size);
}

static void tell_block(const char *name, void *block)
{
    tell(name, block, malloc_usable_size(block));
}

static void *thread(void *arg)
{
    char on_stack[100];
    memset(on_stack, 'x', sizeof(on_stack));
    memset(in_tls, 1, sizeof(in_tls));
    void *block = malloc(200), *freed = malloc(72);
    memset(block, 'y', 200);
    free(freed);
    flockfile(stdout);
    tell("stack", on_stack, sizeof(on_stack));
    tell("tls", in_tls, sizeof(in_tls));
    tell_block("used-other", block);
    tell("cached-other", freed, 72);
    funlockfile(stdout);
    pthread_barrier_wait(&ready);
    pthread_barrier_wait(&never);
    return arg;
}

int main(int argc, char **argv)
{
    static const size_t sizes[] = {1, 24, 25, 100, 500, 1032, 1033, 5000, 70000};
    static void *blocks[BLOCKS], *fast[FREED + 4], *binned, *large;
    pthread_t threads[THREADS];
    char on_stack[50] = "find me on the stack";

    if (argc > 1 && !freopen(argv[1], "w", stdout))
        return 1;
    for (int i = 0; i < BLOCKS; i++) {
        blocks[i] = malloc(sizes[i % (int)(sizeof(sizes) / sizeof(*sizes))]);
        memset(blocks[i], i, 1);
    }
    large = malloc(1 << 20);
    strcpy(large, "a needle in a large block");
    binned = malloc(3000);
    void *between = malloc(3000);
    for (int i = 0; i < FREED + 4; i++)
        fast[i] = malloc(40);

    pthread_barrier_init(&ready, NULL, THREADS + 1);
    pthread_barrier_init(&never, NULL, THREADS + 1);
    for (int i = 0; i < THREADS; i++)
        pthread_create(&threads[i], NULL, thread, NULL);
    pthread_barrier_wait(&ready);

    for (int i = 0; i < BLOCKS; i += 97)
        tell_block("used", blocks[i]);
    tell_block("mmapped", large);
    tell_block("used", between);
    tell("binned", binned, 3000);
    for (int i = 0; i < FREED + 4; i++)
        tell(i < FREED ? "cached" : "fast", fast[i], 40);
    tell("stack", on_stack, sizeof(on_stack));
    tell("data", &in_data, sizeof(in_data));
    tell("bss", in_bss, sizeof(in_bss));
    fflush(stdout);
    free(binned);
    for (int i = 0; i < FREED + 4; i++)
        free(fast[i]);
    abort();
}
