/* SPDX-License-Identifier: Apache-2.0 */
/* The debuginfod client library, loaded when DEBUGINFOD_URLS is set and a file is wanted: without it no
 * server is ever contacted. Interface: debuginfod_find_debuginfo(3). */
#include "base/log.h"
#include "module/module_priv.h"

#include <dlfcn.h>
#include <fcntl.h>

static const char library[] = "libdebuginfod.so.1";

typedef struct debuginfod_client client;
typedef int progress_fn(client *c, long done, long total);

struct api {
    client *(*begin)(void);
    void (*end)(client *c);
    int (*find)(client *c, const unsigned char *id, int id_size, char **path);
    void (*set_progress)(client *c, progress_fn *fn);
    void (*set_data)(client *c, void *data);
};

struct download {
    struct progress *progress;
    const char *what;
};

/* POSIX lets dlsym() give a function; ISO C needs the detour. */
static bool symbol_in(void *lib, const char *name, void *fn)
{
    void *at = dlsym(lib, name);
    memcpy(fn, &at, sizeof(at));
    return at != NULL;
}

/* The library passes nothing but its client; our data hangs on that. */
static struct download *download_of(client *c)
{
    void *(*get_data)(client *);
    struct download *d = NULL;
    void *lib = dlopen(library, RTLD_NOW | RTLD_NOLOAD);
    if (!lib)
        return NULL;
    if (symbol_in(lib, "debuginfod_get_user_data", &get_data))
        d = get_data(c);
    dlclose(lib);
    return d;
}

static int on_progress(client *c, long done, long total)
{
    struct download *d = download_of(c);
    if (!d)
        return 0;
    progress_report(d->progress, d->what, done > 0 ? (uint64_t)done : 0, total > 0 ? (uint64_t)total : 0);
    return progress_cancelled(d->progress);
}

static void *load_library(struct modules *ms)
{
    pthread_mutex_lock(&ms->lock);
    if (!ms->debuginfod_tried) {
        ms->debuginfod_tried = true;
        ms->debuginfod = dlopen(library, RTLD_NOW | RTLD_LOCAL);
        if (!ms->debuginfod)
            log_verbose("DEBUGINFOD_URLS is set, but %s is not installed", library);
    }
    void *lib = ms->debuginfod;
    pthread_mutex_unlock(&ms->lock);
    return lib;
}

static bool find_api(void *lib, const char *kind, struct api *a)
{
    SCOPED(freep) char *find = xasprintf("debuginfod_find_%s", kind);
    return lib && symbol_in(lib, "debuginfod_begin", &a->begin) && symbol_in(lib, "debuginfod_end", &a->end) &&
           symbol_in(lib, find, &a->find) && symbol_in(lib, "debuginfod_set_progressfn", &a->set_progress) &&
           symbol_in(lib, "debuginfod_set_user_data", &a->set_data);
}

static struct err *fetch(const struct api *a, const struct search *s, struct download *d, char **path)
{
    client *c = a->begin();
    if (!c)
        return err_new(ERR_INTERNAL, "%s does not start", library);
    a->set_data(c, d);
    a->set_progress(c, on_progress);
    int fd = a->find(c, s->id->id, s->id->n, path);
    a->end(c);
    if (fd < 0)
        return err_errno(-fd, "debuginfod has no file for %s", s->m->name);
    close(fd); /* the file stays in the library's cache, where its path leads */
    return NULL;
}

bool search_debuginfod(struct search *s, const char *kind)
{
    struct modules *ms = s->m->priv->ms;
    const char *urls = getenv("DEBUGINFOD_URLS");
    struct api a;
    if (ms->opts.no_debuginfod || !urls || !urls[0] || !s->id || !s->id->n || progress_cancelled(ms->opts.progress) ||
        !find_api(load_library(ms), kind, &a))
        return false;
    SCOPED(freep) char *what = xasprintf("debuginfod: %s", s->m->name);
    SCOPED(freep) char *path = NULL;
    struct download d = {ms->opts.progress, what};
    struct err *e = fetch(&a, s, &d, &path);
    if (e) {
        log_verbose("%s", e->msg);
        err_free(e); /* what was found before it, or nothing, is said in the part */
        return false;
    }
    return search_try(s, path, "debuginfod");
}
