#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Where the fields of CPython's structs are, by the DWARF of a build.

    tools/python_layouts.py FILE [--debug-dir DIR]           print src/rt/cpython/layout/py3_N.c
    tools/python_layouts.py --check FILE [--debug-dir DIR]   compare it with the one that is there

FILE is an interpreter or libpython with debug information, or whose debug file gdb finds; or an object file, compiled with
-g -fno-eliminate-unused-debug-types, of nothing but the headers of Include/internal, whose version --version tells.
A free-threaded build is known by its objects, and its file is py3_Nt.c. Needs gdb with Python.
"""
import argparse
import json
import os
import re
import subprocess
import sys

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
CPYTHON = os.path.join(ROOT, "src", "rt", "cpython")

# Runs in gdb. A struct may be known by its typedef, or by its tag alone.
IN_GDB = r"""
import gdb, json
fields, published = json.loads(%r)
TAGS = {"PyInterpreterState": ["_is"], "PyThreadState": ["_ts"], "PyFrameObject": ["_frame"],
        "_PyRuntimeState": ["pyruntimestate"], "PyCodeObject": [], "PyObject": ["_object"],
        "PyTypeObject": ["_typeobject"], "PyHeapTypeObject": ["_heaptypeobject"], "PyLongObject": ["_longobject"],
        "_PyErr_StackItem": ["_err_stackitem"], "_PyStackChunk": ["_stack_chunk"], "_PyCFrame": ["_cframe"],
        "PyDictKeysObject": ["_dictkeysobject"], "PyDictValues": ["_dictvalues"], "PyGenObject": [],
        "PyTracebackObject": ["_traceback"], "_PyThreadStateImpl": ["_PyThreadStateImpl"],
        "PyGC_Head": ["_gc_head"], "managed_static_type_state": ["static_builtin_state"]}

def find(name):
    for n in [name] + [prefix + t for t in [name] + TAGS.get(name, []) for prefix in ("struct ", "")]:
        try:
            t = gdb.lookup_type(n).strip_typedefs()
            if t.code in (gdb.TYPE_CODE_STRUCT, gdb.TYPE_CODE_UNION) and t.fields():
                return t
        except (gdb.error, TypeError):
            pass
    return None

# Bits from the start of a struct to a member; anonymous members are looked into.
def member(t, name):
    for f in t.fields():
        if f.name == name:
            return f.bitpos, f.type.strip_typedefs()
        if not f.name or f.name == "_base":
            inside = f.type.strip_typedefs()
            if inside.code in (gdb.TYPE_CODE_STRUCT, gdb.TYPE_CODE_UNION):
                found = member(inside, name)
                if found:
                    return f.bitpos + found[0], found[1]
    return None

def offset(t, path):
    bits = 0
    for part in path.split("."):
        found = member(t, part) if t.code in (gdb.TYPE_CODE_STRUCT, gdb.TYPE_CODE_UNION) else None
        if not found:
            return None
        bits += found[0]
        t = found[1]
    return bits // 8

out = {}
for name, struct, paths in fields:
    t = find(struct)
    value = None
    if t and not paths:
        value = t.sizeof
    for path in paths.split("|"):
        if t and paths and value is None:
            value = offset(t, path)
    out[name] = value
out["older_allocator"] = offset(find("PyInterpreterState"), "mimalloc.abandoned_pool") is not None
out["free_threaded"] = offset(find("PyObject"), "ob_tid") is not None
try:
    out["version"] = int(gdb.parse_and_eval("(unsigned long)Py_Version")) >> 8
except gdb.error:
    out["version"] = None
table = find("_Py_DebugOffsets")
if table:
    out["published"] = {name: [offset(table, group + "." + word), offset(table, group + ".size")]
                        for name, group, word in published}
    out["published_size"] = table.sizeof
