"""Judge a wrong answer without stages by its outputs: each is a row of equal points, as a stage is elsewhere."""

from __future__ import annotations

from collections.abc import Sequence

from flatgrade.core.exercise import Exercise
from flatgrade.core.finding import Finding, Verdict
from flatgrade.core.unstaged import Returned, account
from flatgrade.grader.cases import CaseResult, Fault, numbers
from flatgrade.grader.messages import named_output_finding
from flatgrade.grader.record import StageRecord
from flatgrade.grader.reference import Solution


def judge_outputs(solution: Solution, results: Sequence[CaseResult]) -> tuple[tuple[StageRecord, ...], list[Finding]]:
    """The outputs with their points, and what there is to say of those whose mistake is known."""
    exercise = solution.exercise
    cases = [
        Returned(
            result.case.inputs,
            numbers(exercise, result),
            frozenset(name for name in exercise.returns if result.right(name)),
            result.case.generic,
        )
        for result in results
    ]
    known = () if any(result.unwritten for result in results) else solution.mistakes
    found = account(solution.plain, known, cases)
    verdicts = {name: Verdict.WRONG if name in found.charged else Verdict.PASS for name in exercise.returns}
    verdicts |= {name: Verdict.MISSING for name in exercise.returns if any(_absent(name, item) for item in results)}
    findings = [named_output_finding(output, mistake) for output, group in found.named.items() for mistake in group]
    if findings:  # what else is wrong is said beside them; where nothing is named, the judge says what is wrong
        findings += [item for name in found.charged if name not in found.named for item in _unnamed(name, results)]
    return tuple(_record(exercise, name, verdict) for name, verdict in verdicts.items()), findings


def _unnamed(name: str, results: Sequence[CaseResult]) -> list[Finding]:
    """What is wrong with the numbers of an output; nothing where it is more than numbers, which the judge says."""
    faults = [result.faults[name] for result in results if name in result.faults]
    return [finding for _, finding in faults[:1]] if all(kind is Fault.VALUES for kind, _ in faults) else []


def _absent(name: str, result: CaseResult) -> bool:
    """True if the plan ended before the output was there."""
    return not result.returned and name not in result.reply.values


def output_records(exercise: Exercise, verdict: Verdict) -> tuple[StageRecord, ...]:
    """One record an output, all with the same verdict."""
    return tuple(_record(exercise, name, verdict) for name in exercise.returns)


def _record(exercise: Exercise, name: str, verdict: Verdict) -> StageRecord:
    points = exercise.points / len(exercise.returns)
    return StageRecord(name, verdict, points if verdict is Verdict.PASS else 0.0, points)
