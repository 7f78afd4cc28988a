# SPDX-License-Identifier: Apache-2.0
"""One function with a local variable of each kind.

usage: values.py ENDING FILE     see oracle.py
"""

import _pydecimal
import array
import collections
import datetime
import decimal
import enum
import fractions
import functools
import io
import mmap
import os
import pathlib
import queue
import re
import sys
import threading
import time
import types
import typing
import uuid
import weakref

import oracle

try:
    import zoneinfo
    ZONE = zoneinfo.ZoneInfo("UTC")
except (ImportError, KeyError):  # before 3.9, or there are no zones
    ZONE = None
try:
    import dataclasses
except ImportError:  # 3.6
    Order = Slotted = Frozen = None
else:
    @dataclasses.dataclass
    class Order:
        item: str
        count: int = 1
        tags: list = dataclasses.field(default_factory=list)

    @dataclasses.dataclass(frozen=True, **({"slots": True} if sys.version_info >= (3, 10) else {}))
    class Slotted:
        x: int
        y: list = dataclasses.field(default_factory=list)

    @dataclasses.dataclass(frozen=True)
    class Frozen:
        a: int
        b: str = "default"
        hidden: int = dataclasses.field(default=5, repr=False)
        of_all: typing.ClassVar[int] = 7


class Colour(enum.Enum):
    RED = 1
    GREEN = "green"


class Access(enum.IntFlag):
    READ = 4
    WRITE = 2


class Mode(enum.Flag):
    A = 1
    B = 2


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


Pair = typing.NamedTuple("Pair", [("left", int), ("right", str)])


class Triple(tuple):
    pass


class Text(str):
    pass


class Raw(bytes):
    pass


class Ratio(float):
    pass


class Members(set):
    pass


class Later(collections.OrderedDict):
    pass


class SubEvent(threading.Event):
    """Shown by its attributes: who derives adds some."""


