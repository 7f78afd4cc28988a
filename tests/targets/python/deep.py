# SPDX-License-Identifier: Apache-2.0
"""Many threads that wait, each 20, 50, 100 or 200 calls deep, every call with variables of its own.

usage: deep.py ENDING THREADS [LIBRARY BEATS]     ENDING: abort or wait; LIBRARY: native.c as a shared object, whose heart
                                                  beats into the file BEATS (see native_beat)
"""

import ctypes
import os
import sys
import threading
import time

DEPTHS = 20, 50, 100, 200
FOREVER = threading.Event()
LARGE = "x" * 1000000
ARRIVED = threading.Semaphore(0)


class Order:
    def __init__(self, number):
        self.number = number
        self.itself = self


def call(left, number):
    order = Order(number)
    table = {left: "number", "list": [number, (1, 2)], (1, 2): {"ratio": 1.5}}
    numbers = list(range(50))
    large = number << 200
    several = {number, "a", None}
    text = LARGE if left % 10 == 0 else "short"
    if left == 0:
        ARRIVED.release()
        FOREVER.wait()
        return order, table, numbers, large, several, text
    return call(left - 1, number)


def main():
    count = int(sys.argv[2])
    if len(sys.argv) > 3:
        library = ctypes.CDLL(sys.argv[3])
        threading.Thread(target=library.native_beat, args=(sys.argv[4].encode(),), daemon=True).start()
    for i in range(count):
        threading.Thread(target=call, args=(DEPTHS[i % len(DEPTHS)], i), daemon=True, name="worker %d" % i).start()
    for _ in range(count):
        ARRIVED.acquire()
    if sys.argv[1] == "abort":
        os.abort()
    print("ready", flush=True)
    while True:
        time.sleep(1000)


main()
