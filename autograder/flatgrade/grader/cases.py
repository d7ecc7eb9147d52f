"""Run an exercise on its cases, and compare what comes back with the reference: contract first, then numbers."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import IntEnum
from typing import Any, Protocol

import numpy as np

from flatgrade.core.compare import close, contract_finding
from flatgrade.core.exercise import Case, Exercise, Function
from flatgrade.core.finding import Finding, Verdict
from flatgrade.grader.messages import is_stub_error, not_written_finding, status_finding, wrong_values_finding
from flatgrade.grader.reference import Solution
from flatgrade.grader.replies import CallReply, read_call

_FLOAT32_TOLERANCE = 1e-3
_MIXED_TOLERANCE = 1e-5
_FLOAT32_SPACING = 1.2e-7
# Every further case would end so, and cost its time.
_LAST = frozenset({"missing", "timeout", "memory", "output", "disk", "malformed"})
ENDS = {
    "missing": Verdict.MISSING,
    "timeout": Verdict.TIMEOUT,
    "memory": Verdict.MEMORY,
    "output": Verdict.OUTPUT_LIMIT,
    "disk": Verdict.OUTPUT_LIMIT,
    "malformed": Verdict.MALFORMED,
}


class Asks(Protocol):
    """The seam to the sandbox: one request, one reply, or WorkerGoneError."""

    def ask(self, request: dict[str, Any], seconds: float) -> dict[str, Any]:
        """Send a request to the worker and return its reply."""


class Fault(IntEnum):
    """What is wrong with an output or a call, in the order in which it is told."""

    NOT_WRITTEN = 1
    CONTRACT = 2
    VALUES = 3


@dataclass(frozen=True)
class CaseResult:
    """What the student's functions did with one case.

    `faults` maps each output that came and is not right to what is wrong with it; where the plan did not come to its
    end, an entry with the name "" says why. Beside them it has the results that are not written yet.
    """

    case: Case
    expected: Mapping[str, Any]
    reply: CallReply
    faults: Mapping[str, tuple[Fault, Finding]]

    @property
    def ok(self) -> bool:
        """True if every output is right."""
        return not self.faults

    @property
    def returned(self) -> bool:
        """True if the call came to its end and returned as many values as it should."""
        return self.reply.status == "ok"

    @property
    def worst(self) -> tuple[Fault, Finding] | None:
        """The fault that is told first: what a value is comes before how large it is."""
        return min(self.faults.values(), key=lambda fault: fault[0], default=None)

    @property
    def broken(self) -> bool:
        """True if more is wrong than numbers."""
        return self.worst is not None and self.worst[0] is not Fault.VALUES

    @property
    def unwritten(self) -> bool:
        """True if a result that is no output is not written yet: then the outputs tell nothing."""
        return any(name and name not in self.expected for name in self.faults)

    def right(self, output: str) -> bool:
        """True if the output came, and is right."""
        return output in self.reply.values and output not in self.faults


def run_cases(solution: Solution, cases: Sequence[Case], worker: Asks, seconds: float) -> list[CaseResult]:
    """Run the plan on each case, until one ends as every further one would. Raises WorkerGoneError."""
    results: list[CaseResult] = []
    for case in cases:
        reply = read_call(worker.ask(request("call", solution.exercise, case.inputs), seconds))
        results.append(compared(solution, case, reply, solution.expected(case), seconds))
        if reply.status in _LAST:
            break
    return results


def request(kind: str, exercise: Exercise, inputs: Mapping[str, Any]) -> dict[str, Any]:
    """The request to run the exercise's plan on inputs; `kind` is call or trace (docs/protocol.md)."""
    plan = [[list(call.results), call.function, list(call.arguments)] for call in exercise.plan]
    functions = {name: value.text for name, value in inputs.items() if isinstance(value, Function)}
    plain = {name: value for name, value in inputs.items() if name not in functions}
    return {"do": kind, "plan": plan, "inputs": plain, "functions": functions, "returns": list(exercise.returns)}


def verdict_of(results: Sequence[CaseResult]) -> Verdict:
    """The verdict of an exercise whose cases gave these results."""
    failed = [result for result in results if not result.ok]
    if not failed:
        return Verdict.PASS
    if failed[-1].reply.status in ENDS:
        return ENDS[failed[-1].reply.status]
    if any(result.worst and result.worst[0] is Fault.NOT_WRITTEN for result in failed):
        return Verdict.NOT_WRITTEN
    stopped = {result.reply.status for result in failed}
    if stopped == {"forbidden"}:
        return Verdict.FORBIDDEN
    return Verdict.ERROR if stopped <= {"error", "forbidden"} else Verdict.WRONG


def is_number(value: Any) -> bool:
    """True if the value is an array or number of any shape, finite or not: replay can go on from it."""
    if not isinstance(value, (int, float, np.ndarray, np.generic)) or isinstance(value, bool):
        return False
    return np.asarray(value).dtype.kind in "fiub"


def numbers(exercise: Exercise, result: CaseResult) -> dict[str, Any]:
    """The outputs of a result by name, None where one is no number."""
    values = {name: result.reply.values.get(name) for name in exercise.returns}
    return {name: value if is_number(value) else None for name, value in values.items()}


def compared(
    solution: Solution, case: Case, reply: CallReply, expected: Mapping[str, Any], seconds: float
) -> CaseResult:
    """A reply beside what is expected, output by output; `seconds` was the limit of the call."""
    came = expected if reply.status == "ok" else [name for name in expected if name in reply.values]
    found = {name: fault_of(solution, case, name, reply.values.get(name), expected[name]) for name in came}
    faults = {name: fault for name, fault in found.items() if fault}
    if reply.status != "ok":
        kind = Fault.NOT_WRITTEN if is_stub_error(reply) else Fault.CONTRACT
        faults[""] = kind, status_finding(solution.exercise, reply, seconds)
    if faults:  # else it is no matter that something is not written
        faults |= {name: (Fault.NOT_WRITTEN, not_written_finding(name)) for name in _dots(solution.exercise, reply)}
    return CaseResult(case, expected, reply, faults)


def _dots(exercise: Exercise, reply: CallReply) -> list[str]:
    """The results that are no outputs, and are `...` still."""
    kept = dict.fromkeys(name for call in exercise.plan for name in call.results if name not in exercise.returns)
    return [name for name in kept if reply.values.get(name) is Ellipsis]


def fault_of(solution: Solution, case: Case, name: str, got: Any, want: Any) -> tuple[Fault, Finding] | None:
    """What is wrong with an output of a case, where the reference has `want`; None if it is right."""
    if broken := contract_finding(name, got, want):
        return (Fault.NOT_WRITTEN if got is Ellipsis else Fault.CONTRACT), broken
    if name in solution.accept:
        said = solution.accept[name](case.inputs, got)
        return (Fault.VALUES, Finding(said)) if said else None
    if close(got, want, _tolerance(solution.exercise, name, got)) or _within_float32(got, want):
        return None
    return Fault.VALUES, wrong_values_finding(name, solution.working.get(name, ""))


def _within_float32(got: Any, want: Any) -> bool:
    """True if no entry is further off than the spacing of float32 at 1: what is left of a probability near 1."""
    return bool(np.all(np.abs(np.asarray(got) - np.asarray(want)) <= _FLOAT32_SPACING))


def _tolerance(exercise: Exercise, name: str, got: Any) -> float:
    """The tolerance of an output: an answer that goes through float32 somewhere is right as far as float32 can be."""
    least = _FLOAT32_TOLERANCE if np.asarray(got).dtype == np.float32 else _MIXED_TOLERANCE
    return max(exercise.tolerance(name), least)
