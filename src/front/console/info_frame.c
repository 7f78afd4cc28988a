/* SPDX-License-Identifier: Apache-2.0 */
/* info frame: all about the selected frame. */
#include "front/console/console.h"
#include "front/console/variables.h"

#include <inttypes.h>
#include <string.h>

/* The frame's CFA; 0 unknown. */
static taddr cfa_of(struct console *c, const struct sstack *st, size_t i)
{
    const struct vframe *f;
    struct err *e = console_frame_at(c, st, i, &f);
    taddr cfa = e ? 0 : f->cfa;
    err_free(e); /* what cannot be known is left out */
    return cfa;
}

static const char *register_name(const struct arch *a, unsigned dwarf)
{
    for (size_t i = 0; i < a->n_regs; i++)
        if (a->regs[i].dwarf == dwarf)
            return a->regs[i].name;
    return NULL;
}

/* " rip = 0x.. in fn (file.c:12); saved rip = 0x.." */
static void put_place(struct console *c, const struct sframe *f, const struct vframe *v)
{
    const struct splace *at = f->at;
    const struct arch *a = session_image(c->session)->arch;
    const char *name = register_name(a, a->pc), *pc = name ? name : "pc";
    text_printf(&c->out, " %s = 0x%" PRIx64, pc, f->pc);
    if (at->function) {
        text_put(&c->out, " in ");
        put_coloured(&c->out, &c->screen, COLOUR_YELLOW, at->function);
    }
    if (at->file) {
        text_put(&c->out, " (");
        console_put_file(c, f);
        text_printf(&c->out, ":%" PRIu32 ")", at->line);
    }
    const struct vframe *caller = v->caller ? v->caller(v) : NULL;
    if (caller)
        text_printf(&c->out, "; saved %s = 0x%" PRIx64, pc, caller->pc);
    text_putc(&c->out, '\n');
}

/* What called it, what it called. */
static void put_neighbours(struct console *c, const struct sstack *st, size_t i)
{
    size_t further_out = i + 1, further_in = i; /* + 1; native frames */
    while (further_out < st->n && st->frames[further_out].kind == FRAME_LANGUAGE)
        further_out++;
    while (further_in > 0 && st->frames[further_in - 1].kind == FRAME_LANGUAGE)
        further_in--;
    taddr outer = further_out < st->n ? cfa_of(c, st, further_out) : 0;
    taddr inner = further_in ? cfa_of(c, st, further_in - 1) : 0;
    bool inlined = st->frames[i].kind == FRAME_INLINED;
    if (inlined)
        text_printf(&c->out, " inlined into frame %zu", i + 1);
    else if (outer)
        text_printf(&c->out, " called by frame at 0x%" PRIx64, outer);
    if (inner)
        text_printf(&c->out, "%s caller of frame at 0x%" PRIx64, inlined || outer ? "," : "", inner);
    if (inlined || outer || inner)
        text_putc(&c->out, '\n');
}

/* gdb's idea of where arguments begin: the frame pointer's place when the function keeps one, else below the stack
 * pointer. */
static bool arguments_at(const struct vframe *v, const struct arch *a, taddr *out)
{
    taddr saved_fp = v->cfa - 2 * (taddr)a->addr_size;
    if (regs_has(&v->regs, a->fp) && v->regs.val[a->fp] == saved_fp)
        *out = saved_fp;
    else if (regs_has(&v->regs, a->sp))
        *out = v->regs.val[a->sp] - a->addr_size;
    else
        return false;
    return true;
}

static void put_arguments(struct console *c, const struct sstack *st, size_t i, const struct vframe *v)
{
    taddr at;
    const struct arch *a = session_image(c->session)->arch;
    if (st->frames[i].kind == FRAME_INLINED || !arguments_at(v, a, &at)) {
        text_put(&c->out, " Arglist at unknown address.\n Locals at unknown address,");
    } else {
        text_printf(&c->out, " Arglist at 0x%" PRIx64 ", args: ", at);
        variables_put_arguments(c, st, i);
        text_printf(&c->out, "\n Locals at 0x%" PRIx64 ",", at);
    }
    if (v->cfa)
        text_printf(&c->out, " Previous frame's sp is 0x%" PRIx64, v->cfa);
    text_putc(&c->out, '\n');
}

