#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""Measure Inquest beside its peers.

usage: run.py [options] [CASE...]        all cases when none is named; a CASE may
                                         be a pattern: 'go-1m-*'
  -n N             measured runs of each command (5)
  --peer P,...     only these peers
  --inquest PATH   the binary (build/inquest)
  --peers-only     measure the peers alone
  --json FILE      write every run to FILE as well ("-": print only that)
  --keep DIR       keep the last output of each command in DIR
  --list           name the cases

Each pair is run in turns (ours, peer, ours, peer, ...), every run in a fresh
process, after one run of each that is not counted, so files are in the page
cache. A ratio is the peer's median divided by ours: above 1, ours is better.
The peak is the largest resident set of the process (wait4), which counts the
pages of a core that was mapped; anon is the most memory that it had allocated.
A command that takes longer than a minute is run once.

Cold: an empty cache of Inquest for every run. Warm: a cache that one run has
filled. Pause: the longest time between two beats of a thread of the target
that beats five thousand times a second, while the tool shows every stack; of
a gcore, the longest time that a server took for an answer meanwhile, with the
tool's start and the load of symbols where the tool stops the process for them.
Of a dump, the longest time between two beats of a thread of the process, and
the time until the file is complete in place of CPU. Of files of dumps wall is
the time until they are complete, for ours on the disk; the kernel's dumper is
asked by SIGABRT of a twin.
In place of frames: members of the type that was looked up; MB of the core on
the disk that gcore or dump wrote; goroutines, or groups of them.
"""

import argparse
import contextlib
import fnmatch
import json
import mmap
import os
import platform
import re
import shutil
import signal
import socket
import statistics
import struct
import subprocess
import sys
import tempfile
import threading
import time

HERE = os.path.dirname(os.path.abspath(__file__))
ROOT = os.path.dirname(HERE)
sys.path.insert(0, os.path.join(ROOT, "tests", "targets"))

import build  # noqa: E402
import cores  # noqa: E402
import make_targets  # noqa: E402
import peers  # noqa: E402

TIMEOUT = 120
GO_TIMEOUT = 900
# A command that takes longer than this is measured at most three times, or once.
SLOW, VERY_SLOW = 5.0, 60.0
FRAME = re.compile(rb"^\s*(?:\*\s*)?(?:frame )?#\d+", re.MULTILINE)
GOROUTINE = re.compile(rb"^\s*(?:\* )?Goroutine \d+", re.MULTILINE)
GROUP = re.compile(rb"^(?:\s*Total: \d+|[\d,]+ goroutines? (?:at|with) )", re.MULTILINE)
GO_RECORD = re.compile(rb'\{"id":\d+,"(?:kind":"goroutine"|currentLoc":)')
MEMBER = re.compile(rb"^(?:    |\t)\w.*;", re.MULTILINE)

ALL_GDB = ["gdb-sid", "gdb"]
ALL_STACKS = ["gdb-sid", "lldb-sid", "eu-stack-sid", "drgn-sid", "gdb"]
# A type of the kernel that many units have, in one form.
KERNEL_TYPE = "struct task_struct"

# case: (target, peers' mode, our command, our cache, peers, (aim s, aim MB))
CASES = {
    "ceph-names": ("ceph", "names", ["stack", "--names"], "cold", ["eu-stack", "eu-stack-sid"], (0.25, 64)),
    "ceph-cold": ("ceph", "lines", ["stack"], "cold",
                  ["eu-stack-sid", "drgn-sid", "lldb-sid", "gdb-sid", "eu-stack", "gdb"], (2.0, None)),
    "ceph-warm": ("ceph", "lines", ["stack"], "warm", ["eu-stack-sid", "drgn-sid"], (0.3, None)),
    "ceph-full": ("ceph", "full", ["stack", "--full"], "cold", ["drgn-sid", *ALL_GDB], (3.0, 1000)),
    # The first frame is libc's, so the aim holds without a word of the program's own debug information; the
    # stack needs that whole, and it is compressed.
    "ceph-console": ("ceph", "first", ["debug", "--batch", "-ex", "info locals"], "cold", ALL_GDB, (0.5, None)),
    "ceph-console-bt": ("ceph", "bt", ["debug", "--batch", "-ex", "bt"], "cold", ALL_GDB, (None, None)),
    "valkey": ("valkey", "lines", ["stack"], "cold", ALL_STACKS, (0.03, None)),
    "valkey-source": ("valkey-source", "lines", ["stack"], "cold", ALL_STACKS, (0.03, None)),
    "valkey-full": ("valkey-source", "full", ["stack", "--full"], "cold", ["drgn-sid", *ALL_GDB], (0.05, None)),
    "valkey-console": ("valkey-source", "full", ["debug", "--batch", "-ex", "thread apply all bt full"], "cold",
                       ALL_GDB, (0.05, None)),
    "vmlinux-type": ("vmlinux", f"type:{KERNEL_TYPE}", ["debug", "--batch", "-ex", f"ptype {KERNEL_TYPE}"], "cold",
                     ["drgn-sid", *ALL_GDB], (0.35, None)),
    "threads-500": ("threads-500", "lines", ["stack"], "cold", ALL_STACKS, (0.05, None)),
    "recursion-20000": ("recursion-20000", "lines", ["stack"], "cold",
                        ["lldb-sid", "gdb-sid", "eu-stack-sid", "drgn-sid", "gdb"], (0.15, None)),
    # gdb needs minutes for this one and lldb overflows its own stack: see recurse.c.
    "recursion-chain": ("recursion-chain", "lines", ["stack"], "cold", ["eu-stack-sid", "drgn-sid"], (0.15, None)),
}
# Live cases: (threads, peers, aim ms). sid's lldb cannot attach from outside its root.
LIVE = {"live-500": (500, ["gdb", "gdb-sid", "lldb", "eu-stack-sid"], 30)}
# Written cores: (target whose server is started and filled, peers).
WRITTEN = {"gcore-1gb": ("valkey-source", ALL_GDB)}
# Dumps of a process that watches itself (tests/targets/c/witness.c): (MiB, threads, aim ms).
DUMPED = {"dump-1g": (1024, 18, 15), "dump-4g": (4096, 18, 60), "dump-8g": (8192, 18, 120),
          "dump-huge-1g": (1024, 18, 5, "huge"), "dump-huge-4g": (4096, 18, 5, "huge"),
          "dump-huge-8g": (8192, 18, 10, "huge"),
          "dump-1000-threads": (64, 1000, 30), "dump-4000-threads": (64, 4000, 120)}
# Small ones, for stacks, beside lldb's of that kind and gdb's whole ones: the same.
STACKS = {"dump-stacks-20": (64, 20, 3), "dump-stacks-1000": (64, 1000, 30)}
# Files of dumps: (program, words of the witness). The same name with -packed: ours with --compress.
FILES = {"file-noise-1g": ("witness", "1024", "15", "random"), "file-noise-4g": ("witness", "4096", "15", "random"),
         "file-half-1g": ("witness", "1024", "15", "half"), "file-heap-1g": ("witness", "1024", "15", "heap"),
         "file-heap-4g": ("witness", "4096", "15", "heap"), "file-sparse-4g": ("witness", "4096", "15", "sparse"),
         "file-go": ("go-100k",), "file-go-small": ("go-1k",), "file-python": ("python",), "file-valkey": ("valkey-source",)}
FILES.update({f"{name}-packed": what for name, what in FILES.items()})
FILE_PEERS = [*ALL_GDB, "kernel"]  # lldb 16 writes no whole cores, and that of sid sees what is in /tmp only
# Questions about goroutines: our command, Delve's mode (None: it cannot), what is counted, what Delve takes in kB a
# goroutine, and the aim at a million of them in a core.
GO_ASKED = {
    "open": (["debug", "--batch"], "open", FRAME, 0, {}),
    "list": (["debug", "--batch", "-ex", "goroutines"], "list", GOROUTINE, 4, {}),
    "user": (["stack", "--by", "user", "--system"], "user", GROUP, 4, {"wall": 1.5, "anon": 300}),
    "stack": (["stack", "--by", "stack", "--system"], None, GROUP, 0, {"wall": 1.5, "anon": 300}),
    "all": (["stack", "--each", "--all-frames", "--system"], "all", GOROUTINE, 15, {"wall": 6}),
    "json": (["stack", "--json", "--system"], "json", GO_RECORD, 8, {"wall": 6}),
}
GO = {f"{target}-{live}{what}": (target, live, what)
      for target in make_targets.GO_SIZES for live in ("", "live-") for what in GO_ASKED}


# Python's stacks: (threads, with variables, aim ms of pause or s, aim MB, peers). Each thread is 20 to 200 calls deep, 92
# on average: tests/targets/python/deep.py.
PYTHON_PEERS = ["gdb", "pystack"]
PYTHON_LIVE = {"python-4": (4, False, None, None), "python-100": (100, False, 20, None),
               "python-1000": (1000, False, 150, 250), "python-4-locals": (4, True, None, None),
               "python-100-locals": (100, True, 100, None), "python-1000-locals": (1000, True, 1000, 250)}
PYTHON_CORE = {"python-core-100": (100, False, None, None), "python-core-100-locals": (100, True, 0.3, 100),
               "python-core-1000-locals": (1000, True, None, None)}
PYTHON = "/usr/bin/python3.11"


class Failure(Exception):
    """A command that did not do its work; the text is for the table."""


class Runner:
    """Runs commands through bench/measure.c."""

    def __init__(self, folder, keep):
        self.folder = folder
        self.keep = keep
        self.measure = os.path.join(folder, "measure")
        build.run([build.tool("gcc"), "-O2", os.path.join(HERE, "measure.c"), "-o", self.measure])
        self.caches = 0

    def fresh_cache(self):
        self.caches += 1
        return os.path.join(self.folder, f"cache-{self.caches}")

    def once(self, argv, env, label, counted=FRAME, timeout=TIMEOUT, good=("0",)):
        """(wall seconds, peak MB, CPU seconds, frames or whatever is counted in the output, anonymous MB).
        `good`: statuses of an end without a failure."""
        out = os.path.join(self.keep or self.folder, label.replace("/", "_") + ".txt")
        result = subprocess.run([self.measure, str(timeout), out, *argv], env=env, stdin=subprocess.DEVNULL,
                                stdout=subprocess.PIPE, text=True, check=True)
        wall, peak, anonymous, cpu, status = result.stdout.split(maxsplit=4)
        frames, end = look_at(out, counted)
        status = status.strip()
        if status == "timeout":
            raise Failure(f"no end after {timeout} s")
        # eu-stack exits 1 when one stack of many has a bad end.
        if status not in good and not (frames and status == "1" and counted is FRAME):
            last = end.decode(errors="replace").strip().splitlines()[-1:] or ["no output"]
            raise Failure(f"exit {status}: {last[0][:80]}")
        return int(wall) / 1e9, int(peak) * 1024 / 1e6, int(cpu) / 1e6, frames, int(anonymous) * 1024 / 1e6


def look_at(path, counted):
    """(how often something stands in a file, its last bytes); outputs may have a gigabyte."""
    with open(path, "rb") as file:
        if not os.fstat(file.fileno()).st_size:
            return 0, b""
        with mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as text:
            return sum(1 for _ in counted.finditer(text)), text[-4096:]


def ours(binary, command, subject, cache):
    env = dict(os.environ, XDG_CACHE_HOME=cache, NO_COLOR="1")
    env.pop("DEBUGINFOD_URLS", None)
    return [binary, *command, str(subject)], env


def turns(commands, count):
    """Run the commands in turns. `commands`: {side: function that runs once}.
    {side: [result, ...] or Failure}; a side that fails is left out from then on."""
    results = {side: [] for side in commands}
    done = set()
    for side, once in commands.items():
        try:
            start = time.monotonic()
            first = once()
            took = time.monotonic() - start
            if took > VERY_SLOW:
                results[side] = [first]
                done.add(side)
            elif took > SLOW:
                count = min(count, 3)
        except Failure as failure:
            results[side] = failure
    for _ in range(count):
        for side, once in commands.items():
            if isinstance(results[side], Failure) or side in done:
                continue
            try:
                results[side].append(once())
            except Failure as failure:
                results[side] = failure
    return results


def row(case, peer, results, aim, what=("wall", "peak", "cpu", "frames", "anon")):
    """One line of the table as a dict, from the results of `turns`."""
    line = {"case": case, "peer": peer, "aim": aim}
    for side in ("theirs", "ours"):
        result = results.get(side)
        if result is None:
            line[side] = None
        elif isinstance(result, Failure):
            line[side] = {"failed": str(result)}
        else:
            line[side] = {"n": len(result)}
            for i, name in enumerate(what):
                values = [run[i] for run in result]
                line[side][name] = {"median": statistics.median(values), "runs": values}
    both = all(line[side] and "failed" not in line[side] for side in ("theirs", "ours"))
    for name in what[:2]:
        mine = line["ours"][name]["median"] if both else 0
        line[f"ratio_{name}"] = line["theirs"][name]["median"] / mine if both and mine else None
    return line


def core_case(runner, options, case):
    name, mode, words, cache_mode, wanted, aim = CASES[case]
    target = make_targets.load(name)
    if not target:
        yield {"case": case, "peer": "-", "skipped": f"run: make_targets.py {name}"}
        return
    warm = runner.fresh_cache()
    subject = target.get("core") or target["exe"]
    counted = MEMBER if mode.startswith("type:") else FRAME

    def run_ours():
        cache = warm if cache_mode == "warm" else runner.fresh_cache()
        os.makedirs(cache, exist_ok=True)
        argv, env = ours(options.inquest, words, subject, cache)
        result = runner.once(argv, env, f"{case}-inquest", counted)
        if cache_mode == "cold":
            shutil.rmtree(cache)
        return result

    for peer in wanted:
        if options.peer and peer not in options.peer:
            continue
        try:
            # gdb and lldb are told the program; the others find it themselves.
            exe = target["exe"] if peer.startswith(("gdb", "lldb")) or "core" not in target else None
            argv, env = peers.command(peer, mode, core=target.get("core"), exe=exe)
        except peers.Unavailable as why:
            yield {"case": case, "peer": peer, "skipped": str(why)}
            continue
        commands = {} if options.peers_only else {"ours": run_ours}
        commands["theirs"] = lambda a=argv, e=env, p=peer: runner.once(a, e, f"{case}-{p}", counted)
        yield row(case, peer, turns(commands, options.n), {"wall": aim[0], "peak": aim[1]})


class Heart:
    """The page that the heartbeat thread of tests/targets/c/threads.c writes."""

    def __init__(self, path):
        with open(path, "r+b") as file:
            self.page = mmap.mmap(file.fileno(), 4096)

    def _get(self, i):
        return struct.unpack_from("<Q", self.page, 8 * i)[0]

    def restart(self):
        struct.pack_into("<Q", self.page, 16, 1)
        end = time.monotonic() + 10
        while self._get(2):
            if time.monotonic() > end:
                raise Failure("the target's heart does not beat")
            time.sleep(0.001)

    def longest(self):
        """Longest time between two beats since restart, in ms. Waits for a
        beat first, so that a pause that has just ended is counted."""
        beats = self._get(0)
        end = time.monotonic() + 10
        while self._get(0) < beats + 2:
            if time.monotonic() > end:
                raise Failure("the target did not run on")
            time.sleep(0.001)
        return self._get(1) / 1e6


def live_case(runner, options, case):
    threads, wanted, aim = LIVE[case]
    target = make_targets.load("threads-500")
    if not target:
        yield {"case": case, "peer": "-", "skipped": "run: make_targets.py threads-500"}
        return
    beats = os.path.join(runner.folder, "beats")
    with cores.Running([target["exe"], str(threads), "-b", beats]) as running:
        heart = Heart(beats)

        def paused(argv, env, label, whole=True):
            time.sleep(0.2)
            heart.restart()
            wall, peak, _, frames, anonymous = runner.once(argv, env, label)
            if whole and frames < threads:
                raise Failure(f"{frames} frames for {threads} threads")
            return heart.longest(), peak, wall, frames, anonymous

        def quiet():
            heart.restart()
            time.sleep(1)
            return heart.longest(), 0, 1, 0, 0

        names = ("pause", "peak", "wall", "frames", "anon")
        yield row(case, "(nobody)", turns({"theirs": quiet}, options.n), {"pause": None}, names)

        cache = runner.fresh_cache()
        os.makedirs(cache)
        commands = {}
        if not options.peers_only:
            argv, env = ours(options.inquest, ["stack"], running.pid, cache)
            commands["ours"] = lambda a=argv, e=env: paused(a, e, f"{case}-inquest", False)
        for peer in wanted:
            if options.peer and peer not in options.peer:
                continue
            try:
                argv, env = peers.command(peer, "lines", pid=running.pid, exe=target["exe"])
            except peers.Unavailable as why:
                yield {"case": case, "peer": peer, "skipped": str(why)}
                continue
            commands["theirs"] = lambda a=argv, e=env, p=peer: paused(a, e, f"{case}-{p}")
            yield row(case, peer, turns(commands, options.n), {"pause": aim}, names)


class Asker:
    """Asks a server again and again; `longest` is its slowest answer in ms."""

    def __init__(self, port):
        self.port = port
        self.longest = 0.0

    def _run(self):
        with socket.create_connection(("127.0.0.1", self.port), timeout=TIMEOUT) as link:
            link.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            while not self.stopped.is_set():
                start = time.monotonic()
                link.sendall(b"PING\r\n")
                if not link.recv(64):
                    return
                self.longest = max(self.longest, 1e3 * (time.monotonic() - start))
                time.sleep(0.0005)

    def __enter__(self):
        self.stopped = threading.Event()
        self.thread = threading.Thread(target=self._run)
        self.thread.start()
        return self

    def __exit__(self, *_):
        self.stopped.set()
        self.thread.join()


def written_case(runner, options, case):
    name, wanted = WRITTEN[case]
    target = make_targets.load(name)
    if not target:
        yield {"case": case, "peer": "-", "skipped": f"run: make_targets.py {name}"}
        return
    # Not in /tmp, which may be memory.
    with tempfile.TemporaryDirectory(prefix="gcore-", dir=peers.lab_dir()) as folder, \
            make_targets.filled_valkey(folder, target["exe"]) as (running, port):
        out = os.path.join(folder, "written")

        def saved(argv, env, label):
            with Asker(port) as asker:
                wall, peak, cpu, _, anonymous = runner.once(argv, env, label)
            if not os.path.exists(out):
                raise Failure("no core was written")
            disk = os.stat(out).st_blocks * 512 / 1e6
            os.remove(out)
            return wall, peak, cpu, disk, anonymous, asker.longest

        commands = {}
        if not options.peers_only:
            cache = runner.fresh_cache()
            argv, env = ours(options.inquest, ["debug", "--batch", "-ex", f"gcore {out}", "-p"], running.pid, cache)
            commands["ours"] = lambda a=argv, e=env: saved(a, e, f"{case}-inquest")
        for peer in wanted:
            if options.peer and peer not in options.peer:
                continue
            try:
                argv, env = peers.command(peer, f"gcore:{out}", pid=running.pid, exe=target["exe"])
            except peers.Unavailable as why:
                yield {"case": case, "peer": peer, "skipped": str(why)}
                continue
            commands["theirs"] = lambda a=argv, e=env, p=peer: saved(a, e, f"{case}-{p}")
            yield row(case, peer, turns(commands, options.n), {"wall": None},
                      ("wall", "peak", "cpu", "frames", "anon", "pause"))


def dumped_case(runner, options, case):
    """Pause: the longest time between two beats of a thread of the process. frames: MB on the disk."""
    stacks = case in STACKS
    peer_modes = {peer: "gcore:{}" for peer in ALL_GDB}
    if stacks:
        peer_modes.update({"lldb-sid": "save-core:stack:{}", "lldb": "save-core:stack:{}"})
    # What sid's lldb can see; these cores are small.
    with tempfile.TemporaryDirectory(prefix="dumped-") if stacks else contextlib.nullcontext(runner.folder) as folder:
        yield from dumped(runner, options, case, {**DUMPED, **STACKS}[case], peer_modes, folder)


def dumped(runner, options, case, what, peer_modes, folder):
    mib, threads, aim, *words = what
    exe = build.build("c-gcc-O2-dwarf5", folder, program="witness").exe
    out = os.path.join(folder, "dumped")
    with cores.Running([exe, str(mib), str(threads - 7), *words], stdin=subprocess.PIPE) as running:

        def gap():
            running.process.stdin.write(b"?\n")
            running.process.stdin.flush()
            return int(running.process.stdout.readline().split()[1]) / 1e6

        def once(argv, env, label):
            time.sleep(0.2)
            gap()
            wall, peak, cpu, _, anonymous = runner.once(argv, env, label)
            pause = gap()
            if not os.path.exists(out):
                raise Failure("no core was written")
            disk = os.stat(out).st_blocks * 512 / 1e6
            os.remove(out)
            return pause, peak, wall, disk, anonymous

        commands = {}
        if not options.peers_only:
            small = ["--stacks"] if case in STACKS else []
            argv, env = ours(options.inquest, ["dump", *small], running.pid, runner.fresh_cache())
            commands["ours"] = lambda a=[*argv, out], e=env: once(a, e, f"{case}-inquest")
        for peer, mode in peer_modes.items():
            if options.peer and peer not in options.peer:
                continue
            try:
                argv, env = peers.command(peer, mode.format(out), pid=running.pid, exe=exe)
            except peers.Unavailable as why:
                yield {"case": case, "peer": peer, "skipped": str(why)}
                continue
            commands["theirs"] = lambda a=argv, e=env, p=peer: once(a, e, f"{case}-{p}")
            yield row(case, peer, turns(commands, options.n), {"pause": aim}, ("pause", "peak", "wall", "frames", "anon"))


@contextlib.contextmanager
def file_target(runner, what, folder):
    """(Running, its program) of what is dumped in a case of FILES."""
    name, *words = what
    if name == "valkey-source":
        exe = make_targets.load(name)["exe"]
        with make_targets.filled_valkey(folder, exe) as (running, _):
            yield running, exe
        return
    more = {}
    if name == "witness":
        exe = build.build("c-gcc-O2-dwarf5", runner.folder, program="witness").exe
        argv, more = [exe, *words], {"stdin": subprocess.PIPE}
    elif name == "python":
        exe, argv = PYTHON, deep_program("wait", 100)
    else:
        target = make_targets.load(name)
        exe, argv = target["exe"], [target["exe"], "-n", str(target["goroutines"]), "wait"]
    with cores.Running(argv, cwd=folder, core=True, timeout=GO_TIMEOUT, **more) as running:
        yield running, exe


def file_case(runner, options, case):
    """Until a file is finished: wall; its MB on the disk in place of frames. The kernel's is a twin's, by SIGABRT."""
    what, packed = FILES[case], case.endswith("-packed")
    if what[0] not in ("witness", "python") and not make_targets.load(what[0]):
        yield {"case": case, "peer": "-", "skipped": f"run: make_targets.py {what[0]}"}
        return
    with tempfile.TemporaryDirectory(prefix="file-", dir=peers.lab_dir()) as folder, \
            file_target(runner, what, folder) as (running, exe):
        out = os.path.join(folder, "written")

        def finished(wall, peak=0, cpu=0, anonymous=0):
            if not os.path.exists(out):
                raise Failure("no core was written")
            disk = os.stat(out).st_blocks * 512 / 1e6
            os.remove(out)
            return wall, peak, cpu, disk, anonymous

        def written(argv, env, label):
            wall, peak, cpu, _, anonymous = runner.once(argv, env, label)
            return finished(wall, peak, cpu, anonymous)

        def by_kernel():
            if cores.core_pattern() != "core":
                raise Failure("kernel.core_pattern is not 'core'")
            twins = tempfile.mkdtemp(prefix="twin-", dir=folder)
            with file_target(runner, what, twins) as (twin, _):
                began = time.monotonic()
                os.kill(twin.pid, signal.SIGABRT)
                twin.wait()
                wall = time.monotonic() - began
            found = [name for name in os.listdir(twins) if name.startswith("core")]
            if not found:
                raise Failure("no core was written")
            os.rename(os.path.join(twins, found[0]), out)
            shutil.rmtree(twins)
            return finished(wall)

        commands = {}
        if not options.peers_only:
            argv, env = ours(options.inquest, ["dump", *(["--compress"] if packed else [])], running.pid, runner.fresh_cache())
            commands["ours"] = lambda a=[*argv, out], e=env: written(a, e, f"{case}-inquest")
        for peer in FILE_PEERS:
            if options.peer and peer not in options.peer:
                continue
            try:
                if peer == "kernel":
                    commands["theirs"] = by_kernel
                else:
                    argv, env = peers.command(peer, f"gcore:{out}", pid=running.pid, exe=exe)
                    commands["theirs"] = lambda a=argv, e=env, p=peer: written(a, e, f"{case}-{p}")
            except peers.Unavailable as why:
                yield {"case": case, "peer": peer, "skipped": str(why)}
                continue
            yield row(case, peer, turns(commands, options.n), {"wall": None})


def free_memory():
    """MB that could be had."""
    with open("/proc/meminfo", encoding="ascii") as file:
        return next(int(line.split()[1]) // 1024 for line in file if line.startswith("MemAvailable"))


def delve_command(target, mode, goroutines, pid, kilobytes):
    """Delve's command; peers.Unavailable when it would take more memory than there is."""
    if not mode:
        raise peers.Unavailable("it has no such command")
    needs, free = goroutines * kilobytes // 1000, free_memory()
    if needs > free:
        raise peers.Unavailable(f"it takes about {needs} MB, {free} MB are free")
    return peers.command("dlv-sid", mode, core=None if pid else target["core"], exe=target["exe"], pid=pid)


