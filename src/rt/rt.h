/* SPDX-License-Identifier: Apache-2.0 */
/* RUNTIMES: what a language brings.
 *
 * Adding one: (1) make src/rt/<name>/ with one `const struct runtime`; (2) list it in layers.ini, in
 * src/rt/meson.build and in the table of src/tool/wire.c; (3) add programs to tests/targets/ and a test to
 * tests/e2e/. Nothing else: a lower layer never names a runtime, and a runtime never names another or a front end. */
#ifndef RT_RT_H
#define RT_RT_H

#include "unwind/unwind.h"
#include "value/format.h"

struct rt; /* one attached runtime; each implementation defines its own */

struct runtime {
    const char *name; /* "native", "go", "cpython" */
    /* Is this runtime in the target? Reads as little as it can. */
    struct err *(*detect)(struct modules *ms, bool *found);
    /* Everything below is optional (NULL). */
    struct err *(*attach)(struct modules *ms, struct rt **out);
    void (*free)(struct rt *);
    const struct stepper *(*stepper)(struct rt *); /* how to leave its frames */
    /* The language of a function, from its module, symbol and DWARF language; NULL: not mine. */
    const char *(*language)(const struct module *m, const char *symbol, const char *dwarf_language);
    const struct formatter *(*formatter)(struct rt *); /* how its types print */
};

#endif
