"""Replay: explain a wrong answer with the fewest faults.

The reference runs stage by stage and goes on from the student's values, so that a fault is charged once, at the line
where it starts, and what follows is judged on what the student actually had. Where a stage differs, the search
branches: a fault here, another convention (a factor N, 1/N, 2, 1/2, -1), a stage that is not named at all, or one
under another name. The cheapest explanation of all outputs wins; a right output is never charged.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

import numpy as np

from flatgrade.core.compare import close
from flatgrade.core.exercise import Exercise
from flatgrade.core.staged import Env, StagedFunction
from flatgrade.core.trace import Trace


class Label(StrEnum):
    """What the explanation makes of a stage."""

    RIGHT = "right"  # some version of it follows from the student's values above
    FAULT = "fault"  # charged
    CONVENTION = "convention"  # another factor or form, made good further down
    UNNAMED = "unnamed"  # the student has no such value: judged by what follows
    ABSORBED = "absorbed"  # right, though it does not follow from the values above


@dataclass(frozen=True)
class Costs:
    """What each step of an explanation costs; chosen so that one fault is dearer than any way of naming things."""

    fault: float = 1.0
    other_name: float = 0.15
    later_version: float = 0.02
    absorbed: float = 0.8
    proven_factor: float = 0.1
    proven_form: float = 0.4
    factor: float = 0.5
    equivalent: float = 0.05
    slack: float = 0.1


@dataclass(frozen=True)
class Observation:
    """One case as the student's code ran it: `outputs` holds the returned numbers, in any shape; others are None."""

    inputs: Mapping[str, Any]
    outputs: Mapping[str, Any]
    trace: Trace
    generic: bool = False


@dataclass(frozen=True)
class Explanation:
    """The cheapest explanation: a label for each stage of `along`, and the values that replay went on with.

    `values` holds one value a case for each stage; `where` names the version (name, line) that was taken.
    """

    along: StagedFunction
    cost: float
    labels: Mapping[str, Label]
    values: Mapping[str, Sequence[Any]]
    where: Mapping[str, tuple[str, int]]

    @property
    def faults(self) -> tuple[str, ...]:
        """The charged stages, in order."""
        return tuple(stage for stage in self.along.stages if self.labels[stage] is Label.FAULT)


def explain(
    exercise: Exercise,
    references: Sequence[StagedFunction],
    observations: Sequence[Observation],
    costs: Costs | None = None,
) -> list[Explanation]:
    """The cheapest explanation along the reference (first) and along each flat equivalent, cheapest first.

    Only those within `costs.slack` of the cheapest are kept: they have the same number of faults, and which of them
    reads best is decided when the mistakes are named. An equivalent that lacks a stage which the student did name is
    left out, since it could hide a fault there. Empty if there is no observation.
    """
    costs = costs or Costs()
    found: list[Explanation] = []
    for i, staged in enumerate(references):
        if i and _named(exercise, staged, observations):
            continue
        extra = costs.equivalent if i else 0.0
        cheapest = min((item.cost for item in found), default=float("inf"))
        path = _Search(exercise, staged, observations, costs, cheapest + costs.slack - extra).run()
        if path is not None:
            found.append(Explanation(staged, path.cost + extra, path.labels, path.values, path.where))
    found.sort(key=lambda item: item.cost)
    return [item for item in found if item.cost < found[0].cost + costs.slack]


def _named(exercise: Exercise, staged: StagedFunction, observations: Sequence[Observation]) -> bool:
    lacking = [stage for stage in exercise.stages if stage.name not in staged.groups]
    return any(
        version.value.ndim == len(stage.shape)
        for case in observations
        for stage in lacking
        for version in case.trace.versions.get(stage.name, ())
    )


@dataclass(frozen=True)
class _Candidate:
    """A version that may be the stage: live after `line` in every case, in the stage's shape."""

    name: str
    line: int
    values: tuple[Any, ...]


@dataclass(frozen=True)
class _Path:
    """A partial explanation."""

    cost: float = 0.0
    labels: Mapping[str, Label] = field(default_factory=dict)
    values: Mapping[str, Sequence[Any]] = field(default_factory=dict)
    where: Mapping[str, tuple[str, int]] = field(default_factory=dict)

    def then(
        self, stage: str, label: Label, cost: float, values: Sequence[Any], at: tuple[str, int] | None = None
    ) -> _Path:
        where = {**self.where, stage: at} if at else self.where
        return _Path(self.cost + cost, {**self.labels, stage: label}, {**self.values, stage: values}, where)


