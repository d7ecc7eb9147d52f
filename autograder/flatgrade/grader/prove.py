"""Each exercise proves itself: its reference, its stub, its equivalents, its mistakes, and torch beside it."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from flatgrade.core.compare import close
from flatgrade.core.exercise import Case, Exercise, Limits
from flatgrade.core.finding import Verdict
from flatgrade.core.mistake import Mistake
from flatgrade.core.naming import indistinguishable
from flatgrade.core.staged import lint
from flatgrade.grader.cases import fault_of
from flatgrade.grader.judge import judge_exercise
from flatgrade.grader.oracle import TOLERANCE, torch_difference
from flatgrade.grader.planting import Planted, planted_alone
from flatgrade.grader.race import timed_reference
from flatgrade.grader.record import ExerciseRecord
from flatgrade.grader.reference import Solution
from flatgrade.grader.sandbox import Sandbox

_LIMITS = Limits(submission_seconds=600)
_TIMED_SECONDS = 0.01


@dataclass(frozen=True)
class Kill:
    """A known mistake, where it lies, and the labels of the hidden cases that show it, in the order of the cases."""

    tag: str
    stage: str
    cases: tuple[str, ...]


@dataclass
class Proof:
    """What was found for one exercise. `torch` is None where torch is not installed, and where there is no gradient.

    `has_torch_path` tells which of the two it is. `hidden` are the labels of the hidden cases, `kills` tells which of
    them show each mistake.

    `problems` holds one sentence for everything that does not hold; the exercise is proven if there is none.
    """

    exercise: str
    reference: bool = False
    stub: bool = False
    equivalents: int = 0
    equivalents_full: int = 0
    mistakes: int = 0
    charged: int = 0
    at_stage: int = 0
    named: int = 0
    torch: float | None = None
    has_torch_path: bool = False
    hidden: tuple[str, ...] = ()
    kills: list[Kill] = field(default_factory=list)
    problems: list[str] = field(default_factory=list)

    @property
    def torch_agrees(self) -> bool:
        """True if torch autograd was asked, and agrees in float64."""
        return self.torch is not None and self.torch <= TOLERANCE


def prove(solution: Solution, stub: str, seed: str, secrets: tuple[Path, ...] = ()) -> Proof:
    """Grade the reference, the stub, every equivalent and every planted mistake for real, and compare with torch.

    `stub` is the text of the answer cell as the student gets it.
    """
    proof = Proof(solution.exercise.name)
    cases = solution.cases(seed)
    hidden = hidden_cases(solution, seed)
    proof.hidden = tuple(case.label for case in hidden)
    _prove_public_cases(solution, proof)
    with (
        warnings.catch_warnings(),
        Sandbox(secrets, profile=solution.exercise.profile) as sandbox,
        sandbox.worker(_LIMITS) as worker,
    ):
        warnings.simplefilter("ignore")  # of mistakes that are run here to be planted

        def graded(text: str) -> ExerciseRecord:
            worker.ask({"do": "cell", "key": "given", "source": solution.given}, 10)
            worker.ask({"do": "cell", "key": "answer", "source": text}, 10)
            return judge_exercise(solution, cases, worker, _LIMITS.call_seconds)

        _prove_answers(solution, stub, proof, graded)
        _prove_mistakes(solution, hidden, proof, graded)
    _prove_staging(solution, proof)
    _prove_torch(solution, cases, proof)
    _prove_speed(solution, seed, proof)
    return proof


def hidden_cases(solution: Solution, seed: str) -> list[Case]:
    """The cases that students do not see."""
    return solution.cases(seed)[len(solution.exercise.cases) :]


def kill_of(solution: Solution, mistake: Mistake, planted: Planted | None, hidden: Sequence[Case]) -> Kill:
    """The hidden cases on which an output is wrong with this mistake planted; none where it is not."""
    shown = tuple(case.label for case in hidden if planted and _is_wrong(solution, planted.text, case))
    return Kill(mistake.tag, mistake.stage, shown)


def _is_wrong(solution: Solution, text: str, case: Case) -> bool:
    want, got = solution.expected(case), solution.plain.run(text, case.inputs)
    return got is None or any(fault_of(solution, case, name, got[name], want[name]) for name in want)


def _prove_public_cases(solution: Solution, proof: Proof) -> None:
    for case in solution.exercise.cases:
        got = dict(solution.expected(case))
        if solution.references:
            got |= solution.references[0].run(case.inputs)[-1]
        for name, want in case.expect.items():
            if not close(got[name], want, solution.exercise.tolerance(name)):
                proof.problems.append(f"{proof.exercise}: public case '{case.label}' expects another {name}")


def _prove_answers(solution: Solution, stub: str, proof: Proof, graded: Callable[[str], ExerciseRecord]) -> None:
    record = graded(solution.answer)
    proof.reference = _full(record)
    if not proof.reference:
        proof.problems.append(f"{proof.exercise}: the reference earns {record.earned:g} of {record.points:g}")
    record = graded(stub)
    proof.stub = record.earned == 0 and record.verdict is Verdict.NOT_WRITTEN
    if not proof.stub:
        proof.problems.append(f"{proof.exercise}: the stub earns {record.earned:g} and is {record.verdict}")
    for label, text in solution.equivalents.items():
        record = graded(text)
        proof.equivalents += 1
        proof.equivalents_full += _full(record)
        if not _full(record):
            proof.problems.append(
                f"{proof.exercise}: the equivalent '{label}' earns {record.earned:g} of {record.points:g}"
            )


def _full(record: ExerciseRecord) -> bool:
    return record.verdict is Verdict.PASS and record.earned == record.points


def _prove_mistakes(
    solution: Solution, hidden: Sequence[Case], proof: Proof, graded: Callable[[str], ExerciseRecord]
) -> None:
    for mistake in solution.mistakes:
        planted = planted_alone(solution, mistake)
        proof.mistakes += 1
        proof.kills.append(kill_of(solution, mistake, planted, hidden))
        if mistake.stage not in _places(solution.exercise):
            kind = "stage" if solution.exercise.stages else "output"
            proof.problems.append(f"{proof.exercise}: {mistake.tag} is at {mistake.stage}, which is no {kind}")
            continue
        if planted is None:
            kind = "flat answer" if solution.exercise.stages else "text of the answer"
            proof.problems.append(f"{proof.exercise}: {mistake.tag} fits no {kind}, or changes no output")
            continue
        record = graded(planted.text)
        tags = {finding.mistake for finding in record.findings}
        charged = {stage.name for stage in record.stages if stage.verdict is Verdict.WRONG}
        proof.charged += record.verdict is not Verdict.PASS
        proof.at_stage += charged == {mistake.stage}
        proof.named += mistake.tag in tags
        if record.verdict is Verdict.PASS or (record.earned == record.points and _worth(solution, mistake)):
            proof.problems.append(f"{proof.exercise}: {mistake.tag} loses no point")
        elif charged != {mistake.stage}:
            proof.problems.append(
                f"{proof.exercise}: {mistake.tag} is charged at {sorted(charged)}, not at {mistake.stage}"
            )
        elif mistake.tag not in tags:
            proof.problems.append(f"{proof.exercise}: {mistake.tag} is not named (found {sorted(tags)})")


def _places(exercise: Exercise) -> tuple[str, ...]:
    """Where a mistake may be: at a stage, or, where there are none, at an output."""
    return tuple(stage.name for stage in exercise.stages) or exercise.returns


def _worth(solution: Solution, mistake: Mistake) -> bool:
    stage = solution.exercise.stage(mistake.stage)
    return stage is None or stage.points > 0


def _prove_staging(solution: Solution, proof: Proof) -> None:
    inputs = [item.name for item in solution.exercise.inputs]
    for reference in solution.references[:1]:
        proof.problems += lint(reference, inputs)
        generic = [case.inputs for case in solution.draw_cases(np.random.default_rng(0)) if case.generic]
        if not generic:
            proof.problems.append(f"{proof.exercise}: no hidden case is generic, so no mistake can be named")
        hints = {mistake.tag: mistake.hint for mistake in solution.mistakes}
        for one, other in indistinguishable(reference, solution.mistakes, generic):
            if not one:
                proof.problems.append(f"{proof.exercise}: {other} changes nothing on the generic cases")
            elif hints[one] != hints[other]:
                proof.problems.append(
                    f"{proof.exercise}: {one} and {other} give the same numbers: one hint must serve both"
                )


def _prove_torch(solution: Solution, cases: list[Case], proof: Proof) -> None:
    proof.has_torch_path = solution.torch_path is not None
    if solution.torch_path is None:
        return
    try:
        proof.torch = torch_difference(solution, cases)
    except ImportError:
        return
    if not proof.torch_agrees:
        proof.problems.append(f"{proof.exercise}: torch autograd differs by {proof.torch:.1e} of the largest entry")


def _prove_speed(solution: Solution, seed: str, proof: Proof) -> None:
    """Whether the inputs that answers are timed on are large enough for a clock that sees the wire, too."""
    if solution.exercise.speed is None:
        return
    fastest = min(timed_reference(solution, case)[0] for case in solution.speed_cases(seed, 3))
    if fastest < _TIMED_SECONDS:
        proof.problems.append(
            f"{proof.exercise}: speed_case is too small: the reference takes {1e3 * fastest:.1f} ms on it, "
            f"and {1e3 * _TIMED_SECONDS:.0f} ms are the least that can be timed"
        )
