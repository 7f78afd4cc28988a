# SPDX-License-Identifier: Apache-2.0
"""Values, variables and expressions of Go, as the program has them and beside Delve's."""

import re

import pytest

import build
import cores
from conftest import run
from delve import console

VERSIONS = build.GO_VERSIONS
pytestmark = pytest.mark.thin

# What `values` in blocked.go sees.
VALUES = {
    "i": "11",
    "text": '"text argument"',
    "s": 'main.shape(main.square) {Side: 2, Name: "two"}',
    "numbers": "[]int len: 5, cap: 5, [3,1,4,1,5]",
    "array": "[3]float64 [1.5,2.5,3.5]",
    "ages": 'map[string]int ["ada": 36, "grace": 85]',
    "keyed": 'map[main.point]*main.square [{X: 1, Y: 2}: *{Side: 3, Name: "three"}]',
    "pointer": "*main.point {X: 7, Y: 8}",
    "nothing": "*main.point nil",
    "err": 'error(*errors.errorString) *{s: "an error"}',
    "empty": "main.shape nil",
    "anything": "interface {}(int) 42",
    "buffered": "chan main.point 2/4",
    "j": 'main.job {ID: 9, Data: []uint8 len: 7, cap: 7, [112,97,121,108,111,97,100], '
         'Tags: map[string]int ["ada": 36, "grace": 85], Done: chan<- bool 0/0}',
    "c": "(1 + -2i)",
    "when": "time.Time(2026-11-21T12:30:00Z)",
    "once": "sync.Once(done)",
    "flag": "true",
    "r": "228",
    "bytes": "[]uint8 len: 4, cap: 4, [0,1,254,255]",
    "words": '[]string len: 3, cap: 3, ["one","two","three"]',
    "nested": "[][]int len: 3, cap: 3, [[1],[],[2,3]]",
    "generic": 'main.pair[string,int] {Key: "key", Value: 5}',
    "main.packageMap": 'map[string]main.point ["origin": {X: 0, Y: 0}, "unit": {X: 1, Y: 1}]',
    "packageShape": 'main.shape(main.square) {Side: 2, Name: "two"}',
    "main.neverReceive": "chan string 2/2",
    "main.mu": "sync.Mutex(locked, 1 waiting)",
    "main.rw": "sync.RWMutex(write-locked, 1 waiting)",
    "main.group": "sync.WaitGroup(1 to finish, 1 waiting)",
}

# More of Delve's language, and what it gives.
EXPRESSIONS = {
    "numbers[2]": "4",
    "numbers[1:3]": "[]int len: 2, cap: 4, [1,4]",
    "numbers[:2]": "[]int len: 2, cap: 5, [3,1]",
    "array[1]": "2.5",
    "text[5:]": '"argument"',
    "text[0]": "116",
    'ages["grace"]': "85",
    'ages["ada"] + 1': "37",
    "large[37]": '"v1"',
    "len(large)": "100",
    "len(numbers)": "5",
    "cap(numbers[1:3])": "4",
    "len(text)": "13",
    "len(buffered)": "2",
    "cap(buffered)": "4",
    "len(array)": "3",
    "pointer.X": "7",
    "pointer.X == 7": "true",
    "*pointer": "main.point {X: 7, Y: 8}",
    "nothing == nil": "true",
    "err != nil": "true",
    "empty == nil": "true",
    "s.(main.square)": 'main.square {Side: 2, Name: "two"}',
    "s.(main.square).Side": "2",
    "s.(data)": 'main.square {Side: 2, Name: "two"}',
    "err.(*errors.errorString).s": '"an error"',
    "anything.(int)": "42",
    "anything.(int) * 2": "84",
    'text == "text argument"': "true",
    'text < "u"': "true",
    "real(c)": "1",
    "imag(c)": "-2",
    "j.ID": "9",
    'j.Tags["ada"]': "36",
    "j.Data[0]": "112",
    "string(j.Data)": '"payload"',
    "[]byte(text)[0]": "116",
    "float64(i) / 2": "5.5",
    "words[1]": '"two"',
    "nested[2][1]": "3",
    "generic.Key": '"key"',
    "main.packageMap[\"unit\"].Y": "1",
    "flag && i == 11": "true",
    "!flag": "false",
    "i << 2 | 1": "45",
    "-i": "-11",
    "i % 4": "3",
    '"os".Args[1]': '"abort"',
    "uint8(i)": "11",
    "uint8(i) << 5": "96",
    "array[1:]": "[]float64 len: 2, cap: 2, [2.5,3.5]",
    "min(i, 3)": "3",
    "max(text, \"u\", words[0])": '"u"',
    "complex(1.5, 2)": "(1.5 + 2i)",
    "c * c": "(-3 + -4i)",
    "c == complex(1, -2)": "true",
    'text + "!"': '"text argument!"',
    "string(r)": '"ä"',
    "[]rune(words[0])": "[]int32 len: 3, cap: 3, [111,110,101]",
    "[]byte(\"ab\")[1]": "98",
    "'ä' == r": "true",
    "&pointer.X == nil": "false",
    "*(*int)(uintptr(pointer))": "7",
    "*pointer == main.packageMap[\"unit\"]": "false",
    "s == main.packageShape": "true",
    "array == array": "true",
    "packageMap[\"unit\"] == point(packageMap[\"unit\"])": "true",
    "s.(square).Side": "2",
    "buffered.qcount": "2",
    "buffered.buf[1].Y": "4",
    "main.pair[string,int](generic).Value": "5",
    "[]string(words)[1]": '"two"',
    "0o17 + 0b1": "16",
    "runtime.curg.goid > 1": "true",
    "runtime.curg.waitreason": r"waitReasonChanReceive \(\d+\)",
    "time.Second": r"Second \(1000000000\)",
    "nil": "nil",
    "%x i": "b",
    "%08b r": "11100100",
    "%x words[0]": "6f6e65",
    "%.1f array": r"\[3\]float64 \[1.5,2.5,3.5\]",
}

