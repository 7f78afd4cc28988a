/* SPDX-License-Identifier: Apache-2.0 */
/* A stream of the Debug Adapter Protocol, which comes in pieces whose size the first byte says: the messages must be those
 * of the stream that comes at once. */
#include "front/dap/message.h"

#include "base/mem.h"
#include "base/text.h"

#include <stdint.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);

/* What was read, one line a message. */
struct told {
    struct text text;
    bool lost;
};

static void take_all(struct message_input *in, struct told *t)
{
    enum message_state state = MESSAGE_HERE;
    while (!t->lost && state != MESSAGE_MORE) {
        struct incoming *root;
        struct err *why;
        state = message_take(in, &root, &why);
        if (state == MESSAGE_HERE) {
            SCOPED(freep) char *text = incoming_text(root);
            text_printf(&t->text, "%s\n", text);
            incoming_free(root);
        } else if (state != MESSAGE_MORE) {
            text_printf(&t->text, "%d: %s\n", state, why->msg);
            err_free(why);
        }
        t->lost = state == MESSAGE_LOST;
    }
}

static void read_in_steps(const uint8_t *data, size_t n, size_t step, struct told *t)
{
    SCOPED(message_input_done) struct message_input in = {0};
    for (size_t at = 0; at < n && !t->lost; at += step) {
        size_t part = step < n - at ? step : n - at;
        memcpy(message_room(&in, part), data + at, part);
        message_added(&in, part);
        take_all(&in, t);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
    struct told parts = {.lost = false}, whole = {.lost = false};
    if (n < 2)
        return 0;
    read_in_steps(data + 1, n - 1, data[0] + 1U, &parts);
    read_in_steps(data + 1, n - 1, n, &whole);
    if (strcmp(text_str(&parts.text), text_str(&whole.text)) != 0)
        abort();
    text_done(&parts.text);
    text_done(&whole.text);
    return 0;
}
