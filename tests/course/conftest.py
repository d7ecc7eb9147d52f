"""A small course of its own: one notebook of each kind of cell, released once, copied for each test."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import nbformat
import pytest
from typer.testing import CliRunner

from flatgrade import cli
from flatgrade.core.finding import Verdict
from flatgrade.course.directory import Course
from flatgrade.course.release import release
from flatgrade.grader.record import ExerciseRecord, Record

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

# A busy machine is no failure: how long an example takes is never part of a law.

CONFIG = Path(__file__).parents[2] / "nbgrader_config.py"

EXERCISES = """
[svm_loss]
title = "Hinge loss"
call = "svm_loss(W, X)"
returns = ["loss", "dW"]
points = 10
inputs = { W = { shape = "D C" }, X = { shape = "N D" } }
stages = { scores = { shape = "N C", points = 4 }, loss = { points = 2 }, dW = { shape = "D C", points = 4 } }
"""

ANSWER = """def svm_loss(W, X):
    ### BEGIN SOLUTION
    rows = np.arange(len(X))
    scores = X @ W  # (N, C)
    loss = scores[rows, 0].sum()
    dW = X.sum(axis=0)[:, None] + 0 * W  # (D, C)
    ### END SOLUTION
    return loss, dW"""

STUB = """def svm_loss(W, X):
    scores = ...  # (N, C)
    loss = ...
    dW = ...  # (D, C)
    return loss, dW"""


def marks(grade_id: str, **flags: Any) -> dict[str, Any]:
    """The metadata of a cell that nbgrader knows."""
    return {
        "nbgrader": {
            "schema_version": 3,
            "grade_id": grade_id,
            **dict.fromkeys(["grade", "locked", "solution"], False),
            **flags,
        }
    }


def source_cells() -> list[Any]:
    """The instructor's notebook: text, a locked setup, an answer, its test, a written answer, a training run."""
    code, text = nbformat.v4.new_code_cell, nbformat.v4.new_markdown_cell
    return [
        text("# The hinge loss", id="title"),
        code("import numpy as np\nfrom flatgrade import check", id="setup", metadata=marks("setup", locked=True)),
        code(ANSWER, id="answer", metadata=marks("svm_loss", solution=True)),
        code('check("svm_loss")', id="test", metadata=marks("svm_loss_test", grade=True, locked=True, points=10)),
        text("Half of it.", id="why", metadata=marks("why", grade=True, solution=True, points=3)),
        code("train()", id="training", metadata={"tags": ["skip-grading"]}),
    ]


def write_notebook(path: Path, cells: list[Any]) -> Path:
    """Write cells as a notebook of format 4.5."""
    kernel = {"kernelspec": {"name": "python3", "display_name": "Python 3", "language": "python"}}
    path.parent.mkdir(parents=True, exist_ok=True)
    nbformat.write(nbformat.v4.new_notebook(cells=cells, metadata=kernel), path)
    return path


def write_course(root: Path) -> Path:
    """Write the small course as an instructor leaves it: settings and one assignment."""
    write_notebook(root / "assignments/a1/svm.ipynb", source_cells())
    (root / "assignments/a1/exercises.toml").write_text(EXERCISES)
    (root / "assignments/a1/data.txt").write_text("ours")
    shutil.copy(CONFIG, root)
    return root


class Desk:
    """A released course in a folder of its own, and what a test does with it."""

    def __init__(self, root: Path) -> None:
        self.root, self.course = root, Course.open(root)

    def released(self) -> list[Any]:
        """The cells that a student starts from."""
        return list(nbformat.read(self.root / "release/a1/svm.ipynb", as_version=4).cells)

    def answered(self, code: str = ANSWER, text: str = "Because of the mask.") -> list[Any]:
        """The cells of a student who wrote the answer and the text, and ran the training."""
        cells = self.released()
        cells[2].source, cells[4].source = code, text
        cells[5].outputs = [nbformat.v4.new_output("stream", name="stdout", text="loss 0.1\n")]
        return cells

    def hand_in(self, student: str, cells: list[Any] | bytes, when: str = "2026-02-03 10:00:00 UTC") -> Path:
        """Put a submission where nbgrader's collect puts it."""
        path = self.root / "submitted" / student / "a1" / "svm.ipynb"
        path.parent.mkdir(parents=True, exist_ok=True)
        if isinstance(cells, bytes):
            path.write_bytes(cells)
        else:
            write_notebook(path, cells)
        (path.parent / "timestamp.txt").write_text(when)
        return path

    def record(self, student: str, earned: float = 7.5, **fields: Any) -> Record:
        """A record as the engine gives it: one exercise judged, outputs of two cells."""
        verdict = fields.pop("verdict", Verdict.PASS if earned == 10 else Verdict.WRONG)
        exercise = ExerciseRecord("svm_loss", "svm", "svm_loss_test", verdict, earned, fields.pop("points", 10.0))
        said = {"output_type": "stream", "name": "stdout", "text": f"{earned:g} of 10\n"}
        outputs = {"svm": {"setup": [], "svm_loss": [], "svm_loss_test": [said]}}
        return Record(student, "a1", **{"exercises": (exercise,), "outputs": outputs, **fields})

    def nbgrader(self, *arguments: str) -> str:
        """Run nbgrader's own command in the course folder, and return what it printed."""
        return run_nbgrader(self.root, *arguments)


