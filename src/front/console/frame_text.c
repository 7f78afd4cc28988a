/* SPDX-License-Identifier: Apache-2.0 */
/* A frame as one line, and a thread as a name: gdb's wording, which guides quote. */
#include "front/console/code.h"

#include <inttypes.h>
#include <string.h>

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
        if (strcmp(name, "libc.so.6") == 0 || strncmp(name, "libpthread", 10) == 0)
            return true;
    }
    return false;
}

void console_put_thread(struct text *t, struct console *c, const struct image_thread *th)
{
    uint64_t self;
    if (has_glibc(c) && pthread_of(session_image(c->session), th, &self))
        text_printf(t, "Thread 0x%" PRIx64 " (LWP %d)", self, th->tid);
    else
        text_printf(t, "LWP %d", th->tid);
    if (th->name && session_image(c->session)->kind == IMAGE_LIVE) {
        text_put(t, " \"");
        put_safe(t, th->name);
        text_putc(t, '"');
    }
}

/* An address in the middle of a line's code is shown; the call of an inlined function is no such place. */
static bool shows_address(struct console *c, const struct sstack *st, size_t i)
{
    return c->set.print.addresses && !(i && st->frames[i - 1].kind == FRAME_INLINED);
}

static void put_file(struct text *t, const struct console *c, const struct splace *at)
{
    const char *file = c->set.filename_display == FILENAME_BASENAME ? path_tail(at->file, 1) : at->file;
    put_coloured(t, &c->screen, COLOUR_GREEN, file);
}

void console_put_frame(struct console *c, const struct sstack *st, size_t i, unsigned flags)
{
    struct text *t = &c->out;
    const struct sframe *f = &st->frames[i];
    const struct splace *at = f->at;
    bool brief = flags & FRAME_BRIEF;
    if (!brief)
        text_printf(t, "#%-3zu", i);
    if (f->kind == FRAME_SIGNAL) {
        text_put(t, "<signal handler called>\n");
        return;
    }
    int digits = session_image(c->session)->arch->addr_size * 2;
    if (!at->file || shows_address(c, st, i)) {
        if (c->screen.color)
            text_put(t, "\033[34m");
        text_printf(t, "0x%0*" PRIx64, digits, f->pc);
        text_put(t, c->screen.color ? "\033[0m in " : " in ");
    }
    put_coloured(t, &c->screen, COLOUR_YELLOW, at->function ? at->function : "??");
    text_put(t, " ()");
    if (at->file) {
        text_put(t, " at ");
        put_file(t, c, at);
        text_printf(t, ":%" PRIu32, at->line);
    } else if (at->module) {
        text_put(t, " from ");
        put_coloured(t, &c->screen, COLOUR_GREEN, at->module->path);
    }
    text_putc(t, '\n');
}

struct err *console_show_frame(struct console *c)
{
    const struct sstack *st;
    const struct sframe *f;
    TRY(console_stack(c, &st));
    TRY(console_sframe(c, &f));
    console_put_frame(c, st, c->frame, 0);
    console_put_source_line(c, f);
    return NULL;
}
