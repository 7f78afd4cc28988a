# SPDX-License-Identifier: Apache-2.0
"""What compiled programs call: operators, attributes, indices, unpacking. HELPERS is in every program's globals."""
import math

from . import methods
from .formats import interpolate
from .values import (MISSING, Builtin, Dict, Error, List, NoAttribute, Set, Value, compare, equal, finite, hashable,
                     hint, index32, length, out_of_range, represent, type_of, walk, whole_number)

MOST_ELEMENTS = 1 << 30
MOST_SHIFT = 512
MOST_BITS = 1 << 24  # of a product: no single operation may keep a script from being interrupted


def _unknown(operator, one, other):
    """Types that are not Starlark's own may know the operator."""
    for value, partner, is_left in ((one, other, True), (other, one, False)):
        if isinstance(value, Value):
            result = value.binary(operator, partner, is_left)
            if result is not MISSING:
                return result
    raise Error(f"unknown binary op: {type_of(one)} {operator} {type_of(other)}")


def _numbers(one, other):
    """Both as floats if they are numbers and one is a float, else None."""
    if {type(one), type(other)} in ({int, float}, {float}):
        return finite(one), finite(other)
    return None


def add(one, other):
    kind = type(one)
    if kind is type(other):
        if kind in (int, str, float, tuple):
            return one + other
        if kind is List:
            return List(list.__add__(one, other))
    numbers = _numbers(one, other)
    return numbers[0] + numbers[1] if numbers else _unknown("+", one, other)


def iadd(one, other):
    if type(one) is List:
        items = walk(other)
        if items is not None:
            one.check_change("apply += to")
            one += list(items)
            return one
    return add(one, other)


def sub(one, other):
    kind = type(one)
    if kind is type(other):
        if kind in (int, float):
            return one - other
        if kind is Set:
            return Set(dict.fromkeys(key for key in one if key not in other))
    numbers = _numbers(one, other)
    return numbers[0] - numbers[1] if numbers else _unknown("-", one, other)


def mul(one, other):
    if type(one) is int and type(other) is int:
        if one.bit_length() + other.bit_length() > MOST_BITS:
            raise Error("int too large")
        return one * other
    numbers = _numbers(one, other)
    if numbers:
        return _quiet(lambda: numbers[0] * numbers[1])
    for what, count in ((one, other), (other, one)):
        if type(count) is int and type(what) in (str, bytes, List, tuple):
            return _repeat(what, count)
    return _unknown("*", one, other)


def _repeat(what, count):
    if not what:
        return List() if type(what) is List else what
    if not -2**31 <= count < 2**31:
        raise Error(f"repeat count {count} too large")
    if count * len(what) >= MOST_ELEMENTS:
        raise Error(f"excessive repeat ({len(what)} * {count} elements)")
    return List(list.__mul__(what, count)) if type(what) is List else what * count


def _quiet(operation):
    """A float operation whose overflow is infinity, as Go has it."""
    try:
        return operation()
    except OverflowError:
        return math.inf


def _divided(one, other, problem):
    """The operands of a division, as floats."""
    if {type(one), type(other)} <= {int, float}:
        if not other:
            raise Error(problem)
        return finite(one), finite(other)
    return None


def div(one, other):
    numbers = _divided(one, other, "floating-point division by zero")
    return numbers[0] / numbers[1] if numbers else _unknown("/", one, other)


def floordiv(one, other):
    if type(one) is int and type(other) is int and other:
        return one // other
    numbers = _divided(one, other, "floored division by zero")
    if not numbers:
        return _unknown("//", one, other)
    quotient = numbers[0] / numbers[1]
    return float(math.floor(quotient)) if math.isfinite(quotient) else quotient


def mod(one, other):
    if type(one) is str:
        return interpolate(one, other)
    if type(one) is int and type(other) is int:
        if not other:
            raise Error("integer modulo by zero")
        return one % other
    numbers = _divided(one, other, "floating-point modulo by zero")
    return numbers[0] % numbers[1] if numbers else _unknown("%", one, other)


