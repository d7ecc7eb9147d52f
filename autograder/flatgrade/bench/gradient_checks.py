"""Our gradient check beside others on the same functions, right and wrong: `flatgrade bench check`.

The others are `torch.autograd.gradcheck`, slow and fast, as a user calls it, and the central difference of every entry
with the relative errors that the lectures hold a gradient to. All of them call the same NumPy functions.
"""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass, replace
from typing import Any

import numpy as np
import numpy.typing as npt

from flatgrade.bench.hardware import Hardware, hardware, installed_torch
from flatgrade.core.gradients.gradcheck import check_gradient
from flatgrade.core.gradients.slope import Agreement

Array = npt.NDArray[np.float64]
LARGE = 200_000
OURS, SLOW, FAST, ENTRIES = "flatgrade", "torch gradcheck", "torch gradcheck, fast", "every entry"
RIGHT, WRONG, UNSURE = "right", "wrong", "unsure"
_STEP, _RELATIVE = 1e-5, 1e-4  # of the central difference of every entry


@dataclass(frozen=True)
class Planted:
    """A function of one array with a gradient; `wrong` tells whether the gradient has an error planted in it."""

    name: str
    wrong: bool
    at: Array
    loss: Callable[[Array], float]
    gradient: Array


@dataclass(frozen=True)
class CheckRow:
    """What one check said of one function, RIGHT, WRONG or UNSURE, and the seconds that took; `wrong` is the truth."""

    function: str
    wrong: bool
    entries: int
    check: str
    said: str
    seconds: float

    @property
    def sign(self) -> str:
        """Whether what was said is so, in a word."""
        if self.said == UNSURE:
            return "unsure"
        if (self.said == WRONG) == self.wrong:
            return "✓ seen" if self.wrong else "✓ passed"
        return "✗ missed" if self.wrong else "✗ false alarm"


@dataclass(frozen=True)
class CheckBench:
    """All rows, and what they were measured on."""

    hardware: Hardware
    rows: tuple[CheckRow, ...]
    command: str = "flatgrade bench check"

    def to_json(self) -> str:
        """The whole as one JSON document."""
        return json.dumps(asdict(self), indent=1)

    @classmethod
    def from_json(cls, text: str) -> CheckBench:
        """What `to_json` wrote."""
        data = json.loads(text)
        rows = tuple(CheckRow(**row) for row in data["rows"])
        return cls(Hardware(**data["hardware"]), rows, data["command"])


def planted(entries: int = LARGE) -> Iterator[Planted]:
    """The functions: a loss with many weights, a convolution, a loss near 0, and one at a kink; right and wrong."""
    rng = np.random.default_rng(7)
    large = _softmax(rng, entries)
    yield large
    yield _with_error(large, "one wrong entry", _one_entry(large.gradient))
    image = _convolution(rng)
    border = image.gradient.copy()
    border[:, 0] *= 0.5
    yield image
    yield _with_error(image, "a wrong border", border)
    small = replace(image, name="a loss scaled by 1e-6", gradient=1e-6 * image.gradient, loss=_scaled(image.loss))
    yield small
    yield _with_error(small, "twice the gradient", 2 * small.gradient)
    yield _kink(rng)


def table(bench: CheckBench) -> tuple[tuple[str, ...], list[tuple[str, ...]]]:
    """The heading and a line a function: what each check said of it, and its time."""
    checks = tuple(dict.fromkeys(row.check for row in bench.rows))
    lines = []
    for function in dict.fromkeys(row.function for row in bench.rows):
        said = {row.check: f"{row.sign}, {_seconds(row.seconds)}" for row in bench.rows if row.function == function}
        lines.append((function, *(said[check] for check in checks)))
    return ("", *checks), lines


def _seconds(seconds: float) -> str:
    return f"{seconds:.1f} s" if seconds >= 1 else f"{1e3 * seconds:.0f} ms"


def bench_checks(entries: int, said: Callable[[str], None]) -> CheckBench:
    """Run every check on every function; `said` is told each. Without torch, its two checks are left out."""
    torch = installed_torch()
    rows = []
    for function in planted(entries):
        for check, look in _checks(torch).items():
            said(f"{function.name}: {check}")
            began = time.perf_counter()
            verdict = look(function)
            took = time.perf_counter() - began
            rows.append(CheckRow(function.name, function.wrong, function.at.size, check, verdict, took))
    more = f" --entries {entries}" if entries != LARGE else ""
    return CheckBench(hardware(torch), tuple(rows), f"flatgrade bench check{more}")