WRONG = {
    "numbers[5]": "out of bounds",
    "numbers[3:2]": "out of bounds",
    'ages["nobody"]': "not found",
    "keyed[*pointer]": "not found",
    "s.(*main.square)": "is main.square, not *main.square",
    "pointer.Z": "pointer has no member Z",
    "nothing.X": "nothing is nil",
    "i == nil": "can not compare int to nil",
    "i + 1.5": "can not convert 1.5 constant to int",
    "i + r": 'mismatched types "int" and "int32"',
    "i / 0": "divide by zero",
    "numbers == numbers": "can not compare slice variables",
    "!i": "should be boolean",
    "*i": "can not be dereferenced",
    "string(words)": 'can not convert "words" to string',
    "len(i)": "invalid argument i (type int) for len",
    "runtime.frame(99999).i": "he stack has",
    "fmt.Sprint(i)": "not called",
    "nosuch": "ould not find symbol value for nosuch",
}


@pytest.fixture(params=[f"go-{version}-noopt" for version in VERSIONS])
def core(request, lab):
    return lab.core(request.param, "abort", program="go")


def frame_of_values(path):
    """The commands' beginning that names the goroutine and the frame."""
    answer = run("stack", "--json", "--all-frames", path).json
    for task in answer["tasks"]:
        names = [frame["function"] for frame in answer["task_stacks"][task["stack"]]["frames"]]
        if "main.values" in names:
            return task["id"], names.index("main.values")
    raise AssertionError("main.values is nowhere")


def answers(path, expressions):
    task, frame = frame_of_values(path)
    commands = [word for e in expressions for word in (f"echo <<<\\n", f"print {e}")]
    out = console(path, f"goroutine {task}", f"frame {frame}", *commands)
    return dict(zip(expressions, [part.strip() for part in out.split("<<<\n")[1:]]))


def test_values(core):
    got = answers(core[1], VALUES)
    for name, want in VALUES.items():
        text = re.sub(r"^\$\d+ = ", "", got[name])
        if name in ("ages", "j", "main.packageMap"):  # maps have no order
            assert sorted(text) == sorted(want), (name, text)
        else:
            assert text == want, name


def test_large_map(core):
    (text,) = answers(core[1], ["large"]).values()
    pairs = dict(re.findall(r'(\d+): "(v\d+)"', text))
    assert pairs == {str(k * 37 % 1000): f"v{k}" for k in range(100)}


def test_closure(core):
    (text,) = answers(core[1], ["closure"]).values()
    assert "main.values.func1" in text
    if "{" in text:  # from Go 1.23 DWARF says what a closure captured
        assert "numbers []int = [3,1,4,1,5]" in text and "i int = 11" in text


