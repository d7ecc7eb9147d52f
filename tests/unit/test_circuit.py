"""The circuit of flat code: its values, what they are made of, and the gradients that the code names for them."""

import re

import numpy as np
import pytest
from support.circuits import SIGMOID, sigmoid_exercise
from support.course import a1, a1_solutions, defined

from flatgrade.core.flatcode import find_function
from flatgrade.core.trace import TracedPlan
from flatgrade.student.circuit import MOST_VALUES, NotFlatError, circuit_of

SVM = a1_solutions()["svm_loss"].answer


def circuit(text, exercise=None, **inputs):
    """The circuit of a cell's text on the first public case."""
    exercise = exercise or a1().exercises["svm_loss"]
    inputs = {**exercise.cases[0].inputs, **inputs}
    trace = TracedPlan(exercise.plan, {exercise.name: defined(text, exercise.name)}).run(inputs)
    return circuit_of(exercise, find_function(text, exercise.name), inputs, trace)


def edges(values):
    return {(values[parent].name, value.name) for value in values for parent in value.parents}


def gradients(values):
    return {value.name: value.gradient.name for value in values if value.gradient}


def edited(old, new, text=SVM):
    assert text.count(old) == 1, old
    return text.replace(old, new)


SIGMOID_EDGES = {
    *(("w0", "s0"), ("x0", "s0"), ("w1", "s1"), ("x1", "s1")),
    *(("s0", "s2"), ("s1", "s2"), ("s2", "s3"), ("w2", "s3"), ("s3", "L")),
}
SVM_EDGES = {
    *(("X", "scores"), ("W", "scores"), ("scores", "margins"), ("y", "margins"), ("margins", "data_loss")),
    *(("reg", "reg_loss"), ("W", "reg_loss"), ("data_loss", "loss"), ("reg_loss", "loss")),
}


def test_the_sigmoid_circuit_is_the_one_of_the_slides():
    """Five inputs, five gates, nine wires, the numbers of the slides above and below."""
    values = circuit(SIGMOID, sigmoid_exercise())
    assert edges(values) == SIGMOID_EDGES
    numbers = {v.name: (round(float(v.value), 2), round(float(v.gradient.value), 2)) for v in values}
    assert numbers == {
        "w0": (2.0, -0.2),
        "x0": (-1.0, 0.39),
        "w1": (-3.0, -0.39),
        "x1": (-2.0, -0.59),
        "w2": (-3.0, 0.2),
        "s0": (-2.0, 0.2),
        "s1": (6.0, 0.2),
        "s2": (4.0, 0.2),
        "s3": (1.0, 0.2),
        "L": (0.73, 1.0),
    }


def test_the_hinge_loss_is_its_forward_pass_with_gradients():
    """Row numbers and sizes are no values of the circuit; gradients belong to the values they name."""
    values = circuit(SVM)
    assert edges(values) == SVM_EDGES
    assert gradients(values) == {"W": "dW", "scores": "dscores", "margins": "dmargins"}


def test_a_change_in_place_belongs_to_its_value():
    """margins is one value of two statements, with what it held behind the second."""
    [margins] = [value for value in circuit(SVM) if value.name == "margins"]
    assert len(margins.code) == 2
    assert margins.value.tolist() == [[0.0, pytest.approx(1.58), 0.0]]


def test_a_value_stands_behind_what_changes_it():
    """What a change in place reads may be made after the value was begun."""
    text = "def svm_loss(W, X, y, reg):\n    q = W * 0\n    p = W + 1\n    q[:] = p\n    return q, W\n"
    values = circuit(text)
    assert [value.name for value in values][-2:] == ["p", "q"]
    assert edges(values) == {("W", "p"), ("W", "q"), ("p", "q")}


def test_a_name_that_is_given_a_value_again_is_a_value_again():
    """loss += ... is made of the loss before it."""
    values = circuit(edited("loss = data_loss + reg_loss", "loss = data_loss\n    loss += reg_loss"))
    assert {("data_loss", "loss"), ("loss", "loss"), ("reg_loss", "loss")} <= edges(values)
    assert [value.code for value in values if value.name == "loss"] == [("data_loss",), ("loss + reg_loss",)]


@pytest.mark.parametrize("style", [s for s in a1_solutions()["svm_loss"].equivalents if s != "loops"])
def test_every_flat_style_has_a_circuit_without_its_backward_pass(style):
    """W and X come in, one loss goes out, and no gradient is a value."""
    values = circuit(a1_solutions()["svm_loss"].equivalents[style])
    used = {parent for value in values for parent in value.parents}
    assert [value.name for i, value in enumerate(values) if i not in used] in (["loss"], ["L"])
    assert not {"dW", "dscores", "dmargins", "g"} & {value.name for value in values}
    assert [value.gradient.name for value in values if value.name == "W"] == ["dW"]


