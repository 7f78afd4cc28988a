# SPDX-License-Identifier: Apache-2.0
"""The two ways to fill values into a string: `%` and .format()."""
import re

from .scan import star
from .values import MISSING, Dict, Error, Value, float_text, int_text, represent, to_text, type_of, whole_number

_CONVERSION = re.compile(r"%(?:%|(?:\(([^)]*)(\))?)?(.?))", re.DOTALL)


def interpolate(template, argument):
    """template % argument"""
    values = argument if type(argument) is tuple else (argument,)
    parts, at, used = [], 0, 0
    for match in _CONVERSION.finditer(template):
        parts.append(template[at:match.start()])
        at = match.end()
        if match.group() == "%%":
            parts.append("%")
            continue
        key, closed, letter = match.groups()
        if key is not None:
            value = _keyed(argument, key, closed)
        elif used >= len(values):
            raise Error("not enough arguments for format string")
        else:
            value = values[used]
        if not letter:
            raise Error("incomplete format")
        parts.append(_convert(letter, value))
        used += 1
    if used < len(values):
        raise Error("too many arguments for format string")
    return "".join(parts) + template[at:]


def _keyed(mapping, key, closed):
    if not closed:
        raise Error("incomplete format key")
    if type(mapping) is Dict:
        value = mapping.get(key, MISSING)
    elif isinstance(mapping, Value) and mapping.lookup:
        value = mapping.lookup(key)
    else:
        raise Error("format requires a mapping")
    if value is MISSING:
        raise Error(f"key not found: {key}")
    return value


def _convert(letter, value):
    if letter == "s":
        return to_text(value)
    if letter == "r":
        return represent(value)
    if letter in "dioxX":
        try:
            number = whole_number(value)
        except Error as problem:
            raise Error(f"%{letter} format requires integer: {problem.message}") from None
        return int_text(number, "d" if letter == "i" else letter)
    if letter in "efgEFG":
        if type(value) not in (int, float):
            raise Error(f"%{letter} format requires float, not {type_of(value)}")
        return float_text(float(value), letter)
    if letter == "c":
        return _character(value)
    if letter == "%":
        return "%"
    raise Error(f"unknown conversion %{letter}")


def _character(value):
    if type(value) is int:
        if not 0 <= value <= 0x10FFFF:
            raise Error(f"%c format requires a valid Unicode code point, got {value}")
        return code_point(value)
    if type(value) is not str:
        raise Error(f"%c format requires int or single-character string, not {type_of(value)}")
    if len(value.encode("latin-1").decode("utf-8", "surrogateescape")) != 1:
        raise Error("%c format requires a single-character string")
    return value


def code_point(value):
    """The string of one code point; a surrogate is none."""
    return star("\ufffd" if 0xD800 <= value < 0xE000 else chr(value))


class _Fields:
    """The arguments of .format(), which are numbered by hand or one after the other."""

    def __init__(self, args, kwargs):
        self.args, self.kwargs = args, kwargs
        self.next, self.manual = 0, False

    def _at(self, index):
        if index >= len(self.args):
            raise Error("format: tuple index out of range")
        return self.args[index]

    def get(self, name):
        if not name:
            if self.manual:
                raise Error("format: cannot switch from manual field specification to automatic field numbering")
            self.next += 1
            return self._at(self.next - 1)
        if re.fullmatch("[0-9]+", name):
            if self.next:
                raise Error("format: cannot switch from automatic field numbering to manual field specification")
            self.manual = True
            return self._at(int(name[:10]))
        if name in self.kwargs:
            return self.kwargs[name]
        for sign, what in ((".", "attribute syntax x.y is"), ("[", "element syntax a[i] is")):
            if sign in name:
                raise Error(f"format: {what} not supported in replacement fields: {name}")
        if "{" in name:
            raise Error("format: nested replacement fields not supported")
        raise Error(f"format: keyword {name} not found")


def format_string(template, args, kwargs):
    """template.format(*args, **kwargs)"""
    fields, parts, at = _Fields(args, kwargs), [], 0
    while True:
        start = template.find("{", at)
        literal = template[at:] if start < 0 else template[at:start]
        if "}" in literal.replace("}}", ""):
            raise Error("format: single '}' in format")
        parts.append(literal.replace("}}", "}"))
        if start < 0:
            return "".join(parts)
        if template.startswith("{{", start):
            parts.append("{")
            at = start + 2
            continue
        end = template.find("}", start)
        if end < 0:
            raise Error("format: unmatched '{' in format")
        parts.append(_field(template[start + 1:end], fields))
        at = end + 1


def _field(field, fields):
    name, exclamation, conversion = field.partition("!")
    if exclamation:
        conversion, _, specification = conversion.partition(":")
    else:
        conversion = "s"
        name, _, specification = field.partition(":")
    value = fields.get(name)
    if specification:
        raise Error(f"format spec features not supported in replacement fields: {specification}")
    if conversion not in ("s", "r"):
        raise Error(f'format: unknown conversion "{conversion}"')
    return to_text(value) if conversion == "s" else represent(value)
