/* SPDX-License-Identifier: Apache-2.0 */
/* disassemble: a window of instructions around an address. */
#include "front/dap/priv.h"
#include "session/code.h"

#include <inttypes.h>

enum { COUNT_MAX = 100000, BACK_MAX = 100000 };

struct line_of_code {
    taddr pc;
    bool known; /* false: nothing can be decoded there */
    struct instruction in; /* its text is ours: heap */
};

struct window {
    struct dap *d;
    VEC(struct line_of_code) v;
    const char *file; /* of the last line that was written: told only when it changes */
};

static void push(struct window *w, const struct instruction *in)
{
    struct line_of_code *l = vec_push(&w->v);
    *l = (struct line_of_code){.pc = in->pc, .known = true, .in = *in};
    l->in.text = xstrdup(in->text);
}

static void push_unknown(struct window *w, taddr pc)
{
    *vec_push(&w->v) = (struct line_of_code){.pc = pc};
}

static void window_done(struct window *w)
{
    for (size_t i = 0; i < w->v.n; i++)
        if (w->v.v[i].known)
            free((char *)(uintptr_t)w->v.v[i].in.text);
    vec_done(&w->v);
}

/* ---- forwards ---- */

/* What cannot be read is one line a byte: the client gets as many as it asked for. */
static void forwards(struct window *w, taddr at, size_t count)
{
    struct instructions in;
    while (count && !progress_cancelled(session_values(w->d->session)->progress)) {
        struct err *e = session_disassemble(w->d->session, at, 0, count, false, &in);
        size_t n = e ? 0 : in.n;
        err_free(e);
        for (size_t i = 0; i < n; i++)
            push(w, &in.v[i]);
        if (n)
            at = in.v[n - 1].pc + in.v[n - 1].size;
        count -= n;
        for (; !n && count; count--)
            push_unknown(w, at++);
    }
}

/* ---- backwards ---- */

/* The part of a function that holds the byte before `at`. */
static bool range_before(struct dap *d, taddr at, struct code_range *out)
{
    struct code_function f;
    if (!session_function(d->session, at - 1, &f))
        return false;
    for (size_t i = 0; i < f.n; i++)
        if (at - 1 >= f.ranges[i].start && at - 1 < f.ranges[i].end)
            return *out = f.ranges[i], true;
    return false;
}

/* Instructions have no marks where they begin: they are counted from the start of a function. Puts those before `at` in
 * reverse order. Without a function there, one line a byte. */
static void backwards(struct window *w, taddr at, size_t count)
{
    struct instructions in;
    struct code_range r;
    while (count) {
        bool decoded = range_before(w->d, at, &r) && at - r.start <= BACK_MAX * 16;
        struct err *e = decoded ? session_disassemble(w->d->session, r.start, at, 0, false, &in) : NULL;
        decoded = decoded && !e && in.n;
        err_free(e);
        if (!decoded) {
            push_unknown(w, --at);
            count--;
            continue;
        }
        for (size_t i = in.n; i-- > 0 && count;) {
            if (in.v[i].pc + in.v[i].size > at)
                continue; /* `at` is within it */
            push(w, &in.v[i]);
            count--;
        }
        at = r.start;
    }
}

static void reverse(struct window *w)
{
    for (size_t i = 0, k = w->v.n; i + 1 < k; i++) {
        struct line_of_code l = w->v.v[i];
        w->v.v[i] = w->v.v[--k];
        w->v.v[k] = l;
    }
}

/* ---- lines ---- */

static void put_symbol(struct dap *d, struct text *t, taddr at)
{
    struct symbol sym;
    const char *name;
    if (!session_symbol(d->session, at, &sym, &name))
        return;
    text_putc(t, '<');
    put_safe(t, name);
    if (at != sym.addr)
        text_printf(t, "+%" PRIu64, at - sym.addr);
    text_putc(t, '>');
}

static void put_text(struct window *w, struct json *j, const struct instruction *in)
{
    SCOPED(text_done) struct text t = {0}, bytes = {0};
    put_safe(&t, in->text);
    if (in->target_noted)
        text_printf(&t, "  # 0x%" PRIx64, in->target);
    if (in->has_target) {
        text_putc(&t, ' ');
        put_symbol(w->d, &t, in->target);
    }
    for (unsigned i = 0; i < in->size; i++)
        text_printf(&bytes, "%s%02x", i ? " " : "", in->bytes[i]);
    json_kv_string(j, "instructionBytes", text_str(&bytes));
    json_kv_string(j, "instruction", text_str(&t));
}

static void put_line(struct window *w, struct json *j, taddr pc)
{
    struct code_line line;
    if (!session_line_at(w->d->session, pc, &line) || !line.line)
        return;
    if (line.file != w->file) {
        const struct module *m = session_module_at(w->d->session, pc);
        json_key(j, "location");
        put_source(w->d, j, line.file, m, line.line);
        w->file = line.file;
    }
    json_kv_u64(j, "line", client_line(w->d, line.line));
}

static void put_instruction(struct window *w, struct json *j, const struct line_of_code *l, bool symbols)
{
    json_object_begin(j);
    json_kv_hex(j, "address", l->pc);
    if (!l->known) {
        json_kv_string(j, "instruction", "??");
        json_kv_string(j, "presentationHint", "invalid");
        json_object_end(j);
        return;
    }
    put_text(w, j, &l->in);
    SCOPED(text_done) struct text symbol = {0};
    if (symbols)
        put_symbol(w->d, &symbol, l->pc);
    if (symbol.n)
        json_kv_string(j, "symbol", text_str(&symbol));
    put_line(w, j, l->pc);
    json_object_end(j);
}

static struct err *disassemble(struct dap *d, const struct incoming *args, struct json *body)
{
    struct window w = {.d = d};
    taddr at;
    TRY(args_address(args, "memoryReference", &at));
    at += (uint64_t)args_integer(args, "offset", 0);
    int64_t offset = args_integer(args, "instructionOffset", 0);
    uint64_t count = args_count(args, "instructionCount");
    if (count > COUNT_MAX || offset > COUNT_MAX || offset < -BACK_MAX)
        return err_new(ERR_LIMIT, "at most %d instructions at a time", COUNT_MAX);
    size_t back = offset < 0 ? (size_t)-offset : 0, skip = offset > 0 ? (size_t)offset : 0;
    backwards(&w, at, back);
    reverse(&w);
    if (count + skip > back)
        forwards(&w, at, count + skip - back);
    json_key(body, "instructions");
    json_array_begin(body);
    for (size_t i = skip; i < w.v.n && i - skip < count; i++)
        put_instruction(&w, body, &w.v.v[i], args_bool(args, "resolveSymbols"));
    json_array_end(body);
    window_done(&w);
    return NULL;
}

static const struct request_row rows[] = {{"disassemble", NEEDS_TARGET, disassemble}};
const struct request_table dap_code_requests = {rows, ARRAY_LEN(rows)};
