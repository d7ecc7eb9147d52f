"""How fast a right answer is: a student's functions and the reference on the same inputs, in turn, in one run.

The judge holds the clock, since a student could forge one. What it sees of the student's side is the way over the wire,
too: a worker that holds none of the student's code and returns zeros of the same shapes is asked the same, in turn, and
what that takes is taken off. Every run has inputs of its own, and its results are compared like any others, so nothing
can be answered from memory.
"""

from __future__ import annotations

import time
from collections.abc import Mapping
from copy import deepcopy
from typing import Any

import numpy as np
from threadpoolctl import threadpool_limits

from flatgrade.core.exercise import Case, Exercise, Limits, Speed
from flatgrade.core.plan import run_plan
from flatgrade.grader.cases import Asks, CaseResult, compared, request
from flatgrade.grader.record import SpeedRecord
from flatgrade.grader.reference import Solution
from flatgrade.grader.replies import read_call
from flatgrade.grader.sandbox import Sandbox

RUNS, MOST = 6, 18
_FAR = 3.0  # times the ratio that was asked for: no noise comes from there
_BLUR = 0.2  # of what the wire takes: less than that cannot be told from it


def race(solution: Solution, seed: str, worker: Asks, sandbox: Sandbox, limits: Limits, profile: str) -> SpeedRecord:
    """Time the right answer that `worker` holds; the exercise has a `speed`. Raises WorkerGoneError if it is lost.

    Without a time of the student's, the record says in a sentence why.
    """
    speed = solution.exercise.speed
    assert speed is not None
    cases = solution.speed_cases(seed, MOST)
    theirs, empties, ours = [], [], []
    with sandbox.worker(limits, profile) as empty:
        zeros = _functions_of_zeros(solution.exercise, solution.expected(cases[0]))
        empty.ask({"do": "cell", "key": "zeros", "source": zeros}, limits.cell_seconds)
        clocked, wire = _Clocked(worker), _Clocked(empty)
        for case in cases:
            asked = request("call", solution.exercise, case.inputs)
            reply = read_call(clocked.ask(asked, limits.call_seconds))
            wire.ask(asked, limits.call_seconds)
            seconds, expected = timed_reference(solution, case)
            ours.append(seconds)
            result = compared(solution, case, reply, expected, limits.call_seconds)
            if not result.ok:
                return _record(speed, None, ours[-1], _why(result))
            theirs.append(clocked.seconds)
            empties.append(wire.seconds)
            # The fastest of each: whatever else runs on the machine only ever makes a run longer.
            fastest = max(min(theirs) - min(empties), _BLUR * min(empties))
            if _is_told(fastest / min(ours), speed.within, len(ours)):
                break
    return _record(speed, fastest, min(ours))


def _is_told(ratio: float, within: float, runs: int) -> bool:
    """Whether the runs are enough: six where the answer is fast, two where it is far too slow, all in between."""
    return runs >= RUNS if ratio <= within else runs > 1 and ratio > _FAR * within


def _why(result: CaseResult) -> str:
    return result.worst[1].what if result.worst else "It did not return."


class _Clocked:
    """A worker, and the seconds that its last answer took."""

    def __init__(self, worker: Asks) -> None:
        self.worker, self.seconds = worker, 0.0

    def ask(self, request: dict[str, Any], seconds: float) -> dict[str, Any]:
        """Ask the worker, and look at the clock."""
        began = time.perf_counter()
        reply = self.worker.ask(request, seconds)
        self.seconds = time.perf_counter() - began
        return reply


def timed_reference(solution: Solution, case: Case) -> tuple[float, dict[str, Any]]:
    """The seconds that the reference takes on a case, with one thread, as the student's process has; its results."""
    inputs = deepcopy(dict(case.inputs))
    with threadpool_limits(1), np.errstate(all="ignore"):
        began = time.perf_counter()
        kept = run_plan(solution.exercise.plan, solution.namespace, inputs)
        seconds = time.perf_counter() - began
    return seconds, {name: kept[name] for name in solution.exercise.returns}


def _functions_of_zeros(exercise: Exercise, like: Mapping[str, Any]) -> str:
    """Functions that the plan can call, which compute nothing: zeros of the same shapes for what is sent back."""
    lines = ["import numpy as np"]
    for call in exercise.plan:
        values = [_zeros(like[name]) if name in like else "None" for name in call.results]
        lines.append(f"def {call.function}(*inputs): return {', '.join(values)}")
    return "\n".join(lines)


def _zeros(value: Any) -> str:
    array = np.asarray(value)
    return f"np.zeros({array.shape}, np.{array.dtype.name})" if array.ndim else "0.0"


def _record(speed: Speed, theirs: float | None, ours: float, what: str = "") -> SpeedRecord:
    ratio = theirs / ours if theirs is not None else None
    fast = ratio is not None and ratio <= speed.within
    milliseconds = None if theirs is None else round(1e3 * theirs, 3)
    return SpeedRecord(
        student_ms=milliseconds,
        reference_ms=round(1e3 * ours, 3),
        ratio=None if ratio is None else round(ratio, 2),
        within=speed.within,
        earned=speed.points if fast else 0.0,
        points=speed.points,
        what=what,
    )
