# SPDX-License-Identifier: Apache-2.0
"""Variables of Python are as their repr() said in the program, of every kind in tests/targets/python/values.py."""

import os
import re

import pytest

from conftest import run
from pyprograms import below_stop, interpreters, python_frames, some, threads, with_module

pytestmark = pytest.mark.thin

# repr() of these runs code of their classes, which Inquest does not.
OTHERWISE = {"chain": "<collections.ChainMap object at ", "mine_set": "<values.SubEvent object at ",
             "rights": "<Access: 6>", "no_access": "<Access: 0>", "both": "<Mode: 3>", "no_mode": "<Mode: 0>"}


@pytest.fixture(params=interpreters())
def shown(request, programs):
    """Printed, and the oracle."""
    key = "values", request.param
    if key not in programs.answers:
        programs.answers[key] = Printed(programs, request.param)
    return programs.answers[key]


class Printed:
    """Variables of the thread that has them, as `print` shows them.

    values: {(function, variable): (text, repr())}; unbound: {variable: what `info locals` and `info args` have of it}
    limited: texts with the limits that hold when nothing is set
    """

    LIMITED = "long_text", "long_four", "long_raw", "items", "wide", "large_set", "blocks", "huge", "lowest"

    def __init__(self, programs, python):
        core, self.oracle = programs.core(python, "all")
        (known,) = [thread for thread in self.oracle["threads"] if thread["name"] == "values"]
        frames = threads(programs.answer(python)[0])[known["tid"]]["frames"]
        at = [i for i, frame in enumerate(frames) if frame["language"] == "python"]
        mine = [(i, frame) for i, frame in zip(at, known["frames"]) if frame["file"].endswith("values.py")]
        asked = [(i, frame["function"], name, text) for i, frame in mine for name, text in (frame["locals"] or {}).items()]
        limited = [one for one in asked if one[2] in self.LIMITED]
        listed = run("debug", "--batch", "-ex", "info threads", core).out
        (number,) = re.findall(rf"^[* ] (\d+) .*LWP {known['tid']}\b", listed, re.M)
        words = ["-ex", f"thread {number}"]
        for elements, some in ((200, limited), (0, asked)):
            words += ["-ex", f"set print elements {elements}"]
            for i, _, name, _ in some:
                words += ["-ex", f"frame {i}", "-ex", "echo <<<\\n", "-ex", f"print {name}", "-ex", "echo >>>\\n"]
        unbound = [(i, name) for i, frame in mine for name in frame.get("unbound", [])]
        for i, _ in unbound:
            words += ["-ex", f"frame {i}", "-ex", "echo <<<\\n", "-ex", "info args", "-ex", "info locals", "-ex", "echo >>>\\n"]
        parts = re.findall(r"<<<\n(?:\$\d+ = )?(.*?)\n?>>>\n", run("debug", "--batch", *words, core).out, re.S)
        assert len(parts) == len(limited + asked + unbound)
        self.limited = {one[2]: parts.pop(0) for one in limited}
        self.values = {(function, name): (parts.pop(0), text) for _, function, name, text in asked}
        self.unbound = {name: re.findall(rf"^{name} = (.*)$", parts.pop(0), re.M) for _, name in unbound}


def is_right(name, got, want):
    if got == want or name in OTHERWISE and got.startswith(OTHERWISE[name]):
        return True
    # What follows the address is more than repr() tells: attributes, the state of a generator, what is in a queue.
    if re.match(r"<(_io|mmap)\.", want):
        return got.startswith(want.split()[0].rstrip(">") + " object at 0x")
    return bool(re.fullmatch(r"<.* at 0x[0-9a-f]+>", want)) and got.startswith((want[:-1] + ":", want[:-1] + ","))


def test_as_repr(shown):
    assert len(shown.values) > 260
    wrong = {key: pair for key, pair in shown.values.items() if not is_right(key[1], *pair)}
    assert not wrong


