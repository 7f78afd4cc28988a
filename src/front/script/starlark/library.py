# SPDX-License-Identifier: Apache-2.0
"""The functions that every Starlark program has. UNIVERSE is the table of them."""
import functools

from . import methods
from .arguments import named, positional
from .formats import code_point
from .values import (MISSING, Builtin, Dict, Error, List, Set, Value, compare, finite, index32, length,
                     represent, to_text, type_of, walk, whole_number)

UNIVERSE = {}


def _add(*names):
    """Puts a function into the table; its own name is given to it first."""
    def add(function):
        for name in names:
            UNIVERSE[name] = Builtin(name, functools.partial(function, name))
        return function
    return add


def _one(name, args, kwargs, want="exactly 1"):
    """The argument of a function that has one and knows no names."""
    if kwargs:
        raise Error(f"{name} does not accept keyword arguments")
    if len(args) != 1:
        raise Error(f"{name}: got {len(args)} arguments, want {want}")
    return args[0]


@_add("abs")
def _abs(name, args, kwargs):
    value, = positional(name, args, kwargs, 1, "any")
    if type(value) not in (int, float):
        raise Error(f"got {type_of(value)}, want int or float")
    return abs(value)


@_add("any", "all")
def _any(name, args, kwargs):
    items, = positional(name, args, kwargs, 1, "iterable")
    for item in walk(items):  # Python's any() of a huge range could not be interrupted
        if bool(item) == (name == "any"):
            return name == "any"
    return name == "all"


@_add("bool")
def _bool(name, args, kwargs):
    value, = positional(name, args, kwargs, 0, "any")
    return value is not MISSING and bool(value)


@_add("bytes")
def _bytes(name, args, kwargs):
    value = _one(name, args, kwargs)
    if type(value) is bytes:
        return value
    if type(value) is str:
        return value.encode("latin-1").decode("utf-8", "replace").encode()
    items = walk(value)
    if items is None:
        raise Error(f"bytes: got {type_of(value)}, want string, bytes, or iterable of ints")
    result = bytearray()
    for at, item in enumerate(items):
        if type(item) is not int:
            raise Error(f"bytes: at index {at}, got {type_of(item)}, want int")
        if not 0 <= item < 256:
            raise Error(f"bytes: at index {at}, {item} out of range (want value in unsigned 8-bit range)")
        result.append(item)
    return bytes(result)


@_add("chr")
def _chr(name, args, kwargs):
    value = _one(name, args, kwargs, "1")
    try:
        index32(value)
    except Error as problem:
        raise Error(f"chr: {problem.message}") from None
    if value < 0:
        raise Error(f"chr: Unicode code point {value} out of range (<0)")
    if value > 0x10FFFF:
        raise Error(f"chr: Unicode code point U+{value:X} out of range (>0x10FFFF)")
    return code_point(value)


@_add("dict")
def _dict(name, args, kwargs):
    if len(args) > 1:
        raise Error(f"{name}: got {len(args)} arguments, want at most 1")
    result = Dict()
    try:
        methods.update_dict(result, args, kwargs)
    except Error as problem:
        raise Error(f"{name}: {problem.message}") from None
    return result


def attribute_names(value):
    if isinstance(value, Value):
        return value.attributes() or []
    return list(methods.TABLES.get(type(value), ()))


@_add("dir")
def _dir(name, args, kwargs):
    return List(sorted(attribute_names(_one(name, args, kwargs, "1"))))


@_add("enumerate")
def _enumerate(name, args, kwargs):
    items, start = positional(name, args, kwargs, 1, "iterable", "int")
    return List(enumerate(walk(items), 0 if start is MISSING else start))


def _joined(name, args, kwargs, text=to_text):
    separator, = named(name, (), kwargs, "sep? string")
    return (" " if separator is MISSING else separator).join(map(text, args))


@_add("fail")
def _fail(name, args, kwargs):
    raise Error("fail: " + _joined(name, args, kwargs))


def printed(args, kwargs):
    """What print() prints, without the newline."""
    return _joined("print", args, kwargs, lambda value: value.decode("latin-1") if type(value) is bytes else to_text(value))


