"""Mistakes of authoring, found before a release: each is one sentence that says where, what, and what it must be."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Any

from nbgrader import utils

from flatgrade.core.contract import ContractError, load_assignment
from flatgrade.core.exercise import Assignment
from flatgrade.course.directory import CourseError
from flatgrade.course.template import SKIP_TAG, checked_exercise, is_test, read_ours

if TYPE_CHECKING:
    from pathlib import Path

    from flatgrade.course.directory import Course


def lint(course: Course, assignment: str) -> tuple[str, ...]:
    """List what is wrong with the source of an assignment. Raises CourseError if there is no such assignment.

    An assignment without exercises.toml is an ordinary nbgrader assignment: its test cells may be any code.
    """
    folder = course.source(assignment)
    try:
        contract = load_assignment(folder) if (folder / "exercises.toml").is_file() else None
    except ContractError as error:
        return (str(error),)
    problems: list[str] = []
    checked: Counter[str] = Counter()
    for path in sorted(folder.glob("*.ipynb")):
        try:
            notebook = read_ours(path)
        except CourseError as error:
            problems.append(str(error))
            continue
        problems += [f"{folder.name}/{path.name}: {problem}" for problem in _notebook(notebook, contract, checked)]
    if contract:
        problems += _exercises(folder, contract, checked)
    return tuple(problems)


def _notebook(notebook: Any, contract: Assignment | None, checked: Counter[str]) -> list[str]:
    problems = []
    ids = Counter(_grade_id(cell) for cell in notebook.cells)
    problems += [
        f"{count} cells have the grade_id {name}; each needs its own."
        for name, count in ids.items()
        if name and count > 1
    ]
    for number, cell in enumerate(notebook.cells, 1):
        where = f"cell {number}" + (f" ({_grade_id(cell)})" if _grade_id(cell) else "")
        if utils.is_task(cell) and not cell.metadata.nbgrader.get("locked"):
            problems.append(f"{where} is a task and must be locked, or no submission can be graded.")
        if SKIP_TAG in cell.metadata.get("tags", ()) and not _grade_id(cell) and "id" not in cell:
            problems.append(f"{where} is tagged {SKIP_TAG} and has no id: save the notebook in format 4.5 or later.")
        if is_test(cell):
            problems += [f"{where} {problem}" for problem in _test(cell, contract, checked)]
    return problems


def _test(cell: Any, contract: Assignment | None, checked: Counter[str]) -> list[str]:
    name = checked_exercise(cell.source)
    if contract is None and not name:
        return []
    if not name or len(cell.source.strip().splitlines()) > 1:
        return ['is a test cell and must be one line, check("name of an exercise").']
    checked[name] += 1
    exercise = contract.exercises.get(name) if contract else None
    if exercise is None:
        known = f"there: {', '.join(contract.exercises)}" if contract else "there is no such file"
        return [f"checks {name}, which is not in exercises.toml ({known})."]
    points = float(cell.metadata.nbgrader.get("points", 0))
    if points != exercise.total:
        return [f"has {points:g} points, but {name} has {exercise.total:g} in exercises.toml."]
    return []


def _exercises(folder: Path, contract: Assignment, checked: Counter[str]) -> list[str]:
    problems = [
        f"{folder.name}: {count} test cells check {name}; an exercise counts once."
        for name, count in checked.items()
        if count > 1
    ]
    for name, exercise in contract.exercises.items():
        if exercise.points and not checked[name]:
            problems.append(f'{folder.name}: no test cell checks {name}; add one with check("{name}").')
    return problems


def _grade_id(cell: Any) -> str:
    return str(cell.metadata.get("nbgrader", {}).get("grade_id", ""))