def answer_cell(source: str, grade_id: str = "squares") -> Any:
    """An answer of a course that is not ours."""
    return nbformat.v4.new_code_cell(source, id=grade_id, metadata=marks(grade_id, solution=True))


def graded_cell(source: str, grade_id: str = "test", points: float = 10) -> Any:
    """A test of a course that is not ours: code in the student's namespace."""
    return nbformat.v4.new_code_cell(
        source, id=grade_id, metadata=marks(grade_id, grade=True, locked=True, points=points)
    )


class PlainCourse:
    """An nbgrader course without exercises of ours: assignment ps1 with notebook p1, released by nbgrader's rules."""

    def __init__(self, root: Path, cells: list[Any], settings: str = "") -> None:
        self.root = root
        write_notebook(root / "source/ps1/p1.ipynb", cells)
        self.settings(settings)
        release(Course.open(root), "ps1")

    def settings(self, lines: str) -> None:
        """Write nbgrader_config.py."""
        (self.root / "nbgrader_config.py").write_text(f"c = get_config()\n{lines}\n")

    def released(self) -> list[Any]:
        """The cells that a student starts from."""
        return list(nbformat.read(self.root / "release/ps1/p1.ipynb", as_version=4).cells)

    def answered(self, source: str, grade_id: str = "squares") -> list[Any]:
        """The released cells with one answer written."""
        cells = self.released()
        for cell in cells:
            if cell.metadata.get("nbgrader", {}).get("grade_id") == grade_id:
                cell.source = source
        return cells

    def hand_in(self, student: str, cells: list[Any] | bytes, **files: str) -> Path:
        """Put a submission in place, with `files` (`data_txt="..."`) beside the notebook; returns its folder."""
        folder = self.root / "submitted" / student / "ps1"
        if isinstance(cells, bytes):
            folder.mkdir(parents=True, exist_ok=True)
            (folder / "p1.ipynb").write_bytes(cells)
        else:
            write_notebook(folder / "p1.ipynb", cells)
        for name, text in {"timestamp_txt": "2026-02-03 10:00:00 UTC", **files}.items():
            (folder / name.replace("_txt", ".txt")).write_text(text)
        return folder

    def grade(self, *arguments: str) -> Any:
        """Run `flatgrade grade ps1`; returns exit_code, stdout and stderr."""
        return CliRunner().invoke(cli.app, ["grade", "ps1", "--course", str(self.root), *arguments])

    def scores(self, student: str, name: str = "p1") -> dict[str, tuple[float | None, bool]]:
        """The automatic score of each graded cell, and whether a person must look."""
        with Course.open(self.root).gradebook() as gradebook:
            row = gradebook.find_submission_notebook(name, "ps1", student)
            return {grade.name: (grade.auto_score, grade.needs_manual_grade) for grade in row.grades}

    def graded(self, student: str, name: str = "p1") -> Any:
        """The graded notebook."""
        return nbformat.read(self.root / "autograded" / student / "ps1" / f"{name}.ipynb", as_version=4)

    def record(self, student: str) -> Record:
        """The Record that was kept."""
        path = self.root / ".flatgrade/records/ps1" / f"{student}.json"
        return Record.from_json(path.read_text())


@pytest.fixture
def plain(tmp_path: Path) -> Callable[..., PlainCourse]:
    """Make a course that is not ours: `plain(cells, settings="")`."""
    return lambda cells, settings="": PlainCourse(tmp_path / "course", cells, settings)


def run_nbgrader(root: Path, *arguments: str) -> str:
    """Run `nbgrader ...` in a folder as a person would, with this Python's programs on PATH."""
    programs = Path(sys.executable).parent
    environment = {**os.environ, "PATH": f"{programs}{os.pathsep}{os.environ['PATH']}"}
    command = [str(programs / "nbgrader"), *arguments]
    done = subprocess.run(command, cwd=root, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout + done.stderr


@pytest.fixture(scope="session", autouse=True)
def no_settings_of_this_machine(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """Keep Jupyter's settings of this machine and user out of the tests."""
    with pytest.MonkeyPatch.context() as patch:
        for name in ("JUPYTER_CONFIG_DIR", "JUPYTER_DATA_DIR", "JUPYTER_RUNTIME_DIR"):
            patch.setenv(name, str(tmp_path_factory.mktemp(name.lower())))
        yield


@pytest.fixture(scope="session")
def released_course(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The small course, released by our own code."""
    root = write_course(tmp_path_factory.mktemp("released"))
    release(Course.open(root), "a1")
    return root


@pytest.fixture
def desk(released_course: Path, tmp_path: Path) -> Desk:
    """A copy of the released course, for one test."""
    shutil.copytree(released_course, tmp_path / "course")
    return Desk(tmp_path / "course")


@pytest.fixture
def new_course(tmp_path: Path) -> Path:
    """The small course before its release."""
    return write_course(tmp_path / "course")


@pytest.fixture
def nbgrader() -> Iterator[Callable[..., str]]:
    """nbgrader's own command: `nbgrader(root, "export")`."""
    return run_nbgrader
