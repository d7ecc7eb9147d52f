"""The GELU in its tanh form as a layer: reference, hidden cases, known mistakes, equivalents, torch path."""

import numpy as np

from flatgrade.core import Case, Mistake


def gelu_forward(x):
    inner = np.sqrt(2 / np.pi) * (x + 0.044715 * x**3)  # (N, H)
    t = np.tanh(inner)  # (N, H)
    out = 0.5 * x * (1 + t)  # (N, H)
    cache = (x, t)
    return out, cache


def gelu_backward(dout, cache):
    x, t = cache
    dt = dout * 0.5 * x  # (N, H)
    dinner = dt * (1 - t * t)  # (N, H)
    dx = dout * 0.5 * (1 + t) + dinner * np.sqrt(2 / np.pi) * (1 + 3 * 0.044715 * x**2)  # (N, H)
    return dx


def cases(rng):
    """Hidden inputs. Only the generic ones name mistakes; the others decide verdicts."""

    def draw(*shape):
        return {"x": rng.standard_normal(shape), "dout": rng.standard_normal(shape)}

    far = draw(4, 3)
    far["x"] *= 20
    return [
        Case("typical sizes", draw(5, 7), generic=True),
        Case("more examples than units", draw(11, 4), generic=True),
        Case("one example", draw(1, 6)),
        Case("inputs far from zero", far),
        Case("a stack of pictures", draw(2, 3, 4, 5)),
    ]


MISTAKES = [
    Mistake("inner", "0.044715", "0.44715", "The factor of the cube is ten times too large.", "gelu-coefficient"),
    Mistake("inner", "np.sqrt(2 / np.pi) * (x + 0.044715 * x**3)", "x + 0.044715 * x**3", "The factor in front of the bracket is missing.", "gelu-nofactor"),
    Mistake("inner", "np.sqrt(2 / np.pi) * (x", "2 / np.pi * (x", "The factor in front of the bracket is a root.", "gelu-noroot"),
    Mistake("inner", "np.sqrt(2 / np.pi) * (x", "np.sqrt(2 * np.pi) * (x", "Under the root, 2 is divided by pi.", "gelu-timespi"),
    Mistake("inner", "np.sqrt(2 / np.pi) * (x", "np.sqrt(1 / np.pi) * (x", "Under the root stands 2 / pi; here it is 1 / pi.", "gelu-halfpi"),
    Mistake("inner", "x + 0.044715 * x**3", "x - 0.044715 * x**3", "The cube is added.", "gelu-minus"),
    Mistake("inner", "x + 0.044715 * x**3", "x + 0.044715 * x**2", "The power is 3, so that both signs are treated alike.", "gelu-square"),
    Mistake("inner", "x + 0.044715 * x**3", "x", "The term with the cube is missing.", "gelu-nocube"),
    Mistake("t", "np.tanh(inner)", "1 / (1 + np.exp(-inner))", "The curve inside is tanh; this is the sigmoid.", "gelu-sigmoid"),
    Mistake("t", "np.tanh(inner)", "np.tanh(x)", "tanh is taken of inner, not of x.", "gelu-tanhx"),
    Mistake("out", "0.5 * x * (1 + t)", "x * (1 + t)", "For a large input the result must be the input; here it is twice that.", "gelu-nohalf"),
    Mistake("out", "0.5 * x * (1 + t)", "0.5 * (1 + t)", "This is the share that passes; the input it is a share of is missing.", "gelu-nox"),
    Mistake("out", "0.5 * x * (1 + t)", "0.5 * x * t", "Far on the left nothing may pass; here the input passes with its sign turned.", "gelu-noone"),
    Mistake("out", "0.5 * x * (1 + t)", "0.5 * x * (1 - t)", "Large inputs pass and those far on the left do not; here it is the other way round.", "gelu-flipped"),
    Mistake("out", "0.5 * x * (1 + t)", "0.5 * x + t", "The bracket multiplies the input.", "gelu-brackets"),
    Mistake("dt", "dout * 0.5 * x", "dout * 0.5", "The factor of t in the output contains x.", "gelu-dtnox"),
    Mistake("dt", "dout * 0.5 * x", "dout * x", "The factor of t in the output contains one half.", "gelu-dtnohalf"),
    Mistake("dt", "dout * 0.5 * x", "0.5 * x", "The gradient that arrives is missing.", "gelu-dtnoup"),
    Mistake("dinner", "dt * (1 - t * t)", "dt", "The slope of tanh is missing.", "gelu-notanh"),
    Mistake("dinner", "1 - t * t", "1 - t", "The slope of tanh is the same on both sides of 0; this one is not.", "gelu-nosquare"),
    Mistake("dinner", "1 - t * t", "1 + t * t", "The slope of tanh goes to 0 where its value goes to 1 or -1.", "gelu-plus"),
    Mistake("dinner", "(1 - t * t)", "t * (1 - t)", "That is the slope of the sigmoid; tanh has another.", "gelu-sigmoidslope"),
    Mistake("dinner", "1 - t * t", "1 - np.tanh(t) ** 2", "t is a value of tanh already.", "gelu-twice"),
    Mistake("dx", "dout * 0.5 * (1 + t) + ", "", "x is used twice, as a factor and inside tanh: the first of its two gradients is missing.", "gelu-noproduct"),
    Mistake("dx", "dout * 0.5 * (1 + t) + dinner * np.sqrt(2 / np.pi) * (1 + 3 * 0.044715 * x**2)", "dout * 0.5 * (1 + t)", "x is used twice, as a factor and inside tanh: the second of its two gradients is missing.", "gelu-noinner"),
    Mistake("dx", "3 * 0.044715", "0.044715", "The derivative of a cube has a factor.", "gelu-no3"),
    Mistake("dx", "x**2", "x**3", "The derivative of a cube is a square.", "gelu-dcube"),
    Mistake("dx", "x**2", "x", "The derivative of a cube is a square.", "gelu-dlinear"),
    Mistake("dx", "1 + 3 * 0.044715", "3 * 0.044715", "inner has two terms with x, and both have a slope.", "gelu-d1"),
    Mistake("dx", "np.sqrt(2 / np.pi) * ", "", "The factor in front of the bracket of inner is missing.", "gelu-dnofactor"),
    Mistake("dx", "+ dinner", "- dinner", "Where a value is used twice, its gradients are added.", "gelu-dminus"),
    Mistake("dx", "dout * 0.5 * (1 + t)", "dout * (1 + t)", "The factor of x in the output contains one half.", "gelu-dnohalf"),
    Mistake("dx", "dout * 0.5 * (1 + t)", "0.5 * (1 + t)", "In the first term the gradient that arrives is missing.", "gelu-dnoup"),
    Mistake("dx", "dout * 0.5 * (1 + t)", "dout * 0.5 * t", "The factor of x in the output is one half of 1 + t.", "gelu-dnoone"),
]

