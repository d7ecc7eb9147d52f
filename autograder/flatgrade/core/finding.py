"""What the grader has to say: verdicts, and findings of two fields (a fact, an advice)."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class Verdict(StrEnum):
    """The outcome of one exercise, one stage or one cell."""

    PASS = "PASS"  # noqa: S105 -- a verdict, not a password
    WRONG = "WRONG"
    NOT_WRITTEN = "NOT_WRITTEN"
    MISSING = "MISSING"
    ERROR = "ERROR"
    TIMEOUT = "TIMEOUT"
    MEMORY = "MEMORY"
    OUTPUT_LIMIT = "OUTPUT_LIMIT"
    CRASHED = "CRASHED"
    FORBIDDEN = "FORBIDDEN"
    MALFORMED = "MALFORMED"
    GRADER_FAULT = "GRADER_FAULT"

    @property
    def symbol(self) -> str:
        """A sign that tells the verdict without colour."""
        return {"PASS": "✓", "WRONG": "✗", "NOT_WRITTEN": "…", "MISSING": "∅"}.get(self.value, "!")


@dataclass(frozen=True)
class Finding:
    """A fact, and an advice.

    `what` is true and complete by itself; `advice` says what to look at, and may be empty. `line` counts from 1 in the
    text of the student's function's cell (0: no line). `stage` names the stage that the finding is about ("" if none).
    `mistake` is the tag of a known mistake, where one was recognised.
    """

    what: str
    advice: str = ""
    stage: str = ""
    line: int = 0
    mistake: str = ""

    def __str__(self) -> str:
        return f"{self.what} {self.advice}".rstrip()
