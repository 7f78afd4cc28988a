# SPDX-License-Identifier: Apache-2.0
"""Starlark's values: their types, texts, order, and what may be changed.

None, bool, int, float, str (see scan.py), bytes, tuple, range and functions are Python's. Lists, dicts and sets are
Python's, too, with a mark that they are frozen, and a count of the loops that walk over them. All other values are of a
class `Value`.
"""
import re
import types

from . import resolve
from .scan import star

MISSING = object()
NoneType = type(None)
COMPARE_DEPTH = 10


class Error(Exception):
    """What ends a script: a message, which is a Starlark string."""

    def __init__(self, message):
        super().__init__(message)
        self.message = message


class _Changing:
    """What lists, dicts and sets share."""

    __slots__ = ()
    kind = "hash table"

    def check_change(self, what):
        if self.frozen:
            raise Error(f"cannot {what} frozen {self.kind}")
        if self.busy:
            raise Error(f"cannot {what} {self.kind} during iteration")

    def __hash__(self):
        raise TypeError


class List(_Changing, list):
    __slots__ = ("frozen", "busy")
    kind = "list"

    def __init__(self, items=()):
        list.__init__(self, items)
        self.frozen, self.busy = False, 0


class Dict(_Changing, dict):
    __slots__ = ("frozen", "busy")

    def __init__(self, items=()):
        dict.__init__(self, items)
        self.frozen, self.busy = False, 0

    def put(self, key, value):
        self.check_change("insert into")
        self[hashable(key)] = value


class Set(_Changing, dict):
    """The elements are keys, so that they stay in order."""

    __slots__ = ("frozen", "busy")

    def __init__(self, items=()):
        dict.__init__(self, items)
        self.frozen, self.busy = False, 0

    def insert(self, key):
        self.check_change("insert into")
        self[hashable(key)] = None


class Value:
    """A value of a type that is not Starlark's own. Methods that a type does not have are left as they are here."""

    __slots__ = ()
    type_name = ""
    ordered = False  # has compare()

    def text(self):
        return f"<{self.type_name}>"

    def get_type(self):
        return self.type_name

    def attribute(self, name):
        """MISSING, or raises NoAttribute or Error."""
        del name
        return MISSING

    def attributes(self):
        return None  # a list, or None for a type that has none

    def set_attribute(self, name, value):
        del value
        raise Error(f"can't assign to .{name} field of {self.get_type()}")

    def binary(self, operator, other, is_left):
        """The result, or MISSING."""
        del operator, other, is_left
        return MISSING

    def hash_problem(self):
        return ""

    # A mapping has lookup(key), which answers MISSING where there is nothing, and may have items(); a sequence has
    # element(index) and length(); what can be walked over has walk().
    lookup = items = element = length = walk = None


class NoAttribute(Error):
    """There is no such attribute; a hint of a name that is near may be added."""


class Builtin:
    """A function that a script may call; `receiver` is what a method is of."""

    __slots__ = ("name", "function", "receiver")

    def __init__(self, name, function, receiver=MISSING):
        self.name, self.function, self.receiver = name, function, receiver

    def __call__(self, *args, **kwargs):
        if self.receiver is MISSING:
            return self.function(args, kwargs)
        return self.function(self.receiver, args, kwargs)


class View(Value):
    """What s.elems() and its like give: to be walked over, with a text of its own."""

    __slots__ = ("type_name", "owner", "suffix", "elements")

    def __init__(self, type_name, owner, suffix, elements):
        self.type_name, self.owner, self.suffix, self.elements = type_name, owner, suffix, elements

    def text(self):
        return f"{represent(self.owner)}.{self.suffix}()"

    def hash_problem(self):
        return f"unhashable: {self.type_name}"

    def walk(self):
        return iter(self.elements)


_TYPES = {NoneType: "NoneType", bool: "bool", int: "int", float: "float", str: "string", bytes: "bytes", List: "list",
          tuple: "tuple", Dict: "dict", Set: "set", range: "range", types.FunctionType: "function",
          Builtin: "builtin_function_or_method"}


def type_of(value):
    """What type() says."""
    return _TYPES.get(type(value)) or value.get_type()


_GO_NAMES = {"int": "starlark.Int", "string": "starlark.String", "float": "starlark.Float", "bool": "starlark.Bool",
             "NoneType": "starlark.NoneType", "list": "*starlark.List", "dict": "*starlark.Dict", "set": "*starlark.Set",
             "tuple": "starlark.Tuple", "bytes": "starlark.Bytes", "function": "*starlark.Function",
             "builtin_function_or_method": "*starlark.Builtin"}


def go_name(value):
    """The type as some messages of Delve name it."""
    return _GO_NAMES.get(type_of(value), type_of(value))


def is_callable(value):
    return type(value) in (types.FunctionType, Builtin)


def function_name(function):
    return "lambda" if function.__name__ == "<lambda>" else function.__name__


# Hashing and iteration.

