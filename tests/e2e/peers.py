# SPDX-License-Identifier: Apache-2.0
"""What gdb and eu-stack say, and how it is compared with what Inquest says."""

import dataclasses
import json
import os
import re
import shutil
import subprocess

HERE = os.path.dirname(os.path.abspath(__file__))


class PeerFailed(Exception):
    """The peer itself broke down."""


@dataclasses.dataclass
class Frame:
    function: str | None
    file: str | None
    line: int | None
    kind: str
    pc: int

    def __str__(self):
        where = f" at {os.path.basename(self.file)}:{self.line}" if self.file else ""
        return f"{self.pc:#x} {self.function}{where} [{self.kind}]"


def env():
    return {**{k: v for k, v in os.environ.items() if k != "DEBUGINFOD_URLS"}, "LC_ALL": "C.UTF-8"}


class Place:
    """Where peers run: this machine, unless another says otherwise."""

    def has(self, tool):
        return shutil.which(tool) is not None

    def inside(self, argv):
        """What runs a command there."""
        return argv

    def script(self, path):
        """Where a file of ours is there."""
        return path


THIS = Place()


def ask(argv, place):
    return subprocess.run(place.inside(argv), stdin=subprocess.DEVNULL, capture_output=True, text=True, env=env(),
                          timeout=300, check=False, errors="replace")


def gdb_stacks(exe=None, core=None, pid=None, debug_dir=None, place=THIS):
    """{tid: [Frame]} as gdb has them, start code included; None without gdb."""
    if not place.has("gdb"):
        return None
    argv = ["gdb", "-nx", "-batch", "-iex", "set debuginfod enabled off", "-iex", "set auto-load safe-path /"]
    if debug_dir:
        argv += ["-iex", f"set debug-file-directory {debug_dir}:/usr/lib/debug"]
    argv += ["-ex", "set backtrace past-main on", "-ex", f"source {place.script(f'{HERE}/gdb_stacks.py')}"]
    # Its files as they are where gdb runs: it would look in the root of the process's mount namespace.
    argv += ["-iex", "set sysroot /", "-p", str(pid)] if pid else [exe, core]
    result = ask(argv, place)
    line = next((line for line in result.stdout.splitlines() if line.startswith("STACKS ")), None)
    if not line:
        said = next((line for line in result.stderr.splitlines() if "error" in line or "ignal" in line), "nothing")
        raise PeerFailed(f"gdb ended with status {result.returncode} and no answer, and said: {said}")
    return {int(tid): [Frame(f["function"], f["file"], f["line"], f["kind"], f["pc"]) for f in frames]
            for tid, frames in json.loads(line[7:]).items()}


def eu_stacks(exe=None, core=None, pid=None, place=THIS):
    """{tid: [Frame]} as eu-stack -i -s has them; None without it. Inlined frames are those whose pc the next
    frame repeats."""
    if not place.has("eu-stack"):
        return None
    argv = ["eu-stack", "-n", "0", "-i", "-s"]
    argv += ["-p", str(pid)] if pid else ["--core", core, "-e", exe]
    out = ask(argv, place).stdout
    stacks, frames = {}, []
    for text in out.splitlines():
        if match := re.match(r"TID (\d+):", text):
            frames = stacks.setdefault(int(match[1]), [])
        elif match := re.match(r"#\d+\s+0x([0-9a-f]+)(?: - \d+)?\s*(.*)", text):
            frames.append(Frame(match[2].strip() or None, None, None, "normal", int(match[1], 16)))
        elif frames and (match := re.match(r"    (.*?):(\d+)(?::\d+)?$", text)):
            frames[-1].file, frames[-1].line = match[1], int(match[2])
    for frames in stacks.values():
        for frame, older in zip(frames, frames[1:]):
            # The same call in the same line again is recursion.
            recursion = (frame.function, frame.line) == (older.function, older.line)
            if frame.pc == older.pc and not recursion and (frame.file or older.file):
                frame.kind = "inlined"
    return stacks


