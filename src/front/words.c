/* SPDX-License-Identifier: Apache-2.0 */
#include "front/words.h"

#include <inttypes.h>
#include <string.h>

/* ---- what ended it ---- */

void put_signal_name(struct text *t, int signo)
{
    const char *name = session_signal_name(signo);
    if (name)
        text_put(t, name);
    else
        text_printf(t, "signal %d", signo);
}

void put_signal_cause(struct text *t, const struct image *im)
{
    const struct image_signal *sig = &im->signal;
    const char *code = sig->has_info ? session_signal_code(sig->signo, sig->code) : NULL;
    const char *gap = "";
    if (code && !sig->has_sender) {
        text_put(t, code);
        gap = " ";
    }
    if (sig->has_addr)
        text_printf(t, "%sat 0x%" PRIx64, gap, sig->addr);
    if (sig->has_sender && sig->pid == im->pid)
        text_printf(t, "%sraised by itself", gap);
    else if (sig->has_sender)
        text_printf(t, "%ssent by process %d (uid %" PRIu32 ")", gap, sig->pid, sig->uid);
}

/* The runtime prints a type of the program's own with the value: main.T("x"). */
static bool text_has_type(const struct task_panic *p)
{
    size_t n = p->type ? strlen(p->type) : 0;
    return p->text && n && strncmp(p->text, p->type, n) == 0 && p->text[n] == '(';
}

void put_trouble(struct text *t, const struct trouble *w)
{
    if (!w->task) {
        text_put(t, "fatal error: ");
        put_safe(t, w->panic.text);
        return;
    }
    text_put(t, w->panic.leaving ? "runtime.Goexit" : "panic: ");
    if (w->panic.text && !w->panic.leaving)
        put_safe(t, w->panic.text);
    if (w->panic.type && !w->panic.leaving && !text_has_type(&w->panic)) {
        text_put(t, w->panic.text ? " (" : "a value of type ");
        put_safe(t, w->panic.type);
        text_put(t, w->panic.text ? ")" : "");
    } else if (!w->panic.text && !w->panic.type && !w->panic.leaving) {
        text_put(t, "a value that cannot be read");
    }
    text_printf(t, "%s, goroutine %" PRIu64, w->panic.recovered ? " [recovered]" : "", w->task->id);
}

/* ---- threads and tasks ---- */

const char *thread_name(struct session *s, const struct image_thread *th)
{
    const struct image *im = session_image(s);
    const struct rt_thread *known = session_language_thread(s, th->tid);
    if (known && known->name)
        return known->name;
    /* A core's one short name is that of the thread that was dumped first, the crashed one. */
    if (!th->name && im->crashed_tid && th->tid == im->crashed_tid)
        return im->comm;
    return th->name;
}

const char *task_word(struct session *s, const struct tasks *of, const struct task *task)
{
    return strcmp(of->runtime, "go") == 0 ? "goroutine" : session_task_kind(s, of, task);
}

void put_task_state(struct text *t, struct session *s, const struct tasks *of, const struct task *task)
{
    const char *reason = session_task_reason(s, of, task);
    put_safe(t, reason ? reason : session_task_state(s, of, task));
    if (task->locked)
        text_put(t, ", locked to thread");
}

void task_labels_json(struct json *j, struct session *s, const struct tasks *of, const struct task *task)
{
    struct task_label labels[TASK_LABELS_MAX];
    size_t n = session_task_labels(s, of, task, labels, TASK_LABELS_MAX);
    if (!n)
        return;
    json_key(j, "labels");
    json_object_begin(j);
    for (size_t i = 0; i < n; i++)
        json_kv_string(j, labels[i].key, labels[i].value);
    json_object_end(j);
}
