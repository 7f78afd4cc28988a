# SPDX-License-Identifier: Apache-2.0
"""Threads that work, in Python and in C, and as many that wait.

usage: busy.py THREADS
"""

import hashlib
import json
import sys
import threading

FOREVER = threading.Event()
DATA = b"x" * 20000


def compute(number, depth):
    if depth:
        return compute(number, depth - 1)
    while True:
        for i in range(100):
            hashlib.sha256(DATA).hexdigest()  # without the lock of the interpreter
            json.loads(json.dumps({str(i): list(range(number))}))
            sorted(range(200), key=lambda x: -x)


def rest(depth):
    return rest(depth - 1) if depth else FOREVER.wait()


for i in range(int(sys.argv[1])):
    threading.Thread(target=compute, args=(10 * i, 5 * i), name="worker %d" % i, daemon=True).start()
    threading.Thread(target=rest, args=(10 * i,), name="rest %d" % i, daemon=True).start()
print("ready", flush=True)
FOREVER.wait()
