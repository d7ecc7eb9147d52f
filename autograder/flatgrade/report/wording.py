"""How numbers, verdicts and foreign texts are worded, the same in a cell, on the page and in a terminal."""

from __future__ import annotations

import unicodedata
from typing import TYPE_CHECKING

from flatgrade.core.finding import Finding, Verdict

if TYPE_CHECKING:
    from flatgrade.grader.record import ExerciseRecord, SpeedRecord, StageRecord

MOST_TEXT = 600  # characters of one text that are shown
# They turn the order of everything after them, and a terminal has no fence against it.
_TURNING = frozenset("\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")

_SENTENCES = {
    Verdict.NOT_WRITTEN: "Not written yet.",
    Verdict.MISSING: "There was nothing to run.",
    Verdict.ERROR: "It stops with an error.",
    Verdict.TIMEOUT: "It was stopped: out of time.",
    Verdict.MEMORY: "It was stopped: out of memory.",
    Verdict.OUTPUT_LIMIT: "It was stopped: too much output.",
    Verdict.CRASHED: "The process that ran it ended.",
    Verdict.FORBIDDEN: "It was stopped: it tried what is not allowed here.",
    Verdict.MALFORMED: "What came back cannot be read.",
    Verdict.GRADER_FAULT: "The grader failed here, not the answer: it costs no points and will be graded again.",
}
_STAGES = {Verdict.PASS: "right", Verdict.WRONG: "an error starts here"}


def plain(text: str) -> str:
    """`text` on one line and at most MOST_TEXT characters long, fit for a terminal and for UTF-8.

    A control character, half a surrogate pair or a sign that turns the direction of writing becomes U+FFFD.
    """
    line = " ".join(text.split())
    if len(line) > MOST_TEXT:
        line = line[: MOST_TEXT - 4] + " ..."
    return "".join("\ufffd" if unicodedata.category(c) in ("Cc", "Cs") or c in _TURNING else c for c in line)


def number(value: float) -> str:
    """Points for a reader: at most two decimals, none where there is nothing to show (7.5, 10, 3.33)."""
    return f"{value:.2f}".rstrip("0").rstrip(".")


def counted(count: float, noun: str) -> str:
    """A number with its noun: 1 student, 12 students."""
    return f"{number(count)} {noun}" if count == 1 else f"{number(count)} {noun}s"


def stage_words(verdict: Verdict) -> str:
    """What the verdict of a stage says: right, an error starts here, or nothing shows that it is right."""
    return _STAGES.get(verdict, "nothing shows that it is right")


def shown_stages(record: ExerciseRecord) -> tuple[StageRecord, ...]:
    """The stages, where they say more than the verdict does: some are right and some are not."""
    return record.stages if len({stage.verdict for stage in record.stages}) > 1 else ()


def points(record: ExerciseRecord) -> str:
    """The points of an exercise: "7.5 of 10 points"; none where the grader failed."""
    if record.verdict is Verdict.GRADER_FAULT:
        return "not graded"
    return f"{number(record.earned)} of {counted(record.points, 'point')}"


def stage_points(stage: StageRecord) -> str:
    """The points of a stage: "1 / 2"."""
    return f"{number(stage.earned)} / {number(stage.points)}" if stage.points else "no points"


def speed_words(speed: SpeedRecord) -> str:
    """How long a right answer takes beside the reference, and what that earns.

    "Time: 12.3 ms; the reference takes 4.1 ms, so that is 3 times as long (both measured in one run, one thread)."
    """
    if speed.student_ms is None or speed.ratio is None:
        said = f"Your answer was not timed: {plain(speed.what)} The reference takes {milliseconds(speed.reference_ms)}."
    else:
        said = (
            f"Time: {milliseconds(speed.student_ms)}; the reference takes {milliseconds(speed.reference_ms)}, so yours "
            f"is {number(speed.ratio)} times that (both measured in one run, one thread)."
        )
    if not speed.points:
        return said
    return (
        f"{said} {number(speed.earned)} of {counted(speed.points, 'point')} for {number(speed.within)} times at most."
    )


def milliseconds(value: float) -> str:
    """A time for a reader: three digits (0.123 ms, 12.3 ms, 1230 ms)."""
    return f"{float(f'{value:.3g}'):g} ms"


def outcome(record: ExerciseRecord) -> str:
    """One sentence on the verdict of an exercise: "Right on all 12 cases."."""
    if record.verdict in _SENTENCES:
        return _SENTENCES[record.verdict]
    if record.verdict is Verdict.PASS:
        return f"Right on all {counted(record.cases_run, 'case')}." if record.cases_run > 1 else "Right."
    return f"Right on {record.cases_passed} of {counted(record.cases_run, 'case')}." if record.cases_run else "Wrong."


def place(exercise: str, finding: Finding) -> str:
    """Where a finding is: "svm_loss line 13: dW", with whatever of line and stage is known."""
    line = f" line {finding.line}" if finding.line else ""
    stage = f": {finding.stage}" if finding.stage else ""
    return plain(f"{exercise}{line}{stage}")
