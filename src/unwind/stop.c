/* SPDX-License-Identifier: Apache-2.0 */
/* Why a walk ends before the outermost frame, in words. */
#include "unwind/unwinder.h"

#include <inttypes.h>

static const char *plural(size_t n)
{
    return n == 1 ? "" : "s";
}

struct err *stop_hint(const struct walk *w, struct err *why)
{
    struct module *m = w->row->module;
    char id[BUILD_ID_TEXT];

    if (w->row->kind != ROW_NONE || w->row->problem || !m)
        return why;
    const char *hint = module_missing_hint(m);
    if (hint)
        return err_hint(why, "%s", hint);
    if (m->build_id.n && !module_elf(m))
        return err_hint(why, "give the file with build-id %s", build_id_text(&m->build_id, id));
    return why;
}

struct err *stop_no_row(struct unwinder *u, const struct walk *w)
{
    taddr pc = w->frame.pc;
    struct module *m = w->row->module;
    size_t n = w->depth + 1;
    struct err *e;

    if (w->row->problem)
        e = err_prefix(err_dup(w->row->problem), "the unwind table for 0x%" PRIx64 " is damaged", pc);
    else if (m)
        e = err_new(ERR_NO_DATA, "no unwind table covers 0x%" PRIx64 " in %s; stopped after %zu frame%s", pc, m->name,
                    n, plural(n));
    else if (unwinder_is_code(u, pc))
        e = err_new(ERR_NO_DATA, "no unwind table covers 0x%" PRIx64 ", code in no module; stopped after %zu frame%s",
                    pc, n, plural(n));
    else
        e = err_new(ERR_CORRUPT, "0x%" PRIx64 " is not in executable memory, and what jumped there cannot be told", pc);
    return err_at(e, ERR_AT_ADDRESS, pc);
}

struct err *stop_bad_return(const struct walk *w, taddr ret)
{
    size_t n = w->depth + 1;

    return err_at(err_new(ERR_CORRUPT,
                          "the return address 0x%" PRIx64 " is not in executable memory; stopped after %zu frame%s",
                          ret, n, plural(n)),
                  ERR_AT_ADDRESS, ret);
}

struct err *stop_missing(struct unwinder *u, taddr at, const char *what)
{
    uint64_t ignored;
    struct err *e = modules_read(u->ms, at, &ignored, u->arch->addr_size);

    if (!e)
        e = err_at(err_new(ERR_UNMAPPED, "0x%" PRIx64 " cannot be read", at), ERR_AT_ADDRESS, at);
    return err_prefix(e, "cannot read %s", what);
}
