"""The sigmoid circuit in single steps: reference, hidden cases, known mistakes, equivalents, torch path."""

import numpy as np

from flatgrade.core import Case, Mistake


def sigmoid_circuit_expanded(w0, x0, w1, x1, w2):
    # forward
    s3 = w0 * x0 + w1 * x1 + w2  # ()
    neg = -s3  # ()
    exp_neg = np.exp(neg)  # ()
    plus_one = exp_neg + 1  # ()
    f = 1 / plus_one  # ()
    # backward
    grad_f = 1.0  # ()
    grad_plus_one = grad_f * (-1 / plus_one**2)  # ()
    grad_exp_neg = grad_plus_one  # ()
    grad_neg = grad_exp_neg * exp_neg  # ()
    grad_s3 = -grad_neg  # ()
    grad_w2 = grad_s3  # ()
    grad_w1 = grad_s3 * x1  # ()
    grad_x1 = grad_s3 * w1  # ()
    grad_w0 = grad_s3 * x0  # ()
    grad_x0 = grad_s3 * w0  # ()
    return f, grad_w0, grad_x0, grad_w1, grad_x1, grad_w2


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
        Case("whole numbers", {"w0": 1, "x0": 2, "w1": -1, "x1": 3, "w2": 4}),
        Case("a saturated sigmoid", draw(2.0)),
    ]


OWN_INPUT = "Upstream times the wrong input: the slope of a product by one factor is the value of the *other* factor."
NO_LOCAL = "The gradient that arrives is handed on as it is: a product has a slope by each factor, which is not 1."
NO_UPSTREAM = "This is the slope of the sum alone: where is the gradient that arrives there?"
SIGN = "The size is right, the sign is not: does f grow or fall when this number grows?"


def product_mistakes(own, partner):
    """What is made of grad_own = grad_s3 * partner."""
    stage, line = f"grad_{own}", f"grad_s3 * {partner}"
    return [
        Mistake(stage, line, f"grad_s3 * {own}", OWN_INPUT, f"exp-{own}-own-input"),
        Mistake(stage, line, "grad_s3", NO_LOCAL, f"exp-{own}-no-local"),
        Mistake(stage, line, partner, NO_UPSTREAM, f"exp-{own}-no-upstream"),
        Mistake(stage, line, f"-{line}", SIGN, f"exp-{own}-sign"),
    ]


MISTAKES = [
    Mistake("s3", " + w2", "", "The bias w2 is missing in the sum.", "exp-no-bias"),
    Mistake("s3", "w1 * x1", "w1 * x0", "Each weight has an input of its own: compare the numbers of the names.", "exp-cross"),
    Mistake("neg", "-s3", "s3", "This gate turns the sign of the sum round.", "exp-no-neg"),
    Mistake("exp_neg", "np.exp(neg)", "np.exp(-neg)", "The sign was turned round in the gate before; here it is turned back.", "exp-twice-neg"),
    Mistake("exp_neg", "np.exp(neg)", "neg", "The exponential is missing: this hands on what goes in.", "exp-no-exp"),
    Mistake("plus_one", "+ 1", "- 1", "This gate adds the constant 1: look at the sign.", "exp-minus-one"),
    Mistake("plus_one", " + 1", "", "This gate adds the constant 1.", "exp-no-one"),
    Mistake("f", "1 / plus_one", "plus_one", "The last gate is one divided by its input; this hands the input on.", "exp-no-inverse"),
    Mistake("f", "1 / plus_one", "-1 / plus_one", "The sigmoid lies between 0 and 1: look at the sign.", "exp-inverse-sign"),
    Mistake("grad_f", "1.0", "f", "The way back starts with the slope of f by f itself, not with the value of f.", "exp-start-value"),
    Mistake("grad_plus_one", "(-1 / plus_one**2)", "(1 / plus_one**2)", "1/x falls when x grows: its slope is negative.", "exp-dinv-sign"),
    Mistake("grad_plus_one", "(-1 / plus_one**2)", "(-1 / plus_one)", "The slope of 1/x falls off with the square of x.", "exp-dinv-square"),
    Mistake("grad_plus_one", "(-1 / plus_one**2)", "(1 / plus_one)", "This is the gate's value 1/x; the slope of 1/x is something else.", "exp-dinv-value"),
    Mistake("grad_plus_one", "grad_f * (-1 / plus_one**2)", "grad_f", "The gate 1/x has a slope of its own: the gradient does not pass it unchanged.", "exp-dinv-no-local"),
    Mistake("grad_plus_one", "-1 / plus_one**2", "-1 / exp_neg**2", "The slope of a gate is taken at what goes into it: exp_neg goes into the gate before this one.", "exp-dinv-place"),
    Mistake("grad_plus_one", "(-1 / plus_one**2)", "np.log(plus_one)", "The logarithm is the integral of 1/x; here its derivative is needed.", "exp-dinv-integral"),
    Mistake("grad_exp_neg", "= grad_plus_one", "= grad_plus_one + 1", "The constant 1 is added on the way forward only: on the way back the gradient passes unchanged.", "exp-dadd-one"),
    Mistake("grad_exp_neg", "= grad_plus_one", "= grad_plus_one * exp_neg", "Adding a constant has the slope 1; the slope of the exponential comes at the next gate.", "exp-dadd-early"),
    Mistake("grad_exp_neg", "= grad_plus_one", "= 0.0", "The constant has no slope, but what it is added to has one.", "exp-dadd-zero"),
    Mistake("grad_exp_neg", "= grad_plus_one", "= -grad_plus_one", "Raising exp_neg raises plus_one just as much: look at the sign.", "exp-dadd-sign"),
    Mistake("grad_neg", "grad_exp_neg * exp_neg", "grad_exp_neg", "The exponential has a slope of its own: the gradient does not pass it unchanged.", "exp-dexp-no-local"),
    Mistake("grad_neg", "* exp_neg", "* neg", "The slope of the exponential is its own output, not its input.", "exp-dexp-input"),
    Mistake("grad_neg", "* exp_neg", "* neg * np.exp(neg - 1)", "This is the rule for powers of x; in the exponential x stands in the exponent.", "exp-dexp-power"),
    Mistake("grad_neg", "* exp_neg", "* -exp_neg", "The exponential grows when its input grows; the sign is turned round at the next gate.", "exp-dexp-early"),
    Mistake("grad_neg", "* exp_neg", "/ exp_neg", "This is the exponential of s3, or a division by that of neg: the slope of the exponential is what comes out of this gate.", "exp-dexp-divide"),
    Mistake("grad_s3", "-grad_neg", "grad_neg", "Raising s3 lowers neg: where is the sign?", "exp-dneg-no-sign"),
    Mistake("grad_w2", "= grad_s3", "= grad_s3 * w2", "The bias is added, so its own slope is 1: its value does not belong there.", "exp-w2-own"),
    Mistake("grad_w2", "= grad_s3", "= 1.0", NO_UPSTREAM, "exp-w2-no-upstream"),
    Mistake("grad_w2", "= grad_s3", "= -grad_s3", SIGN, "exp-w2-sign"),
    *product_mistakes("w1", "x1"),
    *product_mistakes("x1", "w1"),
    *product_mistakes("w0", "x0"),
    *product_mistakes("x0", "w0"),
]

