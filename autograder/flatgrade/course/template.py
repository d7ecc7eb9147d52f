"""Our copy of a notebook: what was released, with the hidden parts of locked cells put back.

The cells and their order come from the release folder, since that is what the students were given; the text and the
checksum of each locked cell come from the gradebook, where nbgrader keeps them with the hidden tests. Both are written
by one step, the release, so an assignment must be released before it is collected. The checksum of an answer is the
released one: where a mark scheme was taken out, the gradebook's does not fit what the students were given.
"""

from __future__ import annotations

import ast
import warnings
from copy import deepcopy
from dataclasses import dataclass
from enum import Enum, auto
from typing import TYPE_CHECKING, Any

import nbformat
from nbgrader import utils
from nbgrader.api import MissingEntry

from flatgrade.core.contract import CONTRACT
from flatgrade.course.directory import CourseError
from flatgrade.grader.submission import CellKind

if TYPE_CHECKING:
    from pathlib import Path

    from flatgrade.course.directory import Course

SKIP_TAG = "skip-grading"


class Role(Enum):
    """Whose a cell of ours is: the student's to answer, ours to keep, ours to test with, or free text and code."""

    ANSWER = auto()
    LOCKED = auto()
    TEST = auto()
    PLAIN = auto()


@dataclass(frozen=True)
class OurCell:
    """One cell of ours. `node` is the cell as it is rebuilt, `released` the text that students were given.

    `exercise` is what a test cell checks ("" if it is not a single `check("name")`), `points` what it counts;
    `grade_id` is "" for plain cells.
    """

    node: Any
    released: str
    role: Role
    kind: CellKind
    grade_id: str = ""
    exercise: str = ""
    points: float = 0.0


@dataclass(frozen=True)
class Template:
    """One notebook of an assignment: its name (without suffix), its cells in order, its own metadata."""

    name: str
    cells: tuple[OurCell, ...]
    metadata: Any
    nbformat_minor: int


def load_templates(course: Course, assignment: str) -> tuple[Template, ...]:
    """Load our copy of each notebook of `assignment`, by name.

    Raises CourseError if it has not been released, or holds what cannot be graded here.
    """
    ours = (course.source(assignment) / CONTRACT).is_file()
    again = CourseError(f"{assignment} has not been released: run `flatgrade release {assignment}` first.")
    with course.gradebook() as gradebook:
        try:
            notebooks = gradebook.find_assignment(assignment).notebooks
        except MissingEntry:
            raise again from None
        paths = {notebook.name: course.release(assignment) / f"{notebook.name}.ipynb" for notebook in notebooks}
        if not paths or not all(path.is_file() for path in paths.values()):
            raise again
        templates = tuple(_template(paths[row.name], row) for row in sorted(notebooks, key=lambda row: row.name))
    for template in templates:
        _refuse(template, paths[template.name], ours=ours)
    return templates


def checked_exercise(source: str) -> str:
    """Say which exercise our test cell checks: "svm_loss" if its only statement is `check("svm_loss")`, else ""."""
    try:
        tree = ast.parse(source)
    except SyntaxError:
        return ""
    match tree.body:
        case [ast.Expr(ast.Call(ast.Name("check"), [ast.Constant(str(name))], []))]:
            return name
    return ""


def is_test(cell: Any) -> bool:
    """Say whether nbgrader grades the cell by running it: a code cell with points which is no answer."""
    return bool(cell.cell_type == "code" and utils.is_grade(cell) and not utils.is_solution(cell))


def read_ours(path: Path) -> Any:
    """Read a notebook of ours. Raises CourseError if it is none."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # cells without ids are as good, and a lint says where they are needed
            return nbformat.read(path, as_version=4)
    except Exception as error:
        raise CourseError(f"{path.parent.name}/{path.name} cannot be read as a notebook: {error}.") from error


def _template(path: Path, row: Any) -> Template:
    notebook = read_ours(path)
    stored = {cell.name: cell for cell in row.source_cells}
    points = {cell.name: cell.max_score for cell in (*row.grade_cells, *row.task_cells)}
    cells = tuple(_our_cell(cell, stored) for cell in notebook.cells)
    if {cell.grade_id: cell.node.metadata.nbgrader.points for cell in cells if cell.grade_id in points} != points:
        name = path.parent.name
        raise CourseError(f"{name}/{path.name} and the gradebook differ: run `flatgrade release {name}` again.")
    return Template(row.name, cells, notebook.metadata, notebook.nbformat_minor)


def _refuse(template: Template, path: Path, *, ours: bool) -> None:
    """Raise CourseError for a notebook that is not Python, and for `check` where nothing is known of exercises.

    A silent `check("...")` would be taken for a test that passed.
    """
    kernel = template.metadata.get("kernelspec") or {}
    language = str(kernel.get("language") or template.metadata.get("language_info", {}).get("name") or "python")
    name = f"{path.parent.name}/{path.name}"
    if language.lower() not in ("python", "ipython"):
        raise CourseError(
            f"{name} is written in {language}, and only Python can be run here: grade {path.parent.name} with "
            "`nbgrader autograde`, without c.Autograde.exporter_class in nbgrader_config.py."
        )
    checked = next((cell.exercise for cell in template.cells if cell.exercise), None)
    if checked and not ours:
        raise CourseError(
            f'{name} has a test cell check("{checked}"), and there is no {CONTRACT} beside its source: put it back.'
        )


def _our_cell(cell: Any, stored: dict[str, Any]) -> OurCell:
    node = deepcopy(cell)
    grade_id = cell.metadata.get("nbgrader", {}).get("grade_id", "")
    row = stored.get(grade_id)
    if row is None:
        return OurCell(node, cell.source, Role.PLAIN, _kind(cell))
    if row.locked:
        node.source, node.metadata.nbgrader.checksum = row.source, row.checksum
    if utils.is_grade(node):
        node.metadata.nbgrader.points = float(node.metadata.nbgrader.points)  # as the gradebook has them
    role = Role.TEST if is_test(cell) else Role.LOCKED if row.locked else Role.ANSWER
    if role is not Role.TEST:
        return OurCell(node, cell.source, role, _kind(cell), grade_id)
    exercise = checked_exercise(node.source)
    kind = CellKind.JUDGE if exercise else CellKind.TEST
    return OurCell(node, cell.source, role, kind, grade_id, exercise, float(node.metadata.nbgrader.points))


def _kind(cell: Any) -> CellKind:
    if cell.cell_type != "code" or SKIP_TAG in cell.metadata.get("tags", ()):
        return CellKind.SKIP
    return CellKind.RUN
