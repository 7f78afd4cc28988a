# SPDX-License-Identifier: Apache-2.0
"""The methods of Starlark's own types: a table for each type, of functions (receiver, args, kwargs)."""
import re
import unicodedata

from .arguments import positional
from .formats import code_point, format_string
from .scan import star
from .values import MISSING, Dict, Error, List, Set, View, equal, hashable, index32, length, out_of_range, type_of, walk


class _Table(dict):
    """Functions by name; the name is given to them first."""

    def method(self, *names):
        def add(function):
            for name in names:
                self[name] = lambda receiver, args, kwargs, name=name: function(name, receiver, args, kwargs)
            return function
        return add


STRING, BYTES, LIST, DICT, SET = _Table(), _Table(), _Table(), _Table(), _Table()
TABLES = {str: STRING, bytes: BYTES, List: LIST, Dict: DICT, Set: SET}


def _named(name, function, *arguments):
    """What the function gives; an error of it begins with the name."""
    try:
        return function(*arguments)
    except Error as problem:
        raise Error(f"{name}: {problem.message}") from None


def _bounds(name, start, end, size):
    """Start and end of a part of a string or list, within it."""
    ends = []
    for value, what, default in ((start, "start index", 0), (end, "end index", size)):
        if value is MISSING or value is None:
            ends.append(default)
            continue
        try:
            value = index32(value)
        except Error as problem:
            raise Error(f"{name}: invalid {what}: {problem.message}") from None
        ends.append(min(max(value + size if value < 0 else value, 0), size))
    return ends


def _runes(value):
    """A Starlark string as text, one character for each code point; bytes that are none become U+FFFD."""
    return value if value.isascii() else value.encode("latin-1").decode("utf-8", "replace")


# Strings.

def _is_letter(char):
    return unicodedata.category(char).startswith("L")


def _is_digit(char):
    return unicodedata.category(char) == "Nd"


def _is_cased(char):
    return unicodedata.category(char) in ("Lu", "Ll", "Lt")


def _one_letter(function):
    """A change of case by letters: what would become two letters stays, as in Go."""
    return lambda char: function(char) if len(function(char)) == 1 else char


_lower, _upper, _title = _one_letter(str.lower), _one_letter(str.upper), _one_letter(str.title)


def _case(value, function):
    return star("".join(map(function, _runes(value))))


@STRING.method("lower")
def _string_lower(name, value, args, kwargs):
    positional(name, args, kwargs, 0)
    return value.lower() if value.isascii() else _case(value, _lower)


@STRING.method("upper")
def _string_upper(name, value, args, kwargs):
    positional(name, args, kwargs, 0)
    return value.upper() if value.isascii() else _case(value, _upper)


@STRING.method("capitalize")
def _string_capitalize(name, value, args, kwargs):
    positional(name, args, kwargs, 0)
    runes = _runes(value)
    return star("".join(map(_title, runes[:1])) + "".join(map(_lower, runes[1:])))


@STRING.method("title")
def _string_title(name, value, args, kwargs):
    positional(name, args, kwargs, 0)
    parts, cased = [], False
    for char in _runes(value):
        parts.append(_lower(char) if cased else _title(char))
        cased = _is_cased(parts[-1])
    return star("".join(parts))


def _all_letters(name, test):
    @STRING.method(name)
    def _method(name, value, args, kwargs):
        positional(name, args, kwargs, 0)
        return bool(value) and all(map(test, _runes(value)))


_all_letters("isalnum", lambda char: _is_letter(char) or _is_digit(char))
_all_letters("isalpha", _is_letter)
_all_letters("isdigit", _is_digit)
_all_letters("isspace", lambda char: char in _SPACES)

_SPACES = "\t\n\v\f\r \x85\xa0\u1680\u2000\u2001\u2002\u2003\u2004\u2005\u2006\u2007\u2008\u2009\u200a\u2028\u2029\u202f\u205f\u3000"


@STRING.method("islower", "isupper")
def _string_is_case(name, value, args, kwargs):
    positional(name, args, kwargs, 0)
    runes = _runes(value)
    if not any(map(_is_cased, runes)):
        return False
    return "".join(map(_lower if name == "islower" else _upper, runes)) == runes


