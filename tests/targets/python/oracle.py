# SPDX-License-Identifier: Apache-2.0
"""What a program knows of itself, written down before it is dumped. Python 3.6 and later.

A program is called with ENDING and FILE, and calls stop() from its innermost function. Of the main thread that makes
FILE: all threads with their frames as JSON, innermost first (of the calling thread those from the caller of stop() on),
and what was noted before. Another thread waits. ENDING:

    abort     abort(), from C
    segv      C writes where nothing is
    wait      says "ready" and waits
"""

import glob
import json
import os
import sys
import threading
import time

CO_OPTIMIZED = 1
NOTED = {}

try:
    import ctypes
except ImportError:  # a program that has the interpreter inside and keeps its names to itself
    ctypes = None


def tid():
    return ctypes.CDLL(None).syscall(186) if ctypes else threading.get_native_id()  # gettid


class Thread(threading.Thread):
    """A thread that knows its number of the kernel in every version."""

    tid = None

    def run(self):
        self.tid = tid()
        super().run()


def start(name, target, *args, daemon=True):
    thread = Thread(target=target, name=name, args=args)
    thread.daemon = daemon
    thread.start()
    return thread


def frames(frame):
    found = []
    while frame is not None:
        code = frame.f_code
        one = {"file": code.co_filename, "line": frame.f_lineno, "function": code.co_name,
               "qualname": getattr(code, "co_qualname", code.co_name), "locals": None}
        if code.co_flags & CO_OPTIMIZED:
            there = dict(frame.f_locals)
            names = code.co_varnames + tuple(set(code.co_cellvars) - set(code.co_varnames)) + code.co_freevars
            one["locals"] = {name: text(value) for name, value in there.items()}
            one["unbound"] = [name for name in names if name not in there]
        found.append(one)
        frame = frame.f_back
    return found


def text(value):
    try:
        return repr(value)
    except Exception as error:  # of an object that is half made
        return "no repr: %s" % error


def exception(error):
    """An exception with its traceback (outermost first) and what it came from."""
    if error is None:
        return None
    at, places = error.__traceback__, []
    while at is not None:
        places.append([at.tb_frame.f_code.co_filename, at.tb_lineno, at.tb_frame.f_code.co_name])
        at = at.tb_next
    return {"type": type(error).__name__, "text": str(error), "traceback": places,
            "cause": exception(error.__cause__),
            "context": None if error.__suppress_context__ else exception(error.__context__)}


def note_exception():
    """The exception that the calling thread handles."""
    NOTED.setdefault("handled", {})[str(tid())] = exception(sys.exc_info()[1])


def running():
    """How many threads run, or would if they had a processor."""
    found = 0
    for path in glob.glob("/proc/self/task/*/stat"):
        try:
            with open(path) as file:
                found += file.read().rsplit(")", 1)[1].split()[0] == "R"
        except OSError:
            pass  # it ended meanwhile
    return found


def settle(seconds=20):
    """Waits until no other thread runs Python code."""
    me, before, end = threading.get_ident(), None, time.time() + seconds
    while time.time() < end:
        now = {ident: (id(frame), frame.f_lasti) for ident, frame in sys._current_frames().items() if ident != me}
        if now == before and running() == 1:
            return
        before = now
        time.sleep(0.05)
    raise SystemExit("the threads do not settle")


def write(path, frame, untouched=()):
    """Threads named in `untouched` are not looked into, so that no frame objects are made for them."""
    threads = []
    current = sys._current_frames()
    for thread in threading.enumerate():
        mine = thread is threading.current_thread()
        top = frame if mine else current.get(thread.ident)
        threads.append({"ident": thread.ident, "name": thread.name, "daemon": thread.daemon,
                        "tid": tid() if mine else getattr(thread, "tid", None), "current": mine,
                        "frames": None if thread.name in untouched or top is None else frames(top)})
    answer = dict(NOTED, pid=os.getpid(), gil=getattr(sys, "_is_gil_enabled", lambda: True)(),
                  version=list(sys.version_info[:3]), release=sys.version.split("+")[0].split()[0], executable=sys.executable, threads=threads)
    with open(path + ".new", "w") as file:
        json.dump(answer, file)
    os.rename(path + ".new", path)


def stop(untouched=()):
    if threading.current_thread() is not threading.main_thread():
        while True:
            time.sleep(1000)
    settle()
    write(sys.argv[2], sys._getframe(1), untouched)
    end(sys.argv[1])


def end(ending):
    if ending == "abort":
        os.abort()
    elif ending == "segv":
        ctypes.memset(8, 1, 1)
    print("ready", flush=True)
    while True:
        time.sleep(1000)
