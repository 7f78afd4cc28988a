/* SPDX-License-Identifier: Apache-2.0 */
/* Which package would bring what a module lacks. dpkg's file lists are read directly (deb-triggers and
 * dpkg(1): /var/lib/dpkg/info/PACKAGE[:ARCH].list, one path a line), once for all modules. */
#include "base/text.h"
#include "module/module_priv.h"

#include <ctype.h>
#include <dirent.h>

enum { MAX_LISTS = 100000, MAX_LIST = 64 << 20, MAX_OS_RELEASE = 64 << 10 };

static const char dpkg_info[] = "/var/lib/dpkg/info";

struct packages {
    struct arena arena;
    struct mapstr owners; /* path -> package name, NULL while unknown */
    uint64_t filter[64];  /* bit line_bit(): a wanted path may be such a line */
    bool complete;        /* every list was read */
};

/* Tells most of the half million lines of a big system from the few that are wanted, without hashing them. */
static unsigned line_bit(const char *line, size_t len)
{
    unsigned mix =
        (unsigned)len * 61 + (uint8_t)line[len - 1] * 7 + (uint8_t)line[len / 2] * 13 + (uint8_t)line[len * 3 / 4];
    return mix % 4096;
}

void packages_free(struct packages *p)
{
    if (!p)
        return;
    mapstr_done(&p->owners);
    arena_done(&p->arena);
    free(p);
}

/* After the merge of / and /usr a list may hold the path without /usr. */
static const char *without_usr(const char *path)
{
    return begins_with(path, "/usr/") ? path + 4 : NULL;
}

static void want_path(struct packages *p, const char *path)
{
    if (path[0] != '/')
        return;
    unsigned bit = line_bit(path, strlen(path));
    p->filter[bit / 64] |= UINT64_C(1) << (bit % 64);
    (void)mapstr_put(&p->owners, path, strlen(path), NULL);
}

static void want_all(struct modules *ms, struct packages *p)
{
    for (size_t i = 0; i < ms->list.n; i++) {
        const char *path = ms->list.v[i]->path, *old = without_usr(path);
        want_path(p, path);
        if (old)
            want_path(p, old);
    }
}

static void match_lines(struct packages *p, const char *list, size_t n, const char *package)
{
    for (const char *at = list, *end = list + n; at < end;) {
        const char *nl = memchr(at, '\n', (size_t)(end - at));
        size_t len = nl ? (size_t)(nl - at) : (size_t)(end - at);
        unsigned bit = len ? line_bit(at, len) : 0;
        bool maybe = len && (p->filter[bit / 64] >> (bit % 64) & 1);
        uint64_t *owner = maybe ? mapstr_find(&p->owners, at, len) : NULL;
        if (owner && !*owner)
            *owner = (uint64_t)(uintptr_t)arena_strdup(&p->arena, package);
        at += len + 1;
    }
}

static void read_list(struct packages *p, const char *file)
{
    const char *dot = strrchr(file, '.');
    if (!dot || strcmp(dot, ".list") != 0)
        return;
    SCOPED(freep) char *path = xasprintf("%s/%s", dpkg_info, file);
    SCOPED(freep) char *text = NULL;
    size_t n;
    struct err *e = file_slurp(path, MAX_LIST, &text, &n);
    if (e) {
        err_free(e); /* one package less to name */
        return;
    }
    SCOPED(freep) char *package = xstrndup(file, strcspn(file, ":"));
    if (strlen(package) == strlen(file))
        package[dot - file] = 0;
    match_lines(p, text, n, package);
}

/* Reads the lists of the packages whose names begin so. */
static void read_lists(struct packages *p, const char *prefix, size_t len)
{
    DIR *d = opendir(dpkg_info);
    const struct dirent *entry;
    for (unsigned i = 0; d && i < MAX_LISTS && (entry = readdir(d)); i++)
        if (strncmp(entry->d_name, prefix, len) == 0)
            read_list(p, entry->d_name);
    if (d)
        closedir(d);
}

/* Debian's packages own nothing elsewhere (Debian policy 9.1), so that a user's own program costs no search. */
static bool may_be_packaged(const char *path)
{
    static const char *const places[] = {"/usr/", "/lib", "/bin/", "/sbin/", "/opt/"};
    for (size_t i = 0; i < ARRAY_LEN(places); i++)
        if (begins_with(path, places[i]))
            return !begins_with(path, "/usr/local/");
    return false;
}

static const char *find_owner(const struct packages *p, const char *path)
{
    const char *old = without_usr(path);
    const uint64_t *owner = mapstr_find(&p->owners, path, strlen(path));
    if ((!owner || !*owner) && old)
        owner = mapstr_find(&p->owners, old, strlen(old));
    return owner ? (const char *)(uintptr_t)*owner : NULL;
}

