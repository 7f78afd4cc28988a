/* SPDX-License-Identifier: Apache-2.0 */
/* Values of Go of which only the runtime's formatter knows what they hold: maps, interfaces, channels, functions. */
#include "value/format_go.h"

static bool next_child(struct printer *p, struct presentation *shown, struct child *c)
{
    struct err *e = NULL;
    *c = (struct child){.name = NULL};
    bool more = shown->next(shown, p->vs, c, &e);
    if (e)
        print_go_problem(p, e);
    return more && !e;
}

static void put_map(struct printer *p, const struct value *v, struct presentation *shown, const struct go_style *s)
{
    struct child c;
    uint64_t pairs = 0, limit = p->f->elements;
    go_put_typed(p, v->type, s);
    if (!shown->next) {
        text_put(p->out, "nil");
        return;
    }
    bool open = !go_too_deep(p), lines = s->lines && open && shown->length;
    struct go_style key = go_style_inside(s, false, false), value = go_style_inside(s, false, lines);
    text_putc(p->out, '[');
    p->level++;
    for (; open && (!limit || pairs < limit) && !print_stopped(p) && next_child(p, shown, &c); pairs++) {
        if (lines)
            go_put_line(p, key.indent);
        else if (pairs)
            text_put(p->out, ", ");
        go_put(p, &c.value, key);
        text_put(p->out, ": ");
        if (next_child(p, shown, &c))
            go_put(p, &c.value, value);
        if (lines)
            text_putc(p->out, ',');
    }
    p->level--;
    if (lines && pairs < shown->length)
        go_put_line(p, key.indent);
    else if (pairs && pairs < shown->length)
        text_putc(p->out, ',');
    go_put_more(p, pairs, shown->length);
    if (lines)
        go_put_line(p, s->indent);
    text_putc(p->out, ']');
}

/* What it holds. Deeper than is shown: where the interface is; of a pointer nothing. */
static void put_held(struct printer *p, const struct value *v, const struct value *held, struct go_style s)
{
    enum go_kind kind;
    taddr at = 0;
    uint64_t word = 1;
    type_go(held->type, &kind);
    if (kind == GO_POINTER) {
        struct err *e = value_int(p->vs, held, &word);
        err_free(e); /* then go_put() finds the same */
    }
    if (word == 0) {
        text_put(p->out, "nil");
    } else if ((go_too_deep(p) && kind == GO_POINTER) || s.chain > GO_CHAIN_MAX) {
        text_put(p->out, "...");
    } else if (go_too_deep(p)) {
        struct err *nowhere = value_address(v, &at);
        err_free(nowhere); /* deep inside of values all are in memory */
        text_putc(p->out, '*');
        go_put_address(p, v->type, at, true);
    } else {
        go_put(p, held, s);
    }
}

static void put_interface(struct printer *p, const struct value *v, struct presentation *shown,
                          const struct go_style *s)
{
    struct child c;
    if (s->typed && !shown->summary)
        go_put_typed(p, v->type, s);
    if (!shown->summary && !shown->next) {
        text_put(p->out, "nil");
        return;
    }
    if (s->typed && shown->summary) {
        go_put_type(p, v->type);
        text_printf(p->out, "(%s) ", shown->summary);
    }
    if (!shown->next || !next_child(p, shown, &c))
        return;
    struct go_style data = *s;
    data.typed = !s->typed;
    data.top = false;
    data.chain++;
    put_held(p, v, &c.value, data);
}

/* On several lines the record behind it, as if it were the whole value. */
static bool put_channel_record(struct printer *p, const struct value *v, struct go_style s)
{
    struct value record;
    struct err *e = value_deref(
        p->vs,
        &(struct value){.type = type_strip(v->type), .loc = v->loc, .bit_offset = v->bit_offset, .frame = v->frame},
        &record);
    bool good = !e;
    err_free(e); /* then how full it is still says something */
    if (!good)
        return false;
    unsigned level = p->level;
    p->level = 0;
    go_put_typed(p, v->type, &s);
    s.typed = false;
    s.channel = type_go_part(v->type, DW_AT_go_elem);
    go_put_record(p, &record, type_strip(record.type), &s);
    p->level = level;
    return true;
}

static void put_channel(struct printer *p, const struct value *v, const struct presentation *shown,
                        const struct go_style *s)
{
    bool open = shown->next && shown->summary;
    if (open && s->lines && !s->channel && put_channel_record(p, v, *s))
        return;
    go_put_type(p, v->type);
    text_printf(p->out, " %s", open ? shown->summary : "nil");
}

/* The name, and of a closure that is asked for the variables that it captured. */
static void put_function(struct printer *p, struct presentation *shown, const struct go_style *s)
{
    struct child c;
    struct go_style each = go_style_inside(s, false, s->lines);
    bool first = true;
    text_put(p->out, shown->summary ? shown->summary : "nil");
    if (!shown->next || p->summary || (s->lines ? go_too_deep(p) : p->level > 0))
        return;
    p->level++;
    for (; !print_stopped(p) && next_child(p, shown, &c); first = false) {
        text_put(p->out, first ? " {" : s->lines ? "" : ", ");
        if (s->lines)
            go_put_line(p, each.indent);
        text_put_escaped(p->out, c.name, strlen(c.name));
        text_putc(p->out, ' ');
        go_put_type(p, c.value.type);
        text_put(p->out, " = ");
        go_put(p, &c.value, each);
    }
    p->level--;
    if (!first && s->lines)
        go_put_line(p, s->indent);
    text_put(p->out, first ? "" : "}");
}

void go_put_shown(struct printer *p, const struct value *v, struct presentation *shown, enum go_kind kind,
                  const struct go_style *s)
{
    if (shown->kind == PRESENT_MAP) {
        put_map(p, v, shown, s);
    } else if (shown->kind == PRESENT_VALUE) {
        put_interface(p, v, shown, s);
    } else if (kind == GO_CHAN) {
        put_channel(p, v, shown, s);
    } else if (kind == GO_FUNC) {
        put_function(p, shown, s);
    } else {
        go_put_type(p, v->type);
        text_printf(p->out, "(%s)", shown->summary ? shown->summary : "");
    }
}
