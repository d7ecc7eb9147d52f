"""A reference cut into stages: run from any values, edited at one stage, linted."""

import numpy as np
import pytest

from flatgrade.core.bodies import StagedError
from flatgrade.core.exercise import Call
from flatgrade.core.mistake import Mistake
from flatgrade.core.naming import indistinguishable
from flatgrade.core.staged import StagedFunction, lint

TEXT = '''\
def f(x, k):
    """A reference."""
    n = len(x)
    # forward
    a = x * k  # (N,)
    b = a - a.mean()
    b[0] = 0
    loss = (b * b).sum() / n  # ()
    # backward
    db = 2 * b / n
    dx = (
        db * k
    )
    return loss, dx
'''


def staged(text=TEXT, stages=("a", "b", "loss", "db", "dx")):
    plan = (Call("f", ("x", "k"), ("loss", "dx")),)
    return StagedFunction(text, plan, stages, ("loss", "dx"), {"np": np})


def test_groups_hold_the_statements_of_a_stage_and_its_parents():
    """A stage's group ends with the last statement that writes it; parents are stages, found through temporaries."""
    f = staged()
    assert f.stages == ("a", "b", "loss", "db", "dx")
    assert f.groups["b"].text == "b = a - a.mean()\nb[0] = 0"
    assert f.groups["dx"].text == "dx = (\n    db * k\n)"
    assert f.groups["a"].text.startswith("n = len(x)")
    assert {stage: set(group.parents) for stage, group in f.groups.items()} == {
        "a": set(),
        "b": {"a"},
        "loss": {"b"},
        "db": {"b"},
        "dx": {"db"},
    }
    assert f.ancestors("dx") == {"db", "b", "a"}


def test_replay_goes_on_from_any_value_and_changes_no_environment():
    """A step works on copies: the environment it started from is as it was."""
    f = staged()
    env = f.start({"x": np.array([1.0, 2.0, 4.0]), "k": 2.0})
    env = f.step(env, "a")
    env["a"] = np.array([0.0, 3.0, 6.0])
    after = f.step(env, "b")
    assert after["b"].tolist() == [0, 0, 3]
    assert env["a"].tolist() == [0, 3, 6]
    assert "b" not in env


def test_a_step_that_raises_or_an_edit_that_does_not_fit_gives_none():
    """Replay must be able to go on from the reference where the student's value breaks a statement."""
    f = staged()
    env = f.start({"x": np.ones(2), "k": "two"})
    assert f.step(env, "a") is None
    env = f.start({"x": np.ones(2), "k": 2.0})
    assert f.step(env, "a", (("no such text", ""),)) is None
    assert f.step(env, "a", (("x", "y"),)) is None  # occurs twice
    assert f.step(env, "a", (("* k", "* ("),)) is None  # no Python


def test_an_edit_is_made_in_the_stage_and_in_the_whole_text():
    """The same edit gives the edited value, and the edited text keeps comments and indentation."""
    f = staged()
    env = f.step(f.start({"x": np.array([1.0, 2.0]), "k": 3.0}), "a", (("x * k", "x + k"),))
    assert env["a"].tolist() == [4, 5]
    assert "    a = x + k  # (N,)\n" in f.edited("a", ("x * k", "x + k"))
    assert f.edited("dx", ("db * k", "db")).endswith("    dx = (\n        db\n    )\n    return loss, dx\n")
    assert f.edited("a", ("nowhere", "")) is None
    assert f.fits("b", ("b[0] = 0", "pass"))
    assert not f.fits("b", ("a", "c"))


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("g = 1", "f is not defined in its reference"),
        ("def f(x):\n    loss = dx = x\n    return loss, dx", "f must take x, k, as in its call"),
        ("def f(x, k):\n    loss = x\n    return loss", "f must end with return loss, dx"),
        ("def f(x, k):\n    loss = dx = x\n    return loss, -dx", "f must end with return loss, dx"),
        ("def f(x, k):\n    loss = dx = x\n    return loss, dx\n    return loss, dx", "f must return once, at its end"),
    ],
)
def test_what_is_not_staged_flat_code_says_why(text, message):
    """Each reason has its sentence."""
    with pytest.raises(StagedError) as caught:
        staged(text)
    assert str(caught.value) == message


def test_a_value_that_two_stages_read_must_be_a_stage():
    """Else one fault in it would be charged twice; values of the inputs alone are free."""
    f = staged(stages=("a", "loss", "dx"))
    assert lint(f, ["x", "k"]) == ["f: b is read by loss and dx, so it must be a stage (0 points are allowed)"]
    assert lint(staged(), ["x", "k"]) == []


def test_mistakes_that_look_alike_or_do_nothing_are_found():
    """Two edits with the same numbers, and an edit without effect, are reported as pairs of tags."""
    mistakes = [
        Mistake("a", "x * k", "k * x", "", "swapped"),
        Mistake("loss", " / n", "", "", "sum"),
        Mistake("loss", ".sum() / n", ".sum()", "", "sum again"),
    ]
    inputs = [{"x": np.array([1.0, 2.0, 4.0]), "k": 2.0}]
    assert indistinguishable(staged(), mistakes, inputs) == [("", "swapped"), ("sum", "sum again")]
