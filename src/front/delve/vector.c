/* SPDX-License-Identifier: Apache-2.0 */
/* Registers of floating point and vectors as text, in Delve's form (pkg/proc/amd64_arch.go of 1.27.1). */
#include "front/delve/priv.h"

#include "value/format.h"

#include <inttypes.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { XMM_BYTES = 16, YMM_BYTES = 32, ST_BYTES = 10 };

/* ---- numbers ---- */

/* Go's %g: the shortest number that reads back, with an exponent below 1e-4 and from 1e6 on. */
static void put_real(struct text *t, double v, unsigned bits)
{
    enum { LEAST_EXPONENT = -4, MOST_DIGITS = 6 };
    char digits[32];
    if (isnan(v) || isinf(v)) {
        text_put(t, isnan(v) ? "NaN" : v < 0 ? "-Inf" : "+Inf");
        return;
    }
    text_put(t, signbit(v) ? "-" : "");
    int exponent = format_shortest(fabs(v), bits, digits, sizeof(digits)), n = (int)strlen(digits);
    if (exponent < LEAST_EXPONENT || exponent >= MOST_DIGITS)
        text_printf(t, "%c%s%se%c%02d", digits[0], n > 1 ? "." : "", digits + 1, exponent < 0 ? '-' : '+',
                    abs(exponent));
    else
        format_positional(t, digits, exponent);
}

/* ---- vectors ---- */

/* "\tv4_int={ 7fffffff fffffffe 00000000 00000000 }": parts of `width` bytes, each read as a number. */
static void put_integers(struct text *t, const uint8_t *bytes, size_t width)
{
    text_printf(t, "\tv%zu_int={", XMM_BYTES / width);
    for (size_t at = 0; at < XMM_BYTES; at += width) {
        text_putc(t, ' ');
        for (size_t i = width; i-- > 0;)
            text_printf(t, "%02x", bytes[at + i]);
    }
    text_put(t, " }");
}

static void put_reals(struct text *t, const uint8_t *bytes, size_t width)
{
    text_printf(t, "\tv%zu_float={", XMM_BYTES / width);
    for (size_t at = 0; at < XMM_BYTES; at += width) {
        double wide;
        float narrow;
        text_putc(t, ' ');
        if (width == sizeof(wide)) {
            memcpy(&wide, bytes + at, sizeof(wide));
            put_real(t, wide, 64);
        } else {
            memcpy(&narrow, bytes + at, sizeof(narrow));
            put_real(t, (double)narrow, 32);
        }
    }
    text_put(t, " }");
}

static void put_half(struct text *t, const uint8_t *bytes)
{
    text_put(t, "0x");
    for (size_t i = XMM_BYTES; i-- > 0;)
        text_printf(t, "%02x", bytes[i]);
    for (size_t width = 8; width; width /= 2)
        put_integers(t, bytes, width);
    put_reals(t, bytes, sizeof(double));
    put_reals(t, bytes, sizeof(float));
}

/* ---- the x87 and its like ---- */

/* The extended format of the Intel SDM, volume 1, 4.2.2. Delve leaves the sign out of the first digits. */
static void put_x87(struct text *t, const uint8_t *bytes)
{
    enum { BIAS = 16383, SPECIAL = 0x7fff, FRACTION_BITS = 63 };
    uint64_t mantissa = 0;
    for (size_t i = 8; i-- > 0;)
        mantissa = mantissa << 8 | bytes[i];
    unsigned exponent = (unsigned)(bytes[8] | bytes[9] << 8) & SPECIAL;
    bool whole = mantissa >> FRACTION_BITS;
    double v = ldexp((double)mantissa, (int)exponent - BIAS - FRACTION_BITS);
    if (exponent == 0 && mantissa == 0)
        v = 0;
    else if (exponent == SPECIAL)
        v = whole ? (double)NAN : (double)INFINITY;
    else if (whole == (exponent == 0))
        v = (double)NAN;
    text_printf(t, "0x%04x%016" PRIx64 "\t", exponent, mantissa);
    put_real(t, bytes[9] & 0x80 ? -v : v, 64);
}

