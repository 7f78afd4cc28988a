/* SPDX-License-Identifier: Apache-2.0 */
/* What the program consists of: names of all kinds, packages, libraries, its own file. */
#include "front/delve/priv.h"

#include "session/code.h"
#include "session/names.h"

#include <string.h>
#include <sys/stat.h>
#include <time.h>

struct err *filter_compile(const char *text, struct pattern **out)
{
    struct err *e = pattern_compile(text, out);
    return e ? err_prefix(e, "invalid filter argument") : NULL;
}

/* ---- lists of names ---- */

static struct err *list_names(struct client *c, struct arguments *a, struct json *j, enum program_names kind,
                              const char *key)
{
    const char *filter = argument_string(a, "Filter");
    const char *const *names;
    SCOPED(pattern_freep) struct pattern *wanted = NULL;
    size_t n;
    TRY(arguments_check(a));
    TRY(filter_compile(filter, &wanted));
    TRY(session_names(c->session, kind, &names, &n));
    result_begin(c, j, key);
    json_array_begin(j);
    for (size_t i = 0; i < n; i++)
        if (pattern_fits(wanted, names[i]))
            json_string(j, names[i]);
    json_array_end(j);
    result_end(c, j);
    return pattern_check(wanted);
}

static struct err *list_sources(struct client *c, struct arguments *a, struct json *j)
{
    return list_names(c, a, j, NAMES_SOURCES, "Sources");
}

static struct err *list_functions(struct client *c, struct arguments *a, struct json *j)
{
    return list_names(c, a, j, NAMES_FUNCTIONS, "Funcs");
}

static struct err *list_types(struct client *c, struct arguments *a, struct json *j)
{
    return list_names(c, a, j, NAMES_TYPES, "Types");
}

/* ---- packages ---- */

/* "/x/a/b" is a folder of "a/b" and of "b". */
static bool ends_in(const char *folder, size_t n, const char *package)
{
    size_t want = strlen(package);
    return n > want && folder[n - want - 1] == '/' && memcmp(folder + n - want, package, want) == 0;
}

/* Another package has a longer name that the folder fits as well: "internal/sync" beside "sync". */
static bool is_of_another(const char *folder, size_t n, const char *package, const char *const *packages,
                          size_t n_packages)
{
    for (size_t i = 0; i < n_packages; i++)
        if (strlen(packages[i]) > strlen(package) && ends_in(folder, n, packages[i]))
            return true;
    return false;
}

/* The folder that the package's files are in: of a file whose folder ends in the import path. NULL: not known. */
static const char *folder_of(const char *package, const char *const *packages, size_t n_packages,
                             const char *const *sources, size_t n, size_t *len)
{
    const char *last = NULL; /* that was another's */
    for (size_t i = 0; i < n; i++) {
        const char *slash = strrchr(sources[i], '/');
        size_t have = slash ? (size_t)(slash - sources[i]) : 0;
        if (!ends_in(sources[i], have, package) || (last && strncmp(last, sources[i], have + 1) == 0))
            continue;
        if (!is_of_another(sources[i], have, package, packages, n_packages))
            return *len = have, sources[i];
        last = sources[i];
    }
    return NULL;
}

static void put_files(struct json *j, const char *folder, size_t len, const char *const *sources, size_t n)
{
    json_array_begin(j);
    for (size_t i = 0; folder && i < n; i++)
        if (strncmp(sources[i], folder, len) == 0 && sources[i][len] == '/' && !strchr(sources[i] + len + 1, '/'))
            json_string(j, sources[i]);
    json_array_end(j);
}

static struct err *list_packages(struct client *c, struct arguments *a, struct json *j)
{
    bool files = argument_bool(a, "IncludeFiles");
    const char *filter = argument_string(a, "Filter");
    const char *const *names, *const *sources;
    size_t n, n_sources;
    SCOPED(pattern_freep) struct pattern *wanted = NULL;
    TRY(arguments_check(a));
    TRY(session_names(c->session, NAMES_PACKAGES, &names, &n));
    TRY(session_names(c->session, NAMES_SOURCES, &sources, &n_sources));
    TRY(filter_compile(filter, &wanted));
    result_begin(c, j, "List");
    json_array_begin(j);
    for (size_t i = 0; i < n; i++) {
        if (!pattern_fits(wanted, names[i]))
            continue;
        size_t len = 0;
        const char *folder = folder_of(names[i], names, n, sources, n_sources, &len);
        json_object_begin(j);
        json_kv_string(j, "ImportPath", names[i]);
        json_key(j, "DirectoryPath");
        json_stringn(j, folder ? folder : "", len);
        json_key(j, "Files");
        if (files)
            put_files(j, folder, len, sources, n_sources);
        else
            json_null(j);
        json_object_end(j);
    }
    json_array_end(j);
    result_end(c, j);
    return pattern_check(wanted);
}

/* ---- files ---- */

static const struct module *program_of(struct client *c)
{
    for (size_t i = 0; i < session_module_count(c->session); i++) {
        const struct module *m = session_module(c->session, i, false);
        if (m->is_exe)
            return m;
    }
    return NULL;
}

static struct err *list_libraries(struct client *c, struct arguments *a, struct json *j)
{
    (void)a;
    json_object_begin(j);
    json_key(j, "List");
    json_array_begin(j);
    for (size_t i = 0; i < session_module_count(c->session); i++) {
        const struct module *m = session_module(c->session, i, false);
        if (m->is_exe || !m->path || m->path[0] != '/')
            continue; /* the kernel's own is no file */
        json_object_begin(j);
        json_kv_string(j, "Path", m->path);
        json_kv_u64(j, "Address", m->start);
        json_kv_string(j, "LoadError", "");
        json_kv_bool(j, "Trimpath", false);
        json_object_end(j);
    }
    json_array_end(j);
    json_kv_bool(j, "ExecutableTrimpath", false);
    json_object_end(j);
    return NULL;
}

static struct err *build_id(struct client *c, struct arguments *a, struct json *j)
{
    const struct module *m = program_of(c);
    char text[BUILD_ID_TEXT] = "";
    (void)a;
    json_object_begin(j);
    json_kv_string(j, "BuildID", m ? session_build_id_text(&m->build_id, text) : "");
    json_object_end(j);
    return NULL;
}

/* As Go writes a time, RFC 3339; the year 1 when it is not known. */
static struct err *last_modified(struct client *c, struct arguments *a, struct json *j)
{
    const struct module *m = program_of(c);
    char text[64] = "0001-01-01T00:00:00Z";
    struct stat st;
    struct tm utc;
    (void)a;
    if (m && m->path && stat(m->path, &st) == 0 && gmtime_r(&st.st_mtim.tv_sec, &utc)) {
        size_t n = strftime(text, sizeof(text), "%Y-%m-%dT%H:%M:%S", &utc);
        snprintf(text + n, sizeof(text) - n, ".%09ldZ", st.st_mtim.tv_nsec);
    }
    json_object_begin(j);
    json_kv_string(j, "Time", text);
    json_object_end(j);
    return NULL;
}

static const struct method rows[] = {
    {"ListSources", list_sources, NULL},
    {"ListFunctions", list_functions, NULL},
    {"ListTypes", list_types, NULL},
    {"ListPackagesBuildInfo", list_packages, NULL},
    {"ListDynamicLibraries", list_libraries, NULL},
    {"BuildID", build_id, NULL},
    {"LastModified", last_modified, NULL},
};
const struct method_table delve_program_methods = {rows, ARRAY_LEN(rows)};