def lldb_stacks(core=None, lldb="lldb-16", pid=None, place=THIS):
    """{tid: [Frame]} as lldb has them, tail calls left out; None without lldb."""
    if not place.has(lldb):
        return None
    target = f"process attach --pid {pid}" if pid else f"target create --core {core}"
    argv = [lldb, "--no-lldbinit", "--batch", "-o", target, "-o", "thread list", "-o", "thread backtrace all"]
    if pid:
        argv += ["-o", "process detach --keep-stopped true"]
    out = ask(argv, place).stdout
    tids, stacks, frames = {}, {}, []
    for text in out.splitlines():
        if match := re.match(r"[* ] thread #(\d+): tid = (\w+)", text):
            tids[match[1]] = int(match[2], 0)
        elif match := re.match(r"[* ] thread #(\d+)", text):
            frames = stacks.setdefault(tids[match[1]], []) if match[1] in tids else []  # where it is attached: before the list
        elif match := re.match(r"  [* ] frame #\d+: (0x[0-9a-f]+)(?: \S+?`(.*?))?(?: at (\S+?):(\d+)(?::\d+)?)?"
                               r"((?: \[\w+\])*)$", text):
            if "[artificial]" not in match[5]:
                known = match[2] and not match[2].startswith("___lldb_unnamed_symbol")
                frames.append(Frame(match[2].split(" + ")[0] if known else None, match[3],
                                    int(match[4]) if match[4] else None, "normal", int(match[1], 16)))
    return stacks


def our_stacks(answer):
    """{tid: [Frame]} of inquest stack --json."""
    return {thread["tid"]: [Frame(f["function"], f["file"], f["line"], f["kind"], int(f["pc"], 16))
                            for f in thread["frames"]] for thread in answer["threads"]}


def bare(name):
    """A function's name without template arguments, parameters, hashes and versions: tools write those each in
    their own way."""
    if not name:
        return None
    name = name.split("@")[0]
    name = re.sub(r"operator(\(\)|[<>=!+\-*/%^&|~\[\],]+)", lambda m: "operator" + m[1].encode().hex(), name)
    name = re.sub(r"\boperator (new|delete)", r"operator\1", name)
    name = re.sub(r"::h[0-9a-f]{16}$|\.(constprop|isra|part|cold|lto_priv|llvm)\b.*", "", name)
    depth, out = 0, []
    for char in name:
        if char in "<({":
            depth += 1
        elif char in ">)}":
            depth = max(0, depth - 1)
        elif not depth:
            out.append(char)
    name = re.sub(r"\[clone.*|\[abi:\w+\]| const$", "", "".join(out)).strip()
    return name.split(" ")[-1]  # templates are demangled with their return type


def parts(name):
    return [part for part in name.split("::") if part]


def same_function(ours, theirs):
    """One may be less qualified than the other: gdb leaves out what encloses a lambda."""
    a, b = bare(ours), bare(theirs)
    if not a or not b:
        return a == b
    a, b = parts(a), parts(b)
    n = min(len(a), len(b))
    return a[-n:] == b[-n:]


def same_file(ours, theirs):
    return (os.path.basename(ours) if ours else None) == (os.path.basename(theirs) if theirs else None)


@dataclasses.dataclass
class Difference:
    tid: int
    index: int
    what: str
    ours: Frame | None
    theirs: Frame | None

    def __str__(self):
        return f"thread {self.tid} #{self.index} {self.what}: ours {self.ours}; theirs {self.theirs}"


def one(tid, index, ours, theirs, kinds=True):
    """What is different of two frames, or None."""
    what = None
    if ours is None or theirs is None:
        what = "missing" if ours is None else "extra"
    elif ours.pc != theirs.pc:
        what = "pc"
    elif kinds and ours.kind != theirs.kind:
        what = "kind"
    elif theirs.kind != "signal" and theirs.function and not same_function(ours.function, theirs.function):
        what = "function"
    elif theirs.line and (ours.line != theirs.line or not same_file(ours.file, theirs.file)):
        what = "line"
    return Difference(tid, index, what, ours, theirs) if what else None


