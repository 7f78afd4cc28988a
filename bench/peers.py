#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""Command lines of the debuggers that Inquest is compared with.

Peers named `-sid` are Debian sid's builds. They come from the root that
`tools/chroot.sh sid LAB/sid peers` makes and are run on this machine through
that root's dynamic loader, so they see this machine's programs, libraries and
debug files. The others are this machine's own.

usage: peers.py              versions of the peers that are there
       peers.py PEER MODE CORE [EXE]      run one on a core
       peers.py PEER MODE --pid PID       run one on a live process
MODE: open names lines full py-bt py-bt-full first bt type:NAME gcore:FILE save-core:STYLE:FILE, of Go open list user all json; EXE may stand without a CORE ("-") for type:NAME
"""

import os
import shutil
import subprocess
import sys

HERE = os.path.dirname(os.path.abspath(__file__))
DEBUG_DIR = "/usr/lib/debug"

PEERS = ("gdb", "gdb-sid", "lldb", "lldb-sid", "eu-stack", "eu-stack-sid", "drgn-sid", "dlv-sid")
# What gdb is told in each mode; {} is what stands behind the mode's colon.
GDB_COMMANDS = {"open": [], "lines": ["thread apply all bt"], "full": ["thread apply all bt full"],
                "py-bt": ["thread apply all py-bt"], "py-bt-full": ["thread apply all py-bt-full"],
                "first": ["info locals"], "bt": ["bt"], "type": ["ptype {}"], "gcore": ["gcore {}"]}
# What Delve is told; ends with the session, of which it says so with status 2 where the target is a process.
DLV_COMMANDS = {"open": [], "list": ["goroutines"], "user": ["goroutines -group userloc"], "all": ["goroutines -t"]}


def lab_dir():
    """Where cores, built servers and roots are kept: never in the repository."""
    cache = os.environ.get("XDG_CACHE_HOME") or os.path.expanduser("~/.cache")
    return os.environ.get("INQUEST_LAB") or os.path.join(cache, "inquest-lab")


class Unavailable(Exception):
    """The peer is not on this machine, or cannot do what is asked."""


def _sid(program):
    """(argv prefix, environment) that runs a program of the sid root here."""
    root = os.path.join(lab_dir(), "sid")
    path = os.path.realpath(os.path.join(root, "usr/bin", program))
    if not os.path.exists(path):
        raise Unavailable(f"{program} of sid is not there; run: tools/chroot.sh sid {root} peers")
    libraries = [os.path.join(root, "usr/lib/x86_64-linux-gnu"), os.path.dirname(path).replace("/bin", "/lib")]
    env = dict(os.environ)
    if program == "dlv":  # of Go: what it needs of C any machine has
        return [path], env
    env["PYTHONHOME"] = os.path.join(root, "usr")
    env.pop("PYTHONPATH", None)
    env.pop("DEBUGINFOD_URLS", None)
    loader = os.path.join(root, "lib64/ld-linux-x86-64.so.2")
    return [loader, "--library-path", ":".join(libraries), path], env


def _sid_inside(program):
    """The same for what must find its own helpers: in the root, which sees this machine's /proc and /tmp."""
    root = os.path.join(lab_dir(), "sid")
    if not os.path.exists(os.path.join(root, "usr/bin", program)):
        raise Unavailable(f"{program} of sid is not there; run: tools/chroot.sh sid {root} peers")
    env = dict(os.environ)
    env.pop("DEBUGINFOD_URLS", None)
    return [os.path.join(HERE, os.pardir, "tools", "chroot.sh"), "run", root, program], env


def _host(program):
    path = os.path.join("/usr/bin", program)
    if not os.path.exists(path):
        raise Unavailable(f"{program} is not installed; run: tools/setup.sh check")
    env = dict(os.environ)
    for name in ("PYTHONHOME", "PYTHONPATH", "DEBUGINFOD_URLS"):
        env.pop(name, None)
    return [path], env


def _pystack_program():
    """No suite of Debian has it: one in PATH is taken."""
    path = shutil.which("pystack")
    if not path:
        raise Unavailable("pystack is not in PATH")
    return [path], dict(os.environ)


def _program(peer, pid=None):
    if peer == "lldb-sid" and pid:  # to attach it starts lldb-server
        return _sid_inside("lldb")
    if peer == "pystack":
        return _pystack_program()
    kind = peer.replace("-sid", "")
    if peer.endswith("-sid"):
        return _sid({"drgn": "python3"}.get(kind, kind))
    return _host({"lldb": "lldb-16"}.get(kind, kind))


def _gdb(argv, mode, core, exe, pid, extra):
    kind, _, subject = mode.partition(":")
    if kind not in GDB_COMMANDS:
        raise Unavailable(f"gdb has no '{kind}'")
    argv = argv + ["-nx", "-batch", "-iex", f"set debug-file-directory {DEBUG_DIR}",
                   "-iex", "set debuginfod enabled off", "-iex", "set width 0"]
    for command in extra:
        argv += ["-iex", command]
    for command in GDB_COMMANDS[kind]:
        argv += ["-ex", command.format(subject)]
    if pid:
        return argv + ["-p", str(pid)]
    return argv + [*([exe] if exe else []), *(["--core", core] if core else [])]


