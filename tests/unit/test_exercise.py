"""The public contract: what a good file gives, and what each mistake in one says."""

import numpy as np
import pytest
from support.course import a1

from flatgrade.core import ContractError, load_assignment
from flatgrade.core.draw import draw_inputs, sizes

GOOD = """
[assignment]
title = "One"
limits = { cell_seconds = 3 }

[half]
title = "A half"
call = "half(x, n)"
returns = ["y", "dx"]
points = 3
[half.inputs]
x = { shape = "N D", about = "numbers" }
n = { kind = "given", value = 2 }
[half.stages]
y = { shape = "N D", points = 1 }
dx = { shape = "N D", points = 2, tolerance = 1e-5 }
[[half.cases]]
label = "by hand"
inputs = { x = [[2, 4]], n = 2 }
expect = { y = [[1, 2]] }
"""


def load(tmp_path, text):
    folder = tmp_path / "a9"
    folder.mkdir(exist_ok=True)
    (folder / "exercises.toml").write_text(text)
    return load_assignment(folder)


def test_a_good_file_is_read_whole(tmp_path):
    """Every key of the contract arrives in its field, typed."""
    assignment = load(tmp_path, GOOD)
    exercise = assignment.exercises["half"]
    assert (assignment.name, assignment.title, assignment.limits.cell_seconds) == ("a9", "One", 3)
    assert str(exercise.call) == "y, dx = half(x, n)"
    assert [(stage.name, stage.shape, stage.points, stage.tolerance) for stage in exercise.stages] == [
        ("y", ("N", "D"), 1, 1e-7),
        ("dx", ("N", "D"), 2, 1e-5),
    ]
    assert dict(exercise.gradients) == {"dx": "x"}
    case = exercise.cases[0]
    assert case.inputs["x"].dtype == np.float64
    assert case.inputs["n"] == 2
    assert case.expect["y"].tolist() == [[1, 2]]


def test_a_plan_of_several_calls_keeps_what_is_opaque(tmp_path):
    """A layer pair is a plan: the cache is kept for the next call and not returned."""
    text = """
[pair]
title = "A layer"
plan = ["out, cache = forward(x)", "dx = backward(dout, cache)", "gate = Gate()", "z = gate.run(out)"]
returns = ["out", "dx"]
points = 2
[pair.inputs]
x = { shape = "N" }
dout = { shape = "N" }
"""
    exercise = load(tmp_path, text).exercises["pair"]
    assert [str(call) for call in exercise.plan] == [
        "out, cache = forward(x)",
        "dx = backward(dout, cache)",
        "gate = Gate()",
        "z = gate.run(out)",
    ]


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("points = 3", 'points = "3"', "a9/exercises.toml: half.points must be a number >= 0 (got '3', a str)"),
        ("points = 3", "points = -1", "a9/exercises.toml: half.points must be a number >= 0 (got -1, a int)"),
        ("points = 3", "points = true", "a9/exercises.toml: half.points must be a number >= 0 (got True, a bool)"),
        (
            "points = 3",
            "points = 4",
            "a9/exercises.toml: half.points must be the sum of the points of the stages, 3 (got 4.0, a float)",
        ),
        ('title = "A half"', "", "a9/exercises.toml: half.title must be a text (got nothing)"),
        ('title = "A half"', 'titel = "A half"', "a9/exercises.toml: half.title must be a text (got nothing)"),
        (
            'returns = ["y", "dx"]',
            'returns = ["y", "y"]',
            "a9/exercises.toml: half.returns must be a list of names, each once (got ['y', 'y'], a list)",
        ),
        (
            'call = "half(x, n)"',
            'call = "half(x, n + 1)"',
            'a9/exercises.toml: half.call must be a flat call of names, such as "out, cache = layer(x, w)" '
            "(got 'half(x, n + 1)', a str)",
        ),
        (
            'call = "half(x, n)"',
            'call = "half(x, m)"',
            "a9/exercises.toml: half.call must be a call of inputs and earlier results only; m is neither "
            "(got 'y, dx = half(x, m)', a str)",
        ),
        (
            'shape = "N D", about',
            'shape = "N, D", about',
            'a9/exercises.toml: half.inputs.x.shape must be sizes in letters, such as "N C" ("" for a number) '
            "(got 'N, D', a str)",
        ),
        (
            'kind = "given", value = 2',
            'kind = "uniform"',
            "a9/exercises.toml: half.inputs.n.kind must be one of normal, positive, labels, given, "
            "function (got 'uniform', a str)",
        ),
        (
            'kind = "given", value = 2',
            'kind = "labels"',
            "a9/exercises.toml: half.inputs.n.classes must be the letter of the number of classes, for labels only "
            "(got nothing)",
        ),
        (
            "points = 3",
            "points = 3\nsizes = { K = 2 }",
            "a9/exercises.toml: half.sizes.K must be a whole number > 0 for a letter of the inputs (got 2, a int)",
        ),
        (
            "points = 3",
            "points = 3\nsizes = { D = 0 }",
            "a9/exercises.toml: half.sizes.D must be a whole number > 0 for a letter of the inputs (got 0, a int)",
        ),
        (
            "inputs = { x = [[2, 4]], n = 2 }",
            "inputs = { x = [[2, 4]] }",
            "a9/exercises.toml: half.cases[0].inputs must be a value for each of x, n (got ['x'], a list)",
        ),
        (
            "inputs = { x = [[2, 4]], n = 2 }",
            "inputs = { x = [2, 4], n = 2 }",
            "a9/exercises.toml: half.cases[0].inputs.x must be numbers in 2 dimensions (got [2, 4], a list)",
        ),
        (
            "expect = { y = [[1, 2]] }",
            "expect = { z = 1 }",
            "a9/exercises.toml: half.cases[0].expect must be values of stages or outputs (got 'z', a str)",
        ),
        (
            'about = "numbers"',
            'about = "numbers", unit = "m"',
            "a9/exercises.toml: half.inputs.x.unit is not a key of this table (known: about, classes, kind, shape, value)",
        ),
    ],
)
def test_each_mistake_in_a_file_says_file_key_requirement_and_value(tmp_path, old, new, message):
    """A wrong file names the file, the key, what is required and what was found."""
    assert GOOD.count(old) == 1
    with pytest.raises(ContractError) as caught:
        load(tmp_path, GOOD.replace(old, new))
    assert str(caught.value) == message


