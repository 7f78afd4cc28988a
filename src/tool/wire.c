/* SPDX-License-Identifier: Apache-2.0 */
/* The only place that names every front end. */
#include "front/capture/capture.h"
#include "front/console/debug.h"
#include "front/dap/dap.h"
#include "front/delve/delve.h"
#include "front/report/report.h"
#include "front/script/script.h"
#include "front/serve/server.h"
#include "tool/tool.h"

const struct command *const all_commands[] = {
    &report_stack,
    &report_info,
    &report_save,
    &capture_dump,
    &capture_shrink,
    &capture_verify,
    &console_debug,
    &console_run_script_row,
    &serve_command,
    &dap_command,
    &command_help,
    &command_version,
    NULL,
};

/* Asked in this order; the last one takes what begins with anything. */
const struct protocol *const all_protocols[] = {&dap_protocol, &delve_protocol, NULL};

const struct script_links all_scripts = {.host = &script_host, .delve = &delve_scripts};
