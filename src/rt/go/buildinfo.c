/* SPDX-License-Identifier: Apache-2.0 */
/* What a Go program says of how it was built: Go's package debug/buildinfo reads the same. */
#include "rt/go/priv.h"

enum { HEADER = 32, MAX_TEXT = 1 << 20, FLAG_BIG_ENDIAN = 1, FLAG_INLINE = 2, SENTINEL = 16 };

static const char magic[14] = "\xff Go buildinf:";

/* Text that stands in the section behind its length. */
static struct bytes inline_text(struct cursor *c)
{
    uint64_t n = cursor_uleb(c);
    return n <= MAX_TEXT ? cursor_bytes(c, (size_t)n) : (struct bytes){NULL, 0};
}

/* Until Go 1.17: pointers to string headers. */
static const char *text_behind(struct modules *ms, taddr at, uint8_t word, struct arena *a)
{
    uint64_t header, p, n;
    if (!modules_word(ms, at, word, &header) || !modules_word(ms, header, word, &p) ||
        !modules_word(ms, header + word, word, &n) || n > MAX_TEXT)
        return NULL;
    char *text = arena_alloc(a, n + 1);
    text[n] = '\0';
    return modules_read_some(ms, p, text, n) == n ? text : NULL;
}

/* "go1.26.10", "devel go1.27-abc". */
static unsigned minor_of(const char *version)
{
    const char *at = strstr(version, "go1.");
    return at ? (unsigned)strtoul(at + 4, NULL, 10) : 0;
}

/* The settings stand between two marks of 16 bytes. */
static const char *without_marks(const char *text, size_t n, struct arena *a)
{
    return n > 2 * SENTINEL ? arena_strndup(a, text + SENTINEL, n - 2 * SENTINEL) : NULL;
}

bool go_build_find(struct modules *ms, struct module *m, struct arena *a, struct go_build *out)
{
    struct elf *e = module_elf(m);
    const struct elf_section *s = e ? elf_section(e, ".go.buildinfo") : NULL;
    struct bytes b;
    if (!s)
        return false;
    struct err *err = elf_section_data(e, s, &b);
    err_free(err); /* a damaged section says nothing */
    if (err || b.n < HEADER || memcmp(b.p, magic, sizeof(magic)) != 0)
        return false;
    struct cursor c = cursor_of(b, 0, ".go.buildinfo");
    cursor_skip(&c, sizeof(magic));
    uint8_t word = cursor_u8(&c), flags = cursor_u8(&c);
    *out = (struct go_build){0};
    if (flags & FLAG_INLINE) {
        cursor_seek(&c, HEADER);
        struct bytes version = inline_text(&c), settings = inline_text(&c);
        if (version.n)
            out->version = arena_strndup(a, (const char *)version.p, version.n);
        if (settings.n)
            out->settings = without_marks((const char *)settings.p, settings.n, a);
    } else if (!(flags & FLAG_BIG_ENDIAN) && (word == 4 || word == 8)) {
        taddr at = s->addr + m->bias + 16;
        out->version = text_behind(ms, at, word, a);
        const char *settings = text_behind(ms, at + word, word, a);
        out->settings = settings ? without_marks(settings, strlen(settings), a) : NULL;
    }
    out->minor = out->version ? minor_of(out->version) : 0;
    return true;
}

/* ---- as facts ---- */

enum { FACTS_MAX = 10000 };

/* A line's kind up to the tab, and what follows: "build\tCGO_ENABLED=1" (runtime/debug/mod.go, BuildInfo). */
static void add_line(struct rt *rt, const char *line, size_t n)
{
    const char *tab = memchr(line, '\t', n);
    if (!tab)
        return;
    char *kind = arena_strndup(&rt->arena, line, (size_t)(tab - line));
    char *rest = arena_strndup(&rt->arena, tab + 1, n - (size_t)(tab + 1 - line));
    struct rt_fact f = {.key = kind, .value = rest};
    if (strcmp(kind, "build") == 0) {
        char *is = strchr(rest, '=');
        if (!is)
            return;
        *is = '\0';
        f = (struct rt_fact){.key = rest, .value = is + 1, .setting = true};
    } else if (strcmp(kind, "mod") == 0 || strcmp(kind, "dep") == 0) {
        f.key = kind[0] == 'm' ? "module" : "dependency";
        for (char *p = rest; *p; p++) /* name, version, checksum */
            *p = *p == '\t' ? ' ' : *p;
    } else if (strcmp(kind, "path") != 0) {
        return;
    }
    *vec_push(&rt->facts) = f;
}

static void make_facts(struct rt *rt)
{
    if (rt->build.version)
        *vec_push(&rt->facts) = (struct rt_fact){.key = "version", .value = rt->build.version};
    for (const char *at = rt->build.settings; at && *at && rt->facts.n < FACTS_MAX; at += *at == '\n') {
        size_t length = strcspn(at, "\n");
        add_line(rt, at, length);
        at += length;
    }
}

void go_facts(struct rt *rt, const struct rt_fact **out, size_t *n)
{
    if (!rt->facts.n)
        make_facts(rt);
    *out = rt->facts.v;
    *n = rt->facts.n;
}
