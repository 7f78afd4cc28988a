# SPDX-License-Identifier: Apache-2.0
"""The words of a Starlark file.

Strings of Starlark are bytes in UTF-8. Here they are `str` objects whose characters are those bytes (U+0000 to U+00FF):
lengths, indices and slices then are Starlark's. `star` makes such a string of a text, `text` goes back. Names of variables
are kept in the same form.
"""
import re

RESERVED = frozenset(
    "as async await class del except finally from global import is nonlocal raise try with yield".split())
KEYWORDS = frozenset(
    "and break continue def elif else for if in lambda load not or pass return while".split())
AUGMENTED = frozenset("+= -= *= /= //= %= &= |= ^= <<= >>=".split())
OPERATORS = re.compile(r"//=|<<=|>>=|//|<<|>>|\*\*|<=|>=|==|!=|\+=|-=|\*=|/=|%=|&=|\|=|\^=|[-+*/%&|^~.,=;:()\[\]{}<>]")
NUMBER_TOO_LONG = 10000  # digits: what Python takes to make an int of decimal digits grows with the square of their number

# What stands in messages for tokens that are no operators.
NAMES = {"illegal": "illegal token", "eof": "end of file", "newline": "newline", "indent": "indent",
         "outdent": "outdent", "identifier": "identifier", "int": "int literal", "float": "float literal",
         "string": "string literal", "bytes": ""}

_ESCAPES = {"a": "\a", "b": "\b", "f": "\f", "n": "\n", "r": "\r", "t": "\t", "v": "\v", "\\": "\\", "'": "'", '"': '"'}


def star(value):
    """A Starlark string of a text; bytes that were no UTF-8 are kept."""
    return value if value.isascii() else value.encode("utf-8", "surrogateescape").decode("latin-1")


def text(value):
    """The text of a Starlark string; bytes that are no UTF-8 become lone surrogates, as Python has them in file names."""
    return value if value.isascii() else value.encode("latin-1").decode("utf-8", "surrogateescape")


class SyntaxProblem(Exception):
    """A file that is no Starlark: a message, and a position (line, column) from 1."""

    def __init__(self, position, message):
        super().__init__(message)
        self.position, self.message = position, message


class Token:
    """kind: an operator, a keyword, or a key of NAMES; value: of literals and identifiers."""

    __slots__ = ("kind", "position", "end", "value", "raw")

    def __init__(self, kind, position, end, value=None, raw=""):
        self.kind, self.position, self.end, self.value, self.raw = kind, position, end, value, raw


def describe(kind):
    """A token's kind as messages have it."""
    if kind in NAMES:
        return NAMES[kind]
    return kind if kind.isalpha() else f"'{kind}'"


