"""What needs no database: pure functions."""

from .cells import (
    Ambiguous,
    CellError,
    normalize_header,
    read_date,
    read_format,
    read_number,
)

__all__ = [
    "Ambiguous",
    "CellError",
    "normalize_header",
    "read_date",
    "read_format",
    "read_number",
]
