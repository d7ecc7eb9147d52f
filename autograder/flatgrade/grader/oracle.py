"""torch as the oracle: autograd, on the CPU or on a GPU, beside the reference, in float64."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import numpy as np

from flatgrade.core.exercise import Case
from flatgrade.core.plan import ready
from flatgrade.grader.reference import Solution

TOLERANCE = 1e-10


def torch_difference(solution: Solution, cases: Sequence[Case], device: str = "cpu") -> float:
    """The largest difference between the reference and torch over all cases, relative to the largest entry.

    Compared are the first output and every gradient, float64, with TF32 off and deterministic algorithms. `device`
    is a device of torch's: "cpu", "cuda". Raises ImportError without torch, ValueError for an exercise without a
    torch path.
    """
    import torch  # an extra, and slow to import

    if solution.torch_path is None:
        raise ValueError(f"{solution.exercise.name} has no torch path")
    exercise, worst = solution.exercise, 0.0
    slopes = set(exercise.gradients.values())
    with exact(torch):
        for case in cases:
            expected = solution.expected(case)
            inputs = ready(case.inputs)
            tensors = {name: _tensor(torch, value, device, slope=name in slopes) for name, value in inputs.items()}
            first = solution.torch_path(**tensors)
            total: Any = torch.sum(first * exercise.upstream(tensors))
            total.backward()
            got = {exercise.loss: first.detach().cpu().numpy()}
            got |= {output: tensors[name].grad.cpu().numpy() for output, name in exercise.gradients.items()}
            worst = max([worst, *(_difference(got[name], expected[name]) for name in got)])
    return worst


@contextmanager
def exact(torch: Any) -> Iterator[None]:
    """No TF32, neither in matrix products nor in cuDNN's convolutions, and deterministic algorithms, for a while."""
    matmul, before = torch.backends.cuda.matmul, torch.backends.cuda.matmul.allow_tf32
    matmul.allow_tf32 = False
    try:
        with torch.backends.cudnn.flags(enabled=True, benchmark=False, deterministic=True, allow_tf32=False):
            yield
    finally:
        matmul.allow_tf32 = before


def _tensor(torch: Any, value: Any, device: str, *, slope: bool) -> Any:
    """Arrays as tensors, and numbers by which there is a gradient; the rest as it is."""
    if not isinstance(value, np.ndarray) and not slope:
        return value
    return torch.tensor(value, dtype=torch.float64 if slope else None, device=device, requires_grad=slope)


def _difference(got: Any, want: Any) -> float:
    scale = max(float(np.abs(want).max(initial=0.0)), 1e-12)
    return float(np.abs(np.asarray(got) - np.asarray(want)).max(initial=0.0)) / scale
