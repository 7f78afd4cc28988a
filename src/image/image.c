/* SPDX-License-Identifier: Apache-2.0 */
#include "image/build.h"

struct image *image_new(enum image_kind kind, const char *path)
{
    struct image *im = xcalloc(1, sizeof(*im));

    im->kind = kind;
    im->path = arena_strdup(&im->arena, path);
    return im;
}

/* All that it owns but what its ops do. */
static void release(struct image *im)
{
    for (size_t i = 0; i < im->problems.n; i++)
        err_free(im->problems.v[i]);
    vec_done(&im->problems);
    vec_done(&im->limits);
    vec_done(&im->unfrozen);
    vec_done(&im->facts);
    vec_done(&im->auxv);
    vec_done(&im->files);
    vec_done(&im->maps);
    vec_done(&im->threads);
    space_done(&im->space);
    arena_done(&im->arena);
}

void image_free(struct image *im)
{
    if (!im)
        return;
    if (im->ops && im->ops->free)
        im->ops->free(im);
    release(im);
    free(im);
}

void image_clear(struct image *im)
{
    SCOPED(freep) char *path = xstrdup(im->path);
    struct image empty = {.ops = im->ops, .kind = im->kind, .priv = im->priv};

    release(im);
    *im = empty;
    im->path = arena_strdup(&im->arena, path);
}

void image_problem(struct image *im, struct err *e)
{
    if (e)
        *vec_push(&im->problems) = e;
}

const char *image_mapped_path(struct image *im, const char *path, bool *deleted)
{
    static const char suffix[] = " (deleted)";
    size_t n = strlen(path), cut = sizeof(suffix) - 1;

    *deleted = n > cut && strcmp(path + n - cut, suffix) == 0;
    return arena_strndup(&im->arena, path, *deleted ? n - cut : n);
}

const char *image_join_arguments(struct image *im, const char *args, size_t n)
{
    while (n > 0 && args[n - 1] == '\0')
        n--;
    if (n == 0)
        return NULL;
    char *joined = arena_alloc(&im->arena, n + 1);
    for (size_t i = 0; i < n; i++)
        joined[i] = args[i] ? args[i] : ' ';
    return joined;
}

struct err *image_mapping_facts(struct image *im, struct mapping_facts *out, uint32_t *filter)
{
    if (!im->ops || !im->ops->facts)
        return err_new(ERR_UNSUPPORTED, "%s is no process: its mappings have no flags", im->path);
    return im->ops->facts(im, out, filter);
}

void image_describe(struct image *im)
{
    if (im->ops && im->ops->describe && im->facts.n == 0)
        im->ops->describe(im);
}

bool image_touched(struct image *im, taddr at, size_t pages, uint8_t *out)
{
    return im->ops && im->ops->touched && im->ops->touched(im, at, pages, out);
}

taddr image_next_touched(struct image *im, taddr at, taddr end)
{
    return im->ops && im->ops->next_touched && at < end ? im->ops->next_touched(im, at, end) : at;
}

const struct mapping *image_mapping(const struct image *im, taddr at)
{
    size_t i = sorted_first(im->maps.v, im->maps.n, map, map->end <= at);

    return i < im->maps.n && im->maps.v[i].start <= at ? &im->maps.v[i] : NULL;
}

const struct image_file *image_file(const struct image *im, taddr start)
{
    size_t i = sorted_first(im->files.v, im->files.n, file, file->start < start);

    return i < im->files.n && im->files.v[i].start == start ? &im->files.v[i] : NULL;
}

bool image_auxv(const struct image *im, uint64_t type, uint64_t *out)
{
    for (size_t i = 0; i < im->auxv.n; i++) {
        if (im->auxv.v[i].type == type) {
            *out = im->auxv.v[i].value;
            return true;
        }
    }
    return false;
}

void image_decode_sigfields(struct image_signal *s, uint64_t fields, unsigned word)
{
    enum { ILL = 4, TRAP = 5, BUS = 7, FPE = 8, SEGV = 11, FROM_KERNEL = 0x80 };
    enum { USER = 0, QUEUE = -1, TKILL = -6 };
    int signo = s->signo, code = s->code;
    bool fault = signo == ILL || signo == TRAP || signo == BUS || signo == FPE || signo == SEGV;

    if (fault && code > 0 && code < FROM_KERNEL) {
        s->addr = word == 8 ? fields : (uint32_t)fields;
        s->has_addr = true;
    } else if (code == USER || code == QUEUE || code == TKILL) {
        s->pid = (int32_t)fields;
        s->uid = (uint32_t)(fields >> 32);
        s->has_sender = true;
    }
}

void image_decode_siginfo(struct image_signal *s, struct bytes info, unsigned word)
{
    struct cursor cur = cursor_of(info, 0, "siginfo");
    int32_t signo = (int32_t)cursor_u32(&cur), err_no = (int32_t)cursor_u32(&cur), code = (int32_t)cursor_u32(&cur);

    if (cur.failed || signo == 0)
        return;
    s->signo = signo;
    s->code = code;
    s->err_no = err_no;
    s->has_info = true;
    if (word == 8)
        cursor_skip(&cur, 4);
    uint64_t fields = cursor_u64(&cur);
    if (!cur.failed)
        image_decode_sigfields(s, fields, word);
}

bool image_thread_register(const struct image *im, const struct image_thread *th, unsigned dwarf, uint8_t *buf,
                           size_t max, size_t *n)
{
    bool found = false;

    /* Several notes may hold a register: the one that has most of it counts (NT_FPREGSET knows only halves). */
    for (size_t i = 0; im->arch->note_register && i < th->n_notes; i++) {
        uint8_t b[REGISTER_MAX];
        size_t got = 0;
        const struct image_note *note = &th->notes[i];
        if (!im->arch->note_register(note->type, note->desc, dwarf, b, max < sizeof(b) ? max : sizeof(b), &got) ||
            (found && got <= *n))
            continue;
        memcpy(buf, b, got);
        *n = got;
        found = true;
    }
    return found;
}
