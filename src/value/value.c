/* SPDX-License-Identifier: Apache-2.0 */
/* Making values, and the bytes behind a location. */
#include "value/value.h"

#include "base/mem.h"
#include "value/value_priv.h"

enum {
    PART_MAX = 65536,   /* bytes of a string that are read at once */
    BITWISE_STEP = 512, /* bytes that are put together bit by bit at once */
};

/* ---- making ---- */

struct value value_at(struct values *vs, const struct type *t, taddr at)
{
    struct loc_piece *p = arena_new(vs->arena, struct loc_piece);
    *p = (struct loc_piece){.kind = LOC_MEMORY, .addr = at};
    return (struct value){.type = t, .loc = {.pieces = p, .n = 1}};
}

struct value value_of_bytes(struct values *vs, const struct type *t, const void *bytes, size_t n)
{
    struct loc_piece *p = arena_new(vs->arena, struct loc_piece);
    uint8_t *copy = arena_alloc(vs->arena, n ? n : 1);
    if (n)
        memcpy(copy, bytes, n);
    *p = (struct loc_piece){.kind = LOC_BYTES, .bytes = {.p = copy, .n = n}};
    return (struct value){.type = t, .loc = {.pieces = p, .n = 1}};
}

struct value value_of_int(struct values *vs, const struct type *t, uint64_t v)
{
    uint8_t bytes[SCALAR_MAX] = {0};
    size_t size = value_size(t);
    if (size > sizeof(bytes))
        size = sizeof(bytes);
    if (type_strip(t)->is_signed && (int64_t)v < 0)
        memset(bytes, 0xff, sizeof(bytes));
    if (type_strip(t)->kind == TYPE_BOOL)
        v = v != 0;
    memcpy(bytes, &v, sizeof(v));
    return value_of_bytes(vs, t, bytes, size);
}

struct value value_of_double(struct values *vs, const struct type *t, long double v)
{
    uint8_t bytes[SCALAR_MAX] = {0};
    size_t size = value_size(t);
    real_encode(real_format_of(modules_image(vs->ms)->arch, t), v, bytes);
    return value_of_bytes(vs, t, bytes, size < sizeof(bytes) ? size : sizeof(bytes));
}

/* ---- where the bytes are ---- */

size_t value_size(const struct type *t)
{
    return (size_t)type_strip(t)->size;
}

struct err *value_no_register(const struct arch *arch, unsigned reg)
{
    const char *name = arch_reg_name(arch, reg);
    if (name)
        return err_new(ERR_NO_DATA, "register %s was not saved", name);
    return err_new(ERR_NO_DATA, "register %u was not saved", reg);
}

/* Bytes [from, from + n) of what a piece names, counted without its bit_offset. */
static struct err *piece_bytes(struct values *vs, const struct loc_piece *p, uint64_t from, uint8_t *out, size_t n)
{
    switch ((enum loc_kind)p->kind) {
    case LOC_MEMORY:
        return modules_read(vs->ms, p->addr + from, out, n);
    case LOC_REGISTER:
        if (!p->bytes.n)
            return value_no_register(modules_image(vs->ms)->arch, p->reg);
        break;
    case LOC_BYTES:
        break;
    case LOC_POINTER:
        return err_new(ERR_NO_DATA, "what the pointer points to is not in memory");
    case LOC_ABSENT:
        return err_new(ERR_OPTIMISED_OUT, "optimized out");
    }
    if (from > p->bytes.n || n > p->bytes.n - from)
        return err_new(ERR_CORRUPT, "the value needs %" PRIu64 " bytes, but its place holds %zu", from + n, p->bytes.n);
    memcpy(out, p->bytes.p + from, n);
    return NULL;
}

static void put_bits(uint8_t *out, uint64_t at, const uint8_t *in, uint64_t from, uint64_t n)
{
    for (uint64_t i = 0; i < n; i++)
        if (in[(from + i) / 8] >> ((from + i) % 8) & 1)
            out[(at + i) / 8] = (uint8_t)(out[(at + i) / 8] | 1u << ((at + i) % 8));
}

/* Bits [from, from + n) of a piece to bits [at, at + n) of `out`, whose bits there are 0. */
static struct err *piece_bits(struct values *vs, const struct loc_piece *p, uint64_t from, uint64_t n, uint8_t *out,
                              uint64_t at)
{
    from += p->bit_offset;
    if (from % 8 == 0 && at % 8 == 0 && n % 8 == 0)
        return piece_bytes(vs, p, from / 8, out + at / 8, (size_t)(n / 8));
    uint8_t part[BITWISE_STEP];
    while (n) {
        uint64_t lead = from % 8;
        uint64_t step = n < sizeof(part) * 8 - lead ? n : sizeof(part) * 8 - lead;
        TRY(piece_bytes(vs, p, from / 8, part, (size_t)((lead + step + 7) / 8)));
        put_bits(out, at, part, lead, step);
        from += step;
        at += step;
        n -= step;
    }
    return NULL;
}