def _checks(torch: Any) -> dict[str, Callable[[Planted], str]]:
    found: dict[str, Callable[[Planted], str]] = {OURS: _ours, ENTRIES: _every_entry}
    if torch is not None:
        found[SLOW] = lambda function: _gradcheck(torch, function, fast=False)
        found[FAST] = lambda function: _gradcheck(torch, function, fast=True)
    return found


def _ours(function: Planted) -> str:
    said = {Agreement.AGREE: RIGHT, Agreement.DISAGREE: WRONG, Agreement.INCONCLUSIVE: UNSURE}
    return said[check_gradient(function.loss, function.at, function.gradient).verdict]


def _every_entry(function: Planted) -> str:
    """WRONG if the relative error |a - n| / (|a| + |n|) of any entry is above what the lectures let pass."""
    point, slope = function.at.copy(), np.zeros(function.at.size)
    flat = point.reshape(-1)
    for i in range(flat.size):
        value = flat[i]
        flat[i] = value + _STEP
        above = function.loss(point)
        flat[i] = value - _STEP
        slope[i] = (above - function.loss(point)) / (2 * _STEP)
        flat[i] = value
    claimed = function.gradient.reshape(-1)
    size = np.abs(claimed) + np.abs(slope)
    return WRONG if np.any(np.abs(claimed - slope) > _RELATIVE * size) else RIGHT


def _gradcheck(torch: Any, function: Planted, *, fast: bool) -> str:
    class Bridged(torch.autograd.Function):
        """The NumPy function with its claimed gradient, as torch sees it."""

        @staticmethod
        def forward(_: Any, x: Any) -> Any:
            return torch.tensor(function.loss(x.detach().numpy()), dtype=torch.float64)

        @staticmethod
        def backward(_: Any, arrives: Any) -> Any:
            return arrives * torch.from_numpy(function.gradient)

    at = torch.from_numpy(function.at.copy()).requires_grad_()
    passed = torch.autograd.gradcheck(Bridged.apply, (at,), fast_mode=fast, raise_exception=False)
    return RIGHT if passed else WRONG


def _softmax(rng: np.random.Generator, entries: int) -> Planted:
    X, y = rng.standard_normal((1, entries // 10)) / np.sqrt(entries / 10), np.array([3])

    def probabilities(W: Array) -> Array:
        scores = np.exp(X @ W)
        return np.asarray(scores / scores.sum())

    W = rng.standard_normal((entries // 10, 10))
    slope = probabilities(W)
    slope[0, y] -= 1
    return Planted(
        f"softmax loss, {W.size:,} weights", False, W, lambda W: -float(np.log(probabilities(W)[0, y[0]])), X.T @ slope
    )


def _convolution(rng: np.random.Generator) -> Planted:
    """The sum of squares of a picture's 3x3 correlation, padded by 1, by its pixels."""
    x, kernel = rng.standard_normal((12, 14)), rng.standard_normal((3, 3))

    def correlate(x: Array, kernel: Array) -> Array:
        windows = np.lib.stride_tricks.sliding_window_view(np.pad(x, 1), (3, 3))
        return np.asarray(np.einsum("ijkl,kl->ij", windows, kernel))

    gradient = correlate(correlate(x, kernel), kernel[::-1, ::-1])
    return Planted("3x3 convolution", False, x, lambda x: 0.5 * float(np.sum(correlate(x, kernel) ** 2)), gradient)


def _kink(rng: np.random.Generator) -> Planted:
    """A ReLU of which one entry lies a tenth of a millionth beside its kink: the gradient is right."""
    x = rng.standard_normal(40)
    x[11] = 1e-7
    gradient = np.where(x > 0, x + 1.0, 0.0)
    return Planted("relu, one entry beside its kink", False, x, _relu_loss, gradient)


def _relu_loss(x: Array) -> float:
    active = np.maximum(x, 0)
    return float(np.sum(active + 0.5 * active**2))


def _scaled(loss: Callable[[Array], float]) -> Callable[[Array], float]:
    return lambda x: 1e-6 * loss(x)


def _one_entry(gradient: Array) -> Array:
    """The gradient with one entry of middling size off by half."""
    order = np.argsort(np.abs(gradient).reshape(-1))
    found = gradient.copy()
    found.reshape(-1)[order[len(order) // 2]] *= 1.5
    return found


def _with_error(function: Planted, error: str, gradient: Array) -> Planted:
    return replace(function, name=f"{function.name}: {error}", wrong=True, gradient=gradient)
