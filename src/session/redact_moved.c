/* SPDX-License-Identifier: Apache-2.0 */
/* The environment as the C library has it: a program may have moved it (setproctitle writes over where the kernel put it),
 * or set variables since it began. It is what the variable `environ` leads to (POSIX, "Environment Variables"): in the C
 * library, or in the program's own data where that refers to it (copy relocation). */
#include "session/redaction.h"

#include "module/module.h"

enum {
    VARIABLES_MAX = 65536,
    TEXT_MAX = 128 << 10, /* bytes of one, as the kernel allows them (execve(2), MAX_ARG_STRLEN) */
};

struct moved {
    struct image *im;
    redact_variable_fn *take;
    void *arg;
    taddr seen[4]; /* lists that were read */
    size_t n_seen;
};

static bool is_seen(struct moved *m, taddr list)
{
    for (size_t i = 0; i < m->n_seen; i++)
        if (m->seen[i] == list)
            return true;
    if (m->n_seen < ARRAY_LEN(m->seen))
        m->seen[m->n_seen++] = list;
    return false;
}

static void read_list(struct moved *m, taddr list)
{
    unsigned word = m->im->arch->addr_size;
    uint64_t at;

    for (unsigned i = 0; i < VARIABLES_MAX && space_word(&m->im->space, list + (taddr)i * word, word, &at) && at; i++) {
        SCOPED(freep) char *text = NULL;
        struct err *e = space_cstr(&m->im->space, at, TEXT_MAX, &text);
        if (!e)
            m->take(m->arg, text, strlen(text));
        err_free(e); /* it is not in the core: nor will it be in the copy */
    }
}

static void read_variable(struct moved *m, struct module *in, const char *name)
{
    struct symbol s;
    uint64_t list;

    if (module_symbol_named(in, name, &s) && space_word(&m->im->space, s.addr, m->im->arch->addr_size, &list) && list &&
        !is_seen(m, list))
        read_list(m, list);
}

/* The program, and what may be a C library. */
static bool may_have_it(const struct module *m)
{
    return m->is_exe || begins_with(m->name, "libc.") || begins_with(m->name, "libc-") ||
           begins_with(m->name, "ld-musl");
}

void redact_each_moved(struct image *im, const struct module_opts *files, redact_variable_fn *take, void *arg)
{
    static const char *const names[] = {"environ", "__environ"};
    struct moved m = {.im = im, .take = take, .arg = arg};
    struct modules *ms = modules_load(im, files);

    for (size_t i = 0; i < modules_count(ms); i++)
        for (size_t k = 0; k < ARRAY_LEN(names) && may_have_it(modules_get(ms, i)); k++)
            read_variable(&m, modules_get(ms, i), names[k]);
    modules_free(ms);
}
