"""The numerical gradient with a step to each side: reference, hidden cases, known mistakes, equivalents."""

import numpy as np

from flatgrade.core import Case, Function, Mistake


def numerical_gradient(f, x, h):
    grad = np.zeros(x.shape)
    for i in np.ndindex(x.shape):
        right = x.copy()
        right[i] += h
        left = x.copy()
        left[i] -= h
        grad[i] = (f(right) - f(left)) / (2 * h)
    return grad


def cases(rng):
    """Hidden inputs. Only the generic ones name mistakes; the others decide verdicts."""

    def case(label, text, x, h, generic=False):
        return Case(label, {"f": Function(text), "x": x, "h": h}, generic=generic)

    cubes = "lambda x: np.sum(x**3) + np.prod(np.cos(x))"
    up_and_down = "lambda x: np.sum(x[:, 0] ** 3) - np.sum(x[:, 1] ** 3) + np.prod(np.cos(x))"
    return [
        case("typical sizes", up_and_down, rng.standard_normal((3, 2)), 0.3, generic=True),
        case("a wider matrix", "lambda x: np.sum(x * np.sin(x)) + np.sum(x) ** 3", rng.standard_normal((2, 5)), 0.2, generic=True),
        case("one number", "lambda x: np.exp(x[0, 0])", rng.standard_normal((1, 1)), 0.1),
        case("a vector", cubes, rng.standard_normal(4), 0.1),
        case("an array of three dimensions", cubes, rng.standard_normal((2, 1, 3)), 0.1),
        case("a small step", "lambda x: np.sum(np.exp(x))", rng.standard_normal((2, 3)), 1e-3),
        case("a function that does not depend on every entry", "lambda x: x[0, 0] * x[1, 1]", rng.standard_normal((2, 3)), 0.05),
        case("steps across a corner", "lambda x: np.sum(np.maximum(0, x))", np.array([[-0.1, 0.2], [-2.0, 0.7]]), 0.25),
    ]


_RIGHT = "        right = x.copy()\n        right[i] += h"
_LEFT = "        left = x.copy()\n        left[i] -= h"
_ONE = "Only one entry takes the step; the others stay where x has them."
_APART = "The two points are 2 * h apart."