@STRING.method("istitle")
def _string_istitle(name, value, args, kwargs):
    positional(name, args, kwargs, 0)
    seen = before = False
    for char in _runes(value):
        upper = unicodedata.category(char) in ("Lu", "Lt")
        if before and upper or not before and unicodedata.category(char) == "Ll":
            return False
        before = _is_cased(char)
        seen = seen or before
    return seen


@STRING.method("count")
def _string_count(name, value, args, kwargs):
    part, start, end = positional(name, args, kwargs, 1, "string", "any", "any")
    start, end = _bounds(name, start, end, len(value))
    inside = value[start:end]
    return inside.count(part) if part else len(_runes(inside)) + 1


@STRING.method("find", "rfind", "index", "rindex")
def _string_find(name, value, args, kwargs):
    part, start, end = positional(name, args, kwargs, 1, "string", "any", "any")
    start, end = _bounds(name, start, end, len(value))
    inside = value[start:end]
    found = inside.rfind(part) if name.startswith("r") else inside.find(part)
    if found >= 0:
        return found + start
    if name.endswith("index"):
        raise Error(f"{name}: substring not found")
    return -1


@STRING.method("startswith", "endswith")
def _string_startswith(name, value, args, kwargs):
    part, start, end = positional(name, args, kwargs, 1, "any", "any", "any")
    start, end = _bounds(name, start, end, len(value))
    inside = value[start:max(end, start)]
    test = inside.startswith if name == "startswith" else inside.endswith
    if type(part) is str:
        return test(part)
    if type(part) is not tuple:
        raise Error(f"{name}: got {type_of(part)}, want string or tuple of string")
    for at, one in enumerate(part):
        if type(one) is not str:
            raise Error(f"{name}: want string, got {type_of(one)}, for element {at}")
        if test(one):
            return True
    return False


@STRING.method("format")
def _string_format(name, value, args, kwargs):
    del name
    return format_string(value, args, kwargs)


@STRING.method("join")
def _string_join(name, value, args, kwargs):
    items, = positional(name, args, kwargs, 1, "iterable")
    items = list(walk(items))
    for item in items:
        if type(item) is not str:
            raise Error(f"join: in list, want string, got {type_of(item)}")
    return value.join(items)


@STRING.method("partition", "rpartition")
def _string_partition(name, value, args, kwargs):
    separator, = positional(name, args, kwargs, 1, "string")
    if not separator:
        raise Error(f"{name}: empty separator")
    return value.partition(separator) if name == "partition" else value.rpartition(separator)


@STRING.method("removeprefix", "removesuffix")
def _string_remove(name, value, args, kwargs):
    part, = positional(name, args, kwargs, 1, "string")
    if name == "removeprefix":
        return value[len(part):] if value.startswith(part) else value
    return value[:len(value) - len(part)] if value.endswith(part) else value


@STRING.method("replace")
def _string_replace(name, value, args, kwargs):
    old, new, count = positional(name, args, kwargs, 2, "string", "string", "int")
    count = -1 if count is MISSING else count
    if old or value.isascii():
        return value.replace(old, new, count)
    return star(_runes(value).replace("", _runes(new), count))


@STRING.method("strip", "lstrip", "rstrip")
def _string_strip(name, value, args, kwargs):
    chars, = positional(name, args, kwargs, 0, "string")
    chars = _SPACES if chars is MISSING or not chars else _runes(chars)
    return star(getattr(value.encode("latin-1").decode("utf-8", "surrogateescape"), name)(chars))


@STRING.method("split", "rsplit")
def _string_split(name, value, args, kwargs):
    separator, most = positional(name, args, kwargs, 0, "any", "int")
    most = -1 if most is MISSING or most < 0 else min(most, len(value))
    if separator is MISSING or separator is None:
        return List(_split_blanks(value, most, name == "rsplit"))
    if type(separator) is not str:
        raise Error(f"split: got {type_of(separator)} for separator, want string")
    if not separator:
        raise Error("split: empty separator")
    return List(value.split(separator, most) if name == "split" else value.rsplit(separator, most))



