/* SPDX-License-Identifier: Apache-2.0 */
/* Finding the interpreter in a target: private to find.c, scan.c, version.c, offsets.c, others.c. */
#ifndef RT_CPYTHON_FIND_H
#define RT_CPYTHON_FIND_H

#include "rt/cpython/priv.h"

/* _Py_DebugOffsets (3.13 and later), with which _PyRuntime begins: the cookie, the version, is it free-threaded. */
enum { PY_COOKIE_SIZE = 8, PY_FREE_THREADED_AT = 16, PY_OFFSETS_HEAD = 24 };
bool py_has_cookie(struct rt *rt, taddr runtime);

/* Is a mapping data of the module that is written to, its .bss too? */
bool py_writable_of(const struct mapping *map, const struct module *m);
/* The address of an object or function of the module's dynamic symbol table, which no strip takes away. */
bool py_exported(struct module *m, const char *name, taddr *at);

/* others.c. Which Python it is if it is none that is read, and what would be needed; NULL: none is known. */
struct err *py_other(struct modules *ms) MUST_CHECK;

/* version.c. False: it says nothing. */
bool py_version(struct rt *rt, struct module *m, taddr runtime, uint32_t *out);

/* offsets.c. The layout for rt->version: the table of that version, and what the interpreter publishes. ERR_UNSUPPORTED
 * with what is missing or wrong. */
struct err *py_choose_layout(struct rt *rt) MUST_CHECK;

/* scan.c, where symbols do not tell. _PyRuntime by its cookie. */
bool py_scan_cookie(struct rt *rt, const struct module *m, taddr *runtime);
/* A pointer to the first interpreter, which is known by its threads, each of which is one of the target's; by rt->l. */
bool py_scan_interpreters(struct rt *rt, const struct module *m, taddr *pointer);
/* Does the pointer there lead to an interpreter that has threads? By rt->l. */
bool py_are_interpreters(struct rt *rt, taddr pointer);

#endif
