"""Results as lines of a table: on the screen, in docs/benchmarks.md, and in short in
README.md."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

BEGIN, END = "<!-- bench:begin -->", "<!-- bench:end -->"
HEADING = "## Benchmarks"

AT_MOST, AT_LEAST = "≤", "≥"


@dataclass(frozen=True)
class Result:
    """One line: what was measured and what it is compared with.

    `sign` and `limit` say what the ratio must be. It is our time over the other's if
    it must be small, the other's over ours if it must be great.
    """

    what: str
    ms: float
    queries: float | None
    other: str = ""
    other_ms: float | None = None
    other_queries: float | None = None
    sign: str = AT_MOST
    limit: float | None = None
    # One of many that a line sums up: left out where there is little room.
    is_detail: bool = False
    # Of what is in place of the times, if it is something else.
    unit: str = "ms"

    @property
    def ratio(self) -> float | None:
        """How many times the other's time this takes, or the other way round."""
        if self.other_ms is None:
            return None
        ratio = self.ms / self.other_ms
        return ratio if self.sign == AT_MOST else 1 / ratio

    @property
    def is_missed(self) -> bool:
        """Whether there is a limit that the ratio does not keep."""
        if self.limit is None or self.ratio is None:
            return False
        # What the table shows is what counts.
        ratio = round(self.ratio, 2)
        return ratio > self.limit if self.sign == AT_MOST else ratio < self.limit


@dataclass(frozen=True)
class Report:
    """All lines of a run, and what it ran on."""

    setting: str
    results: Sequence[Result]
    notes: Sequence[str]

    @property
    def compared(self) -> list[Result]:
        """The results that are more than details and compare with something."""
        return [
            result
            for result in self.results
            if not result.is_detail and result.ratio is not None
        ]

    @property
    def missed(self) -> list[Result]:
        """The results that miss their limit."""
        return [result for result in self.results if result.is_missed]


def _time(ms: float | None, unit: str) -> str:
    if ms is None:
        return ""
    return f"{ms:,.0f} {unit}" if ms >= 100 else f"{ms:.3g} {unit}"


def _count(queries: float | None) -> str:
    return "" if queries is None else f"{queries:,.0f}"


def _verdict(result: Result) -> str:
    if result.limit is None or result.ratio is None:
        return ""
    return f"{result.sign} {result.limit:.3g}" + (
        " **missed**" if result.is_missed else ""
    )


def _row(cells: list[str]) -> str:
    return f"| {' | '.join(cells)} |"


def _line(result: Result) -> str:
    return _row(
        [
            result.what,
            _time(result.ms, result.unit),
            _count(result.queries),
            result.other,
            _time(result.other_ms, result.unit),
            _count(result.other_queries),
            "" if result.ratio is None else f"{result.ratio:.2f}",
            _verdict(result),
        ]
    )


def _short_line(result: Result) -> str:
    return _row([result.what, result.other, f"{result.ratio:.2f}", _verdict(result)])


def to_short_markdown(report: Report) -> str:
    """Return what is compared, the ratio and its goal, as the README shows it."""
    lines = [
        report.setting,
        "",
        "| operation | compared with | ratio | goal |",
        "| --- | --- | ---: | --- |",
        *map(_short_line, report.compared),
    ]
    return "\n".join(lines)


def to_markdown(report: Report) -> str:
    """Return the table with what it was measured on, times and notes."""
    lines = [
        report.setting,
        "",
        "| operation | time | queries | compared with | its time | queries | ratio | |",
        "| --- | ---: | ---: | --- | ---: | ---: | ---: | --- |",
        *map(_line, report.results),
    ]
    if report.notes:
        lines += ["", *(f"- {note}" for note in report.notes)]
    return "\n".join(lines)


def write_table(path: Path, table: str) -> bool:
    """Put the table between its two marks; tell whether there was a place for it.

    Without marks, it goes right below the heading.
    """
    text = path.read_text() if path.is_file() else ""
    block = f"{BEGIN}\n\n{table}\n\n{END}"
    if BEGIN in text and END in text:
        before, _, rest = text.partition(BEGIN)
        fresh = before + block + rest.partition(END)[2]
    elif f"\n{HEADING}\n" in text:
        fresh = text.replace(f"\n{HEADING}\n", f"\n{HEADING}\n\n{block}\n", 1)
    else:
        return False
    path.write_text(fresh)
    return True
