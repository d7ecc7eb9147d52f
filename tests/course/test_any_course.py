"""Any nbgrader course: its tests run in the sandbox, and what comes out is what nbgrader makes of it."""

import json
import shutil
import sys
from pathlib import Path

import nbgrader.docs
import pytest
import sqlalchemy
from tests.course.conftest import answer_cell, graded_cell
from typer.testing import CliRunner

from flatgrade import cli
from flatgrade.core.finding import Verdict
from flatgrade.course.directory import Course
from flatgrade.course.release import release
from flatgrade.grader.record import Record

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="workers confine themselves with Landlock, on Linux")

GUIDE = Path(nbgrader.docs.__path__[0]) / "source/user_guide"
STUDENTS = ("bitdiddle", "half", "hacker")
TABLES = {
    "grade": "select s.student_id, b.name, g.auto_score, g.manual_score, g.needs_manual_grade from grade g "
    "join base_cell b on g.cell_id = b.id join submitted_notebook n on g.notebook_id = n.id "
    "join submitted_assignment s on n.assignment_id = s.id",
    "comment": "select s.student_id, b.name, c.auto_comment, c.manual_comment from comment c "
    "join base_cell b on c.cell_id = b.id join submitted_notebook n on c.notebook_id = n.id "
    "join submitted_assignment s on n.assignment_id = s.id",
    "notebook": "select s.student_id, o.name, n.late_submission_penalty from submitted_notebook n "
    "join notebook o on n.notebook_id = o.id join submitted_assignment s on n.assignment_id = s.id",
    "submission": "select student_id, timestamp, extension from submitted_assignment",
    "student": "select id, first_name, last_name, email from student",
}


def write_guide(root: Path) -> Path:
    """The documentation's course, with a third student who lacks a notebook and two of whom are late."""
    shutil.copytree(GUIDE / "source/ps1", root / "source/ps1")
    shutil.copytree(GUIDE / "submitted", root / "submitted")
    shutil.copytree(root / "submitted/bitdiddle", root / "submitted/half")
    (root / "submitted/half/ps1/problem2.ipynb").unlink()
    (root / "submitted/half/ps1/timestamp.txt").write_text("2000-01-01 00:00:00 UTC")
    (root / "nbgrader_config.py").write_text(
        'c = get_config()\nc.CourseDirectory.course_id = "guide"\nc.LateSubmissionPlugin.penalty_method = "zero"\n'
    )
    return root


def rows(root: Path):
    """Every row that grading writes, without the random ids, in order."""
    with Course.open(root).gradebook() as gradebook:
        return {name: sorted(map(repr, gradebook.db.execute(sqlalchemy.text(query)))) for name, query in TABLES.items()}


def cells_of(path: Path):
    """Every cell of a notebook, without what the table of docs/nbgrader.md lists as different."""
    notebook = json.loads(path.read_text())
    for cell in notebook["cells"]:
        for mark in ("execution", "tags", "deletable", "editable"):
            cell["metadata"].pop(mark, None)
        cell["metadata"].get("nbgrader", {}).pop("cell_type", None)
    return notebook


