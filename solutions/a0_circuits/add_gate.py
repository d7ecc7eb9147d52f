"""The add gate: reference, hidden cases, known mistakes, equivalents, torch path."""

from flatgrade.core import Case, Mistake


def add_gate(a, b, grad_out):
    # forward
    out = a + b  # ()
    # backward
    grad_a = grad_out  # ()
    grad_b = grad_out  # ()
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
        Case("an input of zero", {**draw(), "a": 0.0}),
    ]


LOCAL = "An add gate distributes: it hands the upstream gradient on as it is, whatever the inputs are."
NO_UPSTREAM = "1 is the slope of the gate alone: where is the gradient that arrives at out?"
HALF = "An add gate does not share the gradient out: each input gets all of it."
SIGN = "Raising an input raises out just as much: look at the sign."
VALUE = "On the way back slopes are handed on; this is a value of the way forward."
BRANCH = "Upstream and local slope are multiplied, not added."

MISTAKES = [
    Mistake("out", "a + b", "a * b", "An add gate adds its inputs; this one multiplies them.", "add-times"),
    Mistake("out", "a + b", "a - b", "An add gate adds its inputs: look at the sign.", "add-minus"),
    Mistake("out", "a + b", "a + b + grad_out", "The value does not depend on the gradient: grad_out is for the way back.", "add-upstream"),
    Mistake("grad_a", "= grad_out", "= grad_out * b", LOCAL, "add-a-swap"),
    Mistake("grad_a", "= grad_out", "= grad_out * a", LOCAL, "add-a-own"),
    Mistake("grad_a", "= grad_out", "= 1.0", NO_UPSTREAM, "add-a-no-upstream"),
    Mistake("grad_a", "= grad_out", "= grad_out / 2", HALF, "add-a-half"),
    Mistake("grad_a", "= grad_out", "= -grad_out", SIGN, "add-a-sign"),
    Mistake("grad_a", "= grad_out", "= out", VALUE, "add-a-value"),
    Mistake("grad_a", "= grad_out", "= grad_out * out", LOCAL, "add-a-output"),
    Mistake("grad_a", "= grad_out", "= grad_out + 1", BRANCH, "add-a-added"),
    Mistake("grad_b", "= grad_out", "= grad_out * a", LOCAL, "add-b-swap"),
    Mistake("grad_b", "= grad_out", "= grad_out * b", LOCAL, "add-b-own"),
    Mistake("grad_b", "= grad_out", "= 1.0", NO_UPSTREAM, "add-b-no-upstream"),
    Mistake("grad_b", "= grad_out", "= grad_out / 2", HALF, "add-b-half"),
    Mistake("grad_b", "= grad_out", "= -grad_out", SIGN, "add-b-sign"),
    Mistake("grad_b", "= grad_out", "= out", VALUE, "add-b-value"),
    Mistake("grad_b", "= grad_out", "= grad_out * out", LOCAL, "add-b-output"),
    Mistake("grad_b", "= grad_out", "= grad_out + 1", BRANCH, "add-b-added"),
]

# Other right answers, each the text of a whole answer cell.
EQUIVALENTS = {
    "local slopes written out": """\
def add_gate(a, b, grad_out):
    out = b + a
    local_a = 1
    local_b = 1
    grad_a = grad_out * local_a
    grad_b = grad_out * local_b
    return out, grad_a, grad_b
""",
    "one line": """\
def add_gate(a, b, grad_out):
    return a + b, grad_out, grad_out
""",
}


def torch_path(a, b, grad_out):
    """The same gate in torch; the gradient grad_out arrives at what it returns."""
    return a + b
