#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""tools/layers.py on toy trees: what it must accept, and what it must refuse."""
import os
import shutil
import subprocess
import sys
import tempfile
import unittest

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__)))))
LAYERS = os.path.join(ROOT, "tools", "layers.py")

TABLE = """
[base]
about = the ground
uses =
[mem]
about = the middle
uses = base
[rt]
about = an interface
uses = base mem
exports = mem
[rt/go]
about = an implementation
uses = base rt
[front]
about = the top
uses = base rt
"""

TREE = {
    "base/err.h": "",
    "base/err.c": '#include "base/err.h"\n#include <stdio.h>\n',
    "mem/deep/down.c": '#include "mem/mem.h"\n  #  include "base/err.h"\n',
    "mem/mem.h": "",
    "rt/rt.h": '#include "mem/mem.h"\n',
    "rt/go/go.h": '#include "rt/rt.h"\n',
    "rt/go/go.c": '#include "rt/go/go.h"\n#include "base/err.h"\n',
    "front/front.c": '#include "rt/rt.h"\n',
}


class Toy(unittest.TestCase):
    def setUp(self):
        self.root = tempfile.mkdtemp(prefix="inquest-layers-")
        self.addCleanup(shutil.rmtree, self.root)
        self.write("layers.ini", TABLE)
        for path, text in TREE.items():
            self.write("src/" + path, text)

    def write(self, path, text):
        path = os.path.join(self.root, path)
        os.makedirs(os.path.dirname(path), exist_ok=True)
        with open(path, "w", encoding="utf-8") as f:
            f.write(text)
        return path

    def layers(self, *args):
        return subprocess.run([sys.executable, LAYERS, "--root", self.root, *args],
                              capture_output=True, text=True, check=False)

    def accepts(self, *args):
        done = self.layers(*args)
        self.assertEqual((done.returncode, done.stderr), (0, ""))
        return done.stdout

    def refuses(self, finding, *args):
        done = self.layers(*args)
        self.assertEqual(done.returncode, 1)
        self.assertIn(finding, done.stderr)
        self.assertNotIn("Traceback", done.stderr)


class Includes(Toy):
    def test_the_toy_is_in_order(self):
        self.accepts()

    def test_upwards(self):
        self.write("src/mem/bad.c", '\n#include "front/front.h"\n')
        self.write("src/front/front.h", "")
        self.refuses('src/mem/bad.c:2: "front/front.h": mem may not use front')

    def test_what_is_only_published(self):
        self.write("src/front/bad.c", '#include "mem/mem.h"\n')
        self.refuses("front may not use mem")

    def test_a_nested_layer_is_not_its_parent(self):
        self.write("src/front/bad.c", '#include "rt/go/go.h"\n')
        self.refuses("front may not use rt/go")
        self.write("src/front/bad.c", "")
        self.write("src/rt/bad.c", '#include "rt/go/go.h"\n')
        self.refuses("rt may not use rt/go")

    def test_other_ways_to_write_it(self):
        for include in ("../front/front.c", "err.h", "mem/../base/err.h"):
            self.write("src/mem/bad.c", f'#include "{include}"\n')
            self.refuses(f'src/mem/bad.c:1: "{include}"')

    def test_a_file_without_a_layer(self):
        self.write("src/lost/lost.c", "")
        self.write("src/lost.h", "")
        self.refuses("src/lost/lost.c: belongs to no layer")
        self.refuses("src/lost.h: belongs to no layer")


class TableItself(Toy):
    def test_a_cycle(self):
        self.write("layers.ini", "[a]\nuses = b\n[b]\nuses = c\n[c]\nuses = a\n[d]\nuses =\n")
        self.refuses("a cycle among a, b, c")

    def test_a_layer_that_uses_itself(self):
        self.write("layers.ini", "[a]\nuses = a\n")
        self.refuses("a cycle among a")

    def test_unknown_names(self):
        self.write("layers.ini", "[a]\nuses = b\n")
        self.refuses("a names b, which is no layer")
        self.write("layers.ini", "[a]\nuses =\n[b]\nexports = a\n")
        self.refuses("b exports a without using it")

    def test_the_real_one(self):
        self.root = ROOT
        self.accepts()


