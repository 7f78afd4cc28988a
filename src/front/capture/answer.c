/* SPDX-License-Identifier: Apache-2.0 */
#include "front/capture/answer.h"

#include <inttypes.h>
#include <string.h>

static const struct option_row rows[] = {
    {"redact", 'r', VALUE_MAYBE, "stacks-only",
     "write over the environment, keys, tokens, passwords and card numbers, and data registers; stacks-only: keep of "
     "memory nothing but what stacks need, and no command line, environment or names of open files"},
    {"redact-var", 0, VALUE_TEXT, "GLOB",
     "with --redact: also variables, fields and keys of such a name; may be given again"},
    {"redact-type", 0, VALUE_TEXT, "GLOB", "with --redact: also values of types of such a name; may be given again"},
    {"redact-pattern", 0, VALUE_TEXT, "REGEX", "with --redact: also what matches; may be given again"},
};
const struct option_group redact_group = {"What is not written", rows, ARRAY_LEN(rows)};

/* The values of an option, in the order in which they were given. */
static struct redact_words words_of(const struct call *c, const char *name, const char **storage)
{
    struct redact_words w = {.v = storage};

    for (size_t i = 0; i < c->given.n; i++)
        if (strcmp(c->given.v[i].row->name, name) == 0)
            storage[w.n++] = c->given.v[i].value;
    return w;
}

struct redact_opts redact_opts_of(const struct call *c, const char ***words)
{
    size_t n = c->given.n;

    *words = xcalloc(3 * n, sizeof(**words));
    struct redact_opts o = {.patterns = words_of(c, "redact-pattern", *words),
                            .variables = words_of(c, "redact-var", *words + n),
                            .types = words_of(c, "redact-type", *words + 2 * n)};
    o.stacks_only = call_value(c, "redact") != NULL;
    o.on = call_has(c, "redact") || o.patterns.n || o.variables.n || o.types.n;
    return o;
}

void put_written(struct text *t, const char *path, const struct dump_result *r)
{
    put_size(t, r->bytes);
    if (r->bytes_used) {
        text_put(t, " (");
        put_size(t, r->bytes_used);
        text_put(t, " on the disk)");
    }
    text_put(t, " written to ");
    put_safe(t, strcmp(path, "-") == 0 ? "standard output" : path);
    text_put(t, " in ");
    put_duration(t, r->total_ns);
    text_putc(t, '\n');
}

static void put_redacted(struct text *t, const struct redacted_rows *all)
{
    bool any = false;

    for (size_t i = 0; i < all->n; i++) {
        const struct redacted *r = &all->v[i];
        if (r->matches == 0 && r->bytes == 0)
            continue;
        text_put(t, any ? ", " : "redacted: ");
        put_safe(t, r->what);
        text_putc(t, ' ');
        put_grouped(t, r->matches);
        any = true;
    }
    if (all->n)
        text_put(t, any ? "\n" : "redacted: nothing was found\n");
}

void put_remarks(struct text *t, const struct dump_result *r)
{
    put_redacted(t, &r->redacted);
    put_notes(t, (const struct err *const *)r->problems, r->n_problems);
    if (r->skipped) {
        put_size(t, r->skipped);
        text_put(t, " of memory could not be read, and are zeros in the file\n");
    }
}

void remarks_json(struct json *j, const struct dump_result *r)
{
    json_key(j, "redacted");
    json_array_begin(j);
    for (size_t i = 0; i < r->redacted.n; i++) {
        json_object_begin(j);
        json_kv_string(j, "what", r->redacted.v[i].what);
        json_kv_u64(j, "matches", r->redacted.v[i].matches);
        json_kv_u64(j, "bytes", r->redacted.v[i].bytes);
        json_object_end(j);
    }
    json_array_end(j);
    json_key(j, "problems");
    json_array_begin(j);
    for (size_t i = 0; i < r->n_problems; i++)
        json_string(j, r->problems[i]->msg);
    json_array_end(j);
}

FILE *answer_stream(struct call *c, const char *path)
{
    return strcmp(path, "-") == 0 ? stderr : call_output(c);
}

struct err *answer_text(FILE *out, const struct text *t)
{
    return fwrite(t->p, 1, t->n, out) == t->n && fflush(out) == 0 ? NULL : err_new(ERR_IO, "cannot write the answer");
}
