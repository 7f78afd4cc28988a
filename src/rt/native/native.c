/* SPDX-License-Identifier: Apache-2.0 */
#include "rt/native/formatters.h"
#include "rt/native/native.h"

#include <string.h>

/* Every target runs native code. */
static struct err *detect(struct modules *ms, bool *found)
{
    (void)ms;
    *found = true;
    return NULL;
}

static bool is_hex(const char *s, size_t n)
{
    return strspn(s, "0123456789abcdef") >= n;
}

/* Rust's first mangling is Itanium's with a last component of a hash: "17h" and 16 digits. A compiler's
 * suffix (".llvm.123") may follow. */
static bool is_rust_legacy(const char *symbol)
{
    for (const char *h = strstr(symbol, "17h"); h; h = strstr(h + 1, "17h"))
        if (is_hex(h + 3, 16) && h[19] == 'E' && (h[20] == '\0' || h[20] == '.'))
            return true;
    return false;
}

/* Only mangling says what a symbol comes from: a plain name may be C, assembly or many others. Manglings:
 * Itanium C++ ABI 5.1; Rust RFC 2603 (v0). */
static const char *language(const struct module *m, const char *symbol, const char *dwarf_language)
{
    static const char *const ours[] = {"c", "c++", "rust"};

    (void)m;
    if (dwarf_language) {
        for (size_t i = 0; i < ARRAY_LEN(ours); i++)
            if (strcmp(dwarf_language, ours[i]) == 0)
                return ours[i];
        return NULL;
    }
    if (!symbol)
        return NULL;
    if (begins_with(symbol, "_ZN") && is_rust_legacy(symbol))
        return "rust";
    if (begins_with(symbol, "_Z"))
        return "c++";
    if (begins_with(symbol, "_R") && symbol[2] >= 'A' && symbol[2] <= 'Z')
        return "rust";
    return NULL;
}

struct rt {
    struct native_formatters *formatters;
};

static struct err *attach(struct modules *ms, struct rt **out)
{
    (void)ms;
    struct rt *rt = xcalloc(1, sizeof(*rt));
    rt->formatters = native_formatters_new();
    *out = rt;
    return NULL;
}

static void rt_free(struct rt *rt)
{
    if (!rt)
        return;
    native_formatters_free(rt->formatters);
    free(rt);
}

static const struct formatter *formatter(struct rt *rt)
{
    return native_formatter(rt->formatters);
}

const struct runtime runtime_native = {
    .name = "native",
    .detect = detect,
    .attach = attach,
    .free = rt_free,
    .language = language,
    .formatter = formatter,
};
