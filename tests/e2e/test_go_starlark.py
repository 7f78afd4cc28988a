# SPDX-License-Identifier: Apache-2.0
"""Delve's scripts on cores of Go: what they do, and beside Delve, whose command INQUEST_DLV names."""

import os
import re

import pytest

import build
from conftest import run
from delve import console, delve
from starlark_snippets import GOLDEN, delve_says, readable, snippets, write

# What scripts share that look at variables of main.values.
FIND = '''
def find():
    for g in goroutines().Goroutines:
        for i, f in enumerate(stacktrace(g.ID, 10).Locations):
            if f.Function != None and f.Function.Name_ == "main.values":
                return {"GoroutineID": g.ID, "Frame": i}
'''

# A slice of bytes into a file, in pieces that the interface allows.
SAVE = FIND + '''
def command_save(args):
    """Saves the bytes of a slice.

save EXPRESSION FILE"""
    expression, path = args.split(" ")
    data = eval(find(), expression).Variable
    write_file(path, "")
    done = 0
    while done < data.Len:
        size = min(data.Len - done, 4)
        append_file(path, examine_memory(data.Base + done, size).Mem)
        done += size
    print("saved", done, "of", data.Type)

def command_largest(args):
    print(max([b for b in eval(find(), args).Variable.Value]))

def main():
    print(len(goroutines().Goroutines) > 10)
'''


@pytest.fixture(autouse=True)
def leaks_of_python(monkeypatch):
    """The interpreter stays until the process ends, and what it has then is no leak of ours."""
    monkeypatch.setenv("ASAN_OPTIONS", "detect_leaks=0")


@pytest.fixture(scope="module")
def save(tmp_path_factory):
    script = tmp_path_factory.mktemp("save") / "save.star"
    script.write_text(SAVE, encoding="utf-8")
    return script


def test_a_script_exports_bytes(go_core, save, tmp_path):
    out = tmp_path / "out"
    said = console(go_core, f"source {save}", f"save j.Data {out}", "largest bytes", "help save")
    assert said.splitlines()[-6:] == ["True", "saved 7 of []uint8", "255", "Saves the bytes of a slice.", "",
                                      "save EXPRESSION FILE"]
    assert out.read_bytes() == b"payload"


def test_the_prompt_and_scripts_select_the_same(go_core, tmp_path):
    script = tmp_path / "select.star"
    script.write_text(FIND + '''
def command_there(args):
    where = find()
    raw_command("switchGoroutine", GoroutineID=where["GoroutineID"])
    dlv_command("frame " + str(where["Frame"]))
    print(len(eval(None, "text").Variable.Value), cur_scope().Frame == where["Frame"], tgt.i == eval(where, "i").Variable.Value)

def command_here(args):
    print(eval(None, args).Variable.Value)
''', encoding="utf-8")
    said = console(go_core, f"source {script}", "there", "print text", "here len(text)").splitlines()
    assert said[-3:] == ["13 True True", '$1 = "text argument"', "13"]


def test_commands_have_delves_text(go_core, tmp_path):
    """What Delve says to the same is compared by test_programs_on_a_target_say_the_same()."""
    script = tmp_path / "commands.star"
    commands = ("print words", "print %x numbers[4]", "print keyed", "whatis s", "args", "locals ^(n|w)", "locals nosuch", "p generic",
                "examinemem -fmt hex -count 2 -size 2 -x &bytes[0]", "breakpoints")
    script.write_text(FIND + '''
where = find()
dlv_command("goroutine " + str(where["GoroutineID"]))
dlv_command("frame " + str(where["Frame"]))
for one in %r:
    print("@", one)
    dlv_command(one)
dlv_command("nosuch")
''' % (list(commands),), encoding="utf-8")
    answer = run("run", script, go_core, status=1)
    selected, *said = re.split(r"^@ .*\n", answer.out, flags=re.M)
    assert re.search(r"^Frame \d+: .*/blocked\.go:(\d+) \(PC: [0-9a-f]+\)\n(?:  .*\n){5}=> \1:\t\t<-neverSend\n(?:  .*\n){5}\Z", selected, re.M)
    said[8] = re.sub("0x[0-9a-f]{6,}", "ADDRESS", said[8])
    assert said == [
        '[]string len: 3, cap: 3, ["one","two","three"]\n',
        "5\n",
        'map[main.point]*main.square [\n\t{X: 1, Y: 2}: *{Side: 3, Name: "three"}, \n]\n',
        "main.shape\nConcrete type: main.square\n",
        'i = 11\ntext = "text argument"\ns = main.shape(main.square) {Side: 2, Name: "two"}\n',
        "numbers = []int len: 5, cap: 5, [...]\nnothing = *main.point nil\nwhen = time.Time(2026-11-21T12:30:00Z){wall: 0, "
        "ext: 63930861000, loc: *time.Location nil}\nwords = []string len: 3, cap: 3, [...]\nnested = [][]int len: 3, cap: 3, [...]\n",
        "(no locals)\n",
        'main.pair[string,int] {Key: "key", Value: 5}\n',
        "ADDRESS:   0x0100   0xfffe   \n",
        "",
    ]
    assert "command not available" in answer.err


