/* SPDX-License-Identifier: Apache-2.0 */
/* What a minidump holds of the address space: memory, modules, and the mappings where it knows them. */
#include "image/core/minidump.h"
#include "image/proc_text.h"

void minidump_add_memory(struct minidump *d, taddr start, uint64_t size, uint64_t offset)
{
    struct space_range r = {.start = start, .absent = ABSENT_TRUNCATED};
    struct bytes b = minidump_bytes(d, offset, size);

    if (__builtin_add_overflow(start, size, &r.end))
        r.end = UINT64_MAX;
    r.data = b.p;
    r.have = b.n;
    space_add(&d->c.im->space, r);
}

/* lldb lists memory that it then fails to read: at its place is what was written next, which is other
 * memory or the list itself. */
static bool is_unwritten(const struct minidump_stream *list, struct cursor next, uint32_t offset, uint32_t size)
{
    cursor_skip(&next, 8 + 4);
    uint32_t next_offset = cursor_u32(&next);

    return (!next.failed && next_offset == offset) ||
           (offset < list->offset + list->data.n && list->offset < (uint64_t)offset + size);
}

/* MINIDUMP_MEMORY_LIST */
static void read_memory_list(struct minidump *d)
{
    enum { ENTRY = 16 };
    struct image *im = d->c.im;
    const struct minidump_stream *list = minidump_stream(d, STREAM_MEMORY);
    size_t n, unwritten = 0;
    struct cursor cur = minidump_list(d, STREAM_MEMORY, ENTRY, &n);

    for (size_t i = 0; i < n; i++) {
        taddr start = cursor_u64(&cur);
        uint32_t size = cursor_u32(&cur), offset = cursor_u32(&cur);
        if (is_unwritten(list, cur, offset, size))
            unwritten++;
        else
            minidump_add_memory(d, start, size, offset);
    }
    if (unwritten)
        image_problem(im, err_new(ERR_NOT_IN_DUMP,
                                  "the minidump lists %zu pieces of memory that were never written to it", unwritten));
}

/* MINIDUMP_MEMORY64_LIST, which keeps all bytes in one piece. */
void minidump_read_memory(struct minidump *d)
{
    enum { ENTRY = 16 };
    const struct minidump_stream *s = minidump_stream(d, STREAM_MEMORY64);

    read_memory_list(d);
    if (!s)
        return;
    struct cursor cur = cursor_of(s->data, s->offset, "the memory list of the minidump");
    uint64_t count = cursor_u64(&cur), offset = cursor_u64(&cur);
    for (uint64_t i = 0; i < count && cursor_left(&cur) >= ENTRY; i++) {
        taddr start = cursor_u64(&cur);
        uint64_t size = cursor_u64(&cur);
        minidump_add_memory(d, start, size, offset);
        if (__builtin_add_overflow(offset, size, &offset))
            offset = UINT64_MAX;
    }
}

/* A CodeView record of the kind "BpEL" (a number, so the file has it backwards) is a build-id. For a file
 * without one lldb puts a checksum of 4 bytes there. */
static struct bytes read_build_id(struct minidump *d, uint32_t size, uint32_t offset)
{
    enum { BPEL = 0x4270454c, SHORTEST = 8 };
    struct cursor cur = cursor_of(minidump_bytes(d, offset, size), offset, "a CodeView record");
    uint32_t kind = cursor_u32(&cur);
    struct bytes id = cursor_bytes(&cur, cursor_left(&cur));

    return kind == BPEL && id.n >= SHORTEST ? id : (struct bytes){0};
}

/* lldb calls the vdso "[vdso](0x00007ffe...)"; the others are its DT_SONAME. */
static const char *module_path(struct minidump *d, uint32_t offset)
{
    static const char *const vdsos[] = {"[vdso]", "linux-vdso.so", "linux-gate.so"};
    const char *name = minidump_string(d, offset);

    for (size_t i = 0; i < ARRAY_LEN(vdsos); i++)
        if (begins_with(name, vdsos[i]))
            return "[vdso]";
    return name;
}

static int file_order(const void *a, const void *b)
{
    const struct image_file *x = a, *y = b;
    return (x->start > y->start) - (x->start < y->start);
}

/* MINIDUMP_MODULE_LIST; the program comes first. */
void minidump_read_modules(struct minidump *d)
{
    enum { ENTRY = 108, VERSION_INFO = 52 };
    struct image *im = d->c.im;
    bool has_maps = minidump_stream(d, STREAM_MAPS) != NULL;
    size_t n;
    struct cursor cur = minidump_list(d, STREAM_MODULES, ENTRY, &n);

    for (size_t i = 0; i < n; i++) {
        struct image_file f = {.start = cursor_u64(&cur)};
        uint32_t size = cursor_u32(&cur);
        cursor_skip(&cur, 4 + 4); /* checksum, time */
        f.path = module_path(d, cursor_u32(&cur));
        cursor_skip(&cur, VERSION_INFO);
        uint32_t id_size = cursor_u32(&cur), id_at = cursor_u32(&cur);
        cursor_skip(&cur, 8 + 16); /* miscellaneous record, reserved */
        f.build_id = read_build_id(d, id_size, id_at);
        *vec_push(&im->files) = f;
        /* lldb's sizes are wrong, but lldb copies the maps. */
        taddr end;
        if (!has_maps && f.path[0] && !__builtin_add_overflow(f.start, size, &end))
            *vec_push(&d->c.files) = (struct core_file){.start = f.start, .end = end, .path = f.path};
        if (i == 0 && f.path[0] == '/')
            im->exe = f.path;
    }
    if (im->files.n)
        qsort(im->files.v, im->files.n, sizeof(*im->files.v), file_order);
}

