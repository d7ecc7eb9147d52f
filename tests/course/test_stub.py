"""The stub keeps names, order, shapes and indentation of the stages, and nothing of the answer."""

import ast
import re
from types import SimpleNamespace

import nbformat
import pytest
from hypothesis import given
from hypothesis import strategies as st

from flatgrade.core.contract import ContractError
from flatgrade.course.stub import ClearStages, stub_lines

STAGES = ("scores", "margins", "loss", "dscores", "dW")


def cleared(tmp_path, source, exercises=None, *, cell_type="code", solution=True):
    """The cell as ClearStages releases it, with exercises.toml beside the notebook."""
    if exercises:
        (tmp_path / "exercises.toml").write_text(exercises)
    new = nbformat.v4.new_code_cell if cell_type == "code" else nbformat.v4.new_markdown_cell
    marks = {"grade": cell_type != "code", "solution": solution, "locked": False, "grade_id": "x", "schema_version": 3}
    notebook = nbformat.v4.new_notebook(cells=[new(source, metadata={"nbgrader": marks})])
    notebook, _ = ClearStages().preprocess(notebook, {"metadata": {"path": str(tmp_path)}})
    return notebook.cells[0].source


EXERCISES = """
[f]
title = "Everything that a stub must keep"
plan = ["loss, dW = f(W, X)"]
returns = ["loss", "dW"]
points = 1
inputs = { W = {}, X = {} }
stages = { scores = { points = 1 }, data_loss = {}, reg_loss = {}, dscores = {} }
"""


def test_stage_lines_become_dots(tmp_path):
    """A stage keeps its line up to the equals sign, and its comment; what is no stage goes."""
    source = """def f(W, X):
    N = len(X)
    ### BEGIN SOLUTION
    rows = np.arange(N)
    scores = X @ W  # (N, C)
    scores -= scores.max(axis=1,
                         keepdims=True)
    data_loss, reg_loss = (scores.sum(),
        np.sum(W ** 2))   # both are numbers, même ici
    loss: float = data_loss + reg_loss
    if N > 1:
        dscores = scores / N  # (N, C)
    dscores[rows, 0] -= 1
    dscores /= N
    dW = X.T @ dscores; cache = X
    ### END SOLUTION
    return loss, dW"""
    expected = """def f(W, X):
    N = len(X)
    scores = ...  # (N, C)
    data_loss, reg_loss = ..., ...  # both are numbers, même ici
    loss = ...
    dscores = ...  # (N, C)
    dW = ...
    return loss, dW"""
    assert cleared(tmp_path, source, EXERCISES) == expected


def test_each_region_has_its_own_stub(tmp_path):
    """Given code between two regions stays where it is, at its own indentation."""
    source = """def f(W, X):
    ### BEGIN SOLUTION
    scores = X @ W
    ### END SOLUTION
    if True:
        # backward
        ### BEGIN SOLUTION
        dscores = scores
        ### END SOLUTION
    ### BEGIN SOLUTION
    print("no stage")
    ### END SOLUTION
    return dscores"""
    expected = """def f(W, X):
    scores = ...
    if True:
        # backward
        dscores = ...
    # YOUR CODE HERE
    raise NotImplementedError()
    return dscores"""
    assert cleared(tmp_path, source, EXERCISES) == expected


@pytest.mark.parametrize(
    "source",
    [
        "def f(W, X):\n    return W",  # a whole cell
        "### BEGIN SOLUTION\ndef f(W, X):\n    scores = 1\n    return scores\n### END SOLUTION",  # a whole function
        "def g(W):\n    ### BEGIN SOLUTION\n    scores = W\n    ### END SOLUTION\n    return scores",  # no exercise
        "%time\ndef f(W):\n    ### BEGIN SOLUTION\n    scores = W\n    ### END SOLUTION",  # not plain Python
    ],
)
def test_other_answers_are_cleared_as_nbgrader_does(tmp_path, source):
    """Where no stage of the cell's own exercise is assigned in a region, the stub is nbgrader's."""
    stub = cleared(tmp_path, source, EXERCISES)
    assert "raise NotImplementedError()" in stub
    assert "scores = ..." not in stub
    (tmp_path / "exercises.toml").unlink()
    assert stub == cleared(tmp_path, source)


def test_written_answers_are_cleared_as_nbgrader_does(tmp_path):
    """Text has no stages."""
    assert cleared(tmp_path, "scores = 1", EXERCISES, cell_type="markdown") == "YOUR ANSWER HERE"


def test_exercises_without_stages_keep_nothing(tmp_path):
    """An exercise whose answer need not be flat shows no scaffold, not even its results."""
    flat_free = EXERCISES.replace("stages = {", "# stages = {")
    source = "def f(W, X):\n    ### BEGIN SOLUTION\n    loss = 1\n    ### END SOLUTION\n    return loss"
    assert cleared(tmp_path, source, flat_free).count("NotImplementedError") == 1