/* The program counter last, as gdb has it; the others in the processor's DWARF order. */
static int by_register(const void *a, const void *b)
{
    const struct saved_place *x = a, *y = b;
    return (x->reg > y->reg) - (x->reg < y->reg);
}

static void put_saved(struct console *c, const struct vframe *v)
{
    const struct arch *a = session_image(c->session)->arch;
    struct saved_place saved[REG_MAX];
    size_t n = session_saved_registers(c->session, v, saved), shown = 0;
    qsort(saved, n, sizeof(*saved), by_register);
    for (size_t i = 0; i < n; i++) {
        const char *name = register_name(a, saved[i].reg);
        if (name)
            text_printf(&c->out, "%s%s at 0x%" PRIx64, shown++ ? ", " : " Saved registers:\n  ", name, saved[i].at);
    }
    text_put(&c->out, shown ? "\n" : "");
}

/* Of an interpreted language: its record, and the native frame that runs it. */
static void put_language_frame(struct console *c, const struct sstack *st, size_t n)
{
    const struct sframe *f = &st->frames[n];
    size_t native = n;
    text_printf(&c->out, "Stack level %zu, %s frame at 0x%" PRIx64 ":\n in ", n, f->at->language, f->pc);
    put_coloured(&c->out, &c->screen, COLOUR_YELLOW, f->at->function ? f->at->function : "??");
    if (f->at->file) {
        text_put(&c->out, " (");
        console_put_file(c, f);
        text_printf(&c->out, ":%" PRIu32 ")", f->at->line);
    }
    while (native < st->n && st->frames[native].kind == FRAME_LANGUAGE)
        native++;
    if (native < st->n)
        text_printf(&c->out, "\n run by frame %zu", native);
    text_printf(&c->out, "\n source language %s.\n args: ", f->at->language);
    variables_put_arguments(c, st, n);
    text_putc(&c->out, '\n');
}

static void put_frame(struct console *c, const struct sstack *st, size_t n, const struct vframe *v)
{
    const struct sframe *f = &st->frames[n];
    if (f->kind == FRAME_LANGUAGE) {
        put_language_frame(c, st, n);
        return;
    }
    text_printf(&c->out, "Stack level %zu, frame at 0x%" PRIx64 ":\n", n, v->cfa);
    put_place(c, f, v);
    put_neighbours(c, st, n);
    if (f->at->language)
        text_printf(&c->out, " source language %s.\n", f->at->language);
    if (f->how == FRAME_POINTER || f->how == FRAME_SCAN)
        text_put(&c->out, f->how == FRAME_SCAN ? " (a guess: found by scanning the stack)\n"
                                               : " (likely: found by the frame pointer)\n");
    put_arguments(c, st, n, v);
    put_saved(c, v);
}

static struct err *run_info_frame(struct console *c, const char *args)
{
    const struct sstack *st;
    const struct vframe *v;
    TRY(console_first_frames(c, 1, &st));
    size_t selected = c->frame;
    uint64_t n = selected;
    args_word(&args, "level");
    if (*args)
        TRY(console_number(c, args, &n));
    TRY(console_first_frames(c, n < SIZE_MAX - 1 ? (size_t)n + 2 : SIZE_MAX, &st)); /* with the one that called it */
    if (n >= st->n)
        return err_new(ERR_NOT_FOUND, "no frame at level %s", args);
    c->frame = (size_t)n;
    struct err *e = console_frame(c, &v);
    if (!e)
        put_frame(c, st, (size_t)n, v);
    c->frame = selected;
    return e;
}

static const struct console_command rows[] = {
    {"info frame", "info f", CLASS_STATUS, "[N]", "Show all about the selected frame, or frame N.", NULL,
     COMPLETE_NOTHING, REPEAT_SAME, run_info_frame},
};
const struct console_table console_info_frame_table = {rows, ARRAY_LEN(rows)};
