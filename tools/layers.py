#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Reads layers.ini and links each layer's headers into a folder of their own."""
import argparse
import configparser
import os
import pathlib

ROOT = pathlib.Path(__file__).resolve().parent.parent


def layers():
    ini = configparser.ConfigParser()
    ini.read(ROOT / "layers.ini")
    return ini


def link_farm(farm):
    for name in layers().sections():
        top = name.split("/")[0]
        place = pathlib.Path(farm) / top
        place.mkdir(parents=True, exist_ok=True)
        link = place / top
        target = ROOT / "src" / top
        if not link.is_symlink() or os.readlink(link) != str(target):
            link.unlink(missing_ok=True)
            link.symlink_to(target)


def main():
    args = argparse.ArgumentParser()
    args.add_argument("--link-farm", metavar="DIR")
    opts = args.parse_args()
    if opts.link_farm:
        link_farm(opts.link_farm)


main()
