/* SPDX-License-Identifier: Apache-2.0 */
/* In which frame a stack is looked at first. VS Code selects the first one that is not "subtle": after an abort the
 * innermost ones are those of the C library. */
#include "front/dap/priv.h"
#include "session/code.h"

#include <string.h>

/* ---- libraries ---- */

/* "x86_64-linux-gnu/" */
static size_t triplet_length(const char *path)
{
    size_t n = strcspn(path, "/");
    const char *system = strstr(path, "-linux-");
    return path[n] && system && system < path + n ? n + 1 : 0;
}

/* Is it directly in a folder where the dynamic linker looks by itself, of any distribution? What lies deeper there are
 * plug-ins and a language's modules. */
static bool is_system_library(const struct module *m)
{
    static const char *const folders[] = {"lib/", "lib64/", "lib32/", "libx32/"};
    if (m->is_exe)
        return false;
    if (m->is_vdso)
        return true;
    const char *path = m->path;
    path += strncmp(path, "/usr/", 5) == 0 ? 5 : *path == '/';
    for (size_t i = 0; i < ARRAY_LEN(folders); i++) {
        size_t n = strlen(folders[i]);
        if (strncmp(path, folders[i], n) == 0)
            return !strchr(path + n + triplet_length(path + n), '/');
    }
    return false;
}

/* ---- frames ---- */

static bool has_source(struct dap *d, const struct splace *at)
{
    const struct source *src;
    struct err *e = at->file ? session_source(d->session, at->file, at->module, &src) : NULL;
    bool has = at->file && !e;
    err_free(e);
    return has;
}

/* One that its programmer did not write: the runtime's, or a library's whose source is not here either. */
static bool is_passed(struct dap *d, const struct sframe *f)
{
    if (f->kind == FRAME_LANGUAGE)
        return false;
    return f->kind == FRAME_SIGNAL || session_frame_hidden(d->session, f) ||
           (f->at->module && is_system_library(f->at->module) && !has_source(d, f->at));
}

/* Of a task that waits, the list of threads names a frame: that one. */
static bool begin_of_task(struct dap *d, int64_t thread, const struct sstack *st, size_t n, size_t *out)
{
    struct dap_thread th;
    struct err *e = thread_of_id(d, thread, &th);
    const struct sframe *user = !e && th.task ? session_task_user_frame(d->session, th.of, th.task) : NULL;
    err_free(e);
    for (size_t i = 0; user && i < n; i++)
        if (st->frames[i].at == user->at)
            return *out = i, true;
    return false;
}

size_t stack_begin(struct dap *d, int64_t thread, const struct sstack *st)
{
    size_t n = st->n < BEGIN_WITHIN ? st->n : BEGIN_WITHIN, first = n, at;
    if (begin_of_task(d, thread, st, n, &at))
        return at;
    for (at = 0; at < n && first == n; at++)
        if (!is_passed(d, &st->frames[at]))
            first = at;
    if (first == n)
        return 0;
    /* In an extension of a language whose own source is here, the native code's is looked at only if it is here, too. */
    if (st->frames[first].kind == FRAME_LANGUAGE || has_source(d, st->frames[first].at))
        return first;
    for (at = first; at < n; at++)
        if (st->frames[at].kind == FRAME_LANGUAGE && has_source(d, st->frames[at].at))
            return at;
    return first;
}
