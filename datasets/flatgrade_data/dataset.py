"""What every loader returns, and the one way from bytes to float32 pictures."""

from __future__ import annotations

import math
import operator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Bytes = NDArray[np.uint8]
Floats = NDArray[np.float32]
Labels = NDArray[np.int64]


@dataclass(frozen=True, eq=False, repr=False)
class Dataset:
    """Pictures and labels, split into a training and a test part; all four arrays are read-only.

    X_train: (N, H, W, C) float32 in 0..1, channels last (C is 3 for red, green, blue, and 1 for grey).
    y_train: (N,) int64 in 0..len(classes)-1.
    X_test, y_test: the same for M test pictures.
    classes: the name of each label, `classes[y_train[i]]` being the name of what picture i shows.

    The arrays are shared by all who ask for the same data. To change one, make a new one: `X = X_train - mean`.
    """

    name: str
    X_train: Floats
    y_train: Labels
    X_test: Floats
    y_test: Labels
    classes: tuple[str, ...]

    def __post_init__(self) -> None:
        for array in (self.X_train, self.y_train, self.X_test, self.y_test):
            array.flags.writeable = False

    def rows(self) -> tuple[Floats, Floats]:
        """Return the pictures as flat rows, X_train (N, D) and X_test (M, D), D = H * W * C. Nothing is copied."""
        D = math.prod(self.X_train.shape[1:])
        return self.X_train.reshape(-1, D), self.X_test.reshape(-1, D)

    def __repr__(self) -> str:
        height, width, channels = self.X_train.shape[1:]
        return (
            f"{self.name}: {len(self.y_train):,} training and {len(self.y_test):,} test pictures of "
            f"{height} x {width} x {channels} (height, width, channels), {len(self.classes)} classes"
        )


def scaled(pixels: Bytes, top: int = 255) -> Floats:
    """Divide `pixels` by `top`, the value of full brightness: float32 of the same shape, contiguous.

    NumPy converts in small buffers here, so no second copy of a large set is made.
    """
    return np.divide(pixels, np.float32(top), dtype=np.float32, order="C")


def whole_number(what: str, value: int, most: int | None = None) -> int:
    """Return `value` as an int. Raises ValueError naming `what` where it is not a whole number in 0..most."""
    try:
        number = operator.index(value)
    except TypeError:
        number = -1
    if number < 0 or (most is not None and number > most):
        limits = "of at least 0" if most is None else f"from 0 to {most:,}"
        raise ValueError(f"{what} must be a whole number {limits} (got {value!r}).")
    return number
