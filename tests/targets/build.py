# SPDX-License-Identifier: Apache-2.0
"""Build the test programs in every form a user's program may come in.

As a module (plain /usr/bin/python3):

    import build
    target = build.build("c-gcc-O2-dwarf5", outdir)         # raises Missing
    target.exe, target.debug_dir, target.variant.lang

    for name in build.names(lang="c"): ...

As a command:

    build.py list                    names, and what each one is
    build.py build NAME|all DIR      build into DIR/NAME

Sources are copied next to the program before they are compiled, so that the
paths in the debug information name files that are there. A build is kept: a
second call with the same outdir returns at once.
"""

import dataclasses
import functools
import os
import shlex
import shutil
import struct
import subprocess
import sys

HERE = os.path.dirname(os.path.abspath(__file__))

# What follows the names of LLVM's tools: Debian 12 has version 16 beside its default one. Empty: the default.
LLVM = os.environ.get("INQUEST_LLVM", "-16")

SOURCES = {
    "c": "c/crash.c",
    "c++": "cxx/crash.cc",
    "rust": "rust/crash.rs",
    "recurse": "c/recurse.c",
    "recurse-cxx": "cxx/recurse.cc",
    "threads": "c/threads.c",
    "heap": "c/heap.c",
    "server": "c/server.c",
    "witness": "c/witness.c",
    "registers": "c/registers.c",
    "killer": "c/killer.c",
    "secrets": "c/secrets.c",
    "titled": "c/titled.c",
    "values": "c/values.c",
    "values-cxx": "cxx/values.cc",
    "values-rust": "rust/values.rs",
    "containers": "cxx/containers.cc",
    "containers-rust": "rust/containers.rs",
    "go": "go/blocked.go",
    "calls": "go/calls.go",
    "deaths": "go/deaths.go",
    "iterators": "go/iterators.go",
    "ranges": "go/ranges.go",
    "rpc": "go/rpc.go",
    "go-values": "go/values.go",
    "go-secrets": "go/secrets.go",
    "service": "go/server.go",
    "steps": "go/steps.go",
    "panics": "go/panics.go",
}


# Debian's packages golang-VERSION-go put each in a folder of its own. These are the versions that Debian 12 and its
# backports have; tests/matrix.py gives those of other suites.
GO_VERSIONS = tuple(os.environ.get("INQUEST_GO", "1.19 1.21 1.22 1.23").split())

# A root made by tools/chroot.sh in which programs are built and run, or "": here. /tmp is the same in both.
ROOT = os.environ.get("INQUEST_ROOT", "")
_CHROOT = os.path.join(os.path.dirname(os.path.dirname(HERE)), "tools", "chroot.sh")


class Missing(Exception):
    """A tool this variant needs is not on the machine: skip, and say so."""


class Failed(Exception):
    """A tool that is there did not do what it should."""


@dataclasses.dataclass(frozen=True)
class Variant:
    name: str
    what: str
    lang: str  # c, c++, rust or go
    compiler: str
    flags: tuple
    steps: tuple = ()  # what is done to the linked program: names of _step_* below
    tools: tuple = ()
    newer: tuple = ()  # those of the flags that not every compiler knows: without them, Missing


@dataclasses.dataclass
class Target:
    """A built program. `exe` has been put through the variant's steps."""

    variant: Variant
    dir: str
    exe: str
    debug_dir: str | None = None  # pass as --debug-dir: it holds .build-id/
    debug_file: str | None = None  # where the debug information went, if moved
    other_exe: str | None = None  # dwz: the second program of the pair


def inside(argv):
    """What runs a command in the root, with the same folder, limits and process id."""
    return [_CHROOT, "run", ROOT, *argv] if ROOT else argv


def followed(path):
    """Where a link of the root leads to in the root (/etc/alternatives)."""
    for _ in range(40):
        if not os.path.islink(ROOT + path):
            break
        path = os.path.normpath(os.path.join(os.path.dirname(path), os.readlink(ROOT + path)))
    return path