@pytest.mark.filterwarnings("ignore::nbformat.warnings.MissingIDFieldWarning")
def test_the_documentation_course_comes_out_as_nbgrader_has_it(tmp_path, nbgrader):
    """Same rows in every table that grading touches, same notebooks with the same outputs, same other files."""
    root = write_guide(tmp_path / "stock")
    release(Course.open(root), "ps1")
    with Course.open(root).gradebook() as gradebook:
        gradebook.update_or_create_assignment("ps1", duedate="2010-01-01 00:00:00 UTC")
    ours = Path(shutil.copytree(root, tmp_path / "ours"))
    nbgrader(root, "autograde", "ps1")
    result = CliRunner().invoke(cli.app, ["grade", "ps1", "--course", str(ours)])
    assert result.exit_code == 1, result.output
    assert "half: problem2.ipynb was not handed in.\n" in result.stderr
    got, expected = rows(ours), rows(root)
    assert got == expected
    assert {name: len(found) for name, found in got.items()} == {
        "grade": 27, "comment": 21, "notebook": 6, "submission": 3, "student": 3,
    }  # fmt: skip
    compared = 0
    for student in STUDENTS:
        mine, theirs = (folder / "autograded" / student / "ps1" for folder in (ours, root))
        files = sorted(path.name for path in theirs.iterdir())
        assert sorted(path.name for path in mine.iterdir()) == files
        for name in files:
            if name.endswith(".ipynb"):
                assert cells_of(mine / name) == cells_of(theirs / name)
            else:
                assert (mine / name).read_bytes() == (theirs / name).read_bytes()
            compared += 1
    assert compared == 11
    record = Record.from_json((ours / ".flatgrade/records/ps1/bitdiddle.json").read_text())
    assert {item.cell: item.earned for item in record.exercises} == {
        "correct_squares": 0, "squares_invalid_input": 1, "correct_sum_of_squares": 0, "sum_of_squares_uses_squares": 0.5,
    }  # fmt: skip
    assert all(item.in_process for item in record.exercises)


SQUARES = "def squares(n):\n    ### BEGIN SOLUTION\n    return n * n\n    ### END SOLUTION"
RIGHT, WRONG = "def squares(n):\n    return n * n", "def squares(n):\n    return n"
TESTED = "assert squares(1) == 1\n### BEGIN HIDDEN TESTS\nassert squares(3) == 9\n### END HIDDEN TESTS"


def course_cells(*tests):
    return [answer_cell(SQUARES), *(tests or (graded_cell(TESTED),))]


def test_no_folder_of_solutions_is_needed_and_hidden_tests_count(plain):
    """The tests are the ones of the source, with their hidden lines, whatever the notebook has in their place."""
    course = plain(course_cells())
    assert "squares(3)" not in course.released()[1].source
    course.hand_in("right", course.answered(RIGHT))
    cells = course.answered(WRONG)
    cells[1].source = "pass"
    course.hand_in("wrong", cells)
    result = course.grade()
    assert result.exit_code == 0, result.output
    assert course.scores("right") == {"test": (10, False)}
    assert course.scores("wrong") == {"test": (0, False)}
    assert course.record("wrong").notes == (
        "p1.ipynb: the cell test is locked and was changed; our text was put back.",
    )
    assert course.graded("wrong").cells[1].outputs[0].ename == "AssertionError"


def test_files_beside_the_notebook_and_files_that_it_makes(plain):
    """Cells read the student's files, and the instructor's in place of theirs; what they make is in autograded/ alone."""
    test = graded_cell(
        "assert open('own.txt').read() + open('data.txt').read() == 'theirsours'\nopen('made.txt', 'w').write('new');"
    )
    course = plain(course_cells(test))
    (course.root / "source/ps1/data.txt").write_text("ours")
    folder = course.hand_in("ada", course.answered(RIGHT), own_txt="theirs", data_txt="changed")
    assert course.grade().exit_code == 0
    assert course.scores("ada") == {"test": (10, False)}
    graded = course.root / "autograded/ada/ps1"
    assert {path.name: path.read_text() for path in graded.glob("*.txt")} == {
        "data.txt": "ours", "made.txt": "new", "own.txt": "theirs", "timestamp.txt": "2026-02-03 10:00:00 UTC",
    }  # fmt: skip
    assert not (folder / "made.txt").exists()


def test_files_that_are_made_have_a_cap_and_cannot_stand_for_nbgraders_own(plain):
    """A large file stays behind; the time of handing in is nobody's to write."""
    test = graded_cell(
        "open('large.bin', 'wb').write(bytes(100_000)); open('timestamp.txt', 'w').write('2000-01-01 UTC')\n1;"
    )
    course = plain(course_cells(test), "c.Flatgrade.kept_kib = 64")
    course.hand_in("ada", course.answered(RIGHT))
    assert course.grade().exit_code == 0
    names = sorted(path.name for path in (course.root / "autograded/ada/ps1").iterdir())
    assert names == ["p1.ipynb", "timestamp.txt"]
    assert (course.root / "autograded/ada/ps1/timestamp.txt").read_text() == "2026-02-03 10:00:00 UTC"