def go_case(runner, options, case):
    name, live, what = GO[case]
    target = make_targets.load(name)
    if not target:
        yield {"case": case, "peer": "-", "skipped": f"run: make_targets.py {name}"}
        return
    words, mode, counted, kilobytes, aim = GO_ASKED[what]
    running = cores.Running([target["exe"], "-n", str(target["goroutines"]), "wait"], timeout=GO_TIMEOUT) if live else None
    with running or contextlib.nullcontext():
        pid = running.pid if running else None
        commands, peer = {}, "dlv-sid"
        if not options.peers_only:
            cache = runner.fresh_cache()
            os.makedirs(cache)
            argv, env = ours(options.inquest, words, pid or target["core"], cache)
            if pid and words[0] == "debug":
                argv.insert(-1, "-p")
            commands["ours"] = lambda a=argv, e=env: runner.once(a, e, f"{case}-inquest", counted, GO_TIMEOUT)
        try:
            if options.peer and peer not in options.peer:
                raise peers.Unavailable("not asked for")
            argv, env = delve_command(target, mode, target["goroutines"], pid, kilobytes)
            # At the end of its input it asks whether to kill the process, and does not.
            good = ("0", "2") if pid and mode != "json" else ("0",)
            commands["theirs"] = lambda a=argv, e=env: runner.once(a, e, f"{case}-{peer}", counted, GO_TIMEOUT, good)
        except peers.Unavailable as why:
            yield {"case": case, "peer": peer, "skipped": str(why)}
            peer = "-"
        if commands:
            yield row(case, peer, turns(commands, options.n), aim if name == "go-1m" and not live else {})