def tool(name):
    """Path of a tool of the distribution, or Missing."""
    for folder in ("/usr/bin", "/usr/sbin", "/bin"):
        path = os.path.join(folder, name)
        if os.access(ROOT + followed(path), os.X_OK):
            return path
    raise Missing(f"{name} is not installed")


def go_tool(name):
    """The go command of "go-1.23", or Missing."""
    path = f"/usr/lib/{name}/bin/go"
    if not os.access(ROOT + path, os.X_OK):
        raise Missing(f"golang-{name[3:]}-go is not installed")
    return path


def run(argv, cwd=None, env=None):
    result = subprocess.run(inside(argv), cwd=cwd, env=env, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
                            check=False)
    if result.returncode:
        raise Failed(f"{shlex.join(argv)} exited {result.returncode}:\n{result.stdout}")
    return result.stdout


# The matrix.

_STRIPPED = ("-g", "-O2")


def _all_variants():
    c_like = [("c", "gcc"), ("c", f"clang{LLVM}"), ("c++", "g++"), ("c++", f"clang++{LLVM}")]
    for lang, compiler in c_like:
        short = "clang" if "clang" in compiler else "gcc"
        prefix = f"{'cxx' if lang == 'c++' else 'c'}-{short}"
        for opt in ("O0", "O2"):
            for dwarf in (4, 5):
                yield Variant(f"{prefix}-{opt}-dwarf{dwarf}", f"-{opt}, DWARF {dwarf}", lang, compiler,
                              (f"-{opt}", "-g", f"-gdwarf-{dwarf}"))
        for dwarf in (4, 5):
            yield Variant(f"{prefix}-split{dwarf}", f"split DWARF {dwarf}, .dwo beside", lang, compiler,
                          ("-O2", "-g", f"-gdwarf-{dwarf}", "-gsplit-dwarf"))
            # binutils' dwp knows DWARF 4 only; LLVM's knows 5 too.
            dwp = "dwp" if dwarf == 4 else "llvm-dwp"
            yield Variant(f"{prefix}-dwp{dwarf}", f"split DWARF {dwarf} packed in a .dwp, .dwo removed", lang, compiler,
                          ("-O2", "-g", f"-gdwarf-{dwarf}", "-gsplit-dwarf"), (dwp,))
        yield Variant(f"{prefix}-O3", "-O3", lang, compiler, ("-O3", "-g"))
        yield Variant(f"{prefix}-Os", "-Os", lang, compiler, ("-Os", "-g"))
        yield Variant(f"{prefix}-fp", "-O2 with frame pointers", lang, compiler, ("-O2", "-g", "-fno-omit-frame-pointer"))
        yield Variant(f"{prefix}-O0-nofp", "-O0 without frame pointers", lang, compiler, ("-O0", "-g", "-fomit-frame-pointer"))
        yield Variant(f"{prefix}-types", "type units in .debug_types", lang, compiler,
                      ("-O2", "-g", "-gdwarf-4", "-fdebug-types-section"))
        # gcc knows no other name than ld.lld.
        lld = (f"-fuse-ld=lld{LLVM}",) if short == "clang" else (f"-B/usr/lib/llvm{LLVM}/bin", "-fuse-ld=lld")
        yield Variant(f"{prefix}-lto", "link-time optimised", lang, compiler,
                      ("-O2", "-g", "-flto", *(lld if short == "clang" else ())),
                      tools=(f"ld.lld{LLVM}",) if short == "clang" else ())
        yield Variant(f"{prefix}-lld", "linked by lld", lang, compiler, ("-O2", "-g", *lld), tools=(f"ld.lld{LLVM}",))
        yield Variant(f"{prefix}-g1", "line tables only", lang, compiler, ("-O2", "-g1"))
        yield Variant(f"{prefix}-nodebug", "no debug information, symbols kept", lang, compiler, ("-O2",))
        yield Variant(f"{prefix}-stripped", "everything stripped, debug file nowhere", lang, compiler, _STRIPPED, ("strip",))
        yield Variant(f"{prefix}-debuglink", ".gnu_debuglink, debug file in .debug/", lang, compiler, _STRIPPED, ("debuglink",))
        yield Variant(f"{prefix}-debuglink-bad", ".gnu_debuglink to a file with another CRC", lang, compiler,
                      (*_STRIPPED, "-Wl,--build-id=none"), ("debuglink", "spoil"))
        yield Variant(f"{prefix}-buildid", "stripped, debug file in a .build-id tree", lang, compiler, _STRIPPED, ("buildid",))
        yield Variant(f"{prefix}-minidebug", "stripped, .gnu_debugdata", lang, compiler, _STRIPPED, ("minidebug",), ("xz",))
        yield Variant(f"{prefix}-dwz4", "two programs, DWARF 4, common part moved out by dwz", lang, compiler,
                      ("-O2", "-g", "-gdwarf-4"), ("dwz",), ("dwz",))
        if short == "gcc":  # dwz refuses clang's .debug_addr
            yield Variant(f"{prefix}-dwz5", "the same with DWARF 5", lang, compiler, ("-O2", "-g", "-gdwarf-5"), ("dwz",), ("dwz",))
        yield Variant(f"{prefix}-zlib", "debug sections compressed with zlib", lang, compiler, ("-O2", "-g", "-gz=zlib"))
        yield Variant(f"{prefix}-zdebug", "debug sections compressed the old GNU way (.zdebug)", lang, compiler,
                      ("-O2", "-g"), ("zdebug",))
        yield Variant(f"{prefix}-zstd", "debug sections compressed with zstd", lang, compiler, ("-O2", "-g"),
                      ("zstd",))
        yield Variant(f"{prefix}-gz-zstd", "the same by compiler and linker", lang, compiler, ("-O2", "-g", "-gz=zstd"),
                      ("is-zstd",), newer=("-gz=zstd",))
        yield Variant(f"{prefix}-static", "static", lang, compiler, ("-O2", "-g", "-static"))
        yield Variant(f"{prefix}-static-pie", "static position-independent", lang, compiler,
                      ("-O2", "-g", "-static-pie", "-fPIE"))
        yield Variant(f"{prefix}-no-pie", "not position-independent", lang, compiler, ("-O2", "-g", "-no-pie", "-fno-pie"))
        yield Variant(f"{prefix}-no-buildid", "no build-id", lang, compiler, ("-O2", "-g", "-Wl,--build-id=none"))
        yield Variant(f"{prefix}-noshdr", "no section headers at all", lang, compiler, ("-O2", "-g"), ("noshdr",))
        if lang == "c":
            # Compilers put unwind tables in .eh_frame; these are told not to.
            yield Variant(f"{prefix}-debugframe", "unwind tables only in .debug_frame", lang, compiler,
                          ("-O2", "-g", "-fno-asynchronous-unwind-tables", "-fno-unwind-tables"))
            yield Variant(f"{prefix}-nocfi-fp", "no unwind tables, frame pointers", lang, compiler,
                          ("-O2", "-fno-asynchronous-unwind-tables", "-fno-unwind-tables", "-fno-omit-frame-pointer",
                           "-fno-optimize-sibling-calls"))
            yield Variant(f"{prefix}-nocfi-nofp", "no unwind tables, no frame pointers", lang, compiler,
                          ("-O2", "-fno-asynchronous-unwind-tables", "-fno-unwind-tables", "-fomit-frame-pointer"))
            yield Variant(f"{prefix}-O0-nocfi", "-O0, no unwind tables, frame pointers", lang, compiler,
                          ("-O0", "-fno-asynchronous-unwind-tables", "-fno-unwind-tables"))
    yield Variant("c-gcc-cet", "-O2, CET with its second PLT, lazy binding", "c", "gcc",
                  ("-O2", "-g", "-fcf-protection=full", "-Wl,-z,ibtplt", "-Wl,-z,lazy"))
    yield Variant("c-gcc-eager", "-O2, bound at start (.plt.got)", "c", "gcc", ("-O2", "-g", "-fno-plt", "-Wl,-z,now"))
    yield Variant("cxx-libcxx", "libc++", "c++", f"clang++{LLVM}", ("-O0", "-g", "-stdlib=libc++"))
    yield Variant("cxx-old-abi", "libstdc++ as before C++11's ABI", "c++", "g++",
                  ("-O0", "-g", "-D_GLIBCXX_USE_CXX11_ABI=0"))
    yield Variant("c-musl", "musl, dynamic", "c", "musl-gcc", ("-O2", "-g"))
    yield Variant("c-musl-static", "musl, static", "c", "musl-gcc", ("-O2", "-g", "-static"))
    yield Variant("c-musl-static-O0", "musl, static, -O0", "c", "musl-gcc", ("-O0", "-g", "-static"))
    for opt in (0, 2):
        for mangling in ("legacy", "v0"):
            yield Variant(f"rust-O{opt}-{mangling}", f"opt-level {opt}, {mangling} mangling, panic=abort", "rust", "rustc",
                          ("-g", "-C", f"opt-level={opt}", "-C", "panic=abort",
                           *(("-C", "symbol-mangling-version=v0") if mangling == "v0" else ())))
    yield Variant("rust-unwind", "opt-level 2, panic=unwind", "rust", "rustc", ("-g", "-C", "opt-level=2"))
    yield Variant("rust-release", "opt-level 3, no debug information of its own", "rust", "rustc",
                  ("-C", "opt-level=3", "-C", "panic=abort"))
    yield Variant("rust-static", "static, C runtime linked in", "rust", "rustc",
                  ("-g", "-C", "opt-level=2", "-C", "panic=abort", "-C", "target-feature=+crt-static",
                   "-C", "relocation-model=static"))
    yield Variant("rust-debuglink", "stripped, .gnu_debuglink", "rust", "rustc",
                  ("-g", "-C", "opt-level=2", "-C", "panic=abort"), ("debuglink",))

    for version in GO_VERSIONS:
        go = f"go-{version}"
        yield Variant(go, f"Go {version}", "go", go, ())
        yield Variant(f"{go}-noopt", f"Go {version}, not optimised", "go", go, ("-gcflags=-N -l",))
        yield Variant(f"{go}-plain", f"Go {version}, nothing optimised, the libraries neither", "go", go,
                      ("-gcflags=all=-N -l",))
        yield Variant(f"{go}-plain-pie", "the same, position-independent", "go", go,
                      ("-gcflags=all=-N -l", "-buildmode=pie"))
        yield Variant(f"{go}-stripped", f"Go {version}, no symbols", "go", go, ("-ldflags=-s -w",))
        yield Variant(f"{go}-pie", f"Go {version}, position-independent, no symbols", "go", go,
                      ("-buildmode=pie", "-ldflags=-s -w"))
        yield Variant(f"{go}-pie-dwarf", f"Go {version}, position-independent", "go", go, ("-buildmode=pie",))


