"""Compare a result with the expected one: first what it is, then its numbers. Written so that NaN loses."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from flatgrade.core.finding import Finding

# Entries far below the largest one carry its rounding: they are held to this share of the scale.
_SMALL = 1e-3
_TINY = 1e-13
_NO_NUMBERS = {
    "b": "Return the values themselves, not where a condition holds.",
    "c": "Look for a root or a log of a negative number.",
}


@dataclass(frozen=True)
class Foreign:
    """Stands for a value of a type that is not sent over the wire."""

    type_name: str


def close(got: Any, want: Any, tolerance: float = 1e-7, *, equal_nan: bool = False) -> bool:
    """True if `got` has the shape of `want` and each entry is within `tolerance`, relative to `want`.

    Entries that are small beside the largest of `want` are held to a thousandth of that scale. NaN equals nothing,
    unless `equal_nan` (replay goes on from a student's NaN): then non-finite entries must be the same on both sides.
    """
    a, b = np.asarray(got, dtype=np.float64), np.asarray(want, dtype=np.float64)
    if a.shape != b.shape:
        return False
    finite = np.isfinite(a) & np.isfinite(b)
    if not finite.all():
        same = equal_nan and np.array_equal(a[~finite], b[~finite], equal_nan=True)
        return bool(same) and close(a[finite], b[finite], tolerance)
    with np.errstate(over="ignore"):  # an infinite difference is larger than what is allowed
        return bool(np.all(np.abs(a - b) <= allowed_error(b, tolerance)))


def allowed_error(want: npt.NDArray[np.float64], tolerance: float) -> npt.NDArray[np.float64]:
    """The error that each entry of `want` (float64, any shape) may have."""
    scale = np.abs(want).max(initial=0.0)
    allowed: npt.NDArray[np.float64] = tolerance * np.maximum(np.abs(want), _SMALL * scale) + _TINY
    return allowed


def contract_finding(name: str, got: Any, want: Any) -> Finding | None:
    """What is wrong with a result before its numbers are compared: None, `...`, type, exact shape, NaN or infinity.

    `want` gives the shape; it is an array or a number. `got` is any object, or Foreign.
    A number may come as a Python number or as a 0-d array.
    """
    if got is None:
        return Finding(f"{name} is None.", f"Does the function return {name}?", name)
    if got is Ellipsis:
        return Finding(f"{name} is not written yet.", "Replace the ... by your own line.", name)
    if isinstance(got, bool) or not isinstance(got, (int, float, np.ndarray, np.generic)):
        kind = got.type_name if isinstance(got, Foreign) else type(got).__name__
        return Finding(f"{name} is of type {kind}.", "Return a NumPy array or a number.", name)
    array = np.asarray(got)
    if array.dtype.kind not in "fiu":
        advice = _NO_NUMBERS.get(array.dtype.kind, "Is a list, a text or None among its entries?")
        return Finding(f"{name} holds values of type {array.dtype}, not numbers.", advice, name)
    return _shape_finding(name, array, np.shape(want)) or _finite_finding(name, array)


def _shape_finding(name: str, got: npt.NDArray[Any], want: tuple[int, ...]) -> Finding | None:
    if got.shape == want:
        return None
    advice = ""
    if got.ndim == 2 and got.shape == want[::-1]:
        advice = "Is it the transpose?"
    elif not want:
        advice = "Is a sum or a mean missing?"
    elif got.size == np.prod(want, dtype=int):
        advice = "The number of entries is right: is a reshape or keepdims the difference?"
    elif got.ndim < len(want):
        advice = "Was it summed over one axis too many?"
    return Finding(f"{name} has shape {_shape(got.shape)}, expected {_shape(want)}.", advice, name)


def _shape(shape: tuple[int, ...]) -> str:
    return str(tuple(int(n) for n in shape)) if shape else "() (one number)"


def _finite_finding(name: str, got: npt.NDArray[Any]) -> Finding | None:
    if np.isfinite(got).all():
        return None
    kind = "nan" if np.isnan(got).any() else "infinite"
    share = f"{int((~np.isfinite(got)).sum())} of {got.size} values" if got.size > 1 else "the value"
    return Finding(
        f"{name} is not finite: {share} {'are' if got.size > 1 else 'is'} {kind}.",
        "Look for a division by zero, the root of a negative number, a log of zero, or an exp of a large number.",
        name,
    )
