# SPDX-License-Identifier: Apache-2.0
"""What Delve's interface answers as values of scripts, and arguments of scripts as what it is asked."""
import base64

from . import variable
from .rows import Shared
from .scan import star, text
from .shapes import KINDS, NAMED_NUMBERS, NUMBERS, SHAPES, SLICES, go_type
from .values import MISSING, Dict, Error, List, NoAttribute, Value, go_name, represent


def from_json(data, kind, delve):
    """A value of Go type `kind` (shapes.py) as a script sees it; `data` is None where JSON leaves it out."""
    if kind == "string":
        return star(data) if data else ""
    if kind in NUMBERS:
        return data or 0
    if kind == "bool":
        return bool(data)
    if kind[0] == "*":
        return None if data is None else Struct(kind[1:], data, delve)
    if kind in SHAPES:
        return Struct(kind, {} if data is None else data, delve)
    if kind.startswith(("[]", "[2]")) or kind in SLICES:
        return Slice(kind, data or [], delve)
    return _rare(data, kind)


def _rare(data, kind):
    if kind == "Kind":
        number = data or 0
        return KINDS[number] if number < len(KINDS) else f"kind{number}"
    if kind in NAMED_NUMBERS:
        return str(data or 0)
    if kind == "counts":
        return Dict({star(key): count for key, count in (data or {}).items()})
    if kind == "labels":
        return "map[" + " ".join(f"{star(key)}:{star(value)}" for key, value in sorted((data or {}).items())) + "]"
    return None if data is None else star(str(data))


class Slice(Value):
    """A slice of the interface's own, as goroutines().Goroutines."""

    __slots__ = ("kind", "element_kind", "data", "delve")

    def __init__(self, kind, data, delve):
        self.kind, self.delve = kind, delve
        self.element_kind = SLICES.get(kind) or kind.partition("]")[2]
        self.data = base64.b64decode(data) if kind == "[]byte" and data else data

    def get_type(self):
        return go_type(self.kind)

    def __bool__(self):
        return bool(self.data)

    def hash_problem(self):
        return "not hashable"

    def text(self):
        if self.kind == "[]byte":
            return bytes(self.data).decode("latin-1")
        return go_text(self.data, self.kind, self.delve)

    def length(self):
        return len(self.data)

    def element(self, index):
        data = self.data[index]
        return data if self.kind == "[]byte" else from_json(data, self.element_kind, self.delve)

    def walk(self):
        return (self.element(index) for index in range(len(self.data)))


class Struct(Value):
    """A struct of the interface's own; api.Variable has two attributes more, Value and Expr."""

    __slots__ = ("kind", "shape", "data", "delve", "within")

    def __init__(self, kind, data, delve, within=None):
        self.kind, self.shape, self.data, self.delve = kind, SHAPES[kind], data, delve
        self.within = within  # the struct that it is a part of, and its name there

    def get_type(self):
        if self.kind == "Variable":
            return f"Variable<{star(self.data.get('type', ''))}>"
        return self.shape.name

    def hash_problem(self):
        return "not hashable"

    def text(self):
        if self.kind == "Variable":
            return f"Variable<{variable.single_line(self.data)}>"
        return go_text(self.data, self.kind, self.delve)

    def attributes(self):
        return [field.name for field in self.shape.fields]

    def _no_field(self, name):
        return NoAttribute(f'no field named "{name}" in {self.shape.name}')

    def attribute(self, name):
        if self.kind == "Variable":
            if name == "Value":  # of what has no form for scripts, as a channel, the field of that name
                value = variable.to_value(self.data, True, self.delve)
                return star(self.data.get("value", "")) if value is MISSING else value
            if name == "Expr":
                return variable.address_expression(self.data)
        field = self.shape.found.get(name)
        if not field:
            raise self._no_field(name)
        value = from_json(self.data if field.embedded else self.data.get(field.json), field.type, self.delve)
        if type(value) is Struct and not field.embedded:
            value.within = self, field.json
        return value

    def _own(self):
        """Before it is changed: nothing else has the same data."""
        if type(self.data) is Shared:
            self.data = dict(self.data)
            if self.within:
                whole, name = self.within
                whole._own()
                whole.data[name] = self.data

    def set_attribute(self, name, value):
        field = self.shape.found.get(name)
        if not field or self.kind == "Variable" and name == "Value":
            raise self._no_field(name)
        kinds = {int: NUMBERS, str: ("string",), bool: ("bool",), float: ()}.get(type(value))
        if kinds is None:
            raise Error(f'can not assign value of type {go_name(value)} to {self.shape.name}."{name}"')
        if field.type not in kinds:
            raise Error(f'can not assign to {self.shape.name}."{name}": it is of type {go_type(field.type)}')
        self._own()
        self.data[field.json] = text(value) if type(value) is str else value


