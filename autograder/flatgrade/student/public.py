"""The public part of an exercise: contract, figures, slopes, and the table of stages where something is left to do."""

from __future__ import annotations

import contextlib
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any

import numpy as np

from flatgrade.core.draw import draw_inputs, sizes
from flatgrade.core.exercise import Case, Exercise, Stage
from flatgrade.core.finding import Finding, Verdict
from flatgrade.core.gradients.consistency import consistency, fits_along, letter_sizes
from flatgrade.core.gradients.slope import Agreement
from flatgrade.core.trace import Trace, told_line
from flatgrade.student.draw import circuit_picture
from flatgrade.student.limits import Printed
from flatgrade.student.picture import Picture
from flatgrade.student.public_figures import compare_outputs, compare_stages
from flatgrade.student.result import CheckResult, Row, State
from flatgrade.student.subject import EndedError, Subject

SEED = 493
WIDE = {"N": 20, "D": 3073, "H": 50, "C": 10}  # pictures of 32x32x3 and a bias column, in ten classes
WIDE_BY = 0.17  # seconds since the start of the check by which the run at real width must be over
WIDE_CALLS = 70  # calls of the function that it takes, a gradient
FINDINGS = 2
_FEW_DIGITS = (np.float32, np.float16)
SUMMARY = {
    Verdict.WRONG: "not right yet.",
    Verdict.NOT_WRITTEN: "not written yet.",
    Verdict.MISSING: "not found.",
    Verdict.GRADER_FAULT: "not checked.",
}


class _LateError(Exception):
    """The time for the run at real width is over."""


