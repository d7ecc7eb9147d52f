"""Copies of an exercise's inputs, so that no run sees what another one has changed."""

from __future__ import annotations

from collections.abc import Mapping
from copy import deepcopy
from typing import Any

import numpy as np


def copied(values: Mapping[str, Any]) -> dict[str, Any]:
    """The values by name: arrays, dictionaries and lists are copies, all others are passed on as they are."""
    return {name: _copy(value) for name, value in values.items()}


def _copy(value: Any) -> Any:
    if isinstance(value, np.ndarray):
        return value.copy()
    return deepcopy(value) if isinstance(value, (dict, list)) else value