def test_attributes(shown):
    """In the order in which they were set, whether an instance has a dict or not."""
    for name, attributes in shown.oracle["attributes"].items():
        if name == "failure":  # repr() of an exception has its arguments only
            continue
        got, _ = shown.values["objects", name]
        at = 0
        for attribute, text in attributes.items():
            text = "<...>" if attribute == "itself" else text
            found = got.find(f"{attribute}={text}", at)
            assert found >= 0, (name, attribute, text, got)
            at = found


# What classes in Python write of themselves, and what only their C code knows.
OWN_FORM = re.compile(r"<(Thread\(|Handle |Task |_UnixSelectorEventLoop )")


def is_shown(name, got, want):
    """As is_right(); what is too deep or too much for `stack` begins as it does."""
    if socket := re.match(r"<socket\.socket fd=(\d+)", want):
        return f": fd={socket[1]}, " in got
    if OWN_FORM.match(want):
        return got.startswith("<")
    whole = re.split(r"<(?:list|tuple|dict|frozenset) of \d+>|\.\.\.", got)[0]
    return is_right(name, got, want) or whole != got and want.startswith(whole.rstrip("'\""))


@pytest.mark.parametrize("python", some())
def test_every_variable(programs, python):
    """Of every frame of every thread: exactly the names that the program had, those of outer functions too, and their values."""
    answer, oracle = programs.answer(python, "--locals")
    seen = 0
    for known in oracle["threads"]:
        frames = python_frames(threads(answer)[known["tid"]])
        frames = below_stop(frames) if known["current"] else frames
        for frame, told in zip(frames, known["frames"] or []):
            if told["locals"] is None:
                continue
            got = {one["name"]: one["value"]["value"] for one in frame["variables"] if one["name"] not in told["unbound"]}
            assert got.keys() == told["locals"].keys(), told
            wrong = {name: (got[name], want) for name, want in told["locals"].items() if not is_shown(name, got[name], want)}
            assert not wrong, told["function"]
            seen += len(got)
    assert seen > 600


def test_more_than_repr(shown):
    """What stands behind the address of what repr() says nothing of."""
    got = {name: text for (_, name), (text, _) in shown.values.items()}
    assert got["view"].endswith(": 9 bytes, b'looked at'>") and got["part"].endswith(": 2 bytes, b'bc'>")
    assert re.search(r": fd=\d+, name='/dev/null', mode='w', encoding='UTF-8'>$", got["text_file"])
    assert re.search(r": fd=\d+, name='/dev/null', mode='rb'>$", got["raw_file"])
    assert re.search(r": fd=\d+, name='/dev/null', mode='rb\+'>$", got["bytes_file"])
    assert got["closed_file"].endswith(": closed, name='/dev/null', mode='r', encoding='UTF-8'>")
    assert got["memory_file"].endswith(": 9 bytes, b'in memory'>")
    assert re.search(r": 8192 bytes at 0x[0-9a-f]+>$", got["mapped"])
    assert got["mine_set"].endswith("_flag=False>")
    assert re.search(r": 1 item of 5, deque\(\['job'\]\)>$", got["waiting"])
    assert got["empty_queue"].endswith(": 0 items, deque([])>") and got["simple_queue"].endswith((": 2 items>", "None"))
    assert got["first_sorted"].endswith(": 2 items of 4, [(1, 'a'), (2, 'b')]>")
    for name, state in (("generator", "created"), ("started", "suspended"), ("done", "finished")):
        assert got[name].endswith(f", {state}>")
    assert re.search(r": <function (Calls\.)?computed at 0x\w+>>$", got["computed"])
    assert re.search(r": value=2/2>$", got["bounded_semaphore"]) and got["event"].endswith(": set>")


def test_unbound(shown):
    """A name that is not bound says so."""
    assert shown.unbound == {name: ["<unbound>"] for name in ("unset_argument", "name_is_unbound", "result")}


def test_limits(shown):
    """What is left out is marked, and what is there is the beginning."""
    whole = {name: text for (_, name), (text, _) in shown.values.items()}
    for name in ("long_text", "long_four"):
        assert shown.limited[name] == whole[name][:201] + "'...", name
    assert shown.limited["long_raw"] == repr(bytes(range(200))) + "..."
    for name, left in (("large_set", 300), ("blocks", 50)):
        begin, end = re.fullmatch(rf"(.*), \.\.\.\+{left} more([\])}}].*)", shown.limited[name]).groups()
        assert whole[name].startswith(begin + ",") and whole[name].endswith(end) and begin.count(",") == 199
    for name in ("items", "wide", "huge", "lowest"):
        assert shown.limited[name] == whole[name]