def _lldb(argv, mode, core, exe, pid, extra):
    kind, _, subject = mode.partition(":")
    if kind not in ("open", "lines", "save-core"):
        raise Unavailable(f"lldb has no single command for '{mode}'")
    # With parallel loading on, lldb 21 hangs on large cores every other time.
    first = ["settings set target.parallel-module-load false"] if "lldb-21" in argv[-1] or "llvm-21" in argv[-1] else []
    first += ["settings set stop-disassembly-display never", f"settings append target.debug-file-search-paths {DEBUG_DIR}"]
    commands = first + list(extra)
    if pid:
        commands.append(f"process attach --pid {pid}")
    elif exe:
        commands.append(f"target create --core '{core}' '{exe}'")
    else:
        commands.append(f"target create --core '{core}'")
    if mode == "lines":
        commands.append("thread backtrace all")
    elif kind == "save-core":
        style, _, file = subject.partition(":")
        commands.append(f"process save-core --style={style} '{file}'")
    if pid:
        commands.append("process detach")
    argv = argv + ["--no-lldbinit", "--no-use-colors", "--batch"]
    for command in commands:
        argv += ["-o", command]
    return argv


def _eu_stack(argv, mode, core, exe, pid, extra):
    options = {"open": ["-l", "-n", "1"], "names": [], "lines": ["-i", "-s"]}
    if mode not in options:
        raise Unavailable(f"eu-stack has no '{mode}'")
    # Without -n 0 it stops after 256 frames.
    argv = argv + [*options[mode], *([] if mode == "open" else ["-n", "0"]), *extra]
    if pid:
        return argv + ["-p", str(pid)]
    return argv + [*(["-e", exe] if exe else []), "--core", core]


def _drgn(argv, mode, core, exe, pid, extra):
    if pid:
        raise Unavailable("drgn cannot unwind a running process")
    kind, _, subject = mode.partition(":")
    if kind == "type":
        program = ("import drgn, sys; p = drgn.Program(); m = p.extra_module('it', create=True); "
                   "m = m[0] if isinstance(m, tuple) else m; m.try_file(sys.argv[1], force=True); print(p.type(sys.argv[2]))")
        return argv + ["-c", program, exe, subject]
    if kind not in ("lines", "full"):
        raise Unavailable(f"drgn has no '{kind}'")
    return argv + [os.path.join(HERE, "drgn_bt.py"), *(["--locals"] if mode == "full" else []), core]


def _dlv(argv, mode, core, exe, pid, extra):
    target = [["attach", str(pid)], [exe]] if pid else [["core", exe, core], []]
    argv = [*argv, *target[0], *target[1], "--check-go-version=false", *extra]
    if mode == "json":
        return ["/usr/bin/python3", os.path.join(HERE, "dlv_goroutines.py"), *argv]
    if mode not in DLV_COMMANDS:
        raise Unavailable(f"Delve has no '{mode}'")
    # It takes commands from files only.
    script = os.path.join(lab_dir(), f"dlv-{mode}")
    with open(script, "w", encoding="ascii") as file:
        file.write("".join(f"{line}\n" for line in [*DLV_COMMANDS[mode], "exit"]))
    return [*argv, "--init", script, "--allow-non-terminal-interactive=true"]


def _pystack(argv, mode, core, exe, pid, extra):
    options = {"py-bt": [], "py-bt-full": ["--native", "--locals"]}
    if mode not in options:
        raise Unavailable(f"pystack has no '{mode}'")
    target = ["remote", str(pid)] if pid else ["core", core, *([exe] if exe else [])]
    return argv + [*target, *options[mode], *extra]


def command(peer, mode, core=None, exe=None, pid=None, extra=()):
    """(argv, environment) of one run of PEER.

    `mode`: open (read the target, print no stack), names (every thread's stack,
    function names only), lines (with inlined frames, files and lines), full
    (with local variables), first (the innermost
    frame with its variables), bt (the first thread's stack), type:NAME (what a
    type is; of a program alone, too), gcore:FILE (write a core), save-core:STYLE:FILE (lldb's: full, modified-memory,
    stack); of goroutines list, user (groups by place), all (with their
    stacks) and json. Give `core` (and `exe` where it is known) or `pid`.
    `extra`: settings given before the target is opened (gdb, lldb), or options
    (eu-stack). Raises Unavailable with the reason.
    """
    if peer not in PEERS:
        raise Unavailable(f"no peer '{peer}'; there are: {' '.join(PEERS)}")
    argv, env = _program(peer, pid)
    kind = peer.replace("-sid", "")
    build = {"gdb": _gdb, "lldb": _lldb, "eu-stack": _eu_stack, "drgn": _drgn, "dlv": _dlv}[kind]
    return build(argv, mode, core, exe, pid, list(extra)), env


def version(peer):
    """First line of the peer's version text."""
    argv, env = _program(peer)
    ask = {"drgn-sid": ["-c", "import drgn; print('drgn', drgn.__version__)"], "dlv-sid": ["version"]}
    argv += ask.get(peer, ["--version"])
    out = subprocess.run(argv, env=env, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, timeout=60, check=False)
    lines = out.stdout.strip().splitlines()
    return " ".join(lines[:2]) if peer == "dlv-sid" else lines[0]


def main(args):
    if not args:
        for peer in PEERS:
            try:
                print(f"{peer:14} {version(peer)}")
            except Unavailable as reason:
                print(f"{peer:14} not there: {reason}")
        return 0
    if args[0] in ("-h", "--help") or len(args) < 3:
        print(__doc__.strip())
        return 0 if args[0] in ("-h", "--help") else 2
    peer, mode = args[:2]
    try:
        if args[2] == "--pid":
            argv, env = command(peer, mode, pid=int(args[3]))
        else:
            argv, env = command(peer, mode, core=args[2] if args[2] != "-" else None, exe=args[3] if len(args) > 3 else None)
    except Unavailable as reason:
        print(f"peers: {reason}", file=sys.stderr)
        return 1
    os.execve(argv[0], argv, env)
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
