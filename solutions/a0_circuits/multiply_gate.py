"""The multiply gate: reference, hidden cases, known mistakes, equivalents, torch path."""

from flatgrade.core import Case, Mistake


def multiply_gate(a, b, grad_out):
    # forward
    out = a * b  # ()
    # backward
    grad_a = grad_out * b  # ()
    grad_b = grad_out * a  # ()
    return out, grad_a, grad_b


def cases(rng):
    """Hidden inputs. Only the generic ones name mistakes; the others decide verdicts."""

    def draw():
        sizes = rng.uniform(0.5, 2.5, 3) * rng.choice([-1.0, 1.0], 3)
        return dict(zip(("a", "b", "grad_out"), map(float, sizes), strict=True))

    return [
        Case("numbers of both signs", draw(), generic=True),
        Case("other numbers", draw(), generic=True),
        Case("an upstream gradient of zero", {**draw(), "grad_out": 0.0}),
        Case("a small and a large input", {**draw(), "a": 1e-3, "b": 1e3}),
    ]


OWN_INPUT = "Upstream times the wrong input: a multiply gate swaps, so the slope of an input is the value of the *other* input."
NO_LOCAL = "This hands the upstream gradient on as it is. That is an add gate; a multiply gate has a slope of its own."
NO_UPSTREAM = "This is the slope of the gate alone: where is the gradient that arrives at out?"
SIGN = "The size is right: look at the sign."
OUTPUT = "The slope of a product by one factor is the other factor alone: one factor too many."
ADDED = "Upstream and local slope are multiplied, not added."
DIVIDED = "The other input multiplies the upstream gradient; here it divides."

MISTAKES = [
    Mistake("out", "a * b", "a + b", "A multiply gate multiplies its inputs; this one adds them.", "mul-plus"),
    Mistake("out", "a * b", "a * b * grad_out", "The value does not depend on the gradient: grad_out is for the way back.", "mul-upstream"),
    Mistake("out", "a * b", "a / b", "A multiply gate multiplies its inputs; this one divides.", "mul-divide"),
    Mistake("grad_a", "* b", "* a", OWN_INPUT, "mul-a-own-input"),
    Mistake("grad_a", "grad_out * b", "grad_out", NO_LOCAL, "mul-a-no-local"),
    Mistake("grad_a", "grad_out * b", "b", NO_UPSTREAM, "mul-a-no-upstream"),
    Mistake("grad_a", "grad_out * b", "-grad_out * b", SIGN, "mul-a-sign"),
    Mistake("grad_a", "* b", "* out", OUTPUT, "mul-a-output"),
    Mistake("grad_a", "* b", "+ b", ADDED, "mul-a-added"),
    Mistake("grad_a", "* b", "/ b", DIVIDED, "mul-a-divided"),
    Mistake("grad_b", "* a", "* b", OWN_INPUT, "mul-b-own-input"),
    Mistake("grad_b", "grad_out * a", "grad_out", NO_LOCAL, "mul-b-no-local"),
    Mistake("grad_b", "grad_out * a", "a", NO_UPSTREAM, "mul-b-no-upstream"),
    Mistake("grad_b", "grad_out * a", "-grad_out * a", SIGN, "mul-b-sign"),
    Mistake("grad_b", "* a", "* out", OUTPUT, "mul-b-output"),
    Mistake("grad_b", "* a", "+ a", ADDED, "mul-b-added"),
    Mistake("grad_b", "* a", "/ a", DIVIDED, "mul-b-divided"),
]

# Other right answers, each the text of a whole answer cell.
EQUIVALENTS = {
    "local slopes written out": """\
def multiply_gate(a, b, grad_out):
    out = b * a
    local_a = b
    local_b = a
    grad_a = local_a * grad_out
    grad_b = local_b * grad_out
    return out, grad_a, grad_b
""",
    "one line": """\
def multiply_gate(a, b, grad_out):
    return a * b, b * grad_out, a * grad_out
""",
}


def torch_path(a, b, grad_out):
    """The same gate in torch; the gradient grad_out arrives at what it returns."""
    return a * b
