"""Time every layer at course size and at a size that fills the device: `flatgrade bench layers`.

The measuring is done by a process of its own, since BLAS takes the number of its threads when it is loaded:
`python -m flatgrade.bench.layer_times` prints a JSON line for the hardware, for each ceiling, row and note.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np

from flatgrade.bench import actions
from flatgrade.bench.hardware import (
    Hardware,
    busy_gpu,
    busy_machine,
    hardware,
    installed_torch,
    no_cuda,
    thread_settings,
)
from flatgrade.bench.layers import LAYERS, Inputs, Layer, Sizes
from flatgrade.core.contract import ContractError, load_assignment
from flatgrade.core.profiles import INSTALL_TORCH
from flatgrade.core.timer import Timing, measure
from flatgrade.course.directory import CourseError
from flatgrade.grader.reference import Solution, load_solution
from flatgrade.grader.solution_file import SolutionError

LOOPS, NUMPY, TORCH, PLAIN, TRANSFER = "loops", "NumPy", "torch", "plain torch", "copy to the device"
COURSE, FILLING = "course", "filling"


@dataclass(frozen=True)
class Row:
    """One figure: seconds of a pass forward and backward, and what they mean.

    `ratio` is how many times faster than the loops it is, `rate` the achieved work in `unit`; None where there is no
    such thing, and the times are None where it could not be run. `note` says in words what is odd about the row.
    """

    layer: str
    size: str
    sizes: Sizes
    what: str
    device: str
    median: float | None
    low: float | None
    high: float | None
    runs: int
    ratio: float | None
    rate: float | None
    unit: str
    note: str = ""


@dataclass(frozen=True)
class LayerBench:
    """All that was measured: `notes` are sentences on bad situations, such as a GPU that is in use."""

    hardware: Hardware
    ceilings: dict[str, dict[str, float]]
    rows: tuple[Row, ...]
    notes: tuple[str, ...]
    command: str
    dtype: str

    def to_json(self) -> str:
        """The whole as one JSON document."""
        return json.dumps(asdict(self), indent=1)

    def share(self, row: Row) -> float | None:
        """The rate of a row as a share of the ceiling of its device."""
        ceiling = self.ceilings.get(row.device, {}).get(row.unit)
        return row.rate / ceiling if row.rate and ceiling else None

    @classmethod
    def from_json(cls, text: str) -> LayerBench:
        """What `to_json` wrote."""
        data = json.loads(text)
        rows = tuple(Row(**row) for row in data["rows"])
        return cls(
            Hardware(**data["hardware"]), data["ceilings"], rows, tuple(data["notes"]), data["command"], data["dtype"]
        )


@dataclass(frozen=True)
class Asked:
    """What to measure: the layers of that name of the course in `home`, at those sizes, on that device."""

    home: Path
    device: str
    threads: int
    sizes: tuple[str, ...]
    layers: tuple[str, ...]
    dtype: str

    @property
    def command(self) -> str:
        """The command that asks for the same."""
        options = "".join(f" --size {size}" for size in self.sizes) if len(self.sizes) == 1 else ""
        options += "".join(f" --layer '{name}'" for name in self.layers) if len(self.layers) < len(LAYERS) else ""
        return f"flatgrade bench layers --device {self.device} --threads {self.threads} --dtype {self.dtype}{options}"


def bench_layers(asked: Asked, said: Callable[[str], None]) -> LayerBench:
    """Measure in a process with so many threads; `said` is told each row as it comes.

    Raises CourseError where there is no such layer, or no such device, in a sentence that says what mends it.
    """
    known = [layer.name for layer in LAYERS]
    if unknown := [name for name in asked.layers if name not in known]:
        raise CourseError(f"there is no layer {unknown[0]!r}: the layers are {', '.join(known)}.")
    command = [
        sys.executable,
        "-m",
        "flatgrade.bench.layer_times",
        json.dumps({**asdict(asked), "home": str(asked.home)}),
    ]
    environment = {**os.environ, **thread_settings(asked.threads)}
    found: dict[str, list[Any]] = {"hardware": [], "ceiling": [], "row": [], "note": []}
    with subprocess.Popen(command, env=environment, stdout=subprocess.PIPE, text=True) as process:  # noqa: S603 -- our own
        assert process.stdout is not None
        for line in process.stdout:
            [(kind, value)] = json.loads(line).items()
            if kind == "refused":
                raise CourseError(value)
            found[kind].append(value)
            said(f"{value['layer']}, {value['size']} size: {value['what']}" if kind == "row" else kind)
    if process.returncode:
        raise CourseError("the measuring process ended early; what it printed stands above.")
    ceilings: dict[str, dict[str, float]] = {}
    for name, item in found["ceiling"]:
        ceilings[name] = {unit: max(rate, ceilings.get(name, item)[unit]) for unit, rate in item.items()}
    rows = tuple(Row(**row) for row in found["row"])
    return LayerBench(
        Hardware(**found["hardware"][0]), ceilings, rows, tuple(found["note"]), asked.command, asked.dtype
    )


def main() -> None:
    """Measure as the orders in the first argument say, and print JSON lines."""
    asked = json.loads(sys.argv[1])
    for line in _lines(Asked(**{**asked, "home": Path(asked["home"])})):
        print(json.dumps(line), flush=True)  # noqa: T201 -- for the process that began this one


def _lines(asked: Asked) -> Iterator[dict[str, Any]]:
    device = asked.device
    torch = installed_torch()
    if device == "cuda" and (why := no_cuda(torch)):
        yield {"refused": f"{why}."}
        return
    yield {"hardware": asdict(hardware(torch, cuda=device == "cuda"))}
    if note := busy_machine():
        yield {"note": note}
    if torch is None:
        yield {"note": f"torch is not installed, so NumPy has no yardstick: {INSTALL_TORCH}"}
    else:
        torch.set_num_threads(hardware(torch).threads)
        if device == "cuda" and (note := busy_gpu(torch)):
            yield {"note": note}
    devices = {"cpu", device} if torch is not None else set()
    yield from ({"ceiling": [name, actions.ceilings(torch, name, asked.dtype)]} for name in devices)
    for layer in (item for item in LAYERS if item.name in asked.layers):
        try:
            solution = _solution(asked.home, layer.exercise)
            loops = _solution(asked.home, layer.loops) if isinstance(layer.loops, str) else None
        except (KeyError, ContractError, SolutionError):
            yield {"note": f"{layer.name} is left out: this course has no {layer.exercise}."}
            continue
        for size in asked.sizes:
            bench = _LayerBench(layer, solution, loops, size, asked, torch)
            yield from ({"row": asdict(row)} for row in bench.rows())
    # Again at the end: what others do beside us lowers a ceiling, and no pass can be faster than it.
    yield from ({"ceiling": [name, actions.ceilings(torch, name, asked.dtype)]} for name in devices)


def _solution(home: Path, place: str) -> Solution:
    assignment, _, exercise = place.partition("/")
    contract = load_assignment(home / "assignments" / assignment).exercises[exercise]
    return load_solution(home / "solutions" / assignment, contract)


class _LayerBench:
    """One layer at one size."""

    def __init__(
        self,
        layer: Layer,
        solution: Solution,
        loops: Solution | None,
        size: str,
        asked: Asked,
        torch: Any,
    ) -> None:
        self.layer, self.solution, self.loops, self.size = layer, solution, loops, size
        self.device, self.torch, self.dtype = asked.device, torch, np.dtype(asked.dtype)
        self.naive: float | None = None

    def rows(self) -> Iterator[Row]:
        """Loops, NumPy and torch on the CPU, then what the device is asked for."""
        examples = self.layer.sizes["N"] if self.size == COURSE else self.layer.filling[self.device]
        on_cpu = examples if self.size == COURSE else self.layer.filling["cpu"]
        yield from self._on_cpu(on_cpu)
        if self.device == "cuda":
            yield from self._on_cuda(examples)

    def _on_cpu(self, examples: int) -> Iterator[Row]:
        inputs = self._inputs(examples)
        timing, measured = actions.time_loops(self.layer, self.loops, inputs, examples)
        self.naive = timing.median / examples
        note = f"measured on {measured} of {examples} examples, and multiplied" if measured < examples else ""
        yield self._row(LOOPS, "cpu", examples, timing, note)
        yield self._row(NUMPY, "cpu", examples, measure(actions.numpy_action(self.layer, self.solution, inputs)))
        if self.torch is not None:
            given = actions.tensors(self.torch, self.solution.exercise, inputs, "cpu")
            for what, path in self._paths().items():
                yield self._row(what, "cpu", examples, self._time("cpu", path, given))

    def _on_cuda(self, examples: int) -> Iterator[Row]:
        torch, note = self.torch, ""
        while True:
            try:
                inputs = self._inputs(examples)
                copy = actions.time_on(
                    torch,
                    "cuda",
                    lambda: actions.tensors(torch, self.solution.exercise, inputs, "cuda"),  # noqa: B023
                )
                yield self._row(TRANSFER, "cuda", examples, copy, note, worked=False)
                given = actions.tensors(torch, self.solution.exercise, inputs, "cuda")
                for what, path in self._paths().items():
                    yield self._row(what, "cuda", examples, self._time("cuda", path, given), note)
                yield from self._variants(examples, inputs, given, note)
            except torch.cuda.OutOfMemoryError:
                torch.cuda.empty_cache()
                note = f"half the examples: {examples} did not fit into the device's memory"
                examples //= 2
            else:
                return

    def _variants(self, examples: int, inputs: Inputs, given: Inputs, note: str) -> Iterator[Row]:
        """What may pay on a GPU: another layout, shorter numbers, and fewer launches."""
        torch, path = self.torch, self._paths()[TORCH]
        if any(np.ndim(value) == 4 for value in inputs.values()):
            last = actions.tensors(torch, self.solution.exercise, inputs, "cuda", channels_last=True)
            yield self._row("torch, channels_last", "cuda", examples, self._time("cuda", path, last), note)
        if self.layer.unit == "GFLOP/s":
            with actions.tf32(torch):
                yield self._row("torch, TF32", "cuda", examples, self._time("cuda", path, given), note)

            def short(inputs: Inputs) -> Any:
                with torch.autocast("cuda", dtype=torch.bfloat16):
                    return path(inputs).float()

            yield self._row("torch, bf16", "cuda", examples, self._time("cuda", short, given), note)
        eager = actions.torch_action(torch, self.solution.exercise, path, given)
        tried: dict[str, Callable[[], actions.Action]] = {
            "torch, captured graph": lambda: actions.captured(torch, eager),
            "torch, compiled": lambda: actions.torch_action(torch, self.solution.exercise, torch.compile(path), given),
        }
        for what, made in tried.items():
            try:
                yield self._row(what, "cuda", examples, actions.time_on(torch, "cuda", made()), note)
            except torch.cuda.OutOfMemoryError:
                raise
            except Exception as error:  # noqa: BLE001 -- no compiler, an operation that no graph can hold: told, not fatal
                told = f"not possible here: {type(error).__name__}: {' '.join(str(error).split())[:80]}"
                yield self._row(what, "cuda", examples, None, told)

    def _paths(self) -> dict[str, Callable[[Inputs], Any]]:
        path = self.solution.torch_path
        assert path is not None
        return {TORCH: lambda given: path(**given), PLAIN: partial(self.layer.plain, self.torch)}

    def _time(self, device: str, path: Callable[[Inputs], Any], given: Inputs) -> Timing:
        action = actions.torch_action(self.torch, self.solution.exercise, path, given)
        return actions.time_on(self.torch, device, action)

    def _inputs(self, examples: int) -> Inputs:
        return converted(self.layer.draw(np.random.default_rng(0), self.layer.at(examples)), self.dtype)

    def _row(
        self, what: str, device: str, examples: int, timing: Timing | None, note: str = "", *, worked: bool = True
    ) -> Row:
        sizes, seconds = self.layer.at(examples), timing.median if timing else None
        each = self.dtype.itemsize if self.layer.unit == "GB/s" else 1
        rate = each * self.layer.work(sizes) / seconds / 1e9 if seconds and worked else None
        return Row(
            layer=self.layer.name,
            size=self.size,
            sizes=sizes,
            what=what,
            device=device,
            median=seconds,
            low=timing.low if timing else None,
            high=timing.high if timing else None,
            runs=timing.runs if timing else 0,
            ratio=self.naive * examples / seconds if self.naive and seconds and worked else None,
            rate=rate,
            unit=self.layer.unit,
            note=note,
        )


def converted(inputs: Inputs, dtype: Any) -> Inputs:
    """The inputs with their floating-point arrays in another dtype, those in dictionaries too."""

    def one(value: Any) -> Any:
        if isinstance(value, dict):
            return converted(value, dtype)
        return value.astype(dtype) if isinstance(value, np.ndarray) and value.dtype.kind == "f" else value

    return {name: one(value) for name, value in inputs.items()}


if __name__ == "__main__":
    main()
