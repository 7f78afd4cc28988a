/* SPDX-License-Identifier: Apache-2.0 */
#include "front/serve/connections.h"

#include "base/mem.h"

#include <errno.h>
#include <inttypes.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdarg.h>
#include <sys/eventfd.h>
#include <sys/socket.h>

enum {
    CONNECTIONS_MAX = 128,   /* each has a thread; more wait in the socket's queue */
    FIRST_BYTE_SECONDS = 60, /* a client that says nothing at all makes room for others */
    SECOND_MS = 1000,
};

struct connection {
    struct server *server; /* NULL: two descriptors */
    struct call *call;
    struct shared *shared;
    struct server_log *log;
    struct turn turn;
    const struct protocol *protocol; /* NULL: not known yet */
    uint64_t number;
    int in, out;
    int hung_up;     /* eventfd that ends reading from a descriptor that is no socket; -1: a socket */
    int pushed_back; /* the byte that told the protocol; -1: was read */
    pthread_t thread;
    bool ends_server;
    bool left;            /* the client has, as the accepting thread saw */
    atomic_bool finished; /* its thread is about to end */
};

struct server {
    struct server_opts opts;
    struct listener *listener;
    pthread_t thread;
    VEC(struct connection *) open; /* the accepting thread's */
    uint64_t taken;
    int wake; /* eventfd: a connection finished, or the end */
    atomic_bool ending;
};

/* ---- for protocols ---- */

void connection_hang_up(struct connection *c)
{
    if (c->hung_up < 0)
        shutdown(c->in, SHUT_RD);
    else
        eventfd_write(c->hung_up, 1);
}

/* False: connection_hang_up() came first. */
static bool await_bytes(const struct connection *c)
{
    struct pollfd p[] = {{.fd = c->in, .events = POLLIN}, {.fd = c->hung_up, .events = POLLIN}};
    if (c->hung_up < 0)
        return true; /* the read itself ends */
    while (poll(p, ARRAY_LEN(p), -1) < 0 && errno == EINTR)
        ;
    return !p[1].revents;
}

struct err *connection_read(struct connection *c, void *buf, size_t max, size_t *n)
{
    if (c->pushed_back >= 0 && max) {
        *(unsigned char *)buf = (unsigned char)c->pushed_back;
        c->pushed_back = -1;
        *n = 1;
        return NULL;
    }
    ssize_t r;
    do
        r = await_bytes(c) ? read(c->in, buf, max) : 0;
    while (r < 0 && errno == EINTR);
    if (r < 0 && errno == ECONNRESET)
        r = 0; /* gone without a farewell */
    if (r < 0)
        return err_errno(errno, "cannot read from the client");
    *n = (size_t)r;
    return NULL;
}

struct err *connection_write(struct connection *c, const void *p, size_t n)
{
    const char *at = p;
    while (n) {
        ssize_t w = c->server ? send(c->out, at, n, MSG_NOSIGNAL) : write(c->out, at, n);
        if (w < 0 && errno == EINTR)
            continue;
        if (w < 0 && (errno == EPIPE || errno == ECONNRESET))
            return err_new(ERR_GONE, "the client has left");
        if (w < 0)
            return err_errno(errno, "cannot write to the client");
        at += w;
        n -= (size_t)w;
    }
    return NULL;
}

struct shared *connection_shared(struct connection *c)
{
    return c->shared;
}

struct turn *connection_turn(struct connection *c)
{
    return &c->turn;
}

struct call *connection_call(struct connection *c)
{
    return c->call;
}

bool connection_multiclient(const struct connection *c)
{
    return c->server && c->server->opts.multiclient;
}

void connection_end_server(struct connection *c)
{
    c->ends_server = true;
}

struct server_log *connection_log(struct connection *c)
{
    return c->log;
}

void connection_note(struct connection *c, const char *fmt, ...)
{
    if (!server_log_has(c->log, LOG_DEBUGGER))
        return;
    SCOPED(freep) char *said = NULL;
    va_list args;
    va_start(args, fmt);
    int n = vasprintf(&said, fmt, args);
    va_end(args);
    if (n < 0)
        mem_exhausted();
    server_log_line(c->log, LOG_DEBUGGER, LOG_DEBUG, "client %" PRIu64 ": %s", c->number, said);
}

/* ---- one conversation ---- */

static const struct protocol *protocol_of(const struct call *call, unsigned char first)
{
    for (const struct protocol *const *p = call->protocols; *p; p++)
        if (!(*p)->detect || (*p)->detect(first))
            return *p;
    return NULL;
}

/* Waits for the first byte, which stays unread. NULL: none came, or none that begins anything. */
static const struct protocol *await_protocol(struct connection *c)
{
    struct pollfd p = {.fd = c->in, .events = POLLIN};
    unsigned char first;
    if (!listener_check_token(c->server->listener, c->in, FIRST_BYTE_SECONDS)) {
        connection_note(c, "did not begin with the token");
        return NULL;
    }
    if (poll(&p, 1, FIRST_BYTE_SECONDS * SECOND_MS) <= 0 || recv(c->in, &first, 1, 0) != 1) {
        connection_note(c, "said nothing");
        return NULL;
    }
    c->pushed_back = first;
    return protocol_of(c->call, first);
}

static struct err *converse(struct connection *c)
{
    connection_note(c, "speaks %s", c->protocol->name);
    server_log_line(c->log, LOG_RPC, LOG_DEBUG, "serving %s on new connection", c->protocol->name);
    struct err *e = c->protocol->run(c);
    turn_end(&c->turn);
    return e;
}

