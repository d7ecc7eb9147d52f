"""Measure the reference of `conv_fast` beside torch on the CPU: `python benchmarks/convolution.py [--write]`.

Forward and backward together, on the sizes that the course asks for, float32 and float64, with one thread and with two.
Each line is measured in a process of its own, in which NumPy's BLAS and torch have the same number of threads; the two
take turns, and the medians are compared. `--write` puts the table into docs/fast_convolution.md. It takes half a minute
on a machine that has nothing else to do. Beside other work two threads wait for each other, and their rows mean
nothing.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from flatgrade.core import load_assignment
from flatgrade.grader.reference import load_solution

ROOT = Path(__file__).parents[1]
PAGE = ROOT / "docs" / "fast_convolution.md"
BEGIN, END = "<!-- measured: begin -->", "<!-- measured: end -->"
RUNS = 25

# label, shape of x, shape of w, stride, padding
SIZES = (
    ("100 x 3 x 31 x 31, 25 filters of 3 x 3, stride 2", (100, 3, 31, 31), (25, 3, 3, 3), 2, 0),
    ("64 x 16 x 32 x 32, 32 filters of 3 x 3, stride 1, padding 1", (64, 16, 32, 32), (32, 16, 3, 3), 1, 1),
)
DTYPES = ("float64", "float32")
THREADS = (1, 2)


def reference() -> Callable[..., tuple[Any, ...]]:
    """The reference of `conv_fast` as one function: out, dx, dw, db of x, w, b, dout, stride, pad."""
    exercise = load_assignment(ROOT / "assignments" / "a3_convnets").exercises["conv_fast"]
    names = load_solution(ROOT / "solutions" / "a3_convnets", exercise).namespace
    forward, backward = names["conv_forward_fast"], names["conv_backward_fast"]

    def both(x: Any, w: Any, b: Any, dout: Any, stride: int, pad: int) -> tuple[Any, ...]:
        out, cache = forward(x, w, b, stride, pad)
        return (out, *backward(dout, cache))

    return both


def in_torch(x: Any, w: Any, b: Any, dout: Any, stride: int, pad: int) -> tuple[Any, ...]:
    """The same in torch, from arrays and to arrays, none of which is copied."""
    import torch

    leaves = [torch.from_numpy(array).requires_grad_() for array in (x, w, b)]
    out = torch.nn.functional.conv2d(*leaves, stride=stride, padding=pad)
    slopes = torch.autograd.grad(out, leaves, torch.from_numpy(dout))
    return tuple(tensor.detach().numpy() for tensor in (out, *slopes))


def measured(size: int, dtype: str, threads: int) -> str:
    """A row of the table. The number of threads of NumPy's BLAS was set when this process began."""
    import torch

    torch.set_num_threads(threads)
    label, shape, filters, stride, pad = SIZES[size]
    rng = np.random.default_rng(0)
    side = (shape[2] + 2 * pad - filters[2]) // stride + 1
    shapes = (shape, filters, filters[:1], (shape[0], filters[0], side, side))
    inputs = (*(rng.standard_normal(each).astype(dtype) for each in shapes), stride, pad)
    ours, tolerance = reference(), 1e-10 if dtype == "float64" else 1e-3
    for one, other in zip(ours(*inputs), in_torch(*inputs), strict=True):
        assert one.dtype == other.dtype
        assert np.abs(one - other).max() <= tolerance * np.abs(other).max()
    times: dict[Callable[..., Any], list[tuple[float, float]]] = {ours: [], in_torch: []}
    for _ in range(RUNS):
        for both, rows in times.items():
            rows.append(_timed(both, inputs))
    wall, used = np.median(times[ours], axis=0)
    torch_wall, torch_used = np.median(times[in_torch], axis=0)
    return (
        f"| {label} | {dtype} | {threads} | {1e3 * wall:.1f} | {1e3 * torch_wall:.1f} | {wall / torch_wall:.2f} "
        f"| {used / torch_used:.2f} |"
    )


def _timed(both: Callable[..., Any], inputs: Sequence[Any]) -> tuple[float, float]:
    """Seconds by the clock, and of the processor in all threads."""
    began, used = time.perf_counter(), time.process_time()
    both(*inputs)
    return time.perf_counter() - began, time.process_time() - used


def table() -> list[str]:
    """The table, each row measured in a new process and printed as soon as it is there."""
    lines = [
        "| x and w | type | threads | ours, ms | torch, ms | ratio | ratio of processor time |",
        "|---|---|---:|---:|---:|---:|---:|",
    ]
    print("\n".join(lines), flush=True)
    for size in range(len(SIZES)):
        for dtype in DTYPES:
            for threads in THREADS:
                pinned = dict.fromkeys(("OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "OMP_NUM_THREADS"), str(threads))
                row = [sys.executable, __file__, "--row", str(size), dtype, str(threads)]
                told = subprocess.run(row, env={**os.environ, **pinned}, capture_output=True, text=True, check=True)
                lines.append(told.stdout.strip())
                print(lines[-1], flush=True)
    return lines


def with_table(text: str, lines: Sequence[str]) -> str:
    """Return `text` with the table between the two marks. Raises ValueError where a mark is missing."""
    before, _, rest = text.partition(BEGIN)
    _, mark, after = rest.partition(END)
    if not mark:
        raise ValueError(f"the text has no {BEGIN} followed by {END}, so there is no place for the table.")
    return "\n".join([before + BEGIN, *lines, END + after])


def main(arguments: Sequence[str] | None = None) -> None:
    """Print the table; with --write also put it into docs/fast_convolution.md."""
    parser = argparse.ArgumentParser(prog="python benchmarks/convolution.py", description="Measure fast convolution.")
    parser.add_argument("--write", action="store_true", help="put the table into docs/fast_convolution.md")
    parser.add_argument("--row", nargs=3, metavar=("SIZE", "TYPE", "THREADS"), help="measure one row, in this process")
    asked = parser.parse_args(arguments)
    if asked.row:
        print(measured(int(asked.row[0]), asked.row[1], int(asked.row[2])))
        return
    lines = table()
    if asked.write:
        PAGE.write_text(with_table(PAGE.read_text(encoding="utf-8"), lines), encoding="utf-8")


if __name__ == "__main__":
    main()
