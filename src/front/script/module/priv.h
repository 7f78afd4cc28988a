/* SPDX-License-Identifier: Apache-2.0 */
/* What the files of the module share.
 *
 * Threads: the session's rule (session.h): only the thread that runs the script may use a target; another one gets an
 * exception. */
#ifndef FRONT_SCRIPT_MODULE_PRIV_H
#define FRONT_SCRIPT_MODULE_PRIV_H

#include "front/script/module/module.h"

/* One interpreter a process, so one of these. */
struct module_state {
    const struct script_calls *calls;  /* who has the layers */
    const struct script_delve *delve;  /* in Inquest only, as the next two */
    struct script_owner *owner;        /* NULL: a Python that has imported the module */
    struct delve_client *delve_client; /* made when first asked for */
    PyObject *commands; /* name -> what runs for it */
    PyObject *host;     /* the namespace of host.py */
    PyObject *error, *limit_exceeded; /* exception classes */
    unsigned long thread; /* that may use targets */
    unsigned runs; /* of scripts, one within the other */
    unsigned busy; /* operations in progress: more than one when collecting garbage runs code of a script */
};
extern struct module_state py;

/* The functions of the layers: LAYERS->session_read(...). */
#define LAYERS (py.calls)

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

enum guard_why { GUARD_NOTHING, GUARD_TIME, GUARD_MEMORY, GUARD_CANCELLED };
/* From here on the script is watched, with the owner's limits. */
void guard_begin(const struct script_owner *o);
/* No longer; what it was stopped for. */
enum guard_why guard_end(void);
/* Raises what the script is being stopped for (KeyboardInterrupt where that is nothing). */
void guard_raise(void);

#endif
