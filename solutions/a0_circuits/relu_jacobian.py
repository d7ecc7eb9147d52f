"""The Jacobian of ReLU, written out: reference, hidden cases, known mistakes, equivalents."""

import numpy as np

from flatgrade.core import Case, Mistake


def relu_jacobian(x):
    slopes = (x > 0) * 1.0  # (D,)
    jacobian = np.diag(slopes)  # (D, D)
    return jacobian


def cases(rng):
    """Hidden inputs. Only the generic ones name mistakes; the others decide verdicts."""
    return [
        Case("typical sizes", {"x": _both_signs(rng, 8)}, generic=True),
        Case("a longer vector", {"x": _both_signs(rng, 11)}, generic=True),
        Case("one number", {"x": np.array([rng.uniform(0.2, 2)])}),
        Case("all entries positive", {"x": rng.uniform(0.2, 2, 5)}),
        Case("all entries negative", {"x": -rng.uniform(0.2, 2, 6)}),
    ]


def _both_signs(rng, size):
    """A vector with small and large entries of either sign, in no order, and none near 0 or 1."""
    small, large = rng.uniform(0.2, 0.9, size), rng.uniform(1.2, 3, size)
    return rng.permutation([*small[:2], *-small[2:4], *large[4:6], *-large[6:]])


_SLOPE = "The slope of max(0, x) is 1 where x is positive and 0 elsewhere: no other number."
_OFF = "Entry i of z depends on entry i of x and on no other: what stands beside the diagonal is 0."
_DIAGONAL = "Row i, column i holds the slope of z[i] by x[i]: the diagonal from the upper left to the lower right."

MISTAKES = [
    Mistake("slopes", "(x > 0)", "(x < 0)", "The slope is 1 where x is positive; here it is the wrong way round.", "relu-mask-inverted"),
    Mistake("slopes", "(x > 0) * 1.0", "np.maximum(0, x)", _SLOPE + " This is the value of ReLU.", "relu-value"),
    Mistake("slopes", "(x > 0) * 1.0", "x", _SLOPE + " This is x itself.", "relu-x"),
    Mistake("slopes", "(x > 0) * 1.0", "np.sign(x)", _SLOPE + " For a negative x the sign is -1.", "relu-sign"),
    Mistake("slopes", "(x > 0) * 1.0", "np.abs(x)", _SLOPE + " This is the size of x.", "relu-abs"),
    Mistake("slopes", "(x > 0) * 1.0", "np.ones_like(x)", "Where x is negative, z is 0 and stays 0: the slope there is not 1.", "relu-nomask"),
    Mistake("slopes", "(x > 0) * 1.0", "np.where(x > 0, 1.0, 0.1)", "A negative x does not get through at all: the slope there is 0, not a small number.", "relu-leaky"),
    Mistake("jacobian", "np.diag(slopes)", "np.outer(slopes, slopes)", _OFF, "jac-outer"),
    Mistake("jacobian", "np.diag(slopes)", "np.eye(len(slopes))", "An entry of x that is negative has slope 0 on the diagonal, too.", "jac-eye"),
    Mistake("jacobian", "np.diag(slopes)", "np.tile(slopes, (len(slopes), 1))", _OFF, "jac-rows"),
    Mistake("jacobian", "np.diag(slopes)", "np.tile(slopes, (len(slopes), 1)).T", _OFF, "jac-columns"),
    Mistake("jacobian", "np.diag(slopes)", "np.fliplr(np.diag(slopes))", _DIAGONAL, "jac-other-diagonal"),
    Mistake("jacobian", "np.diag(slopes)", "np.flipud(np.diag(slopes))", _DIAGONAL, "jac-other-diagonal"),
    Mistake("jacobian", "np.diag(slopes)", "np.ones((len(slopes), len(slopes)))", _OFF, "jac-ones"),
    Mistake("jacobian", "np.diag(slopes)", "np.zeros((len(slopes), len(slopes)))", "The Jacobian is all 0: the slopes belong on its diagonal.", "jac-zeros"),
    Mistake("jacobian", "np.diag(slopes)", "np.diag(x * slopes)", "The diagonal holds the slopes, not the values of ReLU.", "jac-values"),
    Mistake("jacobian", "np.diag(slopes)", "np.diag(1 - slopes)", "The slope is 1 where x is positive; here it is the wrong way round.", "jac-inverted"),
]

# Other right answers, each the text of a whole answer cell.
EQUIVALENTS = {
    "numbers chosen by np.where": '''\
def relu_jacobian(x):
    slopes = np.where(x > 0, 1.0, 0.0)
    jacobian = np.eye(len(x)) * slopes
    return jacobian
''',
    "whole numbers": '''\
def relu_jacobian(x):
    slopes = (x > 0).astype(int)
    jacobian = np.diag(slopes)
    return jacobian
''',
    "the slope at 0 taken as 1": '''\
def relu_jacobian(x):
    return np.diag(np.where(x >= 0, 1.0, 0.0))
''',
    "a loop over the diagonal": '''\
def relu_jacobian(x):
    D = x.shape[0]
    J = np.zeros((D, D))
    for i in range(D):
        if x[i] > 0:
            J[i, i] = 1
    return J
''',
    "two loops": '''\
def relu_jacobian(x):
    D = len(x)
    jacobian = np.empty((D, D))
    for i in range(D):
        for j in range(D):
            jacobian[i, j] = 1.0 if i == j and x[j] > 0 else 0.0
    return jacobian
''',
    "from the value": '''\
def relu_jacobian(x):
    z = np.maximum(0, x)
    return np.diag(np.sign(z))
''',
}
