/* SPDX-License-Identifier: Apache-2.0 */
/* Tasks of any runtime: task, info tasks. Goroutines have commands of their own besides. */
#include "front/console/console.h"
#include "front/task_tree.h"

#include <inttypes.h>
#include <string.h>

static struct err *all_tasks(struct console *c, const struct tasks **out, size_t *n)
{
    const struct image *im;
    TRY(console_target(c, &im));
    TRY(session_tasks(c->session, true, out, n));
    return *n ? NULL : err_hint(err_new(ERR_NO_DATA, "the target has no tasks"), "\"info threads\" lists threads");
}

static struct err *run_info_tasks(struct console *c, const char *args)
{
    const struct tasks *all;
    size_t n;
    TRY(all_tasks(c, &all, &n));
    if (*args && strcmp(args, "-each") != 0)
        return err_new(ERR_USAGE, "'%s' is no option of \"info tasks\"", args);
    for (size_t i = 0; i < n; i++)
        task_tree_put(&c->out, &c->screen, c->session, &all[i], *args);
    return NULL;
}

static void put_task(struct console *c, const struct tasks *t, const struct task *task)
{
    const char *name = session_task_name(c->session, t, task);
    text_printf(&c->out, "[Current task is %" PRIu64, task->id);
    if (name) {
        text_put(&c->out, " \"");
        put_safe(&c->out, name);
        text_putc(&c->out, '"');
    }
    text_printf(&c->out, " (%s)]\n", session_task_state(c->session, t, task));
}

static struct err *run_task(struct console *c, const char *args)
{
    const struct tasks *all;
    size_t n;
    int64_t id;
    TRY(all_tasks(c, &all, &n));
    if (!*args) {
        const struct task *selected = NULL;
        for (size_t i = 0; i < n && !selected; i++)
            if ((selected = console_task(c, &all[i])) && selected >= all[i].v && selected < all[i].v + all[i].n)
                put_task(c, &all[i], selected);
        if (!selected)
            text_put(&c->out, "No task selected\n");
        return NULL;
    }
    if (!args_number(&args, &id) || *args)
        return err_new(ERR_USAGE, "'%s' is no number of a task", args);
    for (size_t i = 0; i < n; i++)
        for (size_t k = 0; k < all[i].n; k++)
            if (all[i].v[k].id == (uint64_t)id) {
                console_select_task(c, &all[i], &all[i].v[k]);
                put_task(c, &all[i], &all[i].v[k]);
                return console_show_frame(c);
            }
    return err_new(ERR_NOT_FOUND, "unknown task %" PRId64, id);
}

static const struct console_command rows[] = {
    {"task", NULL, CLASS_STACK, "[N]", "Show which task is selected, or select task N.",
     "The commands of stacks and frames work on it then. \"info tasks\" has the numbers.", COMPLETE_NOTHING,
     REPEAT_SAME, run_task},
    {"info tasks", NULL, CLASS_STATUS, "[-each]",
     "List tasks, such as those of asyncio, each above those that it waits for.",
     "Of many alike under one task three are shown; with -each all. \"task N\" selects one.", COMPLETE_NOTHING,
     REPEAT_NEVER, run_info_tasks},
};
const struct console_table console_task_table = {rows, ARRAY_LEN(rows)};
