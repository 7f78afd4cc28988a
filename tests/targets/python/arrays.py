# SPDX-License-Identifier: Apache-2.0
"""NumPy's arrays and scalars.

usage: arrays.py ENDING FILE     see oracle.py; "arrays" has the shape, type, address and elements of each, "scalars" and
                                 "parts" their repr()
"""

import gc
import sys

import numpy

import oracle

POINT = [("x", "i4"), ("y", "f8")]
APART = {"names": ["a", "b"], "formats": ["i1", ">f8"], "offsets": [2, 8], "itemsize": 24}
ROWS = numpy.dtype([("name", "U3"), ("at", POINT), ("grid", "u2", (2, 3)), ("when", "M8[s]"), ("yes", "?"), ("raw", "S2")])
GRID = numpy.arange(24, dtype=numpy.int16).reshape(2, 3, 4)
MISSING = sys.argv[2] + ".mapped"


def mapped():
    """In a file, of which a dump has nothing."""
    made = numpy.memmap(MISSING, dtype="f4", mode="w+", shape=(2, 2))
    made[:] = 0.5
    made.flush()
    return made


def knot():
    """A type whose fields are of that type, as only damage makes one."""
    kind = numpy.dtype([(name, "i1") for name in "abcdefgh"])
    fields = gc.get_referents(kind.fields)[0]
    for name in kind.names:
        fields[name] = (kind, 0)
    return kind


def reals(kind):
    finfo = numpy.finfo(kind)
    return numpy.array([0, -0.0, 1, 0.1, 1 / 3, -2.5e-3, 1e4, finfo.max, finfo.tiny, "nan", "-inf"], dtype=kind)


ARRAYS = {
    "floats": numpy.zeros((3, 4)), "stepped": numpy.arange(10, dtype=numpy.int32)[::2], "point": numpy.array(5),
    "empty": numpy.empty((0, 2), dtype="u2"), "truths": numpy.array([True, False]), "complexes": numpy.array([1 + 2j, 3j]),
    "objects": numpy.array([None, 1, "x", [2]], dtype=object), "foreign": numpy.array([1, -2], dtype=">i4"),
    "words": numpy.array(["a", "word", "it's", "\u20ac\U0001f40d"]), "foreign_words": numpy.array(["ab", "\u20ac"], dtype=">U3"),
    "bytes": numpy.array([b"ab", b"cde", b"\x00'"]), "records": numpy.array([(1, 2.5), (-3, 4)], dtype=POINT),
    "many": numpy.zeros((1,) * 20, dtype="i1"), "cube": GRID, "turned": GRID.T, "backward": GRID[::-1, :, ::-2],
    "constant": numpy.broadcast_to(numpy.float32(1.5), (2, 3)), "diagonal": numpy.diagonal(GRID[0]),
    "apart": numpy.array([(1, 2.5)], dtype=APART), "aligned": numpy.array([(1, 2.5)], dtype=numpy.dtype("i1,f8", align=True)),
    "nested": numpy.array([("abc", (1, 2.0), [[1, 2, 3], [4, 5, 6]], "2020-02-29T12:30", True, b"q")], dtype=ROWS),
    "days": numpy.array(["1969-12-31", "2024-02-29", "NaT", "0001-01-01", "12345-01-01"], dtype="M8[D]"),
    "months": numpy.array(["1969-12", "2024-02"], dtype="M8[M]"), "years": numpy.array(["1969", "-0001"], dtype="M8[Y]"),
    "hours": numpy.array(["2024-02-29T05"], dtype="M8[h]"), "quarters": numpy.array(["2024-02-29T05:15"], dtype="M8[15m]"),
    "moments": numpy.array(["1969-12-31T23:59:59.000000001"], dtype="M8[ns]"), "weeks": numpy.array(["2024-02-29"], dtype="M8[W]"),
    "tiny": numpy.array(["1970-01-01T00:00:00.5"], dtype="M8[as]"), "waits": numpy.array([5, -6, "NaT"], dtype="m8[25s]"),
    "halves": reals("f2"), "singles": reals("f4"), "doubles": reals("f8"), "long_doubles": reals("g"),
    "single_complex": numpy.array([0.1 - 0.1j, 1e-20j], dtype="c8"), "long_complex": numpy.array([1 - 2j], dtype="G"),
    "raw": numpy.array([b"\x00\x01"], dtype="V2"), "unsigned": numpy.array([2 ** 64 - 1], dtype="u8"),
    "masked": numpy.ma.array([1, 2, 3], mask=[0, 1, 0]), "named": numpy.rec.array([(1, 2.0)], dtype=POINT),
    "powers": numpy.array([2.0 ** -6, 2.0 ** -24, 1024], dtype="f2"), "long_power": numpy.array([numpy.longdouble(2) ** -2011]),
    "long": numpy.arange(1000).reshape(10, 100),
}
SCALARS = {
    "yes": numpy.bool_(True), "byte": numpy.int8(-5), "short": numpy.uint16(65535), "int": numpy.int32(-2 ** 31),
    "long": numpy.int64(-2 ** 63), "unsigned": numpy.uint64(2 ** 64 - 1), "single": numpy.float32(0.1),
    "large": numpy.float32(1e10), "double": numpy.float64(1.0) / 3, "infinite": numpy.float32("-inf"),
    "none": numpy.float64("nan"), "text": numpy.int64(7), "half": numpy.float16(0.1), "quad": numpy.longdouble(1) / 3,
    "complex": numpy.complex128(1 - 2j), "single_complex": numpy.complex64(0.1j), "wide": numpy.longlong(-1),
    "day": numpy.datetime64("2024-02-29"), "second": numpy.datetime64("2024-02-29T01:02:03"), "no_time": numpy.datetime64("NaT", "s"),
    "wait": numpy.timedelta64(5, "s"), "no_unit": numpy.timedelta64(5), "void": numpy.void(b"ab"),
    "row": numpy.array((1, 2.5), dtype=POINT)[()], "type": numpy.dtype("<i8"), "type_text": numpy.dtype("U3"),
    "type_row": numpy.dtype(POINT), "type_aligned": numpy.dtype("i1,f8", align=True), "type_rows": ROWS,
    "type_time": numpy.dtype("M8[25s]"), "type_object": numpy.dtype(object), "type_foreign": numpy.dtype(">c8"),
    "type_bool": numpy.dtype(bool), "type_bytes": numpy.dtype("S3"),
}


