#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""Frames of the big cores of bench/make_targets.py: ours against those of gdb and eu-stack.

    bench/compare.py [--inquest PATH] [CASE...]

Prints each difference: thread, frame, what differs, ours, theirs. Exits 0 whatever it finds: which side is
right is for a reader to say."""

import argparse
import collections
import importlib.util
import json
import os
import subprocess
import sys

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, HERE)

import make_targets  # noqa: E402


def test_module(name):
    """A module of tests/e2e; by path, since bench/ has a peers.py of its own."""
    spec = importlib.util.spec_from_file_location(f"e2e_{name}", os.path.join(HERE, "..", "tests", "e2e", f"{name}.py"))
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module
    spec.loader.exec_module(module)
    return module


peers = test_module("peers")

SHOWN = 12  # differences printed a peer and core


def report(name, peer, differences, ours, theirs):
    if theirs is None:
        print(f"{name}: {peer} is not installed")
        return
    frames = sum(len(stack) for stack in theirs.values())
    found = differences(ours, theirs)
    kinds = collections.Counter(difference.what for difference in found)
    missing = set(theirs) - set(ours)
    print(f"{name}: {peer}: {len(theirs)} threads, {frames} frames, {len(found)} differences {dict(kinds) or ''}"
          f"{f', threads we lack: {sorted(missing)}' if missing else ''}")
    for difference in found[:SHOWN]:
        print(f"    {difference}")


def main():
    args = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    args.add_argument("--inquest", default=os.path.join(HERE, "..", "build", "inquest"))
    args.add_argument("case", nargs="*", default=["ceph", "valkey", "valkey-source", "threads-500"])
    opts = args.parse_args()
    for name in opts.case:
        target = make_targets.load(name)
        out = subprocess.run([opts.inquest, "stack", "--json", "--no-cache", target["core"]], capture_output=True,
                             text=True, check=True).stdout
        ours = peers.our_stacks(json.loads(out))
        report(name, "gdb", peers.gdb_differences, ours, peers.gdb_stacks(target["exe"], target["core"]))
        report(name, "eu-stack", peers.eu_differences, ours, peers.eu_stacks(target["exe"], target["core"]))


main()
