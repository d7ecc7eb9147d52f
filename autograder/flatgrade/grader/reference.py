"""The secret half of an exercise, loaded by path from `solutions/`: nothing else in Flatgrade reads that folder."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping
from copy import deepcopy
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np

from flatgrade.core.bodies import StagedError
from flatgrade.core.exercise import Assignment, Case, Exercise
from flatgrade.core.mistake import Mistake
from flatgrade.core.plan import run_plan
from flatgrade.core.profiles import INSTALL_TORCH, lacks_torch
from flatgrade.core.staged import StagedFunction
from flatgrade.core.unstaged import PlainAnswer
from flatgrade.grader.solution_file import SolutionError, SolutionFile

_GIVEN = "import numpy as np\n"


@dataclass(frozen=True)
class Solution:
    """One exercise with its answers.

    `answer` is the text of the reference: all that the plan calls and the student writes, in its order; `plain` is the
    same, to be run with edits. `given` is the code that the notebook has before the answer. `references` are the staged
    reference and the staged equivalents (empty where the exercise has no stages). `accept` decides on outputs that many
    answers are right for: of the inputs and the output it makes a sentence on what is wrong, or "". `working` tells how
    stages and outputs are worked out, by name. `digest` changes with the file.
    """

    exercise: Exercise
    answer: str
    given: str
    namespace: Mapping[str, Any]
    draw_cases: Callable[[np.random.Generator], list[Case]]
    mistakes: tuple[Mistake, ...]
    equivalents: Mapping[str, str]
    references: tuple[StagedFunction, ...]
    plain: PlainAnswer
    torch_path: Callable[..., Any] | None
    accept: Mapping[str, Callable[[Mapping[str, Any], Any], str]]
    working: Mapping[str, str]
    digest: str
    draw_speed_case: Callable[[np.random.Generator], Case] | None = None

    def expected(self, case: Case) -> dict[str, Any]:
        """The reference's results for a case, by name of output. Inputs are copied."""
        with np.errstate(all="ignore"):
            kept = run_plan(self.exercise.plan, self.namespace, deepcopy(dict(case.inputs)))
        return {name: kept[name] for name in self.exercise.returns}

    def cases(self, seed: str) -> list[Case]:
        """The public cases and the hidden ones drawn from `seed`; the same seed gives the same cases."""
        return [*self.exercise.cases, *self.draw_cases(self._generator(seed))]

    def speed_cases(self, seed: str, count: int) -> list[Case]:
        """As many cases to time answers on, all of one size, drawn from `seed`. For an exercise with a `speed` only."""
        assert self.draw_speed_case is not None
        rng = self._generator(f"{seed}/speed")
        return [self.draw_speed_case(rng) for _ in range(count)]

    def _generator(self, seed: str) -> np.random.Generator:
        return np.random.default_rng(list(hashlib.sha256(f"{seed}/{self.exercise.name}".encode()).digest()))


def load_solutions(root: Path, assignment: Assignment) -> dict[str, Solution]:
    """The solutions of all exercises of an assignment from `root/<assignment>/<exercise>.py`. Raises SolutionError."""
    lacking = [name for name, item in assignment.exercises.items() if lacks_torch(item.profile)]
    if lacking:
        names = f"{', '.join(lacking)} of {assignment.name} need{'' if len(lacking) > 1 else 's'}"
        raise SolutionError(f"{names} torch, which is not installed: run {INSTALL_TORCH}")
    return {name: load_solution(root / assignment.name, item) for name, item in assignment.exercises.items()}


def load_solution(folder: Path, exercise: Exercise) -> Solution:
    """Load `folder/<exercise>.py`. Raises SolutionError with the file and what it lacks."""
    file = SolutionFile(folder / f"{exercise.name}.py")
    module = file.load()
    before = [text for name, text in file.taken_texts.items() if name not in exercise.functions]
    given = "\n\n".join([getattr(module, "GIVEN", _GIVEN), *before])
    _add_given(given, module, file)
    if lacking := [name for name in exercise.given if not hasattr(module, name)]:
        raise SolutionError(f"{file} has no {lacking[0]} in GIVEN, which the contract calls")
    answer = "\n\n".join(_definition(file, name) for name in exercise.functions)
    equivalents = getattr(module, "EQUIVALENTS", {})
    return Solution(
        exercise=exercise,
        answer=answer,
        given=given,
        namespace=vars(module),
        draw_cases=_required(module, file, "cases"),
        draw_speed_case=_required(module, file, "speed_case") if exercise.speed else None,
        mistakes=tuple(getattr(module, "MISTAKES", ())),
        equivalents=equivalents,
        references=_references(exercise, answer, equivalents, vars(module)) if exercise.stages else (),
        plain=PlainAnswer(exercise, answer, vars(module), given),
        torch_path=getattr(module, "torch_path", None),
        accept=getattr(module, "ACCEPT", {}),
        working=_working(module, exercise, file),
        digest=file.digest,
    )


def staged(exercise: Exercise, text: str, namespace: Mapping[str, Any]) -> StagedFunction:
    """A cell's text as staged flat code that sees the names of `namespace` and its own. Raises StagedError."""
    names = dict(namespace)
    try:
        exec(compile(text, f"<{exercise.name}>", "exec"), names)  # noqa: S102 -- from solutions/
    except Exception as error:
        raise StagedError(f"its text cannot be run: {error}") from error
    return StagedFunction(text, exercise.plan, [stage.name for stage in exercise.stages], exercise.returns, names)


def _references(
    exercise: Exercise, answer: str, equivalents: Mapping[str, str], namespace: Mapping[str, Any]
) -> tuple[StagedFunction, ...]:
    """The staged reference, and each equivalent that is flat and completes its stages in the same order."""
    try:
        reference = staged(exercise, answer, namespace)
    except StagedError as error:
        raise SolutionError(f"the reference of {exercise.name} is not flat code with its stages: {error}") from None
    lacking = [stage.name for stage in exercise.stages if stage.name not in reference.groups]
    if lacking:
        raise SolutionError(f"the reference of {exercise.name} never assigns the stage {lacking[0]}")
    found = [reference]
    for text in equivalents.values():
        try:
            other = staged(exercise, text, namespace)
        except StagedError:
            continue  # right answers in another form: judged by their outputs, no path for replay
        if list(other.stages) == [stage for stage in reference.stages if stage in other.groups]:
            found.append(other)
    return tuple(found)


def _add_given(given: str, module: ModuleType, file: SolutionFile) -> None:
    """Run what the notebook has before the answer: it and the reference see each other, as in the notebook."""
    own = dict(vars(module))
    try:
        exec(compile(given, f"<GIVEN of {file.path.name}>", "exec"), vars(module))  # noqa: S102 -- from solutions/
    except Exception as error:
        raise SolutionError(f"{file}: GIVEN cannot be run: {error}") from error
    vars(module).update(own)


def _working(module: ModuleType, exercise: Exercise, file: SolutionFile) -> Mapping[str, str]:
    working: Mapping[str, str] = getattr(module, "WORKING", {})
    known = {stage.name for stage in exercise.stages} | set(exercise.returns)
    if unknown := [name for name in working if name not in known]:
        raise SolutionError(f"{file} has {unknown[0]} in WORKING, which is no stage and no output")
    return working


def _required(module: ModuleType, file: SolutionFile, name: str) -> Any:
    if not hasattr(module, name):
        raise SolutionError(f"{file} defines no {name}")
    return getattr(module, name)


def _definition(file: SolutionFile, name: str) -> str:
    found = file.definition(name)
    if found is None:
        raise SolutionError(f"{file} defines no {name}, which the contract calls")
    return found
