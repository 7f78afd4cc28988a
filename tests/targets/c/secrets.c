/* SPDX-License-Identifier: Apache-2.0 */
/* Secrets in all places that C has: each line of standard input is one, so that none is in the program's file. */
#include <pthread.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { LINE = 200, THREADS = 3 };

struct account {
    int number;
    char *user, *password;
    char pin[16];
    struct account *next;
};
struct account *accounts;
char form[LINE * 2];
uint32_t *wide;
uint16_t *java;

static char *line(void)
{
    char *text = malloc(LINE);
    if (!text || !fgets(text, LINE, stdin))
        exit(1);
    text[strcspn(text, "\n")] = 0;
    return text;
}

static void *worker(void *arg)
{
    for (;;)
        pause();
    return arg;
}

static int __attribute__((noinline)) wait_deep(int depth, const struct account *account)
{
    if (depth > 0)
        return wait_deep(depth - 1, account->next) + account->number;
    puts("ready");
    fflush(stdout);
    for (;;)
        pause();
}

int main(void)
{
    pthread_t thread;
    char *in_form = line(), *in_wide = line(), *in_java = line(), on_stack[LINE];

    snprintf(on_stack, sizeof(on_stack), "Authorization: Bearer %s", line());
    snprintf(form, sizeof(form), "user=me password=%s end", in_form);
    wide = calloc(LINE, sizeof(*wide));
    java = calloc(LINE, sizeof(*java));
    for (size_t i = 0; in_wide[i]; i++)
        wide[i] = (unsigned char)in_wide[i];
    for (size_t i = 0; in_java[i]; i++)
        java[i] = (unsigned char)in_java[i];
    for (int i = 0; i < 2; i++) {
        struct account *account = calloc(1, sizeof(*account));
        *account = (struct account){4000 + i, strdup("someone"), line(), "", accounts ? accounts : account};
        snprintf(account->pin, sizeof(account->pin), "%s", line());
        accounts = account;
    }
    for (int i = 0; i < THREADS; i++)
        pthread_create(&thread, NULL, worker, NULL);
    /* The lines themselves have gone, as far as C is concerned. */
    memset(in_form, 0, LINE);
    memset(in_wide, 0, LINE);
    memset(in_java, 0, LINE);
    return wait_deep(4, accounts) + on_stack[0];
}