@pytest.fixture(scope="module", params=with_module("numpy", "python3-numpy"))
def arrays(request, programs):
    """A core of a program with arrays whose mapped file is gone, and the oracle."""
    core, oracle = programs.core(request.param, "arrays")
    if os.path.exists(oracle["mapped"]):
        os.unlink(oracle["mapped"])
    return core, oracle


def printed(core, texts, *before):
    """What `print` has for each of the expressions in the frame of main(), errors too."""
    words = ["-ex", "frame function main", *before]
    for text in texts:
        words += ["-ex", "echo <<<\\n", "-ex", f"print {text}", "-ex", "echo >>>\\n"]
    done = run("debug", "--batch", *words, core)
    errors = iter(re.findall(r"^Column \d+: (.*)$", done.err, re.M))
    return [text or next(errors) for text in re.findall(r"<<<\n(?:\$\d+ = )?(.*?)\n?>>>\n", done.out, re.S)]


def test_numpy(arrays):
    """Arrays by shape, type, address and elements, scalars and types as their repr() has them."""
    core, oracle = arrays
    known = list(oracle["arrays"].items())
    shown = printed(core, [f"arrays['{name}']" for name, _ in known] + [f"scalars['{name}']" for name in oracle["scalars"]],
                    "-ex", "set print elements 0")
    for (name, (shape, kind, data, text)), got in zip(known, shown):
        shape = shape[1:-1] + ("," if "," not in shape and shape != "[]" else "")
        assert got.startswith("<numpy.") and f": shape=({shape}), dtype={kind}, data at {data:#x}, {text}" in got, name
    assert ", _mask=<numpy.ndarray object at " in shown[[name for name, _ in known].index("masked")]
    got = dict(zip(oracle["scalars"], shown[len(known):]))
    # Since 2.4 large numbers of 4 bytes have an exponent in NumPy's own text, and a time that is none has its unit.
    assert float(re.sub(r"np\.float32\(|\)", "", got.pop("large"))) == 1e10
    assert got.pop("no_time") in ("numpy.datetime64('NaT')", "np.datetime64('NaT')")
    assert got.items() <= oracle["scalars"].items() and len(got) == len(oracle["scalars"]) - 2


def test_numpy_parts(arrays):
    """Indices, slices, fields and attributes of arrays are as the program computed them."""
    core, oracle = arrays
    texts = list(oracle["parts"])
    for text, got in zip(texts, printed(core, texts)):
        want = oracle["parts"][text]
        if want.startswith("error: "):
            assert got.startswith(want.split(": ", 1)[1]), text
            continue
        # Elements are Python's numbers in arithmetic and comparisons.
        plain = re.sub(r"^np\.(?:\w+\((-?[\d.]+)\)|(True|False)_)$", r"\1\2", want)
        assert got in (want, plain) or got.startswith("<numpy.ndarray") and got.endswith(f", {want}>"), text
    (masked,) = printed(core, ["arrays['masked'][1]"])
    assert "takes running its code" in masked


def test_numpy_limits(arrays):
    """What is left out is counted, and what is not in the dump says so."""
    core, _ = arrays
    long, small, file, knot = printed(core, ["arrays['long']", "arrays['cube']", "file", "type_knot"])
    assert knot.startswith("dtype({'names': ['a', 'b', ") and "..." in knot and len(knot) < 1 << 20
    assert re.search(r", \[\[0, 1, 2, .* 199\], \.\.\.\+8 more\]>$", long) and "200" not in long.split("[[")[1]
    assert small.endswith("[20, 21, 22, 23]]]>")
    at = int(re.search(r"data at (0x[0-9a-f]+), ", file)[1], 16)
    assert f", [[<not in the dump: {at:#x}>, <not in the dump: {at + 4:#x}>]," in file and ", mode='w+'>" in file
