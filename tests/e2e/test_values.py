# SPDX-License-Identifier: Apache-2.0
"""Every variable of the programs full of values (tests/targets/*/values.*), printed in every way, is what gdb prints.
"""

import json
import re
import subprocess

import jsonschema
import pytest

import build
import cores
from conftest import ROOT, driver

VALUES_OF = driver("value/values_of")

pytestmark = [pytest.mark.thin, pytest.mark.skipif(not VALUES_OF, reason="values_of was not built")]

# Our option, gdb's setting, and how to undo it.
SWITCHES = {
    "elements": ("set print elements {}", "200"),
    "repeats": ("set print repeats {}", "10"),
    "depth": ("set print max-depth {}", "20"),
    "pretty": ("set print pretty {}", "off"),
    "addresses": ("set print address {}", "on"),
    "symbols": ("set print symbol {}", "on"),
    "unions": ("set print union {}", "on"),
    "static_members": ("set print static-members {}", "on"),
    "object": ("set print object {}", "off"),
    "array_indexes": ("set print array-indexes {}", "off"),
    "null_stop": ("set print null-stop {}", "off"),
    "array": ("set print array {}", "off"),
}
WAYS = [
    "", "letter=x", "letter=d", "letter=u", "letter=o", "letter=t", "letter=z", "letter=a elements=20",
    "letter=c elements=20", "letter=f", "letter=s", "pretty=1", "array=1", "array=1 pretty=1", "array_indexes=1",
    "elements=4", "elements=4 null_stop=1", "null_stop=1", "repeats=3", "repeats=0 elements=30", "depth=1", "depth=2",
    "unions=0", "symbols=0", "addresses=0", "static_members=0", "object=1", "object=1 pretty=1",
]
PROGRAMS = [
    ("c-gcc-O0-dwarf5", "values"), ("c-clang-O2-dwarf5", "values"), ("cxx-gcc-O0-dwarf5", "values-cxx"),
    ("cxx-clang-O0-dwarf4", "values-cxx"), ("rust-O0-v0", "values-rust"),
]
WITH_FULL = [
    ("c-clang-O0-dwarf4", "values"), ("c-gcc-O2-dwarf4", "values"), ("cxx-gcc-types", "values-cxx"),
    ("cxx-gcc-split5", "values-cxx"), ("rust-O0-legacy", "values-rust"),
]

# Where we differ from gdb 13: (language and " clang", way, name, what gdb says), each a pattern of the whole, and why.
KNOWN = [
    ("c( clang)?", ".*", "g_no_elements", ".*", "an object of size 0: we name its symbol"),
    ("c.*", ".*", "arg[cv]", "<optimized out>", "its value on entry is known from the call"),
    ("c clang", ".*", "table|buffer", "(?s).*", "with -O2 gdb 13 takes a wrong length of variable-length arrays"),
    ("c.*", "letter=[ac].*", ".*", "ERROR (Value can't be converted|That operation is not available).*",
     "an error in gdb, a text in place of the number with us"),
    ("c", "letter=[ac].*", "g_decimal.*", ".*", "gdb drops the exponent of decimal floating point; we refuse"),
    (".*", "letter=z", "g_nullptr|a_unit", "0x0+", "it has no size"),
    ("c\\+\\+.*", "letter=.*", "g_rvalue_reference|pair", ".*", "gdb prints the address, of other references the value"),
    ("c\\+\\+ clang", ".*", "g_labelled|g_square|g_shape_reference|shape", "(?s).*(<No data fields>|<incomplete type>).*",
     "clang does not describe Named and Shape; gdb says that they are empty"),
    ("c\\+\\+ clang", "object=.*", "g_named|g_shape.*", ".*", "nor looks for what is behind a pointer to such"),
    ("c\\+\\+.*", "letter=.*", "g_function_reference", ".*", "gdb prints a byte of the code"),
    (".*", "letter=a.*", ".*", r".*<_[RZ].*", "names are demangled everywhere"),
    ("c.*", "letter=f", "g_c(l?double|float)", ".*", "gdb takes both parts of a complex number for one"),
    ("rust", ".*", ".*", r"(?s)\(\*mut .*", "gdb 13 writes every pointer of Rust as *mut"),
    ("rust", ".*", "object", "(?s).*Internal error.*", "gdb complains in the middle of it"),
    ("rust", "letter=[ac].*", ".*", "ERROR That operation is not available.*", "as above"),
]


def ours(target, core, way):
    out = subprocess.run([VALUES_OF, core, target.exe, *way.split()], stdout=subprocess.PIPE, check=True).stdout
    found = [json.loads(line) for line in out.decode().splitlines()]
    # What is in the runtime of Rust has names that gdb cannot parse.
    return [one for one in found if not re.match(r"<|(std|core|alloc|rustc_demangle|addr2line|gimli)::", one["name"])]


def question(language, one, letter):
    name = one["name"]
    if language == "rust":
        name = re.sub("^values::", "", name)
    elif "::" in name:
        name = f"'{name}'"
    return int(one["pc"], 16), f"print{'/' + letter if letter else ''} {name}"


