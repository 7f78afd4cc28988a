#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Make a manual page: its .scd with the option list of the command table put in.

    man.py INQUEST PAGE.scd COMMAND > PAGE.1

COMMAND is '' for a page without options.
"""

import subprocess
import sys


def main(inquest, page, command):
    with open(page, encoding="utf-8") as file:
        text = file.read()
    if command:
        options = subprocess.run([inquest, "--man-options", command], stdout=subprocess.PIPE, check=True, text=True)
        text = text.replace("@options@\n", options.stdout.rstrip("\n") + "\n")
    sys.stdout.flush()
    return subprocess.run(["scdoc"], input=text, text=True, check=False).returncode


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
