/* SPDX-License-Identifier: Apache-2.0 */
/* What the kernel says of a process's pages and mappings beyond their addresses: proc(5), /proc/PID/smaps and
 * /proc/PID/pagemap; Linux Documentation/admin-guide/mm/pagemap.rst. */
#include "image/live/live.h"

#include "base/text.h"

#include <ctype.h>
#include <fcntl.h>
#include <inttypes.h>
#include <sys/ioctl.h>

enum { PAGE = 4096, ENTRY = 8, BATCH = 512 }; /* bytes, bytes, entries */

/* "VmFlags: rd wr mr mw me ac sd". */
static bool has_flag(const char *flags, const char *flag)
{
    for (const char *p = flags; (p = strstr(p, flag)); p++)
        if (p[-1] == ' ' && (p[2] == ' ' || p[2] == '\0'))
            return true;
    return false;
}

static void read_field(const char *line, struct mapping_facts *f)
{
    static const char anonymous[] = "Anonymous:", swap[] = "Swap:", flags[] = "VmFlags:";

    if (begins_with(line, anonymous))
        f->modified |= strtoull(line + sizeof(anonymous) - 1, NULL, 10) > 0;
    else if (begins_with(line, swap))
        f->modified |= strtoull(line + sizeof(swap) - 1, NULL, 10) > 0;
    else if (begins_with(line, flags))
        *f = (struct mapping_facts){.left_out = has_flag(line, "dd"),
                                    .device = has_flag(line, "io") || has_flag(line, "pf"),
                                    .huge = has_flag(line, "ht"),
                                    .not_forked = has_flag(line, "dc"),
                                    .wiped = has_flag(line, "wf"),
                                    .modified = f->modified};
}

/* The address that begins a mapping's lines; false for its fields, whose names begin with a capital. */
static bool starts_mapping(const char *line, uint64_t *start)
{
    char *end;

    *start = strtoull(line, &end, 16);
    return !isupper((unsigned char)line[0]) && *end == '-';
}

struct err *live_read_facts(const struct proc *p, const char *name, const struct image *im, struct mapping_facts *out)
{
    SCOPED(freep) char *text = NULL;
    char *save = NULL;
    struct mapping_facts *now = NULL; /* of the mapping whose lines these are */
    size_t i = 0;

    TRY(proc_slurp(p, name, &text, NULL));
    memset(out, 0, im->maps.n * sizeof(*out));
    for (char *line = strtok_r(text, "\n", &save); line; line = strtok_r(NULL, "\n", &save)) {
        uint64_t start;
        if (!starts_mapping(line, &start)) {
            if (now)
                read_field(line, now);
            continue;
        }
        while (i < im->maps.n && im->maps.v[i].start < start)
            i++;
        now = i < im->maps.n && im->maps.v[i].start == start ? &out[i] : NULL;
    }
    if (i == 0 && !now)
        return err_new(ERR_GONE, "process %" PRId32 " has ended", p->pid);
    return NULL;
}

/* The kernel says of the copy's pages that they were never used where it has none. */
static void take_areas(const struct live *l, const struct image *im, struct mapping_facts *out)
{
    for (size_t i = 0; i < im->maps.n; i++) {
        const struct live_area *a = live_area(l, im->maps.v[i].start);
        if (!a || a->start >= im->maps.v[i].end)
            continue;
        out[i] = a->facts;
        out[i].modified = true;
    }
}

struct err *live_facts(struct image *im, struct mapping_facts *out, uint32_t *filter)
{
    const struct live *l = im->priv;
    SCOPED(freep) char *filter_text = NULL;
    char name[64];

    TRY(live_read_facts(&l->proc, live_own(l, name, "smaps"), im, out));
    TRY(proc_slurp(&l->proc, "coredump_filter", &filter_text, NULL));
    take_areas(l, im, out);
    *filter = (uint32_t)strtoul(filter_text, NULL, 16);
    return NULL;
}

const struct live_area *live_area(const struct live *l, taddr at)
{
    size_t i = sorted_first(l->areas.v, l->areas.n, area, area->end <= at);

    return i < l->areas.n ? &l->areas.v[i] : NULL;
}

static bool is_used(uint64_t entry)
{
    return entry >> 62 != 0; /* present, swapped */
}

/* Entries of /proc/PID/pagemap. */
static bool read_entries(const struct live *l, taddr at, size_t n, uint64_t *out)
{
    return pread(l->proc.pages, out, n * ENTRY, (off_t)(at / PAGE * ENTRY)) == (ssize_t)(n * ENTRY);
}

bool live_touched(struct image *im, taddr at, size_t pages, uint8_t *out)
{
    const struct live *l = im->priv;
    const struct live_area *area = live_area(l, at);
    uint64_t entries[BATCH];

    if (area && area->start < at + pages * PAGE)
        return false;
    for (size_t done = 0; done < pages;) {
        size_t n = pages - done < BATCH ? pages - done : BATCH;
        if (!read_entries(l, at + done * PAGE, n, entries))
            return false;
        for (size_t i = 0; i < n; i++)
            out[done + i] = is_used(entries[i]);
        done += n;
    }
    return true;
}

/* ---- the next one ---- */

/* Linux 6.7, Documentation/admin-guide/mm/pagemap.rst, "Pagemap Scan IOCTL"; include/uapi/linux/fs.h. */
struct scan {
    uint64_t size, flags, start, end, walk_end, regions, n_regions, max_pages;
    uint64_t inverted, mask, any_of, returned;
};
struct scan_region {
    uint64_t start, end, categories;
};
enum { SCAN_PRESENT = 1 << 3, SCAN_SWAPPED = 1 << 4 };

/* False: the kernel cannot do it. */
static bool scan_for_one(const struct live *l, taddr at, taddr end, taddr *out)
{
    struct scan_region found = {0};
    struct scan s = {.size = sizeof(s),
                     .start = at,
                     .end = end,
                     .regions = (uintptr_t)&found,
                     .n_regions = 1,
                     .max_pages = 1,
                     .any_of = SCAN_PRESENT | SCAN_SWAPPED,
                     .returned = SCAN_PRESENT};
    int n = ioctl(l->proc.pages, _IOWR('f', 16, struct scan), &s);

    if (n < 0)
        return false;
    *out = n > 0 ? found.start : end;
    return true;
}

/* `at` where the kernel does not say. */
static taddr look_for_one(const struct live *l, taddr at, taddr end)
{
    uint64_t entries[BATCH];

    while (at < end) {
        size_t left = (size_t)((end - at) / PAGE), n = left < BATCH ? left : BATCH;
        if (n == 0 || !read_entries(l, at, n, entries))
            return at;
        for (size_t i = 0; i < n; i++)
            if (is_used(entries[i]))
                return at + i * PAGE;
        at += n * PAGE;
    }
    return end;
}

taddr live_next_touched(struct image *im, taddr at, taddr end)
{
    const struct live *l = im->priv;
    const struct live_area *area = live_area(l, at);
    taddr found, stop = area && area->start < end ? area->start : end; /* of an area nothing is known */

    if (at >= stop)
        return at;
    return scan_for_one(l, at, stop, &found) ? found : look_for_one(l, at, stop);
}
