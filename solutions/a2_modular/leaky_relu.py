"""The leaky ReLU as a layer: reference, hidden cases, known mistakes, equivalents, torch path."""

import numpy as np

from flatgrade.core import Case, Mistake


def leaky_relu_forward(x):
    out = np.where(x > 0, x, 0.1 * x)  # (N, H)
    cache = x
    return out, cache


def leaky_relu_backward(dout, cache):
    x = cache
    dx = dout * np.where(x > 0, 1.0, 0.1)  # (N, H)
    return dx


def cases(rng):
    """Hidden inputs, none of them 0. Only the generic ones name mistakes; the others decide verdicts."""

    def draw(*shape):
        return {"x": rng.standard_normal(shape), "dout": rng.standard_normal(shape)}

    negative = draw(6, 3)
    negative["x"] = -1 - np.abs(negative["x"])
    return [
        Case("typical sizes", draw(5, 7), generic=True),
        Case("more examples than units", draw(11, 4), generic=True),
        Case("one example", draw(1, 6)),
        Case("a stack of pictures", draw(2, 3, 4, 5)),
        Case("every input negative", negative),
    ]


MISTAKES = [
    Mistake("out", "x, 0.1 * x)", "x, 0.01 * x)", "The leak has slope 0.1 here; this is 0.01.", "leaky-001"),
    Mistake("out", "x, 0.1 * x)", "x, -0.1 * x)", "A negative input gives a small negative value; this is positive.", "leaky-sign"),
    Mistake("out", "x, 0.1 * x)", "x, 0.0)", "A negative input leaks through; here it becomes 0, as in the plain ReLU.", "leaky-relu"),
    Mistake("out", "x, 0.1 * x)", "x, 0.1)", "A negative input leaks through with its value; this is the same number for all of them.", "leaky-constant"),
    Mistake("out", "x, 0.1 * x)", "x, -0.1)", "A negative input leaks through with its value; this is the same number for all of them.", "leaky-negconstant"),
    Mistake("out", "np.where(x > 0, x, 0.1 * x)", "np.minimum(0.1 * x, x)", "Positive inputs pass as they are, negative ones are made small; here it is the other way round.", "leaky-min"),
    Mistake("out", "np.where(x > 0, x, 0.1 * x)", "np.maximum(0, x) + 0.1 * x", "Positive inputs pass as they are; here the leak is added to them.", "leaky-both"),
    Mistake("out", "x, 0.1 * x)", "x, x - 0.1)", "The leak multiplies a negative input by 0.1; this subtracts it.", "leaky-shift"),
    Mistake("out", "np.where(x > 0, x, 0.1 * x)", "x", "Negative inputs are made small; here everything passes as it is.", "leaky-identity"),
    Mistake("out", "x, 0.1 * x)", "x, x / 0.1)", "The leak makes negative inputs ten times smaller; this makes them ten times larger.", "leaky-divide"),
    Mistake("dx", "1.0, 0.1", "1.0, 0.0", "Where the input was negative, a tenth of the gradient passes back; here nothing does.", "leaky-noleak"),
    Mistake("dx", "1.0, 0.1", "0.1, 1.0", "The two slopes have changed places.", "leaky-swapped"),
    Mistake("dx", "1.0, 0.1", "1.0, -0.1", "The function rises on both sides of 0: both slopes are positive.", "leaky-negslope"),
    Mistake("dx", "1.0, 0.1", "1.0, 0.01", "The leak has slope 0.1 here; this is 0.01.", "leaky-slope001"),
    Mistake("dx", "1.0, 0.1", "1.1, 0.1", "Where the input was positive, the slope is 1.", "leaky-slope11"),
    Mistake("dx", "1.0, 0.1", "x, 0.1 * x", "These are the values of the function; its slopes are two numbers.", "leaky-values"),
    Mistake("dx", "1.0, 0.1", "1.0, 0.1 * x", "The slope of 0.1 * x does not contain x.", "leaky-value"),
    Mistake("dx", "dout * np.where", "np.where", "This is the slope alone; the gradient that arrives is missing.", "leaky-noup"),
    Mistake("dx", "np.where(x > 0, 1.0", "np.where(dout > 0, 1.0", "The forward pass decides which slope it is: look at the sign of x, not of dout.", "leaky-dout"),
    Mistake("dx", "dout * np.where(x > 0, 1.0, 0.1)", "dout", "Where the input was negative, only a tenth of the gradient passes back.", "leaky-nomask"),
]

# Other right answers, each the text of whole answer cells.
EQUIVALENTS = {
    "the larger of two lines": '''\
def leaky_relu_forward(x):
    return np.maximum(0.1 * x, x), x


def leaky_relu_backward(dout, cache):
    slope = np.ones_like(cache)
    slope[cache < 0] = 0.1
    return slope * dout
''',
    "the slope is kept": '''\
def leaky_relu_forward(x):
    slope = 0.1 + 0.9 * (x >= 0)
    return slope * x, slope


def leaky_relu_backward(dout, cache):
    return dout * cache
''',
    "two parts": '''\
def leaky_relu_forward(x):
    return np.maximum(0, x) + 0.1 * np.minimum(0, x), x


def leaky_relu_backward(dout, cache):
    positive = dout * (cache > 0)
    return positive + 0.1 * (dout - positive)
''',
}


def torch_path(x, dout):
    """The same function in torch."""
    import torch

    return torch.nn.functional.leaky_relu(x, 0.1)
