"""The sigmoid circuit: reference, hidden cases, known mistakes, equivalents, torch path."""

import numpy as np

from flatgrade.core import Case, Mistake


def sigmoid_circuit(w0, x0, w1, x1, w2):
    # forward
    s0 = w0 * x0  # ()
    s1 = w1 * x1  # ()
    s2 = s0 + s1  # ()
    s3 = s2 + w2  # ()
    L = 1 / (1 + np.exp(-s3))  # ()
    # backward
    grad_L = 1.0  # ()
    grad_s3 = grad_L * (1 - L) * L  # ()
    grad_w2 = grad_s3  # ()
    grad_s2 = grad_s3  # ()
    grad_s0 = grad_s2  # ()
    grad_s1 = grad_s2  # ()
    grad_w1 = grad_s1 * x1  # ()
    grad_x1 = grad_s1 * w1  # ()
    grad_w0 = grad_s0 * x0  # ()
    grad_x0 = grad_s0 * w0  # ()
    return L, grad_w0, grad_x0, grad_w1, grad_x1, grad_w2


def cases(rng):
    """Hidden inputs. Only the generic ones name mistakes; the others decide verdicts."""

    def draw(scale=1.0):
        sizes = scale * rng.uniform(0.4, 1.6, 5) * rng.choice([-1.0, 1.0], 5)
        return dict(zip(("w0", "x0", "w1", "x1", "w2"), map(float, sizes), strict=True))

    return [
        Case("five numbers", draw(), generic=True),
        Case("five other numbers", draw(), generic=True),
        Case("a first input of zero", {**draw(), "x0": 0.0}),
        Case("weights of zero", {**draw(), "w0": 0.0, "w1": 0.0}),
        Case("whole numbers", {"w0": 1, "x0": 2, "w1": -1, "x1": 3, "w2": 2}),
        Case("a saturated sigmoid", draw(2.0)),
    ]


OWN_INPUT = "Upstream times the wrong input: a multiply gate swaps, so the slope of an input is the value of the *other* input."
NO_LOCAL = "The gradient that arrives is handed on as it is: a multiply gate has a slope of its own, which is not 1."
NO_UPSTREAM = "This is the slope of the gate alone: where is the gradient that arrives there?"
VALUE = "Upstream is a slope; this uses the value of the gate in its place."
SIGN = "The size is right, the sign is not: does L grow or fall when this number grows?"
ADD = "An add gate hands the gradient on as it is: its own slope is 1, not the value of an input."
HALF = "An add gate does not share the gradient out: each input gets all of it."


def multiply_mistakes(weight, value):
    """What is made of grad_w = grad_s * x and of grad_x = grad_s * w, at the gate s = w * x."""
    index = weight[1:]
    found = []
    for own, partner in ((weight, value), (value, weight)):
        stage, upstream = f"grad_{own}", f"grad_s{index} * {partner}"
        found += [
            Mistake(stage, upstream, f"grad_s{index} * {own}", OWN_INPUT, f"sig-{own}-own-input"),
            Mistake(stage, upstream, f"grad_s{index}", NO_LOCAL, f"sig-{own}-no-local"),
            Mistake(stage, upstream, partner, NO_UPSTREAM, f"sig-{own}-no-upstream"),
            Mistake(stage, upstream, f"s{index} * {partner}", VALUE, f"sig-{own}-value"),
            Mistake(stage, upstream, f"-{upstream}", SIGN, f"sig-{own}-sign"),
        ]
    return found


