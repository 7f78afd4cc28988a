/* SPDX-License-Identifier: Apache-2.0 */
/* How much of the memory a core holds: the options of dump and shrink. */
#include "front/capture/answer.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

static const struct option_row rows[] = {
    {"full", 'f', VALUE_NONE, NULL, "all memory that the kernel would write, or all that the core holds (default)"},
    {"stacks", 's', VALUE_NONE, NULL,
     "a small core: of memory only what stacks, goroutines, Python frames and the list of modules need"},
    {"heap", 'H', VALUE_TEXT, "LIMIT",
     "besides memory that is reached from registers and stacks, the nearest first: at most LIMIT bytes (64M, 2G)"},
};
const struct option_group size_group = {"How much of the memory", rows, ARRAY_LEN(rows)};

const char *size_word(enum dump_size size)
{
    static const char *const words[] = {[DUMP_FULL] = "full", [DUMP_STACKS] = "stacks", [DUMP_HEAP] = "heap"};

    return words[size];
}

/* "64M": bytes, or with a letter KiB, MiB, GiB, TiB. */
static struct err *heap_limit(const char *text, uint64_t *out)
{
    static const char units[] = "KMGT";
    char *end;

    errno = 0;
    uint64_t n = strtoull(text, &end, 10);
    const char *unit = *end ? strchr(units, *end) : NULL;
    unsigned shift = unit ? 10 * ((unsigned)(unit - units) + 1) : 0;
    if (*text < '0' || *text > '9' || errno || n == 0 || end[unit != NULL] || n > UINT64_MAX >> shift)
        return err_hint(err_new(ERR_USAGE, "%s is no size", text), "a number of bytes, or one with K, M, G or T");
    *out = n << shift;
    return NULL;
}

struct err *size_opts(const struct call *c, struct dump_opts *o)
{
    const char *heap = call_value(c, "heap");

    bool stacks = call_has(c, "stacks") || o->redact.stacks_only;

    o->size = heap ? DUMP_HEAP : stacks ? DUMP_STACKS : DUMP_FULL;
    if (heap)
        TRY(heap_limit(heap, &o->heap));
    if (o->size != DUMP_FULL && call_has(c, "full"))
        return err_new(ERR_USAGE, "--%s holds less than --full asks for", size_word(o->size));
    const struct redact_opts *r = &o->redact;
    if (r->stacks_only && (heap || r->patterns.n || r->variables.n || r->types.n))
        return err_new(ERR_USAGE,
                       "--redact=stacks-only leaves nothing that --heap or another --redact- could be about");
    return NULL;
}
