# SPDX-License-Identifier: Apache-2.0
"""A long list of goroutines, small: it is asked for in pages, its rows have no names of their own, and places that are alike
are one object."""
import json

PAGE = 4096  # rows of a request


class Shared(dict):
    """A place or function that many rows have. Who changes it makes a copy first."""

    __slots__ = ()


class Row:
    """An object of JSON, as far as api.Struct uses a dict. `names` is the same for all rows."""

    __slots__ = ("names", "values")

    def __init__(self, names, values):
        self.names, self.values = names, values

    def get(self, name):
        at = self.names.get(name)
        return None if at is None else self.values[at]

    def __setitem__(self, name, value):
        given = self.plain()
        given[name] = value
        self.names, self.values = {one: at for at, one in enumerate(given)}, tuple(given.values())

    def plain(self):
        return dict(zip(self.names, self.values))


class _Reader:
    """Makes the objects of JSON, each from its members; the innermost come first."""

    def __init__(self):
        self.names, self.shared = {}, {}

    def __call__(self, members):
        first = members[0][0] if members else ""
        if first == "id" and len(members) > 1 and type(members[1][1]) is Shared:  # and no label of that name
            names, values = zip(*members)
            return Row(self.names.setdefault(names, {name: at for at, name in enumerate(names)}), values)
        if first not in ("pc", "name"):
            return dict(members)
        # A function in a place is an object of this table already, which stays, so that its address tells it.
        key = tuple(id(value) if type(value) is Shared else value for _, value in members)
        known = self.shared.get(key)
        if known is None:
            known = self.shared[key] = Shared(members)
        return known


def goroutines(call, parameters):
    """The answer of ListGoroutines; `call` asks once, and gives the text of an answer."""
    reader = _Reader()

    def ask(**more):
        return json.loads(call({**parameters, **more}), object_pairs_hook=reader)

    if parameters.get("GroupBy") or parameters.get("Count", 0) > 0:  # groups have places in the whole list
        return ask()
    result = ask(Count=PAGE)
    found = result.get("Goroutines") or []
    while result.get("Nextg", -1) > 0:
        result = ask(Count=PAGE, Start=result["Nextg"])
        found += result.get("Goroutines") or []
    return {**result, "Goroutines": found}