class _Search:
    """Depth first over the stages of one reference, with the best cost so far as bound."""

    budget = 1200
    max_candidates = 24

    def __init__(
        self,
        exercise: Exercise,
        staged: StagedFunction,
        observations: Sequence[Observation],
        costs: Costs,
        bound: float,
    ) -> None:
        self.exercise, self.staged, self.cases, self.costs = exercise, staged, observations, costs
        self.bound, self.visits = bound, 0
        self.best: _Path | None = None
        self.pure = [staged.run(case.inputs) for case in observations]
        self.factors = _factors(exercise, observations)
        self.right = {name: self._output_right(name) for name in exercise.returns}
        proven = {name for name in exercise.returns if self.right[name] and name in staged.groups}
        self.proven = frozenset().union(*({name} | staged.ancestors(name) for name in proven), frozenset())
        self.missing = {name for name in exercise.returns if any(case.outputs.get(name) is None for case in self.cases)}
        self.candidates = {
            stage: self._candidates(stage, i)
            for i, stage in enumerate(staged.stages)
            if stage not in exercise.returns or stage in self.missing
        }

    def run(self) -> _Path | None:
        if not self.cases:
            return None
        self._go(0, [self.staged.start(case.inputs) for case in self.cases], _Path())
        return self.best

    def _close(self, stage: str, got: Sequence[Any], want: Sequence[Any]) -> bool:
        tolerance = self.exercise.tolerance(stage)
        return all(close(a, b, tolerance, equal_nan=True) for a, b in zip(got, want, strict=True))

    def _output_right(self, name: str) -> bool:
        if name not in self.staged.groups:
            return False
        want = [envs[-1][name] for envs in self.pure]
        got = [case.outputs.get(name) for case in self.cases]
        return all(value is not None for value in got) and self._close(name, got, want)

    def _go(self, i: int, envs: list[Env], path: _Path) -> None:
        self.visits += 1
        if path.cost >= self.bound - 1e-9 or self.visits > self.budget:
            return
        if i == len(self.staged.stages):
            self.bound, self.best = path.cost, path
            return
        stage = self.staged.stages[i]
        after = [self._step(k, i, env) for k, env in enumerate(envs)]
        expected = [env[stage] for env in after]
        is_output = stage in self.exercise.returns
        branches = self._output_branches(stage, expected) if is_output else self._stage_branches(i, stage, expected)
        for label, cost, values, at in branches:
            next_envs = [{**env, stage: value} for env, value in zip(after, values, strict=True)]
            self._go(i + 1, next_envs, path.then(stage, label, cost, values, at))
            if label is Label.RIGHT:
                return

    def _step(self, case: int, i: int, env: Env) -> Env:
        """One reference stage from the student's values; where it raises on them, from the reference's own."""
        after = self.staged.step(env, self.staged.stages[i])
        pure = self.pure[case][i]
        return after if after is not None else {**pure, **env, self.staged.stages[i]: pure[self.staged.stages[i]]}

    def _output_branches(self, stage: str, expected: list[Any]) -> Iterable[_Branch]:
        got = [case.outputs.get(stage) for case in self.cases]
        if stage in self.missing:
            # Not returned, or no number: it counts if the trace shows it right, and is no fault of its own if not.
            own = [item for item in self.candidates[stage] if item.name == stage]
            item = next((item for item in own if self._close(stage, item.values, expected)), None)
            if item:
                yield Label.RIGHT, 0.0, item.values, (item.name, item.line)
            else:
                yield Label.UNNAMED, 0.0, expected, None
        elif self._close(stage, got, expected):
            yield Label.RIGHT, 0.0, _numbers(got, expected), None
        elif self.right[stage]:
            yield Label.ABSORBED, self.costs.absorbed, _numbers(got, expected), None
        else:
            yield Label.FAULT, self.costs.fault, _numbers(got, expected), self._origin(stage, got)

    def _stage_branches(self, i: int, stage: str, expected: list[Any]) -> Iterable[_Branch]:
        candidates = self.candidates[stage]
        own = [item for item in candidates if item.name == stage]
        # Where the code has the name of this stage, the value of another stage cannot stand in for it: at an add gate
        # all gradients are equal.
        usable = [item for item in candidates if item.name == stage or not own or item.name not in self.staged.groups]
        for item in usable:
            if self._close(stage, item.values, expected) and self._trusted(item, stage, expected):
                yield Label.RIGHT, 0.0, item.values, (item.name, item.line)
                return
        pure = [envs[i][stage] for envs in self.pure]
        for item in usable:
            if self._close(stage, item.values, pure) and self._trusted(item, stage, pure):
                yield Label.ABSORBED, self.costs.absorbed, item.values, (item.name, item.line)
                break
        if not own:
            yield Label.UNNAMED, 0.0, expected, None
        for k, item in enumerate(candidates):
            if item.name == stage or np.size(expected[0]) > 1:
                other = self.costs.other_name if item.name != stage else 0.0
                later = self.costs.later_version if k else 0.0
                yield Label.FAULT, self.costs.fault + other + later, item.values, (item.name, item.line)
        yield from self._conventions(stage, own[:1], expected)

    def _conventions(self, stage: str, own: list[_Candidate], expected: list[Any]) -> Iterable[_Branch]:
        for item in own:
            factor = self._is_factor(item.values, expected)
            at = (item.name, item.line)
            if stage in self.proven:
                yield Label.CONVENTION, self.costs.proven_factor if factor else self.costs.proven_form, expected, at
            elif factor:
                yield Label.CONVENTION, self.costs.factor, expected, at

    def _trusted(self, item: _Candidate, stage: str, expected: list[Any]) -> bool:
        """A number under another name counts only where it cannot be equal by chance (0, 1, N, the same everywhere)."""
        if item.name == stage or np.size(expected[0]) > 1:
            return True
        values = [float(np.asarray(value)) for value in expected]
        return len(values) > 1 and len(set(values)) == len(values) and not any(v.is_integer() for v in values)

    def _is_factor(self, values: Sequence[Any], expected: Sequence[Any]) -> bool:
        return any(
            all(close(v, factor * np.asarray(r), 1e-7) for v, r, factor in zip(values, expected, each, strict=True))
            for each in self.factors
        )

    def _candidates(self, stage: str, i: int) -> list[_Candidate]:
        pure = [envs[i][stage] for envs in self.pure]
        shapes = [np.shape(value) for value in pure]
        keys = {
            (name, version.line) for case in self.cases for name, vs in case.trace.versions.items() for version in vs
        }
        found = []
        for name, line in keys:
            values = [case.trace.live(name, line) for case in self.cases]
            if all(v is not None and v.shape == s for v, s in zip(values, shapes, strict=True)):
                found.append(_Candidate(name, line, tuple(_numbers(values, pure))))
        reads = [case.trace.first_read(stage) for case in self.cases]
        used = min((line for line in reads if line is not None), default=_NEVER)
        return sorted(found, key=lambda item: _rank(item, stage, used))[: self.max_candidates]

    def _origin(self, stage: str, got: list[Any]) -> tuple[str, int] | None:
        """The version that was returned as this output, by value; own name first."""
        trace, value = self.cases[0].trace, np.asarray(got[0])
        names = sorted(trace.versions, key=lambda name: name != stage)
        for name in names:
            for version in trace.versions[name]:
                if version.value.shape == value.shape and np.array_equal(version.value, value, equal_nan=True):
                    return name, version.line
        return None


