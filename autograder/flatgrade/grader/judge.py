"""The judge: one exercise of one submission, decided outside the student's process.

Outputs first, on all cases, by the untouched function: if they are right, nothing is traced and the points are full.
Else the traced function is run on a few cases, replay looks for the cheapest explanation, and the stages that it does
not charge earn their points.
"""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np

from flatgrade.core.compare import close, contract_finding
from flatgrade.core.exercise import Case, Exercise
from flatgrade.core.finding import Finding, Verdict
from flatgrade.core.naming import Judgement, diagnose
from flatgrade.core.replay import Observation
from flatgrade.core.trace import Trace
from flatgrade.grader.messages import (
    WRONG_VALUES,
    changed_finding,
    charge_finding,
    not_written_findings,
    status_finding,
)
from flatgrade.grader.record import ExerciseRecord, StageRecord
from flatgrade.grader.reference import Solution
from flatgrade.grader.replies import CallReply, read_call, read_trace

_SPECIAL_CASES = 2
_FLOAT32_TOLERANCE = 1e-3
_MIXED_TOLERANCE = 1e-5
_FLOAT32_SPACING = 1.2e-7
_MAX_FINDINGS = 8


class Asks(Protocol):
    """The seam to the sandbox: one request, one reply, or WorkerGoneError."""

    def ask(self, request: dict[str, Any], seconds: float) -> dict[str, Any]:
        """Send a request to the worker and return its reply."""


@dataclass(frozen=True)
class CaseResult:
    """What the student's function did with one case. `finding` is the first thing that is wrong (None: right)."""

    case: Case
    expected: Mapping[str, Any]
    reply: CallReply
    finding: Finding | None

    @property
    def ok(self) -> bool:
        """True if every output is right."""
        return self.finding is None

    @property
    def returned(self) -> bool:
        """True if the call came to its end and returned as many values as it should."""
        return self.reply.status == "ok"


def judge_exercise(solution: Solution, cases: Sequence[Case], worker: Asks, seconds: float) -> ExerciseRecord:
    """Judge one exercise on `cases`; `seconds` limits one call. Raises WorkerGoneError if the worker is lost."""
    began = time.perf_counter()
    results = _run_cases(solution, cases, worker, seconds)
    verdict = _verdict(results)
    changed = sorted({name for result in results for name in result.reply.changed})
    findings: list[Finding] = []
    if verdict is Verdict.PASS:
        stages = _stage_records(solution.exercise, None)
    elif verdict in (Verdict.WRONG, Verdict.ERROR, Verdict.NOT_WRITTEN):
        judgement = _explanation(solution, results, worker, seconds)
        stages = _stage_records(solution.exercise, judgement)
        findings += [charge_finding(charge, judgement) for charge in judgement.charges] if judgement else []
        if verdict is Verdict.NOT_WRITTEN and judgement:
            findings += not_written_findings(stages)
        else:
            findings += _output_findings(results, bool(findings))
    else:
        stages = _stage_records(solution.exercise, None, earned=False)
        findings += [result.finding for result in results if result.finding][:1]
    earned = _earned(solution.exercise, stages, results)
    if verdict is not Verdict.PASS and earned >= solution.exercise.points:
        earned -= _cheapest(solution.exercise)  # a wrong output always costs something
    if changed:
        verdict, earned = (
            Verdict.WRONG if verdict is Verdict.PASS else verdict,
            max(0.0, earned - _cheapest(solution.exercise)),
        )
        findings.append(changed_finding(changed))
    return ExerciseRecord(
        name=solution.exercise.name,
        notebook="",
        cell="",
        verdict=verdict,
        earned=round(earned, 6),
        points=solution.exercise.points,
        stages=stages,
        findings=tuple(findings[:_MAX_FINDINGS]),
        cases_passed=sum(result.ok for result in results),
        cases_run=len(results),
        seconds=round(time.perf_counter() - began, 3),
    )


def request(kind: str, exercise: Exercise, inputs: Mapping[str, Any]) -> dict[str, Any]:
    """The request to run the exercise's plan on inputs; `kind` is call or trace (docs/protocol.md)."""
    plan = [[list(call.results), call.function, list(call.arguments)] for call in exercise.plan]
    return {"do": kind, "plan": plan, "inputs": dict(inputs), "returns": list(exercise.returns)}


