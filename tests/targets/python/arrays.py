# SPDX-License-Identifier: Apache-2.0
"""NumPy's arrays and scalars.

usage: arrays.py ENDING FILE     see oracle.py; "arrays" has the shape, type and address of each, "scalars" their repr()
"""

import numpy

import oracle

ARRAYS = {
    "floats": numpy.zeros((3, 4)), "stepped": numpy.arange(10, dtype=numpy.int32)[::2], "point": numpy.array(5),
    "empty": numpy.empty((0, 2), dtype="u2"), "truths": numpy.array([True]), "complexes": numpy.array([1 + 2j]),
    "objects": numpy.array([None, 1], dtype=object), "foreign": numpy.zeros(2, dtype=">i4"),
    "halves": numpy.zeros(1, dtype="f2"), "words": numpy.array(["a", "word"]), "bytes": numpy.array([b"ab", b"cde"]),
    "records": numpy.zeros(2, dtype=[("x", "i4"), ("y", "f8")]), "many": numpy.zeros((1,) * 20, dtype="i1"),
}
SCALARS = {
    "yes": numpy.bool_(True), "byte": numpy.int8(-5), "short": numpy.uint16(65535), "int": numpy.int32(-2 ** 31),
    "long": numpy.int64(-2 ** 63), "unsigned": numpy.uint64(2 ** 64 - 1), "single": numpy.float32(0.1),
    "large": numpy.float32(1e10), "double": numpy.float64(1.0) / 3, "infinite": numpy.float32("-inf"),
    "none": numpy.float64("nan"), "text": numpy.int64(7),
}


def main():
    arrays, scalars = ARRAYS, SCALARS
    oracle.NOTED["numpy"] = numpy.__version__
    oracle.NOTED["arrays"] = {name: [str(list(one.shape)), one.dtype.str if one.dtype.kind in "USV" else str(one.dtype),
                                     one.ctypes.data] for name, one in arrays.items()}
    oracle.NOTED["scalars"] = {name: repr(one) for name, one in scalars.items()}
    oracle.stop()


if __name__ == "__main__":
    main()