PYTHON_FRAME = re.compile(rb'^\s*(?:#\d+ .*\.py:\d+|(?:\(Python\) )?File "|#\d+ Frame 0x)', re.MULTILINE)


def deep_program(ending, count, *more):
    return [PYTHON, os.path.join(ROOT, "tests", "targets", "python", "deep.py"), ending, str(count), *more]


def python_words(full):
    return ["stack", "--locals"] if full else ["stack", "--no-native"]


def python_live_case(runner, options, case):
    threads, full, aim, megabytes = PYTHON_LIVE[case]
    library, beats = os.path.join(runner.folder, "native.so"), os.path.join(runner.folder, f"{case}-beats")
    if not os.path.exists(library):
        build.run([build.tool("gcc"), "-O2", "-shared", "-fPIC",
                   os.path.join(ROOT, "tests", "targets", "python", "native.c"), "-o", library])
    with cores.Running(deep_program("wait", threads, library, beats)) as running:
        heart = Heart(beats)

        def paused(argv, env, label):
            time.sleep(0.2)
            heart.restart()
            wall, peak, _, frames, anonymous = runner.once(argv, env, label, PYTHON_FRAME)
            return heart.longest(), peak, wall, frames, anonymous

        yield from python_turns(runner, options, case, paused, ("pause", "peak", "wall", "frames", "anon"),
                                {"pause": aim, "peak": megabytes}, full, pid=running.pid)


