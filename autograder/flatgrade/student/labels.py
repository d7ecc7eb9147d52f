"""A value in a few characters: numbers with two decimals as on the slides, arrays as rows or as shape and range."""

from __future__ import annotations

from typing import Any

import numpy as np

_MOST_ENTRIES = 3  # in a row, and rows, of an array that is shown whole


def label(value: Any) -> tuple[str, ...]:
    """The lines of a value's label; none for what is no number and no array of numbers."""
    array = np.asarray(value) if isinstance(value, (int, float, np.ndarray, np.generic)) else np.asarray(None)
    if array.dtype.kind not in "fiub" or not array.size:
        return (shape(array),) if not array.size else ()
    if not array.ndim:
        return (number(array.item()),)
    if array.ndim <= 2 and max(array.shape) <= _MOST_ENTRIES:
        return tuple(f"[{' '.join(_short(entry) for entry in row)}]" for row in np.atleast_2d(array))
    return (shape(array), span(array))


def number(value: float) -> str:
    """A number for a wire: 0.20, -3.00, 1500, 1.2e-05."""
    if value and not 0.01 <= abs(value) < 1000:
        return _short(value)
    return f"{value:.2f}" if value else "0"


def shape(array: Any) -> str:
    """A shape as Python writes it: (5, 4)."""
    return str(tuple(int(size) for size in np.shape(array)))


def span(array: np.ndarray[Any, Any]) -> str:
    """Smallest and largest entry, and whether some are not finite: -2.85 to 0.86, nan."""
    finite = array[np.isfinite(array)]
    broken = [] if finite.size == array.size else ["nan" if np.isnan(array).any() else "inf"]
    if not finite.size:
        return f"all {broken[0]}"
    low, high = _short(finite.min()), _short(finite.max())
    return ", ".join([f"all {low}" if low == high else f"{low} to {high}", *broken])


def _short(value: Any) -> str:
    """A number in three digits, without zeros behind them: -2.85, 0.7, 56, 1.2e+06."""
    value = float(value)
    if 1000 <= abs(value) < 100_000:
        return f"{value:.0f}"
    return f"{value + 0.0:.3g}" if 0.001 <= abs(value) < 1000 or not value else f"{value:.1e}"
