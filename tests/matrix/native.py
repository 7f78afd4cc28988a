# SPDX-License-Identifier: Apache-2.0
"""Runs inside a suite: native.py VARIANT DEATH DIR builds a test program in DIR, crashes it, and prints as JSON where
the core is and what this suite's gdb says of it."""

import dataclasses
import json
import os
import signal
import sys

TESTS = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
for part in ("targets", "e2e"):
    sys.path.insert(0, os.path.join(TESTS, part))

import build  # noqa: E402
import cores  # noqa: E402
import peers  # noqa: E402

WAITING = {"deadlock", "hang"}  # they do not die by themselves


def answer(variant, death, folder):
    target = build.build(variant, folder)
    core = cores.kernel_core([target.exe, death], target.dir, name=f"core.{death}",
                             kill=signal.SIGABRT if death in WAITING else None)
    stacks = peers.gdb_stacks(target.exe, core, debug_dir=target.debug_dir)
    if stacks is None:
        raise build.Missing("gdb is not installed")
    return {"core": core, "debug_dir": target.debug_dir,
            "stacks": {tid: [dataclasses.asdict(frame) for frame in frames] for tid, frames in stacks.items()}}


try:
    print(json.dumps(answer(*sys.argv[1:])))
except (build.Missing, peers.PeerFailed) as why:
    print(json.dumps({"missing": str(why)}))
