"""tanh as a layer: reference, hidden cases, known mistakes, equivalents, torch path."""

import numpy as np

from flatgrade.core import Case, Mistake


def tanh_forward(x):
    out = np.tanh(x)  # (N, H)
    cache = out
    return out, cache


def tanh_backward(dout, cache):
    out = cache
    dx = dout * (1 - out * out)  # (N, H)
    return dx


def cases(rng):
    """Hidden inputs. Only the generic ones name mistakes; the others decide verdicts."""

    def draw(*shape):
        return {"x": rng.standard_normal(shape), "dout": rng.standard_normal(shape)}

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
    Mistake("out", "np.tanh(x)", "1 / (1 + np.exp(-x))", "tanh runs from -1 to 1; this is the sigmoid, which runs from 0 to 1.", "tanh-sigmoid"),
    Mistake("out", "np.tanh(x)", "np.tan(x)", "This is the tangent of an angle; what is wanted is the hyperbolic one.", "tanh-tan"),
    Mistake("out", "np.tanh(x)", "np.arctan(x)", "This curve looks like tanh and goes on to pi/2; tanh goes to 1.", "tanh-arctan"),
    Mistake("out", "np.tanh(x)", "1 / np.tanh(x)", "tanh is the difference of the exponentials divided by their sum; this is turned over.", "tanh-coth"),
    Mistake("out", "np.tanh(x)", "2 / (1 + np.exp(-x)) - 1", "tanh rises with slope 1 at 0, and this with slope 1/2: the sigmoid in it has to be given 2 x.", "tanh-half"),
    Mistake("out", "np.tanh(x)", "2 / (1 + np.exp(-2 * x))", "This runs from 0 to 2; tanh from -1 to 1.", "tanh-shift"),
    Mistake("out", "np.tanh(x)", "np.tanh(-x)", "tanh rises: a positive input gives a positive value.", "tanh-sign"),
    Mistake("out", "np.tanh(x)", "np.clip(x, -1, 1)", "This has corners at -1 and 1, and tanh has none.", "tanh-clip"),
    Mistake("dx", "dout * (1 - out * out)", "1 - out * out", "This is the slope of tanh alone; the gradient that arrives is missing.", "tanh-noup"),
    Mistake("dx", "1 - out * out", "1 - out", "The slope of tanh is the same on both sides of 0; this one is not.", "tanh-nosquare"),
    Mistake("dx", "1 - out * out", "1 + out * out", "The slope must go to 0 where the output goes to 1 or -1.", "tanh-plus"),
    Mistake("dx", "1 - out * out", "out * out - 1", "tanh rises everywhere: its slope is positive.", "tanh-negative"),
    Mistake("dx", "1 - out * out", "out * out", "The slope is largest at 0, where the output is 0.", "tanh-square"),
    Mistake("dx", "(1 - out * out)", "out * (1 - out)", "That is the slope of the sigmoid; tanh has another.", "tanh-sigmoidslope"),
    Mistake("dx", "1 - out * out", "1 - dout * dout", "The slope depends on what the forward pass computed, not on the gradient that arrives.", "tanh-dout"),
    Mistake("dx", "1 - out * out", "1 - np.tanh(out) ** 2", "tanh is applied to its own output once more: what does the cache hold?", "tanh-twice"),
    Mistake("dx", "dout * (1 - out * out)", "dout / (1 - out * out)", "Going back multiplies by the slope; this divides by it.", "tanh-divide"),
    Mistake("dx", "dout * (1 - out * out)", "dout - out * out", "Both terms of the slope are multiplied by the gradient that arrives: mind the brackets.", "tanh-brackets"),
]

# Other right answers, each the text of whole answer cells.
EQUIVALENTS = {
    "the input is kept": '''\
def tanh_forward(x):
    return np.tanh(x), x


def tanh_backward(dout, cache):
    return dout / np.cosh(np.clip(cache, -300, 300)) ** 2
''',
    "two factors": '''\
def tanh_forward(x):
    out = np.tanh(x)
    return out, [out]


def tanh_backward(dout, cache):
    [t] = cache
    return (1 + t) * (1 - t) * dout
''',
    "by the sigmoid": '''\
def tanh_forward(x):
    out = 2 / (1 + np.exp(-2 * x)) - 1
    return out, 1 - out**2


def tanh_backward(dout, cache):
    return cache * dout
''',
}


def torch_path(x, dout):
    """The same function in torch."""
    import torch

    return torch.tanh(x)
