"""The class page: one HTML file, nothing loaded from anywhere, for whoever grades or teaches the class."""

from __future__ import annotations

import base64
import hashlib
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from markupsafe import Markup

from flatgrade.grader.record import ExerciseRecord, Record
from flatgrade.report.chart import histogram_svg
from flatgrade.report.html import TEMPLATES, environment
from flatgrade.report.statistics import class_figures
from flatgrade.report.table import Row, class_rows, is_graded
from flatgrade.report.wording import counted

Planted = Mapping[str, Sequence[tuple[str, str, str]]]


@dataclass(frozen=True)
class PlantedMistake:
    """A mistake that a demo planted; whether it was found at its stage (at `line`, 0 if unknown), and named."""

    exercise: str
    stage: str
    tag: str
    found: bool
    named: bool
    line: int


@dataclass(frozen=True)
class _Student:
    """One student of the page, at place `index`: the Record, its row of the table, what was planted."""

    index: int
    record: Record
    row: Row
    planted: tuple[PlantedMistake, ...]

    @property
    def graded(self) -> bool:
        return is_graded(self.record)

    @property
    def exercises(self) -> dict[str, ExerciseRecord]:
        return {exercise.name: exercise for exercise in self.record.exercises}

    @property
    def trouble(self) -> str:
        """What a person must see to before this is a grade, or because the submission did not run as handed in."""
        ours = (
            "The grader itself failed: run the grading again; the export waits for it." if self.record.blocked else ""
        )
        return f"{ours} {self.record.problem}".strip()


def class_page(records: Sequence[Record], title: str, planted: Planted | None = None) -> str:
    """The whole page as text, to be written as UTF-8.

    `planted` maps a student to the (exercise, stage, tag) of each mistake that a demo planted; the page then shows
    what was planted beside what was found. The page allows no script but its own, whose hash it states.
    """
    script = (TEMPLATES / "class.js").read_text(encoding="utf-8")
    students = [
        _Student(i, record, row, planted_mistakes(record, (planted or {}).get(record.student, ())))
        for i, (record, row) in enumerate(zip(records, class_rows(records), strict=True))
    ]
    figures = class_figures(records)
    template = environment().get_template("class.html.j2")
    return template.render(
        title=title,
        assignments=sorted({record.assignment for record in records}),
        students=students,
        figures=figures,
        histogram=histogram_svg(figures.bins, figures.median),
        planted=None if planted is None else [item for student in students for item in student.planted],
        exercises=list(dict.fromkeys(item.name for record in records for item in record.exercises)),
        provenance=_provenance(records),
        script=Markup(script),  # noqa: S704 -- our own file
        script_hash=base64.b64encode(hashlib.sha256(script.encode()).digest()).decode("ascii"),
    )


def planted_mistakes(record: Record, planted: Sequence[tuple[str, str, str]]) -> tuple[PlantedMistake, ...]:
    """Look up each planted (exercise, stage, tag) among the findings of the Record."""
    found = []
    for exercise, stage, tag in planted:
        findings = [item for one in record.exercises if one.name == exercise for item in one.findings]
        here = [item for item in findings if item.stage == stage]
        named = any(item.mistake == tag for item in findings)
        line = next((item.line for item in here if item.line), 0)
        found.append(PlantedMistake(exercise, stage, tag, bool(here), named, line))
    return tuple(found)


def _provenance(records: Sequence[Record]) -> list[str]:
    """What made these grades: levels of confinement and versions, with how many submissions each."""
    levels = Counter(f"sandbox {record.sandbox}" for record in records if record.sandbox)
    versions = Counter(
        ", ".join(f"{name} {version}" for name, version in record.versions.items())
        for record in records
        if record.versions
    )
    return [f"{made}: {counted(count, 'submission')}." for made, count in (*levels.items(), *versions.items())]
