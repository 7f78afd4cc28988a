# SPDX-License-Identifier: Apache-2.0
"""Two interpreters in one process, 3.8 and later: the main one, and one in which a thread waits.

usage: subs.py ENDING FILE     see oracle.py; "inside" is what the other interpreter knows of the stack in it
"""

import json
import os
import sys
import time

import oracle

INSIDE = """
import json, os, sys, time

def inner(where):
    found, frame = [], sys._getframe()
    while frame is not None:
        found.append([frame.f_lineno, frame.f_code.co_name])
        frame = frame.f_back
    with open(where + ".new", "w") as file:
        json.dump(found, file)
    os.rename(where + ".new", where)
    while True:
        time.sleep(1000)

def outer(where):
    list(map(inner, [where]))

outer(WHERE)
"""


def interpreter():
    """(make, run) of the module that this version has."""
    try:
        import _interpreters as module  # 3.13
    except ImportError:
        import _xxsubinterpreters as module
    if hasattr(module, "exec"):
        return module.create, lambda which, text: module.exec(which, text)
    return module.create, lambda which, text: module.run_string(which, text)


def visit(run, which, text):
    run(which, text)


def main():
    make, run = interpreter()
    where = sys.argv[2] + ".inside"
    oracle.start("visitor", visit, run, make(), INSIDE.replace("WHERE", repr(where)))
    while not os.path.exists(where):
        time.sleep(0.01)
    with open(where) as file:
        oracle.NOTED["inside"] = json.load(file)
    os.unlink(where)
    oracle.write(sys.argv[2], sys._getframe())
    oracle.end(sys.argv[1])


if __name__ == "__main__":
    main()
