"""Each mistake of authoring is found before the release, with a sentence that says where and what."""

import nbformat
import pytest

from flatgrade.course.directory import Course, CourseError
from flatgrade.course.lint import lint


def edited(root, edit):
    """Change the source notebook's list of cells, and lint."""
    path = root / "assignments/a1/svm.ipynb"
    notebook = nbformat.read(path, as_version=4)
    edit(notebook.cells)
    nbformat.write(notebook, path)
    return lint(Course.open(root), "a1")


def test_a_sound_assignment_has_no_problems(new_course):
    """The small course itself is clean, so each sentence below is caused by its edit."""
    assert lint(Course.open(new_course), "a1") == ()


def judge_cell(grade_id):
    marks = {"schema_version": 3, "grade_id": grade_id, "grade": True, "solution": False, "locked": True, "points": 10}
    return nbformat.v4.new_code_cell('check("svm_loss")', metadata={"nbgrader": marks})


def task(cells):
    flags = {"grade": False, "solution": False, "locked": False, "task": True, "points": 1}
    marks = {"schema_version": 3, "grade_id": "tsk", **flags}
    cells.append(nbformat.v4.new_markdown_cell("Draw it.", metadata={"nbgrader": marks}))


@pytest.mark.parametrize(
    ("edit", "problems"),
    [
        (task, ["a1/svm.ipynb: cell 7 (tsk) is a task and must be locked, or no submission can be graded."]),
        (
            lambda cells: cells[4].metadata.nbgrader.update(grade_id="setup"),
            ["a1/svm.ipynb: 2 cells have the grade_id setup; each needs its own."],
        ),
        (
            lambda cells: cells[3].update(source='check("svm_lost")'),
            [
                "a1/svm.ipynb: cell 4 (svm_loss_test) checks svm_lost, which is not in exercises.toml (there: svm_loss).",
                'a1: no test cell checks svm_loss; add one with check("svm_loss").',
            ],
        ),
        (
            lambda cells: cells[3].metadata.nbgrader.update(points=9),
            ["a1/svm.ipynb: cell 4 (svm_loss_test) has 9 points, but svm_loss has 10 in exercises.toml."],
        ),
        (
            lambda cells: cells[3].update(source='check("svm_loss")\nassert True'),
            [
                'a1/svm.ipynb: cell 4 (svm_loss_test) is a test cell and must be one line, check("name of an exercise").',
                'a1: no test cell checks svm_loss; add one with check("svm_loss").',
            ],
        ),
        (
            lambda cells: cells[3].update(source='# the loss\ncheck("svm_loss")'),
            [
                'a1/svm.ipynb: cell 4 (svm_loss_test) is a test cell and must be one line, check("name of an exercise").',
                'a1: no test cell checks svm_loss; add one with check("svm_loss").',
            ],
        ),
        (
            lambda cells: cells.append(judge_cell("again")),
            ["a1: 2 test cells check svm_loss; an exercise counts once."],
        ),
    ],
)
def test_each_mistake_is_told(new_course, edit, problems):
    """One edit, its sentences, and no others."""
    assert list(edited(new_course, edit)) == problems


def test_skipped_cells_must_be_recognised_again(new_course):
    """A cell that keeps its saved output needs an id that survives in the submission."""
    path = new_course / "assignments/a1/svm.ipynb"
    notebook = nbformat.read(path, as_version=4)
    notebook.nbformat_minor = 4
    for cell in notebook.cells:
        del cell["id"]
    nbformat.write(notebook, path)
    assert list(lint(Course.open(new_course), "a1")) == [
        "a1/svm.ipynb: cell 6 is tagged skip-grading and has no id: save the notebook in format 4.5 or later."
    ]


def test_a_broken_contract_is_told(new_course):
    """A mistake in exercises.toml is told in the contract's own words."""
    path = new_course / "assignments/a1/exercises.toml"
    path.write_text(path.read_text().replace("points = 10", "points = 11"))
    assert lint(Course.open(new_course), "a1") == (
        "a1/exercises.toml: svm_loss.points must be the sum of the points of the stages, 10 (got 11.0, a float)",
    )


def test_a_broken_notebook_is_told(new_course):
    """A source that is no notebook is named."""
    (new_course / "assignments/a1/two.ipynb").write_text("{")
    (problem,) = lint(Course.open(new_course), "a1")
    assert problem.startswith("a1/two.ipynb cannot be read as a notebook: Notebook does not appear to be JSON: '{'")


def test_an_ordinary_assignment_may_test_as_it_likes(new_course):
    """Without exercises.toml any code tests; a check of an exercise is then the mistake."""
    (new_course / "assignments/a1/exercises.toml").unlink()
    assert list(lint(Course.open(new_course), "a1")) == [
        "a1/svm.ipynb: cell 4 (svm_loss_test) checks svm_loss, which is not in exercises.toml (there is no such file)."
    ]
    assert edited(new_course, lambda cells: cells[3].update(source="assert svm_loss(W, X)[0] > 0\n5")) == ()


def test_an_unknown_assignment_is_told(new_course):
    """There is nothing to lint in an assignment that is not there."""
    with pytest.raises(CourseError, match=r"a2 is not an assignment of this course: it has a1."):
        lint(Course.open(new_course), "a2")
