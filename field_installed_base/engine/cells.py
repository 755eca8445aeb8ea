"""What the text in a cell of a spreadsheet says, or that it says two things."""

import math
import re
import unicodedata
from contextlib import suppress
from datetime import date, datetime, time
from functools import lru_cache

# What groups thousands and nothing else: spaces and apostrophes.
GROUPS = re.compile(r"[\s'’]")
SCIENTIFIC = re.compile(r"[+-]?\d+(\.\d+)?[eE][+-]?\d+")
ISO_DATE = re.compile(r"(\d{4})[-/.](\d{1,2})[-/.](\d{1,2})")
DAY_AND_MONTH = re.compile(r"(\d{1,2})([-/. ])(\d{1,2})\2(\d{4})")
CLOCK = re.compile(
    r"(.*?)[T\s]\s*(\d{1,2})[:h](\d{2})(?::(\d{2}))?(?:\.\d+)?(?:\s*([ap])\.?m\.?)?",
    re.IGNORECASE,
)
# What a number format shows as it stands: quoted, after a backslash, a currency with
# its language; what it does not show: colors, conditions, blanks as wide as a sign.
FORMAT_PART = re.compile(
    r'"([^"]*)"|\\(.)|\[\$([^\]-]*)[^\]]*\]|\[[^\]]*\]|[_*].|(.)', re.DOTALL
)
# What comes first in a pattern; the separator is free.
ORDERS = {"dmY": "day", "mdY": "month"}


class CellError(ValueError):
    """The text is no number or date."""


class Ambiguous(CellError):
    """The text can be read in two ways.

    :ivar readings: both, as numbers or dates
    """

    def __init__(self, *readings: float | date) -> None:
        super().__init__(*readings)
        self.readings = readings


def read_number(text: str, sign: str = "", units: frozenset[str] = frozenset()) -> str:
    """Return what Python makes a number of.

    :param text: a number as people write it
    :param sign: decimal sign, "," or "."; empty if nobody said, then only what can be
        read in one way is read
    :param units: currencies and the like that may stand before or after the number
    :raise CellError: if it is no number, or none with that decimal sign
    :raise Ambiguous: if both signs make a number of it, and two different ones
    """
    body = unicodedata.normalize("NFKC", text).strip().replace("\N{MINUS SIGN}", "-")
    negative = body.startswith("(") and body.endswith(")")
    body = _strip_units(body[1:-1] if negative else body, units)
    if negative and body[:1] in ("-", "+"):
        # Below zero, or taken back from there?
        raise CellError(text)
    if SCIENTIFIC.fullmatch(body):
        number = float(body)
        if not math.isfinite(number):
            raise CellError(text)
        return repr(-number if negative else number)
    minus = negative or body.startswith("-")
    digits = body[1:].lstrip() if body[:1] in ("-", "+") else body
    readings = {
        reading
        for decimal in (sign or ".,")
        if (reading := _read_with(digits, decimal)) is not None
    }
    if not readings:
        raise CellError(text)
    if len({float(reading) for reading in readings}) > 1:
        raise Ambiguous(*sorted(float(reading) for reading in readings))
    return ("-" if minus else "") + min(readings, key=len)


def _strip_units(body: str, units: frozenset[str]) -> str:
    for unit in sorted(units | {"%"}, key=len, reverse=True):
        if body.endswith(unit):
            return body[: -len(unit)].strip()
        if body.startswith(unit):
            return body[len(unit) :].strip()
        if body.startswith(f"-{unit}"):
            return f"-{body[len(unit) + 1 :].strip()}"
    return body


def _read_with(digits: str, decimal: str) -> str | None:
    """Return the number without groups, or None if this decimal sign makes none."""
    whole, found, fraction = digits.partition(decimal)
    if found and not fraction.isdecimal():
        return None
    other = "," if decimal == "." else "."
    # Only one kind of sign groups a number.
    kinds = {GROUPS.sub(" ", char) for char in whole if not char.isdecimal()}
    if not kinds <= {other} and kinds != {" "}:
        return None
    groups = re.split(r"[\s'’,.]", whole)
    if not all(group.isdecimal() for group in groups):
        return f"0.{fraction}" if found and not whole else None
    if len(groups) > 1 and (
        len(groups[0]) > 3
        or groups[0].startswith("0")
        or any(len(group) != 3 for group in groups[1:])
    ):
        return None
    return "".join(groups) + (f".{fraction}" if found else "")


