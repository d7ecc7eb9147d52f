"""The functions of a plan as one stretch of flat code: stages across calls, and what makes a name mean two things."""

import numpy as np
import pytest

from flatgrade.core.bodies import StagedError
from flatgrade.core.exercise import Call
from flatgrade.core.staged import StagedFunction, lint

FORWARD = """\
def forward(x, k):
    n = len(x)
    a = x * k  # (N,)
    y = a * a
    cache = (a, k)
    return y, cache
"""
BACKWARD = """\
def backward(dy, cache):
    '''From y to x.'''
    a, k = cache
    da = 2 * a * dy
    dx = k * da
    return dx
"""
PAIR = f"{FORWARD}\n\n{BACKWARD}"
PLAN = (Call("forward", ("x", "k"), ("y", "cache")), Call("backward", ("dy", "cache"), ("dx",)))


def staged(text=PAIR, stages=("a", "y", "da", "dx"), plan=PLAN):
    return StagedFunction(text, plan, stages, ("y", "dx"), {"np": np})


def test_stages_go_on_through_the_calls():
    """Each stage knows its call and its line in the whole text; what packs, unpacks and returns belongs to none."""
    pair = staged()
    assert pair.stages == ("a", "y", "da", "dx")
    assert {stage: (group.call, group.line) for stage, group in pair.groups.items()} == {
        "a": (0, 2),
        "y": (0, 4),
        "da": (1, 12),
        "dx": (1, 13),
    }
    assert [group.text for group in pair.groups.values()][1:] == ["y = a * a", "da = 2 * a * dy", "dx = k * da"]
    assert pair.ancestors("dx") == {"da", "a"}


def test_the_stages_are_what_the_calls_compute():
    """Run as one stretch, a pair gives what its calls give; a value that replay puts in reaches the other function."""
    pair, space = staged(), {}
    exec(PAIR, space)
    inputs = {"x": np.array([1.0, 2.0]), "k": 3.0, "dy": np.array([1.0, -1.0])}
    y, cache = space["forward"](inputs["x"], 3.0)
    last = pair.run(inputs)[-1]
    assert last["y"].tolist() == y.tolist()
    assert last["dx"].tolist() == space["backward"](inputs["dy"], cache).tolist()
    env = pair.step(pair.step(pair.start(inputs), "a") | {"a": np.ones(2)}, "y")
    assert pair.step(env, "da")["da"].tolist() == [2, -2]


def test_an_edit_is_made_in_its_function():
    """The same old text in the other function is left alone."""
    pair = PAIR.replace("y = a * a", "y = 2 * a * a")
    assert staged(pair).edited("da", ("2 * a", "a")) == pair.replace("da = 2 * a * dy", "da = a * dy")


def test_dictionaries_are_fresh_in_every_run():
    """A function that writes into its dictionary changes no input, and no other branch of the search."""
    text = "def f(x, p):\n    p['n'] = p['n'] + 1\n    y = x * p['n']\n    z = y + p['n']\n    return z\n"
    function = StagedFunction(text, [Call("f", ("x", "p"), ("z",))], ("y", "z"), ("z",), {})
    inputs = {"x": 2.0, "p": {"n": 0}}
    start = function.start(inputs)
    for _ in range(2):
        after = function.step(start, "y")
        assert (after["y"], function.step(after, "z")["z"]) == (2, 3)
    assert inputs["p"] == {"n": 0}


@pytest.mark.parametrize(("form", "cache"), [("a", "a"), ("(a,)", "(a,)"), ("a, k, n", "(a, k, n)")])
def test_a_cache_is_one_name_or_several(form, cache):
    """The form in which it is packed is the form in which it is unpacked."""
    text = PAIR.replace("(a, k)", cache).replace("a, k = cache", f"{form} = cache").replace("k * da", "da")
    assert staged(text).stages == ("a", "y", "da", "dx")


