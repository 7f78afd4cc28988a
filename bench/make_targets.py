#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""Make the programs and cores that bench/run.py measures on.

usage: make_targets.py [--again] [NAME...]       all when none is named
       make_targets.py --list

They are put in the lab directory (see peers.lab_dir), a folder each, with a
target.json that says what is in it. One that is there is kept unless --again.
Needs `tools/setup.sh bench`, about 16 GB of disk and 4 GB of memory.
"""

import contextlib
import glob
import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(HERE, "..", "tests", "targets"))

import build  # noqa: E402
import cores  # noqa: E402
from build import Failed, Missing, tool  # noqa: E402
from peers import lab_dir  # noqa: E402

# About 1 GB of keys and values.
KEYS = 6_000_000
VALUE = 100
# Backports' own source first; Debian 13's when a mirror no longer has that.
SOURCE_SUITES = ("bookworm-backports", "trixie")


def targets_dir():
    return os.path.join(lab_dir(), "targets")


def load(name):
    """What target.json says of NAME, or None when it was not made. Has `exe`,
    `what`, and `core` unless it is only a program."""
    path = os.path.join(targets_dir(), name, "target.json")
    if not os.path.exists(path):
        return None
    with open(path, encoding="utf-8") as file:
        return json.load(file)


def say(text):
    print(text, flush=True)


# Ceph.


def make_ceph(folder):
    """ceph-osd with a memory store that waits for a monitor, then SIGABRT."""
    osd = tool("ceph-osd")
    data = os.path.join(folder, "osd")
    os.makedirs(data, exist_ok=True)
    config = os.path.join(folder, "ceph.conf")
    with open(config, "w", encoding="ascii") as file:
        # A monitor address on loopback where nothing listens.
        file.write(f"""[global]
fsid = 11111111-2222-3333-4444-555555555555
mon host = 127.0.0.1:{free_port()}
auth cluster required = none
auth service required = none
auth client required = none
[osd]
osd objectstore = memstore
osd data = {data}
run dir = {folder}
admin socket = {folder}/osd.asok
log file = {folder}/osd.log
""")
    start = [osd, "-i", "0", "--no-mon-config", "-c", config]
    build.run([*start, "--mkfs", "--osd-uuid", "99999999-2222-3333-4444-555555555555"])
    with cores.Running([*start, "-f"], cwd=folder, ready=None, core=True) as running:
        settle(running.pid)
        threads = len(os.listdir(f"/proc/{running.pid}/task"))
        os.kill(running.pid, signal.SIGABRT)
        running.wait()
    core = take_core(folder)
    shutil.rmtree(data)
    return {"what": f"ceph-osd waiting for its monitor, {threads} threads, SIGABRT", "exe": osd, "core": core,
            "threads": threads}


def settle(pid, least=10, timeout=60):
    """Wait until the number of threads has not changed for three seconds."""
    end = time.monotonic() + timeout
    seen, since = 0, time.monotonic()
    while time.monotonic() < end:
        now = len(os.listdir(f"/proc/{pid}/task"))
        if now != seen:
            seen, since = now, time.monotonic()
        elif now >= least and time.monotonic() - since > 3:
            return
        time.sleep(0.1)
    raise Failed(f"process {pid} did not settle: {seen} threads after {timeout} s")


def take_core(folder):
    found = [path for path in glob.glob(os.path.join(folder, "core*")) if os.path.isfile(path)]
    if len(found) != 1:
        raise Failed(f"{len(found)} cores in {folder}; kernel.core_pattern is '{cores.core_pattern()}'")
    core = os.path.join(folder, "core")
    os.rename(found[0], core)
    return core


# Valkey.


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


@contextlib.contextmanager
def filled_valkey(folder, server):
    """(Running, port) of a server with keys in it, over loopback."""
    port = free_port()
    options = ["--port", str(port), "--bind", "127.0.0.1", "--save", "", "--dir", folder,
               "--enable-debug-command", "yes", "--daemonize", "no", "--logfile", os.path.join(folder, "log")]
    with cores.Running([server, *options], cwd=folder, ready=None, core=True) as running:
        for _ in range(200):
            try:
                ask(port, "PING", timeout=1)
                break
            except OSError:
                time.sleep(0.05)
        ask(port, f"DEBUG POPULATE {KEYS} key {VALUE}", timeout=300)
        yield running, port


def crash_valkey(folder, server):
    """Load a server over loopback and make it crash."""
    with filled_valkey(folder, server) as (running, port):
        used = [line for line in ask(port, "INFO memory").splitlines() if line.startswith("used_memory_human")]
        try:
            ask(port, "DEBUG SEGFAULT", timeout=120)
        except OSError:
            pass
        running.wait()
    return {"what": f"{KEYS:,} keys, {used[0].partition(':')[2]}, DEBUG SEGFAULT", "exe": server,
            "core": take_core(folder)}


def ask(port, command, timeout=60):
    """One command to a server on loopback; the reply as text, or OSError."""
    with socket.create_connection(("127.0.0.1", port), timeout=timeout) as link:
        link.sendall(command.encode() + b"\r\n")
        stream = link.makefile("rb")
        head = stream.readline().decode()
        if not head:
            raise ConnectionError("the server closed the connection")
        if head[0] == "$":
            return stream.read(int(head[1:])).decode()
        if head[0] == "-":
            raise Failed(f"{command}: {head[1:].strip()}")
        return head[1:].strip()


def make_valkey(folder):
    """Valkey of Debian's backports, as packaged: no debug files there."""
    return crash_valkey(folder, tool("valkey-server"))