/* Bits [from, from + n) of a location. */
static struct err *location_bits(struct values *vs, const struct location *l, uint64_t from, uint64_t n, uint8_t *out)
{
    if (l->n == 0)
        return err_new(ERR_OPTIMISED_OUT, "optimized out");
    if (l->pieces[0].bits == 0)
        return piece_bits(vs, &l->pieces[0], from, n, out, 0);
    uint64_t start = 0, done = 0;
    for (uint32_t i = 0; i < l->n && done < n; i++) {
        const struct loc_piece *p = &l->pieces[i];
        uint64_t want = from + done;
        if (want >= start && want - start < p->bits) {
            uint64_t left = p->bits - (want - start);
            uint64_t step = n - done < left ? n - done : left;
            TRY(piece_bits(vs, p, want - start, step, out, done));
            done += step;
        }
        start += p->bits;
    }
    return done == n ? NULL : err_new(ERR_OPTIMISED_OUT, "optimized out");
}

struct err *value_read_bits(struct values *vs, const struct value *v, uint64_t offset, uint64_t bits, uint8_t *out)
{
    memset(out, 0, (size_t)((bits + 7) / 8));
    return location_bits(vs, &v->loc, v->bit_offset + offset, bits, out);
}

struct err *value_read(struct values *vs, const struct value *v, uint64_t offset, void *buf, size_t n)
{
    if (n == 0)
        return NULL;
    if (offset > UINT64_MAX / 16 || n > UINT64_MAX / 16)
        return err_new(ERR_LIMIT, "the value is too large");
    return value_read_bits(vs, v, offset * 8, (uint64_t)n * 8, buf);
}

struct err *value_reachable(struct values *vs, const struct value *v)
{
    uint8_t first;
    taddr at;
    const struct type *t = type_strip(v->type);
    if (t->size == 0 || t->kind == TYPE_FUNCTION || t->kind == TYPE_VOID)
        return NULL;
    struct err *e = value_address(v, &at);
    if (e) {
        err_free(e); /* a register, a constant, a bit-field */
        return NULL;
    }
    return value_memory_error(modules_read(vs->ms, at, &first, 1));
}

struct err *value_memory_error(struct err *e)
{
    if (!e || e->code != ERR_UNMAPPED || e->where != ERR_AT_ADDRESS)
        return e;
    uint64_t at = e->at;
    err_free(e);
    return err_at(err_new(ERR_UNMAPPED, "Cannot access memory at address 0x%" PRIx64, at), ERR_AT_ADDRESS, at);
}

const struct loc_piece *value_synthetic(const struct value *v)
{
    bool one = v->loc.n > 0 && v->loc.pieces[0].kind == LOC_POINTER;
    return one && v->bit_offset == 0 && v->bit_size == 0 ? &v->loc.pieces[0] : NULL;
}

struct err *value_address(const struct value *v, taddr *out)
{
    if (v->loc.n == 0)
        return err_new(ERR_OPTIMISED_OUT, "the value was optimized out");
    if (v->bit_size || v->bit_offset % 8)
        return err_new(ERR_UNSUPPORTED, "a bit-field has no address");
    uint64_t at = v->bit_offset;
    for (uint32_t i = 0; i < v->loc.n; i++) {
        const struct loc_piece *p = &v->loc.pieces[i];
        if (p->bits && at >= p->bits) {
            at -= p->bits;
            continue;
        }
        if (p->kind == LOC_REGISTER)
            return err_new(ERR_UNSUPPORTED, "the value is in a register and has no address");
        if (p->kind != LOC_MEMORY || (p->bit_offset + at) % 8)
            break;
        *out = p->addr + (p->bit_offset + at) / 8;
        return NULL;
    }
    return err_new(ERR_UNSUPPORTED, "the value is not in memory and has no address");
}

/* ---- scalars ---- */

static bool sign_extends(const struct type *t)
{
    return t->is_signed && (t->kind == TYPE_INT || t->kind == TYPE_CHAR || t->kind == TYPE_ENUM);
}

static void swap_bytes(uint8_t *bytes, size_t n)
{
    for (size_t i = 0; i < n / 2; i++) {
        uint8_t other = bytes[n - 1 - i];
        bytes[n - 1 - i] = bytes[i];
        bytes[i] = other;
    }
}

