/* SPDX-License-Identifier: Apache-2.0 */
/* What the files of the module share.
 *
 * Threads: the session's rule (session.h): only the thread that runs the script may use a target; another one gets an
 * exception. */
#ifndef FRONT_SCRIPT_MODULE_PRIV_H
#define FRONT_SCRIPT_MODULE_PRIV_H

#include "front/script/module/module.h"

#include <signal.h>

enum class { CLASS_TARGET, CLASS_THREAD, CLASS_FRAME, CLASS_TASK, CLASS_VALUE, CLASS_PARTS, CLASS_TYPE, CLASSES };

/* One interpreter a process, so one of these. */
struct module_state {
    const struct script_calls *calls;  /* who has the layers */
    const struct script_delve *delve;  /* in Inquest only, as the next two */
    struct script_owner *owner;        /* NULL: a Python that has imported the module */
    struct delve_client *delve_client; /* made when first asked for */
    PyObject *commands; /* name -> what runs for it */
    PyObject *host;     /* the namespace of host.py */
    PyObject *error, *limit_exceeded; /* exception classes */
    PyObject *types[CLASSES];         /* classes of the objects below */
    PyObject *field, *module;         /* named tuples: members of records, modules of the target */
    const struct runtime *const *runtimes; /* of targets that inquest.open() opens */
    PyObject *target;                 /* the owner's; made when first asked for */
    unsigned long thread; /* that may use targets */
    unsigned runs; /* of scripts, one within the other */
    unsigned operations; /* on targets, so far */
    unsigned busy; /* operations in progress: more than one when collecting garbage runs code of a script */
};
extern struct module_state py;

/* The functions of the layers: LAYERS->session_read(...). */
#define LAYERS (py.calls)

bool script_add_classes(PyObject *module);

/* embed.c: Inquest's own code in Python, by the name of the file; NULL: there is none. */
const char *script_source(const char *name);

/* ---- classes.c: what all classes share ---- */

/* A class that only C makes objects of; slots end with {0}. */
bool class_add(PyObject *module, enum class which, const char *name, size_t size, PyType_Slot *slots);
/* A new object of a class, zeroed behind its head; NULL with an exception. */
void *object_new(enum class which, size_t size);
void object_free(void *object);
/* Text of the target, None for NULL. Bytes that are no UTF-8 are escaped. */
PyObject *text_or_none(const char *s);
PyObject *text_of(const struct text *t);

/* ---- target.c ---- */

/* A target, as scripts see it. */
struct py_target {
    PyObject_HEAD struct session *own;   /* that inquest.open() opened; NULL: it is closed, or the owner's */
    bool owners;           /* the session of py.owner, whichever that is */
    uint64_t generation;   /* of `own` */
    struct progress progress;
    PyObject *strings, *list;     /* what `own` borrows */
    const char *const *debug_dirs;
};
/* What the objects of a target have in common, behind their heads. */
struct origin {
    struct py_target *target; /* a reference */
    uint64_t generation;      /* of the target, when the object was made */
};
/* One operation on a target: the values that it works with live until its end. */
struct visit {
    struct session *session; /* NULL: with an exception, it cannot be used */
};
/* Is the target open, and has nothing made the object invalid? VISIT(v, origin) leaves at the end of its block. */
struct visit visit_begin(const struct origin *o);
void visit_end(struct visit *v);
#define VISIT(name, origin) SCOPED(visit_end) struct visit name = visit_begin(origin)
struct origin origin_of(struct py_target *t);
/* A new reference. */
struct origin origin_copy(const struct origin *o);
void origin_done(struct origin *o);

PyObject *module_open(PyObject *self, PyObject *args, PyObject *kwargs);
PyObject *module_target(PyObject *self, PyObject *args);
bool target_class_add(PyObject *module);
/* Classes of things that are looked up: threads.c, frame.c, task.c, type.c, value.c. */
bool thread_class_add(PyObject *module);
bool frame_class_add(PyObject *module);
bool task_class_add(PyObject *module);
bool type_class_add(PyObject *module);
bool value_class_add(PyObject *module);
bool parts_class_add(PyObject *module);

