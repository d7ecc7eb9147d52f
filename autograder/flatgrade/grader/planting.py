"""Plant known mistakes into right answers: what `prove` and `demo` grade."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from flatgrade.core.bodies import StagedError
from flatgrade.core.compare import close
from flatgrade.core.mistake import Mistake
from flatgrade.core.staged import StagedFunction
from flatgrade.core.unstaged import PlainAnswer, Values
from flatgrade.grader.reference import Solution, staged

Base = StagedFunction | PlainAnswer


@dataclass(frozen=True)
class Planted:
    """The text of an answer cell, and the mistakes in it (none: it is right)."""

    exercise: str
    text: str
    mistakes: tuple[Mistake, ...] = ()


def bases(solution: Solution) -> tuple[Base, ...]:
    """The right answers that mistakes are planted in: those in flat code, or the reference as a whole."""
    return solution.references or (solution.plain,)


def plant(solution: Solution, base: Base, mistakes: Sequence[Mistake]) -> Planted | None:
    """The text of `base` with all mistakes in it; None where one of them does not fit, or they cannot be told.

    They cannot be told where the answer is right all the same (two that cancel), where mending one of several changes
    no output (one hides another), or where one other known mistake alone gives the same results; without stages, where
    it gives one of the outputs that are wrong.
    """
    text = _with_edits(solution, base, mistakes)
    results = _results(solution, text)
    if text is None or results is None:
        return None
    others: list[list[Mistake]] = [[]]
    others += [[item for item in mistakes if item is not left_out] for left_out in mistakes]
    if len(mistakes) > 1:
        others += [[item] for item in solution.mistakes]
    for other in others:
        if _same(results, _results(solution, _with_edits(solution, base, other)), solution.exercise.returns):
            return None
    if len(mistakes) > 1 and isinstance(base, PlainAnswer) and _mistakable(solution, base, results, mistakes):
        return None
    return Planted(solution.exercise.name, text, tuple(mistakes))


def _mistakable(solution: Solution, base: Base, results: list[Values], mistakes: Sequence[Mistake]) -> bool:
    """True if another mistake alone gives one of the outputs that are wrong here."""
    right = _results(solution, _with_edits(solution, base, []))
    wrong = [name for name in solution.exercise.returns if not _same(results, right, [name])]
    others = [
        _results(solution, _with_edits(solution, base, [item])) for item in solution.mistakes if item not in mistakes
    ]
    return any(_same(results, other, [name]) for name in wrong for other in others)


def planted_alone(solution: Solution, mistake: Mistake) -> Planted | None:
    """A right answer with this one mistake in it; None where it fits none of them, or changes no output."""
    return next((planted for base in bases(solution) if (planted := plant(solution, base, [mistake]))), None)


def _with_edits(solution: Solution, base: Base, mistakes: Sequence[Mistake]) -> str | None:
    if isinstance(base, PlainAnswer):
        return base.edited([mistake.edit for mistake in mistakes])
    text: str | None = base.text
    for mistake in mistakes:
        if text is None:
            return None
        try:
            code = staged(solution.exercise, text, solution.namespace)
        except StagedError:
            return None
        text = code.edited(mistake.stage, mistake.edit)
    return text


def _results(solution: Solution, text: str | None) -> list[Values] | None:
    """The outputs in every case; None where there is no text, or it raises on one."""
    if text is None:
        return None
    cases = solution.draw_cases(np.random.default_rng(0))
    if not solution.references:
        found = [values for case in cases if (values := solution.plain.run(text, case.inputs)) is not None]
        return found if len(found) == len(cases) else None
    try:
        code = staged(solution.exercise, text, solution.namespace)
        return [code.run(case.inputs)[-1] for case in cases]
    except StagedError:
        return None


def _same(one: list[Values], other: list[Values] | None, outputs: Sequence[str]) -> bool:
    return other is not None and all(
        close(a[name], b[name], equal_nan=True) for a, b in zip(one, other, strict=True) for name in outputs
    )
