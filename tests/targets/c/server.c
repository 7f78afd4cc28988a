/* SPDX-License-Identifier: Apache-2.0 */
/* A small server in the manner of Valkey: `server SOCKET` listens on a Unix socket, answers PING, and writes where
 * nothing is when a client says DEBUG SEGFAULT. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

struct client {
    int fd;
    size_t used;
    char query[256];
    char *argv[4];
    int argc;
};
struct server {
    int listener, events;
    long served;
    const char *path;
};
static struct server server;

static void reply(const struct client *c, const char *text)
{
    if (write(c->fd, text, strlen(text)) < 0)
        perror("write");
}

static void debugCommand(struct client *c)
{
    volatile char *nowhere = NULL;
    if (c->argc > 1 && strcmp(c->argv[1], "SEGFAULT") == 0)
        *nowhere = 'x';
    reply(c, "-ERR unknown DEBUG subcommand\r\n");
}

static void processCommand(struct client *c)
{
    c->argc = 0;
    for (char *word = strtok(c->query, " \r\n"); word && c->argc < 4; word = strtok(NULL, " \r\n"))
        c->argv[c->argc++] = word;
    server.served++;
    if (c->argc && strcmp(c->argv[0], "DEBUG") == 0)
        debugCommand(c);
    else
        reply(c, "+PONG\r\n");
}

static void readQueryFromClient(struct client *c)
{
    ssize_t n = read(c->fd, c->query + c->used, sizeof(c->query) - 1 - c->used);
    if (n <= 0) {
        close(c->fd);
        free(c);
        return;
    }
    c->used += (size_t)n;
    c->query[c->used] = 0;
    if (strchr(c->query, '\n')) {
        processCommand(c);
        c->used = 0;
    }
}

static void acceptClient(void)
{
    struct client *c = calloc(1, sizeof(*c));
    struct epoll_event e = {.events = EPOLLIN, .data.ptr = c};
    if (!c)
        abort();
    c->fd = accept(server.listener, NULL, NULL);
    epoll_ctl(server.events, EPOLL_CTL_ADD, c->fd, &e);
}

static void aeMain(void)
{
    for (;;) {
        struct epoll_event e;
        if (epoll_wait(server.events, &e, 1, -1) != 1)
            continue;
        if (e.data.ptr)
            readQueryFromClient(e.data.ptr);
        else
            acceptClient();
    }
}

int main(int argc, char **argv)
{
    struct sockaddr_un at = {.sun_family = AF_UNIX};
    struct epoll_event e = {.events = EPOLLIN};
    if (argc != 2)
        return 2;
    server.path = argv[1];
    snprintf(at.sun_path, sizeof(at.sun_path), "%s", argv[1]);
    server.listener = socket(AF_UNIX, SOCK_STREAM, 0);
    server.events = epoll_create1(0);
    if (bind(server.listener, (struct sockaddr *)&at, sizeof(at)) < 0 || listen(server.listener, 8) < 0)
        return 1;
    epoll_ctl(server.events, EPOLL_CTL_ADD, server.listener, &e);
    puts("ready");
    fflush(stdout);
    aeMain();
    return 0;
}