@dataclass
class PublicPart:
    """One check of `subject`, which began at the time `began` (seconds of `perf_counter`).

    `seconds` is what it may take at most; `known` tells of stages and outputs whether they are right.
    """

    subject: Subject
    seconds: float
    began: float
    known: dict[str, bool] = field(default_factory=dict)
    coarse: str = ""  # what keeps the slopes from being measured
    looked_at: tuple[str, Mapping[str, Any]] = ("", MappingProxyType({}))  # where, and on which inputs, it ended

    def run(self, printed: Printed) -> str:
        """Run everything; a sentence on what is right. Raises EndedError at the first thing that is not."""
        exercise, subject = self.subject.exercise, self.subject
        subject.check_arguments()
        outputs = {}
        for case in exercise.cases:
            self.looked_at = _label(case), case.inputs
            outputs[case.label] = subject.run(case.inputs, f' on "{case.label}"')
            printed.closed_book = True
        figures = compare_outputs(exercise, outputs)
        self.known |= figures.right
        # A wrong gradient of a right loss is told better by the slopes.
        slopes = None if set(figures.findings) - set(exercise.gradients) else self._slopes()
        if figures.findings:
            subject.check_written(self.looked_at[1])
            stages = compare_stages(exercise, subject.trace)
            figures.findings |= {name: finding for name, finding in stages.findings.items() if not self.known.get(name)}
            wrong = figures.wrong(exercise)[:FINDINGS]
            case = {**stages.cases, **figures.cases}[wrong[0].stage]
            self.looked_at = _label(case), case.inputs
            raise EndedError(Verdict.WRONG, *wrong)
        return self._sentence(slopes)

    def ended(self, end: EndedError) -> CheckResult:
        """The result of a check that ended early, with the table of stages."""
        subject = self.subject
        text = subject.text.split("\n") if subject.text else []
        excerpt = tuple((line, text[line - 1].strip()) for line in end.lines if 0 < line <= len(text))
        summary = SUMMARY.get(end.verdict, "stopped.")
        self.known |= {finding.stage: False for finding in end.findings if finding.stage}
        rows = self._rows()
        picture = self._picture(rows) if end.verdict is Verdict.WRONG else None
        return CheckResult(subject.exercise.name, end.verdict, summary, end.findings, excerpt, rows, picture=picture)

    def _slopes(self) -> Agreement | None:
        """Compare the gradients with the student's own loss; None where there are none, or the time is too short."""
        subject, exercise = self.subject, self.subject.exercise
        inputs = draw_inputs(exercise, np.random.default_rng(SEED))
        at = f" for {_sizes(exercise, inputs)}"
        self.looked_at = f"random inputs{f' ({shown})' if (shown := _sizes(exercise, inputs)) else ''}", inputs
        start = time.perf_counter()
        outputs = subject.run(inputs, at)
        loss = np.asarray(outputs[exercise.loss]).dtype
        self.coarse = f": {exercise.loss} is {loss}, leave the arrays in float64" if loss in _FEW_DIGITS else ""
        calls = sum(2 * np.size(inputs[name]) for name in exercise.gradients.values())
        if not calls or (time.perf_counter() - start) * calls > self.seconds / 2:
            return None
        found = consistency(exercise, lambda moved: subject.again(moved, at), inputs, subject.function)
        self.known |= found.stages
        if found.agreement is Agreement.DISAGREE:
            coarse = [_coarse(name, outputs[name]) for name in exercise.gradients]
            findings = [*filter(None, coarse), *found.findings]
            raise EndedError(Verdict.WRONG, *findings[:FINDINGS], lines=found.lines)
        if found.agreement is Agreement.AGREE:
            self._wide(f" for {_sizes(exercise, inputs)}")
        return found.agreement

    def _wide(self, small: str) -> None:
        """The same at the width of real data, along random directions, where there is time for it."""
        subject, exercise = self.subject, self.subject.exercise
        if "D" not in sizes(exercise):
            return
        inputs = draw_inputs(exercise, np.random.default_rng(SEED), WIDE)
        for name in set(exercise.gradients.values()):
            if np.ndim(inputs[name]) > 1:  # so that scores keep their size
                inputs[name] /= np.sqrt(len(inputs[name]))
        at = f" for {_sizes(exercise, inputs)}"
        start = time.perf_counter()
        subject.run(inputs, at)
        now = time.perf_counter()
        if now - self.began + (now - start) * WIDE_CALLS * len(exercise.gradients) > WIDE_BY:
            return

        def run(moved: Mapping[str, Any]) -> Mapping[str, Any]:
            if time.perf_counter() - self.began > WIDE_BY:
                raise _LateError
            return subject.again(moved, at)

        with contextlib.suppress(_LateError):  # what is not finished in time is no news
            if not fits_along(exercise, run, inputs):
                fact = f"{_fits(exercise)}{small}, and no longer{at}."
                raise EndedError(Verdict.WRONG, Finding(fact, "Is a size written as a number somewhere?"))

    def _sentence(self, slopes: Agreement | None) -> str:
        exercise = self.subject.exercise
        count = len(exercise.cases)
        said = ["the public case is right" if count == 1 else f"the {count} public cases are right"] if count else []
        if exercise.gradients:
            fits = _fits(exercise)
            said.append(fits if slopes is Agreement.AGREE else f"whether {fits} could not be measured{self.coarse}")
        return f"{', and '.join(said) or 'it runs'}."

    def _rows(self) -> tuple[Row, ...]:
        """The table of stages; empty where not one of them is there."""
        subject, exercise = self.subject, self.subject.exercise
        inputs = draw_inputs(exercise, np.random.default_rng(SEED))
        known = {**compare_stages(exercise, subject.trace).right, **self.known}
        trace = subject.trace(inputs)
        rows = [self._row(stage, trace, known, subject.shape(stage.name, inputs)) for stage in exercise.stages]
        return tuple(rows) if any(row.state is not State.UNSEEN for row in rows) else ()

    def _picture(self, rows: tuple[Row, ...]) -> Picture | None:
        """The circuit on the inputs that the findings are about, with the first stage that differs marked."""
        wrong = next((row.stage for row in rows if row.state is State.DIFFERS), "")
        where, inputs = self.looked_at
        with contextlib.suppress(EndedError):  # code that is not flat has no picture
            picture = circuit_picture(self.subject, inputs, where, wrong) if wrong and inputs else None
            return picture if picture and picture.marked else None
        return None

    def _row(self, stage: Stage, trace: Trace, known: Mapping[str, bool], shape: tuple[int, ...] | None) -> Row:
        letters = _shape(stage.shape)
        if stage.name in self.subject.unwritten:
            line, _ = told_line(self.subject.exercise.plan, self.subject.unwritten[stage.name])
            return Row(stage.name, line, letters, State.NOT_WRITTEN)
        versions = trace.versions.get(stage.name, [])
        if not versions:
            note = "not reached" if stage.name in self.subject.names else "no such name in your code"
            return Row(stage.name, 0, letters, State.UNSEEN, note)
        version = ([v for v in versions if v.value.shape == shape] or versions)[-1]
        found, (line, _) = _shape(version.value.shape), told_line(self.subject.exercise.plan, version.line)
        if shape is not None and version.value.shape != shape:
            note = f"expected {_shape(shape)} = {letters}"
            return Row(stage.name, line, found, State.DIFFERS, note)
        state = State.WRITTEN
        if stage.name in known:
            state = State.FITS if known[stage.name] else State.DIFFERS
        return Row(stage.name, line, f"{found} = {letters}" if stage.shape else found, state)


def _label(case: Case) -> str:
    return f'"{case.label}"'


def _shape(shape: tuple[object, ...]) -> str:
    """A shape as Python writes it, of letters or numbers; `one number` for no dimension."""
    if not shape:
        return "one number"
    return f"({', '.join(map(str, shape))}{',' if len(shape) == 1 else ''})"


def _sizes(exercise: Exercise, inputs: Mapping[str, Any]) -> str:
    """The number for each letter: `N = 5, D = 7, C = 4`."""
    found = letter_sizes(exercise, inputs)
    return ", ".join(f"{letter} = {found[letter]}" for letter in sizes(exercise) if letter in found)


def _fits(exercise: Exercise) -> str:
    """What fits where all is right: `dW fits loss`, `dx and dw fit y`."""
    names = list(exercise.gradients)
    listed = " and ".join([", ".join(names[:-1]), names[-1]] if len(names) > 1 else names)
    return f"{listed} {'fit' if len(names) > 1 else 'fits'} {exercise.loss}"


def _coarse(name: str, got: Any) -> Finding | None:
    """What is wrong with a gradient whose type cannot hold its values."""
    dtype = np.asarray(got).dtype
    if dtype.kind in "iu":
        fact = f"{name} holds whole numbers ({dtype}): what is added to it is cut off."
        return Finding(fact, f"Make {name} an array of floats.", name)
    if dtype == np.float16:
        return Finding(f"{name} is {dtype}, which keeps too few digits.", "Leave the arrays in float64.", name)
    return None
