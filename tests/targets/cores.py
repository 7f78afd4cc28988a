# SPDX-License-Identifier: Apache-2.0
"""Make cores of the test programs, in every way a user may get one.

    with cores.Running([exe, "hang"]) as process:    # waits for "ready"
        cores.gcore(process.pid, "out.core")             # or lldb_core
    core = cores.kernel_core([exe, "segv"], outdir)
    core = cores.kernel_core([exe, "hang"], outdir, kill=signal.SIGABRT)
    cores.compress(core, "zst"); cores.truncate(core, out, 0.28)
    cores.damage(core, out, seed=7)

Plain /usr/bin/python3. Everything raises Missing when the machine cannot do
what is asked, so that a test can skip and say why.
"""

import contextlib
import fcntl
import glob
import os
import random
import resource
import select
import shutil
import signal
import struct
import subprocess
import tempfile
import time

from build import Failed, Missing, inside, tool

PT_LOAD = 1
_CORE_PATTERN = "/proc/sys/kernel/core_pattern"


def clean_env(**more):
    """The environment targets run in: nothing that changes what they print."""
    env = {name: value for name, value in os.environ.items()
           if name not in ("RUST_BACKTRACE", "DEBUGINFOD_URLS", "LD_PRELOAD", "MALLOC_PERTURB_")}
    env.update(more)
    return env


class Running:
    """A target that runs until the with-block ends. `pid` is its process.

    filter: what the kernel puts in a core of it (coredump_filter, core(5)).
    """

    def __init__(self, argv, cwd=None, env=None, ready="ready", timeout=60, filter=None, core=False, stack=None,
                 stdin=subprocess.DEVNULL):
        def limits():
            # No core unless one is wanted: it would land in the test's folder.
            hard = resource.getrlimit(resource.RLIMIT_CORE)[1]
            resource.setrlimit(resource.RLIMIT_CORE, (hard, hard) if core else (0, hard))
            if stack:
                resource.setrlimit(resource.RLIMIT_STACK, (stack, resource.getrlimit(resource.RLIMIT_STACK)[1]))
            if filter is not None:
                with open("/proc/self/coredump_filter", "w", encoding="ascii") as file:
                    file.write(hex(filter))

        self.argv = argv
        self.process = subprocess.Popen(inside(argv), cwd=cwd, env=env or clean_env(), stdin=stdin,
                                        stdout=subprocess.PIPE, stderr=subprocess.STDOUT, preexec_fn=limits)
        self.pid = self.process.pid
        self.output = b""
        if ready:
            try:
                self.wait_for(ready, timeout)
            except BaseException:
                self.end()
                raise

    def wait_for(self, word, timeout=60):
        """Until it has printed `word`."""
        end = time.monotonic() + timeout
        while word.encode() not in self.output:
            left = end - time.monotonic()
            if left <= 0 or not select.select([self.process.stdout], [], [], left)[0]:
                raise Failed(f"{self.argv[0]} did not say {word!r} within {timeout} s")
            part = os.read(self.process.stdout.fileno(), 4096)
            if not part:
                raise Failed(f"{self.argv[0]} ended before it was ready: {self.output.decode(errors='replace')}")
            self.output += part

    def settle(self, timeout=60):
        """Wait until no thread runs and none was added for 50 ms: a program may start threads after "ready"."""
        end, before = time.monotonic() + timeout, None
        while time.monotonic() < end:
            if self.process.poll() is not None:
                raise Failed(f"{self.argv[0]} ended: {self.output.decode(errors='replace')}")
            now = self._threads()
            if now == before and set(now.values()) == {"S"}:
                return
            before = now
            time.sleep(0.05)
        raise Failed(f"{self.argv[0]} did not come to rest within {timeout} s: {before}")

    def _threads(self):
        """{tid: state letter}"""
        states = {}
        for path in glob.glob(f"/proc/{self.pid}/task/*/stat"):
            try:
                with open(path, encoding="ascii", errors="replace") as file:
                    states[path.split("/")[4]] = file.read().rsplit(")", 1)[1].split()[0]
            except OSError:
                pass  # it ended meanwhile
        return states

    def wait(self, timeout=120):
        """Wait for the end; the exit status as subprocess gives it."""
        out, _ = self.process.communicate(timeout=timeout)
        self.output += out or b""
        return self.process.returncode

    def end(self):
        if self.process.poll() is None:
            self.process.kill()
        self.process.wait()
        if self.process.stdout:
            self.process.stdout.close()

    def __enter__(self):
        return self

    def __exit__(self, *unused):
        self.end()


