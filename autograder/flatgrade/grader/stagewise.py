"""Judge a wrong answer stage by stage: trace it on a few cases, replay, and say which stages earn their points."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from flatgrade.core.compare import close
from flatgrade.core.exercise import Exercise
from flatgrade.core.finding import Finding, Verdict
from flatgrade.core.judgement import Judgement
from flatgrade.core.naming import diagnose
from flatgrade.core.replay import Observation
from flatgrade.core.trace import Trace
from flatgrade.grader.cases import Asks, CaseResult, is_number, numbers, request
from flatgrade.grader.messages import charge_finding, not_written_finding
from flatgrade.grader.record import StageRecord
from flatgrade.grader.reference import Solution
from flatgrade.grader.replies import read_trace

_SPECIAL_CASES = 2


def judge_stages(
    solution: Solution, results: Sequence[CaseResult], verdict: Verdict, worker: Asks, seconds: float
) -> tuple[tuple[StageRecord, ...], list[Finding]]:
    """The stages with their points, and what there is to say of those that are charged. Raises WorkerGoneError."""
    exercise = solution.exercise
    observations = [_observation(exercise, result, worker, seconds) for result in _telling(results)]
    judgement = diagnose(exercise, solution.references, observations, solution.mistakes)
    if judgement is None:
        return stage_records(exercise, Verdict.PASS), []
    stages = _judged(exercise, judgement)
    working = solution.working
    findings = [charge_finding(exercise, item, judgement, working.get(item.stage, "")) for item in judgement.charges]
    return stages, findings + (_not_written(solution, stages, results) if verdict is Verdict.NOT_WRITTEN else [])


def _not_written(solution: Solution, stages: Sequence[StageRecord], results: Sequence[CaseResult]) -> list[Finding]:
    """The first stage that nothing is seen of. A function whose outputs are all right is written, whatever it names."""
    outputs = [[name for name in call.results if name in solution.exercise.returns] for call in solution.exercise.plan]
    written = [bool(names) and all(item.right(name) for item in results for name in names) for names in outputs]
    groups = solution.references[0].groups
    missing = [row.name for row in stages if row.verdict is Verdict.MISSING and not written[groups[row.name].call]]
    return [not_written_finding(missing[0])] if missing else []


def stage_records(exercise: Exercise, verdict: Verdict) -> tuple[StageRecord, ...]:
    """One record a stage, all with the same verdict."""
    share = 1.0 if verdict is Verdict.PASS else 0.0
    return tuple(StageRecord(item.name, verdict, share * item.points, item.points) for item in exercise.stages)


def cheapest(exercise: Exercise) -> float:
    """The points of the cheapest stage that has any: the price of a fault that lies at no such stage."""
    return min((stage.points for stage in exercise.stages if stage.points), default=0.0)


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
    return [*generic, *sorted(special, key=lambda result: not result.broken)[:_SPECIAL_CASES]]


def _observation(exercise: Exercise, result: CaseResult, worker: Asks, seconds: float) -> Observation:
    outputs = numbers(exercise, result)
    found = read_trace(worker.ask(request("trace", exercise, result.case.inputs), seconds))
    trace = found if found and _same_outputs(found, outputs) else Trace()
    return Observation(result.case.inputs, outputs, trace, result.case.generic)


def _same_outputs(trace: Trace, outputs: Mapping[str, Any]) -> bool:
    """True if the traced run returned what the plain run did: else the trace tells of something else."""
    return all(
        value is None or (is_number(got := trace.returned.get(name)) and close(got, value, equal_nan=True))
        for name, value in outputs.items()
    )


def _judged(exercise: Exercise, judgement: Judgement) -> tuple[StageRecord, ...]:
    rows = []
    for stage in exercise.stages:
        if stage.name in judgement.charged:
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
