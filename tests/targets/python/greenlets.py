# SPDX-License-Identifier: Apache-2.0
"""Greenlets: suspended in C calls and generators, one in another, below a hub as gevent has it, in two threads; one that
runs, one that never began, one that has ended.

usage: greenlets.py ENDING FILE     see oracle.py; "greenlets" has each by a name: its state, its parent, the frames that
                                    it was left in, "thread" of the one that runs
"""

import threading

import greenlet

import oracle

NAMED = {}


def named(key, run, parent=None):
    NAMED[key] = greenlet.greenlet(run, parent)
    return NAMED[key]


class Hub(greenlet.greenlet):
    """Runs those that are ready, one after the other; who waits switches to it."""

    def run(self, ready):
        for one in ready:
            one.switch()
        named("ends", ends, self).switch()


class Worker(greenlet.greenlet):
    def __init__(self, name, hub, depth):
        super().__init__(parent=hub)
        self.name, self.depth = name, depth
        NAMED[name] = self

    def run(self):
        self.fetch(self.depth)

    def fetch(self, depth):
        request = "%s at %d" % (self.name, depth)
        if depth:
            return list(map(self.fetch, [depth - 1]))
        self.parent.switch()
        return request


def ping(other):
    middle = "ping"
    list(map(lambda target: target.switch("from ping"), other))
    return middle


def pong(word):
    answer = word.upper()
    wait(answer)


def wait(answer):
    NAMED["main"].switch(answer)


def outer():
    kept = "outer"
    for number in numbers(named("inner", inner, NAMED["outer"])):
        kept += str(number)


def numbers(target):
    yield 1
    yield target.switch()


def inner():
    NAMED["main"].switch()


def ends():
    running = greenlet.getcurrent()
    known = {}
    for key, one in NAMED.items():
        parents = [other for other, parent in NAMED.items() if parent is one.parent]
        state = "running" if one is running or key == "beside" else "suspended" if one else \
            "ended" if one.dead else "not started"
        known[key] = {"state": state, "parent": parents[0] if parents else None, "name": getattr(one, "name", None),
                      "frames": oracle.frames(one.gr_frame) if state == "suspended" else []}
    oracle.NOTED["greenlets"] = known
    oracle.NOTED["greenlet"] = greenlet.__version__
    oracle.stop(untouched=("switches",))


def switches(ready):
    NAMED["main beside"] = greenlet.getcurrent()
    named("beside", rests).switch(ready)


def rests(ready):
    ready.set()
    oracle.stop()


def main():
    NAMED["main"] = greenlet.getcurrent()
    named("pong", pong)
    named("ping", ping).switch([NAMED["pong"]])
    named("outer", outer).switch()
    named("never", ends)
    named("ended", lambda: None).switch()
    ready = threading.Event()
    oracle.start("switches", switches, ready)
    ready.wait()
    hub = NAMED["hub"] = Hub()
    hub.switch([Worker("reads", hub, 3), Worker("writes", hub, 0)])


if __name__ == "__main__":
    main()
