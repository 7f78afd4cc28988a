/* SPDX-License-Identifier: Apache-2.0 */
/* Hyperscan, or Vectorscan, which has its interface (docs/adr/0008): loaded when it is needed, since it is large. */
#include "redact/priv.h"

#include <dlfcn.h>
#include <hs/hs.h>
#include <pthread.h>

static const char library[] = "libhs.so.5";

struct api {
    __typeof__(hs_compile_multi) *compile;
    __typeof__(hs_free_compile_error) *free_error;
    __typeof__(hs_free_database) *free_database;
    __typeof__(hs_alloc_scratch) *alloc_scratch;
    __typeof__(hs_free_scratch) *free_scratch;
    __typeof__(hs_scan) *scan;
};

struct engine {
    struct api api;
    void *lib;
    hs_database_t *database;
    pthread_mutex_t lock;          /* guards the rest */
    VEC(hs_scratch_t *) scratches; /* that no scan uses */
};

/* POSIX lets dlsym() give a function; ISO C needs the detour. */
static bool symbol(void *lib, const char *name, void *fn)
{
    void *at = dlsym(lib, name);
    memcpy(fn, &at, sizeof(at));
    return at != NULL;
}

static struct err *load(struct engine *e)
{
    e->lib = dlopen(library, RTLD_NOW | RTLD_LOCAL);
    if (e->lib && symbol(e->lib, "hs_compile_multi", &e->api.compile) &&
        symbol(e->lib, "hs_free_compile_error", &e->api.free_error) &&
        symbol(e->lib, "hs_free_database", &e->api.free_database) &&
        symbol(e->lib, "hs_alloc_scratch", &e->api.alloc_scratch) &&
        symbol(e->lib, "hs_free_scratch", &e->api.free_scratch) && symbol(e->lib, "hs_scan", &e->api.scan))
        return NULL;
    return err_hint(err_new(ERR_UNSUPPORTED, "the library that finds secrets, %s, is not here", library),
                    "apt install libvectorscan5 or libhyperscan5");
}

static struct err *failed(struct engine *e, hs_compile_error_t *error, size_t *bad)
{
    struct err *r = err_new(error->expression < 0 ? ERR_UNSUPPORTED : ERR_USAGE, "%s", error->message);

    *bad = error->expression < 0 ? 0 : (size_t)error->expression;
    e->api.free_error(error);
    return r;
}

static struct err *compile(struct engine *e, const struct engine_pattern *patterns, size_t n, size_t *bad)
{
    SCOPED(freep) const char **regexes = xcalloc(n, sizeof(*regexes));
    SCOPED(freep) unsigned *flags = xcalloc(n, sizeof(*flags)), *ids = xcalloc(n, sizeof(*ids));
    hs_compile_error_t *error;

    for (size_t i = 0; i < n; i++) {
        regexes[i] = patterns[i].regex;
        flags[i] = (patterns[i].any_case ? HS_FLAG_CASELESS : 0u) |
                   (patterns[i].where ? HS_FLAG_SOM_LEFTMOST | HS_FLAG_MULTILINE : 0u);
        ids[i] = (unsigned)i;
    }
    if (e->api.compile(regexes, flags, ids, (unsigned)n, HS_MODE_BLOCK, NULL, &e->database, &error) != HS_SUCCESS)
        return failed(e, error, bad);
    return NULL;
}

void engine_free(struct engine *e)
{
    if (!e)
        return;
    for (size_t i = 0; i < e->scratches.n; i++)
        e->api.free_scratch(e->scratches.v[i]);
    vec_done(&e->scratches);
    if (e->database)
        e->api.free_database(e->database);
    pthread_mutex_destroy(&e->lock);
    /* The library stays: others of its functions may run on threads that end later. */
    free(e);
}

static void engine_freep(struct engine **e)
{
    engine_free(*e);
}

struct err *engine_new(const struct engine_pattern *patterns, size_t n, size_t *bad, struct engine **out)
{
    SCOPED(engine_freep) struct engine *e = xcalloc(1, sizeof(*e));

    pthread_mutex_init(&e->lock, NULL);
    TRY(load(e));
    TRY(compile(e, patterns, n, bad));
    *out = TAKE(e);
    return NULL;
}

/* ---- scanning ---- */

static hs_scratch_t *take_scratch(struct engine *e)
{
    hs_scratch_t *s = NULL;

    pthread_mutex_lock(&e->lock);
    if (e->scratches.n)
        s = e->scratches.v[--e->scratches.n];
    pthread_mutex_unlock(&e->lock);
    if (!s && e->api.alloc_scratch(e->database, &s) != HS_SUCCESS)
        mem_exhausted();
    return s;
}

static void give_scratch(struct engine *e, hs_scratch_t *s)
{
    pthread_mutex_lock(&e->lock);
    *vec_push(&e->scratches) = s;
    pthread_mutex_unlock(&e->lock);
}

struct call {
    void (*fn)(void *arg, size_t pattern, size_t start, size_t end);
    void *arg;
};

static int on_match(unsigned id, unsigned long long from, unsigned long long to, unsigned flags, void *arg)
{
    const struct call *c = arg;

    (void)flags;
    c->fn(c->arg, id, (size_t)from, (size_t)to);
    return 0;
}

void engine_scan(struct engine *e, const uint8_t *bytes, size_t n,
                 void (*fn)(void *arg, size_t pattern, size_t start, size_t end), void *arg)
{
    struct call c = {fn, arg};
    hs_scratch_t *s = take_scratch(e);

    /* Nothing else than memory can be wrong: mode, size and scratch are as they must be. */
    if (e->api.scan(e->database, (const char *)bytes, (unsigned)n, 0, s, on_match, &c) != HS_SUCCESS)
        mem_exhausted();
    give_scratch(e, s);
}
