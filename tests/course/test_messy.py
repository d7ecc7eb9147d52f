"""Notebooks as students really hand them in, graded for real: each has its outcome, and none stops the batch."""

import sys

import nbformat
import pytest
from support.messy import ASSIGNMENT, EXERCISES, LAST, MESSES, RIGHT, cells, files, grade_messes, outcome, programs

from flatgrade.core import Verdict

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="workers confine themselves on Linux")


@pytest.fixture(scope="module")
def graded(tmp_path_factory):
    """Every mess and then a right answer, graded in one batch."""
    return grade_messes(tmp_path_factory.mktemp("messy"), MESSES)


@pytest.mark.parametrize("mess", MESSES, ids=lambda mess: mess.name)
def test_a_mess_has_its_outcome(graded, mess):
    """Verdicts, points, problem, notes and first findings are exactly those of the table."""
    _, records = graded
    assert outcome(records[mess.name]) == mess.expected


def test_the_table_is_whole():
    """Each mess is another student, and each part of the table is there."""
    names = [mess.name for mess in MESSES]
    assert len(set(names)) == len(names) >= 300
    for part in (files, cells, programs):
        assert part.__name__ in {getattr(mess.edit, "func", mess.edit).__module__ for mess in MESSES}


def test_the_batch_goes_on(graded):
    """The right answer that is graded after all of them has its points, and nothing is the grader's fault."""
    _, records = graded
    assert len(records) == len(MESSES) + 1
    assert outcome(records[LAST]) == (RIGHT, 20.0, "", (), {})
    faults = [
        name for name, record in records.items() for item in record.exercises if item.verdict is Verdict.GRADER_FAULT
    ]
    assert faults == []


def test_the_gradebook_has_what_the_records_have(graded):
    """Every mess is a row of nbgrader's, with the judge's points; a written answer waits for a person."""
    course, records = graded
    scores = {}
    with course.gradebook() as gradebook:
        for submission in gradebook.assignment_submissions(ASSIGNMENT):
            scores[submission.student.id] = submission.score
    assert scores == {name: record.earned for name, record in records.items()}


def test_what_graders_open_is_a_notebook(graded):
    """Each graded notebook is valid, and shows the verdict of each exercise at its test cell."""
    course, records = graded
    seen = 0
    for name in records:
        for path in course.autograded(name, ASSIGNMENT).glob("losses.ipynb"):
            notebook = nbformat.read(path, as_version=4)
            nbformat.validate(notebook)
            tests = [cell for cell in notebook.cells if cell.metadata.get("nbgrader", {}).get("grade")]
            shown = [cell.outputs[0].data["text/plain"] for cell in tests if cell.cell_type == "code" and cell.outputs]
            if records[name].problem == "" or records[name].earned:
                assert sorted(text.split()[1].rstrip(":") for text in shown) == sorted(EXERCISES)
                seen += 1
    assert seen > 250
