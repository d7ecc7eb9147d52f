"""Check a gradient against slopes that are measured, without the right answer.

Contract before numbers: a gradient of the wrong shape, dtype or length is said to be just that, and nothing is ever
broadcast. Then every entry is measured (up to 4,096), or 16 random directions of +-1 through all of them, in which one
wrong entry of 200,000 shows undiluted; a direction that does not agree is halved until the entry is found. Sixteen
directions miss two entries that cancel with probability 2^-16, and the worst pattern with 0.75^16, 1 %.

An entry at a kink of the loss has no slope: it is skipped and counted, and above 5 % the check is inconclusive, which
is no pass. What was wrong is then explained from the measured numbers alone.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from flatgrade.core.finding import Finding
from flatgrade.core.gradients.findings import (
    Comparison,
    apart,
    broken_backward,
    broken_gradient,
    broken_loss,
    broken_output,
    changed_in_place,
    pattern,
    place,
)
from flatgrade.core.gradients.slope import ENOUGH, Agreement, Array, Loss, Reading, Remainder, signs

__all__ = ["Agreement", "GradCheck", "check_backward", "check_gradient"]

ELEMENTWISE = 4096  # above this many entries, directions instead of entries
DIRECTIONS = 16
SEARCH = 2000  # directions that the halving may look at
SAMPLE = 100  # random entries measured of a large gradient that is wrong, to see how much of it is
SKIPPED = 0.05  # the share of entries that may lie at a kink


@dataclass(frozen=True)
class GradCheck:
    """The outcome of checking the gradient of the variable `name`.

    `worst` is the index of the largest difference (None where no numbers were compared), `claimed` and `measured` are
    the two values there. `share_wrong` counts among the `entries` that were measured one by one. `kinks` entries were
    skipped. Errors below `tolerance` could not have been seen. `evaluations` counts the calls of the loss.
    """

    name: str
    verdict: Agreement
    finding: Finding
    seed: int
    evaluations: int = 0
    entries: int = 0
    kinks: int = 0
    share_wrong: float = 0.0
    tolerance: float = float("inf")
    worst: tuple[int, ...] | None = None
    claimed: float = float("nan")
    measured: float = float("nan")

    def __str__(self) -> str:
        return f"{self.verdict}: {self.finding} ({self.evaluations:,} evaluations, seed {self.seed})"


def check_gradient(
    loss: Callable[[Array], float],
    at: Array,
    gradient: Any,
    *,
    name: str = "x",
    seed: int = 0,
    sizes: Mapping[str, int] | None = None,
) -> GradCheck:
    """Compare `gradient` with the slopes of `loss` at the point `at`.

    `at` is an array of any shape; `loss` takes a float64 array of that shape, which it must neither change nor keep
    (it is overwritten after the call), and returns one number.
    `gradient` is anything; right is a float64 array of exactly that shape. `sizes` names numbers that may turn up as a
    wrong factor (`{"N": 20}`); the sizes of the axes of `at` are tried anyway. The same seed gives the same check.
    What `loss` raises is passed on. Central differences, h = 1e-5 max(1, |x|): see `flatgrade.core.gradients.slope`.
    """
    at = np.array(at, dtype=np.float64)
    counted = Loss(loss)
    broken = broken_gradient(gradient, at, name)
    if broken:
        return GradCheck(name, Agreement.DISAGREE, broken, seed)
    unusable = broken_loss(counted, at, name)
    if unusable:
        return GradCheck(name, Agreement.INCONCLUSIVE, unusable, seed, counted.calls)
    rng = np.random.default_rng(seed)
    remainder = Remainder(counted, at, gradient, rng)
    own = {f"{name}.shape[{axis}]": size for axis, size in enumerate(at.shape)} | {f"{name}.size": at.size}
    return _judge(name, seed, remainder, _survey(remainder, rng), {**(sizes or {}), **own})


def check_backward(
    forward: Callable[..., Any],
    backward: Callable[[Array], Any],
    inputs: Mapping[str, Array],
    *,
    seed: int = 0,
) -> dict[str, GradCheck]:
    """Check a layer: one GradCheck for each of `inputs`.

    `forward(**inputs)` returns a float64 array; `backward(dout)` returns a dict with the gradient of sum(dout * out)
    for each input. dout is drawn from the standard normal distribution: with ones, a batch norm that lacks its whole
    variance path passes. A layer that keeps its cache in itself may do so: all calls of `backward` follow one call of
    `forward` with copies of `inputs`, and precede all others. What the two functions raise is passed on.
    """
    point = {name: np.array(value, dtype=np.float64) for name, value in inputs.items()}
    passed = {name: value.copy() for name, value in point.items()}
    held = [*inputs.items(), *passed.items()]
    out = forward(**passed)
    unusable = broken_output(out) or changed_in_place(held, point, "forward")
    if unusable:
        return {name: GradCheck(name, Agreement.INCONCLUSIVE, unusable, seed, 1) for name in point}
    dout = np.asarray(np.random.default_rng((seed, 1)).standard_normal(out.shape))
    calls: list[Any] = []
    broken: dict[str, Finding] = {}
    for factor in (1.0, 1.0, 2.0):
        handed = factor * dout
        calls.append(_kept(backward(handed)))
        changed = changed_in_place([*held, ("dout", handed)], {**point, "dout": factor * dout}, "backward")
        if changed:
            broken = dict.fromkeys(point, changed)
    broken = broken or broken_backward(calls, point)
    sizes = {f"{name}.shape[{axis}]": n for name, array in point.items() for axis, n in enumerate(array.shape)}
    sizes |= {f"out.shape[{axis}]": n for axis, n in enumerate(out.shape)}

    def check(name: str) -> GradCheck:
        if name in broken:
            return GradCheck(name, Agreement.DISAGREE, broken[name], seed)

        def loss(moved: Array) -> float:
            return float(np.sum(dout * forward(**{**point, name: moved})))

        return check_gradient(loss, point[name], calls[0][name], name=name, seed=seed, sizes=sizes)

    return {name: check(name) for name in point}


def _kept(result: Any) -> Any:
    """A result of `backward`, its arrays copied: they may be buffers that the next call writes into."""
    if not isinstance(result, Mapping):
        return result
    return {name: value.copy() if isinstance(value, np.ndarray) else value for name, value in result.items()}


# --- measuring ---------------------------------------------------------------------------------------------------


@dataclass
class _Survey:
    """Readings of single entries by flat index, the bluntest tolerance, and whether all entries were covered."""

    readings: dict[int, Reading]
    tolerance: float = 0.0
    complete: bool = True

    def of(self, agreement: Agreement) -> list[int]:
        return sorted(index for index, reading in self.readings.items() if reading.agreement is agreement)


def _survey(remainder: Remainder, rng: np.random.Generator) -> _Survey:
    size = remainder.at.size
    if size <= ELEMENTWISE:
        return _Survey({index: remainder.entry(index) for index in range(size)})
    survey = _Survey({index: remainder.entry(index) for index in _outermost(remainder.at.shape, rng)})
    if not survey.of(Agreement.DISAGREE):
        _search(survey, remainder, rng)
    if survey.of(Agreement.DISAGREE):
        sample = set(rng.choice(size, SAMPLE, replace=False).tolist()) - survey.readings.keys()
        survey.readings |= {index: remainder.entry(index) for index in sorted(sample)}
    return survey


def _search(survey: _Survey, remainder: Remainder, rng: np.random.Generator) -> None:
    """Random directions through all entries; what does not agree is halved down to entries, to the first wrong one.

    Below a direction that is inconclusive, a kink is in the way: its halves are looked at with the smallest step that
    is still sharp enough, which crosses the fewest kinks. Below one that disagrees, halves are measured as finely.
    """
    size, left = remainder.at.size, SEARCH
    for _ in range(DIRECTIONS):
        sign = signs(rng, size)
        sign[survey.of(Agreement.INCONCLUSIVE)] = 0.0
        blocks = [(np.arange(size), True)]
        while blocks:
            block, finely = blocks.pop()
            direction = np.zeros(size)
            direction[block] = sign[block]
            if not direction.any():
                continue
            if block.size == 1:
                index = int(block[0])
                survey.readings[index] = remainder.entry(index)
                if survey.readings[index].agreement is Agreement.DISAGREE:
                    return
                continue
            if left == 0:
                survey.complete = False
                return
            left -= 1
            shortest = remainder.shortest(direction, ENOUGH / 2)
            reading = remainder.along(direction) if finely else remainder.glance(direction, shortest)
            if reading.agreement is Agreement.AGREE and reading.blur <= ENOUGH:
                survey.tolerance = max(survey.tolerance, reading.tolerance)
            else:
                finely = reading.agreement is Agreement.DISAGREE
                blocks += [(half, finely) for half in np.array_split(block, 2)]


def _outermost(shape: tuple[int, ...], rng: np.random.Generator) -> list[int]:
    """Flat indices of all corners, and of four random entries of every face: where padding and slices go wrong."""
    places = list(itertools.product(*({0, size - 1} for size in shape)))
    for axis, size in enumerate(shape):
        for end in (0, size - 1):
            inside = rng.integers(0, shape, (4, len(shape)))
            inside[:, axis] = end
            places += map(tuple, inside.tolist())
    return sorted({int(np.ravel_multi_index(index, shape)) for index in places})


# --- the verdict, in words ---------------------------------------------------------------------------------------


def _judge(name: str, seed: int, remainder: Remainder, survey: _Survey, sizes: Mapping[str, int]) -> GradCheck:
    """Weigh the readings. An entry without a verdict is skipped and counts as a kink."""
    wrong, kinks = survey.of(Agreement.DISAGREE), survey.of(Agreement.INCONCLUSIVE)
    right, readings = survey.of(Agreement.AGREE), survey.readings
    rough = [i for i in kinks if not abs(readings[i].error) <= readings[i].tolerance]  # more than a kink explains
    worst = max(wrong or rough or right or kinks, key=lambda index: abs(readings[index].error))
    claimed = float(remainder.claimed[worst]) + 0.0  # -0.0 reads as 0
    check = GradCheck(
        name,
        Agreement.INCONCLUSIVE,
        Finding(""),
        seed,
        evaluations=remainder.loss.calls,
        entries=len(readings),
        kinks=len(kinks),
        share_wrong=len(wrong) / len(readings),
        tolerance=max([survey.tolerance, *(readings[i].tolerance for i in right)]) if right else float("inf"),
        worst=tuple(int(i) for i in np.unravel_index(worst, remainder.at.shape)),
        claimed=claimed,
        measured=claimed + readings[worst].error,
    )
    if wrong:
        finding = _difference(check, remainder, _compared(name, remainder, survey, sizes))
        return replace(check, verdict=Agreement.DISAGREE, finding=finding)
    if rough or not survey.complete or len(kinks) > SKIPPED * remainder.at.size:
        return replace(check, finding=_doubt(check, remainder, survey, rough=bool(rough)))
    return replace(check, verdict=Agreement.AGREE, finding=_agreement(check, remainder))


def _compared(name: str, remainder: Remainder, survey: _Survey, sizes: Mapping[str, int]) -> Comparison:
    decided = sorted(survey.of(Agreement.AGREE) + survey.of(Agreement.DISAGREE))
    errors = np.array([survey.readings[i].error for i in decided])
    return Comparison(
        name=name,
        claimed=remainder.claimed.reshape(remainder.at.shape),
        at=remainder.at,
        index=np.array(decided, dtype=np.intp),
        measured=remainder.claimed[decided] + errors,
        wrong=np.array([survey.readings[i].agreement is Agreement.DISAGREE for i in decided]),
        sizes=sizes,
    )


def _difference(check: GradCheck, remainder: Remainder, compared: Comparison) -> Finding:
    size, count = remainder.at.size, int(np.count_nonzero(compared.wrong))
    claimed, measured = apart(check.claimed, check.measured)
    fact = f"{place(f'd{check.name}', check.worst or ())} is {claimed}; the slope measured there is {measured}."
    if size > 1:
        of = f"{size:,} entries" if check.entries == size else f"{check.entries:,} entries measured, of {size:,},"
        fact += f" {count:,} of {of} differ{'s' if count == 1 else ''}."
    common, advice = pattern(compared)
    return Finding(f"{fact} {common}".rstrip(), advice)


def _agreement(check: GradCheck, remainder: Remainder) -> Finding:
    size = remainder.at.size
    if size > ELEMENTWISE:
        fact = (
            f"d{check.name} agrees with the slopes measured in {DIRECTIONS} random directions through all {size:,} "
            f"entries and at {check.entries - check.kinks:,} single ones"
        )
    else:
        fact = f"d{check.name} agrees with the slope measured at {size - check.kinks:,} of {size:,} entries"
    if check.kinks:
        fact += f"; {check.kinks:,} at a kink of the loss {'was' if check.kinks == 1 else 'were'} skipped"
    if check.tolerance > ENOUGH * remainder.scale:
        fact += f"; the loss rounds too coarsely to show errors below {check.tolerance:.1g}"
    return Finding(f"{fact}.")


def _doubt(check: GradCheck, remainder: Remainder, survey: _Survey, *, rough: bool) -> Finding:
    start, size = f"d{check.name} cannot be checked", remainder.at.size
    elsewhere = "Check at other inputs, off the corners of relu, max and abs."
    if rough:
        entry = place(f"d{check.name}", check.worst or ())
        return Finding(f"{start}: the loss is too rough to show its slope at {entry}, {check.claimed:.4g}.", elsewhere)
    if not survey.complete:
        fact = f"{start}: {SEARCH:,} directions through its {size:,} entries do not tell kinks of the loss from errors."
        return Finding(fact, elsewhere)
    if not all(survey.readings[i].kink for i in survey.of(Agreement.INCONCLUSIVE)):
        fact = f"{start}: the loss, {remainder.value:.4g}, rounds too coarsely to show its slope."
        return Finding(fact, "Compute it in float64, and leave out what does not depend on the variable.")
    fact = f"{start}: {check.kinks:,} of {size:,} entries lie at a kink of the loss, where left and right slope differ."
    return Finding(fact, elsewhere)
