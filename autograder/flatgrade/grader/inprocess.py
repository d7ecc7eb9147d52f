"""Tests that run in the student's process: what a cell's outputs are worth, by nbgrader's rule.

An error is worth nothing, a number shown at the end is partial credit, everything else is worth all points. Where
nbgrader's own rule fails open or loses a submission, CreditRule has an option (docs/nbgrader.md).
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from flatgrade.core.finding import Finding, Verdict
from flatgrade.grader.record import ExerciseRecord
from flatgrade.grader.submission import Cell

BY_HAND, ZERO, FULL = "by hand", "zero", "full"
_VERDICTS = {
    "AssertionError": Verdict.WRONG, "TimeUp": Verdict.TIMEOUT, "MemoryError": Verdict.MEMORY,
    "OutputUp": Verdict.OUTPUT_LIMIT,
}  # fmt: skip
_NUMPY_NUMBER = re.compile(r"np\.(?:float|int|uint)\d+\((.*)\)")
_MOST_TEXT = 300
_ROUNDING = 1e-9  # a sum of shares may exceed the points by that


@dataclass(frozen=True)
class CreditRule:
    """What a course wants of odd outputs.

    `stderr_fails`: a test that writes to standard error earns nothing. `odd_credit`: what a number that is no credit
    (negative, nan, infinite, above the points) earns: BY_HAND, ZERO or FULL. `numpy_credit`: NumPy's numbers, shown as
    `np.float64(0.5)`, are partial credit, too.
    """

    stderr_fails: bool = False
    odd_credit: str = BY_HAND
    numpy_credit: bool = True


def score_test(cell: Cell, notebook: str, outputs: Iterable[Mapping[str, Any]], rule: CreditRule) -> ExerciseRecord:
    """Score a TEST cell by the outputs that it gave. MALFORMED: a person must look, nothing is earned until then.

    An error counts wherever it stands, and of several shown results the last: student code can show one, too.
    """
    result: Mapping[str, Any] | None = None
    for output in outputs:
        if output.get("output_type") == "error":
            name = str(output.get("ename"))
            return in_process_record(cell, notebook, _VERDICTS.get(name, Verdict.ERROR), 0.0, _error_text(output))
        if rule.stderr_fails and output.get("output_type") == "stream" and output.get("name") == "stderr":
            return in_process_record(cell, notebook, Verdict.WRONG, 0.0, "The test wrote to standard error.")
        if output.get("output_type") == "execute_result":
            result = output
    credit = _credit(result, rule)
    if credit is None:
        return in_process_record(cell, notebook, Verdict.PASS, cell.points)
    if 0 <= credit <= cell.points + _ROUNDING:
        earned = min(credit, cell.points)
        return in_process_record(cell, notebook, Verdict.PASS if earned == cell.points else Verdict.WRONG, earned)
    what = f"The test gave {credit:g}, which is no number of points from 0 to {cell.points:g}"
    if rule.odd_credit == BY_HAND:
        return in_process_record(cell, notebook, Verdict.MALFORMED, 0.0, f"{what}: a person must look.")
    if rule.odd_credit == FULL:
        return in_process_record(cell, notebook, Verdict.PASS, cell.points, f"{what}; it counts as all of them.")
    return in_process_record(cell, notebook, Verdict.WRONG, 0.0, f"{what}; it counts as none.")


def in_process_record(cell: Cell, notebook: str, verdict: Verdict, earned: float, what: str = "") -> ExerciseRecord:
    """Make the record of a TEST cell; `what` is a finding."""
    findings = (Finding(what),) if what else ()
    return ExerciseRecord(
        cell.key, notebook, cell.key, verdict, earned, cell.points, findings=findings, in_process=True
    )


def _credit(result: Mapping[str, Any] | None, rule: CreditRule) -> float | None:
    """Read a shown result as a number of points; None where it is something else that the test shows.

    A result without a text, which nbgrader cannot score, is no number: nan.
    """
    if result is None:
        return None
    data = result.get("data")
    text = data.get("text/plain") if isinstance(data, Mapping) else None
    if not isinstance(text, str):
        return math.nan
    if rule.numpy_credit and (match := _NUMPY_NUMBER.fullmatch(text.strip())):
        text = match[1]
    try:
        credit = float(text)
    except ValueError:
        return None
    return credit


def _error_text(output: Mapping[str, Any]) -> str:
    name, value = str(output.get("ename"))[:_MOST_TEXT], str(output.get("evalue"))
    more = " ..." if len(value) > _MOST_TEXT else ""
    return f"{name}: {value[:_MOST_TEXT]}{more}" if value else name
