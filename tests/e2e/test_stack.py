# SPDX-License-Identifier: Apache-2.0
"""inquest stack: what it prints, and that it agrees with gdb and eu-stack."""

import json
import re

import jsonschema
import peers
import pytest
from conftest import SANITIZED, json_schema, run

SCHEMA = json_schema("stack")
PLAIN = "c-gcc-O2-dwarf5"


def stack_json(target, *options):
    answer = run("stack", "--json", *options, target).json
    jsonschema.validate(answer, SCHEMA)
    return answer


def crashed(answer):
    return next(thread for thread in answer["threads"] if thread["crashed"])


def functions(thread):
    return [frame["function"] for frame in thread["frames"]]


def test_the_schema_is_one():
    jsonschema.Draft202012Validator.check_schema(SCHEMA)


def test_json(lab):
    target, core = lab.core(PLAIN, "segv")
    answer = stack_json(core)
    assert answer["schema"] == "inquest.stack/1"
    assert answer["target"]["kind"] == "core"
    assert answer["target"]["program"] == target.exe
    assert answer["target"]["signal"]["name"] == "SIGSEGV"
    assert answer["target"]["signal"]["text"] == "address not mapped (SEGV_MAPERR)"
    assert answer["tasks"] == []
    assert answer["threads"][0]["crashed"]
    assert answer["threads"][0]["tid"] == answer["target"]["crashed_tid"]
    assert sum(thread["crashed"] for thread in answer["threads"]) == 1
    frames = answer["threads"][0]["frames"]
    assert [(f["function"], f["kind"]) for f in frames] == [
        ("die_segv", "normal"), ("blow", "normal"), ("tail_second", "tailcall"), ("tail_first", "tailcall"),
        ("inner", "inlined"), ("level_three", "inlined"), ("level_two", "normal"), ("level_one", "normal"),
        ("run", "normal"), ("__libc_start_call_main", "normal"), ("__libc_start_main_impl", "normal"),
        ("_start", "normal")] or [f["function"] for f in frames][:8] == [
        "die_segv", "blow", "tail_second", "tail_first", "inner", "level_three", "level_two", "level_one"]
    assert {f["language"] for f in frames[:8]} == {"c"}
    assert all(thread["stopped"] is None for thread in answer["threads"])


def test_text(lab):
    target, core = lab.core(PLAIN, "segv")
    text = run("stack", core).out
    first, *_ = text.splitlines()
    assert re.fullmatch(r"crash \(process \d+\) died of SIGSEGV: address not mapped \(SEGV_MAPERR\) at 0x[0-9a-f]+, "
                        r"in thread \d+", first)
    assert f"command: {target.exe} segv" in text
    assert re.search(r'^Thread \d+ "crash" \(crashed\)$', text, re.M)
    assert re.search(r"^  #0    die_segv +\S*crash\.c:\d+ +crash$", text, re.M)
    assert re.search(r"^  #2    tail_second \[tail call\] +\S*crash\.c:\d+ +crash$", text, re.M)
    assert re.search(r"^  #4    inner \[inlined\] ", text, re.M)


def test_text_is_the_json(lab):
    _, core = lab.core(PLAIN, "segv")
    answer = stack_json(core)
    text = run("stack", "--all-frames", core).out
    threads = re.split(r"^Thread ", text, flags=re.M)[1:]
    assert [int(thread.split()[0]) for thread in threads] == [thread["tid"] for thread in answer["threads"]]
    for shown, thread in zip(threads, answer["threads"]):
        assert len(re.findall(r"^  #\d+ ", shown, re.M)) == len(thread["frames"])
        for number, frame in enumerate(thread["frames"]):
            if frame["function"]:
                assert re.search(rf"^  #{number} +{re.escape(frame['function'])}", shown, re.M)


def test_one_thread(lab):
    _, core = lab.core(PLAIN, "segv")
    tid = stack_json(core)["threads"][2]["tid"]
    assert [thread["tid"] for thread in stack_json(core, "--thread", tid)["threads"]] == [tid]
    assert "has no thread 999999" in run("stack", "--thread", "999999", core, status=1).err


def test_names_only(lab):
    _, core = lab.core(PLAIN, "segv")
    names = functions(crashed(stack_json(core, "--names")))
    assert [name.split(".")[0] for name in names[:3]] == ["die_segv", "blow", "level_two"]  # no inlined, no tail calls
    assert all(frame["file"] is None for thread in stack_json(core, "--names")["threads"]
               for frame in thread["frames"])


def test_no_inlines(lab):
    _, core = lab.core(PLAIN, "segv")
    whole, less = crashed(stack_json(core)), crashed(stack_json(core, "--no-inlines"))
    assert functions(less) == [f["function"] for f in whole["frames"] if f["kind"] != "inlined"]


def test_limit(lab):
    _, core = lab.core(PLAIN, "segv")
    answer = stack_json(core, "--limit", 3)
    assert all(len(thread["frames"]) <= 3 for thread in answer["threads"])
    assert "limit" in crashed(answer)["stopped"]


def test_addresses(lab):
    _, core = lab.core(PLAIN, "segv")
    pc = int(crashed(stack_json(core))["frames"][0]["pc"], 16)
    assert re.search(rf"^  #0 +0x{pc:016x}  die_segv", run("stack", "-a", core).out, re.M)