def make_valkey_source(folder):
    """The same source package built with -O3 -g and libc's malloc."""
    server = os.path.join(folder, "valkey-server")
    tree, suite = valkey_source(os.path.join(lab_dir(), "src"))
    with open(os.path.join(folder, "build.log"), "w", encoding="utf-8") as log:
        made = subprocess.run(["nice", "make", f"-j{os.cpu_count()}", "OPTIMIZATION=-O3", "CFLAGS=-g", "MALLOC=libc",
                               "USE_SYSTEMD=no"], cwd=tree, stdout=log, stderr=subprocess.STDOUT, check=False)
    if made.returncode:
        raise Failed(f"building Valkey failed, see {log.name}")
    shutil.copy2(os.path.join(tree, "src", "valkey-server"), server)
    made = crash_valkey(folder, server)
    made["what"] = f"built from {os.path.basename(tree)} ({suite}) with -O3 -g: " + made["what"]
    return made


def valkey_source(folder):
    """Fetch and unpack the source package; (directory, suite it came from).

    Uses a list and an index of its own, so the machine's apt is not changed."""
    errors = []
    for suite in SOURCE_SUITES:
        where = os.path.join(folder, suite)
        for tree in glob.glob(os.path.join(where, "valkey-*/Makefile")):
            return os.path.dirname(tree), suite
        os.makedirs(os.path.join(where, "lists", "partial"), exist_ok=True)
        mirror = subprocess.run([os.path.join(HERE, "..", "tools", "setup.sh"), "mirror"], check=True, text=True,
                                stdout=subprocess.PIPE).stdout.strip()
        sources = os.path.join(where, "sources.list")
        with open(sources, "w", encoding="ascii") as file:
            file.write(f"deb-src [signed-by=/usr/share/keyrings/debian-archive-keyring.gpg] {mirror} {suite} main\n")
        apt = ["apt-get", "-q", "-o", f"Dir::Etc::sourcelist={sources}", "-o", "Dir::Etc::sourceparts=-",
               "-o", f"Dir::State::lists={where}/lists", "-o", "Acquire::Check-Valid-Until=false",
               "-o", "APT::Sandbox::User=root"]
        try:
            build.run([*apt, "update"], cwd=where)
            build.run([*apt, "source", "valkey"], cwd=where)
        except Failed as error:
            errors.append(f"{suite}: {str(error).strip().splitlines()[-1]}")
            continue
        return os.path.dirname(glob.glob(os.path.join(where, "valkey-*/Makefile"))[0]), suite
    raise Missing("no source package of Valkey: " + "; ".join(errors))


# Our own programs.


def compile_c(folder, program, *flags):
    exe = os.path.join(folder, program)
    source = os.path.join(folder, program + ".c")
    shutil.copyfile(os.path.join(build.HERE, build.SOURCES[program]), source)
    build.run([tool("gcc"), "-g", "-pthread", *flags, source, "-o", exe], cwd=folder)
    return exe


def make_threads(folder):
    """500 waiting threads, then a crash on the main one. Also the live target."""
    exe = compile_c(folder, "threads", "-O0")
    core = cores.kernel_core([exe, "500", "crash"], folder)
    return {"what": "500 waiting threads, SIGSEGV on main", "exe": exe, "core": core, "threads": 501}


def make_recursion(folder):
    """A stack of 20,000 equal frames of a C++ program."""
    exe = os.path.join(folder, "recurse")
    source = os.path.join(folder, "recurse.cc")
    shutil.copyfile(os.path.join(build.HERE, build.SOURCES["recurse-cxx"]), source)
    build.run([tool("g++"), "-g", "-O1", "-std=c++17", "-pthread", source, "-o", exe], cwd=folder)
    core = cores.kernel_core([exe, "20000"], folder)
    return {"what": "20,000 recursive calls, SIGABRT", "exe": exe, "core": core, "threads": 1}


def make_recursion_chain(folder):
    """20,000 frames, each argument known only through all the callers'."""
    exe = compile_c(folder, "recurse", "-O1")
    core = cores.kernel_core([exe, "20000", "abort", "chain"], folder)
    return {"what": "20,000 recursive calls, arguments chained, SIGABRT", "exe": exe, "core": core, "threads": 1}


# Go.

