"""The Record: one JSON object a submission, and the only truth. Everything shown is made from Records.

Its schema is documented in docs/record.md. Arrays and code never enter a Record.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, replace
from typing import Any

from flatgrade.core.finding import Finding, Verdict

SCHEMA = 1


@dataclass(frozen=True)
class StageRecord:
    """One stage of one exercise: `verdict` PASS, WRONG (charged) or MISSING (nothing shows that it is right)."""

    name: str
    verdict: Verdict
    earned: float
    points: float


@dataclass(frozen=True)
class ExerciseRecord:
    """What the judge decided of one exercise. `cell` is the grade_id of the test cell that it belongs to."""

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


@dataclass(frozen=True)
class Record:
    """The result of one submission. `outputs` holds nbformat outputs: notebook -> cell key -> list of outputs.

    `problem` is one sentence where the submission could not be run as handed in ("" otherwise); it is graded all the
    same, and its exercises hold what could be decided. `seconds` is wall time; `sandbox` the level of confinement.
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
    outputs: Mapping[str, Mapping[str, list[dict[str, Any]]]] = field(default_factory=dict)
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

    def to_json(self) -> str:
        """One line of JSON, without the cell outputs."""
        data = asdict(replace(self, outputs={}))
        del data["outputs"]
        data["earned"], data["points"] = self.earned, self.points
        return json.dumps(data)  # ASCII: a lone surrogate from a student's text cannot be encoded otherwise
