/* SPDX-License-Identifier: Apache-2.0 */
/* Which of the target's modules holds a Python interpreter, and where its state is. */
#include "rt/cpython/find.h"

#include "module/symtab.h"

static bool symbol_in(struct module *m, const char *table, const char *name, taddr *at)
{
    struct sym_table t;
    struct raw_symbol s;
    struct elf *e = m->is_vdso ? NULL : module_elf(m);
    if (!e || !m->bias_known || !sym_table_open(e, table, &t) || !sym_table_named(&t, name, &s))
        return false;
    *at = s.addr + m->bias;
    return true;
}

bool py_exported(struct module *m, const char *name, taddr *at)
{
    return symbol_in(m, ".dynsym", name, at);
}

/* _PyRuntime: in 3.10 and later also a section of its own. A program that has it built in may keep it to itself. */
static bool runtime_in(struct module *m, taddr *at)
{
    struct elf *e = m->is_vdso ? NULL : module_elf(m);
    const struct elf_section *s = e ? elf_section(e, ".PyRuntime") : NULL;
    if (s && m->bias_known) {
        *at = s->addr + m->bias;
        return true;
    }
    return e && (py_exported(m, "_PyRuntime", at) || (m->is_exe && symbol_in(m, ".symtab", "_PyRuntime", at)));
}

/* Python 3.6 has no _PyRuntime, and does not export the list of its interpreters. */
static bool is_3_6(struct module *m)
{
    taddr at;
    return py_exported(m, "_PyThreadState_Current", &at) && !py_exported(m, "PyString_FromString", &at);
}

/* A module whose file is not here may be an interpreter by its name, or the program. */
static bool may_be(struct module *m)
{
    return !m->is_vdso && !module_elf(m) &&
           (m->is_exe || begins_with(m->name, "python") || begins_with(m->name, "libpython"));
}

/* Modules that only a Python process has. */
static bool has_extensions(const struct modules *ms)
{
    for (size_t i = 0; i < modules_count(ms); i++)
        if (strstr(modules_get(ms, i)->name, ".cpython-3"))
            return true;
    return false;
}

/* ---- finding ---- */

/* The layout for what was found in m, and does it hold there? */
static struct err *try_state(struct rt *rt, struct module *m)
{
    rt->module = m;
    if (!py_exported(m, "_PyThreadState_Current", &rt->current))
        rt->current = 0;
    if (!py_version(rt, m, rt->runtime, &rt->version))
        return err_new(ERR_NO_DATA, "the version of the Python in %s is not known", m->name);
    TRY(py_choose_layout(rt));
    if (rt->runtime && rt->l.rt_interpreters_head != PY_NONE) {
        rt->interpreters = rt->runtime + rt->l.rt_interpreters_head;
        if (py_are_interpreters(rt, rt->interpreters))
            return NULL;
    }
    if (py_scan_interpreters(rt, m, &rt->interpreters))
        return NULL;
    return err_hint(
        err_new(ERR_NO_DATA, "the Python 3.%u in %s has no threads that can be read", py_minor(rt), m->name),
        "it was not started yet, or has ended, or the core leaves its data out");
}

/* Keeps the first error. True: found. */
static bool worked(struct err **first, struct err *e)
{
    if (!e) {
        err_free(TAKE(*first));
        return true;
    }
    if (*first)
        err_free(e);
    else
        *first = e;
    return false;
}

struct err *py_find(struct rt *rt)
{
    struct err *e = NULL;
    bool hinted = has_extensions(rt->ms);
    for (size_t i = 0; i < modules_count(rt->ms); i++) {
        struct module *m = modules_get(rt->ms, i);
        rt->runtime = 0;
        if ((runtime_in(m, &rt->runtime) || is_3_6(m)) && worked(&e, try_state(rt, m)))
            return NULL;
    }
    bool by_name = e != NULL;
    for (size_t i = 0; !by_name && i < modules_count(rt->ms); i++) {
        struct module *m = modules_get(rt->ms, i);
        rt->runtime = 0;
        if ((may_be(m) || (hinted && m->is_exe)) && (py_scan_cookie(rt, m, &rt->runtime) || hinted) &&
            worked(&e, try_state(rt, m)))
            return NULL;
    }
    return e ? e : py_other(rt->ms) ?: err_new(ERR_NO_DATA, "no interpreter was found");
}

bool py_is_there(struct modules *ms)
{
    taddr at;
    struct rt probe = {.ms = ms};
    if (has_extensions(ms))
        return true;
    for (size_t i = 0; i < modules_count(ms); i++) {
        struct module *m = modules_get(ms, i);
        if (runtime_in(m, &at) || is_3_6(m) || (may_be(m) && py_scan_cookie(&probe, m, &at)))
            return true;
    }
    struct err *e = py_other(ms);
    bool other = e != NULL;
    err_free(e);
    return other;
}