_HASHABLE = frozenset((str, int, bool, float, NoneType, bytes, types.FunctionType, Builtin))


def hashable(value):
    """The value, which may be a key; raises Error where it may not."""
    kind = type(value)
    if kind in _HASHABLE:
        return value
    if kind is tuple:
        for item in value:
            hashable(item)
    elif kind in (List, Dict, Set):
        raise Error(f"unhashable type: {_TYPES[kind]}")
    elif kind is range:
        raise Error("unhashable: range")
    elif value.hash_problem():
        raise Error(value.hash_problem())
    return value


_PLAIN = frozenset((List, tuple, Dict, Set, range))


def walk(value):
    """A Python iterator, or None for what cannot be walked over. For use where no script runs meanwhile."""
    if type(value) in _PLAIN:
        return iter(value)
    return value.walk() if isinstance(value, Value) and value.walk else None


def length(value):
    """What len() says, -1 for what has none."""
    if type(value) in _PLAIN or type(value) in (str, bytes):
        return len(value)
    return value.length() if isinstance(value, Value) and value.length else -1


# Equality and order.

_SIMPLE = frozenset((str, int, bool, bytes, NoneType))


def equal(one, other, depth=COMPARE_DEPTH):
    kind = type(one)
    if depth < 1:
        raise Error("comparison exceeded maximum recursion depth")
    if kind is not type(other):
        return {kind, type(other)} == {int, float} and one == other
    if kind in _SIMPLE:
        return one == other
    if kind is float:
        return one == other or one != one and other != other  # pylint: disable=comparison-with-itself
    if kind is List or kind is tuple:
        return len(one) == len(other) and all(equal(a, b, depth - 1) for a, b in zip(one, other))
    if kind is Dict:
        return len(one) == len(other) and all(
            key in other and equal(value, other[key], depth - 1) for key, value in one.items())
    if kind is Set:
        return one.keys() == other.keys()
    if kind is range:
        return one == other
    if isinstance(one, Value) and one.ordered:
        return one.compare(other) == 0
    return one is other


def _three_way(one, other):
    """Below, at or above 0; NaN is above all numbers."""
    if one != one or other != other:  # pylint: disable=comparison-with-itself
        return (one != one) - (other != other)  # pylint: disable=comparison-with-itself
    return (one > other) - (one < other)


_ORDERED = frozenset((str, int, bool, bytes, float))
TESTS = {"<": lambda n: n < 0, "<=": lambda n: n <= 0, ">": lambda n: n > 0, ">=": lambda n: n >= 0}
_SUBSET = {"<": lambda a, b: a < b, "<=": lambda a, b: a <= b, ">": lambda a, b: a > b, ">=": lambda a, b: a >= b}


def compare(operator, one, other, depth=COMPARE_DEPTH):
    """An ordered comparison: <, <=, > or >=."""
    kind = type(one)
    if depth < 1:
        raise Error("comparison exceeded maximum recursion depth")
    same = kind is type(other)
    if same and kind in _ORDERED or {kind, type(other)} == {int, float}:
        return TESTS[operator](_three_way(one, other))
    if same and kind in (List, tuple):
        for a, b in zip(one, other):
            if not equal(a, b, depth - 1):
                return compare(operator, a, b, depth - 1)
        return TESTS[operator](len(one) - len(other))
    if same and kind is Set:
        return _SUBSET[operator](one.keys(), other.keys())
    if same and isinstance(one, Value) and one.ordered:
        return TESTS[operator](one.compare(other))
    raise Error(f"{type_of(one)} {operator} {type_of(other)} not implemented")


# Texts.

_CLEAN = re.compile(r"[ !#-\[\]-~]*")
_ESCAPES = {"\a": "\\a", "\b": "\\b", "\f": "\\f", "\n": "\\n", "\r": "\\r", "\t": "\\t", "\v": "\\v", '"': '\\"',
            "\\": "\\\\"}


def quote(value):
    """A Starlark string as a literal."""
    if _CLEAN.fullmatch(value):
        return f'"{value}"'
    parts = []
    for char in value.encode("latin-1").decode("utf-8", "surrogateescape"):
        if char in _ESCAPES:
            parts.append(_ESCAPES[char])
        elif "\udc80" <= char <= "\udcff":
            parts.append(f"\\x{ord(char) - 0xdc00:02x}")
        elif char == " " or char.isprintable():
            parts.append(star(char))
        elif char < " " or char == "\x7f":
            parts.append(f"\\x{ord(char):02x}")
        else:
            parts.append(f"\\u{ord(char):04x}" if ord(char) < 0x10000 else f"\\U{ord(char):08x}")
    return '"' + "".join(parts) + '"'


def float_text(value, conversion="g"):
    """A float as Go's %g (shortest), %e or %f print it."""
    if value != value:  # pylint: disable=comparison-with-itself
        return "nan"
    if value in (float("inf"), float("-inf")):
        return "+inf" if value > 0 else "-inf"
    if conversion in "efEF":
        return f"%.6{conversion}" % value
    result = go_float(value)
    if conversion == "G":
        result = result.upper()
    return result if re.search("[.eE]", result) else result + ".0"


