"""Draw random inputs for an exercise from its contract."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from flatgrade.core.exercise import Exercise, Input

# Unequal and mostly prime, so that a transposed or swapped axis cannot hide behind a square shape.
SIZES = (5, 7, 4, 6, 3, 2)


def sizes(exercise: Exercise) -> dict[str, int]:
    """A size for each letter of the contract: N is 5 where there is one, then 7, 4, 6, ... in order of appearance.

    Sizes that the contract gives are used as they are.
    """
    letters = dict.fromkeys(letter for item in exercise.inputs for letter in (*item.shape, item.classes) if letter)
    ordered = sorted(letters, key=lambda letter: letter != "N")
    return {letter: exercise.sizes.get(letter, SIZES[i % len(SIZES)]) for i, letter in enumerate(ordered)}


def draw_inputs(exercise: Exercise, rng: np.random.Generator, size: Mapping[str, int] | None = None) -> dict[str, Any]:
    """Random inputs by name: float64 arrays, int64 labels, Python floats for shapes of no dimension.

    `size` gives the number for each letter; missing letters take the value of `sizes`.
    """
    number = {**sizes(exercise), **(size or {})}
    return {item.name: _draw(item, rng, number) for item in exercise.inputs}


def _draw(item: Input, rng: np.random.Generator, size: Mapping[str, int]) -> Any:
    shape = tuple(size[letter] for letter in item.shape)
    if item.kind in ("given", "function"):
        return item.value
    if item.kind == "labels":
        return rng.integers(0, size[item.classes], shape)
    value = rng.uniform(0.2, 0.9, shape) if item.kind == "positive" else rng.standard_normal(shape)
    return value if item.shape else float(value)
