"""Plant known mistakes into right answers: what `prove` and `demo` grade."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from flatgrade.core.compare import close
from flatgrade.core.naming import Mistake
from flatgrade.core.staged import Env, StagedError, StagedFunction
from flatgrade.grader.reference import Solution, staged


@dataclass(frozen=True)
class Planted:
    """The text of an answer cell, and the mistakes in it (none: it is right)."""

    exercise: str
    text: str
    mistakes: tuple[Mistake, ...] = ()


def plant(solution: Solution, base: StagedFunction, mistakes: Sequence[Mistake]) -> Planted | None:
    """The text of `base` with all mistakes in it; None where one of them does not fit, or they cannot be told.

    They cannot be told where the answer is right all the same (two that cancel), where mending one of several changes
    no output (one hides another), or where one other known mistake alone gives the same results.
    """
    text = _with_edits(solution, base, mistakes)
    if text is None or _results(solution, text) is None:
        return None
    others: list[list[Mistake]] = [[]]
    others += [[item for item in mistakes if item is not left_out] for left_out in mistakes]
    if len(mistakes) > 1:
        others += [[item] for item in solution.mistakes]
    for other in others:
        rest = _with_edits(solution, base, other)
        if rest is not None and _same(solution, _results(solution, text), _results(solution, rest)):
            return None
    return Planted(solution.exercise.name, text, tuple(mistakes))


def _with_edits(solution: Solution, base: StagedFunction, mistakes: Sequence[Mistake]) -> str | None:
    text: str | None = base.text
    for mistake in mistakes:
        try:
            text = (
                staged(solution.exercise, text, solution.namespace).edited(mistake.stage, mistake.edit)
                if text is not None
                else None
            )
        except StagedError:
            return None
    return text


def _results(solution: Solution, text: str) -> list[Env] | None:
    """The values after the last stage in every case; None where the text raises on one."""
    try:
        code = staged(solution.exercise, text, solution.namespace)
        return [code.run(case.inputs)[-1] for case in solution.draw_cases(np.random.default_rng(0))]
    except StagedError:
        return None


def _same(solution: Solution, one: list[Env] | None, other: list[Env] | None) -> bool:
    if one is None or other is None:
        return False
    return all(
        close(a[name], b[name], equal_nan=True)
        for a, b in zip(one, other, strict=True)
        for name in solution.exercise.returns
    )
