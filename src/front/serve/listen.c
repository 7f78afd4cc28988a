/* SPDX-License-Identifier: Apache-2.0 */
#include "front/serve/listen.h"

#include "base/file.h"
#include "base/mem.h"
#include "front/front.h"

#include <errno.h>
#include <inttypes.h>
#include <netdb.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sys/random.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <time.h>

enum {
    BACKLOG = 64,
    TOKEN_BYTES = 16, /* of one that we make */
    TOKEN_MIN = 16,   /* characters of one that is given */
    TOKEN_MAX = 256,
    TABLE_MAX = 64 << 20, /* of /proc/net/tcp */
    SECOND_MS = 1000,
};

/* ---- unix sockets ---- */

static bool somebody_listens(const struct sockaddr_un *at)
{
    SCOPED(closep) int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    return fd >= 0 && (connect(fd, (const struct sockaddr *)at, sizeof(*at)) == 0 || errno == EAGAIN);
}

/* What a server that was killed left behind. */
static void remove_stale(const struct sockaddr_un *at)
{
    struct stat st;
    if (lstat(at->sun_path, &st) == 0 && S_ISSOCK(st.st_mode) && !somebody_listens(at))
        unlink(at->sun_path);
}

static struct err *open_unix(const char *path, struct listener *l)
{
    struct sockaddr_un at = {.sun_family = AF_UNIX};
    if (!*path || strlen(path) >= sizeof(at.sun_path))
        return err_new(ERR_USAGE, "the path of a socket has 1 to %zu bytes", sizeof(at.sun_path) - 1);
    memcpy(at.sun_path, path, strlen(path) + 1);
    remove_stale(&at);
    SCOPED(closep) int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (fd < 0)
        return err_errno(errno, "no socket");
    /* The mode that it is made with, so that there is no moment in which others may connect. */
    fchmod(fd, S_IRUSR | S_IWUSR);
    if (bind(fd, (const struct sockaddr *)&at, sizeof(at)) != 0)
        return errno == EADDRINUSE ? err_new(ERR_BUSY, "%s is in use", path)
                                   : err_errno(errno, "cannot listen at %s", path);
    l->path = xstrdup(path);
    if (listen(fd, BACKLOG) != 0)
        return err_errno(errno, "cannot listen at %s", path);
    l->fd = fd;
    fd = -1;
    return NULL;
}

/* ---- TCP ---- */

static bool is_loopback(const struct sockaddr *a)
{
    if (a->sa_family == AF_INET) {
        struct sockaddr_in in;
        memcpy(&in, a, sizeof(in));
        return ntohl(in.sin_addr.s_addr) >> 24 == IN_LOOPBACKNET;
    }
    struct sockaddr_in6 in6;
    memcpy(&in6, a, sizeof(in6));
    return IN6_IS_ADDR_LOOPBACK(&in6.sin6_addr);
}

/* "host:port", "[host]:port", ":port": heap strings, the caller's. */
static struct err *split_address(const char *address, char **host, char **port)
{
    const char *colon = strrchr(address, ':');
    uint64_t number; /* getaddrinfo() would take 65537 for 1 */
    if (!colon || !parse_number(colon + 1, UINT16_MAX, &number))
        return err_hint(err_new(ERR_USAGE, "'%s' is no address to listen at", address),
                        "HOST:PORT, such as 127.0.0.1:4040, or unix:PATH");
    size_t n = (size_t)(colon - address);
    bool bracketed = n >= 2 && address[0] == '[' && address[n - 1] == ']';
    *host = !n ? xstrdup("127.0.0.1") : bracketed ? xstrndup(address + 1, n - 2) : xstrndup(address, n);
    *port = xstrdup(colon + 1);
    return NULL;
}

static struct err *bind_tcp(const struct addrinfo *ai, const struct listen_opts *o, int *out)
{
    if (!o->allow_remote && !is_loopback(ai->ai_addr))
        return err_hint(err_new(ERR_USAGE, "%s can be reached from other machines", o->address),
                        "listen at 127.0.0.1 and let people come through ssh -L; --allow-remote does it anyway");
    SCOPED(closep) int fd = socket(ai->ai_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    int on = 1;
    if (fd < 0)
        return err_errno(errno, "no socket");
    setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on));
    if (bind(fd, ai->ai_addr, ai->ai_addrlen) != 0 || listen(fd, BACKLOG) != 0)
        return errno == EADDRINUSE ? err_new(ERR_BUSY, "%s is in use", o->address)
                                   : err_errno(errno, "cannot listen at %s", o->address);
    *out = fd;
    fd = -1;
    return NULL;
}

