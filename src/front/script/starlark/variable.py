# SPDX-License-Identifier: Apache-2.0
"""Variables of the target: api.Variable as a value that a script can work with, and as text on one line.

A variable is the dict of its JSON. What is not loaded is asked for by address and type when a script comes to it.
"""
import base64

from .scan import star
from .shapes import KINDS
from .values import MISSING, Error, Value, float_text, go_float, go_name, quote

ARRAY, CHAN, FUNC, INTERFACE, MAP, POINTER, SLICE, STRING, STRUCT, UNSAFE = (
    KINDS.index(name) for name in "array chan func interface map ptr slice string struct unsafe.Pointer".split())
BOOL = KINDS.index("bool")
SIGNED = range(KINDS.index("int"), KINDS.index("int64") + 1)
UNSIGNED = range(KINDS.index("uint"), KINDS.index("uintptr") + 1)
FLOATS = range(KINDS.index("float32"), KINDS.index("float64") + 1)
COMPLEX = range(KINDS.index("complex64"), KINDS.index("complex128") + 1)
WORD = 8
PLAIN = frozenset((BOOL, *SIGNED, *UNSIGNED, *FLOATS))  # a parent has these in full


def _kind(data):
    return data.get("kind", 0)


def _type(data):
    return star(data.get("type", ""))


def _children(data):
    return data.get("children") or []


def string_of(data):
    """A string's bytes as far as they are loaded."""
    raw = data.get("StringValueBytes")
    return base64.b64decode(raw).decode("latin-1") if raw else star(data.get("value", ""))


def address_expression(data):
    return f"(*(*{quote(_type(data))})({_hex(data)}))"


def _hex(data):
    return hex(data.get("addr", 0))


def _digits(value):
    """The number in NAME(NUMBER), or the number alone."""
    return value[value.rindex("(") + 1:-1] if value.endswith(")") and "(" in value else value


def to_value(data, top, delve):
    """A variable as a script's value; raises Error where it is not loaded."""
    kind, value = _kind(data), data.get("value", "")
    if not top and not data.get("addr") and not value:
        return None
    if kind in (STRUCT, SLICE, ARRAY, MAP):
        if data.get("len") and not _children(data):
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
    if not _children(data):
        return
    target = data["children"][0]
    if _kind(data) == INTERFACE and _kind(target) == POINTER and not target.get("addr") and data.get("addr"):
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
    if _kind(data) not in PLAIN or not data.get("value"):
        data = delve.load(address_expression(data))
    return to_value(data, False, delve)


class Variable(Value):
    """A variable that is no plain value."""

    __slots__ = ("data", "delve")

    def __init__(self, data, delve):
        self.data, self.delve = data, delve

    def get_type(self):
        return _type(self.data)

    def text(self):
        return single_line(self.data)

    def hash_problem(self):
        return "not hashable"


