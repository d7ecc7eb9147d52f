"""Tracing: the same results as the plain function, and every value that a name held."""

import inspect

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from support.course import defined

from flatgrade.core.exercise import Call
from flatgrade.core.trace import TracedPlan


def versions(trace, name):
    return [(version.line, version.value.tolist()) for version in trace.versions[name]]


def run(text, *arguments, name="f"):
    """The trace of one function; what it returned is kept as y."""
    return traced(defined(text, name)).run(dict(zip("xn", arguments, strict=False)))


def traced(function):
    plan = [Call("f", tuple(inspect.signature(function).parameters), ("y",))]
    return TracedPlan(plan, {"f": function})


def test_versions_carry_the_line_after_which_they_held():
    """Assignment, augmented assignment, change through an alias: each is a version with its line."""
    trace = run("def f(x):\n    a = x + 1\n    a *= 2\n    b = a\n    b[0] = 0\n    return b\n", np.array([1.0, 2.0]))
    assert versions(trace, "a") == [(2, [2, 3]), (3, [4, 6]), (5, [0, 6])]
    assert versions(trace, "b") == [(4, [4, 6]), (5, [0, 6])]
    assert trace.returned["y"].tolist() == [0, 6]


def test_live_is_the_value_after_a_line_also_where_the_line_changed_nothing():
    """A line that changes nothing in one case makes no version there, yet its value is known."""
    trace = run("def f(x):\n    m = x\n    m = m + 0\n    m = m * 2\n    return m\n", np.array([1.0]))
    assert trace.live("m", 3).tolist() == [1]
    assert trace.live("m", 4).tolist() == [2]
    assert trace.live("m", 2) is None  # the input itself is no version
    assert trace.live("nothing", 9) is None


def test_reads_name_the_lines_that_use_a_value():
    """The first use of a stage is the first later line that reads it and does not write it."""
    trace = run("def f(x):\n    d = x * 1\n    d /= 2\n    y = d + d\n    z = d\n    return z\n", np.array([4.0]))
    assert trace.reads["d"] == [4, 5]
    assert trace.first_read("d") == 4
    assert trace.first_read("unknown") is None


PROGRAMS = [
    "def f(x, n):\n    with np.errstate(all='ignore'):\n        y = x / n\n    if n > 2:\n        return y\n    return -y\n",
    "def f(x, n):\n    try:\n        y = x[n]\n    except IndexError:\n        y = x.sum()\n    finally:\n        z = 1\n    return y\n",
    "def f(x, n):\n    y, z = x.min(), x.max()\n    for i in range(n):\n        y += i\n        if y > 3:\n            break\n    return y, z\n",
    "def f(x, n):\n    '''doc'''\n    g = lambda v: v * 2\n    def h(v):\n        nonlocal n\n        n += 1\n        return v\n    return g(h(x)), n\n",
    "def f(x, n):\n    out = np.zeros_like(x)\n    np.add(x, n, out=out)\n    np.add.at(out, [0, 0], 1)\n    return [out, {'n': n}][0]\n",
    "def f(x, n):\n    match n:\n        case 1:\n            y = x\n        case _:\n            y = x + n\n    del n\n    return (w := y) + w\n",
]


@pytest.mark.parametrize("text", PROGRAMS)
@given(values=st.lists(st.floats(-5, 5), min_size=1, max_size=4), n=st.integers(1, 4))
def test_the_traced_function_returns_what_the_plain_one_does(text, values, n):
    """Snapshots change nothing: the same result, and the arguments are left alone."""
    function = defined(text, "f")
    x = np.array(values)
    plain, shadow = function(x.copy(), n), x.copy()
    trace = traced(function).run({"x": x, "n": n})
    assert repr(plain) == repr(trace.returned["y"])
    assert np.array_equal(x, shadow)


def test_an_exception_ends_the_trace_and_keeps_what_was_seen():
    """What stood before the failing line is kept, and so is the line."""
    trace = run("\ndef f(x):\n    a = x + 1\n    b = a / missing\n    return b\n", np.array([1.0]))
    assert versions(trace, "a") == [(3, [2])]
    assert (trace.error, trace.error_line) == ("NameError: name 'missing' is not defined", 4)
    assert trace.returned == {}


def test_decorators_are_dropped_and_a_cell_magic_does_no_harm():
    """The traced copy is the bare function; %%time in front of it is no code."""
    text = "def keep(g):\n    return g\n\n@keep\ndef f(x):\n    y = x + 1\n    return y\n"
    assert versions(run(text, 1.0), "y") == [(6, 2)]


@pytest.mark.parametrize(
    "text",
    [
        "f = lambda x: x",
        "def make():\n    k = 2\n    def f(x):\n        return k * x\n    return f\nf = make()",
        "def f(x):\n    yield x\n",
        "class C:\n    def __call__(self, x):\n        return x\nf = C()",
    ],
)
def test_what_is_not_flat_code_is_not_traced(text):
    """Lambdas, closures, generators and callable objects are judged by their outputs alone."""
    assert not traced(defined(text, "f")).flat


def test_versions_are_numbers_only_and_capped():
    """Texts and lists make no version; a name keeps at most twenty."""
    body = "".join(f"    a = x + {i}\n" for i in range(30))
    trace = run(f"def f(x):\n    s = 'text'\n    l = [1, 2]\n    t = x > 0\n{body}    return a\n", np.array([1.0]))
    assert set(trace.versions) == {"t", "a"}
    assert len(trace.versions["a"]) == 20
