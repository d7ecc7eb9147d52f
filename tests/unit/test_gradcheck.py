"""The gradient checker: what it must catch, what it must never call wrong, and what it says."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from flatgrade.core.finding import Finding
from flatgrade.core.gradients.gradcheck import Agreement, check_backward, check_gradient
from flatgrade.core.gradients.slope import Loss, Remainder

AGREE, DISAGREE, INCONCLUSIVE = Agreement.AGREE, Agreement.DISAGREE, Agreement.INCONCLUSIVE
LARGE = 200_000

Array = Any
Case = tuple[Callable[[Array], float], Array, Any]


def normal(*shape: int, seed: int = 1) -> Array:
    return np.random.default_rng(seed).standard_normal(shape)


def squares(x: Array) -> float:
    return float(np.sum(x**2))


def off(gradient: Array, index: int, by: float = 1e-6) -> Array:
    """A copy with one entry off by `by` times the largest entry."""
    gradient = np.array(gradient)
    gradient.flat[index] += by * np.max(np.abs(gradient))
    return gradient


def blur(x: Array) -> Array:
    """Sums of 3x3 windows with zero padding: a convolution with a kernel of ones."""
    padded = np.pad(x, 1)
    return sum(padded[i : i + x.shape[0], j : j + x.shape[1]] for i in range(3) for j in range(3))


def batchnorm(x: Array) -> Array:
    return (x - x.mean(axis=0)) / np.sqrt(x.var(axis=0) + 1e-5)


def softmax_regression(n: int, d: int, c: int) -> tuple[Callable[[Array], float], Array, Array]:
    """Mean cross-entropy plus sum of squares on pixel-like data: the loss, weights, and the gradient there."""
    rng = np.random.default_rng(3)
    data, labels, weights = rng.uniform(0, 255, (n, d)), rng.integers(0, c, n), 1e-3 * rng.standard_normal((d, c))

    def probabilities(w: Array) -> Array:
        scores = data @ w
        e = np.exp(scores - scores.max(axis=1, keepdims=True))
        return e / e.sum(axis=1, keepdims=True)

    def loss(w: Array) -> float:
        return float(-np.mean(np.log(probabilities(w)[np.arange(n), labels])) + np.sum(w**2))

    dscores = probabilities(weights)
    dscores[np.arange(n), labels] -= 1
    return loss, weights, data.T @ dscores / n + 2 * weights


def hinge(margin: float) -> tuple[Callable[[Array], float], Array, Array]:
    """A linear SVM (6 rows, 20 features, 6 classes) with one margin at `margin` from zero, and its gradient."""
    data, w, labels = normal(6, 20), normal(20, 6, seed=2), np.arange(6)

    def margins(w: Array, shift: float) -> Array:
        scores = data @ w
        found = scores - scores[np.arange(6), labels][:, None] + 1
        found[0, 1] += shift
        found[np.arange(6), labels] = 0
        return found

    shift = margin - margins(w, 0.0)[0, 1]
    active = (margins(w, shift) > 0).astype(float)
    active[np.arange(6), labels] = -active.sum(axis=1)
    return lambda w: float(np.maximum(margins(w, shift), 0).sum()), w, data.T @ active


# --- what must be caught -------------------------------------------------------------------------------------------


def mutants() -> dict[str, Case]:
    big, x, image, square = normal(LARGE), normal(30), normal(16, 17), normal(6, 6)
    right = blur(2 * blur(image))  # of sum(blur(image)**2): the kernel is symmetric
    softmax, weights, slope = softmax_regression(20, 900, 10)
    border = right.copy()
    border[0] = 2 * blur(image)[0]  # the windows that reach over the upper edge are forgotten
    nan = 2 * x
    nan[7] = np.nan
    return {
        "one entry of 200,000": (squares, big, off(2 * big, 123_457)),
        "one entry of 200,000 of a curved loss": (
            lambda v: float(np.sum(big[::-1] * np.tanh(v))),
            big,
            off(big[::-1] * (1 - np.tanh(big) ** 2), 5),
        ),
        "one entry of 9,000 on pixels": (softmax, weights, off(slope, 4_321)),
        "the border of a map": (lambda v: squares(blur(v)), image, border),
        "one corner of a map": (lambda v: squares(blur(v)), image, off(right, 0)),
        "a small loss and no gradient": (lambda v: 1e-6 * squares(v), x, np.zeros(30)),
        "a slope where the loss is zero": (lambda v: float(np.maximum(np.sum(v) - 100, 0)), x, 1e-3 * x),
        "a factor 1.001": (squares, x, 2.002 * x),
        "a factor 1.001 in 200,000 entries": (squares, big, 2.002 * big),
        "a transposed square matrix": (lambda v: float(np.sum(np.sin(v))), square, np.cos(square).T),
        "a nan": (squares, x, nan),
        "an infinity": (squares, x, np.full(30, -np.inf)),
        "another sign": (squares, x, -2 * x),
        "no 1/N": (lambda v: float(np.mean(v**2)), x, 2 * x),
        "a shape that broadcasts": (squares, x, (2 * x)[:, None]),
        "float32": (squares, x, (2 * x).astype(np.float32)),
        "nothing": (squares, x, None),
        "a margin whose indicator is forgotten": (*hinge(0.5)[:2], normal(20, 6)),
    }


MUTANTS = mutants()


@pytest.mark.parametrize("case", MUTANTS)
def test_mutants_are_caught(case: str) -> None:
    """A wrong gradient disagrees, with a fact to tell."""
    loss, at, gradient = MUTANTS[case]
    check = check_gradient(loss, at, gradient)
    assert check.verdict is DISAGREE
    assert check.finding.what.startswith("dx")
    assert (check.worst is None) == (case in {"a nan", "an infinity", "a shape that broadcasts", "float32", "nothing"})


def test_table_of_mutants_is_whole() -> None:
    """No mutant is dropped by accident."""
    assert len(MUTANTS) == 18


@pytest.mark.parametrize("seed", range(6))
def test_cancelling_pair_is_caught(seed: int) -> None:
    """Two errors that cancel in half of all random directions do not cancel in all sixteen."""
    x, wrong = normal(20_000, seed=seed), 2 * normal(20_000, seed=seed)
    wrong[[77, 15_000]] += 1e-3, -1e-3
    check = check_gradient(squares, x, wrong, seed=seed)
    assert check.verdict is DISAGREE
    assert check.worst in {(77,), (15_000,)}


@settings(max_examples=60, deadline=None)
@given(st.lists(st.integers(1, 5), max_size=4), st.floats(-3, 2), st.integers(0, 10**6))
def test_one_wrong_entry_is_found(shape: list[int], power: float, seed: int) -> None:
    """In any shape and at any scale, the right gradient agrees and one wrong entry is named with both its values."""
    rng = np.random.default_rng(seed)
    x, w = 10.0**power * rng.standard_normal(shape), rng.standard_normal(shape)
    loss, gradient = lambda v: float(np.sum(w * (v + np.sin(v) / 2))), np.asarray(w * (1 + np.cos(x) / 2))
    index = int(rng.integers(x.size))
    wrong = off(gradient, index, 1e-5)
    right, caught = check_gradient(loss, x, gradient), check_gradient(loss, x, wrong)
    assert right.verdict is AGREE
    assert (right.entries, right.kinks, right.share_wrong) == (x.size, 0, 0.0)
    assert caught.verdict is DISAGREE
    assert caught.worst == np.unravel_index(index, x.shape)
    assert caught.claimed == wrong[caught.worst]
    assert caught.measured == pytest.approx(gradient[caught.worst], rel=0, abs=1e-6 * np.max(np.abs(gradient)))
    assert caught.share_wrong == 1 / x.size


def test_wrong_entry_on_a_kinked_loss_is_found() -> None:
    """Halving past kinks, the search still comes to the one wrong entry of 200,000."""
    x = normal(LARGE)
    check = check_gradient(lambda v: float(np.sum(np.maximum(v, 0))), x, off((x > 0).astype(float), 777, 1e-3))
    assert (check.verdict, check.worst) == (DISAGREE, (777,))


# --- what must never be called wrong -------------------------------------------------------------------------------


def by_rows(x: Array) -> float:
    """A sum of squares in the order of a loop over rows, from the last to the first."""
    total = 0.0
    for row in x[::-1]:
        for value in row:
            total += value * value
    return total


def bias_before_batchnorm() -> Case:
    """The mean is subtracted, so the bias does nothing: its gradient is a sum that cancels, up to rounding."""
    x, upstream, bias = normal(5, 4), normal(5, 4, seed=2), normal(4, seed=3)
    xhat, deviation = batchnorm(x + bias), np.sqrt((x + bias).var(axis=0) + 1e-5)
    dx = (upstream - upstream.mean(axis=0) - xhat * (upstream * xhat).mean(axis=0)) / deviation
    return lambda b: float(np.sum(upstream * batchnorm(x + b))), bias, dx.sum(axis=0)


def equivalents() -> dict[str, Case]:
    big, x, y = normal(LARGE), normal(100), 10.0 ** -np.arange(8)
    pool = big.reshape(-1, 4)
    strided = normal(14, 15)[::2, ::3]
    weights = normal(10)
    return {
        "a margin 1e-7 above zero": hinge(1e-7),
        "a margin 1e-7 below zero": hinge(-1e-7),
        "relu": (lambda v: float(np.sum(np.maximum(v, 0))), big, (big > 0).astype(float)),
        "abs": (lambda v: float(np.sum(np.abs(v))), big, np.sign(big)),
        "max": (
            lambda v: float(np.sum(np.max(v, axis=1))),
            pool,
            (pool == np.max(pool, axis=1, keepdims=True)).astype(float),
        ),
        "200,000 entries": (squares, big, 2 * big),
        "pixels": softmax_regression(20, 900, 10),
        "a gradient of 1e-10": (lambda v: 2.3 + 1e-10 * squares(v), x, 2e-10 * x),
        "a gradient of zero": (lambda v: float(np.sum(np.exp(v) / np.sum(np.exp(v)))), x, np.full(100, 1e-18)),
        "a constant": (lambda v: 3.0, x, np.zeros(100)),
        "a bias before a batch norm": bias_before_batchnorm(),
        "a minimum of zero": (lambda v: squares(v - x), x, np.zeros(100)),
        "another order of summation": (by_rows, normal(40, 25), 2 * normal(40, 25)),
        "strided arrays": (squares, strided, 2 * strided),
        "transposed arrays": (squares, x.reshape(4, 25).T, np.asfortranarray(2 * x.reshape(4, 25).T)),
        "large entries": (squares, 1e8 * x, 2e8 * x),
        "next to a pole": (lambda v: float(np.sum(np.log(v))), y, 1 / y),
        "a steep exponential": (lambda v: float(np.sum(np.exp(50 * v))), weights, 50 * np.exp(50 * weights)),
        "a large constant": (lambda v: 1e9 + squares(v), x, 2 * x),
        "a number": (lambda v: float(v) ** 3, np.array(2.0), 12.0),
    }


EQUIVALENTS = equivalents()


@pytest.mark.parametrize("case", EQUIVALENTS)
def test_right_gradients_agree(case: str) -> None:
    """A right gradient of an unusual loss agrees; of the entries, at most one in 10,000 is skipped at a kink."""
    loss, at, gradient = EQUIVALENTS[case]
    check = check_gradient(loss, at, gradient)
    assert check.verdict is AGREE
    assert check.kinks <= np.size(at) / 10_000
    assert check.entries >= min(np.size(at), 2)


def test_table_of_equivalents_is_whole() -> None:
    """No right solution is dropped by accident."""
    assert len(EQUIVALENTS) == 20


@pytest.mark.parametrize("seed", range(4))
def test_no_false_alarm_in_large_arrays(seed: int) -> None:
    """Rounding grows with the number of terms, and the tolerance with the rounding that is measured."""
    x, w = normal(LARGE, seed=seed), normal(LARGE, seed=seed + 100)
    check = check_gradient(lambda v: float(np.sum(w * np.tanh(v))), x, w * (1 - np.tanh(x) ** 2), seed=seed)
    assert check.verdict is AGREE
    assert check.tolerance <= 1e-6 * np.max(np.abs(w))


@settings(max_examples=40, deadline=None)
@given(st.integers(0, 10**6), st.floats(-2, 2), st.integers(1, 3))
def test_networks_of_relus_are_never_called_wrong(seed: int, power: float, layers: int) -> None:
    """Kinks in hidden units lie everywhere along a step; a right gradient agrees all the same, a wrong entry shows."""
    rng = np.random.default_rng(seed)
    data = 10.0**power * rng.standard_normal((12, 7))
    weights = [rng.standard_normal((7, 7)) for _ in range(layers)]

    def forward(first: Array) -> tuple[float, list[Array]]:
        values = [data]
        for w in [first, *weights[1:]]:
            values.append(np.maximum(values[-1] @ w, 0))
        return float(np.mean(values[-1])), values

    values = forward(weights[0])[1]
    d = np.full((12, 7), 1 / 84)
    for w, value in zip([*weights[1:], None][::-1], values[:0:-1], strict=True):
        d = (d if w is None else d @ w.T) * (value > 0)
    gradient = data.T @ d
    assert check_gradient(lambda w: forward(w)[0], weights[0], gradient).verdict is AGREE
    if np.any(gradient):
        assert check_gradient(lambda w: forward(w)[0], weights[0], off(gradient, 11, 1e-5)).verdict is DISAGREE


def test_noise_of_the_loss_is_measured() -> None:
    """A loss with noise a million times its rounding is not trusted further than its noise allows."""
    x = normal(40)

    def noisy(v: Array) -> float:
        return squares(v) + 1e-10 * np.sin(1e17 * float(np.sum(v)))

    remainder = Remainder(Loss(noisy), x, 2 * x, np.random.default_rng(0))
    assert 2e-11 < remainder.noise < 3e-10
    assert [check_gradient(noisy, x, 2 * x, seed=seed).verdict for seed in range(10)].count(DISAGREE) == 0
    assert check_gradient(noisy, x, off(2 * x, 3, 1e-3)).verdict is DISAGREE


def test_saturated_softmax_is_never_called_wrong() -> None:
    """Where exp(-score) is lost beside 1, the loss stands still; its tiny gradient is right, and out of reach."""
    for power in range(1, 40):
        x = np.array([10.0 * power, 0.0, 1.0])
        e = np.exp(x - x[0])
        check = check_gradient(lambda v: float(np.log(np.sum(np.exp(v - v[0])))), x, e / e.sum() - [1, 0, 0])
        assert check.verdict is not DISAGREE


def test_float32_is_inconclusive_or_right() -> None:
    """A loss computed in float32 is too coarse for a fine check, and no proof against a right gradient."""
    for seed in range(20):
        x = normal(50, seed=seed)
        check = check_gradient(lambda v: float(np.sum(v.astype(np.float32) ** 2)), x, 2 * x)
        assert check.verdict is not DISAGREE


# --- kinks ---------------------------------------------------------------------------------------------------------


def absolute(zeros: int, size: int) -> Case:
    """Sum of absolute values with `zeros` entries exactly at the kink, where the claimed slope is the right one, 1."""
    x = normal(size)
    x[:zeros] = 0
    return lambda v: float(np.sum(np.abs(v))), x, np.where(x >= 0, 1.0, -1.0)


@pytest.mark.parametrize("size", [100, 6_000])
def test_kinks_are_skipped_and_counted(size: int) -> None:
    """Up to 5 % of the entries may lie at a kink; their number is reported."""
    check = check_gradient(*absolute(5, size))
    assert (check.verdict, check.kinks) == (AGREE, 5)


def test_too_many_kinks_are_inconclusive() -> None:
    """More than 5 % of the entries at a kink are no pass."""
    check = check_gradient(*absolute(6, 100))
    assert (check.verdict, check.kinks) == (INCONCLUSIVE, 6)


def test_kinks_do_not_hide_an_error() -> None:
    """A wrong entry disagrees, however many others lie at a kink."""
    loss, x, gradient = absolute(50, 100)
    check = check_gradient(loss, x, off(gradient, 70))
    assert (check.verdict, check.worst) == (DISAGREE, (70,))


def test_value_beyond_both_slopes_is_not_skipped() -> None:
    """At a kink any value between the slopes may be right; one beyond them is no kink to skip."""
    loss, x, gradient = absolute(1, 100)
    gradient[0] = 5.0
    check = check_gradient(loss, x, gradient)
    assert (check.verdict, check.worst) == (INCONCLUSIVE, (0,))


# --- how it works --------------------------------------------------------------------------------------------------


def test_inputs_are_left_alone_and_checks_repeat() -> None:
    """Neither the point nor the gradient is touched, and the same seed gives the same check."""
    x = normal(5, 7)
    gradient = 2 * x
    point, claim = x.copy(), gradient.copy()
    first, second = (check_gradient(squares, x, gradient, seed=4) for _ in range(2))
    assert first == second
    assert first.seed == 4
    assert np.array_equal(x, point)
    assert np.array_equal(gradient, claim)


def test_integers_are_no_trap() -> None:
    """A point given in whole numbers is moved in float64, not truncated."""
    assert check_gradient(squares, np.array([1, 2, 3]), np.array([2.0, 4.0, 6.0])).verdict is AGREE


@pytest.mark.parametrize("scale", [1e-3, 1.0, 1e8])
def test_evaluations_are_counted_and_few(scale: float) -> None:
    """A right gradient costs two calls an entry and 33 for the loss itself: the step follows the size of the entry."""
    calls = []
    x = scale * normal(5, 7)
    check = check_gradient(lambda v: calls.append(0) or squares(v), x, 2 * x)
    assert (check.verdict, check.evaluations) == (AGREE, len(calls))
    assert len(calls) == 2 * 35 + 33


def test_large_gradients_cost_few_evaluations() -> None:
    """Sixteen directions and some entries, however many there are; kinks are searched for once, not sixteen times."""
    assert check_gradient(*softmax_regression(20, 900, 10)).evaluations < 400
    assert check_gradient(*absolute(5, 6_000)).evaluations < 1_500


def test_error_does_not_cancel_against_truncation() -> None:
    """Where the loss bends, one step at which an error happens to equal the truncation is no agreement."""
    verdicts = []
    for seed in range(400):
        x = 100 + 0.2 * normal(3, seed=seed)
        gradient = off(100 * np.cos(100 * x), 0, 1e-5)
        verdicts.append(check_gradient(lambda v: float(np.sum(np.sin(100 * v))), x, gradient).verdict)
    assert set(verdicts) == {DISAGREE}


def test_search_that_gives_up_is_no_pass(monkeypatch: pytest.MonkeyPatch) -> None:
    """An error spread so thin that no entry shows it is not passed when the search for one is cut short."""
    x = normal(20_000)
    assert check_gradient(squares, x, 2 * x).verdict is AGREE
    monkeypatch.setattr("flatgrade.core.gradients.gradcheck.SEARCH", 100)
    check = check_gradient(squares, x, (2 + 1e-7) * x)
    assert (check.verdict, check.kinks) == (INCONCLUSIVE, 0)


# --- layers --------------------------------------------------------------------------------------------------------


def affine(x: Array, w: Array, b: Array) -> Array:
    return x @ w + b


AFFINE = {"x": normal(3, 5), "w": normal(5, 7, seed=2), "b": normal(7, seed=3)}


def affine_backward(dout: Array) -> dict[str, Array]:
    return {"x": dout @ AFFINE["w"].T, "w": AFFINE["x"].T @ dout, "b": dout.sum(axis=0)}


def test_layer_is_checked_input_by_input() -> None:
    """Each input has its own check, and an error in one gradient is charged to no other."""
    checks = check_backward(affine, affine_backward, AFFINE)
    assert {name: check.verdict for name, check in checks.items()} == dict.fromkeys("xwb", AGREE)
    checks = check_backward(affine, lambda dout: affine_backward(dout) | {"b": dout.mean(axis=0)}, AFFINE)
    assert {name: check.verdict for name, check in checks.items()} == {"x": AGREE, "w": AGREE, "b": DISAGREE}


def test_upstream_is_random() -> None:
    """A batch norm without its variance path is right for an upstream of ones, and caught."""
    x = normal(5, 4)

    def no_variance_path(dout: Array) -> Array:
        return (dout - dout.mean(axis=0)) / np.sqrt(x.var(axis=0) + 1e-5)

    def whole(dout: Array) -> Array:
        xhat = batchnorm(x)
        return no_variance_path(dout) - xhat * (dout * xhat).mean(axis=0) / np.sqrt(x.var(axis=0) + 1e-5)

    assert np.allclose(no_variance_path(np.ones((5, 4))), whole(np.ones((5, 4))), atol=1e-12)
    assert check_backward(batchnorm, lambda dout: {"x": whole(dout)}, {"x": x})["x"].verdict is AGREE
    assert check_backward(batchnorm, lambda dout: {"x": no_variance_path(dout)}, {"x": x})["x"].verdict is DISAGREE


def test_layer_may_keep_its_cache_in_itself() -> None:
    """The backward pass sees the cache of the inputs, not of a disturbed copy."""

    class Square:
        def forward(self, x: Array) -> Array:
            self.x = x
            return x**2

        def backward(self, dout: Array) -> dict[str, Array]:
            return {"x": 2 * self.x * dout}

    layer = Square()
    assert check_backward(layer.forward, layer.backward, {"x": normal(3, 5)})["x"].verdict is AGREE


def adding(store: Array) -> Callable[[Array], dict[str, Array]]:
    def backward(dout: Array) -> dict[str, Array]:
        np.add(store, 2 * dout, out=store)
        return {"x": store}

    return backward


def zeroing(x: Array) -> Array:
    x[x < 0] = 0
    return x


def halving(dout: Array) -> dict[str, Array]:
    dout *= 0.5
    return {"x": dout}


X = {"x": normal(3, 5)}
BROKEN_LAYERS: dict[str, tuple[Any, Any, Agreement, str]] = {
    "no dict": (
        lambda x: np.sin(x),
        lambda dout: (dout,),
        DISAGREE,
        "backward returns a tuple, not a dict. Its keys are x.",
    ),
    "no key": (
        lambda x: np.sin(x),
        lambda dout: {"dx": dout, "dw": dout},
        DISAGREE,
        "backward returns no gradient for x; its keys are dx, dw. Add the key x.",
    ),
    "a shape": (
        lambda x: np.sin(x),
        lambda dout: {"x": dout.sum(axis=0)},
        DISAGREE,
        "dx has shape (5,); x has (3, 5). A gradient has exactly the shape of its variable.",
    ),
    "upstream changed": (
        lambda x: 0.5 * x,
        halving,
        DISAGREE,
        "backward changes dout in place. Work on a copy: dout belongs to the caller.",
    ),
    "input changed": (
        zeroing,
        lambda dout: {"x": dout},
        INCONCLUSIVE,
        "forward changes x in place. Work on a copy: x belongs to the caller.",
    ),
    "calls added up": (
        lambda x: 2 * x,
        adding(np.zeros((3, 5))),
        DISAGREE,
        "backward returns another dx when it is called again with the same dout. "
        "Does it add to the result of the last call, or draw random numbers?",
    ),
    "not linear": (
        lambda x: np.maximum(x, 0),
        lambda dout: {"x": np.maximum(dout, 0) ** 2},
        DISAGREE,
        "backward(2 * dout) does not return twice the dx of backward(dout). "
        "A backward pass is linear in dout: masks and scales come from the forward pass.",
    ),
    "two outputs": (
        lambda x: (x, x),
        lambda dout: {"x": dout},
        INCONCLUSIVE,
        "forward returns a tuple, not an array. Hand over the output alone.",
    ),
    "float32": (
        lambda x: x.astype(np.float32),
        lambda dout: {"x": dout},
        INCONCLUSIVE,
        "forward returns float32, not float64. Slopes are measured in float64 only.",
    ),
    "not finite": (
        lambda x: np.where(x > 0, x, np.inf),
        lambda dout: {"x": dout},
        INCONCLUSIVE,
        "5 of 15 entries of the output are not finite. "
        "Look for a division by zero, the log of zero, or an exp that overflows.",
    ),
}


@pytest.mark.parametrize("case", BROKEN_LAYERS)
def test_contract_of_a_layer_in_words(case: str) -> None:
    """The contract comes before numbers, and each breach has its own message."""
    forward, backward, verdict, message = BROKEN_LAYERS[case]
    check = check_backward(forward, backward, {"x": X["x"].copy()})["x"]
    assert str(check.finding) == message
    assert check.verdict is verdict
    assert check.worst is None


# --- what it says --------------------------------------------------------------------------------------------------

W = np.round(normal(3, 4), 2)
IMAGE = np.round(normal(5, 6), 2)
SQUARE = np.round(normal(3, 3), 2)
FACTORS = np.arange(9.0).reshape(3, 3)
ROWS, COLUMNS = np.indices((5, 6))
BORDER = (ROWS % 4 == 0) | (COLUMNS % 5 == 0)


def meddling(x: Array) -> float:
    x -= 1
    return squares(x)


def rolling() -> Callable[[Array], float]:
    calls = iter(range(100))
    return lambda x: 1.25 + 0.5 * next(calls)


def weighted(x: Array) -> float:
    return float(np.sum(FACTORS * np.sin(x)))


MESSAGES: dict[str, tuple[Callable[[Array], float], Array, Any, Agreement, str]] = {
    "not written": (
        squares,
        W,
        ...,
        DISAGREE,
        "dW is not written yet. Replace the ... by the gradient of the loss for W.",
    ),
    "none": (
        squares,
        W,
        None,
        DISAGREE,
        "dW is None, not an array. Return a NumPy array of float64.",
    ),
    "a list": (
        squares,
        W,
        [1.0],
        DISAGREE,
        "dW is a list, not an array. Return a NumPy array of float64.",
    ),
    "the transpose's shape": (
        squares,
        W,
        2 * W.T,
        DISAGREE,
        "dW has shape (4, 3); W has (3, 4). Is it the transpose?",
    ),
    "another shape": (
        squares,
        W,
        2 * W[0],
        DISAGREE,
        "dW has shape (4,); W has (3, 4). A gradient has exactly the shape of its variable.",
    ),
    "float32": (
        squares,
        W,
        (2 * W).astype(np.float32),
        DISAGREE,
        "dW holds float32, not float64. Where does an array of another type enter the computation?",
    ),
    "nan": (
        squares,
        W,
        np.where(W > 0.5, np.nan, 2 * W),
        DISAGREE,
        "dW[0, 1] is nan; 4 of 12 entries are not finite. Look for a division by zero, the log of zero, or "
        "an exp that overflows.",
    ),
    "a loss of nan": (
        lambda x: float("nan"),
        W,
        2 * W,
        INCONCLUSIVE,
        "The loss is nan at this W: it has no slope there. Look for a division by zero, the log of zero, or "
        "an exp that overflows.",
    ),
    "a loss of many": (
        lambda x: x**2,
        W,
        2 * W,
        INCONCLUSIVE,
        "The loss is an array of shape (3, 4), not one number. Sum it, or take its mean.",
    ),
    "no loss": (
        lambda x: None,
        W,
        2 * W,
        INCONCLUSIVE,
        "The loss is None, not one number. Sum it, or take its mean.",
    ),
    "a loss in float32": (
        lambda x: np.float32(squares(x)),
        W,
        2 * W,
        INCONCLUSIVE,
        "The loss is a float32, too coarse to measure slopes with. Compute it in float64.",
    ),
    "a random loss": (
        rolling(),
        W,
        2 * W,
        INCONCLUSIVE,
        "The loss is 1.25, then 1.75, for the same W. Fix what is random: draw a dropout mask once, before "
        "the gradient is checked.",
    ),
    "a loss that meddles": (
        meddling,
        W,
        2 * W,
        INCONCLUSIVE,
        "The loss changes W in place. Work on a copy: W belongs to the caller.",
    ),
    "nothing to check": (
        squares,
        W[:0],
        W[:0],
        INCONCLUSIVE,
        "W has no entries: there is nothing to check. Check at an input of another size.",
    ),
    "zero everywhere": (
        squares,
        W,
        0 * W,
        DISAGREE,
        "dW[0, 3] is 0; the slope measured there is -2.6. 12 of 12 entries differ. dW is 0 everywhere, but "
        "the loss moves. Is the gradient computed, kept and returned?",
    ),
    "the sign": (
        squares,
        W,
        -2 * W,
        DISAGREE,
        "dW[0, 3] is 2.6; the slope measured there is -2.6. 12 of 12 entries differ. Every entry has the "
        "wrong sign. A gradient points to where the loss grows.",
    ),
    "twice": (
        squares,
        W,
        4 * W,
        DISAGREE,
        "dW[0, 3] is -5.2; the slope measured there is -2.6. 12 of 12 entries differ. Every entry is twice "
        "the slope. Is a factor 2 counted twice, or a 1/2 in the loss forgotten?",
    ),
    "half": (
        squares,
        W,
        W,
        DISAGREE,
        "dW[0, 3] is -1.3; the slope measured there is -2.6. 12 of 12 entries differ. Every entry is half "
        "the slope. The derivative of W**2 is 2 * W.",
    ),
    "N times": (
        lambda x: squares(x) / 11,
        W,
        2 * W,
        DISAGREE,
        "dW[0, 3] is -2.6; the slope measured there is -0.2364. 12 of 12 entries differ. Every entry is 11 "
        "times the slope (N = 11). If the loss takes a mean, its gradient is divided by that number too.",
    ),
    "1/N": (
        squares,
        W,
        2 * W / 11,
        DISAGREE,
        "dW[0, 3] is -0.2364; the slope measured there is -2.6. 12 of 12 entries differ. Every entry is "
        "1/11 of the slope (N = 11). Is it divided twice, or is a mean taken where the loss has a sum?",
    ),
    "an axis": (
        lambda x: float(np.sum(np.mean(x**2, axis=0))),
        W,
        2 * W,
        DISAGREE,
        "dW[0, 3] is -2.6; the slope measured there is -0.8667. 12 of 12 entries differ. Every entry is 3 "
        "times the slope (W.shape[0] = 3). If the loss takes a mean, its gradient is divided by that number "
        "too.",
    ),
    "some factor": (
        squares,
        W,
        2.002 * W,
        DISAGREE,
        "dW[0, 3] is -2.603; the slope measured there is -2.6. 12 of 12 entries differ. Every entry is "
        "1.001 times the slope. One constant factor is wrong.",
    ),
    "a small factor": (
        squares,
        W[:1],
        2.0008 * W[:1],
        DISAGREE,
        "dW[0, 3] is -2.601; the slope measured there is -2.6. 4 of 4 entries differ. "
        "Every entry is 1.0004 times the slope. One constant factor is wrong.",
    ),
    "the transpose": (
        weighted,
        SQUARE,
        (FACTORS * np.cos(SQUARE)).T,
        DISAGREE,
        "dW[2, 0] is 1.892; the slope measured there is 5.146. 6 of 9 entries differ. Its transpose agrees. "
        "Swap the two factors of the last product and transpose both, or the result.",
    ),
    "a flip": (
        weighted,
        SQUARE,
        (FACTORS * np.cos(SQUARE))[::-1, ::-1],
        DISAGREE,
        "dW[2, 2] is 0; the slope measured there is 7.487. 8 of 9 entries differ. With its last two axes "
        "reversed it agrees. Is the window flipped in the forward pass too?",
    ),
    "no regulariser": (
        lambda x: weighted(x) + 0.1 * squares(x),
        SQUARE,
        FACTORS * np.cos(SQUARE),
        DISAGREE,
        "dW[1, 0] is 0.8025; the slope measured there is 0.5425. 9 of 9 entries differ. What is missing is "
        "0.2 * W. Compare the derivative of the regulariser with its factor in the loss.",
    ),
    "a regulariser twice": (
        lambda x: weighted(x) + 0.1 * squares(x),
        SQUARE,
        FACTORS * np.cos(SQUARE) + 0.4 * SQUARE,
        DISAGREE,
        "dW[1, 0] is 0.2825; the slope measured there is 0.5425. 9 of 9 entries differ. "
        "It has 0.2 * W too much. Compare the derivative of the regulariser with its factor in the loss.",
    ),
    "a row": (
        squares,
        IMAGE,
        np.where(ROWS == 4, IMAGE, 2 * IMAGE),
        DISAGREE,
        "dW[4, 0] is -2.71; the slope measured there is -5.42. 6 of 30 entries differ. All wrong entries "
        "have index 4 on axis 0. What sets this index apart: a bias, a label, the last window?",
    ),
    "a row of zeros": (
        squares,
        IMAGE,
        np.where(ROWS == 4, 0, 2 * IMAGE),
        DISAGREE,
        "dW[4, 0] is 0; the slope measured there is -5.42. 6 of 30 entries differ. All wrong entries have "
        "index 4 on axis 0 and are 0. What sets this index apart: a bias, a label, the last window?",
    ),
    "the border": (
        squares,
        IMAGE,
        np.where(BORDER, IMAGE, 2 * IMAGE),
        DISAGREE,
        "dW[4, 0] is -2.71; the slope measured there is -5.42. 18 of 30 entries differ. All wrong entries "
        "lie on the border of the last two axes. Check the padding, and how overlapping windows are added "
        "up at the edge.",
    ),
    "zeros here and there": (
        squares,
        IMAGE,
        np.where(IMAGE > 0, 2 * IMAGE, 0),
        DISAGREE,
        "dW[4, 0] is 0; the slope measured there is -5.42. 13 of 30 entries differ. It is 0 at all wrong "
        "entries, but the loss moves there. Is the gradient cut off there by a mask, an index, or a slice "
        "that is never written?",
    ),
    "one entry": (
        squares,
        IMAGE,
        off(2 * IMAGE, 8, 1e-6),
        DISAGREE,
        "dW[1, 2] is 0.72001; the slope measured there is 0.72. 1 of 30 entries differs.",
    ),
    "no pattern": (
        squares,
        IMAGE,
        np.round(2 * IMAGE),
        DISAGREE,
        "dW[3, 1] is -1; the slope measured there is -0.52. 30 of 30 entries differ.",
    ),
    "one number": (
        squares,
        np.array(1.5),
        3.5,
        DISAGREE,
        "dW is 3.5; the slope measured there is 3.",
    ),
    "one of many": (
        squares,
        normal(9000),
        off(2 * normal(9000), 5000, 0.5),
        DISAGREE,
        "dW[5000] is 5.131; the slope measured there is 1.199. 1 of 104 entries measured, of 9,000, differs.",
    ),
    "agreement": (
        squares,
        W,
        2 * W,
        AGREE,
        "dW agrees with the slope measured at 12 of 12 entries.",
    ),
    "agreement of many": (
        squares,
        normal(90, 100),
        2 * normal(90, 100),
        AGREE,
        "dW agrees with the slopes measured in 16 random directions through all 9,000 entries and at 19 single ones.",
    ),
    "agreement but for a kink": (
        *absolute(1, 100),
        AGREE,
        "dW agrees with the slope measured at 99 of 100 entries; 1 at a kink of the loss was skipped.",
    ),
    "agreement as far as it goes": (
        lambda x: 2.3 + 1e-10 * squares(x),
        W,
        2e-10 * W,
        AGREE,
        "dW agrees with the slope measured at 12 of 12 entries; the loss rounds too coarsely to show errors "
        "below 1e-13.",
    ),
    "kinks": (
        *absolute(6, 100),
        INCONCLUSIVE,
        "dW cannot be checked: 6 of 100 entries lie at a kink of the loss, where left and right slope "
        "differ. Check at other inputs, off the corners of relu, max and abs.",
    ),
    "a rough loss": (
        lambda x: float(np.sum(np.abs(x))),
        np.zeros(30),
        np.full(30, 5.0),
        INCONCLUSIVE,
        "dW cannot be checked: the loss is too rough to show its slope at dW[0], 5. Check at other inputs, "
        "off the corners of relu, max and abs.",
    ),
    "a coarse loss": (
        lambda x: 1e15 + squares(x),
        W,
        2 * W,
        INCONCLUSIVE,
        "dW cannot be checked: the loss, 1e+15, rounds too coarsely to show its slope. Compute it in "
        "float64, and leave out what does not depend on the variable.",
    ),
    "kinks everywhere": (
        lambda x: float(np.sum(np.abs(x))),
        np.zeros(5000),
        np.ones(5000),
        INCONCLUSIVE,
        "dW cannot be checked: 2,000 directions through its 5,000 entries do not tell kinks of the loss "
        "from errors. Check at other inputs, off the corners of relu, max and abs.",
    ),
}


@pytest.mark.parametrize("case", MESSAGES)
def test_messages(case: str) -> None:
    """Each finding, read whole: a fact, then an advice."""
    loss, at, gradient, verdict, message = MESSAGES[case]
    check = check_gradient(loss, at, gradient, name="W", sizes={"N": 11})
    assert str(check.finding) == message
    assert check.verdict is verdict


def test_table_of_messages_is_whole() -> None:
    """Every message has its case, and no two cases say the same."""
    assert len(MESSAGES) == 43
    assert len({message for *_, message in MESSAGES.values()}) == 43


def test_fact_and_advice_are_two_fields() -> None:
    """The fact stands by itself; the advice says what to look at."""
    finding = check_gradient(squares, W, -2 * W, name="W").finding
    assert finding == Finding(
        "dW[0, 3] is 2.6; the slope measured there is -2.6. 12 of 12 entries differ. Every entry has the wrong sign.",
        "A gradient points to where the loss grows.",
    )


def test_a_check_prints_with_its_seed() -> None:
    """What is printed is enough to repeat the check."""
    shown = "agree: dW agrees with the slope measured at 12 of 12 entries. (57 evaluations, seed 7)"
    assert str(check_gradient(squares, W, 2 * W, name="W", seed=7)) == shown
