"""Which zip codes a text such as `10, 201, 1000-1499` means."""

from collections.abc import Iterator
from typing import Literal, NamedTuple

ZipErrorCode = Literal["unclear", "incomplete", "letters", "widths", "reversed"]
DASHES = "-–"


class ZipError(ValueError):
    """A part of such a text that means nothing.

    ``code`` says why, ``part`` is what was typed:

    - ``unclear``: something else than letters and digits
    - ``incomplete``: a range without a beginning or an end, or with more than two
    - ``letters``: a range of other things than digits
    - ``widths``: a range whose ends have not the same number of digits
    - ``reversed``: a range that ends before it begins
    """

    def __init__(self, code: ZipErrorCode, part: str) -> None:
        super().__init__(code, part)
        self.code = code
        self.part = part


class ZipCodes(NamedTuple):
    """The codes that begin with ``first``, ``last`` or what is between them, as many
    characters wide."""

    first: str
    last: str

    @property
    def width(self) -> int:
        """How many characters are compared: the more, the more exact."""
        return len(self.first)

    def match(self, code: str) -> bool:
        """Tell whether a code, as `normalize_zip` returns it, is one of these."""
        beginning = code[: self.width]
        return len(beginning) == self.width and self.first <= beginning <= self.last


def normalize_zip(code: str) -> str:
    """Return a code without what people write between its parts, in capitals."""
    return "".join(char for char in code if char.isalnum()).upper()


def split_zip_codes(text: str) -> Iterator[str]:
    """Return the parts of a text, which are beginnings of codes and ranges."""
    for part in text.replace(";", ",").split(","):
        if stripped := part.strip():
            yield stripped


def parse_zip_part(part: str) -> ZipCodes:
    """Return what one part means.

    :raise ZipError: if it means nothing
    """
    compact = "".join(part.split()).upper()
    for dash in DASHES:
        compact = compact.replace(dash, "-")
    if not compact.replace("-", "").isalnum():
        raise ZipError("unclear" if compact.strip("-") else "incomplete", part)
    if "-" not in compact:
        return ZipCodes(compact, compact)
    ends = compact.split("-")
    if len(ends) != 2 or not all(ends):
        raise ZipError("incomplete", part)
    first, last = ends
    # Digits of other scripts are digits, but have another order.
    if not (first + last).isascii() or not (first + last).isdigit():
        raise ZipError("letters", part)
    if len(first) != len(last):
        raise ZipError("widths", part)
    if first > last:
        raise ZipError("reversed", part)
    return ZipCodes(first, last)
