/* SPDX-License-Identifier: Apache-2.0 */
#include "front/dap/message.h"

#include "base/mem.h"

#include <string.h>
#include <strings.h>

void message_input_done(struct message_input *in)
{
    free(in->p);
    *in = (struct message_input){0};
}

char *message_room(struct message_input *in, size_t n)
{
    if (in->cap - in->n < n)
        in->p = vec_grow_(in->p, &in->cap, in->n + n, 1);
    return in->p + in->n;
}

void message_added(struct message_input *in, size_t n)
{
    in->n += n;
}

static void drop(struct message_input *in, size_t n)
{
    in->n -= n;
    memmove(in->p, in->p + n, in->n);
}

/* ---- the header ---- */

static struct err *parse_length(const char *line, size_t n, size_t *out)
{
    size_t v = 0, i = 0;
    while (i < n && line[i] == ' ')
        i++;
    size_t first = i;
    for (; i < n && line[i] >= '0' && line[i] <= '9' && v <= INCOMING_BYTES_MAX; i++)
        v = v * 10 + (size_t)(line[i] - '0');
    if (v > INCOMING_BYTES_MAX)
        return err_new(ERR_LIMIT, "a message may have %d bytes", INCOMING_BYTES_MAX);
    if (i == first || i != n)
        return err_new(ERR_CORRUPT, "Content-Length is no number");
    *out = v;
    return NULL;
}

/* Lines of `n` bytes in all, each with its CR LF. */
static struct err *parse_header(const char *p, size_t n, size_t *length)
{
    static const char field[] = "Content-Length:";
    bool known = false;
    for (const char *end = p + n; p < end;) {
        const char *stop = memmem(p, (size_t)(end - p), "\r\n", 2);
        size_t len = stop ? (size_t)(stop - p) : (size_t)(end - p);
        if (len >= sizeof(field) - 1 && strncasecmp(p, field, sizeof(field) - 1) == 0) {
            TRY(parse_length(p + sizeof(field) - 1, len - (sizeof(field) - 1), length));
            known = true;
        } else if (!memchr(p, ':', len)) {
            return err_new(ERR_CORRUPT, "a header line has no colon");
        }
        p += len + 2;
    }
    return known ? NULL : err_new(ERR_CORRUPT, "a message has no Content-Length");
}

/* ---- the content ---- */

static enum message_state parse_content(const char *p, size_t n, struct incoming **out, struct err **why)
{
    *why = incoming_parse(p, n, out);
    if (!*why && incoming_kind(*out) != INCOMING_OBJECT) {
        incoming_free(*out);
        *why = err_new(ERR_CORRUPT, "a message is no JSON object");
    }
    return *why ? MESSAGE_BAD : MESSAGE_HERE;
}

enum message_state message_take(struct message_input *in, struct incoming **out, struct err **why)
{
    static const char gap[] = "\r\n\r\n";
    size_t within = in->n < MESSAGE_HEADER_MAX ? in->n : MESSAGE_HEADER_MAX, length;
    const char *end = within ? memmem(in->p, within, gap, sizeof(gap) - 1) : NULL;
    if (!end && in->n < MESSAGE_HEADER_MAX)
        return MESSAGE_MORE;
    *why = end ? parse_header(in->p, (size_t)(end - in->p), &length)
               : err_new(ERR_LIMIT, "a message's header may have %d bytes", MESSAGE_HEADER_MAX);
    if (*why)
        return MESSAGE_LOST;
    size_t header = (size_t)(end - in->p) + sizeof(gap) - 1;
    if (in->n - header < length)
        return MESSAGE_MORE;
    enum message_state state = parse_content(in->p + header, length, out, why);
    drop(in, header + length);
    return state;
}
