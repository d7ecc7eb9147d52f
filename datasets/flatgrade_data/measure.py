"""Measure what simple classifiers reach on the built-in data: `python -m flatgrade_data.measure [--write]`.

The course rests on an order: nearest neighbours, then a linear classifier, then a hidden layer, then convolutions, each
clearly better than the one before. This program trains all four with NumPy, from fixed seeds, and prints the table that
the README holds; `--write` puts it there. Two minutes at most on two cores.

The models are generic (any number of layers, channels last, no loss value) and return an accuracy and nothing else:
they are a yardstick, not an answer to an exercise.
"""

from __future__ import annotations

import argparse
import re
import time
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from flatgrade_data import digits, shapes10

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from flatgrade_data import Dataset
    from flatgrade_data.dataset import Floats, Labels

README = Path(__file__).with_name("README.md")
BEGIN, END = "<!-- measured -->", "<!-- end of measured -->"
NEIGHBOURS = (1, 3, 5, 10, 20, 50, 100)
BATCH = 50


def nearest_neighbours(data: Dataset) -> tuple[float, str]:
    """Classify by the k nearest training rows; k is the best on the last fifth of the training set.

    Returns the accuracy on the test set, in 0..1, and k in words.
    """
    X, X_test = data.rows()
    kept = len(X) * 4 // 5
    tried = {k: _vote(X[:kept], data.y_train[:kept], X[kept:], k) == data.y_train[kept:] for k in NEIGHBOURS}
    k = max(tried, key=lambda k: float(tried[k].mean()))
    return float((_vote(X, data.y_train, X_test, k) == data.y_test).mean()), f"k = {k}"
