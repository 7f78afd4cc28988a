/* SPDX-License-Identifier: Apache-2.0 */
/* The cache on disk: one file a build-id, DIR/symbols/ID, of the answers that were asked so far.
 *
 * Written whole to a temporary name and renamed, so that a reader sees an old or a new file and two writers
 * cost at most the answers of one. Little-endian; a reference to a string is 1 + its offset, 0 is NULL:
 *
 *   magic 8; format version 4; length of id 4; id 32; size 8 and mtime 8 of the debug file; size of the
 *   body 8; hash of the body 8
 *   body: size of strings 4, strings; answers 4, each: pc 8, entry 8, call kind 1, call address 8, call
 *   name 4, frames 4, each: function 4, linkage 4, file 4, language 4, line 4, column 4, inlined 1;
 *   tail lists 4, each: entry 8, known 1, sites 4, each: pc 8, kind 1, address 8, name 4 */
#include "base/log.h"
#include "base/text.h"
#include "module/symbolize_priv.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <sys/stat.h>
#include <time.h>

#define MAGIC "INQADDR\n"
#define FORMAT 4 /* changes with the answers too, not only with their layout */
#define HEADER_BYTES 80
#define DIR_BYTES_MAX (UINT64_C(256) << 20)
#define FILE_BYTES_MAX (UINT64_C(32) << 20)

static char *file_name(const char *dir, const struct cache_key *key)
{
    SCOPED(text_done) struct text t = {0};
    text_printf(&t, "%s/symbols/", dir);
    for (unsigned i = 0; i < key->id.n; i++)
        text_printf(&t, "%02x", key->id.id[i]);
    return text_take(&t);
}

/* ---- loading ---- */

struct loader {
    struct cursor c;
    struct bytes strings;
    struct arena *arena;
};

static const char *get_string(struct loader *l)
{
    uint32_t ref = cursor_u32(&l->c);
    if (!ref)
        return NULL;
    if (ref > l->strings.n)
        cursor_fail(&l->c);
    return l->c.failed ? NULL : (const char *)l->strings.p + ref - 1;
}

static struct call_target get_target(struct loader *l)
{
    struct call_target t = {0};
    uint8_t kind = cursor_u8(&l->c);
    t.address = cursor_u64(&l->c);
    t.name = get_string(l);
    if (kind > CALL_NAME || (kind == CALL_NAME && !t.name))
        cursor_fail(&l->c);
    else
        t.kind = (enum call_kind)kind;
    return t;
}

/* A count of records that take at least `size` bytes each. */
static uint32_t get_count(struct loader *l, size_t size)
{
    uint32_t n = cursor_u32(&l->c);
    if (n > cursor_left(&l->c) / size)
        cursor_fail(&l->c);
    return l->c.failed ? 0 : n;
}

static struct answer *get_answer(struct loader *l)
{
    struct answer *a = arena_new(l->arena, struct answer);
    a->keep = true;
    a->pc = cursor_u64(&l->c);
    a->entry = cursor_u64(&l->c);
    a->call = get_target(l);
    a->n = get_count(l, 25);
    struct src_frame *frames = arena_array(l->arena, struct src_frame, a->n ? a->n : 1);
    for (uint32_t i = 0; i < a->n; i++) {
        frames[i].function = get_string(l);
        frames[i].linkage = get_string(l);
        frames[i].file = get_string(l);
        frames[i].language = get_string(l);
        frames[i].line = cursor_u32(&l->c);
        frames[i].column = cursor_u32(&l->c);
        frames[i].inlined = cursor_u8(&l->c) != 0;
    }
    a->frames = frames;
    return a;
}

static struct tail_list *get_tails(struct loader *l)
{
    struct tail_list *t = arena_new(l->arena, struct tail_list);
    t->keep = true;
    t->entry = cursor_u64(&l->c);
    t->known = cursor_u8(&l->c) != 0;
    t->n = get_count(l, 21);
    struct tail_site *sites = arena_array(l->arena, struct tail_site, t->n ? t->n : 1);
    for (uint32_t i = 0; i < t->n; i++) {
        sites[i].pc = cursor_u64(&l->c);
        sites[i].target = get_target(l);
    }
    t->sites = sites;
    return t;
}

static bool check_header(struct cursor *c, const struct cache_key *key)
{
    struct bytes magic = cursor_bytes(c, 8);
    uint32_t format = cursor_u32(c), id_size = cursor_u32(c);
    struct bytes id = cursor_bytes(c, sizeof(key->id.id));
    uint64_t size = cursor_u64(c), mtime = cursor_u64(c), body = cursor_u64(c), hash = cursor_u64(c);
    return !c->failed && memcmp(magic.p, MAGIC, 8) == 0 && format == FORMAT && id_size == key->id.n &&
           memcmp(id.p, key->id.id, sizeof(key->id.id)) == 0 && size == key->size && mtime == key->mtime &&
           body == cursor_left(c) && hash == hash_stable(c->at, cursor_left(c));
}