@functools.lru_cache(maxsize=None)
def variants():
    """Every variant, by name."""
    return {variant.name: variant for variant in _all_variants()}


def names(lang=None):
    return [name for name, variant in variants().items() if lang in (None, variant.lang)]


# Steps: each takes the Target and changes it.


def _build_id(exe):
    for line in run([tool("readelf"), "-n", exe]).splitlines():
        if "Build ID:" in line:
            return line.split()[-1]
    raise Failed(f"{exe} has no build-id")


def _split_off(target, where):
    """Debug information to the file `where`; what is left is stripped."""
    objcopy = tool("objcopy")
    os.makedirs(os.path.dirname(where), exist_ok=True)
    run([objcopy, "--only-keep-debug", target.exe, where])
    run([tool("strip"), "--strip-all", target.exe])
    target.debug_file = where


def _step_strip(target):
    run([tool("strip"), "--strip-all", target.exe])


def _step_debuglink(target):
    where = os.path.join(target.dir, ".debug", os.path.basename(target.exe) + ".debug")
    _split_off(target, where)
    run([tool("objcopy"), f"--add-gnu-debuglink={where}", target.exe])


def _step_spoil(target):
    with open(target.debug_file, "ab") as file:
        file.write(b"not the file it was")


def _step_buildid(target):
    build_id = _build_id(target.exe)
    target.debug_dir = os.path.join(target.dir, "debug")
    _split_off(target, os.path.join(target.debug_dir, ".build-id", build_id[:2], build_id[2:] + ".debug"))


