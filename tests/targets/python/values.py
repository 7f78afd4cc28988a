# SPDX-License-Identifier: Apache-2.0
"""One function with a local variable of each kind.

usage: values.py ENDING FILE     see oracle.py
"""

import array
import collections
import datetime
import decimal
import enum
import fractions
import pathlib
import queue
import sys
import threading
import weakref

import oracle

try:
    import dataclasses
except ImportError:  # 3.6
    Order = None
else:
    @dataclasses.dataclass
    class Order:
        item: str
        count: int = 1
        tags: list = dataclasses.field(default_factory=list)


class Colour(enum.Enum):
    RED = 1
    GREEN = "green"


class Access(enum.IntFlag):
    READ = 4
    WRITE = 2


class Level(enum.IntEnum):
    LOW = 10
    HIGH = 20


class Plain:
    kind = "of the class"

    def __init__(self, x, y):
        self.x = x
        self.y = y

    def method(self):
        return self.x


class Grown(Plain):
    """Its instances have different attributes, set in different orders."""

    def __init__(self, late):
        super().__init__(1, 2)
        if late:
            self.first = "first"
        self.z = 3
        del self.x


class Slots:
    __slots__ = ("left", "right", "unset")

    def __init__(self):
        self.left = "l"
        self.right = [1]


class SlotsAndDict(Slots):
    def __init__(self):
        super().__init__()
        self.extra = 1.5


class Named(collections.namedtuple("Named", "key value")):
    pass


class Text(str):
    pass


class Number(int):
    pass


class Items(list):
    def __init__(self, *args):
        super().__init__(*args)
        self.owner = "me"


class Table(dict):
    pass


class Failure(Exception):
    def __init__(self, message, code):
        super().__init__(message)
        self.code = code


class ManyAttributes:
    def __init__(self):
        for i in range(50):
            setattr(self, "field%d" % i, i)


def counter(start):
    step = 2
    while True:
        got = yield start
        start += step if got is None else got


async def coroutine(n):
    return n


async def asynchronous():
    yield 1


def numbers():
    zero, one, minus = 0, 1, -1
    small, large_digit, two_digits = 255, 2 ** 30 - 1, 2 ** 30
    big, negative_big = 2 ** 100, -12345678901234567890
    huge = 7 ** 400
    true, false, none, dots, not_there = True, False, None, Ellipsis, NotImplemented
    ratio, tenth, large, tiny, whole = 3.25, 0.1, 1e300, 5e-324, 1e16
    infinite, negative, nan, minus_zero = float("inf"), float("-inf"), float("nan"), -0.0
    imaginary, both, odd = 2j, 1 - 2.5j, complex(-0.0, float("nan"))
    number = Number(7)
    return texts()


def texts():
    empty, ascii_text, latin, two_bytes, four_bytes = "", "plain", "h\u00e9llo", "\u20ac 5", "\U0001f600 smile"
    escapes = "tab\t newline\n nul\0 quote' bell\x07 back\\slash \x7f"
    quotes, both_quotes = "it's", "it's \"both\""
    lone, separators, unassigned = "\ud800", "\u2028\u00ad\u200b", "\u0378"
    long_text = "0123456789" * 100
    text = Text("subclass")
    raw, raw_quotes, empty_bytes = b"ab\x00\xff'", b"'\"", b""
    changeable, view = bytearray(b"change\x01"), memoryview(b"looked at")
    return containers()


def containers():
    empty_list, empty_tuple, empty_dict, empty_set = [], (), {}, set()
    items, single, nested = [1, "two", None, [3.0]], (1,), [1, [2, [3, [4, [5, [6]]]]]]
    cycle = [1]
    cycle.append(cycle)
    table = {"k": 1, 2: {"x": 1.5}, (1, 2): [3], None: True}
    table_cycle = {}
    table_cycle["self"] = table_cycle
    deleted = {i: i * i for i in range(20)}
    for i in range(0, 20, 3):
        del deleted[i]
    many = {"key%d" % i: i for i in range(60)}
    wide = {i: str(i) for i in range(150)}
    several, frozen, removed = {1, 2, 3, "a"}, frozenset({3, (4, 5)}), {"x", "y", "z"}
    removed.discard("y")
    span, stepped, cut = range(5), range(0, 10, 3), slice(1, None, 2)
    twice = [items, items]
    mine, its = Items([1, 2]), Table(a=1)
    return library()


