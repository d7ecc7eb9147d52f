"""The instructor notebooks of the repository's assignments, and questions that tests ask of them."""

from __future__ import annotations

import linecache
from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING, Any

import nbformat

from flatgrade.core import load_assignment
from flatgrade.course.stub import answered
from flatgrade.course.template import SKIP_TAG, checked_exercise, is_test
from support.course import ROOT

if TYPE_CHECKING:
    from pathlib import Path

    from flatgrade.core.exercise import Assignment

INSTALL = """\
# Where Flatgrade is missing, as in a fresh Colab, this installs it; elsewhere it does nothing.
try:
    import flatgrade.student
except ImportError:
    %pip install --quiet --find-links . flatgrade"""
FOLDERS = tuple(sorted(path.parent for path in (ROOT / "assignments").glob("*/exercises.toml")))


@dataclass(frozen=True)
class Source:
    """One instructor notebook, and the contract of its assignment."""

    path: Path
    assignment: Assignment
    cells: tuple[Any, ...]

    @property
    def name(self) -> str:
        """Assignment and notebook, as in `a1_flat_backprop/softmax`."""
        return f"{self.path.parent.name}/{self.path.stem}"

    @property
    def code(self) -> list[Any]:
        """The code cells, in order."""
        return [cell for cell in self.cells if cell.cell_type == "code"]

    @property
    def markdown(self) -> list[str]:
        """The texts of the markdown cells, in order."""
        return [cell.source for cell in self.cells if cell.cell_type == "markdown"]

    @property
    def exercises(self) -> list[str]:
        """What the test cells check, in order."""
        return [checked_exercise(cell.source) for cell in self.cells if is_test(cell)]

    @property
    def written(self) -> list[Any]:
        """The answers in words, graded by hand."""
        return [cell for cell in self.cells if cell.cell_type == "markdown" and marks(cell).get("solution")]

    def answers(self, exercise: str) -> list[Any]:
        """The answer cells of an exercise: those that define what its plan calls."""
        return [cell for cell in self.code if marks(cell).get("solution") and exercise in self.answered(cell)]

    def answered(self, cell: Any) -> list[str]:
        """Name the exercises that an answer cell is for."""
        return answered(self.assignment.exercises, cell.source)


def marks(cell: Any) -> dict[str, Any]:
    """What nbgrader knows of a cell; empty for a cell that is none of its own."""
    return dict(cell.metadata.get("nbgrader", {}))


def skipped(cell: Any) -> bool:
    """Whether grading leaves the cell out."""
    return SKIP_TAG in cell.metadata.get("tags", [])


@cache
def sources() -> tuple[Source, ...]:
    """Every notebook of every assignment."""
    return tuple(
        Source(path, load_assignment(folder), tuple(nbformat.read(path, as_version=nbformat.NO_CONVERT).cells))
        for folder in FOLDERS
        for path in sorted(folder.glob("*.ipynb"))
    )


def run_as_graded(source: Source) -> dict[str, Any]:
    """Run the cells that grading runs, but for the tests, in a namespace of their own, and return it."""
    namespace: dict[str, Any] = {"__name__": "__main__"}
    for cell in source.code:
        if not skipped(cell) and not is_test(cell):
            filename = f"<{source.name}/{cell.id}>"
            linecache.cache[filename] = (len(cell.source), None, cell.source.splitlines(keepends=True), filename)
            exec(compile(as_python(cell.source), filename, "exec"), namespace)
    return namespace


def as_python(text: str) -> str:
    """A cell's text as IPython hands it to Python: its magics are calls."""
    from IPython.core.inputtransformer2 import TransformerManager

    return TransformerManager().transform_cell(text)