def _step_minidebug(target):
    # As gdb's manual has it: the symbols of functions that .dynsym lacks.
    nm, objcopy = tool("nm"), tool("objcopy")
    base = os.path.join(target.dir, "mini")
    dynamic = set(run([nm, "-D", target.exe, "--format=posix", "--defined-only"]).split("\n"))
    dynamic = {line.split()[0] for line in dynamic if line}
    functions = set()
    for line in run([nm, target.exe, "--format=posix", "--defined-only"]).splitlines():
        field = line.split()
        if len(field) > 1 and field[1] in "TtD":
            functions.add(field[0])
    with open(base + ".keep", "w", encoding="ascii") as file:
        file.write("".join(name + "\n" for name in sorted(functions - dynamic)))
    run([objcopy, "--only-keep-debug", target.exe, base + ".debug"])
    run([objcopy, "-S", "--remove-section", ".gdb_index", "--remove-section", ".comment",
         f"--keep-symbols={base}.keep", base + ".debug", base + ".data"])
    run([tool("strip"), "--strip-all", "-R", ".comment", target.exe])
    run([tool("xz"), "-f", base + ".data"])
    run([objcopy, "--add-section", f".gnu_debugdata={base}.data.xz", target.exe])
    for name in (".keep", ".debug"):
        os.unlink(base + name)
    os.unlink(base + ".data.xz")


