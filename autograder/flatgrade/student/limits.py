"""Call a student's code inside the student's own notebook: its output is kept and capped, its time is limited."""

from __future__ import annotations

import contextlib
import io
import signal
import sys
import threading
from collections.abc import Iterator
from types import FrameType
from typing import TextIO

PRINTED = 1000  # characters of a function's output that are kept
AGAIN = 0.2  # seconds until the next alarm, where a bare `except:` has swallowed one


class TimeUp(BaseException):
    """The time is over. Not an Exception, so that a student's `except Exception` does not swallow it."""


class Printed(io.TextIOBase):
    """Takes what is printed and keeps the first characters; `closed_book` ends the keeping, not the taking."""

    def __init__(self) -> None:
        self.text, self.closed_book = "", False

    def writable(self) -> bool:
        """Text may be written."""
        return True

    def write(self, text: str) -> int:
        """Keep the text as far as there is room."""
        if not self.closed_book and len(self.text) < PRINTED:
            self.text += text
            if len(self.text) >= PRINTED:
                self.text = f"{self.text[:PRINTED]} ..."
        return len(text)


@contextlib.contextmanager
def guarded(seconds: float) -> Iterator[Printed]:
    """Run the block with its output taken, and raise TimeUp in it after `seconds`.

    The limit holds on the main thread of a system that has alarms (not on Windows); KeyboardInterrupt passes through.
    """
    printed = Printed()
    taken: TextIO = printed  # type: ignore[assignment]  # a TextIOBase is all that print and redirect need
    with contextlib.redirect_stdout(taken), contextlib.redirect_stderr(taken):
        if not hasattr(signal, "setitimer") or threading.current_thread() is not threading.main_thread():
            yield printed
            return
        with _alarm(seconds):
            yield printed


@contextlib.contextmanager
def _alarm(seconds: float) -> Iterator[None]:
    assert sys.platform != "win32"
    over = False

    def stop(_number: int, _frame: FrameType | None) -> None:
        if not over:
            raise TimeUp

    previous = signal.signal(signal.SIGALRM, stop)
    signal.setitimer(signal.ITIMER_REAL, seconds, AGAIN)
    try:
        yield
    finally:
        over = True
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, previous)