@_add("float")
def _float(name, args, kwargs):
    if kwargs:
        raise Error(f"{name} does not accept keyword arguments")
    if len(args) > 1:
        raise Error(f"{name} got {len(args)} arguments, wants 1")
    value = args[0] if args else 0
    if type(value) in (int, bool, float):
        return finite(value)
    if type(value) is not str:
        raise Error(f"float got {type_of(value)}, want number or string")
    if not value:
        raise Error("float: empty string")
    return _parse_float(value)


def _parse_float(value):
    named_value = value.lower().lstrip("+-") in ("inf", "infinity", "nan") and value[1:2] not in ("+", "-")
    try:
        if value != value.strip() or value.isascii() and "_" in value:
            raise ValueError
        result = float.fromhex(value) if "p" in value.lower() else float(value)
    except (ValueError, OverflowError):
        raise Error(f"invalid float literal: {value}") from None
    if result in (float("inf"), float("-inf")) and not named_value:
        raise Error("floating-point number too large")
    return result


def _look_up(value, name):
    """An attribute, or MISSING; raises Error where it cannot be had."""
    if isinstance(value, Value):
        return value.attribute(name)
    function = methods.TABLES.get(type(value), {}).get(name)
    return Builtin(name, function, value) if function else MISSING


@_add("getattr")
def _getattr(name, args, kwargs):
    value, attribute, default = positional(name, args, kwargs, 2, "any", "string", "any")
    try:
        result = _look_up(value, attribute)
    except Error as problem:
        if default is MISSING:
            raise Error(f"getattr: {problem.message}") from None
        return default
    result = default if result is MISSING else result
    if result is MISSING:
        raise Error(f"getattr: {type_of(value)} has no .{attribute} field or method")
    return result


@_add("hasattr")
def _hasattr(name, args, kwargs):
    value, attribute = positional(name, args, kwargs, 2, "any", "string")
    try:
        return _look_up(value, attribute) is not MISSING
    except Error:
        return attribute in attribute_names(value)


@_add("hash")
def _hash(name, args, kwargs):
    value, = positional(name, args, kwargs, 1, "any")
    if type(value) is bytes:  # FNV-1a
        result = 2166136261
        for byte in value:
            result = (result ^ byte) * 16777619 & 0xFFFFFFFF
        return result
    if type(value) is not str:
        raise Error(f"hash: got {type_of(value)}, want string or bytes")
    result = 0
    for char in value.encode("latin-1").decode("utf-8", "replace"):  # as Java's, but for what UTF-16 has in two units
        result = result * 31 + ord(char) & 0xFFFFFFFF
    return result - (result >> 31 << 32)


@_add("int")
def _int(name, args, kwargs):
    value, base = named(name, args, kwargs, "x any", "base? any")
    if type(value) is str:
        return _parse_int(value, base)
    if base is not MISSING:
        raise Error("int: can't convert non-string with explicit base")
    if type(value) is bool:
        return int(value)
    try:
        return whole_number(value)
    except Error as problem:
        raise Error(f"int: {problem.message}") from None


_PREFIXES = {"0b": 2, "0o": 8, "0x": 16}


def _parse_int(value, base):
    base = 10 if base is MISSING else base
    if type(base) is not int:
        raise Error(f"int: for base, got {type_of(base)}, want int")
    if base and not 2 <= base <= 36:
        raise Error("int: base must be an integer >= 2 && <= 36")
    wrong = Error(f"int: invalid literal with base {base}: {value}")
    sign, digits = (value[0], value[1:]) if value[:1] in ("+", "-") else ("+", value)
    prefix = _PREFIXES.get(digits[:2].lower()) if len(digits) > 2 else None
    if prefix and base in (0, prefix):
        base, digits = prefix, digits[2:]
    elif not base:
        if digits[:1] == "0" and digits.strip("0"):
            raise wrong
        base = 10
    if not digits.isascii() or not digits.isalnum():
        raise wrong
    try:
        number = int(digits, base)
    except ValueError:
        raise wrong from None
    return -number if sign == "-" else number