def _step_dwp(target):
    _pack(target, [tool("dwp"), "-e", target.exe, "-o", target.exe + ".dwp"])


def _step_llvm_dwp(target):
    _pack(target, [tool(f"llvm-dwp{LLVM}"), "-e", target.exe, "-o", target.exe + ".dwp"])


def _pack(target, argv):
    run(argv, cwd=target.dir)
    for folder, _, files in os.walk(target.dir):
        for name in files:
            if name.endswith(".dwo"):
                os.unlink(os.path.join(folder, name))
    target.debug_file = target.exe + ".dwp"


def _step_dwz(target):
    # A second program that is nearly the same, so that there is something to share.
    target.other_exe = target.exe + "-other"
    _compile(target.variant, target.dir, target.other_exe, extra=("-O1",))
    common = os.path.join(target.dir, "common.debug")
    out = run([tool("dwz"), "-m", common, "-M", common, target.exe, target.other_exe])
    if not os.path.exists(common):
        raise Failed(f"dwz made no common file: {out}")
    target.debug_file = common


def _step_zdebug(target):
    run([tool("objcopy"), "--compress-debug-sections=zlib-gnu", target.exe])


def _is_zstd(target):
    return "ZSTD" in run([tool("readelf"), "-t", "-W", target.exe])


def _step_is_zstd(target):
    if not _is_zstd(target):  # clang without it only warns
        raise Missing(f"{target.variant.compiler} here does not compress with zstd")


def _step_zstd(target):
    # Debian 12's gcc and GNU binutils may lack zstd; LLVM 16's objcopy may too.
    errors = []
    for name in ("objcopy", f"llvm-objcopy{LLVM}", "eu-elfcompress"):
        try:
            path = tool(name)
            if name == "eu-elfcompress":
                run([path, "--type=zstd", "--force", target.exe])
            else:
                run([path, "--compress-debug-sections=zstd", target.exe])
        except (Missing, Failed) as error:
            errors.append(str(error).strip().splitlines()[-1])
            continue
        if _is_zstd(target):
            return
        errors.append(f"{name} did nothing")
    raise Missing("no tool here compresses with zstd: " + "; ".join(errors))


