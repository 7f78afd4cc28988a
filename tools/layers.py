#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Keep the layers of layers.ini apart.

  layers.py                     check includes, the table itself, and that every file has a layer
  layers.py --symbols BUILDDIR  check what the built libraries call and define
  layers.py --diagram           print the layers as text
  layers.py --check-doc FILE    is the diagram between the markers of FILE up to date?
  layers.py --write-doc FILE    bring it up to date
  layers.py --farm DIR          for Meson: make the include directories, print the table

Exit status 1 and one line a finding when something is wrong.
"""
import argparse
import configparser
import os
import re
import subprocess
import sys

BEGIN, END = "<!-- layers:begin -->", "<!-- layers:end -->"
INCLUDE = re.compile(r'^[ \t]*#[ \t]*include[ \t]*"([^"]+)"', re.MULTILINE)


class Layer:
    def __init__(self, name, row):
        self.name = name
        self.about = row.get("about", "")
        self.uses = row.get("uses", "").split()
        self.exports = row.get("exports", "").split()
        self.globals = row.get("globals", "").split()

    @property
    def flat(self):
        """The name as one path component, for directories and libraries."""
        return self.name.replace("/", "-")


class Table:
    """layers.ini, lowest layer first, and the questions that the checks ask of it."""

    def __init__(self, root):
        self.root = root
        ini = configparser.ConfigParser()
        with open(os.path.join(root, "layers.ini"), encoding="utf-8") as f:
            ini.read_file(f)
        self.layers = {name: Layer(name, ini[name]) for name in ini.sections()}

    def of_path(self, path):
        """The layer of a path below src/: the longest name that is a folder of it, or None."""
        parts = path.split("/")[:-1]
        for n in range(len(parts), 0, -1):
            name = "/".join(parts[:n])
            if name in self.layers:
                return name
        return None

    def used(self, name):
        """All layers below a layer, those that its users link with."""
        found = []
        for below in self.layers[name].uses:
            for each in [below, *self.used(below)]:
                if each not in found:
                    found.append(each)
        return found

    def exported(self, name):
        found = []
        for below in self.layers[name].exports:
            for each in [below, *self.exported(below)]:
                if each not in found:
                    found.append(each)
        return found

    def visible(self, name):
        """Layers whose headers the compiler finds: itself, those used, and the types they publish."""
        found = [name]
        for below in self.layers[name].uses:
            for each in [below, *self.exported(below)]:
                if each not in found:
                    found.append(each)
        return found

    def problems(self):
        """Findings in the table itself: unknown names, and cycles. Later checks need it to be sound."""
        found = []
        for layer in self.layers.values():
            for other in layer.uses + layer.exports:
                if other not in self.layers:
                    found.append(f"layers.ini: {layer.name} names {other}, which is no layer")
            for other in layer.exports:
                if other not in layer.uses:
                    found.append(f"layers.ini: {layer.name} exports {other} without using it")
        if found:
            return found
        return self.cycles()

    def cycles(self):
        """Topological sort: take away layers whose uses are all taken; what stays is in a cycle or above one."""
        left = {name: set(layer.uses) for name, layer in self.layers.items()}
        while True:
            free = [name for name, uses in left.items() if not uses & left.keys()]
            if not free:
                break
            for name in free:
                del left[name]
        if not left:
            return []
        return ["layers.ini: a cycle among " + ", ".join(sorted(left))]


def sources(root):
    """Paths of C files, relative to src/, sorted."""
    src = os.path.join(root, "src")
    found = []
    for folder, _, names in os.walk(src):
        for name in names:
            if name.endswith((".c", ".h")):
                found.append(os.path.relpath(os.path.join(folder, name), src).replace(os.sep, "/"))
    return sorted(found)


def check_includes(table):
    found = []
    for path in sources(table.root):
        layer = table.of_path(path)
        if layer is None:
            found.append(f"src/{path}: belongs to no layer")
            continue
        with open(os.path.join(table.root, "src", path), encoding="utf-8") as f:
            text = f.read()
        for match in INCLUDE.finditer(text):
            why = refuse(table, layer, match[1])
            if why:
                line = text.count("\n", 0, match.start(1)) + 1
                found.append(f'src/{path}:{line}: "{match[1]}": {why}')
    return found


def refuse(table, layer, include):
    """Why a file of the layer must not include this, or None."""
    if os.path.normpath(include) != include or include.startswith(".."):
        return "write it as \"<layer>/<file>.h\""
    if not os.path.exists(os.path.join(table.root, "src", include)):
        return "no such file below src/ (write \"<layer>/<file>.h\"; <...> for libraries)"
    other = table.of_path(include)
    if other == layer or other in table.layers[layer].uses:
        return None
    return f"{layer} may not use {other}"


def nm(*args):
    return subprocess.run(["nm", *args], check=True, capture_output=True, text=True).stdout.splitlines()


def libraries(table, build):
    """(layer, path) of what was built; a layer of headers only has no library."""
    for layer in table.layers.values():
        path = os.path.join(build, f"libinq-{layer.flat}.a")
        if os.path.exists(path):
            yield layer, path


def symbol(line):
    """(name, section) of a line of `nm --format=sysv`, or None for its headings."""
    columns = [c.strip() for c in line.split("|")]
    return (columns[0], columns[6]) if len(columns) == 7 else None


def defined(path):
    """What a library defines for others."""
    return {line.strip() for line in nm("--defined-only", "--extern-only", "--format=just-symbols", path)} - {""}


def check_symbols(table, build):
    built = list(libraries(table, build))
    if not built:
        return [f"{build}: no libraries of layers there; build first"]
    home, found = {}, []
    for layer, path in built:
        for name in sorted(defined(path)):
            if name in home:
                found.append(f"{layer.name} and {home[name]} both define {name}: the linker takes either")
            home[name] = layer.name
    for layer, path in built:
        allowed = {layer.name, *layer.uses}
        for name in sorted({line.strip() for line in nm("--undefined-only", "--format=just-symbols", path)}):
            if home.get(name, layer.name) not in allowed:
                found.append(f"{layer.name} calls {name} of {home[name]}, which it may not use")
        found += [f"{layer.name}: {name} is a mutable global" for name in mutable_globals(layer, path)]
    return found


def mutable_globals(layer, path):
    """Names in writable sections. Constants that hold pointers (.data.rel.ro) are read-only once loaded."""
    if "*" in layer.globals:
        return []
    found = set()
    for line in nm("--defined-only", "--format=sysv", path):
        name, section = symbol(line) or ("", "")
        writable = section.startswith((".data", ".bss", ".tdata", ".tbss", "*COM*"))
        if writable and not section.startswith(".data.rel.ro"):
            name = re.sub(r"\.\d+$", "", name)  # a static inside a function
            if name not in layer.globals:
                found.add(name)
    return sorted(found)


def diagram(table):
    """One box a layer, the highest first, with what it may use."""
    width = max(len(name) for name in table.layers)
    lines = []
    for layer in reversed(table.layers.values()):
        lines.append(f"{layer.name:<{width}}  {layer.about}")
        if layer.uses:
            lines.append(f"{'':<{width}}    uses {', '.join(layer.uses)}")
        if layer.exports:
            lines.append(f"{'':<{width}}    publishes the types of {', '.join(layer.exports)}")
    return "\n".join(lines)


def doc_with_diagram(table, path):
    """(text of the file, the text that it should have); None for a file without the markers."""
    with open(path, encoding="utf-8") as f:
        text = f.read()
    head, begin, rest = text.partition(BEGIN)
    _, end, tail = rest.partition(END)
    if not begin or not end:
        return None
    return text, f"{head}{BEGIN}\n```text\n{diagram(table)}\n```\n{END}{tail}"


def doc(table, path, write):
    texts = doc_with_diagram(table, path)
    if texts is None:
        return [f"{path}: no {BEGIN} and {END}"]
    old, new = texts
    if old == new:
        return []
    if not write:
        return [f"{path}: the diagram is out of date; run tools/layers.py --write-doc {path}"]
    with open(path, "w", encoding="utf-8") as f:
        f.write(new)
    return []


def link(target, path):
    """A relative symlink; one that is right already is left alone, so that nothing is rebuilt."""
    target = os.path.relpath(target, os.path.dirname(path))
    if os.path.islink(path):
        if os.readlink(path) == target:
            return
        os.unlink(path)
    os.symlink(target, path)


def farm_layer(table, layer, top):
    """DIR/<flat>/<layer> leads to src/<layer>, without the layers nested in it."""
    src = os.path.join(table.root, "src", layer.name)
    at = os.path.join(top, layer.flat, layer.name)
    nested = {name for name in table.layers if name.startswith(layer.name + "/")}
    if not nested:
        os.makedirs(os.path.dirname(at), exist_ok=True)
        link(src, at)
        return
    os.makedirs(at, exist_ok=True)
    for entry in os.listdir(at):
        if not os.path.exists(os.path.join(src, entry)):
            os.unlink(os.path.join(at, entry))
    for entry in os.listdir(src) if os.path.isdir(src) else []:
        if f"{layer.name}/{entry}" not in nested:
            link(os.path.join(src, entry), os.path.join(at, entry))


def farm(table, top):
    """Prints a line a layer: name|directory|directories of visible headers|layers to link."""
    for layer in table.layers.values():
        farm_layer(table, layer, top)
        visible = ",".join(table.layers[name].flat for name in table.visible(layer.name))
        print("|".join([layer.name, layer.flat, visible, ",".join(table.used(layer.name))]))


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--root", default=os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
    parser.add_argument("--symbols", metavar="BUILDDIR")
    parser.add_argument("--diagram", action="store_true")
    parser.add_argument("--check-doc", metavar="FILE")
    parser.add_argument("--write-doc", metavar="FILE")
    parser.add_argument("--farm", metavar="DIR")
    args = parser.parse_args()

    table = Table(args.root)
    found = table.problems()
    if found:
        pass
    elif args.symbols:
        found = check_symbols(table, args.symbols)
    elif args.diagram:
        print(diagram(table))
    elif args.check_doc or args.write_doc:
        found = doc(table, args.check_doc or args.write_doc, bool(args.write_doc))
    elif args.farm:
        farm(table, args.farm)
    else:
        found = check_includes(table)
    for line in found:
        print(line, file=sys.stderr)
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