def library():
    double, bounded = collections.deque([1, 2, 3]), collections.deque(range(10), 4)
    long_queue = collections.deque(range(100))
    default, ordered = collections.defaultdict(list, a=[1]), collections.OrderedDict([("z", 1), ("a", 2)])
    counts, chain = collections.Counter("aab"), collections.ChainMap({"a": 1}, {"b": 2})
    day, moment = datetime.date(2026, 11, 21), datetime.datetime(2026, 11, 21, 12, 30, 15, 250)
    aware = datetime.datetime(2026, 1, 2, 3, 4, tzinfo=datetime.timezone.utc)
    clock, span, zone = datetime.time(1, 2, 3), datetime.timedelta(days=-1, seconds=5, microseconds=7), \
        datetime.timezone(datetime.timedelta(hours=2))
    path, price, part = pathlib.PurePosixPath("/var/log/x.log"), decimal.Decimal("12.50"), fractions.Fraction(3, 4)
    red, rights, level = Colour.RED, Access.READ | Access.WRITE, Level.HIGH
    row = Named("k", [1])
    codes = array.array("i", [1, -2, 3])
    free, held, again = threading.Lock(), threading.Lock(), threading.RLock()
    held.acquire()
    again.acquire()
    event, waiting = threading.Event(), queue.Queue(5)
    event.set()
    waiting.put("job")
    iterator, generator, started = iter([1, 2]), counter(5), counter(6)
    next(started)
    pending, many_values = coroutine(1), asynchronous()
    result = objects()
    pending.close()
    del again, iterator, generator, many_values
    return result


def named(thing, *names):
    return {name: oracle.text(getattr(thing, name)) for name in names}


def objects(unset_argument=None):
    plain, same_class, no_x, no_y = Plain(1, "two"), Plain([], None), Plain(1, 2), Plain(1, 2)
    del no_x.x, no_y.y
    early, late = Grown(False), Grown(True)
    slots, slots_and_dict, many = Slots(), SlotsAndDict(), ManyAttributes()
    plain.itself = plain
    order = Order and Order("tea", 2)
    direct = Plain(5, 6)
    direct.__dict__["added through"] = "the dict"
    failure, builtin_failure, os_failure = Failure("boom", 3), ValueError("boom", 3), OSError(2, "no file", "x")
    function, method, builtin, bound_builtin = counter, plain.method, len, [].append
    cls, meta, module, anonymous = Plain, type, sys, lambda a: a
    weak, prop, nothing = weakref.ref(plain), Plain.method, object()
    name_is_unbound = 1
    del name_is_unbound, unset_argument
    shared, only_here = [1], 2

    def inner(argument=1):
        shared.append(argument)
        oracle.stop()
        return shared, only_here

    inner.attribute = "of a function"
    # By getattr(): a look at __dict__ would make dicts that are not there otherwise.
    oracle.NOTED["attributes"] = {
        "plain": named(plain, "x", "y", "itself"), "same_class": named(same_class, "x", "y"), "no_x": named(no_x, "y"),
        "no_y": named(no_y, "x"), "early": named(early, "y", "z"), "late": named(late, "y", "first", "z"),
        "slots": named(slots, "left", "right"), "slots_and_dict": named(slots_and_dict, "left", "right", "extra"),
        "many": named(many, *("field%d" % i for i in range(50))),
        "direct": named(direct, "x", "y", "added through"), "failure": named(failure, "code")}
    return inner()


if __name__ == "__main__":
    numbers()
