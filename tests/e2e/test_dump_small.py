# SPDX-License-Identifier: Apache-2.0
"""inquest dump --stacks and --heap: what is shown of a small core is what is shown of a whole one."""

import re
import subprocess

import build
import cores
import peers
import pytest
from conftest import SANITIZED, run
from pyprograms import differences, some
from test_dump import UNSEEN, VARIANT, Witness, dump
from test_go_tasks import until_main_rests
from test_stack import check, stack_json

PIECE = 4096


def answer_of(core, *options):
    """What it says, without what differs from dump to dump: the name of the file."""
    answer = run("stack", "--json", *options, core).json
    del answer["target"]["path"]
    return answer


@pytest.mark.parametrize("method", ["copy", "snapshot", "stop"])
def test_of_c(lab, tmp_path, method):
    """Stacks as the process has them; of its 64 MiB nothing else; it has seen nothing."""
    with Witness(lab, 64, 8) as process:
        answer = dump(process, tmp_path / "core", "--stacks", "--method", method)
        assert (answer["size"], answer["method"], answer["threads"]) == ("stacks", method, 15)
        assert answer["bytes"] < 1_000_000 and answer["bytes_skipped"] == 0
        assert (answer["bytes_later"] > 0) == (method == "copy")
        assert run("info", "--json", tmp_path / "core").json["record"]["method"] == method
        live = {thread["tid"]: thread for thread in stack_json(process.pid)["threads"]}
        assert process.seen() == UNSEEN
    waiting = [t for t in stack_json(tmp_path / "core")["threads"] if any(f["function"] == "wait_here" for f in t["frames"])]
    assert len(waiting) == 8
    for thread in waiting:
        assert thread["frames"] == live[thread["tid"]]["frames"]


@pytest.mark.skipif(SANITIZED, reason="the peers were compared with the release binary")
def test_agrees(lab, tmp_path):
    """gdb sees the same stacks in it, its threads by libthread_db, and that what is left out is not there."""
    exe, core = lab.target(VARIANT, "witness").exe, tmp_path / "core"
    with Witness(lab, 4, 8) as process:
        dump(process, core, "--stacks")
    ours = peers.our_stacks(stack_json(core, "--exe", exe))
    gdb = peers.gdb_stacks(exe=exe, core=str(core))
    if gdb is None:
        pytest.skip("there is no gdb")
    # Others come and go: one that is being made has a frame less or more.
    stay = [tid for tid, frames in ours.items() if any(frame.function == "wait_here" for frame in frames)]
    assert len(stay) == 8
    check(peers.gdb_differences({tid: ours[tid] for tid in stay}, {tid: gdb[tid] for tid in stay}))
    says = subprocess.run(["gdb", "-nx", "-q", "-batch", "-ex", "info threads", "-ex", "print *low", exe, core],
                          stdout=subprocess.PIPE, stderr=subprocess.STDOUT, check=False, env=peers.env(), text=True).stdout
    assert len(re.findall(r"Thread 0x[0-9a-f]+ \(LWP \d+\)", says)) >= 15, says
    assert "Cannot access memory" in says, says


def of_goroutines(answer):
    """By id, of those that no thread runs: what is said of each."""
    return {task["id"]: ({**task, "stack": None}, answer["task_stacks"][task["stack"]]["frames"])
            for task in answer["tasks"] if "tid" not in task}


@pytest.mark.thin
@pytest.mark.parametrize("version", [build.GO_VERSIONS[0], build.GO_VERSIONS[-1]])
def test_of_go(lab, tmp_path, version):
    """Goroutines with their stacks, states, reasons, labels and makers, by either method."""
    exe = lab.target(f"go-{version}", "go").exe
    with cores.Running([exe, "wait"]) as process:
        until_main_rests(process.pid)
        dump(process, tmp_path / "whole", "--full")
        for method in ("copy", "snapshot"):
            answer = dump(process, tmp_path / method, "--stacks", "--method", method)
            assert answer["bytes"] < 3_000_000
        dump(process, tmp_path / "after", "--full")
    # The runtime's own goroutines come and go: what stays is compared.
    before, after = of_goroutines(answer_of(tmp_path / "whole")), of_goroutines(answer_of(tmp_path / "after"))
    whole = {one: told for one, told in before.items() if after.get(one) == told}
    assert len(whole) > 15
    for method in ("copy", "snapshot"):
        small = of_goroutines(answer_of(tmp_path / method))
        assert [one for one, told in whole.items() if small.get(one) != told] == []


@pytest.mark.thin
@pytest.mark.parametrize("python", some())
def test_of_python(programs, tmp_path, python):
    """Frames as the program itself tells them; with --heap variables, too."""
    with programs.running(python, "hung", "lock") as process:
        process.settle()
        whole = dump(process, tmp_path / "whole")
        small = dump(process, tmp_path / "small", "--stacks")
        heap = dump(process, tmp_path / "heap", "--heap=1G")
        oracle = process.oracle
    assert small["bytes"] < whole["bytes"] / 4
    assert small["bytes"] < heap["bytes"] <= whole["bytes"]
    assert differences(answer_of(tmp_path / "small"), oracle) == []
    assert answer_of(tmp_path / "small") == answer_of(tmp_path / "whole")
    assert answer_of(tmp_path / "heap", "--locals") == answer_of(tmp_path / "whole", "--locals")


def test_limit(lab, tmp_path):
    """Never more than was asked for."""
    with Witness(lab, 8, 4) as process:
        stacks = dump(process, tmp_path / "stacks", "--stacks")["bytes"]
        for limit in (64, 1024):
            answer = dump(process, tmp_path / f"heap{limit}", f"--heap={limit}K")
            assert (answer["size"], answer["method"]) == ("heap", "snapshot")
            assert stacks < answer["bytes"] <= stacks + limit * 1024 + 40 * PIECE  # it goes on between two dumps
        assert process.seen() == UNSEEN


def test_packed(lab, tmp_path):
    """A small core can be packed, and has all mappings."""
    with Witness(lab, 8, 4) as process:
        answer = dump(process, tmp_path / "core.zst", "--stacks", "--compress")
        dump(process, tmp_path / "whole")
    assert answer["bytes"] < 150_000
    stacks = [len(core["threads"]) for core in (stack_json(tmp_path / "core.zst"), stack_json(tmp_path / "whole"))]
    assert stacks[0] == stacks[1]
    maps = [[m["start"] for m in run("info", "--json", "--maps", tmp_path / name).json["maps"]] for name in ("core.zst", "whole")]
    assert maps[0] == maps[1]


def test_refused(lab, tmp_path):
    with Witness(lab, 1, 1) as process:
        for words, says in ((("--heap=much",), "is no size"), (("--heap=0",), "is no size"), (("--heap=4X",), "is no size"),
                            (("--stacks", "--full"), "holds less"), (("--heap=1M", "--all"), "holds less"),
                            (("--method", "copy"), "not copied"), (("--heap=1M", "--method", "copy"), "not copied")):
            assert says in run("dump", *words, process.pid, tmp_path / "core", status=None).err, words
        (tmp_path / "there").write_text("kept")
        assert "exists already" in run("dump", "--stacks", process.pid, tmp_path / "there", status=None).err
    assert [p.name for p in tmp_path.iterdir()] == ["there"]