_NEVER = 1 << 30
_Branch = tuple[Label, float, Sequence[Any], tuple[str, int] | None]


def _rank(item: _Candidate, stage: str, used: int) -> tuple[bool, bool, int, str]:
    """Own name first; of its versions the last one before its first use first, then the earlier, then the later."""
    before = item.line < used
    return item.name != stage, not before, -item.line if before else item.line, item.name


def _numbers(values: Iterable[Any], like: Sequence[Any]) -> list[Any]:
    """Truth values and integers as float64: the reference's `/=` must be able to go on from them.

    Where the reference itself has arrays of integers in `like`, they stay what they are: positions, or labels. A single
    one does not: Python's has no limit, and NumPy's would overflow.
    """
    pairs = [(np.asarray(value), np.asarray(other)) for value, other in zip(values, like, strict=True)]
    return [
        array.astype(np.float64)
        if array.dtype.kind in "biu" and not (other.ndim and other.dtype.kind in "iu")
        else array
        for array, other in pairs
    ]


def _factors(exercise: Exercise, observations: Sequence[Observation]) -> list[list[float]]:
    """Factors that conventions differ by, one a case: 2, 1/2, -1, and N and 1/N where the contract has an N."""
    factors = [[factor] * len(observations) for factor in (2.0, 0.5, -1.0)]
    sizes = [exercise.size("N", case.inputs) for case in observations]
    numbers = [float(size) for size in sizes if size]
    return [*factors, numbers, [1 / n for n in numbers]] if len(numbers) == len(sizes) else factors