@pytest.mark.parametrize(
    ("plan", "message"),
    [
        (["m = Half()", "y = m.forward(x)", "dx = m.backward(n)"], "that calls methods or what it keeps (got 'y = m."),
        (["f = half(n)", "y, dx = f(x)"], "that calls methods or what it keeps (got 'y, dx = f(x)', a str)"),
        (["y, m = half(x, n)", "dx = slope(m)"], "that calls given functions (got 'dx = slope(m)', a str)"),
        (["y = half(x, n)", "dx = half(x, n)"], "that calls a function twice (got 'y = half(x, n)', a str)"),
    ],
)
def test_stages_are_for_plans_of_plain_functions_each_called_once(tmp_path, plan, message):
    """Replay follows the lines of functions: it must know which call a line belongs to."""
    text = GOOD.replace("points = 3", 'points = 3\ngiven = ["slope"]') if "slope" in plan[-1] else GOOD
    with pytest.raises(ContractError) as caught:
        load(tmp_path, text.replace('call = "half(x, n)"', f"plan = {plan}"))
    said = "a9/exercises.toml: half.stages must be left out for a plan "
    assert str(caught.value).startswith(said + message)


def test_a_plan_of_plain_functions_may_have_stages(tmp_path):
    """A layer pair has stages as one function has."""
    text = GOOD.replace('call = "half(x, n)"', 'plan = ["y, c = forward(x)", "dx = backward(c, n)"]')
    exercise = load(tmp_path, text).exercises["half"]
    assert [stage.name for stage in exercise.stages] == ["y", "dx"]


def test_a_missing_file_and_bad_toml_are_one_sentence_each(tmp_path):
    """No traceback of the TOML parser reaches the instructor."""
    with pytest.raises(ContractError) as caught:
        load_assignment(tmp_path)
    assert str(caught.value) == f"{tmp_path.name}/exercises.toml is missing: every assignment needs one"
    with pytest.raises(ContractError, match=r"^a9/exercises.toml is not valid TOML: .*line 2"):
        load(tmp_path, "[half]\ntitle = \n")


def test_drawn_inputs_have_the_shapes_of_the_contract():
    """Sizes of different letters differ, so that a transposed axis cannot hide."""
    exercise = a1().exercises["svm_loss"]
    assert sizes(exercise) == {"N": 5, "D": 7, "C": 4}
    drawn = draw_inputs(exercise, np.random.default_rng(0), {"N": 20})
    assert {name: np.shape(value) for name, value in drawn.items()} == {
        "W": (7, 4),
        "X": (20, 7),
        "y": (20,),
        "reg": (),
    }
    assert drawn["y"].dtype == np.int64
    assert set(drawn["y"]) <= set(range(4))
    assert 0.2 <= drawn["reg"] <= 0.9


def test_a_size_that_the_contract_gives_is_the_one_that_is_drawn(tmp_path):
    """Points in a plane have two columns, whatever is drawn for other letters."""
    exercise = load(tmp_path, GOOD.replace("points = 3", "points = 3\nsizes = { D = 2 }")).exercises["half"]
    assert sizes(exercise) == {"N": 5, "D": 2}
    assert draw_inputs(exercise, np.random.default_rng(0))["x"].shape == (5, 2)


@pytest.mark.parametrize("name", ["dout", "grad_out"])
def test_the_gradient_that_arrives_is_an_input_named_after_the_first_output(tmp_path, name):
    """Upstream is the input dout or grad_out beside the output out; where there is none it is 1."""
    inputs = f"inputs = {{ a = {{}}, b = {{}}, {name} = {{}} }}"
    head = f'[gate]\ntitle = "a gate"\ncall = "gate(a, b, {name})"\nreturns = ["out", "grad_a"]\npoints = 1\n'
    gate = load(tmp_path, head + inputs).exercises["gate"]
    assert gate.upstream({"a": 1.0, "b": 2.0, name: 5.0}) == 5.0
    assert gate.upstream({"a": 1.0, "b": 2.0}) == 1.0
