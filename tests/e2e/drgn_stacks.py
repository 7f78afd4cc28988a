# SPDX-License-Identifier: Apache-2.0
"""Runs inside drgn: prints the frames of every thread as one line of JSON."""

import contextlib
import json

threads = {}
for thread in prog.threads():  # noqa: F821
    frames = threads.setdefault(thread.tid, [])
    with contextlib.suppress(LookupError):  # the last one of some has no address
        for frame in thread.stack_trace():
            frames.append({"pc": frame.pc, "name": frame.name})
print("STACKS " + json.dumps(threads))
