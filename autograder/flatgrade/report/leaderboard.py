"""The leaderboard of an assignment: the fastest right answers, by pseudonyms that students chose, by ratio alone.

Whoever gave no pseudonym is not on it. No name of a student's stands on the page, so that it can be shown to all.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from flatgrade.grader.record import Record
from flatgrade.report.html import environment
from flatgrade.report.wording import plain


@dataclass(frozen=True)
class Place:
    """One place: equal ratios share a rank. Milliseconds are those of one run on one machine: compare the ratios."""

    rank: int
    pseudonym: str
    ratio: float
    student_ms: float
    reference_ms: float


def leaderboard(records: Iterable[Record]) -> dict[str, tuple[Place, ...]]:
    """The places for each exercise that was timed, fastest first; exercises in the order of the Records."""
    found: dict[str, list[tuple[float, str, float, float]]] = {}
    for record in records:
        for exercise in record.exercises:
            speed = exercise.speed
            if speed is None:
                continue
            timed = found.setdefault(exercise.name, [])
            if record.pseudonym and speed.ratio is not None and speed.student_ms is not None:
                timed.append((speed.ratio, plain(record.pseudonym), speed.student_ms, speed.reference_ms))
    return {name: _places(sorted(timed)) for name, timed in found.items()}


def leaderboard_page(title: str, boards: dict[str, tuple[Place, ...]]) -> str:
    """One HTML page with a table an exercise; nothing is loaded from anywhere."""
    return environment().get_template("leaderboard.html.j2").render(title=title, boards=boards)


def _places(timed: Sequence[tuple[float, str, float, float]]) -> tuple[Place, ...]:
    ratios = [item[0] for item in timed]
    return tuple(
        Place(ratios.index(ratio) + 1, pseudonym, ratio, student, reference)
        for ratio, pseudonym, student, reference in timed
    )
