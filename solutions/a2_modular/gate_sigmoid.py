"""The sigmoid gate as a class: reference, hidden cases, known mistakes, equivalents, torch path."""

import numpy as np

from flatgrade.core import Case, Mistake


class SigmoidGate:
    def forward(self, x):
        z = 1 / (1 + np.exp(-x))  # (N, D)
        self.z = z
        return z

    def backward(self, dz):
        dx = dz * self.z * (1 - self.z)  # (N, D)
        return dx


def cases(rng):
    """Hidden inputs. Only the generic ones name mistakes; the others decide verdicts."""

    def draw(N, D):
        return {name: rng.standard_normal((N, D)) for name in ("x", "dz", "v")}

    small, far = draw(4, 3), draw(3, 5)
    return [
        Case("typical sizes", draw(5, 7), generic=True),
        Case("more rows than columns", draw(8, 3), generic=True),
        Case("a single number", draw(1, 1)),
        Case("an upstream gradient of zero", {**small, "dz": 0 * small["dz"]}),
        Case("numbers far from zero", {**far, "x": 8 * far["x"]}),
    ]


SLOPE = "The local slope is made of two factors, the output of the gate and what it lacks to 1."
AGAIN = "The sigmoid was taken twice: what was kept is its output already."
INPUT = "The slope z (1 - z) takes what comes out of the gate, and here it was given what goes in."
NO_UPSTREAM = "This is the slope of the gate alone: where is the gradient that arrives at z?"
SHARED = "The values of another gate were used here: each gate has to keep its own, on itself (self) and not on the class."

MISTAKES = [
    Mistake("z", "np.exp(-x)", "np.exp(x)", "This falls where it should rise: look at the sign in the exponent.", "sig-exp-sign"),
    Mistake("z", "1 / (1 + np.exp(-x))", "np.tanh(x)", "This lies between -1 and 1; a sigmoid lies between 0 and 1.", "sig-tanh"),
    Mistake("z", "1 / (1 + np.exp(-x))", "1 / (1 - np.exp(-x))", "The denominator is a sum, so that it is never 0.", "sig-minus"),
    Mistake("z", "1 / (1 + np.exp(-x))", "1 / 1 + np.exp(-x)", "Division comes before the sum: what is the denominator?", "sig-brackets"),
    Mistake("z", "1 / (1 + np.exp(-x))", "np.exp(x) / np.exp(x).sum()", "A sigmoid treats each number by itself; this is a softmax.", "sig-softmax"),
    Mistake("dx", "* self.z * (1 - self.z)", "* self.z", SLOPE, "sig-z-alone"),
    Mistake("dx", "* self.z * (1 - self.z)", "* (1 - self.z)", SLOPE, "sig-rest-alone"),
    Mistake("dx", "(1 - self.z)", "(1 + self.z)", "What the output lacks to 1 is a difference.", "sig-plus"),
    Mistake("dx", "(1 - self.z)", "(self.z - 1)", "The sigmoid rises everywhere, so its slope is positive: look at the sign.", "sig-sign"),
    Mistake("dx", "* self.z * (1 - self.z)", "* (1 - self.z**2)", "That is the slope of tanh.", "sig-tanh-slope"),
    Mistake("dx", "dz * self.z * (1 - self.z)", "self.z * (1 - self.z)", NO_UPSTREAM, "sig-no-upstream"),
    Mistake("dx", "dz * self.z * (1 - self.z)", "dz", "The upstream gradient is handed on as it is; the sigmoid has a slope of its own, at most 1/4.", "sig-no-local"),
    Mistake("dx", "dz * self.z * (1 - self.z)", "dz + self.z * (1 - self.z)", "Upstream gradient and local slope are multiplied, not added.", "sig-sum"),
    Mistake("dx", "dz * self.z * (1 - self.z)", "dz * dz * (1 - dz)", "The slope is that at the values of the forward pass; here it was taken at the gradient that arrives.", "sig-upstream-slope"),
    Mistake("dx", "self.z = z", "self.z = x", INPUT, "sig-kept-input"),
    Mistake("dx", "self.z * (1 - self.z)", "(1 / (1 + np.exp(-self.z))) * (1 - 1 / (1 + np.exp(-self.z)))", AGAIN, "sig-twice"),
    Mistake("dx", "self.z = z", "SigmoidGate.z = z", SHARED, "sig-shared"),
]

# Other right answers, each the text of a whole answer cell.
EQUIVALENTS = {
    "keeps the input": """\
class SigmoidGate:
    def forward(self, x):
        self.x = x
        return 1 / (1 + np.exp(-x))

    def backward(self, dz):
        e = np.exp(-self.x)
        return dz * e / (1 + e) ** 2
""",
    "by tanh": """\
class SigmoidGate:
    def forward(self, x):
        self.t = np.tanh(x / 2)
        return (1 + self.t) / 2

    def backward(self, dz):
        return dz * (1 - self.t**2) / 4
""",
    "keeps the local slope": """\
class SigmoidGate:
    def forward(self, x):
        s = np.exp(x) / (1 + np.exp(x))
        self.slope = s - s * s
        return s

    def backward(self, dz):
        return self.slope * dz
""",
}


def torch_path(x, dz, v):
    """The same gate in torch; the gradient dz arrives at what it returns."""
    return 1 / (1 + (-x).exp())
