"""An exercise as frozen objects: its call plan, inputs, stages, public cases, and the limits of its assignment.

An exercise is a *call plan*: a list of flat calls such as `out, cache = conv_forward(x, w, b)`, run in order on the
inputs, whose named results are kept. Names that are kept but not listed in `returns` are opaque: they stay where the
student's code runs.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from flatgrade.core.profiles import widest

SLOPES = ("grad_", "d")  # what comes before the name of a value in the name of its gradient


@dataclass(frozen=True)
class Call:
    """One step of a call plan: `results = function(arguments)`, all of them names.

    `function` is a name of the student's namespace, or `kept.method` on a value that an earlier step kept.
    """

    function: str
    arguments: tuple[str, ...]
    results: tuple[str, ...]

    def __str__(self) -> str:
        left = f"{', '.join(self.results)} = " if self.results else ""
        return f"{left}{self.function}({', '.join(self.arguments)})"


@dataclass(frozen=True)
class Function:
    """An input that is a function: the text of a Python expression, such as `lambda x: np.sum(x * x)`.

    It is ours, from the contract or the solution, and becomes a function where the student's code is called.
    """

    text: str

    def made(self) -> Any:
        """The function itself; its text sees NumPy as `np`, and nothing else."""
        return eval(self.text, {"np": np})  # noqa: S307 -- our own text, see above


@dataclass(frozen=True)
class Input:
    """One argument: its shape in letters (`("N", "D")`), how to draw one, and what it means.

    Kinds: `normal` (float64, standard normal), `positive` (float64 in 0.2..0.9), `labels` (int64 in 0..classes-1),
    `given` (always `value`), `function` (always `value`, a Function).
    """

    name: str
    shape: tuple[str, ...]
    kind: str
    about: str
    classes: str = ""
    value: Any = None


@dataclass(frozen=True)
class Stage:
    """A named intermediate value: its shape in letters, its points, and the relative tolerance of its comparison."""

    name: str
    shape: tuple[str, ...]
    points: float
    tolerance: float = 1e-7


@dataclass(frozen=True)
class Case:
    """Inputs to run an exercise on; `expect` gives values by stage or output name where they are public.

    `generic` marks sizes and values at which known mistakes differ from each other: only such cases name a mistake.
    """

    label: str
    inputs: Mapping[str, Any]
    expect: Mapping[str, Any] = field(default_factory=dict)
    generic: bool = False


@dataclass(frozen=True)
class Speed:
    """That answers are timed beside the reference: `points` for one that takes at most `within` times as long."""

    points: float
    within: float


@dataclass(frozen=True)
class Exercise:
    """The contract of one exercise. `gradients` maps an output to the input whose slope of `loss` it is.

    `sizes` gives the numbers of letters that are not free, such as the two columns of points in a plane.
    `profile` names the libraries that the answer may use (core.profiles), `given` the functions of the plan that the
    notebook defines and not the student.
    """

    name: str
    title: str
    plan: tuple[Call, ...]
    returns: tuple[str, ...]
    points: float
    source: str
    inputs: tuple[Input, ...]
    stages: tuple[Stage, ...]
    cases: tuple[Case, ...]
    gradients: Mapping[str, str]
    sizes: Mapping[str, int] = field(default_factory=dict)
    profile: str = "numpy"
    given: tuple[str, ...] = ()
    speed: Speed | None = None

    @property
    def total(self) -> float:
        """All points to be had: `points` for a right answer, and those for a fast one."""
        return self.points + (self.speed.points if self.speed else 0.0)

    @property
    def call(self) -> Call:
        """The only call of a plan of one call."""
        if len(self.plan) != 1:
            raise ValueError(f"{self.name} has a plan of {len(self.plan)} calls, not one")
        return self.plan[0]

    @property
    def functions(self) -> tuple[str, ...]:
        """The functions and classes that the student defines: what the plan calls, less what the notebook gives."""
        return tuple(name for name in called(self.plan) if name not in self.given)

    @property
    def loss(self) -> str:
        """The output whose slopes the gradients are: the first output."""
        return self.returns[0]

    def upstream(self, inputs: Mapping[str, Any]) -> Any:
        """The gradient that arrives at the first output: the input `grad_<output>` or `d<output>`; 1.0 for a loss."""
        return next((inputs[head + self.loss] for head in SLOPES if head + self.loss in inputs), 1.0)

    def size(self, letter: str, inputs: Mapping[str, Any]) -> int | None:
        """The size that a letter of the contract has in these inputs; None where no input's shape has the letter."""
        for item in self.inputs:
            if letter in item.shape:
                return int(np.shape(inputs[item.name])[item.shape.index(letter)])
        return None

    def stage(self, name: str) -> Stage | None:
        """The stage of that name, or None."""
        return next((stage for stage in self.stages if stage.name == name), None)

    def tolerance(self, name: str) -> float:
        """The relative tolerance of a stage or an output."""
        stage = self.stage(name)
        return stage.tolerance if stage else Stage.tolerance


@dataclass(frozen=True)
class Limits:
    """What a submission may use: seconds of wall time, mebibytes of memory and of disk, kibibytes of output.

    A cell, one call of the judge, all calls of an exercise, and the submission have a time each; processor time is
    limited by that of the submission. `output_kib` is for a cell. `files` counts files and folders in the scratch
    folder, `threads` the threads of the process. `kept_kib` is how much of the files that notebooks make is kept.
    """

    cell_seconds: float = 10.0
    call_seconds: float = 5.0
    exercise_seconds: float = 30.0
    submission_seconds: float = 60.0
    memory_mib: int = 1024
    output_kib: int = 1024
    disk_mib: int = 64
    files: int = 1000
    threads: int = 32
    kept_kib: int = 0


@dataclass(frozen=True)
class Assignment:
    """A folder of notebooks with the contracts of its exercises, in the order of the file.

    `profile` names the libraries that answers may use (core.profiles), unless their exercise has a profile of its own;
    `libraries` are further distributions.
    """

    name: str
    title: str
    exercises: Mapping[str, Exercise]
    limits: Limits
    profile: str = "numpy"
    libraries: tuple[str, ...] = ()

    def profile_of(self, exercises: Iterable[str]) -> str:
        """The profile that a notebook with these exercises runs with: the widest of theirs and the assignment's."""
        return widest([self.profile, *(self.exercises[name].profile for name in exercises)])


def called(plan: Sequence[Call]) -> tuple[str, ...]:
    """The functions and classes that a plan calls, without the methods of kept values."""
    kept = {name for call in plan for name in call.results}
    heads = [call.function.partition(".")[0] for call in plan]
    return tuple(dict.fromkeys(head for head in heads if head not in kept))


def slope_of(name: str) -> str:
    """The value that a gradient is the slope by, from its name: W of dW and of grad_W ("" for other names)."""
    return next((name[len(head) :] for head in SLOPES if name.startswith(head)), "")
