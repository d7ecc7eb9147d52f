"""The ReLU as a layer: reference, hidden cases, known mistakes, equivalents, torch path."""

import numpy as np

from flatgrade.core import Case, Mistake


def relu_forward(x):
    out = np.maximum(0, x)  # (N, H)
    cache = x
    return out, cache


def relu_backward(dout, cache):
    x = cache
    dx = dout * (x > 0)  # (N, H)
    return dx


def cases(rng):
    """Hidden inputs, none of them 0. Only the generic ones name mistakes; the others decide verdicts."""

    def draw(*shape):
        return {"x": rng.standard_normal(shape), "dout": rng.standard_normal(shape)}

    dead = draw(6, 3)
    dead["x"] = -1 - np.abs(dead["x"])
    return [
        Case("typical sizes", draw(5, 7), generic=True),
        Case("more examples than units", draw(11, 4), generic=True),
        Case("one example", draw(1, 6)),
        Case("a stack of pictures", draw(2, 3, 4, 5)),
        Case("every input negative", dead),
    ]


MISTAKES = [
    Mistake("out", "np.maximum(0, x)", "np.minimum(0, x)", "Positive inputs pass and negative ones become 0; here it is the other way round.", "relu-min"),
    Mistake("out", "np.maximum(0, x)", "np.abs(x)", "Negative inputs become 0; here they become positive.", "relu-abs"),
    Mistake("out", "np.maximum(0, x)", "x", "Negative inputs have to become 0; here everything passes.", "relu-identity"),
    Mistake("out", "np.maximum(0, x)", "(x > 0) * 1.0", "A positive input passes with its value; here it becomes 1.", "relu-step"),
    Mistake("out", "np.maximum(0, x)", "np.maximum(0.1 * x, x)", "This is the leaky ReLU; here negative inputs become exactly 0.", "relu-leaky"),
    Mistake("out", "np.maximum(0, x)", "np.maximum(0, -x)", "The sign of the input is turned.", "relu-sign"),
    Mistake("out", "np.maximum(0, x)", "np.maximum(1, x)", "The corner of the ReLU is at 0, and below it the value is 0.", "relu-one"),
    Mistake("out", "np.maximum(0, x)", "np.log1p(np.exp(x))", "This smooth curve is the softplus; the ReLU has a corner.", "relu-softplus"),
    Mistake("dx", "dout * (x > 0)", "dout * (dout > 0)", "The forward pass decides where the gradient passes: look at the sign of x, not of dout.", "relu-dout"),
    Mistake("dx", "dout * (x > 0)", "dout", "Where the input was negative, nothing passes back.", "relu-nomask"),
    Mistake("dx", "dout * (x > 0)", "(x > 0) * 1.0", "This is the slope of the ReLU alone; the gradient that arrives is missing.", "relu-noup"),
    Mistake("dx", "x > 0", "x < 0", "The gradient passes where the input was positive; here it is the other way round.", "relu-flipped"),
    Mistake("dx", "dout * (x > 0)", "dout * np.maximum(0, x)", "The slope is 0 or 1; here the value itself takes its place.", "relu-value"),
    Mistake("dx", "dout * (x > 0)", "dout * x", "The slope of the ReLU is 0 or 1; here the input takes its place.", "relu-input"),
    Mistake("dx", "dout * (x > 0)", "dout * (x > 0) * (dout > 0)", "A negative gradient passes back like a positive one.", "relu-guided"),
    Mistake("dx", "dout * (x > 0)", "dout * np.sign(x)", "Where the input was negative, the slope is 0, not -1.", "relu-signslope"),
    Mistake("dx", "x > 0", "x > x.mean()", "The corner of the ReLU is at 0.", "relu-mean"),
    Mistake("dx", "dout * (x > 0)", "dout * np.where(x > 0, 1.0, 0.1)", "This is the slope of the leaky ReLU; here nothing passes back where the input was negative.", "relu-leakyslope"),
]

# Other right answers, each the text of whole answer cells. At exactly 0 every slope from 0 to 1 would do.
EQUIVALENTS = {
    "the mask is kept, and holds 0 too": '''\
def relu_forward(x):
    mask = x >= 0
    return x * mask, mask


def relu_backward(dout, cache):
    return dout * cache
''',
    "the output is kept": '''\
def relu_forward(x):
    out = np.where(x > 0, x, 0.0)
    return out, out


def relu_backward(dout, cache):
    return np.where(cache > 0, dout, 0.0)
''',
    "copies with entries set to 0": '''\
def relu_forward(x):
    out = x.copy()
    out[x < 0] = 0
    return out, x


def relu_backward(dout, cache):
    dx = np.array(dout)
    dx[cache <= 0] = 0
    return dx
''',
    "half of the input and its size": '''\
def relu_forward(x):
    return (x + np.abs(x)) / 2, np.sign(x)


def relu_backward(dout, cache):
    return dout * (1 + cache) / 2
''',
}


def torch_path(x, dout):
    """The same function in torch."""
    import torch

    return torch.relu(x)
