"""Grade one class twice, by `nbgrader autograde` and by `flatgrade grade`: the same files, cells and points.

nbgrader cannot grade our test cells, so in the notebooks of the bench each `check("...")` is an assert-style test as a
course of nbgrader's has it, with numbers of the reference in it; both engines then run it in the student's namespace.
Cells tagged `skip-grading` are left out, since nbgrader knows no such tag and would train the models again. So are the
tests of exercises that are no single call on numbers: of layers, classes, and functions that take functions.
"""

from __future__ import annotations

import json
import os
import shutil
import statistics
import subprocess
import sys
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import nbformat
import numpy as np

from flatgrade.bench.hardware import thread_settings
from flatgrade.commands import answer_key
from flatgrade.core.exercise import Case, Exercise
from flatgrade.course.collect import Collector
from flatgrade.course.directory import Course, CourseError
from flatgrade.course.stub import answered
from flatgrade.course.template import SKIP_TAG, checked_exercise
from flatgrade.demo import DemoStudent, make_class
from flatgrade.grader.engine import AnswerKey, grade
from flatgrade.grader.reference import Solution
from flatgrade.grader.submission import CellKind, Submission

_ASSIGNMENT = "bench"
_SEED = "bench"
_TIMED = 20  # submissions whose overhead is measured
_ACCIDENTS = ("loops forever", "not JSON")  # stock nbgrader takes 30 s for the first, and fails on the second
_PLOT = "plt.plot(np.cumsum(np.ones(50)), label='loss')\nplt.title('training')\nplt.legend()\nplt.show()"
_CONFIG = f"c = get_config()\nc.CourseDirectory.course_id = {_ASSIGNMENT!r}\n"

# The student's own time: the same cells, by exec, in a process that has imported everything; figures are drawn.
_OWN = """
import io, json, os, sys, time
import matplotlib
matplotlib.use("agg")
import matplotlib.pyplot as plt, numpy, flatgrade.student, flatgrade_data
sys.stdout, out = open(os.devnull, "w"), sys.stdout
for cells in json.load(sys.stdin):
    began, namespace = time.perf_counter(), {"__name__": "__main__"}
    for cell in cells:
        try:
            exec(compile(cell, "<cell>", "exec"), namespace)
        except Exception:
            pass
        for number in plt.get_fignums():
            plt.figure(number).savefig(io.BytesIO())
            plt.close(number)
    print(time.perf_counter() - began, file=out)
"""


@dataclass(frozen=True)
class GradingBench:
    """What was measured: seconds of each command for the whole class, and milliseconds a submission.

    `own_ms` is the median time of a submission's cells alone, `overhead_ms` what our engine takes beyond it with one
    worker. `differing` names the submissions whose points differ between the two.
    """

    submissions: int
    plots: bool
    stock_s: float
    ours_s: float
    own_ms: float
    overhead_ms: float
    differing: tuple[str, ...]

    @property
    def ratio(self) -> float:
        """How many times faster ours is."""
        return self.stock_s / self.ours_s

    def to_json(self) -> str:
        """One line of JSON."""
        return json.dumps(
            {
                "bench": "grade",
                "submissions": self.submissions,
                "stock_s": round(self.stock_s, 2),
                "ours_s": round(self.ours_s, 2),
                "ratio": round(self.ratio, 1),
                "overhead_ms": round(self.overhead_ms, 1),
            }
        )


def bench_grading(
    home: Path, folder: Path, assignment: str, submissions: int, *, plots: bool, said: Callable[[str], None]
) -> GradingBench:
    """Make a class of `submissions` in `folder`, which is made anew, and grade it with both; `said` is told each step.

    Raises CourseError where the folder holds something else, or one of the two commands fails.
    """
    key = answer_key(Course.open(home), assignment, home / "solutions")
    _make_room(folder)
    said(f"making a class of {submissions}")
    stock, ours = folder / "stock", folder / "ours"
    _make_course(stock, home, key, plots=plots)
    _run(stock, "nbgrader", "generate_assignment", _ASSIGNMENT)
    for student in _class(key, submissions):
        _hand_in(stock, key, student)
    shutil.copytree(stock, ours)
    said("grading it with nbgrader autograde")
    stock_s = _run(stock, "nbgrader", "autograde", _ASSIGNMENT)
    said("grading it with flatgrade grade")
    ours_s = _run(ours, "flatgrade", "grade", _ASSIGNMENT)
    said("measuring the overhead")
    own_ms, overhead_ms = _overhead(ours)
    return GradingBench(submissions, plots, stock_s, ours_s, own_ms, overhead_ms, _differing(stock, ours, submissions))


def _make_room(folder: Path) -> None:
    mark = folder / ".flatgrade-bench"
    if folder.exists() and any(folder.iterdir()) and not mark.exists():
        raise CourseError(f"{folder} is not empty and no earlier bench: give --folder a new name.")
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    mark.touch()


def _make_course(root: Path, home: Path, key: AnswerKey, *, plots: bool) -> None:
    source = root / "source" / _ASSIGNMENT
    source.mkdir(parents=True)
    (root / "nbgrader_config.py").write_text(_CONFIG, encoding="utf-8")
    for path in sorted(Course.open(home).source(key.assignment.name).glob("*.ipynb")):
        notebook = nbformat.read(path, as_version=4)
        notebook.cells = [cell for cell in notebook.cells if SKIP_TAG not in cell.metadata.get("tags", ())]
        plain = {name for name, solution in key.solutions.items() if _is_plain(solution)}
        notebook.cells = [cell for cell in notebook.cells if _tested(cell) in {"", *plain}]
        for cell in notebook.cells:
            if name := _tested(cell):
                cell.source = _test(key.solutions[name], key.cases[name])
        if plots:
            notebook.cells.append(nbformat.v4.new_code_cell(_PLOT))
        nbformat.write(notebook, source / path.name)