class Diagram(Toy):
    def test_written_then_checked_then_outdated(self):
        doc = self.write("A.md", "before\n<!-- layers:begin -->\nold\n<!-- layers:end -->\nafter\n")
        self.refuses("out of date", "--check-doc", doc)
        self.accepts("--write-doc", doc)
        self.accepts("--check-doc", doc)
        with open(doc, encoding="utf-8") as f:
            text = f.read()
        self.assertTrue(text.startswith("before\n<!-- layers:begin -->\n"))
        self.assertTrue(text.endswith("<!-- layers:end -->\nafter\n"))
        self.assertIn(self.accepts("--diagram").strip(), text)
        self.write("layers.ini", TABLE.replace("the ground", "the rock"))
        self.refuses("out of date", "--check-doc", doc)

    def test_no_markers(self):
        self.refuses("no <!-- layers:begin -->", "--check-doc", self.write("A.md", "nothing\n"))


class Farm(Toy):
    def test_headers_and_table(self):
        farm = os.path.join(self.root, "include")
        rows = self.accepts("--farm", farm).splitlines()
        self.assertIn("front|front|front,base,rt,mem|base,rt,mem", rows)
        self.assertIn("rt/go|rt-go|rt-go,base,rt,mem|base,rt,mem", rows)
        self.assertTrue(os.path.exists(f"{farm}/base/base/err.h"))
        self.assertTrue(os.path.exists(f"{farm}/rt/rt/rt.h"))
        self.assertFalse(os.path.exists(f"{farm}/rt/rt/go"))
        self.assertTrue(os.path.exists(f"{farm}/rt-go/rt/go/go.h"))

    def test_follows_the_sources(self):
        farm = os.path.join(self.root, "include")
        self.write("src/rt/old.h", "")
        self.accepts("--farm", farm)
        os.rename(f"{self.root}/src/rt/old.h", f"{self.root}/src/rt/new.h")
        self.accepts("--farm", farm)
        self.assertEqual(sorted(os.listdir(f"{farm}/rt/rt")), ["new.h", "rt.h"])


@unittest.skipUnless(shutil.which("cc") and shutil.which("ar") and shutil.which("nm"), "needs cc, ar and nm")
class Symbols(Toy):
    def library(self, layer, source):
        build = os.path.join(self.root, "build")
        c = self.write(f"build/{layer}.c", source)
        subprocess.run(["cc", "-fPIE", "-fcommon", "-c", c, "-o", c + ".o"], check=True)
        subprocess.run(["ar", "rcs", f"{build}/libinq-{layer}.a", c + ".o"], check=True)
        return build

    def test_downwards(self):
        self.library("base", "int ground(void) { return 1; }")
        build = self.library("mem", "int ground(void), puts(const char *); int m(void) { return ground() + puts(\"\"); }")
        self.accepts("--symbols", build)

    def test_a_declaration_that_dodges_the_includes(self):
        self.library("mem", "int middle(void) { return 1; }")
        build = self.library("front", "int middle(void); int top(void) { return middle(); }")
        self.refuses("front calls middle of mem, which it may not use", "--symbols", build)

    def test_one_name_twice(self):
        self.library("base", "int ground(void) { return 1; } static int own(void) { return 1; } int b(void) { return own(); }")
        build = self.library("front", "int ground(void) { return 2; } static int own(void) { return 2; } int f(void) { return own(); }")
        self.refuses("front and base both define ground: the linker takes either\n", "--symbols", build)
        self.assertNotIn("own", self.layers("--symbols", build).stderr)

    def test_mutable_globals(self):
        for source in ("int n;", "static int n = 1; int *p(void) { return &n; }", "__thread int n;",
                       "int f(void) { static int n; return n++; }"):
            self.refuses("base: n is a mutable global", "--symbols", self.library("base", source))

    def test_constants(self):
        build = self.library("base", "static const char *const n[] = {\"a\"}; const char *f(int i) { return n[i]; }")
        self.accepts("--symbols", build)

    def test_those_with_a_reason(self):
        self.write("layers.ini", TABLE.replace("the ground\n", "the ground\nglobals = n\n"))
        self.accepts("--symbols", self.library("base", "int n;"))
        self.refuses("base: m is a mutable global", "--symbols", self.library("base", "int n, m;"))
        self.write("layers.ini", TABLE.replace("the ground\n", "the ground\nglobals = *\n"))
        self.accepts("--symbols", self.library("base", "int n, m;"))

    def test_nothing_built(self):
        self.refuses("build first", "--symbols", self.root)


if __name__ == "__main__":
    unittest.main()
