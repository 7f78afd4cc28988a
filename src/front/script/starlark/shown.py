# SPDX-License-Identifier: Apache-2.0
"""Variables of the target as text, on one line or on several, as Delve prints them. A variable is the dict of its JSON."""
import base64

from .scan import star
from .shapes import KINDS
from .values import quote

ARRAY, CHAN, FUNC, INTERFACE, MAP, POINTER, SLICE, STRING, STRUCT, UNSAFE = (
    KINDS.index(name) for name in "array chan func interface map ptr slice string struct unsafe.Pointer".split())
BOOL = KINDS.index("bool")
SIGNED = range(KINDS.index("int"), KINDS.index("int64") + 1)
UNSIGNED = range(KINDS.index("uint"), KINDS.index("uintptr") + 1)
FLOATS = range(KINDS.index("float32"), KINDS.index("float64") + 1)
COMPLEX = range(KINDS.index("complex64"), KINDS.index("complex128") + 1)
WORD = 8
SHORT_STRING = 7  # bytes of a string that does not put what has it on lines of its own


def kind_of(data):
    return data.get("kind", 0)


def type_of(data):
    return star(data.get("type", ""))


def children_of(data):
    return data.get("children") or []


def string_of(data):
    """A string's bytes as far as they are loaded."""
    raw = data.get("StringValueBytes")
    return base64.b64decode(raw).decode("latin-1") if raw else star(data.get("value", ""))


def hex_of(data):
    return hex(data.get("addr", 0))


def single_line(data):
    return "".join(_write(data, True, True, None))


def lines(data, indent=""):
    """As Delve's `print`: what has parts of some size has each of them on a line, `indent` and tabs before it. A pointer has
    a line of its own."""
    target = (children_of(data) or [{}])[0]
    if kind_of(data) == POINTER and target.get("addr") and not target.get("onlyAddr") and not data.get("unreadable"):
        return f"({_type_in_parentheses(data)})({hex_of(target)})\n{indent}" + "".join(_write(data, True, True, indent))
    return "".join(_write(data, True, True, indent))


def _type_in_parentheses(data):
    """The type, in quotes if there is a slash in it."""
    return quote(type_of(data)) if "/" in type_of(data) else type_of(data)


# The pieces of a variable's text. `indent`: what stands before the lines of its parts, but a tab; None: one line.

def _write(data, top, with_type, indent):
    if data.get("unreadable"):
        return [f"(unreadable {star(data['unreadable'])})"]
    if not top and not data.get("addr") and not data.get("value"):
        return [f"{type_of(data)} nil" if with_type and data.get("type") != "void" else "nil"]
    writer = _WRITERS.get(kind_of(data))
    return writer(data, with_type, indent) if writer else _write_basic(data)


def _write_basic(data):
    kind, value = kind_of(data), data.get("value", "")
    if kind == STRING:
        shown = string_of(data)
        more = data.get("len", 0) - len(shown)
        return [quote(f"{shown}...+{more} more" if more else shown)]
    if not value:
        return [f"(unknown {KINDS[kind] if kind < len(KINDS) else kind})"]
    if kind in COMPLEX:
        real, imaginary = (child.get("value", "") for child in children_of(data))
        return [f"({real} + {imaginary}i)"]
    return [star(value)]


def _behind_pointers(data):
    """What is behind any number of pointers, and whether there was one."""
    pointer = False
    while kind_of(data) == POINTER and children_of(data):
        data, pointer = data["children"][0], True
    return data, pointer


def _is_large(part, alone):
    """Does a part put its siblings on lines of their own? `alone`: its own string, if it is one, counts as well."""
    target, pointer = _behind_pointers(part)
    kind = kind_of(target)
    if kind == STRING:
        return pointer or alone and len(string_of(part)) > SHORT_STRING
    return kind in (SLICE, ARRAY, STRUCT, MAP, INTERFACE)


def _elements_on_lines(children):
    """Elements are of one type, so that the first one tells; but for the lengths of strings."""
    return bool(children) and (_is_large(children[0], False) or kind_of(children[0]) == STRING and
                               any(_is_large(child, True) for child in children))


def _deeper(indent, wanted=True):
    """What stands before a part that has a line of its own, and its indent; nothing where it has none."""
    if indent is None or not wanted:
        return "", None
    return f"\n{indent}\t", indent + "\t"


def _more(before, count):
    return f"{before or ','}...+{count} more"