/* "[RZ/RN=0 PM UM]", from the highest bit on (SDM volume 1, 10.2.3). */
static void put_mxcsr(struct text *t, uint32_t v)
{
    static const char *const names[] = {"IE", "DE", "ZE", "OE", "UE", "PE", "DAZ", "IM",
                                        "DM", "ZM", "OM", "UM", "PM", "",   "",    "FZ"};
    enum { ROUNDING = 13, ROUNDING_MASK = 3 };
    text_printf(t, "0x%08x\t[", v);
    for (size_t i = ARRAY_LEN(names); i-- > 0;) {
        if (i == ROUNDING)
            text_printf(t, "RZ/RN=%u ", v >> ROUNDING & ROUNDING_MASK);
        else if (*names[i] && v >> i & 1)
            text_printf(t, "%s ", names[i]);
    }
    t->n -= 1; /* the last blank */
    text_putc(t, ']');
}

/* ---- the list ---- */

static bool read_register(struct session *s, const struct vframe *f, const char *name, void *buf, size_t n)
{
    struct value v;
    struct err *e = session_register(s, f, name, &v);
    if (!e)
        e = value_read(session_values(s), &v, 0, buf, n);
    bool ok = !e;
    err_free(e);
    return ok;
}

/* Upper halves are told when one of them is in use, that is, not zero. */
static bool has_upper(struct session *s, const struct vframe *f)
{
    static const uint8_t zeros[YMM_BYTES - XMM_BYTES];
    uint8_t bytes[YMM_BYTES];
    for (unsigned i = 0; i < 16; i++) {
        char name[16];
        snprintf(name, sizeof(name), "ymm%u", i);
        if (read_register(s, f, name, bytes, sizeof(bytes)) && memcmp(bytes + XMM_BYTES, zeros, sizeof(zeros)) != 0)
            return true;
    }
    return false;
}

static void each_vector(struct session *s, const struct vframe *f,
                        void (*add)(void *, const char *, unsigned, struct text *), void *arg)
{
    enum { DWARF_XMM0 = 17 }; /* System V ABI for x86-64, figure 3.36 */
    bool upper = has_upper(s, f);
    for (unsigned i = 0; i < 16; i++) {
        char name[16];
        uint8_t bytes[YMM_BYTES];
        struct text t = {0};
        snprintf(name, sizeof(name), "xmm%u", i);
        if (!read_register(s, f, name, bytes, XMM_BYTES))
            continue;
        put_half(&t, bytes);
        snprintf(name, sizeof(name), "ymm%u", i);
        if (upper && read_register(s, f, name, bytes, YMM_BYTES)) {
            text_printf(&t, "\n\t[YMM%uh] ", i);
            put_half(&t, bytes + XMM_BYTES);
        }
        snprintf(name, sizeof(name), "XMM%u", i);
        add(arg, name, DWARF_XMM0 + i, &t);
        text_done(&t);
    }
}

void each_float_register(struct session *s, const struct vframe *f,
                         void (*add)(void *, const char *, unsigned, struct text *), void *arg)
{
    enum { DWARF_ST0 = 33, DWARF_MXCSR = 64, DWARF_CW = 65, DWARF_SW = 66 };
    each_vector(s, f, add, arg);
    for (unsigned i = 0; i < 8; i++) {
        char name[16];
        uint8_t bytes[ST_BYTES];
        struct text t = {0};
        snprintf(name, sizeof(name), "st%u", i);
        if (!read_register(s, f, name, bytes, sizeof(bytes)))
            continue;
        put_x87(&t, bytes);
        snprintf(name, sizeof(name), "ST(%u)", i);
        add(arg, name, DWARF_ST0 + i, &t);
        text_done(&t);
    }
    static const struct {
        const char *name, *shown;
        unsigned dwarf;
        size_t bytes;
    } words[] = {{"mxcsr", "MXCSR", DWARF_MXCSR, 4}, {"fctrl", "CW", DWARF_CW, 2}, {"fstat", "SW", DWARF_SW, 2}};
    for (size_t i = 0; i < ARRAY_LEN(words); i++) {
        uint32_t v = 0;
        struct text t = {0};
        if (!read_register(s, f, words[i].name, &v, words[i].bytes))
            continue;
        if (words[i].dwarf == DWARF_MXCSR)
            put_mxcsr(&t, v);
        else
            text_printf(&t, "0x%04x", v);
        add(arg, words[i].shown, words[i].dwarf, &t);
        text_done(&t);
    }
}
