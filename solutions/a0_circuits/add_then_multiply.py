"""The circuit (x + y) * z: reference, hidden cases, known mistakes, equivalents, torch path."""

from flatgrade.core import Case, Mistake


def add_then_multiply(x, y, z):
    # forward
    q = x + y  # ()
    f = q * z  # ()
    # backward
    grad_f = 1.0  # ()
    grad_q = grad_f * z  # ()
    grad_z = grad_f * q  # ()
    grad_x = grad_q  # ()
    grad_y = grad_q  # ()
    return f, grad_x, grad_y, grad_z


def cases(rng):
    """Hidden inputs. Only the generic ones name mistakes; the others decide verdicts."""

    def draw():
        sizes = rng.uniform(0.5, 2.5, 3) * rng.choice([-1.0, 1.0], 3)
        return dict(zip("xyz", map(float, sizes), strict=True))

    return [
        Case("three numbers", draw(), generic=True),
        Case("three other numbers", draw(), generic=True),
        Case("whole numbers", {"x": 3, "y": -7, "z": 2}),
        Case("x + y is zero", {"x": 1.75, "y": -1.75, "z": 3.5}),
        Case("large numbers", {name: 1e6 * value for name, value in draw().items()}),
    ]


MISTAKES = [
    Mistake("q", "x + y", "x * y", "The first gate adds its inputs; this one multiplies them.", "atm-q-times"),
    Mistake("q", "x + y", "x - y", "The first gate adds its inputs: look at the sign.", "atm-q-minus"),
    Mistake("q", "x + y", "x", "The first gate has two inputs: one of them is missing.", "atm-q-one"),
    Mistake("q", "x + y", "y", "The first gate has two inputs: one of them is missing.", "atm-q-other"),
    Mistake("f", "q * z", "q + z", "The second gate multiplies its inputs; this one adds them.", "atm-f-plus"),
    Mistake("f", "q * z", "x * z", "Both inputs of the multiplication count: it takes q, not x alone.", "atm-f-x"),
    Mistake("f", "q * z", "y * z", "Both inputs of the multiplication count: it takes q, not y alone.", "atm-f-y"),
    Mistake("f", "q * z", "q / z", "The second gate multiplies its inputs; this one divides.", "atm-f-divide"),
    Mistake("f", "q * z", "-q * z", "The second gate multiplies its inputs: look at the sign.", "atm-f-sign"),
    Mistake("grad_f", "1.0", "f", "The way back starts with the slope of f by f itself, not with the value of f.", "atm-start-value"),
    Mistake("grad_f", "1.0", "0.0", "The way back starts with the slope of f by f itself: how much does f grow when f grows?", "atm-start-zero"),
    Mistake("grad_f", "1.0", "-1.0", "The way back starts with the slope of f by f itself, and f grows as f grows: look at the sign.", "atm-start-sign"),
    Mistake("grad_q", "* z", "* q", "Upstream times the wrong input: a multiply gate swaps, so the slope of an input is the value of the *other* input.", "atm-q-own-input"),
    Mistake("grad_q", "grad_f * z", "grad_f", "The upstream gradient has to be multiplied by the gate's own slope: this gate multiplies, it does not add.", "atm-q-no-local"),
    Mistake("grad_q", "grad_f * z", "f * z", "Upstream is a slope; this uses the value of f in its place.", "atm-q-value"),
    Mistake("grad_q", "* z", "* f", "The slope of a product by one factor is the other factor, not the product.", "atm-q-output"),
    Mistake("grad_q", "* z", "* -z", "The size is right, the sign is not: this gate does not turn signs round.", "atm-q-sign"),
    Mistake("grad_q", "* z", "/ z", "The slope of a product by one factor is the other factor itself, not one divided by it.", "atm-q-inverse"),
    Mistake("grad_q", "* z", "+ z", "Upstream and local slope are multiplied, not added.", "atm-q-added"),
    Mistake("grad_q", "* z", "* x", "The other input of the gate that q goes into is not x.", "atm-q-x"),
    Mistake("grad_q", "* z", "* y", "The other input of the gate that q goes into is not y.", "atm-q-y"),
    Mistake("grad_z", "* q", "* z", "Upstream times the wrong input: a multiply gate swaps, so the slope of an input is the value of the *other* input.", "atm-z-own-input"),
    Mistake("grad_z", "* q", "* x", "The other input of the multiplication is the whole sum q, not x alone.", "atm-z-x"),
    Mistake("grad_z", "* q", "* y", "The other input of the multiplication is the whole sum q, not y alone.", "atm-z-y"),
    Mistake("grad_z", "grad_f * q", "grad_f", "The upstream gradient has to be multiplied by the gate's own slope: this gate multiplies, it does not add.", "atm-z-no-local"),
    Mistake("grad_z", "* q", "* f", "This comes to the value of the product. Multiply the gradient that arrives at f by the other factor; grad_q lies on another branch.", "atm-z-product"),
    Mistake("grad_z", "* q", "* -q", "The size is right, the sign is not: this gate does not turn signs round.", "atm-z-sign"),
    Mistake("grad_x", "= grad_q", "= grad_q * y", "An add gate hands the upstream gradient on as it is: its own slope is 1, not the other input.", "atm-x-swap"),
    Mistake("grad_x", "= grad_q", "= grad_q * x", "An add gate hands the upstream gradient on as it is: its own slope is 1, not the input.", "atm-x-own"),
    Mistake("grad_x", "= grad_q", "= 1.0", "1 is the slope of the add gate alone: where is the gradient that arrives at q?", "atm-x-no-upstream"),
    Mistake("grad_x", "= grad_q", "= q", "This is the number q, which is also grad_z. x goes into the add gate: what it gets is the slope that arrives there.", "atm-x-value"),
    Mistake("grad_x", "= grad_q", "= -grad_q", "Raising x raises q just as much: look at the sign.", "atm-x-sign"),
    Mistake("grad_x", "= grad_q", "= grad_q / 2", "An add gate does not share the gradient out: each input gets all of it.", "atm-x-half"),
    Mistake("grad_y", "= grad_q", "= grad_q * x", "An add gate hands the upstream gradient on as it is: its own slope is 1, not the other input.", "atm-y-swap"),
    Mistake("grad_y", "= grad_q", "= grad_q * y", "An add gate hands the upstream gradient on as it is: its own slope is 1, not the input.", "atm-y-own"),
    Mistake("grad_y", "= grad_q", "= 1.0", "1 is the slope of the add gate alone: where is the gradient that arrives at q?", "atm-y-no-upstream"),
    Mistake("grad_y", "= grad_q", "= q", "This is the number q, which is also grad_z. y goes into the add gate: what it gets is the slope that arrives there.", "atm-y-value"),
    Mistake("grad_y", "= grad_q", "= -grad_q", "Raising y raises q just as much: look at the sign.", "atm-y-sign"),
    Mistake("grad_y", "= grad_q", "= grad_q / 2", "An add gate does not share the gradient out: each input gets all of it.", "atm-y-half"),
]

# Other right answers, each the text of a whole answer cell.
EQUIVALENTS = {
    "the 1 left out": """\
def add_then_multiply(x, y, z):
    q = x + y
    f = q * z
    grad_q = z
    grad_z = q
    grad_x = grad_q
    grad_y = grad_q
    return f, grad_x, grad_y, grad_z
""",
    "local slopes written out": """\
def add_then_multiply(x, y, z):
    q = x + y
    f = q * z
    grad_f = 1
    grad_z = grad_f * q
    grad_q = grad_f * z
    grad_x = grad_q * 1
    grad_y = grad_q * 1
    return f, grad_x, grad_y, grad_z
""",
    "multiplied out": """\
def add_then_multiply(x, y, z):
    return x * z + y * z, z, z, x + y
""",
    "own names": """\
def add_then_multiply(x, y, z):
    total = x + y
    product = total * z
    dtotal, dz = z, total
    dx = dy = dtotal
    return product, dx, dy, dz
""",
}


def torch_path(x, y, z):
    """The same circuit in torch; returns a scalar tensor."""
    return (x + y) * z
