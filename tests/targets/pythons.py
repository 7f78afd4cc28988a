# SPDX-License-Identifier: Apache-2.0
"""The Python interpreters of a machine, and cores of the programs in tests/targets/python/.

    for python in pythons.found(): ...
    with pythons.running(python, "all", folder) as process: process.oracle
    core, oracle = pythons.core(python, "all", folder)

INQUEST_PYTHONS names interpreters (paths, by colons); else they are those of the distribution and of pyenv. With
INQUEST_ROOT they run in that root, which shares /tmp.
"""

import dataclasses
import functools
import glob
import json
import os
import re
import shutil
import signal
import subprocess

import build
import cores

PROGRAMS = os.path.join(build.HERE, "python")


@dataclasses.dataclass(frozen=True)
class Python:
    path: str
    version: tuple  # (3, 11, 2)
    origin: str  # "debian", "pyenv" or "named"; "debian-debug": with Py_DEBUG
    free_threaded: bool = False  # a build without a GIL
    home: str | None = None  # PYTHONHOME, when it was copied away from its library

    def __str__(self):
        return f"{'.'.join(map(str, self.version))}{'t' * self.free_threaded}-{self.origin}"

    @property
    def libpython(self):
        """The library that it is linked with; None: it is in the program."""
        return needed(self.path)


def needed(path):
    """The libpython that an ELF file names and the dynamic linker finds."""
    for line in build.run(["ldd", path]).splitlines():
        if match := re.match(r"\s*libpython\S* => (/\S+)", line):
            return match[1]
    return None


def _ask(path, origin):
    question = "import sys, sysconfig; print(*sys.version_info[:3], hasattr(sys, 'gettotalrefcount'), " \
        "bool(sysconfig.get_config_var('Py_GIL_DISABLED')))"
    result = subprocess.run(build.inside([path, "-c", question]), stdout=subprocess.PIPE, stderr=subprocess.DEVNULL,
                            stdin=subprocess.DEVNULL, text=True, check=False)
    words = result.stdout.split()
    if result.returncode or len(words) != 5 or words[0] != "3" or int(words[1]) < 6:
        return None
    return Python(path, tuple(map(int, words[:3])), origin + ("-debug" if words[3] == "True" else ""),
                  words[4] == "True")


@functools.lru_cache(maxsize=None)
def found():
    """All interpreters from 3.6 on, by version."""
    named = os.environ.get("INQUEST_PYTHONS")
    paths = [(path, "named") for path in named.split(":")] if named else \
        [(path, "debian") for path in glob.glob("/usr/bin/python3.[0-9]*")] + \
        [(path, "pyenv") for path in glob.glob(os.path.expanduser("~/.pyenv/versions/*/bin/python3"))]
    asked = [_ask(path, origin) for path, origin in paths if "-" not in os.path.basename(path)]
    return sorted((python for python in asked if python), key=lambda python: (python.version, python.origin))


def programs(folder):
    """Where the programs are for who runs them: a root sees copies."""
    if not build.ROOT:
        return PROGRAMS
    copies = os.path.join(folder, "programs")
    if not os.path.exists(copies):
        shutil.copytree(PROGRAMS, copies)
    return copies


def native_library(folder):
    """native.c as a shared object."""
    out = os.path.join(folder, "native.so")
    if not os.path.exists(out):
        os.makedirs(folder, exist_ok=True)
        build.run([build.tool("gcc"), "-O2", "-g", "-fno-optimize-sibling-calls", "-fno-inline", "-shared", "-fPIC",
                   os.path.join(programs(folder), "native.c"), "-o", out])
    return out


def extension_module(python, folder):
    """extension.c, which serves all versions: once for builds with a GIL, once for those without."""
    out = os.path.join(folder, f"extension{'t' * python.free_threaded}.so")
    if not os.path.exists(out):
        os.makedirs(folder, exist_ok=True)
        build.run([build.tool("gcc"), "-O2", "-g", "-shared", "-fPIC", *(["-DFREE_THREADED"] if python.free_threaded else []),
                   os.path.join(programs(folder), "extension.c"), "-o", out])
    return out


def virtual(python, folder, copies):
    """The interpreter of a virtual environment; None where the module that makes one is missing."""
    argv = [python.path, "-m", "venv", "--without-pip", *(["--copies"] if copies else []), folder]
    if subprocess.run(build.inside(argv), stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, check=False).returncode:
        return None
    kind = "copy" if copies else "venv"
    return dataclasses.replace(python, path=os.path.join(folder, "bin", "python3"), origin=f"{python.origin}-{kind}")


def embedding(python, folder):
    """The program that embeds this interpreter."""
    library = python.libpython
    if not library:
        beside = glob.glob(f"{build.ROOT}/usr/lib/*/libpython3.{python.version[1]}.so.1.0")
        if not beside:
            raise build.Missing(f"libpython3.{python.version[1]} is not installed")
        library = beside[0][len(build.ROOT):]
    out = os.path.join(folder, f"embed-{python}")
    if not os.path.exists(out):
        os.makedirs(folder, exist_ok=True)
        build.run([build.tool("gcc"), "-O2", "-g", os.path.join(programs(folder), "embed.c"), library,
                   f"-Wl,-rpath,{os.path.dirname(library)}", "-o", out])
    return out


