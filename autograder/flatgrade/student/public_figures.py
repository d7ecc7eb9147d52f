"""The public figures of an exercise: numbers that anybody can check by hand, by output and by stage."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from flatgrade.core.compare import allowed_error, close
from flatgrade.core.exercise import Case, Exercise
from flatgrade.core.finding import Finding
from flatgrade.core.gradients.findings import apart, place
from flatgrade.core.gradients.measure import factor
from flatgrade.core.trace import Trace, told_line

_TIMES = {"2": "That is twice as much.", "1/2": "That is half as much.", "-1": "Only the sign is different."}
_BY_HAND = "The case is small: work it out by hand, line by line."


@dataclass
class Figures:
    """What was compared: `right` says by stage or output whether all figures agree, `findings` what does not.

    `cases` holds the case that each finding is about.
    """

    right: dict[str, bool] = field(default_factory=dict)
    findings: dict[str, Finding] = field(default_factory=dict)
    cases: dict[str, Case] = field(default_factory=dict)

    def compare(self, exercise: Exercise, case: Case, name: str, got: Any, line: int = 0) -> None:
        """Compare one value (a finite array or number) with the figure of `case` for `name`.

        `line` is counted as in a trace.
        """
        same = close(got, case.expect[name], exercise.tolerance(name))
        self.right[name] = self.right.get(name, True) and same
        if not same and name not in self.findings:
            self.findings[name] = _finding(exercise, case, name, np.asarray(got), line)
            self.cases[name] = case

    def wrong(self, exercise: Exercise) -> list[Finding]:
        """The findings in the order of the contract's stages; outputs that are no stage come last."""
        order = [stage.name for stage in exercise.stages] + list(exercise.returns)
        return [self.findings[name] for name in dict.fromkeys(order) if name in self.findings]


def compare_outputs(exercise: Exercise, outputs: Mapping[str, Mapping[str, Any]]) -> Figures:
    """Compare the outputs, given by label of the case and name."""
    figures = Figures()
    for case in exercise.cases:
        for name in exercise.returns:
            if name in case.expect:
                figures.compare(exercise, case, name, outputs[case.label][name])
    return figures


def compare_stages(exercise: Exercise, trace_of: Callable[[Mapping[str, Any]], Trace]) -> Figures:
    """Compare what the names of the stages held. A stage that the code does not name is left out.

    `trace_of` runs the student's function on inputs by name. A stage is right if it holds the figure after some line.
    """
    figures = Figures()
    for case in exercise.cases:
        trace = trace_of(case.inputs) if case.expect else Trace()
        for name in case.expect:
            versions = trace.versions.get(name, [])
            if not versions:
                continue
            used = trace.first_read(name)
            before = [v for v in versions if used is None or v.line < used]
            held = [v for v in versions if close(v.value, case.expect[name], exercise.tolerance(name))]
            shown = (held or before or versions)[-1]
            figures.compare(exercise, case, name, shown.value, shown.line)
    return figures


def _finding(exercise: Exercise, case: Case, name: str, got: Any, at_line: int) -> Finding:
    want, (line, told) = case.expect[name], told_line(exercise.plan, at_line)
    at = f" ({told})" if line else ""
    if got.shape != want.shape:
        fact = f'On "{case.label}", {name}{at} has shape {got.shape}; expected {want.shape}.'
        return Finding(fact, "", name, line)
    gap = np.nan_to_num(np.abs(got - want) - allowed_error(want, 0.0), nan=np.inf)
    worst = tuple(int(i) for i in np.unravel_index(int(np.argmax(gap)), gap.shape))
    mine, theirs = apart(float(got[worst]), float(want[worst]))
    advice = _TIMES.get(factor(np.asarray(got, dtype=np.float64), want, 1), _BY_HAND)
    if got.dtype in (np.float32, np.float16):
        advice = f"It is {got.dtype}, which keeps too few digits: leave the arrays in float64."
    elif got.dtype.kind in "iu" and np.any(want % 1):
        advice = f"It holds whole numbers ({got.dtype}): what stands behind the point was cut off."
    return Finding(f'On "{case.label}", {place(name, worst)}{at} is {mine}; expected {theirs}.', advice, name, line)
