"""The ELU as a layer: reference, hidden cases, known mistakes, equivalents, torch path."""

import numpy as np

from flatgrade.core import Case, Mistake


def elu_forward(x, alpha):
    out = np.where(x > 0, x, alpha * (np.exp(x) - 1))  # (N, H)
    cache = (x, out, alpha)
    return out, cache


def elu_backward(dout, cache):
    x, out, alpha = cache
    dx = dout * np.where(x > 0, 1.0, out + alpha)  # (N, H)
    return dx


def cases(rng):
    """Hidden inputs, none of them 0. Only the generic ones name mistakes; the others decide verdicts."""

    def draw(*shape, alpha):
        return {"x": 1.5 * rng.standard_normal(shape), "alpha": alpha, "dout": rng.standard_normal(shape)}

    far = draw(6, 3, alpha=0.5)
    far["x"][2, 1], far["x"][5, 0] = 1000.0, -1000.0
    return [
        Case("typical sizes", draw(5, 7, alpha=0.73), generic=True),
        Case("more examples than units", draw(11, 4, alpha=0.37), generic=True),
        Case("inputs of about a thousand", far),
        Case("one example", draw(1, 6, alpha=0.6)),
        Case("alpha larger than 1", draw(4, 3, alpha=1.7)),
        Case("a stack of pictures", draw(2, 3, 4, 5, alpha=1.0)),
    ]


MISTAKES = [
    Mistake("out", "(np.exp(x) - 1)", "np.exp(x)", "The curve must go through 0 without a jump: what is exp(0)?", "elu-jump"),
    Mistake("out", "alpha * (np.exp(x) - 1)", "np.exp(x) - 1", "Far on the left the value goes to -alpha; here it goes to -1.", "elu-noalpha"),
    Mistake("out", "alpha * (np.exp(x) - 1)", "alpha * np.exp(x) - 1", "alpha multiplies the whole difference: mind the brackets.", "elu-brackets"),
    Mistake("out", "np.exp(x)", "np.exp(-x)", "Far on the left the exponential must vanish; here it grows.", "elu-expsign"),
    Mistake("out", "(np.exp(x) - 1)", "(1 - np.exp(x))", "A negative input gives a negative value.", "elu-sign"),
    Mistake("out", "alpha * (np.exp(x) - 1)", "alpha * x", "This is a leaky ReLU; here the left side is an exponential that levels off.", "elu-leaky"),
    Mistake("out", "alpha * (np.exp(x) - 1)", "0.0", "This is the ReLU; here the left side is an exponential that levels off.", "elu-relu"),
    Mistake("out", "np.where(x > 0, x, alpha * (np.exp(x) - 1))", "np.where(x < 0, x, alpha * (np.exp(x) - 1))", "The two sides have changed places.", "elu-swapped"),
    Mistake("out", "np.where(x > 0, x, alpha * (np.exp(x) - 1))", "alpha * (np.exp(np.minimum(x, 0)) - 1)", "Positive inputs pass as they are; here they become 0.", "elu-noright"),
    Mistake("out", "np.where(x > 0, x, alpha * (np.exp(x) - 1))", "alpha * np.where(x > 0, x, np.exp(x) - 1)", "alpha belongs to the left side only.", "elu-alphaboth"),
    Mistake("out", "np.exp(x) - 1", "np.exp(alpha * x) - 1", "alpha stands in front of the exponential, not in it.", "elu-alphainside"),
    Mistake("dx", "out + alpha", "out", "The value is the exponential less a constant; its slope is the exponential.", "elu-out"),
    Mistake("dx", "out + alpha", "out + 1", "Where the input was negative, the slope is alpha times the exponential: what has to be added to the value to get that?", "elu-out1"),
    Mistake("dx", "out + alpha", "np.exp(x)", "Where the input was negative, alpha is a factor of the slope too.", "elu-slopenoalpha"),
    Mistake("dx", "out + alpha", "alpha", "Where the input was negative, the slope changes with the input; this is its largest value.", "elu-constant"),
    Mistake("dx", "out + alpha", "0.0", "Where the input was negative, the slope is small and not 0.", "elu-reluslope"),
    Mistake("dx", "out + alpha", "out - alpha", "The function rises everywhere: its slope is positive.", "elu-minus"),
    Mistake("dx", "out + alpha", "alpha * out", "The value is the exponential less a constant; its slope is the exponential.", "elu-times"),
    Mistake("dx", "1.0, out", "x, out", "Where the input was positive, the slope is 1; this is the value.", "elu-value"),
    Mistake("dx", "1.0, out", "alpha, out", "Where the input was positive, the slope is 1.", "elu-rightalpha"),
    Mistake("dx", "np.where(x > 0, 1.0", "np.where(x < 0, 1.0", "The slopes of the two sides have changed places.", "elu-slopeswapped"),
    Mistake("dx", "np.where(x > 0, 1.0", "np.where(dout > 0, 1.0", "The forward pass decides which side it is: look at the sign of x, not of dout.", "elu-dout"),
    Mistake("dx", "dout * np.where", "np.where", "This is the slope alone; the gradient that arrives is missing.", "elu-noup"),
]

# Other right answers, each the text of whole answer cells.
EQUIVALENTS = {
    "expm1 of what is negative": '''\
def elu_forward(x, alpha):
    out = np.maximum(0, x) + alpha * np.expm1(np.minimum(x, 0))
    return out, (x, alpha)


def elu_backward(dout, cache):
    x, alpha = cache
    return dout * np.where(x >= 0, 1, alpha * np.exp(np.minimum(x, 0)))
''',
    "the slope is kept": '''\
def elu_forward(x, alpha):
    e = alpha * np.exp(np.minimum(x, 0))
    positive = x > 0
    return np.where(positive, x, e - alpha), np.where(positive, 1.0, e)


def elu_backward(dout, cache):
    return dout * cache
''',
    "entries that are set": '''\
def elu_forward(x, alpha):
    out = x.copy()
    left = x < 0
    out[left] = alpha * (np.exp(x[left]) - 1)
    return out, (left, out, alpha)


def elu_backward(dout, cache):
    left, out, alpha = cache
    dx = dout.copy()
    dx[left] *= alpha + out[left]
    return dx
''',
}


def torch_path(x, alpha, dout):
    """The same function in torch."""
    import torch

    return torch.nn.functional.elu(x, alpha)