def like_gdb(frames):
    """gdb shows of a tail-call frame only the innermost inlined function, and calls that the tail call."""
    out = []
    for i, frame in enumerate(frames):
        if frame.kind == "tailcall" and i and frames[i - 1].kind == "inlined" and frames[i - 1].pc == frame.pc:
            while out and out[-1].kind == "inlined" and out[-1].pc == frame.pc:
                frame = dataclasses.replace(out.pop(), kind="tailcall")
        out.append(frame)
    return out


def gdb_differences(ours, theirs):
    """Where our stacks differ from those of gdb. A frame that gdb has no name or line for is no difference."""
    found = []
    for tid, their in theirs.items():
        mine = like_gdb(ours.get(tid, []))
        for index in range(max(len(mine), len(their))):
            difference = one(tid, index, mine[index] if index < len(mine) else None,
                             their[index] if index < len(their) else None)
            if difference:
                found.append(difference)
                if difference.what in ("missing", "extra", "pc", "kind"):
                    break  # what follows is out of step
    return found


def physical(frames):
    """[[frames at one address, innermost first]], without tail calls, which eu-stack never shows."""
    out, inner = [], []
    for frame in frames:
        inner.append(frame)
        if frame.kind != "inlined":
            if frame.kind != "tailcall":
                out.append(inner)
            inner = []
    return out


def lldb_differences(ours, theirs):
    """Where our stacks differ from those of lldb. It finds only some tail calls, gives (before 17) an inlined function
    the name of what it is part of, and shows as pc of that where the inlined call began."""
    found = []
    for tid, their in theirs.items():
        mine = [frame for inner in physical(ours.get(tid, [])) for frame in inner]
        for index in range(max(len(mine), len(their))):
            a = mine[index] if index < len(mine) else None
            b = their[index] if index < len(their) else None
            if a and b and index and mine[index - 1].kind == "inlined":
                b = dataclasses.replace(b, pc=a.pc)
            if a and b and a.kind == "inlined":
                b = dataclasses.replace(b, function=None)
            if difference := one(tid, index, a, b, kinds=False):
                found.append(difference)
                if difference.what in ("missing", "extra", "pc"):
                    break
    return found


def eu_differences(ours, theirs):
    """Where our stacks differ from those of eu-stack. It does not know inlined functions in all kinds of DWARF, so
    only what it shows is compared; signal frames are ordinary to it; it does not demangle Rust."""
    found = []
    for tid, their in theirs.items():
        mine, their = physical(ours.get(tid, [])), physical(their)
        for index in range(max(len(mine), len(their))):
            a = mine[index] if index < len(mine) else None
            b = their[index] if index < len(their) else None
            if a is None or b is None:
                found.append(Difference(tid, index, "missing" if a is None else "extra", a and a[-1], b and b[-1]))
                break
            for ours_one, theirs_one in zip(a if len(b) > 1 else a[-1:], b):
                if "$" in (theirs_one.function or "") or (theirs_one.function or "").startswith("_R"):
                    theirs_one.function = None
                # Without its inlined functions, the line that it shows for the outermost is the innermost one's.
                if len(b) == 1 and len(a) > 1:
                    ours_one = dataclasses.replace(ours_one, file=a[0].file, line=a[0].line)
                if difference := one(tid, index, ours_one, theirs_one, kinds=False):
                    found.append(difference)
    return found


def plain(name):
    """The C library has several names for one address; each tool has its own taste."""
    return re.sub(r"^(__GI_|__libc_|__new_|_+)+", "", bare(name) or "")


def reasoned(difference):
    """Why a difference from gdb or eu-stack is right, or None."""
    ours, theirs = difference.ours, difference.theirs
    if difference.what == "function" and plain(ours.function) == plain(theirs.function):
        return "two names of one address"
    if difference.what == "pc" and theirs.function is None:
        return "without unwind tables (musl has none) gdb reads a return address where there is none"
    return None
