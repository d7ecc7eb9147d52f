"""The Record: one JSON object a submission, and the only truth. Everything shown is made from Records.

Its schema is documented in docs/record.md. Arrays and code never enter a Record.
"""

from __future__ import annotations

import base64
import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, replace
from typing import Any

from flatgrade.core.finding import Finding, Verdict

SCHEMA = 1


class RecordError(ValueError):
    """A text that is no Record which this version reads: one sentence."""


@dataclass(frozen=True)
class StageRecord:
    """One stage of one exercise: `verdict` PASS, WRONG (charged) or MISSING (nothing shows that it is right)."""

    name: str
    verdict: Verdict
    earned: float
    points: float


@dataclass(frozen=True)
class SpeedRecord:
    """A right answer beside the reference, in one run: milliseconds of each, the fastest of some runs, and their ratio.

    `student_ms` and `ratio` are None where the answer could not be timed; `what` says why in a sentence. `points` are
    for a ratio of `within` at most.
    """

    student_ms: float | None
    reference_ms: float
    ratio: float | None
    within: float
    earned: float
    points: float
    what: str = ""


@dataclass(frozen=True)
class ExerciseRecord:
    """What the judge decided of one exercise. `cell` is the grade_id of the test cell that it belongs to.

    `in_process` says that the test ran in the student's own process, which can tamper with it: `name` is the cell's.
    """

    name: str
    notebook: str
    cell: str
    verdict: Verdict
    earned: float
    points: float
    stages: tuple[StageRecord, ...] = ()
    findings: tuple[Finding, ...] = ()
    cases_passed: int = 0
    cases_run: int = 0
    seconds: float = 0.0
    in_process: bool = False
    speed: SpeedRecord | None = None


@dataclass(frozen=True)
class CellRecord:
    """A cell that went over a limit, or ended its process: the verdict, and one sentence."""

    notebook: str
    cell: str
    verdict: Verdict
    what: str


@dataclass(frozen=True)
class Record:
    """The result of one submission. `outputs` holds nbformat outputs: notebook -> cell key -> list of outputs.

    `problem` is one sentence where the submission could not be run as handed in ("" otherwise); it is graded all the
    same, and its exercises hold what could be decided. `cells` are those that went over a limit. `seconds` is wall
    time; `sandbox` the level of confinement.
    `files` are the contents of files that the notebooks made, by relative path: data of a student's, never trusted.
    `pseudonym` is the student's own name for the leaderboard ("": does not take part).
    """

    student: str
    assignment: str
    exercises: tuple[ExerciseRecord, ...]
    problem: str = ""
    sandbox: str = ""
    seed: str = ""
    seconds: float = 0.0
    versions: Mapping[str, str] = field(default_factory=dict)
    notes: tuple[str, ...] = ()
    cells: tuple[CellRecord, ...] = ()
    outputs: Mapping[str, Mapping[str, list[dict[str, Any]]]] = field(default_factory=dict)
    files: Mapping[str, bytes] = field(default_factory=dict)
    pseudonym: str = ""
    schema: int = SCHEMA

    @property
    def earned(self) -> float:
        """Points earned over all exercises."""
        return sum(exercise.earned for exercise in self.exercises)

    @property
    def points(self) -> float:
        """Points to be had over all exercises."""
        return sum(exercise.points for exercise in self.exercises)

    @property
    def blocked(self) -> bool:
        """True if a fault of ours must be resolved before grades are exported."""
        return any(exercise.verdict is Verdict.GRADER_FAULT for exercise in self.exercises)

    def to_json(self, *, outputs: bool = False) -> str:
        """One line of JSON; `outputs` says whether cell outputs and files are in it, too.

        With them, `from_json` gives the same Record again.
        """
        data = asdict(replace(self, files={}) if outputs else replace(self, outputs={}, files={}))
        del data["files"]
        if outputs:
            data["files"] = {name: base64.b64encode(content).decode("ascii") for name, content in self.files.items()}
        else:
            del data["outputs"]
        data["earned"], data["points"] = self.earned, self.points
        return json.dumps(data)  # ASCII: a lone surrogate from a student's text cannot be encoded otherwise

    @classmethod
    def from_json(cls, text: str) -> Record:
        """Read what `to_json` wrote. Raises RecordError for another schema, and for a text that is no Record."""
        try:
            data = json.loads(text)
            schema = data["schema"]
        except (ValueError, TypeError, KeyError):
            raise RecordError("this is no Record: it is not a JSON object with a schema") from None
        if schema != SCHEMA:
            raise RecordError(
                f"this Record has schema {schema!r}, and this version of Flatgrade reads schema {SCHEMA}: "
                "grade the submission again"
            )
        try:
            del data["earned"], data["points"]  # sums over the exercises
            exercises = tuple(_exercise(item) for item in data.pop("exercises"))
            files = {name: base64.b64decode(content) for name, content in data.pop("files", {}).items()}
            cells = tuple(CellRecord(verdict=Verdict(item.pop("verdict")), **item) for item in data.pop("cells", ()))
            return cls(exercises=exercises, notes=tuple(data.pop("notes")), cells=cells, files=files, **data)
        except (KeyError, TypeError, ValueError) as error:
            raise RecordError(f"this is no whole Record: {type(error).__name__}: {error}") from None


def _exercise(data: dict[str, Any]) -> ExerciseRecord:
    speed = data.pop("speed", None)
    return ExerciseRecord(
        speed=SpeedRecord(**speed) if speed else None,
        verdict=Verdict(data.pop("verdict")),
        stages=tuple(StageRecord(verdict=Verdict(item.pop("verdict")), **item) for item in data.pop("stages")),
        findings=tuple(Finding(**item) for item in data.pop("findings")),
        **data,
    )