# Other right answers, each the text of a whole answer cell.
EQUIVALENTS = {
    "slopes made of the outputs": """\
def sigmoid_circuit_expanded(w0, x0, w1, x1, w2):
    s3 = w0 * x0 + w1 * x1 + w2
    neg = -1 * s3
    exp_neg = np.exp(neg)
    plus_one = 1 + exp_neg
    f = plus_one**-1
    grad_f = 1
    grad_plus_one = -f * f * grad_f
    grad_exp_neg = 1 * grad_plus_one
    grad_neg = np.exp(neg) * grad_exp_neg
    grad_s3 = -1 * grad_neg
    grad_w2 = grad_s3
    grad_w1 = x1 * grad_s3
    grad_x1 = w1 * grad_s3
    grad_w0 = x0 * grad_s3
    grad_x0 = w0 * grad_s3
    return f, grad_w0, grad_x0, grad_w1, grad_x1, grad_w2
""",
    "the sum in single steps": """\
def sigmoid_circuit_expanded(w0, x0, w1, x1, w2):
    s0 = w0 * x0
    s1 = w1 * x1
    s2 = s0 + s1
    s3 = s2 + w2
    neg = -s3
    exp_neg = np.exp(neg)
    plus_one = exp_neg + 1
    f = 1 / plus_one
    grad_plus_one = -1 / plus_one**2
    grad_exp_neg = grad_plus_one
    grad_neg = grad_exp_neg * exp_neg
    grad_s3 = -grad_neg
    grad_w2 = grad_s3
    grad_s2 = grad_s3
    grad_s0 = grad_s2
    grad_s1 = grad_s2
    grad_w1 = grad_s1 * x1
    grad_x1 = grad_s1 * w1
    grad_w0 = grad_s0 * x0
    grad_x0 = grad_s0 * w0
    return f, grad_w0, grad_x0, grad_w1, grad_x1, grad_w2
""",
    "one gate for the sigmoid": """\
def sigmoid_circuit_expanded(w0, x0, w1, x1, w2):
    f = 1 / (1 + np.exp(-(w0 * x0 + w1 * x1 + w2)))
    slope = f * (1 - f)
    return f, slope * x0, slope * w0, slope * x1, slope * w1, slope
""",
    "own names": """\
import math


def sigmoid_circuit_expanded(w0, x0, w1, x1, w2):
    a = -(w0 * x0 + w1 * x1 + w2)
    b = math.exp(a)
    c = b + 1
    dc = -1 / (c * c)
    da = dc * b
    ds = -da
    return 1 / c, ds * x0, ds * w0, ds * x1, ds * w1, ds
""",
}


def torch_path(w0, x0, w1, x1, w2):
    """The same circuit in torch; returns a scalar tensor."""
    import torch

    return 1 / (torch.exp(-(w0 * x0 + w1 * x1 + w2)) + 1)