print("RESULT " + json.dumps(out))
"""


# Free-threaded builds of a version's first releases have an older allocator (src/rt/cpython/heaps.c), and so further away
# what follows it in an interpreter: py_older_allocator() in src/rt/cpython/priv.h.
OLDER_ALLOCATOR = {14: 328, 15: 368}
BEHIND_ALLOCATOR = ["interp_asyncio_tasks_head", "interp_static_types"]
# What an interpreter publishes the place of, and what moves with it: src/rt/cpython/offsets.c.
MOVES_WITH = ("interp_own_gil", ["interp_stop", *BEHIND_ALLOCATOR])


def rows(macro="PY_LAYOUT_FIELDS"):
    """(field, struct, paths) of PY_LAYOUT_FIELDS."""
    with open(os.path.join(CPYTHON, "layout.h"), encoding="utf-8") as f:
        text = re.search(rf"#define {macro}\(X\).*?\n\n", f.read(), re.S)[0]
    return re.findall(r"^    X\((\w+), \"(\w+)\", \"([^\"]*)\"\)", text, re.M)


def measure(path, debug_dir):
    """field: offset or None; "version": 0x030b07 or None when the file does not say."""
    script = IN_GDB % json.dumps([rows(), rows("PY_PUBLISHED_FIELDS")])
    name = f"/tmp/python_layouts.{os.getpid()}.py"
    with open(name, "w", encoding="utf-8") as f:
        f.write(script)
    command = ["gdb", "-nx", "-batch"]
    if debug_dir:
        command += ["-iex", f"set debug-file-directory {debug_dir}"]
    try:
        run = subprocess.run(command + [path, "-x", name], capture_output=True, text=True, check=False)
    finally:
        os.unlink(name)
    for line in run.stdout.splitlines():
        if line.startswith("RESULT "):
            return json.loads(line[7:])
    raise SystemExit(f"{path}: gdb says nothing: {run.stderr.strip()[-300:]}")


def called(minor, offsets):
    """3_13, 3_13t"""
    return f"3_{minor}{'t' if offsets['free_threaded'] else ''}"


def known(name):
    """field: offset of layout/py3_N.c."""
    path = os.path.join(CPYTHON, "layout", f"py{name}.c")
    with open(path, encoding="utf-8") as f:
        text = f.read().split("const struct py_layout ")[1]
    found = re.findall(r"\.(\w+) = (\d\w*|PY_NONE),", text)
    return {k: None if v == "PY_NONE" else int(v, 0) for k, v in found}


def print_published(offsets):
    print("static const struct py_published published = {")
    print(f"    .size = {offsets['published_size']},")
    for name, _, _ in rows("PY_PUBLISHED_FIELDS"):
        at, size = offsets["published"][name]
        # A struct without a size of its own is not checked against it.
        print(f"    .{name} = " + ("{UINT16_MAX, UINT16_MAX}," if at is None else
                                   f"{{{at}, {'UINT16_MAX' if size is None else size}}},"))
    print("};\n")


def print_file(minor, offsets):
    print("/* SPDX-License-Identifier: Apache-2.0 */")
    print('#include "rt/cpython/layout.h"\n')
    if "published" in offsets:
        print_published(offsets)
    print(f"const struct py_layout py_layout_{called(minor, offsets)} = {{")
    print(f"    .version = 0x{offsets['version']:06x},")
    if offsets["free_threaded"]:
        print("    .free_threaded = true,")
    if "published" in offsets:
        print("    .published = &published,")
    for name, _, _ in rows():
        value = offsets[name]
        print(f"    .{name} = {'PY_NONE' if value is None else value},")
    print("};")


def compare(path, minor, offsets):
    """Sizes of states change within a version, and no offset depends on them."""
    have = known(called(minor, offsets))
    if offsets["free_threaded"] and offsets["older_allocator"]:
        for name in BEHIND_ALLOCATOR:
            if have[name] is not None:
                have[name] += OLDER_ALLOCATOR.get(minor, 0)
    published, moving = MOVES_WITH
    if minor >= 13 and offsets[published] is not None:
        by = offsets[published] - have[published]
        for name in [published, *moving]:
            if have[name] is not None:
                have[name] += by
    wrong = [f"{n}: {have.get(n)} here, {offsets[n]} in {path}" for n, _, _ in rows() if have.get(n) != offsets[n]]
    for line in wrong:
        print(line)
    return wrong


def main():
    p = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    p.add_argument("file")
    p.add_argument("--check", action="store_true")
    p.add_argument("--debug-dir", help="where gdb looks for debug files")
    p.add_argument("--version", help="3.9.18, for files that do not say it: builds before 3.11, headers")
    args = p.parse_args()
    offsets = measure(args.file, args.debug_dir)
    if offsets["version"] is None:
        words = args.version or re.search(r"(\d+\.\d+\.\d+)", args.file)
        if not words:
            raise SystemExit(f"{args.file} does not say its version: --version 3.9.18")
        numbers = (args.version or words.group(1)).split(".")
        offsets["version"] = int(numbers[0]) << 16 | int(numbers[1]) << 8 | int(numbers[2])
    minor = offsets["version"] >> 8 & 0xff
    if args.check:
        sys.exit(1 if compare(args.file, minor, offsets) else 0)
    print_file(minor, offsets)


if __name__ == "__main__":
    main()