def _run_cases(solution: Solution, cases: Sequence[Case], worker: Asks, seconds: float) -> list[CaseResult]:
    results: list[CaseResult] = []
    for case in cases:
        reply = read_call(worker.ask(request("call", solution.exercise, case.inputs), seconds))
        results.append(_case_result(solution, case, reply, seconds))
        if results[-1].reply.status in ("missing", "timeout", "memory", "malformed"):
            break  # every further case would end the same way, and cost its time
    return results


def _case_result(solution: Solution, case: Case, reply: CallReply, seconds: float) -> CaseResult:
    expected = solution.expected(case)
    if reply.status != "ok":
        return CaseResult(case, expected, reply, status_finding(solution.exercise, reply, seconds))
    found = [_output_finding(solution.exercise, name, reply.values, expected) for name in expected]
    # What a value is comes before how large it is.
    finding = next(iter(sorted(filter(None, found), key=lambda item: item.what.endswith(WRONG_VALUES))), None)
    return CaseResult(case, expected, reply, finding)


def _output_finding(
    exercise: Exercise, name: str, values: Mapping[str, Any], expected: Mapping[str, Any]
) -> Finding | None:
    got = values.get(name)
    broken = contract_finding(name, got, expected[name])
    tolerance = _tolerance(exercise, name, got)
    if broken or close(got, expected[name], tolerance) or _within_float32(got, expected[name]):
        return broken
    return Finding(f"{name} {WRONG_VALUES}", "", name)


def _within_float32(got: Any, want: Any) -> bool:
    """True if no entry is further off than the spacing of float32 at 1: what is left of a probability near 1."""
    return bool(np.all(np.abs(np.asarray(got) - np.asarray(want)) <= _FLOAT32_SPACING))


def _tolerance(exercise: Exercise, name: str, got: Any) -> float:
    """The tolerance of an output: an answer that goes through float32 somewhere is right as far as float32 can be."""
    least = _FLOAT32_TOLERANCE if np.asarray(got).dtype == np.float32 else _MIXED_TOLERANCE
    return max(exercise.tolerance(name), least)


def _verdict(results: Sequence[CaseResult]) -> Verdict:
    failed = [result for result in results if not result.ok]
    if not failed:
        return Verdict.PASS
    ends = {
        "missing": Verdict.MISSING,
        "timeout": Verdict.TIMEOUT,
        "memory": Verdict.MEMORY,
        "malformed": Verdict.MALFORMED,
    }
    if failed[-1].reply.status in ends:
        return ends[failed[-1].reply.status]
    if any(_not_written(result) for result in failed):
        return Verdict.NOT_WRITTEN
    return Verdict.ERROR if all(result.reply.status == "error" for result in failed) else Verdict.WRONG


def _not_written(result: CaseResult) -> bool:
    return result.finding is not None and "not written yet" in result.finding.what


def _explanation(solution: Solution, results: Sequence[CaseResult], worker: Asks, seconds: float) -> Judgement | None:
    """The cheapest explanation of what went wrong, on the cases that can tell it; None without a staged reference."""
    if not solution.references:
        return None
    observations = [_observation(solution.exercise, result, worker, seconds) for result in _telling(results)]
    return diagnose(solution.exercise, solution.references, observations, solution.mistakes)


def _telling(results: Sequence[CaseResult]) -> list[CaseResult]:
    """Cases for replay: the generic ones and two that fail, not-finite results first, since they may show a fault that
    typical numbers hide. Where all that fail raise, only those tell how far the function came.
    """
    failed = [result for result in results if not result.ok]
    ran = [result for result in failed if result.returned]
    if not ran:
        return sorted(failed, key=lambda result: not result.case.generic)[:2]
    if raised := [result for result in failed if result.case.generic and not result.returned]:
        return raised[:2]
    generic = [result for result in results if result.case.generic]
    special = [result for result in ran if not result.case.generic]
    return [*generic, *sorted(special, key=lambda result: not _contract_broken(result))[:_SPECIAL_CASES]]


