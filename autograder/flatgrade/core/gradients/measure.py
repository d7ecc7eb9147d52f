"""Compare a claimed gradient with central differences, entry by entry, and put a difference into words.

Made for small arrays and many comparisons: two calls of the function an entry, and a careful second look
(`flatgrade.core.gradients.slope`) only where the first one does not agree.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from flatgrade.core.gradients.findings import apart, place
from flatgrade.core.gradients.slope import STEP, Agreement, Array, Loss, Remainder

SAME = 1e-6  # relative to the largest slope: as near as this is equal, after two calls
TINY = 1e-9  # differences that no step of 1e-5 can see
SUSPECTS = 8  # entries that get a second look
KINKS = 0.2  # the share of entries that may lie at a kink of the function
CLEAR = 0.05  # of the largest slope: a gap that needs no second look, where at least MANY entries have one ...
MANY = 4
NOISES = 4  # how far a difference must be beyond that between two steps
STRAIGHT = 0.01  # ... and the slopes to both sides differ by less than this share of it: no kink, no rounding


@dataclass(frozen=True)
class Measured:
    """A claim beside the slopes that were measured, both of one shape. Entries at a kink have no slope to trust."""

    agreement: Agreement
    claimed: Array
    slope: Array

    @property
    def worst(self) -> tuple[int, ...]:
        """The index of the largest difference."""
        gap = np.nan_to_num(np.abs(self.claimed - self.slope), nan=np.inf)
        return tuple(int(i) for i in np.unravel_index(int(np.argmax(gap)), gap.shape))

    def example(self, name: str, unit: str = "", size: int = 0) -> str:
        """The largest difference in words: `dW[2, 0] is 0.4, the slope is 0.8`; `unit` if `slope` is a multiple."""
        claim, slope = apart(float(self.claimed[self.worst]), float(self.slope[self.worst]))
        return f"{place(name, self.worst)} is {claim}, {relation(unit, size) if unit else 'the slope'} is {slope}"


def measure(function: Callable[[Array], float], at: Array, claimed: Array) -> Measured:
    """Compare `claimed` with the slope of `function` at `at`; both are float64 of one shape.

    INCONCLUSIVE if the entries that do not agree have no slope that can be measured: kinks, rounding to float32.
    """
    at, claimed = np.array(at, dtype=np.float64), np.asarray(claimed, dtype=np.float64)
    slope, bend = slopes(function, at)
    gap, scale = np.abs(claimed - slope), np.max(np.abs(slope), initial=0.0)
    fine = gap <= SAME * scale + TINY
    if fine.all():
        return Measured(Agreement.AGREE, claimed, slope)
    # Code that rounds to float32 on its way has the slopes of a staircase: they change with the step.
    changes = np.abs(slope - slopes(function, at, 10 * STEP)[0])
    blurred = ~fine & (gap <= NOISES * np.quantile(changes, 0.75))
    rest = ~fine & ~blurred
    clear = rest & (gap > CLEAR * scale)
    if np.count_nonzero(clear) >= MANY and np.all(bend[clear] <= STRAIGHT * gap[clear]):
        return Measured(Agreement.DISAGREE, claimed, slope)
    agreement = _second_look(function, at, claimed, np.where(rest, gap, 0.0).reshape(-1))
    if blurred.any() and agreement is Agreement.AGREE:
        agreement = Agreement.INCONCLUSIVE
    return Measured(agreement, claimed, slope)


def slopes(function: Callable[[Array], float], at: Array, unit: float = STEP) -> tuple[Array, Array]:
    """The slope of `function` by each entry of `at`, and how far the slopes to the right and left are apart.

    Central differences, h = `unit` max(1, |x|); float64, both of the shape of `at`.
    """
    point = np.array(at, dtype=np.float64)
    slope, bend = np.zeros(point.shape), np.zeros(point.shape)
    middle = function(point.copy())
    for i in range(point.size):
        value = point.flat[i]
        step = unit * max(1.0, abs(value))
        point.flat[i] = value + step
        right = function(point.copy())
        point.flat[i] = value - step
        left = function(point.copy())
        slope.flat[i], bend.flat[i] = (right - left) / (2 * step), abs(right + left - 2 * middle) / step
        point.flat[i] = value
    return slope, bend


def _second_look(function: Callable[[Array], float], at: Array, claimed: Array, gap: Array) -> Agreement:
    """Weigh the entries that have a gap, the largest first."""
    suspects = [int(i) for i in np.argsort(-gap) if gap[i] != 0]
    if not suspects:
        return Agreement.AGREE
    remainder = Remainder(Loss(function), at, claimed, np.random.default_rng(0))
    readings = []
    for index in suspects[:SUSPECTS]:
        readings.append(remainder.entry(index).agreement)
        if readings[-1] is Agreement.DISAGREE:
            return Agreement.DISAGREE
    excused = len(suspects) - readings.count(Agreement.AGREE)
    return Agreement.AGREE if excused <= KINKS * gap.size else Agreement.INCONCLUSIVE


def factors(size: int) -> dict[str, float]:
    """The factors by which gradients are off, by name; `size` is N."""
    named = {"0": 0.0, "2": 2.0, "1/2": 0.5, "-1": -1.0}
    return named if size < 2 else {**named, "N": float(size), "1/N": 1 / size}


def factor(claimed: Array, slope: Array, size: int) -> str:
    """The name of the factor that makes `claimed` of `slope`, or "" if none of `factors(size)` does."""
    norm = float(np.sum(slope * slope))
    if not norm > TINY**2:
        return ""
    ratio = float(np.sum(claimed * slope)) / norm
    if not np.all(np.abs(claimed - ratio * slope) <= 1e-5 * np.max(np.abs(slope)) * max(1.0, abs(ratio))):
        return ""
    return next((name for name, k in factors(size).items() if abs(ratio - k) <= 1e-5 * max(1.0, abs(k))), "")


def relation(name: str, size: int) -> str:
    """A factor in words, for a sentence that begins with "it is"."""
    return {
        "0": "zero, the slope is not",
        "2": "twice the slope",
        "1/2": "half the slope",
        "-1": "the opposite of the slope",
        "N": f"N times the slope (N = {size})",
        "1/N": f"1/N of the slope (N = {size})",
    }[name]
