"""nbgrader's documentation course, graded by nbgrader and written by us: the same rows, the same files."""

import shutil
from pathlib import Path

import nbformat
import nbgrader.docs
import pytest
import sqlalchemy

from flatgrade.course.collect import Collector
from flatgrade.course.directory import Course
from flatgrade.course.gradebook import GradebookWriter
from flatgrade.course.release import release
from flatgrade.grader.record import Record

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


def record_of(collected, stock: Path) -> Record:
    """A record with the outputs that nbgrader's own run of this submission gave, cell by cell."""
    outputs = {}
    for name, rebuilt in collected.notebooks.items():
        if name not in collected.missing:
            cells = nbformat.read(stock / f"{name}.ipynb", as_version=4).cells
            pairs = zip(rebuilt.keys, cells, strict=True)
            outputs[name] = {key: cell.outputs for key, cell in pairs if cell.cell_type == "code"}
    return Record(collected.submission.student, "ps1", (), outputs=outputs)


def shown(cell):
    """What stands in a cell: its text, nbgrader's marks, and its outputs without the counters of a kernel.

    The documentation's submissions are older than the mark `cell_type`, which a release adds.
    """
    outputs = [{**output, "execution_count": None, "metadata": {}} for output in cell.get("outputs", ())]
    return cell.source, {**cell.metadata.get("nbgrader", {}), "cell_type": cell.cell_type}, outputs


@pytest.mark.filterwarnings("ignore::nbformat.warnings.MissingIDFieldWarning")
def test_the_documentation_course_is_written_as_nbgrader_writes_it(tmp_path, nbgrader):
    """Same rows in every table that grading touches, same cells, same outputs, same other files."""
    root = write_guide(tmp_path / "stock")
    release(Course.open(root), "ps1")
    with Course.open(root).gradebook() as gradebook:
        gradebook.update_or_create_assignment("ps1", duedate="2010-01-01 00:00:00 UTC")
    ours = Path(shutil.copytree(root, tmp_path / "ours"))
    nbgrader(root, "autograde", "ps1")
    course = Course.open(ours)
    collector = Collector(course, "ps1")
    with GradebookWriter(course, "ps1") as writer:
        for student in course.students("ps1"):
            collected = collector.collect(student)
            writer.write(collected, record_of(collected, root / "autograded" / student / "ps1"))
    got, expected = rows(ours), rows(root)
    assert got == expected
    assert {name: len(found) for name, found in got.items()} == {
        "grade": 27, "comment": 21, "notebook": 6, "submission": 3, "student": 3,
    }  # fmt: skip
    compared = 0
    for student in STUDENTS:
        files = sorted(path.name for path in (root / "autograded" / student / "ps1").iterdir())
        assert sorted(path.name for path in (ours / "autograded" / student / "ps1").iterdir()) == files
        for name in files:
            mine, theirs = (folder / "autograded" / student / "ps1" / name for folder in (ours, root))
            if name.endswith(".ipynb"):
                left, right = (nbformat.read(path, as_version=4).cells for path in (mine, theirs))
                assert list(map(shown, left)) == list(map(shown, right))
            else:
                assert mine.read_bytes() == theirs.read_bytes()
            compared += 1
    assert compared == 11
