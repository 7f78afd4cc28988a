/* SPDX-License-Identifier: Apache-2.0 */
/* inquest stack --source N: lines of the source around the line of each frame. */
#include "front/report/priv.h"
#include "session/code.h"

#include <inttypes.h>

/* Below the name of the function. */
enum { INDENT = 12 };

struct excerpt {
    const struct source *source;
    uint32_t first, last; /* lines, both included */
};

/* False where the line is unknown, the file is not here, or is shorter than the compiler saw it. */
static bool find_excerpt(const struct report *r, const struct splace *at, struct excerpt *out)
{
    uint32_t around = r->source_lines / 2;
    if (!at->file || !at->line)
        return false;
    struct err *e = session_source(r->session, at->file, at->module, &out->source);
    err_free(e); /* a stack is worth showing without its source */
    if (e || at->line > out->source->n)
        return false;
    out->first = at->line > around ? at->line - around : 1;
    uint64_t last = (uint64_t)out->first + r->source_lines - 1;
    out->last = last < out->source->n ? (uint32_t)last : (uint32_t)out->source->n;
    return true;
}

/* Tabs become blanks: the text does not start at the left edge. */
static void put_code(struct text *t, const char *line)
{
    enum { TAB = 8 };
    for (size_t column = 0; *line;) {
        size_t n = strcspn(line, "\t");
        text_put_escaped(t, line, n);
        column += n;
        line += n;
        if (*line) {
            text_printf(t, "%*s", (int)(TAB - column % TAB), "");
            column += TAB - column % TAB;
            line++;
        }
    }
}

void source_text(struct text *t, const struct report *r, const struct splace *at)
{
    struct excerpt x;
    if (!find_excerpt(r, at, &x))
        return;
    for (uint32_t i = x.first; i <= x.last; i++) {
        text_printf(t, "%*s%c %5" PRIu32 "  ", INDENT - 2, "", i == at->line ? '>' : ' ', i);
        put_code(t, x.source->lines[i - 1]);
        text_putc(t, '\n');
    }
}

void source_json(struct json *j, const struct report *r, const struct splace *at)
{
    struct excerpt x;
    json_key(j, "source");
    if (!find_excerpt(r, at, &x)) {
        json_null(j);
        return;
    }
    json_object_begin(j);
    json_kv_string(j, "path", x.source->path);
    json_kv_bool(j, "newer", x.source->newer);
    json_kv_u64(j, "first", x.first);
    json_key(j, "lines");
    json_array_begin(j);
    for (uint32_t i = x.first; i <= x.last; i++)
        json_string(j, x.source->lines[i - 1]);
    json_array_end(j);
    json_object_end(j);
}
