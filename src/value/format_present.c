/* SPDX-License-Identifier: Apache-2.0 */
/* What a runtime's formatter says of a value, laid out as gdb lays out what pretty-printers say. */
#include "value/format_priv.h"

/* A string that is in no memory is small enough for its bytes to be copied. */
static void print_string_bytes(struct printer *p, const struct value *v, uint64_t size, struct text_kind kind)
{
    size_t n = (size_t)(size < OUTPUT_MAX ? size : OUTPUT_MAX);
    uint8_t *bytes SCOPED(freep) = xmalloc(n);
    struct err *e = value_read(p->vs, v, 0, bytes, n);
    if (e)
        print_problem(p, e);
    else
        print_text(p, (struct bytes){.p = bytes, .n = n}, kind, text_limit(p->f), false);
}

static void print_summary(struct printer *p, const struct presentation *shown)
{
    if (shown->summary)
        text_put_escaped(p->out, shown->summary, strlen(shown->summary));
    if (shown->kind != PRESENT_STRING)
        return;
    const struct type *t = type_strip(shown->string.type);
    struct text_kind kind = t->target ? text_kind_of(t->target, 0) : (struct text_kind){.width = 0};
    taddr at = 0;
    if (kind.width == 0)
        kind = (struct text_kind){.width = 1, .prefix = ""};
    if (shown->summary)
        text_putc(p->out, ' ');
    struct err *e = t->count ? value_address(&shown->string, &at) : NULL;
    if (e)
        print_string_bytes(p, &shown->string, t->size, kind);
    else
        print_string_sized(p, at, t->count, kind);
    err_free(e);
}

/* What precedes child i. */
static void begin_child(struct printer *p, const struct presentation *shown, const struct child *c, uint64_t i,
                        bool pretty)
{
    bool map = shown->kind == PRESENT_MAP, value = map && i % 2 == 1;
    if (i && !value)
        text_put(p->out, pretty ? "," : ", ");
    if (pretty && !value)
        print_line(p, p->level + 1);
    if (map && !value) {
        text_putc(p->out, '[');
    } else if (!map && c->name) {
        text_put_escaped(p->out, c->name, strlen(c->name));
        text_put(p->out, " = ");
    } else if (shown->kind == PRESENT_ARRAY && p->f->array_indexes) {
        text_printf(p->out, "[%" PRIu64 "] = ", i);
    }
}

static bool next_child(struct printer *p, struct presentation *shown, struct child *c, struct err **e)
{
    *e = NULL;
    *c = (struct child){.name = NULL};
    return shown->next(shown, p->vs, c, e);
}

/* Behind the "{" of the first child. */
static void print_children(struct printer *p, struct presentation *shown, struct child *c, bool pretty)
{
    uint64_t i = 0, limit = p->f->elements;
    bool more = true, follow = p->follow;
    struct err *e = NULL;
    p->follow = false;
    for (; more && (!limit || i < limit) && !print_stopped(p); i++) {
        begin_child(p, shown, c, i, pretty);
        p->level++;
        print_value(p, &c->value);
        p->level--;
        if (shown->kind == PRESENT_MAP && i % 2 == 0)
            text_put(p->out, "] = ");
        more = next_child(p, shown, c, &e);
    }
    if (pretty && (more || e))
        print_line(p, p->level + 1);
    if (more && !e)
        text_put(p->out, "...");
    print_problem(p, e);
    if (pretty)
        print_line(p, p->level);
    p->follow = follow;
}

void print_presentation(struct printer *p, struct presentation *shown)
{
    struct child c;
    struct err *e;
    print_summary(p, shown);
    bool silent = !shown->summary && shown->kind != PRESENT_STRING;
    if (shown->kind == PRESENT_TEXT || shown->kind == PRESENT_STRING || !shown->next)
        return;
    bool any = next_child(p, shown, &c, &e);
    if (any || silent || e)
        text_put(p->out, silent ? "" : " = ");
    if (e) {
        print_problem(p, e);
    } else if (any && (p->summary || (p->f->depth && p->level >= p->f->depth))) {
        text_put(p->out, "{...}");
    } else if (any) {
        text_putc(p->out, '{');
        print_children(p, shown, &c, shown->kind == PRESENT_ARRAY && !c.name ? p->f->array : p->f->pretty);
        text_putc(p->out, '}');
    } else if (silent) {
        text_put(p->out, "{}");
    }
}