def _observation(exercise: Exercise, result: CaseResult, worker: Asks, seconds: float) -> Observation:
    outputs = {
        name: value if _is_number(value) else None
        for name, value in ((name, result.reply.values.get(name)) for name in exercise.returns)
    }
    trace = Trace()
    if len(exercise.plan) == 1:
        found = read_trace(worker.ask(request("trace", exercise, result.case.inputs), seconds))
        if found is not None and _same_outputs(exercise, found, outputs, returned=result.returned):
            trace = found
    return Observation(result.case.inputs, outputs, trace, result.case.generic)


def _is_number(value: Any) -> bool:
    """True if the value is an array or number of any shape, finite or not: replay can go on from it."""
    if not isinstance(value, (int, float, np.ndarray, np.generic)) or isinstance(value, bool):
        return False
    return np.asarray(value).dtype.kind in "fiub"


def _same_outputs(exercise: Exercise, trace: Trace, outputs: Mapping[str, Any], *, returned: bool) -> bool:
    """True if the traced run returned what the plain run did: else the trace tells of something else."""
    if not returned:
        return True
    if len(trace.returned) != len(exercise.returns):
        return False
    return all(
        outputs[name] is None or (_is_number(got) and close(got, outputs[name], equal_nan=True))
        for name, got in zip(exercise.returns, trace.returned, strict=True)
    )


def _stage_records(
    exercise: Exercise, judgement: Judgement | None, *, earned: bool | None = None
) -> tuple[StageRecord, ...]:
    """One record a stage; without a judgement all stages have the same fate (`earned`, by default that they pass)."""
    rows = []
    for stage in exercise.stages:
        if judgement is None:
            verdict = Verdict.MISSING if earned is False else Verdict.PASS
        elif stage.name in judgement.charged:
            verdict = Verdict.WRONG
        else:
            verdict = Verdict.PASS if _credited(stage.name, exercise, judgement) else Verdict.MISSING
        points = stage.points if verdict is Verdict.PASS else 0.0
        rows.append(StageRecord(stage.name, verdict, points, stage.points))
    return tuple(rows)


def _credited(stage: str, exercise: Exercise, judgement: Judgement) -> bool:
    """As the judgement has it; a stage that the explaining equivalent lacks counts with the next one that it has."""
    if stage in judgement.explanation.along.groups:
        return judgement.credited(stage)
    names = [item.name for item in exercise.stages]
    later = names[names.index(stage) + 1 :]
    covering = next((name for name in later if name in judgement.explanation.along.groups), None)
    return covering is not None and judgement.credited(covering)


def _earned(exercise: Exercise, stages: Sequence[StageRecord], results: Sequence[CaseResult]) -> float:
    if stages:
        # A charged stage that has no points of its own costs as much as the cheapest one that has.
        free = sum(stage.verdict is Verdict.WRONG and not stage.points for stage in stages)
        earned = sum(stage.earned for stage in stages)
        return max(0.0, earned - free * _cheapest(exercise))
    right = [all(_right(exercise, name, result) for result in results) for name in exercise.returns]
    return exercise.points * sum(right) / len(right)


def _right(exercise: Exercise, name: str, result: CaseResult) -> bool:
    return result.returned and _output_finding(exercise, name, result.reply.values, result.expected) is None


def _output_findings(results: Sequence[CaseResult], explained: bool) -> list[Finding]:
    """Where the failing cases are all special ones, say which; where nothing was explained, say what is wrong."""
    failed = [result for result in results if not result.ok]
    findings = []
    failed.sort(key=lambda result: not _contract_broken(result))  # what a value is comes before how large it is
    shown = {str(result.finding): result.finding for result in failed if result.finding}
    if not explained or any(not result.returned or _contract_broken(result) for result in failed):
        findings += list(shown.values())[:2]
    special = [result.case.label for result in failed if not result.case.generic]
    if special and all(result.ok for result in results if result.case.generic):
        findings.append(Finding(f"Right on typical inputs, wrong on: {'; '.join(special)}.", "What is special there?"))
    return findings


def _contract_broken(result: CaseResult) -> bool:
    return result.finding is not None and not result.finding.what.endswith(WRONG_VALUES)


def _cheapest(exercise: Exercise) -> float:
    """The points of the cheapest stage that has any: the price of a fault that lies at no such stage."""
    return min((stage.points for stage in exercise.stages if stage.points), default=0.0)
