/* SPDX-License-Identifier: Apache-2.0 */
/* The only place that names every runtime and every front end. */
#include "front/capture/capture.h"
#include "front/console/debug.h"
#include "front/dap/dap.h"
#include "front/delve/delve.h"
#include "front/report/report.h"
#include "front/serve/server.h"
#include "tool/tool.h"
#if WITH_RT_CPYTHON
#include "rt/cpython/cpython.h"
#endif
#if WITH_RT_GO
#include "rt/go/go.h"
#endif
#if WITH_RT_NATIVE
#include "rt/native/native.h"
#endif

const struct command *const all_commands[] = {
    &report_stack,  &report_info,   &report_save, &capture_dump, &capture_shrink,  &capture_verify,
    &console_debug, &serve_command, &dap_command, &command_help, &command_version, NULL,
};

/* Asked in this order; the last one takes what begins with anything. */
const struct protocol *const all_protocols[] = {&dap_protocol, &delve_protocol, NULL};

const struct runtime *const all_runtimes[] = {
#if WITH_RT_CPYTHON
    &runtime_cpython,
#endif
#if WITH_RT_GO
    &runtime_go,
#endif
#if WITH_RT_NATIVE
    &runtime_native,
#endif
    NULL,
};
