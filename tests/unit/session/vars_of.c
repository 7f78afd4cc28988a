/* SPDX-License-Identifier: Apache-2.0 */
/* Prints the frames, "frame TID PC", innermost first, each followed by its variables: "arg" or "var", name, type's
 * size and the bytes in hexadecimal, or the name of the error. Parts that are nowhere read as "optimised-out". */
#include "session/values.h"

#include <inttypes.h>

enum { BYTES_MAX = 256 };

static struct err *read_piece(struct session *s, const struct loc_piece *p, size_t n, uint8_t *out)
{
    switch ((enum loc_kind)p->kind) {
    case LOC_MEMORY:
        return session_read(s, p->addr + p->bit_offset / 8, out, n);
    case LOC_REGISTER:
    case LOC_BYTES:
        if (p->bytes.n < n || p->bit_offset)
            return err_new(ERR_NO_DATA, "not there");
        memcpy(out, p->bytes.p, n);
        return NULL;
    case LOC_POINTER:
        return err_new(ERR_UNSUPPORTED, "an implicit pointer");
    case LOC_ABSENT:
        break;
    }
    return err_new(ERR_OPTIMISED_OUT, "absent");
}

static struct err *read_value(struct session *s, const struct value *v, size_t n, uint8_t *out)
{
    if (v->loc.n == 0)
        return err_new(ERR_OPTIMISED_OUT, "absent");
    for (uint32_t i = 0; i < v->loc.n && n; i++) {
        const struct loc_piece *p = &v->loc.pieces[i];
        size_t part = p->bits && p->bits / 8 < n ? (size_t)p->bits / 8 : n;
        TRY(read_piece(s, p, part, out));
        out += part;
        n -= part;
    }
    return NULL;
}

static void print_variable(struct session *s, const struct vframe *f, const struct variable *v)
{
    struct value value;
    uint8_t b[BYTES_MAX];
    uint64_t size = type_complete(type_strip(v->type))->size;
    size_t n = size < BYTES_MAX ? (size_t)size : BYTES_MAX;
    struct err *e = session_variable(s, f, v, &value);
    printf("%s %s %" PRIu64 " ", v->argument ? "arg" : "var", v->name, size);
    if (!e)
        e = read_value(s, &value, n, b);
    if (e)
        printf("%s", err_code_name(e->code));
    for (size_t i = 0; !e && i < n; i++)
        printf("%02x", b[i]);
    printf("\n");
    err_free(e);
}

static void print_frame(struct session *s, const struct sstack *st, size_t i)
{
    const struct vframe *f;
    struct variables vars = {0};
    struct err *e = session_frame(s, st, i, &f);
    if (!e)
        e = session_variables(s, f, &vars);
    err_free(e); /* the frame has no variables */
    printf("frame %d 0x%" PRIx64 "\n", st->thread->tid, st->frames[i].pc);
    for (size_t k = 0; k < vars.n; k++)
        print_variable(s, f, &vars.v[k]);
    session_forget_values(s);
}

int main(int argc, char **argv)
{
    struct session *s = NULL;
    const struct sstack *st;
    size_t n = 0;
    struct session_opts opts = {.modules.no_debuginfod = true, .max_frames = 1000};
    struct err *e = argc == 2 ? session_open(argv[1], &opts, &s) : err_new(ERR_USAGE, "usage: vars_of CORE");
    if (!e)
        e = session_stacks(s, &st, &n);
    for (size_t i = 0; i < n; i++)
        for (size_t k = 0; k < st[i].n; k++)
            print_frame(s, &st[i], k);
    if (e)
        fprintf(stderr, "%s\n", e->msg);
    err_free(e);
    session_free(s);
    return e != NULL;
}
