# SPDX-License-Identifier: Apache-2.0
"""Services that hang or die. Each writes what it knows of itself before it does so.

usage: hung.py ENDING FILE WAY [LIBRARY]     ENDING, FILE: see oracle.py; LIBRARY: native.c as a shared object, for those
                                             with "extension" the module extension.c

    lock        two threads that wait for each other's lock
    gil         C that holds the GIL; the other threads wait for that
    alone       without a GIL: a thread that must be alone, and C in another that does not let itself be stopped for that
    recursion   3,000 calls deep
    native      Python, C, Python, C
    crash       C below Python writes where nothing is
    extension WAY   Python, C of an extension module, Python, C that does WAY: hold (with the GIL), released (without it),
                crash; besides, threads that idle, and one in C that has released the GIL
    overflow FILE   a thread whose stack is too small for its calls; FILE gets how deep it came, each of 4 bytes
    spin        threads that never wait, each in a chain of calls of its own length
    relay N M   N threads that are in a chain of 12 calls with the number of a turn, each turn for a millisecond; M MiB of
                memory besides
"""

import ctypes
import gc
import mmap
import os
import signal
import sys
import threading
import time

import oracle

STORE, ACCOUNTS = threading.Lock(), threading.Lock()
BOTH = threading.Barrier(2)


class Library:
    """The C functions; `with_gil` keeps the GIL while they run."""

    def __init__(self, path):
        self.plain, self.with_gil = ctypes.CDLL(path), ctypes.PyDLL(path)
        self.visitor = ctypes.CFUNCTYPE(ctypes.c_int, ctypes.c_int)


def take(mine, other, order):
    with mine:
        BOTH.wait()
        with other:
            return order


def lock():
    oracle.start("orders", take, STORE, ACCOUNTS, {"id": 17})
    oracle.start("refunds", take, ACCOUNTS, STORE, {"id": 18})
    time.sleep(0.1)
    oracle.stop()


def compress(library, payload):
    library.with_gil.native_hold()
    return payload


def gil():
    library = Library(sys.argv[4])
    idle = threading.Event()
    for i in range(3):
        oracle.start("worker %d" % i, serve, idle, i)
    oracle.settle()
    oracle.write(sys.argv[2], sys._getframe())
    # They wake while the GIL is held, and wait for it from then on.
    sys.setswitchinterval(100)
    idle.set()
    compress(library, b"payload")


def serve(idle, number):
    idle.wait()
    while True:
        number += 1


def collects(idle):
    idle.wait()
    gc.collect()


def alone():
    library = Library(sys.argv[4])
    idle = threading.Event()
    oracle.start("collects", collects, idle)
    oracle.start("works", serve, idle, 0)
    oracle.start("sleeps", time.sleep, 1000)
    oracle.settle()
    oracle.write(sys.argv[2], sys._getframe())
    idle.set()
    compress(library, b"payload")


def descend(n):
    if n == 0:
        oracle.stop()
    return descend(n - 1)


def recursion():
    sys.setrecursionlimit(10000)
    descend(3000)


def native(ending="wait"):
    library = Library(sys.argv[4])

    def again(n):
        if ending == "crash":
            oracle.write(sys.argv[2], sys._getframe())
            return library.plain.native_crash()
        return library.with_gil.native_visit(innermost, n + 1)

    def visit(n):
        return list(map(again, [n]))[0]

    outermost, innermost = library.visitor(visit), library.visitor(deepest)
    return library.plain.native_visit(outermost, 2)


def deepest(n):
    oracle.stop()
    return n


def crash():
    native("crash")


def extension():
    import importlib.util
    spec = importlib.util.spec_from_file_location("extension", sys.argv[4])
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    way, idle = sys.argv[5], threading.Event()
    for i in range(2):
        oracle.start("worker %d" % i, serve, idle, i)
    oracle.start("released", in_extension, module, "released")

    def innermost():
        name = way
        oracle.settle()
        oracle.write(sys.argv[2], sys._getframe())
        if name == "hold":  # they wake while it does so, and wait from then on
            sys.setswitchinterval(100)
            idle.set()
        in_extension(module, name)

    module.call(lambda: module.call(innermost))


def in_extension(module, name):
    if name == "released" and threading.current_thread() is threading.main_thread():
        print("ready", flush=True)
    return getattr(module, name)()


def overflow():
    sys.setrecursionlimit(1 << 30)
    threading.stack_size(1 << 18)
    with open(sys.argv[4], "w+b") as file:
        file.truncate(4)
        depth = memoryview(mmap.mmap(file.fileno(), 4)).cast("i")
    oracle.write(sys.argv[2], sys._getframe())
    oracle.start("falls", fall, depth).join()


def fall(depth):
    depth[0] += 1
    return list(map(fall, [depth]))


# Every call's argument is its caller's plus one: a stack is possible only if these numbers are in a row.


def step(depth, limit):
    if depth == limit:
        return turn(depth + 1)
    return step(depth + 1, limit)


def turn(depth):
    total = 0
    for _ in range(20):
        total += leaf(depth + 1)
    return total


def leaf(depth):
    return sum(map(lambda n: n * depth, range(10)))


def spinning(limit, counts):
    while True:
        step(0, limit)
        counts[limit] = counts.get(limit, 0) + 1


def spin():
    counts = {}
    for i in range(8):
        oracle.start("spin %d" % i, spinning, 3 + 2 * i, counts)
    while len(counts) < 8:
        time.sleep(0.01)
    beat(sys.argv[2])


def hand_on(turn, left):
    made = [turn, {"turn": str(turn)}]
    if left:
        return hand_on(turn, left - 1)
    time.sleep(0.001)
    return made


def relaying(under_way):
    turn = 0
    while True:
        turn += 1
        hand_on(turn, 11)
        under_way.set()


def relay():
    ballast = b"x" * (int(sys.argv[5]) << 20)
    under_way = [threading.Event() for i in range(int(sys.argv[4]))]
    for i, event in enumerate(under_way):
        oracle.start("relay %d" % i, relaying, event)
    for event in under_way:
        event.wait()
    beat(sys.argv[2])
    return ballast


def beat(path):
    """Tells the longest time between two beats, and that all goes well, for each SIGUSR1."""
    longest, asked = [0.0], []
    signal.signal(signal.SIGUSR1, lambda *unused: asked.append(1))
    print("ready", flush=True)
    before = time.monotonic()
    while True:
        time.sleep(0.0005)
        now = time.monotonic()
        longest[0] = max(longest[0], now - before)
        before = now
        if asked:
            asked.clear()
            with open(path + ".new", "w") as file:
                file.write("%.6f\n" % longest[0])
            os.rename(path + ".new", path)
            longest[0] = 0.0
            before = time.monotonic()


if __name__ == "__main__":
    globals()[sys.argv[3]]()