static int map_order(const void *a, const void *b)
{
    const struct mapping *x = a, *y = b;
    return (x->start > y->start) - (x->start < y->start);
}

/* The copy of /proc/PID/maps, sorted; of lines that overlap, as the kernel writes none, the later go. */
static void read_maps_text(struct minidump *d, struct bytes text)
{
    struct image *im = d->c.im;
    SCOPED(freep) char *copy = xstrndup((const char *)text.p, text.n);
    size_t n = 0;

    proc_text_maps(copy, im);
    if (im->maps.n)
        qsort(im->maps.v, im->maps.n, sizeof(*im->maps.v), map_order);
    for (size_t i = 0; i < im->maps.n; i++) {
        struct mapping m = im->maps.v[i];
        if (n && m.start < im->maps.v[n - 1].end)
            continue;
        m.present = 0;
        im->maps.v[n++] = m;
    }
    im->maps.n = n;
}

static uint8_t region_prot(uint32_t protect)
{
    enum {
        READ_ONLY = 2,
        READ_WRITE = 4,
        WRITE_COPY = 8,
        EXECUTE = 0x10,
        EXECUTE_READ = 0x20,
        EXECUTE_READ_WRITE = 0x40,
        EXECUTE_WRITE_COPY = 0x80
    };
    uint32_t writable = READ_WRITE | WRITE_COPY | EXECUTE_READ_WRITE | EXECUTE_WRITE_COPY;
    uint32_t executable = EXECUTE | EXECUTE_READ | EXECUTE_READ_WRITE | EXECUTE_WRITE_COPY;

    return (uint8_t)((protect & (writable | executable | READ_ONLY) & ~(uint32_t)EXECUTE ? PROT_BIT_READ : 0) |
                     (protect & writable ? PROT_BIT_WRITE : 0) | (protect & executable ? PROT_BIT_EXEC : 0));
}

/* MINIDUMP_MEMORY_INFO_LIST: what Crashpad writes instead of the maps. */
static void read_regions(struct minidump *d)
{
    enum { ENTRY = 48, FREE = 0x10000 };
    const struct minidump_stream *s = minidump_stream(d, STREAM_REGIONS);
    struct cursor cur = cursor_of(s ? s->data : (struct bytes){0}, s ? s->offset : 0, "the regions of the minidump");
    uint32_t header = cursor_u32(&cur), entry = cursor_u32(&cur);
    uint64_t count = cursor_u64(&cur);

    cursor_seek(&cur, header);
    for (uint64_t i = 0; entry >= ENTRY && i < count; i++) {
        struct cursor region = cursor_sub(&cur, entry);
        struct core_load l = {.start = cursor_u64(&region)};
        cursor_skip(&region, 8 + 4 + 4); /* allocation */
        uint64_t size = cursor_u64(&region);
        uint32_t state = cursor_u32(&region);
        l.prot = region_prot(cursor_u32(&region));
        if (region.failed)
            break;
        if (state != FREE && size && !__builtin_add_overflow(l.start, size, &l.end))
            *vec_push(&d->c.loads) = l;
    }
}

/* Without regions only the memory that is there is known to be mapped. */
static void regions_from_memory(struct minidump *d)
{
    const struct space *s = &d->c.im->space;

    for (size_t i = 0; i < s->ranges.n; i++)
        *vec_push(&d->c.loads) = (struct core_load){
            .start = s->ranges.v[i].start, .end = s->ranges.v[i].end, .prot = PROT_BIT_READ | PROT_BIT_WRITE};
}

/* A module of the list lies in one piece, of which only the start has a known place in its file: pieces of
 * other access do not get offsets that would be guessed. */
static void join_modules(struct image *im)
{
    size_t n = 0;

    for (size_t i = 0; i < im->maps.n; i++) {
        struct mapping m = im->maps.v[i];
        struct mapping *last = n ? &im->maps.v[n - 1] : NULL;
        if (m.path && m.path[0] != '[')
            m.prot |= PROT_BIT_READ | PROT_BIT_EXEC;
        if (last && m.path && last->path == m.path && last->end == m.start) {
            last->end = m.end;
            last->prot |= m.prot;
            last->present += m.present;
        } else {
            im->maps.v[n++] = m;
        }
    }
    im->maps.n = n;
}

void minidump_read_maps(struct minidump *d)
{
    struct image *im = d->c.im;
    const struct minidump_stream *s = minidump_stream(d, STREAM_MAPS);

    space_sort(&im->space);
    if (s)
        read_maps_text(d, s->data);
    else
        read_regions(d);
    if (!s && d->c.loads.n == 0)
        regions_from_memory(d);
    core_sort_loads(&d->c);
    core_finish_maps(&d->c);
    if (!s)
        join_modules(im);
    for (size_t i = 0; i < im->maps.n; i++)
        space_add(&im->space, (struct space_range){
                                  .start = im->maps.v[i].start, .end = im->maps.v[i].end, .absent = ABSENT_NOT_DUMPED});
    space_sort(&im->space);
}
