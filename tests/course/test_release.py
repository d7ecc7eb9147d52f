"""A release is what nbgrader's own command makes of the course, after the lint."""

import shutil

import nbformat
import pytest

from flatgrade.course.directory import Course, CourseError
from flatgrade.course.release import LintError, release


def tree(folder):
    """All files below a folder, with their bytes."""
    return {path.relative_to(folder): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def test_a_release_is_byte_for_byte_nbgraders(desk, tmp_path, nbgrader):
    """Our release and `nbgrader generate_assignment` write the same files and the same cells in the gradebook."""
    shutil.copytree(desk.root, tmp_path / "stock", ignore=shutil.ignore_patterns("release", "gradebook.db"))
    nbgrader(tmp_path / "stock", "generate_assignment", "a1")
    ours, stock = tree(desk.root / "release"), tree(tmp_path / "stock/release")
    assert sorted(map(str, ours)) == ["a1/data.txt", "a1/exercises.toml", "a1/svm.ipynb"]
    assert ours == stock
    rows = []
    for root in (desk.root, tmp_path / "stock"):
        with Course.open(root).gradebook() as gradebook:
            cells = gradebook.find_notebook("svm", "a1").source_cells
            rows.append([(cell.name, cell.source, cell.checksum, cell.locked) for cell in cells])
    assert rows[0] == rows[1]
    assert len(rows[0]) == 4


def test_a_release_shows_the_scaffold_and_no_answer(desk):
    """Students see names and shapes, no right-hand side, and no saved output."""
    cells = desk.released()
    stub = (
        "def svm_loss(W, X):\n    scores = ...  # (N, C)\n    loss = ...\n    dW = ...  # (D, C)\n    return loss, dW"
    )
    assert cells[2].source == stub
    assert cells[4].source == "YOUR ANSWER HERE"
    assert [cell.outputs for cell in cells if cell.cell_type == "code"] == [[], [], [], []]


def test_a_second_release_replaces_the_first(desk):
    """A correction of the source reaches the students' version and the gradebook."""
    path = desk.root / "assignments/a1/svm.ipynb"
    path.write_text(path.read_text().replace("import numpy as np", "import numpy"))
    (desk.root / "release/a1/stale.txt").write_text("of the first release")
    assert release(desk.course, "a1") == desk.root / "release/a1"
    assert desk.released()[1].source == "import numpy\nfrom flatgrade import check"
    assert not (desk.root / "release/a1/stale.txt").exists()
    with desk.course.gradebook() as gradebook:
        assert gradebook.find_source_cell("setup", "svm", "a1").source == "import numpy\nfrom flatgrade import check"


def test_mistakes_stop_a_release_and_leave_the_earlier_one(desk):
    """With a lint nothing is released; the error lists one sentence for each mistake."""
    before = tree(desk.root / "release")
    (desk.root / "assignments/a1/exercises.toml").write_text("[svm_loss")
    with pytest.raises(LintError) as error:
        release(desk.course, "a1")
    assert len(error.value.problems) == 1
    assert str(error.value) == error.value.problems[0]
    assert str(error.value).startswith("a1/exercises.toml is not valid TOML: ")
    assert tree(desk.root / "release") == before


def test_what_nbgrader_refuses_is_told_with_its_cause(desk):
    """nbgrader's own reason reaches the instructor in one sentence, not in a log."""
    path = desk.root / "assignments/a1/svm.ipynb"
    path.write_text(path.read_text().replace("    ### END SOLUTION\\n", ""))
    with pytest.raises(CourseError) as error:
        release(desk.course, "a1")
    assert str(error.value) == "a1 could not be released: no end solution statement found"


def test_cells_cannot_be_added_once_there_are_submissions(desk):
    """The gradebook of a running assignment is safe from a changed source."""
    with desk.course.gradebook() as gradebook:
        gradebook.add_student("ana")
        gradebook.add_submission("a1", "ana")
    path = desk.root / "assignments/a1/svm.ipynb"
    notebook = nbformat.read(path, as_version=4)
    notebook.cells[4].metadata.nbgrader.grade_id = "other"
    nbformat.write(notebook, path)
    with pytest.raises(CourseError) as error:
        release(desk.course, "a1")
    assert str(error.value) == (
        "a1 could not be released: Cannot add or remove cells for notebook 'svm' because there are submissions "
        "associated with it"
    )
