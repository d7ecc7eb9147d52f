"""A time limit on a student's code in this very process, where the system has alarms (not on Windows)."""

from __future__ import annotations

import contextlib
import signal
import sys
import threading
from collections.abc import Iterator
from types import FrameType

_AGAIN = 0.2  # seconds until the next alarm, where a bare `except:` has swallowed one


class TimeUp(BaseException):
    """The time is over. Not an Exception, so that a student's `except Exception` does not swallow it."""


@contextlib.contextmanager
def time_limit(seconds: float) -> Iterator[None]:
    """Raise TimeUp in the block after `seconds`, and again until it ends.

    The limit holds on the main thread only; elsewhere, and where there are no alarms, the block runs without one.
    """
    if sys.platform == "win32" or threading.current_thread() is not threading.main_thread():
        yield
        return
    over = False

    def stop(_number: int, _frame: FrameType | None) -> None:
        if not over:
            raise TimeUp

    previous = signal.signal(signal.SIGALRM, stop)
    signal.setitimer(signal.ITIMER_REAL, seconds, _AGAIN)
    try:
        yield
    finally:
        over = True
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, previous)
