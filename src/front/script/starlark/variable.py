# SPDX-License-Identifier: Apache-2.0
"""Variables of the target: api.Variable as a value that a script can work with.

A variable is the dict of its JSON. What is not loaded is asked for by address and type when a script comes to it.
"""
from .scan import star
from .shown import (ARRAY, BOOL, FLOATS, INTERFACE, MAP, POINTER, SIGNED, SLICE, STRING, STRUCT, UNSIGNED, WORD, children_of,
                    hex_of, kind_of, single_line, string_of, type_of)
from .values import MISSING, Error, Value, float_text, go_float, go_name, quote

PLAIN = frozenset((BOOL, *SIGNED, *UNSIGNED, *FLOATS))  # a parent has these in full


def address_expression(data):
    return f"(*(*{quote(type_of(data))})({hex_of(data)}))"


def _digits(value):
    """The number in NAME(NUMBER), or the number alone."""
    return value[value.rindex("(") + 1:-1] if value.endswith(")") and "(" in value else value


def to_value(data, top, delve):
    """A variable as a script's value; raises Error where it is not loaded."""
    kind, value = kind_of(data), data.get("value", "")
    if not top and not data.get("addr") and not value:
        return None
    if kind in (STRUCT, SLICE, ARRAY, MAP):
        if data.get("len") and not children_of(data):
            raise Error("value not loaded")
        return _CONTAINERS[kind](data, delve)
    if kind == STRING:
        return string_of(data)
    if kind in SIGNED or kind in UNSIGNED:
        try:
            return int(_digits(value), 0)
        except ValueError:
            return 0
    if kind == BOOL:
        return value == "true"
    if kind in FLOATS:
        return _float(value)
    if kind in (POINTER, INTERFACE):
        _load_target(data, delve)
        return Pointer(data, delve)
    return MISSING


def _load_target(data, delve):
    """Loads what a pointer or interface has, if that is anything."""
    if not children_of(data):
        return
    target = data["children"][0]
    if kind_of(data) == INTERFACE and kind_of(target) == POINTER and not target.get("addr") and data.get("addr"):
        target["addr"] = data["addr"] + WORD  # a pointer that an interface holds is its second word
    if target.get("addr"):
        data["children"][0] = delve.load(address_expression(target))


def _float(value):
    try:
        return float(value)
    except ValueError:
        return 0.0


def _loaded(data, delve):
    """The value of a child: as its parent has it if that is all, else asked for anew."""
    if kind_of(data) not in PLAIN or not data.get("value"):
        data = delve.load(address_expression(data))
    return to_value(data, False, delve)


class Variable(Value):
    """A variable that is no plain value."""

    __slots__ = ("data", "delve")

    def __init__(self, data, delve):
        self.data, self.delve = data, delve

    def get_type(self):
        return type_of(self.data)

    def text(self):
        return single_line(self.data)

    def hash_problem(self):
        return "not hashable"


class Struct(Variable):
    __slots__ = ()

    def attributes(self):
        return [star(child.get("name", "")) for child in children_of(self.data)]

    def attribute(self, name):
        for child in children_of(self.data):
            if star(child.get("name", "")) == name:
                return _loaded(child, self.delve)
        return MISSING

    def lookup(self, key):
        return self.attribute(key) if type(key) is str else MISSING


class Sequence(Variable):
    __slots__ = ()

    def __bool__(self):
        return self.length() > 0

    def length(self):
        return self.data.get("len", 0)

    def element(self, index):
        children = children_of(self.data)
        try:
            if index < len(children) and kind_of(children[index]) in PLAIN:
                return _loaded(children[index], self.delve)
            return to_value(self.delve.load(f"{address_expression(self.data)}[{index}]"), False, self.delve)
        except Error as problem:
            return problem.message

    def walk(self):
        return (self.element(index) for index in range(self.length()))


class Pointer(Variable):
    """A pointer or interface: [0] is what it points to, and a struct's fields are its own."""

    __slots__ = ()

    def _struct(self):
        children = children_of(self.data)
        return Struct(children[0], self.delve) if children and kind_of(children[0]) == STRUCT else None

    def attributes(self):
        struct = self._struct()
        return struct.attributes() if struct else []

    def attribute(self, name):
        struct = self._struct()
        if struct:
            return struct.attribute(name)
        children = children_of(self.data)
        if kind_of(self.data) == INTERFACE and children and kind_of(children[0]) == POINTER:
            inner = children[0]
            _load_target(inner, self.delve)
            return Pointer(inner, self.delve).attribute(name)
        return MISSING

    def lookup(self, key):
        if type(key) is not int:
            struct = self._struct()
            return struct.lookup(key) if struct else MISSING
        if not children_of(self.data):
            return None
        if key:
            return MISSING
        try:
            return to_value(self.data["children"][0], False, self.delve)
        except Error as problem:
            return problem.message


class Map(Variable):
    __slots__ = ()

    def lookup(self, key):
        of = type(key)
        if of is int or of is bool:
            text = str(key).lower()
        elif of is float:
            text = go_float(key) if key - key == 0 else float_text(key)
        elif of is str:
            text = quote(key)
        elif of is Struct:
            text = address_expression(key.data)
        else:
            raise Error(f"key type not supported {go_name(key)}")
        loaded = self.delve.load(f"{address_expression(self.data)}[{text}]")
        if loaded.get("unreadable") == "key not found":
            return MISSING
        return to_value(loaded, False, self.delve)

    def _pair(self, at):
        children = children_of(self.data)
        return self._part(children[at]), self._part(children[at + 1])

    def _part(self, data):
        try:
            return _loaded(data, self.delve)
        except Error:
            return None

    def items(self):
        return [self._pair(at) for at in range(0, len(children_of(self.data)) - 1, 2)]

    def walk(self):
        at, size = 0, 2 * self.data.get("len", 0)
        while at < size:
            children = children_of(self.data)
            if at >= len(children):  # more than are loaded at first
                children = children_of(self.delve.load(address_expression(self.data), size // 2))
                if at >= len(children):
                    return
                self.data["children"] = children
            yield self._part(children[at])
            at += 2


_CONTAINERS = {STRUCT: Struct, SLICE: Sequence, ARRAY: Sequence, MAP: Map}