/* Packages are mostly named after their files: libjemalloc2 has libjemalloc.so.2. Those that are not make
 * all lists be read, once. */
static const char *search_owner(struct packages *p, const char *path)
{
    const char *owner = find_owner(p, path), *name = strrchr(path, '/') + 1;
    if (owner || p->complete || !may_be_packaged(path))
        return owner;
    size_t stem = strspn(name, "abcdefghijklmnopqrstuvwxyz");
    if (stem > 3)
        read_lists(p, name, stem);
    owner = find_owner(p, path);
    if (owner)
        return owner;
    read_lists(p, "", 0);
    p->complete = true;
    return find_owner(p, path);
}

static const char *owner_of(struct modules *ms, const char *path)
{
    if (path[0] != '/')
        return NULL;
    pthread_mutex_lock(&ms->lock);
    if (!ms->packages) {
        ms->packages = xcalloc(1, sizeof(*ms->packages));
        want_all(ms, ms->packages);
    }
    const char *name = search_owner(ms->packages, path);
    pthread_mutex_unlock(&ms->lock);
    return name;
}

/* True when os-release names the distribution as ID or in ID_LIKE (os-release(5)). */
static bool distribution_is(const char *text, const char *id)
{
    for (const char *at = text; at && *at; at = strchr(at, '\n') ? strchr(at, '\n') + 1 : NULL) {
        if (!begins_with(at, "ID=") && !begins_with(at, "ID_LIKE="))
            continue;
        size_t len = strcspn(at, "\n"), n = strlen(id);
        for (size_t i = 3; i + n <= len; i++)
            if (strncmp(at + i, id, n) == 0 && !isalnum((unsigned char)at[i - 1]) && !isalnum((unsigned char)at[i + n]))
                return true;
    }
    return false;
}

/* Packages whose debug package is not NAME-dbgsym, from Debian 12. */
static const char *const old_style[] = {"libc6",       "libc6-i386", "ceph-osd", "ceph-mon",   "ceph-mgr", "ceph-mds",
                                        "ceph-common", "librados2",  "librbd1",  "libcephfs2", "radosgw"};

static void put_debian(struct text *t, const char *package)
{
    for (size_t i = 0; i < ARRAY_LEN(old_style); i++)
        if (strcmp(package, old_style[i]) == 0) {
            text_printf(t, "apt install %s-dbg", package);
            return;
        }
    text_printf(t, "apt install %s-dbgsym (from the debian-debug archive)", package);
}

static bool put_package(struct text *t, struct module *m)
{
    SCOPED(freep) char *os = NULL;
    size_t n;
    char id[BUILD_ID_TEXT];
    build_id_text(&m->build_id, id);
    struct err *e = file_slurp("/etc/os-release", MAX_OS_RELEASE, &os, &n);
    err_free(e); /* then it is a system that we know nothing of */
    const char *owner = os && distribution_is(os, "debian") ? owner_of(m->priv->ms, m->path) : NULL;
    if (owner)
        put_debian(t, owner);
    else if (os && m->build_id.n && (distribution_is(os, "fedora") || distribution_is(os, "rhel")))
        text_printf(t, "dnf --enablerepo='*debug*' install /usr/lib/debug/.build-id/%.2s/%s.debug", id, id + 2);
    else if (os && m->build_id.n && distribution_is(os, "suse"))
        text_printf(t, "zypper install -C 'debuginfo(build-id)=%s'", id);
    return t->n > 0;
}

static void put_fetch(struct text *t, const struct module *m, const char *kind)
{
    char id[BUILD_ID_TEXT];
    if (m->build_id.n)
        text_printf(t, "%sdebuginfod-find %s %s", t->n ? ", or " : "", kind, build_id_text(&m->build_id, id));
}

static bool is_missing(const struct module_part *p)
{
    return p->state == PART_MISSING || p->state == PART_MISMATCH || p->state == PART_ERROR;
}

static void load_hint(struct module *m)
{
    struct text t = {0};
    (void)module_alt_elf(m);
    if (is_missing(&m->file)) {
        text_put(&t,
                 m->is_exe ? "give the program with --exe" : "give the folder of the target's files with --sysroot");
        put_fetch(&t, m, "executable");
    } else if (is_missing(&m->debug) || is_missing(&m->alt)) {
        if (!put_package(&t, m))
            text_printf(&t, "%sgive its debug file's folder with --debug-dir",
                        m->build_id.n ? "" : "build it with -g, or ");
        put_fetch(&t, m, "debuginfo");
    }
    if (t.n)
        m->priv->hint = arena_strdup(&m->priv->arena, text_str(&t));
    text_done(&t);
}

const char *module_missing_hint(struct module *m)
{
    module_once(m, &m->priv->hint_done, load_hint);
    return m->priv->hint;
}
