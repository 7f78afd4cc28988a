# SPDX-License-Identifier: Apache-2.0
"""Targets of Inquest, cores and processes: threads, frames, variables, types, memory, tasks.

    import inquest
    with inquest.open("core") as target:
        print(target.threads[0].frames[0].function)
"""
from ._inquest import *  # noqa: F401,F403
from ._inquest import __all__  # noqa: F401
