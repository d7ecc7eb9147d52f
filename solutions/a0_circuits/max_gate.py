"""The max gate: reference, hidden cases, known mistakes, equivalents, torch path."""

import numpy as np

from flatgrade.core import Case, Mistake


def max_gate(a, b, grad_out):
    # forward
    out = np.maximum(a, b)  # ()
    # backward
    grad_a = grad_out * (a > b)  # ()
    grad_b = grad_out * (b > a)  # ()
    return out, grad_a, grad_b


def cases(rng):
    """Hidden inputs. Only the generic ones name mistakes; the others decide verdicts."""

    def draw(smaller, larger):
        step, upstream = rng.uniform(0.1, 0.6, 2), rng.uniform(0.5, 2.5) * rng.choice([-1.0, 1.0])
        return float(smaller - step[0]), float(larger - step[1]), float(upstream)

    def case(a, b, upstream):
        return {"a": a, "b": b, "grad_out": upstream}

    low, high, upstream = draw(-1.5, -0.2)
    first_negative = case(high, low, upstream)
    low, high, upstream = draw(1.1, 2.4)
    second_positive = case(low, high, upstream)
    low, high, upstream = draw(0.9, 2.7)
    first_positive = case(high, low, upstream)
    return [
        Case("the first input is larger, both are negative", first_negative, generic=True),
        Case("the second input is larger, both are positive", second_positive, generic=True),
        Case("the first input is larger, both are positive", first_positive, generic=True),
        Case("the second input is larger, both are negative", case(-3.25, -1.5, 0.75)),
        Case("nearly equal inputs", case(1.25, 1.2499, -2.0)),
        Case("an upstream gradient of zero", case(0.5, -0.75, 0.0)),
    ]


BOTH = "This input gets the gradient whether it is the larger or not: the smaller one could change a little, and out would not notice."
LOSER = "The gradient is routed to the wrong input: the one that came through on the way forward is the one that counts."
NO_UPSTREAM = "1 or 0 is the slope of the gate alone: where is the gradient that arrives at out?"
VALUE = "The slope of the larger input is 1, not its value."
HALF = "Where one input is larger, it gets all of the gradient, not a half."
SIGN = "Raising the larger input raises out just as much: look at the sign."
NEVER = "This input gets nothing, even where it is the larger one."


def router_mistakes(own, other):
    """What is made of grad_own = grad_out * (own > other)."""
    stage, line = f"grad_{own}", f"grad_out * ({own} > {other})"
    return [
        Mistake(stage, line, "grad_out", BOTH, f"max-{own}-both"),
        Mistake(stage, line, f"grad_out * ({own} < {other})", LOSER, f"max-{own}-loser"),
        Mistake(stage, line, f"1.0 * ({own} > {other})", NO_UPSTREAM, f"max-{own}-no-upstream"),
        Mistake(stage, line, f"grad_out * ({own} > {other}) * {own}", VALUE, f"max-{own}-value"),
        Mistake(stage, line, f"grad_out * ({own} > {other}) * {other}", "The slope of the larger input is 1: a max gate does not swap values as a multiply gate does.", f"max-{own}-swap"),
        Mistake(stage, line, f"grad_out * ({own} > {other}) / 2", HALF, f"max-{own}-half"),
        Mistake(stage, line, "grad_out / 2", "A max gate does not share the gradient out: one input gets all of it, the other nothing.", f"max-{own}-share"),
        Mistake(stage, line, f"-grad_out * ({own} > {other})", SIGN, f"max-{own}-sign"),
        Mistake(stage, line, "0.0", NEVER, f"max-{own}-never"),
        Mistake(stage, line, f"grad_out * ({own} > 0)", "Which input comes through depends on the other input, not on 0.", f"max-{own}-relu"),
    ]


MISTAKES = [
    Mistake("out", "np.maximum(a, b)", "np.minimum(a, b)", "This is the smaller of the two inputs.", "max-min"),
    Mistake("out", "np.maximum(a, b)", "a + b", "A max gate lets one input through; this one adds them.", "max-plus"),
    Mistake("out", "np.maximum(a, b)", "np.maximum(abs(a), abs(b))", "The larger number counts, not the larger size: signs matter.", "max-abs"),
    Mistake("out", "np.maximum(a, b)", "np.maximum(a, 0)", "Both inputs are compared with each other, not with 0.", "max-zero"),
    *router_mistakes("a", "b"),
    *router_mistakes("b", "a"),
]

# Other right answers, each the text of a whole answer cell.
EQUIVALENTS = {
    "a choice": """\
def max_gate(a, b, grad_out):
    out = max(a, b)
    grad_a = grad_out if a > b else 0.0
    grad_b = 0.0 if a > b else grad_out
    return out, grad_a, grad_b
""",
    "one if": """\
def max_gate(a, b, grad_out):
    if a >= b:
        out, grad_a, grad_b = a, grad_out, 0
    else:
        out, grad_a, grad_b = b, 0, grad_out
    return out, grad_a, grad_b
""",
    "compared with the output": """\
def max_gate(a, b, grad_out):
    out = np.where(a > b, a, b)
    grad_a = (a == out) * grad_out
    grad_b = (b == out) * grad_out
    return out, grad_a, grad_b
""",
    "what is left": """\
def max_gate(a, b, grad_out):
    local_a = float(a > b)
    return local_a * a + (1 - local_a) * b, local_a * grad_out, (1 - local_a) * grad_out
""",
}


def torch_path(a, b, grad_out):
    """The same gate in torch; the gradient grad_out arrives at what it returns."""
    import torch

    return torch.maximum(a, b)
