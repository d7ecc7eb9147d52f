"""Slopes from values that are asked for at once: right gradients agree, wrong ones do not, kinks are never mistakes."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from flatgrade.core.gradients.probe import Probe
from flatgrade.core.gradients.slope import STEP, Agreement

SEEDS = st.integers(0, 2**32 - 1)


def said(function, at, claimed, terms=1.0):
    probe = Probe(at, np.random.default_rng(0))
    return probe.agreement(claimed, function(at), [function(point) for point in probe.points], terms)


def smooth(rng, shape):
    """A function of many bends, and its gradient."""
    a, b = rng.standard_normal((2, *shape))
    return lambda x: float(np.sum(a * x**3 + np.sin(b * x))), lambda x: 3 * a * x**2 + b * np.cos(b * x)


@given(seed=SEEDS, shape=st.sampled_from([(), (1,), (6,), (5, 7), (2, 3, 4)]), size=st.sampled_from([1e-2, 1.0, 1e2]))
def test_a_right_gradient_agrees_and_one_wrong_entry_shows(seed, shape, size):
    """An entry that is off by a thousandth of the largest one is seen among any number of right ones."""
    rng = np.random.default_rng(seed)
    function, gradient = smooth(rng, shape)
    at = size * rng.standard_normal(shape)
    claimed = np.asarray(gradient(at))
    assert said(function, at, claimed) is Agreement.AGREE
    off = np.zeros(shape)
    off.flat[rng.integers(off.size)] = 1e-2 * np.linalg.norm(claimed)
    assert said(function, at, claimed + off) is Agreement.DISAGREE


@given(seed=SEEDS, kinks=st.integers(1, 6), at_it=st.booleans())
def test_a_kink_is_never_a_disagreement(seed, kinks, at_it):
    """Wherever kinks lie within the steps, the slope on either side of them is not called wrong."""
    rng = np.random.default_rng(seed)
    at, slope, bends = rng.standard_normal((3, 4))
    places = np.zeros(4) if at_it else rng.uniform(-2 * STEP, 2 * STEP, 4)
    bends[kinks:] = 0

    def function(x):
        return float(np.sum(slope * x + bends * np.maximum(0, x - at - places)))

    for claimed in (slope + bends * (places < 0), slope + bends * (places <= 0)):
        assert said(function, at, claimed) is not Agreement.DISAGREE


@settings(max_examples=300)
@given(seed=SEEDS, size=st.integers(1, 30), later=st.booleans())
def test_rounding_to_float32_is_never_a_disagreement(seed, size, later):
    """A forward pass in float32 has the slopes of a staircase."""
    a, at = np.random.default_rng(seed).standard_normal((2, size))

    def function(x):
        return float(np.sum(np.float32(a) * np.float32(x), dtype=np.float64 if later else np.float32))

    assert said(function, at, a, float(np.sum(np.abs(a * at)))) is not Agreement.DISAGREE


@pytest.mark.parametrize("value", [np.nan, np.inf])
def test_what_is_not_finite_says_nothing(value):
    """A forward pass that leaves the numbers beside the point, or a gradient that has left them, is no mistake of it."""
    at = np.ones(3)
    assert said(lambda x: float(np.sum(x)) if np.all(x == 1) else value, at, np.ones(3)) is Agreement.INCONCLUSIVE
    assert said(lambda x: float(np.sum(x)), at, np.full(3, value)) is Agreement.INCONCLUSIVE
    assert said(lambda x: value, at, np.zeros(3)) is Agreement.INCONCLUSIVE


def test_a_slope_of_zero_agrees_with_a_claim_of_zero():
    """What is below the rounding of the values is 0: a bias before a batch norm, a softmax that is sure of itself."""
    rng = np.random.default_rng(3)
    at = np.ones(4)
    noisy = lambda x: 3.0 + 1e-15 * rng.standard_normal()  # noqa: E731
    assert said(noisy, at, np.full(4, 1e-17), terms=3.0) is Agreement.AGREE
    assert said(noisy, at, np.full(4, 1e-3), terms=3.0) is Agreement.DISAGREE
