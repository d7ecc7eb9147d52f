"""Sigmoid as a torch.autograd.Function: reference, hidden cases, known mistakes, equivalents, torch path."""

import torch

from flatgrade.core import Case, Mistake

GIVEN = '''\
import numpy as np
import torch


def leaf(array):
    """A tensor of these numbers, for which torch keeps a gradient."""
    return torch.tensor(array, requires_grad=True)


def as_array(tensor):
    """The numbers of a tensor."""
    return tensor.detach().numpy()


def walk_back(tensor, upstream):
    """Let torch walk back from a tensor at which the gradient `upstream` arrives."""
    return tensor.backward(torch.tensor(upstream))


def slope(tensor):
    """The gradient that came back to a tensor; zeros if none came."""
    return np.zeros(tensor.shape) if tensor.grad is None else tensor.grad.numpy()
'''


class Sigmoid(torch.autograd.Function):
    @staticmethod
    def forward(ctx, x):
        z = 1 / (1 + torch.exp(-x))  # (N, D)
        ctx.save_for_backward(z)
        return z

    @staticmethod
    def backward(ctx, dz):
        (z,) = ctx.saved_tensors
        dx = dz * z * (1 - z)  # (N, D)
        return dx


def cases(rng):
    """Hidden inputs. Only the generic ones name mistakes; the others decide verdicts."""

    def draw(N, D):
        return {name: rng.standard_normal((N, D)) for name in ("x", "dz")}

    small, far = draw(4, 3), draw(3, 5)
    return [
        Case("typical sizes", draw(5, 7), generic=True),
        Case("more rows than columns", draw(8, 3), generic=True),
        Case("a single number", draw(1, 1)),
        Case("an upstream gradient of zero", {**small, "dz": 0 * small["dz"]}),
        Case("numbers far from zero", {**far, "x": 8 * far["x"]}),
    ]


SLOPE = "The local slope is made of two factors, the output of the gate and what it lacks to 1."

MISTAKES = [
    Mistake("z", "torch.exp(-x)", "torch.exp(x)", "This falls where it should rise: look at the sign in the exponent.", "fun-exp-sign"),
    Mistake("z", "1 / (1 + torch.exp(-x))", "torch.tanh(x)", "This lies between -1 and 1; a sigmoid lies between 0 and 1.", "fun-tanh"),
    Mistake("z", "1 / (1 + torch.exp(-x))", "torch.softmax(x, dim=1)", "A sigmoid treats each number by itself; this is a softmax.", "fun-softmax"),
    Mistake("dx", "dx = dz * z * (1 - z)", "dx = dz * z", SLOPE, "fun-z-alone"),
    Mistake("dx", "dx = dz * z * (1 - z)", "dx = dz * (1 - z)", SLOPE, "fun-rest-alone"),
    Mistake("dx", "(1 - z)", "(1 + z)", "What the output lacks to 1 is a difference.", "fun-slope-plus"),
    Mistake("dx", "(1 - z)", "(z - 1)", "The sigmoid rises everywhere, so its slope is positive: look at the sign.", "fun-slope-sign"),
    Mistake("dx", "dz * z * (1 - z)", "z * (1 - z)", "This is the slope of the gate alone: where is the gradient that arrives at z?", "fun-slope-no-upstream"),
    Mistake("dx", "dx = dz * z * (1 - z)", "dx = dz", "The upstream gradient is handed on as it is; the sigmoid has a slope of its own, at most 1/4.", "fun-slope-no-local"),
    Mistake("dx", "dz * z * (1 - z)", "dz * dz * (1 - dz)", "The slope is that at the values of the forward pass; here it was taken at the gradient that arrives.", "fun-slope-upstream"),
    Mistake("dx", "z * (1 - z)", "torch.sigmoid(z) * (1 - torch.sigmoid(z))", "The sigmoid was taken twice: what was kept is its output already.", "fun-twice"),
    Mistake("dx", "ctx.save_for_backward(z)", "ctx.save_for_backward(x)", "The slope z (1 - z) takes what comes out of the gate, and here it was given what goes in.", "fun-kept-input"),
]

# Other right answers, each the text of a whole answer cell.
EQUIVALENTS = {
    "keeps the input": """\
class Sigmoid(torch.autograd.Function):
    @staticmethod
    def forward(ctx, x):
        ctx.save_for_backward(x)
        return torch.sigmoid(x)

    @staticmethod
    def backward(ctx, dz):
        [x] = ctx.saved_tensors
        s = torch.sigmoid(x)
        return s * (1 - s) * dz
""",
    "keeps the local slope on ctx": """\
class Sigmoid(torch.autograd.Function):
    @staticmethod
    def forward(ctx, x):
        out = (1 + torch.tanh(x / 2)) / 2
        ctx.local = out - out**2
        return out

    @staticmethod
    def backward(ctx, dz):
        return ctx.local * dz
""",
}


def torch_path(x, dz):
    """The same, left to torch; the gradient dz arrives at what it returns."""
    return x.sigmoid()