static bool load_body(struct loader *l, struct sym_module *sm)
{
    uint32_t n = cursor_u32(&l->c);
    l->strings = cursor_bytes(&l->c, n);
    /* One NUL at the end makes every reference a string that ends inside. */
    if (n && (l->c.failed || l->strings.p[n - 1] != 0))
        return false;
    for (n = get_count(l, 33); n > 0 && !l->c.failed; n--) {
        struct answer *a = get_answer(l);
        if (!l->c.failed)
            sym_add_answer(sm, a);
    }
    for (n = get_count(l, 13); n > 0 && !l->c.failed; n--) {
        struct tail_list *t = get_tails(l);
        if (!l->c.failed)
            sym_add_tails(sm, t);
    }
    return !l->c.failed;
}

void cache_load(const char *dir, const struct cache_key *key, struct sym_module *sm, struct arena *a)
{
    struct stat st;
    SCOPED(freep) char *path = file_name(dir, key);
    SCOPED(closep) int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
    /* Somebody else's file could tell us anything. */
    if (fd < 0 || fstat(fd, &st) != 0 || st.st_uid != geteuid())
        return;
    struct err *e = filemap_fd(fd, path, &sm->cache);
    if (e) {
        log_debug("cache: %s", e->msg);
        err_free(e);
        return;
    }
    struct loader l = {.c = cursor_of(sm->cache.data, 0, path), .arena = a};
    if (!check_header(&l.c, key) || !load_body(&l, sm)) {
        log_verbose("cache: %s is stale or damaged and will be rebuilt", path);
        return;
    }
    /* Its time is that of its last use, which decides what goes when the cache is full. */
    const struct timespec now[2] = {{.tv_nsec = UTIME_NOW}, {.tv_nsec = UTIME_NOW}};
    if (time(NULL) - st.st_mtime > 3600 && futimens(fd, now) != 0)
        log_debug("cache: %s keeps its old time", path);
}

/* ---- saving ---- */

struct saver {
    struct text strings, records;
    struct mapstr known; /* string -> its reference */
};

static void put(struct text *t, uint64_t v, unsigned size)
{
    char b[8];
    for (unsigned i = 0; i < size; i++)
        b[i] = (char)(v >> (8 * i));
    text_putn(t, b, size);
}

static void put_string(struct saver *s, const char *str)
{
    bool fresh;
    if (!str) {
        put(&s->records, 0, 4);
        return;
    }
    size_t n = strlen(str);
    uint64_t *ref = mapstr_put(&s->known, str, n, &fresh);
    if (fresh) {
        *ref = s->strings.n + 1;
        text_putn(&s->strings, str, n + 1);
    }
    put(&s->records, *ref, 4);
}

static void put_target(struct saver *s, const struct call_target *t)
{
    put(&s->records, t->kind, 1);
    put(&s->records, t->address, 8);
    put_string(s, t->name);
}

static void put_answer(struct saver *s, const struct answer *a)
{
    put(&s->records, a->pc, 8);
    put(&s->records, a->entry, 8);
    put_target(s, &a->call);
    put(&s->records, a->n, 4);
    for (uint32_t i = 0; i < a->n; i++) {
        const struct src_frame *f = &a->frames[i];
        put_string(s, f->function);
        put_string(s, f->linkage);
        put_string(s, f->file);
        put_string(s, f->language);
        put(&s->records, f->line, 4);
        put(&s->records, f->column, 4);
        put(&s->records, f->inlined, 1);
    }
}

static void put_tails(struct saver *s, const struct tail_list *t)
{
    put(&s->records, t->entry, 8);
    put(&s->records, t->known, 1);
    put(&s->records, t->n, 4);
    for (uint32_t i = 0; i < t->n; i++) {
        put(&s->records, t->sites[i].pc, 8);
        put_target(s, &t->sites[i].target);
    }
}

static void put_records(struct saver *s, const struct sym_module *sm)
{
    size_t n = 0;
    for (size_t i = 0; i < sm->answers.n; i++)
        n += sm->answers.v[i]->keep;
    put(&s->records, n, 4);
    for (size_t i = 0; i < sm->answers.n; i++)
        if (sm->answers.v[i]->keep)
            put_answer(s, sm->answers.v[i]);
    n = 0;
    for (size_t i = 0; i < sm->tails.n; i++)
        n += sm->tails.v[i]->keep;
    put(&s->records, n, 4);
    for (size_t i = 0; i < sm->tails.n; i++)
        if (sm->tails.v[i]->keep)
            put_tails(s, sm->tails.v[i]);
}