GO = "go-1.26"
GO_SIZES = {"go-1k": 1_000, "go-100k": 100_000, "go-1m": 1_000_000}


def compile_go(folder):
    """A program of the newest Go that sid's Delve reads: sid's own compiler, else this machine's newest."""
    exe = os.path.join(folder, "blocked")
    source = os.path.join(folder, "blocked.go")
    shutil.copyfile(os.path.join(build.HERE, build.SOURCES["go"]), source)
    root = os.path.join(lab_dir(), "sid")
    env = dict(os.environ, GO111MODULE="off", CGO_ENABLED="0")
    if not os.access(f"{root}/usr/lib/{GO}/bin/go", os.X_OK):
        names = sorted(os.path.basename(path) for path in glob.glob("/usr/lib/go-1.*"))
        if not names:
            raise Missing(f"golang-{GO[3:]}-go is not installed, here or in {root}")
        build.run([build.go_tool(names[-1]), "build", "-o", exe, source], cwd=folder,
                  env=dict(env, GOCACHE=os.path.join(folder, "cache")))
        return exe, names[-1]
    with tempfile.TemporaryDirectory(prefix="inquest-bench-", dir="/tmp") as shared:  # the roots see /tmp
        shutil.copy2(source, shared)
        build.run([os.path.join(HERE, "..", "tools", "chroot.sh"), "run", root, f"/usr/lib/{GO}/bin/go", "build", "-o",
                   f"{shared}/blocked", f"{shared}/blocked.go"],
                  env=dict(env, HOME="/root", GOCACHE=f"{shared}/cache"))
        shutil.copy2(f"{shared}/blocked", exe)
    return exe, GO


def make_go(name):
    count = GO_SIZES[name]

    def make_it(folder):
        exe, version = compile_go(folder)
        # Before it dies it prints every stack, which nobody is to keep.
        core = cores.kernel_core(["/bin/sh", "-c", f"exec '{exe}' -n {count} abort 2>/dev/null"], folder, timeout=1200)
        return {"what": f"{count:,} blocked goroutines, {version}, SIGABRT", "exe": exe, "core": core,
                "goroutines": count}
    make_it.__doc__ = f"{count:,} goroutines, blocked in eight ways. Also the live target."
    return make_it


# A kernel.


def make_vmlinux(folder):
    """Debian's kernel with debug information, as a file: it is not run."""
    apt_get, dpkg_deb = tool("apt-get"), tool("dpkg-deb")
    depends = build.run([tool("apt-cache"), "depends", "linux-image-amd64-dbg"], cwd=folder)
    package = next((word for word in depends.split() if word.startswith("linux-image-6.1.")), None)
    if not package:
        raise Missing("no linux-image-6.1.*-amd64-dbg: is the main archive of Debian 12 among the sources?")
    build.run([apt_get, "download", package], cwd=folder)
    deb = glob.glob(os.path.join(folder, "*.deb"))[0]
    build.run([dpkg_deb, "-x", deb, folder], cwd=folder)
    exe = os.path.join(folder, "vmlinux")
    os.rename(glob.glob(os.path.join(folder, "usr/lib/debug/boot/vmlinux-*"))[0], exe)
    shutil.rmtree(os.path.join(folder, "usr"))
    os.remove(deb)
    return {"what": f"vmlinux of {package}", "exe": exe}


TARGETS = {
    "ceph": make_ceph,
    "valkey": make_valkey,
    "valkey-source": make_valkey_source,
    "threads-500": make_threads,
    "recursion-20000": make_recursion,
    "recursion-chain": make_recursion_chain,
    "vmlinux": make_vmlinux,
    **{name: make_go(name) for name in GO_SIZES},
}


def make(name, again=False):
    folder = os.path.join(targets_dir(), name)
    kept = load(name)
    if kept and not again:
        return kept
    shutil.rmtree(folder, ignore_errors=True)
    os.makedirs(folder, mode=0o700)
    made = TARGETS[name](folder)
    with open(os.path.join(folder, "target.json"), "w", encoding="utf-8") as file:
        json.dump(made, file, indent=1)
    return made


def main(args):
    if "--list" in args:
        for name, function in TARGETS.items():
            say(f"{name:18} {'made' if load(name) else '-':5} {function.__doc__.splitlines()[0]}")
        return 0
    again = "--again" in args
    wanted = [arg for arg in args if not arg.startswith("-")] or list(TARGETS)
    unknown = [name for name in wanted if name not in TARGETS]
    if unknown or set(args) - set(wanted) - {"--again"}:
        print(__doc__.strip())
        return 2
    failed = 0
    for name in wanted:
        try:
            made = make(name, again)
            kind = "core" if "core" in made else "exe"
            say(f"{name:18} {made['what']}; {kind} of {os.path.getsize(made[kind]):,} bytes")
        except (Missing, Failed) as why:
            failed += 1
            say(f"{name:18} not made: {why}")
    return failed > 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