MISTAKES = [
    Mistake("s0", "w0 * x0", "w0 + x0", "The first gate multiplies its inputs; this one adds them.", "sig-s0-plus"),
    Mistake("s1", "w1 * x1", "w1 + x1", "The second gate multiplies its inputs; this one adds them.", "sig-s1-plus"),
    Mistake("s1", "w1 * x1", "w1 * x0", "Each weight has an input of its own: compare the numbers of the names.", "sig-s1-cross"),
    Mistake("s2", "s0 + s1", "s0 * s1", "The two products are added; here they are multiplied.", "sig-s2-times"),
    Mistake("s3", "s2 + w2", "s2 * w2", "The bias w2 is added to the sum; here it is multiplied.", "sig-s3-times"),
    Mistake("s3", "s2 + w2", "s2 - w2", "The bias w2 is added to the sum: look at the sign.", "sig-s3-minus"),
    Mistake("s3", "s2 + w2", "s2", "The bias w2 is missing in the sum.", "sig-s3-no-bias"),
    Mistake("L", "np.exp(-s3)", "np.exp(s3)", "This sigmoid falls where it should grow: look at the sign in the exponent.", "sig-exp-sign"),
    Mistake("L", "1 / (1 + np.exp(-s3))", "1 / 1 + np.exp(-s3)", "The sigmoid lies between 0 and 1, and this is never below 1: the whole sum is the denominator.", "sig-brackets"),
    Mistake("L", "1 / (1 + np.exp(-s3))", "np.tanh(s3)", "This is the hyperbolic tangent, which runs from -1 to 1.", "sig-tanh"),
    Mistake("L", "1 / (1 + np.exp(-s3))", "s3", "The last gate, the sigmoid, is missing.", "sig-none"),
    Mistake("grad_L", "1.0", "L", "The way back starts with the slope of L by L itself, not with the value of L.", "sig-start-value"),
    Mistake("grad_s3", " * (1 - L) * L", " * L", "Half of the sigmoid's own slope is missing: it is a product of two factors, both made of its output.", "sig-no-one-minus"),
    Mistake("grad_s3", " * (1 - L) * L", " * (1 - L)", "Half of the sigmoid's own slope is missing: it is a product of two factors, both made of its output.", "sig-no-s"),
    Mistake("grad_s3", " * (1 - L) * L", "", "The sigmoid has a slope of its own: the gradient of L does not pass it unchanged.", "sig-no-local"),
    Mistake("grad_s3", "(1 - L) * L", "(1 - s3) * s3", "The sigmoid's slope is made of its output, not of the sum that goes in.", "sig-of-input"),
    Mistake("grad_s3", "(1 - L) * L", "(L - 1) * L", "The sigmoid grows everywhere, so its slope is positive: look at the sign.", "sig-slope-sign"),
    Mistake("grad_s3", "(1 - L) * L", "(1 - L * L)", "This is the slope of the hyperbolic tangent.", "sig-tanh-slope"),
    Mistake("grad_w2", "= grad_s3", "= grad_s3 * w2", ADD, "sig-w2-own"),
    Mistake("grad_w2", "= grad_s3", "= 1.0", NO_UPSTREAM, "sig-w2-no-upstream"),
    Mistake("grad_w2", "= grad_s3", "= grad_s3 / 2", HALF, "sig-w2-half"),
    Mistake("grad_s2", "= grad_s3", "= grad_s3 * w2", ADD, "sig-s2-swap"),
    Mistake("grad_s2", "= grad_s3", "= grad_s3 / 2", HALF, "sig-s2-half"),
    Mistake("grad_s0", "= grad_s2", "= grad_s2 * s1", ADD, "sig-s0-swap"),
    Mistake("grad_s1", "= grad_s2", "= grad_s2 * s0", ADD, "sig-s1-swap"),
    *multiply_mistakes("w1", "x1"),
    *multiply_mistakes("w0", "x0"),
]

# Other right answers, each the text of a whole answer cell.
EQUIVALENTS = {
    "the 1 left out": """\
def sigmoid_circuit(w0, x0, w1, x1, w2):
    s0 = w0 * x0
    s1 = w1 * x1
    s2 = s0 + s1
    s3 = s2 + w2
    L = 1.0 / (1.0 + np.exp(-s3))
    grad_s3 = L * (1 - L)
    grad_w2 = grad_s3
    grad_s2 = grad_s3
    grad_s0 = grad_s2
    grad_s1 = grad_s2
    grad_w1 = x1 * grad_s1
    grad_x1 = w1 * grad_s1
    grad_w0 = x0 * grad_s0
    grad_x0 = w0 * grad_s0
    return L, grad_w0, grad_x0, grad_w1, grad_x1, grad_w2
""",
    "the other form of the sigmoid": """\
def sigmoid_circuit(w0, x0, w1, x1, w2):
    s0 = w0 * x0
    s1 = w1 * x1
    s2 = s0 + s1
    s3 = s2 + w2
    L = np.exp(s3) / (1 + np.exp(s3))
    grad_L = 1
    grad_s3 = grad_L * np.exp(-s3) / (1 + np.exp(-s3)) ** 2
    grad_s2 = grad_s3 * 1
    grad_w2 = grad_s3 * 1
    grad_s0 = grad_s2 * 1
    grad_s1 = grad_s2 * 1
    grad_w0 = grad_s0 * x0
    grad_x0 = grad_s0 * w0
    grad_w1 = grad_s1 * x1
    grad_x1 = grad_s1 * w1
    return L, grad_w0, grad_x0, grad_w1, grad_x1, grad_w2
""",
    "the hyperbolic tangent": """\
def sigmoid_circuit(w0, x0, w1, x1, w2):
    t = np.tanh((w0 * x0 + w1 * x1 + w2) / 2)
    slope = (1 - t**2) / 4
    return (1 + t) / 2, slope * x0, slope * w0, slope * x1, slope * w1, slope
""",
    "the math module": """\
import math


def sigmoid_circuit(w0, x0, w1, x1, w2):
    s = w0 * x0 + w1 * x1 + w2
    L = 1 / (1 + math.exp(-s))
    ds = L * (1 - L)
    return L, ds * x0, ds * w0, ds * x1, ds * w1, ds
""",
    "a function for the sigmoid": """\
def sigmoid(z):
    return 1 / (1 + np.exp(-z))


def sigmoid_circuit(w0, x0, w1, x1, w2):
    L = sigmoid(w0 * x0 + w1 * x1 + w2)
    dscore = (1 - L) * L
    dw0, dx0 = dscore * x0, dscore * w0
    dw1, dx1 = dscore * x1, dscore * w1
    dw2 = dscore
    return L, dw0, dx0, dw1, dx1, dw2
""",
    "arrays": """\
def sigmoid_circuit(w0, x0, w1, x1, w2):
    w, x = np.array([w0, w1]), np.array([x0, x1])
    L = 1 / (1 + np.exp(-(w @ x + w2)))
    dw = L * (1 - L) * x
    dx = L * (1 - L) * w
    return L, dw[0], dx[0], dw[1], dx[1], L * (1 - L)
""",
}


def torch_path(w0, x0, w1, x1, w2):
    """The same circuit in torch; returns a scalar tensor."""
    import torch

    return torch.sigmoid(w0 * x0 + w1 * x1 + w2)
