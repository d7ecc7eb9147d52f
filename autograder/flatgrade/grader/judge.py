"""The judge: one exercise of one submission, decided outside the student's process.

Outputs first, on all cases, by the untouched functions: if they are right, nothing is traced and the points are full.
Else a staged answer is judged stage by stage, any other by its outputs; what is not charged earns its points.
"""

from __future__ import annotations

import time
from collections.abc import Sequence
from contextlib import suppress

from flatgrade.core.exercise import Case, Exercise
from flatgrade.core.finding import Finding, Verdict
from flatgrade.grader.cases import Asks, CaseResult, run_cases, verdict_of
from flatgrade.grader.messages import changed_finding
from flatgrade.grader.outputwise import judge_outputs, output_records
from flatgrade.grader.passes import passes_findings
from flatgrade.grader.record import ExerciseRecord, StageRecord
from flatgrade.grader.reference import Solution
from flatgrade.grader.sandbox import WorkerGoneError
from flatgrade.grader.stagewise import cheapest, judge_stages, stage_records

_MAX_FINDINGS = 8


def judge_exercise(solution: Solution, cases: Sequence[Case], worker: Asks, seconds: float) -> ExerciseRecord:
    """Judge one exercise on `cases`; `seconds` limits one call. Raises WorkerGoneError if the worker is lost."""
    began = time.perf_counter()
    exercise = solution.exercise
    results = run_cases(solution, cases, worker, seconds)
    verdict = verdict_of(results)
    stages, findings = _rows(solution, results, verdict, worker, seconds)
    earned = _earned(exercise, stages)
    if verdict is not Verdict.PASS and earned >= exercise.points:
        earned -= _least(exercise)  # a wrong output always costs something
    if changed := sorted({name for result in results for name in result.reply.changed}):
        verdict = Verdict.WRONG if verdict is Verdict.PASS else verdict
        earned = max(0.0, earned - _least(exercise))
        findings.append(changed_finding(changed))
    if verdict is Verdict.WRONG:
        with suppress(WorkerGoneError):  # a diagnosis is no part of the verdict, whatever becomes of it
            told = passes_findings(exercise, results, worker)
            findings = [*findings[: _MAX_FINDINGS - len(told)], *told]
    return ExerciseRecord(
        name=exercise.name,
        notebook="",
        cell="",
        verdict=verdict,
        earned=round(earned, 6),
        points=exercise.points,
        stages=stages,
        findings=tuple(findings[:_MAX_FINDINGS]),
        cases_passed=sum(result.ok for result in results),
        cases_run=len(results),
        seconds=round(time.perf_counter() - began, 3),
    )


def no_points(exercise: Exercise) -> tuple[StageRecord, ...]:
    """The rows of an exercise of which nothing could be seen."""
    return (stage_records if exercise.stages else output_records)(exercise, Verdict.MISSING)


def _rows(
    solution: Solution, results: Sequence[CaseResult], verdict: Verdict, worker: Asks, seconds: float
) -> tuple[tuple[StageRecord, ...], list[Finding]]:
    exercise = solution.exercise
    if verdict is Verdict.PASS:
        return (stage_records if exercise.stages else output_records)(exercise, verdict), []
    if not solution.references:
        rows, findings = judge_outputs(solution, results)
    elif verdict in (Verdict.WRONG, Verdict.ERROR, Verdict.FORBIDDEN, Verdict.NOT_WRITTEN):
        rows, findings = judge_stages(solution, results, verdict, worker, seconds)
    else:
        rows, findings = no_points(exercise), []
    explained = bool(findings)
    if verdict is not Verdict.NOT_WRITTEN or not explained:
        findings += _output_findings(results, explained=explained)
    return rows, findings


def _earned(exercise: Exercise, rows: Sequence[StageRecord]) -> float:
    """A charged stage that has no points of its own costs as much as the cheapest one that has."""
    free = sum(row.verdict is Verdict.WRONG and not row.points for row in rows)
    return max(0.0, sum(row.earned for row in rows) - free * cheapest(exercise))


def _least(exercise: Exercise) -> float:
    return cheapest(exercise) if exercise.stages else exercise.points / len(exercise.returns)


def _output_findings(results: Sequence[CaseResult], *, explained: bool) -> list[Finding]:
    """Where the failing cases are all special ones, say which; where nothing was explained, say what is wrong."""
    failed = sorted((result for result in results if not result.ok), key=lambda result: not result.broken)
    findings = []
    if not explained or any(result.broken for result in failed):
        findings += list({str(fault[1]): fault[1] for result in failed if (fault := result.worst)}.values())[:2]
    special = [result.case.label for result in failed if not result.case.generic]
    generic = [result.ok for result in results if result.case.generic]
    if special and generic and all(generic):
        findings.append(Finding(f"Right on typical inputs, wrong on: {'; '.join(special)}.", "What is special there?"))
    return findings
