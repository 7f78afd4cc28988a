/* SPDX-License-Identifier: Apache-2.0 */
/* The shared object that is both a module of Python and the host of scripts: its two entries, and its runtimes. */
#include "front/script/module/module.h"
#include "tool/runtimes.h"

PyMODINIT_FUNC PyInit__inquest(void);

PyMODINIT_FUNC PyInit__inquest(void)
{
    return script_module_init(all_runtimes);
}

static struct err *start(const struct script_calls *calls, const struct script_delve *delve, struct script_owner *owner)
{
    return script_start(PyInit__inquest, calls, delve, owner);
}

extern const struct script_module inq_script_module;
__attribute__((visibility("default"))) const struct script_module inq_script_module = {
    .start = start,
    .run = script_run,
    .call = script_call,
    .end = script_end,
};
