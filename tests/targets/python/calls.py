# SPDX-License-Identifier: Apache-2.0
"""Calls of every kind, on top of each other; threads that wait; exceptions that are handled.

usage: calls.py ENDING FILE      see oracle.py
"""

import functools
import gc
import queue
import re
import select
import socket
import threading

import oracle

FOREVER = threading.Event()
HELD = threading.Lock()
AGAIN = threading.RLock()


def ending():
    note = "the innermost"
    oracle.stop(untouched=("twin",))
    return note


class Meta(type):
    def __call__(cls, *args):
        made = super().__call__(*args)
        made.ready()
        return made


class Parcel(metaclass=Meta):
    count = 0

    def __init__(self, weight):
        self.weight = weight

    def ready(self):
        state = "ready"
        self.weigh(1, 2, unit="kg", exact=True)
        return state

    def weigh(self, *scales, unit, **options):
        total = sum(scales)
        if self.price:
            pass
        return total, unit, options

    @property
    def price(self):
        with self:
            return self["x"]

    def __enter__(self):
        return self

    def __exit__(self, *unused):
        return False

    def __getitem__(self, key):
        return self.send(key)

    @classmethod
    def send(cls, key):
        cls.count += 1
        return cls.carry(key, cls.count)

    @staticmethod
    def carry(key, count):
        unbound_later = key
        del unbound_later
        for step in produce(count):
            return step
        never = 1
        return never


def produce(n):
    inner = relay(n)
    got = yield from inner
    yield got


def relay(n):
    names = [name for name in ("a", "b")]
    yield ordered(names, n)


def ordered(names, n):
    """sorted() calls the key from C."""
    depth = n + 1

    def key(name):
        note_sorted()
        return outer(name, depth)
    return sorted(names, key=key)


def note_sorted():
    """The lists that list.sort() has marked, by their addresses."""
    if oracle.ctypes:
        lists = [one for one in gc.get_objects() if type(one) is list]
        count_of = oracle.ctypes.c_ssize_t.from_address
        oracle.NOTED["sorted"] = [hex(id(one)) for one in lists if count_of(id(one) + object.__basicsize__ + 16).value == -1]


def outer(name, depth):
    changed = [depth]

    def middle(step):
        nonlocal name
        name = name + "!"

        def inner():
            changed.append(step)
            return mapped(name, changed)
        return inner()
    return middle(2)


def mapped(name, changed):
    return list(map(lambda item, times=3: reduced(item * times, name), changed))


def reduced(*values):
    return functools.reduce(pair, values)


def pair(left, right):
    partial = functools.partial(cached, left)
    return partial(right=str(right))


@functools.lru_cache(maxsize=None)
def cached(left, right):
    return re.sub("b|.", matched, "b")


def matched(match):
    return decorated(match.group(0))


def decorator(function):
    @functools.wraps(function)
    def wrapper(*args, **kwargs):
        before = len(args)
        return function(*args, before=before, **kwargs)
    return wrapper


@decorator
def decorated(letter, before):
    return in_class(letter * before)


def in_class(letters):
    class Local:
        inside = letters
        done = executed(inside)
    return Local.done


def executed(letters):
    names = {"letters": letters, "handle": handle}
    exec(compile("answer = 1\nanswer = handle(\n    letters)\n", "<made text>", "exec"), names)
    return names["answer"]


def handle(letters):
    try:
        try:
            fail(letters)
        except KeyError as first:
            raise ValueError("while it was looked up") from first
    except ValueError:
        oracle.note_exception()
        ending()
    return letters


def fail(letters):
    return {}[letters]


# What threads do. Each ends in another kind of waiting.


def park(word, number=7):
    here = [word, number]
    parked(here)


def parked(here):
    before = len(here)
    FOREVER.wait()
    return before


def waits_for_lock():
    with HELD:
        pass


def waits_for_rlock():
    AGAIN.acquire()


def waits_for_queue(source):
    return source.get()


def waits_for_condition():
    condition = threading.Condition()
    with condition:
        condition.wait()


def waits_for_thread(other):
    other.join()


def waits_for_socket():
    listener = socket.socket()
    listener.bind(("127.0.0.1", 0))
    listener.listen(1)
    listener.accept()


def waits_for_select():
    left, right = socket.socketpair()
    select.select([left], [], [])
    return right


def inside_generator():
    def numbers():
        yield 1
        FOREVER.wait()
        yield 2
    return sum(n * 2 for n in numbers())


def in_context():
    try:
        try:
            fail("first")
        except KeyError:
            int("no number")
    except ValueError:
        oracle.note_exception()
        park("handles")


def hides_context():
    try:
        try:
            fail("hidden")
        except KeyError:
            raise RuntimeError("on its own") from None
    except RuntimeError:
        oracle.note_exception()
        park("hides")


def recursive(n):
    if n == 0:
        FOREVER.wait()
    return recursive(n - 1) + 1


class Warm:
    """Calls that the interpreter runs without C in between, after it saw them often (PEP 659)."""

    def __init__(self, last):
        self.last = last
        self.found = self.first

    @property
    def first(self):
        return self["first"]

    def __getitem__(self, key):
        return [n for n in self.numbers(key)]

    def numbers(self, key):
        yield from self.relayed(key)

    def relayed(self, key):
        yield Warmer(self.last, key).key


class Warmer:
    def __init__(self, last, key):
        self.key = key
        try:
            awaits(last).send(None)
        except StopIteration:
            pass


async def awaits(last):
    return await awaited(last)


async def awaited(last):
    if last:
        park("after many calls")


def warmed():
    for n in range(300):
        Warm(n == 299)


def main():
    suspended = produce(1)
    HELD.acquire()
    AGAIN.acquire()
    first = oracle.start("parked", park, "here")
    oracle.start("twin", park, "here")
    oracle.start("not a daemon", park, "stays", daemon=False)
    oracle.start("lock", waits_for_lock)
    oracle.start("rlock", waits_for_rlock)
    oracle.start("queue", waits_for_queue, queue.Queue())
    oracle.start("condition", waits_for_condition)
    oracle.start("join", waits_for_thread, first)
    oracle.start("socket", waits_for_socket)
    oracle.start("select", waits_for_select)
    oracle.start("generator", inside_generator)
    oracle.start("context", in_context)
    oracle.start("hides", hides_context)
    oracle.start("recursive", recursive, 60)
    oracle.start("warm", warmed)
    oracle.start("n\u00e4me \u20ac", park, "named")
    Parcel(2.5)
    return suspended


if __name__ == "__main__":
    main()