static struct err *open_tcp(const struct listen_opts *o, struct listener *l)
{
    SCOPED(freep) char *host = NULL, *port = NULL;
    struct addrinfo hints = {.ai_flags = AI_PASSIVE, .ai_socktype = SOCK_STREAM}, *found;
    TRY(split_address(o->address, &host, &port));
    int failed = getaddrinfo(host, port, &hints, &found);
    if (failed)
        return err_new(ERR_USAGE, "cannot listen at %s: %s", o->address, gai_strerror(failed));
    struct err *e = bind_tcp(found, o, &l->fd);
    freeaddrinfo(found);
    return e;
}

/* ---- tokens ---- */

static struct err *make_token(char **out)
{
    unsigned char bytes[TOKEN_BYTES];
    struct text t = {0};
    if (getrandom(bytes, sizeof(bytes), 0) != (ssize_t)sizeof(bytes))
        return err_errno(errno, "no random bytes for a token");
    for (size_t i = 0; i < sizeof(bytes); i++)
        text_printf(&t, "%02x", bytes[i]);
    *out = text_take(&t);
    return NULL;
}

static struct err *read_token(const char *path, char **out)
{
    SCOPED(freep) char *text = NULL;
    size_t n;
    TRY(file_slurp(path, 2 * TOKEN_MAX, &text, &n));
    size_t line = strcspn(text, "\r\n");
    if (line < TOKEN_MIN || line > TOKEN_MAX)
        return err_new(ERR_USAGE, "the first line of %s must have %d to %d characters", path, TOKEN_MIN, TOKEN_MAX);
    *out = xstrndup(text, line);
    return NULL;
}

/* Of two strings, in a time that tells nothing about where they differ. */
static bool same_token(const char *a, const char *b, size_t n)
{
    unsigned char differs = 0;
    for (size_t i = 0; i < n; i++)
        differs |= (unsigned char)(a[i] ^ b[i]);
    return differs == 0;
}

bool listener_check_token(const struct listener *l, int fd, int seconds)
{
    size_t want = l->token ? strlen(l->token) : 0, n = 0;
    char got[TOKEN_MAX + 2];
    time_t until = time(NULL) + seconds;
    if (!l->token)
        return true;
    while (n < want + 1) {
        struct pollfd p = {.fd = fd, .events = POLLIN};
        time_t left = until - time(NULL);
        if (left <= 0 || poll(&p, 1, (int)left * SECOND_MS) <= 0)
            return false;
        ssize_t r = recv(fd, got + n, want + 1 - n, MSG_DONTWAIT);
        if (r <= 0)
            return false;
        n += (size_t)r;
    }
    return same_token(got, l->token, want) && got[want] == '\n';
}

/* ---- who connects ---- */

/* Port and address of one end as /proc/net/tcp and tcp6 write them: Linux net/ipv4/tcp_ipv4.c, get_tcp4_sock(); the
 * words of the address in the byte order of the machine, the port as a number. */
static void put_end(struct text *t, const struct sockaddr_storage *a)
{
    uint32_t words[4];
    if (a->ss_family == AF_INET) {
        struct sockaddr_in in;
        memcpy(&in, a, sizeof(in));
        text_printf(t, "%08" PRIX32 ":%04X", in.sin_addr.s_addr, ntohs(in.sin_port));
        return;
    }
    struct sockaddr_in6 in6;
    memcpy(&in6, a, sizeof(in6));
    memcpy(words, &in6.sin6_addr, sizeof(words));
    for (size_t i = 0; i < ARRAY_LEN(words); i++)
        text_printf(t, "%08" PRIX32, words[i]);
    text_printf(t, ":%04X", ntohs(in6.sin6_port));
}

/* The user of the socket at the other end of a loopback connection: the row whose local end is our peer. */
static bool find_user(const char *table, const char *ends, unsigned long *uid)
{
    SCOPED(freep) char *text = NULL;
    size_t n;
    struct err *e = file_slurp(table, TABLE_MAX, &text, &n);
    if (e) {
        err_free(e);
        return false;
    }
    const char *row = strstr(text, ends);
    /* then: state, queues, timer, retransmits, uid */
    return row && sscanf(row + strlen(ends), " %*x %*x:%*x %*x:%*x %*x %lu", uid) == 1;
}

