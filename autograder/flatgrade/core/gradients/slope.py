"""Measure slopes of a loss, and know how far each measurement can be trusted.

A claimed gradient g is judged by the *remainder* phi(p) = loss(p) - g . (p - x): g is right exactly if phi is flat at
x. Differences of phi carry the claim along, so nothing large is subtracted at the end, and the steps that were really
taken (after rounding x + h) are the ones that count.

Three things spoil a difference quotient, and each is measured rather than assumed:

- rounding, which grows as 1/h: the noise of the loss itself, from a table of differences over tiny equal steps
  (J. More and S. Wild, "Estimating computational noise", SIAM J. Sci. Comput. 33, 2011);
- curvature, which shrinks with h: steps h, h/2, h/4, and Richardson's extrapolation of the first and last two;
- a kink (relu, max, abs), which does neither: the jump between left and right slope halves with h on a smooth loss,
  and stays at a kink. One kink anywhere within the step spoils the slope by less than `bend` in `glance`.

The step then walks to where rounding and bending are in balance, so that a hinge 1e-7 from its corner is measured
beside the corner, and a sum of 200,000 terms at a step at which its rounding is small.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Any

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]

EPSILON = float(np.finfo(np.float64).eps)
STEP = 1e-5  # best for float64 (the truncation of a central difference meets its rounding); times max(1, |x|)
STEPS = (1e-12, 1e-2)  # how far the step may walk
NOISE_STEPS = (1e-10, 1e-9, 1e-8, 1e-7)
FLOOR = 1e-7  # of the largest claimed entry: smaller errors are not looked for
SHARP = 5e-7  # a blur that is not improved further
ENOUGH = 1e-5  # the largest blur that may still agree
FAINT = 1e-7  # of the loss: a gradient below may be blurred 1,000 times more (the first bias of a deep network)
FLAT = 10  # roundings of the loss in a step of 1: a gradient below is a claim of zero (a bias before a batch norm)
NOISES = 6  # standard deviations of the noise of the loss that an error must exceed


class Agreement(StrEnum):
    """The outcome of a check. INCONCLUSIVE is never a pass: the measurement could not tell."""

    AGREE = "agree"
    DISAGREE = "disagree"
    INCONCLUSIVE = "inconclusive"


@dataclass(frozen=True)
class Reading:
    """One measurement along a direction, in loss per unit of step.

    `error` is the slope minus the claim, `tolerance` what of it may be noise, `blur` the tolerance in parts of the
    largest slope. `kink`: the loss bends more than rounding explains; a smaller step may show it straight.
    """

    agreement: Agreement
    error: float
    tolerance: float
    blur: float
    kink: bool = False


class Loss:
    """A loss whose calls are counted. It is handed arrays of our own, which are overwritten after the call."""

    def __init__(self, function: Callable[[Array], float]) -> None:
        self.function = function
        self.calls = 0

    def raw(self, point: Array) -> Any:
        """What the function returns, whatever it is."""
        self.calls += 1
        with np.errstate(all="ignore"):  # the log of a negative number at x - h is no news
            return self.function(point)

    def __call__(self, point: Array) -> float:
        """The value at a point, a number already known to be one."""
        return float(self.raw(point))


class Remainder:
    """The loss less its claimed linear part, around one point `at`. Entries are named by their flat index."""

    def __init__(self, loss: Loss, at: Array, claimed: Array, rng: np.random.Generator) -> None:
        self.loss, self.at = loss, np.array(at, dtype=np.float64, order="C")
        self.claimed = np.array(claimed, dtype=np.float64, order="C").reshape(-1)
        self.unit = np.maximum(1.0, np.abs(self.at)).reshape(-1)
        self.value = loss(self.at.copy())
        # Work arrays: two fresh ones a call would cost more than the loss itself.
        self._point, self._moved = np.empty_like(self.at), np.empty(self.at.size)
        self.noise = self._noise(rng)
        self.scale = float(np.abs(self.claimed).max())

    def entry(self, index: int) -> Reading:
        """Compare one entry of the gradient with the slope there."""
        direction = np.zeros(self.at.size)
        direction[index] = 1.0
        reading, unit = self.along(direction), float(self.unit[index])
        return replace(reading, error=reading.error / unit, tolerance=reading.tolerance / unit)

    def along(self, direction: Array) -> Reading:
        """Compare the claim with the slope in a direction of entries -1, 0 and +1, each times max(1, |x|).

        The error of every entry that moves counts undiluted, up to the signs. The step walks down while the loss
        bends, and up while it rounds, until the reading is sharp; two calls of the loss where the first one is.
        """
        step, walk = max(STEP, self.shortest(direction, SHARP)), 1.0
        readings: list[Reading] = []
        while STEPS[0] <= step <= STEPS[1]:
            readings.append(reading := self.glance(direction, step, wary=walk < 1 or step > STEP))
            sharp = reading.agreement is Agreement.AGREE and reading.blur <= SHARP
            if sharp or reading.agreement is Agreement.DISAGREE:
                return reading
            turn = 0.1 if reading.kink else 10.0
            if walk not in (1.0, turn):
                readings.append(self.glance(direction, step * turn**0.5, wary=True))
                break
            walk, step = turn, step * turn
        best = min(readings, key=lambda reading: reading.tolerance)
        if best.agreement is Agreement.DISAGREE or (best.agreement is Agreement.AGREE and best.blur <= ENOUGH):
            return best
        return replace(best, agreement=Agreement.INCONCLUSIVE, kink=readings[0].kink)

    def glance(self, direction: Array, step: float, *, wary: bool = False) -> Reading:
        """Compare the claim with the slope at one step: 2 calls of the loss where it agrees at once, more otherwise.

        Where the loss is known to bend, be `wary`: at one step, an error may cancel against the truncation.
        """
        floor, noise = FLOOR * self.scale * self._least(direction), NOISES * self.noise / step
        first, jump = self._sides(direction, step)
        # At a minimum the gradient is 0: an error is then held against what the slope changes by within the step.
        reference = max(self._reference(direction), abs(jump) / np.count_nonzero(direction))
        loose = max(floor, noise)
        if abs(first) <= loose and (not wary or abs(self._sides(direction, step / 2)[0]) <= 2 * loose):
            return _reading(Agreement.AGREE, first, loose, reference)
        (second, jump2), (third, jump4) = (self._sides(direction, step / k) for k in (2, 4))
        coarse, error = (4 * second - first) / 3, (4 * third - second) / 3
        bend = abs(error - coarse) + abs(jump2 / 2 - jump4)
        if not np.isfinite(bend):
            return Reading(Agreement.INCONCLUSIVE, float("nan"), float("inf"), float("inf"), kink=True)
        noise *= 5  # extrapolated from h/4, the slope carries 5 times the noise at h
        kink = bend > max(floor, 2 * noise, 1e-3 * abs(error))
        tolerance = max(floor, noise + 2 * bend)
        if abs(error) <= tolerance:
            return _reading(Agreement.AGREE, error, tolerance, reference, kink)
        agreement = Agreement.INCONCLUSIVE if kink else Agreement.DISAGREE
        return _reading(agreement, error, tolerance, reference, kink)

    def shortest(self, direction: Array, blur: float) -> float:
        """The shortest step along which the rounding of the loss does not blur a slope more than `blur`."""
        reference = self._reference(direction)
        return float(np.clip(NOISES * self.noise / (blur * reference), *STEPS)) if reference else STEP

    def _least(self, direction: Array) -> float:
        return float(self.unit[direction != 0].min())

    def _reference(self, direction: Array) -> float:
        """The slope that an error is held against: the largest one that is claimed, at the shortest of the moves."""
        scale = self.scale * self._least(direction)
        if scale <= FLAT * self.noise:
            return 1e3 / ENOUGH * self.noise  # measured with the largest step, the slope is known to 600 roundings
        return max(scale, min(FAINT * abs(self.value), 1e3 * scale))

    def _sides(self, direction: Array, step: float) -> tuple[float, float]:
        """The remainder's central slope over +-step, and its right slope minus its left one."""
        right, left = self._remainder(direction, step), self._remainder(direction, -step)
        return (right - left) / (2 * step), (right + left - 2 * self.value) / step

    def _remainder(self, direction: Array, step: float) -> float:
        moved = self._moved
        np.multiply(direction, self.unit, out=moved)
        moved *= step
        np.add(self.at, moved.reshape(self.at.shape), out=self._point)
        np.subtract(self._point.reshape(-1), self.at.reshape(-1), out=moved)  # the step after rounding
        # einsum, not @: threads that BLAS starts for a dot product of this size take longer than the product.
        return self.loss(self._point) - float(np.einsum("i,i->", self.claimed, moved))

    def _noise(self, rng: np.random.Generator) -> float:
        """The standard deviation of the rounding of the loss, from sixth differences over tiny equal steps.

        The steps are the smallest over which the loss takes ten different values: larger ones may cross kinks, whose
        differences would be taken for noise. They go to one side, so that a kink at `at` itself is not crossed. A loss
        that stands still (a softmax that is sure of itself) hides numbers of about 1 that round.
        """
        size = abs(self.value)
        for tiny in NOISE_STEPS:
            tables = [self._row(signs(rng, self.at.size), tiny)]
            if len(set(tables[0])) == len(tables[0]):
                tables += [self._row(signs(rng, self.at.size), tiny) for _ in range(2)]
                break
        else:
            size = max(size, 1.0)
        with np.errstate(all="ignore"):
            found = [float(np.sqrt(np.mean(np.diff(row, 6) ** 2) / 924)) for row in tables]  # 924 = 12! / 6!^2
        middle, least = float(np.median(found)), EPSILON / 4 * size  # about half a unit in the last place
        return max(middle, least) if np.isfinite(middle) else 4 * least

    def _row(self, direction: Array, step: float) -> list[float]:
        move = (step * direction * self.unit).reshape(self.at.shape)
        return [self.loss(self.at + i * move) for i in range(1, 11)]


def signs(rng: np.random.Generator, size: int) -> Array:
    """`size` random signs, -1.0 or +1.0."""
    return rng.choice(np.array([-1.0, 1.0]), size)


def _reading(agreement: Agreement, error: float, tolerance: float, reference: float, kink: bool = False) -> Reading:
    return Reading(agreement, error, tolerance, tolerance / reference if reference else 0.0, kink)