static void put_file(struct saver *s, const struct cache_key *key, struct text *out)
{
    SCOPED(text_done) struct text body = {0};
    put(&body, s->strings.n, 4);
    text_putn(&body, text_str(&s->strings), s->strings.n);
    text_putn(&body, text_str(&s->records), s->records.n);
    text_putn(out, MAGIC, 8);
    put(out, FORMAT, 4);
    put(out, key->id.n, 4);
    text_putn(out, (const char *)key->id.id, sizeof(key->id.id));
    put(out, key->size, 8);
    put(out, key->mtime, 8);
    put(out, body.n, 8);
    put(out, hash_stable(text_str(&body), body.n), 8);
    text_putn(out, text_str(&body), body.n);
}

static bool write_all(int fd, const char *p, size_t n)
{
    while (n) {
        ssize_t k = write(fd, p, n);
        if (k < 0 && errno == EINTR)
            continue;
        if (k <= 0)
            return false;
        p += k;
        n -= (size_t)k;
    }
    return true;
}

/* No fsync: after a power failure the hash finds what was not written. */
static void write_file(const char *path, const struct text *t)
{
    SCOPED(freep) char *tmp = xasprintf("%s.XXXXXX", path);
    SCOPED(closep) int fd = mkostemp(tmp, O_CLOEXEC);
    if (fd < 0) {
        log_verbose("cache: cannot write %s: %s", path, strerror(errno));
        return;
    }
    if (!write_all(fd, text_str(t), t->n) || rename(tmp, path) != 0) {
        log_verbose("cache: cannot write %s: %s", path, strerror(errno));
        unlink(tmp);
    }
}

/* With its parents, as the XDG base directory specification wants: a new user has no ~/.cache. */
static bool make_directory(const char *dir)
{
    SCOPED(freep) char *path = xstrdup(dir);
    for (char *slash = path; (slash = strchr(slash + 1, '/'));) {
        *slash = '\0';
        if (mkdir(path, 0700) != 0 && errno != EEXIST)
            return false;
        *slash = '/';
    }
    return mkdir(path, 0700) == 0 || errno == EEXIST;
}

/* ---- the size limit ---- */

struct old_file {
    char *name;
    time_t used;
    uint64_t size;
};

static int by_use(const void *x, const void *y)
{
    const struct old_file *a = x, *b = y;
    return a->used < b->used ? -1 : a->used > b->used;
}

/* Removes the files that were not used for longest, until a tenth of the space is free again. */
static void shrink(int dir, struct old_file *files, size_t n, uint64_t total)
{
    if (total <= DIR_BYTES_MAX)
        return;
    qsort(files, n, sizeof(*files), by_use);
    for (size_t i = 0; i < n && total > DIR_BYTES_MAX / 10 * 9; i++)
        if (unlinkat(dir, files[i].name, 0) == 0)
            total -= files[i].size;
}

static void limit_size(const char *path)
{
    DIR *d = opendir(path);
    VEC(struct old_file) files = {0};
    uint64_t total = 0;
    struct dirent *e;
    while (d && (e = readdir(d))) {
        struct stat st;
        if (fstatat(dirfd(d), e->d_name, &st, AT_SYMLINK_NOFOLLOW) != 0 || !S_ISREG(st.st_mode))
            continue;
        total += (uint64_t)st.st_size;
        *vec_push(&files) =
            (struct old_file){.name = xstrdup(e->d_name), .used = st.st_mtime, .size = (uint64_t)st.st_size};
    }
    if (d && files.n)
        shrink(dirfd(d), files.v, files.n, total);
    for (size_t i = 0; i < files.n; i++)
        free(files.v[i].name);
    vec_done(&files);
    if (d)
        closedir(d);
}

void cache_save(const char *dir, const struct cache_key *key, const struct sym_module *sm)
{
    SCOPED(freep) char *symbols = xasprintf("%s/symbols", dir);
    if (!make_directory(dir) || !make_directory(symbols))
        return;
    struct saver s = {0};
    SCOPED(text_done) struct text file = {0};
    put_records(&s, sm);
    put_file(&s, key, &file);
    if (file.n <= FILE_BYTES_MAX) {
        SCOPED(freep) char *path = file_name(dir, key);
        write_file(path, &file);
        limit_size(symbols);
    }
    text_done(&s.strings);
    text_done(&s.records);
    mapstr_done(&s.known);
}
