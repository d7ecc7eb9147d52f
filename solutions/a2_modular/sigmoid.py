"""The sigmoid as a layer: reference, hidden cases, known mistakes, equivalents, torch path."""

import numpy as np

from flatgrade.core import Case, Mistake


def sigmoid_forward(x):
    out = 1 / (1 + np.exp(-x))  # (N, H)
    cache = out
    return out, cache


def sigmoid_backward(dout, cache):
    out = cache
    dx = dout * out * (1 - out)  # (N, H)
    return dx


def cases(rng):
    """Hidden inputs. Only the generic ones name mistakes; the others decide verdicts."""

    def draw(*shape):
        return {"x": 1.5 * rng.standard_normal(shape), "dout": rng.standard_normal(shape)}

    far = draw(6, 3)
    far["x"][2, 1], far["x"][5, 0] = 1000.0, -1000.0
    return [
        Case("typical sizes", draw(5, 7), generic=True),
        Case("more examples than units", draw(11, 4), generic=True),
        Case("inputs of about a thousand", far),
        Case("one example", draw(1, 6)),
        Case("a stack of pictures", draw(2, 3, 4, 5)),
    ]


MISTAKES = [
    Mistake("out", "np.exp(-x)", "np.exp(x)", "A large input must give a value near 1; here it gives one near 0.", "sig-sign"),
    Mistake("out", "1 + np.exp", "1 - np.exp", "The denominator must never be 0: the two terms in it are added.", "sig-minus"),
    Mistake("out", "1 / (1 + np.exp(-x))", "np.tanh(x)", "The sigmoid runs from 0 to 1; this runs from -1 to 1.", "sig-tanh"),
    Mistake("out", "np.exp(-x)", "2.0 ** -x", "The base of the exponential is e.", "sig-base2"),
    Mistake("out", "np.exp(-x))", "np.exp(-x).sum())", "Each entry is squashed by itself: nothing is summed.", "sig-sum"),
    Mistake("out", "1 / (1 + np.exp(-x))", "1 + np.exp(-x)", "The sigmoid is one divided by that sum.", "sig-inverse"),
    Mistake("dx", "dout * out * (1 - out)", "out * (1 - out)", "This is the slope of the sigmoid alone; the gradient that arrives is missing.", "sig-noup"),
    Mistake("dx", " * (1 - out)", "", "The slope of the sigmoid has a second factor, which makes it small where the output is near 1.", "sig-onlyout"),
    Mistake("dx", "dout * out * (1 - out)", "dout * (1 - out)", "The slope of the sigmoid has a second factor, which makes it small where the output is near 0.", "sig-onlyrest"),
    Mistake("dx", "(1 - out)", "(1 + out)", "The slope must go to 0 where the output goes to 1.", "sig-plus"),
    Mistake("dx", "(1 - out)", "(out - 1)", "The sigmoid rises everywhere: its slope is positive.", "sig-negative"),
    Mistake("dx", "dout * out * (1 - out)", "dout * (1 - out * out)", "That is the slope of tanh; the sigmoid has another.", "sig-tanhslope"),
    Mistake("dx", "dout * out * (1 - out)", "dout * dout * (1 - dout)", "The slope depends on what the forward pass computed, not on the gradient that arrives.", "sig-dout"),
    Mistake("dx", "dout * out * (1 - out)", "dout / (1 + np.exp(-out)) * (1 - 1 / (1 + np.exp(-out)))", "The sigmoid is applied to its own output once more: what does the cache hold?", "sig-twice"),
    Mistake("dx", "dout * out * (1 - out)", "dout / (out * (1 - out))", "Going back multiplies by the slope; this divides by it.", "sig-divide"),
]

# Other right answers, each the text of whole answer cells.
EQUIVALENTS = {
    "the input is kept": '''\
def sigmoid_forward(x):
    return 1.0 / (1.0 + np.exp(-x)), x


def sigmoid_backward(dout, cache):
    s = 1.0 / (1.0 + np.exp(-cache))
    return (s - s**2) * dout
''',
    "one exponential that never overflows": '''\
def sigmoid_forward(x):
    e = np.exp(-np.abs(x))
    out = np.where(x >= 0, 1 / (1 + e), e / (1 + e))
    return out, (out, 1 - out)


def sigmoid_backward(dout, cache):
    out, rest = cache
    dx = np.array(dout)
    dx *= out
    dx *= rest
    return dx
''',
    "by tanh": '''\
def sigmoid_forward(x):
    out = 0.5 * (1 + np.tanh(0.5 * x))
    return out, {"slope": out * (1 - out)}


def sigmoid_backward(dout, cache):
    return dout * cache["slope"]
''',
}


def torch_path(x, dout):
    """The same function in torch."""
    import torch

    return torch.sigmoid(x)