# Other right answers, each the text of whole answer cells.
EQUIVALENTS = {
    "the slope is kept": '''\
def gelu_forward(x):
    c = (2 / np.pi) ** 0.5
    t = np.tanh(c * (x + 0.044715 * x * x * x))
    slope = 0.5 + 0.5 * t + 0.5 * x * (1 - t**2) * c * (1 + 0.134145 * x * x)
    return 0.5 * x + 0.5 * x * t, slope


def gelu_backward(dout, cache):
    return dout * cache
''',
    "only the input is kept": '''\
def gelu_forward(x):
    c = np.sqrt(2 / np.pi)
    return x * 0.5 * (1 + np.tanh(c * x * (1 + 0.044715 * x**2))), x


def gelu_backward(dout, cache):
    x = cache
    c = np.sqrt(2 / np.pi)
    t = np.tanh(c * (x + 0.044715 * np.power(x, 3)))
    left = (1 + t) / 2
    right = x / 2 * (1 - t) * (1 + t) * c * (1 + 3 * 0.044715 * np.square(x))
    return (left + right) * dout
''',
    "by the sigmoid": '''\
def gelu_forward(x):
    z = 2 * np.sqrt(2 / np.pi) * (x + 0.044715 * x**3)
    s = 0.5 * (1 + np.tanh(z / 2))
    return x * s, (x, s)


def gelu_backward(dout, cache):
    x, s = cache
    dz = 2 * np.sqrt(2 / np.pi) * (1 + 3 * 0.044715 * x**2)
    return dout * (s + x * s * (1 - s) * dz)
''',
}


def torch_path(x, dout):
    """The same function in torch."""
    import torch

    return torch.nn.functional.gelu(x, approximate="tanh")