def _split_blanks(value, most, from_right):
    """The words of a string. Where `most` ends the splitting, the rest stays as it is, but for blanks before it."""
    value = value.encode("latin-1").decode("utf-8", "surrogateescape")
    words = [(match.start(), match.end()) for match in re.finditer(f"[^{_SPACES}]+", value)]
    if 0 <= most < len(words):
        if from_right:
            words = [(0, words[len(words) - most - 1][1])] + words[len(words) - most:]
        else:
            words = words[:most] + [(words[most][0], len(value))]
    return [star(value[start:end]) for start, end in words]


@STRING.method("splitlines")
def _string_splitlines(name, value, args, kwargs):
    keep, = positional(name, args, kwargs, 0, "bool")
    lines = value.split("\n")
    last = lines.pop()
    if keep is True:
        lines = [line + "\n" for line in lines]
    return List(lines + [last] if last else lines)


@STRING.method("elems", "elem_ords", "codepoints", "codepoint_ords")
def _string_views(name, value, args, kwargs):
    positional(name, args, kwargs, 0)
    kind = "string." + ("codepoints" if name.startswith("c") else "elems")
    if name.startswith("elem"):
        return View(kind, value, name, value if name == "elems" else list(map(ord, value)))
    runes = value.encode("latin-1").decode("utf-8", "surrogateescape")
    if name == "codepoint_ords":
        return View(kind, value, name, [0xFFFD if "\udc80" <= char <= "\udcff" else ord(char) for char in runes])
    return View(kind, value, name, [code_point(0xFFFD) if "\udc80" <= char <= "\udcff" else star(char) for char in runes])


@BYTES.method("elems")
def _bytes_elems(name, value, args, kwargs):
    positional(name, args, kwargs, 0)
    return View("bytes.elems", value, name, value)


# Lists.

def _change(name, what, verb):
    _named(name, what.check_change, verb)


@LIST.method("append")
def _list_append(name, value, args, kwargs):
    item, = positional(name, args, kwargs, 1, "any")
    _change(name, value, "append to")
    list.append(value, item)


@LIST.method("clear")
def _list_clear(name, value, args, kwargs):
    positional(name, args, kwargs, 0)
    _change(name, value, "clear")
    list.clear(value)


@LIST.method("extend")
def _list_extend(name, value, args, kwargs):
    items, = positional(name, args, kwargs, 1, "iterable")
    _change(name, value, "extend")
    list.extend(value, list(walk(items)))


@LIST.method("index")
def _list_index(name, value, args, kwargs):
    item, start, end = positional(name, args, kwargs, 1, "any", "any", "any")
    start, end = _bounds(name, start, end, len(value))
    for at in range(start, end):
        if _named(name, equal, value[at], item):
            return at
    raise Error(f"{name}: value not in list")


@LIST.method("insert")
def _list_insert(name, value, args, kwargs):
    at, item = positional(name, args, kwargs, 2, "int", "any")
    _change(name, value, "insert into")
    list.insert(value, at, item)


@LIST.method("pop")
def _list_pop(name, value, args, kwargs):
    at, = positional(name, args, kwargs, 0, "int")
    at = len(value) - 1 if at is MISSING else at
    if not -len(value) <= at < len(value):
        raise Error(f"{name}: {out_of_range(at, len(value), value).message}")
    _change(name, value, "pop from")
    return list.pop(value, at)


@LIST.method("remove")
def _list_remove(name, value, args, kwargs):
    item, = positional(name, args, kwargs, 1, "any")
    _change(name, value, "remove from")
    for at, one in enumerate(value):
        if _named(name, equal, one, item):
            del value[at]
            return
    raise Error("remove: element not found")


# Dicts.

def update_dict(target, args, kwargs):
    """What dict() and .update() do; messages without their name."""
    for source in args:
        for key, value in source.items() if getattr(source, "items", None) else _pairs(source):
            target.put(key, value)
    for key, value in kwargs.items():
        target.put(key, value)


def _pairs(source):
    items = walk(source)
    if items is None:
        raise Error(f"got {type_of(source)}, want iterable")
    for at, pair in enumerate(items):
        what = f"dictionary update sequence element #{at}"
        if walk(pair) is None:
            raise Error(f"{what} is not iterable ({type_of(pair)})")
        if length(pair) < 0:
            raise Error(f"{what} has unknown length ({type_of(pair)})")
        if length(pair) != 2:
            raise Error(f"{what} has length {length(pair)}, want 2")
        yield walk(pair)