class Struct(Variable):
    __slots__ = ()

    def attributes(self):
        return [star(child.get("name", "")) for child in _children(self.data)]

    def attribute(self, name):
        for child in _children(self.data):
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
        children = _children(self.data)
        try:
            if index < len(children) and _kind(children[index]) in PLAIN:
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
        children = _children(self.data)
        return Struct(children[0], self.delve) if children and _kind(children[0]) == STRUCT else None

    def attributes(self):
        struct = self._struct()
        return struct.attributes() if struct else []

    def attribute(self, name):
        struct = self._struct()
        if struct:
            return struct.attribute(name)
        children = _children(self.data)
        if _kind(self.data) == INTERFACE and children and _kind(children[0]) == POINTER:
            inner = children[0]
            _load_target(inner, self.delve)
            return Pointer(inner, self.delve).attribute(name)
        return MISSING

    def lookup(self, key):
        if type(key) is not int:
            struct = self._struct()
            return struct.lookup(key) if struct else MISSING
        if not _children(self.data):
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
        children = _children(self.data)
        return self._part(children[at]), self._part(children[at + 1])

    def _part(self, data):
        try:
            return _loaded(data, self.delve)
        except Error:
            return None

    def items(self):
        return [self._pair(at) for at in range(0, len(_children(self.data)) - 1, 2)]

    def walk(self):
        at, size = 0, 2 * self.data.get("len", 0)
        while at < size:
            children = _children(self.data)
            if at >= len(children):  # more than are loaded at first
                children = _children(self.delve.load(address_expression(self.data), size // 2))
                if at >= len(children):
                    return
                self.data["children"] = children
            yield self._part(children[at])
            at += 2


_CONTAINERS = {STRUCT: Struct, SLICE: Sequence, ARRAY: Sequence, MAP: Map}


# The text of a variable on one line, as Delve prints it.

def single_line(data):
    return "".join(_write(data, True, True))


def _type_in_parentheses(data):
    """The type, in quotes if there is a slash in it."""
    return quote(_type(data)) if "/" in _type(data) else _type(data)


def _write(data, top, with_type):
    """The pieces of a variable's text."""
    if data.get("unreadable"):
        return [f"(unreadable {star(data['unreadable'])})"]
    if not top and not data.get("addr") and not data.get("value"):
        return [f"{_type(data)} nil" if with_type and data.get("type") != "void" else "nil"]
    writer = _WRITERS.get(_kind(data))
    return writer(data, with_type) if writer else _write_basic(data)


def _write_basic(data):
    kind, value = _kind(data), data.get("value", "")
    if kind == STRING:
        shown = string_of(data)
        more = data.get("len", 0) - len(shown)
        return [quote(f"{shown}...+{more} more" if more else shown)]
    if not value:
        return [f"(unknown {KINDS[kind] if kind < len(KINDS) else kind})"]
    if kind in COMPLEX:
        real, imaginary = (child.get("value", "") for child in _children(data))
        return [f"({real} + {imaginary}i)"]
    return [star(value)]


def _write_elements(data):
    children, size = _children(data), data.get("len", 0)
    parts = ["["]
    for at, child in enumerate(children):
        parts += ([","] if at else []) + _write(child, False, False)
    if len(children) != size:
        parts.append(f",...+{size - len(children)} more" if children else "...")
    return parts + ["]"]


def _write_slice(data, with_type):
    head = f"{_type(data)} len: {data.get('len', 0)}, cap: {data.get('cap', 0)}, " if with_type else ""
    if not data.get("base") and not _children(data):
        return [head, "nil"]
    return [head] + _write_elements(data)


def _write_array(data, with_type):
    return [f"{_type(data)} " if with_type else ""] + _write_elements(data)


def _write_struct(data, with_type):
    children, size = _children(data), data.get("len", 0)
    parts = []
    if _kind(data) == STRUCT and data.get("value"):
        parts.append(f"{_type(data)}({star(data['value'])})")
        with_type = False
    if size and not children:
        return parts + [f"(*{_type_in_parentheses(data)})({_hex(data)})"]
    parts.append(f"{_type(data)} {{" if with_type else "{")
    for at, child in enumerate(children):
        parts += [", " if at else "", star(child.get("name", "")), ": ", *_write(child, False, True)]
    if len(children) != size:
        parts.append(f",...+{size - len(children)} more")
    return parts + ["}"]


def _write_pointer(data, with_type):
    children = _children(data)
    if not data.get("type") or not children:
        return ["nil"]
    if children[0].get("onlyAddr") and children[0].get("addr"):
        return [f"({_type_in_parentheses(data)})({_hex(children[0])})"]
    return ["*"] + _write(children[0], False, with_type)


def _write_unsafe(data, _with_type):
    children = _children(data)
    return [f"unsafe.Pointer({_hex(children[0]) if children else 'nil'})"]


def _write_chan(data, _with_type):
    children = _children(data)
    if not children:
        return [f"{_type(data)} nil"]
    return [f"{_type(data)} {children[0].get('value', '')}/{children[1].get('value', '')}"]


def _write_interface(data, with_type):
    children = _children(data)
    if not data.get("addr") or not children:
        return ["nil"]
    held = children[0]
    parts = []
    if with_type:
        if not _kind(held):
            parts.append(f"{_type(data)} ")
            if not held.get("addr"):
                return parts + ["nil"]
        else:
            parts.append(f"{_type(data)}({_type(held)}) ")
    if _kind(held) == POINTER:
        inner = _children(held)
        if not inner:
            return parts + ["..."]
        if not inner[0].get("addr"):
            return parts + ["nil"]
        if inner[0].get("onlyAddr"):
            return parts + [_hex(held)]
    elif held.get("onlyAddr"):
        return parts + [f"*(*{_type_in_parentheses(data)})({_hex(data)})"]
    return parts + _write(held, False, not with_type)


def _write_map(data, with_type):
    children, size = _children(data), data.get("len", 0)
    head = f"{_type(data)} " if with_type else ""
    if not data.get("base") and not children:
        return [head, "nil"]
    parts = [head, "["]
    for at in range(0, len(children) - 1, 2):
        # Delve looks for the last key where the last value is, so that a blank and a comma end the list.
        parts += [*_write(children[at], False, False), ": ", *_write(children[at + 1], False, False), ", "]
    if len(children) // 2 != size:
        parts.append(f",...+{size - len(children) // 2} more" if children else "...")
    return parts + ["]"]


def _write_func(data, _with_type):
    return [star(data["value"]) if data.get("value") else "nil"]


_WRITERS = {SLICE: _write_slice, ARRAY: _write_array, STRUCT: _write_struct, POINTER: _write_pointer, UNSAFE: _write_unsafe,
            CHAN: _write_chan, INTERFACE: _write_interface, MAP: _write_map, FUNC: _write_func}
