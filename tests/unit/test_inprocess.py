"""Tests in the student's process are scored by nbgrader's rule, except where its rule fails open."""

import math

import nbformat
import pytest
from hypothesis import given
from hypothesis import strategies as st
from nbgrader.utils import determine_grade

from flatgrade.core.finding import Verdict
from flatgrade.grader.inprocess import FULL, ZERO, CreditRule, score_test
from flatgrade.grader.submission import Cell, CellKind

STOCK = CreditRule(stderr_fails=True, odd_credit=FULL, numpy_credit=False)


def cell(points=10.0):
    return Cell("squares", CellKind.TEST, "assert squares(2) == 4", points=points)


def shown(text, **more):
    return {"output_type": "execute_result", "data": {"text/plain": text, **more}, "metadata": {}, "execution_count": 1}


def stream(name, text="x"):
    return {"output_type": "stream", "name": name, "text": text}


def failed(name="AssertionError", value="no"):
    return {"output_type": "error", "ename": name, "evalue": value, "traceback": []}


PICTURE = {"output_type": "display_data", "data": {"text/plain": "7"}, "metadata": {}}
TEXTS = st.one_of(
    st.sampled_from(["True", "'1'", "[1]", "nan", "-1", "0", "0.5", "1e-3", " 3 ", "1_0", "array(1)", "None"]),
    st.floats(0, 10).map(repr), st.integers(-5, 10).map(repr), st.text(min_size=1, max_size=8),
)  # fmt: skip


@given(
    before=st.lists(st.sampled_from([stream("stdout"), stream("stderr"), PICTURE]), max_size=4),
    last=st.one_of(st.none(), st.just(failed()), TEXTS.map(shown)),
    points=st.sampled_from([0.0, 1.0, 10.0]),
)
def test_honest_outputs_score_as_nbgrader_scores_them(before, last, points):
    """Whatever a test cell printed, drew, showed at its end or raised: with nbgrader's options, nbgrader's score."""
    outputs = [*before, last] if last else before
    metadata = {"nbgrader": {"grade": True, "solution": False, "points": points}}
    node = nbformat.v4.new_code_cell("", metadata=metadata, outputs=nbformat.from_dict(outputs))
    try:
        expected = determine_grade(node)[0]
    except ValueError:  # a number above the points, for which nbgrader loses the submission
        expected = points
    assert score_test(cell(points), "p1", outputs, STOCK).earned == expected


def test_a_record_says_that_the_test_ran_in_the_students_process():
    """Which test, where, what came of it, and that the process was the student's."""
    record = score_test(cell(), "p1", [stream("stdout"), failed()], CreditRule())
    assert (record.name, record.notebook, record.cell, record.in_process) == ("squares", "p1", "squares", True)
    assert (record.verdict, record.earned, record.points) == (Verdict.WRONG, 0.0, 10.0)
    assert [finding.what for finding in record.findings] == ["AssertionError: no"]


@pytest.mark.parametrize(
    ("name", "verdict"),
    [("NameError", Verdict.ERROR), ("TimeUp", Verdict.TIMEOUT), ("MemoryError", Verdict.MEMORY)],
)
def test_the_verdict_tells_errors_apart(name, verdict):
    """A failed assertion is wrong; what else went wrong is named."""
    assert score_test(cell(), "p1", [failed(name)], CreditRule()).verdict is verdict


def test_a_warning_costs_nothing():
    """Unless the course wants it so, as nbgrader has it."""
    outputs = [stream("stderr", "RuntimeWarning: overflow")]
    assert score_test(cell(), "p1", outputs, CreditRule()).earned == 10
    strict = score_test(cell(), "p1", outputs, CreditRule(stderr_fails=True))
    assert (strict.earned, strict.findings[0].what) == (0, "The test wrote to standard error.")


@pytest.mark.parametrize("text", ["-1", "nan", "inf", "10.5", "-inf"])
def test_a_number_that_is_no_credit_is_for_a_person(text):
    """nbgrader gives full points for it, or loses the whole submission."""
    record = score_test(cell(), "p1", [shown(text)], CreditRule())
    assert (record.verdict, record.earned) == (Verdict.MALFORMED, 0)
    what = f"The test gave {float(text):g}, which is no number of points from 0 to 10: a person must look."
    assert record.findings[0].what == what
    assert score_test(cell(), "p1", [shown(text)], CreditRule(odd_credit=ZERO)).earned == 0
    assert score_test(cell(), "p1", [shown(text)], CreditRule(odd_credit=FULL)).earned == 10


def test_partial_credit():
    """A number from 0 to the points; NumPy's numbers too, which nbgrader takes for full credit; rounding is forgiven."""
    assert score_test(cell(), "p1", [shown("2.5")], CreditRule()).earned == 2.5
    assert score_test(cell(), "p1", [shown("np.float64(2.5)")], CreditRule()).earned == 2.5
    assert score_test(cell(), "p1", [shown("np.float64(2.5)")], CreditRule(numpy_credit=False)).earned == 10
    assert score_test(cell(), "p1", [shown(repr(math.nextafter(10, 11)))], CreditRule()).earned == 10


def test_a_result_shown_by_student_code_is_no_credit():
    """An error counts though a result was shown before it, and of two results the test's own is the last."""
    assert score_test(cell(), "p1", [shown("10"), failed()], CreditRule()).earned == 0
    assert score_test(cell(), "p1", [shown("10"), shown("1")], CreditRule()).earned == 1


@pytest.mark.parametrize("outputs", [[{"output_type": "execute_result"}], [shown(None)], [shown(["1"])]])
def test_a_result_without_a_text_is_for_a_person(outputs):
    """nbgrader loses the submission over it."""
    assert score_test(cell(), "p1", outputs, CreditRule()).verdict is Verdict.MALFORMED
