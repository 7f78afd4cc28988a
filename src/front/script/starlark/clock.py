# SPDX-License-Identifier: Apache-2.0
"""The module `time` of Starlark programs: durations and points in time, with formats as Go writes them."""
import datetime
import re
import time
import zoneinfo

from .arguments import named, positional
from .scan import star, text
from .values import MISSING, Builtin, Error, Value, type_of

UNITS = {"hour": 3600 * 10**9, "minute": 60 * 10**9, "second": 10**9, "millisecond": 10**6, "microsecond": 1000,
         "nanosecond": 1}
_SUFFIXES = {"h": "hour", "m": "minute", "s": "second", "ms": "millisecond", "us": "microsecond",
             "\xc2\xb5s": "microsecond", "\xce\xbcs": "microsecond", "ns": "nanosecond"}
_MONTHS = ("January February March April May June July August September October November December").split()
_DAYS = "Monday Tuesday Wednesday Thursday Friday Saturday Sunday".split()
_EPOCH = datetime.datetime(1970, 1, 1, tzinfo=datetime.timezone.utc)
RFC3339 = "2006-01-02T15:04:05Z07:00"


def _compare(one, other):
    return (one.nanoseconds > other.nanoseconds) - (one.nanoseconds < other.nanoseconds)


def _toward_zero(value, by):
    return abs(value) // abs(by) * (1 if (value < 0) == (by < 0) else -1)


def _checked(value):
    """A divisor or factor of a duration: 64 bits."""
    if type(value) is int and not -2**63 <= value < 2**63:
        raise Error("int value out of range (want signed 64-bit value)")
    return value


class Duration(Value):
    __slots__ = ("nanoseconds",)
    type_name = "time.duration"
    ordered = True
    compare = _compare

    def __init__(self, nanoseconds):
        self.nanoseconds = (nanoseconds + 2**63) % 2**64 - 2**63

    def __bool__(self):
        return self.nanoseconds != 0

    def __hash__(self):
        return hash(self.nanoseconds)

    def __eq__(self, other):
        return type(other) is Duration and self.nanoseconds == other.nanoseconds

    def attributes(self):
        return [unit + "s" for unit in UNITS]

    def attribute(self, name):
        unit = UNITS.get(name[:-1]) if name.endswith("s") else None
        if not unit:
            raise Error(f'unrecognized time.duration attribute "{name}"')
        if unit >= UNITS["second"]:
            return self.nanoseconds // unit + self.nanoseconds % unit / unit
        return _toward_zero(self.nanoseconds, unit)

    def text(self):
        size = abs(self.nanoseconds)
        if size < UNITS["second"]:
            for unit, suffix in ((1, "ns"), (1000, "\xc2\xb5s"), (10**6, "ms")):
                if size < unit * 1000:
                    break
            number = _decimal(size, unit) + suffix if size else "0s"
        else:
            minutes, rest = divmod(size, UNITS["minute"])
            number = _decimal(rest, UNITS["second"]) + "s"
            if minutes:
                number = (f"{minutes // 60}h" if minutes >= 60 else "") + f"{minutes % 60}m" + number
        return ("-" if self.nanoseconds < 0 else "") + number

    def binary(self, operator, other, is_left):
        mine = self.nanoseconds
        if type(other) is Duration:
            return self._with_duration(operator, mine, other.nanoseconds)
        if operator == "+" and type(other) is Time:
            return Time(other.nanoseconds + mine, other.zone)
        if operator == "*" and type(other) is int:
            return Duration(mine * _checked(other))
        if operator == "/" and type(other) in (int, float):
            if type(other) is int and not is_left:
                raise Error("unsupported operation")
            if not _checked(other):
                raise Error("time.duration division by zero")
            return Duration(_toward_zero(mine, other) if type(other) is int else int(mine / other))
        return MISSING

    @staticmethod
    def _with_duration(operator, mine, others):
        if operator in ("+", "-"):
            return Duration(mine + others if operator == "+" else mine - others)
        if operator not in ("/", "//"):
            return MISSING
        if not others:
            raise Error("time.duration division by zero")
        return mine / others if operator == "/" else _toward_zero(mine, others)


def _decimal(value, unit):
    """value/unit with no zeros at the end."""
    whole, rest = divmod(value, unit)
    digits = f"{rest:0{len(str(unit)) - 1}}".rstrip("0") if rest else ""
    return f"{whole}.{digits}" if digits else str(whole)


