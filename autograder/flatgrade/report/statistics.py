"""What a class shows as a whole: points, verdicts, the stages that lose points, the mistakes that recur."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from math import ceil
from statistics import fmean, median

from flatgrade.core.finding import Verdict
from flatgrade.grader.record import ExerciseRecord, Record
from flatgrade.report.table import is_graded

_MOST_BINS = 20
_BIN_WIDTHS = tuple(step * 10.0**power for power in range(-1, 9) for step in (1, 2, 5))

Counts = tuple[tuple[Verdict, int], ...]  # the verdicts that occur, in the order of the class Verdict


@dataclass(frozen=True)
class Bin:
    """A bar of the histogram: `count` students with low <= points < high; low == high is full points."""

    low: float
    high: float
    count: int


@dataclass(frozen=True)
class StageFigures:
    """One stage: of `students`, how many have an error that starts there, and how many it merely did not show right."""

    name: str
    points: float
    wrong: int
    unshown: int
    students: int

    @property
    def share(self) -> float:
        """The share of students who lose the stage, 0 to 1."""
        return (self.wrong + self.unshown) / self.students


@dataclass(frozen=True)
class ExerciseFigures:
    """One exercise over the class."""

    name: str
    points: float
    mean: float
    verdicts: Counts
    stages: tuple[StageFigures, ...]


@dataclass(frozen=True)
class MistakeFigures:
    """A mistake that was named: where it occurred (exercise, stage), and to whom (indices of Records)."""

    tag: str
    hint: str
    places: tuple[tuple[str, str], ...]
    students: tuple[int, ...]


@dataclass(frozen=True)
class ClassFigures:
    """A class in figures. Points count graded submissions only; `unnamed` counts errors at a stage without a name."""

    submissions: int
    graded: int
    full: int
    points: float
    mean: float
    median: float
    verdicts: Counts
    bins: tuple[Bin, ...]
    exercises: tuple[ExerciseFigures, ...]
    mistakes: tuple[MistakeFigures, ...]
    unnamed: int
    seconds: float
    median_seconds: float


def class_figures(records: Sequence[Record]) -> ClassFigures:
    """The figures of a class, of any size; means of nobody are 0."""
    graded = [record for record in records if is_graded(record)]
    earned = [record.earned for record in graded]
    points = max((record.points for record in graded), default=0.0)
    seconds = [record.seconds for record in records]
    return ClassFigures(
        submissions=len(records),
        graded=len(graded),
        full=sum(record.earned >= record.points for record in graded),
        points=points,
        mean=fmean(earned) if earned else 0.0,
        median=median(earned) if earned else 0.0,
        verdicts=_counts([exercise for record in records for exercise in record.exercises]),
        bins=histogram(earned, points),
        exercises=_exercises(graded),
        mistakes=_mistakes(records),
        unnamed=sum(_unnamed(exercise) for record in graded for exercise in record.exercises),
        seconds=sum(seconds),
        median_seconds=median(seconds) if seconds else 0.0,
    )


def histogram(earned: Sequence[float], points: float) -> tuple[Bin, ...]:
    """Count points in at most 20 bars of one round width, and full points in a bar of their own; () without points."""
    if points <= 0:
        return ()
    width = next(width for width in _BIN_WIDTHS if points / width <= _MOST_BINS)
    lows = [i * width for i in range(ceil(points / width))]
    full = sum(value >= points for value in earned)
    # A division may round up to a bar that is not there.
    below = Counter(min(int(value / width), len(lows) - 1) for value in earned if value < points)
    bars = [Bin(low, min(low + width, points), below[i]) for i, low in enumerate(lows)]
    return (*bars, Bin(points, points, full))


def _counts(exercises: Sequence[ExerciseRecord]) -> Counts:
    counts = Counter(exercise.verdict for exercise in exercises)
    return tuple((verdict, counts[verdict]) for verdict in Verdict if counts[verdict])


def _exercises(graded: Sequence[Record]) -> tuple[ExerciseFigures, ...]:
    by_name: dict[str, list[ExerciseRecord]] = {}
    for record in graded:
        for exercise in record.exercises:
            by_name.setdefault(exercise.name, []).append(exercise)
    return tuple(
        ExerciseFigures(
            name=name,
            points=max(item.points for item in items),
            mean=fmean(item.earned for item in items),
            verdicts=_counts(items),
            stages=_stages(items),
        )
        for name, items in by_name.items()
    )


def _stages(items: Sequence[ExerciseRecord]) -> tuple[StageFigures, ...]:
    points = {stage.name: stage.points for item in items for stage in item.stages}
    counts = Counter((stage.name, stage.verdict) for item in items for stage in item.stages)
    return tuple(
        StageFigures(name, worth, counts[name, Verdict.WRONG], counts[name, Verdict.MISSING], len(items))
        for name, worth in points.items()
    )


def _unnamed(exercise: ExerciseRecord) -> int:
    """How many stages have an error that was found, but not recognised."""
    named = {finding.stage for finding in exercise.findings if finding.mistake}
    return sum(stage.verdict is Verdict.WRONG and stage.name not in named for stage in exercise.stages)


def _mistakes(records: Sequence[Record]) -> tuple[MistakeFigures, ...]:
    """Named mistakes, the most frequent first; a tag that two exercises share is one mistake."""
    hints: dict[str, Counter[str]] = {}
    places: dict[str, dict[tuple[str, str], None]] = {}
    students: dict[str, dict[int, None]] = {}
    for i, record in enumerate(records):
        for exercise in record.exercises:
            for finding in exercise.findings:
                if tag := finding.mistake:
                    hints.setdefault(tag, Counter())[finding.advice] += 1
                    places.setdefault(tag, {})[exercise.name, finding.stage] = None
                    students.setdefault(tag, {})[i] = None
    named = [
        MistakeFigures(tag, hints[tag].most_common(1)[0][0], tuple(places[tag]), tuple(students[tag])) for tag in hints
    ]
    return tuple(sorted(named, key=lambda mistake: -len(mistake.students)))
