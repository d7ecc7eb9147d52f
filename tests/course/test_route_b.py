"""`nbgrader autograde` and formgrader's button: graded by our engine, with the same rows and the same notebooks."""

import json
import shutil
import sys
from pathlib import Path

import pytest
from nbgrader.apps.api import NbGraderAPI
from support.course import LINEAR, SOLUTIONS
from tests.course.conftest import answer_cell, graded_cell
from tests.course.test_any_course import rows
from typer.testing import CliRunner

from flatgrade import autograde_plugin, cli
from flatgrade.course.directory import Course
from flatgrade.demo import Demo
from flatgrade.grader.sandbox import Sandbox

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="workers confine themselves with Landlock, on Linux")

A1 = "a1_flat_backprop"
PLUGIN = 'c.Autograde.exporter_class = "flatgrade.autograde_plugin.GradedNotebooks"'
SQUARES = "def squares(n):\n    ### BEGIN SOLUTION\n    return n * n\n    ### END SOLUTION"
RIGHT = "def squares(n):\n    return n * n"


@pytest.fixture(autouse=True)
def no_sandbox_is_left():
    """Each test ends the sandbox that nbgrader's process would keep."""
    yield
    autograde_plugin.close()


@pytest.fixture(scope="module")
def our_class(tmp_path_factory):
    """A course of ours with what a class hands in: right, wrong, broken, repeated and missing."""
    root = tmp_path_factory.mktemp("class") / "course"
    demo = Demo(LINEAR, root, A1)
    (first, *_) = [student.name for student in demo.prepare(4)]
    with (root / "nbgrader_config.py").open("a") as file:
        file.write(f'c.Flatgrade.solutions = "{SOLUTIONS}"\n')
    whole = root / "submitted" / first / A1
    for student in ("broken", "repeated", "dying", "half"):
        shutil.copytree(whole, root / "submitted" / student / A1)
    names = sorted(path.name for path in whole.glob("*.ipynb"))
    (root / "submitted/broken" / A1 / names[0]).write_bytes(b"no JSON")
    for student, change in (("repeated", _repeat), ("dying", _die)):
        path = root / "submitted" / student / A1 / names[0]
        notebook = json.loads(path.read_text())
        change(notebook["cells"])
        path.write_text(json.dumps(notebook))
    (root / "submitted/half" / A1 / names[-1]).unlink()
    return root


def _repeat(cells):
    cells += [dict(cell) for cell in cells if cell["metadata"].get("nbgrader")]


def _die(cells):
    cells.append({"cell_type": "code", "source": "import os; os._exit(1)", "metadata": {}, "outputs": []})


def files_of(root):
    """What stands under autograded/, byte for byte."""
    folder = root / "autograded"
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def button(root, assignment, student):
    """Press formgrader's button, in this process."""
    course = Course.open(root)
    return NbGraderAPI(course.directory, config=course.config).autograde(assignment, student)


def test_a_course_of_ours_comes_out_the_same(our_class, tmp_path, nbgrader):
    """The same rows, files and notebooks by `flatgrade grade`, by `nbgrader autograde`, and by the button after it."""
    ours, theirs = tmp_path / "ours", tmp_path / "theirs"
    for root in (ours, theirs):
        shutil.copytree(our_class, root)
    result = CliRunner().invoke(cli.app, ["grade", A1, "--course", str(ours), "--solutions", str(SOLUTIONS)])
    assert result.exit_code == 1, result.output
    said = nbgrader(theirs, "autograde", A1)
    assert "broken: " in said
    expected = rows(ours), files_of(ours)
    assert rows(theirs) == expected[0]
    assert files_of(theirs) == expected[1]
    assert len({path.split("/")[0] for path in expected[1]}) == 8
    assert sum(score is not None for score in _scores(theirs)) > 8
    assert button(theirs, A1, "repeated")["success"]
    assert (rows(theirs), files_of(theirs)) == expected