# Expressions; Inquest reads those of C, and does not run what is in Python.
PARTS = [
    "arrays['cube'][1]", "arrays['cube'][1, 2]", "arrays['cube'][1, 2, -1]", "arrays['cube'][1][2][3] + 1", "arrays['cube'][(0, 1)]",
    "arrays['cube'][:, 0, ::-2]", "arrays['cube'][5:, 1]", "arrays['turned'][::2, 1]", "len(arrays['cube'])", "arrays['cube'].shape",
    "arrays['cube'].strides", "arrays['turned'].nbytes", "arrays['turned'].ndim", "arrays['cube'].dtype", "arrays['turned'].size",
    "arrays['records']['x']", "arrays['records'][1]['y']", "arrays['records'][0]", "arrays['nested'][0]['grid'][1, 2] * 2",
    "arrays['nested']['grid']", "arrays['nested']['at']['y'][0] < 3", "arrays['words'][2] == \"it's\"", "arrays['foreign_words'][1] == 'x'",
    "arrays['objects'][3][0]", "arrays['objects'][0] is None", "arrays['point'][()]", "not arrays['point']", "arrays['unsigned'][0]",
    "arrays['unsigned'][0] > 5", "arrays['days'][1]", "arrays['halves'][3] < 0.2", "arrays['foreign'][1] * 2", "arrays['stepped'].base",
    "scalars['row']['y']", "scalars['byte'] < scalars['int']", "len(scalars['row'])", "arrays['masked'].data[1:]",
    "arrays['cube'][1, 3]", "arrays['cube'][0, 0, 0, 0]", "arrays['records']['z']", "len(arrays['point'])",
]


def part(text, names):
    """An expression: what it is, or the error; of an array its elements."""
    try:
        value = eval(text, {}, names)
    except (IndexError, TypeError, ValueError) as error:
        return "error: %s: %s" % (type(error).__name__, str(error).split(",")[0])
    return repr(listed(value)) if isinstance(value, numpy.ndarray) else repr(value)


def listed(array):
    """Its elements as tolist() has them, but by the fewest digits of their type, and times as NumPy writes them."""
    if array.ndim:
        return [listed(array[i, ...]) for i in range(len(array))]
    kind = array.dtype
    if kind.names:
        return tuple(listed(numpy.asarray(array[name])) for name in kind.names)
    if kind.kind == "M":
        return str(array)
    if kind.kind == "m":
        return "NaT" if numpy.isnat(array) else int(array.astype("i8"))
    if kind.kind == "V":
        return Void(array.tobytes())
    if kind.kind == "f":
        return Digits(array[()])
    return Parts(array[()]) if kind.kind == "c" else array.tolist()


class Void(bytes):
    """Bytes of no kind."""

    def __repr__(self):
        return "b'%s'" % "".join("\\x%02x" % one for one in self)


class Digits:
    """A floating-point number that is written as Python would if it had that type."""

    def __init__(self, value):
        self.value = value

    def __repr__(self):
        size = abs(self.value)
        if not numpy.isfinite(size) or size == 0:
            return repr(float(self.value))
        if 1e-4 <= size < 1e16:
            return numpy.format_float_positional(self.value, unique=True, trim="0")
        return numpy.format_float_scientific(self.value, unique=True, trim="-", exp_digits=2)


class Parts:
    """A complex number, as Python writes them."""

    def __init__(self, value):
        self.value = value

    def __repr__(self):
        def part(one):
            return repr(Digits(one))[:-2] if repr(Digits(one)).endswith(".0") else repr(Digits(one))
        real, imaginary = self.value.real, part(self.value.imag)
        if real == 0 and not numpy.signbit(real):
            return imaginary + "j"
        return "(%s%s%sj)" % (part(real), "" if imaginary[0] == "-" else "+", imaginary)


def main():
    arrays, scalars, file, type_knot = ARRAYS, SCALARS, mapped(), knot()
    oracle.NOTED["numpy"] = numpy.__version__
    oracle.NOTED["arrays"] = {name: [str(list(one.shape)), str(one.dtype), one.ctypes.data, repr(listed(numpy.asarray(one)))]
                              for name, one in arrays.items()}
    oracle.NOTED["scalars"] = {name: repr(one) for name, one in scalars.items()}
    oracle.NOTED["parts"] = {text: part(text, {"arrays": arrays, "scalars": scalars}) for text in PARTS}
    oracle.NOTED["mapped"] = MISSING
    oracle.stop()


if __name__ == "__main__":
    main()
