"""A small assignment of exercises that are not one flat function: a layer of two calls, a gate class, a circuit."""

from flatgrade.core import load_assignment
from flatgrade.grader.reference import load_solutions

CONTRACT = """
[affine]
title   = "A fully connected layer, forward and backward"
plan    = ["out, cache = affine_forward(x, w, b)", "dx, dw, db = affine_backward(dout, cache)"]
returns = ["out", "dx", "dw", "db"]
points  = 8
inputs  = { x = { shape = "N D" }, w = { shape = "D M" }, b = { shape = "M" }, dout = { shape = "N M" } }

[gate]
title   = "A gate that remembers its inputs"
plan    = ["gate = MultiplyGate()", "z = gate.forward(x, y)", "dx, dy = gate.backward(dz)"]
returns = ["z", "dx", "dy"]
points  = 3
inputs  = { x = {}, y = {}, dz = {} }

[step]
title   = "One step of gradient descent, in place"
plan    = ["params = as_params(w)", "step(params, dw)", "next_w = weights(params)", "back = undone(params, dw)"]
given   = ["as_params", "weights", "undone"]
returns = ["next_w", "back"]
points  = 2
inputs  = { w = { shape = "D" }, dw = { shape = "D" } }

[circuit]
title   = "f = (x + y) z"
call    = "circuit(x, y, z)"
returns = ["f", "grad_x", "grad_y", "grad_z"]
points  = 6
inputs  = { x = {}, y = {}, z = {} }
[circuit.stages]
q      = { points = 1 }
f      = { points = 1 }
grad_q = { points = 1 }
grad_z = { points = 1 }
grad_x = { points = 1 }
grad_y = { points = 1 }
"""

AFFINE = '''
import numpy as np

from flatgrade.core import Case, Mistake

GIVEN = "import numpy as np\\nROWS = 0\\n"
ROWS = 0


def affine_forward(x, w, b):
    out = x @ w + b
    return out, (x, w)


def affine_backward(dout, cache):
    x, w = cache
    dx = dout @ w.T
    dw = x.T @ dout
    db = dout.sum(axis=ROWS)
    return dx, dw, db


def cases(rng):
    def draw(N, D, M):
        shapes = {"x": (N, D), "w": (D, M), "b": (M,), "dout": (N, M)}
        return {name: rng.standard_normal(shape) for name, shape in shapes.items()}

    return [
        Case("typical sizes", draw(5, 7, 4), generic=True),
        Case("more rows", draw(9, 6, 3), generic=True),
        Case("one row", draw(1, 3, 2)),
    ]


MISTAKES = [
    Mistake("out", "x @ w + b", "x @ w", "The bias is missing.", "affine-bias"),
    Mistake("dw", "(x, w)", "(2 * x, w)", "Keep x as it came.", "affine-cache"),
    Mistake("dx", "dout @ w.T", "-(dout @ w.T)", "The slope of x @ w by x is w, not -w.", "affine-dx-sign"),
    Mistake("dw", "x.T @ dout", "x.T @ dout / x.shape[0]", "Nothing is averaged here.", "affine-dw-mean"),
    Mistake("db", "dout.sum(axis=ROWS)", "dout.mean(axis=ROWS)", "Nothing is averaged here.", "affine-db-mean"),
]
EQUIVALENTS = {
    "einsum, a dictionary as cache": """\\
def affine_forward(x, w, b):
    return np.einsum("nd,dm->nm", x, w) + b, {"x": x, "w": w}


def affine_backward(dout, cache):
    return dout @ cache["w"].T, cache["x"].T @ dout, np.ones(len(dout)) @ dout
""",
}


def torch_path(x, w, b, dout):
    return x @ w + b
'''

GATE = """
from flatgrade.core import Case, Mistake


class MultiplyGate:
    def forward(self, x, y):
        self.x, self.y = x, y
        return x * y

    def backward(self, dz):
        dx = self.y * dz
        dy = self.x * dz
        return dx, dy


def cases(rng):
    def draw():
        return {name: float(rng.standard_normal()) for name in ("x", "y", "dz")}

    return [Case("numbers", draw(), generic=True), Case("other numbers", draw(), generic=True)]


MISTAKES = [
    Mistake("dx", "self.y * dz", "self.x * dz", "A product hands each side the other one.", "gate-own-side"),
    Mistake("dy", "self.x * dz", "self.x", "What arrives from above is missing.", "gate-no-upstream"),
]


def torch_path(x, y, dz):
    return x * y
"""

STEP = """
from flatgrade.core import Case, Mistake

GIVEN = '''
def as_params(w):
    return {"w": w.copy()}

def weights(params):
    return params["w"]

def undone(params, dw):
    step(params, -dw)
    return params["w"]
'''


def step(params, dw):
    params["w"] = params["w"] - 0.1 * dw


def cases(rng):
    return [Case("numbers", {"w": rng.standard_normal(5), "dw": rng.standard_normal(5)}, generic=True)]


MISTAKES = [
    Mistake("next_w", "- 0.1 * dw", "+ 0.1 * dw", "Downhill is against the gradient.", "step-sign"),
    Mistake("next_w", "0.1 * dw", "dw", "The learning rate is missing.", "step-rate"),
    Mistake("back", 'params["w"] = params["w"] - 0.1 * dw', 'params["w"] = params.setdefault("first", params["w"]) - 0.1 * dw', "Go on from where it is.", "step-first"),
]
"""

CIRCUIT = """
from flatgrade.core import Case, Mistake


def circuit(x, y, z):
    q = x + y  # ()
    f = q * z  # ()
    grad_q = z  # ()
    grad_z = q  # ()
    grad_x = grad_q * 1.0  # ()
    grad_y = grad_q * 1.0  # ()
    return f, grad_x, grad_y, grad_z


def cases(rng):
    def draw():
        return {name: float(rng.standard_normal()) for name in ("x", "y", "z")}

    return [Case("numbers", draw(), generic=True), Case("other numbers", draw(), generic=True)]


MISTAKES = [
    Mistake("q", "x + y", "x * y", "The first gate adds.", "circuit-q"),
    Mistake("grad_z", "grad_z = q", "grad_z = z", "A product hands each side the other one.", "circuit-swap"),
]


def torch_path(x, y, z):
    return (x + y) * z
"""

TEXTS = {"affine": AFFINE, "gate": GATE, "step": STEP, "circuit": CIRCUIT}


def layers(folder):
    """The assignment and its solutions, written to `folder` and loaded."""
    home, secret = folder / "layers", folder / "solutions" / "layers"
    home.mkdir()
    secret.mkdir(parents=True)
    (home / "exercises.toml").write_text(CONTRACT, encoding="utf-8")
    for name, text in TEXTS.items():
        (secret / f"{name}.py").write_text(text, encoding="utf-8")
    assignment = load_assignment(home)
    return assignment, load_solutions(secret.parent, assignment)