PyObject *threads_of(const struct origin *o, struct session *s);
PyObject *frame_object(const struct origin *o, const struct sstack *st, size_t index);
/* All frames of a stack, as a list. */
PyObject *frames_of(const struct origin *o, const struct sstack *st);
/* The variables' side of a frame object of this origin; NULL with an exception. */
const struct vframe *frame_vframe(PyObject *frame, const struct origin *o, struct session *s);
PyObject *tasks_of(const struct origin *o, struct session *s);
PyObject *type_object(const struct origin *o, const struct type *t);
/* NULL with an exception when the object is no type. */
const struct type *type_of_object(PyObject *object);

/* ---- value.c ---- */

struct py_value {
    PyObject_HEAD struct origin origin;
    const struct type *type;
    PyObject *name;      /* of the variable or member; NULL */
    uint64_t bit_offset; /* as in struct value */
    uint32_t bit_size;
    bool address_only;
    bool elsewhere; /* not just in memory: `pieces` */
    uint32_t n;     /* of `pieces` */
    union {
        taddr at;
        struct loc_piece *pieces; /* own copies, with their bytes, in one block */
    } where;
};
/* A copy that outlives the session's; `name` may be NULL. */
PyObject *value_object(const struct origin *o, const struct value *v, PyObject *name);
/* The value again; `piece` is storage of the caller's. */
void value_get(const struct py_value *self, struct loc_piece *piece, struct value *out);
/* The same of what a reference refers to. */
struct err *value_get_object(struct session *s, const struct py_value *self, struct loc_piece *piece,
                             struct value *out) MUST_CHECK;
bool is_value(PyObject *o);
/* Evaluates in a frame (NULL: none). */
PyObject *evaluate(const struct origin *o, struct session *s, const struct vframe *f, const char *text);

/* ---- value_parts.c: members, elements ---- */

Py_ssize_t value_length(PyObject *self);
PyObject *value_item(PyObject *self, PyObject *key);
PyObject *value_attribute(PyObject *self, PyObject *name);
PyObject *value_iterate(PyObject *self);
PyObject *value_fields(PyObject *self, PyObject *args);
PyObject *value_parts(PyObject *self, PyObject *args);

/* ---- value_number.c: values as what Python has ---- */

PyObject *value_as_int(PyObject *self);
PyObject *value_as_float(PyObject *self);
int value_as_bool(PyObject *self);
PyObject *value_as_bytes(PyObject *self, PyObject *args);
PyObject *value_as_string(PyObject *self, PyObject *args, PyObject *kwargs);
PyObject *value_compare(PyObject *self, PyObject *other, int how);
Py_hash_t value_hash(PyObject *self);
/* The slots of arithmetic. */
PyObject *value_add(PyObject *a, PyObject *b);
PyObject *value_subtract(PyObject *a, PyObject *b);
PyObject *value_multiply(PyObject *a, PyObject *b);
PyObject *value_divide(PyObject *a, PyObject *b);
PyObject *value_floor_divide(PyObject *a, PyObject *b);
PyObject *value_remainder(PyObject *a, PyObject *b);
PyObject *value_and(PyObject *a, PyObject *b);
PyObject *value_or(PyObject *a, PyObject *b);
PyObject *value_xor(PyObject *a, PyObject *b);
PyObject *value_lshift(PyObject *a, PyObject *b);
PyObject *value_rshift(PyObject *a, PyObject *b);
PyObject *value_negative(PyObject *self);

/* ---- error.c ---- */

/* Raises an error and frees it; NULL, for callers to return. ERR_CANCELLED is KeyboardInterrupt, or that a limit was
 * exceeded. */
PyObject *raise_error(struct err *e);
/* Makes an error of the exception that is set, and clears it. */
struct err *error_of_exception(enum err_code code);

static inline void unref(PyObject **o)
{
    Py_XDECREF(*o);
}

/* ---- guard.c: limits and Ctrl-C ---- */

/* Nothing else uses it, and it is ignored by who has no handler. */
enum { GUARD_SIGNAL = SIGURG };
enum guard_why { GUARD_NOTHING, GUARD_TIME, GUARD_MEMORY, GUARD_CANCELLED };
/* From here on the script is watched, with the owner's limits. */
void guard_begin(const struct script_owner *o);
/* No longer; what it was stopped for. */
enum guard_why guard_end(void);
/* Is the script being stopped? */
bool guard_stops(void);
/* Raises what the script is being stopped for (KeyboardInterrupt where that is nothing). */
void guard_raise(void);

#endif