def embedding_statically(python, folder, names):
    """A program that has the interpreter inside; `names`: "exported" by it, "there" in its symbol table, or "stripped"."""
    major = f"3.{python.version[1]}"
    question = "import sysconfig; print(*map(sysconfig.get_config_var, ['LIBPL', 'MODLIBS']))"
    folder_of_it, *libraries = build.run([python.path, "-c", question]).split()
    archives = glob.glob(f"{build.ROOT}{folder_of_it}/libpython{major}*.a")
    archives = [path for path in archives if not path.endswith("-pic.a")]
    if not archives:
        raise build.Missing(f"{python} has no libpython{major}.a")
    out = os.path.join(folder, f"embed-{python}-{names}")
    if not os.path.exists(out):
        os.makedirs(folder, exist_ok=True)
        # Debian's archives are not position-independent.
        build.run([build.tool("gcc"), "-O2", "-g", "-no-pie", *(["-rdynamic"] if names == "exported" else []),
                   os.path.join(programs(folder), "embed.c"), archives[0][len(build.ROOT):],
                   *libraries, "-lm", "-ldl", "-lpthread", "-lutil", "-o", out])
        if names == "stripped":
            build.run([build.tool("strip"), "--strip-all", out])
    prefix = build.run([python.path, "-c", "import sys; print(sys.base_prefix)"]).strip()
    return out, dataclasses.replace(python, home=prefix)


def stripped(python, folder):
    """A copy of the interpreter, and of its libpython, without symbols. It uses the library of the original."""
    home = os.path.join(folder, f"stripped-{python}")
    copy = os.path.join(home, "bin", f"python3.{python.version[1]}")
    if not os.path.exists(copy):
        os.makedirs(os.path.dirname(copy))
        files = [(python.path if build.ROOT else os.path.realpath(python.path), copy)]
        if python.libpython:
            files.append((python.libpython, os.path.join(home, os.path.basename(python.libpython))))
        for source, target in files:
            shutil.copy(build.ROOT + source, target)
            os.chmod(target, 0o755)
            build.run([build.tool("strip"), "--strip-all", target])
    prefix = build.run([python.path, "-c", "import sys; print(sys.base_prefix)"]).strip()
    return dataclasses.replace(python, path=copy, home=prefix, origin=python.origin + "-stripped")


def renumbered(python, folder, minor):
    """A copy without symbols that says in its table of offsets (_Py_DebugOffsets, 3.13 and later) and in Py_Version that
    it is of another version."""
    copy = stripped(python, os.path.join(folder, f"as-3.{minor}"))
    home = os.path.dirname(os.path.dirname(copy.path))
    path = os.path.join(home, os.path.basename(python.libpython)) if python.libpython else copy.path
    address = int(re.search(r"^(\w+) . Py_Version$", build.run(["nm", "-D", path]), re.M)[1], 16)
    loads = [[int(word, 16) for word in line.split()[1:5]] for line in build.run(["readelf", "-lW", path]).splitlines()
             if line.split()[:1] == ["LOAD"]]
    with open(path, "r+b") as file:
        data = file.read()
        # Numbers of 8 bytes, 0x030d00f0; one behind the cookie.
        places = [match.start() + 8 for match in re.finditer(b"xdebugpy", data) if data[match.start() + 11] == 3][:1]
        places += [offset + address - start for offset, start, _, size in loads if start <= address < start + size]
        for at in places:
            file.seek(at + 2)
            file.write(bytes([minor]))
    return copy


def environment(python, folder):
    # Sets in one order, so that a failure can be seen again.
    more = {"PYTHONHASHSEED": "0", "PYTHONPATH": programs(folder)}
    if python.home:
        more["PYTHONHOME"] = python.home
        more["LD_LIBRARY_PATH"] = os.path.dirname(os.path.dirname(python.path))
    return cores.clean_env(**more)


def _argv(python, program, ending, oracle, words, exe):
    script = os.path.join(programs(os.path.dirname(oracle)), f"{program}.py")
    return [exe or python.path, script, ending, oracle, *words]


def read(path):
    with open(path, encoding="utf-8") as file:
        return json.load(file)


def running(python, program, folder, *words, exe=None, front=()):
    """A cores.Running with `oracle`: what the program wrote down of itself. `exe`: a program that embeds it; `front`: a
    command that runs it."""
    os.makedirs(folder, exist_ok=True)
    path = os.path.join(folder, f"{python}-{program}-{'-'.join(map(os.path.basename, words))}.json")
    if os.path.exists(path):
        os.unlink(path)
    process = cores.Running([*front, *_argv(python, program, "wait", path, words, exe)], env=environment(python, folder))
    process.oracle = read(path) if os.path.exists(path) else None
    process.told = path  # where it writes
    return process


def core(python, program, folder, *words, ending="abort", exe=None, by=None):
    """(path of a core, what the program wrote down). `by`: cores.gcore of one that waits, else the kernel writes it when
    it dies."""
    name = f"{python}-{program}-{'-'.join((ending, *map(os.path.basename, words)))}{'-embedded' if exe else ''}"
    path, oracle = os.path.join(folder, name + ".core"), os.path.join(folder, name + ".json")
    if by:
        with running(python, program, folder, *words, exe=exe) as process:
            process.settle()
            return by(process.pid, path), process.oracle
    os.makedirs(folder, exist_ok=True)
    made = cores.kernel_core(_argv(python, program, ending, oracle, words, exe), folder, name=name + ".core",
                             env=environment(python, folder), kill=signal.SIGABRT if ending == "wait" else None)
    return made, read(oracle)
