/* SPDX-License-Identifier: Apache-2.0 */
/* The module, for who makes a shared object of it (src/tool/module.c): the functions behind its entries. */
#ifndef FRONT_SCRIPT_MODULE_MODULE_H
#define FRONT_SCRIPT_MODULE_MODULE_H

#define PY_SSIZE_T_CLEAN
#define Py_LIMITED_API 0x030A0000 /* in pyconfig.h's sense: works with 3.10 and every later Python */
#include <Python.h>

#include "front/script/calls.h"

struct runtime;

/* The module object; `runtimes` (NULL-terminated) are those that inquest.open() uses. */
PyObject *script_module_init(const struct runtime *const *runtimes);

/* The members of struct script_module; `init` is the entry that makes the module. */
struct err *script_start(PyObject *(*init)(void), const struct script_calls *calls, const struct script_delve *delve,
                         struct script_owner *owner) MUST_CHECK;
struct err *script_run(const char *path, char *const *args, size_t n, int *status) MUST_CHECK;
struct err *script_call(const char *name, const char *args, int *status) MUST_CHECK;
void script_end(void);

#endif
