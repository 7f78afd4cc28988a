/* SPDX-License-Identifier: Apache-2.0 */
/* Registers of the selected frame. */
#include "front/console/console.h"
#include "front/registers.h"

#include <string.h>

/* ---- how ---- */

static void put_padded(struct text *t, size_t from, size_t width)
{
    put_pad(t, text_columns(t->p + from), width);
}

static bool is_vector(const struct type *t)
{
    return type_is_record(t) || t->kind == TYPE_VECTOR || t->kind == TYPE_ARRAY;
}

/* gdb's three columns: name, hexadecimal, as its type shows it. */
static void put_value(struct console *c, const char *name, const struct value *v)
{
    enum { NAME_WIDTH = 15, RAW_WIDTH = 20 };
    struct values *vs = session_values(c->session);
    struct text *t = &c->out;
    struct format f = c->set.print, hex = c->set.print;
    const struct type *type = type_strip(v->type);
    hex.letter = 'x';
    hex.pretty = false;
    size_t from = t->n;
    put_safe(t, name);
    put_padded(t, from, NAME_WIDTH);
    from = t->n;
    if (type->kind == TYPE_FLOAT) {
        uint8_t raw[16];
        size_t n = type->size > sizeof(raw) ? sizeof(raw) : type->size;
        n = n > 10 ? 10 : n; /* x87: the rest is padding */
        format_value(vs, v, &f, t);
        put_padded(t, from, RAW_WIDTH);
        struct err *e = value_read(vs, v, 0, raw, n);
        text_put(t, e ? "" : "(raw 0x");
        for (size_t i = n; !e && i-- > 0;)
            text_printf(t, "%02x", raw[i]);
        text_put(t, e ? "\n" : ")\n");
        err_free(e);
        return;
    }
    format_value(vs, v, &hex, t);
    if (!is_vector(type)) {
        put_padded(t, from, RAW_WIDTH);
        f.addresses = true;
        format_variable(vs, v, &f, t);
    }
    text_putc(t, '\n');
}

static void put_missing(struct console *c, const char *name, const struct err *e)
{
    size_t from = c->out.n;
    put_safe(&c->out, name);
    put_padded(&c->out, from, 15);
    text_put(&c->out, e->code == ERR_NO_DATA ? "<not saved>" : "<unavailable>");
    text_putc(&c->out, '\n');
}

/* A register of the processor's list; what this target does not have is left out. */
static struct err *put_listed(void *arg, const char *name)
{
    struct console *c = arg;
    const struct vframe *f;
    struct value v;
    TRY(console_frame(c, &f));
    struct err *e = session_register(c->session, f, name, &v);
    if (!e)
        put_value(c, name, &v);
    else if (e->code == ERR_NO_DATA)
        put_missing(c, name, e);
    err_free(e);
    return console_flush(c);
}

/* A register that was asked for by name. */
static struct err *put_named(struct console *c, const char *name)
{
    const struct vframe *f;
    struct value v;
    TRY(console_frame(c, &f));
    struct err *e = session_register(c->session, f, name, &v);
    if (e && e->code == ERR_NOT_FOUND) {
        err_free(e);
        return err_new(ERR_NOT_FOUND, "invalid register `%s'", name);
    }
    if (e)
        put_missing(c, name, e);
    else
        put_value(c, name, &v);
    err_free(e);
    return NULL;
}

static struct err *put_group(struct console *c, enum register_group group)
{
    const struct image *im;
    TRY(console_target(c, &im));
    return each_register(im->arch, group, put_listed, c);
}

/* ---- commands ---- */

/* Names and groups, with or without the dollar. */
static struct err *put_words(struct console *c, const char *args)
{
    static const struct {
        const char *name;
        enum register_group group;
    } groups[] = {{"general", GROUP_GENERAL}, {"float", GROUP_FLOAT}, {"vector", GROUP_VECTOR}};
    while (*args) {
        size_t n = strcspn(args, " \t,");
        SCOPED(freep) char *word = xstrndup(args + (*args == '$'), n - (*args == '$'));
        args += n + strspn(args + n, " \t,");
        size_t i = 0;
        while (i < ARRAY_LEN(groups) && strcmp(groups[i].name, word) != 0)
            i++;
        TRY(i < ARRAY_LEN(groups) ? put_group(c, groups[i].group) : put_named(c, word));
    }
    return NULL;
}

static struct err *need_frame(struct console *c)
{
    const struct vframe *f;
    struct err *e = console_frame(c, &f);
    if (!e || e->code == ERR_CANCELLED)
        return e;
    err_free(e);
    return err_new(ERR_NO_DATA, "the program has no registers now");
}

static struct err *run_all_registers(struct console *c, const char *args)
{
    TRY(need_frame(c));
    if (*args)
        return put_words(c, args);
    TRY(put_group(c, GROUP_GENERAL));
    TRY(put_group(c, GROUP_FLOAT));
    return put_group(c, GROUP_VECTOR);
}

static struct err *run_registers(struct console *c, const char *args)
{
    if (args_word(&args, "-a"))
        return run_all_registers(c, args);
    TRY(need_frame(c));
    return *args ? put_words(c, args) : put_group(c, GROUP_GENERAL);
}

static struct err *run_float(struct console *c, const char *args)
{
    (void)args;
    TRY(need_frame(c));
    return put_group(c, GROUP_FLOAT);
}

static struct err *run_vector(struct console *c, const char *args)
{
    (void)args;
    TRY(need_frame(c));
    return put_group(c, GROUP_VECTOR);
}

static const struct console_command rows[] = {
    {"info registers", "info r|regs|info reg", CLASS_STATUS, "[-a] [NAME | general | float | vector]...",
     "Show the general registers of the selected frame, or those that are named.",
     "-a shows all, as info all-registers. In an outer frame these are the values that will be back when it runs on, "
     "as far as they were saved.",
     COMPLETE_EXPRESSION, REPEAT_SAME, run_registers},
    {"info all-registers", NULL, CLASS_STATUS, "[NAME]...", "Show all registers of the selected frame.", NULL,
     COMPLETE_EXPRESSION, REPEAT_SAME, run_all_registers},
    {"info float", NULL, CLASS_STATUS, NULL, "Show the floating-point registers.", NULL, COMPLETE_NOTHING, REPEAT_SAME,
     run_float},
    {"info vector", NULL, CLASS_STATUS, NULL, "Show the vector registers.", NULL, COMPLETE_NOTHING, REPEAT_SAME,
     run_vector},
};
const struct console_table console_register_table = {rows, ARRAY_LEN(rows)};