@contextlib.contextmanager
def _pattern_held(change):
    """The machine's core_pattern stays as it is; `change`: nobody relies on it meanwhile. Two runs of the tests may be
    at work at once."""
    with open(os.path.join(tempfile.gettempdir(), f"inquest-core-pattern-{os.geteuid()}"), "w", encoding="ascii") as file:
        fcntl.flock(file, fcntl.LOCK_EX if change else fcntl.LOCK_SH)
        yield


def core_pattern():
    with open(_CORE_PATTERN, encoding="ascii") as file:
        return file.read().strip()


def kernel_core(argv, outdir, kill=None, name="core", filter=None, ready="ready", timeout=120, env=None, before=None,
                settle=True):
    """Run ARGV until it dies and return the path of the core the kernel wrote.

    `kill`: a signal to send once it is ready, for programs that do not die by
    themselves, and rests, unless `settle` is False. `before`: is called then, with the Running. `name`: what to call the core in outdir. The machine's
    core_pattern must be a plain name, because it is not ours to change.
    """
    words = argv, outdir, kill, name, filter, ready, timeout, env, before, settle
    with _pattern_held(False):
        try:
            return _kernel_core(*words)
        except subprocess.TimeoutExpired:  # Go's runtime has been seen to hang while it told of a deadlock
            return _kernel_core(*words)


def _kernel_core(argv, outdir, kill, name, filter, ready, timeout, env, before, settle):
    pattern = core_pattern()
    if "/" in pattern or pattern.startswith("|"):
        raise Missing(f"kernel.core_pattern is '{pattern}', so cores do not land beside the program")
    if resource.getrlimit(resource.RLIMIT_CORE)[1] == 0:
        raise Missing("the hard limit of core size is 0")
    os.makedirs(outdir, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=outdir, prefix=".dying-") as cwd:
        running = Running([os.path.abspath(argv[0]), *argv[1:]], cwd=cwd, core=True, filter=filter,
                          ready=ready if kill else None, env=env)
        try:
            if before:
                before(running)
            if kill:
                if settle:
                    running.settle()
                os.kill(running.pid, kill)
            status = running.wait(timeout)
        finally:
            running.end()
        found = glob.glob(os.path.join(cwd, "core*")) or glob.glob(os.path.join(cwd, "*core*"))
        if status >= 0:
            raise Failed(f"{argv} exited {status} and did not crash: {running.output.decode(errors='replace')}")
        if len(found) != 1:
            raise Failed(f"{argv} died of signal {-status} and left {len(found)} cores")
        core = os.path.join(outdir, name)
        os.replace(found[0], core)
    return core


def _run(argv, timeout=120, env=None, **more):
    result = subprocess.run(argv, stdin=more.pop("stdin", subprocess.DEVNULL), stdout=subprocess.PIPE,
                            stderr=subprocess.STDOUT, timeout=timeout, check=False, env=env, **more)
    return result.returncode, result.stdout.decode(errors="replace")


def gcore(pid, out):
    """A core of a live process by gdb."""
    status, text = _run([tool("gdb"), "-nx", "-batch", "-iex", "set debuginfod enabled off",
                         "-p", str(pid), "-ex", f"generate-core-file {out}", "-ex", "detach"], env=clean_env())
    if not os.path.exists(out):
        raise Failed(f"gdb wrote no core (exit {status}):\n{text}")
    return out


def lldb_core(pid, out, lldb=None, style="stack"):
    """What lldb's `process save-core` writes of a live process.

    On Linux that is a minidump ("MDMP"), never an ELF core: true of lldb 16,
    which also refuses the styles full and modified-memory, and of 21. `lldb`:
    (argv prefix, environment) of another lldb.
    """
    argv, env = lldb or ([tool("lldb-16")], clean_env())
    status, text = _run([*argv, "--no-lldbinit", "--batch", "-o", f"process attach --pid {pid}",
                         "-o", f"process save-core --style {style} --plugin-name=minidump {out}",
                         "-o", "process detach"], env=env)
    if not os.path.exists(out):
        raise Failed(f"lldb wrote no core (exit {status}):\n{text}")
    return out