def test_cells_find_nbgraders_environment(plain):
    """NBGRADER_EXECUTION says that it is autograding."""
    course = plain(course_cells(graded_cell("import os\nassert os.environ['NBGRADER_EXECUTION'] == 'autograde'")))
    course.hand_in("ada", course.answered(RIGHT))
    course.grade()
    assert course.scores("ada") == {"test": (10, False)}


def test_the_time_of_a_cell_is_nbgraders_own_setting(plain):
    """c.Execute.timeout; the cells after it are run."""
    course = plain(course_cells(graded_cell("squares(2)", "slow"), graded_cell("1", "after")), "c.Execute.timeout = 1")
    course.hand_in("ada", course.answered("def squares(n):\n    while True:\n        pass"))
    assert course.grade().exit_code == 0
    assert course.scores("ada") == {"slow": (0, False), "after": (1, False)}
    assert course.record("ada").exercises[0].verdict is Verdict.TIMEOUT


def rewrite_kernel(course, **kernel):
    path = course.root / "release/ps1/p1.ipynb"
    notebook = json.loads(path.read_text())
    notebook["metadata"]["kernelspec"] = kernel
    path.write_text(json.dumps(notebook))


def test_the_kernel_named_python_is_python(plain):
    """Old notebooks have it; jupyter starts python3 for it, and so do we."""
    course = plain(course_cells())
    rewrite_kernel(course, name="python", display_name="Python")
    course.hand_in("ada", course.answered(RIGHT))
    assert course.grade().exit_code == 0
    assert course.scores("ada") == {"test": (10, False)}


def test_a_notebook_of_another_language_is_refused(plain):
    """Nobody gets zero points because of a kernel: one sentence, and nothing is written."""
    course = plain(course_cells())
    rewrite_kernel(course, name="ir", display_name="R", language="R")
    course.hand_in("ada", course.answered(RIGHT))
    result = course.grade()
    assert (result.exit_code, result.stdout) == (2, "")
    assert result.stderr == (
        "flatgrade: ps1/p1.ipynb is written in R, and only Python can be run here: grade ps1 with "
        "`nbgrader autograde`, without c.Autograde.exporter_class in nbgrader_config.py.\n"
    )
    assert not (course.root / "autograded").exists()


def test_check_without_its_exercises_is_refused(desk):
    """A silent check would be taken for a test that passed."""
    desk.hand_in("ada", desk.answered())
    (desk.root / "assignments/a1/exercises.toml").unlink()
    result = CliRunner().invoke(cli.app, ["grade", "a1", "--course", str(desk.root)])
    assert result.exit_code == 2
    assert result.stderr == (
        'flatgrade: a1/svm.ipynb has a test cell check("svm_loss"), and there is no exercises.toml beside its source: '
        "put it back.\n"
    )


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        (
            "c.Flatgrade.stderr = True",
            "flatgrade: nbgrader_config.py: there is no setting c.Flatgrade.stderr; there are allow_weak, deleted_tests, "
            "keep_html, kept_kib, memory_mib, numpy_credit, odd_credit, output_kib, solutions, stderr_fails_tests, "
            "submission_seconds.\n",
        ),
        (
            'c.Flatgrade.deleted_tests = "drop"',
            "flatgrade: nbgrader_config.py: The 'deleted_tests' trait of a Flatgrade instance expected any of "
            "['run', 'by hand'], not the str 'drop'.\n",
        ),
    ],
)
def test_a_setting_that_is_none_is_refused(plain, settings, message):
    """One sentence with the names or the values that there are."""
    course = plain(course_cells())
    course.hand_in("ada", course.answered(RIGHT))
    course.settings(settings)
    result = course.grade()
    assert (result.exit_code, result.stderr) == (2, message)