def test_the_students_own_names_are_matched_by_what_is_returned():
    """`return L, g` makes g the gradient dW."""
    text = edited("return loss, dW", "return loss, g").replace("dW =", "g =")
    assert gradients(circuit(text))["W"] == "g"


def test_a_stub_has_empty_values():
    """Every forward stage is there, not written, and made of nothing."""
    stub = re.sub(r"^(    (?!return|#|N |rows|dscores\[|margins\[)\w+ =).*", r"\1 ...", SVM, flags=re.MULTILINE)
    stub = re.sub(r"^    (margins|dscores)\[.*\n", "", stub, flags=re.MULTILINE)
    values = circuit(stub)
    empty = [value.name for value in values if not value.written]
    assert empty == ["scores", "margins", "data_loss", "reg_loss", "loss"]
    assert edges(values) == set()
    assert gradients(values) == {"W": "dW", "scores": "dscores", "margins": "dmargins"}


def test_half_written_code_keeps_what_is_there():
    """Behind the first `...` values are without a number, in front of it they have theirs."""
    values = circuit(edited("1 / (1 + np.exp(-s3))", "...", SIGMOID), sigmoid_exercise())
    assert [value.name for value in values if value.value is None] == ["L"]
    assert edges(values) == SIGMOID_EDGES - {("s3", "L")}


def test_code_behind_an_error_is_there_without_values():
    """An exception ends the values and not the circuit."""
    values = circuit(edited("X @ W", "X @ W.T"))
    assert edges(values) == SVM_EDGES
    assert [value.name for value in values if value.value is None][:2] == ["scores", "margins"]


def test_only_the_branch_that_ran_is_drawn():
    """The other side of an if made nothing."""
    text = edited(
        "    s2 = s0 + s1\n", "    if w0 > 0:\n        s2 = s0 + s1\n    else:\n        s2 = s0 - s1\n", SIGMOID
    )
    assert [value.code for value in circuit(text, sigmoid_exercise()) if value.name == "s2"] == [("s0 + s1",)]
    assert [value.code for value in circuit(text, sigmoid_exercise(), w0=-2.0) if value.name == "s2"] == [("s0 - s1",)]


def test_a_value_that_is_another_name_has_its_number():
    """q = x holds what x holds."""
    values = circuit(edited("s0 = w0 * x0", "s0 = x0", SIGMOID), sigmoid_exercise())
    assert [value.value for value in values if value.name == "s0"] == [-1.0]


def test_a_backward_pass_alone_is_drawn_as_what_it_makes():
    """Where nothing but gradients is computed, they are the values."""
    text = "def svm_loss(W, X, y, reg):\n    dscores = X @ W\n    dW = X.T @ dscores\n    return 0.0, dW\n"
    assert edges(circuit(text)) == {("X", "dscores"), ("W", "dscores"), ("X", "dW"), ("dscores", "dW")}


def test_a_size_that_is_taken_from_a_gradient_is_no_gradient():
    """What is made with it stays in the forward pass."""
    text = "def svm_loss(W, X, y, dq):\n    K = dq.size\n    q = np.full(K, X[0, 0])\n    dW = dq.sum()\n    return q, dW\n"
    values = circuit(text, reg=np.ones(3))
    assert ("X", "q") in edges(values)
    assert gradients(values) == {"q": "dq", "W": "dW"}


def test_loops_are_not_flat():
    """One sentence with the line."""
    with pytest.raises(NotFlatError) as error:
        circuit(a1_solutions()["svm_loss"].equivalents["loops"])
    assert str(error.value) == "svm_loss is not flat code: line 6 is a loop."


def test_a_match_is_not_flat():
    """One sentence with the line."""
    text = "def svm_loss(W, X, y, reg):\n    match reg:\n        case 0:\n            dW = W\n    return 0.0, W\n"
    with pytest.raises(NotFlatError) as error:
        circuit(text)
    assert str(error.value) == "svm_loss is not flat code: line 2 is a match."


def test_too_many_values_are_told():
    """A picture of a thousand boxes helps nobody."""
    chain = "".join(f"    a{i} = W + a{i - 1}\n" for i in range(1, MOST_VALUES))
    with pytest.raises(NotFlatError) as error:
        circuit(f"def svm_loss(W, X, y, reg):\n    a0 = W + X.sum()\n{chain}    return 0.0, W\n")
    assert str(error.value) == "svm_loss has 64 values; a picture holds at most 60."