class Scanner:
    """Tokens one by one; `position` is that of the input after the last one."""

    def __init__(self, source):
        self.source = source.replace("\r\n", "\n").replace("\r", "\n")
        self.at, self.line, self.line_start = 0, 1, 0
        self.depth, self.indents, self.dents = 0, [0], 0
        self.fresh = True  # at the start of a line, where indentation counts

    @property
    def position(self):
        return self.line, self.at - self.line_start + 1

    def fail(self, message, position=None):
        raise SyntaxProblem(position or self.position, message)

    def _peek(self):
        return self.source[self.at] if self.at < len(self.source) else ""

    def _newline(self):
        self.at += 1
        self.line += 1
        self.line_start = self.at

    def _indent(self):
        """Reads the blanks before a line; True if nothing else is on it."""
        self.fresh = False
        column = 0
        while self._peek() in (" ", "\t") and self._peek():
            column += 1 if self._peek() == " " else 8 - (self.at - self.line_start) % 8
            self.at += 1
        if self._peek() in ("#", "\n", ""):
            return True
        if self.depth == 0:
            if column > self.indents[-1]:
                self.dents += 1
                self.indents.append(column)
            while column < self.indents[-1]:
                self.dents -= 1
                self.indents.pop()
            if column != self.indents[-1]:
                self.fail("unindent does not match any outer indentation level")
        return False

    def next(self):
        """The next token."""
        while True:
            was_fresh = self.fresh
            blank = self._indent() if self.fresh else False
            if self.dents:
                kind = "indent" if self.dents > 0 else "outdent"
                self.dents += -1 if self.dents > 0 else 1
                return Token(kind, self.position, self.position)
            char = self._skip_blanks()
            if char == "\n":
                self.fresh = True
                if self.depth or blank:
                    self._newline()
                    continue
                start = self.position
                self._newline()
                return Token("newline", start, start)
            if not char:
                if len(self.indents) > 1 and was_fresh:
                    self.dents, self.indents = 1 - len(self.indents), [0]
                    continue
                if len(self.indents) > 1:
                    self.fresh = True
                    return Token("newline", self.position, self.position)
                return Token("eof", self.position, self.position)
            if char == "\\":
                self.at += 1
                if self._peek() != "\n":
                    self.fail("stray backslash in program")
                self._newline()
                continue
            return self._token(char)

    def _skip_blanks(self):
        while self._peek() in (" ", "\t") and self._peek():
            self.at += 1
        if self._peek() == "#":
            end = self.source.find("\n", self.at)
            self.at = end if end >= 0 else len(self.source)
        return self._peek()

    def _token(self, char):
        start = self.position
        prefix = re.compile(r"(rb|r|b|)(?=['\"])").match(self.source, self.at)
        if prefix:
            return self._string(start, prefix.group())
        if char.isalpha() or char == "_":
            return self._word(start)
        if char in "0123456789" or char == "." and self.source[self.at + 1:self.at + 2] in tuple("0123456789"):
            return self._number(start)
        operator = OPERATORS.match(self.source, self.at)
        if not operator:
            if char == "!":
                self.fail("unexpected input character '!'")
            self.fail(f"unexpected input character {_quoted_rune(char)}")
        kind = operator.group()
        if kind in "([{":
            self.depth += 1
        elif kind in ")]}":
            if not self.depth:
                self.fail(f"unexpected '{kind}'")
            self.depth -= 1
        self.at += len(kind)
        return Token(kind, start, self.position)

    def _word(self, start):
        begin = self.at
        while self._peek() and (self._peek().isalpha() or self._peek() in "_0123456789"):
            self.at += 1
        word = self.source[begin:self.at]
        kind = "illegal" if word in RESERVED else word if word in KEYWORDS else "identifier"
        return Token(kind, start, self.position, star(word))

    def _number(self, start):
        source = self.source
        match = re.compile(r"0[xX]([0-9a-fA-F]*)|0[oO]([0-7]*)|0[bB]([01]*)").match(source, self.at)
        if match:
            index = match.lastindex
            if not match.group(index):
                self.at += 2
                kind = ("hex", "octal", "binary")[index - 1]
                self.fail(f"invalid {kind} literal", start if index == 1 else None)
            self.at = match.end()
            return Token("int", start, self.position, int(match.group(index), (16, 8, 2)[index - 1]))
        match = re.compile(r"[0-9]*(\.[0-9]*)?([eE]([-+]?)([0-9]*))?").match(source, self.at)
        self.at = match.end()
        fraction, exponent, sign, digits = match.groups()
        if fraction is None and exponent is None:
            word = match.group()
            if word[0] == "0" and word.strip("0") and not word.strip("01234567"):
                self.fail(f"obsolete form of octal literal; use 0o{word[1:]}")
            if len(word) > NUMBER_TOO_LONG or word[0] == "0" and word.strip("0"):
                self.fail("invalid int literal", start)
            return Token("int", start, self.position, int(word))
        value = float(match.group()) if exponent is None or digits else float("inf")
        if value == float("inf"):
            self.fail("invalid float literal")
        return Token("float", start, self.position, value)

    def _string(self, start, prefix):
        source, quote = self.source, self.source[self.at + len(prefix)]
        begin = self.at + len(prefix)
        ending = quote * 3 if source.startswith(quote * 3, begin) else quote
        stop = "" if len(ending) == 3 else "\n"
        at = begin + len(ending)
        while not source.startswith(ending, at):
            if at >= len(source) or source[at] == "\\" and at + 1 >= len(source):
                self.fail("unexpected EOF in string", start)
            if source[at] == stop:
                self.fail("unexpected newline in string", start)
            at += 2 if source[at] == "\\" else 1
        raw = source[begin + len(ending):at]
        self.at = at + len(ending)
        self.line += raw.count("\n")
        if "\n" in raw:
            self.line_start = begin + len(ending) + raw.rindex("\n") + 1
        is_bytes = "b" in prefix
        if "r" not in prefix:
            raw = self._unescape(raw, is_bytes, start)
        value = star(raw) if "r" in prefix else raw
        if is_bytes:
            return Token("bytes", start, self.position, value.encode("latin-1"))
        return Token("string", start, self.position, value)

    def _unescape(self, raw, is_bytes, start):
        """A literal's Starlark string."""
        parts, at = [], 0
        while True:
            end = raw.find("\\", at)
            parts.append(star(raw[at:] if end < 0 else raw[at:end]))
            if end < 0:
                return "".join(parts)
            piece, at = self._escape(raw, end, is_bytes, start)
            parts.append(piece)

    def _escape(self, raw, at, is_bytes, start):
        """What the escape sequence at `at` stands for, and where it ends."""
        char = raw[at + 1]
        if char == "\n":
            return "", at + 2
        if char in _ESCAPES:
            return _ESCAPES[char], at + 2
        if char in "01234567":
            digits = re.compile("[0-7]{1,3}").match(raw, at + 1).group()
            value = int(digits, 8)
            if not is_bytes and value > 127:
                self.fail(f"non-ASCII octal escape \\{value:o} (use \\u{value:04X} for the UTF-8 encoding of "
                          f"U+{value:04X})", start)
            if value > 255:
                self.fail(f"invalid escape sequence \\{value:03o}", start)
            return chr(value), at + 1 + len(digits)
        size = {"x": 4, "u": 6, "U": 10}.get(char)
        if not size:
            self.fail(f"invalid escape sequence \\{char}", start)
        sequence = raw[at:at + size]
        if len(sequence) < size:
            self.fail(f"truncated escape sequence {raw[at:]}", start)
        if not re.fullmatch("[0-9a-fA-F]+", sequence[2:]):
            self.fail(f"invalid escape sequence {sequence}", start)
        value = int(sequence[2:], 16)
        if char == "x":
            if not is_bytes and value > 127:
                self.fail(f"non-ASCII hex escape {sequence} (use \\u{value:04X} for the UTF-8 encoding of "
                          f"U+{value:04X})", start)
            return chr(value), at + size
        if value > 0x10FFFF:
            self.fail(f"code point out of range: {sequence} (max \\U{value:08x})", start)
        if 0xD800 <= value < 0xE000:
            self.fail(f"invalid Unicode code point U+{value:04X}", start)
        return star(chr(value)), at + size


def _quoted_rune(char):
    return f"'{char}'" if char.isprintable() else repr(char)
