# SPDX-License-Identifier: Apache-2.0
"""inquest dump: a core of one instant, and a process that has seen nothing."""

import contextlib
import os
import re
import signal
import subprocess
import time
from pathlib import Path

import cores
import jsonschema
import peers
import pytest
from conftest import INQUEST, SANITIZED, json_schema, run
from test_live import goes_on
from test_stack import check, stack_json

VARIANT = "c-gcc-O0-dwarf5"
SCHEMA = json_schema("dump")
PAIRS = 4
# The long forms are for `make check-matrix`.
KILLS = int(os.environ.get("INQUEST_DUMP_KILLS", "12" if SANITIZED else "25"))
UNSEEN = {"child_signals": 0, "children": 0, "interrupted": 0}


class Witness(cores.Running):
    """tests/targets/c/witness.c; `pid` is that of the program even when something stands in front."""

    def __init__(self, lab, *args, front=(), forks=True, **more):
        exe = lab.target(VARIANT, "witness").exe
        self.exe = os.path.realpath(exe)
        super().__init__([*front, exe, *map(str, args)], stdin=subprocess.PIPE, **more)
        while front and forks and self.pid == self.process.pid:
            children = Path(f"/proc/{self.pid}/task/{self.pid}/children").read_text().split()
            self.pid = int(children[0]) if children else self.pid

    def ask(self, line="?"):
        self.process.stdin.write(line.encode() + b"\n")
        self.process.stdin.flush()
        return self.process.stdout.readline().decode()

    def says(self):
        return {name: int(n) for name, n in re.findall(r"(\w+) (-?\d+)", self.ask())}

    def seen(self):
        says = self.says()
        return {name: says[name] for name in UNSEEN}


def dump(process, path, *options):
    answer = run("dump", "--json", *options, process.pid, path).json
    jsonschema.validate(answer, SCHEMA)
    assert os.stat(path).st_mode & 0o777 == 0o600 and os.stat(path).st_size == answer["bytes"]
    return answer


