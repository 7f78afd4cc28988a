/* SPDX-License-Identifier: Apache-2.0 */
/* Go as a runtime: what it can do, and how it is found. */
#include "rt/go/priv.h"

static struct module *program(struct modules *ms)
{
    for (size_t i = 0; i < modules_count(ms); i++)
        if (modules_get(ms, i)->is_exe)
            return modules_get(ms, i);
    return NULL;
}

/* The program itself, or a library that was built with -buildmode=c-shared. */
static struct module *go_file(struct modules *ms)
{
    struct module *exe = program(ms);
    for (size_t i = 0; i <= modules_count(ms); i++) {
        struct module *m = i ? modules_get(ms, i - 1) : exe;
        struct elf *e = m && !m->is_vdso ? module_elf(m) : NULL;
        if (e && elf_section(e, ".go.buildinfo"))
            return m;
    }
    return NULL;
}

static struct err *detect(struct modules *ms, bool *found)
{
    *found = go_file(ms) != NULL;
    return NULL;
}

static void rt_free(struct rt *rt)
{
    if (!rt)
        return;
    vec_done(&rt->modules);
    vec_done(&rt->tasks);
    vec_done(&rt->facts);
    vec_done(&rt->wait_reasons);
    vec_done(&rt->ms_known);
    pthread_mutex_destroy(&rt->lock);
    map64_done(&rt->system_starts);
    map64_done(&rt->dwarf_types);
    vec_done(&rt->type_dies);
    vec_done(&rt->constants);
    arena_done(&rt->arena);
    free(rt);
}

static void choose_layout(struct rt *rt)
{
    const struct arch *a = modules_image(rt->ms)->arch;
    bool newer = rt->build.minor == 0 || rt->build.minor > go_layout_newest()->minor;
    rt->layout = a->addr_size == 8 ? go_layout_find(rt->build.minor) : NULL;
    if (!rt->layout && newer && a->addr_size == 8)
        rt->layout = go_layout_dwarf(rt, go_file(rt->ms));
    rt->layout_of_dwarf = rt->layout && rt->layout != go_layout_find(rt->build.minor);
    if (!rt->layout)
        rt->why_no_layout = arena_printf(&rt->arena, "the layout of %s on %s is not known%s",
                                         rt->build.version ? rt->build.version : "this Go", a->name,
                                         newer ? ", and the program has no debug information that tells it" : "");
}

static struct err *doubt(struct rt *rt)
{
    if (!rt->layout_of_dwarf)
        return NULL;
    return err_new(ERR_UNSUPPORTED,
                   "%s is newer than what Inquest knows of Go: its structures are taken from its debug "
                   "information, and what else has changed is not known",
                   rt->build.version ? rt->build.version : "this Go");
}

static struct err *attach(struct modules *ms, struct rt **out)
{
    struct rt *rt = xcalloc(1, sizeof(*rt));
    rt->ms = ms;
    pthread_mutex_init(&rt->lock, NULL);
    go_build_find(ms, go_file(ms), &rt->arena, &rt->build);
    choose_layout(rt);
    go_stepper_init(rt);
    struct err *e = go_modules_find(rt);
    if (e) {
        rt_free(rt);
        return e;
    }
    *out = rt;
    return NULL;
}

static const char *language(const struct module *m, const char *symbol, const char *dwarf_language)
{
    (void)m;
    (void)symbol;
    return dwarf_language && strcmp(dwarf_language, "go") == 0 ? "go" : NULL;
}

static uint64_t plan(struct rt *rt, struct image *im, const struct rt_copy_wish *wish)
{
    (void)im;
    (void)wish; /* goroutines are copied whatever is wished */
    return go_plan(rt);
}

const struct runtime runtime_go = {
    .name = "go",
    .detect = detect,
    .attach = attach,
    .free = rt_free,
    .stepper = go_stepper,
    .language = language,
    .formatter = go_formatter,
    .names = go_names,
    .facts = go_facts,
    .doubt = doubt,
    .plan = plan,
    .stack_end = go_stack_end,
    .copy = go_copy,
    .needed = go_needed,
    .tasks = go_tasks,
    .wait_reason = go_wait_reason,
    .state_name = go_state_name,
    .walker_new = go_walker_new,
    .walker_free = go_walker_free,
    .walk = go_walk,
    .interrupts = go_interrupts,
    .panics = go_panics,
    .fatal = go_fatal,
    .defers = go_defers,
    .ancestors = go_ancestors,
    .bounds = go_bounds,
    .task_regs = go_task_regs,
    .lines = go_lines,
    .arguments = go_arguments,
    .is_private = go_is_private,
    .is_hidden = go_is_hidden,
    .is_wrapper = go_is_wrapper,
    .labels = go_labels,
    .waits_on = go_waits_on,
};