def test_goroutines_that_are_changed_are_ones_own(go_core, tmp_path):
    """Rows of a list share their places, which no script may see."""
    script = tmp_path / "own.star"
    script.write_text('''
def main():
    gs = goroutines().Goroutines
    same = [g for g in gs if g.UserCurrentLoc.Function.Name_ == "runtime.gopark"]
    one, other = same[0], same[1]
    one.UserCurrentLoc.Function.Name_ = "changed"
    one.UserCurrentLoc.Line = 7
    one.WaitReason = 9
    print(one.UserCurrentLoc.Function.Name_, one.UserCurrentLoc.Line, one.WaitReason, one.ID == same[0].ID)
    print(other.UserCurrentLoc.Function.Name_, other.UserCurrentLoc.Line == 7)
    print(goroutines(0, 1).Nextg, len(goroutines(0, 1).Goroutines), len(goroutines().Goroutines) == len(gs), goroutines().Nextg)
''', encoding="utf-8")
    assert run("run", script, go_core).out == "changed 7 9 True\nruntime.gopark False\n1 1 True -1\n"


def test_a_failure_says_where(go_core, tmp_path):
    script = tmp_path / "fails.star"
    script.write_text('def inner(x):\n    return eval(None, x).Variable\ndef main():\n    print("before")\n    inner("nosuch")\n',
                      encoding="utf-8")
    answer = run("run", script, go_core, status=1)
    assert answer.out == "before\n"
    lines = answer.err.splitlines()
    assert [line.partition(".star:")[2] for line in lines[1:3]] == ["5:10: in main", "2:16: in inner"]
    assert lines[3].startswith("Error: could not find symbol value for nosuch")


# Beside Delve.

@pytest.mark.delve
def test_delve_says_what_was_recorded(lab, tmp_path):
    """The programs of test_starlark.py; where a new Delve differs, the file to replace the old one is named."""
    target, core = lab.core(f"go-{build.GO_VERSIONS[-1]}-noopt", "abort", program="go")
    pairs = snippets("starlark.txt")
    said = delve_says([program for program, _ in pairs], target.exe, core, tmp_path)
    now = tmp_path / "starlark.txt"
    write(now, [(program, new) for (program, _), new in zip(pairs, said)])
    wrong = [(program, old, new) for (program, old), new in zip(pairs, said) if old != new]
    assert not wrong, now


def ours(count, target, core, folder):
    """What our prompt says to the same files, as delve_says()."""
    commands = [word for i in range(count) for word in ("-ex", f"echo @{i}@\\n", "-ex", f"source {folder / f'{i}.star'}")]
    answer = run("debug", "--batch", *commands, "--exe", target.exe, core, status=None, timeout=300)
    said = re.split(r"^@\d+@\n", answer.out, flags=re.M)[1:]
    assert len(said) == count
    failures = re.split(r"^The script .*/(\d+)\.star failed\.\n", answer.err, flags=re.M)
    for why, number in zip(failures[::2], failures[1::2]):
        why = re.sub(r"\ATraceback \(most recent call last\):\n(  .*\n)*", "", why)
        said[int(number)] += re.sub(r"\AError: ", "error: ", why)
    return [readable(re.sub(rf"{re.escape(str(folder))}/\d+\.star", "x.star", part)) for part in said]


def both(programs, lab, folder):
    """(program, what Delve says, what we say) on one core."""
    target, core = lab.core(f"go-{build.GO_VERSIONS[-1]}-noopt", "abort", program="go")
    theirs = delve_says(programs, target.exe, core, folder)
    return list(zip(programs, theirs, ours(len(programs), target, core, folder)))


@pytest.mark.delve
def test_programs_on_a_target_say_the_same(lab, tmp_path):
    with open(os.path.join(GOLDEN, "starlark-target.star"), encoding="utf-8") as file:
        programs = file.read().split("===\n")[1:]
    answers = both(programs, lab, tmp_path)
    wrong = [one for one in answers if one[1] != one[2]]
    assert len(answers) >= 120 and not wrong


@pytest.mark.delve
def test_exported_bytes_are_identical(lab, save, tmp_path):
    expressions = "j.Data", "bytes"
    target, core = lab.core(f"go-{build.GO_VERSIONS[-1]}-noopt", "abort", program="go")
    for who in "theirs", "ours":
        (tmp_path / who).mkdir()
    delve(target.exe, core, [f"source {save}"] + [f"save {one} {tmp_path}/theirs/{one}" for one in expressions], tmp_path)
    console(core, f"source {save}", *(f"save {one} {tmp_path}/ours/{one}" for one in expressions))
    for one in expressions:
        data = (tmp_path / "ours" / one).read_bytes()
        assert data and data == (tmp_path / "theirs" / one).read_bytes()