struct err *value_scalar(struct values *vs, const struct value *v, struct scalar *out)
{
    const struct type *t = type_strip(v->type);
    uint64_t bits = v->bit_size ? v->bit_size : t->size * 8;
    size_t size = v->bit_size && t->size == 0 ? (bits + 7) / 8 : (size_t)t->size;
    if (size > SCALAR_MAX || t->size > SCALAR_MAX || bits > SCALAR_MAX * 8)
        return err_new(ERR_UNSUPPORTED, "a number of %zu bytes", size);
    struct scalar s = {.size = (uint8_t)size};
    TRY(value_read_bits(vs, v, 0, bits, s.bytes));
    if (t->big_endian)
        swap_bytes(s.bytes, size);
    bool negative = bits && s.bytes[(bits - 1) / 8] >> ((bits - 1) % 8) & 1;
    if (sign_extends(t) && negative)
        for (uint64_t i = bits; i < SCALAR_MAX * 8; i++)
            s.bytes[i / 8] = (uint8_t)(s.bytes[i / 8] | 1u << (i % 8));
    *out = s;
    return NULL;
}

uint64_t scalar_u64(const struct scalar *s)
{
    uint64_t v;
    memcpy(&v, s->bytes, sizeof(v));
    return v;
}

static bool is_integral(const struct type *t)
{
    switch ((enum type_kind)t->kind) {
    case TYPE_BOOL:
    case TYPE_CHAR:
    case TYPE_INT:
    case TYPE_ENUM:
    case TYPE_POINTER:
    case TYPE_REFERENCE:
    case TYPE_RVALUE_REFERENCE:
    case TYPE_UNSPECIFIED:
        return true;
    case TYPE_MEMBER_POINTER:
        return t->size <= sizeof(uint64_t);
    case TYPE_ERROR:
    case TYPE_VOID:
    case TYPE_FLOAT:
    case TYPE_DECIMAL:
    case TYPE_COMPLEX:
    case TYPE_ARRAY:
    case TYPE_VECTOR:
    case TYPE_STRUCT:
    case TYPE_CLASS:
    case TYPE_UNION:
    case TYPE_FUNCTION:
    case TYPE_TYPEDEF:
    case TYPE_CONST:
    case TYPE_VOLATILE:
    case TYPE_RESTRICT:
    case TYPE_ATOMIC:
        return false;
    }
    return false;
}

struct err *value_int(struct values *vs, const struct value *v, uint64_t *out)
{
    const struct type *t = type_strip(v->type);
    if (!is_integral(t))
        return err_new(ERR_UNSUPPORTED, "the value is not a number or pointer");
    struct scalar s;
    TRY(value_scalar(vs, v, &s));
    *out = scalar_u64(&s);
    return NULL;
}

struct err *value_double(struct values *vs, const struct value *v, long double *out)
{
    const struct type *t = type_strip(v->type);
    struct scalar s;
    if (t->kind != TYPE_FLOAT)
        return err_new(ERR_UNSUPPORTED, "the value is not a floating-point number");
    TRY(value_scalar(vs, v, &s));
    enum real_format f = real_format_of(modules_image(vs->ms)->arch, t);
    if (f == REAL_NONE)
        return err_new(ERR_UNSUPPORTED, "a floating-point number of %u bytes", s.size);
    *out = real_decode(f, s.bytes);
    return NULL;
}

/* ---- strings ---- */

static bool is_zero(const uint8_t *at, unsigned width)
{
    for (unsigned i = 0; i < width; i++)
        if (at[i])
            return false;
    return true;
}

static size_t find_end(const uint8_t *at, size_t n, unsigned width)
{
    if (width == 1) {
        const uint8_t *end = memchr(at, 0, n);
        return end ? (size_t)(end - at) : n;
    }
    for (size_t i = 0; i + width <= n; i += width)
        if (is_zero(at + i, width))
            return i;
    return n;
}

struct err *value_string(struct values *vs, taddr at, unsigned width, size_t limit, struct bytes *out, bool *ended)
{
    VEC(uint8_t) got = {0};
    size_t most = limit > SIZE_MAX / 4 ? SIZE_MAX / 4 * width : limit * width;
    struct err *e = NULL;
    bool nul = false, absent = false;
    while (!nul && !absent && got.n < most) {
        size_t step = got.n + 256 < PART_MAX ? got.n + 256 : PART_MAX;
        step = step < most - got.n ? step : most - got.n;
        vec_reserve(&got, got.n + step);
        size_t n = modules_read_some(vs->ms, at + got.n, got.v + got.n, step);
        absent = n < step;
        n -= n % width;
        size_t end = find_end(got.v + got.n, n, width);
        nul = end < n;
        got.n += end;
        if (got.n == 0 && n == 0 && absent)
            e = modules_read(vs->ms, at, &(uint32_t){0}, width);
    }
    if (!e) {
        uint8_t *copy = arena_alloc(vs->arena, got.n + 1);
        if (got.n)
            memcpy(copy, got.v, got.n);
        *out = (struct bytes){.p = copy, .n = got.n};
        *ended = nul;
    }
    vec_done(&got);
    return e;
}

struct err *value_cstr(struct values *vs, taddr at, size_t limit, struct bytes *out, bool *ended)
{
    return value_string(vs, at, 1, limit, out, ended);
}
