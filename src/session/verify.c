/* SPDX-License-Identifier: Apache-2.0 */
#include "session/verify.h"

#include <inttypes.h>

enum { CHUNK = 1 << 20, STEP = 64 << 10 }; /* bytes; the second is left out where nothing can be read */

/* How many bytes of [at, at + n) can be read. */
static uint64_t readable(struct session *s, taddr at, uint64_t n, uint8_t *buf, struct progress *progress)
{
    uint64_t got = 0;

    for (uint64_t done = 0; done < n && !progress_cancelled(progress);) {
        size_t want = n - done < CHUNK ? (size_t)(n - done) : CHUNK;
        size_t part = space_read_some(&session_image(s)->space, at + done, buf, want);
        got += part;
        done += part;
        if (part < want)
            done += STEP - (at + done) % STEP;
    }
    return got;
}

/* What lies in the file as it is needs no reading: it was measured when the core was opened. */
static void check_memory(struct session *s, struct progress *progress, struct verify_check *out)
{
    const struct space *space = &session_image(s)->space;
    SCOPED(freep) uint8_t *buf = xmalloc(CHUNK);

    for (size_t i = 0; i < space->ranges.n; i++) {
        const struct space_range *r = &space->ranges.v[i];
        out->total += r->absent == ABSENT_TRUNCATED ? r->end - r->start : r->held;
        out->present += r->have;
        if (r->have < r->held)
            out->present += readable(s, r->start + r->have, r->held - r->have, buf, progress);
        progress_report(progress, "ranges", i, space->ranges.n);
    }
}

static void check_threads(const struct image *im, struct verify_check *registers, struct verify_check *stacks)
{
    uint64_t word;

    for (size_t i = 0; i < im->threads.n; i++) {
        const struct image_thread *th = &im->threads.v[i];
        registers->total++;
        registers->present += th->has_regs;
        stacks->total += th->has_regs;
        stacks->present +=
            th->has_regs && space_word(&im->space, th->regs.val[im->arch->sp], im->arch->addr_size, &word);
    }
}

static void count(struct verify_check *c, bool there, const char *path)
{
    c->total++;
    c->present += there;
    if (!there && !c->first)
        c->first = path;
}

static void check_modules(struct session *s, struct verify_check *ids, struct verify_check *files)
{
    for (size_t i = 0; i < session_module_count(s); i++) {
        const struct module *m = session_module(s, i, true);
        if (!m->path || m->path[0] != '/')
            continue;
        count(ids, m->build_id.n > 0, m->path);
        count(files, m->file.state == PART_FOUND, m->path);
    }
}

struct err *session_verify(struct session *s, struct progress *progress, struct verify_check out[static VERIFY_KINDS])
{
    struct verify_check all[VERIFY_KINDS] = {{0}};
    const struct image *im = session_image(s);

    if (im->kind == IMAGE_LIVE)
        return err_hint(err_new(ERR_USAGE, "process %" PRId32 " is no core", im->pid), "inquest dump makes one of it");
    if (im->kind != IMAGE_CORE)
        return err_new(ERR_USAGE, "%s is no core, but a program", im->path);
    check_memory(s, progress, &all[VERIFY_MEMORY]);
    check_threads(im, &all[VERIFY_REGISTERS], &all[VERIFY_STACKS]);
    check_modules(s, &all[VERIFY_BUILD_IDS], &all[VERIFY_FILES]);
    if (progress_cancelled(progress))
        return err_new(ERR_CANCELLED, "checking %s was stopped", im->path);
    memcpy(out, all, sizeof(all));
    return NULL;
}

bool verify_is_loss(const struct err *e)
{
    return e->code == ERR_TRUNCATED || e->code == ERR_CORRUPT || e->code == ERR_NO_DATA || e->code == ERR_LIMIT;
}