def settings(way):
    do, undo, letter = [], [], ""
    for option in way.split():
        name, value = option.split("=")
        if name == "letter":
            letter = value
            continue
        pattern, usual = SWITCHES[name]
        if usual.isdigit():
            value = "unlimited" if value == "0" else value
        else:
            value = "on" if value == "1" else "off"
        do.append(pattern.format(value))
        undo.append(pattern.format(usual))
    return do, undo, letter


def ask_gdb(lab, target, core, rounds):
    ask = lab.folder / "ask.json"
    ask.write_text(json.dumps(rounds))
    argv = [build.tool("gdb"), "-nx", "-batch", "-iex", "set debuginfod enabled off", "-iex", "set auto-load off",
            "-iex", "set width 0", "-iex", "set max-value-size unlimited", target.exe, core,
            "-x", str(ROOT / "tests" / "e2e" / "gdb_values.py")]
    out = subprocess.run(argv, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, check=True,
                         env=cores.clean_env(ASK=str(ask), LC_ALL="C.UTF-8")).stdout.decode()
    return [json.loads(line[8:]) for line in out.splitlines() if line.startswith("ANSWERS ")]


def is_known(language, way, name, theirs, mine):
    if mine == "<not saved>":  # gdb believes a register that the callee may have changed
        return True
    return any(re.fullmatch(lang, language) and re.fullmatch(where, way) and re.fullmatch(what, name)
               and re.fullmatch(says, theirs) for lang, where, what, says, _ in KNOWN)


@pytest.mark.parametrize("variant,program", PROGRAMS + WITH_FULL)
def test_as_gdb(request, lab, variant, program):
    if (variant, program) in WITH_FULL and not request.config.getoption("full"):
        pytest.skip("--full was not given")
    target, core = lab.core(variant, "abort", program=program)
    language = target.variant.lang + (" clang" if "clang" in variant else "")
    answers, rounds = [], []
    for way in WAYS:
        do, undo, letter = settings(way)
        answers.append(ours(target, core, way))
        rounds.append((do, undo, [question(language, one, letter) for one in answers[-1]]))
    wrong, same = [], 0
    for way, mine, theirs in zip(WAYS, answers, ask_gdb(lab, target, core, rounds), strict=True):
        for one, text in zip(mine, theirs, strict=True):
            if text is None or "No symbol" in text:
                continue  # gdb looks names up in its own way; expressions are compared elsewhere
            text = re.sub(r"^\$\d+ = ", "", text).rstrip("\n")
            same += text == one["print"]
            if text != one["print"] and not is_known(language, way, one["name"], text, one["print"]):
                wrong.append(f"{way or 'print'} {one['name']}\n   gdb: {text[:300]}\n  ours: {one['print'][:300]}")
    assert not wrong, f"{len(wrong)} of {same + len(wrong)} differ:\n" + "\n".join(wrong[:40])
    assert same > 70 * len(WAYS)


SCHEMA = json.loads((ROOT / "docs" / "schema" / "inquest.value-1.json").read_text())


@pytest.mark.parametrize("variant,program", [PROGRAMS[0], PROGRAMS[2], PROGRAMS[4]])
def test_json(lab, variant, program):
    target, core = lab.core(variant, "abort", program=program)
    check = jsonschema.Draft202012Validator(SCHEMA)
    values = {one["name"]: one["json"] for one in ours(target, core, "")}
    for name, tree in values.items():
        check.validate(tree)
        assert tree["type"], name
    if program == "values":
        assert values["g_point"] | {"address": ""} == {
            "type": "struct point", "address": "", "value": "{x = 3, y = -4}",
            "children": [values["g_point"]["children"][0], values["g_point"]["children"][1]]}
        assert [child["value"] for child in values["g_point"]["children"]] == ["3", "-4"]
        assert values["g_ints"]["length"] == 5 and len(values["g_ints"]["children"]) == 5
        assert values["g_huge"]["length"] == 1000000 and len(values["g_huge"]["children"]) == 200


def test_missing_memory(lab):
    """What the dump leaves out says so, and the rest is there."""
    target, core = lab.core("c-gcc-O0-dwarf5", "abort", program="values")
    at = next(int(one["json"]["address"], 16) for one in ours(target, core, "") if one["name"] == "g_point")
    less, _ = cores.drop_address(core, str(lab.folder / "less-data"), at)
    values = {one["name"]: one for one in ours(target, less, "")}
    assert re.fullmatch("<not in the dump: 0x[0-9a-f]+>", values["g_point"]["print"])
    assert values["g_point"]["json"]["unavailable"] == "not-in-dump"
    assert re.fullmatch("<not in the dump: 0x[0-9a-f]+>", values["g_ints"]["print"])
    assert values["here"]["print"] == "{x = 0, y = 1}"
    assert re.fullmatch(r"\(struct point \*\) 0x[0-9a-f]+", values["there"]["print"])