def python_core_case(runner, options, case):
    threads, full, aim, megabytes = PYTHON_CORE[case]
    with tempfile.TemporaryDirectory(prefix="python-", dir=peers.lab_dir()) as folder:
        core = cores.kernel_core(deep_program("abort", threads), folder)

        def once(argv, env, label):
            return runner.once(argv, env, label, PYTHON_FRAME)

        yield from python_turns(runner, options, case, once, ("wall", "peak", "cpu", "frames", "anon"),
                                {"wall": aim, "peak": megabytes}, full, core=core)


def python_turns(runner, options, case, once, names, aim, full, core=None, pid=None):
    cache = runner.fresh_cache()
    os.makedirs(cache)
    commands = {}
    if not options.peers_only:
        argv, env = ours(options.inquest, python_words(full), pid or core, cache)
        commands["ours"] = lambda a=argv, e=env: once(a, e, f"{case}-inquest")
    for peer in PYTHON_PEERS:
        if options.peer and peer not in options.peer:
            continue
        try:
            argv, env = peers.command(peer, "py-bt-full" if full else "py-bt", core=core, pid=pid, exe=PYTHON)
            if peer == "gdb":
                argv[1:1] = ["-iex", "set auto-load safe-path /"]
        except peers.Unavailable as why:
            yield {"case": case, "peer": peer, "skipped": str(why)}
            continue
        commands["theirs"] = lambda a=argv, e=env, p=peer: once(a, e, f"{case}-{p}")
        yield row(case, peer, turns(commands, options.n), aim, names)
    if "theirs" not in commands and commands:
        yield row(case, "(nobody)", turns(commands, options.n), aim, names)