def and_(one, other):
    kind = type(one)
    if kind is type(other) and kind is int:
        return one & other
    if kind is type(other) and kind is Set:
        return Set(dict.fromkeys(key for key in one if key in other))
    return _unknown("&", one, other)


def or_(one, other):
    kind = type(one)
    if kind is type(other) and kind is int:
        return one | other
    if kind is type(other) and kind in (Dict, Set):
        return kind({**one, **other})
    return _unknown("|", one, other)


def ior(one, other):
    if type(one) is Dict and type(other) is Dict:
        one.check_change("apply |= to")
        dict.update(one, other)
        return one
    return or_(one, other)


def xor(one, other):
    kind = type(one)
    if kind is type(other) and kind is int:
        return one ^ other
    if kind is type(other) and kind is Set:
        result = {key: None for key in one if key not in other}
        result.update((key, None) for key in other if key not in one)
        return Set(result)
    return _unknown("^", one, other)


def _shift(operator, one, other):
    if type(one) is not int:
        return _unknown(operator, one, other)
    if index32(other) < 0:
        raise Error(f"negative shift count: {other}")
    if operator == "<<" and other >= MOST_SHIFT:
        raise Error(f"shift count too large: {other}")
    return one << other if operator == "<<" else one >> other


def _unary(operator, value, operation, kinds):
    if type(value) not in kinds:
        raise Error(f"unknown unary op: {operator} {type_of(value)}")
    return operation(value)


def contains(one, other):
    kind = type(other)
    if kind in (List, tuple):
        return any(equal(item, one) for item in other)
    if kind is Dict:
        return _has_key(other, one)
    if kind is Set:
        return hashable(one) in other
    if kind is str:
        if type(one) is not str:
            raise Error(f"'in <string>' requires string as left operand, not {type_of(one)}")
        return one in other
    if kind is bytes:
        return _in_bytes(one, other)
    if kind is range:
        if type(one) not in (int, float):
            raise Error(f"'in <range>' requires integer as left operand, not {type_of(one)}")
        return whole_number(one) in other
    if isinstance(other, Value) and other.lookup:
        return _found(other, one)
    return _unknown("in", one, other)


def _has_key(mapping, key):
    try:
        return hashable(key) in mapping
    except Error:
        return False


def _found(mapping, key):
    try:
        return mapping.lookup(key) is not MISSING
    except Error:
        return False


def _in_bytes(one, other):
    if type(one) is int and not 0 <= one < 256:
        raise Error(f"int in bytes: {one} out of range (want value in unsigned 8-bit range)")
    if type(one) not in (int, bytes):
        raise Error(f"'in bytes' requires bytes or int as left operand, not {type_of(one)}")
    return one in other


# Attributes and indices.

def attr(value, name):
    table = methods.TABLES.get(type(value))
    if table is not None:
        function = table.get(name)
        if function:
            return Builtin(name, function, value)
    elif isinstance(value, Value):
        try:
            result = value.attribute(name)
        except NoAttribute as problem:
            raise Error(problem.message + hint(name, value.attributes(), ".")) from None
        if result is not MISSING:
            return result
    names = table if table is not None else isinstance(value, Value) and value.attributes()
    raise Error(f"{type_of(value)} has no .{name} field or method" + hint(name, names and sorted(names), "."))


def set_attr(new, value, name):
    if not isinstance(value, Value):
        raise Error(f"can't assign to .{name} field of {type_of(value)}")
    try:
        value.set_attribute(name, new)
    except NoAttribute as problem:
        raise Error(problem.message + hint(name, value.attributes(), ".")) from None


def index(value, key):
    kind = type(value)
    if kind is Dict or isinstance(value, Value) and value.lookup:
        result = value.get(hashable(key), MISSING) if kind is Dict else value.lookup(key)
        if result is MISSING:
            raise Error(f"key {represent(key)} not in {type_of(value)}")
        return result
    size = length(value) if kind is not Set else -1
    if size < 0:
        raise Error(f"unhandled index operation {type_of(value)}[{type_of(key)}]")
    try:
        at = index32(key)
    except Error as problem:
        raise Error(f"{type_of(value)} index: {problem.message}") from None
    if not -size <= at < size:
        raise out_of_range(at, size, value)
    at += size if at < 0 else 0
    if kind is bytes:
        return value[at:at + 1]
    return value[at] if kind in (List, tuple, str, range) else value.element(at)


