/* SPDX-License-Identifier: Apache-2.0 */
/* The text of source files, and where it is looked for. */
#include "base/file.h"
#include "base/text.h"
#include "session/code_priv.h"

#include <errno.h>
#include <sys/stat.h>

enum { SOURCE_MAX = 64 << 20 };

struct source_file {
    struct source source;
    char *path, *text;
    const char **lines;
    time_t mtime;
};

struct code *code_of(struct session *s)
{
    if (!s->code)
        s->code = xcalloc(1, sizeof(*s->code));
    return s->code;
}

void code_forget_sources(struct code *c)
{
    for (size_t i = 0; i < c->all_sources.n; i++) {
        struct source_file *f = c->all_sources.v[i];
        free(f->path);
        free(f->text);
        free(f->lines);
        free(f);
    }
    vec_done(&c->all_sources);
    mapstr_done(&c->sources);
}

/* ---- where to look ---- */

static void drop_substitution(struct code *c, size_t i)
{
    free(c->substitutions.v[i].from);
    free(c->substitutions.v[i].to);
    memmove(&c->substitutions.v[i], &c->substitutions.v[i + 1],
            (c->substitutions.n - i - 1) * sizeof(*c->substitutions.v));
    c->substitutions.n--;
}

void session_substitute_path(struct session *s, const char *from, const char *to)
{
    struct code *c = code_of(s);
    for (size_t i = c->substitutions.n; i-- > 0;)
        if (!from || strcmp(c->substitutions.v[i].from, from) == 0)
            drop_substitution(c, i);
    if (from && to)
        *vec_push(&c->substitutions) = (struct substitution){.from = xstrdup(from), .to = xstrdup(to)};
    code_forget_sources(c);
}

void session_source_directories(struct session *s, const char *dirs)
{
    struct code *c = code_of(s);
    free(c->directories);
    c->directories = dirs ? xstrdup(dirs) : NULL;
    code_forget_sources(c);
}

/* A search for one file. */
struct search {
    struct session *s;
    const char *path; /* substituted */
    char *found;      /* heap */
    struct stat st;
    int why;          /* errno of the first place */
};

/* Takes a name that stands for a regular file; `name` is heap memory and handed over. */
static bool try_name(struct search *q, char *name)
{
    if (stat(name, &q->st) == 0) {
        if (S_ISREG(q->st.st_mode)) {
            q->found = name;
            return true;
        }
        errno = EINVAL;
    }
    if (!q->why)
        q->why = errno;
    free(name);
    return false;
}

/* Below a folder: the whole path, then ever fewer of its last components. */
static bool try_folder(struct search *q, const char *dir, size_t n)
{
    for (const char *tail = q->path; tail; tail = strchr(tail, '/')) {
        tail += strspn(tail, "/");
        if (*tail && try_name(q, xasprintf("%.*s/%s", (int)n, dir, tail)))
            return true;
    }
    return false;
}

static bool try_directories(struct search *q, const char *dirs)
{
    for (const char *at = dirs; at && *at;) {
        size_t n = strcspn(at, ":");
        bool implied = n == 0 || at[0] == '$';
        if (!implied && n < 4096 && try_folder(q, at, n))
            return true;
        at += n + (at[n] == ':');
    }
    return false;
}

static char *substituted(const struct code *c, const char *path)
{
    for (size_t i = 0; i < c->substitutions.n; i++) {
        const struct substitution *sub = &c->substitutions.v[i];
        size_t n = strlen(sub->from);
        while (n > 1 && sub->from[n - 1] == '/')
            n--;
        if (n && strncmp(path, sub->from, n) == 0 && (path[n] == '/' || path[n] == '\0' || sub->from[n - 1] == '/'))
            return xasprintf("%s%s", sub->to, path + n);
    }
    return xstrdup(path);
}

static bool find(struct search *q)
{
    const char *sysroot = q->s->opts.modules.sysroot;
    if (try_name(q, xstrdup(q->path)))
        return true;
    if (sysroot && q->path[0] == '/' && try_name(q, xasprintf("%s%s", sysroot, q->path)))
        return true;
    if (try_directories(q, q->s->code->directories))
        return true;
    const char *slash = strrchr(q->path, '/');
    return slash && slash[1] && try_name(q, xstrdup(slash + 1));
}

/* ---- the text ---- */

static void split(struct source_file *f, size_t n)
{
    size_t lines = 0, cap = 0;
    const char **v = NULL;
    for (char *at = f->text, *end = f->text + n; at < end;) {
        char *stop = memchr(at, '\n', (size_t)(end - at));
        stop = stop ? stop : end;
        v = vec_grow_(v, &cap, lines + 1, sizeof(*v));
        v[lines++] = at;
        *stop = '\0'; /* the text has a NUL behind its end */
        if (stop > at && stop[-1] == '\r')
            stop[-1] = '\0';
        at = stop + 1;
    }
    f->lines = v;
    f->source.lines = v;
    f->source.n = lines;
}

static struct err *load(struct session *s, const char *path, struct source_file **out)
{
    SCOPED(freep) char *plain = substituted(s->code, path);
    struct search q = {.s = s, .path = plain};
    if (!find(&q))
        return err_hint(err_new(ERR_NOT_FOUND, "%s: %s", path, strerror(q.why)),
                        "say where it is: set substitute-path FROM TO, or directory DIR");
    SCOPED(freep) char *found = q.found;
    char *text;
    size_t n;
    TRY(file_slurp(found, SOURCE_MAX, &text, &n));
    struct source_file *f = xcalloc(1, sizeof(*f));
    *f = (struct source_file){.path = TAKE(found), .text = text, .mtime = q.st.st_mtime};
    f->source.path = f->path;
    split(f, n);
    *vec_push(&s->code->all_sources) = f;
    *out = f;
    return NULL;
}

struct err *session_source(struct session *s, const char *path, const struct module *m, const struct source **out)
{
    struct code *c = code_of(s);
    uint64_t *slot = mapstr_find(&c->sources, path, strlen(path));
    struct source_file *f = slot ? (struct source_file *)(uintptr_t)*slot : NULL;
    if (!f) {
        TRY(load(s, path, &f));
        const char *key = arena_strdup(&s->arena, path);
        *mapstr_put(&c->sources, key, strlen(key), NULL) = (uint64_t)(uintptr_t)f;
        struct stat st;
        f->source.newer = m && m->file.path && stat(m->file.path, &st) == 0 && f->mtime > st.st_mtime;
    }
    *out = &f->source;
    return NULL;
}
