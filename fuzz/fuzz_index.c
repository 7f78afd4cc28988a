/* SPDX-License-Identifier: Apache-2.0 */
/* Names of the whole program. The input is as of fuzz_dies.c, then names to look up, a line each. */
#include "fuzz_dwarf.h"
#include "value/index_priv.h"

enum { MAX_NAMES = 1000 };

struct seen {
    struct index *ix;
    unsigned n;
};

static void look_up(struct index *ix, const char *name)
{
    struct index_hits hits;
    /* Functions and variables only by file: the module has no symbol tables. */
    IGNORE_ERR(index_find(ix, name, INDEX_TYPE | INDEX_ENUMERATOR | INDEX_NAMESPACE, true, NULL, &hits));
    IGNORE_ERR(index_find_in_file(ix, "a.c", name, INDEX_ALL, &hits));
}

/* What is listed is found again. */
static bool look_up_listed(void *arg, const struct index_hit *hit, const char *name)
{
    struct seen *s = arg;
    (void)hit;
    look_up(s->ix, name);
    return ++s->n < MAX_NAMES;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct cursor c = cursor_of((struct bytes){data, size}, 0, "input");
    struct dwarf *d = fuzz_dwarf((enum dw_kind)(cursor_u8(&c) % 4));
    for (int s = 0; s < DW_SEC_COUNT && !c.failed; s++)
        fuzz_section(d, (enum dw_section)s, cursor_bytes(&c, cursor_u16(&c)));
    struct module m = {.path = "fuzz", .name = "fuzz"};
    struct index *ix = xcalloc(1, sizeof(*ix));
    ix->modules = xcalloc(1, sizeof(*ix->modules));
    ix->n = 1;
    ix->modules[0] = (struct index_module){.m = &m, .symbols_built = true};
    index_scan_file(ix, &ix->modules[0], d);
    ix->modules[0].built = true;
    IGNORE_ERR(index_each(ix, INDEX_ALL, look_up_listed, &(struct seen){.ix = ix}));
    char *names = xstrndup((const char *)c.at, cursor_left(&c)), *rest = names;
    for (char *name; (name = strsep(&rest, "\n"));)
        look_up(ix, name);
    free(names);
    index_free(ix);
    dwarf_free(d);
    return 0;
}
