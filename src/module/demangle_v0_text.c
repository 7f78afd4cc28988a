/* SPDX-License-Identifier: Apache-2.0 */
/* Reading and writing below the grammar of v0 names: numbers, identifiers, references back. */
#include "module/demangle_v0.h"

#include "module/demangle_rust.h"
#include "module/punycode.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

enum { MAX_DEPTH = 300, MAX_STEPS = 1 << 18 };

void v0_fail(struct v0 *d)
{
    d->failed = true;
    d->at = d->n;
}

char v0_peek(const struct v0 *d)
{
    return d->at < d->n ? d->p[d->at] : '\0';
}

char v0_next(struct v0 *d)
{
    if (d->at >= d->n) {
        v0_fail(d);
        return '\0';
    }
    return d->p[d->at++];
}

bool v0_eat(struct v0 *d, char c)
{
    if (v0_peek(d) != c || d->at >= d->n)
        return false;
    d->at++;
    return true;
}

void v0_putn(struct v0 *d, const char *s, size_t n)
{
    if (d->silent || d->failed)
        return;
    if (d->out.n + n > DEMANGLE_MAX)
        v0_fail(d);
    else
        text_putn(&d->out, s, n);
}

void v0_put(struct v0 *d, const char *s)
{
    v0_putn(d, s, strlen(s));
}

void v0_put_number(struct v0 *d, uint64_t v)
{
    char b[24];
    int n = snprintf(b, sizeof(b), "%" PRIu64, v);
    v0_putn(d, b, (size_t)n);
}

void v0_put_char(struct v0 *d, uint32_t c)
{
    char b[4];
    v0_putn(d, b, utf8_encode(c, b));
}

bool v0_enter(struct v0 *d)
{
    if (d->failed)
        return false;
    if (d->depth >= MAX_DEPTH || d->steps >= MAX_STEPS) {
        v0_fail(d);
        return false;
    }
    d->depth++;
    d->steps++;
    return true;
}

void v0_leave(struct v0 *d)
{
    d->depth--;
}

/* ---- numbers and identifiers ---- */

/* "_" is 0, "0_" is 1, ... */
uint64_t v0_base62(struct v0 *d)
{
    uint64_t v = 0;
    if (v0_eat(d, '_'))
        return 0;
    for (;;) {
        char c = v0_next(d);
        uint64_t digit;
        if (c == '_')
            break;
        if (c >= '0' && c <= '9')
            digit = (uint64_t)(c - '0');
        else if (c >= 'a' && c <= 'z')
            digit = (uint64_t)(c - 'a') + 10;
        else if (c >= 'A' && c <= 'Z')
            digit = (uint64_t)(c - 'A') + 36;
        else
            digit = 62;
        if (digit == 62 || v > (UINT64_MAX - digit) / 62) {
            v0_fail(d);
            return 0;
        }
        v = v * 62 + digit;
    }
    if (v == UINT64_MAX)
        v0_fail(d);
    return v + 1;
}

uint64_t v0_opt_base62(struct v0 *d, char tag)
{
    if (!v0_eat(d, tag))
        return 0;
    uint64_t v = v0_base62(d);
    if (v == UINT64_MAX)
        v0_fail(d);
    return v + 1;
}

static size_t decimal(struct v0 *d)
{
    char c = v0_next(d);
    if (c < '0' || c > '9') {
        v0_fail(d);
        return 0;
    }
    size_t v = (size_t)(c - '0');
    if (v == 0)
        return 0;
    while (v0_peek(d) >= '0' && v0_peek(d) <= '9' && v <= DEMANGLE_MAX)
        v = v * 10 + (size_t)(v0_next(d) - '0');
    return v;
}

struct v0_ident v0_identifier(struct v0 *d)
{
    struct v0_ident id = {.punycode = v0_eat(d, 'u')};
    id.n = decimal(d);
    (void)v0_eat(d, '_');
    if (d->failed || id.n > d->n - d->at) {
        v0_fail(d);
        return (struct v0_ident){"", 0, false};
    }
    id.p = d->p + d->at;
    d->at += id.n;
    return id;
}

void v0_put_ident(struct v0 *d, struct v0_ident id)
{
    uint32_t chars[PUNYCODE_MAX];
    size_t count;
    if (!id.punycode) {
        v0_putn(d, id.p, id.n);
        return;
    }
    if (!punycode_decode(id.p, id.n, chars, &count)) {
        v0_put(d, "punycode{");
        v0_putn(d, id.p, id.n);
        v0_put(d, "}");
        return;
    }
    for (size_t i = 0; i < count; i++)
        v0_put_char(d, chars[i]);
}

/* ---- references back ---- */

bool v0_back_enter(struct v0 *d, size_t *resume)
{
    size_t tag = d->at - 1;
    uint64_t to = v0_base62(d);
    if (d->failed)
        return false;
    if (to >= tag) {
        v0_fail(d);
        return false;
    }
    if (d->silent)
        return false;
    *resume = d->at;
    d->at = (size_t)to;
    return true;
}

void v0_back_return(struct v0 *d, size_t resume)
{
    d->at = d->failed ? d->n : resume;
}
