/* SPDX-License-Identifier: Apache-2.0 */
/* How the module for Python reaches the layers, and how it is started.
 *
 * The module is a shared object with a copy of all layers, for a Python that imports it; in Inquest it must use those of
 * the program, whose session it is given. So it calls nothing but base directly (tools/layers.py checks that): the rest
 * goes through this table, the program's or the copy's. */
#ifndef FRONT_SCRIPT_CALLS_H
#define FRONT_SCRIPT_CALLS_H

#include "front/scripting.h"
#include "front/words.h"
#include "session/code.h"
#include "session/memory.h"
#include "session/save.h"
#include "session/tasks.h"
#include "session/values.h"
#include "value/children.h"

/* clang-format off */
#define SCRIPT_CALLS(X) \
    X(session_open) X(session_free) X(session_image) X(session_module_count) X(session_module) X(session_stacks) \
    X(session_problems) X(session_read) X(session_read_some) X(session_signal_name) X(session_signal_code) \
    X(session_build_id_text) X(session_frame) X(session_variables) X(session_variable) X(session_register) \
    X(session_values) X(session_forget_values) X(session_tasks) X(session_task_state) X(session_task_reason) \
    X(session_task_name) X(task_word) X(session_task_waited) X(session_task_labels) X(session_task_stack) \
    X(session_task_awaits) X(session_search) X(session_symbol) X(session_save_value) X(session_language_thread) \
    X(session_task_user_frame) X(session_arguments) X(thread_name) \
    X(value_at) X(value_read) X(value_int) X(value_double) X(value_address) X(value_cstr) X(value_member) \
    X(value_element) X(value_deref) X(value_referent) X(value_dynamic) X(value_cast) X(value_resolve) \
    X(value_children) X(children_each) X(format_value) X(format_present) X(expr_evaluate) X(expr_type) \
    X(type_name) X(type_declaration) X(type_strip) X(type_complete) X(type_equal) X(type_fields) \
    X(type_pointer_to) X(type_enumerators) X(type_go)
/* clang-format on */

struct script_calls {
#define X(fn) __typeof__(fn) *fn;
    SCRIPT_CALLS(X)
#undef X
    const struct format *format; /* format_defaults */
};
/* The functions of whom it is linked into. */
extern const struct script_calls script_calls;

/* What the shared object exports as SCRIPT_MODULE_SYMBOL. */
struct script_module {
    /* Once a process, with Python loaded: begins an interpreter. */
    struct err *(*start)(const struct script_calls *calls, const struct script_delve *delve,
                         struct script_owner *owner);
    /* As in struct script_host. */
    struct err *(*run)(const char *path, char *const *args, size_t n, int *status);
    struct err *(*call)(const char *name, const char *args, int *status);
    void (*end)(void);
};
#define SCRIPT_MODULE_SYMBOL "inq_script_module"

#endif