def go_float(value):
    """The fewest digits that mean a finite value, with an exponent below 1e-4 and from 1e6 on: Go's %g."""
    sign = "-" if repr(value).startswith("-") else ""
    digits, _, exponent = repr(abs(value)).partition("e")
    whole, _, fraction = digits.partition(".")
    significant = (whole + fraction).lstrip("0")
    point = len(whole) + int(exponent or 0) - (len(whole + fraction) - len(significant))  # digits before the point
    significant = significant.rstrip("0")
    if not significant:
        return sign + "0"
    if not -4 <= point - 1 < 6:
        rest = "." + significant[1:] if len(significant) > 1 else ""
        return f"{sign}{significant[0]}{rest}e{point - 1:+03}"
    if point <= 0:
        return f"{sign}0.{'0' * -point}{significant}"
    significant = significant.ljust(point, "0")
    return sign + significant[:point] + ("." + significant[point:] if significant[point:] else "")


def int_text(value, how="d"):
    """An int's digits; Python refuses to make too many decimal ones, which takes it long."""
    try:
        return format(value, how)
    except ValueError:
        raise Error("int too large to print") from None


def represent(value, path=()):
    """What repr() says."""
    kind = type(value)
    if kind is str:
        return quote(value)
    if kind is int:
        return int_text(value)
    if kind in (bool, NoneType):
        return str(value)
    if kind is float:
        return float_text(value)
    if kind is bytes:
        return "b" + quote(value.decode("latin-1"))
    if kind is List:
        return "[" + _inside(value, path, lambda inner: [represent(item, inner) for item in value]) + "]"
    if kind is Dict:
        return "{" + _inside(value, path, lambda inner: [
            f"{represent(key, path)}: {represent(item, inner)}" for key, item in value.items()]) + "}"
    if kind is tuple:
        return "(" + ", ".join(represent(item, path) for item in value) + (",)" if len(value) == 1 else ")")
    if kind is Set:
        return "set([" + ", ".join(represent(item, path) for item in value) + "])"
    return _represent_rare(value)


def _inside(value, path, parts):
    if any(value is outer for outer in path):
        return "..."
    return ", ".join(parts(path + (value,)))


def _represent_rare(value):
    if type(value) is range:
        if value.step != 1:
            return f"range({value.start}, {value.stop}, {value.step})"
        return f"range({value.start}, {value.stop})" if value.start else f"range({value.stop})"
    if isinstance(value, types.FunctionType):
        return f"<function {function_name(value)}>"
    if type(value) is Builtin:
        if value.receiver is MISSING:
            return f"<built-in function {value.name}>"
        return f"<built-in method {value.name} of {type_of(value.receiver)} value>"
    return value.text()


def to_text(value):
    """What print() shows of a value."""
    return value if type(value) is str else represent(value)


# What else is needed in many places.

def index32(value):
    """An index: an int of 32 bits."""
    if type(value) is not int:
        raise Error(f"got {type_of(value)}, want int")
    if not -2**31 <= value < 2**31:
        raise Error(f"{value} out of range")
    return value


def whole_number(value):
    """int(x) of a number."""
    if type(value) is int:
        return value
    if type(value) is float:
        if value != value:  # pylint: disable=comparison-with-itself
            raise Error("cannot convert float NaN to integer")
        if value in (float("inf"), float("-inf")):
            raise Error("cannot convert float infinity to integer")
        return int(value)
    raise Error(f"cannot convert {type_of(value)} to int")


def finite(value):
    """An int as a float."""
    try:
        return float(value)
    except OverflowError:
        raise Error("int too large to convert to float") from None


def out_of_range(index, size, value):
    if not size:
        return Error(f"index {index} out of range: empty {type_of(value)}")
    return Error(f"{type_of(value)} index {index} out of range [{-size}:{size - 1}]")


def hint(name, names, prefix=""):
    """What to add to a message about a name that there is not."""
    near = resolve.nearest(name, names or [])
    return f" (did you mean {prefix}{near}?)" if near else ""


def freeze(value):
    """Makes a value, and what can be reached through it, unchangeable."""
    waiting = [value]
    while waiting:
        one = waiting.pop()
        kind = type(one)
        if kind in (List, Dict, Set):
            if one.frozen:
                continue
            one.frozen = True
            waiting += one
            if kind is Dict:
                waiting += one.values()
        elif kind is tuple:
            waiting += one
        elif kind is types.FunctionType:
            _freeze_function(one, waiting)


def _freeze_function(function, waiting):
    if function.__dict__.setdefault("frozen", False):
        return
    function.__dict__["frozen"] = True
    waiting += function.__defaults__ or ()
    waiting += (function.__kwdefaults__ or {}).values()
    for cell in function.__closure__ or ():
        try:
            waiting.append(cell.cell_contents)
        except ValueError:  # a variable that is not set yet
            pass
