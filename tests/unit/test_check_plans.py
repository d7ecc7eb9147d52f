"""`check` on exercises of several calls: lines with their functions, dictionaries that are fresh, and no answers."""

import pytest
from support.course import defined
from support.pairs import BATCHNORM, CONTRACT

from flatgrade.core.finding import Verdict
from flatgrade.core.flatcode import definition_of
from flatgrade.student.check import look

FUNCTIONS = ("batchnorm_forward", "batchnorm_backward")
CASE = """
[[affine.cases]]
label = "by hand"
inputs = { x = [[1, 2]], w = [[3], [4]], b = [5], dout = [[1]] }
expect = { out = [[16]], dw = [[1], [2]] }
"""


@pytest.fixture
def folder(tmp_path):
    (tmp_path / "exercises.toml").write_text(CONTRACT + CASE, encoding="utf-8")
    return tmp_path


def checked(folder, *edits):
    """Batch normalization with edits, each function in a cell of its own."""
    texts = {name: definition_of(BATCHNORM, name) for name in FUNCTIONS}
    for old, new in edits:
        assert sum(text.count(old) for text in texts.values()) == 1
        texts = {name: text.replace(old, new) for name, text in texts.items()}
    return look("batchnorm", {name: defined(text, name) for name, text in texts.items()}, folder)


def test_a_function_that_writes_into_its_dictionary_starts_each_run_afresh(folder):
    """The slopes are those of one run: what the run before has counted is forgotten."""
    result = checked(folder)
    assert (result.verdict, result.summary) == (Verdict.PASS, "dx, dgamma and dbeta fit out.")


def test_a_line_that_is_not_written_is_told_with_its_function(folder):
    """The first one in the order of the calls, and none of a function that comes after an error."""
    result = checked(folder, ("xc / std  #", "...  #"), ("dout * gamma", "..."))
    assert result.verdict is Verdict.NOT_WRITTEN
    assert [str(item) for item in result.findings] == [
        "xhat (line 7 of batchnorm_forward) is not written yet. Replace the ... by your own line."
    ]
    result = checked(folder, ("dout * gamma", "..."))
    assert result.findings[0].what == "dxhat (line 6 of batchnorm_backward) is not written yet."
    states = {row.stage: (row.line, str(row.state)) for row in result.rows}
    assert states["xhat"] == (7, "not compared")
    assert states["dxhat"] == (6, "not written")
    result = checked(folder, ("xc / std  #", "xc / missing  #"), ("dout * gamma", "..."))
    assert result.verdict is Verdict.ERROR
    assert "batchnorm_forward stops in line 7" in result.findings[0].what


def test_a_wrong_figure_is_told_with_line_and_function(folder):
    """A public figure, at the line where the name got its value; a slope that does not fit has no line here."""
    forward = "def affine_forward(x, w, b):\n    out = x @ w + b\n    return out, (x, w)\n"
    backward = "def affine_backward(dout, cache):\n    x, w = cache\n    dx = dout @ w.T\n    dw = x.T @ dout\n"
    backward += "    db = dout.sum(axis=0)\n    return dx, dw, db\n"

    def found(old, new):
        texts = [text.replace(old, new) for text in (forward, backward)]
        names = [f"affine_{name}" for name in ("forward", "backward")]
        return look("affine", {name: defined(text, name) for name, text in zip(names, texts, strict=True)}, folder)

    wrong = found("x @ w + b", "x @ w")
    assert str(wrong.findings[0]) == (
        'On "by hand", out[0, 0] (line 2 of affine_forward) is 11; expected 16. '
        "The case is small: work it out by hand, line by line."
    )
    assert [str(item) for item in found("x.T @ dout", "2 * x.T @ dout").findings] == [
        "dw does not fit out: it is twice the slope."
    ]


def test_a_changed_input_is_told_with_its_line(folder):
    """x is changed in the function that got it."""
    result = checked(folder, ("xc = x - mu", "x -= mu; xc = x"))
    assert str(result.findings[0]) == (
        "Your function changed x; work on a copy. Line 4 of batchnorm_forward changes it in place."
    )
