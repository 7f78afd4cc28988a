#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""What the documents name is there: links with their headings, files and folders, structs, functions, tests, variables
of the environment, and members of JSON. Prints a line for each that is not; exit status 1 if there is any.

Of words in backticks: what looks like a file of ours (a name with the ending of one, or a path whose first part does not
begin with a capital), `struct name`, `name()`, `test_name` and `INQUEST_NAME`; on pages about the code also `any_name`. NN in a path stands for
anything. Decisions (docs/adr) are of their time: only their links are looked at.
"""
import json
import os
import re
import sys
from glob import glob

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
FOLDERS = ("bench", "docs", "editors", "fuzz", "python", "src", "tests", "tools")
NOT_CODE = ("tests/corpus/", "tests/golden/")
ENDINGS = r"c|h|py|md|json|ini|sh|star|scd|lua|el|go|rs|cc|txt"


def files():
    """All of ours, without what is built. Git is not asked: it may not be there."""
    found = [path for path in glob("*") + glob(".*") if os.path.isfile(path)]
    for folder in FOLDERS:
        found += (path for path in glob(f"{folder}/**", recursive=True)
                  if os.path.isfile(path) and "__pycache__" not in path and "node_modules" not in path)
    return sorted(found)


def text_of(path):
    with open(path, encoding="utf-8", errors="replace") as file:
        return file.read()


def headings(path):
    """As GitHub makes anchors of them."""
    lines = re.findall(r"^#+ +(.*)$", text_of(path), re.M)
    return {re.sub(r"[^\w\- ]", "", line.strip().lower()).replace(" ", "-") for line in lines}


class Tree:
    def __init__(self):
        self.files = files()
        self.names = {os.path.basename(path) for path in self.files}
        code = [path for path in self.files if path.startswith(FOLDERS) and not path.startswith(("docs", *NOT_CODE))]
        self.code = "\n".join(text_of(path) for path in (*code, "meson.build", "meson_options.txt", "Makefile"))
        self.words = set(re.findall(r"\w+", self.code))
        self.structs = set(re.findall(r"struct (\w+)", self.code))

    def has_path(self, path):
        """From the root, or the end of a path: pages of a layer name its files from its folder on."""
        pattern = re.escape(path.rstrip("/")).replace("NN", r"\w+").replace(r"\*", "[^/]*")
        wanted = re.compile(rf"(.*/)?{pattern}(/.*)?")
        return any(wanted.fullmatch(each) for each in self.files)

    def lacks(self, word, inner):
        """What kind of thing of ours the word names, when there is none such. inner: the page is about our code."""
        if re.fullmatch(rf"[\w\-]+\.({ENDINGS})", word):
            return None if word in self.names or self.has_path(word) else "file"
        if re.fullmatch(r"[a-z][\w.\-]*(/[\w.\-*]+)+/?", word) and (
                word.startswith(tuple(f"{folder}/" for folder in FOLDERS)) or re.search(rf"\.({ENDINGS})$", word)):
            return None if self.has_path(word) else "file"
        if re.fullmatch(r"struct \w+", word):
            return None if word.split()[1] in self.structs else "type"
        if re.fullmatch(r"\w+\(\)", word):
            return None if word[:-2] in self.words else "function"
        if re.fullmatch(r"(test|INQUEST)_\w+" + (r"|[a-z]+_\w+" if inner else ""), word):
            return None if word in self.words else "name"
        return None


def broken_links(page, text):
    for target in re.findall(r"\[[^\]]*\]\(([^)\s]+)\)", text):
        path, _, heading = target.partition("#")
        at = os.path.normpath(os.path.join(os.path.dirname(page), path)) if path else page
        if "://" not in target and (not os.path.exists(at) or heading and heading not in headings(at)):
            yield f"{page}: the link {target} leads nowhere"


def missing_names(page, text, tree):
    prose = re.sub(r"^(```.*?^```|    .*?)$", "", text, flags=re.M | re.S if "```" in text else re.M)
    inner = page in ("ARCHITECTURE.md", "CONTRIBUTING.md") or page.startswith("docs/internals/")
    for word in sorted(set(re.findall(r"`([^`\n]+)`", prose))):
        kind = tree.lacks(word.strip(), inner)
        if kind:
            yield f"{page}: there is no {kind} {word}"


def members(schema):
    """The names that a schema gives to members, at any depth."""
    if isinstance(schema, list):
        return set().union(*map(members, schema))
    if not isinstance(schema, dict):
        return set()
    named = schema.get("properties")
    return members(list(schema.values())) | set(named if isinstance(named, dict) else ())


def unwritten_members(schema, tree):
    """What no line of the code can write. That all that is written is in the schemas, tests see: no others are allowed."""
    for name in sorted(members(json.loads(text_of(schema)))):
        if f'"{name}"' not in tree.code and f'"{re.sub(r"^[a-z]+_", "%s_", name)}"' not in tree.code:
            yield f"{schema}: nothing writes a member {name}"


def main():
    os.chdir(ROOT)
    tree = Tree()
    wrong = []
    for page in tree.files:
        if page.endswith(".md"):
            text = text_of(page)
            wrong += broken_links(page, text)
            if not page.startswith("docs/adr/"):
                wrong += missing_names(page, text, tree)
    for schema in sorted(glob("docs/schema/*.json")):
        wrong += unwritten_members(schema, tree)
    print("\n".join(wrong), end="\n" if wrong else "")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
