"""ReLU of a vector and the gradient through it: reference, hidden cases, known mistakes, equivalents, torch path."""

import numpy as np

from flatgrade.core import Case, Mistake


def relu_vector(x, dz):
    # forward
    z = np.maximum(0, x)  # (D,)
    # backward
    dx = dz * (x > 0)  # (D,)
    return z, dx


def cases(rng):
    """Hidden inputs. Only the generic ones name mistakes; the others decide verdicts."""
    return [
        Case("typical sizes", {"x": _both_signs(rng, 8), "dz": _both_signs(rng, 8)}, generic=True),
        Case("a longer vector", {"x": _both_signs(rng, 13), "dz": _both_signs(rng, 13)}, generic=True),
        Case("one number", {"x": np.array([0.7]), "dz": rng.standard_normal(1)}),
        Case("all entries positive", {"x": rng.uniform(0.2, 2, 5), "dz": rng.standard_normal(5)}),
        Case("all entries negative", {"x": -rng.uniform(0.2, 2, 6), "dz": rng.standard_normal(6)}),
        Case("a gradient of zero arrives", {"x": _both_signs(rng, 6), "dz": np.zeros(6)}),
    ]


def _both_signs(rng, size):
    """A vector with small and large entries of either sign, in no order, and none near 0 or 1."""
    small, large = rng.uniform(0.2, 0.9, size), rng.uniform(1.2, 3, size)
    return rng.permutation([*small[:2], *-small[2:4], *large[4:6], *-large[6:]])


_MASK = "The sign of x decides what gets through, on the way back as on the way forward; the sign of dz does not."
_VALUE = "The slope of max(0, x) is 1 or 0: dz gets through as it is, or not at all."

MISTAKES = [
    Mistake("z", "np.maximum(0, x)", "np.minimum(0, x)", "ReLU keeps the larger of 0 and x.", "relu-min"),
    Mistake("z", "np.maximum(0, x)", "np.abs(x)", "ReLU sets negative entries to 0; it does not turn their sign.", "relu-abs"),
    Mistake("z", "np.maximum(0, x)", "x", "Negative entries become 0: where is the max with 0?", "relu-identity"),
    Mistake("z", "np.maximum(0, x)", "(x > 0) * 1.0", "z holds the values that are kept, not where they are.", "relu-step"),
    Mistake("z", "np.maximum(0, x)", "np.maximum(1, x)", "ReLU compares with 0, not with 1.", "relu-corner1"),
    Mistake("z", "np.maximum(0, x)", "np.minimum(1, np.maximum(0, x))", "ReLU has no upper limit: a large x stays as large as it is.", "relu-clip"),
    Mistake("z", "np.maximum(0, x)", "1 / (1 + np.exp(-x))", "This is the sigmoid; ReLU is max(0, x).", "relu-sigmoid"),
    Mistake("z", "np.maximum(0, x)", "np.tanh(x)", "This is tanh; ReLU is max(0, x).", "relu-tanh"),
    Mistake("z", "np.maximum(0, x)", "np.log1p(np.exp(x))", "This is softplus, a smooth relative; ReLU is max(0, x).", "relu-softplus"),
    Mistake("z", "np.maximum(0, x)", "np.maximum(0.1 * x, x)", "This is the leaky ReLU; here negative entries become 0.", "relu-leaky"),
    Mistake("z", "np.maximum(0, x)", "np.maximum(0, x) * dz", "z is made of x alone; dz belongs to the way back.", "relu-z-dz"),
    Mistake("dx", "(x > 0)", "(dz > 0)", _MASK, "relu-dout"),
    Mistake("dx", "dz * (x > 0)", "np.maximum(0, dz)", _MASK, "relu-dout"),
    Mistake("dx", "dz * (x > 0)", "dz * (x > 0) * (dz > 0)", "A negative gradient gets through as well as a positive one: only the sign of x counts.", "relu-guided"),
    Mistake("dx", "dz * (x > 0)", "dz", "Where x is negative, z stays 0 whatever x does: nothing gets back there.", "relu-nomask"),
    Mistake("dx", "dz * (x > 0)", "(x > 0) * 1.0", "This is the slope of ReLU itself. Multiply the gradient that arrives by it.", "relu-noupstream"),
    Mistake("dx", "(x > 0)", "(x < 0)", "The gradient gets through where x is positive; the mask is the wrong way round.", "relu-mask-inverted"),
    Mistake("dx", "dz * (x > 0)", "dz * z", _VALUE, "relu-value"),
    Mistake("dx", "dz * (x > 0)", "dz * x", _VALUE, "relu-times-x"),
    Mistake("dx", "(x > 0)", "np.sign(x)", "For a negative x the sign is -1, and the slope of ReLU is 0.", "relu-sign"),
    Mistake("dx", "(x > 0)", "np.where(x > 0, 1.0, 0.1)", "This is the way back through a leaky ReLU; here nothing gets back where x is negative.", "relu-dleaky"),
    Mistake("dx", "(x > 0)", "(x > 1)", "The corner of ReLU is at 0, not at 1.", "relu-dcorner1"),
    Mistake("dx", "dz * (x > 0)", "-dz * (x > 0)", "z grows with x: no minus sign here.", "relu-minus"),
    Mistake("dx", "dz * (x > 0)", "dz * (x > 0) / len(x)", "Every entry goes its own way: nothing is averaged here.", "relu-mean"),
    Mistake("dx", "dz * (x > 0)", "dz.sum() * (x > 0)", "Each entry of x gets the entry of dz at its own place, not the sum of all.", "relu-sum"),
    Mistake("dx", "dz * (x > 0)", "dz + (x > 0)", "The gradient that arrives is multiplied by the local slope, not added to it.", "relu-add"),
    Mistake("dx", "dz * (x > 0)", "dz[::-1] * (x > 0)", "Each entry of x gets the entry of dz at its own place.", "relu-reversed"),
    Mistake("dx", "dz * (x > 0)", "np.where(x > 0, dz, x)", "Where x is negative, its gradient is 0.", "relu-where-x"),
]

# Other right answers, each the text of a whole answer cell.
EQUIVALENTS = {
    "the explicit product": '''\
def relu_vector(x, dz):
    z = np.maximum(0, x)
    dx = np.diag((x > 0) * 1.0).T @ dz
    return z, dx
''',
    "the mask from z": '''\
def relu_vector(x, dz):
    z = np.maximum(0, x)
    dx = np.where(z > 0, dz, 0)
    return z, dx
''',
    "the gradient at 0 let through": '''\
def relu_vector(x, dz):
    z = x * (x >= 0)
    dx = dz * (x >= 0)
    return z, dx
''',
    "copies with zeros written in": '''\
def relu_vector(x, dz):
    z = x.copy()
    z[x < 0] = 0
    dx = dz.copy()
    dx[x < 0] = 0
    return z, dx
''',
    "a loop": '''\
def relu_vector(x, dz):
    z = np.zeros(len(x))
    dx = np.zeros(len(x))
    for i in range(len(x)):
        if x[i] > 0:
            z[i] = x[i]
            dx[i] = dz[i]
    return z, dx
''',
    "half of x and its size": '''\
def relu_vector(x, dz):
    z = (x + np.abs(x)) / 2
    dx = dz * (1 + np.sign(x)) / 2
    return z, dx
''',
}


def torch_path(x, dz):
    """The same output in torch: x (D,); dz arrives at it."""
    import torch

    return torch.relu(x)