def show(line):
    """One row of the plain table."""
    if "skipped" in line:
        return f"{line['case']:18} {line['peer']:14} skipped: {line['skipped']}"
    live = "pause" in line["aim"]
    main = "pause" if live else "wall"

    def cells(side):
        result = line[side]
        if result is None:
            return f"{'-':>9} {'-':>8} {'-':>8} {'-':>7}"
        if "failed" in result:
            return f"{'failed':>9} {'-':>8} {'-':>8} {'-':>7}"
        value = result[main]["median"]
        text = f"{value:7.1f}ms" if live else f"{value:8.3f}s"
        return (f"{text:>9} {result['peak']['median']:6.0f}MB {result['anon']['median']:6.0f}MB"
                f" {result['frames']['median']:7.0f}")

    ratio = line.get(f"ratio_{main}")
    memory = line.get("ratio_peak")
    count = max((line[side].get("n", 0) for side in ("theirs", "ours") if line[side]), default=0)
    text = (f"{line['case']:18} {line['peer']:14} {count:2} {cells('theirs')}  {cells('ours')}"
            f" {f'{ratio:6.1f}x' if ratio else '      -'} {f'{memory:6.1f}x' if memory else '      -'}")
    pauses = [f"{line[side]['pause']['median']:.1f}" if line[side] and "pause" in line[side] else "-"
              for side in ("theirs", "ours")]
    if not live and pauses != ["-", "-"]:
        text += "  pauses: {} ms, {} ms".format(*pauses)
    result = line["ours"]
    if result and "failed" not in result:
        missed = [f"{name} aim {aim:g}" for name, aim in line["aim"].items()
                  if aim and result[name]["median"] > aim]
        if missed:
            text += "  missed: " + ", ".join(missed)
    for side in ("theirs", "ours"):
        if line[side] and "failed" in line[side]:
            text += f"\n{'':18} {line['peer'] if side == 'theirs' else 'inquest'}: {line[side]['failed']}"
    return text


