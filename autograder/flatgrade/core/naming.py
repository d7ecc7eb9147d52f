"""Name the mistake behind a fault: the edit of the reference that gives the student's number."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations
from typing import Any

import numpy as np

from flatgrade.core.compare import close
from flatgrade.core.exercise import Exercise
from flatgrade.core.replay import Costs, Explanation, Label, Observation, explain
from flatgrade.core.staged import Edit, Env, StagedFunction

_TOLERANCE = 1e-6
_NAME_IS_WORTH = 0.5
_PAIR_COSTS = 0.1
_SECOND_SLACK = 1.2


@dataclass(frozen=True)
class Mistake:
    """A known mistake: an edit of the reference's statements of one stage, and the hint that it earns.

    `old` occurs exactly once in the statements of `stage`; `new` takes its place. `tag` names the mistake in tables.
    """

    stage: str
    old: str
    new: str
    hint: str
    tag: str

    @property
    def edit(self) -> Edit:
        """Old and new text."""
        return (self.old, self.new)


@dataclass(frozen=True)
class Charge:
    """One mistake that was found: the stage, the known mistake if it was recognised, else a ratio if there is one.

    `charged` is False for the second mistake of a pair in two stages that only one fault shows: it is told, not
    charged, so that no answer is ever charged more often than it has faults.
    """

    stage: str
    mistake: Mistake | None = None
    ratio: str = ""
    charged: bool = True


@dataclass(frozen=True)
class Judgement:
    """The explanation that reads best, and what to charge.

    `cleared` are stages that are right but for a mistake named above; `hollow` those whose values show nothing, because
    they are zero, constant or not finite where the right ones are not, or follow from such values.
    """

    explanation: Explanation
    charges: tuple[Charge, ...]
    cleared: frozenset[str]
    hollow: frozenset[str]

    @property
    def charged(self) -> frozenset[str]:
        """The stages that lose their points."""
        return frozenset(item.stage for item in self.charges if item.charged)

    @property
    def unnamed(self) -> int:
        """How many faults have no name."""
        return sum(item.mistake is None for item in self.charges)

    @property
    def plain(self) -> bool:
        """True if every fault has the name of exactly one mistake."""
        return not self.unnamed and len(self.charges) == len(self.explanation.faults)

    @property
    def price(self) -> float:
        """The cost when a name halves a fault, and a second mistake behind one fault adds a little."""
        faults = len(self.explanation.faults)
        return (
            self.explanation.cost
            - _NAME_IS_WORTH * (faults - self.unnamed)
            + _PAIR_COSTS * (len(self.charges) - faults)
        )

    def credited(self, stage: str) -> bool:
        """True if the stage earns its points: it is right, or what follows from it is, or a fault above explains it."""
        if stage in self.charged:
            return False
        along, labels = self.explanation.along, self.explanation.labels
        users = [name for name in along.stages if stage in along.groups[name].parents]
        if stage in self.cleared:
            return True
        if stage in self.hollow:
            return False
        if labels[stage] is not Label.UNNAMED:
            return labels[stage] is not Label.FAULT
        return any(labels[user] not in (Label.UNNAMED, Label.FAULT) or self._shown(user) for user in users)

    def _shown(self, stage: str) -> bool:
        return self.explanation.labels[stage] is Label.UNNAMED and self.credited(stage)


def diagnose(
    exercise: Exercise,
    references: Sequence[StagedFunction],
    observations: Sequence[Observation],
    mistakes: Sequence[Mistake],
) -> Judgement | None:
    """Explain the observations and name the mistakes; None if there is nothing to go by.

    The cheapest explanation stands if every fault in it has the name of one mistake. Else dearer ones compete too, a
    factor that no right output proves read as a fault: two faults with a name are a better account than one without.
    """
    first = _judged(exercise, references, observations, mistakes, Costs())
    if not first or all(item.plain for item in first):
        return first[0] if first else None
    second = _judged(exercise, references, observations, mistakes, Costs(factor=math.inf, slack=_SECOND_SLACK))
    return min([*first, *second], key=lambda item: (item.price, len(item.charged)))


def _judged(
    exercise: Exercise,
    references: Sequence[StagedFunction],
    observations: Sequence[Observation],
    mistakes: Sequence[Mistake],
    costs: Costs,
) -> list[Judgement]:
    """The explanations with their mistakes named, those that read best first."""
    found = [
        _judge(exercise, item, observations, mistakes) for item in explain(exercise, references, observations, costs)
    ]
    return sorted(found, key=lambda item: (len(item.charged), item.unnamed, len(item.charges), item.explanation.cost))


def _judge(
    exercise: Exercise, explanation: Explanation, observations: Sequence[Observation], mistakes: Sequence[Mistake]
) -> Judgement:
    """Each fault, named where an edit or a pair of edits gives the same numbers on the generic cases.

    A fault that shows only at the end of a stretch of unnamed stages is charged where its mistake lies.
    """
    generic = [i for i, case in enumerate(observations) if case.generic]
    cases = generic or list(range(len(observations)))
    charges: list[Charge] = []
    cleared: set[str] = set()
    for stage in explanation.faults:
        named = _name(exercise, explanation, stage, observations, mistakes) if generic else ()
        if not named:
            charges.append(Charge(stage, None, _ratio(exercise, explanation, stage, observations, cases)))
            continue
        cleared |= set(_stretch(exercise, explanation, stage)) - {mistake.stage for mistake in named}
        for k, mistake in enumerate(named):
            charges.append(Charge(mistake.stage, mistake, charged=k == 0 or mistake.stage == named[0].stage))
    order = explanation.along.stages
    charges.sort(key=lambda item: order.index(item.stage))
    hollow = _hollow(explanation, [observations[i] for i in cases], cases)
    return Judgement(explanation, tuple(charges), frozenset(cleared), hollow)


def _hollow(explanation: Explanation, observations: Sequence[Observation], cases: Sequence[int]) -> frozenset[str]:
    along, found = explanation.along, set[str]()
    right = [along.run(case.inputs)[-1] for case in observations]
    for stage in along.stages:
        pairs = [
            (np.asarray(explanation.values[stage][i]), np.asarray(env[stage]))
            for i, env in zip(cases, right, strict=True)
        ]
        if all(close(got, want) for got, want in pairs):
            continue
        if along.groups[stage].parents & found or any(_shows_nothing(got, want) for got, want in pairs):
            found.add(stage)
    return frozenset(found)


def _shows_nothing(got: Any, want: Any) -> bool:
    """True if a value is not finite, zero, or the same everywhere, where the right one is not."""
    got, want = np.asarray(got, dtype=np.float64), np.asarray(want, dtype=np.float64)
    if not np.isfinite(got).all():
        return True
    return bool((not got.any() and want.any()) or (got.size > 1 and np.ptp(got) == 0 and np.ptp(want) > 0))


def _name(
    exercise: Exercise,
    explanation: Explanation,
    stage: str,
    observations: Sequence[Observation],
    mistakes: Sequence[Mistake],
) -> tuple[Mistake, ...]:
    """The edit or pair of edits that gives the student's values in every case where they are finite."""
    stretch = _stretch(exercise, explanation, stage)
    along = explanation.along
    usable = [m for m in mistakes if m.stage in stretch and along.fits(m.stage, m.edit)]
    target = explanation.values[stage]
    # Where an odd case ends in nan or infinity, the way to it decides which: it tells nothing about the mistake.
    cases = [i for i, case in enumerate(observations) if case.generic or np.isfinite(target[i]).all()]
    if not all(np.isfinite(target[i]).all() for i in cases):
        return ()
    starts = [_before(explanation, stretch, case, i) for i, case in enumerate(observations)]
    unedited = [_replayed(explanation, stretch, stage, env, i, ()) for i, env in enumerate(starts)]
    for attempt in _attempts(usable):
        if all(
            (env := _replayed(explanation, stretch, stage, starts[i], i, attempt)) is not None
            and close(env[stage], target[i], _TOLERANCE, equal_nan=True)
            and not (observations[i].generic and _erases(env, unedited[i], stretch, stage))
            for i in cases
        ):
            return attempt
    return ()