@_add("len")
def _len(name, args, kwargs):
    value, = positional(name, args, kwargs, 1, "any")
    result = length(value)
    if result < 0:
        raise Error(f"len: value of type {type_of(value)} has no len")
    return result


def _items(args):
    return () if args[0] is MISSING else walk(args[0])


@_add("list")
def _list(name, args, kwargs):
    return List(_items(positional(name, args, kwargs, 0, "iterable")))


@_add("tuple")
def _tuple(name, args, kwargs):
    return tuple(_items(positional(name, args, kwargs, 0, "iterable")))


@_add("set")
def _set(name, args, kwargs):
    result = Set()
    try:
        for item in _items(positional(name, args, kwargs, 0, "iterable")):
            result.insert(item)
    except Error as problem:
        message = problem.message
        raise Error(message if message.startswith("set: ") else f"set: {message}") from None
    return result


@_add("min", "max")
def _min(name, args, kwargs):
    if not args:
        raise Error(f"{name} requires at least one positional argument")
    key, = named(name, (), kwargs, "key? callable")
    items = walk(args[0]) if len(args) == 1 else iter(args)
    if items is None:
        raise Error(f"{name}: {type_of(args[0])} value is not iterable")
    operator = "<" if name == "min" else ">"
    best = best_key = MISSING
    for item in items:
        item_key = item if key is MISSING else key(item)
        try:
            if best is MISSING or compare(operator, item_key, best_key):
                best, best_key = item, item_key
        except Error as problem:
            raise Error(f"{name}: {problem.message}") from None
    if best is MISSING:
        raise Error(f"{name}: argument is an empty sequence")
    return best


@_add("ord")
def _ord(name, args, kwargs):
    value = _one(name, args, kwargs, "1")
    if type(value) is bytes:
        if len(value) != 1:
            raise Error(f"ord: bytes has length {len(value)}, want 1")
        return value[0]
    if type(value) is not str:
        raise Error(f"ord: got {type_of(value)}, want string or bytes")
    runes = value.encode("latin-1").decode("utf-8", "replace")
    if len(runes) != 1:
        raise Error(f"ord: string encodes {len(runes)} Unicode code points, want 1")
    return ord(runes)


@_add("range")
def _range(name, args, kwargs):
    start, stop, step = positional(name, args, kwargs, 1, "int", "int", "int")
    if step == 0 and step is not MISSING:
        raise Error("range: step argument must not be zero")
    if stop is MISSING:
        start, stop = 0, start
    return range(start, stop, 1 if step is MISSING else step)


@_add("repr")
def _repr(name, args, kwargs):
    value, = positional(name, args, kwargs, 1, "any")
    return represent(value)


@_add("str")
def _str(name, args, kwargs):
    value = _one(name, args, kwargs)
    if type(value) is bytes:
        return value.decode("utf-8", "replace").encode().decode("latin-1")
    return to_text(value)


@_add("type")
def _type(name, args, kwargs):
    return type_of(_one(name, args, kwargs))


@_add("reversed")
def _reversed(name, args, kwargs):
    items, = positional(name, args, kwargs, 1, "iterable")
    return List(list(walk(items))[::-1])


class _Sorted:
    """A key by Starlark's order."""

    __slots__ = ("key",)

    def __init__(self, key):
        self.key = key

    def __lt__(self, other):
        return compare("<", self.key, other.key)


@_add("sorted")
def _sorted(name, args, kwargs):
    items, key, reverse = named(name, args, kwargs, "iterable iterable", "key? callable", "reverse? bool")
    of = _Sorted if key is MISSING else lambda item: _Sorted(key(item))
    return List(sorted(walk(items), key=of, reverse=reverse is True))


@_add("zip")
def _zip(name, args, kwargs):
    if kwargs:
        raise Error(f"{name} does not accept keyword arguments")
    columns = []
    for at, column in enumerate(args, 1):
        columns.append(walk(column))
        if columns[-1] is None:
            raise Error(f"zip: argument #{at} is not iterable: {type_of(column)}")
    return List(zip(*columns))