def machine():
    with open("/proc/meminfo", encoding="ascii") as file:
        memory = int(file.readline().split()[1]) // 1024
    return {"cores": os.cpu_count(), "memory_mb": memory, "kernel": platform.release(),
            "load_before": os.getloadavg()[0]}


def main():
    parser = argparse.ArgumentParser(add_help=False)
    parser.add_argument("cases", nargs="*")
    parser.add_argument("-n", type=int, default=5)
    parser.add_argument("--peer", type=lambda text: text.split(","))
    parser.add_argument("--inquest", default=os.path.join(ROOT, "build", "inquest"))
    parser.add_argument("--peers-only", action="store_true")
    parser.add_argument("--json")
    parser.add_argument("--keep")
    parser.add_argument("--list", action="store_true")
    parser.add_argument("-h", "--help", action="store_true")
    options = parser.parse_args()
    if options.help:
        print(__doc__.strip())
        return 0
    kinds = [(CASES, core_case), (LIVE, live_case), (WRITTEN, written_case), (DUMPED, dumped_case), (STACKS, dumped_case), (FILES, file_case), (GO, go_case), (PYTHON_LIVE, python_live_case),
             (PYTHON_CORE, python_core_case)]
    everything = [case for cases, _ in kinds for case in cases]
    if options.list:
        print("\n".join(everything))
        return 0
    wanted = []
    for pattern in options.cases:
        found = fnmatch.filter(everything, pattern)
        if not found:
            parser.error(f"no case '{pattern}'; there are: {' '.join(everything)}")
        wanted += [case for case in found if case not in wanted]
    if not options.peers_only and not os.access(options.inquest, os.X_OK):
        print(f"run: {options.inquest} is not there: build it, or give --inquest or --peers-only", file=sys.stderr)
        return 2
    if options.keep:
        os.makedirs(options.keep, exist_ok=True)
    quiet = options.json == "-"
    info = machine()
    if not quiet:
        print(f"{info['cores']} cores, {info['memory_mb']} MB, kernel {info['kernel']}, load {info['load_before']:.1f}")
        head = f"{'peak':>8} {'anon':>8} {'frames':>7}"
        print(f"{'case':18} {'peer':14} {'n':>2} {'peer':>9} {head}  {'inquest':>9} {head} {'time':>7} {'peak':>7}", flush=True)
    lines = []
    # Not in /tmp, which may be memory: an output may have a gigabyte.
    with tempfile.TemporaryDirectory(prefix="bench-", dir=peers.lab_dir()) as folder:
        runner = Runner(folder, options.keep)
        for case in wanted or everything:
            run_case = next(function for cases, function in kinds if case in cases)
            for line in run_case(runner, options, case):
                lines.append(line)
                if not quiet:
                    print(show(line), flush=True)
    used = {line["peer"] for line in lines if line["peer"] in peers.PEERS and "skipped" not in line}
    result = {"schema": "inquest.bench/1", "machine": info, "timeout": TIMEOUT,
              "versions": {peer: peers.version(peer) for peer in sorted(used)}, "rows": lines}
    if options.json:
        text = json.dumps(result, indent=1)
        if quiet:
            print(text)
        else:
            with open(options.json, "w", encoding="utf-8") as file:
                file.write(text + "\n")
    failed = any(line.get("ours") and "failed" in line["ours"] for line in lines)
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
