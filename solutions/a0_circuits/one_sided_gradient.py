"""The numerical gradient with a step to one side: reference, hidden cases, known mistakes, equivalents."""

import numpy as np

from flatgrade.core import Case, Function, Mistake


def one_sided_gradient(f, x, h):
    D = x.shape[0]
    grad = np.zeros(D)
    value = f(x)
    for i in range(D):
        moved = x.copy()
        moved[i] += h
        grad[i] = (f(moved) - value) / h
    return grad


def cases(rng):
    """Hidden inputs. Only the generic ones name mistakes; the others decide verdicts."""

    def case(label, text, x, h, generic=False):
        return Case(label, {"f": Function(text), "x": x, "h": h}, generic=generic)

    return [
        case("typical sizes", "lambda x: np.sum(x[:2] ** 3) - np.sum(x[2:] ** 3) + np.prod(np.cos(x))", rng.standard_normal(5), 0.03, generic=True),
        case("a longer vector", "lambda x: np.sum(x * np.sin(x)) + np.sum(x) ** 2", rng.standard_normal(9), 0.07, generic=True),
        case("one number", "lambda x: np.exp(x[0])", rng.standard_normal(1), 0.01),
        case("a small step", "lambda x: np.sum(np.exp(x))", rng.standard_normal(6), 1e-3),
        case("a large step", "lambda x: np.sum(x**2)", rng.standard_normal(4), 1.5),
        case("a function that does not depend on every entry", "lambda x: x[0] * x[2]", rng.standard_normal(4), 0.05),
        case("steps across a corner", "lambda x: np.sum(np.maximum(0, x))", np.array([-0.1, 0.2, -2.0, 0.7]), 0.25),
    ]


_WHOLE = """\
    for i in range(D):
        moved = x.copy()
        moved[i] += h
        grad[i] = (f(moved) - value) / h"""
_STEP = "        moved[i] += h\n        grad[i] = (f(moved) - value) / h"
_ONE = "Only entry i takes the step; the others stay where x has them."

MISTAKES = [
    Mistake("grad", "/ h", "", "This is how far f moved. Divide by the step to have the slope.", "num-nodiv"),
    Mistake("grad", "/ h", "* h", "A slope is the change of f divided by the step, not multiplied by it.", "num-times-h"),
    Mistake("grad", "/ h", "/ (2 * h)", "The two points are h apart here, not 2 * h.", "num-2h"),
    Mistake("grad", "/ h", "/ h**2", "Divide by the step once.", "num-h-squared"),
    Mistake("grad", "/ h", "/ len(x)", "Divide by the step h, not by the number of entries.", "num-divD"),
    Mistake("grad", "f(moved) - value", "value - f(moved)", "The slope is the value behind the step minus the value before it.", "num-sign"),
    Mistake("grad", "f(moved) - value", "f(moved)", "A slope needs the change of f: subtract the value at x.", "num-nodiff"),
    Mistake("grad", "f(moved) - value", "abs(f(moved) - value)", "A slope may be negative: keep the sign of the difference.", "num-abs"),
    Mistake("grad", "moved[i] += h", "moved[i] -= h", "The step goes to x + h; from x - h the difference has the other sign.", "num-minus-step"),
    Mistake("grad", "moved[i] += h\n        grad[i] = (f(moved) - value)", "moved[i] -= h\n        grad[i] = (value - f(moved))", "This is the slope from x - h to x; asked for is the one from x to x + h.", "num-backward"),
    Mistake("grad", "(f(moved) - value) / h", "(f(moved) - f(2 * x - moved)) / (2 * h)", "This takes a step to each side, which is the next exercise: here x itself is one of the two points.", "num-central"),
    Mistake("grad", "moved[i] += h", "moved += h", _ONE, "num-all"),
    Mistake("grad", "        moved = x.copy()\n        moved[i] += h", "        moved = np.zeros(D)\n        moved[i] += h", _ONE + " Here they are 0.", "num-zeros"),
    Mistake("grad", "moved[i] += h", "moved[i] = h", "The step is added to the entry: here it takes the entry's place.", "num-set"),
    Mistake("grad", "moved[i] += h", "moved[i] *= 1 + h", "The step is added to the entry: here it is a share of the entry.", "num-relative"),
    Mistake("grad", "moved[i] += h", "moved[i] += 2 * h", "The step is h, and it is divided by h: here it is twice as long.", "num-step2"),
    Mistake("grad", "moved[i] += h", "moved[0] += h", "In round i of the loop it is entry i that takes the step, not always the first.", "num-first"),
    Mistake("grad", "    for i in range(D):\n        moved = x.copy()", "    moved = x.copy()\n    for i in range(D):", "The earlier entries are still moved when the next one takes its step: start from x again in every round.", "num-no-reset"),
    Mistake("grad", "range(D)", "range(D - 1)", "The last entry has a slope, too: the loop ends one too early.", "num-misses-last"),
    Mistake("grad", "range(D)", "range(1, D)", "The first entry has a slope, too: Python counts from 0.", "num-misses-first"),
    Mistake("grad", "np.zeros(D)", "np.zeros(D, dtype=int)", "grad holds whole numbers, and what is behind the point is cut off: make it an array of floats.", "num-int"),
    Mistake("grad", _STEP, _STEP.replace("h\n", "1e-5\n").replace("/ h", "/ 1e-5"), "The step is the argument h; here it is another number.", "num-own-h"),
    Mistake("grad", _STEP, _STEP.replace("h\n", "1e-4\n").replace("/ h", "/ 1e-4"), "The step is the argument h; here it is another number.", "num-own-h4"),
    Mistake("grad", "(f(moved) - value) / h", "round((f(moved) - value) / h, 2)", "The slopes are rounded: return them as they are.", "num-round"),
    Mistake("grad", "    return grad", "    return grad / np.linalg.norm(grad)", "The gradient keeps its length: do not divide by its norm.", "num-normed"),
]

# Other right answers, each the text of a whole answer cell.
EQUIVALENTS = {
    "in place, and put back": '''\
def one_sided_gradient(f, x, h):
    grad = np.zeros_like(x)
    before = f(x)
    for i in range(len(x)):
        old = x[i]
        x[i] = old + h
        grad[i] = (f(x) - before) / h
        x[i] = old
    return grad
''',
    "f(x) again in every round": '''\
def one_sided_gradient(f, x, h):
    grad = np.zeros(len(x))
    for i in range(len(x)):
        step = np.zeros(len(x))
        step[i] = h
        grad[i] = (f(x + step) - f(x)) / h
    return grad
''',
    "rows of the unit matrix": '''\
def one_sided_gradient(f, x, h):
    return np.array([(f(x + h * unit) - f(x)) / h for unit in np.eye(len(x))])
''',
    "the step that was really taken": '''\
def one_sided_gradient(f, x, h):
    grad = np.empty(x.shape)
    fx = f(x)
    for i, old in enumerate(x):
        near = x.copy()
        near[i] = old + h
        grad[i] = (f(near) - fx) / (near[i] - old)
    return grad
''',
}
