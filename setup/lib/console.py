"""One line per step with its time, and one clear line for a failure."""

import signal
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager


class Failure(Exception):
    """Something the person at the keyboard can mend: the text names the remedy."""


def say(text: str) -> None:
    """Print a line at once, also when the output is a pipe."""
    print(text, flush=True)


def notice(text: str) -> None:
    """Print a line that nobody has to act on."""
    say(f"  note: {text}")


@contextmanager
def step(text: str) -> Iterator[None]:
    """Print what is being done and, when it is done, how long it took."""
    print(f"  {text} ...", end="", flush=True)
    started = time.monotonic()
    try:
        yield
    except BaseException:
        say(" failed")
        raise
    say(f" {time.monotonic() - started:.1f} s")


def _interrupt(_signal: int, _frame: object) -> None:
    raise KeyboardInterrupt


def main(command: Callable[[list[str]], int]) -> None:
    """Run ``command`` as a program: failures become one line and exit code 1."""
    # Cleaning up must also happen when a service manager or CI ends the command.
    signal.signal(signal.SIGTERM, _interrupt)
    try:
        code = command(sys.argv[1:])
    except Failure as failure:
        print(f"{sys.argv[0]}: {failure}", file=sys.stderr, flush=True)
        code = 1
    except KeyboardInterrupt:
        code = 130
    sys.exit(code)
