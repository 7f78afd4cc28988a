/* SPDX-License-Identifier: Apache-2.0 */
/* A frame as one line, and a thread as a name: gdb's wording, which guides quote. */
#include "front/console/code.h"
#include "front/console/variables.h"

#include <inttypes.h>
#include <string.h>

/* ---- threads ---- */

static const struct reg_desc *find_register(const struct arch *a, const char *name)
{
    for (size_t i = 0; a && i < a->n_regs; i++)
        if (strcmp(a->regs[i].name, name) == 0)
            return &a->regs[i];
    return NULL;
}

/* The thread's pthread_t: glibc's x86-64 ABI keeps it in the base of %fs. False: unknown. */
static bool pthread_of(const struct image *im, const struct image_thread *th, uint64_t *out)
{
    const struct reg_desc *d = find_register(im->arch, "fs_base");
    if (!d || th->gp.n < (size_t)d->offset + d->size || d->size != sizeof(*out))
        return false;
    memcpy(out, th->gp.p + d->offset, sizeof(*out));
    return *out != 0;
}

/* Is the C library one whose threads libthread_db would know? */
static bool has_glibc(struct console *c)
{
    for (size_t i = 0; i < session_module_count(c->session); i++) {
        const char *name = session_module(c->session, i, false)->name;
        if (strcmp(name, "libc.so.6") == 0 || begins_with(name, "libpthread"))
            return true;
    }
    return false;
}

void console_put_thread(struct text *t, struct console *c, const struct image_thread *th, bool name)
{
    uint64_t self;
    if (has_glibc(c) && pthread_of(session_image(c->session), th, &self))
        text_printf(t, "Thread 0x%" PRIx64 " (LWP %d)", self, th->tid);
    else
        text_printf(t, "LWP %d", th->tid);
    if (name && th->name && session_image(c->session)->kind == IMAGE_LIVE) {
        text_put(t, " \"");
        put_safe(t, th->name);
        text_putc(t, '"');
    }
}

/* ---- frames ---- */

/* Does the code of a line begin at this very address? */
static bool begins_line(struct console *c, taddr pc)
{
    struct code_line line;
    return session_line_at(c->session, pc, &line) && line.start == pc;
}

/* An address in the middle of a line's code is shown; the call of an inlined function is no such place. */
static bool shows_address(struct console *c, const struct sstack *st, size_t i)
{
    const struct sframe *f = &st->frames[i];
    if (f->kind == FRAME_LANGUAGE)
        return false;
    if (!f->at->file)
        return true;
    if (!c->set.print.addresses || (i && st->frames[i - 1].kind == FRAME_INLINED))
        return false;
    bool exact = !i || st->frames[i - 1].kind == FRAME_SIGNAL; /* others are returned to, in the middle of a call */
    return !exact || !begins_line(c, f->pc);
}

void console_put_file(struct console *c, const struct sframe *f)
{
    const char *file = f->at->file;
    if (c->set.filename_display == FILENAME_BASENAME)
        file = path_tail(file, 1);
    else if (c->set.filename_display == FILENAME_RELATIVE)
        file = session_file_name(c->session, f->pc, file);
    put_coloured(&c->out, &c->screen, COLOUR_GREEN, file);
}

void console_put_frame(struct console *c, const struct sstack *st, size_t i, unsigned flags)
{
    struct text *t = &c->out;
    const struct sframe *f = &st->frames[i];
    const struct splace *at = f->at;
    size_t from = t->n;
    if (!(flags & FRAME_BRIEF))
        text_printf(t, "#%-2zu ", i);
    if (f->kind == FRAME_SIGNAL) {
        text_put(t, "<signal handler called>\n");
        return;
    }
    if (shows_address(c, st, i)) {
        SCOPED(freep) char *pc = xasprintf("0x%0*" PRIx64, session_image(c->session)->arch->addr_size * 2, f->pc);
        put_coloured(t, &c->screen, COLOUR_BLUE, pc);
        text_put(t, " in ");
    }
    put_coloured(t, &c->screen, COLOUR_YELLOW, at->function ? at->function : "??");
    text_put(t, " (");
    variables_put_arguments(c, st, i);
    text_putc(t, ')');
    if (at->file && c->set.frame_info != FRAME_INFO_SHORT) {
        text_put(t, " at ");
        console_put_file(c, f);
        text_printf(t, ":%" PRIu32, at->line);
    } else if (at->module && !at->file) {
        text_put(t, " from ");
        put_coloured(t, &c->screen, COLOUR_GREEN, at->module->path);
    }
    text_putc(t, '\n');
    console_wrap_frame(c, from);
}

struct err *console_show_frame(struct console *c)
{
    const struct sstack *st;
    const struct sframe *f;
    TRY(console_first_frames(c, 1, &st));
    TRY(console_sframe(c, &f));
    console_put_frame(c, st, c->frame, 0);
    console_put_source_line(c, f);
    return NULL;
}