def _write_elements(data, indent):
    children, size = children_of(data), data.get("len", 0)
    before, inner = _deeper(indent, _elements_on_lines(children))
    parts = ["["]
    for at, child in enumerate(children):
        parts += [before, *_write(child, False, False, inner)]
        parts.append("," if before or at < len(children) - 1 else "")
    if len(children) != size:
        parts.append(_more(before, size - len(children)) if children else "...")
    return [*parts, f"\n{indent}]" if before else "]"]


def _write_slice(data, with_type, indent):
    head = f"{type_of(data)} len: {data.get('len', 0)}, cap: {data.get('cap', 0)}, " if with_type else ""
    if not data.get("base") and not children_of(data):
        return [head, "nil"]
    return [head] + _write_elements(data, indent)


def _write_array(data, with_type, indent):
    return [f"{type_of(data)} " if with_type else ""] + _write_elements(data, indent)


def _write_struct(data, with_type, indent):
    children, size = children_of(data), data.get("len", 0)
    parts = []
    if kind_of(data) == STRUCT and data.get("value"):
        parts.append(f"{type_of(data)}({star(data['value'])})")
        with_type = False
    if size and not children:
        return parts + [f"(*{_type_in_parentheses(data)})({hex_of(data)})"]
    parts.append(f"{type_of(data)} {{" if with_type else "{")
    before, inner = _deeper(indent, any(_is_large(child, True) for child in children))
    for at, child in enumerate(children):
        parts += [before, star(child.get("name", "")), ": ", *_write(child, False, True, inner)]
        parts.append("," if before else ", " if at < len(children) - 1 else "")
    if len(children) != size:
        parts.append(_more(before, size - len(children)))
    return parts + ["}"]


def _write_pointer(data, with_type, indent):
    children = children_of(data)
    if not data.get("type") or not children:
        return ["nil"]
    if children[0].get("onlyAddr") and children[0].get("addr"):
        return [f"({_type_in_parentheses(data)})({hex_of(children[0])})"]
    return ["*"] + _write(children[0], False, with_type, indent)


def _write_unsafe(data, _with_type, _indent):
    children = children_of(data)
    return [f"unsafe.Pointer({hex_of(children[0]) if children else 'nil'})"]


def _write_chan(data, with_type, indent):
    children = children_of(data)
    if indent is not None:
        return _write_struct(data, with_type, indent)
    if not children:
        return [f"{type_of(data)} nil"]
    return [f"{type_of(data)} {children[0].get('value', '')}/{children[1].get('value', '')}"]


def _write_interface(data, with_type, indent):
    children = children_of(data)
    if not data.get("addr") or not children:
        return ["nil"]
    held = children[0]
    parts = []
    if with_type:
        if not kind_of(held):
            parts.append(f"{type_of(data)} ")
            if not held.get("addr"):
                return parts + ["nil"]
        else:
            parts.append(f"{type_of(data)}({type_of(held)}) ")
    if kind_of(held) == POINTER:
        inner = children_of(held)
        if not inner:
            return parts + ["..."]
        if not inner[0].get("addr"):
            return parts + ["nil"]
        if inner[0].get("onlyAddr"):  # where the pointer is: the second word of the interface
            return parts + [hex_of(held) if held.get("addr") else hex(data["addr"] + WORD)]
    elif held.get("onlyAddr"):
        return parts + [f"*(*{_type_in_parentheses(data)})({hex_of(data)})"]
    return parts + _write(held, False, not with_type, indent)


def _write_map(data, with_type, indent):
    children, size = children_of(data), data.get("len", 0)
    head = f"{type_of(data)} " if with_type else ""
    if not data.get("base") and not children:
        return [head, "nil"]
    before, inner = _deeper(indent, bool(children))
    parts = [head, "["]
    for at in range(0, len(children) - 1, 2):
        # Delve looks for the last key where the last value is, so that a blank and a comma end the list.
        parts += [before, *_write(children[at], False, False, None), ": ", *_write(children[at + 1], False, False, inner), ", "]
    if len(children) // 2 != size:
        parts.append(_more(before, size - len(children) // 2) if children else "...")
    return [*parts, f"\n{indent}]" if before else "]"]


def _write_func(data, _with_type, _indent):
    return [star(data["value"]) if data.get("value") else "nil"]


_WRITERS = {SLICE: _write_slice, ARRAY: _write_array, STRUCT: _write_struct, POINTER: _write_pointer, UNSAFE: _write_unsafe,
            CHAN: _write_chan, INTERFACE: _write_interface, MAP: _write_map, FUNC: _write_func}