def test_a_value_that_goes_from_call_to_call_needs_no_cache():
    """A result that is a stage or an output is what the later call takes by that name."""
    plan = (Call("f", ("x",), ("h",)), Call("g", ("h", "x"), ("y", "dx")))
    text = (
        "def f(x):\n    h = x * x\n    return h\n\ndef g(h, x):\n    y = h + x\n    dx = 2 * x + 1\n    return y, dx\n"
    )
    assert staged(text, ("h", "y", "dx"), plan).groups["y"].parents == {"h"}


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        (BACKWARD, "", "backward is not defined in its reference"),
        ("backward(dy, cache)", "backward(dout, cache)", "backward must take dy, cache, as in its call"),
        ("return dx", "return k * da", "backward must end with return dx"),
        ("    da = 2", "    if k is None:\n        return dx\n    da = 2", "backward must return once, at its end"),
        ("cache = (a, k)", "cache = (2 * a, k)", "forward must pack names right before its return, as in cache = (a, b)"),
        ("    cache = (a, k)\n", "", "forward must pack names right before its return, as in cache = (a, b)"),
        ("a, k = cache", "k, a = cache", "backward must begin with a, k = cache"),
        ("    a, k = cache\n", "", "backward must begin with a, k = cache"),
        ("(a, k)\n", "(a, k)  #\n", None),
        ("    cache = (a, k)", "    b = a + 1\n    cache = (a, k)", "forward makes values behind y, its last stage: a value belongs to the stage that comes after it"),
        ("    da = 2 * a * dy\n    dx = k * da\n", "    n = 2\n", "backward makes values and has no stage: a value belongs to the stage that comes after it"),
        ("    da = 2 * a * dy", "    da = 2 * a * dy * n", "backward reads n, which it is not given"),
        ("    da = 2 * a * dy", "    da = 2 * a * dy * len(x)", "backward reads x, which it is not given"),
        ("    da = 2 * a * dy", "    y = a * a\n    da = 2 * a * dy", "backward and forward both assign y: a stage is made in one function"),
        ("    da = 2 * a * dy\n    dx", "    da, dx = a, a\n    dx", None),
        ("    dx = k * da", "    dx = k * da\n    pass", None),
        ("    da = 2 * a * dy\n    dx = k * da", "    da, dx = a, a", "backward assigns dx and another stage in one statement"),
    ],
)  # fmt: skip
def test_what_makes_a_name_mean_two_things_is_refused(old, new, message):
    """Each reason has its sentence; comments, a stage that is written twice in its function, and `pass` are none."""
    assert old in PAIR
    text = PAIR.replace(old, new)
    if message is None:
        assert staged(text).stages == ("a", "y", "da", "dx")
        return
    with pytest.raises(StagedError) as caught:
        staged(text)
    assert str(caught.value) == message


@pytest.mark.parametrize(
    ("calls", "message"),
    [
        (["h, c1 = f(x)", "y, c2 = g(h, dy)", "dx = b(dy, c1)"], "b is given n, and g has another n"),
        (["h, c1 = f(x)", "y, c2 = g(h, dy)", "dx = e(x, dy)"], "e is given x, and f has another x"),
    ],
)
def test_a_name_that_an_other_function_writes_means_something_else(calls, message):
    """Between packing and unpacking, and from the inputs to an argument, nobody else may write the name."""
    text = (
        "def f(x):\n    x = x + 1\n    n = 2 * x\n    h = n\n    c1 = n\n    return h, c1\n\n"
        "def g(h, dy):\n    n = 3\n    y = h * n\n    c2 = n\n    return y, c2\n\n"
        "def b(dy, c1):\n    n = c1\n    dx = n * dy\n    return dx\n\n"
        "def e(x, dy):\n    dx = x * dy\n    return dx\n"
    )
    plan = []
    for line in calls:
        results, _, call = line.partition(" = ")
        function, _, arguments = call.rstrip(")").partition("(")
        plan.append(Call(function, tuple(arguments.split(", ")), tuple(results.split(", "))))
    with pytest.raises(StagedError) as caught:
        staged(text, ("h", "y", "dx"), plan)
    assert str(caught.value) == message


def test_a_value_of_one_function_that_two_later_stages_read_must_be_a_stage():
    """Wherever they stand: a fault in it would be charged in both functions."""
    assert lint(staged(), ["x", "k", "dy"]) == []
    text = PAIR.replace("y = a * a", "b = a + 1\n    y = a * b").replace("(a, k)", "(a, k, b)")
    text = text.replace("a, k = cache", "a, k, b = cache").replace("2 * a", "(a + b)")
    said = "forward and backward: b is read by y and da, so it must be a stage (0 points are allowed)"
    assert lint(staged(text), ["x", "k", "dy"]) == [said]
