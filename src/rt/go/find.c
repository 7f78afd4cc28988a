/* SPDX-License-Identifier: Apache-2.0 */
/* Where variables of the runtime are in a program without symbols. The function table names the functions that use
 * them, and their code says where they are; or the program's data is searched for what must stand in them. */
#include "rt/go/priv.h"
#include "unwind/code/x86_decode.h"

#include <elf.h>

enum {
    PAGE = 4096,
    SCAN_STEP = 16 * PAGE,
    SCAN_MAX = 1 << 30, /* bytes: more variables than any program has */
    CODE_MAX = 1 << 16,
};

struct go_ranges go_data(const struct go_module *m)
{
    return (struct go_ranges){
        {{m->noptrdata, m->enoptrdata}, {m->data_start, m->data_end}, {m->bss, m->ebss}, {m->noptrbss, m->enoptrbss}}};
}

/* Past what cannot be read it goes on with the next page. */
bool go_scan(const struct rt *rt, taddr start, taddr end, go_look look, void *arg)
{
    if (start >= end)
        return false;
    SCOPED(freep) uint64_t *chunk = xmalloc(SCAN_STEP);
    if (end - start > SCAN_MAX)
        end = start + SCAN_MAX;
    for (taddr at = (start + 7) & ~(taddr)7; at >= start && at < end;) {
        size_t want = end - at < SCAN_STEP ? (size_t)(end - at) : SCAN_STEP;
        size_t got = modules_read_some(rt->ms, at, chunk, want);
        for (size_t i = 0; i < got / 8; i++)
            if (look(arg, at + i * 8, chunk[i]))
                return true;
        at = got == want ? at + want : ((at + got) / PAGE + 1) * PAGE;
    }
    return false;
}

static bool function_named(const struct go_module *m, const char *name, struct go_function *out)
{
    for (uint32_t i = 0; i < m->table.n_functions; i++)
        if (pclntab_function(&m->table, i, out) && strcmp(out->name, name) == 0)
            return true;
    return false;
}

static bool is_data(const struct go_module *m, taddr at)
{
    struct go_ranges data = go_data(m);
    for (size_t i = 0; i < ARRAY_LEN(data.v); i++)
        if (at >= data.v[i].start && at < data.v[i].end)
            return true;
    return false;
}

/* Go's compiler names data by its distance from the next instruction, in programs of every kind but plugins. */
static size_t refs_of_code(const struct go_module *m, struct bytes code, taddr at, taddr *out, size_t max)
{
    size_t n = 0;
    struct x86_insn insn;
    for (size_t done = 0;
         n < max && done < code.n && x86_decode((struct bytes){code.p + done, code.n - done}, true, &insn);
         done += insn.size) {
        if (!insn.has_modrm || insn.mod != 0 || (insn.rm & 7) != 5)
            continue;
        taddr to = at + done + insn.size + (taddr)(int64_t)insn.disp;
        bool known = !is_data(m, to);
        for (size_t i = 0; !known && i < n; i++)
            known = out[i] == to;
        if (!known)
            out[n++] = to;
    }
    return n;
}

size_t go_refs(const struct rt *rt, const char *function, taddr *out, size_t max)
{
    struct go_function f;
    const struct go_module *m = &rt->modules.v[0];
    if (modules_image(rt->ms)->arch->elf_machine != EM_X86_64 || !function_named(m, function, &f) ||
        f.end - f.entry > CODE_MAX)
        return 0;
    size_t n = (size_t)(f.end - f.entry);
    SCOPED(freep) uint8_t *code = xmalloc(n + 1);
    n = modules_read_some(rt->ms, f.entry, code, n);
    return refs_of_code(m, (struct bytes){code, n}, f.entry, out, max);
}