static void *run_connection(void *arg)
{
    struct connection *c = arg;
    c->protocol = await_protocol(c);
    if (c->protocol) {
        struct err *e = converse(c);
        if (e)
            connection_note(c, "%s", e->msg);
        err_free(e);
    }
    connection_note(c, "ended");
    shutdown(c->in, SHUT_RDWR);
    atomic_store(&c->finished, true);
    eventfd_write(c->server->wake, 1);
    return NULL;
}

struct err *serve_descriptors(struct call *call, struct server_log *log, const struct protocol *p,
                              struct shared *shared, int in, int out)
{
    SCOPED(closep) int hung_up = eventfd(0, EFD_CLOEXEC);
    if (hung_up < 0)
        return err_errno(errno, "cannot make an event");
    struct connection c = {.call = call,
                           .log = log,
                           .protocol = p,
                           .shared = shared,
                           .number = 1,
                           .in = in,
                           .out = out,
                           .hung_up = hung_up,
                           .pushed_back = -1};
    return converse(&c);
}

/* ---- the accepting thread ---- */

static void start_connection(struct server *sv, int fd)
{
    struct connection *c = xcalloc(1, sizeof(*c));
    *c = (struct connection){.server = sv,
                             .call = sv->opts.call,
                             .shared = sv->opts.shared,
                             .number = ++sv->taken,
                             .in = fd,
                             .out = fd,
                             .hung_up = -1,
                             .pushed_back = -1,
                             .log = sv->opts.log};
    connection_note(c, "connected");
    *vec_push(&sv->open) = c;
    if (pthread_create(&c->thread, NULL, run_connection, c) != 0) {
        connection_note(c, "no thread");
        sv->open.n--;
        close(fd);
        free(c);
    }
}

static void end_connection(struct connection *c)
{
    pthread_join(c->thread, NULL);
    close(c->in);
    free(c);
}

/* Did one end whose end is that of the server? */
static bool reap(struct server *sv)
{
    bool last = false;
    size_t kept = 0;
    for (size_t i = 0; i < sv->open.n; i++) {
        struct connection *c = sv->open.v[i];
        if (!atomic_load(&c->finished)) {
            sv->open.v[kept++] = c;
            continue;
        }
        last |= c->ends_server || (c->protocol && !sv->opts.multiclient);
        end_connection(c);
    }
    sv->open.n = kept;
    return last;
}

/* A client that hung up wants no answer any more. One that only ended its own half may. */
static void look_who_left(struct server *sv, const struct pollfd *polled, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        struct connection *c = sv->open.v[i];
        if (!(polled[i].revents & (POLLHUP | POLLERR)))
            continue;
        c->left = true;
        turn_cancel(&c->turn);
    }
}

static void say_refused(struct server *sv)
{
    err_free(server_log_say(sv->opts.log, stderr,
                            "closing connection from different user: only the user of this server may connect "
                            "(--only-same-user=false lets all users of this machine)"));
}

static void *take_connections(void *arg)
{
    enum { FULL_WAIT = 200 }; /* milliseconds */
    struct server *sv = arg;
    struct pollfd polled[CONNECTIONS_MAX + 2];
    bool waits = false; /* a client, for whom there is no descriptor until another has left */
    while (!atomic_load(&sv->ending)) {
        size_t n = sv->open.n, most = sv->opts.multiclient ? CONNECTIONS_MAX : 1;
        for (size_t i = 0; i < n; i++)
            polled[i] = (struct pollfd){.fd = sv->open.v[i]->left ? -1 : sv->open.v[i]->in};
        polled[n] = (struct pollfd){.fd = sv->wake, .events = POLLIN};
        polled[n + 1] = (struct pollfd){.fd = n < most && !waits ? sv->listener->fd : -1, .events = POLLIN};
        int ready = poll(polled, n + 2, waits ? FULL_WAIT : -1);
        waits = false;
        if (ready < 0)
            continue;
        look_who_left(sv, polled, n);
        eventfd_t count;
        if (polled[n].revents && eventfd_read(sv->wake, &count) == 0 && reap(sv))
            shared_end(sv->opts.shared);
        else if (polled[n + 1].revents) {
            bool refused;
            int fd = listener_accept(sv->listener, &refused);
            if (fd >= 0)
                start_connection(sv, fd);
            else if (refused)
                say_refused(sv);
            else
                waits = true;
        }
    }
    return NULL;
}

struct err *server_start(const struct server_opts *opts, struct listener *l, struct server **out)
{
    static const int for_main[] = {SIGINT, SIGTERM, SIGHUP, SIGALRM, SIGPIPE};
    struct server *sv = xcalloc(1, sizeof(*sv));
    sigset_t block, before;
    sv->opts = *opts;
    sv->listener = l;
    sv->wake = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    sigemptyset(&block);
    for (size_t i = 0; i < ARRAY_LEN(for_main); i++)
        sigaddset(&block, for_main[i]);
    pthread_sigmask(SIG_BLOCK, &block, &before); /* threads inherit it: signals are the main thread's */
    int failed = sv->wake < 0 ? errno : pthread_create(&sv->thread, NULL, take_connections, sv);
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    if (failed) {
        closep(&sv->wake);
        free(sv);
        return err_errno(failed, "cannot serve");
    }
    *out = sv;
    return NULL;
}

void server_stop(struct server *sv)
{
    atomic_store(&sv->ending, true);
    eventfd_write(sv->wake, 1);
    pthread_join(sv->thread, NULL);
    for (size_t i = 0; i < sv->open.n; i++)
        shutdown(sv->open.v[i]->in, SHUT_RDWR);
    for (size_t i = 0; i < sv->open.n; i++)
        end_connection(sv->open.v[i]);
    vec_done(&sv->open);
    closep(&sv->wake);
    free(sv);
}