def like_crashpad(dump, out):
    """A copy of lldb's minidump as Crashpad would have written it: without the files of /proc, libraries named by
    their DT_SONAME, a module's whole size, and a dump that somebody asked for."""
    with open(dump, "rb") as file:
        data = bytearray(file.read())
    count, directory = struct.unpack_from("<II", data, 8)
    streams = {}
    for at in range(directory, directory + 12 * count, 12):
        kind, size, start = struct.unpack_from("<III", data, at)
        streams[kind] = (start, size)
        if kind >= 0x47670000:
            struct.pack_into("<I", data, at, 0x7F7F7F7F)
    start, size = streams[0x47670009]
    ends = {}
    for line in bytes(data[start:start + size]).decode().splitlines():
        fields = line.split(None, 5)
        if len(fields) == 6 and fields[5].startswith("/"):
            ends[os.path.basename(fields[5])] = int(fields[0].split("-")[1], 16)
    start, _ = streams[4]
    for at in range(start + 4, start + 4 + 108 * struct.unpack_from("<I", data, start)[0], 108):
        base, = struct.unpack_from("<Q", data, at)
        name_at, = struct.unpack_from("<I", data, at + 20)
        size, = struct.unpack_from("<I", data, name_at)
        path = bytes(data[name_at + 4:name_at + 4 + size]).decode("utf-16-le")
        name = os.path.basename(path)
        if name in ends:
            struct.pack_into("<I", data, at + 8, ends[name] - base)
        if ".so" in name:
            short = name.encode("utf-16-le")
            struct.pack_into("<I", data, name_at, len(short))
            data[name_at + 4:name_at + 4 + len(short)] = short
    struct.pack_into("<I", data, streams[6][0] + 8, 0xFFFFFFFF)
    with open(out, "wb") as file:
        file.write(data)
    return out


# Runs for every process on the machine that dies in the meantime: ours goes to
# minicoredumper, others get the core that they would have had.
_PIPE_HELPER = """#!/bin/sh
# pid uid gid signal time limit
if [ "$1" = {pid} ]; then
    {dumper} "$1" "$2" "$3" "$4" "$5" host {comm} {config} >{folder}/log 2>&1
    echo $? >{folder}/status
    mv {folder}/status {folder}/done
elif [ "$6" != 0 ]; then
    cat >"/proc/$1/cwd/core"
fi
"""


def minicoredumper_core(argv, out, kill=signal.SIGABRT):
    """Run ARGV, kill it, and return the core that minicoredumper makes of it.

    minicoredumper only works as the kernel's pipe handler, so this changes the
    machine's core_pattern for about a second and puts it back. Needs root.
    """
    with _pattern_held(True):
        return _minicoredumper_core(argv, out, kill)


def _minicoredumper_core(argv, out, kill):
    dumper = tool("minicoredumper")
    if os.geteuid() or not os.access(_CORE_PATTERN, os.W_OK):
        raise Missing("minicoredumper is run by the kernel: needs root and a writable kernel.core_pattern")
    before = core_pattern()
    if before.startswith("|") or "/" in before:
        raise Missing(f"kernel.core_pattern is '{before}', which is left alone")
    folder = tempfile.mkdtemp(prefix="inq-", dir="/tmp")  # the pattern has room for 127 bytes
    try:
        base = os.path.join(folder, "out")
        os.mkdir(base)
        config, recept = os.path.join(folder, "config.json"), os.path.join(folder, "recept.json")
        with open(recept, "w", encoding="ascii") as file:
            file.write('{"stacks": {"dump_stacks": true, "first_thread_only": false, "max_stack_size": 0},'
                       ' "maps": {"dump_by_name": ["[vdso]"]}, "dump_auxv_so_list": true,'
                       ' "dump_pthread_list": true, "dump_robust_mutex_list": true, "dump_scope": 1024,'
                       ' "live_dumper": false, "write_proc_info": false, "write_debug_log": false}')
        with open(config, "w", encoding="ascii") as file:
            file.write(f'{{"base_dir": "{base}", "watch": [{{"recept": "{recept}"}}]}}')
        with Running(argv, core=True) as running:
            helper = os.path.join(folder, "h")
            with open(helper, "w", encoding="ascii") as file:
                file.write(_PIPE_HELPER.format(pid=running.pid, dumper=dumper, comm=os.path.basename(argv[0])[:15],
                                               config=config, folder=folder))
            os.chmod(helper, 0o755)
            try:
                with open(_CORE_PATTERN, "w", encoding="ascii") as file:
                    file.write(f"|{helper} %P %u %g %s %t %c")
                os.kill(running.pid, kill)
                running.wait()
                for _ in range(1000):
                    if os.path.exists(os.path.join(folder, "done")):
                        break
                    time.sleep(0.01)
            finally:
                with open(_CORE_PATTERN, "w", encoding="ascii") as file:
                    file.write(before)
        found = [path for path in glob.glob(os.path.join(base, "**"), recursive=True)
                 if os.path.isfile(path) and _is_elf(path)]
        log = os.path.join(folder, "log")
        if not os.path.exists(log):
            raise Missing("the kernel did not run minicoredumper, as in a container, whose files it does not see")
        if len(found) != 1:
            with open(log, encoding="utf-8") as file:
                raise Failed(f"minicoredumper left {found}: {file.read()}")
        shutil.move(found[0], out)
    finally:
        shutil.rmtree(folder, ignore_errors=True)
    return out