def _erases(env: Env, unedited: Env | None, stretch: Sequence[str], last: str) -> bool:
    """True if the edits leave a stage on the way without content: then every later number fits, and tells nothing."""
    between = [stage for stage in stretch if stage != last]
    return unedited is not None and any(_shows_nothing(env[s], unedited[s]) for s in between)


def _attempts(mistakes: Sequence[Mistake]) -> Iterator[tuple[Mistake, ...]]:
    for mistake in mistakes:
        yield (mistake,)
    yield from combinations(mistakes, 2)


def _stretch(exercise: Exercise, explanation: Explanation, stage: str) -> tuple[str, ...]:
    """The stage and those before it whose values reach it without ever being named, in order.

    What a right output was computed from is right, and no part of it.
    """
    along, found, queue = explanation.along, {stage}, [stage]
    outputs = [name for name in exercise.returns if explanation.labels.get(name) is Label.RIGHT]
    behind = [along.ancestors(name) for name in outputs]
    proven = frozenset[str]().union(*(stages for stages in behind if not stages & set(explanation.faults)))
    while queue:
        for parent in along.groups[queue.pop()].parents - found - proven:
            if explanation.labels[parent] is Label.UNNAMED:
                found.add(parent)
                queue.append(parent)
    return tuple(name for name in along.stages if name in found)


