/* SPDX-License-Identifier: Apache-2.0 */
#include "image/record.h"

#include <ctype.h>
#include <stdarg.h>

void record_add(struct image *im, const char *key, const char *value)
{
    *vec_push(&im->facts) =
        (struct image_fact){.key = arena_strdup(&im->arena, key), .value = arena_strdup(&im->arena, value)};
}

void record_addf(struct image *im, const char *key, const char *fmt, ...)
{
    va_list ap;
    char *value;

    va_start(ap, fmt);
    int n = vasprintf(&value, fmt, ap);
    va_end(ap);
    if (n < 0)
        mem_exhausted();
    record_add(im, key, value);
    free(value);
}

const char *image_fact(const struct image *im, const char *key)
{
    for (size_t i = 0; i < im->facts.n; i++)
        if (strcmp(im->facts.v[i].key, key) == 0)
            return im->facts.v[i].value;
    return NULL;
}

/* ---- as bytes ---- */

/* A line ends a value: a line's end and a backslash in it are written with one. */
static void put_value(struct text *t, const char *value)
{
    for (const char *p = value; *p; p++) {
        if (*p == '\\' || *p == '\n')
            text_putc(t, '\\');
        text_putc(t, *p == '\n' ? 'n' : *p);
    }
}

void image_fact_put(struct text *t, const char *key, const char *value)
{
    text_put(t, key);
    text_putc(t, ' ');
    put_value(t, value);
    text_putc(t, '\n');
}

static char *take_value(struct image *im, const char *p, size_t n)
{
    char *out = arena_alloc(&im->arena, n + 1), *to = out;

    for (size_t i = 0; i < n; i++) {
        bool escape = p[i] == '\\' && i + 1 < n;
        i += escape;
        *to++ = escape && p[i] == 'n' ? '\n' : p[i];
    }
    *to = '\0';
    return out;
}

static void name_thread(struct image *im, const char *value)
{
    char *end;
    long tid = strtol(value, &end, 10);

    for (size_t i = 0; i < im->threads.n && *end == ' '; i++)
        if (im->threads.v[i].tid == tid && !im->threads.v[i].name)
            im->threads.v[i].name = end + 1;
}

static void use(struct image *im, const struct image_fact *f)
{
    if (strcmp(f->key, "limit") == 0)
        *vec_push(&im->limits) = arena_strdup(&im->arena, f->value);
    else if (strcmp(f->key, "thread") == 0)
        name_thread(im, f->value);
    else if (strcmp(f->key, "time") == 0)
        im->dump_time = strtoull(f->value, NULL, 10);
    else if (strcmp(f->key, "started") == 0)
        im->start_time = strtoull(f->value, NULL, 10);
}

/* The command line, where the whole of it is there. */
static void keep_arguments(struct image *im)
{
    SCOPED(text_done) struct text t = {0};

    for (size_t i = 0; i < im->facts.n; i++)
        if (strcmp(im->facts.v[i].key, "argument") == 0)
            text_putn(&t, im->facts.v[i].value, strlen(im->facts.v[i].value) + 1);
    if (t.n == 0 || image_fact(im, "arguments-cut"))
        return;
    uint8_t *copy = arena_alloc(&im->arena, t.n);
    memcpy(copy, t.p, t.n);
    im->arguments = (struct bytes){copy, t.n};
}

void record_read(struct image *im, struct bytes note)
{
    const char *p = (const char *)note.p, *end = note.n ? p + note.n : p;

    for (size_t lines = 0; p < end && lines < RECORD_LINES_MAX; lines++) {
        const char *stop = memchr(p, '\n', (size_t)(end - p)), *blank = memchr(p, ' ', (size_t)(end - p));
        if (!stop || memchr(p, '\0', (size_t)(stop - p)))
            break;
        if (blank && blank < stop) {
            struct image_fact f = {.key = arena_strndup(&im->arena, p, (size_t)(blank - p)),
                                   .value = take_value(im, blank + 1, (size_t)(stop - blank - 1))};
            *vec_push(&im->facts) = f;
            use(im, &f);
        }
        p = stop + 1;
    }
    keep_arguments(im);
    if (p < end)
        image_problem(im, err_new(ERR_CORRUPT,
                                  "the record of the process that Inquest wrote is damaged: %zu lines of it "
                                  "were read",
                                  im->facts.n));
}

/* ---- containers ---- */

/* Docker, containerd, CRI-O and Podman name the group of a container by its id, 64 hexadecimal digits; LXC by its name. */
bool record_container(const char *group, const char **id, size_t *n)
{
    enum { DIGITS = 64 };
    static const char *const lxc[] = {"/lxc.payload.", "/lxc/"};
    bool found = false;

    for (const char *p = group; *p;) {
        size_t run = strspn(p, "0123456789abcdef");
        if (run == DIGITS) { /* the innermost */
            *id = p;
            *n = run;
            found = true;
        }
        p += run ? run : 1;
    }
    for (size_t i = 0; i < ARRAY_LEN(lxc) && !found; i++) {
        const char *at = strstr(group, lxc[i]);
        *id = at ? at + strlen(lxc[i]) : NULL;
        *n = at ? strcspn(*id, "/") : 0;
        found = *n > 0;
    }
    return found;
}