@pytest.mark.parametrize(
    ("source", "message"),
    [
        ("### BEGIN SOLUTION\nscores = 1", "no end solution statement found"),
        ("### BEGIN SOLUTION\n### BEGIN SOLUTION\n### END SOLUTION", "encountered nested begin solution statements"),
    ],
)
def test_regions_that_are_not_closed_are_refused(tmp_path, source, message):
    """nbgrader's own checks of the markers still hold."""
    with pytest.raises(RuntimeError) as error:
        cleared(tmp_path, source + "\ndef f(W, X): pass", EXERCISES)
    assert str(error.value) == message


def test_region_in_a_cell_that_is_no_answer_is_refused(tmp_path):
    """A region whose cell students could not edit is a mistake, as in nbgrader."""
    source = "def f(W, X):\n    ### BEGIN SOLUTION\n    scores = 1\n    ### END SOLUTION"
    with pytest.raises(RuntimeError, match="Solution region detected in a non-solution cell"):
        cleared(tmp_path, source, EXERCISES, solution=False)


def test_mistakes_in_the_contract_are_told(tmp_path):
    """A broken exercises.toml stops the release with the contract's own sentence."""
    with pytest.raises(ContractError, match=r"exercises.toml is not valid TOML"):
        cleared(tmp_path, "x = 1", "[f")


@st.composite
def answers(draw):
    """Flat functions with one region: assignments of stages and of helpers, in blocks, over several lines."""
    lines, expected = [], []
    for number in range(draw(st.integers(1, 8))):
        name = draw(st.sampled_from((*STAGES, "rows", "helper")))
        value = f"secret_{number}"
        form = draw(
            st.sampled_from(["{n} = {v}", "{n}[0] -= {v}", "{n} = (\n        {v})", "{n} += {v}", "{n}: int = {v}"])
        )
        line = "    " + form.format(n=name, v=value)
        comment = draw(st.sampled_from(["", "  # (N, C)", "  # é = 1"]))
        if draw(st.booleans()):
            line = "    if True:\n" + "\n".join("    " + part for part in line.split("\n"))
        lines.append(line + comment)
        if name in STAGES and name not in expected:
            expected.append(name)
    head = ["def f(W, X):", "    # BEGIN SOLUTION"]
    return "\n".join([*head, *lines, "    # END SOLUTION", "    return 0"]), expected


@given(answers())
def test_a_stub_names_each_stage_once_in_order_and_tells_nothing(case):
    """For any flat answer: one line a stage, in the order of first assignment, no value of the answer, valid Python."""
    source, expected = case
    end = source.split("\n").index("    # END SOLUTION") + 1
    lines = stub_lines(source, ast.parse(source), 2, end, frozenset(STAGES), frozenset())
    assert [line.split(" = ")[0] for line in lines] == [f"    {name}" for name in expected]
    assert not re.search("secret", "\n".join(lines))
    ast.parse("\n".join(["def f():", *lines, "    return 0"]))


@given(st.lists(st.sampled_from(STAGES), min_size=1, max_size=5, unique=True))
def test_a_tuple_of_stages_has_as_many_dots(names):
    """`a, b = value` becomes `a, b = ..., ...`, which Python can still unpack."""
    source = f"def f():\n    # BEGIN\n    {', '.join(names)}, = value\n    # END"
    (line,) = stub_lines(source, ast.parse(source), 2, 4, frozenset(STAGES), frozenset())
    scope = SimpleNamespace()
    exec(line.strip(), vars(scope))  # our own text
    assert line.strip().split(" = ")[0] == ", ".join(names)
    assert line.count("...") == len(names) == sum(value is ... for name, value in vars(scope).items() if name in STAGES)


PAIR = """
[layer]
title = "A layer of two calls"
plan = ["out, cache = forward(x, w)", "dx, dw = backward(dout, cache)"]
returns = ["out", "dx", "dw"]
points = 3
inputs = { x = {}, w = {}, dout = {} }
stages = { xs = {}, out = { points = 1 }, dx = { points = 1 }, dw = { points = 1 } }
"""


def test_each_function_of_a_plan_keeps_its_own_stages(tmp_path):
    """The cache is a line of the forward pass; what unpacks it leaves none, though it holds a stage."""
    source = """def forward(x, w):
    ### BEGIN SOLUTION
    xs = x * x  # a number
    out = xs * w
    cache = (xs, w)
    ### END SOLUTION
    return out, cache


def backward(dout, cache):
    ### BEGIN SOLUTION
    xs, w = cache
    dx = dout * w
    dw = dout * xs
    ### END SOLUTION
    return dx, dw"""
    expected = """def forward(x, w):
    xs = ...  # a number
    out = ...
    cache = ...
    return out, cache


def backward(dout, cache):
    dx = ...
    dw = ...
    return dx, dw"""
    assert cleared(tmp_path, source, PAIR) == expected
