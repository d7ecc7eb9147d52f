"""Name the mistake behind a fault: the edit of the reference that gives the student's number."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from itertools import combinations
from typing import Any

import numpy as np

from flatgrade.core.compare import close
from flatgrade.core.exercise import Exercise
from flatgrade.core.judgement import Charge, Judgement
from flatgrade.core.mistake import Mistake
from flatgrade.core.replay import Costs, Explanation, Label, Observation, explain
from flatgrade.core.staged import Env, StagedFunction

_TOLERANCE = 1e-6
_SECOND_SLACK = 1.2


def diagnose(
    exercise: Exercise,
    references: Sequence[StagedFunction],
    observations: Sequence[Observation],
    mistakes: Sequence[Mistake],
) -> Judgement | None:
    """Explain the observations and name the mistakes; None if there is nothing to go by.

    Where the best account has a fault without a name and costs more than one stage, and one known mistake alone gives
    all outputs, that is the better account, however the code is written.
    """
    best = _best(exercise, references, observations, mistakes)
    if best is None or best.plain or _costs_one_stage(best):
        return best
    alone = _alone(exercise, references, observations, mistakes)
    return _explained_by(alone, best) if alone else best


def _best(
    exercise: Exercise,
    references: Sequence[StagedFunction],
    observations: Sequence[Observation],
    mistakes: Sequence[Mistake],
) -> Judgement | None:
    """The cheapest explanation stands if every fault in it has the name of one mistake. Else dearer ones compete too, a
    factor that no right output proves read as a fault: two faults with a name are a better account than one without.
    """
    first = _judged(exercise, references, observations, mistakes, Costs())
    if not first or all(item.plain for item in first):
        return first[0] if first else None
    second = _judged(exercise, references, observations, mistakes, Costs(factor=math.inf, slack=_SECOND_SLACK))
    return min([*first, *second], key=lambda item: (item.price, len(item.charged)))


def _costs_one_stage(account: Judgement) -> bool:
    return sum(not account.credited(stage) for stage in account.explanation.along.stages) <= 1


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


def _alone(
    exercise: Exercise,
    references: Sequence[StagedFunction],
    observations: Sequence[Observation],
    mistakes: Sequence[Mistake],
) -> Mistake | None:
    """The one mistake that, put into a right answer, returns all that the student's code returned, or None.

    What leaves an output without content explains nothing: any answer that computes nothing would fit.
    """
    told = [case for case in observations if case.generic or all(map(_finite, case.outputs.values()))]
    if not any(case.generic for case in told) or not all(_finite(v) for case in told for v in case.outputs.values()):
        return None
    for mistake in mistakes:
        along = next((item for item in references if item.fits(mistake.stage, mistake.edit)), None)
        if along and all(_returns(exercise, along, mistake, case) for case in told):
            return mistake
    return None


def _returns(exercise: Exercise, along: StagedFunction, mistake: Mistake, case: Observation) -> bool:
    env, right = along.end(case.inputs, mistake.stage, mistake.edit), along.end(case.inputs, "", ("", ""))
    if env is None or right is None:
        return False
    if case.generic and any(_shows_nothing(env[name], right[name]) for name in exercise.returns):
        return False
    return all(close(case.outputs[name], env[name], _TOLERANCE) for name in exercise.returns)


def _finite(value: Any) -> bool:
    return value is not None and bool(np.isfinite(np.asarray(value, dtype=np.float64)).all())


def _explained_by(mistake: Mistake, account: Judgement) -> Judgement:
    """The account with one charge, where everything else is what follows from it."""
    stages = frozenset(account.explanation.along.stages) - {mistake.stage}
    return Judgement(account.explanation, (Charge(mistake.stage, mistake, "alone"),), stages, frozenset())


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
    charges = _common_factor(explanation, charges, observations, cases)
    cleared |= {item.stage for item in charges if item.ratio == "same"}
    charges = _common_cause(exercise, explanation, charges)
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


def _common_cause(exercise: Exercise, explanation: Explanation, charges: Sequence[Charge]) -> list[Charge]:
    """Outputs that are wrong without a name, made from one stage that is not seen, may be wrong by a mistake there."""
    told: list[Charge] = []
    behind: set[str] = set()
    for charge in charges:
        unseen = charge.mistake is None and charge.charged and charge.stage in exercise.returns
        stretch = set(_stretch(exercise, explanation, charge.stage)) - {charge.stage} if unseen else set()
        told.append(Charge(charge.stage, None, "cause", charged=False) if stretch & behind else charge)
        behind |= stretch
    return told


def _common_factor(
    explanation: Explanation, charges: Sequence[Charge], observations: Sequence[Observation], cases: Sequence[int]
) -> list[Charge]:
    """Values that are off by one odd factor have one cause, such as a wrong N: only the first is charged."""
    told: list[Charge] = []
    seen: list[list[float]] = []
    for charge in charges:
        odd = charge.mistake is None and not charge.ratio
        factors = _factors(_pairs(explanation, charge.stage, observations, cases)) if odd else None
        if factors and any(np.allclose(factors, other, rtol=_TOLERANCE, atol=0) for other in seen):
            told.append(Charge(charge.stage, None, "same", charged=False))
            continue
        seen += [factors] if factors else []
        told.append(charge)
    return told


def _factors(pairs: Sequence[tuple[Any, Any]]) -> list[float] | None:
    """The factor between the two values of each pair; None where one pair has none, or there is no pair."""
    factors = []
    for got, want in pairs:
        scale = float(np.vdot(want, want))
        factor = float(np.vdot(want, got)) / scale if got.shape == want.shape and scale else 0.0
        if not factor or not close(got, factor * want, _TOLERANCE):
            return None
        factors.append(factor)
    return factors or None


def _pairs(
    explanation: Explanation, stage: str, observations: Sequence[Observation], cases: Sequence[int]
) -> list[tuple[Any, Any]]:
    """The student's value and what follows from the values above it, a case; empty where a reference line raises."""
    pairs = []
    for i in cases:
        after = explanation.along.step(_before(explanation, (stage,), observations[i], i), stage)
        if after is None:
            return []
        pairs.append((np.asarray(explanation.values[stage][i]), np.asarray(after[stage])))
    return pairs


def _ratio(
    exercise: Exercise, explanation: Explanation, stage: str, observations: Sequence[Observation], cases: Sequence[int]
) -> str:
    """How the student's value relates to the right one: "N", "1/N", "2", "1/2", "-1", "transpose", or ""."""
    pairs = _pairs(explanation, stage, observations, cases)
    if not pairs:
        return ""
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