class Calls:
    """What a class keeps of functions that are more than methods."""

    @staticmethod
    def static():
        pass

    @classmethod
    def of_class(cls):
        pass

    @property
    def computed(self):
        return self

    def __call__(self):
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
    word, half_word, below = 2 ** 64, 2 ** 63, -2 ** 63 - 1
    wide, lowest, large_number = 10 ** 4000, -(2 ** 10000), Number(-2 ** 70)
    hundredth, sub_ratio, third = 1e-5, Ratio(0.5), 1 / 3
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
    long_latin, long_two, long_four = "\u00ff" * 1500, "\u20ac" * 1500, "a\U0001f600" * 1500
    latin_edge, controls, no_break, pairs = "\u00ff\u0100", "\x85\xad\x9f", "\xa0\u3000", "\ud83d\ude00"
    sub_two, sub_four, interned = Text("\u20ac" * 3), Text("\U0001f600"), sys.intern("interned")
    sub_raw, shortened, emptied = Raw(b"sub"), bytearray(b"shortened"), bytearray(b"all of it")
    del shortened[:3], emptied[:]
    long_raw, part, released = bytes(range(256)) * 5, memoryview(b"abcdef")[1:3], memoryview(b"gone")
    released.release()
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
    triple, members, no_members, frozen_none = Triple((1, 2, 3)), Members({7}), Members(), frozenset()
    keys, values, pairs = table.keys(), deleted.values(), {"k": (1,)}.items()
    proxy, of_class = types.MappingProxyType({"k": [1]}), types.MappingProxyType({})
    large_range, counting_down = range(2 ** 70, 2 ** 70 + 3), range(5, -5, -2)
    open_cut, odd_cut, large_set = slice(None), slice("a", 1.5, [1]), set(range(500))
    again = {i: i for i in range(10)}
    del again[3]
    again[3] = "again"
    emptied = {"a": 1}
    del emptied["a"]
    mixed = {"a": 1, 1.5: 2, b"b": 3, frozenset({1}): 4}
    own_tuple = ([],)
    own_tuple[0].append(own_tuple)
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
    no_deque, turned, blocks = collections.deque(), collections.deque(range(5)), collections.deque(range(300), 250)
    turned.rotate(2)
    deque_cycle = collections.deque()
    deque_cycle.append(deque_cycle)
    no_factory, by_lambda = collections.defaultdict(None, {1: 2}), collections.defaultdict(counter)
    moved, later = collections.OrderedDict.fromkeys("abcd"), Later(a=1)
    moved.move_to_end("b")
    del moved["c"]
    last_day, last_moment = datetime.date.max, datetime.datetime.max
    folded, whole = datetime.datetime(2026, 10, 25, 2, 30, fold=1), datetime.datetime(2026, 1, 1)
    zone_named, no_span = datetime.timezone(datetime.timedelta(hours=-5, minutes=-30), "odd"), datetime.timedelta()
    long_span, clock_aware, midnight = datetime.timedelta.max, datetime.time(23, 59, 59, 999999, zone), datetime.time()
    utc, aware_odd = datetime.timezone.utc, datetime.datetime(2026, 1, 2, tzinfo=zone_named)
    relative, dot, joined = pathlib.PurePosixPath("a/b"), pathlib.PurePosixPath(), pathlib.Path("/srv") / "data" / "x"
    parent, untidy = pathlib.Path("/a/b/c").parent, pathlib.PurePosixPath("//a//./b/")
    not_number, endless, exact = decimal.Decimal("NaN"), decimal.Decimal("-Infinity"), decimal.Decimal(1) / 3
    slow, signals = _pydecimal.Decimal("-1.50E+7"), _pydecimal.Decimal("sNaN12")
    large, tiny, nothing = decimal.Decimal("1E+30"), decimal.Decimal("-1E-10"), decimal.Decimal("-0.00")
    negative_part, number = fractions.Fraction(-7, 3), uuid.UUID("12345678-9abc-def0-1234-56789abcdef0")
    both, no_access, no_mode, mode = Mode.A | Mode.B, Access(0), Mode(0), Mode.B
    two, no_codes = Pair(1, "r"), array.array("d")
    letters = array.array("u" if sys.version_info < (3, 13) else "w", "w\u20ac")
    past, platform = time.gmtime(0), sys.version_info
    pattern, raw_pattern = re.compile("(a)+b", re.IGNORECASE | re.DOTALL), re.compile(b"x|y")
    plain_pattern, match, raw_match = re.compile("\u20ac"), re.search("b(.)", "ab\u20acd"), raw_pattern.match(b"yz")
    text_file, raw_file = open(os.devnull, "w", encoding="UTF-8"), open(os.devnull, "rb", buffering=0)
    bytes_file, closed_file = open(os.devnull, "r+b"), open(os.devnull, encoding="UTF-8")
    closed_file.close()
    memory_file, mapped = io.BytesIO(b"in memory"), mmap.mmap(-1, 8192)
    zone = ZONE
    namespace, no_namespace = types.SimpleNamespace(a=1, b=[2]), types.SimpleNamespace()
    namespace_cycle = types.SimpleNamespace()
    namespace_cycle.itself = namespace_cycle
    partial, with_names = functools.partial(counter), functools.partial(counter, 1, "two", start=3)
    simple_queue = queue.SimpleQueue() if hasattr(queue, "SimpleQueue") else None
    condition, semaphore, bounded_semaphore = threading.Condition(), threading.Semaphore(3), threading.BoundedSemaphore(2)
    barrier, no_event, mine_set = threading.Barrier(2), threading.Event(), SubEvent()
    last_first, first_sorted, empty_queue = queue.LifoQueue(), queue.PriorityQueue(4), queue.Queue()
    if simple_queue:
        simple_queue.put(1)
        simple_queue.put(2)
    semaphore.acquire()
    last_first.put(1)
    first_sorted.put((2, "b"))
    first_sorted.put((1, "a"))
    iterator, generator, started = iter([1, 2]), counter(5), counter(6)
    next(started)
    pending, many_values = coroutine(1), asynchronous()
    result = objects()
    pending.close()
    del again, iterator, generator, many_values, condition
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
    static, of_class, computed = (Calls.__dict__[name] for name in ("static", "of_class", "computed"))
    class_method, called, wrapped = Calls.of_class, Calls(), "".__add__
    slot_wrapper, c_method, from_keys, member = str.__add__, str.join, dict.fromkeys, Slots.left
    attribute, class_method_of_c = type.__dict__["__dict__"], dict.__dict__["fromkeys"]
    plain_module, frozen_module, package = oracle, sys.modules["_frozen_importlib"], os
    weakly = [collections.deque()]
    code, frame, gone = counter.__code__, sys._getframe(), weakref.ref(Plain(1, 2))
    to_class, to_function, to_table = weakref.ref(Plain), weakref.ref(counter), weakref.ref(weakly[0])
    done, decorated, nested_class = counter(1), functools.lru_cache(maxsize=None)(counter), type("Made", (Plain,), {})
    done.close()
    with_cause, of_system, key_error = ValueError("outer"), SystemExit(3), KeyError("k")
    with_cause.__cause__ = key_error
    no_arguments, of_unicode = RuntimeError(), UnicodeDecodeError("utf-8", b"\xff", 0, 1, "invalid start byte")
    group = ExceptionGroup("several", [ValueError(1)]) if sys.version_info >= (3, 11) else None
    frozen_order, slotted = (Frozen and Frozen(1, "b")), (Slotted and Slotted(1, [2]))
    local = threading.local()
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
