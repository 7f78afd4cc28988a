/* SPDX-License-Identifier: Apache-2.0 */
/* Where the interpreter's state is, and which version it is. */
#include "module/symtab.h"
#include "rt/cpython/priv.h"

/* An object of the dynamic symbol table, which no strip takes away. Other tables are not looked at: most targets
 * have no Python in them, and this is asked of each of their files. */
static bool exported(struct module *m, const char *name, taddr *at)
{
    struct sym_table t;
    struct raw_symbol s;
    struct elf *e = module_elf(m);
    if (!e || !m->bias_known || !sym_table_open(e, ".dynsym", &t) || !sym_table_named(&t, name, &s))
        return false;
    *at = s.addr + m->bias;
    return true;
}

/* _PyRuntime: in 3.10 and later also a section of its own. */
static bool runtime_in(struct module *m, taddr *at)
{
    struct elf *e = m->is_vdso ? NULL : module_elf(m);
    const struct elf_section *s = e ? elf_section(e, ".PyRuntime") : NULL;
    if (s && m->bias_known) {
        *at = s->addr + m->bias;
        return true;
    }
    return e && exported(m, "_PyRuntime", at);
}

bool py_is_there(struct modules *ms)
{
    taddr at;
    for (size_t i = 0; i < modules_count(ms); i++)
        if (runtime_in(modules_get(ms, i), &at))
            return true;
    return false;
}

static bool find_runtime(struct rt *rt)
{
    for (size_t i = 0; i < modules_count(rt->ms); i++) {
        struct module *m = modules_get(rt->ms, i);
        if (runtime_in(m, &rt->runtime)) {
            rt->module = m;
            return true;
        }
    }
    return false;
}

/* Py_Version, a constant of 3.11 and later. */
static bool find_version(struct rt *rt)
{
    taddr at;
    uint64_t version;
    if (!exported(rt->module, "Py_Version", &at) || !py_uint(rt, at, 4, &version) || version >> 24 != 3)
        return false;
    rt->version = (uint32_t)version;
    return true;
}

struct err *py_find(struct rt *rt)
{
    if (!find_runtime(rt))
        return err_new(ERR_NO_DATA, "no interpreter was found");
    if (!find_version(rt))
        return err_new(ERR_NO_DATA, "the version of the Python in %s is not known", rt->module->path);
    const struct py_layout *l = py_layout_find(py_minor(rt));
    if (!l)
        return err_new(ERR_UNSUPPORTED, "Python 3.%u is not known", py_minor(rt));
    rt->l = *l;
    rt->tagged = py_minor(rt) >= 14;
    rt->interpreters = rt->runtime + rt->l.rt_interpreters_head;
    return NULL;
}