def _before(explanation: Explanation, stretch: Sequence[str], case: Observation, i: int) -> Env:
    """The environment before the first stage of the stretch, with the values that replay went on with."""
    env = explanation.along.start(case.inputs)
    for stage in explanation.along.stages:
        if stage == stretch[0]:
            break
        env = _went_on(explanation, env, stage, i)
    return env


def _went_on(explanation: Explanation, env: Env, stage: str, i: int) -> Env:
    after = explanation.along.step(env, stage) or env
    return {**after, stage: explanation.values[stage][i]}


def _replayed(
    explanation: Explanation, stretch: Sequence[str], last: str, env: Env, i: int, mistakes: Sequence[Mistake]
) -> Env | None:
    """The environment after `last` when the stretch is run with the edits; None where they do not fit or raise."""
    stages = explanation.along.stages
    for stage in stages[stages.index(stretch[0]) : stages.index(last) + 1]:
        if stage in stretch:
            edits = tuple(mistake.edit for mistake in mistakes if mistake.stage == stage)
            after = explanation.along.step(env, stage, edits)
            if after is None:
                return None
            env = after
        else:
            env = _went_on(explanation, env, stage, i)
    return env


def _ratio(
    exercise: Exercise, explanation: Explanation, stage: str, observations: Sequence[Observation], cases: Sequence[int]
) -> str:
    """How the student's value relates to the right one: "N", "1/N", "2", "1/2", "-1", "the transpose of", or ""."""
    pairs = []
    for i in cases:
        env = _before(explanation, (stage,), observations[i], i)
        after = explanation.along.step(env, stage)
        if after is None:
            return ""
        pairs.append((np.asarray(explanation.values[stage][i]), np.asarray(after[stage])))
    factors = [_named_factors(exercise.size("N", observations[i].inputs)) for i in cases]
    for name in factors[0]:
        if all(
            np.any(want) and close(got, each[name] * want, _TOLERANCE)
            for (got, want), each in zip(pairs, factors, strict=True)
        ):
            return name
    if all(want.ndim == 2 and close(got, want.T, _TOLERANCE) for got, want in pairs):
        return "transpose"
    return ""


def _named_factors(size: int | None) -> dict[str, float]:
    """Factors that have a name, by name; `size` is N of the case, where the contract has an N."""
    constant = {"2": 2.0, "1/2": 0.5, "-1": -1.0}
    return {"N": float(size), "1/N": 1 / size, **constant} if size else constant


def indistinguishable(
    staged: StagedFunction, mistakes: Sequence[Mistake], inputs: Sequence[Mapping[str, Any]]
) -> list[tuple[str, str]]:
    """Pairs of tags of one stage that give the same value on all inputs; ("", tag) where a mistake changes nothing."""
    values: dict[str, list[tuple[str, list[Any]]]] = {}
    for stage in staged.stages:
        starts = []
        for case in inputs:
            env = staged.start(case)
            for earlier in staged.stages[: staged.stages.index(stage)]:
                env = staged.step(env, earlier) or env
            starts.append(env)
        for tag, edits in [("", ())] + [(m.tag, (m.edit,)) for m in mistakes if m.stage == stage]:
            after = [staged.step(env, stage, edits) for env in starts]
            if all(env is not None for env in after):
                values.setdefault(stage, []).append((tag, [env[stage] for env in after if env is not None]))
    return [
        (a, b)
        for rows in values.values()
        for (a, left), (b, right) in combinations(rows, 2)
        if all(close(x, y, equal_nan=True) for x, y in zip(left, right, strict=True))
    ]