class Time(Value):
    """Nanoseconds since 1970, and the zone to show them in."""

    __slots__ = ("nanoseconds", "zone")
    type_name = "time.time"
    ordered = True
    compare = _compare
    fields = ("year", "month", "day", "hour", "minute", "second", "nanosecond", "unix", "unix_nano")

    def __init__(self, nanoseconds, zone):
        self.nanoseconds, self.zone = nanoseconds, zone

    def __hash__(self):
        return hash(self.nanoseconds)

    def __eq__(self, other):
        return type(other) is Time and self.nanoseconds == other.nanoseconds

    def date(self):
        """In its zone, to the second."""
        try:
            moment = _EPOCH + datetime.timedelta(seconds=self.nanoseconds // 10**9)
            return moment.astimezone(self.zone)
        except (OverflowError, ValueError):
            raise Error("time out of range: only years 1 to 9999 are known") from None

    def text(self):
        return self.format("2006-01-02 15:04:05.999999999 -0700 MST")

    def attributes(self):
        return ["in_location", "format", *self.fields]

    def attribute(self, name):
        if name == "unix":
            return self.nanoseconds // 10**9
        if name == "unix_nano":
            return self.nanoseconds
        if name == "nanosecond":
            return self.nanoseconds % 10**9
        if name in self.fields:
            return getattr(self.date(), name)
        if name == "format":
            return Builtin(name, _format, self)
        return Builtin(name, _in_location, self) if name == "in_location" else MISSING

    def binary(self, operator, other, is_left):
        if operator == "+" and type(other) is Duration:
            return Time(self.nanoseconds + other.nanoseconds, self.zone)
        if operator == "-" and is_left and type(other) is Duration:
            return Time(self.nanoseconds - other.nanoseconds, self.zone)
        if operator == "-" and is_left and type(other) is Time:
            return Duration(self.nanoseconds - other.nanoseconds)
        return MISSING

    def format(self, layout):
        date = self.date()
        return "".join(piece if not token else _shown(token, date, self.nanoseconds % 10**9)
                       for piece, token in _layout(layout))


# Layouts: pieces of Go's reference time, Mon Jan 2 15:04:05 2006 in zone MST, seven hours west of Greenwich.

_TOKEN = re.compile(
    r"January|Jan|Monday|Mon|MST|2006|__2|_2(?!006)|002|01|02|03|04|05|06|15|1|2|3|4|5|PM|pm"
    r"|[-Z]07:00:00|[-Z]070000|[-Z]07:00|[-Z]0700|[-Z]07|[.,]0+(?![0-9])|[.,]9+(?![0-9])")


def _layout(layout):
    """Pairs (text, "") and (text, token)."""
    at = 0
    for match in _TOKEN.finditer(layout):
        if match.start() > at:
            yield layout[at:match.start()], ""
        yield match.group(), match.group()
        at = match.end()
    if at < len(layout):
        yield layout[at:], ""


def _offset(token, date):
    seconds = int(date.utcoffset().total_seconds())
    if token[0] == "Z" and not seconds:
        return "Z"
    sign, seconds = "-" if seconds < 0 else "+", abs(seconds)
    parts = [f"{part:02}" for part in (seconds // 3600, seconds // 60 % 60, seconds % 60)]
    digits = sum(char.isdigit() for char in token)
    return sign + (":" if ":" in token else "").join(parts[:digits // 2])


def _zone_name(date):
    """An abbreviation, or the offset for zones that have none."""
    name = date.tzname() or ""
    return name if name == "UTC" or name.isalpha() else _offset("-0700", date)


_SHOWN = {
    "January": lambda d: _MONTHS[d.month - 1], "Jan": lambda d: _MONTHS[d.month - 1][:3], "01": lambda d: f"{d.month:02}",
    "1": lambda d: str(d.month), "Monday": lambda d: _DAYS[d.weekday()], "Mon": lambda d: _DAYS[d.weekday()][:3],
    "02": lambda d: f"{d.day:02}", "2": lambda d: str(d.day), "_2": lambda d: f"{d.day:2}",
    "002": lambda d: f"{d.timetuple().tm_yday:03}", "__2": lambda d: f"{d.timetuple().tm_yday:3}",
    "2006": lambda d: f"{d.year:04}", "06": lambda d: f"{d.year % 100:02}", "15": lambda d: f"{d.hour:02}",
    "03": lambda d: f"{d.hour % 12 or 12:02}", "3": lambda d: str(d.hour % 12 or 12), "04": lambda d: f"{d.minute:02}",
    "4": lambda d: str(d.minute), "05": lambda d: f"{d.second:02}", "5": lambda d: str(d.second),
    "PM": lambda d: "PM" if d.hour >= 12 else "AM", "pm": lambda d: "pm" if d.hour >= 12 else "am", "MST": _zone_name,
}


def _shown(token, date, nanoseconds):
    if token in _SHOWN:
        return star(_SHOWN[token](date))
    if token[0] in "-Z":
        return _offset(token, date)
    digits = f"{nanoseconds:09}".ljust(len(token) - 1, "0")[:len(token) - 1]
    if token[1] == "9":
        digits = digits.rstrip("0")
    return token[0] + digits if digits else ""


_PARSED = {
    "January": "|".join(_MONTHS), "Jan": "|".join(name[:3] for name in _MONTHS), "Monday": "|".join(_DAYS),
    "Mon": "|".join(name[:3] for name in _DAYS), "01": r"\d\d", "1": r"\d\d?", "02": r"\d\d", "2": r"\d\d?",
    "_2": r" ?\d\d?", "002": r"\d{3}", "__2": r" {0,2}\d{1,3}", "2006": r"\d{4}", "06": r"\d\d", "15": r"\d\d",
    "03": r"\d\d", "3": r"\d\d?", "04": r"\d\d", "4": r"\d\d?", "05": r"\d\d(?:[.,]\d+)?", "5": r"\d\d?(?:[.,]\d+)?",
    "PM": "AM|PM", "pm": "am|pm", "MST": "[A-Z]{3,4}|[-+][0-9]{2,4}",
}


def _form(token):
    """What may stand for a token, as a regular expression."""
    if token in _PARSED:
        return _PARSED[token]
    if token[0] in "-Z":
        pairs = sum(char.isdigit() for char in token) // 2
        return ("Z|" if token[0] == "Z" else "") + "[-+]" + (":" if ":" in token else "").join([r"\d\d"] * pairs)
    return "[.,]" + r"\d{%d}" % (len(token) - 1) if token[1] == "0" else r"(?:[.,]\d*)?"


def _parse(value, layout, zone):
    """A Time; raises Error."""
    def wrong(why):
        return Error(f'parsing time "{value}"{why}')

    found = {"year": 0, "month": 1, "day": 1, "hour": 0, "minute": 0, "second": 0}
    rest = {"nanoseconds": 0, "afternoon": None, "yearday": None, "zone": zone}
    at = 0
    for piece, token in _layout(layout):
        match = re.compile(_form(token) if token else re.escape(piece)).match(value, at)
        if not match:
            raise wrong(f' as "{layout}": cannot parse "{value[at:]}" as "{piece}"')
        at = match.end()
        if token:
            _take(token, match.group().strip(), found, rest)
    if at < len(value):
        raise wrong(f': extra text: "{value[at:]}"')
    if rest["afternoon"] is not None:
        found["hour"] = found["hour"] % 12 + 12 * rest["afternoon"]
    try:
        date = datetime.datetime(**found, tzinfo=rest["zone"])
    except ValueError:
        raise wrong(": a field is out of range") from None
    if rest["yearday"]:
        date = date.replace(month=1, day=1) + datetime.timedelta(days=rest["yearday"] - 1)
    return Time(_nanoseconds(date) + rest["nanoseconds"], rest["zone"])


_NUMBERS = {"01": "month", "1": "month", "02": "day", "2": "day", "_2": "day", "2006": "year", "15": "hour", "03": "hour",
            "3": "hour", "04": "minute", "4": "minute"}


def _take(token, piece, found, rest):
    """Puts a piece of a time where it belongs."""
    if token in _NUMBERS:
        found[_NUMBERS[token]] = int(piece)
    elif token in ("05", "5"):
        whole, _, fraction = piece.replace(",", ".").partition(".")
        found["second"] = int(whole)
        rest["nanoseconds"] = rest["nanoseconds"] or int(fraction.ljust(9, "0")[:9])
    elif token in ("January", "Jan"):
        found["month"] = [name[:len(piece)] for name in _MONTHS].index(piece) + 1
    elif token == "06":
        found["year"] = int(piece) + (1900 if int(piece) >= 69 else 2000)
    elif token in ("002", "__2"):
        rest["yearday"] = int(piece)
    elif token in ("PM", "pm"):
        rest["afternoon"] = piece.lower() == "pm"
    elif token[0] in ".,":
        rest["nanoseconds"] = int(piece[1:].ljust(9, "0")[:9] or 0)
    elif token[0] in "-Z":
        rest["zone"] = _fixed_zone(piece)


def _fixed_zone(piece):
    if piece == "Z":
        return datetime.timezone.utc
    digits = re.findall(r"\d\d", piece)
    seconds = sum(int(pair) * factor for pair, factor in zip(digits, (3600, 60, 1)))
    return datetime.timezone(datetime.timedelta(seconds=-seconds if piece[0] == "-" else seconds))


def _nanoseconds(date):
    gone = date - _EPOCH
    return (gone.days * 86400 + gone.seconds) * 10**9


# The functions.

def _location(name):
    if name in ("", "UTC"):
        return datetime.timezone.utc
    if name == "Local":
        return None
    try:
        return zoneinfo.ZoneInfo(text(name))
    except (zoneinfo.ZoneInfoNotFoundError, ValueError, OSError):
        raise Error(f"unknown time zone {name}") from None


def _format(moment, args, kwargs):
    layout, = positional("format", args, kwargs, 1, "string")
    return moment.format(layout)


def _in_location(moment, args, kwargs):
    name, = positional("in_location", args, kwargs, 1, "string")
    return Time(moment.nanoseconds, _location(name))


def _now(args, kwargs):
    del args, kwargs
    return Time(time.time_ns(), None)


def _from_timestamp(args, kwargs):
    seconds, nanoseconds = positional("from_timestamp", args, kwargs, 1, "int", "int")
    return Time(seconds * 10**9 + (0 if nanoseconds is MISSING else nanoseconds), None)


def _is_valid_timezone(args, kwargs):
    name, = positional("is_valid_timezone", args, kwargs, 1, "string")
    try:
        _location(name)
        return True
    except Error:
        return False


def _parse_time(args, kwargs):
    value, layout, location = named("parse_time", args, kwargs, "x string", "format? string", "location? string")
    return _parse(value, RFC3339 if layout is MISSING else layout,
                  _location("UTC" if location is MISSING else location))


def _parse_duration(args, kwargs):
    value, = positional("parse_duration", args, kwargs, 1, "any")
    if type(value) is Duration:
        return value
    if type(value) is not str:
        raise Error(f"parse_duration: for parameter 1: got {type_of(value)}, want a duration, string, or int")
    match = re.fullmatch(r"([-+]?)((?:(?:\d+\.?\d*|\.\d+)(?:ns|us|\xc2\xb5s|\xce\xbcs|ms|s|m|h))+|0)", value)
    if not match:
        raise Error(f'parse_duration: for parameter 1: time: invalid duration "{value}"')
    total = 0
    for number, suffix in re.findall(r"([\d.]+)([a-z\xc2\xb5\xce\xbc]+)", match.group(2)):
        unit = UNITS[_SUFFIXES[suffix]]
        whole, _, fraction = number.partition(".")
        total += int(whole or 0) * unit + int(fraction or 0) * unit // 10 ** len(fraction)
    return Duration(-total if match.group(1) == "-" else total)


def _time(args, kwargs):
    names = ("year", "month", "day", "hour", "minute", "second", "nanosecond")
    *values, location = named("time", args, kwargs, *(name + "? int" for name in names), "location? string")
    if args:
        raise Error("time: unexpected positional arguments")
    year, month, day, hour, minute, second, nanosecond = (0 if value is MISSING else value for value in values)
    zone = _location("" if location is MISSING else location)
    year, month = year + (month - 1) // 12, (month - 1) % 12 + 1  # fields may be beyond their ranges
    try:
        date = datetime.datetime(year, month, 1) + datetime.timedelta(
            days=day - 1, seconds=hour * 3600 + minute * 60 + second + nanosecond // 10**9)
        date = date.replace(tzinfo=zone) if zone else date.astimezone()
    except (OverflowError, ValueError):
        raise Error("time out of range: only years 1 to 9999 are known") from None
    return Time(_nanoseconds(date) + nanosecond % 10**9, zone)


class Module(Value):
    """Values by name."""

    type_name = "module"

    def __init__(self, name, members):
        self.name, self.members = name, members

    def text(self):
        return f'<module "{self.name}">'

    def attributes(self):
        return list(self.members)

    def attribute(self, name):
        return self.members.get(name, MISSING)


_FUNCTIONS = {"from_timestamp": _from_timestamp, "is_valid_timezone": _is_valid_timezone, "now": _now,
              "parse_duration": _parse_duration, "parse_time": _parse_time, "time": _time}
TIME = Module("time", {**{name: Builtin(name, function) for name, function in _FUNCTIONS.items()},
                       **{name: Duration(size) for name, size in UNITS.items()}})
