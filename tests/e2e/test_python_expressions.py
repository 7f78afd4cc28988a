# SPDX-License-Identifier: Apache-2.0
"""Expressions in a Python frame: what Python itself says of them in the program, or Python's error with the column."""

import re

import pytest

from conftest import run
from pyprograms import some

# In containers() of tests/targets/python/values.py.
VALUES = {
    "items": "[1, 'two', None, [3.0]]",
    "items[-1][0]": "3.0",
    "items[1:3]": "['two', None]",
    "items[::-2]": "[[3.0], 'two']",
    "items[1][1:]": "'wo'",
    "items[0] + 2 * 3": "7",
    "-7 // 2": "-4",
    "-7 % 3": "2",
    "len(many)": "60",
    "many['key7']": "7",
    "many[\"key7\"] == 7 and len(items) < 10": "True",
    "table[2]['x']": "1.5",
    "table[(1, 2)]": "[3]",
    "table[None] is True": "True",
    "3 in several": "True",
    "'q' not in several": "True",
    "'wo' in items[1]": "True",
    "1 < items[0] + 1 < 3": "True",
    "not items": "False",
    "items[0] or nothing_of_this_name": "1",
    "single == (1,)": "True",
    "nested == nested": "True",
    "nested[1] == items": "False",
    "span[3]": "3",
    "stepped[-1]": "9",
    "cut.start": "1",
    "mine.owner": "'me'",
    "cycle[1][1][0]": "1",
    "wide[149]": "'149'",
    "__name__": "'values'",
    "Plain.kind": "'of the class'",
    "Colour.RED.value": "1",
    "len": "<built-in function len>",
    "items.append": "<method 'append' of 'list' objects>",
    "table.__len__": "<slot wrapper '__len__' of 'dict' objects>",
    "type(items)": "<class 'list'>",
    "b'a\\x01'[1]": "1",
    "'h\\u00e9'": "'hé'",
    "12345678901234567890123 < 1e30": "True",
    "0x1f": "31",
    **{text: repr(eval(text)) for text in (  # of literals: what this Python says
        "2 ** 100 + 1", "-7 ** 31 // 10 ** 20", "-(2 ** 64) % 12345678901234567890123", "0xffffffffffffffffffff & ~0xff", "1 << 90 >> 3",
        "3 - 2 ** 63 * 2", "10 ** 30 / 7", "2 ** -2", "-7.5 // 2", "-7.5 % 2", "2.5 ** 2", "10 ** 25 < 1e25 <= 10 ** 25 + 2 ** 31",
        "12345678901234567890123 > 5 | 1 ^ 7", "'a' 'b' + 'c'", "-2 ** 2", "True & False", "9007199254740993 / 1", "2 ** 0.5 * 2 ** -24")},
}
ERRORS = {
    "nope": "Column 1: NameError: name 'nope' is not defined.",
    "items + nope": "Column 9: NameError: name 'nope' is not defined.",
    "items[9]": "Column 6: IndexError: list index out of range.",
    "table['zz']": "Column 6: KeyError: 'zz'",
    "mine.foo": "Column 6: AttributeError: 'Items' object has no attribute 'foo'",
    "items.foo": "Column 7: AttributeError: 'list' object has no attribute 'foo'",
    "name.foo": "Column 1: NameError: name 'name' is not defined.",
    "plain_object.foo": "Column 1: NameError: name 'plain_object' is not defined.",
    "len(3)": "Column 1: TypeError: object of type 'int' has no len().",
    "items['x']": "Column 6: TypeError: list indices must be integers, not str.",
    "1 < 'x'": "Column 3: TypeError: '<' not supported between instances of 'int' and 'str'",
    "2 ** 10 ** 10": "number has more than",
    "items + items": "Column 7: what + makes of 'list' and 'list' is not computed here.",
    "1 << -1": "Column 3: ValueError: negative shift count.",
    "1 // 0": "Column 3: ZeroDivisionError: integer division or modulo by zero.",
    "items[0": "Column 8: SyntaxError: ']' is missing here.",
    "Plain.method(1)": "Column 13: a call would have to run in the target, which is not done.",
    "items = 3": "Column 7: nothing in the target can be changed.",
}


@pytest.mark.parametrize("python", some())
def test_expressions(programs, python):
    core, oracle = programs.core(python, "all")
    (known,) = [thread for thread in oracle["threads"] if thread["name"] == "values"]
    listed = run("debug", "--batch", "-ex", "info threads", core).out
    (number,) = re.findall(rf"^[* ] (\d+) .*LWP {known['tid']}\)", listed, re.M)
    words = ["-ex", f"thread {number}", "-ex", "frame function containers"]
    for text in [*VALUES, *ERRORS]:
        words += ["-ex", "echo <<<\\n", "-ex", f"print {text}", "-ex", "echo >>>\\n"]
    more = ["whatis table", "ptype items", "print/x items[0]", "set $mine = items[0]", "print $mine + 1",
            "info locals single"]
    for text in more:
        words += ["-ex", "echo <<<\\n", "-ex", text, "-ex", "echo >>>\\n"]
    answer = run("debug", "--batch", *words, core)
    parts = re.findall(r"<<<\n(?:\$\d+ = )?(.*?)\n?>>>\n", answer.out, re.S)
    assert len(parts) == len(VALUES) + len(ERRORS) + len(more)
    got = dict(zip(VALUES, parts))
    assert got == VALUES
    assert not any(parts[len(VALUES):len(VALUES) + len(ERRORS)])
    for error in ERRORS.values():
        assert error in answer.err
    assert parts[-len(more):] == ["type = dict", "type = class list", "0x1", "", "2", "single = (1,)"]