def set_index(new, value, key):
    if type(value) is Dict:
        value.put(key, new)
    elif type(value) is List:
        at = index32(key)
        if not -len(value) <= at < len(value):
            raise out_of_range(at, len(value), value)
        value.check_change("assign to element of")
        value[at] = new
    else:
        raise Error(f"{type_of(value)} value does not support item assignment")


def slice_(value, low, high, step):
    if type(value) not in (List, tuple, str, bytes, range):
        raise Error(f"invalid slice operand {type_of(value)}")
    if step is not None:
        _bound("slice step", step)
        if not step:
            raise Error("zero is not a valid slice step")
    bounds = slice(_bound("start index", low), _bound("end index", high), step)
    result = value[bounds]
    return List(result) if type(value) is List else result


def _bound(what, value):
    try:
        return value if value is None else index32(value)
    except Error as problem:
        raise Error(f"invalid {what}: {problem.message}") from None


# Literals, loops, calls.

def dict_of(parts):
    """A dict of key, value, key, value, ..."""
    result = Dict()
    for at in range(0, len(parts), 2):
        key = hashable(parts[at])
        if key in result:
            raise Error(f"duplicate key: {represent(key)}")
        result[key] = parts[at + 1]
    return result


def each(value, shape=None):
    """What a loop walks over; with a shape, each element is unpacked."""
    kind = type(value)
    if kind in (List, Dict, Set):
        items = _guarded(value)
    else:
        items = value if kind in (range, tuple) else walk(value)
        if items is None:
            raise Error(f"{type_of(value)} value is not iterable")
    return items if shape is None else (_unpack_shape(item, shape) for item in items)


def _guarded(value):
    """Walks over what must not change meanwhile."""
    value.busy += 1
    try:
        yield from value
    finally:
        value.busy -= 1


def _unpack_shape(value, shape):
    items = unpack(value, len(shape))
    return [item if inner is None else _unpack_shape(item, inner) for item, inner in zip(items, shape)]


def unpack(value, count):
    """The elements of a sequence that must have so many."""
    items = walk(value)
    if items is None:
        raise Error(f"got {type_of(value)} in sequence assignment")
    items = list(items)
    if len(items) != count:
        what = "many" if len(items) > count else "few"
        raise Error(f"too {what} values to unpack (got {len(items)}, want {count})")
    return items


def spread(value):
    items = walk(value)
    if items is None:
        raise Error(f"argument after * must be iterable, not {type_of(value)}")
    return items


def spread_named(value):
    if type(value) is not Dict:
        raise Error(f"argument after ** must be a mapping, not {type_of(value)}")
    for key in value:
        if type(key) is not str:
            raise Error(f"keywords must be strings, not {type_of(key)}")
    return value


def load(_module):
    raise Error("load not implemented by this application")


HELPERS = {
    "add": add, "iadd": iadd, "sub": sub, "mul": mul, "div": div, "floordiv": floordiv, "mod": mod, "and": and_, "or": or_,
    "ior": ior, "xor": xor, "shl": lambda a, b: _shift("<<", a, b), "shr": lambda a, b: _shift(">>", a, b),
    "eq": equal, "ne": lambda a, b: not equal(a, b), "in": contains, "not_in": lambda a, b: not contains(a, b),
    "lt": lambda a, b: compare("<", a, b), "le": lambda a, b: compare("<=", a, b),
    "gt": lambda a, b: compare(">", a, b), "ge": lambda a, b: compare(">=", a, b),
    "pos": lambda a: _unary("+", a, lambda x: x, (int, float)), "neg": lambda a: _unary("-", a, lambda x: -x, (int, float)),
    "invert": lambda a: _unary("~", a, lambda x: ~x, (int,)),
    "attr": attr, "set_attr": set_attr, "index": index, "set_index": set_index, "slice": slice_,
    "list": List, "dict": Dict, "dict_of": dict_of, "key": hashable, "each": each, "unpack": unpack,
    "spread": spread, "spread_named": spread_named, "load": load,
}
