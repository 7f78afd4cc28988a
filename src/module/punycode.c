/* SPDX-License-Identifier: Apache-2.0 */
#include "module/punycode.h"

#include <string.h>

bool utf8_is_printable(uint32_t c)
{
    return c >= 0x20 && !(c >= 0x7f && c < 0xa0) && c <= 0x10ffff && !(c >= 0xd800 && c <= 0xdfff);
}

size_t utf8_encode(uint32_t c, char out[4])
{
    size_t n = c < 0x80 ? 1 : c < 0x800 ? 2 : c < 0x10000 ? 3 : 4;
    static const uint8_t lead[] = {0, 0, 0xc0, 0xe0, 0xf0};
    for (size_t i = n - 1; i > 0; i--, c >>= 6)
        out[i] = (char)(0x80 | (c & 0x3f));
    out[0] = (char)(lead[n] | c);
    return n;
}

enum { BASE = 36, TMIN = 1, TMAX = 26, SKEW = 38, DAMP = 700, FIRST_BIAS = 72, FIRST_CHAR = 0x80 };

static uint32_t adapt(uint32_t delta, uint32_t count, bool first)
{
    uint32_t k = 0;
    delta = first ? delta / DAMP : delta / 2;
    delta += delta / count;
    while (delta > (BASE - TMIN) * TMAX / 2) {
        delta /= BASE - TMIN;
        k += BASE;
    }
    return k + (BASE - TMIN + 1) * delta / (delta + SKEW);
}

static int digit_of(char c)
{
    if (c >= 'a' && c <= 'z')
        return c - 'a';
    if (c >= '0' && c <= '9')
        return c - '0' + 26;
    return -1;
}

/* One generalised variable-length integer, added to *i. */
static bool read_delta(const char **at, const char *end, uint32_t bias, uint32_t *i)
{
    uint64_t w = 1, sum = *i;
    for (uint32_t k = BASE;; k += BASE) {
        int digit = *at < end ? digit_of(*(*at)++) : -1;
        if (digit < 0)
            return false;
        uint32_t t = k <= bias ? TMIN : k >= bias + TMAX ? TMAX : k - bias;
        sum += (uint64_t)digit * w;
        if (sum > INT32_MAX)
            return false;
        if ((uint32_t)digit < t)
            break;
        w *= BASE - t;
        if (w > INT32_MAX)
            return false;
    }
    *i = (uint32_t)sum;
    return true;
}

bool punycode_decode(const char *p, size_t size, uint32_t *out, size_t *count)
{
    const char *at = p, *end = p + size;
    const char *sep = memrchr(p, '_', size);
    uint32_t c = FIRST_CHAR, i = 0, bias = FIRST_BIAS, len = 0;
    for (; sep && at < sep; at++) {
        if (len == PUNYCODE_MAX)
            return false;
        out[len++] = (unsigned char)*at;
    }
    if (sep)
        at = sep + 1;
    for (bool first = true; at < end; first = false) {
        uint32_t old = i;
        if (len == PUNYCODE_MAX || !read_delta(&at, end, bias, &i))
            return false;
        bias = adapt(i - old, len + 1, first);
        c += i / (len + 1);
        i %= len + 1;
        if (!utf8_is_printable(c))
            return false;
        memmove(&out[i + 1], &out[i], (len - i) * sizeof(*out));
        out[i++] = c;
        len++;
    }
    *count = len;
    return true;
}