def _is_elf(path):
    with open(path, "rb") as file:
        return file.read(4) == b"\x7fELF"


_COMPRESSORS = {
    "zst": ("zstd", "-q", "-3"),
    "lz4": ("lz4", "-q"),
    "xz": ("xz", "-0"),
    "gz": ("gzip", "-1"),
}


def compress(core, kind, out=None):
    """CORE.KIND beside the core; kind: zst, lz4, xz, gz."""
    program, *options = _COMPRESSORS[kind]
    out = out or f"{core}.{kind}"
    with open(core, "rb") as source, open(out, "wb") as target:
        result = subprocess.run([tool(program), *options, "-c"], stdin=source, stdout=target, check=False)
    if result.returncode:
        raise Failed(f"{program} exited {result.returncode}")
    return out


# Harm.


def copy_sparse(core, out):
    """A copy with holes where the core has zeros, so that many fit on a disk."""
    subprocess.run(["cp", "--sparse=always", "--reflink=auto", core, out], check=True)
    return out


def truncate(core, out, keep):
    """The first part of a core: `keep` is a fraction below 1, or bytes."""
    size = os.path.getsize(core)
    wanted = int(size * keep) if isinstance(keep, float) else min(keep, size)
    with open(core, "rb") as source, open(out, "wb") as target:
        left = wanted
        while left:
            part = source.read(min(left, 1 << 20))
            if not part:
                break
            if any(part):
                target.write(part)
            else:
                target.seek(len(part), os.SEEK_CUR)
            left -= len(part)
        target.truncate(wanted)
    return out


def damage(core, out, seed, changes=1, limit=None):
    """A copy with `changes` bytes set to random values; the same for the same
    seed. `limit`: only within the first so many bytes (headers and notes).
    Returns (out, [(offset, new value)])."""
    copy_sparse(core, out)
    chance = random.Random(seed)
    end = min(limit or os.path.getsize(out), os.path.getsize(out))
    done = []
    with open(out, "r+b") as file:
        for _ in range(changes):
            offset, value = chance.randrange(end), chance.randrange(256)
            file.seek(offset)
            file.write(bytes([value]))
            done.append((offset, value))
    return out, done


def segments(core):
    """Program headers of a 64-bit little-endian core, as dicts."""
    with open(core, "rb") as file:
        head = file.read(64)
        if head[:6] != b"\x7fELF\x02\x01":
            raise Failed(f"{core} is not a 64-bit little-endian ELF file")
        offset, shoff = struct.unpack_from("<QQ", head, 0x20)
        size, count = struct.unpack_from("<HH", head, 0x36)
        if count == 0xFFFF:
            file.seek(shoff + 0x2C)
            count = struct.unpack("<I", file.read(4))[0]
        file.seek(offset)
        table = file.read(size * count)
    names = ("type", "flags", "offset", "vaddr", "paddr", "filesz", "memsz", "align")
    found = []
    for i in range(count):
        segment = dict(zip(names, struct.unpack_from("<IIQQQQQQ", table, i * size)))
        segment["header"] = offset + i * size
        found.append(segment)
    return found


def drop_segments(core, out, wanted):
    """A copy in which the contents of some PT_LOAD segments are missing, as
    coredump_filter or a minimal dump would leave it. `wanted(segment)` says
    which. Returns (out, number dropped)."""
    copy_sparse(core, out)
    dropped = 0
    with open(out, "r+b") as file:
        for segment in segments(core):
            if segment["type"] == PT_LOAD and segment["filesz"] and wanted(segment):
                file.seek(segment["header"] + 0x20)
                file.write(struct.pack("<Q", 0))
                dropped += 1
    return out, dropped


def drop_address(core, out, address):
    """A copy without the segment that holds ADDRESS."""
    return drop_segments(core, out, lambda s: s["vaddr"] <= address < s["vaddr"] + s["memsz"])
