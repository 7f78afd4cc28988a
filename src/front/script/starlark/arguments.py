# SPDX-License-Identifier: Apache-2.0
"""The arguments of functions that are built in, and what is wrong with them."""
from .values import MISSING, Dict, Error, List, hint, is_callable, quote, type_of, walk


def _integer(value):
    if type(value) is not int:
        return f"got {type_of(value)}, want int"
    if not -2**63 <= value < 2**63:
        return f"{value} out of range (want value in signed 64-bit range)"
    return ""


def _of(kind, name):
    return lambda value: "" if type(value) is kind else f"got {type_of(value)}, want {name}"


# What a parameter may be: a function that says what is wrong with a value.
KINDS = {
    "any": lambda value: "",
    "int": _integer,
    "string": _of(str, "string"),
    "bool": _of(bool, "bool"),
    "list": _of(List, "list"),
    "dict": _of(Dict, "dict"),
    "callable": lambda value: "" if is_callable(value) else f"got {type_of(value)}, want callable",
    "iterable": lambda value: f"got {type_of(value)}, want iterable" if walk(value) is None else "",
}


def positional(name, args, kwargs, least, *kinds):
    """As many values as there are kinds; MISSING for those not given, of which `least` must be."""
    if kwargs:
        raise Error(f"{name}: unexpected keyword arguments")
    count, most = len(args), len(kinds)
    if count < least:
        raise Error(f"{name}: got {count} arguments, want {'at least ' if least < most else ''}{least}")
    if count > most:
        raise Error(f"{name}: got {count} arguments, want {'at most ' if most > least else ''}{most}")
    for at, value in enumerate(args):
        problem = KINDS[kinds[at]](value)
        if problem:
            raise Error(f"{name}: for parameter {at + 1}: {problem}")
    return args + (MISSING,) * (most - count)


def named(name, args, kwargs, *parameters):
    """Parameters are "name kind" or, where they may be left out, "name? kind"; a value for each, MISSING if not given."""
    names, kinds = zip(*(parameter.split() for parameter in parameters))
    plain = [one.rstrip("?") for one in names]
    if len(args) > len(names):
        raise Error(f"{name}: got {len(args)} arguments, want at most {len(names)}")
    values = dict(zip(plain, args))
    for key, value in kwargs.items():
        if key not in plain:
            raise Error(f"{name}: unexpected keyword argument {quote(key)}" + hint(key, plain))
        if key in values:
            raise Error(f"{name}: got multiple values for keyword argument {quote(key)}")
        values[key] = value
    for one, kind, full in zip(plain, kinds, names):
        if one in values:
            problem = KINDS[kind](values[one])
            if problem:
                raise Error(f"{name}: for parameter {quote(one) if one in kwargs else one}: {problem}")
        elif full == one:
            raise Error(f"{name}: missing argument for {one}")
    return [values.get(one, MISSING) for one in plain]
