# SPDX-License-Identifier: Apache-2.0
"""Print the stack of every thread of a core with drgn; run by peers.py.

usage: drgn_bt.py [--locals] CORE
"""

import sys

import drgn

prog = drgn.Program()
prog.set_core_dump(sys.argv[-1])
try:
    prog.load_default_debug_info()
except drgn.MissingDebugInfoError as missing:
    print("missing:", missing, file=sys.stderr)
for thread in prog.threads():
    print("TID", thread.tid)
    try:
        trace = thread.stack_trace()
    except (LookupError, ValueError, drgn.FaultError) as error:
        print("error:", error)
        continue
    print(trace)
    if "--locals" in sys.argv:
        for frame in trace:
            for name in frame.locals():
                try:
                    print("  ", name, "=", frame[name])
                except Exception as error:  # any one variable may fail
                    print("  ", name, ":", error)