def _tested(cell: Any) -> str:
    """Say which exercise a cell tests ("" for none)."""
    return checked_exercise(cell.source) if cell.cell_type == "code" else ""


def _is_plain(solution: Solution) -> bool:
    """True if the exercise is one call on numbers whose results are compared as they are."""
    kinds = {item.kind for item in solution.exercise.inputs}
    return len(solution.exercise.plan) == 1 and kinds <= {"normal", "positive", "labels"} and not solution.accept


def _test(solution: Solution, cases: list[Case]) -> str:
    """An assert-style test: the reference's numbers on a small case, as a course without hidden references has them."""
    smallest = min((case for case in cases if case.generic), key=lambda case: sum(map(np.size, case.inputs.values())))
    inputs = {name: np.round(value, 2) for name, value in smallest.inputs.items()}
    expected = solution.expected(Case("rounded", inputs))
    lines = [f"{name} = {_literal(value)}" for name, value in inputs.items()]
    lines += [str(solution.exercise.call)]
    lines += [f"np.testing.assert_allclose({name}, {_literal(value)}, 1e-5)" for name, value in expected.items()]
    return "\n".join(lines)


def _literal(value: Any) -> str:
    array = np.asarray(value)
    rounded = np.round(array, 9).tolist() if array.dtype.kind == "f" else array.tolist()
    return f"np.array({rounded})" if array.ndim else repr(rounded)


def _class(key: AnswerKey, count: int) -> list[DemoStudent]:
    students = [item for item in make_class(key.solutions, count + 4) if item.kind not in _ACCIDENTS]
    return students[:count]


def _hand_in(root: Path, key: AnswerKey, student: DemoStudent) -> None:
    folder = root / "submitted" / student.name / _ASSIGNMENT
    shutil.copytree(root / "release" / _ASSIGNMENT, folder)
    for path in sorted(folder.glob("*.ipynb")):
        source = nbformat.read(root / "source" / _ASSIGNMENT / path.name, as_version=4)
        notebook = nbformat.read(path, as_version=4)
        for cell, ours in zip(notebook.cells, source.cells, strict=True):
            if cell.cell_type == "code" and cell.metadata.get("nbgrader", {}).get("solution"):
                cell.source = _answer(key.assignment.exercises, ours.source, student.answers) or cell.source
        nbformat.write(notebook, path)


def _answer(exercises: Mapping[str, Exercise], source: str, answers: Mapping[str, str]) -> str:
    return next((answers[name] for name in answered(exercises, source) if name in answers), "")


def _run(folder: Path, *command: str) -> float:
    """Run a command of this Python in a folder; the seconds it took. Raises CourseError with its last line."""
    programs = str(Path(sys.executable).parent)
    environment = {**os.environ, "PATH": os.pathsep.join([programs, os.environ.get("PATH", "")])}
    began = time.perf_counter()
    done = subprocess.run(  # noqa: S603 -- our own interpreter
        [sys.executable, "-m", *command], cwd=folder, env=environment, capture_output=True, text=True, check=False
    )
    took = time.perf_counter() - began
    if done.returncode:
        last = (done.stderr.strip() or done.stdout.strip()).splitlines()[-1:]
        raise CourseError(f"{' '.join(command)} failed in {folder}: {''.join(last)}")
    return took


def _overhead(root: Path) -> tuple[float, float]:
    """The median time of a submission's cells alone, and what our engine takes beyond it; milliseconds."""
    course = Course.open(root)
    key = answer_key(course, _ASSIGNMENT, root)
    collector = Collector(course, _ASSIGNMENT)
    batch = [collector.collect(student).submission for student in course.students(_ASSIGNMENT)[:_TIMED]]
    own = _own_seconds(batch)
    took = []
    with key.sandbox() as sandbox:
        for submission in batch:
            began = time.perf_counter()
            grade(submission, key, sandbox)
            took.append(time.perf_counter() - began)
    beyond = [ours - theirs for ours, theirs in zip(took, own, strict=True)]
    return 1e3 * statistics.median(own), 1e3 * statistics.median(beyond)


def _own_seconds(batch: list[Submission]) -> list[float]:
    texts = [
        [cell.source for notebook in submission.notebooks for cell in notebook.cells if cell.kind is not CellKind.SKIP]
        for submission in batch
    ]
    environment = {**os.environ, **thread_settings(1)}
    done = subprocess.run(  # noqa: S603 -- our own interpreter, and answers that we made ourselves
        [sys.executable, "-c", _OWN],
        env=environment,
        input=json.dumps(texts),
        capture_output=True,
        text=True,
        check=True,
    )
    return [float(line) for line in done.stdout.split()]


def _differing(stock: Path, ours: Path, expected: int) -> tuple[str, ...]:
    """The submissions whose points differ, notebook by notebook. Raises CourseError where one was not graded at all."""
    points = []
    for root in (stock, ours):
        with Course.open(root).gradebook() as gradebook:
            found = gradebook.assignment_submissions(_ASSIGNMENT)
            points.append({row.student.id: [(book.name, book.score) for book in row.notebooks] for row in found})
    if not len(points[0]) == len(points[1]) == expected:
        raise CourseError(f"of {expected} submissions nbgrader graded {len(points[0])} and flatgrade {len(points[1])}")
    return tuple(sorted(student for student in points[0] if sorted(points[0][student]) != sorted(points[1][student])))
