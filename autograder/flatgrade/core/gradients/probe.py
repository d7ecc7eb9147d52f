"""Whether a claimed gradient is the slope of a function whose values are all asked for at once.

`measure` and `gradcheck` choose each step by what the one before gave. Here the function runs elsewhere, so the points
are fixed beforehand: two random directions, and along each a central difference at two steps and at a tiny one. The
entries of a direction differ in size, so that no two errors cancel in it. Where the differences are apart, or the
slopes to both sides do not draw nearer as the step shrinks, there is a kink, or a staircase of numbers in float32: that
direction says nothing.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from flatgrade.core.gradients.slope import EPSILON, STEP, Agreement, Array

DIRECTIONS = 2  # which must say the same
TINY = 1e-8  # a step that is lost in a staircase
STEPS = (STEP, STEP / 2, TINY)
ROUNDINGS = 64  # of the terms that a value is the sum of: what a difference of two values may be off by
BLURS = 8  # a slope is off by less than this many times what its two measurements differ by
SHARP = 1e-3  # of the slope: what is more blurred than this says nothing
STEADY = 1e-2  # of the slope: as much as this it may be another one over the tiny step, for rounding
SAME, CLEAR = 1e-6, 1e-5  # of the slope: as near as this is equal, as far as this is not


class Probe:
    """The points around `at` (float64, any shape) at which values are needed, and what these say of a claim."""

    def __init__(self, at: Any, rng: np.random.Generator) -> None:
        at = np.asarray(at, dtype=np.float64)
        unit = np.maximum(1.0, np.abs(at))
        self.directions = [
            rng.choice((-1.0, 1.0), at.shape) * rng.uniform(0.5, 1.5, at.shape) * unit for _ in range(DIRECTIONS)
        ]
        self.points: list[Array] = [
            at + side * step * direction for direction in self.directions for step in STEPS for side in (1, -1)
        ]

    def agreement(self, claimed: Any, middle: float, values: Sequence[float], terms: float) -> Agreement:
        """Compare a claimed gradient with the slopes; `values` are those at `points`, `middle` is that at `at`.

        `terms` is the sum of the sizes of the terms that a value is made of: it says how far a value is rounded.
        """
        claimed = np.asarray(claimed, dtype=np.float64)
        rows = np.asarray(values, dtype=np.float64).reshape(DIRECTIONS, len(STEPS), 2)
        with np.errstate(all="ignore"):
            noise = ROUNDINGS * EPSILON * max(terms, 1.0)  # a loss of 0 hides numbers of about 1 that round
            measured = [_slope(row, middle) for row in rows]
            scale = max(float(np.linalg.norm(claimed)), *(abs(slope) for slope, _, _ in measured))
            readings = []
            for direction, (slope, blur, change) in zip(self.directions, measured, strict=True):
                error = abs(slope - float(np.sum(claimed * direction)))
                steady = change <= STEADY * scale + noise / TINY
                readings.append(_compare(error, BLURS * blur + noise / STEP, scale, noise / STEP, steady=steady))
        return readings[0] if len(set(readings)) == 1 else Agreement.INCONCLUSIVE


def _slope(row: Array, middle: float) -> tuple[float, float, float]:
    """The slope along a direction, extrapolated from two steps, how far these are apart, and how far the tiny one."""
    (wide, jump), (close, near_jump), (tiny, _) = (
        ((right - left) / (2 * step), (right + left - 2 * middle) / step)
        for (right, left), step in zip(row, STEPS, strict=True)
    )
    slope = (4 * close - wide) / 3
    return float(slope), float(abs(close - wide) + abs(jump / 2 - near_jump)), float(abs(tiny - slope))


def _compare(error: float, tolerance: float, scale: float, noise: float, *, steady: bool) -> Agreement:
    """Weigh one direction; written so that NaN is inconclusive."""
    if not np.isfinite(tolerance) or not steady:
        return Agreement.INCONCLUSIVE
    if scale <= noise:
        return Agreement.AGREE  # the claim and the slope are 0, as far as can be seen
    if not tolerance <= SHARP * scale:
        return Agreement.INCONCLUSIVE
    if error <= tolerance + SAME * scale:
        return Agreement.AGREE
    return Agreement.DISAGREE if error > tolerance + CLEAR * scale else Agreement.INCONCLUSIVE
