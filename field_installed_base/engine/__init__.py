"""What needs no database: pure functions."""

from .cells import (
    Ambiguous,
    CellError,
    fold_name,
    list_spellings,
    normalize_header,
    read_date,
    read_format,
    read_number,
)

__all__ = [
    "Ambiguous",
    "CellError",
    "fold_name",
    "list_spellings",
    "normalize_header",
    "read_date",
    "read_format",
    "read_number",
]