def _scores(root):
    with Course.open(root).gradebook() as gradebook:
        return [
            grade.auto_score
            for row in gradebook.assignment_submissions(A1)
            for n in row.notebooks
            for grade in n.grades
        ]


def two_students(plain):
    course = plain([answer_cell(SQUARES), graded_cell("assert squares(3) == 9")], PLUGIN)
    for student in ("ada", "bob"):
        course.hand_in(student, course.answered(RIGHT))
    return course


def test_the_button_grades_any_course_with_one_sandbox(plain, monkeypatch):
    """formgrader's server starts one process for all the presses of its button, not one a notebook."""
    entered = []
    enter = Sandbox.__enter__
    monkeypatch.setattr(Sandbox, "__enter__", lambda self: entered.append(self) or enter(self))
    course = two_students(plain)
    for student in ("ada", "bob", "ada"):
        assert button(course.root, "ps1", student)["success"]
    assert course.scores("ada") == course.scores("bob") == {"test": (10, False)}
    assert course.record("bob").earned == 10
    assert len(entered) == 1


def test_a_sandbox_that_is_gone_is_made_anew(plain):
    """A server that lives for weeks must not have to be started again."""
    course = two_students(plain)
    assert button(course.root, "ps1", "ada")["success"]
    ((_, sandbox),) = autograde_plugin._kept
    sandbox._zygotes["any"]._process.kill()
    sandbox._zygotes["any"]._process.wait()
    assert button(course.root, "ps1", "bob")["success"]
    assert course.scores("bob") == {"test": (10, False)}


def test_a_weak_sandbox_is_refused_before_an_earlier_result_is_touched(plain, monkeypatch):
    """One sentence, no traceback of ours in the log, and the graded files and rows are as they were."""
    course = two_students(plain)
    assert button(course.root, "ps1", "ada")["success"]
    before = rows(course.root), files_of(course.root)
    monkeypatch.setattr(autograde_plugin, "_level", lambda key, sandbox: "L1")
    told = button(course.root, "ps1", "ada")
    assert not told["success"]
    assert told["log"] == (
        "[ERROR] this machine confines student code to level L1 only, where it could read the solutions: use Linux 5.13 "
        "or newer with Landlock in /sys/kernel/security/lsm, or grade all the same with --allow-weak\n"
    )
    assert (rows(course.root), files_of(course.root)) == before
    course.settings(f"{PLUGIN}\nc.Flatgrade.allow_weak = True")
    assert button(course.root, "ps1", "ada")["success"]


def test_missing_solutions_are_said_before_an_earlier_result_is_touched(our_class, tmp_path):
    """The button says which file is missing."""
    root = Path(shutil.copytree(our_class, tmp_path / "course"))
    shutil.copy(LINEAR / "nbgrader_config.py", root)
    told = button(root, A1, "half")
    assert not told["success"]
    assert told["log"] == "[ERROR] solutions/a1_flat_backprop/svm_loss.py is missing: svm_loss has no reference\n"


def test_a_submission_that_fails_in_our_hands_keeps_its_points_and_stops_nobody(plain, monkeypatch):
    """nbgrader lists it and removes its folder; the rows of its earlier grading stay, and the others are graded."""
    course = two_students(plain)
    assert button(course.root, "ps1", "ada")["success"]
    grade = autograde_plugin.grade

    def fail_for_ada(submission, key, sandbox):
        if submission.student == "ada":
            raise RuntimeError("a fault of ours")
        return grade(submission, key, sandbox)

    monkeypatch.setattr(autograde_plugin, "grade", fail_for_ada)
    told = button(course.root, "ps1", "*")
    assert not told["success"]
    assert "There was an error processing assignment 'ps1' for student 'ada'" in told["log"]
    assert course.scores("ada") == course.scores("bob") == {"test": (10, False)}
    assert (course.root / "autograded/bob/ps1/p1.ipynb").is_file()