def go_text(data, kind, delve):
    """As Go's %#v, but what a pointer points to instead of an address in Delve."""
    if kind[0] == "*":
        return f"({go_type(kind)})(nil)" if data is None else "&" + go_text(data, kind[1:], delve)
    if kind in SHAPES:
        parts = [f"{field.name}:{go_text(data if field.embedded else data.get(field.json), field.type, delve)}"
                 for field in SHAPES[kind].fields]
        return f"{SHAPES[kind].name}{{{', '.join(parts)}}}"
    if kind.startswith(("[]", "[2]")) or kind in SLICES:
        if data is None:
            return f"{go_type(kind)}(nil)"
        inner = SLICES.get(kind) or kind.partition("]")[2]
        return f"{go_type(kind)}{{{', '.join(go_text(item, inner, delve) for item in data)}}}"
    if kind in ("uint64", "byte"):
        return hex(data or 0)
    if kind == "bool":
        return "true" if data else "false"
    return represent(from_json(data, kind, delve))


# Arguments.

_SETTERS = {bool: "SetBool", str: "SetString", float: "SetFloat"}
_FITS = {bool: ("bool",), str: ("string",), float: ()}
_REFLECT_KINDS = {"StacktraceOptions": "uint16", "WatchType": "uint8", "GoroutineField": "uint8", "AssemblyFlavour": "int",
                  "byte": "uint8"}
_RANGES = {"uint64": (0, 2**64), "byte": (0, 2**64), "StacktraceOptions": (0, 2**64), "WatchType": (0, 2**64),
           "GoroutineField": (0, 2**64)}


def to_json(value, kind, path):
    """An argument for a parameter of Go type `kind`, as JSON has it; MISSING for None, which leaves it as it is."""
    def wrong(why=""):
        why = f": {why}" if why else ""
        return Error(f'error setting argument "{path}": can not convert {represent(value)} to {go_type(kind)}{why}')

    if value is None:
        return MISSING
    kind = kind.lstrip("*")
    of = type(value)
    if of is int:
        low, high = _RANGES.get(kind, (-2**63, 2**63))
        if kind not in NUMBERS and kind not in NAMED_NUMBERS or not low <= value < high:
            raise wrong()
        return value
    if of in _SETTERS:
        if kind not in _FITS[of]:
            reflect = _REFLECT_KINDS.get(kind) or ("struct" if kind in SHAPES else "slice" if "[" in kind else kind)
            raise Error(f'error setting argument "{path}" to {represent(value)}: reflect: call of '
                        f"reflect.Value.{_SETTERS[of]} on {reflect} Value")
        return text(value) if of is str else value
    if of is List and kind.startswith(("[]", "[2]")):
        inner = kind.partition("]")[2]
        return [_or_null(to_json(item, inner, path)) for item in value]
    if of is Dict and kind in SHAPES:
        return _dict_to_json(value, kind, path, wrong)
    if of is Struct:
        if value.kind != kind:
            raise Error(f'error setting argument "{path}" to {represent(value)}: reflect.Set: value of type '
                        f"{value.shape.name} is not assignable to type {go_type(kind)}")
        return value.data
    raise wrong()


def _or_null(value):
    return None if value is MISSING else value


def _dict_to_json(value, kind, path, wrong):
    result = {}
    for name, item in value.items():
        if type(name) is not str:
            raise wrong(f'non-string key "{represent(name)}"')
        field = SHAPES[kind].found.get(name)
        if not field:
            raise wrong(f"unknown field {name}")
        item = to_json(item, field.type, f"{path}.{name}")
        if item is not MISSING:
            result[field.json] = item
    return result
