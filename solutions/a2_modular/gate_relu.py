"""The ReLU gate as a class: reference, hidden cases, known mistakes, equivalents, torch path."""

import numpy as np

from flatgrade.core import Case, Mistake


class ReLUGate:
    def forward(self, x):
        self.positive = x > 0  # (N, D)
        z = np.maximum(0, x)  # (N, D)
        return z

    def backward(self, dz):
        dx = dz * self.positive  # (N, D)
        return dx


def cases(rng):
    """Hidden inputs. Only the generic ones name mistakes; the others decide verdicts."""

    def draw(N, D):
        return {name: rng.standard_normal((N, D)) for name in ("x", "dz", "v")}

    small, none, every = draw(4, 3), draw(3, 5), draw(2, 6)
    return [
        Case("typical sizes", draw(5, 7), generic=True),
        Case("more rows than columns", draw(8, 3), generic=True),
        Case("a single number", draw(1, 1)),
        Case("an upstream gradient of zero", {**small, "dz": 0 * small["dz"]}),
        Case("all inputs negative", {**none, "x": -np.abs(none["x"])}),
        Case("all inputs positive", {**every, "x": np.abs(every["x"])}),
    ]


MASK = "Where the gate lets a gradient through is decided by its input of the forward pass, not by the gradient that arrives."
NO_MASK = "The gradient comes back everywhere, also where the gate gave 0 whatever its input was."
SHARED = "The mask of another gate was used here: each gate has to keep its own, on itself (self) and not on the class."

MISTAKES = [
    Mistake("z", "np.maximum(0, x)", "np.minimum(0, x)", "This keeps the negative numbers; a ReLU keeps the positive ones.", "relu-minimum"),
    Mistake("z", "np.maximum(0, x)", "np.abs(x)", "Negative numbers become 0, not positive.", "relu-abs"),
    Mistake("z", "np.maximum(0, x)", "np.maximum(0.01 * x, x)", "A slope on the negative side makes a leaky ReLU.", "relu-leaky"),
    Mistake("z", "np.maximum(0, x)", "1.0 * (x > 0)", "Positive numbers go through as they are; they do not become 1.", "relu-step"),
    Mistake("z", "np.maximum(0, x)", "np.maximum(0, x).max()", "The maximum with 0 is taken of each number by itself.", "relu-max"),
    Mistake("dx", "dz * self.positive", "dz", NO_MASK, "relu-no-mask"),
    Mistake("dx", "dz * self.positive", "1.0 * self.positive", "This is the slope of the gate alone: where is the gradient that arrives at z?", "relu-no-upstream"),
    Mistake("dx", "dz * self.positive", "dz * (dz > 0)", MASK, "relu-upstream-mask"),
    Mistake("dx", "dz * self.positive", "dz * ~self.positive", "The gradient goes through where the input was negative: it is the other way round.", "relu-inverse"),
    Mistake("dx", "dz * self.positive", "dz * self.positive * (dz > 0)", MASK, "relu-both-masks"),
    Mistake("dx", "self.positive = x > 0", "self.positive = np.maximum(0, x)", "Where the gate is open its slope is 1; here it is the value of its output.", "relu-value"),
    Mistake("dx", "self.positive = x > 0", "self.positive = x", "The slope of the gate is 0 or 1; here it is the value of its input.", "relu-input"),
    Mistake("dx", "self.positive = x > 0", "self.positive = np.sign(x)", "A closed gate lets nothing through; here it turns the sign round.", "relu-sign"),
    Mistake("dx", "self.positive = x > 0", "self.positive = x > 1", "The gate opens at 0.", "relu-threshold"),
    Mistake("dx", "self.positive = x > 0", "ReLUGate.positive = x > 0", SHARED, "relu-shared"),
]

# Other right answers, each the text of a whole answer cell.
EQUIVALENTS = {
    "keeps the input, open at 0": """\
class ReLUGate:
    def forward(self, x):
        self.x = x
        return x * (x > 0)

    def backward(self, dz):
        return np.where(self.x >= 0, dz, 0.0)
""",
    "keeps the output": """\
class ReLUGate:
    def forward(self, x):
        z = x.copy()
        z[z < 0] = 0
        self.z = z
        return z

    def backward(self, dz):
        dx = dz.copy()
        dx[self.z == 0] = 0
        return dx
""",
}


def torch_path(x, dz, v):
    """The same gate in torch; the gradient dz arrives at what it returns."""
    return x.clamp(min=0)
