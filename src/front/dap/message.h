/* SPDX-License-Identifier: Apache-2.0 */
/* Messages of the Debug Adapter Protocol as they come over a stream: header lines that end with CR LF, an empty line,
 * and as many bytes of JSON as Content-Length says (the specification's "Base Protocol").
 * Threads: one at a time. */
#ifndef FRONT_DAP_MESSAGE_H
#define FRONT_DAP_MESSAGE_H

#include "front/serve/incoming.h"

enum { MESSAGE_HEADER_MAX = 4096 }; /* bytes of all header lines */

/* Bytes that came and were not taken yet. A zeroed struct is an empty one. */
struct message_input {
    char *p;
    size_t n, cap;
};
void message_input_done(struct message_input *in);
/* Room for n bytes, to be filled before message_added() says how many came. */
char *message_room(struct message_input *in, size_t n) NEVER_NULL;
void message_added(struct message_input *in, size_t n);

enum message_state {
    MESSAGE_MORE, /* no whole message is there yet */
    MESSAGE_HERE,
    MESSAGE_BAD,  /* its content is no JSON object, or nested too deep: *why says it. The next one can be read */
    MESSAGE_LOST, /* where the next message begins is not known: *why. The conversation is over */
};
/* Takes the next message, of at most INCOMING_BYTES_MAX. *out is the caller's, and *why. */
enum message_state message_take(struct message_input *in, struct incoming **out, struct err **why) MUST_CHECK;

#endif