def test_recursion_is_folded(lab):
    _, core = lab.core("c-gcc-O0-dwarf5", "20000", program="recurse")
    text = run("stack", core).out
    match = re.search(r"^  #(\d+)-#(\d+): rec \(\S*recurse\.c:\d+\), ([\d,]+) times$", text, re.M)
    assert match, text
    first, last, times = int(match[1]), int(match[2]), int(match[3].replace(",", ""))
    assert last - first + 1 == times
    frames = stack_json(core)["threads"][0]["frames"]
    assert sum(frame["function"] == "rec" for frame in frames) == 20000
    assert 19998 <= times <= 20000
    assert [frame["function"] for frame in frames[first:last + 1]] == ["rec"] * times
    assert len(text.splitlines()) < 30

    folded = stack_json(core, "--fold")["threads"][0]["frames"]
    assert [frame for frame in folded if "repeated" in frame][0]["repeated"] == times
    assert len(folded) == len(frames) - times + 1
    assert len(run("stack", "--all-frames", core).out.splitlines()) > 20000


def test_groups(lab):
    _, core = lab.core("c-gcc-O2-dwarf5", "60", "crash", program="threads")
    answer = stack_json(core, "--group")
    groups = answer["groups"]
    assert sorted(tid for group in groups for tid in group) == sorted(t["tid"] for t in answer["threads"])
    assert answer["target"]["crashed_tid"] in groups[0]
    assert [len(group) for group in groups[1:]] == sorted((len(group) for group in groups[1:]), reverse=True)
    by_tid = {thread["tid"]: [(f["function"], f["line"]) for f in thread["frames"]] for thread in answer["threads"]}
    for group in groups:
        assert len({json.dumps(by_tid[tid]) for tid in group}) == 1
    text = run("stack", "--group", core).out
    assert re.findall(r"^(\d+) threads", text, re.M) == [str(len(group)) for group in groups if len(group) > 1]


def test_folded(lab):
    _, core = lab.core("c-gcc-O2-dwarf5", "60", "crash", program="threads")
    lines = run("stack", "--folded", core).out.splitlines()
    counts = [int(line.rsplit(" ", 1)[1]) for line in lines]
    assert sum(counts) == len(stack_json(core)["threads"])
    assert len(set(lines)) == len(lines)
    assert all(re.fullmatch(r"[^;]+(;[^;]+)+ \d+", line) for line in lines)
    assert any(";main;" in line or ";main " in line for line in lines)


# Agreement with peers.

def check(differences):
    unexplained = [str(difference) for difference in differences if not peers.reasoned(difference)]
    assert not unexplained, "\n".join(unexplained)


CASES = [
    ("c-gcc-O0-dwarf5", "segv"), ("c-gcc-O2-dwarf5", "segv"), ("c-gcc-O2-dwarf4", "abort"),
    ("c-clang-O2-dwarf5", "segv"), ("c-clang-O0-dwarf4", "abort"), ("c-gcc-O3", "div0"), ("c-clang-O3", "segv"),
    ("c-gcc-split5", "segv"), ("c-clang-dwp5", "segv"), ("c-gcc-dwz5", "segv"), ("c-gcc-types", "segv"),
    ("c-gcc-zstd", "segv"), ("c-gcc-zlib", "segv"), ("c-gcc-debuglink", "segv"), ("c-gcc-minidebug", "segv"),
    ("c-gcc-static", "segv"), ("c-gcc-static-pie", "segv"), ("c-gcc-no-pie", "abort"), ("c-gcc-nodebug", "segv"),
    ("c-gcc-debugframe", "segv"), ("c-gcc-lto", "segv"), ("c-gcc-cet", "handler"),
    ("c-gcc-O2-dwarf5", "handler"), ("c-gcc-O2-dwarf5", "caught-segv"), ("c-gcc-O2-dwarf5", "null-call"),
    ("c-gcc-O2-dwarf5", "double-free"), ("c-gcc-O2-dwarf5", "deadlock"),
    ("cxx-gcc-O0-dwarf5", "segv"), ("cxx-gcc-O2-dwarf5", "segv"), ("cxx-gcc-O2-dwarf5", "terminate"),
    ("cxx-clang-O2-dwarf5", "sort"), ("cxx-gcc-O3", "pure-virtual"), ("cxx-gcc-dwz4", "in-catch"),
    ("cxx-clang-split5", "segv"), ("cxx-gcc-lto", "rethrow"),
    ("rust-O0-legacy", "segv"), ("rust-O2-v0", "segv"), ("rust-unwind", "abort"), ("rust-O2-legacy", "double-panic"),
]
WAITS = {"deadlock", "hang"}
EU_STACK_LOST = {"null-call"}  # it ends at the jump to an address that is not mapped


@pytest.mark.parametrize("variant,death", CASES, ids=["-".join(case) for case in CASES])
def test_agrees(lab, variant, death):
    more = {"kill": 6} if death in WAITS else {}
    target, core = lab.core(variant, death, **more)
    options = ["--debug-dir", target.debug_dir] if target.debug_dir else []
    ours = peers.our_stacks(stack_json(core, *options))
    if SANITIZED:
        return  # the peers were compared with the release binary
    try:
        gdb = peers.gdb_stacks(target.exe, core, debug_dir=target.debug_dir)
    except peers.PeerFailed as failed:
        pytest.skip(str(failed))
    if gdb is None:
        pytest.skip("gdb is not installed")
    check(peers.gdb_differences(ours, gdb))
    eu = peers.eu_stacks(target.exe, core)
    if eu is not None and death not in EU_STACK_LOST:
        if variant.startswith("rust"):  # it shows symbols, of which it demangles some
            for frame in sum(eu.values(), []):
                frame.function = None
        check(peers.eu_differences(ours, eu))