def counters(core):
    pairs = [f"pairs[{i}].{end}" for i in range(PAIRS) for end in ("low", "high")]
    words = [word for name in ("low", "shared", "high", *pairs) for word in ("-ex", f"output *{name}", "-ex", "echo \\n")]
    low, shared, high, *ends = (int(word) for word in run("debug", "--batch", *words, core).out.split()[-len(words) // 4:])
    assert low >= shared >= high >= low - 1 and low > 0
    for one, other in zip(ends[::2], ends[1::2]):
        assert one >= other >= one - 1 and one > 0
    return low, shared, high


def no_copies(exe):
    """Copies of the process and who holds them have gone: they do so a moment after inquest."""
    end, ours = time.monotonic() + 60, os.path.realpath(INQUEST)
    while time.monotonic() < end:
        programs = []
        for pid in filter(str.isdigit, os.listdir("/proc")):
            with contextlib.suppress(OSError):
                programs.append(os.readlink(f"/proc/{pid}/exe"))
        if ours not in programs and programs.count(exe) == 1:
            return True
        time.sleep(0.02)
    return False


@pytest.mark.parametrize("memory", ["small", "huge", "sparse"])
def test_one_instant(lab, tmp_path, memory):
    """Memory is that of one moment, though it changes all the time, also where the ends are 4 GiB apart, and in pages of
    2 MiB; the file of a stopped process is no other."""
    with Witness(lab, 4096 if memory == "sparse" else 64, 8, memory) as process:
        for method in ("snapshot", "stop"):
            path = tmp_path / method
            answer = dump(process, path, "--method", method)
            assert answer["method"] == method and answer["threads"] == 15 and answer["bytes_skipped"] == 0
            counters(path)
        assert process.seen() == UNSEEN
        assert no_copies(process.exe)


def test_what_a_fork_does_not_hand_on(lab, tmp_path):
    """MADV_DONTFORK and MADV_WIPEONFORK: of the same instant while they fit the pause, else said to be younger."""
    words = [word for name in ("low", "high", "unforked", "wiped") for word in ("-ex", f"output *{name}", "-ex", "echo \\n")]
    for size, why in (("areas", set()), ("large", {"not-forked", "wiped-on-fork"})):
        with Witness(lab, 8, 2, size) as process:
            answer = dump(process, tmp_path / size, "--method", "snapshot")
        low, high, unforked, wiped = (int(w) for w in run("debug", "--batch", *words, tmp_path / size).out.split()[-4:])
        assert {area["why"] for area in answer["live"]} == why
        assert answer["bytes_skipped"] == 0 and low >= high > 0
        if why:  # read later, while it went on counting
            assert unforked >= low - 1 and wiped >= low - 1
        else:
            assert high >= unforked >= wiped >= low - 1


@pytest.mark.skipif(SANITIZED, reason="the peers were compared with the release binary")
def test_agrees(lab, tmp_path):
    """gdb and Inquest see the same stacks in the core, those that the process has."""
    with Witness(lab, 4, 8) as process:
        dump(process, tmp_path / "core", "--method", "snapshot")
        live = {thread["tid"]: thread for thread in stack_json(process.pid)["threads"]}
        core = stack_json(tmp_path / "core", "--exe", lab.target(VARIANT, "witness").exe)
        gdb = peers.gdb_stacks(exe=lab.target(VARIANT, "witness").exe, core=str(tmp_path / "core"))
    check(peers.gdb_differences(peers.our_stacks(core), gdb))
    waiting = [t for t in core["threads"] if any(f["function"] == "wait_here" for f in t["frames"])]
    assert len(waiting) == 8
    for thread in waiting:
        assert thread["frames"] == live[thread["tid"]]["frames"]


def as_init():
    if os.geteuid() != 0:
        pytest.skip("only root can make a process namespace")
    return ["unshare", "--pid", "--fork", "--kill-child"]


@pytest.mark.parametrize("kind", ["plain", "reaper", "init", "seccomp"])
def test_unseen(lab, tmp_path, kind):
    """No child, no signal, no call interrupted, no descriptor; also where orphans are given to the process."""
    args = [kind] if kind in ("reaper", "seccomp") else []
    if kind == "seccomp" and os.geteuid() != 0:
        pytest.skip("only root may suspend seccomp filters")
    with Witness(lab, 8, 20, *args, front=as_init() if kind == "init" else ()) as process:
        before = process.says()
        for i in range(5):
            assert dump(process, tmp_path / f"core{i}", "--method", "snapshot")["method"] == "snapshot"
        after = process.says()
        assert {name: after[name] for name in UNSEEN} == UNSEEN
        assert after["descriptors"] == before["descriptors"] and after["threads"] == before["threads"]
        goes_on(process.pid)
        children = Path(f"/proc/{process.pid}/task/{process.pid}/children").read_text()
        assert children == ""


def wait_until_written(writer, folder):
    """Until something stands in the file, which may have no name yet."""
    while writer.poll() is None:
        with contextlib.suppress(OSError):  # it has closed one, or ended
            for fd in Path(f"/proc/{writer.pid}/fd").iterdir():
                if os.readlink(fd).startswith(str(folder)) and os.stat(fd).st_blocks:
                    return


def test_descriptors_are_not_held(lab, tmp_path):
    """While the copy lives, a socket that the process closes is closed."""
    with Witness(lab, 600, 2) as process:
        writer = subprocess.Popen([INQUEST, "dump", str(process.pid), tmp_path / "core"], stdout=subprocess.PIPE)
        wait_until_written(writer, tmp_path)
        writer.send_signal(signal.SIGSTOP)  # so that the copy lives until the socket is closed
        assert process.ask("c") == "closed 1\n"
        assert writer.poll() is None, "the copy was gone before the socket was closed"
        writer.send_signal(signal.SIGCONT)
        assert writer.wait(timeout=60) == 0


def holder(inquest):
    """Of an inquest that writes a core: the process that stops the target and holds its copy, or None."""
    with contextlib.suppress(OSError):
        for child in Path(f"/proc/{inquest.pid}/task/{inquest.pid}/children").read_text().split():
            if Path(f"/proc/{child}/comm").read_text() == "inquest-hold\n":
                return int(child)
    return None


@pytest.mark.parametrize("who", ["inquest", "holder"])
def test_killed_at_any_moment(lab, tmp_path, who):
    """SIGKILL: the target runs on, nothing of ours stays. Each call of the process that stops it: test_dump_killed.py."""
    with Witness(lab, 64, 20) as process:
        began = time.monotonic()
        dump(process, tmp_path / "whole")
        whole = time.monotonic() - began
        before, killed, moments = process.says(), 0, KILLS if who == "inquest" else KILLS // 2
        for i in range(moments):
            inquest = subprocess.Popen([INQUEST, "dump", str(process.pid), tmp_path / f"core{i}"],
                                       stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
            if who == "inquest":
                time.sleep(whole * i / moments)
                inquest.kill()
            else:
                while not (victim := holder(inquest)) and inquest.poll() is None:
                    time.sleep(0.001)
                time.sleep(whole / 2 * i / moments)
                if victim:
                    with contextlib.suppress(ProcessLookupError):
                        os.kill(victim, signal.SIGKILL)
            killed += inquest.wait() != 0
            (tmp_path / f"core{i}").unlink(missing_ok=True)
            assert process.process.poll() is None
        assert no_copies(process.exe)
        after = process.says()
        assert {name: after[name] for name in UNSEEN} == UNSEEN
        assert all(after[name] == before[name] for name in ("descriptors", "threads"))
        assert Path(f"/proc/{process.pid}/task/{process.pid}/children").read_text() == ""
        goes_on(process.pid)
        dump(process, tmp_path / "again")
        counters(tmp_path / "again")
        print(f"{killed} of {moments} were killed before they were done")


def test_cancelled(lab, tmp_path):
    """Ctrl-C takes the partial file away and frees the process."""
    with Witness(lab, 600, 2) as process:
        inquest = subprocess.Popen([INQUEST, "dump", str(process.pid), tmp_path / "core"], stderr=subprocess.PIPE)
        wait_until_written(inquest, tmp_path)
        inquest.send_signal(signal.SIGINT)
        # A disk that is slow to take what is written ends it otherwise; nothing is left then either.
        assert re.search("stopped|cancelled", inquest.communicate(timeout=60)[1].decode())
        assert inquest.returncode != 0
        assert not list(tmp_path.iterdir())
        assert no_copies(process.exe) and process.seen() == UNSEEN


def test_refused(lab, tmp_path):
    with Witness(lab, 1, 1) as process:
        (tmp_path / "there").write_text("kept")
        assert "exists already" in run("dump", process.pid, tmp_path / "there", status=None).err
        assert (tmp_path / "there").read_text() == "kept"
        assert "cannot make a file" in run("dump", process.pid, tmp_path / "none/core", status=None).err
        assert "no process id" in run("dump", "core", status=None).err
        with cores.Running(["sleep", "60"], ready=None) as other:
            os.kill(other.pid, signal.SIGSTOP)
            os.kill(other.pid, signal.SIGCONT)
        assert "no process" in run("dump", other.pid, tmp_path / "gone", status=None).err
        assert process.seen() == UNSEEN
    assert [p.name for p in tmp_path.iterdir()] == ["there"]


def test_record(lab, tmp_path):
    """What a core lacks otherwise: files with positions, sockets with addresses, limits, groups, names of threads."""
    info_schema = json_schema("info")
    (tmp_path / "a file").write_text("0123456789")
    body = ("import socket, os, sys, threading, time\n"
            "f = open(sys.argv[1]); os.lseek(f.fileno(), 7, 0)\n"
            "s = socket.create_server(('127.0.0.1', 0)); c = socket.create_connection(s.getsockname())\n"
            "def wait(): open('/proc/thread-self/comm', 'w').write('a thread'); print(f'{s.getsockname()[1]} ready', flush=True); input()\n"
            "threading.Thread(target=wait).start()")
    path = tmp_path / "core"
    with cores.Running(["/usr/bin/python3", "-c", body, tmp_path / "a file", "x\ny\\"], stdin=subprocess.PIPE) as process:
        answer = dump(process, path, "--method", "snapshot")
        port = process.output.split()[0].decode()
        limits = Path(f"/proc/{process.pid}/limits").read_text().splitlines()
        groups = Path(f"/proc/{process.pid}/cgroup").read_text().splitlines()
        arguments = Path(f"/proc/{process.pid}/cmdline").read_bytes().decode().split("\0")[:-1]
        live = run("info", "--json", "--files", process.pid).json
    info = run("info", "--json", "--files", "--limits", "--modules", path).json
    jsonschema.validate(info, info_schema)
    jsonschema.validate(live, info_schema)
    record = info["record"]
    assert (record["method"], record["pause_ns"]) == ("snapshot", answer["pause_ns"])
    assert record["kernel"].split()[1] == os.uname().release and record["host"] == os.uname().nodename
    assert record["cgroups"] == groups and info["limits"] == limits and info["process"]["arguments"] == arguments
    assert abs(float(record["time"]) - time.time()) < 60 and info["process"]["start_time"] <= info["process"]["dump_time"]
    assert info["files"] == live["files"] and len(info["files"]) == record["open_files"]
    files = {file["target"]: file for file in info["files"]}
    assert files[str(tmp_path / "a file")]["position"] == 7
    assert any(re.fullmatch(rf"socket:\[\d+\] tcp 127.0.0.1:{port} listening", target) for target in files)
    assert any(re.search(rf"tcp 127.0.0.1:\d+ to 127.0.0.1:{port} established", target) for target in files)
    assert b" a thread\n" in path.read_bytes()  # Python has its own names, which are shown
    recorded = {line.split(" ", 2)[2]: line.split(" ", 2)[1] for line in record["modules"]}
    modules = {m["path"]: m["build_id"] for m in info["modules"] if m["build_id"] and m["path"].startswith("/")}
    assert recorded == modules and len(modules) > 2
    text = run("info", "--files", path).out
    assert f"127.0.0.1:{port} listening" in text and "from a frozen copy" in text
    # Those who do not know the note pass over it.
    assert subprocess.run(["readelf", "-n", path], check=True, stdout=subprocess.PIPE, stderr=subprocess.PIPE).stderr == b""
    assert "warning" not in subprocess.run(["gdb", "-q", "-batch", "-nx", "-ex", "info threads", "/usr/bin/python3", path], check=True,
                                           stdout=subprocess.PIPE, stderr=subprocess.PIPE).stderr.decode()


@pytest.fixture
def small_disk(tmp_path):
    """A file system of 32 MiB."""
    folder = tmp_path / "disk"
    folder.mkdir()
    if subprocess.run(["mount", "-t", "tmpfs", "-o", "size=32m", "none", folder], check=False, stderr=subprocess.DEVNULL).returncode:
        pytest.skip("no file system can be mounted")
    yield folder
    subprocess.run(["umount", folder], check=True)


def test_full_disk(lab, tmp_path, small_disk):
    """What does not fit is refused before the process is stopped; what its zeros or packing make fit is not."""
    with Witness(lab, 64, 2) as process:
        says = run("dump", process.pid, small_disk / "core", status=None).err
        assert re.search(r"the core would take about 6\d MiB, and .*/disk has room for 30\n.*--compress", says)
        assert dump(process, small_disk / "core.zst", "--compress")["bytes"] < 16 << 20
        (small_disk / "core.zst").unlink()
        (small_disk / "other").write_bytes(bytes(31 << 20))
        says = run("dump", "--compress", process.pid, small_disk / "core", status=None).err
        assert "(an estimate: it is packed)" in says
        assert process.seen() == UNSEEN
        assert [p.name for p in small_disk.iterdir()] == ["other"]
    (small_disk / "other").unlink()
    zeros = "import mmap; m = mmap.mmap(-1, 100 << 20, mmap.MAP_PRIVATE); [m.write(bytes(1 << 20)) for i in range(100)]; print('ready', flush=True); input()"
    with cores.Running(["/usr/bin/python3", "-c", zeros], stdin=subprocess.PIPE) as process:
        assert dump(process, small_disk / "zeros", "--method", "snapshot")["bytes_used"] < 30 << 20


def stacks(core):
    return [[(f["function"], f["line"]) for f in t["frames"]] for t in stack_json(core)["threads"]]


def test_packed(lab, tmp_path):
    """Inquest reads it as it is, zstd makes a plain core of it; damage costs what it covers."""
    packed, plain, damaged = tmp_path / "core.zst", tmp_path / "core", tmp_path / "damaged.zst"
    with Witness(lab, 32, 4) as process:
        answer = dump(process, packed, "--compress")
        assert process.seen() == UNSEEN
    assert answer["bytes"] < 8_000_000
    subprocess.run(["zstd", "-q", "-d", packed, "-o", plain], check=True)
    assert plain.stat().st_size > 32 << 20
    assert stacks(packed) == stacks(plain)
    assert counters(packed) == counters(plain)
    memory = run("info", "--maps", packed).out
    assert memory.replace(str(packed), "CORE") == run("info", "--maps", plain).out.replace(str(plain), "CORE")
    # Nothing is unpacked to a file: TMPDIR is one that cannot be written to.
    assert run("stack", packed, env={"TMPDIR": "/proc/self"}).out
    data = bytearray(packed.read_bytes())
    data[len(data) // 2] ^= 0xFF
    damaged.write_bytes(data)
    assert stack_json(damaged)["threads"]
    for n in (0, 100, 5000, len(data) - 9, len(data) - 1):
        damaged.write_bytes(packed.read_bytes()[:n])
        run("stack", damaged, status=None)


def test_to_a_pipe(lab):
    with Witness(lab, 8, 2) as process:
        result = subprocess.run([INQUEST, "dump", "--compress", str(process.pid), "-"], stdout=subprocess.PIPE,
                                stderr=subprocess.PIPE, check=True)
        assert b"stood still" in result.stderr
        whole = subprocess.run(["zstd", "-q", "-d"], input=result.stdout, stdout=subprocess.PIPE, check=True).stdout
        assert whole[:4] == b"\x7fELF" and len(whole) > 8 << 20
        plain = subprocess.run([INQUEST, "dump", str(process.pid), "-"], stdout=subprocess.PIPE,
                               stderr=subprocess.PIPE, check=True).stdout
        assert len(plain) == len(whole)


def test_no_room_for_a_copy(lab, tmp_path, small_group):
    """Near the limit of its memory the process is not forked: the kernel would kill it for what it changes then."""
    group, limit = small_group
    front = ["sh", "-c", f'echo $$ >{group}/cgroup.procs; exec "$@"', "sh"]
    with Witness(lab, 16, 2, front=front, forks=False) as process:
        (group / limit).write_text(str(64 << 20))
        assert dump(process, tmp_path / "roomy")["method"] == "snapshot"
        (group / limit).write_text(str(24 << 20))
        answer = dump(process, tmp_path / "tight")
        assert answer["method"] == "stop" and "control group" in answer["no_snapshot"]
        err = run("dump", "--method", "snapshot", process.pid, tmp_path / "never", status=None).err
        assert "MiB left below its limit" in err
        assert process.seen()["children"] == 0
