# SPDX-License-Identifier: Apache-2.0
"""Runs inside gdb: prints the variables of every frame of every thread, with their bytes, as one line of JSON."""

import json
import struct

import gdb

BYTES_MAX = 256
NUMBERS = {gdb.TYPE_CODE_INT, gdb.TYPE_CODE_PTR, gdb.TYPE_CODE_ENUM, gdb.TYPE_CODE_BOOL, gdb.TYPE_CODE_CHAR}
REFERENCES = {gdb.TYPE_CODE_REF, gdb.TYPE_CODE_RVALUE_REF}
NO_VALUES = {gdb.SYMBOL_LOC_TYPEDEF, gdb.SYMBOL_LOC_LABEL, gdb.SYMBOL_LOC_UNRESOLVED}


def bytes_of(value):
    if value.is_optimized_out:
        return "optimised-out"
    kind = value.type.strip_typedefs()
    if kind.code in REFERENCES:
        return int(value.referenced_value().address).to_bytes(8, "little").hex()
    if value.address is not None:
        memory = gdb.selected_inferior().read_memory(int(value.address), min(kind.sizeof, BYTES_MAX))
        return bytes(memory).hex()
    if kind.code in NUMBERS:
        return (int(value) & ((1 << 8 * kind.sizeof) - 1)).to_bytes(kind.sizeof, "little").hex()
    if kind.code == gdb.TYPE_CODE_FLT and kind.sizeof in (4, 8):
        return struct.pack("<d" if kind.sizeof == 8 else "<f", float(value)).hex()
    return "text"  # an object in registers: gdb does not give its bytes


def value_of(frame, symbol):
    try:
        return bytes_of(symbol.value(frame))
    except (gdb.error, TypeError) as error:
        return f"error: {error}"


def variables(frame):
    found = []
    try:
        block = frame.block()
    except RuntimeError:
        return found
    while block is not None:
        for symbol in block:
            if (symbol.is_argument or symbol.is_variable or symbol.is_constant) and symbol.addr_class not in NO_VALUES:
                found.append((symbol.name, value_of(frame, symbol)))
        block = None if block.function else block.superblock
    return found


def stack():
    frames = []
    frame = gdb.newest_frame()
    try:
        while frame is not None and len(frames) < 1000:
            frames.append({"pc": frame.pc(), "name": frame.name(), "inlined": frame.type() == gdb.INLINE_FRAME,
                           "variables": variables(frame)})
            frame = frame.older()
    except gdb.error:
        pass  # what gdb shows as "Backtrace stopped"
    return frames


threads = {}
for inferior in gdb.inferiors():
    for thread in inferior.threads():
        thread.switch()
        threads[thread.ptid[1]] = stack()
print("\nLOCALS " + json.dumps(threads))