MISTAKES = [
    Mistake("grad", "/ (2 * h)", "/ h", _APART + " Here the slope comes out twice as large.", "cen-h"),
    Mistake("grad", "/ (2 * h)", "", "This is how far f moved. Divide by the distance of the two points.", "cen-nodiv"),
    Mistake("grad", "/ (2 * h)", "* (2 * h)", "A slope is the change of f divided by the distance of the two points.", "cen-times"),
    Mistake("grad", "/ (2 * h)", "/ 2 * h", "Python goes from left to right: this divides by 2 and multiplies by h.", "cen-precedence"),
    Mistake("grad", "/ (2 * h)", "/ 2", "This divides by 2 and not by h. " + _APART, "cen-no-h"),
    Mistake("grad", "/ (2 * h)", "/ (2 + h)", _APART + " Here 2 + h divides.", "cen-plus"),
    Mistake("grad", "/ (2 * h)", "/ h**2", _APART, "cen-h-squared"),
    Mistake("grad", "f(right) - f(left)", "f(left) - f(right)", "The slope is the value to the right minus the value to the left.", "cen-sign"),
    Mistake("grad", "f(right) - f(left)", "f(right) + f(left)", "A slope needs the change of f: subtract.", "cen-add"),
    Mistake("grad", "f(right) - f(left)", "abs(f(right) - f(left))", "A slope may be negative: keep the sign of the difference.", "cen-abs"),
    Mistake("grad", "(f(right) - f(left)) / (2 * h)", "(f(right) - f(x)) / h", "This is a step to one side; here one to each side is asked for.", "cen-one-sided"),
    Mistake("grad", "(f(right) - f(left)) / (2 * h)", "(f(x) - f(left)) / h", "This is a step to the left only; here one to each side is asked for.", "cen-left-only"),
    Mistake("grad", "f(right) - f(left)", "f(right) - f(x)", "The two points are x + h and x - h: here the left one is x itself.", "cen-half"),
    Mistake("grad", "f(right) - f(left)", "f(right) - 2 * f(x) + f(left)", "This is the way to a second derivative; asked for is the slope.", "cen-second"),
    Mistake("grad", "left[i] -= h", "left[i] += h", "Both points are the same: one has to be at x + h and one at x - h, each in a copy of x of its own.", "cen-same-point"),
    Mistake("grad", "right[i] += h", "right += h", _ONE, "cen-all-right"),
    Mistake("grad", "left[i] -= h", "left -= h", _ONE, "cen-all-left"),
    Mistake("grad", f"{_RIGHT}\n{_LEFT}", "        right = x + h\n        left = x - h", _ONE, "cen-all"),
    Mistake("grad", "right[i] += h", "right[i] = h", "The step is added to the entry: here it takes the entry's place.", "cen-set-right"),
    Mistake("grad", "left[i] -= h", "left[i] = -h", "The step is subtracted from the entry: here it takes the entry's place.", "cen-set-left"),
    Mistake("grad", f"{_RIGHT}\n{_LEFT}", "        right = np.zeros(x.shape)\n        right[i] = x[i] + h\n        left = np.zeros(x.shape)\n        left[i] = x[i] - h", _ONE + " Here they are 0.", "cen-zeros"),
    Mistake("grad", "right[i] += h\n        left = x.copy()\n        left[i] -= h", "right[i] += h / 2\n        left = x.copy()\n        left[i] -= h / 2", "The step to each side is h: here it is half as long.", "cen-half-step"),
    Mistake("grad", "right[i] += h\n        left = x.copy()\n        left[i] -= h", "right[i] *= 1 + h\n        left = x.copy()\n        left[i] *= 1 - h", "The step is added to the entry: here it is a share of the entry.", "cen-relative"),
    Mistake("grad", f"    for i in np.ndindex(x.shape):\n{_RIGHT}\n{_LEFT}", "    right, left = x.copy(), x.copy()\n    for i in np.ndindex(x.shape):\n        right[i] += h\n        left[i] -= h", "The earlier entries are still moved when the next one takes its step: start from x again in every round.", "cen-no-reset"),
    Mistake("grad", "np.zeros(x.shape)", "np.zeros(x.shape, dtype=int)", "grad holds whole numbers, and what is behind the point is cut off: make it an array of floats.", "cen-int"),
    Mistake("grad", "(f(right) - f(left)) / (2 * h)", "round((f(right) - f(left)) / (2 * h), 2)", "The slopes are rounded: return them as they are.", "cen-round"),
    Mistake("grad", "np.zeros(x.shape)", "np.zeros(x.shape)\n    h = 1e-5", "The step is the argument h; here it is another number.", "cen-own-h"),
    Mistake("grad", "    return grad", "    return grad / np.linalg.norm(grad)", "The gradient keeps its length: do not divide by its norm.", "cen-normed"),
]

# Other right answers, each the text of a whole answer cell.
EQUIVALENTS = {
    "in place, and put back": '''\
def numerical_gradient(f, x, h):
    grad = np.zeros_like(x)
    for i in np.ndindex(x.shape):
        old = x[i]
        x[i] = old + h
        up = f(x)
        x[i] = old - h
        down = f(x)
        x[i] = old
        grad[i] = (up - down) / (2 * h)
    return grad
''',
    "an iterator of NumPy": '''\
def numerical_gradient(f, x, h):
    x = x.copy()
    grad = np.zeros_like(x)
    it = np.nditer(x, flags=["multi_index"])
    while not it.finished:
        at = it.multi_index
        old = x[at]
        x[at] = old + h
        up = f(x)
        x[at] = old - h
        down = f(x)
        x[at] = old
        grad[at] = (up - down) / h / 2
        it.iternext()
    return grad
''',
    "steps as arrays": '''\
def numerical_gradient(f, x, h):
    grad = np.zeros(x.size)
    for k in range(x.size):
        step = np.zeros(x.size)
        step[k] = h
        step = step.reshape(x.shape)
        grad[k] = (f(x + step) - f(x - step)) / (2 * h)
    return grad.reshape(x.shape)
''',
    "the mean of the slopes to either side": '''\
def numerical_gradient(f, x, h):
    grad = np.zeros(x.shape)
    here = f(x)
    for i in np.ndindex(*x.shape):
        right, left = x.copy(), x.copy()
        right[i], left[i] = x[i] + h, x[i] - h
        grad[i] = ((f(right) - here) / h + (here - f(left)) / h) / 2
    return grad
''',
}
