/* SPDX-License-Identifier: Apache-2.0 */
/* The legacy scheme: a path of plain identifiers with escapes for what Itanium names cannot hold. */
#include "module/demangle_rust.h"

#include "base/text.h"
#include "module/punycode.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

enum { HASH_DIGITS = 16 };

struct part {
    const char *p;
    size_t n;
};

/* <decimal length><bytes>; moves *at past it. */
static bool next_part(const char **at, const char *end, struct part *out)
{
    size_t n = 0;
    const char *p = *at;
    while (p < end && *p >= '0' && *p <= '9' && n <= DEMANGLE_MAX)
        n = n * 10 + (size_t)(*p++ - '0');
    if (n == 0 || n > (size_t)(end - p))
        return false;
    *out = (struct part){p, n};
    *at = p + n;
    return true;
}

static bool is_hash(struct part s)
{
    if (s.n != HASH_DIGITS + 1 || s.p[0] != 'h')
        return false;
    for (size_t i = 1; i < s.n; i++)
        if (!isdigit((unsigned char)s.p[i]) && !(s.p[i] >= 'a' && s.p[i] <= 'f'))
            return false;
    return true;
}

/* "u7e" for U+007E. */
static bool put_code_point(struct text *out, struct part s)
{
    uint32_t c = 0;
    if (s.n < 2 || s.n > 7 || s.p[0] != 'u')
        return false;
    for (size_t i = 1; i < s.n; i++) {
        if (!isxdigit((unsigned char)s.p[i]))
            return false;
        char d = s.p[i];
        c = c * 16 + (uint32_t)(d <= '9' ? d - '0' : (d | 32) - 'a' + 10);
    }
    if (!utf8_is_printable(c))
        return false;
    char b[4];
    text_putn(out, b, utf8_encode(c, b));
    return true;
}

static bool put_escape(struct text *out, struct part s)
{
    static const struct {
        const char *name, *text;
    } escapes[] = {{"SP", "@"}, {"BP", "*"}, {"RF", "&"}, {"LT", "<"},
                   {"GT", ">"}, {"LP", "("}, {"RP", ")"}, {"C", ","}};
    for (size_t i = 0; i < sizeof(escapes) / sizeof(escapes[0]); i++)
        if (s.n == strlen(escapes[i].name) && memcmp(s.p, escapes[i].name, s.n) == 0) {
            text_put(out, escapes[i].text);
            return true;
        }
    return put_code_point(out, s);
}

static void put_part(struct text *out, struct part s)
{
    /* An identifier cannot begin with an escape, so one underscore was put before it. */
    size_t i = s.n >= 2 && s.p[0] == '_' && s.p[1] == '$' ? 1 : 0;
    while (i < s.n) {
        const char *dollar = s.p[i] == '$' ? memchr(s.p + i + 1, '$', s.n - i - 1) : NULL;
        if (dollar && put_escape(out, (struct part){s.p + i + 1, (size_t)(dollar - (s.p + i + 1))})) {
            i = (size_t)(dollar - s.p) + 1;
        } else if (s.p[i] == '.' && i + 1 < s.n && s.p[i + 1] == '.') {
            text_put(out, "::");
            i += 2;
        } else {
            text_putc(out, s.p[i++]);
        }
    }
}

size_t demangle_skip_llvm(const char **suffix, size_t n)
{
    static const char tag[] = ".llvm.";
    size_t skip = sizeof(tag) - 1;
    if (n < skip || memcmp(*suffix, tag, skip) != 0)
        return 0;
    while (skip < n && (*suffix)[skip] != '.')
        skip++;
    *suffix += skip;
    return skip;
}

char *demangle_rust_legacy(const char *name, size_t n)
{
    const char *at = name + 3, *end = name + n;
    struct text out = {0};
    struct part s;
    bool hash = false;
    if (n < 3 || !begins_with(name, "_ZN"))
        return NULL;
    while (!hash && next_part(&at, end, &s)) {
        hash = is_hash(s) && at < end && *at == 'E';
        if (hash)
            break;
        if (out.n)
            text_put(&out, "::");
        put_part(&out, s);
    }
    if (!hash || !out.n || (at + 1 < end && at[1] != '.')) {
        text_done(&out);
        return NULL;
    }
    struct part suffix = {at + 1, (size_t)(end - at - 1)};
    suffix.n -= demangle_skip_llvm(&suffix.p, suffix.n);
    text_putn(&out, suffix.p, suffix.n);
    return text_take(&out);
}