def test_expressions(core):
    got = answers(core[1], EXPRESSIONS)
    for e, want in EXPRESSIONS.items():
        assert re.match(r"\$\d+ = ", got[e]), (e, got[e])
        text = re.sub(r"^\$\d+ = ", "", got[e])
        assert text == want or re.fullmatch(want, text), e


@pytest.mark.parametrize("expression", WRONG)
def test_wrong_expressions(core, expression):
    task, frame = frame_of_values(core[1])
    answer = run("debug", "--batch", "-ex", f"goroutine {task}", "-ex", f"frame {frame}", "-ex", f"print {expression}",
                 core[1], status=None)
    assert WRONG[expression] in answer.err, answer.err


def test_locals_without_errors(core):
    """Each variable of each frame of the program prints; what is missing says why. Of the library's, which is
    optimised, DWARF names stale registers at times."""
    out = run("stack", "--full", "--system", "--all-frames", core[1]).out
    assert 'ages = map[string]int ["' in out
    function = ""
    for line in out.splitlines():
        frame = re.match(r"  #\d+ +(\S+)", line)
        function = frame.group(1) if frame else function
        assert "<error:" not in line or not function.startswith("main."), (function, line)


def test_optimised(lab):
    for version in VERSIONS:
        _, path = lab.core(f"go-{version}", "abort", program="go")
        got = answers(path, ["i", "text", "s", "pointer"])
        for name, text in got.items():
            assert re.sub(r"^\$\d+ = ", "", text) == VALUES[name], (version, name)


# save: the bytes of values.

def test_save(core, tmp_path):
    _, path = core
    task, frame = frame_of_values(path)
    wanted = {"j.Data": b"payload", "text": b"text argument", "text[5:]": b"argument", "bytes": bytes([0, 1, 254, 255]),
              "numbers[1:3]": (1).to_bytes(8, "little") + (4).to_bytes(8, "little")}
    for i, (expression, want) in enumerate(wanted.items()):
        file = tmp_path / f"saved-{i}"
        out = run("save", "-g", task, "-f", frame, path, expression, file).out
        assert file.read_bytes() == want and out.startswith(f"{len(want)} bytes"), expression
        assert file.stat().st_mode & 0o777 == 0o600
    file = tmp_path / "console"
    console(path, f"goroutine {task}", f"frame {frame}", f"save j.Data {file}")
    assert file.read_bytes() == b"payload"
    assert "exists" in run("save", path, "main.mu", file, status=None).err
    assert file.read_bytes() == b"payload"


def test_save_refused(core, tmp_path):
    _, path = core
    file = tmp_path / "none"
    for what, why in {"0x400000:200000000": "can be read", "main.packageMap": "no bytes", "16:16": "can be read"}.items():
        answer = run("save", path, what, file, status=None)
        assert answer.status and why in answer.err, answer.err
        assert not file.exists()
    where = run("save", path, '"os".Args[1]', tmp_path / "args").out
    at = re.search(r"at (0x[0-9a-f]+)", where).group(1)
    run("save", path, f"{at}:3", file)
    assert file.read_bytes() == b"abo"


# Without debug information: the words of arguments, as the program itself writes them when it dies.

@pytest.mark.parametrize("version", sorted({VERSIONS[0], VERSIONS[-1]} if VERSIONS else ()))
def test_argument_words(lab, version, tmp_path):
    target = lab.target(f"go-{version}-stripped", "go-values")
    ran = []
    core = cores.kernel_core([target.exe, "abort"], str(tmp_path), before=ran.append)
    # Wrappers of go statements are in one of the two only.
    calls = re.compile(r"^(main\.(?!main)(?!\S*(?:gowrap|func2))[\w.]+)(?:\[.*?\])?( ?\(.*?\))(?= at |$)", re.M)
    theirs = sorted(name + args for name, args in calls.findall(ran[0].output.decode()))
    out = console(core, "set width 0", "goroutines -with userloc main. -exec bt")
    ours = sorted(name + args.strip() for name, args in calls.findall(re.sub(r"^(?:.* in |#\d+ +)", "", out, flags=re.M)))
    assert ours == theirs and len(ours) >= 20 and any("{" in call for call in ours)
