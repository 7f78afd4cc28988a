# SPDX-License-Identifier: Apache-2.0
"""Variables of Python are as their repr() said in the program, of every kind in tests/targets/python/values.py."""

import re

import pytest

from conftest import run
from pyprograms import interpreters, threads, with_module

pytestmark = pytest.mark.thin

# repr() of these runs code of their classes, which Inquest does not.
OTHERWISE = {"chain": "<collections.ChainMap object at ", "event": "<threading.Event object at ",
             "rights": "<Access: 6>"}


@pytest.fixture(params=interpreters())
def shown(request, programs):
    """{(function, variable): (text of `print`, repr())} of the thread that has the values, and the oracle."""
    core, oracle = programs.core(request.param, "all")
    (known,) = [thread for thread in oracle["threads"] if thread["name"] == "values"]
    frames = threads(programs.answer(request.param)[0])[known["tid"]]["frames"]
    at = [i for i, frame in enumerate(frames) if frame["language"] == "python"]
    asked = [(i, frame["function"], name, text) for i, frame in zip(at, known["frames"])
             if frame["file"].endswith("values.py") for name, text in (frame["locals"] or {}).items()]
    listed = run("debug", "--batch", "-ex", "info threads", core).out
    (number,) = re.findall(rf"^[* ] (\d+) .*LWP {known['tid']}\b", listed, re.M)
    words = ["-ex", "set print elements 0", "-ex", f"thread {number}"]
    for i, _, name, _ in asked:
        words += ["-ex", f"frame {i}", "-ex", "echo <<<\\n", "-ex", f"print {name}", "-ex", "echo >>>\\n"]
    out = run("debug", "--batch", *words, core).out
    parts = re.findall(r"<<<\n(?:\$\d+ = )?(.*?)\n?>>>\n", out, re.S)
    assert len(parts) == len(asked)
    return {(function, name): (part, text) for (_, function, name, text), part in zip(asked, parts)}, oracle


def is_right(name, got, want):
    if got == want or name in OTHERWISE and got.startswith(OTHERWISE[name]):
        return True
    # What follows the address is more than repr() tells: attributes, the state of a generator, what is in a queue.
    return bool(re.fullmatch(r"<.* at 0x[0-9a-f]+>", want)) and got.startswith((want[:-1] + ":", want[:-1] + ","))


def test_as_repr(shown):
    values, _ = shown
    assert len(values) > 120
    wrong = {key: pair for key, pair in values.items() if not is_right(key[1], *pair)}
    assert not wrong


def test_attributes(shown):
    """In the order in which they were set, whether an instance has a dict or not."""
    values, oracle = shown
    for name, attributes in oracle["attributes"].items():
        if name == "failure":  # repr() of an exception has its arguments only
            continue
        got, _ = values["objects", name]
        at = 0
        for attribute, text in attributes.items():
            text = "<...>" if attribute == "itself" else text
            found = got.find(f"{attribute}={text}", at)
            assert found >= 0, (name, attribute, text, got)
            at = found


def test_unbound(programs, shown):
    """A name that is not bound says so and is no error."""
    _, oracle = shown
    frames = [frame for thread in oracle["threads"] if thread["name"] == "values" for frame in thread["frames"]]
    assert {"unset_argument", "name_is_unbound"} <= {name for frame in frames for name in frame.get("unbound", [])}


@pytest.mark.parametrize("python", with_module("numpy", "python3-numpy"))
def test_numpy(programs, python):
    """Arrays by shape, type and address, scalars as their repr() has them."""
    core, oracle = programs.core(python, "arrays")
    words = ["-ex", "set print elements 0", "-ex", "frame function main"]
    for name in oracle["arrays"]:
        words += ["-ex", f"print arrays['{name}']"]
    for name in oracle["scalars"]:
        words += ["-ex", f"print scalars['{name}']"]
    shown = re.findall(r"^\$\d+ = (.*)$", run("debug", "--batch", *words, core).out, re.M)
    arrays, scalars = shown[:len(oracle["arrays"])], shown[len(oracle["arrays"]):]
    for got, (shape, kind, data) in zip(arrays, oracle["arrays"].values()):
        shape = shape[1:-1] + ("," if "," not in shape and shape != "[]" else "")
        assert got.endswith(f": shape=({shape}), dtype={kind}, data at {data:#x}>"), (got, kind)
    got = dict(zip(oracle["scalars"], scalars))
    # Since 2.4 large numbers of 4 bytes have an exponent in NumPy's own text.
    assert float(re.sub(r"np\.float32\(|\)", "", got.pop("large"))) == 1e10
    assert got.items() <= oracle["scalars"].items() and len(got) == len(oracle["scalars"]) - 1
