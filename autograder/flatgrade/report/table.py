"""One row a student: points, the first wrong line, the mistake named. The page and the terminal show these rows."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from flatgrade.core.finding import Finding, Verdict
from flatgrade.grader.record import ExerciseRecord, Record
from flatgrade.report.wording import number, outcome, place, plain


@dataclass(frozen=True)
class Row:
    """What a table says of one student; all texts are fit for a terminal.

    `points` is "17.5 / 20", or "not graded"; `symbols` has one verdict sign an exercise; `where` is the first wrong
    line ("svm_loss line 13: dW", "" if all is right); `mistake` the tag of the mistake there ("" if it has no name);
    `hint` its advice, or what is known where it has no name; `more` counts the other findings.
    """

    student: str
    points: str
    symbols: str
    where: str = ""
    mistake: str = ""
    hint: str = ""
    more: int = 0


def class_rows(records: Iterable[Record]) -> list[Row]:
    """One row a Record, in the order of the Records."""
    return [_row(record) for record in records]


def is_graded(record: Record) -> bool:
    """True if the Record is a grade: it has exercises, and no fault of ours stands in it."""
    return bool(record.exercises) and not record.blocked


def first_wrong(record: Record) -> tuple[ExerciseRecord, Finding | None] | None:
    """The first exercise that is not right, with its finding of the lowest line (None without findings)."""
    for exercise in record.exercises:
        if exercise.verdict is not Verdict.PASS:
            order = sorted(exercise.findings, key=lambda finding: (not finding.line, finding.line, not finding.stage))
            return exercise, next(iter(order), None)
    return None


def _row(record: Record) -> Row:
    student = plain(record.student)
    points = f"{number(record.earned)} / {number(record.points)}" if is_graded(record) else "not graded"
    symbols = "".join(exercise.verdict.symbol for exercise in record.exercises)
    wrong = first_wrong(record)
    if wrong is None:
        return Row(student, points, symbols, hint=plain(record.problem))
    exercise, finding = wrong
    if finding is None:
        return Row(student, points, symbols, exercise.name, hint=plain(outcome(exercise)))
    return Row(
        student=student,
        points=points,
        symbols=symbols,
        where=place(exercise.name, finding),
        mistake=plain(finding.mistake),
        hint=plain(finding.advice if finding.mistake and finding.advice else str(finding)),
        more=sum(len(item.findings) for item in record.exercises if item.verdict is not Verdict.PASS) - 1,
    )
