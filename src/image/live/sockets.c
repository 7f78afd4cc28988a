/* SPDX-License-Identifier: Apache-2.0 */
#include "image/live/sockets.h"

#include "base/text.h"

#include <arpa/inet.h>
#include <inttypes.h>

enum { SOCKETS_MAX = 1 << 18 };

/* Linux include/net/tcp_states.h. */
static const char *state_name(uint64_t state)
{
    static const char *const names[] = {NULL,         "established", "syn-sent",  "syn-received",
                                        "fin-wait-1", "fin-wait-2",  "time-wait", "closed",
                                        "close-wait", "last-ack",    "listening", "closing"};
    return state < ARRAY_LEN(names) ? names[state] : NULL;
}

/* The next word of a line, or "". */
static char *word(char **at)
{
    char *w = *at + strspn(*at, " ");
    size_t n = strcspn(w, " ");

    *at = w + n + (w[n] != '\0');
    w[n] = '\0';
    return w;
}

/* "0100007F:1F90": words of 32 bits in the machine's order, each of which is in that of the network. */
static bool put_address(char *w, char out[static INET6_ADDRSTRLEN + 16])
{
    char *colon = strchr(w, ':'), address[INET6_ADDRSTRLEN] = "";
    uint32_t words[4];
    size_t n = colon ? (size_t)(colon - w) / 8 : 0;

    if (n != 1 && n != 4)
        return false;
    for (size_t i = 0; i < n; i++) {
        char digits[9];
        memcpy(digits, w + i * 8, 8);
        digits[8] = '\0';
        words[i] = (uint32_t)strtoul(digits, NULL, 16);
    }
    if (!inet_ntop(n == 1 ? AF_INET : AF_INET6, words, address, sizeof(address)))
        return false;
    snprintf(out, INET6_ADDRSTRLEN + 16, n == 1 ? "%s:%lu" : "[%s]:%lu", address, strtoul(colon + 1, NULL, 16));
    return true;
}

/* "sl: local remote state queues timer retransmits uid timeout inode ..." */
static void read_inet(struct sockets *s, const char *kind, char *line)
{
    char *at = line, local[INET6_ADDRSTRLEN + 16], remote[INET6_ADDRSTRLEN + 16];

    (void)word(&at);
    bool good = put_address(word(&at), local) && put_address(word(&at), remote);
    uint64_t state = strtoull(word(&at), NULL, 16);
    for (int i = 0; i < 5; i++)
        (void)word(&at);
    uint64_t inode = strtoull(word(&at), NULL, 10);
    if (!good || !inode)
        return;
    bool tcp = begins_with(kind, "tcp");
    const char *name = tcp ? state_name(state) : NULL;
    bool alone = tcp ? state == 10 : state == 7; /* nobody is at the other end */
    *vec_push(&s->v) =
        (struct socket_address){.inode = inode,
                                .text = arena_printf(&s->arena, "%s %s%s%s%s%s", kind, local, alone ? "" : " to ",
                                                     alone ? "" : remote, name ? " " : "", name ? name : "")};
}

/* "address: references protocol flags type state inode path" */
static void read_unix(struct sockets *s, const char *kind, char *line)
{
    char *at = line;

    for (int i = 0; i < 6; i++)
        (void)word(&at);
    uint64_t inode = strtoull(word(&at), NULL, 10);
    if (inode && *at)
        *vec_push(&s->v) = (struct socket_address){.inode = inode, .text = arena_printf(&s->arena, "%s %s", kind, at)};
}

static int by_inode(const void *a, const void *b)
{
    const struct socket_address *x = a, *y = b;
    return (x->inode > y->inode) - (x->inode < y->inode);
}

void sockets_read(struct sockets *s, const struct proc *p)
{
    static const struct {
        const char *name, *file;
        void (*read)(struct sockets *s, const char *kind, char *line);
    } tables[] = {{"tcp", "net/tcp", read_inet},
                  {"tcp", "net/tcp6", read_inet},
                  {"udp", "net/udp", read_inet},
                  {"udp", "net/udp6", read_inet},
                  {"unix", "net/unix", read_unix}};

    for (size_t i = 0; i < ARRAY_LEN(tables); i++) {
        SCOPED(freep) char *text = NULL;
        char *save = NULL;
        struct err *e = proc_slurp(p, tables[i].file, &text, NULL);
        char *line = e ? NULL : strtok_r(text, "\n", &save); /* titles */
        while (line && (line = strtok_r(NULL, "\n", &save)) && s->v.n < SOCKETS_MAX)
            tables[i].read(s, tables[i].name, line);
        err_free(e); /* a kernel without that family */
    }
    if (s->v.n)
        qsort(s->v.v, s->v.n, sizeof(*s->v.v), by_inode);
}

void sockets_done(struct sockets *s)
{
    vec_done(&s->v);
    arena_done(&s->arena);
}

const char *sockets_find(const struct sockets *s, const char *link)
{
    static const char prefix[] = "socket:[";
    bool is = begins_with(link, prefix);
    struct socket_address key = {.inode = is ? strtoull(link + sizeof(prefix) - 1, NULL, 10) : 0};
    const struct socket_address *found = is && s->v.n ? bsearch(&key, s->v.v, s->v.n, sizeof(key), by_inode) : NULL;

    return found ? found->text : NULL;
}