static bool same_user_row(const char *table, const struct sockaddr_storage *peer, const struct sockaddr_storage *own,
                          bool *known)
{
    SCOPED(text_done) struct text ends = {0};
    unsigned long uid = 0;
    put_end(&ends, peer);
    text_putc(&ends, ' ');
    put_end(&ends, own);
    *known = find_user(table, text_str(&ends), &uid);
    return *known && uid == getuid();
}

/* As a socket for both families has it (RFC 4291, 2.5.5.2), which Java's runtime opens, and so its editors. */
static void map_end(struct sockaddr_storage *a)
{
    struct sockaddr_in in;
    struct sockaddr_in6 in6 = {.sin6_family = AF_INET6};
    memcpy(&in, a, sizeof(in));
    in6.sin6_port = in.sin_port;
    in6.sin6_addr.s6_addr[10] = in6.sin6_addr.s6_addr[11] = 0xff;
    memcpy(&in6.sin6_addr.s6_addr[12], &in.sin_addr, sizeof(in.sin_addr));
    memcpy(a, &in6, sizeof(in6));
}

static bool same_user_tcp(int fd)
{
    struct sockaddr_storage peer = {0}, own = {0};
    socklen_t n = sizeof(peer), m = sizeof(own);
    if (getpeername(fd, (struct sockaddr *)&peer, &n) != 0 || getsockname(fd, (struct sockaddr *)&own, &m) != 0)
        return false;
    bool known;
    if (peer.ss_family == AF_INET) {
        bool same = same_user_row("/proc/net/tcp", &peer, &own, &known);
        if (known)
            return same;
        map_end(&peer);
        map_end(&own);
    }
    return same_user_row("/proc/net/tcp6", &peer, &own, &known);
}

static bool same_user_unix(int fd)
{
    struct ucred who;
    socklen_t n = sizeof(who);
    return getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &who, &n) == 0 && (who.uid == getuid() || who.uid == 0);
}

int listener_accept(const struct listener *l, bool *refused)
{
    int fd = accept4(l->fd, NULL, NULL, SOCK_CLOEXEC), on = 1;
    *refused = fd >= 0 && l->same_user && !(l->path ? same_user_unix(fd) : same_user_tcp(fd));
    if (*refused) {
        close(fd);
        return -1;
    }
    if (fd >= 0 && !l->path) {
        setsockopt(fd, SOL_SOCKET, SO_KEEPALIVE, &on, sizeof(on)); /* a machine that vanished */
        setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
    }
    return fd;
}

/* ---- all ---- */

void listener_put_address(const struct listener *l, struct text *t)
{
    struct sockaddr_storage at = {0};
    socklen_t n = sizeof(at);
    char host[NI_MAXHOST], port[NI_MAXSERV];
    if (l->path)
        text_put(t, l->path);
    else if (getsockname(l->fd, (struct sockaddr *)&at, &n) == 0 &&
             getnameinfo((struct sockaddr *)&at, n, host, sizeof(host), port, sizeof(port),
                         NI_NUMERICHOST | NI_NUMERICSERV) == 0)
        text_printf(t, at.ss_family == AF_INET6 ? "[%s]:%s" : "%s:%s", host, port);
}

struct err *listener_open(const struct listen_opts *opts, struct listener *out)
{
    static const char prefix[] = "unix:";
    SCOPED(listener_done)
    struct listener l = {.fd = -1, .same_user = opts->same_user && !opts->allow_remote};
    const char *address = opts->address;
    if (opts->allow_remote)
        TRY(opts->token_file ? read_token(opts->token_file, &l.token) : make_token(&l.token));
    if (begins_with(address, prefix))
        TRY(open_unix(address + sizeof(prefix) - 1, &l));
    else
        TRY(*address == '/' ? open_unix(address, &l) : open_tcp(opts, &l));
    *out = l;
    l = (struct listener){.fd = -1};
    return NULL;
}

void listener_done(struct listener *l)
{
    closep(&l->fd);
    l->fd = -1;
    if (l->path)
        unlink(l->path);
    free(l->path);
    free(l->token);
    l->path = l->token = NULL;
}