@DICT.method("clear")
def _dict_clear(name, value, args, kwargs):
    positional(name, args, kwargs, 0)
    value.check_change("clear")
    dict.clear(value)


@DICT.method("get")
def _dict_get(name, value, args, kwargs):
    key, default = positional(name, args, kwargs, 1, "any", "any")
    return value.get(_named(name, hashable, key), None if default is MISSING else default)


@DICT.method("items")
def _dict_items(name, value, args, kwargs):
    positional(name, args, kwargs, 0)
    return List(value.items())


@DICT.method("keys")
def _dict_keys(name, value, args, kwargs):
    positional(name, args, kwargs, 0)
    return List(value)


@DICT.method("values")
def _dict_values(name, value, args, kwargs):
    positional(name, args, kwargs, 0)
    return List(value.values())


@DICT.method("pop")
def _dict_pop(name, value, args, kwargs):
    key, default = positional(name, args, kwargs, 1, "any", "any")
    _change(name, value, "delete from")
    result = dict.pop(value, _named(name, hashable, key), default)
    if result is MISSING:
        raise Error(f"{name}: missing key")
    return result


@DICT.method("popitem")
def _dict_popitem(name, value, args, kwargs):
    positional(name, args, kwargs, 0)
    if not value:
        raise Error(f"{name}: empty dict")
    _change(name, value, "delete from")
    key = next(iter(value))
    return key, dict.pop(value, key)


@DICT.method("setdefault")
def _dict_setdefault(name, value, args, kwargs):
    key, default = positional(name, args, kwargs, 1, "any", "any")
    default = None if default is MISSING else default
    if _named(name, hashable, key) not in value:
        _named(name, value.put, key, default)
    return value[key]


@DICT.method("update")
def _dict_update(name, value, args, kwargs):
    if len(args) > 1:
        raise Error(f"{name}: got {len(args)} arguments, want at most 1")
    _named(name, update_dict, value, args, kwargs)


# Sets.

@SET.method("add")
def _set_add(name, value, args, kwargs):
    item, = positional(name, args, kwargs, 1, "any")
    if _named(name, hashable, item) not in value:
        _named(name, value.insert, item)


@SET.method("clear")
def _set_clear(name, value, args, kwargs):
    positional(name, args, kwargs, 0)
    if value:
        _change(name, value, "clear")
        dict.clear(value)


@SET.method("discard")
def _set_discard(name, value, args, kwargs):
    item, = positional(name, args, kwargs, 1, "any")
    if _named(name, hashable, item) in value:
        _change(name, value, "delete from")
        del value[item]


@SET.method("remove")
def _set_remove(name, value, args, kwargs):
    item, = positional(name, args, kwargs, 1, "any")
    _change(name, value, "delete from")
    if _named(name, hashable, item) not in value:
        raise Error(f"{name}: missing key")
    del value[item]


@SET.method("pop")
def _set_pop(name, value, args, kwargs):
    positional(name, args, kwargs, 0)
    if not value:
        raise Error(f"{name}: empty set")
    _change(name, value, "delete from")
    first = next(iter(value))
    del value[first]
    return first


def _other(name, args, kwargs):
    """The elements of a method's only argument, in order."""
    items, = positional(name, args, kwargs, 0, "iterable")
    return dict.fromkeys(_named(name, hashable, item) for item in (() if items is MISSING else walk(items)))


_COMBINED = {
    "difference": lambda value, other: [item for item in value if item not in other],
    "intersection": lambda value, other: [item for item in other if item in value],
    "symmetric_difference": lambda value, other: [item for item in value if item not in other] + [
        item for item in other if item not in value],
    "union": lambda value, other: list(value) + list(other),
}


@SET.method(*_COMBINED)
def _set_combine(name, value, args, kwargs):
    return Set(dict.fromkeys(_COMBINED[name](value, _other(name, args, kwargs))))


@SET.method("issubset")
def _set_issubset(name, value, args, kwargs):
    return value.keys() <= _other(name, args, kwargs).keys()


@SET.method("issuperset")
def _set_issuperset(name, value, args, kwargs):
    return value.keys() >= _other(name, args, kwargs).keys()
