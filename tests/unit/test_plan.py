"""Call plans: functions, layer pairs with an opaque cache, objects with methods."""

import numpy as np
import pytest

from flatgrade.core.exercise import Call
from flatgrade.core.plan import MissingFunctionError, PlanError, run_plan


class Doubler:
    def forward(self, x):
        self.x = x
        return 2 * x


SPACE = {
    "forward": lambda x: (x + 1, ("secret", x)),
    "backward": lambda dout, cache: dout * cache[1],
    "Doubler": Doubler,
    "none": lambda x: None,
    "one": lambda x: x,
    "number": 3,
}


def test_a_plan_keeps_what_later_calls_need():
    """A cache goes from forward to backward untouched, and a method runs on an object made before."""
    plan = (
        Call("forward", ("x",), ("out", "cache")),
        Call("backward", ("out", "cache"), ("dx",)),
        Call("Doubler", (), ("gate",)),
        Call("gate.forward", ("dx",), ("z",)),
        Call("gate.forward", ("x",), ()),
    )
    kept = run_plan(plan, SPACE, {"x": np.array([2.0])})
    assert kept["out"].tolist() == [3]
    assert kept["dx"].tolist() == [6]
    assert kept["z"].tolist() == [12]


@pytest.mark.parametrize(
    ("call", "error", "message"),
    [
        (Call("nothing", ("x",), ("y",)), MissingFunctionError, "nothing is not defined."),
        (Call("number", ("x",), ("y",)), MissingFunctionError, "number is a int, not a function."),
        (Call("one.run", ("x",), ("y",)), MissingFunctionError, "one has no run."),
        (Call("none", ("x",), ("a", "b")), PlanError, "none returns nothing; expected 2 values: a, b."),
        (Call("one", ("x",), ("a", "b")), PlanError, "one returns one float; expected 2 values: a, b."),
        (Call("forward", ("x",), ("a", "b", "c")), PlanError, "forward returns 2 values; expected 3 values: a, b, c."),
    ],
)
def test_messages_of_a_plan(call, error, message):
    """What cannot be called, or returns something else, says so in one sentence."""
    with pytest.raises(error) as caught:
        run_plan((call,), SPACE, {"x": 1.0})
    assert str(caught.value) == message
