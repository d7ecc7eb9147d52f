"""Call a student's code inside the student's own notebook: its output is kept and capped, its time is limited."""

from __future__ import annotations

import contextlib
import io
from collections.abc import Iterator
from typing import TextIO

from flatgrade.core.timeout import time_limit

PRINTED = 1000  # characters of a function's output that are kept


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
    """Run the block with its output taken, and raise TimeUp in it after `seconds`; KeyboardInterrupt passes through."""
    printed = Printed()
    taken: TextIO = printed  # type: ignore[assignment]  # a TextIOBase is all that print and redirect need
    with contextlib.redirect_stdout(taken), contextlib.redirect_stderr(taken), time_limit(seconds):
        yield printed