@lru_cache(maxsize=256)
def read_format(number_format: str) -> tuple[bool, frozenset[str]]:
    """Return whether a hundred times the number is shown, and the words and signs that
    are shown beside it.

    :param number_format: as files of Excel have it
    """
    percent, shown = False, ""
    for quoted, escaped, currency, bare in FORMAT_PART.findall(number_format):
        percent = percent or bare == "%"
        # Whatever else is not quoted stands for digits, or the sign of an exponent.
        literal = quoted or escaped or currency
        shown += literal or (bare if unicodedata.category(bare or " ") == "Sc" else " ")
    return percent, frozenset(shown.split())


def read_date(text: str, pattern: str = "") -> datetime:
    """Return the day, and the time of day if the text says one.

    :param text: a date as people write it
    :param pattern: how, for `strptime`: whether day or month come first holds with
        other separators, too. Empty if nobody said, then only what can be read in one
        way is read. The year first is read in any case.
    :raise CellError: if it is no date, or none of that pattern
    :raise Ambiguous: if day and month could be the other way round
    """
    body = unicodedata.normalize("NFKC", text).strip()
    day, at = _split_clock(body)
    if pattern:
        # What is no pattern at all fails as a regular expression.
        with suppress(ValueError, re.error):
            return datetime.strptime(body, pattern)
        with suppress(ValueError, re.error):
            return datetime.combine(datetime.strptime(day, pattern), at)
    if found := ISO_DATE.fullmatch(day):
        return _combine(text, at, *map(int, found.groups()))
    order = ORDERS.get("".join(re.findall(r"%([dmY])", pattern)))
    found = DAY_AND_MONTH.fullmatch(day)
    if not found or (pattern and not order):
        raise CellError(text)
    one, other, year = int(found[1]), int(found[3]), int(found[4])
    readings = []
    for name, number, month in (("day", one, other), ("month", other, one)):
        if name == (order or name):
            with suppress(CellError):
                readings.append(_combine(text, at, year, month, number))
    if not readings:
        raise CellError(text)
    if len(set(readings)) > 1:
        raise Ambiguous(*(reading.date() for reading in readings))
    return readings[0]


def _split_clock(body: str) -> tuple[str, time]:
    found = CLOCK.fullmatch(body)
    if not found:
        return body, time()
    day, hour, minute, second, half = found.groups()
    hours = int(hour)
    if half:
        if not 1 <= hours <= 12:
            raise CellError(body)
        hours = hours % 12 + (12 if half.lower() == "p" else 0)
    try:
        return day.strip(), time(hours, int(minute), int(second or 0))
    except ValueError as error:
        raise CellError(body) from error


def _combine(text: str, at: time, year: int, month: int, day: int) -> datetime:
    try:
        return datetime.combine(date(year, month, day), at)
    except ValueError as error:
        raise CellError(text) from error


def list_spellings(name: str) -> list[str]:
    """Return a name as it is typed, and other ways to write what looks the same:
    composed accents and plain spaces, then plain letters and digits, too."""
    forms = (unicodedata.normalize(form, name) for form in ("NFC", "NFKC"))
    return list(dict.fromkeys((name.strip(), *(" ".join(f.split()) for f in forms))))


def fold_name(name: str) -> str:
    """Return what is the same for names that look the same but for their case."""
    return " ".join(unicodedata.normalize("NFKC", name).casefold().split())


def normalize_header(header: str) -> str:
    """Return what is compared of a header: letters and digits, without accents. A slash
    leads to a field of a field."""
    letters = unicodedata.normalize("NFKD", str(header)).casefold()
    plain = "".join(char for char in letters if not unicodedata.combining(char))
    return "/".join(" ".join(re.findall(r"[^\W_]+", part)) for part in plain.split("/"))
