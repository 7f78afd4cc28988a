#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""The same answers on every Debian suite offered (`make check-matrix`, after `make build`).

  matrix.py [--list] [--suite SUITE]... [TEST...]    TEST: only those whose names have it in them

Programs are built by a suite's own compilers and crashed inside a root of that suite; build/inquest answers from here,
with --sysroot, and is compared with that suite's own peers; programs in Go with the newest Delve that a suite has, whose
tests are those of tests/e2e. The suite of this machine needs no root. Roots are kept in
$INQUEST_LAB (default: inquest-lab in the user's cache) and completed when TABLE asks for more packages; where one
cannot be made (that takes root and a Debian mirror), its tests are skipped.

The last line is "N passed, N failed, N skipped"; exit status 1 if any failed, and what it was about is kept.
"""
import argparse
import concurrent.futures
import dataclasses
import functools
import glob
import json
import os
import platform
import shlex
import shutil
import subprocess
import sys
import tempfile
import threading
import time
import typing

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
for folder in ("tools", "tests/e2e"):
    sys.path.insert(0, os.path.join(ROOT, folder))

import peers  # noqa: E402
from check import Result, end_session, junit_cases  # noqa: E402

INQUEST = os.path.abspath(os.environ.get("INQUEST", os.path.join(ROOT, "build", "inquest")))
LAB = os.environ.get("INQUEST_LAB") or os.path.join(
    os.environ.get("XDG_CACHE_HOME") or os.path.expanduser("~/.cache"), "inquest-lab")
CHROOT = os.path.join(ROOT, "tools", "chroot.sh")
SUITES = "bookworm", "trixie", "sid"
DELVE_SUITE = "sid"
EDITORS_GO = "1.26"
DUMPS_GO = {"bookworm": "1.23", "trixie": "1.24", "sid": "1.26"}
ROOT_MINUTES, TEST_MINUTES, E2E_MINUTES = 15, 3, 20


class Skip(Exception):
    """A test, or a whole suite, that cannot be run here; says why."""


class Different(Exception):
    """What a test found wrong."""


def make_root(suite, packages):
    """The folder of a suite's root that has the packages, and in which programs can be run."""
    root = os.path.join(LAB, suite)
    for what, arguments in ("made", (suite, root, *packages)), ("entered", ("run", root, "true")):
        process = subprocess.Popen([CHROOT, *arguments], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                                   stderr=subprocess.STDOUT, text=True, errors="replace", start_new_session=True)
        try:
            output, _ = process.communicate(timeout=ROOT_MINUTES * 60)
        except subprocess.TimeoutExpired:
            raise Skip(f"the root of {suite} was not {what} within {ROOT_MINUTES} minutes; the next run goes on") from None
        finally:
            end_session(process)
        if process.returncode:
            lines = [line for line in output.splitlines() if line.startswith(("E:", "chroot:", "setup:"))]
            why = (lines or output.splitlines() or ["no reason given"])[0]
            raise Skip(f"the root of {suite} cannot be {what}: {why}")
    return root


class Place:
    """Where programs of a suite are built and run: this machine, or a root.

    A path in it, below `inner`, is `outside(path)` to us. Meant for one run: `close` removes its files.
    """

    def __init__(self, suite, packages):
        self.suite, self.root = suite, ""
        if suite != platform.freedesktop_os_release().get("VERSION_CODENAME"):
            self.root = make_root(suite, packages)
        parent = self.outside("/var/tmp")
        self.folder = tempfile.mkdtemp(prefix="inquest-matrix-", dir=parent)
        self.inner = self.folder[len(self.root):]
        for part in "targets", "e2e", "matrix":
            shutil.copytree(os.path.join(ROOT, "tests", part), os.path.join(self.folder, "tests", part))

    def outside(self, path):
        return self.root + path

    def run(self, *argv):
        """The output of a command in the suite. LLVM's tools are those of the suite's default version."""
        command = list(argv)
        if self.root:
            command = [CHROOT, "run", self.root, "env", "INQUEST_LLVM=", *argv]
        result = subprocess.run(command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                                text=True, errors="replace", check=False, timeout=TEST_MINUTES * 60, env=peers.env())
        if result.returncode:
            raise Different(f"{' '.join(argv)} exited {result.returncode}: {result.stderr.strip()}")
        return result.stdout

    def close(self):
        shutil.rmtree(self.folder, ignore_errors=True)


def inquest(place, core, debug_dir=None):
    argv = [INQUEST, "stack", "--json"]
    if place.root:
        argv += ["--sysroot", place.root]
    if debug_dir:
        argv += ["--debug-dir", place.outside(debug_dir)]
    argv.append(place.outside(core))
    result = subprocess.run(argv, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
                            check=False, timeout=60, env={**peers.env(), "XDG_CACHE_HOME": place.folder})
    if result.returncode:
        raise Different(f"{' '.join(argv)} exited {result.returncode}: {result.stderr.strip()}")
    return json.loads(result.stdout), " ".join(argv)


# Differences in which the peer is wrong: (suite, test, what differs, our function, why). See also peers.reasoned().
REASONED = [
    ("trixie", "cxx-gcc-O3 pure-virtual", "line", "shop::counter::counter",
     "before 18, gdb ignores rows that differ from the one before by their discriminator alone"),
]


def reasoned(place, test, difference):
    return peers.reasoned(difference) or any(
        known[:4] == (place.suite, test, difference.what, difference.ours and difference.ours.function)
        for known in REASONED)


# Kinds of tests. Each is given a place and a row of `cases`, and yields (its name, None or the exception).


def native(place, variant, *deaths):
    """C, C++ and Rust: a variant of tests/targets/build.py dies in the ways given; the peer is gdb."""
    for death in deaths:
        name = f"{variant} {death}"
        try:
            gdb = json.loads(place.run("python3", f"{place.inner}/tests/matrix/native.py", variant, death, place.inner))
            if "missing" in gdb:
                raise Skip(gdb["missing"])
            answer, command = inquest(place, gdb["core"], gdb["debug_dir"])
            theirs = {int(tid): [peers.Frame(**frame) for frame in frames] for tid, frames in gdb["stacks"].items()}
            wrong = [str(difference) for difference in peers.gdb_differences(peers.our_stacks(answer), theirs)
                     if not reasoned(place, name, difference)]
            if wrong:
                raise Different("\n".join([command, *wrong]))
        except (Skip, Different, subprocess.TimeoutExpired) as outcome:
            yield name, outcome
        else:
            yield name, None


GO_TESTS = sorted(name[len("test_go_"):-len(".py")] for name in os.listdir(os.path.join(ROOT, "tests", "e2e"))
                  if name.startswith("test_go_"))


def go(place, version, *tests):
    """Programs of a version of Go: the end-to-end tests of Go, with a Delve."""
    dlv = delve()
    if isinstance(dlv, Skip):
        yield f"{version} as Delve", dlv
        dlv = ""
    yield from end_to_end(place, version, [f"test_go_{test}.py" for test in tests],
                          {"INQUEST_GO": version.removeprefix("go-"), "INQUEST_DLV": dlv})


OLD_DELVE = ("delve", "golang-1.19-go", "xz-utils", "golang-github-cilium-ebpf-dev", "golang-github-derekparker-trie-dev",
             "golang-github-google-go-dap-dev", "golang-github-hashicorp-golang-lru-dev", "golang-github-sirupsen-logrus-dev",
             "golang-golang-x-arch-dev", "golang-golang-x-sys-dev", "golang-gopkg-yaml.v2-dev",
             "golang-github-mattn-go-isatty-dev", "golang-github-cosiner-argv-dev", "golang-starlark-dev")
# The client needs nothing of eBPF, for which the source package generates code first.
MAKE_RPC2 = """
[ -e /etc/apt/sources.list.d/source.list ] || sed "s/^deb /deb-src /" /etc/apt/sources.list >/etc/apt/sources.list.d/source.list
mkdir -p /usr/src/delve/src/github.com/go-delve && cd /usr/src/delve
ls delve_*.orig.tar.* >/dev/null 2>&1 || { apt-get -qq -o Acquire::Check-Valid-Until=false update; apt-get -qq source --download-only delve; }
rm -rf src/github.com/go-delve/delve && mkdir src/github.com/go-delve/delve
tar xf delve_*.orig.tar.* -C src/github.com/go-delve/delve --strip-components=1
cd src/github.com/go-delve/delve/pkg/proc/internal/ebpf && rm helpers.go
sed -i "/^\/\/ *+build/d; /^\/\/go:build/d" helpers_disabled.go
cd /usr/src/delve && cat >rpc2client.go
HOME=/root GO111MODULE=off GOPATH=/usr/src/delve:/usr/share/gocode CGO_ENABLED=0 /usr/lib/go-1.19/bin/go build -o rpc2client rpc2client.go
"""


def old_delve(place, version, *tests):
    """The oldest Delve, with the oldest Go, and a client of its rpc2 package: the last with version 1 of the interface."""
    try:
        root = make_root("bookworm", OLD_DELVE)
        with open(os.path.join(ROOT, "tests", "matrix", "rpc2client.go"), encoding="utf-8") as source:
            made = subprocess.run([CHROOT, "run", root, "sh", "-euc", MAKE_RPC2], stdin=source, stdout=subprocess.PIPE,
                                  stderr=subprocess.STDOUT, text=True, check=False, timeout=ROOT_MINUTES * 60)
        if made.returncode:
            raise Skip(f"the client of Delve's rpc2 was not made: {made.stdout.strip()[-200:]}")
    except (Skip, subprocess.TimeoutExpired) as why:
        for test in tests:
            yield f"{version} as Debian 12's Delve: {test}", why if isinstance(why, Skip) else Skip(str(why))
        return
    dlv = f"{shlex.quote(CHROOT)} run {shlex.quote(root)} env HOME=/root dlv"
    yield from end_to_end(place, version, [f"test_go_{test}.py" for test in tests],
                          {"INQUEST_GO": "1.19", "INQUEST_DLV": dlv, "INQUEST_RPC2": f"{root}/usr/src/delve/rpc2client"})


PYTHON_TESTS = sorted(name[len("test_python_"):-len(".py")] for name in os.listdir(os.path.join(ROOT, "tests", "e2e"))
                      if name.startswith("test_python_"))


def python(place, version, *tests):
    """A suite's own interpreter: the end-to-end tests of Python, with 1,000 live answers in a row."""
    yield from end_to_end(place, version, [f"test_python_{test}.py" for test in tests],
                          {"INQUEST_PYTHONS": f"/usr/bin/{version}", "INQUEST_PYTHON_CALLS": "1000"})


def pyenv(place, version, *tests):
    """A version that pyenv has built on this machine."""
    paths = glob.glob(os.path.expanduser(f"~/.pyenv/versions/{version.removeprefix('pyenv-')}.*/bin/python3"))
    if not paths:
        yield version, Skip("pyenv has no such version")
        return
    yield from end_to_end(place, version, [f"test_python_{test}.py" for test in tests], {"INQUEST_PYTHONS": ":".join(paths)})


def free_threaded(place, name, *tests):
    """Interpreters without a GIL, which no suite has: configured with --disable-gil and put into folders of LAB/python."""
    found = sorted(glob.glob(os.path.join(LAB, "python", "*", "bin", "python3")))
    if not found:
        yield name, Skip(f"no {LAB}/python/*/bin/python3")
        return
    yield from end_to_end(place, name, [f"test_python_{test}.py" for test in tests],
                          {"INQUEST_PYTHONS": ":".join(found), "INQUEST_PYTHON_CALLS": "1000"})


def dumps(place, name, *tests):
    """Cores of processes that go on: as many dumps in a row, and dumpers that are killed, as nobody waits for otherwise."""
    yield from end_to_end(place, name, [f"test_{test}.py" for test in tests],
                          {"INQUEST_DUMPS": "1000", "INQUEST_DUMP_KILLS": "500"})


def dump_peers(place, name, *tests):
    """Dumps of busy servers of the suite, opened by its debuggers, all sizes by each; Go's by the newest Delve."""
    dlv = delve()
    if isinstance(dlv, Skip):
        yield f"{name} as Delve", dlv
        dlv = ""
    if place.root and not os.path.lexists(place.outside(place.root)):
        # A process in a root has its files at their paths in it, as seen from outside, which peers inside see, too.
        os.makedirs(os.path.dirname(place.outside(place.root)), exist_ok=True)
        os.symlink("/", place.outside(place.root))
    yield from end_to_end(place, name, [f"test_{test}.py" for test in tests],
                          {"INQUEST_GO": DUMPS_GO[place.suite], "INQUEST_DLV": dlv})


def editors(place, name, *tests):
    """Emacs with dape, and gdb's adapter, of the suite; Neovim and VS Code's library where test_editors.py is told of them."""
    yield from end_to_end(place, name, [f"test_{test}.py" for test in tests],
                          {"INQUEST_GO": EDITORS_GO, "INQUEST_PYTHONS": "/usr/bin/python3"})


def end_to_end(place, version, files, more):
    """Tests of tests/e2e with programs of the place."""
    folder = tempfile.mkdtemp(prefix="inquest-matrix-", dir="/tmp")  # which the roots share
    report = os.path.join(folder, "report.xml")
    argv = ["/usr/bin/python3", "-m", "pytest", "-q", "--full", "-p", "no:cacheprovider", f"--junitxml={report}",
            f"--basetemp={folder}/pytest", *(f"{ROOT}/tests/e2e/{file}" for file in files)]
    env = {**peers.env(), "INQUEST": INQUEST, **more}
    if place.root:
        argv = [CHROOT, "with", place.root, *argv]
        env["INQUEST_ROOT"] = place.root
    # What the tests started is of the same process group, which timeout ends.
    result = subprocess.run(["timeout", f"{E2E_MINUTES}m", *argv], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                            stderr=subprocess.STDOUT, text=True, errors="replace", check=False, env=env, cwd=folder)
    outcomes = list(junit_cases(report))
    if result.returncode and not any(what == "failed" for _, what, _ in outcomes):
        yield version, Different(f"{' '.join(argv)} exited {result.returncode}: {result.stdout[-2000:]}")
    for name, what, why in outcomes:
        yield f"{version} {name}", {"passed": None, "skipped": Skip(why), "failed": Different(why)}[what]
    shutil.rmtree(folder, ignore_errors=True)


DELVE = threading.Lock()


def delve():
    """The command of the Delve that tests of Go compare with, as INQUEST_DLV; a Skip when there is none."""
    with DELVE:
        return made_delve()


@functools.lru_cache
def made_delve():
    try:
        root = shlex.quote(make_root(DELVE_SUITE, ["delve"]))
    except Skip as why:
        return why
    return f"{shlex.quote(CHROOT)} run {root} env HOME=/root dlv"


class Row(typing.NamedTuple):
    suites: tuple
    packages: tuple  # of a root; this machine has those of tools/setup.sh
    test: typing.Callable
    cases: list


TABLE = [
    Row(SUITES,
        ("python3", "binutils", "xz-utils", "dwz", "gdb", "elfutils", "libc6-dev", "libc6-dbg",
         "gcc", "g++", "clang", "lld", "llvm", "rustc", "musl-tools"),
        native, [
            ("c-gcc-O0-dwarf5", "segv", "abort"),
            ("c-gcc-O2-dwarf4", "abort"),
            ("c-gcc-O2-dwarf5", "segv", "handler", "caught-segv", "null-call", "double-free", "assert", "deadlock"),
            ("c-gcc-O3", "div0"),
            ("c-gcc-split5", "segv"),
            ("c-gcc-dwp5", "segv"),
            ("c-gcc-dwz5", "segv"),
            ("c-gcc-zlib", "segv"),
            ("c-gcc-zstd", "segv"),
            ("c-gcc-gz-zstd", "segv"),
            ("c-gcc-debuglink", "segv"),
            ("c-gcc-buildid", "segv"),
            ("c-gcc-minidebug", "segv"),
            ("c-gcc-stripped", "segv"),
            ("c-gcc-debugframe", "segv"),
            ("c-gcc-static", "segv"),
            ("c-gcc-static-pie", "segv"),
            ("c-gcc-lto", "segv"),
            ("c-gcc-lld", "segv"),
            ("c-gcc-cet", "handler"),
            ("c-musl", "segv", "deadlock"),
            ("c-musl-static", "abort"),
            ("c-clang-O0-dwarf5", "segv"),
            ("c-clang-O2-dwarf4", "abort"),
            ("c-clang-O2-dwarf5", "segv", "handler"),
            ("c-clang-O3", "div0"),
            ("c-clang-split5", "segv"),
            ("c-clang-dwp5", "segv"),
            ("c-clang-gz-zstd", "segv"),
            ("c-clang-static-pie", "segv"),
            ("c-clang-lto", "segv"),
            ("cxx-gcc-O0-dwarf5", "segv", "terminate"),
            ("cxx-gcc-O2-dwarf5", "segv", "terminate", "sort", "in-catch"),
            ("cxx-gcc-O3", "pure-virtual"),
            ("cxx-gcc-dwz4", "in-catch"),
            ("cxx-gcc-split5", "segv"),
            ("cxx-gcc-gz-zstd", "segv"),
            ("cxx-gcc-lto", "rethrow"),
            ("cxx-clang-O0-dwarf5", "segv"),
            ("cxx-clang-O2-dwarf5", "segv", "sort"),
            ("cxx-clang-dwp5", "segv"),
            ("cxx-clang-gz-zstd", "terminate"),
            ("rust-O0-legacy", "segv", "panic"),
            ("rust-O0-v0", "segv"),
            ("rust-O2-legacy", "segv", "double-panic"),
            ("rust-O2-v0", "segv", "panic"),
            ("rust-unwind", "segv", "abort"),
            ("rust-static", "segv"),
            ("rust-debuglink", "segv"),
        ]),
    Row(("bookworm",), (), go, [(f"go-{version}", *GO_TESTS) for version in ("1.19", "1.21", "1.22", "1.23")]),
    Row(("bookworm",), (), old_delve, [("go-1.19-rpc", "rpc", "serve")]),
    Row(("trixie",), ("golang-1.24-go", "gcc", "libc6-dev"), go, [("go-1.24", *GO_TESTS)]),
    Row(("sid",), ("golang-1.26-go", "golang-1.27-go", "delve", "gcc", "libc6-dev"), go,
        [("go-1.26", *GO_TESTS), ("go-1.27", *GO_TESTS)]),
    Row(("bookworm",), (), dumps, [("dumps", "dump", "dump_killed", "dump_servers")]),
    Row(SUITES, ("valkey-server", "valkey-tools", "gdb", "lldb", "elfutils", "python3-drgn", "python3", "binutils", "gcc", "libc6-dev"),
        dump_peers, [("peers", "dump_peers")]),
    Row(("bookworm",), (), python, [("python3.11", *PYTHON_TESTS)]),
    Row(("bookworm",), (), pyenv, [(f"pyenv-3.{minor}", "found", "hung", "live", "small", "stacks", "values") for minor in range(6, 14)]),
    Row(("trixie",), ("python3", "libpython3.13", "python3-greenlet", "python3-numpy", "jython", "micropython",
                    "pypy3", "binutils", "gcc", "libc6-dev"), python,
        [("python3.13", *PYTHON_TESTS)]),
    Row(("sid",), ("python3.14", "libpython3.14", "python3.14-dbg", "python3.15", "libpython3.15", "python3.15-dbg",
                 "python3-greenlet", "python3-numpy", "binutils", "gcc", "gdb", "libc6-dev"), python,
        [("python3.14", *PYTHON_TESTS), ("python3.15", *PYTHON_TESTS)]),
    Row(("sid",), ("emacs-nox", "elpa-dape", "neovim", "gdb", "python3", "g++", f"golang-{EDITORS_GO}-go", "binutils",
                   "libc6-dev"), editors, [("editors", "editors"), ("adapters", "dap_peers")]),
    Row(("bookworm",), (), free_threaded, [("free-threaded", *PYTHON_TESTS)]),
]


def chosen(suite, words):
    """(row's test, case) of a suite; a case with several deaths is cut down to those whose names are asked for."""
    for row in TABLE:
        for case in row.cases if suite in row.suites else ():
            variant, *deaths = case
            deaths = [d for d in deaths if not words or any(word in f"{suite} {variant} {d}" for word in words)]
            if deaths:
                yield row.test, (variant, *deaths)


def run_suite(suite, tests):
    count = sum(len(case) - 1 for _, case in tests)
    packages = dict.fromkeys(package for row in TABLE if suite in row.suites for package in row.packages)
    try:
        place = Place(suite, packages)
    except Skip as why:
        return Result(skipped=[f"{suite}: {why} ({count} tests)"] * count)
    result = Result()
    with concurrent.futures.ThreadPoolExecutor(os.cpu_count()) as pool:
        for outcomes in pool.map(lambda todo: list(todo[0](place, *todo[1])), tests):
            for name, outcome in outcomes:
                if outcome is None:
                    result.passed += 1
                elif isinstance(outcome, Skip):
                    result.skipped.append(f"{suite} {name}: {outcome}")
                else:
                    result.failed += 1
                    print(f"FAILED {suite} {name}: {outcome}", flush=True)
    if result.failed:
        print(f"kept: {place.folder}")
    else:
        place.close()
    return result


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("tests", nargs="*", metavar="TEST")
    parser.add_argument("--suite", action="append", choices=SUITES)
    parser.add_argument("--list", action="store_true")
    args = parser.parse_args()
    total = Result()
    for suite in args.suite or SUITES:
        tests = list(chosen(suite, args.tests))
        if args.list:
            print("\n".join(f"{suite} {case[0]} {death}" for _, case in tests for death in case[1:]))
            continue
        began = time.monotonic()
        result = run_suite(suite, tests)
        print(f"{suite}: {result} ({time.monotonic() - began:.0f} s)", flush=True)
        total.add(result)
    if args.list:
        return 0
    for line in dict.fromkeys(total.skipped):
        print(f"skipped: {line}")
    print(total)
    return 1 if total.failed else 0


if __name__ == "__main__":
    sys.exit(main())
