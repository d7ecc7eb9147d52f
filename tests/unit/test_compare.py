"""Comparison: what it is before how large it is, and NaN loses."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from flatgrade.core.compare import Foreign, close, contract_finding

FLOATS = hnp.arrays(np.float64, hnp.array_shapes(max_dims=3, max_side=5), elements=st.floats(-1e6, 1e6))


@given(FLOATS)
def test_a_value_is_close_to_itself_and_not_when_off_by_a_thousandth(array):
    """Equality always passes; a thousandth of the scale never does."""
    assert close(array, array)
    scale = np.abs(array).max()
    if scale > 1e-6:
        assert not close(array + 1e-3 * scale, array)


@given(FLOATS, st.sampled_from([np.nan, np.inf, -np.inf]))
def test_not_finite_never_equals_finite(array, bad):
    """NaN and infinity lose against every number, on either side."""
    broken = array.copy()
    broken.flat[0] = bad
    assert not close(broken, array)
    assert not close(array, broken)
    assert not close(np.full_like(array, np.nan), np.full_like(array, np.nan))


def test_shapes_are_never_broadcast():
    """(3,) and (3, 1) differ, and so do a number and an array of one."""
    assert not close(np.ones(3), np.ones((3, 1)))
    assert not close(np.ones(1), 1.0)
    assert close(np.ones(()), 1.0)


def test_replay_may_go_on_from_the_same_nan():
    """With equal_nan the not-finite entries must be the same ones; the rest is compared as ever."""
    a = np.array([1.0, np.nan, np.inf])
    assert close(a, a, equal_nan=True)
    assert not close(a, np.array([1.0, np.nan, -np.inf]), equal_nan=True)
    assert not close(a, np.array([2.0, np.nan, np.inf]), equal_nan=True)


@pytest.mark.parametrize(
    ("got", "want", "message"),
    [
        (None, 1.0, "dW is None. Does the function return dW?"),
        (..., 1.0, "dW is not written yet. Replace the ... by your own line."),
        (True, 1.0, "dW is of type bool. Return a NumPy array or a number."),
        ([1.0], np.ones(1), "dW is of type list. Return a NumPy array or a number."),
        (Foreign("str"), 1.0, "dW is of type str. Return a NumPy array or a number."),
        (
            np.array([1 > 0]),
            np.ones(1),
            "dW holds values of type bool, not numbers. Return the values themselves, not where a condition holds.",
        ),
        (np.ones((3, 4)), np.ones((4, 3)), "dW has shape (3, 4), expected (4, 3). Is it the transpose?"),
        (np.ones(5), 1.0, "dW has shape (5,), expected () (one number). Is a sum or a mean missing?"),
        (
            np.ones((5, 1)),
            np.ones(5),
            "dW has shape (5, 1), expected (5,). The number of entries is right: is a reshape or keepdims the difference?",
        ),
        (np.ones(3), np.ones((3, 4)), "dW has shape (3,), expected (3, 4). Was it summed over one axis too many?"),
        (
            np.array([1, np.nan]),
            np.ones(2),
            "dW is not finite: 1 of 2 values are nan. "
            "Look for a division by zero, the root of a negative number, a log of zero, or an exp of a large number.",
        ),
        (
            np.inf,
            1.0,
            "dW is not finite: the value is infinite. "
            "Look for a division by zero, the root of a negative number, a log of zero, or an exp of a large number.",
        ),
    ],
)
def test_contract_messages(got, want, message):
    """Fact and advice, whole."""
    assert str(contract_finding("dW", got, want)) == message


def test_a_number_may_come_in_any_numeric_form():
    """Python numbers, NumPy numbers and 0-d arrays are all a number; float32 and integers are numbers."""
    for value in (1, 1.0, np.float32(1), np.int8(1), np.array(1.0)):
        assert contract_finding("loss", value, 1.0) is None
