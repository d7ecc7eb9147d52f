"""What is timed: a layer's pass forward and backward, as a call without arguments, by loops, by NumPy or by torch."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from typing import Any

import numpy as np

from flatgrade.bench.layers import Inputs, Layer
from flatgrade.core.exercise import Exercise
from flatgrade.core.plan import run_plan
from flatgrade.core.timer import Timing, measure, wall_seconds
from flatgrade.grader.reference import Solution

Action = Callable[[], object]
_LOOP_SECONDS = 0.3  # loops run on as many examples as take so long


def numpy_action(layer: Layer, solution: Solution, inputs: Inputs) -> Action:
    """The layer with whole arrays: the course's reference, unless the layer has its own."""
    if layer.numpy is not None:
        return partial(layer.numpy, **inputs)
    return plan_action(solution, inputs)


def plan_action(solution: Solution, inputs: Inputs) -> Action:
    """The course's reference on these inputs."""
    return lambda: run_plan(solution.exercise.plan, solution.namespace, inputs)


def time_loops(layer: Layer, solution: Solution | None, inputs: Inputs, examples: int) -> tuple[Timing, int]:
    """The time that loops take for `examples` examples, and from how many of them it was measured.

    Loops take the same time for each example, so a part of the batch is timed, and the time multiplied.
    """

    def action(count: int) -> Action:
        part = layer.first(inputs, count)
        if solution is not None:
            return plan_action(solution, part)
        assert callable(layer.loops)
        return partial(layer.loops, **part)

    measured = 1
    while measured < examples:
        began = time.perf_counter()
        action(measured)()
        if time.perf_counter() - began > _LOOP_SECONDS:
            break
        measured = min(2 * measured, examples)
    timing = measure(action(measured), runs=5)
    share = examples / measured
    return Timing(timing.median * share, timing.low * share, timing.high * share, timing.runs, timing.calls), measured


def tensors(torch: Any, exercise: Exercise, inputs: Inputs, device: str, *, channels_last: bool = False) -> Inputs:
    """The inputs on a device: arrays as tensors, those by which there is a gradient marked so."""
    slopes = set(exercise.gradients.values())
    made = {}
    for name, value in inputs.items():
        if not isinstance(value, np.ndarray):
            made[name] = value
            continue
        made[name] = torch.from_numpy(value).to(device)
        if channels_last and value.ndim == 4:
            made[name] = made[name].contiguous(memory_format=torch.channels_last)
        if name in slopes and value.dtype.kind == "f":
            made[name].requires_grad_()
    return made


def torch_action(torch: Any, exercise: Exercise, path: Callable[[Inputs], Any], given: Inputs) -> Action:
    """`path` forward on tensors, then autograd back to every input by which the exercise has a gradient."""
    slopes = [given[name] for name in dict.fromkeys(exercise.gradients.values())]
    upstream = exercise.upstream(given)

    def action() -> object:
        first = path(given)
        arrives = upstream if torch.is_tensor(upstream) else None
        return torch.autograd.grad(first, slopes, arrives)

    return action


def captured(torch: Any, action: Action) -> Action:
    """The action as one captured CUDA graph: what is left is the device's own time. It must run on static tensors."""
    side = torch.cuda.Stream()
    side.wait_stream(torch.cuda.current_stream())
    with torch.cuda.stream(side):
        for _ in range(3):
            action()
    torch.cuda.current_stream().wait_stream(side)
    graph = torch.cuda.CUDAGraph()
    with torch.cuda.graph(graph):
        action()
    replay: Action = graph.replay
    return replay


def cuda_seconds(torch: Any) -> Callable[[Action, int], float]:
    """A clock for the device's own time: events before and after the calls, and a wait for the second one."""

    def seconds(action: Action, calls: int) -> float:
        began, ended = (torch.cuda.Event(enable_timing=True) for _ in range(2))
        torch.cuda.synchronize()
        began.record()
        for _ in range(calls):
            action()
        ended.record()
        ended.synchronize()
        return float(began.elapsed_time(ended)) / 1e3

    return seconds


EVENT_RESOLUTION = 0.5e-6  # seconds: of CUDA events, by the documentation of cudaEventElapsedTime


def time_on(torch: Any, device: str, action: Action) -> Timing:
    """Time an action that works on a device of torch's."""
    if device == "cuda":
        return measure(action, clock=cuda_seconds(torch), resolution=EVENT_RESOLUTION)
    return measure(action)


@contextmanager
def tf32(torch: Any) -> Iterator[None]:
    """TF32 in matrix products and in convolutions, for a while."""
    products, convolutions = torch.backends.cuda.matmul, torch.backends.cudnn
    before = products.allow_tf32, convolutions.allow_tf32
    products.allow_tf32 = convolutions.allow_tf32 = True
    try:
        yield
    finally:
        products.allow_tf32, convolutions.allow_tf32 = before


def ceilings(torch: Any, device: str, dtype: str) -> dict[str, float]:
    """What the device reaches at best, by unit: in the fastest of some matrix products, and of large copies."""
    clock = cuda_seconds(torch) if device == "cuda" else wall_seconds
    sides, count = ((4096, 8192), 1 << 28) if device == "cuda" else ((512, 1024, 2048), 1 << 25)
    products, form = [], {"device": device, "dtype": getattr(torch, dtype)}
    for side in sides:
        a, b = torch.randn(side, side, **form), torch.randn(side, side, **form)
        products.append(2 * side**3 / _best(clock, partial(torch.mm, a, b)))
    source = torch.randn(count, **form)
    target = torch.empty_like(source)
    return {
        "GFLOP/s": max(products) / 1e9,
        "GB/s": 2 * source.nbytes / _best(clock, partial(target.copy_, source)) / 1e9,
    }


def _best(clock: Callable[[Action, int], float], action: Action) -> float:
    return min(clock(action, 1) for _ in range(10))