def _step_noshdr(target):
    with open(target.exe, "r+b") as file:
        header = bytearray(file.read(64))
        struct.pack_into("<Q", header, 0x28, 0)  # e_shoff
        struct.pack_into("<HHH", header, 0x3A, 0, 0, 0)  # e_shentsize, e_shnum, e_shstrndx
        file.seek(0)
        file.write(header)


def _require_flag(variant, flag):
    try:
        run([tool(variant.compiler), flag, "-x", variant.lang, "-c", os.devnull, "-o", os.devnull])
    except Failed:
        raise Missing(f"{variant.compiler} here does not know {flag}") from None


def compile_go(variant, folder, exe, source, extra=()):
    """One file outside of any module, with the cache of go beside the builds unless GOCACHE says otherwise."""
    env = {**os.environ, "GO111MODULE": "off", "GOTOOLCHAIN": "local", "CGO_ENABLED": "1",
           "GOFLAGS": ""}
    env.setdefault("GOCACHE", os.path.join(os.path.dirname(folder), "go-cache"))
    run([go_tool(variant.compiler), "build", *variant.flags, *extra, "-o", exe, source], cwd=folder, env=env)


def _compile(variant, folder, exe, extra=(), program=None):
    source = SOURCES[program or variant.lang]
    copy = os.path.join(folder, os.path.basename(source))
    shutil.copyfile(os.path.join(HERE, source), copy)
    if variant.lang == "go":
        compile_go(variant, folder, exe, copy)
        return
    compiler = tool(variant.compiler)
    argv = [compiler, *variant.flags, *extra]
    if variant.lang == "rust":
        argv += ["--edition", "2021", os.path.basename(copy), "-o", os.path.basename(exe)]
    else:
        argv += ["-pthread", *(("-std=c++17",) if variant.lang == "c++" else ("-std=gnu11",)),
                 os.path.basename(copy), "-o", os.path.basename(exe)]
    run(argv, cwd=folder)


def build(name, outdir, program=None):
    """Build variant `name` into outdir/name and return its Target.

    `program`: None for the language's crash program, or another one of SOURCES
    in that language. Raises Missing when a tool is not there, Failed when one fails.
    """
    variant = variants()[name]
    if program and os.path.dirname(SOURCES[program]) != os.path.dirname(SOURCES[variant.lang]):
        raise ValueError(f"{SOURCES[program]} is not in the language of {name}")
    for needed in variant.tools:
        tool(needed)
    for flag in variant.newer:
        _require_flag(variant, flag)
    label = name if not program else f"{name}-{program}"
    folder = os.path.join(os.path.abspath(outdir), label)
    exe = os.path.join(folder, program or "crash")
    target = Target(variant, folder, exe)
    kept = os.path.join(folder, ".built")
    if os.path.exists(kept):
        with open(kept, encoding="utf-8") as file:
            for line in file:
                field, _, value = line.rstrip("\n").partition("=")
                setattr(target, field, value)
        return target
    shutil.rmtree(folder, ignore_errors=True)
    os.makedirs(folder)
    _compile(variant, folder, exe, program=program)
    for step in variant.steps:
        globals()["_step_" + step.replace("-", "_")](target)
    with open(kept, "w", encoding="utf-8") as file:
        for field in ("debug_dir", "debug_file", "other_exe"):
            if getattr(target, field):
                file.write(f"{field}={getattr(target, field)}\n")
    return target


def main(args):
    if args[:1] == ["list"]:
        for name, variant in variants().items():
            print(f"{name:24} {variant.what}")
        return 0
    if len(args) != 3 or args[0] != "build":
        print(__doc__.strip())
        return 2
    failed = 0
    for name in names() if args[1] == "all" else [args[1]]:
        try:
            print(f"{name:24} {build(name, args[2]).exe}")
        except Missing as why:
            print(f"{name:24} skipped: {why}")
        except Failed as why:
            failed += 1
            print(f"{name:24} FAILED: {why}")
    return failed > 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
