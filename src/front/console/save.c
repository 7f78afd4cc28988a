/* SPDX-License-Identifier: Apache-2.0 */
/* Bytes to a file: save. */
#include "front/console/console.h"
#include "session/save.h"

#include <inttypes.h>
#include <string.h>

static struct err *run_save(struct console *c, const char *args)
{
    const char *file = strrchr(args, ' ');
    struct save_range r;
    struct value v;
    if (!file || file == args)
        return err_new(ERR_USAGE, "save needs an expression, or ADDRESS:LENGTH, and the name of a file");
    size_t n = (size_t)(file - args);
    while (n && args[n - 1] == ' ')
        n--;
    SCOPED(freep) char *what = xstrndup(args, n);
    if (!session_save_range(what, &r)) {
        TRY(console_evaluate(c, what, &v));
        TRY(session_save_value(c->session, &v, &r));
    }
    const struct image *im;
    TRY(console_target(c, &im));
    TRY(session_save(c->session, &r, file + 1));
    text_printf(&c->out, "%" PRIu64 " bytes at 0x%" PRIx64 " saved to ", r.n, r.at);
    put_safe(&c->out, file + 1);
    text_putc(&c->out, '\n');
    return NULL;
}

static const struct console_command rows[] = {
    {"save", NULL, CLASS_FILES, "EXPRESSION|ADDRESS:LENGTH FILE", "Save bytes of memory to a new file.",
     "Of a slice, string or array its elements, of any other object in memory its bytes. All of them, or nothing: a "
     "dump that lacks some says how many there are. FILE has no blanks, and is readable by its owner only.",
     COMPLETE_EXPRESSION, REPEAT_NEVER, run_save},
};
const struct console_table console_save_table = {rows, ARRAY_LEN(rows)};
