/* SPDX-License-Identifier: Apache-2.0 */
#include "front/goroutine.h"

#include "front/front.h"
#include "front/words.h"

#include <inttypes.h>
#include <string.h>

struct err *goroutine_tasks(struct session *s, const struct tasks **out)
{
    const struct tasks *all;
    size_t n;
    TRY(session_tasks(s, true, &all, &n));
    for (size_t i = 0; i < n; i++)
        if (strcmp(all[i].runtime, "go") == 0)
            return *out = &all[i], NULL;
    return err_hint(err_new(ERR_NO_DATA, "no Go runtime is known in this target"), "\"info threads\" lists threads");
}

const struct task *goroutine_find(const struct tasks *t, uint64_t id)
{
    for (size_t i = 0; i < t->n; i++)
        if (t->v[i].id == id)
            return &t->v[i];
    return NULL;
}

/* ---- where one is ---- */

struct goroutine_at goroutine_at_frame(const struct sframe *frames, size_t n, size_t i)
{
    size_t first = i, last = i;
    while (first > 0 && frames[first - 1].physical == frames[i].physical)
        first--;
    while (last + 1 < n && frames[last + 1].physical == frames[i].physical)
        last++;
    return (struct goroutine_at){.pc = frames[i].pc,
                                 .file = frames[first].at->file,
                                 .line = frames[first].at->line,
                                 .function = frames[last].at->function,
                                 .entry = frames[last].at->start};
}

struct goroutine_at goroutine_at_address(struct session *s, taddr pc, taddr lookup)
{
    const struct splace *outer = NULL, *at = pc ? session_task_place(s, lookup, &outer) : NULL;
    if (!at)
        return (struct goroutine_at){.pc = pc};
    return (struct goroutine_at){
        .pc = pc, .file = at->file, .line = at->line, .function = outer->function, .entry = outer->start};
}

struct goroutine_at goroutine_at(struct session *s, const struct tasks *t, const struct task *task,
                                 enum goroutine_place place)
{
    const struct task_stack *st = &t->stacks[t->stack[task - t->v]];
    const struct sframe *user;
    taddr start;
    switch (place) {
    case PLACE_GO:
        return goroutine_at_address(s, task->created_at, task->created_at - 1);
    case PLACE_START:
        start = session_task_start(s, t, task);
        return goroutine_at_address(s, start, start);
    case PLACE_CURRENT:
        /* Delve looks up where it goes on, not the call before that. */
        return st->n ? goroutine_at_address(s, st->frames[0].pc, st->frames[0].pc) : (struct goroutine_at){0};
    case PLACE_USER:
        break;
    }
    user = session_task_user_frame(s, t, task);
    if (!user || user == st->frames)
        return goroutine_at(s, t, task, PLACE_CURRENT);
    return goroutine_at_frame(st->frames, st->n, (size_t)(user - st->frames));
}

/* "/x/f.go:12 in main.f", as filters see it and groups are called. */
static void goroutine_put_place(struct text *t, const struct goroutine_at *at)
{
    put_safe(t, at->file ? at->file : "");
    text_printf(t, ":%" PRIu32 " in ", at->line);
    put_safe(t, at->function ? at->function : "?");
}

/* ---- which are meant ---- */

static const char *label_of(struct session *s, const struct tasks *t, const struct task *task, const char *key)
{
    struct task_label labels[TASK_LABELS_MAX];
    size_t n = session_task_labels(s, t, task, labels, TASK_LABELS_MAX);
    for (size_t i = 0; i < n; i++)
        if (strcmp(labels[i].key, key) == 0)
            return labels[i].value;
    return NULL;
}

static bool has_label(struct session *s, const struct tasks *t, const struct task *task, const char *wanted)
{
    size_t n = strcspn(wanted, "=");
    SCOPED(freep) char *key = xstrndup(wanted, n);
    const char *value = label_of(s, t, task, key);
    return value && (!wanted[n] || strcmp(value, wanted + n + 1) == 0);
}

static bool is_such(struct session *s, const struct tasks *t, const struct task *task, const struct goroutine_filter *f)
{
    switch (f->by) {
    case BY_NOTHING:
        break;
    case BY_PLACE: {
        struct goroutine_at at = goroutine_at(s, t, task, f->place);
        SCOPED(text_done) struct text name = {0};
        goroutine_put_place(&name, &at);
        return strstr(text_str(&name), f->arg) != NULL;
    }
    case BY_LABEL:
        return has_label(s, t, task, f->arg);
    case BY_RUNNING:
        return task->tid != 0;
    case BY_USER:
        return !task->system;
    case BY_CHANNEL:
        return session_task_waits_on(s, t, task, f->channel);
    }
    return true;
}

bool goroutine_passes(struct session *s, const struct tasks *t, const struct task *task,
                      const struct goroutine_filter *f)
{
    return is_such(s, t, task, f) != f->negated;
}

void goroutine_put_group(struct session *s, const struct tasks *t, const struct task *task,
                         const struct goroutine_filter *by, struct text *out)
{
    const char *value;
    switch (by->by) {
    case BY_LABEL:
        value = label_of(s, t, task, by->arg);
        put_safe(out, by->arg);
        text_putc(out, '=');
        put_safe(out, value);
        break;
    case BY_RUNNING:
        text_put(out, task->tid ? "running=true" : "running=false");
        break;
    case BY_USER:
        text_put(out, task->system ? "user=false" : "user=true");
        break;
    case BY_NOTHING:
    case BY_CHANNEL:
    case BY_PLACE: {
        struct goroutine_at at = goroutine_at(s, t, task, by->place);
        goroutine_put_place(out, &at);
        break;
    }
    }
}
